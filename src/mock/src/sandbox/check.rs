//! The sandbox's request validator: media type, parameters, and bodies against the schemas.
//! Refuses in the original's words, with the path of each complaint; it knows no more of the
//! schemas than what a request can break.

use http::StatusCode;
use letterproof_model::LetterStatus;
use serde_json::Value;

use super::{Complaint, Refusal, parse};
use crate::calls::Call;
use crate::validate::javascript_number;

/// Refuses media types other than the API's own.
pub(super) fn media_type(call: &Call<'_>, route: &str) -> Result<(), Refusal> {
    let sent = parse::content_type(call);
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
pub(super) fn parameters(call: &Call<'_>, has_limit: bool) -> Result<f64, Refusal> {
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
pub(super) fn patch(body: &Value) -> Result<(), Refusal> {
    let mut complaints = Complaints::default();
    if let Some(letter) = data(body, &mut complaints, true) {
        complaints.letter(letter, "body.data");
    }
    complaints.done()
}

/// Checks the body of `POST /letters`.
pub(super) fn bulk(body: &Value) -> Result<(), Refusal> {
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
pub(super) fn mi(body: &Value) -> Result<(), Refusal> {
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
