//! Management information: one record for each specification and group (AT14), never submitted again
//! when nobody knows whether it was taken.

use std::collections::BTreeMap;

use letterproof_model::{GroupId, SpecificationId, Timestamp, now};

use super::Day;
use super::production::Job;
use crate::faults::Wrong;
use crate::habits::Manner;
use crate::line::MiRecord;
use crate::report::SupplierError;

/// What was counted.
const LINE_ITEM: &str = "letters dispatched";
/// What else a letter can cost.
const FURTHER_ITEMS: [&str; 2] = ["sheets", "envelopes"];
/// Seconds of a day.
const DAY: i64 = 24 * 3_600;

/// The day of a time.
fn day_of(time: &str) -> &str {
    time.split('T').next().unwrap_or(time)
}

type Key = (Option<SpecificationId>, Option<GroupId>);

impl Day<'_> {
    /// Submits the day's records and reads each back.
    pub(super) async fn submit(&mut self) -> Result<String, SupplierError> {
        if self.faults.has(Wrong::NoRecords) {
            return Ok("left out".to_owned());
        }
        let records = self.records();
        if self.settings.has(Manner::ReportAfterMidnight) {
            self.let_a_day_pass().await;
        }
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

    /// One record for each specification and group of which letters were dispatched and are in no
    /// record yet.
    fn records(&mut self) -> Vec<MiRecord> {
        let mut counts: BTreeMap<Key, u64> = BTreeMap::new();
        let printed = self.settings.has(Manner::ReportPrinted);
        let counted =
            |job: &&mut Job| !job.reported && (job.dispatched || (printed && job.printed));
        for job in self.jobs.iter_mut().filter(counted) {
            job.reported = true;
            let attributes = &job.letter.attributes;
            let specification = attributes.specification_id.clone();
            *counts.entry((specification, attributes.group_id.clone())).or_default() += 1;
        }
        let timestamp = self.timestamp();
        let mut records: Vec<MiRecord> = counts
            .into_iter()
            .map(|((specification_id, group_id), quantity)| MiRecord {
                line_item: if printed { "letters printed" } else { LINE_ITEM },
                timestamp: timestamp.clone(),
                quantity,
                specification_id,
                group_id,
            })
            .collect();
        if self.settings.has(Manner::ReportLineItems) {
            let further = |record: &MiRecord| {
                let record = record.clone();
                FURTHER_ITEMS.map(|line_item| MiRecord { line_item, ..record.clone() })
            };
            let more: Vec<MiRecord> = records.iter().flat_map(further).collect();
            records.extend(more);
        }
        self.spoil(&mut records);
        records
    }

    /// The time of reporting by the house's own clock: UTC, whole seconds.
    fn timestamp(&self) -> String {
        let now = now();
        // A day that a habit let pass may have been shorter than a day.
        let short = DAY - i64::try_from(self.settings.day.as_secs()).unwrap_or(DAY);
        let ahead = self.settings.clock_off() + i64::from(self.days) * short;
        let ahead = ahead + self.faults.time_off();
        let utc = Timestamp::from_second(now.as_second() + ahead).unwrap_or(now).to_string();
        if self.settings.has(Manner::StampDayBegin) {
            return format!("{}T00:00:00Z", day_of(&utc));
        }
        if self.settings.has(Manner::StampDayEnd) {
            return format!("{}T23:59:59Z", day_of(&utc));
        }
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
