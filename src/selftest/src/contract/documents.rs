//! Honest exchanges, made from the schemas (a document with every property, a call with all that the
//! contract asks of it), and each way in which such a document can be wrong.
//!
//! One thing is wrong at a time, and never one that a schema allows: an unknown property is drift.

use letterproof_contract::{DocumentedBody, documented_bodies};
use letterproof_model::{
    Actor, Body, Direction, Exchange, ExchangeId, Header, Operation, Outcome, PackId, Request,
    Response, Timestamp,
};
use serde_json::{Map, Value, json};

use super::BASE;

/// The letter or the record that a call is about.
const ID: &str = "24L5eYSWGzCHlGmzNxuqVusPxDg";
const REQUEST_ID: &str = "7b6ab8c2-3f0f-4b39-9d3a-1f6a3f9c2d11";
const CORRELATION_ID: &str = "11c46f5f-cdef-4865-94b2-0ee0edcc26da";

/// A document by its schema, all properties given, that fits the body it stands in.
pub(super) fn document(schema: &Value, body: &DocumentedBody) -> Value {
    let mut value = sample("", schema);
    if body.status.is_none() {
        // A supplier sets no letter to PENDING.
        let accept = |data: &mut Value| {
            if let Some(status) = data.pointer_mut("/attributes/status") {
                *status = "ACCEPTED".into();
            }
        };
        match value.get_mut("data") {
            Some(Value::Array(items)) => items.iter_mut().for_each(accept),
            Some(data) => accept(data),
            None => {}
        }
    }
    if let Some(error) = value.pointer_mut("/errors/0") {
        let status = body.status.unwrap_or_default();
        error["status"] = status.to_string().into();
        error["code"] = match status {
            400 => "NOTIFY_INVALID_REQUEST",
            404 => "NOTIFY_NOT_FOUND",
            _ => "NOTIFY_INTERNAL_SERVER_ERROR",
        }
        .into();
    }
    value
}

/// A value by its schema.
fn sample(name: &str, schema: &Value) -> Value {
    if let Some(first) = schema["enum"].as_array().and_then(|values| values.first()) {
        return first.clone();
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str()).unwrap_or("object");
    match kind {
        "array" => json!([sample(name, &schema["items"])]),
        "integer" | "number" => 1.into(),
        "string" => text(name, schema).into(),
        _ => {
            let properties = schema["properties"].as_object();
            let members = properties.into_iter().flat_map(Map::iter);
            members.map(|(name, property)| (name.clone(), sample(name, property))).collect()
        }
    }
}

fn text(name: &str, schema: &Value) -> String {
    match (name, schema["format"].as_str(), schema["pattern"].as_str()) {
        ("id", ..) => ID.to_owned(),
        ("sha256Hash", ..) => "ab".repeat(32),
        (_, Some("date-time"), _) => "2026-01-01T00:00:00Z".to_owned(),
        (_, Some(_), _) => "https://example.org/about".to_owned(),
        (_, _, Some(pattern)) if pattern.contains("earer") => "Bearer".to_owned(),
        (_, _, Some(_)) => "599".to_owned(),
        _ => "text".to_owned(),
    }
}

/// An exchange in which all but this body is as it should be.
pub(super) fn exchange(body: &DocumentedBody, value: &Value) -> Exchange {
    let json = |value: &Value| Body::Json { text: value.to_string() };
    let own = body.status.is_none();
    let request = if own { json(value) } else { usual_request(body.operation) };
    let answer = if own { Body::None } else { json(value) };
    let status = body.status.unwrap_or(match body.operation {
        Operation::CreateMi => 201,
        _ => 202,
    });
    let mut sent = vec![
        header("X-Request-ID", REQUEST_ID),
        header("X-Correlation-ID", CORRELATION_ID),
        header("Authorization", "Bearer redacted:0001"),
    ];
    if request != Body::None {
        sent.push(header("Content-Type", "application/vnd.api+json"));
    }
    let mut back =
        vec![header("X-Request-ID", REQUEST_ID), header("X-Correlation-ID", CORRELATION_ID)];
    if answer != Body::None {
        back.push(header("Content-Type", body.media));
    }
    let (method, url) = address(body.operation);
    Exchange {
        id: ExchangeId::fixed("ex-000001"),
        actor: if own { Actor::Supplier } else { Actor::Harness },
        direction: Direction::ToApi,
        pack: PackId::Supplier,
        scenario: None,
        attempt: 1,
        scheduled: None,
        started: Timestamp::UNIX_EPOCH,
        connection: None,
        request: Request { method: method.into(), url, headers: sent, body: request },
        outcome: Outcome::Response(Response {
            status,
            headers: back,
            body: answer,
            headers_us: 1_000,
            done_us: 2_000,
        }),
    }
}

fn header(name: &str, value: &str) -> Header {
    Header { name: name.into(), value: value.into() }
}

/// What a call carries where its answer is put to the test.
fn usual_request(operation: Operation) -> Body {
    let mut own = documented_bodies().filter(|body| body.operation == operation);
    let Some(request) = own.find(|body| body.status.is_none()) else { return Body::None };
    let schema = request.document.resolved().unwrap_or_default();
    Body::Json { text: document(&schema, &request).to_string() }
}

/// Method and address of a call.
fn address(operation: Operation) -> (&'static str, String) {
    let below = |path: &str| format!("{BASE}{path}");
    match operation {
        Operation::ListLetters => ("GET", below("/letters?limit=10")),
        Operation::UpdateLetters => ("POST", below("/letters")),
        Operation::GetLetter => ("GET", below(&format!("/letters/{ID}"))),
        Operation::PatchLetter => ("PATCH", below(&format!("/letters/{ID}"))),
        Operation::GetLetterData => ("GET", below(&format!("/letters/{ID}/data"))),
        Operation::CreateMi => ("POST", below("/mi")),
        Operation::GetMi => ("GET", below(&format!("/mi/{ID}"))),
        Operation::Token => ("POST", "https://selftest.invalid/oauth2/token".to_owned()),
        Operation::Status | Operation::Download | Operation::Unknown => ("GET", below("/_status")),
    }
}

/// A place broken in one way.
pub(super) struct Breach {
    pub(super) place: String,
    pub(super) breach: &'static str,
    pub(super) change: Change,
}

/// What is done to an honest document.
pub(super) struct Change {
    /// The names on the way down; an empty one stands for the first item of a list.
    path: Vec<String>,
    /// What stands there then; nothing where it is taken out.
    value: Option<Value>,
}

impl Change {
    /// Changes a document; one that has no such place stays as it is.
    pub(super) fn apply(&self, document: &mut Value) {
        let Some((last, way)) = self.path.split_last() else {
            *document = self.value.clone().unwrap_or_default();
            return;
        };
        let mut place = document;
        for name in way {
            let next = if name.is_empty() { place.get_mut(0) } else { place.get_mut(name) };
            let Some(next) = next else { return };
            place = next;
        }
        match (&self.value, place) {
            (Some(value), Value::Array(items)) if last.is_empty() => {
                if let Some(first) = items.first_mut() {
                    *first = value.clone();
                }
            }
            (Some(value), Value::Object(map)) => drop(map.insert(last.clone(), value.clone())),
            (None, Value::Object(map)) => drop(map.remove(last)),
            _ => {}
        }
    }
}

/// Every breach of a resolved schema.
pub(super) fn breaches(schema: &Value) -> Vec<Breach> {
    let mut found = Vec::new();
    gather(schema, &mut Vec::new(), &mut found);
    found
}

fn gather(schema: &Value, path: &mut Vec<String>, found: &mut Vec<Breach>) {
    let place = shown(path);
    let mut add = |breach: &'static str, value: Value| {
        let change = Change { path: path.clone(), value: Some(value) };
        found.push(Breach { place: place.clone(), breach, change });
    };
    if let Some(other) = of_another_type(schema) {
        add("of another type", other);
        add("null", Value::Null);
    }
    if schema["enum"].is_array() {
        add("a value nobody knows", "SOMETHING-ELSE".into());
        if let Some(text) = schema["enum"][0].as_str() {
            add("in lower case", text.to_lowercase().into());
        }
    }
    if schema["format"].is_string() || schema["pattern"].is_string() {
        add("of no such form", "?".into());
    }
    if schema["minLength"].as_u64().is_some_and(|least| least > 0) {
        add("empty", "".into());
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let mut path = path.clone();
        path.push(name.to_owned());
        let place = shown(&path);
        found.push(Breach { place, breach: "missing", change: Change { path, value: None } });
    }
    for (name, property) in schema["properties"].as_object().into_iter().flat_map(Map::iter) {
        path.push(name.clone());
        gather(property, path, found);
        path.pop();
    }
    if let Some(items) = schema.get("items") {
        path.push(String::new());
        gather(items, path, found);
        path.pop();
    }
}

/// A value of a type that the schema does not name.
fn of_another_type(schema: &Value) -> Option<Value> {
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    let others = [("string", json!("text")), ("integer", json!(7)), ("array", json!([]))];
    let number = |name: &str| name == "integer" && types.contains(&"number");
    others
        .into_iter()
        .find(|(name, _)| !types.contains(name) && !number(name))
        .map(|(_, value)| value)
}

/// `data[].attributes.status`.
fn shown(path: &[String]) -> String {
    let mut place = String::new();
    for name in path {
        match name.as_str() {
            "" => place.push_str("[]"),
            name if place.is_empty() => place.push_str(name),
            name => {
                place.push('.');
                place.push_str(name);
            }
        }
    }
    if place.is_empty() { "the document".to_owned() } else { place }
}
