//! Exchanges to record, made by hand.
#![allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use letterproof_evidence::{
    BundleKey, JOURNAL_FORMAT_1, JournalHeader, JournalWriter, RunFolder, Sealing, sha256_hex,
};
use letterproof_model::{
    Actor, Connection, Context, Counts, Direction, Mode, PACK_VERSION, PackId, PackInfo,
    RESULTS_FORMAT, RawBody, RawExchange, RawOutcome, RawRequest, RawResponse, Recorder as _,
    Results, RunId, RunInfo, SupplierKind, TargetInfo, TestResult, ToolInfo, Verdict, Who, now,
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
        direction: Direction::ToApi,
        pack: PackId::Supplier,
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

pub fn results() -> Results {
    let header = header();
    Results {
        format: RESULTS_FORMAT.into(),
        run: RunInfo {
            id: header.run_id,
            started: header.started,
            finished: now(),
            tool: header.tool,
            pack: PackInfo { version: PACK_VERSION.into() },
            target: TargetInfo { name: "mock".into(), base_url: BASE.into(), capabilities: vec![] },
            window: Some(1),
            nonce: None,
            supplier: SupplierKind::Reference,
            standing: None,
            who: Who::default(),
            resumed: vec![],
            deciding: Vec::new(),
            strict: None,
            exchanges: [("GET /_status".to_owned(), 1)].into(),
        },
        tests: vec![],
        conformance: vec![],
        observer: vec![],
        findings: vec![],
        performance: vec![],
        counts: Counts::default(),
        waivers: vec![],
        exit_code: 3,
    }
}

/// A test that ended so, without criteria.
pub fn tested(number: u8, verdict: Verdict) -> TestResult {
    TestResult {
        id: format!("AT{number}").parse().unwrap(),
        title: "t".into(),
        required: true,
        selected: true,
        verdict,
        mode: Mode::Driven,
        standing: None,
        attempts: vec![],
        span: None,
        criteria: vec![],
    }
}

/// A run of a few exchanges with some of the files that reports add, neither sealed nor finished.
pub fn unsealed(out: &Path) -> RunFolder {
    let folder = RunFolder::create(out, &header().run_id).unwrap();
    let journal = JournalWriter::create(&folder.journal_path(), &header()).unwrap();
    for number in 0..4 {
        journal.record(exchange("GET", &format!("{BASE}/letters/L{number}"))).unwrap();
    }
    drop(journal);
    let mut results = results();
    results.tests = vec![
        tested(1, Verdict::Pass),
        tested(2, Verdict::NotRun),
        tested(3, Verdict::Fail),
        tested(4, Verdict::Error),
    ];
    folder.write_context(&Context::stand_in(BASE)).unwrap();
    folder.write_results(&results).unwrap();
    folder.write("AT4/letters.csv", "id,before,after\nL1,PENDING,PRINTED\n".as_bytes()).unwrap();
    folder.write("index.html", b"<!doctype html><title>t</title>".repeat(20).as_slice()).unwrap();
    folder
}

/// A finished run, sealed and zipped: its folder and its zip.
pub fn bundle(out: &Path, key: Option<&BundleKey>) -> (PathBuf, PathBuf) {
    let folder = unsealed(out);
    folder.seal(key).unwrap();
    let folder = folder.finish().unwrap();
    let zip = letterproof_evidence::archive(&folder).unwrap();
    (folder, zip)
}

/// Writes into a finished run's folder and seals it again, as a forger with time would.
pub fn forge(folder: &Path, key: Option<&BundleKey>, change: impl FnOnce(&RunFolder)) {
    let incomplete = folder.with_extension("incomplete");
    std::fs::rename(folder, &incomplete).unwrap();
    let run = RunFolder::reopen(&incomplete, Sealing::SignatureDropped).unwrap();
    change(&run);
    run.seal(key).unwrap();
    run.finish().unwrap();
}

/// The lines of a journal of format 1 with these entries, chained.
pub fn format_1(entries: &[serde_json::Value]) -> String {
    let header = JournalHeader { format: JOURNAL_FORMAT_1.to_owned(), ..header() };
    let mut lines = vec![serde_json::to_string(&header).unwrap()];
    for entry in entries {
        let prev = sha256_hex(lines.last().unwrap().as_bytes());
        let rest = serde_json::to_string(entry).unwrap();
        lines.push(format!("{{\"prev\":\"{prev}\",{}", &rest[1..]));
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// A note of format 1 that is made to look like an injection.
pub fn old_note() -> serde_json::Value {
    serde_json::json!({ "mark": { "at": "2026-08-21T10:15:01Z", "kind": "note",
        "text": "injected into ex-000002: after lunch" } })
}
