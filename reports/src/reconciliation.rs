//! The reconciliation of AT14: letters dispatched, quantities submitted and read back, and the
//! difference, by specification and group.
//! Refuses the supplier's own counts: every figure comes from the recorded exchanges.

use std::collections::BTreeMap;

use letterproof_evidence::Bundle;
use letterproof_model::{Actor, Exchange, Journal as _, LetterStatus, MiId, Operation, Route};
use serde::Deserialize;

use crate::csv;
use crate::lives::{Kind, Lives, Micros};

/// The name of the file in the evidence folder.
pub(crate) const FILE_NAME: &str = "AT14/reconciliation.csv";

const HEADINGS: [&str; 8] = [
    "specification",
    "group",
    "letters_sent_dispatched",
    "letters_read_back_dispatched",
    "records",
    "quantity_submitted",
    "quantity_read_back",
    "difference",
];

/// One specification and group.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Row {
    /// The specification's id.
    pub(crate) specification: String,
    /// The group's id.
    pub(crate) group: String,
    /// Letters sent DISPATCHED before the last record, and not refused.
    pub(crate) sent: u64,
    /// Of these, letters read as DISPATCHED before the last record.
    pub(crate) dispatched: u64,
    /// Records that the API took on.
    pub(crate) records: u64,
    /// Their quantities; a record repeated word for word counts once.
    pub(crate) submitted: f64,
    /// The quantities that reading the records back showed; `None` when none was read.
    pub(crate) read_back: Option<f64>,
}

impl Row {
    /// Submitted less dispatched.
    pub(crate) fn difference(&self) -> f64 {
        #[allow(clippy::cast_precision_loss)] // Letters are counted in thousands.
        let dispatched = self.dispatched as f64;
        self.submitted - dispatched
    }
}

#[derive(Deserialize)]
struct Document {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    id: Option<String>,
    #[serde(default)]
    attributes: Record,
}

#[derive(Deserialize, Default, Clone, PartialEq)]
#[serde(rename_all = "camelCase", default)]
struct Record {
    line_item: Option<String>,
    timestamp: Option<String>,
    quantity: Option<f64>,
    specification_id: Option<String>,
    group_id: Option<String>,
    stock_remaining: Option<f64>,
}

/// A record that the API took on, and what it read back as.
struct Submission {
    id: Option<String>,
    record: Record,
    back: Option<Record>,
}

/// What letters and records have in common; a letter never described is of neither.
type Key = (Option<String>, Option<String>);

/// One row for each specification and group with a letter dispatched or a record submitted.
pub(crate) fn reconcile(bundle: &Bundle, lives: &Lives<'_>) -> Vec<Row> {
    let (submissions, closing) = submissions(bundle);
    let mut rows: BTreeMap<Key, Row> = BTreeMap::new();
    // What is dispatched after the last record belongs to a later report.
    for (_, life) in lives.letters() {
        let mut before = life.events.iter().filter(|event| event.at < closing);
        let sent = before.clone().any(|event| match event.kind {
            Kind::Sent { by_supplier, answer, .. } => {
                event.status == LetterStatus::Dispatched && by_supplier && !answer.refused()
            }
            _ => false,
        });
        if !sent {
            continue;
        }
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let key = match life.described {
            true => (owned(life.specification()), owned(life.group())),
            false => (Some("not on record".to_owned()), Some("not on record".to_owned())),
        };
        let row = rows.entry(key).or_default();
        row.sent += 1;
        row.dispatched += u64::from(
            before
                .any(|event| event.kind == Kind::Read && event.status == LetterStatus::Dispatched),
        );
    }
    for (key, of_key) in by_key(&submissions) {
        let row = rows.entry(key).or_default();
        row.records = of_key.len() as u64;
        row.submitted = quantity(of_key.iter().map(|submission| &submission.record));
        let back: Vec<&Record> = of_key.iter().filter_map(|s| s.back.as_ref()).collect();
        row.read_back = (!back.is_empty()).then(|| quantity(back));
    }
    rows.into_iter()
        .map(|((specification, group), row)| Row {
            specification: specification.unwrap_or_default(),
            group: group.unwrap_or_default(),
            ..row
        })
        .collect()
}

/// The rows as a file.
pub(crate) fn csv(rows: &[Row]) -> String {
    let mut file = String::new();
    csv::line(&mut file, &HEADINGS);
    for row in rows {
        csv::line(
            &mut file,
            &[
                &row.specification,
                &row.group,
                &row.sent.to_string(),
                &row.dispatched.to_string(),
                &row.records.to_string(),
                &row.submitted.to_string(),
                &row.read_back.map_or_else(String::new, |read| read.to_string()),
                &row.difference().to_string(),
            ],
        );
    }
    file
}

/// The records taken on, each with the first read of it, and when the last one was sent.
fn submissions(bundle: &Bundle) -> (Vec<Submission>, Micros) {
    let mut submissions: Vec<Submission> = Vec::new();
    let mut reads: Vec<(MiId, Record)> = Vec::new();
    let mut closing = Micros::MIN;
    for exchange in bundle.journal.recording.exchanges() {
        let route = Route::of_exchange(exchange, &bundle.context.base_url);
        match route.operation {
            Operation::CreateMi if exchange.actor == Actor::Supplier => {
                closing = closing.max(exchange.started.as_microsecond());
                submissions.extend(submission(exchange));
            }
            Operation::GetMi => {
                let answer = exchange.response().filter(|response| response.status == 200);
                let read = answer.and_then(|response| response.body.parse::<Document>());
                if let (Some(id), Some(Document { data })) = (route.mi, read) {
                    reads.push((id, data.attributes));
                }
            }
            _ => {}
        }
    }
    for submission in &mut submissions {
        let mut of_it =
            reads.iter().filter(|(id, _)| Some(id.as_str()) == submission.id.as_deref());
        submission.back = of_it.next().map(|(_, record)| record.clone());
    }
    (submissions, if closing == Micros::MIN { Micros::MAX } else { closing })
}

fn submission(exchange: &Exchange) -> Option<Submission> {
    let response = exchange.response().filter(|r| (200..300).contains(&r.status))?;
    let Document { data: Data { attributes: record, .. } } = exchange.request.body.parse()?;
    let id = response.body.parse::<Document>().and_then(|answer| answer.data.id);
    Some(Submission { id, record, back: None })
}

fn by_key(submissions: &[Submission]) -> BTreeMap<Key, Vec<&Submission>> {
    let mut keys: BTreeMap<Key, Vec<&Submission>> = BTreeMap::new();
    for submission in submissions {
        let Record { specification_id, group_id, .. } = submission.record.clone();
        keys.entry((specification_id, group_id)).or_default().push(submission);
    }
    keys
}

/// The sum of quantities. Submitting a record twice is a clause of its own (AT14.3), so that the
/// same record counts once here; the number of records shows it.
fn quantity<'r>(records: impl IntoIterator<Item = &'r Record>) -> f64 {
    let mut counted: Vec<&Record> = Vec::new();
    for record in records {
        if !counted.contains(&record) {
            counted.push(record);
        }
    }
    // The sum of nothing would be written as -0.
    counted.iter().filter_map(|record| record.quantity).fold(0.0, |sum, quantity| sum + quantity)
}
