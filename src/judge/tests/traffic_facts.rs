//! What the index of the traffic takes for a letter's facts and a record's day, and when it holds
//! nothing yet.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use letterproof_judge::Traffic;
use letterproof_model::LetterStatus::{Accepted, Printed};
use letterproof_model::Verdict;
use support::cases::{at14, record, script, then};
use support::{letter, result};

const UNKNOWN: &str =
    "1 of 1 letter: U1 names an unknown specification but was reported as PRINTED";

#[test]
fn an_index_is_empty_until_an_exchange_is_added() {
    let script = script(|s| then(s.status()));
    let mut traffic = Traffic::new(&script.context);
    assert!(traffic.is_empty());
    traffic.push(Arc::new(script.exchanges[0].clone()));
    assert!(!traffic.is_empty());
    assert_eq!(traffic.len(), 1);
}

#[test]
fn a_letter_is_what_it_was_first_said_to_be_in_whatever_order_that_was_recorded() {
    let mut script = script(|s| {
        s.list(100, &[letter("U1").of(Some("no-such"))]).patch("U1", Accepted).wait(2.0);
        s.read_letter(&letter("U1").in_status(Accepted), None).patch("U1", Printed);
    });
    assert_eq!(result("AT13.5", &script).observed, UNKNOWN);
    script.exchanges.reverse();
    assert_eq!(result("AT13.5", &script).observed, UNKNOWN);
}

#[test]
fn a_letter_named_twice_in_one_list_is_what_its_first_entry_says() {
    let named = |entries: [Option<&'static str>; 2]| {
        script(|s| {
            let entries = entries.map(|specification| letter("U1").of(specification));
            s.list(100, &entries).patch("U1", Accepted).patch("U1", Printed);
        })
    };
    let english = letter("U1").specification;
    assert_eq!(result("AT13.5", &named([Some("no-such"), english])).observed, UNKNOWN);
    let known = result("AT13.5", &named([english, Some("no-such")]));
    assert_eq!(known.verdict, Verdict::NotRun, "{known:#?}");
}

#[test]
fn records_are_counted_by_the_day_they_report() {
    let reported = |days: [&str; 2]| {
        let script = at14(|s| {
            s.mi("M1", &record(days[0], 1)).mi("M2", &record(days[1], 1));
        });
        result("AT14.3", &script)
    };
    let two_days = reported(["2026-09-01", "2026-09-02"]);
    assert_eq!(two_days.verdict, Verdict::Pass, "{two_days:#?}");
    let words = "2 reporting dates by specification and group, one record each";
    assert_eq!(two_days.observed, words);
    let one_day = reported(["2026-09-01", "2026-09-01"]);
    assert_eq!(one_day.verdict, Verdict::Fail, "{one_day:#?}");
    let words = "1 of 1 reporting date: has 2 records for 2026-09-01 (specification \
                 integration-specification-english, group group-a)";
    assert_eq!(one_day.observed, words);
}
