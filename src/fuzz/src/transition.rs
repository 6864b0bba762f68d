//! Letters' lives: the judges of transitions against a naive model of the pack's flows.
//!
//! Two bytes are a step: the letter and what happens to it, then the status. With an even first
//! byte the API applies updates at once and the judges must name exactly the wrong moves; with an
//! odd one it lags behind a supplier that keeps to the lifecycle, and nothing may be named.
//! Refuses a model of its own: it is that of the judges' tests, which play the same steps.

use letterproof_model::LetterStatus;

/// The model, with the writer of journals that it plays on.
#[allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "shared with the tests of the judges, which use more of it"
)]
#[path = "../../judge/tests/support"]
mod support {
    pub mod lifecycle;
    pub mod script;
}

use support::lifecycle::{Honest, Reply, Step, an_honest_supplier_is_not_named, judges_agree};

/// The most steps of one case: more show nothing new and take longer.
const STEPS: usize = 60;

/// Bytes as what happens to three letters.
pub fn transition(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let pairs = || rest.chunks_exact(2).take(STEPS).map(|pair| (pair[0], pair[1]));
    if first % 2 == 1 {
        let steps: Vec<_> = pairs().map(|(what, how)| (letter(what), honest(what, how))).collect();
        an_honest_supplier_is_not_named(&steps);
    } else {
        // The other bits say how the letters begin: mostly PENDING.
        let begin = [2, 4, 6].map(|bit| match (first >> bit) % 4 {
            0 | 1 => LetterStatus::Pending,
            2 => LetterStatus::Accepted,
            _ => LetterStatus::Rejected,
        });
        let steps: Vec<_> = pairs().map(|(what, how)| (letter(what), step(what, how))).collect();
        judges_agree(begin, &steps);
    }
}

fn letter(what: u8) -> usize {
    usize::from(what % 3)
}

fn step(what: u8, how: u8) -> Step {
    let status = LetterStatus::ALL[usize::from(how) % LetterStatus::ALL.len()];
    match (what / 3) % 10 {
        0..=4 => Step::Sent(status, Reply::TakenOn),
        5 => Step::Sent(status, Reply::Refused),
        6 => Step::Sent(status, Reply::Lost(how >= 128)),
        7 | 8 => Step::Seen,
        _ => Step::Notify(how.is_multiple_of(2)),
    }
}

fn honest(what: u8, how: u8) -> Honest {
    match (what / 3) % 7 {
        0..=2 => Honest::Moves { choice: usize::from(how % 16), lost: usize::from(how / 16) },
        3..=5 => Honest::Looks(usize::from(how % 4)),
        _ => Honest::Waits,
    }
}
