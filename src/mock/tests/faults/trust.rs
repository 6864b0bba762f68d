//! Probes of who may call: tokens, assertions, suppliers.

use letterproof_mock::DemoCredentials;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::jwt::{ask, claims, header, now, sign};
use crate::{Probe, Stage, a_moment, probe};

pub(crate) const PROBES: &[Probe] = &[
    probe!("auth-bypass", Tokens, no_token_refused),
    probe!("accept-expired-token", ShortTokens, expired_token_refused),
    probe!("refuse-token=always", Tokens, token_served),
    probe!("foreign-read", Two, foreign_letter_hidden),
    probe!("accept-any-signature", Tokens, false_signature_refused),
    probe!("accept-replay", Tokens, replay_refused),
    probe!("accept-stale-assertion", Tokens, stale_refused),
    probe!("accept-any-audience", Tokens, other_audience_refused),
    probe!("accept-any-algorithm", Tokens, unsigned_refused),
    probe!("token-dies-early=1ms", Tokens, token_served_later),
    probe!("token-502", Tokens, token_served),
    probe!("token-wrong-type", Tokens, token_by_the_contract),
    probe!("token-without-token", Tokens, token_by_the_contract),
];

fn credentials(stage: &Stage) -> &DemoCredentials {
    stage.server.demo_credentials().unwrap()
}

/// Asks with an assertion that was changed in one way.
async fn asked(stage: &Stage, change: impl FnOnce(&mut Value, &mut Value)) -> reqwest::Response {
    let credentials = credentials(stage);
    let mut header = header(credentials);
    let mut claims = claims(credentials, stage.server.token_url());
    change(&mut header, &mut claims);
    let assertion = sign(credentials, &header, &claims);
    ask(&stage.caller.client, stage.server.token_url(), &assertion).await
}

async fn token(stage: &Stage) -> String {
    let body: Value = asked(stage, |_, _| {}).await.json().await.unwrap();
    body["access_token"].as_str().unwrap_or("none").to_owned()
}

async fn with_token(stage: &Stage, token: &str) -> StatusCode {
    let request = stage.caller.request(Method::GET, "/letters?limit=1").bearer_auth(token);
    request.send().await.unwrap().status()
}

async fn no_token_refused(stage: &Stage) -> bool {
    stage.caller.get("/letters?limit=1").await.status() == StatusCode::UNAUTHORIZED
}

async fn expired_token_refused(stage: &Stage) -> bool {
    let token = token(stage).await;
    a_moment().await;
    with_token(stage, &token).await == StatusCode::UNAUTHORIZED
}

async fn token_served(stage: &Stage) -> bool {
    let token = token(stage).await;
    with_token(stage, &token).await == StatusCode::OK
}

async fn token_served_later(stage: &Stage) -> bool {
    let token = token(stage).await;
    a_moment().await;
    with_token(stage, &token).await == StatusCode::OK
}

async fn foreign_letter_hidden(stage: &Stage) -> bool {
    let request = stage.caller.request(Method::GET, "/letters?limit=1");
    let list: Value = request
        .header("NHSD-Supplier-ID", "apim-app-2")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let id = list["data"][0]["id"].as_str().unwrap().to_owned();
    stage.caller.get(&format!("/letters/{id}")).await.status() == StatusCode::NOT_FOUND
}

async fn false_signature_refused(stage: &Stage) -> bool {
    let credentials = credentials(stage);
    let header = header(credentials);
    let claims_one = claims(credentials, stage.server.token_url());
    let mut claims_two = claims_one.clone();
    claims_two["jti"] = "another".into();
    let (one, two) =
        (sign(credentials, &header, &claims_one), sign(credentials, &header, &claims_two));
    let body = one.rsplit_once('.').unwrap().0;
    let signature = two.rsplit_once('.').unwrap().1;
    let assertion = format!("{body}.{signature}");
    let reply = ask(&stage.caller.client, stage.server.token_url(), &assertion).await;
    reply.status() == StatusCode::UNAUTHORIZED
}

async fn replay_refused(stage: &Stage) -> bool {
    let once = asked(stage, |_, claims| claims["jti"] = "same".into()).await;
    let twice = asked(stage, |_, claims| claims["jti"] = "same".into()).await;
    once.status() == StatusCode::OK && twice.status() == StatusCode::BAD_REQUEST
}

/// The answer to an assertion of the past.
pub(crate) async fn refused_assertion(stage: &Stage) -> reqwest::Response {
    asked(stage, |_, claims| claims["exp"] = (now() - 5).into()).await
}

async fn stale_refused(stage: &Stage) -> bool {
    refused_assertion(stage).await.status() == StatusCode::BAD_REQUEST
}

async fn other_audience_refused(stage: &Stage) -> bool {
    let reply = asked(stage, |_, claims| claims["aud"] = "https://elsewhere.example".into()).await;
    reply.status() == StatusCode::UNAUTHORIZED
}

async fn unsigned_refused(stage: &Stage) -> bool {
    let reply = asked(stage, |header, _| header["alg"] = json!("none")).await;
    reply.status() == StatusCode::BAD_REQUEST
}

async fn token_by_the_contract(stage: &Stage) -> bool {
    let body: Value = asked(stage, |_, _| {}).await.json().await.unwrap();
    body["access_token"].is_string()
        && body["token_type"] == "Bearer"
        && body["expires_in"] == "599"
}
