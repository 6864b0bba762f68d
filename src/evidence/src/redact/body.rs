//! What of a body is kept: JSON, forms and short text, secrets replaced; of all else a hash.
//! Refuses letters: a PDF or anything binary is reduced here even if a client handed it over whole.

use letterproof_model::{Body, Content, RawBody};

use super::known::Class;
use super::text::Prose;
use super::{Redactor, names};
use crate::digest::sha256_hex;

/// Longest text kept that is not JSON, in bytes.
const TEXT_LIMIT: usize = 8 * 1024;
/// Longest JSON or form kept, in bytes: 2,500 letters take 0.7 MB.
const JSON_LIMIT: usize = 16 * 1024 * 1024;

impl Redactor {
    pub(crate) fn request_body(&self, headers: &[(String, String)], body: RawBody) -> Body {
        match body {
            RawBody::None => Body::None,
            RawBody::Download { content, pdf } => self.download(content, pdf),
            RawBody::Bytes(bytes) => {
                let media_type = media_type(headers);
                if media_type == "application/x-www-form-urlencoded"
                    && !bytes.is_empty()
                    && bytes.len() <= JSON_LIMIT
                    && std::str::from_utf8(&bytes).is_ok()
                {
                    self.form(&bytes)
                } else {
                    self.bytes(bytes)
                }
            }
        }
    }

    pub(crate) fn response_body(&self, headers: &[(String, String)], body: RawBody) -> Body {
        match body {
            RawBody::None => Body::None,
            RawBody::Download { content, pdf } => self.download(content, pdf),
            RawBody::Bytes(bytes) => {
                let media_type = media_type(headers);
                if bytes.is_empty() {
                    Body::None
                } else if media_type == "application/pdf" {
                    Body::Pdf(content(&bytes))
                } else if is_text(&media_type) || is_pdf(&bytes) {
                    self.bytes(bytes)
                } else {
                    Body::Opaque(content(&bytes))
                }
            }
        }
    }

    /// Cleans a kept body once more, after a secret was learned.
    pub(crate) fn body_again(&self, body: &mut Body) {
        let again = |text: &mut String| {
            if let Some(clean) = self.clean_known(text) {
                *text = clean;
            }
        };
        match body {
            Body::Json { text } => {
                if let Some(clean) = self.clean_json(text) {
                    *body = json_or_text(clean);
                }
            }
            Body::Text { text } => again(text),
            Body::Form { fields } => fields.iter_mut().for_each(|(_, value)| again(value)),
            Body::None | Body::Pdf(_) | Body::Opaque(_) => {}
        }
    }

    fn download(&self, content: Content, pdf: bool) -> Body {
        let scrubbed = |text: Option<String>| text.map(|text| self.scrub(&text));
        let content = Content {
            repaired: scrubbed(content.repaired),
            problem: scrubbed(content.problem),
            ..content
        };
        if pdf { Body::Pdf(content) } else { Body::Opaque(content) }
    }

    fn bytes(&self, bytes: Vec<u8>) -> Body {
        if bytes.is_empty() {
            return Body::None;
        }
        if is_pdf(&bytes) {
            return Body::Pdf(content(&bytes));
        }
        if bytes.len() > JSON_LIMIT {
            return Body::Opaque(content(&bytes));
        }
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => return Body::Opaque(content(error.as_bytes())),
        };
        if serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok() {
            return match self.clean_json(&text) {
                Some(clean) => json_or_text(clean),
                None => Body::Json { text },
            };
        }
        if text.len() > TEXT_LIMIT {
            return Body::Opaque(content(text.as_bytes()));
        }
        Body::Text { text: self.clean_text(&text, Prose::Yes).unwrap_or(text) }
    }

    fn form(&self, bytes: &[u8]) -> Body {
        let fields: Vec<(String, String)> =
            url::form_urlencoded::parse(bytes).into_owned().collect();
        for (name, value) in &fields {
            if name == "client_assertion" || name == "assertion" {
                self.learn_issuer(value);
            }
        }
        let clean = |(name, value): (String, String)| {
            let value = if names::is_secret(&name) && !value.is_empty() {
                self.secret(&value, Class::Credential)
            } else {
                self.clean_text(&value, Prose::Yes).unwrap_or(value)
            };
            (self.clean_text(&name, Prose::Yes).unwrap_or(name), value)
        };
        Body::Form { fields: fields.into_iter().map(clean).collect() }
    }
}

/// A secret that spans several JSON tokens takes the form of the whole with it.
fn json_or_text(clean: String) -> Body {
    if serde_json::from_str::<serde::de::IgnoredAny>(&clean).is_ok() {
        Body::Json { text: clean }
    } else {
        Body::Text { text: clean }
    }
}

fn content(bytes: &[u8]) -> Content {
    Content {
        length: bytes.len() as u64,
        sha256: sha256_hex(bytes),
        pages: None,
        repaired: None,
        problem: None,
    }
}

/// Readers of PDF accept some bytes before the mark; so must whoever keeps PDFs out.
fn is_pdf(bytes: &[u8]) -> bool {
    bytes[..bytes.len().min(1024)].windows(4).any(|window| window == b"%PDF")
}

fn media_type(headers: &[(String, String)]) -> String {
    headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        .map(|(_, value)| value.split(';').next().unwrap_or("").trim().to_ascii_lowercase())
        .unwrap_or_default()
}

fn is_text(media_type: &str) -> bool {
    media_type.is_empty()
        || media_type.starts_with("text/")
        || media_type.ends_with("+json")
        || media_type.ends_with("+xml")
        || matches!(
            media_type,
            "application/json" | "application/xml" | "application/x-www-form-urlencoded"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor() -> Redactor {
        Redactor::new("https://api.example/supplier").unwrap()
    }

    fn response(media_type: &str, bytes: &[u8]) -> Body {
        let headers = vec![("Content-Type".to_owned(), media_type.to_owned())];
        redactor().response_body(&headers, RawBody::Bytes(bytes.to_vec()))
    }

    #[test]
    fn a_letter_is_never_kept_as_text() {
        for body in [
            response("text/plain", b"%PDF-1.7 Dear patient"),
            response("application/json", b"\xef\xbb\xbf\n%PDF-1.4 Dear patient"),
            response("application/pdf", b"Dear patient"),
        ] {
            assert!(matches!(body, Body::Pdf(_)), "{body:?}");
        }
        let body = response("application/octet-stream", b"Dear patient");
        assert!(matches!(body, Body::Opaque(_)), "{body:?}");
        let headers = [];
        let body = redactor().request_body(&headers, RawBody::Bytes(b"%PDF-1.7 Dear".to_vec()));
        assert!(matches!(body, Body::Pdf(_)), "{body:?}");
    }

    #[test]
    fn json_is_kept_to_the_letter_whatever_its_media_type() {
        let json = " {\"data\" :\n []}\n";
        assert_eq!(response("text/html", json.as_bytes()), Body::Json { text: json.into() });
    }

    #[test]
    fn long_text_binary_and_huge_json_are_reduced_to_a_hash() {
        let long = response("text/html", &b"x ".repeat(TEXT_LIMIT));
        let binary = response("text/html", b"\xff\xfe");
        let huge = response("application/json", &[&b"[]"[..], &vec![b' '; JSON_LIMIT]].concat());
        for body in [long, binary, huge] {
            assert!(matches!(body, Body::Opaque(_)), "{body:?}");
        }
        let short = response("text/html", b"<p>502 Bad Gateway</p>");
        assert_eq!(short, Body::Text { text: "<p>502 Bad Gateway</p>".into() });
    }

    #[test]
    fn a_form_keeps_its_fields_and_loses_its_secrets() {
        let headers = vec![(
            "content-type".to_owned(),
            "application/x-www-form-urlencoded; charset=utf-8".to_owned(),
        )];
        let form = b"grant_type=client_credentials&client_assertion=CANARY%2B&client_assertion_type=urn%3Ajwt";
        let body = redactor().request_body(&headers, RawBody::Bytes(form.to_vec()));
        let Body::Form { fields } = body else { panic!("{body:?}") };
        assert_eq!(fields[0], ("grant_type".into(), "client_credentials".into()));
        assert!(fields[1].1.starts_with("redacted:") && !fields[1].1.contains("CANARY"));
        assert_eq!(fields[2].1, "urn:jwt");
    }
}
