//! Management information (AT14): what makes a record good, what is compared with what, and the
//! reconciliation a reader is shown.

#![allow(clippy::unwrap_used)]

mod support;

use letterproof_judge::Traffic;
use letterproof_model::LetterStatus::{Accepted, Dispatched};
use letterproof_model::Verdict::{Fail, Inconclusive, Pass};
use letterproof_traffic::books::at14_reconciliation;
use serde_json::Value;
use support::cases::{at14, record, script, then};
use support::told::{after_the_last, explains, last_call, shown, tells};
use support::{Script, letter};

const DATE: &str = "2026-09-01";
const GROUP_A: &str = "(specification integration-specification-english, group group-a)";

/// A record that lacks one of its attributes.
fn record_without(attribute: &str, quantity: u32) -> Value {
    let mut record = record(DATE, quantity);
    record.as_object_mut().unwrap().remove(attribute).unwrap();
    record
}

/// A letter of another group, or of none, dispatched by PATCH; gives the call that dispatched it.
fn also_dispatched(s: &mut Script, id: &str, group: Option<&'static str>) -> String {
    let other = letter(id).in_group(group);
    s.list(100, std::slice::from_ref(&other)).patch(id, Accepted).wait(2.0);
    s.read_letter(&other.clone().in_status(Accepted), None).patch(id, Dispatched);
    let dispatched = last_call(s);
    s.wait(2.0).read_letter(&other.in_status(Dispatched), None);
    dispatched
}

#[test]
fn a_record_that_failed_is_not_made_good_by_the_same_record_sent_before() {
    let script = at14(|s| {
        s.mi("M1", &record(DATE, 2)).wait(1.0).mi("M2", &record(DATE, 2)).answered(502);
    });
    tells(Fail, "1 of 2 records: was answered with 502", "AT14.1", &script);
}

#[test]
fn a_record_names_its_group_unless_its_letters_have_none() {
    let without = |attribute: &str| at14(|s| then(s.mi("M1", &record_without(attribute, 2))));
    tells(Fail, "1 of 1 record: names no group", "AT14.1", &without("groupId"));
    let nothing = "1 of 1 record: names no specification";
    tells(Fail, nothing, "AT14.1", &without("specificationId"));
    let groupless = script(|s| {
        also_dispatched(s, "G1", None);
        s.mi("M1", &record_without("groupId", 1));
    });
    let named = "1 record, all answered with 201, each naming specification and group";
    tells(Pass, named, "AT14.1", &groupless);
}

#[test]
fn a_quantity_at_fault_is_told_with_the_letters_dispatched() {
    let equal = at14(|s| then(s.mi("M1", &record(DATE, 3))));
    let words = format!("1 of 1 group: has 3 submitted and 2 dispatched {GROUP_A}");
    tells(Fail, &words, "AT14.2", &equal);
    let unread = |quantity: u32| {
        at14(|s| then(s.patch("L3", Dispatched).wait(2.0).mi("M1", &record(DATE, quantity))))
    };
    for quantity in [1, 4] {
        let words =
            format!("1 of 1 group: has {quantity} submitted and 2 to 3 dispatched {GROUP_A}");
        tells(Fail, &words, "AT14.2", &unread(quantity));
    }
    for quantity in [2, 3] {
        let equal = "1 group of letters, quantities equal the letters dispatched";
        tells(Pass, equal, "AT14.2", &unread(quantity));
    }
}

#[test]
fn equal_records_count_once_and_that_is_said() {
    let each_alone = at14(|s| {
        for id in ["M1", "M2", "M3"] {
            s.mi(id, &record(DATE, 1));
        }
    });
    let words = format!(
        "1 of 1 group: has 1 submitted (equal records counted once; 3 in all 3 records) and 2 \
         dispatched {GROUP_A}"
    );
    tells(Fail, &words, "AT14.2", &each_alone);
}

#[test]
fn a_dispatched_letter_of_unknown_specification_may_be_of_any_group() {
    let submitted = |quantity: u32| {
        at14(|s| then(s.patch("X1", Dispatched).wait(2.0).mi("M1", &record(DATE, quantity))))
    };
    for quantity in [2, 3] {
        let script = submitted(quantity);
        tells(Inconclusive, "the recording is incomplete", "AT14.2", &script);
        let reason = "0 records without its payload, 1 dispatched letter of unknown specification";
        explains(reason, "AT14.2", &script);
    }
    let words = format!("1 of 1 group: has 4 submitted and 2 dispatched {GROUP_A}");
    tells(Fail, &words, "AT14.2", &submitted(4));
    let words = format!("1 of 1 group: has 1 submitted and 2 dispatched {GROUP_A}");
    tells(Fail, &words, "AT14.2", &submitted(1));
}

#[test]
fn a_letter_sent_dispatched_at_the_moment_of_the_last_record_belongs_to_the_next() {
    let submitted_after = |micros: i64| {
        at14(|s| {
            s.patch("L3", Dispatched);
            after_the_last(s, micros).mi("M1", &record(DATE, 3));
        })
    };
    let words = format!("1 of 1 group: has 3 submitted and 2 dispatched {GROUP_A}");
    tells(Fail, &words, "AT14.2", &submitted_after(0));
    let equal = "1 group of letters, quantities equal the letters dispatched";
    tells(Pass, equal, "AT14.2", &submitted_after(1));
}

#[test]
fn a_group_without_a_record_is_shown_by_the_updates_that_dispatched_its_letters() {
    let mut dispatched = Vec::new();
    let script = at14(|s| {
        dispatched.push(also_dispatched(s, "G1", Some("group-b")));
        dispatched.push(also_dispatched(s, "G2", Some("group-b")));
        s.mi("M1", &record(DATE, 2));
    });
    let words = "1 of 2 groups: has no record \
                 (specification integration-specification-english, group group-b)";
    tells(Fail, words, "AT14.4", &script);
    assert_eq!(shown("AT14.4", &script), dispatched);
}

#[test]
fn the_books_show_by_how_much_a_group_is_off_and_which_was_read_back() {
    let script = at14(|s| {
        also_dispatched(s, "G1", Some("group-b"));
        let mut other = record(DATE, 1);
        other["groupId"] = "group-b".into();
        s.mi("M1", &record(DATE, 3)).mi("M2", &other).mi_read("M1", &record(DATE, 3));
    });
    let traffic = Traffic::from_journal(&script.journal(), &script.context);
    let lines: Vec<_> = at14_reconciliation(&traffic)
        .iter()
        .map(|line| (line.dispatched, line.submitted, line.difference(), line.read_back))
        .collect();
    assert_eq!(lines, [(2, 3.0, 1.0, Some(3.0)), (1, 1.0, 0.0, None)]);
}
