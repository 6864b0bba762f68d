//! Bodies as a HAR holds them, made what a live recorder would have handed over.
//!
//! A download is reduced to length, hash and pages at once, so that no letter lies in memory for
//! longer than its entry. Refuses to take half a body for a whole one: what the file lacks, or
//! holds in a form that cannot be read, counts as missing.

use letterproof_contract::content::{inspect_download, looks_like_pdf};
use letterproof_model::{Content, Operation, RawBody};

use super::call::header;
use super::shape::{Field, PostData, ResponseContent};
use super::written::{Desk, Held, Written};

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
    desk: &mut Desk<'_>,
) -> Found {
    if let Some(kept) = kept {
        return Found::Body(RawBody::Download { content: kept, pdf: false });
    }
    let announced = length(size).or_else(|| announced(headers));
    let (written, fields) = match data {
        Some(PostData { text, params, encoding, file }) => {
            let text = text.unwrap_or_default();
            (Written { text, encoding, file, ..Written::default() }, params)
        }
        None => (Written::default(), None),
    };
    let coding = header(headers, "content-encoding");
    match (Written { coding, ..written }.held(desk), fields, announced) {
        (Held::Bytes(bytes), ..) => Found::Body(RawBody::Bytes(bytes)),
        (Held::Lost(why), _, announced) => unread(announced.unwrap_or(0), why),
        (Held::Nothing, Some(fields), _) if !fields.is_empty() => {
            Found::Body(RawBody::Bytes(form(&fields)))
        }
        (Held::Cut | Held::Nothing, _, Some(length)) => unrecorded(length),
        // No API takes these without a body.
        (Held::Cut, ..) => unrecorded(0),
        (Held::Nothing, ..) if needs_body(method, operation) => unrecorded(0),
        (Held::Nothing, ..) => Found::Body(RawBody::None),
    }
}

/// The body of a response.
pub(super) fn of_response(
    answer: &Answer<'_>,
    content: Option<ResponseContent>,
    desk: &mut Desk<'_>,
) -> Found {
    let download = answer.operation == Operation::Download;
    let media_type = header(answer.headers, "content-type")
        .or_else(|| content.as_ref()?.mime_type.as_deref().filter(|known| *known != "x-unknown"))
        .map(str::to_owned);
    if let Some(kept) = &answer.kept {
        let pdf = kept.pages.is_some() || looks_like_pdf(&[], media_type.as_deref());
        return Found::Body(RawBody::Download { content: kept.clone(), pdf });
    }
    let size = content.as_ref().and_then(|content| length(content.size));
    let written = content.map_or_else(Written::default, |content| {
        let ResponseContent { text, encoding, file, .. } = content;
        let coding = header(answer.headers, "content-encoding");
        Written { text: text.unwrap_or_default(), encoding, file, coding, size, download }
    });
    let expected = size.or_else(|| length(answer.size)).or_else(|| announced(answer.headers));
    let without = answer.method == "HEAD" || matches!(answer.status, 100..=199 | 204 | 304);
    match written.held(desk) {
        Held::Bytes(bytes) if download => {
            let (content, pdf) = inspect_download(&bytes, media_type.as_deref());
            Found::Body(RawBody::Download { content, pdf })
        }
        Held::Bytes(bytes) => Found::Body(RawBody::Bytes(bytes)),
        Held::Lost(why) => unread(expected.unwrap_or(0), why),
        Held::Cut | Held::Nothing if without => Found::Body(RawBody::None),
        Held::Cut => unrecorded(expected.unwrap_or(0)),
        Held::Nothing => match expected {
            Some(length) => unrecorded(length),
            None if brings_body(answer) => unrecorded(0),
            None => Found::Body(RawBody::None),
        },
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

/// A body of which the file holds something that cannot be read.
fn unread(length: u64, why: String) -> Found {
    Found::Missing(RawBody::Download { content: Content::unread(length, why), pdf: false })
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
    use std::path::Path;

    use super::*;
    use crate::import::attached::Attached;

    fn content(text: &str, encoding: Option<&str>, size: f64) -> Option<ResponseContent> {
        Some(ResponseContent {
            size: Some(size),
            mime_type: Some("application/pdf".into()),
            text: Some(text.into()),
            encoding: encoding.map(str::to_owned),
            file: None,
        })
    }

    fn with_desk(read: impl FnOnce(&mut Desk<'_>) -> Found) -> String {
        let mut attached = Attached::beside(Path::new("none/x.har"));
        words(&read(&mut Desk { attached: &mut attached, odd: vec![] }))
    }

    fn sent(operation: Operation, size: Option<f64>, data: Option<PostData>) -> String {
        with_desk(|desk| of_request("POST", operation, &[], size, data, None, desk))
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
        assert_eq!(with_desk(|desk| of_response(answer, content, desk)), expected);
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
    fn a_body_that_cannot_be_read_is_missing() {
        let list = answer(Operation::ListLetters, 200);
        responds(&list, content("CANARY!", Some("base64"), 70.0), "missing 70 bytes");
        let zstd = [("content-encoding".to_owned(), "zstd".to_owned())];
        let packed = content("KLUv/QAA", Some("base64"), 70.0);
        responds(&Answer { headers: &zstd, ..list }, packed, "missing 70 bytes");
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
            file: None,
        };
        for text in [None, Some(""), Some("grant_type=client_credentials&a+b=c%26d")] {
            let found = sent(Operation::Token, Some(-1.0), Some(data(text)));
            assert_eq!(found, "grant_type=client_credentials&a+b=c%26d");
        }
    }

    #[test]
    fn an_update_without_its_body_is_missing_one() {
        let found = |operation, size| sent(operation, size, None);
        assert_eq!(found(Operation::UpdateLetters, None), "missing 0 bytes");
        assert_eq!(found(Operation::UpdateLetters, Some(90.0)), "missing 90 bytes");
        assert_eq!(found(Operation::Unknown, Some(0.0)), "none");
    }
}
