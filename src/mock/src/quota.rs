//! How many calls: the quota of an application, counted in one of the three ways gateways count,
//! and what the server saw, by operation and in the busiest second.
//!
//! A call is never queued: it is let through, or told when the quota opens again. Of single
//! requests only those of the last second are remembered, so both sizes stay bounded.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::str::FromStr;

use letterproof_model::Operation;
use parking_lot::Mutex;
use serde::Serialize;

/// How a rate limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limiter {
    /// So many in each second of the clock.
    FixedWindow,
    /// So many in any second.
    SlidingWindow,
    /// One in each n-th part of a second: bursts are refused.
    SpikeArrest,
}

impl Limiter {
    /// Every way, in the order of the command line's help.
    pub const ALL: [Self; 3] = [Self::FixedWindow, Self::SlidingWindow, Self::SpikeArrest];

    /// The word of the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FixedWindow => "fixed-window",
            Self::SlidingWindow => "sliding-window",
            Self::SpikeArrest => "spike-arrest",
        }
    }
}

impl fmt::Display for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that names no limiter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown limiter `{0}`: expected fixed-window, sliding-window or spike-arrest")]
pub struct UnknownLimiter(pub String);

impl FromStr for Limiter {
    type Err = UnknownLimiter;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|limiter| limiter.as_str() == text)
            .ok_or_else(|| UnknownLimiter(text.to_owned()))
    }
}

const SECOND: u64 = 1_000_000;

/// What one application has used, times in microseconds of the mock's clock.
#[derive(Debug, Default)]
struct Usage {
    window: u64,
    count: u32,
    recent: VecDeque<u64>,
    next_free: u64,
}

/// The quota of every application.
#[derive(Debug)]
pub(crate) struct Quota {
    limit: u32,
    limiter: Limiter,
    used: Mutex<HashMap<u16, Usage>>,
}

impl Quota {
    pub(crate) fn new(limit: u32, limiter: Limiter) -> Self {
        Self { limit, limiter, used: Mutex::new(HashMap::new()) }
    }

    pub(crate) fn limit(&self) -> u32 {
        self.limit
    }

    /// Lets a call through, or says after how many microseconds the quota opens again. A refused
    /// call uses nothing up.
    pub(crate) fn admit(&self, application: u16, now_us: u64) -> Result<(), u64> {
        let mut used = self.used.lock();
        let usage = used.entry(application).or_default();
        match self.limiter {
            Limiter::FixedWindow => {
                let window = now_us / SECOND;
                if usage.window != window {
                    usage.window = window;
                    usage.count = 0;
                }
                if usage.count >= self.limit {
                    return Err((window + 1) * SECOND - now_us);
                }
                usage.count += 1;
            }
            Limiter::SlidingWindow => {
                while usage.recent.front().is_some_and(|at| at + SECOND <= now_us) {
                    usage.recent.pop_front();
                }
                if usage.recent.len() >= self.limit as usize {
                    let oldest = usage.recent.front().copied().unwrap_or(now_us);
                    return Err(oldest + SECOND - now_us);
                }
                usage.recent.push_back(now_us);
            }
            Limiter::SpikeArrest => {
                if now_us < usage.next_free {
                    return Err(usage.next_free - now_us);
                }
                usage.next_free = now_us + SECOND / u64::from(self.limit.max(1));
            }
        }
        Ok(())
    }
}

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

    fn admitted(limiter: Limiter, times: impl IntoIterator<Item = u64>) -> Vec<bool> {
        let quota = Quota::new(3, limiter);
        times.into_iter().map(|at| quota.admit(0, at).is_ok()).collect()
    }

    #[test]
    fn a_fixed_window_forgets_at_the_full_second() {
        let times =
            [900_000, 910_000, 920_000, 930_000, 1_000_000, 1_000_001, 1_000_002, 1_000_003];
        assert_eq!(
            admitted(Limiter::FixedWindow, times),
            [true, true, true, false, true, true, true, false]
        );
    }

    #[test]
    fn a_sliding_window_counts_any_second() {
        let times = [900_000, 910_000, 920_000, 1_000_000, 1_899_999, 1_900_000, 1_900_001];
        assert_eq!(
            admitted(Limiter::SlidingWindow, times),
            [true, true, true, false, false, true, false]
        );
    }

    #[test]
    fn spike_arrest_refuses_bursts() {
        let times = [0, 1, 333_333, 400_000, 700_000];
        assert_eq!(admitted(Limiter::SpikeArrest, times), [true, false, true, false, true]);
    }

    #[test]
    fn applications_do_not_share_a_quota_and_the_wait_is_told() {
        let quota = Quota::new(1, Limiter::FixedWindow);
        assert_eq!(quota.admit(0, 250_000), Ok(()));
        assert_eq!(quota.admit(1, 250_000), Ok(()));
        assert_eq!(quota.admit(0, 250_000), Err(750_000));
    }

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
