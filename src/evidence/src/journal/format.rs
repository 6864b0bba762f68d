//! Format `letterproof-journal/3`: a header line, then one line for each exchange or mark.
//!
//! Every line but the first holds in `prev` the first digits of the chain's head before it
//! ([`crate::chain`]), and each head holds all lines up to its own, so that no line can be changed,
//! removed, added or moved unnoticed while the last head is known. Format 2 differs in its chain
//! alone.
//!
//! What the calls of a driven run carry of the journal's chain.
//!
//! The `X-Correlation-ID` of a driven call ends with the first 16 hexadecimal digits of
//! SHA-256(nonce ‖ head), where the head is that of the chain at the moment of sending. The gateway
//! logs the id, so that its own log holds the journal to its past: where a stretch was cut out or
//! replaced, the ids of all later calls name a head that the journal has no more. The ids of calls
//! that others made are their own.

use std::collections::HashSet;
use std::sync::Arc;

use letterproof_model::{Brief, Exchange, ExchangeId, Mark, Route, RunId, Timestamp, ToolInfo};
use serde::{Deserialize, Serialize};

use crate::chain::{Chaining, sha256_hex};

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
    #[must_use]
    pub fn at(&self) -> Timestamp {
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

/// How many hexadecimal digits of the hash an id ends with.
const TAIL: usize = 16;
/// Length of a UUID in its usual form.
const UUID: usize = 36;
/// The most calls in a row that may carry nothing: probes choose an id of their own.
const MOST_BARE: u32 = 50;

/// What a correlation id ends with when the journal has come to this head; `nonce` is the
/// reviewer's, or empty.
#[must_use]
pub fn chain_tail(nonce: &str, head: &str) -> String {
    let mut tail = sha256_hex([nonce, head].concat().as_bytes());
    tail.truncate(TAIL);
    tail
}

/// What was found in the ids of a journal's calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Carried {
    /// How many calls carry a head that the journal had before them.
    pub calls: u64,
    /// The first call that carries a head which the journal never had.
    pub foreign: Option<ExchangeId>,
    /// The first call that carries none, though its id is one of this tool's.
    pub bare: Option<ExchangeId>,
    /// The call at which too many in a row had carried none.
    pub gap: Option<ExchangeId>,
}

/// Looks at one call after the other as the journal is read.
pub(super) struct Carrying {
    nonce: String,
    base_url: String,
    /// Whether the header says that the ids carry the chain.
    promised: bool,
    heads: HashSet<u64>,
    bare: u32,
    found: Carried,
}

impl Carrying {
    /// For a driven run's journal; `None` for any other.
    pub(super) fn of(header: &JournalHeader) -> Option<Self> {
        let is_driven = header.brief.as_ref().is_none_or(|brief| brief.supplier.is_ours());
        is_driven.then(|| Self {
            nonce: header.nonce().to_owned(),
            base_url: header.base_url.clone(),
            promised: header.chained_ids,
            heads: HashSet::new(),
            bare: 0,
            found: Carried::default(),
        })
    }

    /// Takes in the head of the chain, as it is before the next line.
    pub(super) fn head(&mut self, head: &str) {
        if let Ok(tail) = u64::from_str_radix(&chain_tail(&self.nonce, head), 16) {
            self.heads.insert(tail);
        }
    }

    /// Takes in a call, whose line follows the heads so far.
    pub(super) fn call(&mut self, exchange: &Exchange) {
        let id = exchange.request.header("x-correlation-id").unwrap_or_default();
        let at = || Some(exchange.id.clone());
        if let Some(tail) = tail_of(id) {
            self.bare = 0;
            match self.heads.contains(&tail) {
                true => self.found.calls += 1,
                false => self.found.foreign = self.found.foreign.take().or_else(at),
            }
        } else if self.promised && Route::of_exchange(exchange, &self.base_url).operation.is_api() {
            self.bare += 1;
            if is_uuid(id.get(id.len().saturating_sub(UUID)..).unwrap_or_default()) {
                self.found.bare = self.found.bare.take().or_else(at);
            }
            if self.bare > MOST_BARE {
                self.found.gap = self.found.gap.take().or_else(at);
            }
        }
    }

    /// What was found.
    pub(super) fn found(self) -> Carried {
        self.found
    }
}

/// The number that the last digits of an id of this form are: `…UUID-0123456789abcdef`.
fn tail_of(id: &str) -> Option<u64> {
    let (front, tail) = id.rsplit_once('-')?;
    let is_tail = tail.len() == TAIL && tail.bytes().all(is_digit);
    let uuid = front.get(front.len().checked_sub(UUID)?..)?;
    (is_tail && is_uuid(uuid)).then(|| u64::from_str_radix(tail, 16).ok()).flatten()
}

fn is_uuid(text: &str) -> bool {
    let parts = [8, 4, 4, 4, 12];
    let is_part =
        |(part, length): (&str, usize)| part.len() == length && part.bytes().all(is_digit);
    text.split('-').count() == parts.len() && text.split('-').zip(parts).all(is_part)
}

const fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'a'..=b'f')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_is_what_other_tools_make_of_nonce_and_head() {
        // printf 'NHS-1abc' | sha256sum | cut -c1-16
        assert_eq!(chain_tail("NHS-1", "abc"), chain_tail("", "NHS-1abc"));
        // printf abc | sha256sum | cut -c1-16
        assert_eq!(chain_tail("", "abc"), "ba7816bf8f01cfea");
    }

    #[test]
    fn only_ids_of_this_tools_form_have_a_tail() {
        let uuid = "5f7e9c3e-0000-4000-8000-000000000002";
        assert_eq!(tail_of(&format!("{uuid}-00000000000000ff")), Some(255));
        assert_eq!(tail_of(&format!("NHS-2026-{uuid}-00000000000000ff")), Some(255));
        for id in [
            "",
            "-",
            uuid,
            "00000000000000ff",
            &format!("{uuid}-00000000000000FF"),
            &format!("{uuid}-0000000000000ff"),
            &format!("{uuid}.00000000000000ff"),
            "5f7e9c3e-0000-4000-80000-00000000002-00000000000000ff",
            "ééééééééééééééééééé-00000000000000ff",
        ] {
            assert_eq!(tail_of(id), None, "{id}");
        }
    }
}
