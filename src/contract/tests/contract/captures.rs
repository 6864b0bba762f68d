//! Recorded exchanges of the real API: nothing in them may be an unexplained violation.

use std::collections::BTreeMap;

use letterproof_model::{About, Actor, Body, Context, Exchange, FindingKind};
use serde_json::Value;

use crate::support::{Call, check, handlers, sandbox, text_body, upstream};

#[test]
fn every_recorded_exchange_of_the_sandbox_is_explained() {
    let Some(text) = upstream("sandbox-capture.jsonl") else { return };
    let calls = replay(&text);
    assert_eq!(calls.len(), 149);
    let seen = all_explained(&calls, &sandbox());
    for id in [
        "F-ANY-MEDIA-TYPE-JSON",
        "F-ANY-CHARSET-TAKEN",
        "F-SANDBOX-MI-200",
        "F-SANDBOX-STATUS",
        "F-SANDBOX-BULK-413",
        "F-SANDBOX-NOT-FOUND-CODE",
        "F-SANDBOX-VALIDATOR-BODY",
        "F-SANDBOX-JSON-REFUSED",
        "F-SANDBOX-CHARSET-REFUSAL",
        "F-SANDBOX-CORRELATION-ID",
        "F-SANDBOX-EMPTY-REQUEST-ID",
        "F-SANDBOX-LIMIT",
        "F-SANDBOX-PATH-ID",
        "F-SANDBOX-EXAMPLES",
    ] {
        assert!(seen.contains_key(id), "{id} is known but was not seen: {seen:#?}");
    }
}

#[test]
fn every_recorded_exchange_of_the_handlers_is_explained() {
    let Some(text) = upstream("int-capture.jsonl") else { return };
    let calls = replay(&text);
    assert!(calls.len() > 100, "{}", calls.len());
    let seen = all_explained(&calls, &handlers());
    for id in [
        "F-ANY-MEDIA-TYPE-JSON",
        "F-ANY-REQUEST-ID-ABSENT",
        "F-ANY-CORRELATION-ID-ABSENT",
        "F-ANY-NO-REQUEST-ID-500",
        "F-ANY-FORBIDDEN-403",
        "F-OTHER-ROUTE-403",
        "F-LIST-LIMIT-AS-NUMBER",
        "F-ANY-PENDING-TAKEN",
        "F-ANY-RETURNED-REASON-TAKEN",
        "F-BULK-EMPTY-TAKEN",
        "F-ANY-MEDIA-TYPE-TAKEN",
    ] {
        assert!(seen.contains_key(id), "{id} is known but was not seen: {seen:#?}");
    }
}

#[test]
fn the_sandbox_is_not_excused_when_it_calls_itself_int() {
    let Some(text) = upstream("sandbox-capture.jsonl") else { return };
    let mut violations = std::collections::BTreeSet::new();
    for (_, exchange) in replay(&text) {
        let found = check(&exchange, &handlers());
        violations
            .extend(found.into_iter().filter(|f| f.kind == FindingKind::Violation).map(|f| f.id));
    }
    for id in ["F-MI-CREATE-STATUS-200", "F-LETTER-SCHEMA-ENUM-ERRORS-CODE", "F-BULK-STATUS-413"] {
        assert!(violations.contains(id), "{id} is missing: {violations:#?}");
    }
}

/// Checks every exchange and returns how often each deviation was seen.
fn all_explained(calls: &[(String, Exchange)], context: &Context) -> BTreeMap<String, usize> {
    let mut deviations: BTreeMap<String, usize> = BTreeMap::new();
    let mut unexplained = Vec::new();
    for (name, exchange) in calls {
        for finding in check(exchange, context) {
            match (finding.about, finding.kind) {
                (About::Api, FindingKind::Violation) => {
                    unexplained.push(format!("{name}: {} ({})", finding.id, finding.observed));
                }
                (About::Api, FindingKind::Deviation) => {
                    *deviations.entry(finding.id).or_default() += 1;
                }
                _ => {}
            }
        }
    }
    assert!(unexplained.is_empty(), "not explained: {unexplained:#?}");
    deviations
}

/// The exchanges of a capture; its observations, which are none, are left out.
fn replay(capture: &str) -> Vec<(String, Exchange)> {
    capture
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|entry| entry.get("request").is_some())
        .map(|entry| (entry["name"].as_str().unwrap().to_owned(), exchange(&entry)))
        .collect()
}

fn exchange(entry: &Value) -> Exchange {
    let (request, response) = (&entry["request"], &entry["response"]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut call = Call::new(&text(&request["method"]), &text(&request["path"]))
        .by(Actor::Harness)
        .without("Authorization")
        .without("X-Request-ID")
        .without("X-Correlation-ID")
        .answer_without("X-Request-ID")
        .answer_without("X-Correlation-ID")
        .answers(u16::try_from(response["status"].as_u64().unwrap()).unwrap())
        .sends_body(body(&request["body"]))
        .with_body(body(&response["body"]));
    for (name, value) in request["headers"].as_object().unwrap() {
        call = call.header(name, &text(value));
    }
    let headers: Vec<(String, String)> = match &response["headers"] {
        Value::Array(pairs) => pairs.iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect(),
        Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
        other => unreachable!("headers are pairs or a map, not {other}"),
    };
    // A shortened body no longer has its announced length.
    for (name, value) in
        headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("content-length"))
    {
        call = call.answer_header(name, value);
    }
    call.build()
}

/// A recorded body; long lists were shortened in the capture and are closed again here.
fn body(value: &Value) -> Body {
    match value {
        Value::Null => Body::None,
        Value::String(text) if text.starts_with('<') && text.contains(" bytes b64:") => {
            Body::Opaque(letterproof_contract::content::inspect_download(text.as_bytes(), None).0)
        }
        Value::String(text) if text.contains("…(") => {
            let cut = text.rfind("}},").map_or(text.len(), |at| at + 2);
            text_body(&format!("{}]}}", &text[..cut]))
        }
        Value::String(text) => text_body(text),
        other => text_body(&other.to_string()),
    }
}
