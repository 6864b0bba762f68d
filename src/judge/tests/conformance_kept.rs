//! What a letter shows that was read once more: kept, gone back, changed to something else, changed
//! unasked. And when nothing is said, since an update need not be on record.

#![allow(clippy::unwrap_used)]

mod support;

use letterproof_contract::Contract;
use letterproof_model::LetterStatus::{Accepted, Dispatched, Failed, Pending, Rejected, Returned};
use letterproof_model::{
    About, Capability, Finding, FindingKind, Journal as _, Mark, MarkKind, Mode, Recording, Verdict,
};
use support::cases::then;
use support::probed::{after, of, result, said};
use support::{Script, concluded};

const ID: &str = "C-LETTER-KEPT";
/// The time that an update has to show, in seconds.
const DEADLINE: f64 = 60.0;

/// What is said of a run that began long enough ago.
fn later(write: impl FnOnce(&mut Script)) -> Script {
    after(|s| {
        s.wait(DEADLINE + 1.0);
        write(s);
    })
}

fn fails(words: &str, script: &Script) {
    assert_eq!(said(ID, script), (Verdict::Fail, words.to_owned()));
}

#[test]
fn a_letter_that_goes_back_after_it_was_seen_is_found_by_reading_it_once_more() {
    let moved = |last| {
        later(|s| {
            s.moved("L1", Accepted).moved("L1", Dispatched);
            s.harness().scenario("Final sweep").wait(30.0).read("L1", last);
        })
    };
    assert_eq!(said(ID, &moved(Dispatched)).0, Verdict::Pass);
    fails("1 of 2 reads: L1 was read as DISPATCHED, and as ACCEPTED again", &moved(Accepted));
    fails("1 of 2 reads: L1 was read as DISPATCHED, and as PENDING again", &moved(Pending));
}

#[test]
fn a_letter_that_shows_what_nobody_sent_has_changed_to_something_else() {
    let wandered = later(|s| {
        s.moved("L1", Accepted).harness().wait(30.0).read("L1", Returned);
    });
    fails("1 of 1 read: L1 was read as ACCEPTED, and as RETURNED, which was never sent", &wandered);
    // An update whose answer was lost may have arrived.
    let lost = later(|s| {
        s.moved("L1", Accepted).patch("L1", Returned).lost().wait(30.0).read("L1", Returned);
    });
    assert_eq!(said(ID, &lost).0, Verdict::Pass);
    let refused = later(|s| {
        s.moved("L1", Accepted).patch("L1", Returned).answered(400).wait(30.0);
        s.read("L1", Returned);
    });
    let words = "1 of 1 read: L1 was read as ACCEPTED, and as RETURNED, although its update was \
                 answered with 400";
    fails(words, &refused);
}

#[test]
fn a_letter_that_nobody_named_must_not_change_along() {
    let beside = |is| {
        later(|s| {
            s.read("L2", Pending).supplier().moved("L1", Accepted);
            s.harness().wait(30.0).read("L2", is);
        })
    };
    assert_eq!(said(ID, &beside(Pending)).0, Verdict::Pass);
    fails(
        "1 of 1 read: L2 was read as PENDING, and as FAILED, which was never sent",
        &beside(Failed),
    );
}

#[test]
fn a_letter_that_was_only_listed_is_told_of_when_the_queue_cannot_lag_so_long() {
    let listed_after = |seconds: f64| {
        let mut script = after(|s| {
            let known = support::letters(3);
            s.wait(seconds).list(9, &known[2..]).wait(1.0).read("L3", Failed);
        });
        script.exchanges.retain(|one| !one.request.url.contains("limit=100"));
        said(ID, &script).0
    };
    assert_eq!(listed_after(900.0), Verdict::NotRun, "the list may lag behind an earlier update");
    assert_eq!(listed_after(961.0), Verdict::Fail);
}

#[test]
fn nhs_notify_takes_a_rejected_letter_back_or_fails_it() {
    for status in [Pending, Failed] {
        let script = later(|s| {
            s.moved_for("L1", Rejected, "J01", "Unfit").harness().wait(30.0).read("L1", status);
        });
        assert_eq!(said(ID, &script).0, Verdict::Pass, "{status}");
    }
}

#[test]
fn what_need_not_be_on_record_blames_nobody() {
    let changed = |s: &mut Script| then(s.read("L1", Pending).wait(5.0).read("L1", Accepted));
    fails(
        "1 of 1 read: L1 was read as PENDING, and as ACCEPTED, which was never sent",
        &later(changed),
    );
    // An earlier run may have sent it just before this one began.
    assert_eq!(said(ID, &after(changed)).0, Verdict::Pass);
    // So may another of the supplier's systems that goes past the witness.
    let mut watched = later(changed);
    watched.context.mode = Mode::Observed;
    assert_eq!(said(ID, &watched).0, Verdict::Pass);
    // So may this run, which was killed before it could note so.
    let script = later(|s| then(s.read("L1", Pending).wait(100.0).read("L1", Accepted)));
    let gone_on = script.exchanges.last().unwrap().started;
    let recording = Recording::new(
        script.journal().exchanges().to_vec(),
        vec![Mark::new(gone_on, MarkKind::Resumed)],
    );
    let results = letterproof_judge::conformance::judge_conformance(
        &recording,
        &script.context,
        Contract::built_in().unwrap(),
    );
    assert_eq!(of(ID, &results).verdict, Verdict::Pass);
    // A bulk of which the record does not tell what it asked for, but not one that was refused.
    let bulk = |status: u16| {
        said(
            ID,
            &later(|s| {
                s.read("L1", Pending).bulk(Accepted, &["L2"]).answered(status);
                s.edit(|exchange| exchange.request.body = letterproof_model::Body::None);
                s.wait(5.0).read("L1", Accepted);
            }),
        )
    };
    assert_eq!((bulk(202).0, bulk(400).0), (Verdict::Pass, Verdict::Fail));
    // What a PATCH asked for that cannot be read here may be just this.
    let odd = later(|s| {
        s.read("L1", Pending).patch("L1", Accepted).edit(|exchange| {
            exchange.request.body = letterproof_model::Body::Text { text: "odd".into() };
        });
        s.wait(5.0).read("L1", Accepted);
    });
    assert_eq!(said(ID, &odd).0, Verdict::Pass);
}

/// The finding of a run that was not asked for the conformance suite.
fn finding(script: &Script) -> Option<Finding> {
    finding_beside(script, false)
}

fn finding_beside(script: &Script, conformance: bool) -> Option<Finding> {
    let results = concluded(script, &[], conformance);
    results.findings.into_iter().find(|finding| finding.id == "F-LETTER-NOT-KEPT")
}

#[test]
fn a_clause_that_fails_by_it_points_there_and_any_other_does_not() {
    let reason = |script: &Script, conformance: bool| {
        let results = concluded(script, &[7], conformance);
        let tests = results.tests.into_iter().flat_map(|test| test.criteria);
        let seen = tests.into_iter().find(|criterion| criterion.id.as_str() == "AT7.2").unwrap();
        (seen.verdict, seen.reason.unwrap_or_default())
    };
    let back = later(|s| {
        s.supplier().moved("L1", Accepted).moved("L1", Dispatched);
        s.harness().wait(30.0).read("L1", Accepted);
    });
    for (conformance, cause) in [(true, "see C-LETTER-KEPT"), (false, "see F-LETTER-NOT-KEPT")] {
        let (verdict, reason) = reason(&back, conformance);
        assert_eq!(verdict, Verdict::Fail, "{reason}");
        assert!(reason.ends_with(&format!("{cause}: the same letters")), "{reason}");
    }
    let lost = later(|s| {
        s.supplier().moved("L1", Accepted).patch("L1", Dispatched).wait(120.0).read("L1", Accepted);
    });
    let (verdict, reason) = reason(&lost, true);
    assert!(verdict != Verdict::Pass && !reason.contains("LETTER-KEPT"), "{verdict} {reason}");
}

#[test]
fn without_the_suite_the_same_is_a_finding_about_the_api() {
    let back = later(|s| {
        s.moved("L1", Accepted).moved("L1", Dispatched).harness().wait(30.0).read("L1", Accepted);
    });
    let found = finding(&back).unwrap();
    assert_eq!((found.about, found.kind), (About::Api, FindingKind::Violation));
    assert!(found.observed.contains("DISPATCHED, and as ACCEPTED again"), "{}", found.observed);
    let mut watched = back.clone();
    watched.context.mode = Mode::Observed;
    assert_eq!(finding(&watched).unwrap().kind, FindingKind::Note);
    // The suite tells it, and then it is told once; of a target that keeps nothing it is untrue.
    assert_eq!(finding_beside(&back, true), None);
    let mut forgetful = back.clone();
    forgetful.context.capabilities.remove(&Capability::Stateful);
    assert_eq!(finding(&forgetful), None);
    let kept = later(|s| then(s.moved("L1", Accepted).harness().wait(30.0).read("L1", Accepted)));
    assert_eq!(finding(&kept), None);
}

#[test]
fn a_pass_says_how_many_of_the_letters_that_moved_were_read_again() {
    let told = |write: fn(&mut Script)| {
        let told = result(ID, &later(write));
        (told.verdict, told.criteria[0].reason.clone())
    };
    let some = told(|s| {
        s.moved("L1", Accepted).moved("L2", Accepted).moved("L3", Accepted).read("L1", Accepted);
    });
    let words = "1 of 3 letters that moved were read again after the move was seen";
    assert_eq!(some, (Verdict::Pass, Some(words.to_owned())));
    let all = told(|s| then(s.moved("L1", Accepted).read("L1", Accepted)));
    assert_eq!(all, (Verdict::Pass, None));
    let failed = told(|s| then(s.moved("L1", Accepted).moved("L2", Accepted).read("L1", Pending)));
    assert_eq!(failed, (Verdict::Fail, None));
}

#[test]
fn a_pause_before_or_after_two_reads_excuses_nothing_between_them() {
    let script =
        later(|s| then(s.read("L1", Pending).wait(5.0).read("L1", Accepted).wait(5.0).status()));
    let at = |call: usize| script.exchanges[script.exchanges.len() - call].started;
    let said = |marked| {
        let marks = vec![Mark::new(marked, MarkKind::Resumed)];
        let recording = Recording::new(script.journal().exchanges().to_vec(), marks);
        let contract = Contract::built_in().unwrap();
        let results = letterproof_judge::conformance::judge_conformance(
            &recording,
            &script.context,
            contract,
        );
        of(ID, &results).verdict
    };
    // A pause ends as the run goes on with this call from the end.
    assert_eq!(said(at(2)), Verdict::Pass);
    assert_eq!(said(at(1)), Verdict::Fail);
    assert_eq!(said(at(3)), Verdict::Fail);
}
