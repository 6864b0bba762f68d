//! A recording read and not yet recorded: its calls in the order in which they began.
//! Refuses to be shown: it holds secrets until a journal has redacted them.

use letterproof_model::{Mark, Recorder as _, RunEnd, Timestamp, grouped};

use super::call::Call;
use super::gaps::{Gaps, many};
use crate::{EvidenceError, JournalWriter};

/// Which file a recording was read from.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// Its name, without folders.
    pub(super) name: String,
    /// Its length in bytes.
    pub(super) size: u64,
    pub(super) sha256: String,
}

/// The calls of a recording made elsewhere, still with their secrets.
#[derive(Debug)]
pub struct Import {
    /// At least one, in the order in which they began.
    calls: Vec<Call>,
    started: Timestamp,
    finished: Timestamp,
    notes: Vec<String>,
    source: String,
}

impl Import {
    pub(super) fn of(source: Source, mut calls: Vec<Call>, gaps: Gaps) -> Self {
        // Exporters list calls by their end, or by page; a stable sort keeps what began together
        // in the order of the file.
        calls.sort_by_key(|call| call.started);
        let started = calls.first().map_or_else(letterproof_model::now, |call| call.started);
        let finished = calls.iter().map(Call::finished).max().unwrap_or(started);
        let source = format!(
            "Imported from {}: {} bytes, SHA-256 {}; {} of {}.",
            source.name,
            grouped(source.size),
            source.sha256,
            many(calls.len() as u64, "call"),
            many(gaps.entries, "entry"),
        );
        Self { calls, started, finished, notes: gaps.sentences(), source }
    }

    /// When its first call began.
    #[must_use]
    pub fn started(&self) -> Timestamp {
        self.started
    }

    /// When its last call ended.
    #[must_use]
    pub fn finished(&self) -> Timestamp {
        self.finished
    }

    /// How many calls are kept.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.calls.len()
    }

    /// What the recording does not hold, in sentences without a full stop.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Records every call as live traffic would be, after notes on where the recording comes from
    /// and what is missing in it, and closes the journal.
    ///
    /// # Errors
    /// When something could not be written.
    pub fn append_to(self, journal: &JournalWriter) -> Result<(), EvidenceError> {
        journal.mark(Mark::note(self.started, self.source))?;
        for note in self.notes {
            journal.mark(Mark::note(self.started, format!("Not in the recording: {note}.")))?;
        }
        for call in self.calls {
            journal.record(call.raw)?;
        }
        journal.mark(RunEnd::Whole.mark(self.finished))?;
        Ok(journal.sync()?)
    }
}
