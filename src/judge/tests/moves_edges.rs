//! Where a letter's moves turn: which update a status came from, which read tells of it, and until
//! when; and what a letter must be to be no supplier's to move.

#![allow(clippy::unwrap_used)]

mod support;

use letterproof_model::LetterStatus::{
    Accepted, Cancelled, Delivered, Dispatched, Failed, Pending, Printed, Rejected,
};
use letterproof_model::{EXCHANGES_SHOWN, Mode, Verdict};
use support::cases::{accepted, ids, script, then};
use support::clock::in_milliseconds;
use support::told::ends_with;
use support::{Script, letter, letters, observed, result};

/// How long an update may take to show, in microseconds.
const DEADLINE: i64 = 60_000_000;
const SEEN_FIRST: &str = "O-STATUS-SEEN-FIRST";
const WHY: Option<(&str, &str)> = Some(("X01", "A reason"));

#[track_caller]
fn observes(observed: &str, id: &str, script: &Script) {
    assert_eq!(result(id, script).observed, observed);
}

/// A script of one letter that was listed.
fn listed(write: impl FnOnce(&mut Script)) -> Script {
    script(|s| {
        s.list(100, &letters(1));
        write(s);
    })
}

#[test]
fn a_rejected_letter_that_still_reads_pending_is_not_back_in_the_queue() {
    let accepted_after = |read: &dyn Fn(&mut Script)| {
        listed(|s| {
            s.patch_for("L1", Rejected, WHY).wait(1.0);
            read(s);
            s.moved("L1", Accepted);
        })
    };
    let lagging = accepted_after(&|s| then(s.read("L1", Pending)));
    ends_with(Verdict::Fail, "AT13.4", &lagging);
    observes("1 of 1 letter: L1 was sent ACCEPTED after REJECTED", "AT13.4", &lagging);
    let back = accepted_after(&|s| then(s.read("L1", Rejected).read("L1", Pending)));
    ends_with(Verdict::Pass, "AT13.4", &back);
}

#[test]
fn a_letter_whose_pdf_is_not_there_may_not_be_produced() {
    let printed_after = |fetch: &dyn Fn(&mut Script)| {
        listed(|s| {
            fetch(s);
            s.moved("L1", Accepted).patch("L1", Printed);
        })
    };
    let no_pdf: [&dyn Fn(&mut Script); 2] =
        [&|s| then(s.fetch_nothing("L1")), &|s| then(s.data("L1").answered(404))];
    for fetch in no_pdf {
        let script = printed_after(fetch);
        ends_with(Verdict::Fail, "AT13.5", &script);
        observes("1 of 1 letter: L1 has no PDF and was reported as PRINTED", "AT13.5", &script);
    }
    ends_with(Verdict::NotRun, "AT13.5", &printed_after(&|s| then(s.fetch("L1"))));
    let refused = printed_after(&|s| then(s.fetch("L1").answered(403)));
    ends_with(Verdict::NotRun, "AT13.5", &refused);
    let unread = printed_after(&|s| then(s.read("L1", Accepted).answered(404)));
    ends_with(Verdict::NotRun, "AT13.5", &unread);
    let there_later = printed_after(&|s| then(s.fetch_nothing("L1").fetch("L1")));
    ends_with(Verdict::NotRun, "AT13.5", &there_later);
}

#[test]
fn a_letter_without_a_hash_or_without_a_pdf_may_be_rejected_instead() {
    let rejected = |hash: bool, fetch: &dyn Fn(&mut Script)| {
        script(|s| {
            let mut batch = letters(4);
            if !hash {
                batch[2] = letter("L3").without_hash();
            }
            s.list(4, &batch);
            fetch(s);
            s.bulk(Accepted, &["L1", "L2", "L4"]).patch_for("L3", Rejected, WHY);
        })
    };
    let instead =
        "4 letters listed, all accepted except 1 that cannot be accepted, rejected instead";
    observes(instead, "AT4.4", &rejected(false, &|_| {}));
    observes(instead, "AT4.4", &rejected(true, &|s| then(s.fetch_nothing("L3"))));
    let in_order = rejected(true, &|s| then(s.fetch("L3")));
    observes("1 of 4 letters: L3 was listed and not accepted", "AT4.4", &in_order);
}

#[test]
fn a_status_sent_after_one_that_was_refused_follows_none() {
    let first =
        observed::watched(|s| then(s.patch("L1", Printed).answered(400).patch("L1", Accepted)));
    observed::ends_with(Verdict::NotRun, "O-STATUS-SEEN-FIRST", &first);
    let second = observed::watched(|s| then(s.moved("L1", Accepted).patch("L1", Printed)));
    observed::ends_with(Verdict::Pass, "O-STATUS-SEEN-FIRST", &second);
}

#[test]
fn a_move_goes_on_over_an_update_that_was_refused_and_over_one_of_the_harness() {
    let between = |update: &dyn Fn(&mut Script)| {
        accepted(|s| {
            s.patch("L1", Dispatched);
            update(s);
            s.wait(2.0).read("L1", Dispatched);
        })
    };
    let refused = between(&|s| then(s.patch("L1", Delivered).answered(400)));
    ends_with(Verdict::Pass, "AT7.2", &refused);
    let repeated = between(&|s| then(s.harness().patch("L1", Dispatched).supplier()));
    ends_with(Verdict::Pass, "AT7.2", &repeated);
    let moved_on = between(&|s| then(s.patch("L1", Delivered)));
    ends_with(Verdict::Inconclusive, "AT7.2", &moved_on);
}

#[test]
fn an_acceptance_may_still_take_effect_until_its_deadline_is_over() {
    let printed_after_a_read = |micros: i64| {
        listed(|s| {
            // A read that takes as long as the update did ends as long after it as it was begun.
            let sent = s.now();
            s.patch("L1", Accepted).set_clock(sent + DEADLINE + micros).read("L1", Pending);
            s.moved("L1", Printed);
        })
    };
    ends_with(Verdict::Pass, "AT5.1", &printed_after_a_read(-1));
    let over = printed_after_a_read(0);
    ends_with(Verdict::Fail, "AT5.1", &over);
    observes("1 of 1 letter: L1 was moved from PENDING", "AT5.1", &over);
}

#[test]
fn that_one_status_was_seen_does_not_show_that_the_next_one_was() {
    let unseen = listed(|s| {
        s.moved("L1", Accepted).patch("L1", Printed).moved("L1", Dispatched);
    });
    observed::ends_with(Verdict::Fail, SEEN_FIRST, &unseen);
    let words = "1 of 2 moves: L1 was sent DISPATCHED before PRINTED was seen";
    assert_eq!(observed::result(SEEN_FIRST, &unseen).observed, words);
}

#[test]
fn a_status_that_was_seen_and_sent_again_need_not_be_seen_again() {
    let again = listed(|s| {
        s.moved("L1", Accepted).patch("L1", Accepted).moved("L1", Printed);
    });
    observed::ends_with(Verdict::Pass, SEEN_FIRST, &again);
}

#[test]
fn a_move_begins_with_the_update_that_was_not_refused() {
    for refusal in [400, 429] {
        let again = accepted(|s| {
            s.bulk(Dispatched, &["L1"]).answered(refusal).wait(100.0).moved("L1", Dispatched);
        });
        ends_with(Verdict::Pass, "AT7.2", &again);
        observes("1 letter read back as DISPATCHED, the slowest after 2.0 s", "AT7.2", &again);
        assert_eq!(result("AT7.1", &again).exchanges.last(), Some(&again.exchanges[12].id));
    }
}

#[test]
fn an_update_after_an_end_is_blamed_once_also_where_it_was_refused_at_first() {
    let printed = observed::watched(|s| {
        s.moved("L2", Accepted);
        s.moved("L1", Accepted).moved_for("L1", Cancelled, "C01", "Asked for");
        s.patch("L1", Printed).answered(429).wait(1.0).patch("L1", Printed);
    });
    observed::ends_with(Verdict::Fail, "O-NOTHING-AFTER-END", &printed);
    observed::ends_with(Verdict::Pass, "O-MOVE-ELIGIBLE", &printed);
}

#[test]
fn a_letter_whose_update_was_refused_is_moved_only_where_it_reads_so() {
    let refused = |status| {
        accepted(|s| {
            s.patch("L1", Dispatched).answered(400).wait(2.0).read("L1", status);
        })
    };
    ends_with(Verdict::Fail, "AT7.2", &refused(Accepted));
    let words = "1 of 1 letter: L1 did not change: its update was answered with 400";
    observes(words, "AT7.2", &refused(Accepted));
    ends_with(Verdict::Pass, "AT7.2", &refused(Dispatched));
    observes(
        "1 letter read back as DISPATCHED, the slowest after 2.0 s",
        "AT7.2",
        &refused(Dispatched),
    );
}

#[test]
fn the_reason_of_an_update_that_was_refused_is_not_the_letters() {
    let corrected = accepted(|s| {
        s.patch_for("L1", Failed, Some(("F99", "Damaged"))).answered(400);
        s.moved_for("L1", Failed, "F01", "Damaged");
    });
    ends_with(Verdict::Pass, "AT12.3", &corrected);
    let repeated = accepted(|s| {
        s.moved_for("L1", Failed, "F01", "Damaged");
        s.patch_for("L1", Failed, Some(("F99", "Damaged"))).answered(400).wait(2.0);
        s.read_for("L1", Failed, Some(("F01", "Damaged")));
    });
    ends_with(Verdict::Pass, "AT12.3", &repeated);
    let refused = accepted(|s| {
        s.patch_for("L1", Failed, Some(("F01", "Damaged"))).answered(400).wait(2.0);
        s.read_for("L1", Failed, Some(("F02", "Damaged")));
    });
    observes(
        "1 of 1 letter: L1 was sent F01 / Damaged and reads F02 / Damaged",
        "AT12.3",
        &refused,
    );
}

#[test]
fn a_clause_shown_by_many_calls_lists_the_first_and_counts_all() {
    let mut bare = script(|s| {
        (0..EXCHANGES_SHOWN + 5).for_each(|_| then(s.list(10, &[]).without("Authorization")));
    });
    bare.context.mode = Mode::Observed;
    let secure = result("AT1.4", &bare);
    assert_eq!(secure.verdict, Verdict::Inconclusive);
    assert_eq!(secure.exchanges.len(), EXCHANGES_SHOWN);
    assert_eq!(secure.exchange_count, EXCHANGES_SHOWN as u64 + 5);
}

#[test]
fn an_exchange_that_shows_many_letters_counts_once() {
    let printed = |count: usize, status| {
        let script = script(|s| {
            let all = letters(count);
            s.list(100, &all).bulk(Accepted, &ids(&all)).wait(2.0);
            all.iter().for_each(|known| then(s.read(&known.id, status)));
            s.bulk(Printed, &ids(&all));
        });
        let shown = observed::result(SEEN_FIRST, &script);
        (shown.verdict, shown.exchanges.len(), shown.exchange_count)
    };
    // The read of each letter and the one update of all; of a letter at fault both its updates.
    assert_eq!(printed(3, Accepted), (Verdict::Pass, 4, 4));
    assert_eq!(printed(30, Accepted), (Verdict::Pass, EXCHANGES_SHOWN, 31));
    assert_eq!(printed(30, Pending), (Verdict::Fail, 2, 2));
}

#[test]
fn by_a_coarse_clock_what_was_seen_at_the_moment_of_an_update_was_seen_before_it() {
    let at_once = script(|s| {
        s.list(100, &letters(1)).patch("L1", Accepted).wait(2.0);
        let moment = s.now();
        s.patch("L1", Printed).set_clock(moment).read("L1", Accepted);
        s.edit_answer(|answer| (answer.headers_us, answer.done_us) = (1_000, 1_000));
        s.wait(2.0).read("L1", Printed);
    });
    observed::ends_with(Verdict::Fail, SEEN_FIRST, &at_once);
    observed::ends_with(Verdict::Pass, SEEN_FIRST, &in_milliseconds(at_once));
}
