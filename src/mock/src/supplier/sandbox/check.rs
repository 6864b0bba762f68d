//! What the sandbox's framework lets through: its body parser (JSON media types only, UTF-8 or
//! UTF-16, at most 100 KiB) and its request validator (media type, parameters, and bodies against
//! the schemas).
//!
//! Both refuse in the original's words, with the path of each complaint.

use http::{StatusCode, header};
use letterproof_model::LetterStatus;
use serde_json::Value;

use crate::supplier::calls::Call;
use crate::supplier::sandbox::{Complaint, Refusal};
use crate::supplier::validate::javascript_number;

/// Refuses media types other than the API's own.
pub(crate) fn media_type(call: &Call<'_>, route: &str) -> Result<(), Refusal> {
    let sent = content_type(call);
    match &sent {
        Some((_, essence, _)) if essence == "application/vnd.api+json" => Ok(()),
        _ => {
            let name = sent.map_or("undefined", |(whole, _, _)| whole);
            let message = format!("unsupported media type {name}");
            Err(Refusal::one(StatusCode::UNSUPPORTED_MEDIA_TYPE, route, message))
        }
    }
}

/// Checks query and headers; returns the limit of a list, ten when none is given.
pub(crate) fn parameters(call: &Call<'_>, has_limit: bool) -> Result<f64, Refusal> {
    let mut limits = Vec::new();
    for (name, value) in url::form_urlencoded::parse(call.query.unwrap_or_default().as_bytes()) {
        let path = format!(".query.{name}");
        if !(has_limit && name == "limit") {
            let message = format!("Unknown query parameter '{name}'");
            return Err(Refusal::one(StatusCode::BAD_REQUEST, &path, message));
        }
        if value.is_empty() {
            let message = format!("Empty value found for query parameter '{name}'");
            return Err(Refusal::one(StatusCode::BAD_REQUEST, &path, message));
        }
        limits.push(value);
    }
    let mut complaints = Complaints::default();
    let limit = match limits.as_slice() {
        [] => 10.0,
        // What the engine does not hold equal to its own number is no number.
        [one] => javascript_number(one).unwrap_or(f64::NAN),
        _ => f64::NAN,
    };
    if limit.is_nan() {
        complaints.add("query.limit", "should be number", "type");
    }
    if !call.headers.contains_key("x-request-id") {
        complaints.missing("headers", "x-request-id");
    }
    complaints.done()?;
    Ok(limit)
}

#[derive(Default)]
struct Complaints(Vec<(String, Complaint)>);

impl Complaints {
    fn add(&mut self, path: &str, message: &str, kind: &str) {
        let code = match kind {
            "type" => "type.openapi.validation",
            "enum" => "enum.openapi.validation",
            "format" => "format.openapi.validation",
            _ => "required.openapi.validation",
        };
        let complaint =
            Complaint { path: format!(".{path}"), message: message.to_owned(), code: Some(code) };
        self.0.push((format!("request.{path} {message}"), complaint));
    }

    /// The message names the holder, the path the missing property.
    fn missing(&mut self, holder: &str, property: &str) {
        let message = format!("should have required property '{property}'");
        let complaint = Complaint {
            path: format!(".{holder}.{property}"),
            message: message.clone(),
            code: Some("required.openapi.validation"),
        };
        self.0.push((format!("request.{holder} {message}"), complaint));
    }

    fn done(self) -> Result<(), Refusal> {
        if self.0.is_empty() {
            return Ok(());
        }
        let (messages, complaints): (Vec<String>, Vec<Complaint>) = self.0.into_iter().unzip();
        let message = messages.join(", ");
        Err(Refusal { status: StatusCode::BAD_REQUEST, message, complaints })
    }

    /// The value is an object; complains when not.
    fn object(&mut self, value: &Value, path: &str) -> bool {
        if !value.is_object() {
            self.add(path, "should be object", "type");
        }
        value.is_object()
    }

    /// Checks a property that must be there (`required`) and be text.
    fn text(&mut self, holder: &Value, path: &str, property: &str, required: bool) {
        match holder.get(property) {
            None if required => self.missing(path, property),
            None | Some(Value::String(_)) => {}
            Some(_) => self.add(&format!("{path}.{property}"), "should be string", "type"),
        }
    }

    fn number(&mut self, holder: &Value, path: &str, property: &str, required: bool) {
        match holder.get(property) {
            None if required => self.missing(path, property),
            None | Some(Value::Number(_)) => {}
            Some(_) => self.add(&format!("{path}.{property}"), "should be number", "type"),
        }
    }

    fn one_of(&mut self, holder: &Value, path: &str, property: &str, allowed: &[&str]) {
        match holder.get(property) {
            None => self.missing(path, property),
            Some(Value::String(text)) if allowed.contains(&text.as_str()) => {}
            Some(_) => {
                let list = allowed.join(", ");
                let message = format!("should be equal to one of the allowed values: {list}");
                self.add(&format!("{path}.{property}"), &message, "enum");
            }
        }
    }

    fn letter(&mut self, value: &Value, path: &str) {
        if !self.object(value, path) {
            return;
        }
        self.one_of(value, path, "type", &["Letter"]);
        self.text(value, path, "id", true);
        let Some(attributes) = value.get("attributes") else {
            self.missing(path, "attributes");
            return;
        };
        let path = format!("{path}.attributes");
        if self.object(attributes, &path) {
            self.one_of(attributes, &path, "status", &LetterStatus::ALL.map(|s| s.as_str()));
            self.text(attributes, &path, "reasonCode", false);
            self.text(attributes, &path, "reasonText", false);
        }
    }
}

/// The `data` of a body, complaining where it is missing.
fn data<'a>(body: &'a Value, complaints: &mut Complaints, required: bool) -> Option<&'a Value> {
    if !complaints.object(body, "body") {
        return None;
    }
    let data = body.get("data");
    if data.is_none() && required {
        complaints.missing("body", "data");
    }
    data
}

/// Checks the body of `PATCH /letters/{id}`.
pub(crate) fn patch(body: &Value) -> Result<(), Refusal> {
    let mut complaints = Complaints::default();
    if let Some(letter) = data(body, &mut complaints, true) {
        complaints.letter(letter, "body.data");
    }
    complaints.done()
}

/// Checks the body of `POST /letters`.
pub(crate) fn bulk(body: &Value) -> Result<(), Refusal> {
    let mut complaints = Complaints::default();
    match data(body, &mut complaints, true) {
        Some(Value::Array(letters)) => {
            for (at, letter) in letters.iter().enumerate() {
                complaints.letter(letter, &format!("body.data[{at}]"));
            }
        }
        Some(_) => complaints.add("body.data", "should be array", "type"),
        None => {}
    }
    complaints.done()
}

/// Checks the body of `POST /mi`, where not even `data` is required.
pub(crate) fn mi(body: &Value) -> Result<(), Refusal> {
    let mut complaints = Complaints::default();
    let path = "body.data";
    if let Some(record) = data(body, &mut complaints, false)
        && complaints.object(record, path)
    {
        complaints.one_of(record, path, "type", &["ManagementInformation"]);
        match record.get("attributes") {
            None => complaints.missing(path, "attributes"),
            Some(attributes) => attributes_of_mi(attributes, &mut complaints),
        }
    }
    complaints.done()
}

fn attributes_of_mi(attributes: &Value, complaints: &mut Complaints) {
    let path = "body.data.attributes";
    if !complaints.object(attributes, path) {
        return;
    }
    complaints.text(attributes, path, "lineItem", true);
    complaints.text(attributes, path, "timestamp", true);
    complaints.number(attributes, path, "quantity", true);
    complaints.text(attributes, path, "specificationId", false);
    complaints.text(attributes, path, "groupId", false);
    complaints.number(attributes, path, "stockRemaining", false);
    let time = attributes.get("timestamp").and_then(Value::as_str);
    if time.is_some_and(|text| text.parse::<jiff::Timestamp>().is_err()) {
        complaints.add(&format!("{path}.timestamp"), "should match format \"date-time\"", "format");
    }
}

/// The parser's limit in bytes.
const LIMIT: usize = 100 * 1024;

/// How much of a text the engine shows around a wrong character.
const SHOWN: usize = 10;

/// The content type as sent, its essence in lower case, and its charset.
pub(crate) fn content_type<'a>(call: &Call<'a>) -> Option<(&'a str, String, Option<String>)> {
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
pub(crate) fn body(call: &Call<'_>) -> Result<Option<Value>, Refusal> {
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
