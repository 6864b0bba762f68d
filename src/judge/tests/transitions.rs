//! Whatever a supplier sends, the judges name exactly the moves that the pack's flows do not know,
//! as a naive model of letters' lives finds them.

mod support;

use letterproof_model::LetterStatus;
use proptest::prelude::*;
use support::lifecycle::{
    Honest, LETTERS, Reply, Step, an_honest_supplier_is_not_named, judges_agree,
};

fn status() -> impl Strategy<Value = LetterStatus> {
    prop::sample::select(LetterStatus::ALL.to_vec())
}

/// What happens to letters that are mostly taken on, so that they come far.
fn steps() -> impl Strategy<Value = Vec<(usize, Step)>> {
    let reply = prop_oneof![
        6 => Just(Reply::TakenOn),
        1 => Just(Reply::Refused),
        1 => any::<bool>().prop_map(Reply::Lost),
    ];
    let step = prop_oneof![
        3 => Just(Step::Seen),
        6 => (status(), reply).prop_map(|(status, reply)| Step::Sent(status, reply)),
        1 => any::<bool>().prop_map(Step::Notify),
    ];
    prop::collection::vec((0..LETTERS.len(), step), 0..40)
}

fn honest() -> impl Strategy<Value = Vec<(usize, Honest)>> {
    let step = prop_oneof![
        3 => (0..8_usize, 0..3_usize).prop_map(|(choice, lost)| Honest::Moves { choice, lost }),
        3 => (0..4_usize).prop_map(Honest::Looks),
        1 => Just(Honest::Waits),
    ];
    prop::collection::vec((0..LETTERS.len(), step), 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        // The same cases each time: what a check finds must be found again.
        rng_seed: proptest::test_runner::RngSeed::Fixed(9),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_wrong_move_is_named_and_no_other(begin in [status(), status(), status()], steps in steps()) {
        judges_agree(begin, &steps);
    }

    #[test]
    fn a_supplier_that_keeps_to_the_lifecycle_is_never_named_however_the_api_lags(steps in honest()) {
        an_honest_supplier_is_not_named(&steps);
    }
}
