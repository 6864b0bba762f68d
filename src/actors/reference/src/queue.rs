//! Taking in the whole queue at speed (AT15): list, accept, fetch and check each letter, until a
//! list is empty. The next list is asked for while the letters of the present one are fetched, and
//! no letter is taken in twice.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use letterproof_client::ClientError;
use letterproof_model::{LetterId, LetterStatus};
use tokio::time::Instant;

use crate::preparing::Prepared;
use crate::supplier::{Supplier, letter_ids};
use crate::updates::Sent;

/// How many letters are fetched at once: what a limit of 300 a second keeps under way at nearly a
/// second for each letter.
const FETCHED_AT_ONCE: usize = 256;

/// Rejections are seen after the flow, or during a slow one after this part of the update deadline:
/// until then, every call belongs to the letters that are fetched.
const SEEN_AFTER: u32 = 4;

/// Between two lists when the first showed only letters that were decided on before.
const LIST_AGAIN: Duration = Duration::from_millis(500);

/// What came of taking in the queue.
#[derive(Debug, Clone)]
pub struct QueueRun {
    /// How many letters each list gave, the last and empty one included.
    pub lists: Vec<usize>,
    /// The bulk updates that accepted them.
    pub accepted: Vec<Sent>,
    /// The letters rejected because their data alone rules them out.
    pub rejected: Vec<LetterId>,
    /// The letters, as they turned out.
    pub letters: Vec<Prepared>,
    /// From the first request to the end of the last download.
    pub elapsed: Duration,
}

impl QueueRun {
    /// The letters whose content did not arrive whole.
    #[must_use]
    pub fn incomplete(&self) -> Vec<&Prepared> {
        self.letters.iter().filter(|letter| !letter.is_ready()).collect()
    }
}

impl Supplier {
    /// Takes in the queue in lists of `chunk` letters until one is empty, or shows only letters
    /// taken in before for as long as an update may take. Where the queue holds more than the
    /// letters of one flow, the next call goes on with the list that showed it.
    ///
    /// # Errors
    /// When a list or an update is refused, the API gives no answer, or an exchange could not be
    /// recorded. A letter that cannot be fetched is no error.
    pub async fn take_in_queue(&self, chunk: u32) -> Result<QueueRun, ClientError> {
        const WHAT: &str = "fetching letters";
        let started = Instant::now();
        let mut run = QueueRun {
            lists: Vec::new(),
            accepted: Vec::new(),
            rejected: Vec::new(),
            letters: Vec::new(),
            elapsed: Duration::ZERO,
        };
        let enough = self.context().seeded_letters as usize;
        // Every letter listed, and how many of them are to be fetched.
        let mut known: HashSet<LetterId> = HashSet::new();
        let mut taken = 0_usize;
        let mut waiting: VecDeque<LetterId> = VecDeque::new();
        let mut fetching = FuturesUnordered::new();
        let mut unseen: VecDeque<(Instant, Vec<LetterId>)> = VecDeque::new();
        let mut watching = FuturesUnordered::new();
        let next = self.next_chunk(chunk, Ask::First);
        tokio::pin!(next);
        let mut listing = true;
        let mut last_fresh = started;
        loop {
            for _ in 0..self.room_for(fetching.len(), FETCHED_AT_ONCE) {
                let Some(id) = waiting.pop_front() else { break };
                fetching.push(self.fetch_always(id));
            }
            let fetched = !listing && fetching.is_empty() && waiting.is_empty();
            let patience = self.session().target().update_deadline / SEEN_AFTER;
            while unseen.front().is_some_and(|(at, _)| fetched || at.elapsed() > patience) {
                watching.extend(unseen.pop_front().map(|(_, ids)| self.see_rejected(ids)));
            }
            if fetched && watching.is_empty() {
                break;
            }
            tokio::select! {
                // The next list first: fetching must never run dry for want of it.
                biased;
                chunk_of = &mut next, if listing => {
                    let chunk_of: Chunk = chunk_of?;
                    let fresh = |id: &LetterId| !known.contains(id);
                    if known.len() >= enough && chunk_of.letters.iter().any(fresh) {
                        // The queue holds more than one flow: these letters begin the next.
                        *self.shared.beyond.lock() = chunk_of.letters;
                        listing = false;
                        continue;
                    }
                    run.lists.push(chunk_of.listed);
                    known.extend(chunk_of.rejected.iter().cloned());
                    if !chunk_of.rejected.is_empty() {
                        unseen.push_back((Instant::now(), chunk_of.rejected));
                    }
                    run.accepted.extend(chunk_of.accepted);
                    let fresh = chunk_of.letters.into_iter().filter(|id| known.insert(id.clone()));
                    let before = waiting.len();
                    waiting.extend(fresh);
                    // Letters decided on show again until the decision does: only an empty list
                    // says that nothing is left.
                    let mut pause = LIST_AGAIN;
                    taken += waiting.len() - before;
                    if waiting.len() > before {
                        last_fresh = Instant::now();
                        pause = Duration::ZERO;
                    }
                    listing = chunk_of.listed > 0
                        && last_fresh.elapsed() < self.session().target().update_deadline;
                    if listing {
                        let full = known.len() >= enough;
                        let ask = if full { Ask::Last(pause) } else { Ask::Next(pause) };
                        next.set(self.next_chunk(chunk, ask));
                    }
                }
                Some(rejected) = watching.next() => run.rejected.extend(rejected?),
                Some(letter) = fetching.next() => {
                    run.letters.push(letter?);
                    run.elapsed = started.elapsed();
                    let left = started.elapsed().mul_f64(
                        (taken - run.letters.len()) as f64 / run.letters.len() as f64,
                    );
                    let (done, total) = (run.letters.len() as u64, taken as u64);
                    self.tell(WHAT, done, Some(total), Some(left));
                }
            }
        }
        Ok(run)
    }

    async fn see_rejected(&self, letters: Vec<LetterId>) -> Result<Vec<LetterId>, ClientError> {
        Ok(self.see(&letters, LetterStatus::Rejected).await?.confirmed())
    }

    /// One list, and its acceptance in bulk; what its data rules out is rejected. Of the last list
    /// nothing is decided: it only tells whether the queue holds more than one flow.
    async fn next_chunk(&self, chunk: u32, ask: Ask) -> Result<Chunk, ClientError> {
        if let Ask::Next(pause) | Ask::Last(pause) = ask
            && !pause.is_zero()
        {
            self.session().sleep(pause).await?;
        }
        let beyond = std::mem::take(&mut *self.shared.beyond.lock());
        let letters = match ask {
            Ask::First if !beyond.is_empty() => beyond,
            _ => letter_ids(&self.list(Some(chunk)).await?),
        };
        let listed = letters.len();
        let letters: Vec<_> = letters.into_iter().filter(|id| self.waits(id)).collect();
        if let Ask::Last(_) = ask {
            return Ok(Chunk { listed, letters, accepted: None, rejected: Vec::new() });
        }
        let unfit = self.unfit_by_data(&letters);
        let letters: Vec<_> = letters.into_iter().filter(|id| !unfit.contains_key(id)).collect();
        let mut of_list = Chunk { listed, letters, accepted: None, rejected: Vec::new() };
        if !of_list.letters.is_empty() {
            of_list.accepted = Some(self.accept_in_bulk(&of_list.letters).await?);
        }
        if !unfit.is_empty() {
            of_list.rejected = self.reject(unfit).await?.letters;
        }
        Ok(of_list)
    }
}

/// Which list is asked for, and how long to wait before.
#[derive(Debug, Clone, Copy)]
enum Ask {
    /// The first, or the one that ended the flow before.
    First,
    Next(Duration),
    /// As many letters are taken as one flow has.
    Last(Duration),
}

/// One list and what was decided on its letters.
struct Chunk {
    listed: usize,
    letters: Vec<LetterId>,
    accepted: Option<Sent>,
    rejected: Vec<LetterId>,
}

impl Supplier {
    /// Takes in the queue once and reports what cannot be produced (AT15). What was found out of
    /// letters before says nothing here: the queue has been seeded again.
    ///
    /// # Errors
    /// As [`Supplier::take_in_queue`].
    pub async fn take_in_queue_and_clear_up(&self, chunk: u32) -> Result<QueueRun, ClientError> {
        let run = self.take_in_queue(chunk).await?;
        let bad: Vec<LetterId> = run
            .letters
            .iter()
            .filter(|letter| letter.outcome.reason_to_fail().is_some())
            .map(|letter| letter.id.clone())
            .collect();
        self.see(&bad, LetterStatus::Accepted).await?;
        if let Some(sent) = self.fail_unproducible().await? {
            self.see(&sent.letters, LetterStatus::Failed).await?;
        }
        Ok(run)
    }
}
