//! What an observer sees letter by letter: lists worked through, updates repeated, letters put back
//! into the queue, links followed. Where each check turns, and which calls show it.

#![allow(clippy::unwrap_used)]

mod support;

use letterproof_model::LetterStatus::{Accepted, Failed, Pending, Printed, Rejected};
use letterproof_model::{ExchangeId, Verdict};
use support::cases::then;
use support::clock::TAKES;
use support::observed::{ends_with, result, watched};
use support::{Script, letter, letters};

const WHY: Option<(&str, &str)> = Some(("X01", "A reason"));

fn call(number: usize) -> ExchangeId {
    ExchangeId::new(format!("ex-{number:06}"))
}

#[test]
fn a_list_may_be_asked_for_at_the_moment_the_last_one_is_whole() {
    let listed = |earlier: i64| {
        watched(|s| {
            let began = s.now();
            s.list(10, &[]).set_clock(began + TAKES - earlier).list(10, &[]);
        })
    };
    ends_with(Verdict::Pass, "O-LIST-SERIAL", &listed(0));
    ends_with(Verdict::Fail, "O-LIST-SERIAL", &listed(1));
}

#[test]
fn the_list_that_was_whole_last_is_the_one_that_was_not_waited_for() {
    let script = watched(|s| {
        let began = s.now();
        s.list(10, &[]).edit_answer(|answer| answer.done_us = 9_000);
        s.set_clock(began + 1_000).list(10, &[]);
        s.set_clock(began + 5_000).list(10, &[]);
    });
    let serial = result("O-LIST-SERIAL", &script);
    let words = "a list was asked for before the previous one had arrived";
    assert_eq!(serial.observed, format!("2 of 3 further lists: {words}; {words}"));
    assert_eq!(serial.exchanges, [call(2), call(3), call(4)]);
}

#[test]
fn a_list_is_worked_through_where_more_letters_were_taken_on_than_left() {
    let taken = |ids: &[&str]| {
        watched(|s| {
            s.list(100, &letters(4)).bulk(Accepted, ids).wait(400.0).status();
        })
    };
    let half = result("O-LISTED-TAKEN-ON", &taken(&["L1", "L2"]));
    let words = "was not accepted or rejected so far";
    assert_eq!(half.verdict, Verdict::Inconclusive);
    assert_eq!(half.observed, format!("2 of 4 letters: L3 {words}; L4 {words}"));
    let most = result("O-LISTED-TAKEN-ON", &taken(&["L1", "L2", "L3"]));
    let words = "was not accepted or rejected, unlike the others of its list";
    assert_eq!(most.verdict, Verdict::Fail);
    assert_eq!(most.observed, format!("1 of 4 letters: L4 {words}"));
}

#[test]
fn only_a_supplier_that_rejects_nothing_may_leave_a_letter_that_cannot_be_taken_on() {
    let left = |rejects: bool, left: support::script::Letter| {
        let mut script = watched(|s| {
            s.list(100, &[letters(3), vec![left]].concat());
            s.bulk(Accepted, &["L1", "L2", "L3"]).wait(400.0).status();
        });
        if !rejects {
            script.context.supports.remove(&Rejected);
        }
        let taken_on = result("O-LISTED-TAKEN-ON", &script);
        (taken_on.verdict, taken_on.observed)
    };
    let words = "1 of 4 letters: N1 was not accepted or rejected, unlike the others of its list";
    let forgotten = || (Verdict::Fail, words.to_owned());
    assert_eq!(left(true, letter("N1").without_hash()), forgotten());
    assert_eq!(left(true, letter("N1")), forgotten());
    assert_eq!(left(false, letter("N1")), forgotten());
    let all = (Verdict::Pass, "3 letters listed, all accepted or rejected".to_owned());
    assert_eq!(left(false, letter("N1").without_hash()), all);
}

#[test]
fn a_list_accepted_in_bulk_is_shown_with_its_bulk_update() {
    let script = watched(|s| {
        s.list(4, &letters(3)).patch("L1", Accepted).bulk(Accepted, &["L2", "L3"]);
    });
    let bulk = result("O-BULK-USED", &script);
    assert_eq!(bulk.verdict, Verdict::Pass);
    assert_eq!(bulk.exchanges, [call(2), call(4)]);
}

#[test]
fn an_update_repeated_without_a_list_in_between_is_not_the_lists_doing() {
    let second_list = |write: fn(&mut Script)| {
        let script = watched(write);
        ends_with(Verdict::Fail, "O-UPDATE-ONCE", &script);
        let second_list = result("O-SECOND-LIST", &script);
        (second_list.verdict, second_list.exchanges)
    };
    let between = second_list(|s| {
        s.patch("L1", Accepted).wait(301.0).list(100, &letters(1)).patch("L1", Accepted);
    });
    assert_eq!(between, (Verdict::Fail, vec![call(2), call(3), call(4)]));
    let before = second_list(|s| {
        s.wait(301.0).list(100, &letters(1)).patch("L1", Accepted).patch("L1", Accepted);
    });
    assert_eq!(before, (Verdict::Pass, vec![call(1), call(2)]));
    let after = second_list(|s| {
        s.patch("L1", Accepted).patch("L1", Accepted).wait(301.0).list(100, &letters(1));
    });
    assert_eq!(after, (Verdict::Pass, vec![call(1), call(4)]));
}

#[test]
fn a_letter_read_as_pending_once_it_was_read_as_rejected_is_back_in_the_queue() {
    let rejected = |write: fn(&mut Script)| {
        watched(|s| {
            s.patch_for("L1", Rejected, WHY).wait(1.0);
            write(s);
            s.patch("L1", Accepted);
        })
    };
    let check = "O-NOTHING-AFTER-END";
    let back = rejected(|s| then(s.read("L1", Rejected).read("L1", Pending)));
    ends_with(Verdict::Pass, check, &back);
    ends_with(Verdict::Fail, check, &rejected(|s| then(s.read("L1", Rejected))));
    ends_with(
        Verdict::Fail,
        check,
        &rejected(|s| then(s.read("L1", Rejected).read("L1", Accepted))),
    );
    // Whatever came in between, it was read as rejected.
    let later = rejected(|s| {
        s.read("L1", Rejected).fetch("L1").read("L1", Pending);
    });
    ends_with(Verdict::Pass, check, &later);
}

#[test]
fn a_link_was_followed_too_late_only_where_it_had_expired_and_was_refused_for_it() {
    let followed = |after: f64, status: u16| {
        let script = watched(|s| then(s.data("L1").wait(after).follow("L1").answered(status)));
        let in_time = result("O-DOWNLOAD-IN-TIME", &script);
        (in_time.verdict, in_time.observed)
    };
    let good = || (Verdict::Pass, "1 download, none too late".to_owned());
    assert_eq!(followed(59.0, 200), good());
    assert_eq!(followed(59.0, 403), good());
    assert_eq!(followed(61.0, 200), good());
    let words = "1 of 1 download: L1 was asked for 61.0 s after its link was given".to_owned();
    assert_eq!(followed(61.0, 403), (Verdict::Fail, words));
}

#[test]
fn other_content_is_a_fault_once_a_letter_is_produced_from_it_and_nothing_once_it_is_given_up() {
    let other = |write: &dyn Fn(&mut Script)| {
        let script = watched(|s| {
            s.moved("L1", Accepted).data("L1").follow_to("L1", "00".into(), Some(1), None);
            write(s);
        });
        let same = result("O-CONTENT-SAME", &script);
        (same.verdict, same.observed)
    };
    let words = "1 of 1 PDF: L1 has other content, but was not produced so far".to_owned();
    assert_eq!(other(&|_| {}), (Verdict::Inconclusive, words));
    let given_up = other(&|s| then(s.moved_for("L1", Failed, "F01", "Damaged")));
    assert_eq!(given_up, (Verdict::NotRun, "nothing".to_owned()));
    let words = "1 of 1 PDF: L1 was sent PRINTED with other content".to_owned();
    assert_eq!(other(&|s| then(s.moved("L1", Printed))), (Verdict::Fail, words));
}
