//! The sandbox profile against the recorded exchanges of the public sandbox's own code.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

mod support;

use base64::Engine as _;
use letterproof_mock::{MockConfig, MockServer, Profile};
use reqwest::Method;
use serde_json::Value;
use support::{client, conclude, recorded};

/// The body a recording stands for: long and UTF-16 ones are kept as length and beginning only.
fn body(exchange: &Value, all: &[Value]) -> Option<Vec<u8>> {
    let text = exchange["request"]["body"].as_str()?;
    let Some((size, rest)) = text.strip_prefix('<').and_then(|text| text.split_once(" bytes b64:"))
    else {
        return Some(text.as_bytes().to_vec());
    };
    let size: usize = size.parse().unwrap();
    let start = rest.trim_end_matches(">").trim_end_matches('.');
    let start = &start[..start.len() / 4 * 4];
    let start = base64::prelude::BASE64_STANDARD.decode(start).unwrap();
    let name = exchange["name"].as_str().unwrap();
    let whole: Vec<u8> = if name.contains("really UTF-16") {
        let path = &exchange["request"]["path"];
        let method = &exchange["request"]["method"];
        let plain = all
            .iter()
            .find(|other| {
                other["request"]["path"] == *path
                    && other["request"]["method"] == *method
                    && other["name"].as_str().unwrap().contains("text/plain")
            })
            .unwrap();
        let text = format!("\u{FEFF}{}", plain["request"]["body"].as_str().unwrap());
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    } else {
        let items: Vec<String> = (0..(size - 10) / 94)
            .map(|at| {
                format!(
                    "{{\"type\": \"Letter\", \"id\": \"id{at:025}\", \"attributes\": {{\"status\": \"PRINTED\"}}}}"
                )
            })
            .collect();
        format!("{{\"data\": [{}]}}", items.join(", ")).into_bytes()
    };
    assert!(whole.starts_with(&start), "{name}: the rebuilt body begins otherwise");
    assert_eq!(whole.len(), size, "{name}: the rebuilt body has another length");
    Some(whole)
}

#[tokio::test]
async fn the_sandbox_profile_agrees_with_the_recorded_sandbox() {
    let Some(all) = recorded("sandbox-capture.jsonl") else { return };
    let config = MockConfig { profile: Profile::Sandbox, ..MockConfig::default() };
    let server = MockServer::start(config).await.unwrap();
    let client = client();
    let mut differences = Vec::new();
    for exchange in &all {
        let number = exchange["n"].as_u64().unwrap() as usize;
        let (request, expected) = (&exchange["request"], &exchange["response"]);
        let method: Method = request["method"].as_str().unwrap().parse().unwrap();
        let url = format!("{}{}", server.base_url(), request["path"].as_str().unwrap());
        let mut builder = client.request(method.clone(), url);
        for (name, value) in request["headers"].as_object().unwrap() {
            builder = builder.header(name, value.as_str().unwrap());
        }
        if let Some(body) = body(exchange, &all) {
            builder = builder.body(body);
        }
        let reply = builder.send().await.unwrap();
        let header = |name: &str| {
            let value = reply.headers().get(name)?;
            Some(Value::from(value.to_str().unwrap()))
        };
        let or_null = |value: Option<Value>| value.unwrap_or(Value::Null);
        let mut seen = vec![
            ("status", Value::from(reply.status().as_u16())),
            ("content_type", or_null(header("content-type"))),
            ("x_request_id", or_null(header("x-request-id"))),
            ("x_correlation_id", or_null(header("x-correlation-id"))),
        ];
        // The download target is aside, but there must be one where there was one.
        if expected["location"].is_null() != header("location").is_none() {
            seen.push(("location", or_null(header("location"))));
        }
        let text = reply.text().await.unwrap();
        let body = match serde_json::from_str(&text) {
            Ok(value) => value,
            Err(_) if text.is_empty() => Value::Null,
            Err(_) => Value::from(text),
        };
        seen.push(("body", body));
        let wrong: Vec<String> = seen
            .into_iter()
            .filter(|(key, value)| expected[*key] != *value)
            .map(|(key, value)| format!("{key} is {value}, was {}", expected[key]))
            .collect();
        if !wrong.is_empty() {
            differences.push((number, format!("{}: {}", exchange["name"], wrong.join("; "))));
        }
    }
    assert_eq!(all.len(), 149);
    conclude("sandbox", all.len(), &differences);
    server.shutdown().await;
}

#[tokio::test]
async fn the_link_of_the_sandbox_leads_to_a_readable_document() {
    let config = MockConfig { profile: Profile::Sandbox, ..MockConfig::default() };
    let server = MockServer::start(config).await.unwrap();
    let caller = support::Caller::of(&server);
    let link = caller.link("2AL5eYSWGzCHlGmzNxuqVusPxDg").await;
    assert!(link.starts_with(server.base_url().trim_end_matches("/nhs-notify-supplier")));
    let bytes = caller.client.get(link).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(lopdf::Document::load_mem(&bytes).unwrap().get_pages().len(), 1);
    server.shutdown().await;
}
