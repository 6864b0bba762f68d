//! The books: one record of management information for each specification and group (AT14).
//! Refuses to submit a record again when nobody knows whether it was taken.

use std::collections::BTreeMap;

use letterproof_model::{GroupId, SpecificationId, Timestamp, now};

use super::Day;
use crate::error::SupplierError;
use crate::faults::Wrong;
use crate::wire::MiRecord;

/// What was counted.
const LINE_ITEM: &str = "letters dispatched";

type Key = (Option<SpecificationId>, Option<GroupId>);

impl Day<'_> {
    /// Submits the day's records and reads each back.
    pub(super) async fn submit(&mut self) -> Result<String, SupplierError> {
        if self.faults.has(Wrong::NoRecords) {
            return Ok("left out".to_owned());
        }
        let records = self.records();
        let mut taken = 0;
        for record in &records {
            match self.line.submit(record).await {
                Ok(id) => {
                    taken += 1;
                    self.line.read_record(&id).await?;
                }
                // Whether it was taken is not known, so it must not be sent again.
                Err(error) => self.note(format!(
                    "the record of {} letters of {} may be missing: {error}; ask NHS Notify before it is submitted again",
                    record.quantity,
                    record.specification_id.as_ref().map_or("no specification", |id| id.as_str()),
                )),
            }
        }
        Ok(format!("{taken} of {} records taken", records.len()))
    }

    /// One record for each specification and group of which letters were dispatched.
    fn records(&self) -> Vec<MiRecord> {
        let mut counts: BTreeMap<Key, u64> = BTreeMap::new();
        for job in self.jobs.iter().filter(|job| job.dispatched) {
            let attributes = &job.letter.attributes;
            let key = (attributes.specification_id.clone(), attributes.group_id.clone());
            *counts.entry(key).or_default() += 1;
        }
        let timestamp = self.timestamp();
        let mut records: Vec<MiRecord> = counts
            .into_iter()
            .map(|((specification_id, group_id), quantity)| MiRecord {
                line_item: LINE_ITEM,
                timestamp: timestamp.clone(),
                quantity,
                specification_id,
                group_id,
            })
            .collect();
        self.spoil(&mut records);
        records
    }

    /// The time of reporting: UTC, whole seconds.
    fn timestamp(&self) -> String {
        let now = now();
        let utc = Timestamp::from_second(now.as_second()).unwrap_or(now).to_string();
        if self.faults.has(Wrong::LocalTime) {
            return utc.replace('Z', "+01:00");
        }
        utc
    }

    /// Where a fault wants it: spoils the records.
    fn spoil(&self, records: &mut Vec<MiRecord>) {
        let Some(first) = records.first().cloned() else { return };
        if self.faults.has(Wrong::DoubleRecord) {
            records.push(first);
        } else if self.faults.has(Wrong::MissingRecord) {
            records.remove(0);
        } else if self.faults.has(Wrong::TooHighQuantity) {
            records[0].quantity += 1;
        } else if self.faults.has(Wrong::NoGroup) {
            for record in records {
                record.group_id = None;
            }
        } else if self.faults.has(Wrong::RecordForEachLetter) {
            let each = |record: MiRecord| {
                let one = MiRecord { quantity: 1, ..record.clone() };
                std::iter::repeat_n(one, usize::try_from(record.quantity).unwrap_or(1))
            };
            *records = std::mem::take(records).into_iter().flat_map(each).collect();
        }
    }
}
