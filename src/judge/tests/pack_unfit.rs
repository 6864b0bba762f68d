//! Letters that cannot be produced or taken on (AT12, AT13): how long a supplier has to say so, and
//! what it is not blamed for.

mod support;

use letterproof_model::LetterStatus::{Accepted, Dispatched, Failed, Printed, Rejected};
use letterproof_model::Verdict::{Fail, Inconclusive, NotRun, Pass};
use support::cases::{accepted, damaged, script};
use support::told::{after_the_last, explains, tells};
use support::{Script, letter};

/// The time in which a letter's update has to show, in microseconds.
const DEADLINE: i64 = 60_000_000;
const WHY: Option<(&str, &str)> = Some(("J01", "Cannot be taken on"));

/// The recording ends so many microseconds after the last call was answered.
fn ends_after(s: &mut Script, micros: i64) -> &mut Script {
    // Every call takes as long as the one before it.
    after_the_last(s, micros).status()
}

#[test]
fn a_bad_pdf_found_just_before_the_end_leaves_open_whether_it_is_reported() {
    let found = |micros: i64| {
        accepted(|s| {
            damaged(s, "L1");
            ends_after(s, micros);
        })
    };
    let open =
        "1 of 1 letter: L1 has a damaged PDF (no trailer), found just before the recording ended";
    tells(Inconclusive, open, "AT12.4", &found(DEADLINE - 1));
    let missed = "1 of 1 letter: L1 has a damaged PDF (no trailer), was accepted and never \
                  reported as FAILED";
    tells(Fail, missed, "AT12.4", &found(DEADLINE));
}

#[test]
fn a_bad_pdf_found_after_print_keeps_the_letter_from_going_further() {
    let printed_unseen = |then: &dyn Fn(&mut Script)| {
        accepted(|s| {
            s.moved("L1", Printed);
            damaged(s, "L1");
            then(s);
        })
    };
    let all_the_same =
        "1 of 1 letter: L1 has a damaged PDF (no trailer) but was reported as DISPATCHED";
    let dispatched = printed_unseen(&|s| {
        s.moved("L1", Dispatched);
    });
    tells(Fail, all_the_same, "AT12.4", &dispatched);
    // Taken out of production afterwards, it was produced all the same.
    let failed_then = printed_unseen(&|s| {
        s.moved("L1", Dispatched).moved_for("L1", Failed, "F01", "Damaged");
    });
    tells(Fail, all_the_same, "AT12.4", &failed_then);
    let failed = printed_unseen(&|s| {
        s.moved_for("L1", Failed, "F01", "Damaged");
    });
    tells(Pass, "1 letter whose PDF cannot be produced, none produced", "AT12.4", &failed);
    // What was printed from a sound PDF is not undone by a later look.
    let looked_again = accepted(|s| {
        s.fetch("L1").moved("L1", Printed);
        damaged(s, "L1");
        s.moved("L1", Dispatched);
    });
    tells(Pass, "1 PDF downloaded, none damaged", "AT12.4", &looked_again);
}

#[test]
fn without_rejections_a_missing_pdf_has_to_be_reported_as_failed() {
    let left = |supports: &[letterproof_model::LetterStatus]| {
        let mut script = accepted(|s| {
            s.fetch_nothing("L1").wait(61.0).status();
        });
        script.context.supports = supports.iter().copied().collect();
        script
    };
    let words = "1 of 1 letter: L1 has no PDF, was accepted and never reported as FAILED";
    tells(Fail, words, "AT12.4", &left(&[Printed]));
    // Where letters are rejected, AT13 tells of it.
    tells(NotRun, "nothing", "AT12.4", &left(&[Printed, Rejected]));
    tells(Fail, words, "AT13.5", &left(&[Printed, Rejected]));
}

#[test]
fn a_pdf_that_turns_out_missing_after_print_keeps_the_letter_from_going_further() {
    let script = accepted(|s| {
        s.moved("L1", Printed).fetch_nothing("L1").moved("L1", Dispatched);
    });
    tells(Fail, "1 of 1 letter: L1 has no PDF but was reported as DISPATCHED", "AT13.5", &script);
    // A store may drop what it has delivered.
    let dropped = accepted(|s| {
        s.fetch("L1").moved("L1", Printed).fetch_nothing("L1").moved("L1", Dispatched);
    });
    tells(NotRun, "nothing", "AT13.5", &dropped);
}

#[test]
fn a_letter_without_a_pdf_has_to_be_rejected_within_the_deadline() {
    let left = |micros: i64| {
        script(|s| {
            s.list(100, &[letter("U1").without_hash()]).fetch_nothing("U1");
            ends_after(s, micros);
        })
    };
    let open = "1 of 1 letter: U1 has no PDF, found just before the recording ended";
    tells(Inconclusive, open, "AT13.5", &left(DEADLINE - 1));
    let missed = "1 of 1 letter: U1 has no PDF and was not rejected";
    tells(Fail, missed, "AT13.5", &left(DEADLINE));
}

#[test]
fn a_letter_of_unknown_specification_that_was_only_listed_blames_nobody() {
    for wait in [0.0, 61.0] {
        let script = script(|s| {
            s.list(100, &[letter("U1").of(Some("no-such"))]).wait(wait).status();
        });
        tells(NotRun, "nothing", "AT13.5", &script);
        explains("no letter that cannot be accepted was processed", "AT13.5", &script);
    }
}

#[test]
fn an_accepted_letter_that_cannot_be_taken_on_has_to_be_reported_as_failed_within_the_deadline() {
    let kept = |micros: i64| {
        script(|s| {
            s.list(100, &[letter("U1").of(Some("no-such"))]);
            ends_after(s, micros).patch("U1", Accepted);
        })
    };
    let open =
        "1 of 1 letter: U1 names an unknown specification, found just before the recording ended";
    tells(Inconclusive, open, "AT13.5", &kept(0));
    let missed = "1 of 1 letter: U1 names an unknown specification, was accepted and \
                  never reported as FAILED";
    tells(Fail, missed, "AT13.5", &kept(DEADLINE));
}

#[test]
fn rejecting_a_letter_after_it_was_accepted_is_a_wrong_move_and_ends_it_all_the_same() {
    let script = script(|s| {
        s.list(100, &[letter("U1").of(Some("no-such"))]);
        s.patch("U1", Accepted).wait(2.0).patch_for("U1", Rejected, WHY);
    });
    tells(Pass, "1 letter that cannot be accepted, none produced", "AT13.5", &script);
    tells(Fail, "1 of 1 letter: U1 was moved from ACCEPTED", "AT13.1", &script);
}

#[test]
fn a_letter_produced_after_its_end_is_told_as_moved_wrongly_and_not_as_a_bad_pdf_kept() {
    let ended_first = accepted(|s| {
        damaged(s, "L1");
        s.moved_for("L1", Failed, "F01", "Damaged").moved("L1", Printed);
    });
    tells(Pass, "1 letter whose PDF cannot be produced, none produced", "AT12.4", &ended_first);
    tells(Fail, "1 of 1 letter: L1 was moved from FAILED", "AT5.1", &ended_first);
    // An end that was refused is none.
    let refused = accepted(|s| {
        damaged(s, "L1");
        s.patch_for("L1", Failed, WHY).answered(400).moved("L1", Printed);
    });
    let words = "1 of 1 letter: L1 has a damaged PDF (no trailer) but was reported as PRINTED";
    tells(Fail, words, "AT12.4", &refused);
}

#[test]
fn a_missing_pdf_counts_once_the_supplier_was_told_of_it() {
    let printed = |told: &dyn Fn(&mut Script)| {
        accepted(|s| {
            told(s);
            s.patch("L1", Printed).wait(61.0).status();
        })
    };
    let produced = "1 of 1 letter: L1 has no PDF but was reported as PRINTED";
    let asked = printed(&|s| {
        s.fetch_nothing("L1");
    });
    tells(Fail, produced, "AT13.5", &asked);
    // Asked for as it was produced, by another worker: then it was produced unseen.
    let at_that_moment = accepted(|s| {
        let at = s.now();
        s.data("L1").answered(404).set_clock(at).patch("L1", Printed).wait(61.0).status();
    });
    tells(NotRun, "nothing", "AT13.5", &at_that_moment);
    // A probe of the harness tells the supplier nothing.
    let of_harness = printed(&|s| {
        s.harness().fetch_nothing("L1").supplier();
    });
    tells(NotRun, "nothing", "AT13.5", &of_harness);
}
