//! Every report of the same small bundle, held against a reviewed snapshot and against its rules.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use std::sync::Arc;

use common::{bundle, environment, exchange, extras};
use letterproof_evidence::Bundle;
use letterproof_model::{Body, ExchangeId, Header, Outcome, Recording, Verdict};
use letterproof_reports::{Extras, ReportError, har};

fn html(bundle: &Bundle) -> Result<String, ReportError> {
    letterproof_reports::html(bundle, &Extras::default())
}

fn junit(bundle: &Bundle) -> Result<String, ReportError> {
    letterproof_reports::junit(bundle, &Extras::default())
}

fn har_text(bundle: &Bundle) -> String {
    let mut output = Vec::new();
    har(bundle, &mut output).unwrap();
    String::from_utf8(output).unwrap()
}

#[test]
fn the_junit_report_is_the_one_that_was_reviewed() {
    insta::assert_snapshot!(junit(&bundle()).unwrap());
}

#[test]
fn the_har_file_is_the_one_that_was_reviewed() {
    insta::assert_snapshot!(har_text(&bundle()));
}

#[test]
fn the_page_is_the_one_that_was_reviewed() {
    let mut bundle = bundle();
    bundle.environment = Some(environment());
    common::waive(&mut bundle, "AT4.3", "2026-12-01");
    let page = letterproof_reports::html(&bundle, &extras()).unwrap();
    // For the eye, and for accessibility/check.mjs.
    std::fs::write(concat!(env!("CARGO_TARGET_TMPDIR"), "/report.html"), &page).unwrap();
    let (before, rest) = page.split_once("<style>").unwrap();
    let (_, after) = rest.split_once("</style>").unwrap();
    insta::assert_snapshot!(format!("{before}<style></style>{after}"));
}

#[test]
fn the_bundle_of_these_tests_follows_the_published_schema() {
    let contract = letterproof_contract::Contract::built_in().unwrap();
    let results = serde_json::to_value(&bundle().results).unwrap();
    let faults = contract.faults(letterproof_contract::Document::Results, &results);
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn failures_and_errors_are_never_mixed_in_junit() {
    let mut bundle = bundle();
    let broken = &mut bundle.results.tests[6];
    broken.verdict = Verdict::Error;
    broken.attempts[0].outcome = Some("the journal could not be written".into());
    let xml = junit(&bundle).unwrap();
    assert_eq!(xml.matches("<failure ").count(), 2, "AT4.3 and the broken contract check");
    assert_eq!(xml.matches("<error ").count(), 1, "AT7, which broke off");
    assert!(xml.contains("message=\"the journal could not be written\""));
    let failure = xml.split("<failure ").nth(1).unwrap().split("</failure>").next().unwrap();
    for part in ["each of the 1,000 letters", "24L5eYSWGzCHlGmzNxuqV0007", "ex-000005", "→ 200"] {
        assert!(failure.contains(part), "{part} in {failure}");
    }
    assert!(
        !xml.contains("&more ]]>")
            && xml.matches("<![CDATA[").count() == xml.matches("]]>").count()
    );
}

/// What Jenkins' xUnit plugin takes (its schema junit-10, in our words): these elements with these
/// attributes, and times in seconds with at most three decimals.
#[test]
fn the_junit_report_holds_nothing_that_jenkins_refuses() {
    const ALLOWED: [(&str, &str, &[&str]); 9] = [
        ("testsuites", "", &["name", "time", "tests", "failures", "errors", "disabled"]),
        (
            "testsuite",
            "testsuites",
            &[
                "name",
                "tests",
                "failures",
                "errors",
                "skipped",
                "time",
                "timestamp",
                "hostname",
                "id",
                "package",
                "group",
                "file",
                "log",
                "url",
                "version",
            ],
        ),
        ("properties", "testsuite", &[]),
        ("property", "properties", &["name", "value"]),
        ("testcase", "testsuite", &["name", "time", "classname", "group"]),
        ("skipped", "testcase", &["type", "message"]),
        ("failure", "testcase", &["type", "message"]),
        ("error", "testcase", &["type", "message"]),
        ("system-out", "testcase", &[]),
    ];
    const REQUIRED: [(&str, &[&str]); 2] =
        [("testsuite", &["name", "tests", "failures", "errors"]), ("testcase", &["name"])];
    // Lengths that are no whole milliseconds, also once they are shared among the clauses.
    let mut bundle = bundle();
    for (number, test) in bundle.results.tests.iter_mut().enumerate() {
        for attempt in &mut test.attempts {
            let odd = 1_234_567 * (i64::try_from(number).unwrap() + 1) + 1;
            let finished = attempt.started.as_microsecond() + odd;
            attempt.finished = letterproof_model::Timestamp::from_microsecond(finished).ok();
        }
    }
    let xml = junit(&bundle).unwrap();
    let mut open: Vec<String> = vec![String::new()];
    let mut times = 0;
    for (name, attributes, kind) in elements(&xml) {
        match kind {
            Tag::End => {
                assert_eq!(open.pop().as_deref(), Some(name.as_str()));
                continue;
            }
            Tag::Start | Tag::Empty => {}
        }
        let parent = open.last().unwrap();
        let allowed = ALLOWED.iter().find(|(known, ..)| *known == name);
        let (_, below, known) = allowed.unwrap_or_else(|| panic!("an element {name}"));
        assert_eq!(parent, below, "{name}");
        for (attribute, value) in &attributes {
            assert!(known.contains(&attribute.as_str()), "{name} {attribute}");
            if attribute == "time" {
                let decimals = value.split_once('.').map_or("", |(_, decimals)| decimals);
                let digits = value.chars().all(|c| c.is_ascii_digit() || c == '.');
                assert!(digits && decimals.len() <= 3, "{name} time={value}");
                times += usize::from(!decimals.is_empty());
            }
        }
        for (_, required) in REQUIRED.iter().filter(|(of, _)| *of == name) {
            let has = |wanted: &&str| attributes.iter().any(|(attribute, _)| attribute == wanted);
            assert!(required.iter().all(has), "{name}");
        }
        if kind == Tag::Start {
            open.push(name);
        }
    }
    assert_eq!(open, [""], "every element is closed");
    assert!(times > 10, "{times} times with decimals");
}

/// An element's name, its attributes, and which tag of it stands there.
type Element = (String, Vec<(String, String)>, Tag);

#[derive(PartialEq, Eq)]
enum Tag {
    Start,
    Empty,
    End,
}

/// The elements of a document without its text, as far as our reports use XML.
fn elements(xml: &str) -> Vec<Element> {
    let mut found = Vec::new();
    let mut rest = xml;
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        if let Some(data) = rest.strip_prefix("<![CDATA[") {
            rest = &data[data.find("]]>").unwrap()..];
            continue;
        }
        let (tag, after) = rest[1..].split_once('>').unwrap();
        rest = after;
        if tag.starts_with('?') {
            continue;
        }
        let kind = match (tag.starts_with('/'), tag.ends_with('/')) {
            (true, _) => Tag::End,
            (_, true) => Tag::Empty,
            _ => Tag::Start,
        };
        let tag = tag.trim_matches('/');
        let (name, mut list) = tag.split_once(' ').unwrap_or((tag, ""));
        let mut attributes = Vec::new();
        while let Some((attribute, value)) = list.split_once("=\"") {
            let (value, after) = value.split_once('"').unwrap();
            attributes.push((attribute.trim().to_owned(), value.to_owned()));
            list = after;
        }
        found.push((name.trim().to_owned(), attributes, kind));
    }
    found
}

#[test]
fn every_har_entry_has_the_fields_that_har_1_2_requires() {
    let har: serde_json::Value = serde_json::from_str(&har_text(&bundle())).unwrap();
    let log = &har["log"];
    assert_eq!(log["version"], "1.2");
    assert!(log["creator"]["name"].is_string() && log["creator"]["version"].is_string());
    let entries = log["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 9);
    for entry in entries {
        // `YYYY-MM-DDThh:mm:ss.ssssssZ`, which every reader takes.
        let started = entry["startedDateTime"].as_str().unwrap();
        assert!(started.len() == 27 && started.ends_with('Z'), "{started}");
        assert!(entry["cache"].is_object());
        // mitmproxy opens no file with a body that has no text, a form's neither.
        if let Some(post) = entry["request"].get("postData") {
            assert!(post["mimeType"].is_string() && post["text"].is_string(), "{post}");
        }
        let timings = &entry["timings"];
        let sum: f64 =
            ["send", "wait", "receive"].iter().map(|name| timings[name].as_f64().unwrap()).sum();
        assert!((entry["time"].as_f64().unwrap() - sum).abs() < 0.001);
        for field in ["method", "url", "httpVersion"] {
            assert!(entry["request"][field].is_string(), "{field}");
        }
        for field in ["cookies", "headers", "queryString"] {
            assert!(entry["request"][field].is_array(), "{field}");
        }
        for field in ["headersSize", "bodySize"] {
            assert!(entry["request"][field].is_i64() && entry["response"][field].is_i64());
        }
        for field in ["statusText", "httpVersion", "redirectURL"] {
            assert!(entry["response"][field].is_string(), "{field}");
        }
        assert!(entry["response"]["status"].is_u64());
        assert!(entry["response"]["content"]["size"].is_u64());
        assert!(entry["response"]["content"]["mimeType"].is_string());
        assert!(entry["comment"].as_str().unwrap().starts_with("ex-"));
    }
    assert_eq!(entries[8]["response"]["status"], 0);
    assert_eq!(entries[8]["response"]["_error"], "no answer within 30 s");
}

#[test]
fn the_page_names_every_test_and_every_criterion_and_every_link_leads_somewhere() {
    let bundle = bundle();
    let page = html(&bundle).unwrap();
    for test in &bundle.results.tests {
        assert!(page.contains(&format!("id=\"{}\"", test.id)), "{}", test.id);
        for criterion in &test.criteria {
            assert!(page.contains(&format!("id=\"{}\"", criterion.id)), "{}", criterion.id);
        }
    }
    for link in page.split("href=\"#").skip(1) {
        let target = link.split('"').next().unwrap();
        assert!(page.contains(&format!("id=\"{target}\"")), "#{target}");
    }
    let mut ids: Vec<&str> =
        page.split(" id=\"").skip(1).map(|id| id.split('"').next().unwrap()).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "an id stands twice");
}

#[test]
fn the_page_fetches_nothing_and_runs_nothing() {
    let mut bundle = bundle();
    let mut hostile = exchange(10, "GET", "/letters/\"><script>alert(1)</script>", 200, Body::None);
    hostile.request.headers.push(Header {
        name: "X-Correlation-ID".into(),
        value: "<img src=x onerror=alert(1)>".into(),
    });
    if let Outcome::Response(response) = &mut hostile.outcome {
        response.body = Body::Text { text: "</pre><script src=//evil.example></script>".into() };
    }
    bundle.journal.recording.push(Arc::new(hostile));
    let criterion = &mut bundle.results.tests[3].criteria[2];
    criterion.exchanges.push(ExchangeId::from("ex-000010"));
    criterion.observed = "<script>alert(2)</script>".into();
    let page = html(&bundle).unwrap();
    for never in ["<script", "<img", "<link", "@import", "url(", "src=\"", "javascript:"] {
        assert!(!page.contains(never), "{never}");
    }
    assert!(page.contains("&lt;script&gt;alert(2)"));
}

#[test]
fn a_large_run_stays_a_small_page() {
    let mut bundle = bundle();
    let long = format!("{{\"data\":\"{}\"}}", "x".repeat(50_000));
    let exchanges = (1..=10_000)
        .map(|n| Arc::new(exchange(n, "GET", "/letters/L", 200, Body::Json { text: long.clone() })))
        .collect();
    bundle.journal.recording = Recording::new(exchanges, vec![]);
    for (at, criterion) in
        bundle.results.tests.iter_mut().flat_map(|test| &mut test.criteria).enumerate()
    {
        criterion.verdict = Verdict::Fail;
        criterion.exchanges =
            (1..=25).map(|n| ExchangeId::new(format!("ex-{:06}", at as u64 * 25 + n))).collect();
        criterion.exchange_count = 1_000;
    }
    let page = html(&bundle).unwrap();
    assert!(page.len() < 10_000_000, "{} bytes", page.len());
    assert!(page.matches("class=\"exchange\"").count() > 1_000);
    assert!(page.contains("and 975 more in the journal"));
}
