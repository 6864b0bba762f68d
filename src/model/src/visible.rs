//! Text from outside made visible: what would move a cursor, turn text round, or not be seen at all
//! is shown as what it is (`\n`, `\u{202e}`).
//!
//! Whatever comes from a bundle, a server, a client or a file passes here on its way to a screen or
//! a page, once for each sink. Refuses to drop anything: a reader sees that something was there.

use std::borrow::Cow;
use std::fmt::Write as _;

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
}
