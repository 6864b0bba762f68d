//! Who writes exchanges down and who reads them back, as two small traits.
//! A journal hands out whole exchanges in the order of their recording.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Exchange, ExchangeId, Exchanges, RawExchange, RunEnd, Stamp, Timestamp};

/// Recorded exchanges, read by judges and reports.
pub trait Journal {
    /// Every exchange in the order of recording, wherever it is kept.
    fn exchanges(&self) -> Exchanges<'_>;
    /// Every mark in the order of recording.
    fn marks(&self) -> &[Mark];
    /// When the earliest exchange began; `None` where there is none.
    fn began(&self) -> Option<Timestamp>;
    /// When the last exchange ended; `None` where there is none.
    fn ended(&self) -> Option<Timestamp>;

    /// What went wrong when exchanges kept outside of memory were read. Whoever concludes something
    /// from a journal asks for it at the end: with a fault nothing that was concluded holds.
    ///
    /// # Errors
    /// When an exchange could not be kept or not be read again.
    fn whole(&self) -> Result<(), RecordError>;
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

    /// What the correlation id of a call sent now ends with, so that whoever logs it can tell what
    /// had been recorded before; `None` where the record is no chain, or the calls are another's.
    fn chain_tail(&self) -> Option<String> {
        None
    }
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
    /// The scenario it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// What it is.
    #[serde(flatten)]
    pub kind: MarkKind,
}

impl Mark {
    /// A mark that belongs to no scenario.
    #[must_use]
    pub const fn new(at: Timestamp, kind: MarkKind) -> Self {
        Self { at, scenario: None, kind }
    }

    /// A note that belongs to no scenario.
    #[must_use]
    pub fn note(at: Timestamp, text: impl Into<String>) -> Self {
        Self::new(at, MarkKind::Note { text: text.into() })
    }

    /// The mark of a recording proxy that made this exchange go wrong on purpose, and how.
    #[must_use]
    pub fn injected(exchange: &ExchangeId, rule: &str, at: Timestamp) -> Self {
        Self::new(at, MarkKind::Injected { exchange: exchange.clone(), rule: rule.to_owned() })
    }

    /// The exchange that a recording proxy made go wrong on purpose.
    #[must_use]
    pub fn injected_into(&self) -> Option<ExchangeId> {
        match &self.kind {
            MarkKind::Injected { exchange, .. } => Some(exchange.clone()),
            _ => None,
        }
    }

    /// What it says, for people; nothing may be decided by it.
    #[must_use]
    pub fn words(&self) -> String {
        let scenario = || self.scenario.clone().unwrap_or_default();
        match &self.kind {
            MarkKind::ScenarioStarted
            | MarkKind::BegunByHand
            | MarkKind::ScenarioFinished(ScenarioOutcome::ByHand) => scenario(),
            MarkKind::ScenarioFinished(outcome) => outcome.to_string(),
            MarkKind::Wait { ms, reason } => {
                format!("Waiting {}.{} s: {reason}", ms / 1_000, ms % 1_000 / 100)
            }
            MarkKind::Resumed => {
                "The run was resumed after an interruption; nothing was recorded in between."
                    .to_owned()
            }
            MarkKind::Unvouched { known: None, .. } => {
                "The ledger has no entry for this run, so nothing shows whether the journal it was \
                 resumed from is complete."
                    .to_owned()
            }
            MarkKind::Unvouched { known: Some(known), found } if found < known => format!(
                "The run was resumed from an older journal: the ledger had seen {known} lines of \
                 it, but only {found} were there."
            ),
            MarkKind::Unvouched { known: Some(known), .. } => format!(
                "The run was resumed from a different journal: its line {known} is not the one \
                 that the ledger had seen."
            ),
            MarkKind::Injected { exchange, rule } => format!("injected into {exchange}: {rule}"),
            MarkKind::Ended(end) => end.to_string(),
            MarkKind::Note { text } => text.clone(),
            MarkKind::Stamped { line, stamp, .. } => {
                format!("line {line} and all before it, stamped by {}", stamp.stamper)
            }
            MarkKind::Unstamped { stamper, reason, .. } => {
                format!("no time stamp of {stamper}: {reason}")
            }
            MarkKind::Connected { host, certificate, .. } => {
                format!("connected to {host}, which showed the certificate {certificate}")
            }
        }
    }

    /// The same mark with each of its texts replaced, as by a recorder that takes secrets out.
    #[must_use]
    pub fn with_texts(mut self, replaced: impl Fn(&str) -> String) -> Self {
        let text = match &mut self.kind {
            MarkKind::ScenarioFinished(
                ScenarioOutcome::Failed(text) | ScenarioOutcome::Stopped(text),
            )
            | MarkKind::Wait { reason: text, .. }
            | MarkKind::Injected { rule: text, .. }
            | MarkKind::Ended(
                RunEnd::Missed(text) | RunEnd::Refused(text) | RunEnd::Stopped(text),
            )
            | MarkKind::Unstamped { reason: text, .. }
            | MarkKind::Note { text } => Some(text),
            MarkKind::ScenarioStarted
            | MarkKind::BegunByHand
            | MarkKind::ScenarioFinished(ScenarioOutcome::Succeeded | ScenarioOutcome::ByHand)
            | MarkKind::Resumed
            | MarkKind::Unvouched { .. }
            | MarkKind::Stamped { .. }
            | MarkKind::Connected { .. }
            | MarkKind::Ended(RunEnd::Whole | RunEnd::Interrupted) => None,
        };
        for text in text.into_iter().chain(&mut self.scenario) {
            *text = replaced(text);
        }
        self
    }
}

/// Kinds of mark, each with what it says. Only a note holds what a person typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum MarkKind {
    /// The mark's scenario began.
    ScenarioStarted,
    /// A person began a scenario on the live page, under a label that was typed: it shows readers
    /// what was going on, and judges do not look at it.
    BegunByHand,
    /// The mark's scenario ended.
    ScenarioFinished(ScenarioOutcome),
    /// The harness waited for the target.
    Wait {
        /// How long it meant to wait, in milliseconds.
        ms: u64,
        /// What for, as the rest of a sentence.
        reason: String,
    },
    /// An interrupted run goes on; since the exchange before, nobody was watching.
    Resumed,
    /// The ledger, which keeps the last head of each run, does not vouch for the journal that the
    /// run goes on with.
    Unvouched {
        /// How many lines the ledger had seen; absent where it knows nothing of the run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        known: Option<u64>,
        /// How many lines the journal had.
        found: u64,
    },
    /// A recording proxy made an exchange go wrong on purpose.
    Injected {
        /// The exchange.
        exchange: ExchangeId,
        /// The rule it followed, and what it did.
        rule: String,
    },
    /// The run ended.
    Ended(RunEnd),
    /// A note by the tester or the harness.
    Note {
        /// One sentence.
        text: String,
    },
    /// A time-stamping authority saw the journal up to a line.
    Stamped {
        /// The line, counted from 1, the header among them.
        line: u64,
        /// SHA-256 of that line, its line feed left out: the head of the chain there.
        head: String,
        /// Its answer.
        stamp: Stamp,
    },
    /// A time-stamping authority was asked, and gave no stamp that holds.
    Unstamped {
        /// The line whose hash it was asked about.
        line: u64,
        /// The host that was asked, with its port where one was given.
        stamper: String,
        /// Why there is no stamp, as a sentence about the host that was asked.
        reason: String,
    },
    /// A connection was made over TLS, to a host that showed a chain of certificates which holds.
    Connected {
        /// The host, as it was asked for.
        host: String,
        /// SHA-256 of the host's own certificate in DER form, in lower-case hexadecimal.
        certificate: String,
        /// The chain as it was shown, the host's own certificate first, each in DER form and
        /// base64; empty where the same chain stands earlier in the journal.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        chain: Vec<String>,
    },
}

impl MarkKind {
    /// Its name in a journal.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ScenarioStarted => "scenario-started",
            Self::BegunByHand => "begun-by-hand",
            Self::ScenarioFinished(_) => "scenario-finished",
            Self::Wait { .. } => "wait",
            Self::Resumed => "resumed",
            Self::Unvouched { .. } => "unvouched",
            Self::Injected { .. } => "injected",
            Self::Ended(_) => "ended",
            Self::Note { .. } => "note",
            Self::Stamped { .. } => "stamped",
            Self::Unstamped { .. } => "unstamped",
            Self::Connected { .. } => "connected",
        }
    }
}

/// How a scenario ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", content = "reason", rename_all = "kebab-case")]
pub enum ScenarioOutcome {
    /// Every step succeeded.
    Succeeded,
    /// A step failed.
    Failed(String),
    /// The run was ended before the scenario had come to its end.
    Stopped(String),
    /// A person said on the live page that it is over, which says nothing of how it went.
    ByHand,
}

impl fmt::Display for ScenarioOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Succeeded => "every step succeeded",
            Self::Failed(reason) | Self::Stopped(reason) => reason,
            Self::ByHand => "ended by hand",
        })
    }
}

/// The last attempt at a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastAttempt<'a> {
    /// When it began.
    pub begun: Timestamp,
    /// How it ended; `None` where the run broke off before it did.
    pub outcome: Option<&'a ScenarioOutcome>,
}

impl LastAttempt<'_> {
    /// Whether it came to an end of its own, whatever that was.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        matches!(
            self.outcome,
            Some(ScenarioOutcome::Succeeded | ScenarioOutcome::Failed(_) | ScenarioOutcome::ByHand)
        )
    }
}

/// The last attempt at each scenario of a driven run, by its name. What a person began by hand is
/// no attempt: nothing is decided by it.
#[must_use]
pub fn last_attempts(marks: &[Mark]) -> BTreeMap<&str, LastAttempt<'_>> {
    let mut last = BTreeMap::new();
    for mark in marks {
        let Some(scenario) = mark.scenario.as_deref() else { continue };
        match &mark.kind {
            MarkKind::ScenarioStarted => {
                last.insert(scenario, LastAttempt { begun: mark.at, outcome: None });
            }
            MarkKind::ScenarioFinished(outcome) => {
                if let Some(attempt) = last.get_mut(scenario) {
                    attempt.outcome = Some(outcome);
                }
            }
            _ => {}
        }
    }
    last
}

#[cfg(test)]
mod tests;
