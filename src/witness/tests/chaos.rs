//! Chaos at the seam: what is injected happens, is on record, and is named.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::time::{Duration, Instant};

use letterproof_contract::Contract;
use letterproof_judge::conformance::judge_conformance;
use letterproof_mock::{MockConfig, MockServer};
use letterproof_model::{
    About, Capability, Context, FindingKind, Journal as _, LetterStatus, Recording,
    TransportErrorKind, Verdict,
};
use reqwest::Method;
use support::{Watched, quick, upstream};

async fn chaotic(api: &MockServer, rules: &[&str]) -> Watched {
    let rules = rules.iter().map(|rule| rule.parse().unwrap()).collect();
    let up = upstream(api.base_url(), Some(api.token_url()));
    Watched::of(up, |config| config.inject = rules).await
}

#[tokio::test]
async fn nothing_is_injected_unless_it_is_asked_for() {
    let api = MockServer::start(quick()).await.unwrap();
    let watched = chaotic(&api, &[]).await;
    for _ in 0..200 {
        assert_eq!(watched.get("/_status").await.status(), 200);
    }
    assert_eq!(watched.witness.counts().injected, 0);
    assert!(watched.journal.notes().is_empty());
    api.shutdown().await;
}

#[tokio::test]
async fn an_injected_answer_looks_like_the_apis_and_is_named_in_the_evidence() {
    let api = MockServer::start(quick()).await.unwrap();
    let context = Context::stand_in(api.base_url());
    for status in [429, 500, 502] {
        let watched = chaotic(&api, &[&format!("GET /letters: {status}@nth=2")]).await;
        let before = api.requests().total;
        let statuses = [
            watched.get("/letters?limit=1").await.status().as_u16(),
            watched.get("/letters?limit=1").await.status().as_u16(),
            watched.get("/letters?limit=1").await.status().as_u16(),
        ];
        assert_eq!(statuses, [200, status, 200]);
        assert_eq!(api.requests().total - before, 2, "the API does not see it");
        let exchanges = watched.recorded(3).await;
        assert_eq!(exchanges[1].status(), Some(status));
        let note = watched.noted(exchanges[1].id.as_str()).await;
        assert!(note.starts_with("injected into ex-000002: ") && note.contains("nth=2"), "{note}");
        assert_eq!(watched.witness.counts().injected, 1);
        // A supplier must not be able to tell it from a real one.
        let findings = Contract::built_in().unwrap().check(&exchanges[1], &context);
        let wrong: Vec<_> = findings
            .iter()
            .filter(|finding| finding.kind == FindingKind::Violation)
            .filter(|finding| finding.about == About::Api)
            .collect();
        assert!(wrong.is_empty(), "{status}: {wrong:#?}");
    }
    api.shutdown().await;
}

#[tokio::test]
async fn an_injected_answer_that_nobody_documents_turns_no_check_of_the_contract_red() {
    let api = MockServer::start(quick()).await.unwrap();
    let mut context = Context::stand_in(api.base_url());
    context.capabilities.remove(&Capability::Authenticated);
    let watched = chaotic(&api, &["GET /letters: 503@nth=2"]).await;
    for status in [200, 503, 200] {
        assert_eq!(watched.get("/letters?limit=1").await.status(), status);
    }
    watched.recorded(3).await;
    watched.noted("injected into ex-000002: ").await;
    let verdict = |journal: &Recording| {
        let suite = judge_conformance(journal, &context, Contract::built_in().unwrap());
        suite.into_iter().find(|check| check.id.as_str() == "C-CONTRACT-LIST").unwrap().verdict
    };
    let journal = watched.journal.recording();
    assert_eq!(verdict(&journal), Verdict::Pass);
    let unmarked = Recording::new(journal.exchanges().to_vec(), Vec::new());
    assert_eq!(verdict(&unmarked), Verdict::Fail, "of the API itself it would be a breach");
    api.shutdown().await;
}

#[tokio::test]
async fn a_dropped_response_comes_after_the_api_carried_the_call_out() {
    let api = MockServer::start(quick()).await.unwrap();
    let watched = chaotic(&api, &["PATCH /letters/{id}: drop-response@nth=1"]).await;
    let id = watched.ids(1).await.remove(0);
    let accept = async || {
        let body = serde_json::json!({ "data": { "type": "Letter", "id": id,
            "attributes": { "status": "ACCEPTED" } } });
        let request = watched.request(Method::PATCH, &format!("/letters/{id}"));
        request
            .header("content-type", "application/vnd.api+json")
            .body(body.to_string())
            .send()
            .await
    };
    assert!(accept().await.is_err(), "the supplier gets a reset");
    assert_eq!(api.count(LetterStatus::Accepted), 1, "the API applied it");
    assert_eq!(accept().await.unwrap().status(), 202);
    let exchanges = watched.recorded(3).await;
    let error = exchanges[1].error().unwrap();
    assert_eq!((error.kind, error.status), (TransportErrorKind::Reset, Some(202)));
    assert!(exchanges[1].request.body.json_text().unwrap().contains("ACCEPTED"));
    watched.noted("injected into ex-000002: the API was asked and its answer dropped").await;
    api.shutdown().await;
}

#[tokio::test]
async fn a_timeout_gives_no_answer_and_the_api_is_not_asked() {
    let api = MockServer::start(quick()).await.unwrap();
    let watched = chaotic(&api, &["timeout=200ms@nth=1", "timeout=1m@nth=2"]).await;
    let began = Instant::now();
    assert!(watched.request(Method::GET, "/_status").send().await.is_err());
    assert!(began.elapsed() >= Duration::from_millis(200));
    // A supplier that gives up before is on record as one that did.
    let impatient = watched.request(Method::GET, "/_status").timeout(Duration::from_millis(100));
    assert!(impatient.send().await.is_err());
    let exchanges = watched.recorded(2).await;
    let kinds: Vec<_> = exchanges.iter().map(|e| e.error().unwrap().kind).collect();
    assert_eq!(kinds, [TransportErrorKind::Timeout, TransportErrorKind::Interrupted]);
    assert_eq!(api.requests().total, 0);
    watched.noted("injected into ex-000002: no answer").await;
    assert_eq!(watched.get("/_status").await.status(), 200);
    api.shutdown().await;
}

#[tokio::test]
async fn a_slow_body_arrives_whole_and_late() {
    let api = MockServer::start(quick()).await.unwrap();
    let watched = chaotic(&api, &["slow-body=300ms@nth=1"]).await;
    let began = Instant::now();
    let slow = watched.get("/letters?limit=5").await.bytes().await.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(250), "{:?}", began.elapsed());
    let kept = watched.recorded(1).await;
    assert_eq!(kept[0].response().unwrap().body.json_text().unwrap().as_bytes(), slow);
    assert!(kept[0].response().unwrap().done_us >= 200_000);
    watched.noted("the body spread over 300 ms").await;
    api.shutdown().await;
}

#[tokio::test]
async fn an_expired_link_is_refused_as_the_storage_refuses_it() {
    let api = MockServer::start(quick()).await.unwrap();
    let watched = chaotic(&api, &["expired-link@nth=1"]).await;
    let id = watched.ids(1).await.remove(0);
    let link = watched.link(&id).await;
    let refused = watched.client.get(&link).send().await.unwrap();
    assert_eq!(refused.status(), 403);
    assert!(refused.text().await.unwrap().contains("Request has expired"));
    assert_eq!(watched.client.get(&link).send().await.unwrap().status(), 200);
    let exchanges = watched.recorded(4).await;
    let content = exchanges[2].response().unwrap().body.content().unwrap();
    assert_eq!(content.problem.as_deref(), Some("AccessDenied"));
    watched.noted("injected into ex-000003: the link refused as expired").await;
    api.shutdown().await;
}

#[tokio::test]
async fn an_injection_that_cannot_be_named_in_the_evidence_does_not_pass() {
    let api = MockServer::start(quick()).await.unwrap();
    let watched = chaotic(&api, &["429"]).await;
    watched.journal.leave_room_for(1);
    assert_eq!(watched.get("/_status").await.status(), 503, "room for the exchange, not its note");
    api.shutdown().await;
}

#[tokio::test]
async fn a_rate_is_kept_through_the_witness() {
    let api = MockServer::start(MockConfig { letters: 1, ..quick() }).await.unwrap();
    let watched = chaotic(&api, &["429@20%"]).await;
    let mut refused = 0;
    for _ in 0..300 {
        refused += u32::from(watched.get("/_status").await.status() == 429);
    }
    assert!((30..=90).contains(&refused), "{refused} of 300 at 20 %");
    assert_eq!(watched.witness.counts().injected, u64::from(refused));
    api.shutdown().await;
}
