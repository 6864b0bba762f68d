//! Allowed ways that nobody here had tried, each of which blames nobody, and beside them broken APIs and
//! bad suppliers of the same kind, which stay red.

#![allow(clippy::unwrap_used)]

mod support;

use letterproof_model::LetterStatus::{
    Accepted, Cancelled, Dispatched, Failed, Pending, Printed, Rejected,
};
use letterproof_model::{LetterStatus, Mode, Verdict};
use serde_json::json;
use support::cases::{accepted, at14, both_dispatched, damaged, header, record, script, then};
use support::observed::{ends_with as observes, watched};
use support::probed::{after, said};
use support::script::{hash_of, json_body};
use support::told::ends_with;
use support::{Script, judge_every, letter, letters, lines, observed, with_verdict};

const WHY: Option<(&str, &str)> = Some(("J01", "Cannot be taken on"));

/// No test fails over a script, and no rule of the observer is broken.
#[track_caller]
fn blames_nobody(script: &Script) {
    let results = judge_every(script);
    assert!(with_verdict(&results, Verdict::Fail).is_empty(), "{}", lines(&results));
    let mut seen = script.clone();
    seen.context.mode = Mode::Observed;
    let broken: Vec<_> = observed::observed(&seen).into_iter().filter(|c| c.is_broken()).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

/// A letter that cannot be taken on, rejected and then read so.
fn rejected_then(reads: &[LetterStatus], go_on: impl FnOnce(&mut Script)) -> Script {
    script(|s| {
        s.list(100, &[letter("U1").without_hash()]).fetch_nothing("U1");
        s.patch_for("U1", Rejected, WHY);
        for status in reads {
            s.wait(1.0).read_for("U1", *status, WHY);
        }
        go_on(s);
    })
}

#[test]
fn nhs_notify_may_fail_or_reopen_a_rejected_letter_at_any_moment() {
    for reads in [
        // Failed before anybody could look, between two looks, and at the very end.
        &[Failed][..],
        &[Pending, Failed],
        &[Pending, Rejected, Failed],
        &[Rejected, Rejected, Failed],
        // Back in the queue between two looks, and failed or rejected from there.
        &[Rejected, Pending],
        &[Pending, Rejected, Pending],
        &[Rejected, Pending, Pending],
    ] {
        blames_nobody(&rejected_then(reads, |_| {}));
        let last = *reads.last().unwrap();
        blames_nobody(&rejected_then(reads, |s| then(s.wait(120.0).read_for("U1", last, WHY))));
        // Looked at by the harness alone.
        let swept = script(|s| {
            s.list(100, &[letter("U1").without_hash()]).fetch_nothing("U1");
            s.patch_for("U1", Rejected, WHY).wait(1.0).read_for("U1", Rejected, WHY).harness();
            for status in reads.iter().filter(|status| **status != Rejected) {
                s.wait(5.0).read_for("U1", *status, WHY);
            }
        });
        if reads.contains(&Rejected) {
            blames_nobody(&swept);
        }
    }
    // An update that was lost, and a status that nobody at NHS Notify gives.
    let lost = rejected_then(&[Pending], |s| then(s.wait(120.0).read("U1", Pending)));
    ends_with(Verdict::Fail, "AT13.2", &lost);
    let other = rejected_then(&[Accepted], |s| then(s.wait(120.0).read("U1", Accepted)));
    ends_with(Verdict::Fail, "AT13.2", &other);
    // FAILED says nothing of any other move.
    let cancelled = accepted(|s| {
        s.patch_for("L1", Cancelled, WHY).wait(61.0).read_for("L1", Failed, WHY);
    });
    ends_with(Verdict::Fail, "AT11.3", &cancelled);
}

#[test]
fn a_letter_taken_back_is_produced_once_its_document_is_there_and_not_before() {
    let back = |fetch: fn(&mut Script)| {
        rejected_then(&[Rejected, Pending], |s| {
            s.list(100, &[letter("U1").without_hash()]).moved("U1", Accepted);
            fetch(s);
            s.moved("U1", Printed);
        })
    };
    let printed = back(|s| then(s.fetch("U1")));
    ends_with(Verdict::NotRun, "AT13.5", &printed);
    blames_nobody(&printed);
    ends_with(Verdict::Fail, "AT13.5", &back(|_| {}));
    ends_with(Verdict::Fail, "AT13.5", &back(|s| then(s.fetch_nothing("U1"))));
    // Taken on again, and not looked at so far.
    let waiting = rejected_then(&[Rejected, Pending], |s| {
        s.list(100, &[letter("U1").without_hash()]).moved("U1", Accepted).wait(120.0).status();
    });
    blames_nobody(&waiting);
    // The same of a damaged one.
    let mended = |fetch: fn(&mut Script)| {
        script(|s| {
            s.list(100, &letters(1));
            damaged(s, "L1");
            s.moved_for("L1", Rejected, "J01", "Damaged").wait(9.0).read("L1", Pending);
            s.list(100, &letters(1)).moved("L1", Accepted);
            fetch(s);
            s.moved("L1", Printed);
        })
    };
    blames_nobody(&mended(|s| then(s.fetch("L1"))));
    ends_with(Verdict::Fail, "AT12.4", &mended(|_| {}));
    ends_with(Verdict::Fail, "AT12.4", &mended(|s| damaged(s, "L1")));
    // A letter whose specification was put right is told of by nothing on record.
    let put_right = script(|s| {
        s.list(100, &[letter("U1").of(Some("no-such"))]);
        s.moved_for("U1", Rejected, "J01", "Unknown").wait(9.0).read("U1", Pending);
        s.list(100, &[letter("U1")]).moved("U1", Accepted).fetch("U1").moved("U1", Printed);
    });
    blames_nobody(&put_right);
}

#[test]
fn a_letter_may_be_rejected_again_once_it_came_back() {
    blames_nobody(&rejected_then(&[Rejected, Pending], |s| {
        s.list(100, &[letter("U1").without_hash()]).fetch_nothing("U1");
        s.moved_for("U1", Rejected, "J01", "Cannot be taken on");
    }));
    let twice = watched(|s| {
        s.moved_for("L1", Rejected, "J01", "Cannot be taken on").patch_for("L1", Rejected, WHY);
    });
    observes(Verdict::Fail, "O-UPDATE-ONCE", &twice);
}

/// Follows a letter's link with HEAD.
fn head(s: &mut Script, id: &str) {
    s.data(id).follow(id).edit(|exchange| exchange.request.method = "HEAD".into());
    s.body_not_recorded();
}

#[test]
fn asking_how_long_a_document_is_fetches_none() {
    let printed = |fetch: fn(&mut Script)| {
        watched(|s| {
            s.fetch("L2").moved("L1", Accepted);
            fetch(s);
            s.moved("L1", Printed);
        })
    };
    let both = printed(|s| {
        head(s, "L1");
        s.follow("L1");
    });
    observes(Verdict::Pass, "O-PDF-FETCHED", &both);
    blames_nobody(&both);
    observes(Verdict::Fail, "O-PDF-FETCHED", &printed(|s| head(s, "L1")));
    // HEAD does not say that a document is missing for good, but it must not say that it is there.
    let gone = accepted(|s| {
        head(s.fetch_nothing("L1"), "L1");
        s.moved("L1", Printed);
    });
    ends_with(Verdict::Fail, "AT13.5", &gone);
}

#[test]
fn a_part_asked_for_beyond_the_end_is_no_missing_document() {
    blames_nobody(&accepted(|s| {
        s.fetch("L1").follow("L1").answered(416).moved("L1", Printed);
    }));
    let nothing = watched(|s| {
        s.fetch("L2").moved("L1", Accepted).fetch("L1").answered(416).moved("L1", Printed);
    });
    observes(Verdict::Fail, "O-PDF-FETCHED", &nothing);
}

#[test]
fn retries_after_every_kind_of_failure_are_one_update() {
    for status in [429, 500, 502, 503, 504] {
        blames_nobody(&accepted(|s| {
            s.fetch("L1").patch("L1", Printed).answered(status).wait(2.0).moved("L1", Printed);
        }));
    }
    // Carried out and answered with 500; the repeat is refused as one that is not eligible any more.
    blames_nobody(&accepted(|s| {
        s.fetch("L1").patch("L1", Printed).answered(500).wait(2.0).patch("L1", Printed);
        s.answered(400).wait(2.0).read("L1", Printed);
    }));
    let again = accepted(|s| then(s.fetch("L1").moved("L1", Printed).patch("L1", Printed)));
    ends_with(Verdict::Fail, "AT5.3", &again);
}

#[test]
fn an_update_sent_by_one_instance_and_read_by_another_is_read() {
    blames_nobody(&accepted(|s| {
        let one = |e: &mut letterproof_model::Exchange| {
            e.request.headers.push(header("User-Agent", "instance-1"));
        };
        s.fetch("L1").patch("L1", Printed).edit(one).wait(2.0).read("L1", Printed);
        s.edit(|e| e.request.headers.push(header("User-Agent", "instance-2")));
        s.patch("L1", Dispatched).wait(2.0).read("L1", Dispatched);
    }));
}

#[test]
fn numbers_and_times_in_management_information_may_be_written_in_other_ways() {
    for (name, value) in [
        ("quantity", json!(2.0)),
        ("timestamp", json!("2026-09-21T10:00:00.000Z")),
        ("timestamp", json!("2026-09-21T10:00:00.123456Z")),
        ("stockRemaining", json!(0)),
    ] {
        blames_nobody(&at14(|s| {
            let mut said = record("2026-09-21", 2);
            said[name] = value;
            s.mi("M1", &said).mi_read("M1", &said);
        }));
    }
    let doubled = at14(|s| {
        let mut second = record("2026-09-21", 2);
        second["timestamp"] = json!("2026-09-21T11:00:00Z");
        s.mi("M1", &record("2026-09-21", 2)).mi("M2", &second);
    });
    ends_with(Verdict::Fail, "AT14.3", &doubled);
    ends_with(Verdict::Fail, "AT14.2", &doubled);
}

#[test]
fn two_ids_taken_in_turns_are_one_for_all() {
    let refusals = |ids: usize| {
        after(|s| {
            for number in 0..8 {
                s.read("L1", Pending).answered(404);
                let id = format!("00000000-0000-4000-8000-{:012}", number % ids);
                let errors = json!({"errors": [{"id": id, "code": "NOTIFY_NOT_FOUND"}]});
                s.edit_answer(|answer| answer.body = json_body(&errors));
            }
        })
    };
    assert_eq!(said("C-ERROR-ID", &refusals(8)).0, Verdict::Pass);
    assert_eq!(said("C-ERROR-ID", &refusals(2)).0, Verdict::Fail);
    assert_eq!(said("C-ERROR-ID", &refusals(1)).0, Verdict::Fail);
}

#[test]
fn a_letter_that_shows_a_status_in_turns_does_not_keep_it() {
    let flapping = after(|s| {
        s.supplier().moved("L1", Accepted).harness();
        for status in [Accepted, Pending, Accepted] {
            s.wait(1.0).read("L1", status);
        }
    });
    assert_eq!(said("C-LETTER-KEPT", &flapping).0, Verdict::Fail);
    let steady = after(|s| {
        s.supplier().moved("L1", Accepted).harness();
        (0..3).for_each(|_| then(s.wait(1.0).read("L1", Accepted)));
    });
    assert_eq!(said("C-LETTER-KEPT", &steady).0, Verdict::Pass);
}

#[test]
fn a_failed_letter_is_produced_no_further_and_a_rejected_one_only_once_it_came_back() {
    let failed = accepted(|s| {
        damaged(s, "L1");
        s.moved_for("L1", Failed, "F01", "Damaged").moved("L1", Printed);
    });
    let mut seen = failed;
    seen.context.mode = Mode::Observed;
    observes(Verdict::Fail, "O-NOTHING-AFTER-END", &seen);
    let unasked = rejected_then(&[Rejected], |s| then(s.moved("U1", Accepted)));
    ends_with(Verdict::Fail, "AT13.4", &unasked);
}

#[test]
fn the_document_of_another_letter_is_not_this_letters() {
    let fetched = |sha256: String| {
        watched(|s| {
            s.moved("L1", Accepted).data("L1").follow_to("L1", sha256, Some(2), None);
            s.moved("L1", Printed);
        })
    };
    observes(Verdict::Fail, "O-CONTENT-SAME", &fetched(hash_of("L2")));
    // A hash may be written in capitals.
    observes(Verdict::Pass, "O-CONTENT-SAME", &fetched(hash_of("L1").to_uppercase()));
}

#[test]
fn what_is_reported_twice_in_other_words_is_reported_twice() {
    let reported = |quantities: &[u32]| {
        accepted(|s| {
            both_dispatched(s);
            for (number, quantity) in quantities.iter().enumerate() {
                s.mi(
                    &format!("M{number}"),
                    &record(&format!("2026-09-0{}", number + 1), *quantity),
                );
            }
        })
    };
    ends_with(Verdict::Pass, "AT14.2", &reported(&[1, 2]));
    ends_with(Verdict::Fail, "AT14.2", &reported(&[3, 3]));
    ends_with(Verdict::Fail, "AT14.2", &reported(&[2]));
}
