//! The token endpoint: every refusal, replays, rotation of keys, and the life of tokens.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

mod support;

use letterproof_mock::{
    AuthMode, DemoCredentials, Jwks, MockConfig, MockServer, Registration, SecretToken,
};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use support::jwt::{ASSERTION_TYPE, ask, claims, header, now, sign};
use support::{Caller, client, quick};

fn config() -> MockConfig {
    MockConfig { auth: AuthMode::Jwt, ..quick() }
}

async fn answer(reply: reqwest::Response) -> (u16, Value) {
    (reply.status().as_u16(), reply.json().await.unwrap())
}

/// What is changed in an otherwise right assertion, and how it must be refused.
type Wrong = (&'static str, fn(&mut Value, &mut Value), u16, &'static str);

fn remove(value: &mut Value, key: &str) {
    value.as_object_mut().unwrap().remove(key);
}

const WRONG: &[Wrong] = &[
    ("alg", |header, _| header["alg"] = "RS256".into(), 400, "alg"),
    ("no alg", |header, _| remove(header, "alg"), 400, "alg"),
    ("alg none", |header, _| header["alg"] = "none".into(), 400, "alg"),
    ("typ", |header, _| header["typ"] = "at+jwt".into(), 400, "typ"),
    ("no typ", |header, _| remove(header, "typ"), 400, "typ"),
    ("no kid", |header, _| remove(header, "kid"), 400, "kid"),
    ("kid", |header, _| header["kid"] = "other".into(), 401, "kid"),
    ("no iss", |_, claims| remove(claims, "iss"), 400, "iss and sub"),
    ("no sub", |_, claims| remove(claims, "sub"), 400, "iss and sub"),
    ("iss unlike sub", |_, claims| claims["sub"] = "other".into(), 400, "iss and sub"),
    (
        "unknown key",
        |_, claims| {
            claims["sub"] = "other".into();
            claims["iss"] = "other".into();
        },
        401,
        "iss and sub",
    ),
    ("no aud", |_, claims| remove(claims, "aud"), 401, "aud"),
    (
        "aud",
        |_, claims| claims["aud"] = "https://elsewhere.example/oauth2/token".into(),
        401,
        "aud",
    ),
    ("no jti", |_, claims| remove(claims, "jti"), 400, "jti"),
    ("jti a number", |_, claims| claims["jti"] = 7.into(), 400, "jti"),
    ("no exp", |_, claims| remove(claims, "exp"), 400, "exp"),
    ("exp a text", |_, claims| claims["exp"] = "soon".into(), 400, "exp"),
    ("exp a fraction", |_, claims| claims["exp"] = json!(1.5e9 + 0.5), 400, "exp"),
    ("expired", |_, claims| claims["exp"] = (now() - 1).into(), 400, "expired"),
    ("too far ahead", |_, claims| claims["exp"] = (now() + 330).into(), 400, "5 minutes"),
];

#[tokio::test]
async fn every_wrong_assertion_is_refused_by_name() {
    let server = MockServer::start(config()).await.unwrap();
    let (client, credentials) = (client(), server.demo_credentials().unwrap().clone());
    for (what, change, status, word) in WRONG {
        let mut head = header(&credentials);
        let mut body = claims(&credentials, server.token_url());
        change(&mut head, &mut body);
        let assertion = sign(&credentials, &head, &body);
        let (seen, answer) = answer(ask(&client, server.token_url(), &assertion).await).await;
        assert_eq!(seen, *status, "{what}: {answer}");
        assert_eq!(answer["error"], "invalid_request", "{what}");
        let description = answer["error_description"].as_str().unwrap();
        assert!(description.contains(word), "{what}: {description}");
        assert!(answer["message_id"].is_string(), "{what}");
        assert!(!answer.to_string().contains(credentials.api_key.expose()), "{what}");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn missing_or_wrong_parameters_are_refused_by_name() {
    let server = MockServer::start(config()).await.unwrap();
    let client = client();
    let right = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", "x"),
    ];
    for (name, _) in right {
        for value in ["", "nonsense"] {
            let form: Vec<(&str, &str)> = right
                .iter()
                .map(|(key, text)| (*key, if *key == name { value } else { *text }))
                .collect();
            let reply = client.post(server.token_url()).form(&form).send().await.unwrap();
            let (status, answer) = answer(reply).await;
            assert_eq!((status, &answer["error"]), (400, &"invalid_request".into()));
            assert!(answer["error_description"].as_str().unwrap().contains(name), "{answer}");
        }
    }
    let reply = client.post(server.token_url()).json(&json!({})).send().await.unwrap();
    assert_eq!(reply.status(), StatusCode::BAD_REQUEST);
    server.shutdown().await;
}

async fn right(
    client: &Client,
    server: &MockServer,
    credentials: &DemoCredentials,
) -> (u16, Value) {
    let body = claims(credentials, server.token_url());
    let assertion = sign(credentials, &header(credentials), &body);
    answer(ask(client, server.token_url(), &assertion).await).await
}

#[tokio::test]
async fn a_right_assertion_gets_a_token_that_works_and_works_only_once() {
    let server = MockServer::start(config()).await.unwrap();
    let (client, credentials) = (client(), server.demo_credentials().unwrap().clone());
    let body = claims(&credentials, server.token_url());
    let assertion = sign(&credentials, &header(&credentials), &body);
    let reply = ask(&client, server.token_url(), &assertion).await;
    assert_eq!(reply.headers()["cache-control"], "no-store");
    let (status, token) = answer(reply).await;
    assert_eq!(status, 200);
    assert_eq!((&token["expires_in"], &token["token_type"]), (&"599".into(), &"Bearer".into()));
    let caller = Caller::of(&server);
    let get =
        |token: &str| caller.request(Method::GET, "/letters?limit=1").bearer_auth(token).send();
    assert_eq!(
        get(token["access_token"].as_str().unwrap()).await.unwrap().status(),
        StatusCode::OK
    );
    assert_eq!(get("made-up").await.unwrap().status(), StatusCode::UNAUTHORIZED);

    let (status, again) = answer(ask(&client, server.token_url(), &assertion).await).await;
    assert_eq!(status, 400);
    assert!(again["error_description"].as_str().unwrap().contains("jti"));
    server.shutdown().await;
}

#[tokio::test]
async fn a_false_signature_and_a_key_of_another_are_refused() {
    let server = MockServer::start(config()).await.unwrap();
    let (client, known) = (client(), server.demo_credentials().unwrap().clone());
    let mut stranger = DemoCredentials::generate(known.kid.clone()).unwrap();
    stranger.api_key = known.api_key.clone();
    let (status, answer) = right(&client, &server, &stranger).await;
    assert_eq!(status, 401);
    assert!(answer["error_description"].as_str().unwrap().contains("signature"));
    server.shutdown().await;
}

#[tokio::test]
async fn keys_rotate_by_kid() {
    let old = DemoCredentials::generate("key-1").unwrap();
    let mut new = DemoCredentials::generate("key-2").unwrap();
    new.api_key = old.api_key.clone();
    // Registered as a file would be: both keys in one JWKS.
    let both = Jwks::from_json(&old.jwks_json(), "jwks.json").unwrap().with(new.jwks());
    let registration = Registration { jwks: Some(both), ..old.registration("app", "supplier") };
    let server = MockServer::start(MockConfig { registrations: vec![registration], ..config() })
        .await
        .unwrap();
    let client = client();
    assert_eq!(right(&client, &server, &old).await.0, 200);
    assert_eq!(right(&client, &server, &new).await.0, 200);
    server.shutdown().await;

    let only_new = Registration { jwks: Some(new.jwks()), ..old.registration("app", "supplier") };
    let server =
        MockServer::start(MockConfig { registrations: vec![only_new], ..config() }).await.unwrap();
    assert_eq!(right(&client, &server, &old).await.0, 401);
    assert_eq!(right(&client, &server, &new).await.0, 200);
    server.shutdown().await;
}

#[tokio::test]
async fn without_a_reachable_public_key_the_answer_is_403() {
    let credentials = DemoCredentials::shared().unwrap();
    for jwks in [None, Some(Jwks::unreachable())] {
        let registration = Registration { jwks, ..credentials.registration("app", "supplier") };
        let config = MockConfig { registrations: vec![registration], ..config() };
        let server = MockServer::start(config).await.unwrap();
        let (status, answer) = right(&client(), &server, credentials).await;
        assert_eq!((status, &answer["error"]), (403, &"public_key error".into()));
        server.shutdown().await;
    }
}

#[tokio::test]
async fn a_token_lives_as_long_as_configured_and_says_so() {
    let lifetime = std::time::Duration::from_secs(1);
    let server =
        MockServer::start(MockConfig { token_lifetime: lifetime, ..config() }).await.unwrap();
    let caller = Caller::of(&server);
    let credentials = server.demo_credentials().unwrap().clone();
    let (_, token) = right(&caller.client, &server, &credentials).await;
    assert_eq!(token["expires_in"], "1");
    let token = token["access_token"].as_str().unwrap();
    tokio::time::sleep(lifetime).await;
    let reply =
        caller.request(Method::GET, "/letters?limit=1").bearer_auth(token).send().await.unwrap();
    assert_eq!(reply.status(), StatusCode::UNAUTHORIZED);
    assert!(reply.text().await.unwrap().contains("expired"));
    server.shutdown().await;
}

#[tokio::test]
async fn two_applications_cannot_share_an_id_or_a_key() {
    let one = DemoCredentials::shared().unwrap().registration("app", "supplier");
    let same_key = Registration { application: "other".to_owned(), ..one.clone() };
    let same_name = Registration { api_key: SecretToken::new("other"), ..one.clone() };
    for other in [same_key, same_name] {
        let config = MockConfig { registrations: vec![one.clone(), other], ..config() };
        let message = MockServer::start(config).await.unwrap_err().to_string();
        assert!(message.contains("registration `"), "{message}");
    }
}
