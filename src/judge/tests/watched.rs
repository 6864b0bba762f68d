//! What only an observer sees: each check can turn red and can pass, and an honest supplier, a
//! short recording and the harness's own calls turn none of them red.

#![allow(clippy::panic, clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;

use letterproof_judge::{JudgeCache, Traffic, judge_test, observer_checks, observer_ids};
use letterproof_model::LetterStatus::{Accepted, Dispatched, Pending, Printed};
use letterproof_model::{Capability, CheckResult, FindingKind, Mode, Span, TestId, Verdict};
use support::cases::{passing, record, script, then};
use support::observed::{
    calls_within_a_second, ends_with, every_watched, observed, result, watched,
};
use support::{Script, letters};

fn failed(results: &[CheckResult]) -> BTreeSet<&str> {
    let failed = results.iter().filter(|check| check.verdict == Verdict::Fail);
    failed.map(|check| check.id.as_str()).collect()
}

#[test]
fn every_check_has_a_journal_that_fails_it_and_one_that_passes_it() {
    let cases = every_watched();
    let covered: Vec<&str> = cases.iter().map(|case| case.id).collect();
    assert_eq!(
        covered.iter().collect::<BTreeSet<_>>(),
        observer_ids().collect::<Vec<_>>().iter().collect()
    );
    for case in cases {
        let mut expected = BTreeSet::from([case.id]);
        if case.id == "O-SECOND-LIST" {
            // A second update is one, whatever brought it about.
            expected.insert("O-UPDATE-ONCE");
        }
        assert_eq!(failed(&observed(&case.red)), expected, "{}", case.id);
        assert_eq!(failed(&observed(&case.green)), BTreeSet::new(), "{}", case.id);
        ends_with(Verdict::Pass, case.id, &case.green);
    }
}

#[test]
fn a_failed_check_is_a_violation_or_advice_and_shows_where() {
    for case in every_watched() {
        let checks = observed(&case.red);
        let check = checks.iter().find(|check| check.id.as_str() == case.id).unwrap();
        let ours = ["O-STATUS-SEEN-FIRST", "O-ONE-JOB", "O-MI-TIME", "O-READS-NEEDED"];
        let advice = ours.contains(&case.id);
        let kind = if advice { FindingKind::Note } else { FindingKind::Violation };
        assert_eq!((check.finding, check.is_advice()), (Some(kind), advice), "{}", case.id);
        assert!(!check.criteria[0].exchanges.is_empty(), "{}", case.id);
    }
}

#[test]
fn an_illegal_move_names_the_letter_and_both_statuses() {
    let result = result("O-MOVE-ELIGIBLE", &every_watched()[0].red);
    assert_eq!(result.observed, "1 of 1 move: L2 was moved from PENDING to DISPATCHED");
    assert_eq!(result.letters[0].as_str(), "L2");
}

#[test]
fn an_honest_supplier_breaks_no_rule() {
    for test in 1..=15 {
        for mode in [Mode::Driven, Mode::Observed] {
            let mut script = passing(test);
            script.context.mode = mode;
            let checks = observed(&script);
            let mut failed = failed(&checks);
            // These scripts send faster than any API allows; time is not their subject.
            failed.remove("O-RATE-KEPT");
            // They print letters they never fetched, which nobody watches in a driven run.
            if mode == Mode::Observed {
                failed.remove("O-PDF-FETCHED");
            }
            assert!(failed.is_empty(), "AT{test}, {mode:?}: {failed:?} of {checks:#?}");
        }
    }
}

#[test]
fn where_there_is_nothing_to_look_at_every_check_says_what_would_show_it() {
    for check in observed(&Script::small()) {
        let criterion = &check.criteria[0];
        assert_eq!(check.verdict, Verdict::NotRun, "{criterion:#?}");
        assert!(criterion.reason.as_ref().unwrap().contains("show"), "{criterion:#?}");
    }
}

#[test]
fn what_the_harness_does_says_nothing_about_the_supplier() {
    let mut script = Script::small();
    script.harness().list(100, &letters(3)).moved("L1", Dispatched).patch("L1", Pending);
    for check in observed(&script) {
        assert_eq!(check.verdict, Verdict::NotRun, "{check:#?}");
    }
}

#[test]
fn what_a_target_lacks_is_not_asked_of_its_supplier() {
    let mut script = Script::small();
    script.context.capabilities.remove(&Capability::RateLimited);
    script.context.capabilities.remove(&Capability::Authenticated);
    ends_with(Verdict::NotApplicable, "O-RATE-KEPT", &script);
    ends_with(Verdict::NotApplicable, "O-TOKEN-REUSED", &script);
    assert_eq!(observer_checks().iter().filter(|check| !check.needs.is_empty()).count(), 2);
}

#[test]
fn what_follows_an_end_is_blamed_once() {
    let script = watched(|s| {
        s.moved("L1", Accepted).moved_for("L1", letterproof_model::LetterStatus::Failed, "F", "x");
        s.moved("L1", Dispatched);
    });
    assert_eq!(failed(&observed(&script)), BTreeSet::from(["O-NOTHING-AFTER-END"]));
}

#[test]
fn a_letter_left_over_from_a_list_is_forgotten_only_once_it_would_have_come_again() {
    let left = |wait: f64| watched(|s| then(s.bulk(Accepted, &["L1", "L2"]).wait(wait).status()));
    ends_with(Verdict::Inconclusive, "O-LISTED-TAKEN-ON", &left(200.0));
    ends_with(Verdict::Fail, "O-LISTED-TAKEN-ON", &left(301.0));
    // Nobody worked through a list of which one letter in three was taken on.
    let idle = watched(|s| then(s.patch("L1", Accepted).wait(301.0).status()));
    ends_with(Verdict::Inconclusive, "O-LISTED-TAKEN-ON", &idle);
}

#[test]
fn a_pdf_is_missed_only_where_downloads_are_recorded() {
    let print = |s: &mut Script| then(s.moved("L1", Accepted).moved("L1", Printed));
    let unseen = watched(print);
    ends_with(Verdict::Inconclusive, "O-PDF-FETCHED", &unseen);
    let seen = watched(|s| {
        s.fetch("L2");
        print(s);
    });
    ends_with(Verdict::Fail, "O-PDF-FETCHED", &seen);
    // The harness's own supplier prints nothing.
    let mut driven = seen;
    driven.context.mode = Mode::Driven;
    ends_with(Verdict::NotRun, "O-PDF-FETCHED", &driven);
    let late = watched(|s| then(s.moved("L1", Accepted).moved("L1", Printed).fetch("L1")));
    ends_with(Verdict::Fail, "O-PDF-FETCHED", &late);
}

#[test]
fn a_record_sent_again_after_no_answer_may_or_may_not_be_there_twice() {
    let script = watched(|s| {
        s.mi("M1", &record("2026-09-01", 2)).lost().wait(1.0).mi("M2", &record("2026-09-01", 2));
    });
    ends_with(Verdict::Inconclusive, "O-MI-ONCE", &script);
    let twice = watched(|s| {
        s.mi("M1", &record("2026-09-01", 2)).wait(1.0).mi("M2", &record("2026-09-01", 2));
    });
    ends_with(Verdict::Fail, "O-MI-ONCE", &twice);
}

#[test]
fn one_token_asked_for_early_may_be_a_restart() {
    let script = watched(|s| then(s.token().wait(5.0).token().list(10, &[])));
    ends_with(Verdict::Inconclusive, "O-TOKEN-REUSED", &script);
}

#[test]
fn a_little_above_the_rate_is_jitter_unless_the_api_refused_it() {
    let mut script = watched(|s| calls_within_a_second(s, 303));
    ends_with(Verdict::Inconclusive, "O-RATE-KEPT", &script);
    script.answered(429);
    ends_with(Verdict::Fail, "O-RATE-KEPT", &script);
}

#[test]
fn a_failed_call_may_be_repeated_at_once_but_not_hammered() {
    let repeated = |times: usize| {
        watched(|s| {
            for _ in 0..times {
                s.list(10, &[]).answered(500);
            }
            s.list(10, &[]);
        })
    };
    ends_with(Verdict::Pass, "O-BACK-OFF-5XX", &repeated(2));
    ends_with(Verdict::Fail, "O-BACK-OFF-5XX", &repeated(3));
}

#[test]
fn other_updates_sent_meanwhile_are_no_repeats_of_a_throttled_one() {
    let script = watched(|s| {
        s.bulk(Accepted, &["L1"]).answered(429).bulk(Accepted, &["L2"]).wait(1.0);
        s.bulk(Accepted, &["L1"]);
    });
    ends_with(Verdict::Pass, "O-BACK-OFF-429", &script);
}

#[test]
fn a_call_is_given_up_only_when_nothing_came_for_long() {
    let left = |wait: f64| watched(|s| then(s.patch("L1", Accepted).lost().wait(wait).status()));
    ends_with(Verdict::Inconclusive, "O-BACK-OFF-5XX", &left(200.0));
    ends_with(Verdict::Fail, "O-BACK-OFF-5XX", &left(301.0));
}

#[test]
fn a_growing_journal_is_judged_anew() {
    let script = every_watched().remove(0).red;
    let mut cache = JudgeCache::new(script.context.clone());
    assert!(failed(cache.observer()).is_empty());
    cache.absorb(&script.journal());
    assert_eq!(failed(cache.observer()), BTreeSet::from(["O-MOVE-ELIGIBLE"]));
}

#[test]
fn a_record_that_may_have_been_created_need_not_be_sent_again() {
    let submitted = |status: u16| {
        script(|s| then(s.mi("M1", &record("2026-09-01", 2)).answered(status).wait(301.0).status()))
    };
    ends_with(Verdict::Inconclusive, "O-BACK-OFF-5XX", &submitted(502));
    ends_with(Verdict::Fail, "O-BACK-OFF-429", &submitted(429));
}

#[test]
fn a_letter_that_the_harness_itself_used_is_not_left_behind_by_the_supplier() {
    let left = |by_harness: bool| {
        support::observed::watched(|s| {
            s.bulk(Accepted, &["L1", "L3"]);
            if by_harness {
                s.harness().patch("L2", Accepted).supplier();
            }
            s.wait(301.0).status();
        })
    };
    support::observed::ends_with(Verdict::Fail, "O-LISTED-TAKEN-ON", &left(false));
    support::observed::ends_with(Verdict::Pass, "O-LISTED-TAKEN-ON", &left(true));
}

#[test]
fn a_letter_whose_pdf_nobody_can_print_may_be_left_where_no_rejection_is_declared() {
    let left = |spoilt: bool| {
        let mut script = support::observed::watched(|s| {
            match spoilt {
                true => support::cases::damaged(s, "L2"),
                false => drop(s.fetch("L2")),
            }
            s.bulk(Accepted, &["L1", "L3"]).wait(301.0).status();
        });
        script.context.supports.clear();
        script
    };
    support::observed::ends_with(Verdict::Fail, "O-LISTED-TAKEN-ON", &left(false));
    support::observed::ends_with(Verdict::Pass, "O-LISTED-TAKEN-ON", &left(true));
}

/// When a test's calls were made, over a script in this mode.
fn span(test: u8, mode: Mode, script: &Script) -> Option<Span> {
    let mut context = script.context.clone();
    context.mode = mode;
    let traffic = Traffic::from_journal(&script.journal(), &context);
    judge_test(TestId::new(test).unwrap(), &traffic, &context).span
}

#[test]
fn a_watched_test_lasts_from_its_first_call_to_the_end_of_its_last_however_many_there_are() {
    const MANY: usize = 40;
    let mut script = Script::small();
    script.token().status().wait(60.0).list(100, &letters(MANY));
    let first = script.exchanges.len();
    for letter in letters(MANY) {
        script.moved(&letter.id, Accepted).moved(&letter.id, Dispatched);
    }
    let last = script.exchanges.len() - 1;
    script.wait(600.0).status();
    let found = span(7, Mode::Observed, &script).unwrap();
    let calls = &script.exchanges[first..=last];
    assert_eq!(found.finished, calls[calls.len() - 1].finished(), "not of the 25 that are listed");
    assert!(calls[0].started <= found.started && found.started < calls[10].started, "{found:?}");
    assert_eq!(span(7, Mode::Driven, &script), None, "its attempts tell");
    assert_eq!(span(15, Mode::Observed, &script), None, "nothing of it was seen");
}
