//! Sending updates and seeing them. A 202 is not taken for done: updates are queued, and only a read
//! shows that one was applied.

use std::collections::HashSet;

use futures::future::try_join_all;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use letterproof_model::{LetterId, LetterStatus, ReturnReason};
use tokio::time::{Instant, sleep};

use super::Day;
use crate::faults::Wrong;
use crate::habits::Manner;
use crate::line::{Reason, Update};
use crate::report::SupplierError;

/// The most letters of one bulk update.
const BULK: usize = 2_500;

/// How often is on and on.
const ON_AND_ON: usize = 150;

impl Day<'_> {
    /// Sends updates together, or each worker's part at the same time as the others'.
    pub(super) async fn bulk(&self, updates: Vec<Update>) -> Result<(), SupplierError> {
        let own = |manner| if let Manner::Workers(number) = manner { Some(number) } else { None };
        if let Some(workers) = self.settings.manners().find_map(own) {
            let parts = updates.chunks(updates.len().div_ceil(workers).clamp(1, BULK));
            let calls = parts.map(|part| self.line.bulk(part.to_vec()));
            return try_join_all(calls).await.map(drop);
        }
        for part in updates.chunks(BULK) {
            self.line.bulk(part.to_vec()).await?;
        }
        Ok(())
    }

    /// Sends updates one by one, several at a time.
    pub(super) async fn patch_each(
        &self,
        updates: impl IntoIterator<Item = Update>,
    ) -> Result<(), SupplierError> {
        let calls: Vec<_> = updates.into_iter().map(|update| self.line.patch(update)).collect();
        stream::iter(calls).buffer_unordered(self.settings.in_flight).try_collect().await
    }

    /// Reads letters until each shows this status; those that do not in time are laid aside.
    pub(super) async fn see_all(
        &mut self,
        letters: Vec<LetterId>,
        status: LetterStatus,
    ) -> Result<(), SupplierError> {
        let letters = self.rush(letters, status).await?;
        let unseen = self.read_until(&letters, status).await?;
        for id in &unseen {
            self.note(format!(
                "{id} was sent {status} and did not show it within {} s; ask NHS Notify",
                self.settings.update_deadline.as_secs()
            ));
        }
        self.close(&unseen);
        if matches!(status, LetterStatus::Printed | LetterStatus::Dispatched) {
            let seen: HashSet<&LetterId> =
                letters.iter().filter(|id| !unseen.contains(*id)).collect();
            for job in self.jobs.iter_mut().filter(|job| seen.contains(&job.letter.id)) {
                job.printed |= status == LetterStatus::Printed;
                job.dispatched |= status == LetterStatus::Dispatched;
            }
        }
        let seen = (letters.len() - unseen.len()) as u64;
        *self.report.lock().seen.entry(status).or_default() += seen;
        self.look_again(&letters).await?;
        match letters.iter().find(|id| !unseen.contains(*id)).cloned() {
            Some(id) if !self.strayed => self.send_astray(&id, status).await,
            _ => Ok(()),
        }
    }

    /// Reads letters more often than it takes, where a habit or a fault wants it.
    async fn look_again(&self, letters: &[LetterId]) -> Result<(), SupplierError> {
        let own = |manner| if let Manner::LookAgain(times) = manner { Some(times) } else { None };
        for _ in 0..self.settings.manners().find_map(own).unwrap_or(0) {
            let reads: Vec<_> = letters.iter().map(|id| self.line.read(id)).collect();
            let mut reads = stream::iter(reads).buffer_unordered(self.settings.in_flight);
            while reads.try_next().await?.is_some() {}
        }
        if let Some(first) = letters.first().filter(|_| self.faults.has(Wrong::ReadOnAndOn)) {
            for _ in 0..ON_AND_ON {
                self.line.read(first).await?;
            }
        }
        Ok(())
    }

    /// Asks for the list more often than it takes, where a habit or a fault wants it.
    pub(super) async fn list_on(&self) -> Result<(), SupplierError> {
        let own = |manner| if let Manner::LookAgain(times) = manner { Some(times) } else { None };
        let again = self.settings.manners().find_map(own).unwrap_or(0);
        let on = if self.faults.has(Wrong::ListOnAndOn) { ON_AND_ON } else { 0 };
        for _ in 0..again + on {
            self.line.list(self.settings.batch).await?;
        }
        Ok(())
    }

    /// The letters that do not show this status before the deadline.
    pub(super) async fn read_until(
        &self,
        letters: &[LetterId],
        status: LetterStatus,
    ) -> Result<HashSet<LetterId>, SupplierError> {
        if self.faults.has(Wrong::NoReadBack) {
            return Ok(HashSet::new());
        }
        let patient = self.settings.has(Manner::ReadOnce);
        let pause = if patient { self.settings.update_deadline / 2 } else { self.settings.poll };
        let trusting = self.settings.has(Manner::NoReadBacks);
        if trusting && !matches!(status, LetterStatus::Accepted | LetterStatus::Rejected) {
            sleep(self.settings.update_deadline).await;
            return Ok(HashSet::new());
        }
        let deadline = Instant::now() + self.settings.update_deadline;
        let mut open: Vec<LetterId> = letters.to_vec();
        while !open.is_empty() {
            sleep(pause).await;
            let late = Instant::now() >= deadline;
            let reads: Vec<_> = open.into_iter().map(|id| self.shows(id, status)).collect();
            let reads = stream::iter(reads).buffer_unordered(self.settings.in_flight);
            open = reads.try_filter_map(|open| async { Ok(open) }).try_collect().await?;
            self.tell(status.as_str(), letters.len() - open.len(), Some(letters.len()));
            if late {
                break;
            }
        }
        Ok(open.into_iter().collect())
    }

    /// Reads a letter; gives it back while it does not show this status.
    async fn shows(
        &self,
        id: LetterId,
        status: LetterStatus,
    ) -> Result<Option<LetterId>, SupplierError> {
        let seen = self.line.read(&id).await?.attributes.status;
        Ok((seen != status).then_some(id))
    }

    /// Nothing more is done with these letters.
    pub(super) fn close(&mut self, letters: &HashSet<LetterId>) {
        for job in self.jobs.iter_mut().filter(|job| letters.contains(&job.letter.id)) {
            job.closed = true;
        }
    }

    /// Code and text as they are sent: those of the letter, unless a fault has it otherwise.
    pub(super) fn reason(&self, status: LetterStatus, reason: Option<Reason>) -> Option<Reason> {
        if self.faults.has(Wrong::WithoutReason(status)) {
            return None;
        }
        if status == LetterStatus::Forwarded && self.settings.has(Manner::ForwardWithoutCode) {
            return reason.map(|reason| Reason { code: None, ..reason });
        }
        if status == LetterStatus::Returned {
            if self.faults.has(Wrong::UnknownReturnCode) {
                return Some(Reason::new("R99", "Lost in the post"));
            }
            if self.faults.has(Wrong::OtherReturnText) {
                let [first, .., last] = ReturnReason::ALL;
                return Some(Reason::new(first.code, last.text));
            }
        }
        reason
    }

    /// Where a fault wants it: sends one letter's next status before this one was seen, and
    /// gives back the others.
    async fn rush(
        &mut self,
        mut letters: Vec<LetterId>,
        status: LetterStatus,
    ) -> Result<Vec<LetterId>, SupplierError> {
        let Some(next) = self.faults.rushed_after(status) else { return Ok(letters) };
        let Some(id) = letters.pop() else { return Ok(letters) };
        self.line.patch(Update::new(&id, next, mistaken(next))).await?;
        let one = HashSet::from([id]);
        self.close(&one);
        self.read_until(&Vec::from_iter(one), next).await?;
        Ok(letters)
    }

    /// Where a fault wants it: sends a letter in this status another against the rules, and lays
    /// it aside.
    pub(super) async fn send_astray(
        &mut self,
        id: &LetterId,
        from: LetterStatus,
    ) -> Result<(), SupplierError> {
        let Some(to) = self.faults.stray_from(from) else { return Ok(()) };
        self.strayed = true;
        self.line.patch(Update::new(id, to, mistaken(to))).await?;
        self.close(&HashSet::from([id.clone()]));
        self.read_until(std::slice::from_ref(id), to).await.map(drop)
    }
}

/// Code and text of an update that should not have been sent, where its status needs them.
fn mistaken(status: LetterStatus) -> Option<Reason> {
    let [first, ..] = ReturnReason::ALL;
    match status {
        LetterStatus::Returned => Some(Reason::new(first.code, first.text)),
        other => other.needs_reason().then(|| Reason::new("X01", "Sent by mistake")),
    }
}
