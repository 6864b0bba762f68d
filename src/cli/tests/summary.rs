//! `letterproof summary`, the page on paper, and the reports of a load.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod support;

use std::fs;

use support::bundles::{copied, failing, faults, sound, text};
use support::{command, run_folder};

/// Columns that every e-mail program shows unbroken.
const COLUMNS: usize = 72;

#[test]
fn a_bundle_is_told_as_a_text_for_an_e_mail() {
    let ended = command(&["summary", text(&sound().zip)]).ended();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    for words in [
        "All 5 selected required tests passed, on a mock only\n====",
        "Driven at a mock: letterproof made the calls, which",
        "Nonce          NHS-2026-0815",
        "Window         1",
        "AT4   passed          Accept a list of letters in one update\n",
        "Statements still needed (7)\n",
        "AT3.7    The supplier's processing log shows one job for each letter.",
        "Not run (10): AT5, AT6,",
        "Driven only (5): AT1, AT2, AT3, AT4, AT7.",
        "Shown on a mock only (5): AT1, AT2, AT3, AT4, AT7. INT is still to",
        "How to check this\n",
        "--key supplier.pub.pem\n",
        "Verified by letterproof ",
    ] {
        assert!(ended.stdout.contains(words), "{words} in {}", ended.stdout);
    }
    for line in ended.stdout.lines() {
        assert!(line.chars().count() <= COLUMNS, "{line}");
        assert_eq!(line, line.trim_end());
    }
    let lost = command(&["summary", text(failing())]).ended();
    assert_eq!(lost.code, 0, "{}", lost.stderr);
    assert!(lost.stdout.starts_with("1 required test failed\n"), "{}", lost.stdout);
    assert!(lost.stdout.contains("Failed (1): AT4.3. What went wrong"), "{}", lost.stdout);
    assert!(lost.stdout.contains("It is not signed: nothing shows"), "{}", lost.stdout);
}

#[test]
fn the_same_is_told_as_json() {
    let ended = command(&["summary", text(&sound().folder), "--format", "json"]).ended();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let told: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(faults("summary.json", &told), [""; 0]);
    assert_eq!(told["run"]["nonce"], "NHS-2026-0815");
    let kinds: Vec<&str> = told["questions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| group["kind"].as_str().unwrap())
        .collect();
    for kind in ["not-run", "owed", "driven-only", "not-at-int"] {
        assert!(kinds.contains(&kind), "{kind} in {kinds:?}");
    }
}

#[test]
fn a_bundle_that_does_not_verify_is_not_told_about() {
    let place = tempfile::tempdir().unwrap();
    let copy = copied(&sound().folder, place.path());
    fs::write(copy.join("summary.md"), "all is well").unwrap();
    let ended = command(&["summary", text(&copy)]).ended();
    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{}", ended.stderr);
    assert!(ended.stderr.contains("does not verify"), "{}", ended.stderr);
    let gone = command(&["summary", text(&place.path().join("gone.zip"))]).ended();
    assert_eq!((gone.code, gone.stdout.as_str()), (2, ""), "{}", gone.stderr);
}

#[test]
fn reports_of_a_load_begin_with_what_it_measured_and_list_no_test() {
    let place = tempfile::tempdir().unwrap();
    let out = text(place.path()).to_owned();
    let options = ["--rate", "20", "--duration", "2s", "--letters", "100", "--yes", "--out", &out];
    let ended = command(&["load", "steady"]).args(options).ended();
    assert!(ended.code < 2, "{}", ended.stderr);
    let run = run_folder(place.path());
    let summary = fs::read_to_string(run.join("summary.md")).unwrap();
    assert!(summary.contains("## Measured: load steady"), "{summary}");
    for row in ["| requests | 40 |", "| p99 |", "| Threshold | Expected | Observed | Outcome |"] {
        assert!(summary.contains(row), "{row} in {summary}");
    }
    let page = fs::read_to_string(run.join("index.html")).unwrap();
    let measured = page.find("id=\"performance\"").unwrap();
    assert!(measured < page.find("id=\"tests\"").unwrap(), "what was measured comes first");
    assert!(page.contains("No test of the pack was part of it."));
    for name in ["requests.csv", "timeline.csv"] {
        let link = format!("href=\"performance/steady/{name}\"");
        assert!(page.replace("&#x2f;", "/").contains(&link), "{link}");
        assert!(run.join("performance/steady").join(name).exists(), "{name}");
    }
    let told = command(&["summary", text(&run)]).ended();
    assert_eq!(told.code, 0, "{}", told.stderr);
    for (text, test, statements) in [
        (&summary, "| AT9 |", "**still needed**"),
        (&page, "id=\"AT9\"", "id=\"owed\""),
        (&told.stdout, "AT9 ", "still needed"),
    ] {
        assert!(!text.contains(test), "a test that was not run is not listed");
        assert!(!text.contains(statements), "nor is anything owed for it");
    }
    assert!(told.stdout.contains("load steady: achieved "), "{}", told.stdout);
}
