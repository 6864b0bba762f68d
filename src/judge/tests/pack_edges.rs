//! Where the clauses of the pack turn: at the very limit, at the same moment, by another's hand; and
//! the words a reader is given there.

#![allow(clippy::unwrap_used)]

mod support;

use letterproof_judge::{Traffic, at15_performance};
use letterproof_model::LetterStatus::{Accepted, Dispatched, Enclosed, Failed, Printed, Rejected};
use letterproof_model::{EXCHANGES_SHOWN, Verdict};
use support::cases::{
    accepted, at4, at14, at15, fetched_otherwise, flow_of, ids, passing, record, script, then,
};
use support::failing::failing;
use support::script::hash_of;
use support::told::{SINCE_ANSWER, WHOLE_MILLISECOND, at_once, ends_with, says};
use support::{Script, letter, letters, result};

/// How long a letter stays hidden, in microseconds.
const TIMEOUT: i64 = 300_000_000;

#[test]
fn a_second_list_at_the_edge_of_the_timeout_is_not_blamed_by_a_coarse_clock() {
    let script = script(|s| {
        s.set_clock(WHOLE_MILLISECOND).list(2_500, &letters(6));
        s.set_clock(WHOLE_MILLISECOND + TIMEOUT - 3_000).list(2_500, &letters(6));
    });
    ends_with(Verdict::Pass, "AT3.3", &script);
}

#[test]
fn an_update_sent_as_the_second_list_is_asked_for_explains_a_gap_only_by_a_coarse_clock() {
    let updated_at_once = |begin: i64| {
        script(|s| {
            let all = letters(6);
            let again = s.set_clock(begin).list(2_500, &all).wait(301.0).now();
            s.patch("L1", Accepted).set_clock(again).list(2_500, &all[1..]);
        })
    };
    ends_with(Verdict::Pass, "AT3.1", &updated_at_once(0));
    ends_with(Verdict::Fail, "AT3.3", &updated_at_once(0));
    ends_with(Verdict::Pass, "AT3.3", &updated_at_once(WHOLE_MILLISECOND));
}

#[test]
fn another_list_hides_a_letter_until_the_timeout_is_over() {
    let after = |micros: i64| {
        script(|s| {
            let all = letters(6);
            s.list(2_500, &all).wait(100.0).harness().list(10, &all[..1]).supplier();
            let again = s.now() - SINCE_ANSWER + micros;
            s.set_clock(again).list(2_500, &all[1..]);
        })
    };
    ends_with(Verdict::Pass, "AT3.3", &after(TIMEOUT - 1));
    ends_with(Verdict::Fail, "AT3.3", &after(TIMEOUT));
}

#[test]
fn a_label_that_names_at4_says_which_list_is_judged_and_that_of_another_test_does_not() {
    let script = script(|s| {
        let other: Vec<_> = (1..=4).map(|n| letter(&format!("M{n}"))).collect();
        s.scenario("AT4 Accept a list").list(4, &letters(4));
        letters(4).iter().for_each(|known| then(s.patch(&known.id, Accepted)));
        s.scenario("AT41 Something else").list(4, &other).bulk(Accepted, &ids(&other));
    });
    ends_with(Verdict::Fail, "AT4.2", &script);
    says("4 acceptances of a list of 4 in 4 updates", "AT4.2", &script);
}

#[test]
fn a_list_whose_letters_were_all_rejected_is_no_batch_of_at4() {
    let script = script(|s| {
        s.list(4, &letters(4)).bulk(Rejected, &["L1", "L2", "L3", "L4"]);
    });
    ends_with(Verdict::NotRun, "AT4.2", &script);
}

#[test]
fn at4_tells_how_many_were_accepted_and_how_many_rejected_instead() {
    let all = script(|s| at4(s, 4));
    assert_eq!(result("AT4.4", &all).observed, "4 letters listed, all accepted");
    let some = script(|s| {
        let mut batch = letters(4);
        batch[2].specification = Some("no-such");
        s.list(4, &batch).bulk(Accepted, &["L1", "L2", "L4"]);
        s.patch_for("L3", Rejected, Some(("J1", "Unknown")));
    });
    says("all accepted except 1 that cannot be accepted, rejected instead", "AT4.4", &some);
}

#[test]
fn only_a_later_list_that_can_be_read_shows_that_accepted_letters_are_gone() {
    let mut script = script(|s| {
        s.list(4, &letters(4)).bulk(Accepted, &["L1", "L2", "L3", "L4"]).wait(3.0);
        letters(4).iter().for_each(|known| then(s.read(&known.id, Accepted)));
    });
    ends_with(Verdict::Inconclusive, "AT4.5", &script);
    script.list(4, &[]).answered(500);
    says("no later list", "AT4.5", &script);
    script.list(4, &[]);
    ends_with(Verdict::Pass, "AT4.5", &script);
}

#[test]
fn a_list_asked_for_as_the_acceptance_is_read_may_still_name_the_letter() {
    let script = script(|s| {
        s.list(4, &letters(4)).bulk(Accepted, &["L1", "L2", "L3", "L4"]).wait(3.0);
        letters(4).iter().for_each(|known| then(s.read(&known.id, Accepted)));
        at_once(s).list(4, &letters(4)[3..]);
    });
    ends_with(Verdict::Pass, "AT4.5", &script);
}

#[test]
fn at4_names_the_letter_that_was_accepted_twice_and_no_other() {
    let (_, doubled) = failing().into_iter().find(|(id, _)| *id == "AT4.6").unwrap();
    let named = result("AT4.6", &doubled).letters;
    assert_eq!(named.iter().map(|letter| letter.as_str()).collect::<Vec<_>>(), ["L2"]);
    assert_eq!(result("AT4.6", &passing(4)).letters, []);
}

#[test]
fn three_letters_at_fault_are_named_and_a_fourth_is_counted() {
    let printed_unaccepted = |count: usize| {
        script(|s| {
            s.list(100, &letters(count));
            letters(count).iter().for_each(|known| then(s.moved(&known.id, Printed)));
        })
    };
    let three = result("AT5.1", &printed_unaccepted(3)).observed;
    assert!(three.ends_with("; L3 was moved from PENDING"), "{three}");
    let four = result("AT5.1", &printed_unaccepted(4)).observed;
    assert!(four.ends_with("; L3 was moved from PENDING; and 1 more"), "{four}");
}

#[test]
fn a_pass_shows_the_first_of_its_calls_and_counts_all() {
    let printed = |count: usize| {
        let script = script(|s| {
            let all = letters(count);
            s.list(100, &all).bulk(Accepted, &ids(&all)).wait(2.0);
            all.iter().for_each(|known| then(s.read(&known.id, Accepted)));
            all.iter().for_each(|known| then(s.patch(&known.id, Printed)));
        });
        let eligible = result("AT5.1", &script);
        assert_eq!(eligible.verdict, Verdict::Pass);
        (eligible.exchanges.len(), eligible.exchange_count)
    };
    assert_eq!(printed(2), (2, 2));
    assert_eq!(printed(EXCHANGES_SHOWN + 5), (EXCHANGES_SHOWN, EXCHANGES_SHOWN as u64 + 5));
}

#[test]
fn the_record_says_how_many_letters_went_by_which_way() {
    says("(1 by PATCH, 2 in bulk)", "AT5.5", &passing(5));
}

#[test]
fn a_status_first_read_too_late_is_told_with_its_time() {
    let script = accepted(|s| {
        s.patch("L1", Enclosed).wait(90.0).read("L1", Enclosed);
    });
    says("was first read 90.0 s after its update, past the deadline of 60.0 s", "AT6.2", &script);
}

#[test]
fn a_reason_that_reads_back_differently_is_told_as_sent_and_as_read() {
    let sent = |code: &str, read: Option<&str>| {
        accepted(|s| {
            s.patch_for("L1", Failed, Some((code, "Damaged"))).wait(2.0);
            if let Some(read) = read {
                s.read_for("L1", Failed, Some((read, "Damaged")));
            }
        })
    };
    let other = sent("F01", Some("F02"));
    ends_with(Verdict::Fail, "AT12.3", &other);
    says("L1 was sent F01 / Damaged and reads F02 / Damaged", "AT12.3", &other);
    let unread = sent("F01", None);
    ends_with(Verdict::Inconclusive, "AT12.3", &unread);
    says("L1 was not read as FAILED", "AT12.3", &unread);
    says("L1 was sent FAILED with no code / Damaged", "AT12.3", &sent("", None));
}

#[test]
fn how_many_pages_a_letter_may_have_is_the_suppliers_rule() {
    let long = |pages: u32| {
        accepted(|s| {
            s.data("L1").follow_to("L1", hash_of("L1"), Some(pages), None);
            s.wait(61.0).read("L1", Accepted);
        })
    };
    for pages in [5, 6, 60] {
        ends_with(Verdict::Pass, "AT12.4", &long(pages));
        says("1 PDF downloaded, none damaged", "AT12.4", &long(pages));
    }
}

#[test]
fn a_supplier_that_was_not_told_in_time_is_not_blamed_for_producing() {
    let unknown = [letter("U1").of(Some("no-such"))];
    let produced = |s: &mut Script| then(s.patch("U1", Accepted).wait(2.0).patch("U1", Printed));
    let by_the_harness = script(|s| {
        s.harness().list(100, &unknown).supplier();
        produced(s);
    });
    ends_with(Verdict::NotRun, "AT13.5", &by_the_harness);
    let just_then = script(|s| {
        at_once(s.list(100, &unknown)).patch("U1", Printed);
    });
    ends_with(Verdict::NotRun, "AT13.5", &just_then);
    let before = script(|s| {
        s.list(100, &unknown);
        produced(s);
    });
    ends_with(Verdict::Fail, "AT13.5", &before);
}

#[test]
fn a_record_that_failed_is_made_good_by_the_same_record_only() {
    let again = |date: &str| {
        at14(|s| {
            s.mi("M1", &record("2026-09-01", 2)).answered(502).wait(1.0).mi("M2", &record(date, 2));
        })
    };
    ends_with(Verdict::Pass, "AT14.1", &again("2026-09-01"));
    ends_with(Verdict::Fail, "AT14.1", &again("2026-09-02"));
}

#[test]
fn a_letter_read_as_dispatched_only_as_the_record_is_sent_may_be_left_for_the_next() {
    let dispatched = |at_once: bool| {
        at14(|s| {
            s.patch("L3", Dispatched).wait(2.0).read("L3", Dispatched);
            let sent = s.now() - if at_once { SINCE_ANSWER } else { 0 };
            s.set_clock(sent).mi("M1", &record("2026-09-01", 2));
        })
    };
    ends_with(Verdict::Pass, "AT14.2", &dispatched(true));
    ends_with(Verdict::Fail, "AT14.2", &dispatched(false));
}

#[test]
fn a_group_of_which_nothing_was_read_as_dispatched_needs_no_record() {
    let script = at14(|s| {
        let other = letter("G1").in_group(Some("group-b"));
        s.list(100, std::slice::from_ref(&other)).patch("G1", Accepted).wait(2.0);
        s.read_letter(&other.in_status(Accepted), None).patch("G1", Dispatched);
        s.mi("M1", &record("2026-09-01", 2));
    });
    ends_with(Verdict::Pass, "AT14.4", &script);
}

#[test]
fn a_pdf_counts_as_downloaded_only_where_the_supplier_got_it_whole() {
    let refused = fetched_otherwise(|s| then(s.fetch("F1-2").answered(403)));
    ends_with(Verdict::Fail, "AT15.3", &refused);
    says("F1-2 was not downloaded: answered with 403", "AT15.3", &refused);
    let by_the_harness = fetched_otherwise(|s| then(s.harness().fetch("F1-2").supplier()));
    ends_with(Verdict::Fail, "AT15.3", &by_the_harness);
    says("F1-2 was never asked for", "AT15.3", &by_the_harness);
}

#[test]
fn a_damaged_pdf_that_nobody_reported_is_told_by_its_damage() {
    let damaged = fetched_otherwise(|s| {
        s.data("F1-2").follow_to("F1-2", hash_of("F1-2"), None, Some("no trailer"));
    });
    ends_with(Verdict::Fail, "AT15.4", &damaged);
    says("F1-2 has a damaged PDF (no trailer)", "AT15.4", &damaged);
}

/// One flow of six letters by two lists, the second asked for so long after the first was.
fn two_lists(begin: i64, apart: i64, accepts: &[&str]) -> Script {
    script(|s| {
        let all = letters(6);
        s.set_clock(begin).list(3, &all[..3]).set_clock(begin + apart).list(3, &all[3..]);
        s.bulk(Accepted, accepts);
        all.iter().for_each(|known| then(s.fetch(&known.id)));
        s.list(3, &[]);
    })
}

#[test]
fn a_letter_of_a_flow_that_was_neither_accepted_nor_rejected_is_named() {
    let forgotten = two_lists(0, 4_000, &["L1", "L2", "L3", "L4", "L5"]);
    ends_with(Verdict::Fail, "AT15.2", &forgotten);
    says("L6 was not accepted", "AT15.2", &forgotten);
}

#[test]
fn lists_that_may_only_seem_to_overlap_are_left_open() {
    let all = ["L1", "L2", "L3", "L4", "L5", "L6"];
    let by_a_coarse_clock = two_lists(WHOLE_MILLISECOND, 2_000, &all);
    ends_with(Verdict::Inconclusive, "AT15.2", &by_a_coarse_clock);
    says(
        "asked for a list at the moment when the previous one arrived",
        "AT15.2",
        &by_a_coarse_clock,
    );
    ends_with(Verdict::Fail, "AT15.2", &two_lists(0, 2_000, &all));
}

/// The figures of each flow of a script, by their name.
fn figures(name: &str, script: &Script) -> Vec<f64> {
    let traffic = Traffic::from_journal(&script.journal(), &script.context);
    let flows = at15_performance(&traffic, &script.context);
    flows.iter().map(|flow| flow.figures[name]).collect()
}

#[test]
fn a_flow_over_the_agreed_time_by_less_than_a_coarse_clock_tells_is_left_open() {
    let tight = |begin: i64| {
        let mut script = script(|s| {
            s.set_clock(begin);
            (0..3).for_each(|flow| flow_of(s, flow, 6, 3, |_, _| false));
        });
        // Some microseconds less than the quickest flow took.
        let best = figures("elapsed_ms", &script).into_iter().fold(f64::MAX, f64::min);
        assert!(best.fract() > 0.0, "{best}");
        script.context.at15_target_ms = best as u64;
        script
    };
    ends_with(Verdict::Fail, "AT15.5", &tight(0));
    ends_with(Verdict::Inconclusive, "AT15.5", &tight(WHOLE_MILLISECOND));
}

#[test]
fn the_figures_of_a_flow_count_its_throttled_calls_and_take_the_middle_latency() {
    let throttled = fetched_otherwise(|s| then(s.data("F1-2").answered(429).fetch("F1-2")));
    assert_eq!(figures("refused_429", &throttled), [0.0, 1.0, 0.0]);
    let one_quick_link = at15(|s, id| {
        let quick = id.ends_with("-2");
        if quick {
            s.data(id).edit_answer(|answer| (answer.headers_us, answer.done_us) = (500, 1_001));
            s.follow(id);
        }
        quick
    });
    assert_eq!(figures("latency_ms", &one_quick_link), [3.007; 3]);
}
