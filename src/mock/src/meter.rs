//! Counts what the server saw: requests by operation and the busiest second.
//! Refuses to remember single requests beyond the last second, so its size stays bounded.

use std::collections::VecDeque;

use letterproof_model::Operation;
use parking_lot::Mutex;
use serde::Serialize;

/// What the server saw since its start or its last reset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestCounts {
    /// Every request, token requests and downloads included.
    pub total: u64,
    /// Calls of the API, which count against the rate limit.
    pub api: u64,
    /// The most API calls seen in any second, wherever it begins.
    pub busiest_second: u64,
    /// API calls in the second before the last one.
    pub last_second: u64,
    /// API calls refused with 429.
    pub limited: u64,
    /// Requests by operation, only those seen.
    pub by_operation: Vec<(Operation, u64)>,
}

const SECOND: u64 = 1_000_000;

#[derive(Debug, Default)]
struct Inner {
    recent: VecDeque<u64>,
    busiest: usize,
    limited: u64,
    counts: [u64; Operation::ALL.len()],
}

/// The counters, shared by every connection.
#[derive(Debug, Default)]
pub(crate) struct Meter(Mutex<Inner>);

impl Meter {
    pub(crate) fn count(&self, operation: Operation, now: u64) {
        let mut inner = self.0.lock();
        let at = Operation::ALL.iter().position(|known| *known == operation);
        inner.counts[at.unwrap_or(Operation::ALL.len() - 1)] += 1;
        if operation.is_api() {
            inner.forget_before(now);
            inner.recent.push_back(now);
            inner.busiest = inner.busiest.max(inner.recent.len());
        }
    }

    pub(crate) fn count_limited(&self) {
        self.0.lock().limited += 1;
    }

    pub(crate) fn read(&self, now: u64) -> RequestCounts {
        let mut inner = self.0.lock();
        inner.forget_before(now);
        let seen = Operation::ALL.into_iter().zip(inner.counts).filter(|(_, count)| *count > 0);
        let by_operation: Vec<(Operation, u64)> = seen.collect();
        RequestCounts {
            total: by_operation.iter().map(|(_, count)| count).sum(),
            api: by_operation
                .iter()
                .filter(|(operation, _)| operation.is_api())
                .map(|(_, count)| count)
                .sum(),
            busiest_second: inner.busiest as u64,
            last_second: inner.recent.len() as u64,
            limited: inner.limited,
            by_operation,
        }
    }

    pub(crate) fn reset(&self) {
        *self.0.lock() = Inner::default();
    }
}

impl Inner {
    fn forget_before(&mut self, now: u64) {
        while self.recent.front().is_some_and(|at| at + SECOND <= now) {
            self.recent.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_second_may_begin_anywhere() {
        let meter = Meter::default();
        for at in [100_000, 900_000, 1_050_000, 1_099_999, 1_100_000, 3_000_000] {
            meter.count(Operation::GetLetter, at);
        }
        meter.count(Operation::Token, 3_000_001);
        let seen = meter.read(3_000_002);
        assert_eq!((seen.total, seen.api, seen.busiest_second, seen.last_second), (7, 6, 4, 1));
        assert_eq!(seen.by_operation, [(Operation::GetLetter, 6), (Operation::Token, 1)]);
        meter.reset();
        assert_eq!(meter.read(3_000_003), RequestCounts::default());
    }
}
