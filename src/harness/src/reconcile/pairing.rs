//! Which call of the bundle is which of the gateway's log.
//!
//! Two calls are the same where id, method, path and status are, and the times are near. What is
//! left then has the same id, method and path, and differs in status or time. Last, calls that the
//! bundle has no id of are known by method, path, status and time: a gateway gives an id to a call
//! that came without one. In each round the calls are taken in the order of time. No call is given
//! to two.

use std::collections::HashMap;

use jiff::SignedDuration;

use crate::reconcile::gateway::Logged;
use crate::reconcile::{Known, Said};

/// By what a logged call was found to be one of the bundle's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    RequestId,
    CorrelationId,
    /// Method, path, status and time alone: any other call like it would have been taken for it.
    Likeness,
}

/// What a call is looked up by in a round; empty where it takes no part.
type Keys = fn(&Said) -> Vec<String>;

/// The rounds: by what, the keys of the bundle's calls, those of the log's, and whether times must be
/// near.
const ROUNDS: [(By, Keys, Keys, bool); 5] = [
    (
        By::RequestId,
        |said| with_status(request(said), said),
        |said| with_status(request(said), said),
        true,
    ),
    (
        By::CorrelationId,
        |said| with_status(correlation(said), said),
        |said| with_status(correlation(said), said),
        true,
    ),
    (
        By::RequestId,
        |said| with_route(request(said), said),
        |said| with_route(request(said), said),
        false,
    ),
    (
        By::CorrelationId,
        |said| with_route(correlation(said), said),
        |said| with_route(correlation(said), said),
        false,
    ),
    (
        By::Likeness,
        |said| with_status(without_ids(said), said),
        |said| with_status(unlike(said), said),
        true,
    ),
];

/// For each logged call the place of the bundle's, and by what it was found.
pub(super) fn pairs(
    logged: &[Logged],
    known: &[Known],
    tolerance: SignedDuration,
) -> Vec<Option<(usize, By)>> {
    let mut pairs = vec![None; logged.len()];
    let mut taken = vec![false; known.len()];
    let mut rows: Vec<usize> = (0..logged.len()).collect();
    rows.sort_by_key(|row| logged[*row].said.at);
    let mut calls: Vec<usize> = (0..known.len()).collect();
    calls.sort_by_key(|call| known[*call].said.at);
    for (by, of_known, of_logged, timed) in ROUNDS {
        let mut queues: HashMap<String, std::collections::VecDeque<usize>> = HashMap::new();
        for call in calls.iter().copied().filter(|call| !taken[*call]) {
            for key in of_known(&known[call].said) {
                queues.entry(key).or_default().push_back(call);
            }
        }
        for row in &rows {
            if pairs[*row].is_some() {
                continue;
            }
            let said = &logged[*row].said;
            for key in of_logged(said) {
                let Some(queue) = queues.get_mut(&key) else { continue };
                // What lies too far back for this call does so for all later ones.
                while queue.front().is_some_and(|call| {
                    let ago = said.at.duration_since(known[*call].said.at);
                    taken[*call] || timed && ago > tolerance
                }) {
                    queue.pop_front();
                }
                let fits = |call: &usize| {
                    !timed || known[*call].said.at.duration_since(said.at) <= tolerance
                };
                if let Some(call) = queue.front().copied().filter(fits) {
                    queue.pop_front();
                    taken[call] = true;
                    pairs[*row] = Some((call, by));
                    break;
                }
            }
        }
    }
    pairs
}

fn request(said: &Said) -> Vec<String> {
    said.request_id.iter().map(|id| id.to_ascii_lowercase()).collect()
}

/// A gateway may make the correlation id one of a chain, joined by full stops.
fn correlation(said: &Said) -> Vec<String> {
    let Some(id) = said.correlation_id.as_deref().map(str::to_ascii_lowercase) else {
        return Vec::new();
    };
    let parts = id.split('.').filter(|part| *part != id && !part.is_empty()).map(str::to_owned);
    let mut ids: Vec<String> = parts.collect();
    ids.insert(0, id);
    ids
}

/// A call that came without a correlation id, and whether it came with a request id.
fn without_ids(said: &Said) -> Vec<String> {
    let is_without = said.correlation_id.is_none();
    is_without.then(|| format!("{}", said.request_id.is_some())).into_iter().collect()
}

/// What a logged call may have come without: two request ids that differ are two calls.
fn unlike(said: &Said) -> Vec<String> {
    let mut keys = vec!["false".to_owned()];
    if said.request_id.is_none() {
        keys.push("true".to_owned());
    }
    keys
}

fn with_status(ids: Vec<String>, said: &Said) -> Vec<String> {
    let status = said.status.map_or_else(|| "none".to_owned(), |status| status.to_string());
    with_route(ids, said).into_iter().map(|id| format!("{id} {status}")).collect()
}

fn with_route(ids: Vec<String>, said: &Said) -> Vec<String> {
    ids.into_iter().map(|id| format!("{id} {} {}", said.method, said.path)).collect()
}
