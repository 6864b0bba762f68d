//! Text that a person made, whatever editor wrote it: one way to open it for the whole house.
//!
//! A byte-order mark is left out and Windows line ends become plain ones, so that line numbers in
//! messages stay right. Refuses to guess at other encodings: each is named, with what to do.

use std::path::Path;

/// Why bytes cannot be read as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// The text is in UTF-16 or UTF-32.
    #[error("it is {0} text; save it as UTF-8")]
    Encoding(&'static str),
    /// Some byte does not belong to UTF-8.
    #[error("line {line} is not UTF-8 (byte {byte} of the file); save it as UTF-8")]
    NotUtf8 {
        /// The line, counted from 1.
        line: usize,
        /// The first wrong byte, counted from 1.
        byte: usize,
    },
}

impl From<TextError> for std::io::Error {
    fn from(error: TextError) -> Self {
        Self::new(std::io::ErrorKind::InvalidData, error)
    }
}

/// The byte-order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The other encodings, by how their texts begin; those of UTF-32 before those of UTF-16, which
/// begin alike. A text without a mark is known by its first character, which people write in ASCII.
const OTHERS: [(&[u8], &str); 6] = [
    (b"\xff\xfe\0\0", "UTF-32"),
    (b"\0\0\xfe\xff", "UTF-32"),
    (b"\0\0\0", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
    (b"\0", "UTF-16"),
];

/// The text of a file that a person made.
///
/// # Errors
/// When it is not UTF-8.
pub fn decode_text(bytes: Vec<u8>) -> Result<String, TextError> {
    if let Some(name) = other_encoding(&bytes) {
        return Err(TextError::Encoding(name));
    }
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count();
        TextError::NotUtf8 { line, byte: at + 1 }
    })?;
    text.drain(..text.len() - without_mark(text.as_bytes()).len());
    if text.contains("\r\n") {
        text = text.replace("\r\n", "\n");
    }
    Ok(text)
}

/// Bytes without the byte-order mark of UTF-8 that some editors begin a file with.
#[must_use]
pub fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(MARK).unwrap_or(bytes)
}

/// The name of the encoding of a text that is not UTF-8, told by how it begins.
#[must_use]
pub fn other_encoding(beginning: &[u8]) -> Option<&'static str> {
    if let Some((_, name)) = OTHERS.into_iter().find(|(begins, _)| beginning.starts_with(begins)) {
        return Some(name);
    }
    match beginning.get(1..)? {
        [0, 0, 0, ..] => Some("UTF-32"),
        [0, ..] => Some("UTF-16"),
        _ => None,
    }
}

/// Whether a file is one that desktops leave in folders by themselves: macOS's `.DS_Store` and
/// AppleDouble files (`._name`), Windows' `Thumbs.db` and `desktop.ini`.
#[must_use]
pub fn is_desktop_leftover(path: &Path) -> bool {
    const NAMES: [&str; 4] = [".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini"];
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| {
        name.starts_with("._") || NAMES.iter().any(|known| name.eq_ignore_ascii_case(known))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bytes: &[u8]) -> String {
        decode_text(bytes.to_vec()).map_err(|error| error.to_string()).unwrap_err()
    }

    #[test]
    fn a_mark_and_windows_line_ends_are_no_part_of_a_text() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"a\nb", "a\nb"),
            (b"\xef\xbb\xbfa\r\nb\r\n", "a\nb\n"),
            ("é\r\n".as_bytes(), "é\n"),
            (b"a\rb", "a\rb"),
        ] {
            assert_eq!(decode_text(bytes.to_vec()).as_deref(), Ok(text));
        }
    }

    #[test]
    fn other_encodings_are_named_with_what_to_do() {
        let utf16 = "@AT1".encode_utf16();
        let little: Vec<u8> = utf16.clone().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = utf16.flat_map(u16::to_be_bytes).collect();
        for bytes in [&[b"\xff\xfe", &little[..]].concat(), &[b"\xfe\xff", &big[..]].concat()] {
            assert_eq!(told(bytes), "it is UTF-16 text; save it as UTF-8");
            assert_eq!(told(&bytes[2..]), "it is UTF-16 text; save it as UTF-8", "without a mark");
        }
        for bytes in [&b"\xff\xfe\0\0a\0\0\0"[..], b"\0\0\xfe\xff\0\0\0a", b"a\0\0\0", b"\0\0\0a"] {
            assert_eq!(told(bytes), "it is UTF-32 text; save it as UTF-8");
        }
    }

    #[test]
    fn a_byte_that_is_not_utf8_is_named_by_line_and_place() {
        let words = "line 2 is not UTF-8 (byte 6 of the file); save it as UTF-8";
        assert_eq!(told(b"a\r\nb \xe9"), words);
        assert_eq!(told(b"\x80"), "line 1 is not UTF-8 (byte 1 of the file); save it as UTF-8");
    }

    #[test]
    fn what_desktops_leave_behind_is_known_by_its_name() {
        for name in
            ["._own.feature", ".DS_Store", "Thumbs.db", "desktop.ini", "AT1/._x", "thumbs.DB"]
        {
            assert!(is_desktop_leftover(Path::new(name)), "{name}");
        }
        for name in ["own.feature", ".hidden", "_x", "desktop.txt", "a._b"] {
            assert!(!is_desktop_leftover(Path::new(name)), "{name}");
        }
    }
}
