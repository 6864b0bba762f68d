//! How many tokens a session asks for: as many as their lifetimes demand, and no more.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::{StreamExt as _, TryStreamExt as _};
use tokio::sync::Semaphore;

use super::Stage;
use crate::Session;

/// Requests that many at a time; each must be taken at its first try.
async fn requests(session: &Session, stage: &Stage, count: usize, at_once: usize) {
    let all = futures::stream::iter((0..count).map(|_| session.check_status(&stage.flow)))
        .buffer_unordered(at_once)
        .try_for_each(|answer| async move {
            assert_eq!((answer.status, answer.exchange.attempt), (200, 1));
            Ok(())
        });
    tokio::time::timeout(Duration::from_secs(60), all).await.expect("they wait").unwrap();
}

async fn until(what: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(10);
    while !what() {
        assert!(Instant::now() < end, "it did not come about in ten seconds");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_thousand_requests_at_300_a_second_ask_for_one_token_that_outlives_them() {
    let mut stage = Stage::set().await.with_jwt();
    stage.target.rate_limit = Some(300);
    let session = stage.session();
    requests(&session, &stage, 1_000, 64).await;
    assert_eq!(stage.api.world.lock().token_count, 1);
    assert_eq!((session.usage().api, session.usage().tokens), (1_000, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_requests_renew_a_token_of_one_second_as_often_as_its_life_demands() {
    let mut stage = Stage::set().await.with_jwt();
    stage.target.rate_limit = Some(300);
    // It is renewed from three quarters of its life on, and never used beyond nine tenths.
    stage.api.world.lock().token_life = 1;
    let session = stage.session();
    let begun = Instant::now();
    requests(&session, &stage, 1_000, 64).await;
    let elapsed = begun.elapsed().as_secs_f64();
    let tokens = session.usage().tokens;
    assert_eq!(session.usage().repeats, 0, "no request went out with a token that had ended");
    assert!(tokens >= 3, "{tokens} tokens of one second in {elapsed} s");
    assert!(tokens as f64 <= 1.0 + elapsed / 0.75, "{tokens} tokens in {elapsed} s");
}

#[tokio::test]
async fn no_request_waits_while_a_token_is_renewed_and_one_renewal_serves_all() {
    let stage = Stage::set().await.with_jwt();
    stage.api.world.lock().token_life = 8;
    let session = stage.session();
    requests(&session, &stage, 1, 1).await;
    let gate = Arc::new(Semaphore::new(0));
    stage.api.world.lock().faults.token_gate = Some(gate.clone());
    // From a quarter of its life before the end on; the end itself is a second later.
    tokio::time::sleep(Duration::from_millis(6_050)).await;
    requests(&session, &stage, 20, 5).await;
    until(|| stage.api.world.lock().token_count == 2).await;
    // The renewal stands still at the token endpoint, and requests go on.
    requests(&session, &stage, 20, 5).await;
    assert_eq!(session.usage().tokens, 2);
    gate.add_permits(100);
    let last = || {
        let world = stage.api.world.lock();
        world.seen_headers.last().map(|headers| headers["authorization"].clone())
    };
    while last().unwrap() != "Bearer canary-token-2" {
        requests(&session, &stage, 1, 1).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(stage.api.world.lock().token_count, 2);
}

#[tokio::test]
async fn a_renewal_that_fails_is_not_tried_with_every_request() {
    let stage = Stage::set().await.with_jwt();
    stage.api.world.lock().token_life = 8;
    let session = stage.session();
    requests(&session, &stage, 1, 1).await;
    stage.api.world.lock().faults.no_tokens = true;
    tokio::time::sleep(Duration::from_millis(6_050)).await;
    let begun = Instant::now();
    for _ in 0..5 {
        requests(&session, &stage, 10, 10).await;
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    let asked = session.usage().tokens - 1;
    let most = 1 + begun.elapsed().as_secs();
    assert!((1..=most).contains(&asked), "{asked} tries to renew");
}

#[tokio::test]
async fn where_the_api_refuses_every_token_not_every_request_asks_for_another() {
    let stage = Stage::set().await.with_jwt();
    let session = stage.session();
    let refused = || (401, serde_json::json!({"message": "not linked yet"}));
    stage.api.world.lock().faults.next = vec![refused(); 101];
    let first = session.check_status(&stage.flow).await.unwrap();
    assert_eq!((first.status, first.exchange.attempt), (401, 2), "one retry on a fresh 401");
    for _ in 0..99 {
        let answer = session.check_status(&stage.flow).await.unwrap();
        assert_eq!((answer.status, answer.exchange.attempt), (401, 1));
    }
    assert_eq!(stage.api.world.lock().token_count, 2);
    // Once it is taken, a later 401 is a fresh one again.
    requests(&session, &stage, 1, 1).await;
    stage.api.world.lock().valid_tokens.clear();
    let answer = session.check_status(&stage.flow).await.unwrap();
    assert_eq!((answer.status, answer.exchange.attempt), (200, 2));
    assert_eq!(stage.api.world.lock().token_count, 3);
}

#[tokio::test]
async fn a_token_that_ends_while_its_request_waits_for_its_turn_is_not_sent() {
    let mut stage = Stage::set().await.with_jwt();
    stage.target.rate_limit = Some(100);
    stage.api.world.lock().token_life = 1;
    let session = stage.session();
    let until = letterproof_model::now().as_millisecond() + 1_500;
    stage.api.world.lock().faults.next =
        vec![(429, serde_json::json!({"message": "slow", "ratelimiting_expiry_time_ms": until}))];
    assert_eq!(session.check_status(&stage.flow).await.unwrap().status, 200);
    let world = stage.api.world.lock();
    let sent: Vec<_> = world.seen_headers.iter().map(|h| h["authorization"].clone()).collect();
    assert_eq!(sent, ["Bearer canary-token-1", "Bearer canary-token-2"]);
}

#[tokio::test]
async fn a_session_is_closed_only_when_the_renewal_under_way_is_on_record() {
    let stage = Stage::set().await.with_jwt();
    stage.api.world.lock().token_life = 1;
    let session = stage.session();
    requests(&session, &stage, 1, 1).await;
    let gate = Arc::new(Semaphore::new(0));
    stage.api.world.lock().faults.token_gate = Some(gate.clone());
    tokio::time::sleep(Duration::from_millis(760)).await;
    requests(&session, &stage, 1, 1).await;
    until(|| stage.api.world.lock().token_count == 2).await;
    let closing = tokio::spawn({
        let session = session.clone();
        async move { session.close().await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!closing.is_finished(), "the token is still being asked for");
    gate.add_permits(1);
    closing.await.unwrap();
    assert_eq!(stage.memory.count("POST", "/token"), 2);
    let refused = session.check_status(&stage.flow).await.unwrap_err();
    assert!(matches!(refused, crate::ClientError::Interrupted), "{refused}");
}
