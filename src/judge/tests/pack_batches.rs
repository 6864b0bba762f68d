//! The batch of AT4: which list is judged, what counts as its one update, and the later list.

mod support;

use letterproof_model::LetterStatus::Accepted;
use letterproof_model::Verdict::{Fail, Inconclusive, Pass};
use support::cases::{ids, script, then};
use support::script::Letter;
use support::told::{after_the_last, explains, tells};
use support::{Script, letter, letters};

const ALL: [&str; 4] = ["L1", "L2", "L3", "L4"];

/// Four letters other than those of `letters`.
fn others() -> Vec<Letter> {
    (1..=4).map(|n| letter(&format!("M{n}"))).collect()
}

/// Each letter accepted by an update of its own.
fn one_by_one(s: &mut Script, batch: &[Letter]) {
    batch.iter().for_each(|known| then(s.patch(&known.id, Accepted)));
}

#[test]
fn of_two_full_lists_the_one_accepted_as_the_pack_asks_is_judged() {
    let script = script(|s| {
        s.list(4, &letters(4));
        one_by_one(s, &letters(4));
        s.list(4, &others()).bulk(Accepted, &ids(&others()));
    });
    tells(Pass, "4 acceptances in one update, answered with 202", "AT4.2", &script);
}

#[test]
fn of_two_lists_with_letters_left_out_the_one_with_more_acceptances_is_judged() {
    let script = script(|s| {
        s.list(4, &letters(4)).bulk(Accepted, &["L1", "L2"]);
        s.list(4, &others()).bulk(Accepted, &["M1", "M2", "M3"]);
    });
    tells(Pass, "3 acceptances in one update, answered with 202", "AT4.2", &script);
}

#[test]
fn a_short_list_accepted_well_does_not_stand_in_for_a_full_one() {
    let script = script(|s| {
        s.list(4, &letters(3)).bulk(Accepted, &ALL[..3]);
        s.list(4, &others());
        one_by_one(s, &others());
    });
    let words = "4 acceptances of a list of 4 in 4 updates (PATCH of 1 letter, PATCH of 1 letter, \
                 PATCH of 1 letter, …)";
    tells(Fail, words, "AT4.2", &script);
    let three = support::cases::script(|s| {
        s.list(4, &letters(3));
        one_by_one(s, &letters(3));
    });
    let words = "3 acceptances of a list of 3 in 3 updates (PATCH of 1 letter, PATCH of 1 letter, \
                 PATCH of 1 letter)";
    tells(Fail, words, "AT4.2", &three);
}

#[test]
fn an_update_that_got_no_answer_is_open_and_one_that_was_refused_fails() {
    let updated = |change: fn(&mut Script)| {
        script(|s| {
            s.list(4, &letters(4)).bulk(Accepted, &ALL);
            change(s);
        })
    };
    let lost = updated(|s| then(s.lost()));
    tells(Inconclusive, "the update was not answered", "AT4.2", &lost);
    let reason = "no answer arrived, and the call was not repeated with success";
    explains(reason, "AT4.2", &lost);
    let refused = updated(|s| then(s.answered(400)));
    tells(Fail, "the update was answered with 400", "AT4.2", &refused);
    let repeated = updated(|s| then(s.lost().wait(1.0).bulk(Accepted, &ALL)));
    tells(Pass, "4 acceptances in one update, answered with 202", "AT4.2", &repeated);
}

#[test]
fn a_single_acceptance_by_patch_is_no_bulk_update() {
    let script = script(|s| then(s.list(4, &letters(4)).patch("L1", Accepted)));
    tells(Fail, "1 acceptance, by PATCH", "AT4.2", &script);
}

#[test]
fn letters_of_another_list_in_the_same_update_are_no_acceptances_of_this_one() {
    let script = script(|s| {
        s.list(10, &[letter("M1")]).list(4, &letters(4));
        s.bulk(Accepted, &["L1", "L2", "L3", "L4", "M1"]);
    });
    tells(Pass, "4 acceptances in one update, answered with 202", "AT4.2", &script);
}

#[test]
fn a_list_asked_for_at_the_moment_of_the_update_is_no_later_list() {
    let listed_after = |micros: i64| {
        script(|s| {
            s.list(4, &letters(4)).bulk(Accepted, &ALL);
            after_the_last(s, micros).list(4, &[]).wait(2.0);
            ALL.iter().for_each(|id| then(s.read(id, Accepted)));
        })
    };
    tells(Inconclusive, "no later list", "AT4.5", &listed_after(0));
    tells(Pass, "4 letters, none listed again", "AT4.5", &listed_after(1));
}
