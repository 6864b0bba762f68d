//! The letters and records that a load reads and updates, in turn, and how they are gathered before
//! the first scheduled request.

use std::sync::atomic::{AtomicUsize, Ordering};

use letterproof_client::{Flow, ListedLetter, Session};
use letterproof_model::{Exchange, LetterId, MiId};
use parking_lot::Mutex;

use super::call::mi_record;
use crate::LoadError;
use crate::plan::AttackPlan;
use crate::record::{Label, Part, labelled};
use crate::schedule::LoadOperation;

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

/// Reaches the target and gathers what the mix works on.
pub(super) async fn prepare(
    plan: &AttackPlan,
    session: &Session,
    agree: &Agree,
) -> Result<Stock, LoadError> {
    let flow =
        Flow::harness(session.nonce()).in_scenario(&format!("load {}: before", plan.profile.name));
    labelled(Label::of(Part::Prepare), gather(plan, session, &flow, agree)).await
}

/// Whether the load may begin, by the target's first answer.
type Agree = dyn Fn(&Exchange) -> Result<(), Vec<String>> + Send + Sync;

async fn gather(
    plan: &AttackPlan,
    session: &Session,
    flow: &Flow,
    agree: &Agree,
) -> Result<Stock, LoadError> {
    let first = session.preflight(flow).await?;
    agree(&first).map_err(LoadError::NotAgreed)?;
    let listed = if plan.profile.needs_letters() {
        let answer = session.list_letters(flow, Some(plan.profile.letters)).await?;
        let letters = answer.value.map(|list| list.data).unwrap_or_default();
        if letters.is_empty() {
            return Err(LoadError::NoLetters {
                profile: plan.profile.name.clone(),
                url: answer.exchange.request.url.clone(),
                hidden_for: session.target().visibility_timeout.as_secs(),
            });
        }
        letters
    } else {
        Vec::new()
    };
    let stock = Stock::new(listed);
    if plan.profile.mix.has(LoadOperation::MiRead) {
        let answer = session.create_mi(flow, &mi_record()).await?;
        if let Some(document) = answer.value {
            stock.created(document.data.id);
        }
    }
    Ok(stock)
}
