//! The same judges judge what was watched.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use letterproof_contract::Contract;
use letterproof_judge::judge_all;
use letterproof_mock::{AuthMode, MockConfig, MockServer};
use letterproof_model::{Context, FindingKind, Mode, TestId, Verdict};
use serde_json::json;
use support::{Watched, quick};

const LETTERS: usize = 20;

async fn accept(watched: &Watched, token: &str, ids: &[String]) {
    let data: Vec<_> = ids
        .iter()
        .map(|id| json!({ "type": "Letter", "id": id, "attributes": { "status": "ACCEPTED" } }))
        .collect();
    let url = format!("{}/letters", watched.witness.base_url());
    let request = watched.client.post(url).bearer_auth(token).header("x-request-id", fresh());
    let request = request.header("content-type", "application/vnd.api+json");
    let answer = request.body(json!({ "data": data }).to_string()).send().await.unwrap();
    assert_eq!(answer.status(), 202);
}

fn fresh() -> String {
    uuid::Uuid::new_v4().to_string()
}

async fn get(watched: &Watched, token: &str, path: &str) -> reqwest::Response {
    let url = format!("{}{path}", watched.witness.base_url());
    let request = watched.client.get(url).bearer_auth(token).header("x-request-id", fresh());
    request.send().await.unwrap()
}

/// A small sample supplier of its own: lists, accepts, reads back, fetches.
async fn work(watched: &Watched, token: &str, skip: usize) {
    get(watched, token, "/_status").await;
    let list: serde_json::Value =
        get(watched, token, &format!("/letters?limit={LETTERS}")).await.json().await.unwrap();
    let ids: Vec<String> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|letter| letter["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), LETTERS);
    accept(watched, token, &ids[skip..]).await;
    for id in &ids {
        assert_eq!(get(watched, token, &format!("/letters/{id}")).await.status(), 200);
    }
    get(watched, token, &format!("/letters?limit={LETTERS}")).await;
    for id in &ids {
        let data = get(watched, token, &format!("/letters/{id}/data")).await;
        let link = data.headers()["location"].to_str().unwrap();
        assert_eq!(watched.client.get(link).send().await.unwrap().status(), 200);
    }
}

async fn judged(skip: usize) -> letterproof_judge::Judged {
    let letters = u32::try_from(LETTERS).unwrap();
    let config = MockConfig { letters, auth: AuthMode::Jwt, ..quick() };
    let api = MockServer::start(config).await.unwrap();
    let watched = Watched::before(&api).await;
    let token = api.issue_token().unwrap();
    work(&watched, token.expose(), skip).await;
    watched.recorded(4 + LETTERS * 3).await;
    let context = Context {
        mode: Mode::Observed,
        seeded_letters: letters,
        at4_batch: letters,
        at15_chunk: letters,
        ..Context::stand_in(api.base_url())
    };
    let tests = [1, 2, 4, 15].map(|number| TestId::new(number).unwrap());
    let contract = Contract::built_in().unwrap();
    api.shutdown().await;
    judge_all(&watched.journal.recording(), &context, &tests, contract)
}

fn verdict(judged: &letterproof_judge::Judged, criterion: &str) -> Verdict {
    let criteria = judged.tests.iter().flat_map(|test| &test.criteria);
    let found = criteria.into_iter().find(|result| result.id.as_str() == criterion);
    found.unwrap_or_else(|| panic!("no {criterion}")).verdict
}

#[tokio::test]
async fn what_a_suppliers_own_system_did_is_judged_from_the_watched_traffic() {
    let judged = judged(0).await;
    let checks: Vec<String> = judged
        .tests
        .iter()
        .filter(|test| matches!(test.id.number(), 1 | 2 | 4))
        .flat_map(|test| &test.criteria)
        .map(|result| format!("{} {:?} {}", result.id, result.verdict, result.observed))
        .collect();
    let failed: Vec<_> = checks.iter().filter(|line| line.contains("Fail")).collect();
    assert!(failed.is_empty(), "{checks:#?}");
    assert!(checks.iter().filter(|line| line.contains("Pass")).count() >= 6, "{checks:#?}");
    // The downloads were found by the links the API gave.
    assert_eq!(judged.exchanges.get("download"), Some(&(LETTERS as u64)));
    assert_eq!(judged.performance.len(), 1, "one flow of AT15 was recognised");
    let violations: Vec<_> =
        judged.findings.iter().filter(|f| f.kind == FindingKind::Violation).collect();
    assert!(violations.is_empty(), "{violations:#?}");
}

#[tokio::test]
async fn a_letter_that_was_left_out_turns_the_criterion_red() {
    let judged = judged(1).await;
    let red = judged.tests.iter().flat_map(|test| &test.criteria);
    let red: Vec<_> = red.filter(|result| result.verdict == Verdict::Fail).collect();
    assert!(red.iter().any(|result| result.id.as_str().starts_with("AT4.")), "{red:#?}");
    assert_ne!(verdict(&judged, "AT1.1"), Verdict::Fail);
}
