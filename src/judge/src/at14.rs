//! AT14: submit management information and reconcile it with what was dispatched.
//! Refuses to count what was only sent: a letter certainly dispatched was read as DISPATCHED; one
//! whose update was taken on and never read may or may not be counted by the supplier.

use std::collections::BTreeMap;
use std::ops::Deref;

use letterproof_model::Context;

use crate::books::{Books, Dispatched, name, quantity};
use crate::ruling::{Ruling, Rulings, rule_or};
use crate::tally::Tally;
use crate::traffic::{Answer, CallIx, MiRecord, Traffic};
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
            ("AT14.5", Reported::on_record),
        ],
    )
}

/// The books, with the rulings on them.
pub(crate) struct Reported<'a>(Books<'a>);

impl<'a> Reported<'a> {
    /// Enters everything the traffic shows.
    pub(crate) fn open(traffic: &'a Traffic) -> Self {
        Self(Books::open(traffic))
    }
}

impl<'a> Deref for Reported<'a> {
    type Target = Books<'a>;

    fn deref(&self) -> &Books<'a> {
        &self.0
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
                        && later.record == call.record
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
                (answer, _) => tally.fault(None, [call.call], format!("was {}", answer.words())),
            }
        }
        tally.rule(self.traffic, "record", |n| {
            format!("{}, all taken with 201, naming specification and group", many(n, "record"))
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

    /// The quantities submitted equal the letters dispatched.
    pub(crate) fn quantities(&self) -> Ruling {
        let mut tally = Tally::default();
        for (key, records) in &self.submitted {
            let calls = records.iter().map(|(call, _)| call.call);
            let submitted = quantity(records.iter().map(|(_, record)| *record));
            let Dispatched { certain, possible } =
                self.dispatched.get(key).copied().unwrap_or_default();
            #[allow(clippy::cast_precision_loss)]
            if submitted < certain as f64 || submitted > (possible + self.unknown.possible) as f64 {
                let dispatched = if certain == possible {
                    count(certain)
                } else {
                    format!("{} to {}", count(certain), count(possible))
                };
                let words = format!(
                    "has {submitted} submitted and {dispatched} dispatched ({})",
                    name(key)
                );
                tally.fault(None, calls, words);
            } else if submitted <= possible as f64 {
                tally.good(calls);
            } else {
                let words = format!("may be that of dispatched letters ({})", name(key));
                tally.open(None, calls, words);
            }
        }
        if tally.checked() == 0 {
            return Ruling::open("no record was taken on", "there is nothing to compare");
        }
        self.undecided(tally.rule(self.traffic, "group", |n| {
            format!("{} of letters, quantities equal the letters dispatched", many(n, "group"))
        }))
    }

    fn none_twice(&self) -> Ruling {
        let mut tally = Tally::default();
        for (key, records) in &self.submitted {
            let mut dates: BTreeMap<&str, Vec<CallIx>> = BTreeMap::new();
            for (call, record) in records {
                dates.entry(record.date()).or_default().push(call.call);
            }
            for (date, calls) in dates {
                if calls.len() > 1 {
                    let words = format!("has {} records for {date} ({})", calls.len(), name(key));
                    tally.fault(None, calls, words);
                } else {
                    tally.good(calls);
                }
            }
        }
        if tally.checked() == 0 {
            return Ruling::open("no record was taken on", "there is nothing to compare");
        }
        self.undecided(tally.rule(self.traffic, "reporting date", |n| {
            format!("{} by specification and group, one record each", many(n, "reporting date"))
        }))
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
        Ruling::open("not everything is on record", reason)
            .shown_by(self.unreadable.iter().copied())
    }

    fn on_record(&self) -> Ruling {
        let mut tally = Tally::default();
        let mut read = 0;
        for call in self.traffic.mi().iter().filter(|call| call.answer.accepted()) {
            let Some(record) = &call.record else {
                tally.open(None, [call.call], "is recorded without its payload");
                continue;
            };
            let reads = self.traffic.mi_reads().iter().filter(|read| {
                Some(&read.id) == call.id.as_ref() && read.answer == Answer::Status(200)
            });
            let mut shown = vec![call.call];
            let mut differs = call.echoed.as_ref().is_some_and(|echoed| echoed != record);
            for back in reads {
                read += 1;
                shown.push(back.call);
                differs |= back.record.as_ref().is_some_and(|back| back != record);
            }
            if differs {
                tally.fault(None, shown, "reads back differently from what was submitted");
            } else if call.echoed.is_none() {
                // Without the answer its id is not known either, so no read can be told to be its.
                tally.open(None, shown, "is recorded without its answer's body");
            } else {
                tally.good(shown);
            }
        }
        if tally.checked() == 0 {
            return Ruling::open("no record was taken on", "there is nothing to read back");
        }
        let ruling = tally.rule(self.traffic, "record", |n| {
            format!("{} with payload and answer, {read} read back", many(n, "record"))
        });
        if ruling.passed() && read == 0 {
            return ruling.because(
                "no record was read with GET /mi/{id}; the answers to the submissions were compared",
            );
        }
        ruling
    }
}
