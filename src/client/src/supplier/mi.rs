//! Management information: what was produced, counted by specification and group (AT14).
//! Refuses a second record for the same reporting date, specification and group.

use std::sync::Arc;

use letterproof_model::{Exchange, LetterStatus, MiId, Timestamp};

use super::work::Supplier;
use crate::wire::{MiDocument, MiRecord};
use crate::{Answer, ClientError};

/// What the supplier counts.
pub(super) const LINE_ITEM: &str = "letters-dispatched";

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
pub(super) fn whole_milliseconds(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

impl MiRecord {
    /// What there may be one record of: reporting date, specification, group and line item.
    pub(crate) fn key(&self) -> String {
        let date = self.timestamp.to_string();
        let date = date.split('T').next().unwrap_or_default();
        let text = |id: Option<&str>| id.unwrap_or("-").to_owned();
        format!(
            "{date} {} {} {}",
            text(self.specification_id.as_ref().map(|id| id.as_str())),
            text(self.group_id.as_ref().map(|id| id.as_str())),
            self.line_item
        )
    }
}
