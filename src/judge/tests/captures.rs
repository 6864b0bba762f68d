//! The conformance suite over real exchanges: captures of the API's own handlers and of its public
//! sandbox, where they lie beside this repository. What was captured breaks no check.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use letterproof_contract::Contract;
use letterproof_judge::conformance::judge_conformance;
use letterproof_model::{
    Actor, Body, Capability, Context, Direction, Exchange, ExchangeId, FindingKind, Header,
    Outcome, PackId, Recording, Request, Response, Timestamp, Verdict,
};
use letterproof_testing::upstream;
use serde_json::Value;
use support::script::BASE;

/// The captured exchanges; where they are missing the test is skipped.
fn capture(name: &str) -> Option<Vec<Arc<Exchange>>> {
    let text = std::fs::read_to_string(upstream(name)?).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let exchanges = lines.enumerate().filter_map(|(at, line)| exchange(at, &line).map(Arc::new));
    Some(exchanges.collect())
}

fn exchange(at: usize, line: &Value) -> Option<Exchange> {
    let request = line.get("request")?;
    let response = line.get("response")?;
    // Calls made as another supplier, and as none, are no answers to this one.
    let name = line["name"].as_str().unwrap_or_default();
    if ["other supplier", "disabled supplier", "unknown supplier"].iter().any(|w| name.contains(w))
    {
        return None;
    }
    Some(Exchange {
        id: ExchangeId::new(format!("ex-{at:06}")),
        actor: Actor::Harness,
        direction: Direction::ToApi,
        pack: PackId::Supplier,
        scenario: None,
        attempt: 1,
        scheduled: None,
        started: Timestamp::from_second(1_790_000_000 + i64::try_from(at).unwrap()).unwrap(),
        connection: None,
        request: Request {
            method: request["method"].as_str()?.to_owned(),
            url: format!("{BASE}{}", request["path"].as_str()?),
            headers: headers(request),
            body: body(request),
        },
        outcome: Outcome::Response(Response {
            status: u16::try_from(response["status"].as_u64()?).unwrap(),
            headers: headers(response),
            body: body(response),
            headers_us: 1_000,
            done_us: 2_000,
        }),
    })
}

/// How many checks passed, how many of those as deviations; none may fail.
fn judged(exchanges: Vec<Arc<Exchange>>, target: &str, lacking: &[Capability]) -> (usize, usize) {
    let mut context = Context::stand_in(BASE);
    context.target = target.to_owned();
    context.capabilities.retain(|capability| !lacking.contains(capability));
    let journal = Recording::new(exchanges, vec![]);
    let results = judge_conformance(&journal, &context, Contract::built_in().unwrap());
    let failed: Vec<_> = results
        .iter()
        .filter(|result| result.verdict == Verdict::Fail)
        .map(|result| (result.id.as_str(), &result.criteria[0].observed))
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
    let passed: Vec<_> = results.iter().filter(|r| r.verdict == Verdict::Pass).collect();
    let deviations = passed.iter().filter(|r| r.finding == Some(FindingKind::Deviation)).count();
    (passed.len(), deviations)
}

fn headers(part: &Value) -> Vec<Header> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match &part["headers"] {
        Value::Array(pairs) => pairs
            .iter()
            .map(|pair| support::cases::header(&text(&pair[0]), &text(&pair[1])))
            .collect(),
        Value::Object(map) => map
            .iter()
            .map(|(name, value)| support::cases::header(name, &text(value)))
            .filter(|header| !header.name.eq_ignore_ascii_case("content-length"))
            .collect(),
        _ => Vec::new(),
    }
}

/// A captured body; long lists were cut when they were captured, and are closed again here.
fn body(part: &Value) -> Body {
    let text = match &part["body"] {
        Value::Null => return Body::None,
        Value::String(text) if text.contains("…(") => {
            let cut = text.rfind("}},").map_or(text.len(), |at| at + 2);
            format!("{}]}}", &text[..cut])
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.is_empty() {
        Body::None
    } else if serde_json::from_str::<Value>(&text).is_ok() {
        Body::Json { text }
    } else {
        Body::Text { text }
    }
}

#[test]
fn the_apis_own_handlers_break_no_check() {
    let Some(exchanges) = capture("int-capture.jsonl") else { return };
    let lacking = [Capability::Authenticated, Capability::RateLimited];
    let (passed, deviations) = judged(exchanges, "int", &lacking);
    assert!(passed >= 20 && deviations >= 5, "{passed} passed, {deviations} as deviations");
}

#[test]
fn the_public_sandbox_breaks_no_check() {
    let Some(exchanges) = capture("sandbox-capture.jsonl") else { return };
    let lacking = [
        Capability::Authenticated,
        Capability::RateLimited,
        Capability::Stateful,
        Capability::Seeded,
        Capability::VisibilityTimeout,
    ];
    let (passed, deviations) = judged(exchanges, "sandbox", &lacking);
    assert!(passed >= 15 && deviations >= 3, "{passed} passed, {deviations} as deviations");
}
