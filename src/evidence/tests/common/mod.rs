//! Exchanges to record, made by hand.
#![allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]

use letterproof_evidence::{JournalHeader, JournalWriter};
use letterproof_model::{
    Actor, Connection, RawBody, RawExchange, RawOutcome, RawRequest, RawResponse, RunId, ToolInfo,
};

pub const BASE: &str = "https://int.example/nhs-notify-supplier";

pub fn header() -> JournalHeader {
    let tool = ToolInfo { version: "0.1.0".into(), commit: "unknown".into() };
    JournalHeader::new(RunId::from("20260821t101500z-abc123"), tool, BASE)
}

pub fn journal(folder: &tempfile::TempDir) -> JournalWriter {
    JournalWriter::create(&path(folder), &header()).unwrap()
}

pub fn path(folder: &tempfile::TempDir) -> std::path::PathBuf {
    folder.path().join("journal").join("exchanges.jsonl")
}

pub fn headers(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

pub fn text(body: &str) -> RawBody {
    if body.is_empty() { RawBody::None } else { RawBody::Bytes(body.as_bytes().to_vec()) }
}

pub fn exchange(method: &str, url: &str) -> RawExchange {
    RawExchange {
        actor: Actor::Supplier,
        scenario: Some("AT4".into()),
        attempt: 1,
        scheduled: None,
        started: letterproof_model::now(),
        connection: Some(Connection { reused: true }),
        request: RawRequest {
            method: method.into(),
            url: url.into(),
            headers: headers(&[
                ("Accept", "application/vnd.api+json"),
                ("Authorization", "Bearer an-access-token-of-some-length"),
                ("X-Request-ID", "5f7e9c3e-0000-4000-8000-000000000001"),
                ("X-Correlation-ID", "5f7e9c3e-0000-4000-8000-000000000002"),
                ("User-Agent", "letterproof/0.1.0"),
            ]),
            body: RawBody::None,
        },
        outcome: RawOutcome::Response(RawResponse {
            status: 200,
            headers: headers(&[
                ("Content-Type", "application/vnd.api+json"),
                ("Date", "Fri, 21 Aug 2026 10:15:00 GMT"),
                ("X-Request-ID", "5f7e9c3e-0000-4000-8000-000000000001"),
                ("X-Correlation-ID", "5f7e9c3e-0000-4000-8000-000000000002"),
            ]),
            body: text(&letter("24L5eYSWGzCHlGmzNxuqVusPxDg")),
            headers_us: 4_000,
            done_us: 4_200,
        }),
    }
}

pub fn letter(id: &str) -> String {
    format!(
        "{{\"data\":{{\"id\":\"{id}\",\"type\":\"Letter\",\"attributes\":{{\"status\":\"PENDING\",\
         \"specificationId\":\"integration-specification-english\",\"groupId\":\"group-0001\"}}}}}}"
    )
}
