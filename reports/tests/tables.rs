//! The tables beside the page: every call for the cross-check, and each test's own folder.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;
#[path = "../../src/judge/tests/support/mod.rs"]
mod journals;

use common::Written;
use journals::cases::{Again, at3};
use journals::judge;
use journals::script::Script;
use letterproof_evidence::{Bundle, JOURNAL_FORMAT_2};
use letterproof_model::{Header, Journal as _};
use letterproof_reports::cross_check_csv;

fn cross_check(bundle: &Bundle) -> String {
    let mut output = Vec::new();
    cross_check_csv(bundle, &mut output).unwrap();
    String::from_utf8(output).unwrap()
}

fn judged(test: u8, script: &Script) -> Bundle {
    let mut bundle = common::bundle();
    bundle.journal.recording = script.journal();
    bundle.context = script.context.clone();
    bundle.results.tests[usize::from(test) - 1].criteria = judge(test, script);
    bundle
}

fn table(bundle: &Bundle, name: &str) -> Option<String> {
    Written::of(bundle).file(name)
}

#[test]
fn the_cross_check_is_the_one_that_was_reviewed() {
    let mut bundle = common::bundle();
    let mut exchanges: Vec<_> =
        bundle.journal.recording.exchanges().iter().map(|e| e.to_arc().as_ref().clone()).collect();
    exchanges[2]
        .request
        .headers
        .push(Header { name: "X-Correlation-ID".into(), value: "reviewer-7Q2-0f0e".into() });
    let exchanges = exchanges.into_iter().map(std::sync::Arc::new).collect();
    bundle.journal.recording = letterproof_model::Recording::new(exchanges, vec![]);
    insta::assert_snapshot!(cross_check(&bundle));
}

#[test]
fn every_exchange_has_its_row_and_no_row_has_a_signature() {
    let mut script = Script::small();
    script.status().list(3, &journals::letters(3)).fetch("L1").fetch("L2").status().lost();
    let bundle = judged(1, &script);
    let text = cross_check(&bundle);
    assert_eq!(text.lines().count(), 1 + bundle.journal.recording.exchanges().len());
    assert!(!text.contains("signature") && !text.contains("redacted"), "{text}");
    assert!(text.contains("/letters?limit=3,200"), "{text}");
    let download = text.lines().find(|line| line.contains(",download,")).unwrap();
    assert!(download.ends_with(",/letters/L1.pdf,200,,,,L1,supplier"), "{download}");
    assert!(text.lines().last().unwrap().contains(",,reset,request-"), "{text}");
}

#[test]
fn the_tables_of_a_test_are_those_that_were_reviewed() {
    let mut bundle = common::bundle();
    common::waive(&mut bundle, "AT4.3", "2026-12-01");
    let written = Written::of(&bundle);
    assert_eq!(written.names("AT4"), ["counts.csv", "criteria.csv", "letters.csv", "timings.csv"]);
    let names = ["AT3/criteria.csv", "AT4/criteria.csv", "AT4/counts.csv", "AT4/timings.csv"];
    let whole: String =
        names.map(|name| format!("-- {name}\n{}", written.file(name).unwrap())).concat();
    insta::assert_snapshot!(whole);
}

#[test]
fn the_ids_of_repeated_lists_are_told_apart_and_counted() {
    let text = table(&judged(3, &at3(Again::Honest)), "AT3/ids.csv").unwrap();
    let count = |list: &str| text.lines().filter(|line| line.starts_with(list)).count();
    // The first list, the empty one within the timeout, and the same again after it.
    assert_eq!((count("1,"), count("2,"), count("3,")), (6, 1, 6), "{text}");
    assert!(text.contains(",0,,\n"), "the empty list has a row: {text}");
    // The lists of one letter stand together.
    let rows: Vec<(&str, &str)> = text
        .lines()
        .skip(2)
        .map(|line| (line.split(',').nth(4).unwrap(), line.split(',').next().unwrap()))
        .collect();
    assert!(rows.is_sorted() && rows[0] == ("L1", "1") && rows[1] == ("L1", "3"), "{rows:?}");
    // In a bundle of an earlier version list follows list, as it was written.
    let mut old = judged(3, &at3(Again::Honest));
    old.journal.header.format = JOURNAL_FORMAT_2.into();
    let old = table(&old, "AT3/ids.csv").unwrap();
    assert!(old.lines().skip(1).map(|line| line.split(',').next()).is_sorted(), "{old}");
    assert_eq!(old.lines().count(), text.lines().count());
    let mut twice = Script::small();
    let letters = journals::letters(2);
    twice.list(2_500, &[letters[0].clone(), letters[1].clone(), letters[0].clone()]);
    let text = table(&judged(2, &twice), "AT2/ids.csv").unwrap();
    assert!(text.contains(",3,L1,2\n") && text.contains(",3,L2,1\n"), "{text}");
    assert_eq!(table(&judged(1, &twice), "AT1/ids.csv"), None);
}

#[test]
fn counts_are_those_of_the_tests_own_scenarios() {
    let mut script = Script::small();
    script.scenario("The supplier accepts a list").list(3, &journals::letters(3));
    script.fetch("L1").fetch("L1").scenario("Another").status();
    let text = table(&judged(1, &script), "AT1/counts.csv").unwrap();
    assert_eq!(
        text,
        "operation,answer,calls,letters,unique_letters\nGET /letters,200,1,3,3\n\
         GET /letters/{id}/data,303,2,2,1\ndownload,200,2,2,1\n"
    );
}
