//! What is judged does not depend on what was replaced: real and odd traffic gets the same verdicts
//! and findings from the record as it would have got unredacted.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

#[path = "../../evidence/tests/common/mod.rs"]
mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use common::{BASE, header, path};
use letterproof_contract::Contract;
use letterproof_harness::begin_journal;
use letterproof_judge::conformance::judge_conformance;
use letterproof_judge::judge_all;
use letterproof_model::{
    Actor, Body, Capability, Context, Direction, Exchange, ExchangeId, Header, LetterStatus,
    Outcome, PackId, RawBody, RawExchange, RawOutcome, RawRequest, RawResponse, Recorder as _,
    Recording, Request, Response, Timestamp, pack,
};
use letterproof_testing::upstream;
use serde_json::{Value, json};

/// A call and its answer, before anybody looked at it.
#[derive(Clone)]
struct Call {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: String,
    status: u16,
    answer_headers: Vec<(String, String)>,
    answer: String,
    by_supplier: bool,
}

impl Call {
    fn new(method: &str, path: &str, status: u16, answer: impl ToString) -> Self {
        let url = if path.contains("://") { path.to_owned() } else { format!("{BASE}{path}") };
        let api = || ("Content-Type".to_owned(), "application/vnd.api+json".to_owned());
        let ids = ["X-Request-ID", "X-Correlation-ID"]
            .map(|name| (name.to_owned(), "dcb9c8dc-c2f4-4d5f-8674-a2e913e040b2".to_owned()));
        let token = ("Authorization".to_owned(), "Bearer a-token-of-the-session".to_owned());
        Self {
            method: method.to_owned(),
            url,
            headers: [&[api(), token], &ids[..]].concat(),
            body: String::new(),
            status,
            answer_headers: [&[api()], &ids[..]].concat(),
            answer: answer.to_string(),
            by_supplier: true,
        }
    }

    fn sending(mut self, body: impl ToString) -> Self {
        self.body = body.to_string();
        self
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn answered_with(mut self, name: &str, value: &str) -> Self {
        self.answer_headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.answer_headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn raw(&self, at: usize) -> RawExchange {
        let bytes = |text: &str| match text {
            "" => RawBody::None,
            text => RawBody::Bytes(text.as_bytes().to_vec()),
        };
        RawExchange {
            actor: if self.by_supplier { Actor::Supplier } else { Actor::Harness },
            direction: Direction::ToApi,
            pack: PackId::Supplier,
            scenario: None,
            attempt: 1,
            scheduled: None,
            started: time(at),
            connection: None,
            request: RawRequest {
                method: self.method.clone(),
                url: self.url.clone(),
                headers: self.headers.clone(),
                body: bytes(&self.body),
            },
            outcome: RawOutcome::Response(RawResponse {
                status: self.status,
                headers: self.answer_headers.clone(),
                body: bytes(&self.answer),
                headers_us: 1_000,
                done_us: 2_000,
            }),
        }
    }

    fn plain(&self, at: usize) -> Arc<Exchange> {
        let headers = |pairs: &[(String, String)]| -> Vec<Header> {
            pairs.iter().cloned().map(Header::from).collect()
        };
        Arc::new(Exchange {
            id: ExchangeId::new(format!("ex-{:06}", at + 1)),
            actor: if self.by_supplier { Actor::Supplier } else { Actor::Harness },
            direction: Direction::ToApi,
            pack: PackId::Supplier,
            scenario: None,
            attempt: 1,
            scheduled: None,
            started: time(at),
            connection: None,
            request: Request {
                method: self.method.clone(),
                url: self.url.clone(),
                headers: headers(&self.headers),
                body: body(&self.headers, &self.body),
            },
            outcome: Outcome::Response(Response {
                status: self.status,
                headers: headers(&self.answer_headers),
                body: body(&[], &self.answer),
                headers_us: 1_000,
                done_us: 2_000,
            }),
        })
    }
}

fn time(at: usize) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + i64::try_from(at).unwrap()).unwrap()
}

fn body(headers: &[(String, String)], text: &str) -> Body {
    let is_form = headers.iter().any(|(_, value)| value.contains("form-urlencoded"));
    if text.is_empty() {
        Body::None
    } else if is_form {
        let fields = url::form_urlencoded::parse(text.as_bytes()).into_owned().collect();
        Body::Form { fields }
    } else if serde_json::from_str::<Value>(text).is_ok() {
        Body::Json { text: text.to_owned() }
    } else {
        Body::Text { text: text.to_owned() }
    }
}

/// The calls as they were, and as they are recorded.
fn both(calls: &[Call]) -> [Vec<Arc<Exchange>>; 2] {
    let folder = tempfile::tempdir().unwrap();
    let journal = begin_journal(&path(&folder), &header()).unwrap();
    let plain = calls.iter().enumerate().map(|(at, call)| call.plain(at)).collect();
    let recorded =
        calls.iter().enumerate().map(|(at, call)| journal.record(call.raw(at)).unwrap()).collect();
    [plain, recorded]
}

fn context(target: &str, lacking: &[Capability]) -> Context {
    let mut context = Context::stand_in(BASE);
    context.target = target.to_owned();
    context.capabilities.retain(|capability| !lacking.contains(capability));
    context
}

/// Every verdict and finding, by id.
fn concluded(exchanges: &[Arc<Exchange>], context: &Context) -> BTreeMap<String, String> {
    let contract = Contract::built_in().unwrap();
    let recording = Recording::new(exchanges.to_vec(), vec![]);
    let selected: Vec<_> = pack().iter().map(|test| test.id).collect();
    let judged = judge_all(&recording, context, &selected, contract);
    let mut concluded = BTreeMap::new();
    for test in &judged.tests {
        for criterion in &test.criteria {
            let told = format!("{} {:?}", criterion.verdict, criterion.exchanges);
            concluded.insert(criterion.id.to_string(), told);
        }
    }
    for check in judged.observer.iter().chain(&judge_conformance(&recording, context, contract)) {
        let criterion = &check.criteria[0];
        let told = format!("{} {:?} {:?}", check.verdict, check.finding, criterion.exchanges);
        concluded.insert(check.id.to_string(), told);
    }
    for finding in &judged.findings {
        let told = format!(
            "{:?} {:?} {} {:?}",
            finding.about, finding.kind, finding.count, finding.exchanges
        );
        concluded.insert(finding.id.clone(), told);
    }
    concluded
}

fn assert_unchanged(calls: &[Call], context: &Context) -> BTreeMap<String, String> {
    let [plain, recorded] = both(calls).map(|exchanges| concluded(&exchanges, context));
    let ids: BTreeSet<&String> = plain.keys().chain(recorded.keys()).collect();
    let differing: Vec<_> = ids
        .into_iter()
        .map(|id| (id, plain.get(id), recorded.get(id)))
        .filter(|(_, plain, recorded)| plain != recorded)
        .collect();
    let first = calls.first().map(|call| format!("{} {}", call.method, call.url));
    assert!(differing.is_empty(), "of {first:?}: {differing:#?}");
    recorded
}

/// A capture's calls; where it is missing the test is skipped.
fn capture(name: &str) -> Option<Vec<Call>> {
    let text = std::fs::read_to_string(upstream(name)?).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    Some(lines.filter_map(|line| captured(&line)).collect())
}

fn captured(line: &Value) -> Option<Call> {
    let (request, answer) = (line.get("request")?, line.get("response")?);
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let headers = |part: &Value| -> Vec<(String, String)> {
        match &part["headers"] {
            Value::Array(pairs) => pairs.iter().map(|p| (text(&p[0]), text(&p[1]))).collect(),
            Value::Object(map) => map.iter().map(|(n, value)| (n.clone(), text(value))).collect(),
            _ => Vec::new(),
        }
    };
    let body = |part: &Value| match &part["body"] {
        Value::Null => String::new(),
        // Long lists were cut when they were captured, and are closed again here.
        Value::String(text) if text.contains("…(") => {
            format!("{}]}}", &text[..text.rfind("}},").map_or(text.len(), |at| at + 2)])
        }
        value => text(value),
    };
    Some(Call {
        method: request["method"].as_str()?.to_owned(),
        url: format!("{BASE}{}", request["path"].as_str()?),
        headers: headers(request),
        body: body(request),
        status: u16::try_from(answer["status"].as_u64()?).unwrap(),
        answer_headers: headers(answer),
        answer: body(answer),
        by_supplier: false,
    })
}

#[test]
fn the_captured_handlers_are_judged_as_they_were_before_redaction() {
    let Some(mut calls) = capture("int-capture.jsonl") else { return };
    let context = context("int", &[Capability::Authenticated, Capability::RateLimited]);
    let concluded = assert_unchanged(&calls, &context);
    assert!(concluded.len() > 200, "{}", concluded.len());
    calls.iter_mut().for_each(|call| call.by_supplier = true);
    assert_unchanged(&calls, &context);
}

#[test]
fn the_captured_sandbox_is_judged_as_it_was_before_redaction() {
    let Some(calls) = capture("sandbox-capture.jsonl") else { return };
    let lacking = [Capability::Authenticated, Capability::RateLimited, Capability::Stateful];
    assert_unchanged(&calls, &context("sandbox", &lacking));
}

fn letter(id: &str, attributes: &Value) -> Value {
    json!({ "data": { "id": id, "type": "Letter", "attributes": attributes } })
}

/// An update sent, taken, and read back.
fn moved(id: &str, attributes: &Value, read_text: Option<&str>) -> Vec<Call> {
    let mut read = attributes.clone();
    read["specificationId"] = "spec-1".into();
    if let Some(text) = read_text {
        read["reasonText"] = text.into();
    }
    vec![
        Call::new("PATCH", &format!("/letters/{id}"), 202, "").sending(letter(id, attributes)),
        Call::new("GET", &format!("/letters/{id}"), 200, letter(id, &read)),
    ]
}

#[test]
fn reasons_are_judged_by_their_texts_whether_those_are_kept_or_not() {
    let reason = |code: &str, text: &str| json!({ "status": LetterStatus::Returned, "reasonCode": code, "reasonText": text });
    for (code, text, read) in [
        ("R01", "Addressee gone away", None),
        ("R01", "R01 – ADDRESSEE gone  away", None),
        ("R01", "Deceased", None),
        ("R01", "Mrs Smith has moved to 12 Acacia Road", None),
        ("R99", "Lost in the post", None),
        ("R05", "Addressee gone away/Refused", Some("Addressee gone away/Refused?")),
        ("R05", "Gone to Mrs Smith", Some("Gone to Mrs Smith.")),
        ("not a code", "Deceased", None),
        ("R09", "", None),
    ] {
        assert_unchanged(&moved("L1", &reason(code, text), read), &context("int", &[]));
    }
    let rejected = |text: &str| json!({ "status": LetterStatus::Rejected, "reasonCode": "X 01", "reasonText": text });
    for read in [None, Some("No such template"), Some("Mrs Smith"), Some(" ")] {
        assert_unchanged(&moved("L1", &rejected("No such template"), read), &context("int", &[]));
    }
}

#[test]
fn what_breaks_the_contract_breaks_it_on_record() {
    let fine = json!({ "status": "PENDING", "specificationId": "s", "groupId": "g" });
    let get = |answer: Value| Call::new("GET", "/letters/L1", 200, answer);
    let with = |name: &str, value: Value| {
        let mut attributes = fine.clone();
        attributes[name] = value;
        get(letter("L1", &attributes))
    };
    let mut calls = vec![
        with("colour", json!("blue")),
        with("born", json!(19_480_705)),
        with("address", json!({ "street": ["Acacia Road"], "number": 12 })),
        with("alive", json!(true)),
        with("status", json!("LOST IN TRANSIT")),
        with("status", json!(17)),
        with("status", json!(null)),
        with("status", json!({ "a": 1 })),
        with("specificationId", json!(["s"])),
        with("specificationId", json!("a specification with spaces")),
        with("sha256Hash", json!("no hash at all")),
        with("groupId", json!(false)),
        get(letter("another letter", &fine)),
        get(json!({ "data": [letter("L1", &fine)["data"]] })),
        get(json!({ "data": null })),
        get(json!({ "letters": letter("L1", &fine) })),
        get(json!("Mrs Smith")),
        get(json!([])),
        get(json!({})),
        Call::new("GET", "/letters/L1", 200, "<p>Mrs Smith</p>"),
        Call::new("GET", "/letters/Mrs@Smith", 200, letter("Mrs@Smith", &fine)),
        Call::new("GET", "/letters/Mrs@Smith", 200, letter("Mr@Smith", &fine)),
        Call::new(
            "GET",
            "/letters/L1",
            404,
            json!({ "errors": [{ "code": "NOTIFY_INVALID_REQUEST", "status": "400", "title": "Mrs Smith", "detail": "Mrs Smith", "more": "x" }] }),
        ),
        Call::new("GET", "/letters/L1", 404, json!({ "errors": [{ "code": "SOMETHING ELSE" }] })),
        Call::new("GET", "/letters/L1", 404, json!({ "errors": "", "message": "Mrs Smith" })),
        Call::new("GET", "/letters/L1", 502, json!({ "message": 17 })),
        Call::new("GET", "/letters/L1", 418, json!({ "error": "teapot" })),
        Call::new(
            "GET",
            "/letters?limit=1",
            200,
            json!({ "data": [letter("L1", &fine)["data"], letter("L1", &fine)["data"]] }),
        ),
        Call::new("GET", "/letters?limit=many&name=Mrs+Smith", 200, json!({ "data": [] })),
        Call::new("GET", "/letters?limit=1.5", 200, json!({ "data": [] })),
        Call::new("GET", "/letters", 200, json!({ "data": { "a": 1 } })),
        Call::new("GET", "/_status", 200, json!({ "status": "pass", "checks": { "a": [1] } })),
        Call::new("GET", "/nowhere/at/all", 200, json!({ "a": 1 })),
        Call::new("DELETE", "/letters/L1", 200, "gone"),
        Call::new("GET", "/letters/L1/data", 303, "").answered_with("Location", "/not absolute"),
        Call::new("GET", "/letters/L1/data", 303, ""),
        get(letter("L1", &fine))
            .with("X-Request-ID", "Mrs Smith")
            .answered_with("X-Request-ID", "x"),
        get(letter("L1", &fine))
            .with("X-Correlation-ID", "a.b")
            .answered_with("X-Correlation-ID", "a.b.c"),
        get(letter("L1", &fine)).answered_with("Content-Type", "text/html; charset=latin-1"),
    ];
    // An id under a name that sounds like a secret's teaches the record nothing.
    let id = "24L5eYSWGzCHlGmzNxuqV";
    for name in ["partitionKey", "session", "code", "groupId"] {
        let mut attributes = fine.clone();
        attributes[name] = id.into();
        calls.push(Call::new(
            "GET",
            &format!("/letters/{id}?key={id}"),
            200,
            letter(id, &attributes),
        ));
        calls.push(Call::new("GET", &format!("/letters/{id}"), 200, letter(id, &attributes)));
    }
    let update = |body: Value| Call::new("PATCH", "/letters/L1", 202, "").sending(body);
    calls.extend([
        update(letter("L1", &json!({ "status": "ACCEPTED", "colour": "blue" }))),
        update(letter("L1", &json!({ "status": "ACCEPTED", "name": "Mrs Smith" }))),
        update(letter("L2", &json!({ "status": "ACCEPTED" }))),
        update(letter("L1", &json!({ "status": "NOT A STATUS" }))),
        update(json!({ "data": [letter("L1", &json!({ "status": "ACCEPTED" }))["data"]] })),
        update(json!([[[]]])),
        update(letter("L1", &json!({ "status": "PENDING" }))),
        Call::new("PATCH", "/letters/L1", 202, "").sending("{\"data\": Mrs Smith"),
        Call::new("PATCH", "/letters/L1", 202, "").sending("{\"data\":{\"id\":\"L1\""),
        Call::new("POST", "/letters", 202, "{\"data\": 1}").sending(json!({ "data": [] })),
        update(letter("L1", &json!({ "status": "ACCEPTED" }))).with("Content-Type", "text/plain"),
    ]);
    let record = |attributes: Value| json!({ "data": { "type": "ManagementInformation", "attributes": attributes } });
    for (line, timestamp) in
        [("envelopes", "2026-08-21T10:15:00Z"), ("First class", "yesterday"), ("a", "2026-08-21")]
    {
        let sent = record(
            json!({ "lineItem": line, "timestamp": timestamp, "quantity": 5, "note": "Mrs Smith" }),
        );
        let mut kept = sent.clone();
        kept["data"]["id"] = "m@1".into();
        calls.push(Call::new("POST", "/mi", 201, &kept).sending(&sent));
        calls.push(Call::new("GET", "/mi/m@1", 200, &kept));
    }
    let token = |form: &str, status, answer: Value| {
        Call::new("POST", "https://int.example/oauth2/token", status, answer)
            .sending(form)
            .with("Content-Type", "application/x-www-form-urlencoded")
            .answered_with("Content-Type", "application/json")
    };
    calls.extend([
        token("grant_type=client_credentials&client_assertion=a.b.c", 200, json!({ "access_token": "a-token-of-the-session", "expires_in": "599", "token_type": "Bearer", "scope": "x y" })),
        token("grant_type=Mrs+Smith", 200, json!({ "access_token": "t", "expires_in": "soon", "token_type": "MAC 1" })),
        token("grant_type=client_credentials", 400, json!({ "error": "", "error_description": "Mrs Smith" })),
        token("", 401, json!({ "message_id": 5 })),
    ]);
    // Each alone, so that what one does cannot be lost among the others; then all of them.
    let deployed = context("int", &[]);
    for call in &calls {
        assert_unchanged(std::slice::from_ref(call), &deployed);
    }
    let concluded = assert_unchanged(&calls, &deployed);
    for id in
        ["F-LETTER-UNKNOWN-DATA-ATTRIBUTES-COLOUR", "F-LETTER-UNKNOWN-DATA-ATTRIBUTES-ADDRESS"]
    {
        assert!(concluded.contains_key(id), "{id}: {:#?}", concluded.keys());
    }
    assert_unchanged(&calls, &context("sandbox", &[Capability::Stateful]));
}
