//! The access log. Alone in its process, since a log's receiver is set for the whole of it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

mod support;

use std::io::Write;
use std::sync::{Arc, Mutex};

use letterproof_mock::{AuthMode, MockConfig, MockServer};
use reqwest::Method;
use serde_json::Value;
use support::{Caller, quick};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_access_log_has_request_ids_and_no_secrets() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let server = MockServer::start(MockConfig { auth: AuthMode::Jwt, ..quick() }).await.unwrap();
    let caller = Caller::of(&server);
    let credentials = &server.demo_credentials().unwrap().clone();
    let body = support::jwt::claims(credentials, server.token_url());
    let assertion = support::jwt::sign(credentials, &support::jwt::header(credentials), &body);
    let reply = support::jwt::ask(&caller.client, server.token_url(), &assertion).await;
    let token: Value = reply.json().await.unwrap();
    let token = token["access_token"].as_str().unwrap();
    let get = |path: &str| caller.request(Method::GET, path).bearer_auth(token);
    let list: Value = get("/letters?limit=1").send().await.unwrap().json().await.unwrap();
    let id = list["data"][0]["id"].as_str().unwrap();
    let reply = get(&format!("/letters/{id}/data")).send().await.unwrap();
    let link = reply.headers()["location"].to_str().unwrap().to_owned();
    caller.client.get(&link).send().await.unwrap();
    server.shutdown().await;

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for needed in
        ["7b6ab8c2-3f0f-4b39-9d3a-1f6a3f9c2d11", "POST /oauth2/token", "download", "status=303"]
    {
        assert!(text.contains(needed), "{needed} is not in the log:\n{text}");
    }
    let signature = link.split("X-Amz-Signature=").nth(1).unwrap().split('&').next().unwrap();
    let key: String = credentials.private_key_pem.expose().lines().nth(1).unwrap().to_owned();
    for secret in [token, &assertion, signature, credentials.api_key.expose(), &key] {
        assert!(!text.contains(secret), "a secret is in the log");
    }
}
