//! Small readings of header and URL text, and how much of a value a finding may show: what is
//! quoted is clipped.

use serde_json::Value;

/// How many characters of a value a finding shows.
pub(crate) const SHOWN: usize = 120;

/// `text`, cut to [`SHOWN`] characters and free of control characters.
#[must_use]
pub(crate) fn clip(text: &str) -> String {
    let mut shown: String =
        text.chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// A JSON value as text, clipped; objects and arrays only by their size, since they may be whole
/// bodies.
#[must_use]
pub(crate) fn clip_value(value: &Value) -> String {
    match value {
        Value::Object(map) => format!("an object with {} properties", map.len()),
        Value::Array(items) => format!("an array of {}", items.len()),
        Value::String(text) => format!("\"{}\"", clip(text)),
        other => clip(&other.to_string()),
    }
}

/// A `Content-Type`, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MediaType {
    /// `type/subtype` in lower case.
    pub(crate) essence: String,
    /// The charset in lower case.
    pub(crate) charset: Option<String>,
}

impl MediaType {
    /// Reads a `Content-Type` value; never fails, an odd value is an odd essence.
    #[must_use]
    pub(crate) fn read(value: &str) -> Self {
        let mut parts = value.split(';');
        let essence = parts.next().unwrap_or("").trim().to_ascii_lowercase();
        let charset = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim()
                .eq_ignore_ascii_case("charset")
                .then(|| value.trim().trim_matches('"').to_ascii_lowercase())
        });
        Self { essence, charset }
    }

    /// Whether no charset but UTF-8 is named.
    #[must_use]
    pub(crate) fn is_utf8(&self) -> bool {
        self.charset.as_deref().is_none_or(|charset| matches!(charset, "utf-8" | "utf8"))
    }
}

/// Whether a text has the form of a SHA-256 in hexadecimal.
#[must_use]
pub(crate) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A `limit` that is a whole number from 1 to `most`, written as digits alone.
#[must_use]
pub(crate) fn whole_limit(text: &str, most: usize) -> Option<usize> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| digits && (1..=most).contains(number))
}

/// Undoes percent-encoding of a query value or path segment; an odd escape stays as it is.
#[must_use]
pub(crate) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |byte: Option<&u8>| byte.and_then(|b| char::from(*b).to_digit(16));
        match (bytes[at], hex(bytes.get(at + 1)), hex(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                at += 3;
            }
            (b'+', ..) => {
                out.push(b' ');
                at += 1;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A text as a part of a finding's id: upper case, other characters as single hyphens, cut.
#[must_use]
pub(crate) fn id_part(text: &str) -> String {
    let mut part = String::new();
    for c in text.chars().take(80) {
        if c.is_ascii_alphanumeric() {
            part.push(c.to_ascii_uppercase());
        } else if !part.is_empty() && !part.ends_with('-') {
            part.push('-');
        }
    }
    part.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_value_is_clipped_at_a_character_not_a_byte() {
        let long = "é".repeat(SHOWN + 1);
        assert_eq!(clip(&long).chars().count(), SHOWN + 1);
        assert!(clip(&long).ends_with('…'));
        assert_eq!(clip("a\nb"), "a b");
    }

    #[test]
    fn a_media_type_is_read_in_any_case_and_order() {
        let read = MediaType::read("Application/Vnd.Api+JSON; foo=bar; Charset=\"UTF-16\"");
        assert_eq!(read.essence, "application/vnd.api+json");
        assert_eq!(read.charset.as_deref(), Some("utf-16"));
        assert!(!read.is_utf8());
        assert!(MediaType::read("application/json").is_utf8());
    }

    #[test]
    fn a_limit_is_digits_alone_and_within_bounds() {
        assert_eq!(whole_limit("1", 2_500), Some(1));
        assert_eq!(whole_limit("2500", 2_500), Some(2_500));
        for text in ["", "0", "2501", "+5", "-1", "1.5", " 5", "0x5", "99999999999999999999999"] {
            assert_eq!(whole_limit(text, 2_500), None, "{text}");
        }
    }

    #[test]
    fn escapes_are_undone_and_odd_ones_kept() {
        assert_eq!(decoded("%20a+b%2"), " a b%2");
    }

    #[test]
    fn id_parts_are_words_and_hyphens() {
        assert_eq!(id_part("/data[]/attributes/newField"), "DATA-ATTRIBUTES-NEWFIELD");
    }
}
