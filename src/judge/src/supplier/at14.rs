//! AT14: submit management information and reconcile it with what was processed. The supplier counts
//! its processed letters as it does: all as dispatched, or all as printed, and by line item where it
//! reports several. A letter certainly dispatched was read as DISPATCHED; one whose update was
//! accepted and never read may or may not be counted by the supplier.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use letterproof_model::Context;

use crate::books::{Books, Dispatched, Key, name, quantity};
use crate::ruling::{Ruling, Rulings, rule_or};
use crate::tally::Tally;
use crate::traffic::{Answer, CallIx, MiCall, MiRecord, Micros, Traffic};
use letterproof_model::text::{count, many};

/// Judges AT14.
pub(crate) fn judge(traffic: &Traffic, _: &Context) -> Rulings {
    let books = Reported::open(traffic);
    let nothing = Ruling::not_run("no record was submitted");
    rule_or(
        if traffic.mi().is_empty() { Err(nothing) } else { Ok(&books) },
        [
            ("AT14.1", Reported::taken),
            ("AT14.2", Reported::quantities),
            ("AT14.3", Reported::none_twice),
            ("AT14.4", Reported::none_missing),
        ],
    )
}

/// The books, with the rulings on them.
pub(crate) struct Reported<'a> {
    books: Books<'a>,
    printed: BTreeMap<Key, Dispatched>,
}

impl<'a> Reported<'a> {
    /// Enters everything the traffic shows.
    pub(crate) fn open(traffic: &'a Traffic) -> Self {
        Self { printed: printed(traffic), books: Books::open(traffic) }
    }
}

/// Letters reported as produced in any way before the last record, by specification and group.
fn printed(traffic: &Traffic) -> BTreeMap<Key, Dispatched> {
    let closing = traffic.mi().last().map_or(Micros::MAX, |call| call.started);
    let mut printed: BTreeMap<Key, Dispatched> = BTreeMap::new();
    for (_, letter) in traffic.letters().filter(|(_, letter)| letter.described) {
        let sent = |wanted: fn(Answer) -> bool| {
            letter.sent().any(|(event, update)| {
                update.status.is_production() && wanted(update.answer) && event.at < closing
            })
        };
        if sent(|answer| !answer.refused()) {
            let text = |text: Option<_>| text.map(|text| traffic.text(text).to_owned());
            let of =
                printed.entry((text(letter.specification()), text(letter.group()))).or_default();
            of.possible += 1;
            of.certain += u64::from(sent(Answer::accepted));
        }
    }
    printed
}

/// A record as it is compared: `+00:00` is UTC, as `Z` is.
fn in_utc(record: &MiRecord) -> MiRecord {
    let utc = |time: &String| match time.strip_suffix("+00:00") {
        Some(time) => format!("{time}Z"),
        None => time.clone(),
    };
    MiRecord { timestamp: record.timestamp.as_ref().map(utc), ..record.clone() }
}

/// The line items of a group's records with the quantity of each.
fn items<'r>(records: &[(&MiCall, &'r MiRecord)]) -> BTreeMap<Option<&'r str>, f64> {
    let names = records.iter().map(|(_, record)| record.line_item.as_deref());
    let of = |item: Option<&str>| {
        let of_item = records.iter().filter(|(_, record)| record.line_item.as_deref() == item);
        quantity(of_item.map(|(_, record)| *record))
    };
    names.map(|item| (item, of(item))).collect()
}

/// Whether a line item says that it counts letters: another one that happens to fit says nothing
/// for it. Sheets, envelopes and inserts are as many as they are.
fn counts_letters(item: &Option<&str>) -> bool {
    item.is_some_and(|item| item.to_lowercase().contains("letter"))
}

/// What the records of a group may count letters with: all line items together, or each on its own;
/// where some say that they count letters, those alone.
fn counted(records: &[(&MiCall, &MiRecord)]) -> Vec<f64> {
    let mut items = items(records);
    if items.keys().any(counts_letters) {
        items.retain(|item, _| counts_letters(item));
    }
    std::iter::once(items.values().sum()).chain(items.values().copied()).collect()
}

/// How many records were counted once because they are equal; nothing where each is its own.
fn equal_records(records: &[(&MiCall, &MiRecord)]) -> String {
    let own = |at: usize| records[..at].iter().all(|(_, known)| *known != records[at].1);
    let counted = (0..records.len()).filter(|at| own(*at)).count();
    if counted == records.len() {
        return String::new();
    }
    let all = records.iter().filter_map(|(_, record)| record.quantity).sum::<f64>();
    format!(" (equal records counted once; {all} in all {})", many(records.len(), "record"))
}

impl<'a> Deref for Reported<'a> {
    type Target = Books<'a>;

    fn deref(&self) -> &Books<'a> {
        &self.books
    }
}

impl Reported<'_> {
    fn taken(&self) -> Ruling {
        let mut tally = Tally::default();
        for call in self.traffic.mi() {
            let repeated = || {
                self.traffic.mi().iter().any(|later| {
                    later.call != call.call
                        && later.started >= call.started
                        && later.record.as_ref().map(in_utc) == call.record.as_ref().map(in_utc)
                        && !later.answer.asks_for_repeat()
                })
            };
            match (call.answer, &call.record) {
                (answer, _) if answer.asks_for_repeat() && repeated() => tally.good([call.call]),
                (Answer::Status(201), Some(record)) => {
                    match self.unnamed(record) {
                        Some(words) => tally.fault(None, [call.call], words),
                        None => tally.good([call.call]),
                    };
                }
                (Answer::Status(201), None) => {
                    tally.open(None, [call.call], "is recorded without its payload");
                }
                (Answer::Lost, _) => tally.open(None, [call.call], "was not answered"),
                // The specification says `date-time`: that the API wants `Z` is its own deviation.
                (Answer::Status(400), Some(record)) if in_utc(record) != *record => {
                    if repeated() {
                        tally.good([call.call]);
                    } else {
                        let words = "was answered with 400 for a time in UTC written as +00:00";
                        tally.open(None, [call.call], words);
                    }
                }
                (answer, _) => tally.fault(None, [call.call], format!("was {}", answer.words())),
            }
        }
        tally.rule(self.traffic, "record", |n| {
            format!(
                "{}, all answered with 201, each naming specification and group",
                many(n, "record")
            )
        })
    }

    /// What a record fails to name; letters without a group leave their record without one.
    fn unnamed(&self, record: &MiRecord) -> Option<&'static str> {
        if record.specification.is_none() {
            return Some("names no specification");
        }
        let groupless = (record.specification.clone(), None);
        (record.group.is_none() && !self.dispatched.contains_key(&groupless))
            .then_some("names no group")
    }

    /// The quantities submitted equal the letters processed. A supplier counts in one way: what it
    /// dispatched or, with what is on its way, what it printed.
    pub(crate) fn quantities(&self) -> Ruling {
        let dispatched = self.equal(&self.dispatched, "dispatched");
        if !dispatched.failed() {
            return dispatched;
        }
        let printed = self.equal(&self.printed, "printed");
        if printed.failed() { dispatched } else { printed }
    }

    #[allow(clippy::cast_precision_loss)]
    fn equal(&self, processed: &BTreeMap<Key, Dispatched>, how: &str) -> Ruling {
        let mut tally = Tally::default();
        // What no clause holds against anything, so that nobody takes it for checked.
        let mut other: BTreeSet<&str> = BTreeSet::new();
        for (key, records) in &self.submitted {
            let calls = records.iter().map(|(call, _)| call.call);
            let Dispatched { certain, possible } = processed.get(key).copied().unwrap_or_default();
            let counts = counted(records);
            let fits = |most: u64| {
                counts.iter().any(|count| *count >= certain as f64 && *count <= most as f64)
            };
            if fits(possible) {
                let fit = |count: f64| count >= certain as f64 && count <= possible as f64;
                let items = items(records);
                if !fit(items.values().sum()) {
                    let left = items.iter().filter(|(_, count)| !fit(**count));
                    other.extend(left.filter_map(|(item, _)| *item));
                }
                tally.good(calls);
            } else if fits(possible + self.unknown.possible) {
                let words = format!("may be that of {how} letters ({})", name(key));
                tally.open(None, calls, words);
            } else {
                let letters = if certain == possible {
                    count(certain)
                } else {
                    format!("{} to {}", count(certain), count(possible))
                };
                let words = format!(
                    "has {} submitted{} and {letters} {how} ({})",
                    counts[0],
                    equal_records(records),
                    name(key)
                );
                tally.fault(None, calls, words);
            }
        }
        if tally.checked() == 0 {
            return Ruling::open("no record was accepted", "there is nothing to compare");
        }
        let ruling = self.undecided(tally.rule(self.traffic, "group", |n| {
            format!("{} of letters, quantities equal the letters {how}", many(n, "group"))
        }));
        match other.is_empty() || !ruling.passed() {
            true => ruling,
            false => {
                let other: Vec<&str> = other.into_iter().collect();
                ruling.because(format!("not compared with letters: {}", other.join(", ")))
            }
        }
    }

    /// Whether a group has a line item made up for each of its letters.
    fn made_up(&self, key: &Key, records: &[(&MiCall, &MiRecord)]) -> bool {
        let items: BTreeSet<_> = records.iter().map(|(_, record)| &record.line_item).collect();
        let letters = [&self.dispatched, &self.printed].map(|of| of.get(key).map(|of| of.possible));
        // One letter may have three line items of one each, and two letters one each of two.
        items.len() > 2
            && records.iter().all(|(_, record)| record.quantity == Some(1.0))
            && letters.contains(&Some(items.len() as u64))
    }

    /// One record for each date and line item of a group; that a date has several line items is by
    /// the pack's letter a second record, and in the API's sense none.
    fn none_twice(&self) -> Ruling {
        let mut tally = Tally::default();
        let mut several = 0;
        for (key, records) in &self.submitted {
            let mut dates: BTreeMap<&str, BTreeMap<Option<&str>, Vec<CallIx>>> = BTreeMap::new();
            for (call, record) in records {
                let items = dates.entry(record.date()).or_default();
                items.entry(record.line_item.as_deref()).or_default().push(call.call);
            }
            if self.made_up(key, records) {
                let calls = records.iter().map(|(call, _)| call.call);
                let words = format!("has a line item for each letter ({})", name(key));
                tally.fault(None, calls, words);
                continue;
            }
            for (date, items) in dates {
                several += usize::from(items.len() > 1);
                match items.values().find(|calls| calls.len() > 1) {
                    Some(calls) => {
                        let words =
                            format!("has {} records for {date} ({})", calls.len(), name(key));
                        tally.fault(None, calls.iter().copied(), words);
                    }
                    None => tally.good(items.into_values().flatten()),
                }
            }
        }
        if tally.checked() == 0 {
            return Ruling::open("no record was accepted", "there is nothing to compare");
        }
        let ruling = self.undecided(tally.rule(self.traffic, "reporting date", |n| {
            format!("{} by specification and group, one record each", many(n, "reporting date"))
        }));
        if several == 0 || !ruling.passed() {
            return ruling;
        }
        ruling.because(format!(
            "{} has records that differ only in their line item, which the API treats as separate \
             records",
            many(several, "reporting date")
        ))
    }

    /// Every specification and group dispatched has a record.
    pub(crate) fn none_missing(&self) -> Ruling {
        let mut tally = Tally::default();
        for (key, _) in self.dispatched.iter().filter(|(_, letters)| letters.certain > 0) {
            match (self.submitted.get(key), self.unanswered.get(key)) {
                (Some(records), _) => tally.good(records.iter().map(|(call, _)| call.call)),
                (None, Some(call)) => {
                    let words = format!("has a record that was not answered ({})", name(key));
                    tally.open(None, [*call], words);
                }
                (None, None) => {
                    let calls = self.dispatches(key);
                    tally.fault(None, calls, format!("has no record ({})", name(key)));
                }
            }
        }
        if tally.checked() == 0 {
            let reason = "no letter was read as DISPATCHED before the records were submitted";
            return Ruling::open("nothing dispatched", reason);
        }
        self.undecided(tally.rule(self.traffic, "group", |n| {
            format!("{} of dispatched letters, each with a record", many(n, "group"))
        }))
    }

    /// A pass cannot stand on payloads or specifications that are not on record.
    fn undecided(&self, ruling: Ruling) -> Ruling {
        if ruling.failed() || (self.unreadable.is_empty() && self.unknown.possible == 0) {
            return ruling;
        }
        let reason = format!(
            "{} without its payload, {} of unknown specification",
            many(self.unreadable.len(), "record"),
            many(usize::try_from(self.unknown.possible).unwrap_or(usize::MAX), "dispatched letter")
        );
        Ruling::open("the recording is incomplete", reason)
            .shown_by(self.unreadable.iter().copied())
    }
}
