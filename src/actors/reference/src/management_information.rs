//! Management information: what was produced, counted by specification and group (AT14), never twice
//! for the same reporting date, specification and group. The production smoke test ends with one
//! such record; it lists nothing, reports no status, and fetches only the letters that were named.

use std::sync::Arc;

use letterproof_client::{Answer, ClientError, MiDocument, MiRecord};
use letterproof_model::{Exchange, LetterId, LetterStatus, MiId, Timestamp, now};

use crate::choosing::LetterFilter;
use crate::preparing::Prepared;
use crate::supplier::Supplier;

/// What the supplier counts.
pub(crate) const LINE_ITEM: &str = "letters-dispatched";

/// What came of submitting a record.
#[derive(Debug, Clone)]
pub struct MiSubmission {
    /// The record.
    pub record: MiRecord,
    /// The id the API gave it; `None` when it was not submitted or not taken.
    pub id: Option<MiId>,
    /// The exchange; `None` when a record for the same date, specification and group had been
    /// submitted before, so that none was sent.
    pub exchange: Option<Arc<Exchange>>,
}

impl Supplier {
    /// The records due: one for each specification and group with letters dispatched since this
    /// supplier began, stamped with `reported`.
    #[must_use]
    pub fn mi_due(&self, reported: Timestamp) -> Vec<MiRecord> {
        let reported = whole_milliseconds(reported);
        self.ledger()
            .tally(LetterStatus::Dispatched, self.shared.since)
            .into_iter()
            .map(|tally| MiRecord {
                line_item: LINE_ITEM.to_owned(),
                timestamp: reported,
                quantity: tally.letters.len() as u64,
                specification_id: tally.specification,
                group_id: tally.group,
                stock_remaining: None,
            })
            .filter(|record| !self.ledger().has_mi(&record.key()))
            .collect()
    }

    /// Submits records one after another; a record whose like was submitted is left out.
    ///
    /// # Errors
    /// When the API gives no answer: the record may or may not have been taken, and is not sent
    /// again.
    pub async fn submit_mi(&self, records: &[MiRecord]) -> Result<Vec<MiSubmission>, ClientError> {
        let mut submitted = Vec::with_capacity(records.len());
        for (at, record) in records.iter().enumerate() {
            // Noted before it is sent: after a crash it is better missing than twice.
            let (mut id, mut exchange) = (None, None);
            if self.ledger().note_mi(&record.key())? {
                let answer = self.session().create_mi(&self.flow, record).await?;
                id = answer.value.map(|document| document.data.id);
                exchange = Some(answer.exchange);
            }
            submitted.push(MiSubmission { record: record.clone(), id, exchange });
            let total = Some(records.len() as u64);
            self.tell("submitting management information", at as u64 + 1, total, None);
        }
        Ok(submitted)
    }

    /// Reads a record back.
    ///
    /// # Errors
    /// When the API gives no answer.
    pub async fn read_mi(&self, id: &MiId) -> Result<Answer<MiDocument>, ClientError> {
        self.session().get_mi(&self.flow, id).await
    }
}

/// A time as the API takes it in every deployed form: cut to whole milliseconds.
pub(crate) fn whole_milliseconds(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

/// What came of the smoke test.
#[derive(Debug, Clone)]
pub struct SmokeRun {
    /// The letters, as they turned out.
    pub letters: Vec<Prepared>,
    /// The one record; `None` when no letter could be printed, so that there is nothing to report.
    pub record: Option<MiSubmission>,
    /// The record as it was read back.
    pub read_back: Option<Answer<MiDocument>>,
}

impl Supplier {
    /// Fetches and downloads the letters of the target's consent, submits one record that counts
    /// those which could be printed, and reads it back.
    ///
    /// # Errors
    /// When the target is not the production smoke test, the API gives no answer, or an exchange
    /// could not be recorded.
    pub async fn smoke_test(&self, reported: Timestamp) -> Result<SmokeRun, ClientError> {
        let consent = self.session().target().consent().ok_or_else(|| {
            ClientError::refused(
                "the smoke test is for target `prod-smoke`, with named letters and a typed confirmation",
            )
        })?;
        let named: Vec<LetterId> = consent.letters().to_vec();
        self.each("fetching the named letters", named.clone(), |id| async move {
            self.look_up(&id).await
        })
        .await?;
        let letters =
            self.each("downloading the named letters", named, |id| self.fetch_always(id)).await?;
        let mut run = SmokeRun { letters, record: None, read_back: None };
        let printable: Vec<_> = run.letters.iter().filter(|letter| letter.is_ready()).collect();
        let Some(first) = printable.first().and_then(|letter| self.ledger().get(&letter.id)) else {
            return Ok(run);
        };
        let record = MiRecord {
            line_item: LINE_ITEM.to_owned(),
            timestamp: whole_milliseconds(reported),
            quantity: printable.len() as u64,
            specification_id: first.specification,
            group_id: first.group,
            stock_remaining: None,
        };
        run.record = self.submit_mi(&[record]).await?.pop();
        if let Some(id) = run.record.as_ref().and_then(|record| record.id.as_ref()) {
            run.read_back = Some(self.read_mi(id).await?);
        }
        Ok(run)
    }
}

impl Supplier {
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
            // Submitted before this run was stopped: what that record lacks, no second one may add.
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
}
