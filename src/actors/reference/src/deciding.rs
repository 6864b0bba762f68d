//! Deciding on letters: what can be produced is accepted in one update, what cannot is rejected, and
//! what turns out later to be unproducible is reported as FAILED (AT4, AT12, AT13). What a letter's
//! data or its PDF rules out is never accepted, whoever found that out.

use std::collections::HashMap;
use std::time::Duration;

use letterproof_client::{ClientError, LetterRecord};
use letterproof_model::{LetterId, LetterStatus};
use tokio::time::Instant;

use crate::preparing::{Preparation, Prepared};
use crate::supplier::Supplier;
use crate::updates::{Reasons, Sent};
use letterproof_client::Reason;

/// What came of taking on a list.
#[derive(Debug, Clone)]
pub struct TakenOn {
    /// The one update that accepted letters.
    pub accepted: Sent,
    /// The update that rejected the others; `None` where all could be accepted.
    pub rejected: Option<Sent>,
}

impl Supplier {
    /// Accepts listed letters in one bulk update and rejects, in a second one, those that cannot
    /// be taken on. Only letters that look suspicious, having no stated hash or no agreed
    /// specification, are looked at first; what any scenario found unfit is known. Where the workflow
    /// knows no REJECTED, all are accepted.
    ///
    /// # Errors
    /// When the API refuses an update or gives no answer.
    pub async fn take_on(&self, letters: &[LetterId]) -> Result<TakenOn, ClientError> {
        let _alone = self.shared.deciding.write().await;
        let unfit = self.unfit(letters).await?;
        let fit: Vec<LetterId> = letters
            .iter()
            .filter(|id| !unfit.contains_key(*id) && self.waits(id))
            .cloned()
            .collect();
        let accepted = self.accept_in_bulk(&fit).await?;
        let rejected = if unfit.is_empty() { None } else { Some(self.reject_now(unfit).await?) };
        self.release_held();
        Ok(TakenOn { accepted, rejected })
    }

    /// Prepares letters and gives those that are ready, in their order.
    ///
    /// # Errors
    /// When the API gives no answer, or an exchange could not be recorded.
    pub async fn prepare_ready(&self, letters: &[LetterId]) -> Result<Vec<LetterId>, ClientError> {
        let prepared = self.prepare(letters).await?;
        Ok(prepared.into_iter().filter(Prepared::is_ready).map(|letter| letter.id).collect())
    }

    /// Rejects letters, each for its reason (AT13).
    ///
    /// # Errors
    /// When the API refuses the update or gives no answer.
    pub async fn reject(&self, unfit: HashMap<LetterId, Reason>) -> Result<Sent, ClientError> {
        let _deciding = self.decide().await;
        self.reject_now(unfit).await
    }

    async fn reject_now(&self, unfit: HashMap<LetterId, Reason>) -> Result<Sent, ClientError> {
        let mut letters: Vec<LetterId> = unfit.keys().cloned().collect();
        letters.sort_unstable();
        self.move_in_bulk(&letters, LetterStatus::Rejected, Reasons::Each(unfit)).await
    }

    /// Whether a listed letter waits to be decided on: a list that lags behind names letters that
    /// were taken on already.
    pub(crate) fn waits(&self, id: &LetterId) -> bool {
        self.ledger().get(id).is_none_or(|record| record.is_waiting())
    }

    /// Of listed letters, those that their data alone rules out.
    pub(crate) fn unfit_by_data(&self, letters: &[LetterId]) -> HashMap<LetterId, Reason> {
        if !self.context().reports(LetterStatus::Rejected) {
            return HashMap::new();
        }
        let unfit = letters.iter().filter_map(|id| {
            let found = self.by_metadata(&self.ledger().get(id)?)?;
            Some((id.clone(), found.reason_to_reject()?))
        });
        unfit.collect()
    }

    /// Whether a letter has no stated hash, as letters without a PDF have none, or no agreed
    /// specification. A letter in an accessible format is like any other here.
    pub(crate) fn is_suspicious(&self, record: &LetterRecord) -> bool {
        record.sha256.is_none()
            || self.by_metadata(record).is_some_and(|found| found.reason_to_reject().is_some())
    }

    /// Whether this run has found that the letter's PDF is missing or cannot be printed.
    fn is_known_unfit(&self, record: &LetterRecord) -> bool {
        self.known_content(record).is_some_and(|content| !content.is_sound())
    }

    /// Rejects the PENDING letters that some scenario found unfit, and sees them rejected, so that a
    /// list asked for afterwards does not name them. Where the workflow knows no REJECTED they stay:
    /// they can only be accepted and then reported as FAILED.
    pub(crate) async fn reject_known_unfit(&self) -> Result<(), ClientError> {
        if !self.context().reports(LetterStatus::Rejected) {
            return Ok(());
        }
        let wanted = |record: &LetterRecord| {
            record.status == Some(LetterStatus::Pending)
                && !record.in_flight()
                && self.is_known_unfit(record)
        };
        let taken = self.confirmed(self.ledger().take(usize::MAX, wanted), wanted).await?;
        let unfit: HashMap<LetterId, Reason> = taken
            .into_iter()
            .filter_map(|record| {
                let found = Preparation::from(self.known_content(&record)?);
                Some((record.id, found.reason_to_reject()?))
            })
            .collect();
        if unfit.is_empty() {
            return Ok(());
        }
        let sent = self.reject_now(unfit).await?;
        self.see(&sent.letters, LetterStatus::Rejected).await?;
        self.ledger().release(&sent.letters);
        Ok(())
    }

    async fn unfit(&self, letters: &[LetterId]) -> Result<HashMap<LetterId, Reason>, ClientError> {
        if !self.context().reports(LetterStatus::Rejected) {
            return Ok(HashMap::new());
        }
        let suspicious: Vec<LetterId> = letters
            .iter()
            .filter_map(|id| self.ledger().get(id))
            .filter(|record| self.is_suspicious(record) || self.is_known_unfit(record))
            .map(|record| record.id)
            .collect();
        let reason = |letter: Prepared| Some((letter.id, letter.outcome.reason_to_reject()?));
        Ok(self.prepare(&suspicious).await?.into_iter().filter_map(reason).collect())
    }
}

/// Between two looks at the ledger while other scenarios' acceptances are under way.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

impl Supplier {
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
