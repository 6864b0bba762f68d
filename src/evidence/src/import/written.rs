//! The bytes of a body, however an exporter wrote them down: as text, as base64 (with a word or
//! without), in a file of its own, unpacked or as they came over the wire.
//! Refuses to guess which of two is wrong where a part of the body may be missing.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use letterproof_contract::unpack::{Unpacked, is_packed, unpack};

use super::attached::Attached;

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
