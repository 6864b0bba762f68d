//! What an honest supplier may do about documents and with its eyes: fetch in parts, be older than the
//! record, wait for NHS Notify. Beside each allowed way stands the fault that stays red.

#![allow(clippy::unwrap_used)]

mod support;

use letterproof_judge::{Traffic, judge_test};
use letterproof_model::LetterStatus::{Accepted, Dispatched, Failed, Pending, Printed, Rejected};
use letterproof_model::{Mark, MarkKind, Mode, Outcome, TestId, Timestamp, Verdict};
use support::cases::{accepted, header, script, then};
use support::observed::{ends_with as observes, result as observed, watched};
use support::script::hash_of;
use support::told::{at_once, ends_with, says};
use support::{Script, letter, letters};

const WHY: Option<(&str, &str)> = Some(("J01", "Cannot be taken on"));

/// Follows a letter's link to a part of its 100 bytes; a part that does not say which, where nothing
/// is given.
fn part(s: &mut Script, id: &str, range: &str) {
    s.data(id).follow(id).edit_answer(|answer| {
        answer.status = 206;
        if !range.is_empty() {
            answer.headers.push(header("Content-Range", &format!("bytes {range}/100")));
        }
    });
}

/// Both halves of a letter's document.
fn in_parts(s: &mut Script, id: &str) {
    part(s, id, "0-49");
    part(s, id, "50-99");
}

/// The same supplier where letters are rejected, which AT13 tells of, and where they are not, so that
/// AT12 does.
fn either_workflow(script: Script) -> [(&'static str, Script); 2] {
    let mut never = script.clone();
    never.context.supports = [Printed, Failed].into();
    [("AT13.5", script), ("AT12.4", never)]
}

#[test]
fn a_document_that_came_whole_in_parts_is_there_whatever_was_answered_once() {
    type Fetch = fn(&mut Script);
    let honest: [Fetch; 6] = [
        |s| in_parts(s.fetch_nothing("L1"), "L1"),
        |s| {
            in_parts(s, "L1");
            s.fetch_nothing("L1");
        },
        |s| {
            part(s, "L1", "0-49");
            s.fetch_nothing("L1");
            part(s, "L1", "50-99");
        },
        |s| {
            s.data("L1").answered(404);
            in_parts(s, "L1");
        },
        // It broke after 50 bytes, and was gone for a moment.
        |s| {
            s.fetch("L1").lost().edit(|exchange| {
                if let Outcome::Error(error) = &mut exchange.outcome {
                    (error.status, error.received) = (Some(200), 50);
                }
            });
            s.fetch_nothing("L1");
            part(s, "L1", "50-99");
        },
        // An exported record need not show which part it was.
        |s| part(s.fetch_nothing("L1"), "L1", ""),
    ];
    for (number, fetch) in honest.into_iter().enumerate() {
        let printed = accepted(|s| {
            fetch(s);
            s.moved("L1", Printed).wait(61.0).status();
        });
        for (clause, script) in either_workflow(printed) {
            let result = support::result(clause, &script);
            assert_ne!(result.verdict, Verdict::Fail, "{number}: {result:#?}");
        }
    }
    let faults: [Fetch; 3] = [
        |s| then(s.fetch_nothing("L1")),
        |s| {
            part(s, "L1", "0-49");
            s.fetch_nothing("L1");
        },
        |s| {
            in_parts(s, "L2");
            s.fetch_nothing("L1");
        },
    ];
    for fetch in faults {
        let printed = accepted(|s| {
            fetch(s);
            s.moved("L1", Printed).wait(61.0).status();
        });
        for (clause, script) in either_workflow(printed) {
            ends_with(Verdict::Fail, clause, &script);
            says("1 of 1 letter: L1 has no PDF and was reported as PRINTED", clause, &script);
        }
    }
}

#[test]
fn a_damaged_document_asked_for_as_one_range_is_damaged_all_the_same() {
    let produced = |problem: Option<&str>| {
        accepted(|s| {
            s.data("L1").follow_to("L1", hash_of("L1"), Some(2), problem).edit_answer(|answer| {
                answer.status = 206;
                answer.headers.push(header("Content-Range", "bytes 0-99/100"));
            });
            s.moved("L1", Printed);
        })
    };
    ends_with(Verdict::Pass, "AT12.4", &produced(None));
    ends_with(Verdict::Fail, "AT12.4", &produced(Some("no trailer")));
    // Half of a document cannot be read, which says nothing of the whole.
    let half = accepted(|s| {
        s.data("L1").follow_to("L1", hash_of("L1"), None, Some("no trailer"));
        s.edit_answer(|answer| {
            answer.status = 206;
            answer.headers.push(header("Content-Range", "bytes 0-49/100"));
        });
        s.moved("L1", Printed);
    });
    ends_with(Verdict::NotRun, "AT12.4", &half);
}

/// What an observer sees of ten letters produced unfetched; `life` writes what is on record of them
/// before they are dispatched.
fn produced_unfetched(life: impl FnOnce(&mut Script, &[&str])) -> Script {
    let mut script = Script::small();
    script.context.mode = Mode::Observed;
    let names: Vec<String> = (1..=10).map(|number| format!("L{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    life(&mut script, &names);
    script.bulk(Dispatched, &names).wait(2.0);
    for name in names {
        script.read(name, Dispatched);
    }
    script
}

#[test]
fn letters_that_are_older_than_the_record_may_have_been_fetched_before_it() {
    let id = "O-PDF-FETCHED";
    let whole = |s: &mut Script, names: &[&str]| {
        s.list(100, &letters(10)).bulk(Accepted, names).wait(2.0);
        names.iter().for_each(|name| then(s.read(name, Accepted)));
    };
    observes(Verdict::Fail, id, &produced_unfetched(whole));
    // Listed, fetched, and then the record begins.
    let accepted = produced_unfetched(|s, names| then(s.bulk(Accepted, names).wait(2.0)));
    observes(Verdict::Inconclusive, id, &accepted);
    // Read before it was listed: known from earlier on.
    let known = produced_unfetched(|s, names| {
        names.iter().for_each(|name| then(s.read(name, Pending)));
        whole(s, names);
    });
    observes(Verdict::Inconclusive, id, &known);
    // Taken on before, and listed still because the queue lags.
    let lagging = produced_unfetched(|s, _| then(s.list(100, &letters(10))));
    observes(Verdict::Inconclusive, id, &lagging);
    // One of them is fetched again; the others were before.
    let mut again = produced_unfetched(|s, names| then(s.bulk(Accepted, names).wait(2.0)));
    again.fetch("L1");
    observes(Verdict::Inconclusive, id, &again);
    let broken = produced_unfetched(|s, names| {
        s.bulk(Accepted, names).wait(2.0);
        part(s, "L1", "0-49");
        s.fetch("L2").answered(403);
    });
    observes(Verdict::Inconclusive, id, &broken);
}

#[test]
fn what_happened_while_nobody_watched_blames_nobody_for_documents() {
    let script = produced_unfetched(|s, names| {
        s.list(100, &letters(10)).bulk(Accepted, names).wait(60.0);
    });
    let judged = |resumed: bool| {
        let mut journal = script.journal();
        if resumed {
            let at = script.exchanges[2].started.as_microsecond() - 1_000_000;
            let at = Timestamp::from_microsecond(at).unwrap();
            journal.push_mark(Mark { at, scenario: None, kind: MarkKind::Resumed });
        }
        let traffic = Traffic::from_journal(&journal, &script.context);
        let checks = letterproof_judge::judge_observer(&traffic, &script.context);
        checks.into_iter().find(|check| check.id.as_str() == "O-PDF-FETCHED").unwrap().verdict
    };
    assert_eq!(judged(false), Verdict::Fail);
    assert_eq!(judged(true), Verdict::Inconclusive);
}

/// What AT15.3 says of a record of three seeded letters, a minute after the last list.
fn intake(write: impl FnOnce(&mut Script)) -> Verdict {
    intake_watched_for(60.0, write)
}

fn intake_watched_for(seconds: f64, write: impl FnOnce(&mut Script)) -> Verdict {
    let mut script = Script::small();
    script.context.seeded_letters = 3;
    write(&mut script);
    script.list(3, &[]).wait(seconds).status();
    let traffic = Traffic::from_journal(&script.journal(), &script.context);
    let judged = judge_test(TestId::new(15).unwrap(), &traffic, &script.context);
    judged.criteria.into_iter().find(|one| one.id.as_str() == "AT15.3").unwrap().verdict
}

#[test]
fn an_intake_that_began_before_the_record_is_no_intake_without_documents() {
    let all = ["L1", "L2", "L3"];
    assert_eq!(intake(|s| then(s.list(3, &letters(3)).bulk(Accepted, &all))), Verdict::Fail);
    // They may be fetched yet: a flow may take ten seconds.
    let just_ended = intake_watched_for(9.0, |s| then(s.list(3, &letters(3)).bulk(Accepted, &all)));
    assert_eq!(just_ended, Verdict::NotRun);
    // Two of them were taken on before, and are listed still because the queue lags.
    let begun = intake(|s| then(s.list(3, &letters(3)).bulk(Accepted, &["L3"])));
    assert_eq!(begun, Verdict::NotRun);
    // They were known before they were listed.
    let known = intake(|s| {
        s.read("L1", Pending).list(3, &letters(3)).bulk(Accepted, &all);
    });
    assert_eq!(known, Verdict::NotRun);
}

#[test]
fn a_list_between_updates_is_no_list_without_need() {
    let worked = |update: bool| {
        watched(|s| {
            for _ in 0..150 {
                s.list(1, &[letter("L1")]);
                if update {
                    s.patch("L2", Accepted).answered(429);
                }
            }
        })
    };
    observes(Verdict::Pass, "O-READS-NEEDED", &worked(true));
    observes(Verdict::Fail, "O-READS-NEEDED", &worked(false));
    // Update and list at the same time, by two workers.
    let beside = watched(|s| {
        for _ in 0..150 {
            let at = s.now();
            s.list(1, &[letter("L1")]).set_clock(at).patch("L2", Accepted).answered(429);
            s.set_clock(at + 10_000);
        }
    });
    observes(Verdict::Pass, "O-READS-NEEDED", &beside);
    // One update does not excuse what follows it.
    let once = watched(|s| {
        s.patch("L1", Accepted);
        (0..150).for_each(|_| then(s.list(1, &[])));
    });
    observes(Verdict::Fail, "O-READS-NEEDED", &once);
}

#[test]
fn whoever_waits_for_nhs_notify_to_take_a_letter_back_may_look_as_often_as_it_takes() {
    let rejected = |wait: fn(&mut Script), end: fn(&mut Script)| {
        watched(|s| {
            s.patch_for("L1", Rejected, WHY).wait(2.0).read_for("L1", Rejected, WHY);
            (0..150).for_each(|_| wait(s));
            end(s);
        })
    };
    let back: fn(&mut Script) = |s| then(s.list(100, &letters(1)).moved("L1", Accepted));
    let reading: fn(&mut Script) = |s| then(s.read_for("L1", Rejected, WHY));
    let listing: fn(&mut Script) = |s| then(s.list(100, &[]));
    let nothing: fn(&mut Script) = |_| {};
    let check = "O-READS-NEEDED";
    observes(Verdict::Pass, check, &rejected(reading, back));
    observes(Verdict::Pass, check, &rejected(reading, nothing));
    observes(Verdict::Pass, check, &rejected(listing, back));
    // Nothing came back; and what came back waits no more.
    observes(Verdict::Fail, check, &rejected(listing, nothing));
    let pending: fn(&mut Script) = |s| then(s.read("L1", Pending));
    let said = observed(check, &rejected(pending, back));
    assert_eq!(said.verdict, Verdict::Fail, "{}", said.observed);
    // An acceptance that was refused before does not end the wait.
    let tried_before = watched(|s| {
        s.patch("L1", Accepted).answered(429).wait(1.0);
        s.patch_for("L1", Rejected, WHY).wait(2.0).read_for("L1", Rejected, WHY);
        (0..150).for_each(|_| listing(s));
        back(s);
    });
    observes(Verdict::Pass, check, &tried_before);
    // Taken on as the answer that names it arrives.
    let at_that_moment: fn(&mut Script) =
        |s| then(at_once(s.list(100, &letters(1))).patch("L1", Accepted));
    observes(Verdict::Pass, check, &rejected(listing, at_that_moment));
    // The queue lags and names it on: what it waits for has come.
    let lagging: fn(&mut Script) = |s| then(s.list(100, &letters(1)));
    let taken_on = watched(|s| {
        s.patch_for("L1", Rejected, WHY).wait(2.0).list(100, &letters(1)).patch("L1", Accepted);
        (0..150).for_each(|_| lagging(s));
    });
    observes(Verdict::Fail, check, &taken_on);
    let never_rejected = watched(|s| {
        s.patch("L1", Accepted);
        (0..150).for_each(|_| lagging(s));
    });
    observes(Verdict::Fail, check, &never_rejected);
    let rejection_refused = watched(|s| {
        s.patch_for("L1", Rejected, WHY).answered(400);
        (0..150).for_each(|_| lagging(s));
    });
    observes(Verdict::Fail, check, &rejection_refused);
    let after = watched(|s| {
        s.patch_for("L1", Rejected, WHY).wait(2.0).read_for("L1", Rejected, WHY);
        s.list(100, &letters(1)).moved("L1", Accepted);
        (0..150).for_each(|_| then(s.list(100, &[])));
    });
    observes(Verdict::Fail, check, &after);
    // Not while it is on its way back, but of a letter that nobody rejected.
    let other = script(|s| {
        s.context.mode = Mode::Observed;
        s.list(100, &letters(2)).moved("L2", Accepted);
        (0..150).for_each(|_| then(s.read("L2", Accepted)));
    });
    observes(Verdict::Fail, check, &other);
}
