//! Lists as honest suppliers meet them: any seeding from 2,500 up, a queue that lags the letters,
//! lists cut by their limit, answers that were lost. None of these is a fault of the supplier's; the
//! fault beside each stays one.

#![allow(clippy::unwrap_used)]

mod support;

use letterproof_contract::Contract;
use letterproof_judge::judge_all;
use letterproof_model::LetterStatus::{Accepted, Dispatched, Pending, Printed};
use letterproof_model::Verdict::{Fail, Inconclusive, NotApplicable, Pass};
use letterproof_model::{About, FindingKind, Mark, MarkKind, Mode, Recording, Verdict};
use support::cases::{at4, flow_of, ids, passing, script, then};
use support::observed;
use support::probed::said;
use support::script::{Letter, letter};
use support::told::{SINCE_ANSWER, ends_with, explains, says, tells};
use support::{Script, judge_every, letters, lines, with_verdict};

/// Longer than a listed letter stays hidden, in seconds.
const LATER: f64 = 301.0;

/// A day, in microseconds: so long a letter is looked for.
const DAY: i64 = 86_400_000_000;

/// What becomes of a check of the conformance suite.
fn suite(id: &str, script: &Script) -> Verdict {
    said(id, script).0
}

/// INT as NHS Notify seeds it: the list of 2,500 leaves ten over, which the next list shows.
fn int(write: impl FnOnce(&mut Script, &[Letter])) -> Script {
    let mut script = Script::pack();
    let all = letters(2_510);
    script.list(2_500, &all[..2_500]).list(2_500, &all[2_500..]).wait(LATER);
    write(&mut script, &all);
    script
}

#[test]
fn the_whole_list_of_a_queue_of_2510_is_2500_letters() {
    for seeded in [2_500, 2_510] {
        let mut script = int(|s, all| then(s.list(2_500, &all[..2_500])));
        script.context.seeded_letters = seeded;
        let results = judge_every(&script);
        let failed = with_verdict(&results, Fail);
        assert!(failed.is_empty(), "{seeded}: {}", lines(&results));
        for id in ["AT2.2", "AT2.3", "AT3.1", "AT3.3"] {
            ends_with(Pass, id, &script);
        }
        assert_eq!(suite("C-LIST-COMPLETE", &script), NotApplicable);
    }
    let mut fewer = Script::pack();
    fewer.context.seeded_letters = 2_510;
    fewer.list(2_500, &letters(2_499));
    tells(Fail, "2,499 entries in the list", "AT2.2", &fewer);
}

#[test]
fn a_letter_left_out_of_the_whole_list_is_missed_whatever_the_next_list_shows() {
    let mut script = Script::pack();
    let all = letters(2_510);
    script.list(2_500, &all[1..2_500]).list(2_500, &all[2_501..]);
    tells(Fail, "2,499 entries in the list", "AT2.2", &script);
}

#[test]
fn letters_that_change_or_stay_away_are_missed_in_a_queue_of_any_size() {
    let renamed = int(|s, all| {
        let mut other = all[..2_500].to_vec();
        other.iter_mut().for_each(|letter| letter.id = format!("again-{}", letter.id));
        s.list(2_500, &other);
    });
    ends_with(Fail, "AT3.3", &renamed);
    let away = int(|s, _| then(s.list(2_500, &[])));
    ends_with(Fail, "AT3.3", &away);
    assert_eq!(suite("C-LIST-COMPLETE", &away), Fail);
}

#[test]
fn a_letter_that_came_to_the_queue_between_two_lists_is_nobodys_fault() {
    let grown = |named: &dyn Fn(&[Letter]) -> Vec<Letter>| {
        script(|s| {
            let all = letters(8);
            s.list(2_500, &all[..6]).wait(LATER).list(2_500, &named(&all));
        })
    };
    let more = grown(&<[Letter]>::to_vec);
    let words = "8 letters after 301.0 s, the same as before and 2 new to the queue";
    tells(Pass, words, "AT3.3", &more);
    assert!(with_verdict(&judge_every(&more), Fail).iter().all(|id| id != "AT3.3"));
    // New ones make good neither for one that stays away nor for letters that changed their ids.
    ends_with(Fail, "AT3.3", &grown(&|all| all[1..].to_vec()));
    ends_with(Fail, "AT3.3", &grown(&|all| all[6..].to_vec()));
}

#[test]
fn the_whole_list_of_another_day_is_no_second_list() {
    // Three days: each list is worked through, but for what the next day's list names again.
    let days = script(|s| {
        for day in 0..3 {
            let mut listed = letters(10);
            listed.iter_mut().for_each(|letter| letter.id = format!("D{day}-{}", letter.id));
            let (done, left) = listed.split_at(9);
            s.list(2_500, &listed).bulk(Accepted, &ids(done)).wait(86_400.0);
            s.list(2_500, left).bulk(Accepted, &ids(left)).wait(LATER);
        }
    });
    ends_with(Verdict::NotRun, "AT3.1", &days);
    // The same list after an update of one of its letters is one that should have come before.
    let too_late = script(|s| {
        let all = letters(6);
        s.list(2_500, &all).patch("L1", Accepted).wait(LATER).list(2_500, &all[1..]);
    });
    ends_with(Fail, "AT3.1", &too_late);
}

#[test]
fn letters_accepted_before_the_whole_list_make_no_seeding_smaller() {
    let after = |accepted: usize, listed: usize| {
        let mut script = Script::pack();
        let all = letters(2_500);
        let (done, left) = all.split_at(accepted);
        script.list(1_000, done).bulk(Accepted, &ids(done)).wait(LATER);
        script.list(2_500, &left[..listed]);
        script
    };
    ends_with(Inconclusive, "AT2.2", &after(1_000, 1_500));
    let reason = "1,000 letters accepted or rejected earlier and no longer listed; ask for the \
                  whole list before accepting any";
    explains(reason, "AT2.2", &after(1_000, 1_500));
    tells(Fail, "1,499 entries in the list", "AT2.2", &after(1_000, 1_499));
    ends_with(Fail, "AT2.2", &after(0, 2_499));
    // The list of one scenario hides its letters from the next one's.
    let mut scenarios = Script::pack();
    let all = letters(2_500);
    scenarios.list(1_000, &all[..1_000]).bulk(Accepted, &ids(&all[..1_000])).wait(LATER);
    scenarios.list(500, &all[1_000..1_500]).wait(1.0).list(2_500, &all[1_500..]);
    ends_with(Inconclusive, "AT2.2", &scenarios);
}

#[test]
fn a_list_within_the_timeout_shows_nothing_of_accepted_letters_and_says_so() {
    let listed_after = |seconds: f64| {
        script(|s| {
            at4(s, 4);
            s.wait(seconds).list(4, &[]);
        })
    };
    let reason = "listed letters stay hidden for 300.0 s, and no list was asked for after that; \
                  reading the letters shows the acceptance";
    explains(reason, "AT4.5", &listed_after(1.0));
    ends_with(Pass, "AT4.5", &listed_after(1.0));
    ends_with(Pass, "AT4.5", &listed_after(LATER));
    assert_eq!(support::result("AT4.5", &listed_after(LATER)).reason.as_deref(), None);
}

#[test]
fn the_list_may_be_asked_for_again_in_pages() {
    let pages = int(|s, all| all.chunks(100).for_each(|page| then(s.list(100, page))));
    ends_with(Pass, "AT3.1", &pages);
    ends_with(Pass, "AT3.3", &pages);
    // A page alone is another list, not the whole one.
    let one = int(|s, all| then(s.list(100, &all[..100])));
    ends_with(Verdict::NotRun, "AT3.3", &one);
}

#[test]
fn lists_in_pages_after_updates_are_no_second_list() {
    let worked_on = script(|s| {
        let all = letters(6);
        s.list(2_500, &all).bulk(Accepted, &["L1"]).wait(LATER).list(3, &all[1..4]);
    });
    ends_with(Verdict::NotRun, "AT3.1", &worked_on);
}

#[test]
fn a_second_list_that_repeats_the_letters_is_as_the_pack_describes() {
    let mut repeated = script(|s| {
        let all = letters(6);
        s.list(2_500, &all).list(2_500, &all).bulk(Accepted, &ids(&all)).wait(2.0);
    });
    let results = judge_every(&repeated);
    assert!(with_verdict(&results, Fail).is_empty(), "{}", lines(&results));
    // What the API declares is the API's to keep.
    let hides = support::probed::result("C-LIST-HIDES", &repeated);
    assert_eq!((hides.verdict, hides.finding), (Fail, Some(FindingKind::Note)));
    assert!(hides.is_advised(), "no official text asks for it");
    repeated.context.capabilities.remove(&letterproof_model::Capability::VisibilityTimeout);
    assert_eq!(suite("C-LIST-HIDES", &repeated), NotApplicable);
}

#[test]
fn a_call_for_the_status_needs_no_header() {
    let script = script(|s| {
        s.status().headers_not_recorded().list(10, &letters(2));
        s.edit(|exchange| {
            exchange.request.headers[0].value = "3e0cd9a5-3bbf-4f1c-8f4a-8d0e4d4a0c11".into()
        });
    });
    for id in ["AT1.1", "AT1.2", "AT1.3", "AT1.4", "AT1.5"] {
        ends_with(Pass, id, &script);
    }
    let judged = judge_all(&script.journal(), &script.context, &[], Contract::built_in().unwrap());
    let blamed: Vec<_> = judged.findings.iter().filter(|f| f.about == About::Supplier).collect();
    assert!(blamed.is_empty(), "{blamed:#?}");
}

#[test]
fn a_call_without_a_request_id_is_a_finding_and_fails_no_clause() {
    let script = script(|s| {
        s.token().status().list(2_500, &letters(6)).without("X-Request-ID");
    });
    assert!(with_verdict(&judge_every(&script), Fail).is_empty());
    let judged = judge_all(&script.journal(), &script.context, &[], Contract::built_in().unwrap());
    let blamed = judged.findings.iter().filter(|finding| finding.about == About::Supplier);
    assert!(blamed.into_iter().any(|finding| finding.title.contains("X-Request-ID")));
}

/// A batch accepted and seen, and a list that still names two of its letters so much later.
fn lagging(seconds: f64, write: impl FnOnce(&mut Script)) -> Script {
    script(|s| {
        let batch = letters(4);
        s.list(4, &batch).bulk(Accepted, &ids(&batch)).wait(3.0);
        batch.iter().for_each(|letter| then(s.read(&letter.id, Accepted)));
        s.wait(seconds).list(4, &batch[..2]);
        write(s);
    })
}

#[test]
fn a_letter_listed_after_its_acceptance_shows_a_queue_that_lags() {
    let words = "2 of 4 letters: L1 was still listed 2.0 s after its acceptance was seen; \
                 L2 was still listed 2.0 s after its acceptance was seen";
    tells(Inconclusive, words, "AT4.5", &lagging(2.0, |_| {}));
    let gone = lagging(2.0, |s| then(s.wait(1.0).list(4, &[])));
    let words = "4 letters, gone from the list; 2.0 s after the acceptance was seen";
    tells(Pass, words, "AT4.5", &gone);
    assert_eq!(suite("C-LIST-LAG", &gone), Pass);
}

#[test]
fn a_letter_listed_after_its_acceptance_is_not_pending_again() {
    let produced = lagging(2.0, |s| {
        s.moved("L1", Printed).moved("L1", Dispatched).bulk(Dispatched, &["L2"]).wait(2.0);
        s.read("L2", Dispatched);
    });
    let results = judge_every(&produced);
    let failed = with_verdict(&results, Fail);
    assert!(failed.is_empty(), "{failed:?}\n{}", lines(&results));
    for id in ["AT5.1", "AT7.1"] {
        ends_with(Pass, id, &produced);
    }
    observed::ends_with(Pass, "O-MOVE-ELIGIBLE", &produced);
    // One that was never accepted is reported from PENDING, however often it was listed.
    let never = script(|s| {
        s.list(4, &letters(4)).wait(LATER).list(4, &letters(4)).moved("L1", Printed);
    });
    ends_with(Fail, "AT5.1", &never);
}

#[test]
fn a_letter_listed_longer_than_the_queue_may_lag_is_the_apis_fault() {
    let mut late = lagging(901.0, |_| {});
    let words = "2 of 4 letters: L1 was still listed 901.0 s after its acceptance was seen; L2 was \
                 still listed 901.0 s after its acceptance was seen";
    assert_eq!(said("C-LIST-LAG", &late), (Fail, words.to_owned()));
    ends_with(Inconclusive, "AT4.5", &late);
    late.context.queue_lag_ms = 910_000;
    assert_eq!(suite("C-LIST-LAG", &late), Pass);
}

#[test]
fn an_acceptance_that_was_lost_is_no_omission_of_the_next_list() {
    let script = script(|s| {
        let all = letters(6);
        s.list(2_500, &all).list(2_500, &[]).wait(LATER).list(2_500, &all);
        s.bulk(Accepted, &["L1", "L2"]).wait(2.0).read("L2", Accepted);
        s.wait(61.0).read("L1", Pending).wait(LATER);
        let batch: Vec<Letter> =
            all.iter().filter(|letter| letter.id != "L2").take(4).cloned().collect();
        s.list(4, &batch).bulk(Accepted, &["L3", "L4", "L5"]).wait(2.0);
        ["L3", "L4", "L5"].iter().for_each(|id| then(s.read(id, Accepted)));
        s.list(4, &[]);
    });
    let reason =
        "the API answered the acceptance of 1 letter with success but never applied it: L1";
    explains(reason, "AT3.5", &script);
    says("4 letters listed, all accepted; 1 accepted before this list", "AT4.4", &script);
    assert!(!with_verdict(&judge_every(&script), Fail).contains("AT4.4"));
}

#[test]
fn a_list_that_is_short_after_a_lost_one_is_not_blamed() {
    let after = |lost: bool, again: usize| {
        script(|s| {
            s.list(2_500, &letters(6));
            if lost {
                s.wait(LATER).list(2_500, &[]).lost();
            }
            s.wait(if lost { 1.0 } else { LATER }).list(2_500, &letters(6)[..again]);
        })
    };
    ends_with(Inconclusive, "AT3.3", &after(true, 2));
    ends_with(Fail, "AT3.3", &after(false, 2));
    let first = |lost: bool| {
        script(|s| {
            s.list(2_500, &[]);
            if lost {
                s.lost();
            }
            s.list(2_500, &letters(5));
        })
    };
    ends_with(Inconclusive, "AT2.2", &first(true));
    ends_with(Fail, "AT2.2", &first(false));
}

#[test]
fn letters_that_a_list_shortly_before_had_hidden_are_not_missing_from_the_whole_list() {
    let after = |seconds: f64| {
        script(|s| {
            let all = letters(6);
            s.list(2, &all[..2]).wait(seconds).list(2_500, &all[2..]);
        })
    };
    ends_with(Inconclusive, "AT2.2", &after(10.0));
    ends_with(Fail, "AT2.2", &after(LATER));
}

/// Ten letters known, and another list so much later, made of these.
fn known(seconds: f64, write: impl FnOnce(&mut Script, &[Letter])) -> Script {
    script(|s| {
        let all = letters(10);
        s.list(10, &all).wait(seconds);
        write(s, &all);
    })
}

/// The first of ten letters missing from a list so many microseconds after all were seen.
fn missing_after(micros: i64) -> Script {
    script(|s| {
        let all = letters(10);
        s.list(10, &all);
        s.set_clock(s.now() - SINCE_ANSWER + micros).list(20, &all[1..]);
    })
}

#[test]
fn a_waiting_letter_is_missing_from_a_list_that_has_room_for_it() {
    let all_there = known(LATER, |s, all| then(s.list(20, all)));
    assert_eq!(suite("C-LIST-COMPLETE", &all_there), Pass);
    let missing = known(LATER, |s, all| then(s.list(20, &all[1..])));
    let words = "1 of 10 listings: L1 is waiting, but missing from a list that has room for it";
    assert_eq!(said("C-LIST-COMPLETE", &missing), (Fail, words.to_owned()));
}

#[test]
fn a_letter_is_not_missing_where_anything_else_may_explain_it() {
    let excused = [
        ("hidden", known(1.0, |s, all| then(s.list(20, &all[1..])))),
        ("cut", known(LATER, |s, all| then(s.list(9, &all[1..])))),
        (
            "hidden by another list",
            known(LATER, |s, all| {
                s.harness().list(1, &all[..1]).supplier().list(20, &all[1..]);
            }),
        ),
        (
            "after a lost list",
            known(LATER, |s, all| then(s.list(1, &[]).lost().list(20, &all[1..]))),
        ),
        ("updated", known(LATER, |s, all| then(s.patch("L1", Accepted).list(20, &all[1..])))),
        (
            "accepted by another consumer",
            known(LATER, |s, all| then(s.list(20, &all[1..]).read("L1", Accepted))),
        ),
        (
            "hidden by another consumer",
            known(LATER, |s, all| then(s.list(20, &all[1..]).wait(LATER).list(20, all))),
        ),
        (
            "another seeding",
            known(LATER, |s, _| {
                let mut others = letters(9);
                others.iter_mut().for_each(|letter| letter.id.insert(0, 'N'));
                s.list(20, &others);
            }),
        ),
        (
            "another seeding, taken in to its end",
            known(LATER, |s, _| {
                let mut others = letters(9);
                others.iter_mut().for_each(|letter| letter.id.insert(0, 'N'));
                s.list(9, &others).bulk(Accepted, &ids(&others)).list(9, &[]);
            }),
        ),
        ("a day later", missing_after(DAY)),
        ("a limit that is no number", {
            let mut script = known(LATER, |s, all| then(s.list(5, &all[1..])));
            let url = &mut script.exchanges.last_mut().unwrap().request.url;
            *url = url.replace("limit=5", "limit=5&limit=20");
            script
        }),
        ("nobody else knows", {
            let mut script = known(LATER, |s, all| then(s.list(20, &all[1..])));
            script.context.mode = Mode::Observed;
            script
        }),
    ];
    for (why, script) in excused {
        let (verdict, words) = said("C-LIST-COMPLETE", &script);
        assert_ne!(verdict, Fail, "{why}: {words}");
    }
    assert_eq!(suite("C-LIST-COMPLETE", &missing_after(DAY - 1)), Fail, "just within a day");
    // Watched or not, a letter that still waits afterwards was missing.
    let mut script = known(LATER, |s, all| then(s.list(20, &all[1..]).read("L1", Pending)));
    script.context.mode = Mode::Observed;
    assert_eq!(suite("C-LIST-COMPLETE", &script), Fail);
}

#[test]
fn a_letter_is_not_missing_from_a_list_after_a_pause() {
    let script = known(LATER, |s, all| then(s.list(20, &all[1..])));
    let journal = script.journal();
    let at = journal_end(&script);
    let paused = Recording::new(
        script.exchanges.iter().cloned().map(std::sync::Arc::new).collect(),
        vec![Mark::new(at, MarkKind::Resumed)],
    );
    let judged = |journal: &Recording| {
        let suite = letterproof_judge::conformance::judge_conformance(
            journal,
            &script.context,
            Contract::built_in().unwrap(),
        );
        support::probed::of("C-LIST-COMPLETE", &suite).verdict
    };
    assert_eq!(judged(&journal), Fail);
    assert_ne!(judged(&paused), Fail);
}

/// Just before the last call of a script.
fn journal_end(script: &Script) -> letterproof_model::Timestamp {
    let last = script.exchanges.last().unwrap().started.as_microsecond();
    letterproof_model::Timestamp::from_microsecond(last - 1_000).unwrap()
}

/// A flow of so many letters and two that start with the pack's number.
fn flows_of(first: usize, change: impl FnOnce(&mut Script)) -> Script {
    script(|s| {
        change(s);
        flow_of(s, 0, first, 3, |_, _| false);
        flow_of(s, 1, 6, 3, |_, _| false);
        flow_of(s, 2, 6, 3, |_, _| false);
    })
}

#[test]
fn a_flow_takes_in_whatever_was_seeded() {
    for letters in [6, 7, 18] {
        let script = flows_of(letters, |_| {});
        let results = judge_every(&script);
        assert!(with_verdict(&results, Fail).is_empty(), "{letters}\n{}", lines(&results));
        says("3 complete flows", "AT15.6", &script);
        says("3 flows of 6 letters or more", "AT15.1", &script);
    }
    tells(Fail, "1 of 3 flows: fetched 5 letters", "AT15.1", &flows_of(5, |_| {}));
    ends_with(Pass, "AT15.1", &passing(15));
}

#[test]
fn a_queue_that_lags_behind_the_last_acceptance_is_not_blamed_on_who_stops_at_it() {
    // Two whole flows of 7, and a third whose last list is not empty.
    let ended = |last: fn(&[Letter]) -> Vec<Letter>| {
        script(|s| {
            flow_of(s, 0, 7, 3, |_, _| false);
            flow_of(s, 1, 7, 3, |_, _| false);
            let all: Vec<Letter> = (1..=7).map(|n| letter(&format!("F2-{n}"))).collect();
            for part in all.chunks(3) {
                s.list(3, part).bulk(Accepted, &ids(part));
                part.iter().for_each(|letter| then(s.fetch(&letter.id)));
            }
            s.wait(LATER).list(3, &last(&all)).wait(1.0);
        })
    };
    let stale = ended(|all| all[6..7].to_vec());
    ends_with(Inconclusive, "AT15.2", &stale);
    explains("it listed only letters that had been accepted or rejected already", "AT15.2", &stale);
    // Behind a full list others may wait.
    ends_with(Fail, "AT15.2", &ended(|all| all[4..7].to_vec()));
    says("21 letters accepted in bulk", "AT15.2", &ended(|_| Vec::new()));
}

#[test]
fn letters_that_another_list_hid_from_a_flow_are_not_blamed() {
    let hidden = flows_of(5, |s| then(s.list(1, &letters(1)).wait(1.0)));
    ends_with(Inconclusive, "AT15.1", &hidden);
    let lost = flows_of(5, |s| then(s.list(3, &[]).lost().wait(1.0)));
    ends_with(Inconclusive, "AT15.1", &lost);
    let seen_again = flows_of(5, |s| then(s.list(1, &letters(1)).wait(LATER)));
    ends_with(Fail, "AT15.1", &seen_again);
}

#[test]
fn a_letter_taken_on_before_a_flow_is_not_asked_for_again_in_it() {
    let lagging = script(|s| {
        at4(s, 4);
        ids(&letters(4)).iter().for_each(|id| then(s.fetch(id)));
        (0..3).for_each(|flow| {
            // The queue still names a letter of before.
            s.list(3, &letters(1));
            flow_of(s, flow, 6, 3, |_, _| false);
        });
    });
    for id in ["AT15.2", "AT15.3"] {
        let result = support::result(id, &lagging);
        assert_ne!(result.verdict, Fail, "{result:#?}");
    }
    says("18 PDFs downloaded", "AT15.3", &lagging);
}

#[test]
fn a_flow_that_did_not_begin_is_told_what_it_takes() {
    let nothing = script(|s| then(s.list(10, &letters(2))));
    let reason = "no list of 3 was fetched with its PDFs; this needs at least 6 seeded letters, fetched from the first list to the empty one";
    explains(reason, "AT15.1", &nothing);
}
