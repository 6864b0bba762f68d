//! What of a body is kept: of JSON and forms what is known to be harmless, of text what is known
//! word for word; of all else length and hash. A PDF or anything binary is reduced here even if a
//! client handed it over whole.

use letterproof_contract::KnownPlace;
use letterproof_model::{Body, Content, Operation, RawBody};

use crate::chain::sha256_hex;
use crate::redact::json::Shape;
use crate::redact::known::Class;
use crate::redact::text::Prose;
use crate::redact::{Redactor, harmless, headers};

/// Longest text kept that is not JSON, in bytes.
const TEXT_LIMIT: usize = 8 * 1024;
/// Longest JSON or form kept, in bytes: 2,500 letters take 0.7 MB.
const JSON_LIMIT: usize = 16 * 1024 * 1024;

/// Which way a body went, and with which call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carrier {
    Request(Operation),
    Answer(Operation),
}

impl Carrier {
    fn shape(self) -> Option<Shape> {
        let (known, of_token) = match self {
            Self::Request(operation) => (KnownPlace::of_request(operation), false),
            Self::Answer(operation) => {
                (KnownPlace::of_answer(operation), operation == Operation::Token)
            }
        };
        known.map(|known| Shape { known, of_token })
    }
}

impl Redactor {
    /// What of a body is kept.
    pub(crate) fn body(
        &self,
        carrier: Carrier,
        headers: &[(String, String)],
        body: RawBody,
    ) -> Body {
        let bytes = match body {
            RawBody::None => return Body::None,
            RawBody::Download { content, pdf } => return self.download(content, pdf),
            RawBody::Bytes(bytes) if bytes.is_empty() => return Body::None,
            RawBody::Bytes(bytes) => bytes,
        };
        let media_type = media_type(headers);
        match carrier {
            Carrier::Request(_)
                if media_type == "application/x-www-form-urlencoded"
                    && bytes.len() <= JSON_LIMIT
                    && std::str::from_utf8(&bytes).is_ok() =>
            {
                self.form(&bytes)
            }
            Carrier::Answer(_) if media_type == "application/pdf" => Body::Pdf(content(&bytes)),
            Carrier::Answer(_) if !is_text(&media_type) && !is_pdf(&bytes) => {
                Body::Opaque(content(&bytes))
            }
            _ => self.bytes(carrier, bytes),
        }
    }

    /// Cleans a kept body once more, after a secret was learned.
    pub(crate) fn body_again(&self, carrier: Carrier, body: &mut Body) {
        let again = |text: &mut String| {
            if let Some(clean) = self.clean_known(text) {
                *text = clean;
            }
        };
        match body {
            Body::Json { text } => {
                if let Some(clean) = self.json(carrier, text) {
                    *body = json_or_text(clean);
                }
            }
            Body::Text { text } => again(text),
            Body::Form { fields } => fields.iter_mut().for_each(|(_, value)| again(value)),
            Body::None | Body::Pdf(_) | Body::Opaque(_) => {}
        }
    }

    /// Whether this is a request that the harness plans, in which nobody's data stands.
    fn is_planned(&self, carrier: Carrier, text: &str) -> bool {
        matches!(carrier, Carrier::Request(_))
            && self.planned.get().is_some_and(|planned| (planned.body)(text))
    }

    /// JSON as it may be kept; `None` when that is all of it.
    fn json(&self, carrier: Carrier, text: &str) -> Option<String> {
        match carrier.shape() {
            Some(shape) if !self.is_planned(carrier, text) => self.clean_json(text, shape),
            Some(_) => self.clean_known(text),
            // Nothing is known of it, so nothing is kept.
            None => Some(self.mask_text(text)),
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

    fn bytes(&self, carrier: Carrier, bytes: Vec<u8>) -> Body {
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
            return match self.json(carrier, &text) {
                Some(clean) => json_or_text(clean),
                None => Body::Json { text },
            };
        }
        if text.len() > TEXT_LIMIT {
            return Body::Opaque(content(text.as_bytes()));
        }
        let clean = match self.is_planned(carrier, &text) {
            true => self.clean_known(&text),
            false => self.clean_prose(&text),
        };
        Body::Text { text: clean.unwrap_or(text) }
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
            let value = if value.is_empty() || harmless::is_form_field(&name, &value) {
                value
            } else if headers::is_secret(&name) {
                self.secret(&value, Class::Credential)
            } else {
                self.mask(&value)
            };
            // What has not the form of a name is data in a name's place.
            let name = if harmless::is_name(&name) {
                self.clean_text(&name, Prose::Yes).unwrap_or(name)
            } else {
                self.mask(&name)
            };
            (name, value)
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
    use crate::Planned;

    /// Bodies that these tests plan.
    const PLANNED: [&str; 2] = [
        r#"{"data":{"id":"L1""#,
        r#"{"data":{"id":"L1","type":"Letter","attributes":{"status":"ACCEPTED","colour":"blue"}}}"#,
    ];

    fn redactor() -> Redactor {
        let redactor = Redactor::new("https://api.example/supplier").unwrap();
        redactor.expect(Planned { path: |_| false, body: |text| PLANNED.contains(&text) });
        redactor
    }

    fn response(media_type: &str, bytes: &[u8]) -> Body {
        let headers = vec![("Content-Type".to_owned(), media_type.to_owned())];
        let carrier = Carrier::Answer(Operation::ListLetters);
        redactor().body(carrier, &headers, RawBody::Bytes(bytes.to_vec()))
    }

    fn request(media_type: &str, bytes: &[u8]) -> Body {
        let headers = vec![("content-type".to_owned(), media_type.to_owned())];
        let carrier = Carrier::Request(Operation::PatchLetter);
        redactor().body(carrier, &headers, RawBody::Bytes(bytes.to_vec()))
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
        let body = request("", b"%PDF-1.7 Dear");
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
    }

    #[test]
    fn a_text_is_kept_where_it_is_known_or_planned_and_else_as_length_and_hash() {
        let known = response("text/html", b"Bad Gateway");
        assert_eq!(known, Body::Text { text: "Bad Gateway".into() });
        let page = response("text/html", b"<p>Dear Mrs Smith</p>");
        let Body::Text { text } = &page else { panic!("{page:?}") };
        assert!(letterproof_model::is_masked(text), "{text}");
        assert_eq!(page.length(), 21);
        // A probe of the conformance suite is found again by its words.
        let planned = PLANNED[0];
        assert_eq!(request("", planned.as_bytes()), Body::Text { text: planned.into() });
        assert_ne!(response("", planned.as_bytes()), Body::Text { text: planned.into() });
        let planned = PLANNED[1];
        assert_eq!(request("", planned.as_bytes()), Body::Json { text: planned.into() });
        let other = request("", planned.replace("blue", "Mrs Smith").as_bytes());
        let Body::Json { text } = other else { panic!("{other:?}") };
        assert!(text.contains(r#""colour":"redacted:"#), "{text}");
    }

    #[test]
    fn a_form_keeps_how_a_token_is_asked_for_and_nothing_else() {
        let form = b"grant_type=client_credentials&client_assertion=CANARY%2B&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&scope=CANARY&code=CANARY&grant_type=CANARY&Mrs+CANARY=&state=";
        let body = request("application/x-www-form-urlencoded; charset=utf-8", form);
        assert!(!format!("{body:?}").contains("CANARY"), "{body:?}");
        let Body::Form { fields } = body else { panic!("{body:?}") };
        assert_eq!(fields[0], ("grant_type".into(), "client_credentials".into()));
        assert!(fields[1].1.starts_with("redacted:"));
        assert!(fields[2].1.ends_with("jwt-bearer"));
        assert_eq!(fields[7], ("state".into(), String::new()));
    }
}
