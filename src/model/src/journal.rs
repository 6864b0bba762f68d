//! Who writes exchanges down and who reads them back, as two small traits.
//! Refuses partial reads: a journal hands out whole exchanges in the order of their recording.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Exchange, ExchangeId, RawExchange, Timestamp};

/// Recorded exchanges, read by judges and reports.
pub trait Journal {
    /// Every exchange in the order of recording.
    fn exchanges(&self) -> &[Arc<Exchange>];
    /// Every mark in the order of recording.
    fn marks(&self) -> &[Mark];
}

/// Takes live traffic, replaces its secrets, and keeps it before anyone decides anything on it.
pub trait Recorder: Send + Sync {
    /// Redacts and appends one exchange, and returns it as it was kept.
    ///
    /// # Errors
    /// When the exchange could not be written. The caller must stop: nothing happens unrecorded.
    fn record(&self, raw: RawExchange) -> Result<Arc<Exchange>, RecordError>;

    /// Appends a mark.
    ///
    /// # Errors
    /// When it could not be written.
    fn mark(&self, mark: Mark) -> Result<(), RecordError>;

    /// Replaces every secret this recorder has seen in `text`, for messages made of live data.
    fn scrub(&self, text: &str) -> String;
}

/// An exchange or mark could not be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RecordError {
    /// What could not be written, where, and what to do next.
    pub message: String,
}

/// Something the journal notes between exchanges: a hint for readers, never evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// When it happened.
    pub at: Timestamp,
    /// What it is.
    pub kind: MarkKind,
    /// The scenario it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// One sentence.
    pub text: String,
}

impl Mark {
    const INJECTED: &str = "injected into ";

    /// The note that a recording proxy made this exchange go wrong on purpose, and how.
    #[must_use]
    pub fn injected(exchange: &ExchangeId, what: &str, at: Timestamp) -> Self {
        let text = format!("{}{exchange}: {what}", Self::INJECTED);
        Self { at, kind: MarkKind::Note, scenario: None, text }
    }

    /// The exchange that this note says was made to go wrong.
    #[must_use]
    pub fn injected_into(&self) -> Option<ExchangeId> {
        let told =
            self.text.strip_prefix(Self::INJECTED).filter(|_| self.kind == MarkKind::Note)?;
        told.split_once(':').map(|(exchange, _)| ExchangeId::from(exchange))
    }
}

/// Kinds of mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MarkKind {
    /// A scenario began.
    ScenarioStarted,
    /// A scenario ended; the text says how.
    ScenarioFinished,
    /// The harness waited for the target; the text says for what and how long.
    Wait,
    /// The run went on after it had broken off; since the exchange before, nobody was watching.
    Resumed,
    /// The run ended; the text says how ([`crate::RunEnd`]).
    Ended,
    /// A note by the tester or the harness.
    Note,
}

/// A journal in memory.
#[derive(Debug, Clone, Default)]
pub struct Recording {
    exchanges: Vec<Arc<Exchange>>,
    marks: Vec<Mark>,
}

impl Recording {
    /// A journal of these exchanges.
    #[must_use]
    pub fn new(exchanges: Vec<Arc<Exchange>>, marks: Vec<Mark>) -> Self {
        Self { exchanges, marks }
    }

    /// Appends an exchange.
    pub fn push(&mut self, exchange: Arc<Exchange>) {
        self.exchanges.push(exchange);
    }

    /// Appends a mark.
    pub fn push_mark(&mut self, mark: Mark) {
        self.marks.push(mark);
    }
}

impl Journal for Recording {
    fn exchanges(&self) -> &[Arc<Exchange>] {
        &self.exchanges
    }

    fn marks(&self) -> &[Mark] {
        &self.marks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Outcome;
    use crate::samples::{exchange, response};

    fn note(text: &str) -> Mark {
        Mark { at: Timestamp::UNIX_EPOCH, kind: MarkKind::Note, scenario: None, text: text.into() }
    }

    #[test]
    fn a_journal_hands_out_what_it_was_given_in_that_order() {
        let [first, second] = ["ex-000001", "ex-000002"]
            .map(|id| Arc::new(exchange(id, Outcome::Response(response(200)))));
        let mut journal = Recording::new(vec![first.clone()], vec![note("first")]);
        journal.push(second.clone());
        journal.push_mark(note("second"));
        assert_eq!(journal.exchanges(), [first, second]);
        assert_eq!(journal.marks(), [note("first"), note("second")]);
    }

    #[test]
    fn an_injected_fault_is_told_from_every_other_mark() {
        let exchange = ExchangeId::fixed("ex-000007");
        let injected = Mark::injected(&exchange, "503: its own: words", Timestamp::UNIX_EPOCH);
        assert_eq!(injected.injected_into(), Some(exchange));
        let wait = Mark { kind: MarkKind::Wait, ..injected };
        assert_eq!(wait.injected_into(), None, "another kind of mark");
        assert_eq!(note("ex-000007: 503").injected_into(), None, "a tester's note");
        assert_eq!(note("injected into nothing").injected_into(), None, "a note cut short");
    }
}
