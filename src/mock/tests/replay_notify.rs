//! The sandbox of the sending API against the recorded exchanges of its gateway and of the code behind it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

mod support;

use letterproof_mock::{Layer, SenderConfig, SenderMock};
use reqwest::Method;
use serde_json::{Value, json};
use support::{client, recorded};

/// How the mock differs on purpose, and why.
const DIFFERENCES: [(&str, &str); 4] = [
    ("links lead to the mock", "so that no client leaves this machine by following one"),
    ("ids and times are new", "they are made at each call, as there"),
    ("what suppliers said of a failure is shorter", "the words are ours"),
    (
        "no ETag, no Content-Security-Policy",
        "they are the framework's, and no part of the contract",
    ),
];

/// Headers that are the same, to the letter.
const SAME: [&str; 12] = [
    "content-type",
    "retry-after",
    "cache-control",
    "x-content-type-options",
    "origin",
    "access-control-request-method",
    "access-control-allow-origin",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-max-age",
    "access-control-expose-headers",
    "cross-origin-resource-policy",
];

/// The body of a recorded request. Long ones are kept as their size alone, and built again.
fn body(exchange: &Value) -> Option<Vec<u8>> {
    let body = &exchange["request"]["body"];
    if body["_elided"] == true {
        let count = body["messages"].as_u64().unwrap();
        let number = if count == 250 { "9990548600" } else { "9990548609" };
        let messages: Vec<Value> = (0..count)
            .map(|at| json!({ "messageReference": at.to_string(), "recipient": { "nhsNumber": number } }))
            .collect();
        let attributes = json!({
            "routingPlanId": "b838b13c-f98c-4def-93f0-515d4e4f4ee1",
            "messageBatchReference": "batch", "messages": messages,
        });
        let document = json!({ "data": { "type": "MessageBatch", "attributes": attributes } });
        return Some(document.to_string().into_bytes());
    }
    if body["_bytes_hex_prefix"].is_string() {
        return Some("\u{FEFF}{\"data\": {}}".as_bytes().to_vec());
    }
    match body {
        Value::Null => None,
        Value::String(text) => Some(text.as_bytes().to_vec()),
        document => Some(document.to_string().into_bytes()),
    }
}

/// A document without what is new at each call, or ours.
fn plain(mut document: Value, base: &str) -> Value {
    if let Some(errors) = document.get_mut("errors").and_then(Value::as_array_mut) {
        for error in errors {
            if error["id"].as_str().is_some_and(|id| id.starts_with("rrt-")) {
                error["id"] = json!("rrt-…");
            }
        }
    }
    fn walk(value: &mut Value, name: &str, base: &str) {
        match value {
            Value::Object(map) => map.iter_mut().for_each(|(name, value)| walk(value, name, base)),
            Value::Array(items) => items.iter_mut().for_each(|item| walk(item, name, base)),
            Value::String(text) => {
                *text = text.replace("https://sandbox.api.service.nhs.uk/comms", base);
                // What is made now: an id that begins like today's, and the time in milliseconds.
                let made = |id: &str| id.len() == 27 && id.starts_with('3');
                if name == "id" || name == "requestId" {
                    if made(text) {
                        "a new id".clone_into(text);
                    }
                } else if name == "self" {
                    if let Some((start, id)) = text.rsplit_once('/').filter(|(_, id)| made(id)) {
                        *text = format!("{start}/{}", &"a new id"[..id.len().min(8)]);
                    }
                } else if name == "created" && text.len() == 24 {
                    "now".clone_into(text);
                } else if (name.ends_with("StatusDescription") && text.len() > 72)
                    || text.starts_with("Failed reason: the ")
                {
                    "of a supplier".clone_into(text);
                }
            }
            _ => {}
        }
    }
    walk(&mut document, "", base);
    document
}

/// The shape a long answer was recorded as.
fn shape(document: &Value) -> Value {
    match document {
        Value::Object(map) => map
            .iter()
            .map(|(name, value)| (name.clone(), shape(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(items) => {
            let first = items.first().map(shape);
            let mut all = vec![json!(format!("len={}", items.len()))];
            all.extend(first);
            all.into()
        }
        Value::String(_) => json!("str"),
        other => other.clone(),
    }
}

/// In what the mock's answers differ from those recorded of a layer, and how many were held against each
/// other.
async fn differences(all: &[Value], layer: Layer) -> (usize, Vec<String>) {
    let name = if layer == Layer::Gateway { "gateway" } else { "backend" };
    let mock = SenderMock::start(SenderConfig { layer, ..SenderConfig::default() }).unwrap();
    let root = mock.base_url().trim_end_matches("/comms").to_owned();
    let base = if layer == Layer::Gateway { mock.base_url().to_owned() } else { root };
    let client = client();
    let (mut count, mut differences) = (0, Vec::new());
    for exchange in all.iter().filter(|exchange| exchange["layer"] == name) {
        count += 1;
        let (request, expected) = (&exchange["request"], &exchange["response"]);
        let method: Method = request["method"].as_str().unwrap().parse().unwrap();
        let url = format!("{base}{}", request["path"].as_str().unwrap());
        let mut builder = client.request(method.clone(), url);
        for (name, value) in request["headers"].as_object().unwrap() {
            builder = builder.header(name, value.as_str().unwrap());
        }
        if let Some(body) = body(exchange) {
            builder = builder.body(body);
        }
        let reply = builder.send().await.unwrap();
        let mut wrong = Vec::new();
        let mut hold = |what: &str, seen: Value, wanted: Value| {
            if seen != wanted {
                wrong.push(format!("{what}: {seen} instead of {wanted}"));
            }
        };
        hold("status", reply.status().as_u16().into(), expected["status"].clone());
        let header = |name: &str| {
            let value = reply.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
            value.map_or(Value::Null, Value::from)
        };
        let wanted = |name: &str| {
            let headers = expected["headers"].as_array().unwrap();
            let found =
                headers.iter().find(|pair| pair[0].as_str().unwrap().eq_ignore_ascii_case(name));
            found.map_or(Value::Null, |pair| pair[1].clone())
        };
        for name in SAME {
            hold(name, header(name), wanted(name));
        }
        for (name, made) in [("x-correlation-id", "rrt-"), ("location", "/v1/messages/")] {
            let start = |value: Value| match value.as_str() {
                Some(text) if text.starts_with(made) => json!(made),
                _ => value,
            };
            hold(name, start(header(name)), start(wanted(name)));
        }
        let text = reply.text().await.unwrap();
        let seen = serde_json::from_str(&text).unwrap_or_else(|_| Value::from(text.clone()));
        let wanted = &expected["body"];
        if wanted["_elided"] == true {
            hold("shape", shape(&seen), wanted["shape"].clone());
        } else if wanted.is_null() {
            hold("body", Value::from(text), json!(""));
        } else {
            hold("body", plain(seen, &base), plain(wanted.clone(), &base));
        }
        if !wrong.is_empty() {
            differences.push(format!(
                "{} {}: {}",
                exchange["n"],
                exchange["name"],
                wrong.join("; ")
            ));
        }
    }
    mock.stop().await;
    (count, differences)
}

#[tokio::test]
async fn the_sandbox_agrees_with_every_recorded_exchange_of_its_gateway() {
    let Some(all) = recorded("notify-sandbox-capture.jsonl") else { return };
    let (count, differences) = differences(&all, Layer::Gateway).await;
    println!("{} of {count} agree; on purpose: {DIFFERENCES:?}", count - differences.len());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert_eq!(count, 251);
}

#[tokio::test]
async fn the_code_behind_it_agrees_with_every_recorded_exchange_of_its_own() {
    let Some(all) = recorded("notify-sandbox-capture.jsonl") else { return };
    let (count, differences) = differences(&all, Layer::Backend).await;
    println!("{} of {count} agree", count - differences.len());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert_eq!(count, 17);
}
