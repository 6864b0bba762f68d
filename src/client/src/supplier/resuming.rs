//! Where a supplier begins: with a new run, or where an earlier process of the same run broke off.
//!
//! What the ledger knows from before this process is confirmed by a read before anything rests on
//! it, and a list that was half worked off is gone on with.
//! Refuses memory as proof: whatever is needed in the record is read again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use letterproof_model::{Actor, Exchange, Journal, LetterId, Operation, Route, Timestamp, now};
use letterproof_traffic::updates_of;
use parking_lot::Mutex;

use super::work::Supplier;
use crate::ledger::LetterRecord;
use crate::wire::{LetterList, ListedLetter};
use crate::{ClientError, Ledger};

/// Asked before the first update; told whether a list came back with fewer letters than asked for,
/// so that the ledger knows every letter that waits. An error keeps the update from being sent.
pub type Gate = Arc<dyn Fn(&Ledger, bool) -> Result<(), ClientError> + Send + Sync>;

/// What a supplier begins with besides its session and ledger.
pub struct Beginning {
    /// When the run began: before this process, where it is resumed.
    pub since: Timestamp,
    /// Asked before the first update.
    pub gate: Option<Gate>,
    /// Lists to go on with.
    pub recalled: Recalled,
}

impl Default for Beginning {
    fn default() -> Self {
        Self { since: now(), gate: None, recalled: Recalled::default() }
    }
}

/// Lists that scenarios were working off when the run broke off, by scenario and limit.
#[derive(Debug, Default)]
pub struct Recalled(Mutex<HashMap<(String, u32), Vec<ListedLetter>>>);

impl Recalled {
    /// The lists of these scenarios of which a letter had been updated.
    #[must_use]
    pub fn from_journal(
        journal: &dyn Journal,
        base_url: &str,
        scenarios: &HashSet<String>,
    ) -> Self {
        let mut latest: HashMap<String, (u32, Vec<ListedLetter>)> = HashMap::new();
        let mut begun: HashMap<(String, u32), Vec<ListedLetter>> = HashMap::new();
        for exchange in journal.exchanges() {
            let Some(scenario) = exchange.scenario.as_deref().filter(|s| scenarios.contains(*s))
            else {
                continue;
            };
            let route = Route::of_exchange(&exchange, base_url);
            match (route.operation, exchange.status()) {
                (Operation::ListLetters, Some(200)) => {
                    let limit = route.query_values("limit").next().and_then(|n| n.parse().ok());
                    if let (Some(limit), Some(list)) = (limit, listed(&exchange)) {
                        latest.insert(scenario.to_owned(), (limit, list.data));
                    }
                }
                (Operation::UpdateLetters | Operation::PatchLetter, Some(202)) => {
                    let Some((limit, letters)) = latest.get(scenario) else { continue };
                    let updated = updates_of(&exchange, base_url);
                    if letters.iter().any(|known| updated.iter().any(|(id, _)| *id == known.id)) {
                        begun.insert((scenario.to_owned(), *limit), letters.clone());
                    }
                }
                _ => {}
            }
        }
        Self(Mutex::new(begun))
    }
}

fn listed(exchange: &Exchange) -> Option<LetterList> {
    let answer = exchange.response().filter(|_| exchange.actor == Actor::Supplier)?;
    answer.body.parse()
}

impl Supplier {
    /// Receives a list of letters to decide on all of them with [`Supplier::take_on`], or takes up
    /// the one that this scenario was working off when the run broke off. Letters that some scenario
    /// found unfit are rejected first. Nobody else is deciding on letters meanwhile, or takes one of
    /// the scenario's first list afterwards.
    ///
    /// # Errors
    /// As [`Supplier::list`].
    pub async fn list_to_take_on(&self, limit: u32) -> Result<Vec<ListedLetter>, ClientError> {
        let scenario = self.scenario();
        let recalled = self.shared.recalled.0.lock().remove(&(scenario.clone(), limit));
        if let Some(letters) = recalled {
            self.shared.held.lock().insert(scenario, Vec::new());
            return Ok(letters);
        }
        let _alone = self.shared.deciding.write().await;
        self.reject_known_unfit().await?;
        let mut listing = self.shared.listing.lock().await;
        let first = !self.shared.held.lock().contains_key(&scenario);
        if first {
            // Another scenario may have listed since this one saw that its letters show.
            self.wait_until_listed_letters_show_again().await?;
        }
        let letters = self.list_in_turn(&mut listing, Some(limit)).await?;
        drop(listing);
        self.shared.held.lock().entry(scenario).or_insert_with(|| {
            let listed: HashSet<&LetterId> = letters.iter().map(|letter| &letter.id).collect();
            let held = self.ledger().take(listed.len(), |record| listed.contains(&record.id));
            held.into_iter().map(|record| record.id).collect()
        });
        Ok(letters)
    }

    /// Keeps lists that are to be taken on whole from being fetched for as long as the caller holds
    /// what it gets: while it decides on PENDING letters, until the decision shows.
    pub async fn decide(&self) -> tokio::sync::RwLockReadGuard<'_, ()> {
        self.shared.deciding.read().await
    }

    /// Lets others take the letters of the scenario's list again.
    pub(super) fn release_held(&self) {
        if let Some(held) = self.shared.held.lock().get_mut(&self.scenario()) {
            self.ledger().release(&std::mem::take(held));
        }
    }

    fn scenario(&self) -> String {
        self.flow.scenario.as_deref().unwrap_or_default().to_owned()
    }

    /// Whether the API has told of any letter during this run.
    #[must_use]
    pub fn has_seen_letters(&self) -> bool {
        !self.ledger().select(|record| self.has_seen(record)).is_empty()
    }

    /// Whether the API has told of this letter during this run.
    #[must_use]
    pub fn has_seen(&self, record: &LetterRecord) -> bool {
        record.seen_since(self.shared.since)
    }

    /// Of letters taken from the ledger, keeps those that are still as `wanted` says. A letter that
    /// this process has heard of is taken at its word; any other is looked up. The rest are
    /// released, but for those that could not be read, so that nobody tries them for ever.
    pub(super) async fn confirmed(
        &self,
        records: Vec<LetterRecord>,
        wanted: impl Fn(&LetterRecord) -> bool,
    ) -> Result<Vec<LetterRecord>, ClientError> {
        if records.iter().all(|record| record.seen_since(self.shared.opened)) {
            return Ok(records);
        }
        let read = self
            .each("looking letters up", records, |record| async move {
                if record.seen_since(self.shared.opened) {
                    return Ok(Some(record));
                }
                let found = self.look_up(&record.id).await?;
                Ok(found.or_else(|| self.ledger().get(&record.id).filter(|r| r.status.is_none())))
            })
            .await?;
        let (kept, gone): (Vec<_>, Vec<_>) = read.into_iter().flatten().partition(wanted);
        self.ledger().release(gone.iter().map(|record| &record.id));
        Ok(kept)
    }

    /// Lets the first update pass only if the gate does.
    pub(super) fn pass_gate(&self) -> Result<(), ClientError> {
        use std::sync::atomic::Ordering::SeqCst;
        let Some(gate) = &self.shared.gate else { return Ok(()) };
        if !self.shared.gate_passed.load(SeqCst) {
            gate(self.ledger(), self.shared.saw_end.load(SeqCst))?;
            self.shared.gate_passed.store(true, SeqCst);
        }
        Ok(())
    }
}
