//! How long work tells its listener how far it is.
//! Refuses to print: whoever listens decides whether that is a bar, a line or nothing.

use std::time::Duration;

/// One step of long work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgressEvent {
    /// What is being done, as a short phrase.
    pub what: String,
    /// How many are done.
    pub done: u64,
    /// How many there are, where known.
    pub total: Option<u64>,
    /// The time left, where known.
    pub remaining: Option<Duration>,
}

/// Listens to the progress of long work; called often, so it must be quick.
pub trait Progress: Send + Sync {
    /// Takes one step of news.
    fn on_event(&self, event: ProgressEvent);
}

impl<F: Fn(ProgressEvent) + Send + Sync> Progress for F {
    fn on_event(&self, event: ProgressEvent) {
        self(event);
    }
}

/// Listens to nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn on_event(&self, _event: ProgressEvent) {}
}
