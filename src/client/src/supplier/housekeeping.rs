//! What a print house does around a letter's way: several steps in a row, letters that cannot be
//! taken on or produced, and reporting what was dispatched.
//! Refuses to send a status before the one before it was seen.

use std::collections::HashMap;
use std::time::Duration;

use letterproof_model::{LetterId, LetterStatus, now};
use tokio::time::Instant;

use super::mi::MiSubmission;
use super::moving::Sent;
use super::preparing::{Preparation, Prepared};
use super::queue::QueueRun;
use super::reasons::{Reason, Reasons};
use super::taking::LetterFilter;
use super::work::Supplier;
use crate::ClientError;
use crate::ledger::LetterRecord;

/// Between two looks at the ledger while other scenarios' acceptances are under way.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

impl Supplier {
    /// Reports several statuses one after the other, each seen before the next is sent. Those that
    /// the workflow does not declare are left out.
    ///
    /// # Errors
    /// When the API refuses an update or gives no answer.
    pub async fn take_through(
        &self,
        letters: &[LetterId],
        statuses: &[LetterStatus],
    ) -> Result<(), ClientError> {
        let mut letters = letters.to_vec();
        for status in statuses.iter().filter(|status| self.context().reports(**status)) {
            let sent = self.move_in_bulk(&letters, *status, Reasons::None).await?;
            letters = self.see(&sent.letters, *status).await?.confirmed();
        }
        Ok(())
    }

    /// Waits until every acceptance and rejection sent so far shows, or its deadline is over. A
    /// list fetched then names no letter that this supplier has already decided on.
    ///
    /// # Errors
    /// When the run is asked to stop.
    pub async fn wait_until_decisions_show(&self) -> Result<(), ClientError> {
        let deadline = Instant::now() + self.session().target().update_deadline;
        let undecided = |record: &LetterRecord| {
            record.in_flight() && record.status == Some(LetterStatus::Pending)
        };
        while Instant::now() < deadline && !self.ledger().select(undecided).is_empty() {
            self.session().sleep(LOOK_AGAIN).await?;
        }
        Ok(())
    }

    /// Takes all PENDING letters that cannot be taken on, as far as they are known: without a
    /// specification, with one nobody agreed, or without a PDF (AT13). Letters are listed first
    /// where none are known.
    ///
    /// # Errors
    /// When the API refuses or gives no answer, or there is no such letter.
    pub async fn take_unfit(&self) -> Result<HashMap<LetterId, Reason>, ClientError> {
        if !self.has_seen_letters() {
            self.daily_list().await?;
        }
        let suspicious = |record: &LetterRecord| {
            record.status == Some(LetterStatus::Pending)
                && !record.in_flight()
                && self.is_suspicious(record)
        };
        let taken = self.ledger().take(usize::MAX, suspicious);
        let taken = self.confirmed(taken, suspicious).await?;
        let ids: Vec<LetterId> = taken.into_iter().map(|record| record.id).collect();
        let mut unfit = HashMap::new();
        for letter in self.prepare(&ids).await? {
            match letter.outcome.reason_to_reject() {
                Some(reason) => {
                    unfit.insert(letter.id, reason);
                }
                None => self.ledger().release([&letter.id]),
            }
        }
        if unfit.is_empty() {
            return Err(self.none_of("PENDING letters that cannot be accepted"));
        }
        Ok(unfit)
    }

    /// Accepts `n` letters whose PDF cannot be printed or is too long, and sees them accepted (AT12).
    ///
    /// # Errors
    /// When the API refuses or gives no answer, or there is no such letter.
    pub async fn accept_unproducible(&self, n: usize) -> Result<Vec<LetterId>, ClientError> {
        if !self.has_seen_letters() {
            self.daily_list().await?;
        }
        // A PDF that is missing is found before acceptance here, so such a letter is rejected.
        let bad = |letter: &Prepared| {
            letter.outcome != Preparation::MissingPdf && letter.outcome.reason_to_fail().is_some()
        };
        let _deciding = self.decide().await;
        let found = self.find(n, LetterStatus::Pending, bad).await?;
        if found.is_empty() {
            return Err(self.none_of("PENDING letters whose PDF cannot be printed or is too long"));
        }
        let ids: Vec<LetterId> = found.into_iter().map(|letter| letter.id).collect();
        let sent = self.accept_in_bulk(&ids).await?;
        let seen = self.see(&sent.letters, LetterStatus::Accepted).await?.confirmed();
        self.ledger().release(&ids);
        Ok(seen)
    }

    /// Reports accepted letters as FAILED whose content cannot be produced. Letters that nobody
    /// works on are taken; `None` is sent when there are none.
    ///
    /// # Errors
    /// When the API refuses or gives no answer.
    pub async fn fail_unproducible(&self) -> Result<Option<Sent>, ClientError> {
        let bad = |record: &LetterRecord| {
            record.status == Some(LetterStatus::Accepted)
                && !record.in_flight()
                && record
                    .content_since(self.shared.since)
                    .is_some_and(|known| Preparation::from(known).reason_to_fail().is_some())
        };
        let taken = self.confirmed(self.ledger().take(usize::MAX, bad), bad).await?;
        if taken.is_empty() {
            return Ok(None);
        }
        let ids: Vec<LetterId> = taken.iter().map(|record| record.id.clone()).collect();
        let reasons = taken.into_iter().filter_map(|record| {
            Some((record.id, Preparation::from(record.content?).reason_to_fail()?))
        });
        let reasons = Reasons::Each(reasons.collect());
        self.move_in_bulk(&ids, LetterStatus::Failed, reasons).await.map(Some)
    }

    /// Dispatches letters unless some were dispatched before, so that there is something to report
    /// (AT14).
    ///
    /// # Errors
    /// When the target has too few letters, or the API refuses or gives no answer.
    pub async fn have_dispatched(&self, n: usize) -> Result<(), ClientError> {
        let reported = now();
        if !self.mi_due(reported).is_empty() {
            return Ok(());
        }
        let dispatched = self.ledger().tally(LetterStatus::Dispatched, self.shared.since);
        let resumed = self.shared.since < self.shared.opened;
        match (dispatched.is_empty(), self.ledger().has_mi_of(reported)) {
            // Submitted before this run broke off; what is missing then is missing.
            (false, _) if resumed => Ok(()),
            // Letters dispatched now would be dispatched in vain.
            (false, _) | (true, true) => Err(ClientError::AlreadyReported),
            (true, false) => {
                let letters = self.take_accepted(n, LetterFilter::Standard).await?;
                self.take_through(&letters, &[LetterStatus::Dispatched]).await
            }
        }
    }

    /// Submits a record for each specification and group with dispatched letters (AT14).
    ///
    /// # Errors
    /// When the API gives no answer.
    pub async fn report_dispatched(&self) -> Result<Vec<MiSubmission>, ClientError> {
        self.submit_mi(&self.mi_due(now())).await
    }

    /// Reads submitted records back (AT14).
    ///
    /// # Errors
    /// When the API gives no answer.
    pub async fn read_back_mi(&self, submitted: &[MiSubmission]) -> Result<(), ClientError> {
        for id in submitted.iter().filter_map(|submission| submission.id.as_ref()) {
            self.read_mi(id).await?;
        }
        Ok(())
    }

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

    fn none_of(&self, what: &str) -> ClientError {
        let seeded = "Ask NHS Notify to seed such letters, or leave this test out.";
        ClientError::TooFewLetters {
            what: what.to_owned(),
            needed: 1,
            found: 0,
            remedy: self.remedy_of_shortage(seeded),
        }
    }
}
