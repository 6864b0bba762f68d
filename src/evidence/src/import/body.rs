//! Bodies as a HAR holds them, made what a live recorder would have handed over.
//!
//! A download is reduced to length, hash and pages at once, so that no letter lies in memory for
//! longer than its entry. Half a body is never taken for a whole one: what the file lacks, or holds
//! in a form that cannot be read, counts as missing.
//!
//! The bytes of a body, however an exporter wrote them down: as text, as base64 (with a word or
//! without), in a file of its own, unpacked or as they came over the wire.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use letterproof_contract::content::{inspect_download, looks_like_pdf};
use letterproof_contract::unpack::{Unpacked, is_packed, unpack};
use letterproof_model::{Content, Operation, RawBody};

use crate::import::call::header;
use crate::import::document::Attached;
use crate::import::shape::{Field, PostData, ResponseContent};

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

/// Some exporters leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// A byte-order mark, which is counted in a body's size and often left out of its text.
const MARK: u64 = 3;
/// How the base64 of every PDF begins.
const PDF_IN_BASE64: &str = "JVBERi";

/// What reading an entry needs besides the entry, and what it finds odd in it.
pub(super) struct Desk<'a> {
    /// The files that the HAR may refer to.
    pub(super) attached: &'a mut Attached,
    /// What the entry loses since it cannot be true or read.
    pub(super) odd: Vec<String>,
}

/// A body as the file writes it down.
#[derive(Default)]
pub(super) struct Written<'a> {
    pub(super) text: String,
    /// How the text stands for bytes.
    pub(super) encoding: Option<String>,
    /// The file that holds it.
    pub(super) file: Option<String>,
    /// The message's `Content-Encoding`.
    pub(super) coding: Option<&'a str>,
    /// Its length before it was packed, where the file tells it.
    pub(super) size: Option<u64>,
    /// Whether it is a letter, of which every byte counts.
    pub(super) download: bool,
}

/// What the file holds of a body.
pub(super) enum Held {
    Nothing,
    /// All of it, as it was before it was packed.
    Bytes(Vec<u8>),
    /// Less than there was.
    Cut,
    /// What cannot be read, and why.
    Lost(String),
}

impl Written<'_> {
    /// Reads it; what is odd is noted at the desk.
    pub(super) fn held(self, desk: &mut Desk<'_>) -> Held {
        let (coding, size) = (self.coding, self.size.filter(|_| self.download));
        let held = match self.bytes(desk) {
            // Most exporters unpack; this one kept what came over the wire.
            Held::Bytes(bytes) if is_packed(coding) && !is_plain(&bytes) => {
                match unpack(bytes, coding) {
                    Unpacked::Plain(bytes) => Held::Bytes(bytes),
                    Unpacked::Unread(why) => Held::Lost(why),
                }
            }
            held => held,
        };
        match held {
            // Half a letter has another hash.
            Held::Bytes(bytes) if size.is_some_and(|size| bytes.len() as u64 + MARK < size) => {
                Held::Cut
            }
            Held::Lost(why) => {
                desk.odd.push(why.clone());
                Held::Lost(why)
            }
            held => held,
        }
    }

    fn bytes(self, desk: &mut Desk<'_>) -> Held {
        if let (true, Some(file)) = (self.text.is_empty(), &self.file) {
            let read = desk.attached.read(file);
            return read.map_or_else(|why| Held::Lost(why.to_owned()), filled);
        }
        match self.encoding.as_deref() {
            Some(encoding) if encoding.eq_ignore_ascii_case("base64") => match base64(&self.text) {
                Some(bytes) => filled(bytes),
                None => Held::Lost("its body is not valid base64".to_owned()),
            },
            Some(encoding) if !encoding.is_empty() && !self.text.is_empty() => {
                Held::Lost("its body has an encoding other than base64".to_owned())
            }
            _ if is_packed(self.coding) && !is_plain(self.text.as_bytes()) => {
                match bytes_of_latin(&self.text) {
                    Some(bytes) => filled(bytes),
                    None => Held::Lost("its body is compressed and was saved as text".to_owned()),
                }
            }
            _ => self.of_text(desk),
        }
    }

    /// A body written as text. Where its size says otherwise, one of the two is wrong.
    fn of_text(self, desk: &mut Desk<'_>) -> Held {
        let Self { text, size, download, .. } = self;
        if text.is_empty() {
            return Held::Nothing;
        }
        if download
            && text.starts_with(PDF_IN_BASE64)
            && let Some(bytes) = base64(&text)
        {
            return Held::Bytes(bytes);
        }
        // A letter that was made text is no longer the letter, and has another hash.
        if download && !text.is_ascii() {
            return Held::Cut;
        }
        // Some exporters count characters.
        let lengths = [text.len(), text.chars().count(), text.encode_utf16().count()];
        let lengths = lengths.map(|length| length as u64);
        let Some(size) = size.filter(|size| !lengths.contains(size)) else {
            return Held::Bytes(text.into_bytes());
        };
        // HAR 1.1 has no field that says so.
        if let Some(bytes) = base64(&text).filter(|bytes| bytes.len() as u64 == size) {
            return Held::Bytes(bytes);
        }
        let [length, ..] = lengths;
        if length < size && size - length <= MARK {
            return Held::Bytes(text.into_bytes());
        }
        // A whole document is not half a body: the size is the odd one.
        if is_document(&text) {
            let odd = "the `size` of its body contradicts its text and was not read";
            desk.odd.push(odd.to_owned());
            return Held::Bytes(text.into_bytes());
        }
        match length < size {
            true => Held::Cut,
            false => Held::Lost("the `size` of its body contradicts its text".to_owned()),
        }
    }
}

fn filled(bytes: Vec<u8>) -> Held {
    if bytes.is_empty() { Held::Nothing } else { Held::Bytes(bytes) }
}

/// Whether a text is a whole JSON document.
fn is_document(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
        && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// Whether bytes are text or a letter, which nothing packed is.
fn is_plain(bytes: &[u8]) -> bool {
    let is_text = |c: char| matches!(c, '\t' | '\n' | '\r') || !c.is_control() && c != '\u{fffd}';
    bytes.starts_with(b"%PDF")
        || std::str::from_utf8(bytes).is_ok_and(|text| text.chars().all(is_text))
}

/// The bytes of a text that holds a character for each.
fn bytes_of_latin(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let text = match text.contains(|c: char| c.is_ascii_whitespace()) {
        true => Cow::Owned(text.split_ascii_whitespace().collect::<String>()),
        false => Cow::Borrowed(text),
    };
    BASE64.decode(text.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::import::document::Attached;

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

    /// What is read of a body, and what is odd in it.
    fn read(written: Written<'_>) -> (String, Vec<String>) {
        let mut attached = Attached::beside(Path::new("none/x.har"));
        let mut desk = Desk { attached: &mut attached, odd: vec![] };
        let words = match written.held(&mut desk) {
            Held::Nothing => "nothing".to_owned(),
            Held::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Held::Cut => "cut".to_owned(),
            Held::Lost(_) => "lost".to_owned(),
        };
        (words, desk.odd)
    }

    fn text(text: &str, size: u64) -> Written<'static> {
        Written { text: text.to_owned(), size: Some(size), ..Written::default() }
    }

    fn encoded(bytes: &str, encoding: &str) -> Written<'static> {
        let encoding = Some(encoding.to_owned());
        Written { text: bytes.to_owned(), encoding, ..Written::default() }
    }

    fn plain(words: &str) -> (String, Vec<String>) {
        (words.to_owned(), vec![])
    }

    fn odd(words: &str, odd: &str) -> (String, Vec<String>) {
        (words.to_owned(), vec![odd.to_owned()])
    }

    const LIST: &str = "{\"data\":[]}";

    #[test]
    fn a_body_that_cannot_be_read_is_lost_and_named_without_a_quote() {
        let wrong = "its body is not valid base64";
        assert_eq!(read(encoded("CANARY!", "base64")), odd("lost", wrong));
        assert_eq!(read(encoded("e3=0", "base64")), odd("lost", wrong));
        let other = "its body has an encoding other than base64";
        assert_eq!(read(encoded("CANARY", "rot13")), odd("lost", other));
        assert_eq!(read(encoded("", "base64")), plain("nothing"));
    }

    #[test]
    fn a_size_is_not_believed_against_a_whole_document() {
        let contradicts = "the `size` of its body contradicts its text";
        for size in [3, 700] {
            let expected = odd(LIST, &format!("{contradicts} and was not read"));
            assert_eq!(read(text(LIST, size)), expected, "{size}");
        }
        assert_eq!(read(text("<html>much more</html>", 3)), odd("lost", contradicts));
        assert_eq!(read(text("{\"data\":[", 700)), plain("cut"));
        for size in [1, 2] {
            assert_eq!(read(text("\u{e9}", size)), plain("\u{e9}"), "in characters or bytes");
        }
        assert_eq!(read(text("<p/>", 7)), plain("<p/>"), "a mark that was left out");
    }

    #[test]
    fn base64_is_known_without_a_word_by_its_length() {
        assert_eq!(read(text("eyJkYXRhIjpbXX0=", 11)), plain(LIST));
        let letter =
            || Written { text: "JVBERi0=".to_owned(), download: true, ..Written::default() };
        assert_eq!(read(letter()), plain("%PDF-"));
        assert_eq!(read(Written { size: Some(700), ..letter() }), plain("cut"), "half a letter");
    }

    #[test]
    fn packed_bodies_are_unpacked_or_named_and_others_left_as_they_are() {
        let damaged = "body not read: it cannot be unpacked as gzip";
        for (written, coding, expected) in [
            (encoded("CwWAeyJkYXRhIjpbXX0D", "base64"), "br", plain(LIST)),
            (encoded("\u{b}\u{5}\u{80}{\"data\":[]}\u{3}", ""), "br", plain(LIST)),
            (encoded(LIST, ""), "br", plain(LIST)),
            (encoded("eyJkYXRhIjpbXX0=", "base64"), "zstd", plain(LIST)),
            (encoded("KLUv/QAA", "base64"), "zstd", odd("lost", "body not read: zstd")),
            (encoded("H4sIAAAA", "base64"), "gzip", odd("lost", damaged)),
            (
                encoded("\u{1f}\u{fffd}", ""),
                "gzip",
                odd("lost", "its body is compressed and was saved as text"),
            ),
        ] {
            let words = format!("{} {coding}", written.text);
            assert_eq!(read(Written { coding: Some(coding), ..written }), expected, "{words}");
        }
    }
}
