//! How far a load run is, about once a second.
//! Refuses to print: whoever listens decides whether that is a bar, a line or nothing.

use std::fmt;
use std::time::Duration;

use letterproof_model::grouped;

/// The state of a load run; latencies are of the time since the event before.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LoadProgress {
    /// What the load does now, as `step 3 of 10`.
    pub phase: String,
    /// Since the first request was due.
    pub elapsed: Duration,
    /// Until the last request is due.
    pub remaining: Duration,
    /// API requests answered or failed.
    pub done: u64,
    /// API requests the schedule holds.
    pub planned: u64,
    /// API requests answered in a second, since the event before.
    pub achieved_per_s: f64,
    /// Requests scheduled in a second, now.
    pub offered_per_s: f64,
    /// Half of the latest requests were quicker, from their scheduled time.
    pub p50_ms: f64,
    /// Ninety-nine in a hundred were.
    pub p99_ms: f64,
    /// Requests failed so far, downloads included.
    pub errors: u64,
    /// Answers with 429 so far.
    pub throttled: u64,
}

impl fmt::Display for LoadProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} · {}/{} requests · {:.0} of {:.0}/s · p50 {:.1} ms, p99 {:.1} ms · {} errors, {} × 429 · {} s left",
            self.phase,
            grouped(self.done),
            grouped(self.planned),
            self.achieved_per_s,
            self.offered_per_s,
            self.p50_ms,
            self.p99_ms,
            grouped(self.errors),
            grouped(self.throttled),
            self.remaining.as_secs_f64().ceil(),
        )
    }
}
