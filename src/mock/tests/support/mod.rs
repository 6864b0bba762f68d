//! What the tests share: a client that follows nothing, and a reader of recorded exchanges.
#![allow(dead_code, missing_docs, unreachable_pub)]

pub mod jwt;

use std::time::Duration;

use letterproof_mock::{AuthMode, Fault, LetterPlan, MockConfig, MockServer, SeedPlan};
use letterproof_testing::upstream;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;

/// A mock that is quick and open, with few letters and small documents.
pub fn quick() -> MockConfig {
    MockConfig {
        letters: 40,
        seeds: SeedPlan {
            pdf_bytes: 4_000,
            letters: vec![
                LetterPlan::share("integration-specification-english", "group-english", 3.0),
                LetterPlan::share("integration-specification-braille", "group-accessible", 1.0),
            ],
        },
        auth: AuthMode::None,
        apply_delay: Duration::ZERO,
        queue_lag: Duration::ZERO,
        rate_limit: None,
        ..MockConfig::default()
    }
}

pub fn with_fault(fault: &str) -> MockConfig {
    MockConfig { faults: vec![Fault::parse(fault).unwrap()], ..quick() }
}

pub fn client() -> Client {
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .no_gzip()
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap()
}

/// A caller of one mock.
pub struct Caller {
    pub client: Client,
    pub base: String,
}

impl Caller {
    pub fn of(server: &MockServer) -> Self {
        Self { client: client(), base: server.base_url().to_owned() }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.base))
            .header("X-Request-ID", "7b6ab8c2-3f0f-4b39-9d3a-1f6a3f9c2d11")
            .header("X-Correlation-ID", "flow-1")
    }

    pub async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    pub async fn json(&self, path: &str) -> Value {
        self.get(path).await.json().await.unwrap()
    }

    pub async fn send(&self, method: Method, path: &str, body: impl Into<String>) -> Response {
        self.request(method, path)
            .header("Content-Type", "application/vnd.api+json")
            .body(body.into())
            .send()
            .await
            .unwrap()
    }

    pub async fn list(&self, limit: usize) -> Vec<Value> {
        let list = self.json(&format!("/letters?limit={limit}")).await;
        list["data"].as_array().cloned().unwrap_or_default()
    }

    pub async fn ids(&self, limit: usize) -> Vec<String> {
        let list = self.list(limit).await;
        list.iter().map(|letter| letter["id"].as_str().unwrap_or_default().to_owned()).collect()
    }

    pub async fn status(&self, id: &str) -> String {
        let letter = self.json(&format!("/letters/{id}")).await;
        letter["data"]["attributes"]["status"].as_str().unwrap_or_default().to_owned()
    }

    pub async fn patch(&self, id: &str, status: &str) -> Response {
        let body = serde_json::json!({ "data": item(id, status) });
        self.send(Method::PATCH, &format!("/letters/{id}"), body.to_string()).await
    }

    pub async fn bulk(&self, ids: &[String], status: &str) -> Response {
        let items: Vec<Value> = ids.iter().map(|id| item(id, status)).collect();
        self.send(Method::POST, "/letters", serde_json::json!({ "data": items }).to_string()).await
    }

    pub async fn link(&self, id: &str) -> String {
        let reply = self.get(&format!("/letters/{id}/data")).await;
        reply.headers()["location"].to_str().unwrap().to_owned()
    }
}

pub fn item(id: &str, status: &str) -> Value {
    serde_json::json!({ "id": id, "type": "Letter", "attributes": { "status": status } })
}

/// The recorded exchanges of a file; where it is missing the test is skipped.
pub fn recorded(file: &str) -> Option<Vec<Value>> {
    let text = std::fs::read_to_string(upstream(file)?).unwrap();
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// Differences from the recorded exchanges that are left on purpose: the recording, the number of
/// the exchange in it (from 1), and why.
pub const DELIBERATE: &[(&str, usize, &str)] = &[
    (
        "sandbox",
        148,
        "the original serves the official specification, whose text is not ours to copy; the mock serves an outline",
    ),
    (
        "sandbox",
        149,
        "the original serves a page that shows the official specification; the mock says that it does not hold it",
    ),
];

/// Sorts differences into deliberate and wrong ones, prints the count and fails on wrong ones,
/// and on table rows that no longer differ.
pub fn conclude(recording: &str, total: usize, differences: &[(usize, String)]) {
    let reason = |number: usize| {
        DELIBERATE.iter().find(|row| row.0 == recording && row.1 == number).map(|row| row.2)
    };
    let agreeing = total - differences.len();
    println!("{recording}: {agreeing} of {total} exchanges agree");
    let mut wrong = Vec::new();
    for (number, difference) in differences {
        match reason(*number) {
            Some(reason) => println!("  {number}: differs on purpose: {reason}"),
            None => wrong.push(format!("{number}: {difference}")),
        }
    }
    assert!(wrong.is_empty(), "{} unlisted differences:\n{}", wrong.len(), wrong.join("\n"));
    for row in DELIBERATE.iter().filter(|row| row.0 == recording) {
        assert!(differences.iter().any(|(number, _)| *number == row.1), "{row:?} agrees by now");
    }
}
