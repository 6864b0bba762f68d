//! What reports say of letters, held against reviewed snapshots.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;
#[path = "../../src/judge/tests/support/mod.rs"]
mod journals;

use common::Written;
use journals::cases::{passing, record};
use journals::script::{BRAILLE, Script, letter, letters};
use letterproof_evidence::Bundle;
use letterproof_model::LetterStatus::{
    Accepted, Cancelled, Dispatched, Forwarded, Pending, Printed, Returned,
};
use letterproof_reports::{Extras, ReportError};

fn html(bundle: &Bundle) -> Result<String, ReportError> {
    letterproof_reports::html(bundle, &Extras::default())
}

fn bundle_of(script: &Script) -> Bundle {
    let mut bundle = common::bundle();
    bundle.journal.recording = script.journal();
    bundle.context = script.context.clone();
    bundle
}

/// Four letters on their ways: printed and dispatched, returned, forwarded, and one whose bulk
/// update was first throttled and never read back; then a report that is one letter short.
fn story() -> Script {
    let mut s = Script::small();
    let mut known = letters(4);
    known[2].specification = Some(BRAILLE);
    s.scenario("AT4 A list is accepted").list(100, &known);
    s.bulk(Accepted, &["L1", "L2", "L3", "L4"]).answered(429).wait(1.0);
    s.bulk(Accepted, &["L1", "L2", "L3", "L4"]).read("L1", Pending).wait(2.0);
    s.read("L1", Accepted).read("L2", Accepted);
    s.read_letter(&letter("L3").of(Some(BRAILLE)).in_status(Accepted), None);
    s.scenario("AT7 Letters are dispatched").moved("L1", Printed).moved("L1", Dispatched);
    s.moved("L2", Dispatched).patch("L4", Dispatched).lost();
    s.scenario("AT9 A letter is forwarded");
    s.patch_for("L3", Forwarded, Some(("A01", "=HYPERLINK(\"x\"), braille"))).wait(2.0);
    s.read_letter(&letter("L3").of(Some(BRAILLE)).in_status(Forwarded), Some(("A01", "braille")));
    s.scenario("AT10 A letter comes back").moved_for("L2", Returned, "R04", "Addressee unknown");
    s.scenario("AT14 Letters are reported");
    s.mi("M1", &record("2026-09-01", 1)).mi_read("M1", &record("2026-09-01", 1));
    s
}

/// The letters of each test that moves some, by the name of their file.
fn letters_of(bundle: &Bundle) -> Vec<(String, String)> {
    let written = Written::of(bundle);
    let names = (1..=15).map(|test| format!("AT{test}/letters.csv"));
    names.filter_map(|name| Some((name.clone(), written.file(&name)?))).collect()
}

fn lifecycle(bundle: &Bundle) -> String {
    Written::of(bundle).file("lifecycle.svg").unwrap()
}

#[test]
fn the_letters_of_each_test_are_listed_as_they_were_reviewed() {
    let files = letters_of(&bundle_of(&story()));
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    let expected = ["AT4", "AT5", "AT7", "AT9", "AT10"].map(|test| format!("{test}/letters.csv"));
    assert_eq!(names, expected);
    let whole: String = files.iter().map(|(name, file)| format!("-- {name}\n{file}")).collect();
    insta::assert_snapshot!(whole);
}

#[test]
fn the_reconciliation_is_the_one_that_was_reviewed() {
    let written = Written::of(&bundle_of(&story()));
    insta::assert_snapshot!(written.file("AT14/reconciliation.csv").unwrap());
}

#[test]
fn the_page_shows_the_moves_and_the_reconciliation() {
    let page = html(&bundle_of(&story())).unwrap();
    for part in [
        "Letters of this run made 6 of the 24 moves",
        "PENDING → ACCEPTED",
        "No letter made a move that the pack does not allow.",
        "AT14&#x2f;reconciliation.csv",
        "2 (sent for 3)",
        ">-1</td>",
        "AT7&#x2f;letters.csv",
    ] {
        assert!(page.contains(part), "{part}");
    }
    for never in ["url(", "<script", "<img"] {
        assert!(!page.contains(never), "{never}");
    }
}

#[test]
fn a_run_that_moved_no_letter_shows_no_diagram() {
    let bundle = bundle_of(&passing(2));
    assert!(!html(&bundle).unwrap().contains("id=\"lifecycle\""));
    assert!(letters_of(&bundle).is_empty());
    assert!(lifecycle(&bundle).contains("0 were made in this run."));
}

#[test]
fn moves_that_are_not_allowed_stand_apart_in_drawing_and_table() {
    let mut script = Script::small();
    script.list(100, &letters(2)).moved("L1", Dispatched).moved("L2", Accepted);
    script.moved_for("L2", Cancelled, "C01", "Asked for").moved("L2", Printed);
    let bundle = bundle_of(&script);
    let page = html(&bundle).unwrap();
    assert_eq!(wrong_moves(&page), 2);
    assert!(page.contains("PENDING → DISPATCHED <span class=\"kind\">not allowed</span>"));
    let svg = lifecycle(&bundle);
    assert!(svg.contains("not allowed by the pack") && svg.contains("stroke-dasharray=\"7 4\""));
    assert!(!lifecycle(&bundle_of(&story())).contains("not allowed by the pack"));
}

/// The letters of the table's rows that are marked as wrong.
fn wrong_moves(page: &str) -> u64 {
    let rows = page.split("class=\"wrong\"").skip(1);
    rows.map(|row| {
        let cell = row.split("class=\"num\">").nth(1).unwrap();
        cell.split('<').next().unwrap().replace(',', "").parse::<u64>().unwrap()
    })
    .sum()
}

#[test]
fn every_report_is_written_into_the_folder() {
    let written = Written::of(&bundle_of(&story()));
    for name in [
        "index.html",
        "junit.xml",
        "lifecycle.svg",
        "summary.md",
        "AT1/criteria.csv",
        "AT4/letters.csv",
        "AT5/letters.csv",
        "AT7/letters.csv",
        "AT9/letters.csv",
        "AT10/letters.csv",
        "AT14/reconciliation.csv",
    ] {
        assert!(!written.file(name).unwrap().is_empty(), "{name}");
    }
    assert_eq!(written.file("AT8/letters.csv"), None);
}

#[test]
fn what_is_not_known_is_said_and_not_guessed() {
    let mut script = Script::small();
    // Never listed nor read before; afterwards read under another status.
    script.patch("L1", Printed).wait(70.0).read("L1", Accepted);
    let page = html(&bundle_of(&script)).unwrap();
    assert!(page.contains("unknown → PRINTED"));
    assert!(page.contains("status before not on record"));
    let (_, file) = letters_of(&bundle_of(&script)).remove(0);
    let line = file.lines().nth(1).unwrap();
    assert!(line.starts_with("L1,,,,,PRINTED,ex-000001,PATCH,"), "{line}");
    assert!(line.contains(",202,,,ACCEPTED,ex-000002,"), "{line}");
}
