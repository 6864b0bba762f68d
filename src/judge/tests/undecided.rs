//! What is not a pass and not a failure: nothing attempted, evidence missing from the recording,
//! capabilities lacking, numbers that are not the pack's.

mod support;

use std::collections::BTreeSet;

use letterproof_model::LetterStatus::{Accepted, Dispatched, Forwarded, Pending, Printed};
use letterproof_model::{Capability, ClauseKind, Mode, Verdict};
use support::cases::passing;
use support::failing::failing;
use support::{Script, judge, judge_every, letter, letters, lines, result, with_verdict};

fn verdict(id: &str, script: &Script) -> Verdict {
    result(id, script).verdict
}

#[test]
fn an_empty_journal_runs_nothing() {
    let results = judge_every(&Script::pack());
    assert!(results.iter().all(|result| result.verdict == Verdict::NotRun), "{}", lines(&results));
    assert!(results.iter().all(|result| result.reason.is_some()));
}

#[test]
fn an_attestation_says_what_to_attach() {
    let attested = result("AT11.2", &passing(11));
    assert_eq!((attested.kind, attested.verdict), (ClauseKind::Attestation, Verdict::NotRun));
    assert!(attested.reason.unwrap().contains("the e-mail or list with the ids"));
}

#[test]
fn a_stateless_target_makes_stateful_clauses_not_applicable_and_names_why() {
    for test in 3..=15 {
        let mut script = passing(test);
        script.context.capabilities.remove(&Capability::Stateful);
        for result in judge(test, &script) {
            if result.kind == ClauseKind::Check {
                assert_eq!(result.verdict, Verdict::NotApplicable, "{}", result.id);
                assert!(result.reason.unwrap().contains("stateful"), "{}", result.id);
            }
        }
    }
}

#[test]
fn an_optional_test_that_is_not_declared_is_not_applicable() {
    for (test, status) in [(5, "PRINTED"), (6, "ENCLOSED"), (8, "DELIVERED"), (13, "REJECTED")] {
        let script = passing(test).supporting(&[]);
        for result in judge(test, &script) {
            assert_eq!(result.verdict, Verdict::NotApplicable, "{}", result.id);
            assert!(result.reason.unwrap().contains(status));
        }
    }
}

#[test]
fn calls_of_the_harness_show_nothing_of_the_supplier() {
    for (criterion, script) in failing() {
        let mut script = script;
        for exchange in &mut script.exchanges {
            exchange.actor = letterproof_model::Actor::Harness;
        }
        let results = judge_every(&script);
        let failed = with_verdict(&results, Verdict::Fail);
        assert!(failed.is_empty(), "{criterion} by the harness fails {failed:?}");
        let passed = with_verdict(&results, Verdict::Pass);
        assert!(passed.is_empty(), "{criterion} by the harness passes {passed:?}");
    }
}

#[test]
fn numbers_that_are_not_the_packs_are_inconclusive_and_named() {
    let mut script = Script::small();
    script.list(2_500, &letters(6));
    let whole = result("AT2.2", &script);
    assert_eq!(whole.verdict, Verdict::Inconclusive);
    assert!(whole.reason.unwrap().contains("2,500"));
}

#[test]
fn a_recording_without_bodies_never_passes_what_rests_on_them() {
    // What needs no body may pass: that a call was made, with its id, over TLS.
    let bodiless: BTreeSet<&str> = ["AT1.1", "AT1.3", "AT1.4", "AT1.5"].into();
    for test in 1..=15 {
        let mut script = passing(test);
        for exchange in &mut script.exchanges {
            exchange.request.body = letterproof_model::Body::None;
            if let letterproof_model::Outcome::Response(answer) = &mut exchange.outcome {
                answer.body = letterproof_model::Body::None;
            }
        }
        script.context.mode = Mode::Observed;
        let results = judge_every(&script);
        let passed = with_verdict(&results, Verdict::Pass);
        let unexpected: Vec<_> =
            passed.iter().filter(|id| !bodiless.contains(id.as_str())).collect();
        assert!(unexpected.is_empty(), "AT{test} without bodies passes {unexpected:?}");
        let failed = with_verdict(&results, Verdict::Fail);
        assert!(failed.is_empty(), "AT{test} without bodies fails {failed:?}\n{}", lines(&results));
    }
}

#[test]
fn a_recording_without_headers_leaves_open_whether_calls_carried_a_token() {
    let mut script = passing(1);
    for exchange in &mut script.exchanges {
        exchange.request.headers.clear();
    }
    script.context.mode = Mode::Observed;
    assert_eq!(verdict("AT1.4", &script), Verdict::Inconclusive);
}

fn moved_once(after: impl FnOnce(&mut Script)) -> Script {
    let mut script = Script::small();
    script.list(100, &letters(1)).moved("L1", Accepted).patch("L1", Dispatched);
    after(&mut script);
    script
}

#[test]
fn a_letter_not_read_back_by_the_deadline_is_open_until_a_read_decides() {
    let unread = moved_once(|_| {});
    assert_eq!(verdict("AT7.2", &unread), Verdict::Inconclusive);
    let early = moved_once(|s| {
        s.wait(30.0).read("L1", Accepted);
    });
    assert_eq!(verdict("AT7.2", &early), Verdict::Inconclusive);
    let late = moved_once(|s| {
        s.wait(61.0).read("L1", Accepted);
    });
    assert_eq!(verdict("AT7.2", &late), Verdict::Fail);
}

#[test]
fn the_four_ways_of_not_changing_are_told_apart() {
    let observed =
        |after: &dyn Fn(&mut Script)| result("AT7.2", &moved_once(|s| after(s))).observed;
    let never = observed(&|s| {
        s.wait(61.0).read("L1", Accepted);
    });
    assert!(never.contains("L1 never changed: still ACCEPTED 61.0 s"), "{never}");
    let late = observed(&|s| {
        s.wait(61.0).read("L1", Accepted).wait(5.0).read("L1", Dispatched);
    });
    assert!(late.contains("L1 changed late"), "{late}");
    let other = observed(&|s| {
        s.wait(61.0).read("L1", Printed);
    });
    assert!(other.contains("L1 changed to something else: PRINTED"), "{other}");
    let back = observed(&|s| {
        s.wait(2.0).read("L1", Dispatched).wait(2.0).read("L1", Accepted);
    });
    assert!(back.contains("L1 changed to DISPATCHED and went back to ACCEPTED"), "{back}");
}

#[test]
fn a_read_first_made_after_the_deadline_does_not_show_when_it_changed() {
    let script = moved_once(|s| {
        s.wait(90.0).read("L1", Dispatched);
    });
    let seen = result("AT7.2", &script);
    assert_eq!(seen.verdict, Verdict::Inconclusive);
    assert!(seen.observed.contains("past the deadline"), "{}", seen.observed);
}

#[test]
fn a_read_begun_before_the_change_was_seen_does_not_show_that_it_went_back() {
    let script = moved_once(|s| {
        s.wait(2.0);
        let at = s.now();
        s.read("L1", Dispatched).set_clock(at - 100).read("L1", Accepted);
        s.edit_answer(|answer| answer.done_us = 50_000);
    });
    assert_eq!(verdict("AT7.2", &script), Verdict::Pass);
}

#[test]
fn an_update_that_was_repeated_because_it_was_not_answered_is_no_second_update() {
    for spoil in [502, 0] {
        let mut script = Script::small();
        script.list(100, &letters(1)).moved("L1", Accepted).patch("L1", Dispatched);
        if spoil == 0 {
            script.lost();
        } else {
            script.answered(spoil);
        }
        script.wait(1.0).patch("L1", Dispatched).wait(2.0).read("L1", Dispatched);
        support::observed::ends_with(Verdict::Pass, "O-UPDATE-ONCE", &script);
        assert_eq!(verdict("AT7.1", &script), Verdict::Pass);
        assert_eq!(verdict("AT7.2", &script), Verdict::Pass);
    }
}

#[test]
fn an_update_the_api_refused_is_a_letter_not_moved() {
    let mut script = Script::small();
    script.list(100, &letters(1)).moved("L1", Accepted).patch("L1", Dispatched).answered(400);
    let seen = result("AT7.2", &script);
    assert_eq!(seen.verdict, Verdict::Fail);
    assert!(seen.observed.contains("answered with 400"), "{}", seen.observed);
}

#[test]
fn an_acceptance_not_yet_visible_still_allows_the_next_move_by_the_table() {
    let mut script = Script::small();
    script.list(100, &letters(1)).patch("L1", Accepted).wait(1.0).read("L1", Pending);
    script.moved("L1", Printed);
    assert_eq!(verdict("AT5.1", &script), Verdict::Pass);
    support::observed::ends_with(Verdict::Fail, "O-STATUS-SEEN-FIRST", &script);
}

#[test]
fn an_acceptance_lost_for_good_does_not_allow_the_next_move() {
    let mut script = Script::small();
    script.list(100, &letters(1)).patch("L1", Accepted).wait(61.0).read("L1", Pending);
    script.moved("L1", Printed);
    let eligible = result("AT5.1", &script);
    assert_eq!(eligible.verdict, Verdict::Fail);
    assert!(eligible.observed.contains("L1 was moved from PENDING"), "{}", eligible.observed);
}

#[test]
fn a_move_of_the_harness_counts_as_the_letters_status_but_is_not_judged() {
    let mut script = Script::small();
    script.list(100, &letters(1)).harness().moved("L1", Accepted).moved("L1", Printed);
    script.supplier().moved("L1", Dispatched);
    assert_eq!(verdict("AT5.1", &script), Verdict::NotRun);
    assert_eq!(verdict("AT7.1", &script), Verdict::Pass);
}

#[test]
fn reads_of_the_harness_serve_as_read_backs() {
    let mut script = moved_once(|s| {
        s.wait(2.0);
    });
    script.harness().read("L1", Dispatched);
    assert_eq!(verdict("AT7.2", &script), Verdict::Pass);
    // But they do not show that the supplier looked before it went on.
    let mut script = Script::small();
    script.list(100, &letters(1)).patch("L1", Accepted).wait(2.0);
    script.harness().read("L1", Accepted).supplier().moved("L1", Printed);
    support::observed::ends_with(Verdict::Fail, "O-STATUS-SEEN-FIRST", &script);
}

#[test]
fn a_rejected_letter_that_came_back_may_be_accepted() {
    let mut script = Script::small();
    script.list(100, &letters(1)).moved_for(
        "L1",
        letterproof_model::LetterStatus::Rejected,
        "J1",
        "No",
    );
    script.wait(400.0).list(100, &letters(1)).moved("L1", Accepted);
    assert_eq!(verdict("AT13.4", &script), Verdict::Pass);
    assert_eq!(verdict("AT13.2", &script), Verdict::Pass);
}

#[test]
fn a_connection_error_overcome_by_a_repeat_is_tolerated_and_mentioned() {
    let mut script = Script::small();
    script.status().lost().status().list(10, &letters(2));
    let window = result("AT1.3", &script);
    assert_eq!(window.verdict, Verdict::Pass);
    assert!(window.observed.contains("1 connection error resolved"), "{}", window.observed);
    let mut script = Script::small();
    script.list(10, &letters(2)).status().lost();
    assert_eq!(verdict("AT1.3", &script), Verdict::Fail);
    assert_eq!(verdict("AT1.1", &script), Verdict::Inconclusive);
}

#[test]
fn refusals_after_the_first_success_are_not_about_connecting() {
    let mut script = Script::small();
    script.status().list(10, &letters(2)).wait(700.0).list(10, &[]).answered(401);
    assert_eq!(verdict("AT1.3", &script), Verdict::Pass);
}

#[test]
fn the_evidence_says_when_the_list_was_asked_for_again() {
    let at_once = result("AT3.1", &passing(3)).observed;
    assert!(at_once.contains("asked again after 0.001 s, 301.0 s"), "{at_once}");
    let after = result("AT3.3", &passing(3)).observed;
    assert!(after.contains("6 letters after 301.0 s"), "{after}");
}

#[test]
fn only_one_window_of_at3_leaves_the_other_not_run() {
    let mut script = Script::small();
    script.list(2_500, &letters(6)).list(2_500, &[]);
    assert_eq!(verdict("AT3.1", &script), Verdict::Pass);
    assert_eq!(verdict("AT3.3", &script), Verdict::NotRun);
    assert_eq!(verdict("AT3.5", &script), Verdict::Inconclusive);
}

#[test]
fn letters_hidden_by_another_list_are_not_missed() {
    let mut script = Script::small();
    script.list(2_500, &letters(6)).wait(301.0).harness().list(10, &letters(2));
    script.supplier().list(2_500, &letters(6)[2..]);
    assert_eq!(verdict("AT3.3", &script), Verdict::Pass);
}

#[test]
fn a_list_shorter_than_asked_for_does_not_show_the_packs_thousand() {
    let mut script = Script::pack();
    let batch = letters(3);
    script.list(1_000, &batch).bulk(Accepted, &["L1", "L2", "L3"]).wait(2.0);
    for letter in &batch {
        script.read(&letter.id, Accepted);
    }
    script.list(1_000, &[]);
    let skipped = result("AT4.4", &script);
    assert_eq!(skipped.verdict, Verdict::Inconclusive);
    assert!(skipped.reason.unwrap().contains("1,000"));
    assert_eq!(verdict("AT4.2", &script), Verdict::Pass);
}

#[test]
fn a_listed_letter_that_cannot_be_taken_on_may_be_rejected_instead() {
    let mut script = Script::small();
    let mut batch = letters(4);
    batch[2].specification = Some("no-such");
    script.list(4, &batch).bulk(Accepted, &["L1", "L2", "L4"]);
    script.patch_for("L3", letterproof_model::LetterStatus::Rejected, Some(("J1", "Unknown")));
    let failed = with_verdict(&judge(4, &script), Verdict::Fail);
    assert!(failed.is_empty(), "{failed:?}");
    // A letter that is in order may not.
    script.exchanges.clear();
    script.list(4, &letters(4)).bulk(Accepted, &["L1", "L2", "L4"]);
    script.patch_for("L3", letterproof_model::LetterStatus::Rejected, Some(("J1", "Unknown")));
    assert_eq!(verdict("AT4.4", &script), Verdict::Fail);
}

#[test]
fn a_specification_the_profile_does_not_know_leaves_the_format_open() {
    let mut script = Script::small();
    let large = letter("B1").of(Some("large-print-of-another-name"));
    script.list(100, std::slice::from_ref(&large)).patch("B1", Accepted).wait(2.0);
    script.read_letter(&large.clone().in_status(Accepted), None);
    script.patch_for("B1", Forwarded, Some(("A1", "Large print"))).wait(2.0);
    script.read_letter(&large.in_status(Forwarded), Some(("A1", "Large print")));
    assert_eq!(verdict("AT9.2", &script), Verdict::Inconclusive);
}

#[test]
fn judging_does_not_depend_on_the_order_of_recording() {
    for test in 1..=15 {
        let script = passing(test);
        let mut reversed = script.clone();
        reversed.exchanges.reverse();
        let verdicts = |script: &Script| -> Vec<_> {
            judge(test, script).into_iter().map(|r| (r.id, r.verdict, r.observed)).collect()
        };
        assert_eq!(verdicts(&script), verdicts(&reversed), "AT{test}");
    }
}

#[test]
fn a_record_that_was_not_answered_leaves_open_whether_one_is_missing() {
    let record = support::cases::record("2026-09-01", 2);
    let script = support::cases::at14(|s| {
        s.mi("M1", &record).lost();
    });
    assert_eq!(verdict("AT14.4", &script), Verdict::Inconclusive);
    let answered = support::cases::at14(|s| {
        s.mi("M1", &record);
    });
    assert_eq!(verdict("AT14.4", &answered), Verdict::Pass);
}
