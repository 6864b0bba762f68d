//! Format `letterproof-journal/3`: a header line, then one line for each exchange or mark.
//!
//! Every line but the first holds in `prev` the first digits of the chain's head before it
//! ([`crate::chain`]), and each head holds all lines up to its own, so that no line can be changed,
//! removed, added or moved unnoticed while the last head is known. Format 2 differs in its chain
//! alone. Refuses unknown versions and lines longer than any this tool writes.

use std::sync::Arc;

use letterproof_model::{Brief, Exchange, Mark, RunId, Timestamp, ToolInfo};
use serde::{Deserialize, Serialize};

use crate::chain::Chaining;

/// The name and version of the journal format.
pub const JOURNAL_FORMAT: &str = "letterproof-journal/3";
/// The format before it, in which no run is begun; one that was is gone on with in it.
pub const JOURNAL_FORMAT_2: &str = "letterproof-journal/2";
/// The format before that, which is read and no longer written.
pub const JOURNAL_FORMAT_1: &str = "letterproof-journal/1";
/// Where the journal lies in a run's folder.
pub const JOURNAL_FILE: &str = "journal/exchanges.jsonl";

/// Longest line, in bytes: two JSON bodies of 16 MiB, every character of them escaped.
pub(crate) const LINE_LIMIT: u64 = 96 * 1024 * 1024;

/// The first line of a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalHeader {
    /// [`JOURNAL_FORMAT`], or that of an earlier version.
    pub format: String,
    /// The run this journal belongs to.
    pub run_id: RunId,
    /// When the run began.
    pub started: Timestamp,
    /// What recorded it.
    pub tool: ToolInfo,
    /// The API's base URL, by which API calls are told from downloads.
    pub base_url: String,
    /// What the run was asked to show; absent where nothing is to be judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brief: Option<Brief>,
    /// Whether the correlation ids of its calls carry the chain. Without it, as in journals of
    /// earlier versions, a call may carry none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub chained_ids: bool,
}

impl JournalHeader {
    /// The header of a journal begun now.
    #[must_use]
    pub fn new(run_id: RunId, tool: ToolInfo, base_url: impl Into<String>) -> Self {
        Self {
            format: JOURNAL_FORMAT.to_owned(),
            run_id,
            started: letterproof_model::now(),
            tool,
            base_url: base_url.into(),
            brief: None,
            chained_ids: false,
        }
    }

    /// The reviewer's nonce; empty where none was given.
    #[must_use]
    pub fn nonce(&self) -> &str {
        self.brief.as_ref().and_then(|brief| brief.nonce.as_deref()).unwrap_or_default()
    }

    /// The same header, of a journal whose calls carry its chain.
    #[must_use]
    pub fn with_chained_ids(self) -> Self {
        Self { chained_ids: true, ..self }
    }

    /// How its lines are chained.
    pub(crate) fn chaining(&self) -> Chaining {
        Chaining::of(&self.format)
    }

    /// Whether this journal is of format 1, whose marks are free text.
    #[must_use]
    pub fn is_format_1(&self) -> bool {
        self.format == JOURNAL_FORMAT_1
    }

    /// The header of a journal begun now, to be judged as this brief asks; the calls of a driven run
    /// carry its chain.
    #[must_use]
    pub fn briefed(run_id: RunId, started: Timestamp, tool: ToolInfo, brief: Brief) -> Self {
        let base_url = brief.context.base_url.clone();
        let chained_ids = brief.supplier.is_ours();
        Self { started, brief: Some(brief), chained_ids, ..Self::new(run_id, tool, base_url) }
    }
}

/// What a line after the header holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entry {
    /// A recorded exchange.
    Exchange(Arc<Exchange>),
    /// A mark between exchanges.
    Mark(Mark),
}

impl Entry {
    /// When it happened; of an exchange, when it began.
    pub(crate) fn at(&self) -> Timestamp {
        match self {
            Self::Exchange(exchange) => exchange.started,
            Self::Mark(mark) => mark.at,
        }
    }
}

/// A line after the header.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line<E = Exchange, M = Mark> {
    pub(super) prev: String,
    pub(super) exchange: Option<E>,
    pub(super) mark: Option<M>,
}

/// How every line after the header begins, as this tool writes it.
pub(crate) const BEFORE: &[u8] = b"{\"prev\":\"";

/// Writes a line after the header, line feed included, into an empty buffer; `prev` is what it holds of
/// the head before it.
pub(super) fn write_line(
    buffer: &mut Vec<u8>,
    prev: &str,
    entry: &Entry,
) -> Result<(), serde_json::Error> {
    buffer.extend_from_slice(BEFORE);
    buffer.extend_from_slice(prev.as_bytes());
    match entry {
        Entry::Exchange(exchange) => {
            buffer.extend_from_slice(b"\",\"exchange\":");
            serde_json::to_writer(&mut *buffer, exchange.as_ref())?;
        }
        Entry::Mark(mark) => {
            buffer.extend_from_slice(b"\",\"mark\":");
            serde_json::to_writer(&mut *buffer, mark)?;
        }
    }
    buffer.extend_from_slice(b"}\n");
    Ok(())
}
