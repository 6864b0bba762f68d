//! Tokens: what is asked, how often, and what a refusal says.

use std::time::Duration;

use jsonwebtoken::dangerous::insecure_decode;
use secrecy::SecretString;
use serde_json::Value;

use letterproof_testing::stub;

use super::Stage;
use crate::{AssertionFlaw, Auth, ClientError, Probe};

#[tokio::test]
async fn one_token_serves_many_requests_that_wait_for_it() {
    let stage = Stage::set().await.with_jwt();
    let session = stage.session();
    let calls = (0..40).map(|_| session.check_status(&stage.flow));
    for answer in futures::future::join_all(calls).await {
        assert_eq!(answer.unwrap().status, 200);
    }
    assert_eq!(stage.api.world.lock().token_count, 1);
}

#[tokio::test]
async fn the_assertion_is_as_the_platform_asks() {
    let stage = Stage::set().await.with_jwt();
    stage.session().preflight(&stage.flow).await.unwrap();
    let assertion = stage.api.world.lock().assertions[0].clone();
    let token = insecure_decode::<Value>(&assertion).unwrap();
    assert_eq!(token.header.alg, jsonwebtoken::Algorithm::RS512);
    assert_eq!(token.header.typ.as_deref(), Some("JWT"));
    assert_eq!(token.header.kid.as_deref(), Some("test-kid"));
    let claims = token.claims;
    assert_eq!(claims["iss"], stub::API_KEY);
    assert_eq!(claims["sub"], stub::API_KEY);
    assert_eq!(claims["aud"], stage.api.token_url().as_str());
    assert!(uuid::Uuid::parse_str(claims["jti"].as_str().unwrap()).is_ok());
    let ahead = claims["exp"].as_i64().unwrap() - letterproof_model::now().as_second();
    assert!((60..=300).contains(&ahead), "{ahead}");
}

#[tokio::test]
async fn a_401_is_answered_with_one_new_token_and_one_more_try() {
    let stage = Stage::set().await.with_jwt();
    let session = stage.session();
    session.check_status(&stage.flow).await.unwrap();
    stage.api.world.lock().valid_tokens.clear();
    let calls = (0..10).map(|_| session.check_status(&stage.flow));
    for answer in futures::future::join_all(calls).await {
        let answer = answer.unwrap();
        assert_eq!((answer.status, answer.exchange.attempt), (200, 2));
    }
    assert_eq!(stage.api.world.lock().token_count, 2);
}

#[tokio::test]
async fn a_lasting_401_is_an_answer_after_one_more_try() {
    let stage = Stage::set().await.with_jwt();
    let session = stage.session();
    let refused = (401, serde_json::json!({"message": "no"}));
    stage.api.world.lock().faults.next = vec![refused.clone(), refused.clone(), refused];
    let answer = session.check_status(&stage.flow).await.unwrap();
    assert_eq!((answer.status, answer.exchange.attempt), (401, 2));
}

#[tokio::test]
async fn a_token_is_renewed_ahead_of_its_end_without_holding_up_requests() {
    let stage = Stage::set().await.with_jwt();
    // A quarter of four seconds before the end: from 3 s on.
    stage.api.world.lock().token_life = 4;
    let session = stage.session();
    session.check_status(&stage.flow).await.unwrap();
    tokio::time::sleep(Duration::from_millis(3_100)).await;
    session.check_status(&stage.flow).await.unwrap();
    for _ in 0..50 {
        if stage.api.world.lock().token_count == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    session.check_status(&stage.flow).await.unwrap();
    let world = stage.api.world.lock();
    let bearers: Vec<_> =
        world.seen_headers.iter().map(|h| h["authorization"].to_str().unwrap()).collect();
    assert_eq!(
        bearers,
        ["Bearer canary-token-1", "Bearer canary-token-1", "Bearer canary-token-2"]
    );
}

#[tokio::test]
async fn a_refused_token_is_told_once_to_everyone_who_waits() {
    let stage = Stage::set().await.with_jwt();
    let refusal = r#"{"error":"invalid_request","error_description":"Invalid 'kid' header in JWT - no matching public key for canary"}"#;
    stage.api.world.lock().faults.token = vec![(401, refusal.to_owned())];
    let session = stage.session();
    let calls = (0..10).map(|_| session.preflight(&stage.flow));
    for result in futures::future::join_all(calls).await {
        let error = result.unwrap_err();
        assert!(error.is_configuration());
        let text = error.to_string();
        assert!(text.contains("401") && text.contains("compare both"), "{text}");
        assert!(!text.contains("canary") && text.contains("[scrubbed]"), "{text}");
    }
    assert_eq!(stage.api.world.lock().token_count, 1);
    assert_eq!(stage.memory.exchanges().len(), 1);
}

#[tokio::test]
async fn an_answer_that_is_no_token_is_told_apart_from_a_refusal() {
    for (status, body, expected) in [
        (200, "<html>Welcome to the proxy</html>", "not JSON"),
        (200, r#"{"access_token":"x","expires_in":"soon"}"#, "expires_in"),
        (200, r#"{"access_token":"a\nb","expires_in":"599"}"#, "characters"),
        (407, "<html>Proxy login</html>", "not a refusal of the platform"),
    ] {
        let stage = Stage::set().await.with_jwt();
        stage.api.world.lock().faults.token = vec![(status, body.to_owned())];
        let error = stage.session().preflight(&stage.flow).await.unwrap_err();
        assert!(matches!(error, ClientError::TokenUnusable { .. }), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn a_platform_fault_at_the_token_endpoint_is_tried_again_with_another_assertion() {
    for status in [502, 503, 504] {
        let stage = Stage::set().await.with_jwt();
        stage.api.world.lock().faults.token = vec![(status, String::new())];
        stage.session().preflight(&stage.flow).await.unwrap();
        let world = stage.api.world.lock();
        assert_eq!(world.token_count, 2, "{status}");
        assert_ne!(world.assertions[0], world.assertions[1], "{status}");
    }
}

#[tokio::test]
async fn a_platform_fault_before_a_probe_of_the_token_endpoint_is_overcome() {
    let stage = Stage::set().await.with_jwt();
    let (session, flow) = (stage.session(), &stage.flow);
    let fault = || stage.api.world.lock().faults.token = vec![(502, "{}".to_owned())];
    fault();
    let probe = session.probe_token(flow, AssertionFlaw::Audience, "x").await.unwrap().unwrap();
    assert_ne!(probe.status(), Some(502));
    stage.api.world.lock().assertions.clear();
    fault();
    session.probe_replay(flow, "again").await.unwrap().unwrap();
    let assertions = stage.api.world.lock().assertions.clone();
    // Whether the platform has seen the first one, nobody knows.
    assert_eq!(assertions.len(), 3);
    assert_ne!(assertions[0], assertions[1]);
    assert_eq!(assertions[1], assertions[2]);
}

#[tokio::test]
async fn a_key_of_the_wrong_kind_is_refused_before_any_traffic_and_not_shown() {
    let elliptic = rcgen::KeyPair::generate().unwrap().serialize_pem();
    let public = "-----BEGIN PUBLIC KEY-----\nY2FuYXJ5\n-----END PUBLIC KEY-----";
    for (pem, words) in [
        ("canary, not a key", "BEGIN PRIVATE KEY"),
        (public, "public half"),
        (&elliptic, "elliptic-curve"),
    ] {
        let mut stage = Stage::set().await.with_jwt();
        if let Auth::SignedJwt { key, .. } = &mut stage.target.auth {
            *key = SecretString::from(pem).into();
        }
        let error = stage.session().preflight(&stage.flow).await.unwrap_err();
        let text = error.to_string();
        assert!(error.is_configuration() && text.contains(words), "{text}");
        assert!(text.contains("letterproof keys") && !text.contains("canary"), "{text}");
        assert!(stage.memory.exchanges().is_empty());
    }
}

#[tokio::test]
async fn a_bearer_at_hand_is_sent_as_it_is() {
    let mut stage = Stage::set().await;
    stage.target.auth = Auth::Bearer(SecretString::from("canary-bearer").into());
    stage.session().check_status(&stage.flow).await.unwrap();
    let world = stage.api.world.lock();
    assert_eq!(world.seen_headers[0]["authorization"], "Bearer canary-bearer");
    assert_eq!(world.token_count, 0);
}

/// The assertions of these probes, as the token endpoint was sent them.
async fn flawed(flaw: AssertionFlaw) -> (String, Stage) {
    let stage = Stage::set().await.with_jwt();
    let session = stage.session();
    let exchange = session.probe_token(&stage.flow, flaw, "a-label").await.unwrap().unwrap();
    assert_eq!(exchange.request.header("x-correlation-id"), Some("a-label"));
    assert_eq!(exchange.actor, letterproof_model::Actor::Harness);
    let assertion = stage.api.world.lock().assertions[0].clone();
    (assertion, stage)
}

#[tokio::test]
async fn a_flawed_assertion_has_the_flaw_that_was_asked_for() {
    let (past, _) = flawed(AssertionFlaw::Expired).await;
    let claims = insecure_decode::<Value>(&past).unwrap().claims;
    assert!(claims["exp"].as_i64().unwrap() < letterproof_model::now().as_second() - 600);
    let (elsewhere, stage) = flawed(AssertionFlaw::Audience).await;
    let claims = insecure_decode::<Value>(&elsewhere).unwrap().claims;
    assert_ne!(claims["aud"], stage.api.token_url().as_str());
    let (unsigned, _) = flawed(AssertionFlaw::Unsigned).await;
    assert!(unsigned.ends_with('.'), "{unsigned}");
    let (signed, _) = flawed(AssertionFlaw::Signature).await;
    assert_eq!(insecure_decode::<Value>(&signed).unwrap().claims["iss"], stub::API_KEY);
}

#[tokio::test]
async fn a_replayed_assertion_is_sent_twice_and_labelled_the_second_time() {
    let stage = Stage::set().await.with_jwt();
    let exchange = stage.session().probe_replay(&stage.flow, "again").await.unwrap().unwrap();
    let assertions = stage.api.world.lock().assertions.clone();
    assert_eq!(assertions.len(), 2);
    assert_eq!(assertions[0], assertions[1]);
    let labels: Vec<Option<String>> = stage
        .memory
        .exchanges()
        .iter()
        .map(|one| one.request.header("x-correlation-id").map(str::to_owned))
        .collect();
    assert_eq!(labels, [None, Some("again".to_owned())]);
    assert_eq!(exchange.request.header("x-correlation-id"), Some("again"));
}

#[tokio::test]
async fn a_token_past_its_end_is_used_only_where_its_end_is_near() {
    let stage = Stage::set().await.with_jwt();
    stage.api.world.lock().token_life = 1;
    let (session, probe) = (stage.session(), Probe::new("GET", "/_status"));
    let patience = Duration::from_secs(2);
    let sent = session.probe_with_expired_token(&stage.flow, &probe, patience).await.unwrap();
    let bearer = sent.unwrap().request.header("authorization").unwrap_or_default().to_owned();
    assert!(bearer.starts_with("Bearer "), "{bearer}");
    stage.api.world.lock().token_life = 599;
    let sent = session.probe_with_expired_token(&stage.flow, &probe, patience).await.unwrap();
    assert!(sent.is_none());
}

#[tokio::test]
async fn a_session_that_asks_nobody_for_tokens_probes_no_token_endpoint() {
    let stage = Stage::set().await;
    let session = stage.session();
    let probe = session.probe_token(&stage.flow, AssertionFlaw::Expired, "x").await.unwrap();
    assert!(probe.is_none());
    assert!(session.probe_replay(&stage.flow, "x").await.unwrap().is_none());
    assert!(stage.memory.exchanges().is_empty());
}
