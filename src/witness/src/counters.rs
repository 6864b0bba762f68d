//! Live numbers of a witness, for its page and its tests.
//! Refuses to be evidence: what is proven is read from the journal.

use std::sync::atomic::{AtomicU64, Ordering};

/// What has passed so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections accepted from the supplier.
    pub connections: u64,
    /// Requests received, whatever became of them.
    pub requests: u64,
    /// Exchanges under way.
    pub in_flight: u64,
    /// Exchanges recorded.
    pub recorded: u64,
    /// Exchanges something was injected into.
    pub injected: u64,
    /// Requests refused because the journal cannot be written.
    pub unrecorded: u64,
    /// Connections and requests refused for what they are: no HTTP, another host, no such path.
    pub refused: u64,
    /// Bytes of answers passed on to the supplier.
    pub passed_bytes: u64,
}

/// The numbers while they grow.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) connections: AtomicU64,
    pub(crate) requests: AtomicU64,
    pub(crate) in_flight: AtomicU64,
    pub(crate) recorded: AtomicU64,
    pub(crate) injected: AtomicU64,
    pub(crate) unrecorded: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) passed_bytes: AtomicU64,
}

/// Counts one more.
pub(crate) fn bump(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Counters {
    pub(crate) fn read(&self) -> Counts {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            connections: of(&self.connections),
            requests: of(&self.requests),
            in_flight: of(&self.in_flight),
            recorded: of(&self.recorded),
            injected: of(&self.injected),
            unrecorded: of(&self.unrecorded),
            refused: of(&self.refused),
            passed_bytes: of(&self.passed_bytes),
        }
    }
}
