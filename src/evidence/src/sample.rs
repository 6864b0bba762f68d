//! Calls of a bundle to look up by hand in the gateway's log, chosen so that nobody could foresee
//! them: by a text of the reviewer's, who chooses it when the bundle is there.
//!
//! Refuses chance: the same bundle and text give the same calls, so that two reviewers look at the
//! same ones.

use letterproof_model::{ExchangeId, RunId};
use serde::Serialize;

use crate::reconcile::calls;
use crate::{Said, SavedJournal, sha256_hex};

/// The name and version of the format of a sample.
pub const SAMPLE_FORMAT: &str = "letterproof-sample/1";

/// Shares of forged calls that the odds are told for, in per cent.
const SHARES: [u64; 5] = [1, 2, 5, 10, 20];

/// A call to look up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Picked {
    /// The exchange.
    pub exchange: ExchangeId,
    /// What the bundle says of it.
    #[serde(flatten)]
    pub said: Said,
}

/// How likely it is that a forgery is missed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Odds {
    /// The share of the calls that was forged, in per cent.
    pub forged_percent: u64,
    /// How many calls that is.
    pub forged_calls: u64,
    /// The probability that none of them is among those picked.
    pub missed: f64,
}

/// Calls to look up by hand, and what that shows.
#[derive(Debug, Clone, Serialize)]
pub struct Sample {
    /// Always [`SAMPLE_FORMAT`].
    pub format: String,
    /// The run.
    pub run: RunId,
    /// The text they were chosen by.
    pub seed: String,
    /// Calls of the API in the bundle.
    pub calls: u64,
    /// The calls to look up, in the order of the journal.
    pub picked: Vec<Picked>,
    /// What is missed when every one of them is there as the bundle says.
    pub odds: Vec<Odds>,
}

/// Chooses `n` calls of a journal by a text; all where it has no more.
#[must_use]
pub fn sample(journal: &SavedJournal, n: usize, seed: &str) -> Sample {
    let calls: Vec<_> = calls(journal).into_iter().filter(|call| call.is_api).collect();
    let total = calls.len();
    let mut ranked: Vec<(String, usize)> = calls
        .iter()
        .enumerate()
        .map(|(at, call)| {
            let drawn = format!("{seed}\n{}\n{}", journal.header.run_id, call.exchange);
            (sha256_hex(drawn.as_bytes()), at)
        })
        .collect();
    ranked.sort_unstable();
    let mut places: Vec<usize> = ranked.into_iter().take(n).map(|(_, at)| at).collect();
    places.sort_unstable();
    let picked = places.iter().map(|at| {
        let call = &calls[*at];
        Picked { exchange: call.exchange.clone(), said: call.said.clone() }
    });
    Sample {
        format: SAMPLE_FORMAT.to_owned(),
        run: journal.header.run_id.clone(),
        seed: seed.to_owned(),
        calls: total as u64,
        picked: picked.collect(),
        odds: SHARES.map(|share| odds(total as u64, places.len() as u64, share)).to_vec(),
    }
}

/// The odds that `picked` of `total` calls, drawn without putting back, hold none of the forged.
fn odds(total: u64, picked: u64, forged_percent: u64) -> Odds {
    let forged = (total * forged_percent).div_ceil(100);
    let honest = total - forged;
    let missed = (0..picked).map(|drawn| {
        // Counts of calls are far below 2^52.
        (honest.saturating_sub(drawn)) as f64 / (total - drawn) as f64
    });
    Odds { forged_percent, forged_calls: forged, missed: missed.product() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_odds_are_those_of_drawing_without_putting_back() {
        // Of 10 calls 1 is forged: 4 picked leave it out in 6 of 10 cases.
        let close = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(close(odds(10, 4, 10).missed, 0.6));
        // 40 of 18,000 with 1 % forged: nearly 0.99 to the power of 40.
        let large = odds(18_000, 40, 1);
        assert_eq!(large.forged_calls, 180);
        assert!((0.665..0.670).contains(&large.missed), "{}", large.missed);
        assert!(close(odds(10, 10, 1).missed, 0.0), "all were looked at");
        assert!(close(odds(10, 0, 5).missed, 1.0), "none was");
        assert!(close(odds(0, 0, 5).missed, 1.0), "there is none");
    }
}
