//! Nothing passes unrecorded.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use letterproof_mock::{MockConfig, MockServer};
use reqwest::Method;
use support::{Watched, quick};

#[tokio::test]
async fn a_journal_that_cannot_be_written_stops_everything_with_503() {
    let api = MockServer::start(quick()).await.unwrap();
    let watched = Watched::before(&api).await;
    watched.journal.leave_room_for(1);
    assert_eq!(watched.get("/letters?limit=1").await.status(), 200);
    // The first that cannot be recorded is withheld although the API answered it.
    for _ in 0..3 {
        let refused = watched.get("/letters?limit=1").await;
        assert_eq!(refused.status(), 503);
        assert_eq!(refused.headers()["content-type"], "application/problem+json");
        let problem: serde_json::Value = refused.json().await.unwrap();
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("the disk is full; free some space"), "{detail}");
        assert!(!problem.to_string().contains("data\""), "nothing of the answer passes");
    }
    // The others were not even passed on.
    assert_eq!(api.requests().total, 2);
    // Room that comes back later changes nothing: what was not recorded is missing for good.
    watched.journal.leave_room_for(100);
    assert_eq!(watched.get("/letters?limit=1").await.status(), 503);
    assert!(watched.witness.mark("too late").is_err());
    assert!(watched.witness.failure().unwrap().message.contains("disk is full"));
    assert_eq!(watched.witness.counts().unrecorded, 3);
    assert_eq!(watched.journal.exchanges().len(), 1);
    api.shutdown().await;
}

#[tokio::test]
async fn a_long_answer_that_cannot_be_recorded_never_arrives_whole() {
    let api = MockServer::start(MockConfig { letters: 2_500, ..quick() }).await.unwrap();
    let watched = Watched::before(&api).await;
    watched.journal.leave_room_for(0);
    let answer = watched.get("/letters?limit=2500").await;
    assert_eq!(answer.status(), 200, "its beginning had to go before its end was known");
    assert!(answer.bytes().await.is_err(), "and its end never came");
    assert_eq!(watched.get("/_status").await.status(), 503);
    api.shutdown().await;
}

#[tokio::test]
async fn an_update_is_not_passed_on_while_nothing_can_be_recorded() {
    let api = MockServer::start(quick()).await.unwrap();
    let watched = Watched::before(&api).await;
    let ids = watched.ids(2).await;
    watched.journal.leave_room_for(0);
    assert_eq!(watched.get("/_status").await.status(), 503);
    let body = serde_json::json!({ "data": { "type": "Letter", "id": ids[0],
        "attributes": { "status": "ACCEPTED" } } });
    let update = watched.request(Method::PATCH, &format!("/letters/{}", ids[0]));
    let update = update.header("content-type", "application/vnd.api+json").body(body.to_string());
    assert_eq!(update.send().await.unwrap().status(), 503);
    assert_eq!(api.count(letterproof_model::LetterStatus::Accepted), 0);
    api.shutdown().await;
}
