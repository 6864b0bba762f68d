//! Taking on a list: what can be produced is accepted in one update, what cannot is rejected.
//! Refuses to accept what the letter's data or its PDF already rules out, whoever found that out
//! (AT4, AT13).

use std::collections::HashMap;

use letterproof_model::{LetterId, LetterStatus};

use super::moving::Sent;
use super::preparing::{Preparation, Prepared};
use super::reasons::{Reason, Reasons};
use super::work::Supplier;
use crate::ClientError;
use crate::ledger::LetterRecord;

/// What came of taking on a list.
#[derive(Debug, Clone)]
pub struct TakenOn {
    /// The one update that accepted letters.
    pub accepted: Sent,
    /// The update that rejected the others; `None` where all could be accepted.
    pub rejected: Option<Sent>,
}

impl Preparation {
    /// The reason to reject a PENDING letter for; `None` when it can be taken on.
    #[must_use]
    pub fn reason_to_reject(&self) -> Option<Reason> {
        match self {
            Self::MissingPdf => Some(Reason::new("REJ-NOPDF", "The letter has no PDF")),
            Self::UnusablePdf { problem } => Some(Reason::new("REJ-PDF", unusable(problem))),
            Self::TooManyPages { pages } => Some(Reason::new("REJ-PAGES", too_long(*pages))),
            Self::UnknownSpecification => {
                Some(Reason::new("REJ-SPEC", "The specification is not one agreed"))
            }
            Self::MissingMetadata => {
                Some(Reason::new("REJ-META", "The letter names no specification"))
            }
            _ => None,
        }
    }

    /// The reason to fail an accepted letter for; `None` when it can be produced.
    #[must_use]
    pub fn reason_to_fail(&self) -> Option<Reason> {
        match self {
            Self::UnusablePdf { problem } => Some(Reason::new("FAIL-PDF", unusable(problem))),
            Self::TooManyPages { pages } => Some(Reason::new("FAIL-PAGES", too_long(*pages))),
            // Found only after acceptance, when it is too late to reject.
            Self::MissingPdf => Some(Reason::new("FAIL-NOPDF", "The letter has no PDF")),
            _ => None,
        }
    }
}

/// Why a PDF cannot be printed, as it was found out.
fn unusable(problem: &str) -> String {
    const TEXT: &str = "The PDF cannot be printed";
    if problem.is_empty() { TEXT.to_owned() } else { format!("{TEXT}: {problem}") }
}

fn too_long(pages: u32) -> String {
    format!("The PDF has {pages} pages; at most five can be enclosed")
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
    pub(super) fn waits(&self, id: &LetterId) -> bool {
        self.ledger().get(id).is_none_or(|record| record.is_waiting())
    }

    /// Of listed letters, those that their data alone rules out.
    pub(super) fn unfit_by_data(&self, letters: &[LetterId]) -> HashMap<LetterId, Reason> {
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
    pub(super) fn is_suspicious(&self, record: &LetterRecord) -> bool {
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
    pub(super) async fn reject_known_unfit(&self) -> Result<(), ClientError> {
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
