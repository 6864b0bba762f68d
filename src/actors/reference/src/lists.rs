//! Receiving lists of letters, one at a time: the API would hand out the same letters twice to
//! lists asked for in parallel. A list whose answer was lost is repeated only when the letters that
//! it hid show again, since it would name only the rest before. A list that a scenario was working
//! off when the run stopped is taken up again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use letterproof_client::{
    Answer, ClientError, Flow, LetterList, ListedLetter, Probe, answer_is_lost,
};
use letterproof_model::{Actor, Exchange, Journal, LetterId, MarkKind, Operation, Route, now};
use letterproof_traffic::updates_of;
use parking_lot::Mutex;

use crate::supplier::Supplier;

/// The letters of the pack's daily list.
const DAILY: u32 = 2_500;

/// How often a list is asked for while its answer is lost.
const MOST_LISTS: u32 = 3;
/// The least pause before a list is repeated.
const BEFORE_REPEAT: Duration = Duration::from_millis(200);

/// What is remembered of the latest list.
#[derive(Default)]
pub(crate) struct Listing {
    last: Option<Last>,
}

struct Last {
    limit: Option<u32>,
    letters: Vec<ListedLetter>,
    updates: u64,
}

impl Supplier {
    /// Receives a list of letters, with a limit or with the API's own.
    ///
    /// # Errors
    /// When it is not answered with 200 and a list.
    pub async fn list(&self, limit: Option<u32>) -> Result<Vec<ListedLetter>, ClientError> {
        let mut listing = self.shared.listing.lock().await;
        self.list_in_turn(&mut listing, limit).await
    }

    pub(crate) async fn list_in_turn(
        &self,
        listing: &mut Listing,
        limit: Option<u32>,
    ) -> Result<Vec<ListedLetter>, ClientError> {
        let updates = self.shared.updates.load(Ordering::SeqCst);
        self.tell("receiving the list of letters", 0, None, None);
        let answer = self.list_until_answered(limit).await?;
        self.ledger().observe(&answer.exchange)?;
        let Some(list) = answer.value else {
            listing.last = None;
            return Err(self.unexpected(
                "receiving the list of letters",
                &answer.exchange,
                "200 with a list",
            ));
        };
        let letters = list.data;
        if letters.len() < limit.unwrap_or(DAILY) as usize {
            self.shared.saw_end.store(true, Ordering::SeqCst);
        }
        self.tell("receiving the list of letters", letters.len() as u64, None, None);
        listing.last = Some(Last { limit, letters: letters.clone(), updates });
        Ok(letters)
    }

    /// Asks for a list, and again when its answer was lost, once what it hid shows again.
    async fn list_until_answered(
        &self,
        limit: Option<u32>,
    ) -> Result<Answer<LetterList>, ClientError> {
        let mut asked = 0;
        loop {
            let answer = self.session().list_letters(&self.flow, limit).await;
            asked += 1;
            let (status, error) = match &answer {
                Ok(answer) => (Some(answer.status), None),
                Err(ClientError::Unreachable { kind, .. }) => (None, Some(*kind)),
                Err(_) => return answer,
            };
            if !answer_is_lost(status, error) || !self.may_ask_again(asked).await? {
                return answer;
            }
        }
    }

    /// Sends a probe that is a list, and again when its answer was lost, once what it hid shows
    /// again.
    ///
    /// # Errors
    /// As [`Session::probe`](letterproof_client::Session::probe).
    pub async fn probe_list(
        &self,
        flow: &Flow,
        probe: &Probe,
    ) -> Result<Arc<Exchange>, ClientError> {
        let mut asked = 0;
        loop {
            let exchange = self.session().probe(flow, probe).await?;
            asked += 1;
            let error = exchange.error().map(|error| error.kind);
            if !answer_is_lost(exchange.status(), error) || !self.may_ask_again(asked).await? {
                return Ok(exchange);
            }
        }
    }

    /// Whether a list that was lost so many times is asked for again; what it hid shows by then.
    async fn may_ask_again(&self, asked: u32) -> Result<bool, ClientError> {
        self.ledger().note_lost_list(now());
        if asked >= MOST_LISTS {
            return Ok(false);
        }
        self.session().sleep(BEFORE_REPEAT).await?;
        self.wait_out(
            "waiting to repeat a list whose answer was lost",
            ", also those of a list whose answer was lost",
        )
        .await?;
        Ok(true)
    }

    /// Receives the whole daily list: 2,500 letters in one call (AT2).
    ///
    /// # Errors
    /// As [`Supplier::list`].
    pub async fn daily_list(&self) -> Result<Vec<ListedLetter>, ClientError> {
        self.list(Some(DAILY)).await
    }

    /// The daily list as it was received, or received now if another list or an update came after
    /// it, once no letter is hidden any more.
    ///
    /// # Errors
    /// As [`Supplier::list`].
    pub async fn receive_daily_list_if_stale(&self) -> Result<Vec<ListedLetter>, ClientError> {
        let mut listing = self.shared.listing.lock().await;
        let updates = self.shared.updates.load(Ordering::SeqCst);
        if let Some(last) = &listing.last
            && last.limit == Some(DAILY)
            && last.updates == updates
        {
            return Ok(last.letters.clone());
        }
        self.wait_until_listed_letters_show_again().await?;
        self.list_in_turn(&mut listing, Some(DAILY)).await
    }

    /// Waits until every letter that a list has hidden may show again, and notes the wait in the
    /// journal. Gives the time waited.
    ///
    /// # Errors
    /// When the run is asked to stop.
    pub async fn wait_until_listed_letters_show_again(&self) -> Result<Duration, ClientError> {
        self.wait_out("waiting for listed letters to show again", "").await
    }

    /// The same wait, with the words that progress has for it and what the journal adds.
    async fn wait_out(&self, what: &str, also: &str) -> Result<Duration, ClientError> {
        const TICK: Duration = Duration::from_secs(1);
        let Some(end) = self.ledger().all_shown_at() else { return Ok(Duration::ZERO) };
        let left = || Duration::try_from(end.duration_since(now())).unwrap_or_default();
        let whole = left();
        self.mark(MarkKind::Wait {
            ms: u64::try_from(whole.as_millis()).unwrap_or(u64::MAX),
            reason: format!(
                "listed letters stay hidden for the visibility timeout of {:.1} s{also}.",
                self.session().target().visibility_timeout.as_secs_f64()
            ),
        })?;
        let seconds = whole.as_secs() + 1;
        loop {
            let remaining = left();
            if remaining.is_zero() {
                self.tell(what, seconds, Some(seconds), Some(Duration::ZERO));
                return Ok(whole);
            }
            let gone = whole.saturating_sub(remaining).as_secs();
            self.tell(what, gone, Some(seconds), Some(remaining));
            self.session().sleep(remaining.min(TICK)).await?;
        }
    }
}

/// Lists that scenarios were working off when the run stopped, by scenario and limit.
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
    /// the one that this scenario was working off when the run stopped. Letters that some scenario
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
    pub(crate) fn release_held(&self) {
        if let Some(held) = self.shared.held.lock().get_mut(&self.scenario()) {
            self.ledger().release(&std::mem::take(held));
        }
    }

    fn scenario(&self) -> String {
        self.flow.scenario.as_deref().unwrap_or_default().to_owned()
    }
}
