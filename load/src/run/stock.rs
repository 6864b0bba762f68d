//! The letters and records a load reads and updates, in turn.
//! Refuses chance: each is taken as often as the others.

use std::sync::atomic::{AtomicUsize, Ordering};

use letterproof_client::ListedLetter;
use letterproof_model::{LetterId, MiId};
use parking_lot::Mutex;

/// A letter that was listed before the start.
#[derive(Debug, Clone)]
pub(super) struct StockLetter {
    pub(super) id: LetterId,
    /// The hash its content must have; without one it has no content as a rule.
    pub(super) sha256: Option<String>,
}

/// What a load works on.
#[derive(Debug, Default)]
pub(super) struct Stock {
    letters: Vec<StockLetter>,
    with_content: Vec<usize>,
    read: AtomicUsize,
    fetched: AtomicUsize,
    updated: AtomicUsize,
    records: Mutex<Vec<MiId>>,
    records_read: AtomicUsize,
}

impl Stock {
    pub(super) fn new(listed: Vec<ListedLetter>) -> Self {
        let letters: Vec<StockLetter> = listed
            .into_iter()
            .map(|letter| StockLetter { id: letter.id, sha256: letter.attributes.sha256_hash })
            .collect();
        let mut with_content: Vec<usize> =
            (0..letters.len()).filter(|at| letters[*at].sha256.is_some()).collect();
        if with_content.is_empty() {
            // An API that states no hashes: any letter may have content.
            with_content = (0..letters.len()).collect();
        }
        Self { letters, with_content, ..Self::default() }
    }

    /// The next letter to read.
    pub(super) fn letter(&self) -> Option<&StockLetter> {
        next(&self.letters, &self.read)
    }

    /// The next letter whose content to fetch.
    pub(super) fn content(&self) -> Option<&StockLetter> {
        next(&self.with_content, &self.fetched).and_then(|at| self.letters.get(*at))
    }

    /// The next `count` letters to update, none of them twice.
    pub(super) fn to_update(&self, count: usize) -> Vec<LetterId> {
        let count = count.min(self.letters.len());
        (0..count)
            .filter_map(|_| next(&self.letters, &self.updated))
            .map(|letter| letter.id.clone())
            .collect()
    }

    /// Takes note of a record that was created.
    pub(super) fn created(&self, record: MiId) {
        // Few are enough to be read in turn.
        const MOST: usize = 1_000;
        let mut records = self.records.lock();
        if records.len() < MOST {
            records.push(record);
        }
    }

    /// The next record to read.
    pub(super) fn record(&self) -> Option<MiId> {
        next(&self.records.lock(), &self.records_read).cloned()
    }
}

fn next<'a, T>(items: &'a [T], at: &AtomicUsize) -> Option<&'a T> {
    if items.is_empty() {
        return None;
    }
    items.get(at.fetch_add(1, Ordering::Relaxed) % items.len())
}
