//! Bodies as a HAR holds them, made what a live recorder would have handed over.
//!
//! A download is reduced to length, hash and pages at once, so that no letter lies in memory for
//! longer than its entry. Refuses to take half a body for a whole one: what is cut off, or was made
//! text although it is none, counts as missing.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use letterproof_contract::content::{inspect_download, looks_like_pdf};
use letterproof_model::{Content, Operation, RawBody};

use super::call::header;
use super::shape::{Field, PostData, ResponseContent};

/// Some exporters leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// A byte-order mark, which is counted in a body's size and often left out of its text.
const MARK: u64 = 3;

/// A body, or what is known of one that the file does not hold.
pub(super) enum Found {
    Body(RawBody),
    Missing(RawBody),
}

/// What is known of a response besides its content.
pub(super) struct Answer<'a> {
    pub(super) method: &'a str,
    pub(super) operation: Operation,
    pub(super) status: u16,
    pub(super) headers: &'a [(String, String)],
    /// The length sent, where the file tells it.
    pub(super) size: Option<f64>,
    /// What our own HAR says of content that was not kept.
    pub(super) kept: Option<Content>,
}

/// The body of a request.
pub(super) fn of_request(
    method: &str,
    operation: Operation,
    headers: &[(String, String)],
    size: Option<f64>,
    data: Option<PostData>,
    kept: Option<Content>,
) -> Result<Found, String> {
    if let Some(kept) = kept {
        return Ok(Found::Body(RawBody::Download { content: kept, pdf: false }));
    }
    let bytes = match data {
        Some(PostData { text: Some(text), encoding, .. }) if !text.is_empty() => {
            decoded(text, encoding.as_deref())?
        }
        Some(PostData { params: Some(fields), .. }) if !fields.is_empty() => form(&fields),
        _ => Vec::new(),
    };
    let announced = length(size).or_else(|| announced(headers));
    Ok(match (bytes.is_empty(), announced) {
        (false, _) => Found::Body(RawBody::Bytes(bytes)),
        (true, Some(length)) => unrecorded(length),
        // No API takes these without a body.
        (true, None) if needs_body(method, operation) => unrecorded(0),
        (true, None) => Found::Body(RawBody::None),
    })
}

/// The body of a response.
pub(super) fn of_response(
    answer: &Answer<'_>,
    content: Option<ResponseContent>,
) -> Result<Found, String> {
    let download = answer.operation == Operation::Download;
    let media_type = header(answer.headers, "content-type")
        .or_else(|| content.as_ref()?.mime_type.as_deref().filter(|known| *known != "x-unknown"))
        .map(str::to_owned);
    if let Some(kept) = &answer.kept {
        let pdf = kept.pages.is_some() || looks_like_pdf(&[], media_type.as_deref());
        return Ok(Found::Body(RawBody::Download { content: kept.clone(), pdf }));
    }
    let size = content.as_ref().and_then(|content| length(content.size));
    let (text, encoding) = match content {
        Some(content) => (content.text.unwrap_or_default(), content.encoding),
        None => (String::new(), None),
    };
    let lost = !is_encoded(encoding.as_deref()) && is_lossy(&text, size, download);
    let bytes = if lost { Vec::new() } else { decoded(text, encoding.as_deref())? };
    if !bytes.is_empty() {
        return Ok(Found::Body(match download {
            true => {
                let (content, pdf) = inspect_download(&bytes, media_type.as_deref());
                RawBody::Download { content, pdf }
            }
            false => RawBody::Bytes(bytes),
        }));
    }
    if answer.method == "HEAD" || matches!(answer.status, 100..=199 | 204 | 304) {
        return Ok(Found::Body(RawBody::None));
    }
    let expected = size.or_else(|| length(answer.size)).or_else(|| announced(answer.headers));
    Ok(match expected {
        Some(length) => unrecorded(length),
        None if lost || brings_body(answer) => unrecorded(0),
        None => Found::Body(RawBody::None),
    })
}

/// Whether text cannot be the whole body as it came.
fn is_lossy(text: &str, size: Option<u64>, download: bool) -> bool {
    let cut = size.is_some_and(|size| text.len() as u64 + MARK < size);
    // A letter that was made text is no longer the letter, and has another hash.
    !text.is_empty() && (cut || download && !text.is_ascii())
}

fn is_encoded(encoding: Option<&str>) -> bool {
    encoding.is_some_and(|encoding| !encoding.is_empty())
}

fn decoded(text: String, encoding: Option<&str>) -> Result<Vec<u8>, String> {
    match encoding {
        Some(encoding) if encoding.eq_ignore_ascii_case("base64") => {
            let text = match text.contains(|c: char| c.is_ascii_whitespace()) {
                true => Cow::Owned(text.split_ascii_whitespace().collect::<String>()),
                false => Cow::Borrowed(&text),
            };
            BASE64
                .decode(text.as_bytes())
                .map_err(|_| "a body of it is not the base64 it is said to be".to_owned())
        }
        Some(encoding) if is_encoded(Some(encoding)) => {
            Err("a body of it has an encoding other than base64".to_owned())
        }
        _ => Ok(text.into_bytes()),
    }
}

/// The fields of a form as they were sent, or as near to it as their names and values allow.
fn form(fields: &[Field]) -> Vec<u8> {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for Field { name, value } in fields {
        form.append_pair(name.as_deref().unwrap_or_default(), value.as_deref().unwrap_or_default());
    }
    form.finish().into_bytes()
}

/// A body of which at most the length is known.
fn unrecorded(length: u64) -> Found {
    Found::Missing(RawBody::Download { content: Content::unrecorded(length), pdf: false })
}

/// A length in bytes; `None` for nothing and for what is not known.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts saturate")]
pub(super) fn length(size: Option<f64>) -> Option<u64> {
    size.filter(|size| *size >= 1.0).map(|size| size as u64)
}

fn announced(headers: &[(String, String)]) -> Option<u64> {
    header(headers, "content-length")?.trim().parse().ok().filter(|length| *length > 0)
}

fn needs_body(method: &str, operation: Operation) -> bool {
    use Operation::{CreateMi, PatchLetter, Token, UpdateLetters};
    method != "GET" && matches!(operation, UpdateLetters | PatchLetter | CreateMi | Token)
}

fn brings_body(answer: &Answer<'_>) -> bool {
    use Operation::{CreateMi, Download, GetLetter, GetMi, ListLetters, Token};
    matches!(answer.status, 200 | 201)
        && matches!(answer.operation, ListLetters | GetLetter | CreateMi | GetMi | Token | Download)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(text: &str, encoding: Option<&str>, size: f64) -> Option<ResponseContent> {
        Some(ResponseContent {
            size: Some(size),
            mime_type: Some("application/pdf".into()),
            text: Some(text.into()),
            encoding: encoding.map(str::to_owned),
        })
    }

    fn answer(operation: Operation, status: u16) -> Answer<'static> {
        Answer { method: "GET", operation, status, headers: &[], size: None, kept: None }
    }

    fn words(found: &Found) -> String {
        let (word, body) = match found {
            Found::Body(body) => ("", body),
            Found::Missing(body) => ("missing ", body),
        };
        match body {
            RawBody::None => format!("{word}none"),
            RawBody::Bytes(bytes) => format!("{word}{}", String::from_utf8_lossy(bytes)),
            RawBody::Download { content, pdf } => {
                format!("{word}{} bytes{}", content.length, if *pdf { " of a PDF" } else { "" })
            }
        }
    }

    #[track_caller]
    fn responds(answer: &Answer<'_>, content: Option<ResponseContent>, expected: &str) {
        assert_eq!(words(&of_response(answer, content).unwrap()), expected);
    }

    #[test]
    fn a_body_is_what_the_file_holds_of_it() {
        let list = answer(Operation::ListLetters, 200);
        responds(&list, content("{}", None, 2.0), "{}");
        responds(&list, content("e 3\n0=", Some("Base64"), 2.0), "{}");
        responds(&list, content("e30", Some("base64"), 2.0), "{}");
        responds(&list, content("{}", Some(""), -1.0), "{}");
        let download = answer(Operation::Download, 200);
        responds(&download, content("JVBERi0=", Some("base64"), 5.0), "5 bytes of a PDF");
    }

    #[test]
    fn a_body_that_is_not_there_is_missing_and_not_empty() {
        let list = answer(Operation::ListLetters, 200);
        responds(&list, None, "missing 0 bytes");
        responds(&list, content("", None, 0.0), "missing 0 bytes");
        responds(&list, content("", None, 70.0), "missing 70 bytes");
        responds(&list, content("{\"data\":[", None, 70.0), "missing 70 bytes");
        responds(&Answer { size: Some(71.0), ..list }, None, "missing 71 bytes");
        let headers = [("Content-Length".to_owned(), "72".to_owned())];
        let patch = Answer { headers: &headers, ..answer(Operation::PatchLetter, 202) };
        responds(&patch, None, "missing 72 bytes");
        responds(&answer(Operation::PatchLetter, 202), None, "none");
        responds(&Answer { method: "HEAD", ..patch }, None, "none");
    }

    #[test]
    fn a_download_without_its_bytes_has_no_hash_at_all() {
        let download = answer(Operation::Download, 200);
        responds(&download, None, "missing 0 bytes");
        responds(&download, content("", None, 700.0), "missing 700 bytes");
        responds(&download, content("%PDF-1.7 \u{fffd}\u{fffd}", None, 11.0), "missing 11 bytes");
        responds(
            &answer(Operation::Download, 403),
            content("<Error/>", None, 8.0),
            "8 bytes of a PDF",
        );
    }

    #[test]
    fn broken_base64_is_an_error_that_quotes_nothing() {
        let list = answer(Operation::ListLetters, 200);
        for (text, encoding) in [("CANARY!", "base64"), ("e3=0", "base64"), ("CANARY", "gzip")] {
            let error = of_response(&list, content(text, Some(encoding), 2.0)).err().unwrap();
            assert!(!error.contains("CANARY"), "{error}");
        }
    }

    #[test]
    fn a_form_is_sent_again_as_it_was_whichever_way_it_is_written_down() {
        let field = |name: &str, value: &str| Field {
            name: Some(name.to_owned()),
            value: Some(value.to_owned()),
        };
        let data = |text: Option<&str>| PostData {
            text: text.map(str::to_owned),
            params: Some(vec![field("grant_type", "client_credentials"), field("a b", "c&d")]),
            encoding: None,
        };
        for text in [None, Some(""), Some("grant_type=client_credentials&a+b=c%26d")] {
            let found =
                of_request("POST", Operation::Token, &[], Some(-1.0), Some(data(text)), None);
            assert_eq!(words(&found.unwrap()), "grant_type=client_credentials&a+b=c%26d");
        }
    }

    #[test]
    fn an_update_without_its_body_is_missing_one() {
        let found =
            |operation, size| words(&of_request("POST", operation, &[], size, None, None).unwrap());
        assert_eq!(found(Operation::UpdateLetters, None), "missing 0 bytes");
        assert_eq!(found(Operation::UpdateLetters, Some(90.0)), "missing 90 bytes");
        assert_eq!(found(Operation::Unknown, Some(0.0)), "none");
    }
}
