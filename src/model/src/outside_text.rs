//! Text from outside: opened whatever editor wrote it, made visible on its way to a screen or a
//! page, put into CSV cells and file names, and replaced where it was not kept.
//!
//! What would move a cursor, turn text round, or not be seen at all is shown as what it is (`\n`,
//! `\u{202e}`), once for each sink, and never dropped. A byte-order mark is left out and Windows
//! line ends become plain ones, so that line numbers in messages stay right; other encodings are
//! named, with what to do. CSV is that of spreadsheets and scripts (RFC 4180, lines ended by LF),
//! and text that a spreadsheet would compute stays text. No file name leads elsewhere, or is one
//! that a system cannot store. In place of a value that was not kept stands a keyed hash of it and,
//! of a text, its length.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::Path;

/// Whether a character does something else than to be seen: control characters, line and paragraph
/// separators, all that orders text by direction, and what is drawn as nothing at all (Unicode's
/// default-ignorable characters, tags and fillers included).
#[must_use]
pub const fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}'..='\u{ffff}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// A text as one line in which everything is seen: line feeds and tabs too.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    shown(text, is_hidden)
}

/// A text of several lines in which everything else is seen; the carriage return of a line's end
/// goes with it.
#[must_use]
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    let hides = |c| !matches!(c, '\n' | '\t') && is_hidden(c);
    match text.contains("\r\n") {
        true => Cow::Owned(shown(&text.replace("\r\n", "\n"), hides).into_owned()),
        false => shown(text, hides),
    }
}

/// A JSON document with the same meaning in which everything is seen: what JSON leaves as it is
/// inside its strings is written as `\u202e`.
#[must_use]
pub fn visible_json(document: &str) -> Cow<'_, str> {
    // Between strings there are line feeds and tabs at most, and inside them neither.
    replaced(
        document,
        |c| !matches!(c, '\n' | '\r' | '\t') && is_hidden(c),
        |c, safe| {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing into a string cannot fail.
                let _ = write!(safe, "\\u{unit:04x}");
            }
        },
    )
}

fn shown(text: &str, hides: impl Fn(char) -> bool) -> Cow<'_, str> {
    replaced(text, hides, |c, safe| match c {
        '\n' => safe.push_str("\\n"),
        '\r' => safe.push_str("\\r"),
        '\t' => safe.push_str("\\t"),
        c => safe.extend(c.escape_unicode()),
    })
}

fn replaced(
    text: &str,
    hides: impl Fn(char) -> bool,
    write: impl Fn(char, &mut String),
) -> Cow<'_, str> {
    // Most texts are plain, and many are long.
    let Some(first) = text.find(&hides) else { return Cow::Borrowed(text) };
    let mut safe = String::with_capacity(text.len() + 16);
    let (before, rest) = text.split_at(first);
    safe.push_str(before);
    for c in rest.chars() {
        if hides(c) { write(c, &mut safe) } else { safe.push(c) }
    }
    Cow::Owned(safe)
}

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
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

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
    bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)
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

/// What a formula begins with; spreadsheets take the full-width signs for the narrow ones.
const SIGNS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Appends one line.
pub fn csv_line(output: &mut String, cells: &[&str]) {
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            output.push(',');
        }
        push(output, cell);
    }
    output.push('\n');
}

fn push(output: &mut String, cell: &str) {
    let cell = visible(cell);
    // An id or a reason beginning like a formula would run on the reviewer's machine, behind
    // spaces too.
    let formula = cell.trim_start().starts_with(SIGNS) && cell.parse::<f64>().is_err();
    let guard = if formula { "'" } else { "" };
    if formula || cell.contains([',', '"']) {
        output.push('"');
        output.push_str(guard);
        output.push_str(&cell.replace('"', "\"\""));
        output.push('"');
    } else {
        output.push_str(&cell);
    }
}

/// A text as a part of a file name that every system stores: ASCII letters and digits, and of other
/// characters those `kept`; each of the rest becomes `other`. Names that Windows keeps for devices
/// get an `other` at their end.
#[must_use]
pub fn plain_name(text: &str, kept: &[char], other: char) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || kept.contains(&c) { c } else { other };
    let mut name: String = text.chars().map(plain).collect();
    if is_device_name(&name) {
        name.push(other);
    }
    name
}

/// Whether Windows keeps this name for a device, whatever its extension.
#[must_use]
pub fn is_device_name(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let numbered = |prefix| {
        stem.strip_prefix(prefix)
            .is_some_and(|rest| rest.len() == 1 && rest.as_bytes()[0].is_ascii_digit())
    };
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

/// What stands before the hash.
const REDACTED: &str = "redacted:";
/// How many hexadecimal digits of the hash are shown.
const SHOWN: usize = 12;

/// What is recorded in place of a value: `redacted:` and the first twelve digits of its keyed hash;
/// of a text its length as well (`redacted:3f0a9c21d4e7, 37 bytes`). `hash` is in lower-case
/// hexadecimal.
#[must_use]
pub fn masked(hash: &str, bytes: Option<usize>) -> String {
    let shown = hash.get(..SHOWN).unwrap_or(hash);
    match bytes {
        None => format!("{REDACTED}{shown}"),
        Some(bytes) => format!("{REDACTED}{shown}, {bytes} bytes"),
    }
}

/// Whether a text is what stands in place of a value, and nothing else.
#[must_use]
pub fn is_masked(text: &str) -> bool {
    parts(text).is_some_and(|(_, rest)| rest.is_empty() || length(rest).is_some())
}

/// The length in bytes of the text that was not kept, where one stands here.
#[must_use]
pub fn masked_length(text: &str) -> Option<u64> {
    length(parts(text)?.1)
}

fn parts(text: &str) -> Option<(&str, &str)> {
    let (hash, rest) = text.strip_prefix(REDACTED)?.split_at_checked(SHOWN)?;
    hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')).then_some((hash, rest))
}

fn length(rest: &str) -> Option<u64> {
    let digits = rest.strip_prefix(", ")?.strip_suffix(" bytes")?;
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_turns_or_hides_is_seen_and_the_rest_is_left_alone() {
        for (text, seen) in [
            ("plain, Zoë, 漢字, مرحبا, 👍", "plain, Zoë, 漢字, مرحبا, 👍"),
            ("a\u{1b}[2Jb", "a\\u{1b}[2Jb"),
            ("two\r\nlines\t", "two\\r\\nlines\\t"),
            ("\u{202e}txt.exe", "\\u{202e}txt.exe"),
            ("zero\u{200b}width", "zero\\u{200b}width"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("\u{2028}\u{feff}\u{e0041}", "\\u{2028}\\u{feff}\\u{e0041}"),
        ] {
            assert_eq!(visible(text), seen);
        }
        assert!(matches!(visible("plain"), Cow::Borrowed(_)));
    }

    #[test]
    fn lines_may_stay_lines() {
        assert_eq!(visible_lines("a\r\n\tb\u{1b}\rc\n"), "a\n\tb\\u{1b}\\rc\n");
    }

    #[test]
    fn a_json_document_keeps_its_meaning() {
        let value = serde_json::json!({ "a\u{202e}": "b\u{7f}\u{e0041}\n\u{200b}é" });
        let text = serde_json::to_string_pretty(&value).unwrap();
        let seen = visible_json(&text);
        assert!(!seen.chars().any(|c| c != '\n' && is_hidden(c)), "{seen}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&seen).unwrap(), value);
    }

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

    #[test]
    fn what_would_break_a_line_is_quoted_and_what_would_compute_stays_text() {
        let mut output = String::new();
        csv_line(&mut output, &["L1", "a, b", "say \"x\"", "=1+1", "-3", "", "two\nlines"]);
        assert_eq!(output, "L1,\"a, b\",\"say \"\"x\"\"\",\"'=1+1\",-3,,two\\nlines\n");
    }

    #[test]
    fn what_would_compute_or_break_a_line_stays_text() {
        let mut line = String::new();
        for cell in ["a,b", "=1+1", "-2.5", "x\"y", "＝x", "\t=1\n\u{202e}"] {
            push(&mut line, cell);
            line.push(' ');
        }
        assert_eq!(line, "\"a,b\" \"'=1+1\" -2.5 \"x\"\"y\" \"'＝x\" \\t=1\\n\\u{202e} ");
    }

    #[test]
    fn no_spelling_of_a_formula_is_one() {
        for cell in
            ["=cmd()", " =cmd()", "＝cmd()", "＋1+1", "－1+1", "＠x", "@x", "-1+1", "\u{3000}=x"]
        {
            let mut output = String::new();
            csv_line(&mut output, &[cell]);
            assert_eq!(output, format!("\"'{cell}\"\n"));
        }
        for (cell, shown) in [("\t=1", "\\t=1"), ("\r=1", "\\r=1"), ("\u{200b}=1", "\\u{200b}=1")] {
            let mut output = String::new();
            csv_line(&mut output, &[cell]);
            assert_eq!(output, format!("{shown}\n"));
        }
    }

    #[test]
    fn no_text_leads_elsewhere_or_names_a_device() {
        for (text, name) in [
            ("../../etc/passwd", "______etc_passwd"),
            ("C:\\x\u{202e}\u{1b}\n", "C__x___"),
            ("CON", "CON_"),
            ("a-b_c", "a-b_c"),
        ] {
            assert_eq!(plain_name(text, &['-', '_'], '_'), name);
        }
        assert!(is_device_name("com1.txt") && is_device_name("AUX") && !is_device_name("com10"));
    }

    #[test]
    fn a_mask_is_told_from_what_merely_begins_like_one() {
        let hash = "3f0a9c21d4e7ffff";
        assert_eq!(masked(hash, None), "redacted:3f0a9c21d4e7");
        assert!(is_masked(&masked(hash, None)) && is_masked(&masked(hash, Some(37))));
        assert_eq!(masked_length(&masked(hash, Some(37))), Some(37));
        assert_eq!(masked_length(&masked(hash, None)), None);
        for text in [
            "redacted:",
            "redacted:3f0a9c21d4e",
            "redacted:3F0A9C21D4E7",
            "redacted:3f0a9c21d4e7 and more",
            "redacted:3f0a9c21d4e7, many bytes",
            "redacted:3f0a9c21d4e7,  bytes",
            "é:3f0a9c21d4e7",
            "redacted:3f0a9c21d4eé",
        ] {
            assert!(!is_masked(text) && masked_length(text).is_none(), "{text}");
        }
    }
}
