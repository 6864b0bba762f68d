//! What the INT handlers take and refuse: the limit, update bodies and records.
//!
//! They were seen to refuse unknown properties anywhere and unknown statuses, and to take any media
//! type, a RETURNED without reason, and PENDING.

use std::collections::HashSet;

use letterproof_model::LetterStatus;
use serde_json::{Map, Value};

use crate::supplier::calls::Problem;
use crate::supplier::faults::{Effect, View};

/// The most letters one list or one update may hold.
pub(crate) const MAX_LETTERS: usize = 2_500;

/// Reads the query of a list call: how many letters it wants. Like the deployed handlers it reads
/// the number as JavaScript would, so 1.5 is one letter, 0.5 none and `0x10` sixteen.
pub(crate) fn limit(query: Option<&str>, faults: &View) -> Result<usize, Problem> {
    let mut text = None;
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        if name == "limit" {
            text = Some(value);
        } else if !faults.on(Effect::AcceptUnknownQuery) {
            return Err(Problem::UnknownQuery);
        }
    }
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(MAX_LETTERS) };
    let lenient = faults.on(Effect::AcceptAnyLimit);
    match javascript_number(&text) {
        Some(number) if number > 0.0 && number <= MAX_LETTERS as f64 => Ok(number as usize),
        Some(number) if lenient => Ok(number.clamp(0.0, 1e6) as usize),
        None if lenient => Ok(MAX_LETTERS),
        Some(_) => Err(Problem::LimitOutOfRange),
        None => Err(Problem::LimitNotNumber),
    }
}

/// `Number(text)` of JavaScript; `None` for not a number.
pub(crate) fn javascript_number(text: &str) -> Option<f64> {
    let text = text.trim();
    if text.is_empty() {
        return Some(0.0);
    }
    for (prefixes, radix) in [(["0x", "0X"], 16), (["0o", "0O"], 8), (["0b", "0B"], 2)] {
        if let Some(digits) = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix)) {
            if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
                return None;
            }
            return Some(digits.chars().fold(0.0, |sum, c| {
                sum * f64::from(radix) + f64::from(c.to_digit(radix).unwrap_or(0))
            }));
        }
    }
    match text.strip_prefix(['+', '-']).unwrap_or(text) {
        "Infinity" => Some(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY }),
        // Rust would also read `inf` and `nan`.
        digits if digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') => text.parse().ok(),
        _ => None,
    }
}

/// One item of an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) id: Box<str>,
    /// `None` only where a fault takes a status nobody knows.
    pub(crate) status: Option<LetterStatus>,
    pub(crate) reason_code: Option<Box<str>>,
    pub(crate) reason_text: Option<Box<str>>,
}

fn parse(body: &[u8]) -> Result<Value, Problem> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Problem::MissingBody);
    }
    serde_json::from_slice(body).map_err(|_| Problem::InvalidBody)
}

/// The value as an object without other keys than these.
fn object<'a>(
    value: &'a Value,
    known: &[&str],
    faults: &View,
) -> Result<&'a Map<String, Value>, Problem> {
    let map = value.as_object().ok_or(Problem::InvalidBody)?;
    if map.keys().any(|key| !known.contains(&key.as_str()))
        && !faults.on(Effect::AcceptUnknownProperty)
    {
        return Err(Problem::InvalidBody);
    }
    Ok(map)
}

fn text<'a>(map: &'a Map<String, Value>, key: &str) -> Result<Option<&'a str>, Problem> {
    match map.get(key) {
        None => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or(Problem::InvalidBody),
    }
}

fn item(value: &Value, faults: &View) -> Result<Item, Problem> {
    let map = object(value, &["id", "type", "attributes"], faults)?;
    if text(map, "type")? != Some("Letter") {
        return Err(Problem::InvalidBody);
    }
    let attributes = object(
        map.get("attributes").ok_or(Problem::InvalidBody)?,
        &["status", "reasonCode", "reasonText"],
        faults,
    )?;
    let status = text(attributes, "status")?.ok_or(Problem::InvalidBody)?.parse().ok();
    if status.is_none() && !faults.on(Effect::AcceptUnknownStatus) {
        return Err(Problem::InvalidBody);
    }
    Ok(Item {
        id: text(map, "id")?.ok_or(Problem::InvalidBody)?.into(),
        status,
        reason_code: text(attributes, "reasonCode")?.map(Into::into),
        reason_text: text(attributes, "reasonText")?.map(Into::into),
    })
}

/// Reads the body of `PATCH /letters/{id}`.
pub(crate) fn patch(body: &[u8], id: &str, faults: &View) -> Result<Option<Item>, Problem> {
    let value = match parse(body) {
        Err(Problem::InvalidBody) if faults.on(Effect::AcceptMalformed) => return Ok(None),
        other => other?,
    };
    let data = object(&value, &["data"], faults)?.get("data").ok_or(Problem::InvalidBody)?;
    let item = item(data, faults)?;
    if *item.id != *id && !faults.on(Effect::AcceptMismatch) {
        return Err(Problem::IdMismatch);
    }
    Ok(Some(item))
}

/// Reads the body of `POST /letters`.
pub(crate) fn bulk(body: &[u8], faults: &View) -> Result<Vec<Item>, Problem> {
    let value = match parse(body) {
        Err(Problem::InvalidBody) if faults.on(Effect::AcceptMalformed) => return Ok(Vec::new()),
        other => other?,
    };
    let data = object(&value, &["data"], faults)?.get("data").and_then(Value::as_array);
    let data = data.ok_or(Problem::InvalidBody)?;
    let items =
        data.iter().map(|value| item(value, faults)).collect::<Result<Vec<Item>, Problem>>()?;
    if items.len() > MAX_LETTERS && !faults.on(Effect::AcceptTooMany) {
        return Err(Problem::TooMany);
    }
    if faults.hit(Effect::RefuseBulk).is_some_and(|hit| items.len() > hit.number as usize) {
        return Err(Problem::InvalidBody);
    }
    let mut seen = HashSet::with_capacity(items.len());
    if !items.iter().all(|item| seen.insert(&*item.id)) && !faults.on(Effect::AcceptDuplicates) {
        return Err(Problem::Duplicates);
    }
    Ok(items)
}

/// The attributes of a record of management information.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MiAttributes {
    pub(crate) line_item: String,
    pub(crate) timestamp: String,
    pub(crate) quantity: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) specification_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) group_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stock_remaining: Option<Value>,
}

impl MiAttributes {
    /// Writes the same moment and number another way, which is nobody's fault.
    pub(crate) fn rewrite(&mut self) {
        if let Some(time) = self.timestamp.strip_suffix('Z').filter(|time| !time.contains('.')) {
            self.timestamp = format!("{time}.000Z");
        }
        if let Some(number) = self.quantity.as_f64() {
            self.quantity = number.into();
        }
    }
}

/// Reads the body of `POST /mi`.
pub(crate) fn mi(body: &[u8], faults: &View) -> Result<MiAttributes, Problem> {
    const KNOWN: &[&str] =
        &["lineItem", "timestamp", "quantity", "specificationId", "groupId", "stockRemaining"];
    let value = parse(body)?;
    let data = object(&value, &["data"], faults)?.get("data").ok_or(Problem::InvalidBody)?;
    let data = object(data, &["type", "attributes"], faults)?;
    if text(data, "type")? != Some("ManagementInformation") {
        return Err(Problem::InvalidBody);
    }
    let map = object(data.get("attributes").ok_or(Problem::InvalidBody)?, KNOWN, faults)?;
    let required = |key| text(map, key)?.map(str::to_owned).ok_or(Problem::InvalidBody);
    let optional = |key| Ok(text(map, key)?.map(str::to_owned));
    let attributes = MiAttributes {
        line_item: required("lineItem")?,
        timestamp: required("timestamp")?,
        quantity: number(map, "quantity")?.ok_or(Problem::InvalidBody)?,
        specification_id: optional("specificationId")?,
        group_id: optional("groupId")?,
        stock_remaining: number(map, "stockRemaining")?,
    };
    if !is_utc(&attributes.timestamp) && !faults.on(Effect::MiAnyTimestamp) {
        return Err(Problem::Timestamp);
    }
    Ok(attributes)
}

/// A number as JavaScript would write it again: 22.0 becomes 22.
fn number(map: &Map<String, Value>, key: &str) -> Result<Option<Value>, Problem> {
    let Some(value) = map.get(key) else { return Ok(None) };
    let number = value.as_f64().ok_or(Problem::InvalidBody)?;
    let whole = number.fract() == 0.0 && number.abs() < 9e15;
    Ok(Some(if whole { Value::from(number as i64) } else { value.clone() }))
}

/// Whether a text is a real time in UTC with the `Z` that the handlers ask for.
fn is_utc(text: &str) -> bool {
    let Some(local) = text.strip_suffix('Z') else { return false };
    let b = local.as_bytes();
    let form = b.len() >= 19
        && b.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            10 => *byte == b'T',
            13 | 16 => *byte == b':',
            19 => *byte == b'.' && b.len() > 20,
            _ => byte.is_ascii_digit(),
        });
    // Further digits than nanoseconds are no error to JavaScript.
    form && local[..19].parse::<jiff::civil::DateTime>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_read_as_javascript_reads_numbers() {
        let read = |query: &str| limit(Some(query), &View::default());
        for (query, letters) in [
            ("limit=10", 10),
            ("limit=1.5", 1),
            ("limit=0.5", 0),
            ("limit=0x10", 16),
            ("limit=0b11", 3),
            ("limit=1e1", 10),
            ("limit=%2B5", 5),
            ("limit=+5", 5),
            ("limit=.5e1", 5),
            ("limit=", 2_500),
            ("", 2_500),
            ("limit=5&limit=7", 7),
        ] {
            assert_eq!(read(query), Ok(letters), "{query}");
        }
        for query in
            ["limit=0", "limit=-1", "limit=2501", "limit=%20", "limit=Infinity", "limit=-0x1"]
        {
            assert!(matches!(read(query), Err(Problem::LimitOutOfRange | Problem::LimitNotNumber)));
        }
        for query in ["limit=abc", "limit=inf", "limit=NaN", "limit=1_0", "limit=0x", "limit=-0x1"]
        {
            assert_eq!(read(query), Err(Problem::LimitNotNumber), "{query}");
        }
        assert_eq!(read("limit=10&page=1"), Err(Problem::UnknownQuery));
        assert_eq!(limit(None, &View::default()), Ok(2_500));
    }

    #[test]
    fn a_timestamp_must_be_a_real_time_in_utc() {
        for text in
            ["2026-11-17T14:27:51Z", "2026-11-17T14:27:51.413123Z", "2099-01-01T00:00:00.1Z"]
        {
            assert!(is_utc(text), "{text}");
        }
        for text in [
            "yesterday",
            "2026-11-17",
            "2026-11-17T14:27:51+01:00",
            "2026-02-31T00:00:00Z",
            "Z",
            "2026-11-17T14:27:51",
            "2026-11-17T14:27:51.Z",
            "2026-11-17 14:27:51Z",
            "é026-11-17T14:27:51Z",
        ] {
            assert!(!is_utc(text), "{text}");
        }
    }

    #[test]
    fn one_bad_item_refuses_the_whole_bulk() {
        let read = |body: &str| bulk(body.as_bytes(), &View::default());
        let good = r#"{"id":"a","type":"Letter","attributes":{"status":"ACCEPTED"}}"#;
        assert_eq!(read(&format!(r#"{{"data":[{good}]}}"#)).unwrap().len(), 1);
        assert_eq!(read(r#"{"data":[]}"#), Ok(vec![]));
        for (bad, problem) in [
            (good.replace("ACCEPTED", "NOPE"), Problem::InvalidBody),
            (good.replace("Letter", "letter"), Problem::InvalidBody),
            (good.replace(r#""id":"a","#, r#""id":1,"#), Problem::InvalidBody),
            (good.replace("}}", "},\"x\":1}"), Problem::InvalidBody),
            (good.to_owned(), Problem::Duplicates),
        ] {
            assert_eq!(read(&format!(r#"{{"data":[{good},{bad}]}}"#)), Err(problem), "{bad}");
        }
        assert_eq!(read("  \n"), Err(Problem::MissingBody));
        assert_eq!(read(&"[".repeat(100_000)), Err(Problem::InvalidBody));
        assert_eq!(bulk(b"\xff\xfe{}", &View::default()), Err(Problem::InvalidBody));
    }
}
