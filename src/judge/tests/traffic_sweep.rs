//! Which letters a final sweep reads: what moved, and a sample of what should not have.

#![allow(clippy::unwrap_used)]

mod support;

use letterproof_judge::Traffic;
use letterproof_model::LetterStatus::{Accepted, Pending};
use support::{Script, letters};

fn swept(script: &Script, since: i64, seed: &str) -> (Vec<String>, Vec<String>, usize) {
    let traffic = Traffic::from_journal(&script.journal(), &script.context);
    let sweep = traffic.sweep(since, seed);
    let ids = |ids: &[letterproof_model::LetterId]| ids.iter().map(ToString::to_string).collect();
    (ids(&sweep.moved), ids(&sweep.still), sweep.gone)
}

fn script(write: impl FnOnce(&mut Script)) -> Script {
    let mut script = Script::small();
    write(&mut script);
    script
}

#[test]
fn what_moved_is_read_once_and_what_was_left_alone_is_sampled() {
    let known = script(|s| {
        s.list(100, &letters(6)).moved("L1", Accepted).patch("L2", Accepted).answered(400);
        // A letter that is only ever named by an update is nobody's to read.
        s.patch("L3", Accepted).lost().patch("unknown", Accepted);
        s.harness().read("L5", Pending);
    });
    let (moved, still, gone) = swept(&known, i64::MIN, "run");
    assert_eq!((moved, gone), (vec!["L1".to_owned(), "L3".to_owned()], 0));
    assert_eq!(still[0], "L5", "what was read before can be compared");
    assert_eq!(still.len(), 3, "{still:?}");
    assert!(!still.contains(&"L2".to_owned()), "an update named it");
}

#[test]
fn a_letter_is_swept_once_after_its_last_update() {
    let mut known = script(|s| {
        s.list(100, &letters(3)).moved("L1", Accepted).moved("L2", Accepted);
        s.harness().scenario("Final sweep").read("L1", Accepted).read("L3", Pending);
    });
    let (moved, still, _) = swept(&known, i64::MIN, "run");
    assert_eq!((moved, still), (vec!["L2".to_owned()], vec![]));
    known.supplier().patch("L1", letterproof_model::LetterStatus::Printed);
    assert_eq!(swept(&known, i64::MIN, "run").0, ["L1", "L2"]);
}

#[test]
fn letters_of_an_earlier_seeding_are_gone() {
    let known = script(then);
    fn then(s: &mut Script) {
        s.list(100, &letters(2)).moved("L1", Accepted).moved("L2", Accepted);
    }
    let since = known.exchanges.last().unwrap().finished().as_microsecond() + 1;
    let (moved, still, gone) = swept(&known, since, "run");
    assert_eq!((moved.len(), still.len(), gone), (0, 0, 2));
}

#[test]
fn the_sample_is_the_runs_own_and_bounded() {
    let known = script(|s| {
        s.list(100, &letters(300));
    });
    let (_, one, _) = swept(&known, i64::MIN, "run-1");
    assert_eq!(one.len(), 50);
    assert_eq!(swept(&known, i64::MIN, "run-1").1, one);
    assert_ne!(swept(&known, i64::MIN, "run-2").1, one);
}

#[test]
fn a_letter_whose_update_was_refused_was_not_left_alone() {
    let known = script(|s| {
        s.list(100, &letters(2)).bulk(Accepted, &["L1"]).answered(400);
    });
    let (moved, still, _) = swept(&known, i64::MIN, "run");
    assert_eq!((moved, still), (vec![], vec!["L2".to_owned()]));
}
