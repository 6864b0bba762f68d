//! Probes of quota, failures and the wire.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::{Ground, Probe, Stage, probe, stage};

pub(crate) const PROBES: &[Probe] = &[
    probe!("quota-early=5", Wide, burst_served),
    probe!("quota-never", Quota, burst_limited),
    probe!("quota-empty", Quota, burst_limited),
    probe!("quota-503", Quota, burst_limited),
    probe!("status-500=always", Open, served),
    probe!("status-502=always", Open, served),
    probe!("status-503=always", Open, served),
    probe!("reset=always", Open, served),
    probe!("stall=20s", Open, served),
    probe!("slow-body=20s", Open, served),
    probe!("hang-body", Open, served),
    probe!("oversize=1", Open, served),
    probe!("bomb=1", Open, served),
];

/// A whole, sensibly sized, uncompressed answer within a few seconds.
async fn served(stage: &Stage) -> bool {
    let request = stage.caller.request(Method::GET, "/letters?limit=2");
    let Ok(reply) = request.timeout(Duration::from_secs(4)).send().await else { return false };
    let status = reply.status();
    let plain = !reply.headers().contains_key("content-encoding");
    let Ok(body) = reply.bytes().await else { return false };
    status == StatusCode::OK && plain && body.len() < 2_000
}

/// More calls than five in a second, even where a new second begins among them.
async fn burst(stage: &Stage) -> Vec<(StatusCode, Vec<u8>)> {
    let mut seen = Vec::new();
    for _ in 0..20 {
        let reply = stage.caller.get("/letters?limit=1").await;
        seen.push((reply.status(), reply.bytes().await.unwrap().to_vec()));
    }
    seen
}

async fn burst_served(stage: &Stage) -> bool {
    burst(stage).await.iter().all(|(status, _)| *status == StatusCode::OK)
}

/// Calls beyond the limit are answered with 429 and the whole of its body.
pub(crate) async fn burst_limited(stage: &Stage) -> bool {
    let seen = burst(stage).await;
    let limited = seen.iter().find(|(status, _)| *status == StatusCode::TOO_MANY_REQUESTS);
    limited.is_some_and(|(_, body)| {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        body["limit"] == 5
            && body["scope"] == "application"
            && body["policy"] == "quota"
            && body["ratelimiting_expiry_time_ms"].is_i64()
            && body["message_id"].is_string()
    })
}

#[tokio::test]
async fn a_reset_is_a_reset_and_not_an_orderly_end() {
    let stage = stage(Ground::Open, Some("reset=always")).await;
    let url = reqwest::Url::parse(&stage.caller.base).unwrap();
    let address = (url.host_str().unwrap(), url.port().unwrap());
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET /_status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").await.unwrap();
    let ended = client.read(&mut [0; 64]).await;
    assert_eq!(ended.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
}
