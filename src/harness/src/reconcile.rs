//! A bundle against the gateway's log: which calls only one of the two knows.
//!
//! Nothing in a bundle shows that no call was left out; the gateway's log does. So the count goes
//! from the gateway to the bundle: each of its calls must be there, with the same outcome.
//! Where both sides have ids, calls are paired by id alone; how many were matched by what is part of the
//! result.
//!
//! Calls of a bundle to look up by hand in the gateway's log, chosen so that nobody could foresee
//! them: by a text of the reviewer's, who chooses it when the bundle is there.
//!
//! There is no chance in it: the same bundle and text give the same calls, so that two reviewers look at the
//! same ones.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use letterproof_evidence::{
    EvidenceError, Opened, SavedJournal, check_integrity, read_bundled_journal, sha256_hex,
};
use letterproof_model::{
    Direction, ExchangeId, Journal as _, Operation, Place, Results, Route, RunId,
};
use serde::Serialize;

use crate::reconcile::gateway::{plain_path, read};
use crate::reconcile::pairing::{By, pairs};
use crate::told::{Failure, usage};

mod gateway;
mod pairing;

/// The name and version of the format of a reconciliation.
pub const RECONCILIATION_FORMAT: &str = "letterproof-reconciliation/1";

/// Where a log cannot be read, and why.
#[derive(Debug)]
struct Fault {
    line: u64,
    problem: String,
}

/// What either side says of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// When it was made.
    pub at: Timestamp,
    /// The method, in capitals.
    pub method: String,
    /// What follows the API's own path, without the query.
    pub path: String,
    /// The status it was answered with; absent where none is known.
    pub status: Option<u16>,
    /// `X-Request-ID`.
    pub request_id: Option<String>,
    /// `X-Correlation-ID`.
    pub correlation_id: Option<String>,
}

/// A call that only the gateway saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GatewayOnly {
    /// Its line in the log, counted from 1.
    pub line: u64,
    /// Whether the run went on at that time.
    pub during_run: bool,
    /// What the log says of it.
    #[serde(flatten)]
    pub said: Said,
}

/// A call that only the bundle knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BundleOnly {
    /// The exchange.
    pub exchange: ExchangeId,
    /// What the bundle says of it.
    #[serde(flatten)]
    pub said: Said,
}

/// A call of which the two say different things.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Differing {
    /// Its line in the log, counted from 1.
    pub line: u64,
    /// The exchange.
    pub exchange: ExchangeId,
    /// What the log says.
    pub gateway: Said,
    /// What the bundle says.
    pub bundle: Said,
}

/// By what calls were matched. An id that the caller chose and the gateway logged is a call of this run.
/// Without one, a match says that the gateway saw a call *like* it at about that time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct MatchedBy {
    /// By `X-Request-ID`: strong.
    pub request_id: u64,
    /// By `X-Correlation-ID`: strong.
    pub correlation_id: u64,
    /// By method, path, status and time alone: weak.
    pub likeness: u64,
    /// Those of them that carried an `X-Request-ID`, which the log does not show.
    pub id_not_logged: u64,
}

/// What holding a bundle against a gateway's log found.
#[derive(Debug, Clone, Serialize)]
pub struct Reconciliation {
    /// Always [`RECONCILIATION_FORMAT`].
    pub format: String,
    /// The run.
    pub run: RunId,
    /// Whether each side knows every call of the other, and says the same of it.
    pub agrees: bool,
    /// Calls in the log.
    pub gateway_calls: u64,
    /// Calls of the API in the bundle.
    pub bundle_calls: u64,
    /// Calls that both know, and say the same of.
    pub matched: u64,
    /// By what they were matched.
    pub matched_by: MatchedBy,
    /// Whether it shows that the log is of this run: the two agree, some calls were matched by an id,
    /// and each call that carries an id was.
    pub by_ids: bool,
    /// Calls that got no answer and that the log does not know: they may not have arrived.
    pub unanswered: u64,
    /// Calls that the bundle lacks.
    pub only_gateway: Vec<GatewayOnly>,
    /// Calls that the log lacks.
    pub only_bundle: Vec<BundleOnly>,
    /// Calls of which the two say different things.
    pub differing: Vec<Differing>,
}

/// A call of the bundle.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) exchange: ExchangeId,
    pub(crate) said: Said,
    /// Whether the gateway of the API must have seen it: not so of tokens, nor of calls that got no
    /// answer.
    must_be_seen: bool,
    pub(crate) is_api: bool,
}

/// Holds a run's journal against the gateway's log, an export in CSV with a line of names. Calls
/// whose times differ by more than `tolerance` are not the same.
///
/// # Errors
/// When the log cannot be read; the message names the line.
pub fn reconcile(
    journal: &SavedJournal,
    log: &Path,
    tolerance: SignedDuration,
) -> Result<Reconciliation, EvidenceError> {
    let logged = read(log, &journal.header.base_url)?;
    let known = calls(journal);
    journal.recording.whole()?;
    let times = (journal.header.started, ended(journal));
    let gateway_calls = logged.len() as u64;
    let bundle_calls = known.iter().filter(|call| call.is_api).count() as u64;
    let paired = pairs(&logged, &known, tolerance);
    let (mut matched, mut matched_by, mut differing) = (0, MatchedBy::default(), Vec::new());
    let mut seen = vec![false; known.len()];
    let mut only_gateway = Vec::new();
    for (one, pair) in logged.into_iter().zip(paired) {
        let Some((at, by)) = pair else {
            let during_run = (times.0..=times.1).contains(&one.said.at);
            only_gateway.push(GatewayOnly { line: one.line, during_run, said: one.said });
            continue;
        };
        seen[at] = true;
        let call = &known[at];
        if same(&one.said, &call.said, tolerance) {
            matched += 1;
            matched_by.add(by, &call.said);
        } else {
            let (exchange, bundle) = (call.exchange.clone(), call.said.clone());
            differing.push(Differing { line: one.line, exchange, gateway: one.said, bundle });
        }
    }
    let unseen = || known.iter().zip(&seen).filter(|(call, seen)| call.is_api && !**seen);
    let unanswered = unseen().filter(|(call, _)| !call.must_be_seen).count() as u64;
    let only_bundle: Vec<BundleOnly> = unseen()
        .filter(|(call, _)| call.must_be_seen)
        .map(|(call, _)| BundleOnly { exchange: call.exchange.clone(), said: call.said.clone() })
        .collect();
    let agrees = only_gateway.is_empty() && only_bundle.is_empty() && differing.is_empty();
    Ok(Reconciliation {
        format: RECONCILIATION_FORMAT.to_owned(),
        run: journal.header.run_id.clone(),
        agrees,
        by_ids: agrees && matched_by.shows_the_run(),
        matched_by,
        gateway_calls,
        bundle_calls,
        matched,
        unanswered,
        only_gateway,
        only_bundle,
        differing,
    })
}

impl MatchedBy {
    fn add(&mut self, by: By, said: &Said) {
        match by {
            By::RequestId => self.request_id += 1,
            By::CorrelationId => self.correlation_id += 1,
            By::Likeness => {
                self.likeness += 1;
                self.id_not_logged += u64::from(said.request_id.is_some());
            }
        }
    }

    /// Whether this ties the log to the run. Likeness alone does not: a log of any other run that made
    /// the same calls at about that time would fit as well. Nor may a call that carries an id be taken
    /// by likeness: the gateway has its id, and the export can hold it. Calls that carry none are no
    /// fault of the supplier's (the specification has no header for `GET /_status`), and do no harm
    /// beside others that are matched by theirs.
    const fn shows_the_run(&self) -> bool {
        self.request_id + self.correlation_id > 0 && self.id_not_logged == 0
    }
}

/// The calls of a journal that the API's gateway may have logged.
pub(crate) fn calls(journal: &SavedJournal) -> Vec<Known> {
    let base_url = &journal.header.base_url;
    let made = journal.recording.exchanges().iter();
    made.filter_map(|exchange| {
        let operation = Route::of_exchange(&exchange, base_url).operation;
        let is_api = operation.is_api();
        let is_ours = exchange.direction == Direction::ToApi;
        (is_ours && (is_api || operation == Operation::Token)).then(|| {
            let request = &exchange.request;
            let header = |name| request.header(name).map(str::to_owned);
            let said = Said {
                at: exchange.started,
                method: request.method.to_ascii_uppercase(),
                path: plain_path(&request.url, base_url),
                status: exchange.status(),
                request_id: header("x-request-id"),
                correlation_id: header("x-correlation-id"),
            };
            let must_be_seen = is_api && exchange.response().is_some();
            Known { exchange: exchange.id.clone(), said, must_be_seen, is_api }
        })
    })
    .collect()
}

fn ended(journal: &SavedJournal) -> Timestamp {
    let marks = journal.recording.marks().iter().map(|mark| mark.at);
    marks.chain(journal.recording.ended()).max().unwrap_or_default()
}

/// Whether the two say the same; where either knows no status, no status speaks against it.
fn same(one: &Said, other: &Said, tolerance: SignedDuration) -> bool {
    let same_status = one.status == other.status || one.status.is_none() || other.status.is_none();
    let is_near = one.at.duration_since(other.at).abs() <= tolerance;
    same_status && one.method == other.method && one.path == other.path && is_near
}

/// Has the results of a run say that the gateway's log holds the same calls, where they claim INT:
/// a log says nothing of a mock.
pub fn mark_reconciled(results: &mut Results) {
    if let Some(standing) = &mut results.run.standing
        && standing.place == Place::IntClaimed
    {
        standing.place = Place::IntReconciled;
    }
}

/// The journal of a bundle that is as it was made.
///
/// # Errors
/// When it is not, or cannot be read.
pub fn intact_journal(bundle: &Path) -> Result<SavedJournal, Failure> {
    let opened = Opened::open(bundle).map_err(usage)?;
    if let Some(problem) = check_integrity(&opened, None).problems.first() {
        return Err(Failure::Usage(format!(
            "{}: not sound: {problem}; `letterproof verify` says more",
            bundle.display()
        )));
    }
    read_bundled_journal(&opened).map_err(usage)
}

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
