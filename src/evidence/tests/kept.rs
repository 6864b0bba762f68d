//! What reaches a record by rule: only what is known to be harmless, whatever road it came by.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;

use common::{BASE, exchange, headers, journal, path, text};
use letterproof_evidence::{ImportScope, read_har};
use letterproof_model::{RawBody, RawExchange, RawOutcome, Recorder as _};
use serde_json::{Value, json};

/// What must not be found in a record.
const CANARY: &str = "CANARY0123";

/// The bytes of a journal of these calls.
fn recorded(calls: Vec<RawExchange>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(&folder);
    for call in calls {
        journal.record(call).unwrap();
    }
    drop(journal);
    std::fs::read_to_string(path(&folder)).unwrap()
}

fn answer(raw: &mut RawExchange, named: &[(&str, &str)], body: RawBody) {
    if let RawOutcome::Response(response) = &mut raw.outcome {
        response.headers.extend(headers(named));
        response.body = body;
    }
}

fn with_headers(named: &[(&str, &str)]) -> RawExchange {
    let mut raw = exchange("GET", &format!("{BASE}/letters/L1"));
    raw.request.headers.extend(headers(named));
    answer(&mut raw, named, RawBody::None);
    raw
}

#[test]
fn nothing_that_leaked_before_leaks_now() {
    let mut calls: Vec<RawExchange> = [
        "Ocp-Apim-Subscription-Key",
        "x-functions-key",
        "X-Session-Id",
        "Authentication",
        "X-Forwarded-For",
        "X-Amz-Meta-Patient",
        "X-Amz-Meta-Sha256Hash",
        "Forwarded",
        "From",
    ]
    .map(|name| with_headers(&[(name, CANARY)]))
    .into();
    let file = format!("attachment; filename=\"{CANARY}.pdf\"; filename*=UTF-8''{CANARY}.pdf");
    calls.push(with_headers(&[("Content-Disposition", &file)]));
    for leak in ["?key=", "?code=", ";jsessionid=", "?limit=10&sessionKey=", "?", "/", "#x="] {
        let place =
            if leak == "/" { format!("/Mrs%20{CANARY}") } else { format!("{leak}{CANARY}") };
        calls.push(exchange("GET", &format!("{BASE}/letters{place}")));
        calls.push(with_headers(&[("Location", &format!("https://b.example/x{place}"))]));
        calls.push(with_headers(&[("Referer", &format!("{BASE}/letters{place}"))]));
        calls.push(exchange("POST", &format!("https://int.example/oauth2/token{place}")));
    }
    let documents = [
        json!({ "sessionKey": CANARY }),
        json!({ "data": { "id": "L1", "surname": CANARY, "attributes": { "nhsNumber": 9_434_765_919_u64 } } }),
        json!({ "data": { "attributes": { "reasonText": format!("Mrs {CANARY} moved") } } }),
        json!({ "errors": [{ "title": CANARY, "detail": format!("no {CANARY}") }] }),
        json!({ "developer.email": CANARY, "token_type": format!("{CANARY}{CANARY}") }),
        json!({ "data": [{ "id": format!("Mrs {CANARY}"), "attributes": { (format!("Mrs {CANARY}")): 1 } }] }),
        json!(format!("Mrs {CANARY}")),
    ];
    let urls =
        ["/letters", "/letters/L1", "/mi", "/_status", "/nowhere"].map(|p| format!("{BASE}{p}"));
    for url in urls.iter().map(String::as_str).chain(["https://int.example/oauth2/token"]) {
        for document in &documents {
            for method in ["GET", "POST", "PATCH"] {
                let mut raw = exchange(method, url);
                raw.request.body = text(&document.to_string());
                answer(&mut raw, &[], text(&document.to_string()));
                calls.push(raw);
            }
        }
    }
    let mut form = exchange("POST", "https://int.example/oauth2/token");
    form.request.headers = headers(&[("Content-Type", "application/x-www-form-urlencoded")]);
    form.request.body =
        text(&format!("grant_type={CANARY}&scope={CANARY}&code={CANARY}&{CANARY}+x=1"));
    answer(&mut form, &[], text(&format!("<p>Dear Mrs {CANARY}</p>")));
    calls.push(form);
    let bytes = recorded(calls);
    let found = bytes.find("CANARY").or_else(|| bytes.find("9434765919"));
    assert_eq!(found.map(|at| &bytes[at.saturating_sub(200)..at + 20]), None);
    for kept in
        ["Ocp-Apim-Subscription-Key", "\\\"surname\\\":\\\"redacted:", "attachment; redacted:"]
    {
        assert!(bytes.contains(kept), "{kept}");
    }
}

#[test]
fn what_is_packed_is_not_kept_at_all() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    encoder.write_all(format!("a letter to {CANARY}").as_bytes()).unwrap();
    let packed = encoder.finish().unwrap();
    let mut raw = exchange("POST", &format!("{BASE}/letters"));
    raw.request.body = RawBody::Bytes(packed.clone());
    answer(&mut raw, &[("Content-Encoding", "gzip")], RawBody::Bytes(packed));
    let bytes = recorded(vec![raw]);
    assert!(!bytes.contains(CANARY) && bytes.contains("\"kind\":\"opaque\""), "{bytes}");
}

#[test]
fn equal_values_stay_comparable_within_a_record_and_in_no_other() {
    let shown = || {
        let folder = tempfile::tempdir().unwrap();
        let journal = journal(&folder);
        [CANARY, CANARY, "another"].map(|value| {
            let exchange = journal.record(with_headers(&[("X-Session-Id", value)])).unwrap();
            exchange.request.header("x-session-id").unwrap().to_owned()
        })
    };
    let one = shown();
    assert!(one[0].starts_with("redacted:"), "{one:?}");
    assert_eq!(one[0], one[1]);
    assert_ne!(one[0], one[2]);
    assert_ne!(one[0], shown()[0]);
}

/// The names that a source text asks headers for: `header("…")`, `header_value(…, "…")`.
fn asked_for(source: &str) -> BTreeSet<String> {
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let mut names = BTreeSet::new();
    let first = |rest: &str| rest.trim_start().strip_prefix('"').map(str::to_owned);
    let named = source.split(".header(").skip(1).filter_map(first);
    let second = |rest: &str| first(rest.split_once(',')?.1);
    let of_list = source.split("header_value(").skip(1).filter_map(second);
    for rest in named.chain(of_list) {
        names.extend(rest.split('"').next().map(str::to_ascii_lowercase));
    }
    names.retain(|name| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    });
    names
}

fn sources(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("tests") {
            sources(&path, names);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            names.extend(asked_for(&std::fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn every_header_that_is_read_from_a_record_is_kept_in_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut names = BTreeSet::new();
    for folder in [
        "src/judge/src",
        "src/traffic/src",
        "src/contract/src",
        "reports/src",
        "src/harness/src",
        "src/cli/src",
        "steps/src",
    ] {
        sources(&root.join(folder), &mut names);
    }
    // Those that the echoes are checked by, and the probes sent with, are named by variables.
    names.extend(
        ["x-request-id", "x-correlation-id", "content-type", "accept", "authorization"]
            .map(str::to_owned),
    );
    assert!(names.len() >= 10, "{names:?}");
    for name in &names {
        let value = match &**name {
            "location" => "https://b.example/letters/L1.pdf",
            "x-amz-meta-sha256hash" => &"0f".repeat(32),
            "authorization" => "Bearer",
            _ => "some-value",
        };
        let folder = tempfile::tempdir().unwrap();
        let exchange = journal(&folder).record(with_headers(&[(name, value)])).unwrap();
        let kept = exchange.response().unwrap().headers.last().unwrap();
        assert_eq!((&*kept.name, &*kept.value), (name.as_str(), value), "{name}");
    }
}

#[test]
fn an_imported_recording_passes_the_same_rules() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/har/plain.har");
    let mut har: Value = serde_json::from_slice(&std::fs::read(case).unwrap()).unwrap();
    let base = "https://int.api.service.nhs.uk/nhs-notify-supplier";
    let entry = &mut har["log"]["entries"][0];
    for part in ["request", "response"] {
        for name in ["X-Session-Id", "Ocp-Apim-Subscription-Key"] {
            let header = json!({ "name": name, "value": CANARY });
            entry[part]["headers"].as_array_mut().unwrap().push(header);
        }
    }
    let url = format!("{}?key={CANARY}", entry["request"]["url"].as_str().unwrap());
    entry["request"]["url"] = url.into();
    let body = json!({ "data": [], "surname": CANARY });
    entry["response"]["content"] =
        json!({ "size": 1, "mimeType": "application/json", "text": body.to_string() });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("traffic.har");
    std::fs::write(&file, har.to_string()).unwrap();
    let import = read_har(&file, &ImportScope { base_url: base, token_url: None }).unwrap();
    let journal = journal(&folder);
    import.append_to(&journal).unwrap();
    let bytes = std::fs::read_to_string(path(&folder)).unwrap();
    assert!(bytes.contains("X-Session-Id") && bytes.contains("surname"), "{bytes}");
    assert!(!bytes.contains(CANARY), "{bytes}");
}

#[cfg(unix)]
#[test]
fn a_journal_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    drop(journal(&folder));
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path(&folder)), 0o600);
    assert_eq!(mode(path(&folder).parent().unwrap()), 0o700);
}
