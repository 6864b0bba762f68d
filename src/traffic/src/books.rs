//! The books of AT14: what was dispatched, submitted and read back, by specification and group.
//! Both sides come from the recorded traffic, never from the supplier's own counts.

use std::collections::{BTreeMap, BTreeSet};

use letterproof_model::{GroupId, LetterStatus, SpecificationId};

use crate::{Answer, CallIx, EventKind, Letter, MiCall, MiRecord, Micros, Traffic};

/// One line of the reconciliation of AT14.
#[derive(Debug, Clone, PartialEq)]
pub struct Reconciliation {
    /// The specification.
    pub specification: Option<SpecificationId>,
    /// The group.
    pub group: Option<GroupId>,
    /// Letters read as DISPATCHED before the last record was submitted.
    pub dispatched: u64,
    /// Letters sent DISPATCHED in that time and not refused, read back or not.
    pub sent: u64,
    /// Records that the API took on.
    pub records: u64,
    /// The quantities submitted, a record repeated word for word counted once.
    pub submitted: f64,
    /// The quantities read back with `GET /mi/{id}`; `None` when none was read.
    pub read_back: Option<f64>,
    /// Whether the API ever described these letters: one row stands for those it did not.
    pub described: bool,
}

impl Reconciliation {
    /// Submitted less dispatched.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn difference(&self) -> f64 {
        self.submitted - self.dispatched as f64
    }
}

/// What was dispatched against what was submitted and read back, by specification and group.
#[must_use]
pub fn at14_reconciliation(traffic: &Traffic) -> Vec<Reconciliation> {
    let books = Books::open(traffic);
    let keys: BTreeSet<&Key> = books.dispatched.keys().chain(books.submitted.keys()).collect();
    let rows = keys.into_iter().map(|key| {
        let letters = books.dispatched.get(key).copied().unwrap_or_default();
        let records = books.submitted.get(key).map_or(&[][..], Vec::as_slice);
        let read: Vec<&MiRecord> =
            records.iter().filter_map(|(call, _)| read_back(call, traffic)).collect();
        Reconciliation {
            specification: key.0.as_deref().map(SpecificationId::from),
            group: key.1.as_deref().map(GroupId::from),
            dispatched: letters.certain,
            sent: letters.possible,
            records: records.len() as u64,
            submitted: quantity(records.iter().map(|(_, record)| *record)),
            read_back: (!read.is_empty()).then(|| quantity(read)),
            described: true,
        }
    });
    let unknown = (books.unknown.possible > 0).then_some(Reconciliation {
        specification: None,
        group: None,
        dispatched: books.unknown.certain,
        sent: books.unknown.possible,
        records: 0,
        submitted: 0.0,
        read_back: None,
        described: false,
    });
    rows.chain(unknown).collect()
}

fn read_back<'t>(call: &MiCall, traffic: &'t Traffic) -> Option<&'t MiRecord> {
    let read = traffic
        .mi_reads()
        .iter()
        .find(|read| Some(&read.id) == call.id.as_ref() && read.answer == Answer::Status(200));
    read.and_then(|read| read.record.as_ref())
}

/// The sum of quantities; a record submitted again word for word is counted once, since doubling
/// is a clause of its own.
pub fn quantity<'r>(records: impl IntoIterator<Item = &'r MiRecord>) -> f64 {
    let mut counted: Vec<&MiRecord> = Vec::new();
    for record in records {
        if !counted.contains(&record) {
            counted.push(record);
        }
    }
    // The sum of nothing would be written as -0.
    counted.iter().filter_map(|record| record.quantity).fold(0.0, |sum, quantity| sum + quantity)
}

/// A specification and a group, either of which a letter may lack.
pub type Key = (Option<String>, Option<String>);

/// A key as sentences show it.
pub fn name(key: &Key) -> String {
    let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "none".to_owned());
    format!("specification {}, group {}", part(&key.0), part(&key.1))
}

/// Dispatched letters of a key: how many certainly, how many at most.
#[derive(Default, Clone, Copy)]
pub struct Dispatched {
    /// Read as DISPATCHED.
    pub certain: u64,
    /// Sent DISPATCHED, and not refused.
    pub possible: u64,
}

/// What was dispatched and what was submitted, by specification and group.
pub struct Books<'a> {
    /// The traffic.
    pub traffic: &'a Traffic,
    /// Letters dispatched before the last record, by key.
    pub dispatched: BTreeMap<Key, Dispatched>,
    /// Dispatched letters whose specification the recording does not show.
    pub unknown: Dispatched,
    /// Records taken on by the API, by key.
    pub submitted: BTreeMap<Key, Vec<(&'a MiCall, &'a MiRecord)>>,
    /// Records that were submitted, and nobody knows whether they were taken on, by key.
    pub unanswered: BTreeMap<Key, CallIx>,
    /// Submissions taken on whose payload is not on record.
    pub unreadable: Vec<CallIx>,
}

impl<'a> Books<'a> {
    /// Enters everything the traffic shows.
    pub fn open(traffic: &'a Traffic) -> Self {
        let mut books = Self {
            traffic,
            dispatched: BTreeMap::new(),
            unknown: Dispatched::default(),
            submitted: BTreeMap::new(),
            unanswered: BTreeMap::new(),
            unreadable: Vec::new(),
        };
        for call in traffic.mi().iter().filter(|call| !call.answer.refused()) {
            let key = |record: &MiRecord| (record.specification.clone(), record.group.clone());
            match (&call.record, call.answer.accepted()) {
                (Some(record), true) => {
                    books.submitted.entry(key(record)).or_default().push((call, record));
                }
                (Some(record), false) => drop(books.unanswered.insert(key(record), call.call)),
                (None, true) => books.unreadable.push(call.call),
                (None, false) => {}
            }
        }
        // What is dispatched after the last record belongs to a later report.
        let closing = traffic.mi().last().map_or(Micros::MAX, |call| call.started);
        for (_, letter) in traffic.letters() {
            books.enter(letter, closing);
        }
        books
    }

    fn enter(&mut self, letter: &Letter, closing: Micros) {
        use LetterStatus::Dispatched;
        let sent = letter.sent().any(|(event, update)| {
            update.status == Dispatched && !update.answer.refused() && event.at < closing
        });
        let seen = letter.events.iter().any(|event| {
            matches!(event.kind, EventKind::Read(Some(Dispatched), _)) && event.at < closing
        });
        if !sent {
            return;
        }
        let text = |text: Option<_>| text.map(|text| self.traffic.text(text).to_owned());
        let key = (text(letter.specification()), text(letter.group()));
        let entry = match letter.described {
            true => self.dispatched.entry(key).or_default(),
            false => &mut self.unknown,
        };
        entry.possible += 1;
        entry.certain += u64::from(seen);
    }

    /// The updates that dispatched a key's letters.
    pub fn dispatches(&self, key: &Key) -> BTreeSet<CallIx> {
        let text = |text: Option<_>| text.map(|text| self.traffic.text(text));
        self.traffic
            .letters()
            .filter(|(_, letter)| text(letter.specification()) == key.0.as_deref())
            .filter(|(_, letter)| text(letter.group()) == key.1.as_deref())
            .flat_map(|(_, letter)| letter.sent())
            .filter(|(_, update)| update.status == LetterStatus::Dispatched)
            .map(|(event, _)| event.call)
            .collect()
    }
}
