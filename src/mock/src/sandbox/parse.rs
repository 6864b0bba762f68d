//! The sandbox's body parser: JSON media types only, UTF-8 or UTF-16, at most 100 KiB.
//! Refuses in the words of the original's framework and of its JavaScript engine.

use http::{StatusCode, header};
use serde_json::Value;

use super::Refusal;
use crate::calls::Call;

/// The parser's limit in bytes.
const LIMIT: usize = 100 * 1024;

/// How much of a text the engine shows around a wrong character.
const SHOWN: usize = 10;

/// The content type as sent, its essence in lower case, and its charset.
pub(super) fn content_type<'a>(call: &Call<'a>) -> Option<(&'a str, String, Option<String>)> {
    let whole = call.headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let mut parts = whole.split(';');
    let essence = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    let charset = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        let value = value.trim().trim_matches('"').to_ascii_lowercase();
        name.trim().eq_ignore_ascii_case("charset").then_some(value)
    });
    Some((whole, essence, charset))
}

/// The body as JSON; `None` when there is none or the parser leaves it alone.
pub(super) fn body(call: &Call<'_>) -> Result<Option<Value>, Refusal> {
    if call.body.is_empty() {
        return Ok(None);
    }
    let Some((_, essence, charset)) = content_type(call) else { return Ok(None) };
    if essence != "application/json" && !essence.ends_with("+json") {
        return Ok(None);
    }
    let charset = charset.unwrap_or_else(|| "utf-8".to_owned());
    if !matches!(charset.as_str(), "utf-8" | "utf-16" | "utf-16le" | "utf-16be") {
        let message = format!("unsupported charset \"{}\"", charset.to_ascii_uppercase());
        return Err(Refusal::bare(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    if call.body.len() > LIMIT {
        return Err(Refusal::bare(StatusCode::PAYLOAD_TOO_LARGE, "request entity too large"));
    }
    let text = decode(call.body, &charset);
    let wrong = |message| Refusal::bare(StatusCode::BAD_REQUEST, message);
    let first = text.chars().position(|c| !matches!(c, ' ' | '\t' | '\n' | '\r'));
    let Some(first) = first else { return Ok(None) };
    // The parser is strict: an object or an array, nothing else.
    if !matches!(text.chars().nth(first), Some('{' | '[')) {
        return Err(wrong(unexpected(&text, first)));
    }
    serde_json::from_str(&text).map(Some).map_err(|error| {
        wrong(if error.is_eof() {
            "Unexpected end of JSON input".to_owned()
        } else {
            unexpected(&text, position(&text, error.line(), error.column()))
        })
    })
}

fn decode(bytes: &[u8], charset: &str) -> String {
    if charset == "utf-8" {
        return String::from_utf8_lossy(bytes).trim_start_matches('\u{FEFF}').to_owned();
    }
    let big = charset.ends_with("be") || bytes.starts_with(&[0xFE, 0xFF]);
    let units = bytes.chunks_exact(2).map(|pair| {
        let pair = [pair[0], pair[1]];
        if big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }
    });
    let text: String =
        char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    text.trim_start_matches('\u{FEFF}').to_owned()
}

/// The number of the character at a line and column, both from 1, the column in bytes.
fn position(text: &str, line: usize, column: usize) -> usize {
    let before: usize =
        text.split_inclusive('\n').take(line.saturating_sub(1)).map(|l| l.chars().count()).sum();
    let current = text.split_inclusive('\n').nth(line.saturating_sub(1)).unwrap_or_default();
    let upto = current.get(..column.saturating_sub(1)).map_or(0, |part| part.chars().count());
    before + upto
}

/// The engine's complaint about one character.
fn unexpected(text: &str, at: usize) -> String {
    let token = text.chars().nth(at).unwrap_or(' ');
    let length = text.chars().count();
    if length <= 2 * SHOWN {
        return format!("Unexpected token '{token}', \"{text}\" is not valid JSON");
    }
    let from = at.saturating_sub(SHOWN);
    let to = (at + SHOWN).min(length);
    let shown: String = text.chars().skip(from).take(to - from).collect();
    let before = if at < SHOWN { "" } else { "..." };
    let after = if at + SHOWN >= length { "" } else { "..." };
    format!("Unexpected token '{token}', {before}\"{shown}\"{after} is not valid JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_shows_ten_characters_around_the_wrong_one() {
        assert_eq!(unexpected("\"x\"", 0), "Unexpected token '\"', \"\"x\"\" is not valid JSON");
        let long = "{\"data\": nonsense, \"more\": true}";
        assert_eq!(
            unexpected(long, 9),
            "Unexpected token 'n', \"{\"data\": nonsense, \"... is not valid JSON"
        );
        assert_eq!(
            unexpected(long, 20),
            "Unexpected token 'm', ...\"onsense, \"more\": tru\"... is not valid JSON"
        );
    }

    #[test]
    fn utf_16_is_read_with_and_without_a_mark() {
        let bytes: Vec<u8> = "\u{FEFF}{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&bytes, "utf-16"), "{}");
        assert_eq!(decode(&bytes[2..], "utf-16"), "{}");
        let bytes: Vec<u8> = "{}".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(decode(&bytes, "utf-16be"), "{}");
    }
}
