//! Which lists are a list and its repeat, and what may hide a letter from the second: at the edges of
//! the visibility timeout, by a fine clock and by a coarse one.

#![allow(clippy::unwrap_used)]

mod support;

use letterproof_model::Verdict;
use support::cases::{script, then};
use support::clock::TAKES;
use support::probed::said;
use support::told::{WHOLE_MILLISECOND, ends_with};
use support::{Script, letters, result};

/// How long a letter stays hidden, in microseconds.
const TIMEOUT: i64 = 300_000_000;

/// What becomes of the check that listed letters are hidden.
fn hides(script: &Script) -> (Verdict, String) {
    said("C-LIST-HIDES", script)
}

/// Two lists, the second begun so long after the first was, each of so many letters.
fn two_lists(begin: i64, apart: i64, named: [usize; 2]) -> Script {
    script(|s| {
        s.set_clock(begin).list(2_500, &letters(named[0]));
        s.set_clock(begin + apart).list(2_500, &letters(named[1]));
    })
}

#[test]
fn a_list_that_took_no_time_by_a_coarse_clock_is_no_repeat_of_itself() {
    let mut once = script(|s| then(s.set_clock(WHOLE_MILLISECOND).list(2_500, &letters(6))));
    once.edit_answer(|answer| (answer.headers_us, answer.done_us) = (1_000, 1_000));
    ends_with(Verdict::NotRun, "AT3.1", &once);
}

#[test]
fn lists_that_other_tests_ask_for_are_no_repeats_where_some_are_those_of_at3() {
    let script = script(|s| {
        let all = letters(6);
        s.scenario("AT3 Ask again").list(2_500, &all).list(2_500, &[]);
        s.wait(301.0).list(2_500, &all);
        s.wait(400.0).scenario("AT15 Seeded anew").list(2_500, &all).list(2_500, &all);
    });
    assert_eq!(hides(&script).0, Verdict::Pass);
    let again = result("AT3.3", &script);
    assert_eq!(again.verdict, Verdict::Pass, "{again:#?}");
    assert_eq!(again.exchanges.len(), 2);
}

#[test]
fn a_letter_may_come_again_from_the_moment_its_timeout_may_be_over() {
    let back = two_lists(0, TIMEOUT - TAKES, [6, 6]);
    assert_eq!(hides(&back).0, Verdict::NotApplicable);
    ends_with(Verdict::Pass, "AT3.3", &back);
    let too_soon = two_lists(0, TIMEOUT - TAKES - 1, [6, 6]);
    let words = "1 of 1 second list: L1 is one of 6 letters listed again 300.0 s later".to_owned();
    assert_eq!(hides(&too_soon), (Verdict::Fail, words));
    ends_with(Verdict::NotRun, "AT3.3", &too_soon);
}

#[test]
fn a_list_must_be_the_same_only_once_the_timeout_is_certainly_over() {
    let late = |named| two_lists(0, TIMEOUT + TAKES, named);
    ends_with(Verdict::Fail, "AT3.3", &late([6, 5]));
    // One more came to the queue meanwhile.
    ends_with(Verdict::Pass, "AT3.3", &late([5, 6]));
    // So close to the timeout that a letter may still be hidden.
    for named in [[6, 5], [6, 0]] {
        ends_with(Verdict::NotRun, "AT3.3", &two_lists(0, TIMEOUT + TAKES - 1, named));
    }
    // By a coarse clock the second may have been asked for before the timeout was over.
    let seems_over = |named| two_lists(WHOLE_MILLISECOND, TIMEOUT + 4_000, named);
    ends_with(Verdict::NotRun, "AT3.3", &seems_over([6, 5]));
    let over = |named| two_lists(WHOLE_MILLISECOND, TIMEOUT + 6_000, named);
    ends_with(Verdict::Fail, "AT3.3", &over([6, 5]));
}

#[test]
fn a_list_that_another_asks_for_meanwhile_hides_a_letter_by_a_coarse_clock() {
    let other = |begin: i64, after: i64| {
        script(|s| {
            let all = letters(6);
            s.set_clock(begin).list(2_500, &all).wait(301.0);
            let again = s.now();
            s.list(2_500, &all[1..]).harness().set_clock(again + after).list(10, &all[..1]);
        })
    };
    ends_with(Verdict::Pass, "AT3.3", &other(WHOLE_MILLISECOND, 4_000));
    // By a finer one only if it was asked for while the second list was under way.
    ends_with(Verdict::Pass, "AT3.3", &other(0, 2_000));
    ends_with(Verdict::Fail, "AT3.3", &other(0, 4_000));
}

#[test]
fn a_letter_that_another_list_named_is_hidden_until_a_coarse_clock_shows_the_timeout_over() {
    let after = |micros: i64| {
        script(|s| {
            let all = letters(6);
            s.set_clock(WHOLE_MILLISECOND).list(2_500, &all).wait(100.0);
            let named = s.now();
            s.harness().list(10, &all[..1]).supplier();
            s.set_clock(named + TIMEOUT + micros).list(2_500, &all[1..]);
        })
    };
    ends_with(Verdict::Pass, "AT3.3", &after(2_000));
    ends_with(Verdict::Fail, "AT3.3", &after(4_000));
}

#[test]
fn a_list_whose_letters_others_took_meanwhile_shows_none_of_them_coming_back() {
    let taken = |named: usize| {
        script(|s| {
            let all = letters(6);
            s.list(2_500, &all).wait(301.0);
            s.harness().list(10, &all[..named]).supplier().list(2_500, &all[named..]);
        })
    };
    let none_back = result("AT3.3", &taken(6));
    assert_eq!(none_back.verdict, Verdict::Inconclusive, "{none_back:#?}");
    assert_eq!(none_back.observed, "no letter came back");
    let reason = "every letter of the first list was hidden or updated meanwhile; ask again";
    assert_eq!(none_back.reason.as_deref(), Some(reason));
    assert_eq!(none_back.exchange_count, 2);
    let some_back = result("AT3.3", &taken(2));
    assert_eq!(some_back.verdict, Verdict::Pass, "{some_back:#?}");
    let words = "4 letters after 301.0 s, the same as before but 2 hidden or updated meanwhile";
    assert_eq!(some_back.observed, words);
    let all_back = result("AT3.3", &taken(0));
    assert_eq!(all_back.observed, "6 letters after 301.0 s, the same as before");
}

#[test]
fn a_list_whose_letters_others_took_decides_nothing_where_another_shows_them_again() {
    let again = script(|s| {
        let all = letters(6);
        s.list(2_500, &all).wait(301.0);
        s.harness().list(10, &all).supplier().list(2_500, &[]).wait(301.0);
        s.list(2_500, &all).wait(301.0).list(2_500, &all);
    });
    let result = result("AT3.3", &again);
    assert_eq!(result.verdict, Verdict::Pass, "{result:#?}");
}

#[test]
fn a_letter_that_another_list_named_before_is_not_new_to_the_queue() {
    let again = |known: usize| {
        script(|s| {
            let all = letters(6);
            s.list(2_500, &all[..4]).harness().list(10, &all[4..known]).supplier();
            s.wait(301.0).list(2_500, &all);
        })
    };
    let observed = |known| result("AT3.3", &again(known)).observed;
    assert_eq!(observed(6), "6 letters after 301.0 s, the same as before");
    assert_eq!(observed(5), "6 letters after 301.0 s, the same as before and 1 new to the queue");
}
