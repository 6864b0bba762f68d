//! The mock against the small captures in `capture/`, which a clean clone holds too.
//!
//! They are in our own words: a line holds a request of ours, and of the answer the status, the
//! headers that matter and the shape of the body. Where the full captures are at hand, the small
//! ones must agree with them, in both directions: no line that was never seen, and no published
//! operation, status and shape left out.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use letterproof_mock::{
    Gateway, LetterPlan, MockConfig, MockServer, PdfKind, Profile, Registration, SecretToken,
    SeedPlan,
};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use support::{client, quick, recorded};

const INT: &str = include_str!("capture/int.jsonl");
const SANDBOX: &str = include_str!("capture/sandbox.jsonl");

/// The published operations; what other routes answer is of less interest.
const PUBLISHED: [&str; 8] = [
    "GET /_status",
    "GET /letters",
    "POST /letters",
    "GET /letters/{id}",
    "PATCH /letters/{id}",
    "GET /letters/{id}/data",
    "POST /mi",
    "GET /mi/{id}",
];

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    method: String,
    path: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Value,
    /// A body that is not JSON.
    text: Option<String>,
    /// How often the one item of `body.data` is sent.
    times: Option<usize>,
    answer: Answer,
}

#[derive(Deserialize, Debug, Clone, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Answer {
    status: u16,
    /// The headers that matter, those that are there.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// The shape of the body; null when it is empty.
    #[serde(default)]
    body: Value,
}

fn rows(text: &str) -> Vec<Row> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A value with its texts, numbers and repetitions taken out; codes and types are kept.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null => "null".into(),
        Value::Bool(_) => "boolean".into(),
        Value::Number(_) => "number".into(),
        Value::String(_) => "string".into(),
        Value::Array(items) => {
            let mut shapes: Vec<Value> = Vec::new();
            for shape in items.iter().map(shape) {
                if !shapes.contains(&shape) {
                    shapes.push(shape);
                }
            }
            shapes.into()
        }
        Value::Object(map) => {
            let shapes = map.iter().map(|(key, value)| {
                let kept = value.is_string() && matches!(key.as_str(), "code" | "type");
                (key.clone(), if kept { value.clone() } else { shape(value) })
            });
            shapes.collect::<Map<_, _>>().into()
        }
    }
}

fn shape_of_text(text: &str) -> Value {
    if text.is_empty() {
        return Value::Null;
    }
    serde_json::from_str(text).map_or_else(|_| "text".into(), |value| shape(&value))
}

/// The headers that matter, without what is new each time.
fn headers<'a>(
    all: impl Iterator<Item = (&'a str, &'a str)>,
    sent: impl Fn(&str) -> Option<&'a str>,
) -> BTreeMap<String, String> {
    let mut kept = BTreeMap::new();
    for (name, value) in all {
        let name = name.to_ascii_lowercase();
        let value = match name.as_str() {
            "content-type" => value,
            "location" => "a link",
            "x-request-id" | "x-correlation-id" if sent(&name) == Some(value) => "as sent",
            "x-request-id" | "x-correlation-id" => "another",
            _ => continue,
        };
        kept.insert(name, value.to_owned());
    }
    kept
}

fn sent<'a>(headers: &'a BTreeMap<String, String>, name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// What differs, part by part.
fn differences(seen: &Answer, was: &Answer) -> Vec<String> {
    let mut wrong = Vec::new();
    if seen.status != was.status {
        wrong.push(format!("status is {}, was {}", seen.status, was.status));
    }
    let mut names: Vec<&String> = seen.headers.keys().chain(was.headers.keys()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let (now, then) = (seen.headers.get(name), was.headers.get(name));
        if now != then {
            wrong.push(format!("{name} is {now:?}, was {then:?}"));
        }
    }
    if seen.body != was.body {
        wrong.push(format!("body is {}, was {}", seen.body, was.body));
    }
    wrong
}

struct Mock {
    server: MockServer,
    client: reqwest::Client,
    /// What stands for the ids in braces.
    ids: HashMap<&'static str, String>,
}

fn handlers() -> MockConfig {
    let of = |kind: &str, count| LetterPlan {
        count: Some(count),
        ..LetterPlan::share(&format!("integration-specification-{kind}"), "group-english", 0.0)
    };
    let key = SecretToken::new("key-1".to_owned());
    MockConfig {
        letters: 22,
        seeds: SeedPlan {
            pdf_bytes: 4_000,
            letters: vec![
                LetterPlan { priority: 1, ..of("english", 20) },
                LetterPlan { priority: 20, pdf: PdfKind::Missing, ..of("missing-pdf", 2) },
            ],
        },
        registrations: vec![Registration::new("application-1", "supplier-1", key, None)],
        gateway: Gateway::bare(),
        ..quick()
    }
}

impl Mock {
    async fn int() -> Self {
        let mut mock = Self::of(handlers()).await;
        let url = format!("{}/letters", mock.server.base_url());
        let reply = mock.client.get(url).header("X-Request-ID", "setup").send().await.unwrap();
        let list: Value = reply.json().await.unwrap();
        mock.server.make_visible();
        let id = |at: usize| list["data"][at]["id"].as_str().unwrap().to_owned();
        // The last in the queue are the two without a document; the first ten stay on the list.
        mock.ids = HashMap::from([
            ("{missing}", id(21)),
            ("{letter}", id(19)),
            ("{other}", id(18)),
            ("{returned}", id(17)),
        ]);
        mock
    }

    async fn sandbox() -> Self {
        Self::of(MockConfig { profile: Profile::Sandbox, ..MockConfig::default() }).await
    }

    async fn of(config: MockConfig) -> Self {
        let server = MockServer::start(config).await.unwrap();
        Self { server, client: client(), ids: HashMap::new() }
    }

    fn here(&self, text: &str) -> String {
        self.ids.iter().fold(text.to_owned(), |text, (name, id)| text.replace(name, id))
    }

    async fn play(&mut self, row: &Row) -> Vec<String> {
        while self.server.state_summary().updates_waiting > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let method: Method = row.method.parse().unwrap();
        let url = format!("{}{}", self.server.base_url(), self.here(&row.path));
        let mut builder = self.client.request(method, url);
        for (name, value) in &row.headers {
            builder = builder.header(name, value);
        }
        if let Some(text) = &row.text {
            builder = builder.body(text.clone());
        } else if !row.body.is_null() {
            let mut body = row.body.clone();
            if let Some(times) = row.times {
                let item = body["data"][0].clone();
                body["data"] = vec![item; times].into();
            }
            builder = builder.body(self.here(&body.to_string()));
        }
        let reply = builder.send().await.unwrap();
        let status = reply.status().as_u16();
        let all =
            reply.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
        let headers = headers(all, |name| sent(&row.headers, name));
        let text = reply.text().await.unwrap();
        if row.method == "POST" && row.path == "/mi" && status == 201 {
            let record: Value = serde_json::from_str(&text).unwrap();
            self.ids.insert("{record}", record["data"]["id"].as_str().unwrap().to_owned());
        }
        differences(&Answer { status, headers, body: shape_of_text(&text) }, &row.answer)
    }

    async fn agrees(mut self, small: &str) {
        let rows = rows(small);
        let mut wrong = Vec::new();
        for (row, at) in rows.iter().zip(1..) {
            let found = self.play(row).await;
            if !found.is_empty() {
                wrong.push(format!("line {at}, {}: {}", row.name, found.join("; ")));
            }
        }
        self.server.shutdown().await;
        assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
    }
}

#[tokio::test]
async fn the_int_profile_agrees_with_the_small_capture() {
    Mock::int().await.agrees(INT).await;
}

#[tokio::test]
async fn the_sandbox_profile_agrees_with_the_small_capture() {
    Mock::sandbox().await.agrees(SANDBOX).await;
}

#[test]
fn every_published_operation_is_in_a_small_capture() {
    let all: Vec<Row> = [INT, SANDBOX].into_iter().flat_map(rows).collect();
    for operation in PUBLISHED {
        assert!(all.iter().any(|row| self::operation(&row.method, &row.path) == operation));
    }
}

fn a_link() -> [(String, String); 1] {
    [("location".to_owned(), "a link".to_owned())]
}

#[tokio::test]
async fn a_line_that_the_mock_does_not_answer_to_is_named_with_what_differs() {
    let mut mock = Mock::sandbox().await;
    let row = rows(SANDBOX).into_iter().find(|row| row.name == "an unknown letter").unwrap();
    assert_eq!(mock.play(&row).await, [""; 0]);
    let changed = |change: fn(&mut Answer)| {
        let mut row = row.clone();
        change(&mut row.answer);
        row
    };
    for (wrong, words) in [
        (changed(|answer| answer.status = 200), "status is 404, was 200"),
        (changed(|answer| drop(answer.headers.remove("x-request-id"))), "x-request-id is Some"),
        (changed(|answer| answer.headers.extend(a_link())), "location is None"),
        (changed(|answer| answer.body["errors"][0]["code"] = "NOTIFY_NOT_FOUND".into()), "body is"),
        (changed(|answer| answer.body["errors"][0]["title"] = "number".into()), "body is"),
        (changed(|answer| answer.body = Value::Null), "body is"),
    ] {
        let found = mock.play(&wrong).await;
        assert!(found.len() == 1 && found[0].starts_with(words), "{words}: {found:?}");
    }
    mock.server.shutdown().await;
}

// The small captures against the full ones.

/// Method and path, with `{id}` for whatever id stands in it.
fn operation(method: &str, path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let mut parts: Vec<&str> = path.split('/').collect();
    if parts.len() > 2 && matches!(parts[1], "letters" | "mi") && !parts[2].is_empty() {
        parts[2] = "{id}";
    }
    format!("{method} {}", parts.join("/"))
}

/// What makes two requests alike: the operation, its parameters, the headers' names and the media
/// type, and the shape of the body unless the capture keeps none of it.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    operation: String,
    query: String,
    headers: BTreeMap<String, String>,
    body: Option<Value>,
}

impl Asked {
    fn new(method: &str, path: &str, all: &BTreeMap<String, String>, body: Option<Value>) -> Self {
        let kept = |(name, value): (&String, &String)| {
            let name = name.to_ascii_lowercase();
            let is_kept = name == "content-type" || value.is_empty();
            (name, if is_kept { value.clone() } else { "…".to_owned() })
        };
        Self {
            operation: operation(method, path),
            query: path.split_once('?').map_or("", |(_, query)| query).to_owned(),
            headers: all.iter().map(kept).collect(),
            body,
        }
    }

    fn is_like(&self, captured: &Self) -> bool {
        let body = captured.body.is_none() || self.body == captured.body;
        body && (&self.operation, &self.query, &self.headers)
            == (&captured.operation, &captured.query, &captured.headers)
    }
}

/// A captured exchange as request and answer; `None` for what is not an exchange.
fn captured(line: &Value) -> Option<(Asked, Answer)> {
    let (request, response) = (line.get("request")?, line.get("response")?);
    let pairs = |part: &Value| -> BTreeMap<String, String> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        match &part["headers"] {
            Value::Array(pairs) => pairs.iter().map(|p| (text(&p[0]), text(&p[1]))).collect(),
            map => map.as_object().unwrap().iter().map(|(n, v)| (n.clone(), text(v))).collect(),
        }
    };
    let body = |part: &Value| match &part["body"] {
        Value::Null => Some(Value::Null),
        // Of long and of binary bodies only the beginning is kept.
        Value::String(text) if text.starts_with('<') && text.contains(" bytes b64:") => None,
        Value::String(text) if text.contains("…(") => {
            let cut = text.rfind("}},").map_or(text.len(), |at| at + 2);
            Some(shape_of_text(&format!("{}]}}", &text[..cut])))
        }
        Value::String(text) => Some(shape_of_text(text)),
        other => Some(shape(other)),
    };
    let (method, path) = (request["method"].as_str()?, request["path"].as_str()?);
    let (asked, answered) = (pairs(request), pairs(response));
    let answer = Answer {
        status: u16::try_from(response["status"].as_u64()?).unwrap(),
        headers: headers(
            answered.iter().map(|(name, value)| (name.as_str(), value.as_str())),
            |name| sent(&asked, name),
        ),
        body: body(response).unwrap_or_default(),
    };
    Some((Asked::new(method, path, &asked, body(request)), answer))
}

/// Lines that were never seen, and what was seen of a published operation but has no line.
fn apart(small: &[Row], full: &[Value]) -> Vec<String> {
    let full: Vec<_> = full.iter().filter_map(captured).collect();
    let small: Vec<_> = small
        .iter()
        .map(|row| {
            let body = match &row.text {
                Some(text) => shape_of_text(text),
                None if row.body.is_null() => Value::Null,
                None => shape(&row.body),
            };
            let asked = Asked::new(&row.method, &row.path, &row.headers, Some(body));
            (&row.name, asked, &row.answer)
        })
        .collect();
    let mut wrong = Vec::new();
    for (name, asked, answer) in &small {
        if !full.iter().any(|(request, seen)| asked.is_like(request) && *answer == seen) {
            wrong.push(format!("{name}: never seen: {asked:?} {answer:?}"));
        }
    }
    for (request, answer) in &full {
        let has = |(_, asked, seen): &(&String, Asked, &Answer)| {
            asked.operation == request.operation && *seen == answer
        };
        if PUBLISHED.contains(&request.operation.as_str()) && !small.iter().any(has) {
            let missing = format!("no line for {}: {answer:?}", request.operation);
            if !wrong.contains(&missing) {
                wrong.push(missing);
            }
        }
    }
    wrong
}

#[test]
fn the_small_capture_of_the_handlers_agrees_with_the_full_one() {
    let Some(full) = recorded("int-capture.jsonl") else { return };
    let wrong = apart(&rows(INT), &full);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_small_capture_of_the_sandbox_agrees_with_the_full_one() {
    let Some(full) = recorded("sandbox-capture.jsonl") else { return };
    let wrong = apart(&rows(SANDBOX), &full);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_line_never_seen_and_an_answer_left_out_are_both_named() {
    let seen = |method: &str, path: &str, status: u16, body: Value| {
        json!({
            "request": { "method": method, "path": path, "headers": {} },
            "response": { "status": status, "headers": {}, "body": body },
        })
    };
    let full = [
        seen("GET", "/letters/17", 200, json!({ "data": { "id": "17" } })),
        seen("GET", "/letters/18", 404, Value::Null),
        seen("GET", "/nobody-cares", 404, Value::Null),
    ];
    let line = |status: u16, shape: Value| -> Row {
        let answer = json!({ "status": status, "body": shape });
        let row =
            json!({ "name": "ours", "method": "GET", "path": "/letters/x", "answer": answer });
        serde_json::from_value(row).unwrap()
    };
    let (found, unknown) =
        (line(200, json!({ "data": { "id": "string" } })), line(404, Value::Null));
    assert_eq!(apart(&[found.clone(), unknown.clone()], &full), [""; 0]);

    let wrong = apart(&[found], &full);
    assert!(wrong.len() == 1 && wrong[0].starts_with("no line for GET /letters/{id}"), "{wrong:?}");
    for other in
        [line(500, json!({ "data": { "id": "string" } })), line(200, json!({ "data": [] }))]
    {
        let wrong = apart(&[other, unknown.clone()], &full);
        assert!(wrong.len() == 2 && wrong[0].starts_with("ours: never seen"), "{wrong:?}");
    }
}
