//! The fast intake: list, accept in bulk and download until the queue is empty, several times (AT15).
//! While the documents of one list come in, only the next list is asked for: never two at a time.

use letterproof_model::{LetterId, LetterStatus};
use tokio::time::{Instant, sleep};

use super::Day;
use super::production::Prepared;
use super::taking_on::Answered;
use crate::faults::Wrong;
use crate::line::{Letter, Update};
use crate::report::SupplierError;

impl Day<'_> {
    /// Takes in a full queue, as often as agreed.
    pub(super) async fn fast_intake(&mut self) -> Result<String, SupplierError> {
        self.wait_until_visible().await;
        let flows = if self.faults.has(Wrong::OneFlow) { 1 } else { self.settings.flows };
        let mut done = Vec::new();
        for number in 1..=flows {
            if !self.known.is_empty() {
                self.ask_for_letters().await;
            }
            let Some(first) = self.first_list().await? else {
                self.note(format!(
                    "fast intake {number} of {flows}: the queue stayed empty; have it seeded again"
                ));
                break;
            };
            let begun = Instant::now();
            let letters = self.flow(first).await?;
            done.push(format!("{letters} letters in {:.1} s", begun.elapsed().as_secs_f64()));
        }
        Ok(format!("{} of {flows} times: {}", done.len(), done.join(", ")))
    }

    /// Has the queue filled anew where somebody is there to do it.
    async fn ask_for_letters(&self) {
        let Some(url) = &self.settings.reseed else { return };
        if let Err(error) = self.line.ask_for_letters(url.clone()).await {
            self.note(format!("the queue was not filled again: {error}"));
        }
    }

    /// The first list of a flow, once there are letters; `None` when there are none in time.
    async fn first_list(&mut self) -> Result<Option<Vec<Letter>>, SupplierError> {
        let deadline = Instant::now() + self.settings.wait_for_letters;
        loop {
            let listed = self.line.list(self.settings.chunk).await?;
            let new = self.new_letters(listed);
            if !new.is_empty() {
                return Ok(Some(new));
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            self.tell("waiting for letters", 0, None);
            sleep(self.settings.poll).await;
        }
    }

    /// One flow; gives the number of its letters.
    async fn flow(&mut self, first: Vec<Letter>) -> Result<usize, SupplierError> {
        let mut answered = self.answer(first).await?;
        let (mut letters, mut flawed, mut rejected) = (0, Vec::new(), Vec::new());
        if self.faults.has(Wrong::SlowFlow) {
            sleep(self.settings.agreed_time).await;
        }
        loop {
            letters += answered.accepted.len() + answered.rejected.len();
            rejected.append(&mut answered.rejected);
            self.tell("letters taken in", letters, None);
            if self.faults.has(Wrong::StopEarly) {
                flawed.extend(self.documents(&answered).await?);
                break;
            }
            let (next, documents) =
                tokio::join!(self.line.list(self.settings.chunk), self.documents(&answered));
            flawed.extend(documents?);
            let new = self.next_new(next?, self.settings.chunk).await?;
            if new.is_empty() {
                break;
            }
            answered = self.answer(new).await?;
        }
        self.see_all(rejected, LetterStatus::Rejected).await?;
        self.fail(flawed).await?;
        Ok(letters)
    }

    /// Fetches the documents of accepted letters; gives those that cannot be printed.
    async fn documents(
        &self,
        answered: &Answered,
    ) -> Result<Vec<(LetterId, Prepared)>, SupplierError> {
        let missing =
            answered.accepted.iter().filter(|one| !answered.prepared.contains_key(&one.id));
        let mut documents = self.prepare_for_print(missing.collect()).await?;
        documents.extend(answered.prepared.iter().map(|(id, prepared)| (id.clone(), *prepared)));
        documents.retain(|(_, prepared)| prepared.reason_to_fail().is_some());
        Ok(documents)
    }

    /// Reports letters as FAILED, once they were seen ACCEPTED.
    async fn fail(&mut self, flawed: Vec<(LetterId, Prepared)>) -> Result<(), SupplierError> {
        if flawed.is_empty() {
            return Ok(());
        }
        let ids: Vec<LetterId> = flawed.iter().map(|(id, _)| id.clone()).collect();
        let stuck = self.read_until(&ids, LetterStatus::Accepted).await?;
        let (ids, updates): (Vec<LetterId>, Vec<Update>) = flawed
            .into_iter()
            .filter(|(id, _)| !stuck.contains(id))
            .map(|(id, prepared)| {
                let reason = self.reason(LetterStatus::Failed, prepared.reason_to_fail());
                let update = Update::new(&id, LetterStatus::Failed, reason);
                (id, update)
            })
            .unzip();
        self.bulk(updates).await?;
        self.see_all(ids, LetterStatus::Failed).await
    }
}
