//! The flows of AT15: how many are done, which lists and letters belong to one, how its downloads
//! are told, and its time to the microsecond.

#![allow(clippy::unwrap_used)]

mod support;

use letterproof_judge::{Traffic, at15_performance};
use letterproof_model::LetterStatus::{Accepted, Failed, Rejected};
use letterproof_model::Verdict::{Fail, Inconclusive, Pass};
use support::cases::{at15, damaged, fetched_otherwise, flow_of, ids, script, then};
use support::script::Letter;
use support::told::{WHOLE_MILLISECOND, after_the_last, explains, last_call, says, shown, tells};
use support::{Script, letters};

/// So many whole flows, and then something else.
fn flows(count: usize, after: impl FnOnce(&mut Script)) -> Script {
    script(|s| {
        (0..count).for_each(|flow| flow_of(s, flow, 6, 3, |_, _| false));
        after(s);
    })
}

/// A flow that never asks for the list that would show the queue empty.
fn broken_off(s: &mut Script) {
    flow_of(s, 9, 6, 3, |_, _| false);
    s.exchanges.pop();
}

/// One flow of one list, its letters changed and fetched like this.
fn one_flow(change: impl FnOnce(&mut [Letter]), write: impl FnOnce(&mut Script)) -> Script {
    script(|s| {
        let mut listed = letters(3);
        change(&mut listed);
        s.list(3, &listed);
        write(s);
        s.list(3, &[]);
    })
}

#[test]
fn a_flow_that_broke_off_leaves_open_whether_there_would_have_been_three() {
    let two = flows(2, broken_off);
    tells(Inconclusive, "2 complete flows", "AT15.6", &two);
    explains("another flow stopped early", "AT15.6", &two);
    tells(Fail, "2 complete flows", "AT15.6", &flows(2, |_| {}));
}

#[test]
fn three_whole_flows_are_enough_whatever_follows() {
    tells(Pass, "3 complete flows", "AT15.6", &flows(3, broken_off));
    tells(Pass, "3 complete flows", "AT15.6", &flows(3, |s| then(s.list(3, &[]))));
    tells(Pass, "4 complete flows", "AT15.6", &flows(4, broken_off));
}

#[test]
fn lists_of_another_size_belong_to_no_flow() {
    let others = flows(2, |s| {
        s.list(10, &letters(2)).bulk(Accepted, &["L1", "L2"]).fetch("L1").fetch("L2");
        s.list(10, &[]);
    });
    tells(Fail, "2 complete flows", "AT15.6", &others);
}

#[test]
fn a_list_asked_for_the_moment_the_last_one_is_whole_comes_after_it() {
    let apart = |micros: i64| {
        script(|s| {
            let all = letters(6);
            s.list(3, &all[..3]);
            after_the_last(s, micros).list(3, &all[3..]).bulk(Accepted, &ids(&all));
            all.iter().for_each(|known| then(s.fetch(&known.id)));
            s.list(3, &[]);
        })
    };
    says("6 letters accepted in bulk", "AT15.2", &apart(3_007));
    let words = "1 of 7 letters: asked for a list before the previous one had arrived";
    tells(Fail, words, "AT15.2", &apart(3_006));
}

#[test]
fn a_letter_that_cannot_be_taken_on_may_be_rejected_in_a_flow_and_no_other() {
    let handled = |specification: &'static str, rejected: bool| {
        let change = move |listed: &mut [Letter]| listed[2].specification = Some(specification);
        one_flow(change, |s| {
            s.bulk(Accepted, &["L1", "L2"]).fetch("L1").fetch("L2").fetch("L3");
            if rejected {
                s.patch_for("L3", Rejected, Some(("J01", "Unknown")));
            }
        })
    };
    let english = support::script::ENGLISH;
    says("3 letters accepted in bulk", "AT15.2", &handled("no-such", true));
    for script in [handled("no-such", false), handled(english, true), handled(english, false)] {
        tells(Fail, "1 of 3 letters: L3 was not accepted", "AT15.2", &script);
    }
}

/// A flow of one letter that takes so long, with a tenth of a second agreed.
fn lasting(begin: i64, micros: i64) -> Script {
    let mut script = script(|s| {
        s.set_clock(begin).list(3, &letters(1)).bulk(Accepted, &["L1"]).fetch("L1");
        s.edit_answer(|answer| answer.done_us = (micros - 12_000).unsigned_abs());
        s.set_clock(begin + 200_000).list(3, &[]);
    });
    script.context.at15_target_ms = 100;
    script
}

#[test]
fn a_flow_may_take_the_agreed_time_and_a_coarse_clock_is_given_its_doubt() {
    let observed = "0.1 s (flows: 0.1 s)";
    for (begin, micros, verdict) in [
        (0, 100_000, Pass),
        (0, 100_001, Fail),
        (WHOLE_MILLISECOND, 100_000, Pass),
        (WHOLE_MILLISECOND, 100_001, Inconclusive),
        (WHOLE_MILLISECOND, 102_000, Inconclusive),
        (WHOLE_MILLISECOND, 102_001, Fail),
    ] {
        tells(verdict, observed, "AT15.5", &lasting(begin, micros));
    }
}

#[test]
fn downloads_are_counted_and_letters_without_a_pdf_apart() {
    tells(Pass, "18 PDFs downloaded", "AT15.3", &at15(|_, _| false));
    let some = one_flow(
        |listed| listed[1].hash = None,
        |s| {
            s.bulk(Accepted, &["L1"]).fetch("L1").fetch_nothing("L2").data("L3");
            s.patch_for("L3", Rejected, Some(("J01", "Unknown")));
        },
    );
    tells(Pass, "1 PDF downloaded; 1 letter has none; 1 letter rejected", "AT15.3", &some);
}

#[test]
fn only_a_letter_without_a_hash_whose_pdf_is_not_there_has_none() {
    let fetched = |hash: bool, status: u16| {
        let change = move |listed: &mut [Letter]| {
            if !hash {
                listed[2].hash = None;
            }
        };
        one_flow(change, |s| {
            s.bulk(Accepted, &["L1", "L2", "L3"]).fetch("L1").fetch("L2");
            s.fetch_nothing("L3").edit_answer(|answer| answer.status = status);
        })
    };
    tells(Pass, "2 PDFs downloaded; 1 letter has none", "AT15.3", &fetched(false, 404));
    for (hash, status) in [(true, 404), (false, 403)] {
        let words = format!("1 of 3 PDFs: L3 was not downloaded: answered with {status}");
        tells(Fail, &words, "AT15.3", &fetched(hash, status));
    }
}

#[test]
fn a_pdf_never_asked_for_is_shown_by_the_list_that_named_its_letter() {
    let script = at15(|_, id| id == "F1-5");
    let naming = |text: &str| text.contains("\"F1-5\"") && text.contains("group-a");
    let list = script.exchanges.iter().find(|call| {
        call.response().and_then(|answer| answer.body.json_text()).is_some_and(naming)
    });
    tells(Fail, "1 of 18 PDFs: F1-5 was never asked for", "AT15.3", &script);
    assert_eq!(shown("AT15.3", &script), [list.unwrap().id.to_string()]);
}

#[test]
fn a_letter_that_comes_again_in_the_next_flow_is_not_fetched_for_the_last_one() {
    let mut first = String::new();
    let script = script(|s| {
        s.list(3, &letters(3));
        first = last_call(s);
        s.bulk(Accepted, &["L1", "L2", "L3"]).fetch("L1").fetch("L2").list(3, &[]);
        // The next flow asks for the link as it begins.
        s.wait(1.0).list(3, &letters(3));
        after_the_last(s, 0).fetch("L3").fetch("L1").fetch("L2");
        s.bulk(Accepted, &["L1", "L2", "L3"]).list(3, &[]);
    });
    tells(Fail, "1 of 6 PDFs: L3 was never asked for", "AT15.3", &script);
    assert_eq!(shown("AT15.3", &script), [first]);
}

#[test]
fn a_damaged_pdf_is_the_suppliers_part_only_until_it_is_reported() {
    let after_a_denial = fetched_otherwise(|s| {
        s.fetch("F1-2").answered(403);
        damaged(s, "F1-2");
    });
    let words = "1 of 18 PDFs: F1-2 has a damaged PDF (no trailer)";
    tells(Fail, words, "AT15.4", &after_a_denial);
    for status in [Failed, Rejected] {
        let reported = fetched_otherwise(|s| {
            damaged(s, "F1-2");
            s.patch_for("F1-2", status, Some(("F01", "The PDF is damaged")));
        });
        let all = "18 PDFs, each with its letter's SHA-256";
        tells(Pass, all, "AT15.4", &reported);
    }
}

/// A flow of one letter whose link is followed so many microseconds after it was asked for; it is
/// given after 2,003.
fn followed_after(begin: i64, micros: i64) -> Script {
    script(|s| {
        s.set_clock(begin).list(3, &letters(1)).bulk(Accepted, &["L1"]).data("L1");
        after_the_last(s, micros).follow("L1");
        s.set_clock(begin + 100_000).list(3, &[]);
    })
}

#[test]
fn a_link_is_followed_once_it_was_given_as_far_as_the_clock_tells() {
    tells(Pass, "1 download with its time", "AT15.7", &followed_after(0, 2_003));
    let before = "1 of 1 download: L1 was downloaded before its link was given";
    tells(Fail, before, "AT15.7", &followed_after(0, 2_002));
    tells(Fail, before, "AT15.7", &followed_after(WHOLE_MILLISECOND, 0));
    let open = "1 of 1 download: L1 was downloaded at the moment its link was given, or before";
    tells(Inconclusive, open, "AT15.7", &followed_after(WHOLE_MILLISECOND, 1_000));
}

#[test]
fn the_latencies_of_a_flow_are_those_of_its_own_kind_of_call_answered_with_success() {
    let lasting = |s: &mut Script, micros: u64| {
        s.edit_answer(|answer| answer.done_us = micros);
    };
    let script = one_flow(
        |_| {},
        |s| {
            s.bulk(Accepted, &["L1", "L2", "L3"]);
            for id in ["L1", "L2", "L3"] {
                for _ in 0..4 {
                    lasting(s.data(id).answered(429), 70_001);
                }
                lasting(s.data(id), 5_001);
                lasting(s.follow(id), 9_001);
            }
        },
    );
    let traffic = Traffic::from_journal(&script.journal(), &script.context);
    let flows = at15_performance(&traffic, &script.context);
    let of = |name: &str| flows.iter().map(|flow| flow.figures[name]).collect::<Vec<_>>();
    assert_eq!(of("latency_ms"), [5.001]);
    assert_eq!(of("download_ms"), [9.001]);
}
