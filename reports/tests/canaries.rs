//! Secrets that a recorder replaced stay replaced: no report finds a way back to them.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use std::path::{Path, PathBuf};

use common::{BASE, at, bundle, extras};
use letterproof_evidence::{JournalWriter, RunFolder, read_journal};
use letterproof_model::{
    Actor, Content, Direction, PackId, RawBody, RawExchange, RawOutcome, RawRequest, RawResponse,
    Recorder as _,
};
use letterproof_reports::write_all_with;

const TOKEN: &str = "canary-token-Zm9vYmFyYmF6cXV4";
const ASSERTION: &str = "eyJhbGciOiJSUzUxMiJ9.Y2FuYXJ5LWFzc2VydGlvbg.Y2FuYXJ5c2ln";
const API_KEY: &str = "canary-api-key-0123456789";
const SIGNATURE: &str = "canary5ca1ab1e0ddba11canary";
const CANARIES: [&str; 4] = [TOKEN, ASSERTION, API_KEY, SIGNATURE];

fn raw(method: &str, url: &str, body: &str, status: u16, answer: RawBody) -> RawExchange {
    let headers = vec![
        ("Authorization".to_owned(), format!("Bearer {TOKEN}")),
        ("apikey".to_owned(), API_KEY.to_owned()),
        ("X-Request-ID".to_owned(), "5f7e9c3e-0000-4000-8000-000000000001".to_owned()),
        ("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
    ];
    RawExchange {
        actor: Actor::Supplier,
        direction: Direction::ToApi,
        pack: PackId::Supplier,
        scenario: Some("AT15 The queue is taken in".into()),
        attempt: 1,
        scheduled: None,
        started: at(1),
        connection: None,
        request: RawRequest {
            method: method.into(),
            url: url.into(),
            headers,
            body: match body {
                "" => RawBody::None,
                body => RawBody::Bytes(body.as_bytes().to_vec()),
            },
        },
        outcome: RawOutcome::Response(RawResponse {
            status,
            headers: vec![
                ("Content-Type".to_owned(), "application/json".to_owned()),
                ("Location".to_owned(), link()),
            ],
            body: answer,
            headers_us: 2_000,
            done_us: 3_000,
        }),
    }
}

fn link() -> String {
    format!("https://bucket.example/a.pdf?X-Amz-Expires=60&X-Amz-Signature={SIGNATURE}")
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

#[test]
fn what_was_replaced_in_the_journal_is_in_no_report() {
    let out = tempfile::tempdir().unwrap();
    let mut bundle = bundle();
    let folder = RunFolder::create(out.path(), &bundle.results.run.id).unwrap();
    let writer = JournalWriter::create(&folder.journal_path(), &bundle.journal.header).unwrap();
    let form = format!("grant_type=client_credentials&client_assertion={ASSERTION}");
    let token = format!("{{\"access_token\":\"{TOKEN}\",\"expires_in\":\"599\"}}");
    let content = Content {
        length: 9,
        sha256: "ab".repeat(32),
        pages: Some(1),
        repaired: None,
        problem: None,
    };
    for exchange in [
        raw("POST", "https://int.example/oauth2/token", &form, 200, RawBody::Bytes(token.into())),
        raw("GET", &format!("{BASE}/letters/L1/data"), "", 303, RawBody::None),
        raw("GET", &link(), "", 200, RawBody::Download { content, pdf: true }),
        raw("GET", &format!("{BASE}/letters?limit=1&apikey={API_KEY}"), "", 400, RawBody::None),
    ] {
        writer.record(exchange).unwrap();
    }
    drop(writer);
    bundle.journal = read_journal(&folder.journal_path()).unwrap();
    let shown = &mut bundle.results.tests[3].criteria[2].exchanges;
    *shown = (1..=4).map(|n| letterproof_model::ExchangeId::new(format!("ex-{n:06}"))).collect();
    write_all_with(&bundle, &folder, &extras()).unwrap();

    let mut found = Vec::new();
    files(folder.path(), &mut found);
    assert!(found.len() > 20, "{found:?}");
    for path in found {
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        for canary in CANARIES {
            assert!(!text.contains(canary), "{canary} in {}", path.display());
        }
    }
    let page = std::fs::read_to_string(folder.path().join("index.html")).unwrap();
    assert!(page.contains("redacted:"), "the exchanges are shown, with their secrets replaced");
}
