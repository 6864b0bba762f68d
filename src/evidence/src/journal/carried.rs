//! What the calls of a driven run carry of the journal's chain.
//!
//! The `X-Correlation-ID` of a driven call ends with the first 16 hexadecimal digits of
//! SHA-256(nonce ‖ head), where the head is that of the chain at the moment of sending. The gateway
//! logs the id, so that its own log holds the journal to its past: where a stretch was cut out or
//! replaced, the ids of all later calls name a head that the journal has no more.
//! Refuses to look at runs that others made: the ids of their calls are the supplier's.

use std::collections::HashSet;

use letterproof_model::{Exchange, ExchangeId, Route};

use super::format::JournalHeader;
use crate::digest::sha256_hex;

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
