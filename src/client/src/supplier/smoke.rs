//! The production smoke test: fetch and download the named letters, submit one record for them,
//! read it back. A person prints and posts the sample.
//! Refuses anything else: no list, no status is reported, and no letter that was not named.

use letterproof_model::{LetterId, Timestamp};

use super::mi::MiSubmission;
use super::preparing::Prepared;
use super::work::Supplier;
use crate::wire::{MiDocument, MiRecord};
use crate::{Answer, ClientError};

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
            line_item: super::mi::LINE_ITEM.to_owned(),
            timestamp: super::mi::whole_milliseconds(reported),
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
