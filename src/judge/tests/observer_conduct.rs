//! When reading and listing over and over is without need, and which times in management information
//! are worth a question.

#![allow(clippy::unwrap_used)]

mod support;

use letterproof_model::LetterStatus::{Accepted, Dispatched, Printed};
use letterproof_model::{Timestamp, Verdict};
use serde_json::json;
use support::cases::then;
use support::observed::{ends_with, result, watched};
use support::script::{BRAILLE, ENGLISH};
use support::{Script, letter, letters};

/// Reads L1 so many times, so many milliseconds apart.
fn reads(s: &mut Script, times: usize, millis: i64, status: letterproof_model::LetterStatus) {
    for _ in 0..times {
        let at = s.now();
        s.read("L1", status).set_clock(at + millis * 1_000);
    }
}

#[test]
fn a_letter_read_a_hundred_times_in_quick_succession_with_nothing_awaited_is_worth_a_word() {
    let read = |times: usize, millis: i64| {
        watched(|s| {
            s.moved("L1", Accepted);
            reads(s, times, millis, Accepted);
        })
    };
    let said = result("O-READS-NEEDED", &read(99, 10));
    let words = "2 endpoints read, none repeatedly without need";
    assert_eq!((said.verdict, said.observed.as_str()), (Verdict::Pass, words));
    let script = read(100, 10);
    let said = result("O-READS-NEEDED", &script);
    assert_eq!(said.verdict, Verdict::Fail);
    let words = "1 of 2 endpoints: L1 was read 101 times, 100 of them within a second of the last \
                 and with nothing awaited";
    assert_eq!(said.observed, words);
    // Whoever looks every few seconds is patient, all day long.
    ends_with(Verdict::Pass, "O-READS-NEEDED", &read(900, 3_000));
    ends_with(Verdict::Pass, "O-READS-NEEDED", &read(900, 1_000));
    ends_with(Verdict::Fail, "O-READS-NEEDED", &read(900, 999));
}

#[test]
fn an_update_that_was_refused_is_nothing_to_wait_for() {
    let script = watched(|s| {
        s.moved("L1", Accepted).patch("L1", Printed).answered(400);
        reads(s, 101, 10, Accepted);
    });
    ends_with(Verdict::Fail, "O-READS-NEEDED", &script);
}

#[test]
fn a_status_that_does_not_show_yet_may_be_read_as_often_as_it_takes() {
    let script = watched(|s| {
        s.moved("L1", Accepted).patch("L1", Printed);
        reads(s, 400, 10, Accepted);
        s.read("L1", Printed);
    });
    ends_with(Verdict::Pass, "O-READS-NEEDED", &script);
}

#[test]
fn a_list_asked_for_a_hundred_times_that_names_nothing_new_is_worth_a_word() {
    let listed = |times: usize, millis: i64| {
        watched(|s| {
            for _ in 0..times {
                let at = s.now();
                s.list(100, &[]).set_clock(at + millis * 1_000);
            }
        })
    };
    ends_with(Verdict::Pass, "O-READS-NEEDED", &listed(99, 10));
    ends_with(Verdict::Fail, "O-READS-NEEDED", &listed(100, 10));
    ends_with(Verdict::Pass, "O-READS-NEEDED", &listed(900, 3_000));
    ends_with(Verdict::Pass, "O-READS-NEEDED", &listed(900, 1_000));
    ends_with(Verdict::Fail, "O-READS-NEEDED", &listed(900, 999));
    let new_each_time = watched(|s| {
        for letter in letters(150) {
            s.list(1, &[letter]);
        }
    });
    ends_with(Verdict::Pass, "O-READS-NEEDED", &new_each_time);
}

/// Two letters dispatched at 2026-09-21T14:13:2…Z and reported with this time.
fn stamped(timestamp: &str) -> Script {
    watched(|s| {
        for id in ["L1", "L2"] {
            s.moved(id, Accepted).fetch(id).moved(id, Dispatched);
        }
        s.mi(
            "M1",
            &json!({"lineItem": "letter", "timestamp": timestamp, "quantity": 2,
                "specificationId": ENGLISH, "groupId": "group-a"}),
        );
    })
}

#[test]
fn a_record_bears_a_time_that_its_letters_and_its_submission_bear_out() {
    for (timestamp, expected) in [
        // The time of reporting, of work, or the day alone; a month; by any clock on earth.
        ("2026-09-21T14:13:30Z", Verdict::Pass),
        ("2026-09-21T14:25:00Z", Verdict::Pass),
        ("2026-09-21T00:00:00Z", Verdict::Pass),
        ("2026-09-21T23:59:59Z", Verdict::Pass),
        ("2026-09-22T00:00:00Z", Verdict::Pass),
        ("2026-09-22T23:59:59Z", Verdict::Pass),
        ("2026-09-23T23:59:59Z", Verdict::Fail),
        ("2026-09-20T23:00:00Z", Verdict::Pass),
        ("2026-09-01T00:00:00Z", Verdict::Pass),
        ("2026-08-21T15:00:00Z", Verdict::Pass),
        // Nobody's clock.
        ("2026-08-20T14:00:00Z", Verdict::Fail),
        ("2025-09-21T14:13:30Z", Verdict::Fail),
        ("2027-09-21T14:13:30Z", Verdict::Fail),
        ("2026-09-21T15:13:30Z", Verdict::Fail),
        ("2026-09-24T00:00:00Z", Verdict::Fail),
        ("not a time", Verdict::NotRun),
    ] {
        let said = result("O-MI-TIME", &stamped(timestamp));
        assert_eq!(said.verdict, expected, "{timestamp}: {}", said.observed);
    }
}

#[test]
fn a_time_at_fault_is_told_with_the_times_of_dispatch_and_submission() {
    let local = result("O-MI-TIME", &stamped("2026-09-21T15:13:30Z")).observed;
    for words in [
        "says 2026-09-21T15:13:30Z",
        "was submitted at 2026-09-21T14:13:2",
        "for letters reported from 2026-09-21T14:13:2",
        "a local time marked as UTC?",
    ] {
        assert!(local.contains(words), "{words}: {local}");
    }
    let is_local = |timestamp: &str| {
        result("O-MI-TIME", &stamped(timestamp)).observed.contains("a local time marked as UTC?")
    };
    assert!(is_local("2026-09-22T00:13:30Z"), "ten hours ahead");
    assert!(is_local("2026-09-21T15:09:30Z") && is_local("2026-09-21T15:17:30Z"));
    assert!(!is_local("2026-09-21T15:20:50Z"), "beside each quarter of an hour");
    assert!(!is_local("2026-09-22T06:13:30Z"), "no clock on earth is sixteen hours ahead");
    let early = result("O-MI-TIME", &stamped("2025-09-21T14:13:30Z")).observed;
    assert!(early.contains("more than a month before the letters"), "{early}");
}

#[test]
fn a_record_may_look_back_a_month_from_the_first_report_that_it_can_count() {
    const DAY: f64 = 24.0 * 3_600.0;
    // What is on record of one letter, forty days before another is dispatched and both are reported
    // with a time so many microseconds before the first of it.
    let counted = |early: fn(&mut Script), before: i64| {
        let script = watched(|s| {
            s.list(100, &[letter("B1").of(Some(BRAILLE)), letter("G1").in_group(Some("group-b"))]);
            early(s);
            let at = s.exchanges.last().unwrap().started.as_microsecond() - before;
            let timestamp = Timestamp::from_microsecond(at).unwrap().to_string();
            s.wait(40.0 * DAY).moved("L2", Accepted).fetch("L2").moved("L2", Dispatched);
            s.mi(
                "M1",
                &json!({"lineItem": "letter", "timestamp": timestamp, "quantity": 2,
                    "specificationId": ENGLISH, "groupId": "group-a"}),
            );
        });
        result("O-MI-TIME", &script).verdict
    };
    let month = 31 * 24 * 3_600 * 1_000_000;
    let dispatched: fn(&mut Script) = |s| then(s.patch("L1", Dispatched));
    assert_eq!(counted(dispatched, 0), Verdict::Pass);
    assert_eq!(counted(dispatched, month), Verdict::Pass);
    assert_eq!(counted(dispatched, month + 1), Verdict::Fail);
    // What the record cannot count: other letters, and what was not produced.
    let others: [(&str, fn(&mut Script)); 4] = [
        ("another group", |s| then(s.patch("G1", Dispatched))),
        ("another specification", |s| then(s.patch("B1", Dispatched))),
        ("only accepted", |s| then(s.patch("L1", Accepted))),
        ("refused", |s| then(s.patch("L1", Dispatched).answered(400))),
    ];
    for (what, early) in others {
        assert_eq!(counted(early, 0), Verdict::Fail, "{what}");
    }
}
