//! A day's work: which parts the selected tests need, in the order of the day, and going through
//! them.
//!
//! What a part rests on is done too, and what must never go to print never does. No letter goes on
//! before its status was seen, and none is worked on twice.

mod documents;
mod fast_intake;
mod management_information;
mod production;
mod taking_on;
mod updates;

use std::collections::{BTreeSet, HashSet};
use std::fmt;

use letterproof_model::{LetterId, LetterStatus, TestId};
use parking_lot::Mutex;
use production::Job;
use serde::Serialize;
use tokio::time::{Instant, sleep};

use crate::faults::Faults;
use crate::habits::Manner;
use crate::line::Line;
use crate::report::{PartReport, ShiftReport, SupplierError};
use crate::settings::SupplierSettings;

/// A part of the day's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Ask whether the API is up, and whether it lets the supplier in (AT1).
    Connect,
    /// Receive the whole list in one call (AT2).
    WholeList,
    /// Receive it again, at once and after the visibility timeout (AT3).
    ListAgain,
    /// Accept what can be produced and reject what cannot, until the queue is empty (AT4, AT13).
    TakeOn,
    /// Download and verify what was accepted.
    Fetch,
    /// Take the letters through the house (AT5 to AT12).
    Produce,
    /// Submit management information (AT14).
    Report,
    /// Take in a full queue at speed (AT15).
    FastIntake,
}

impl Part {
    /// The part's name as reports show it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::WholeList => "whole list",
            Self::ListAgain => "list again",
            Self::TakeOn => "take on",
            Self::Fetch => "fetch",
            Self::Produce => "produce",
            Self::Report => "report",
            Self::FastIntake => "fast intake",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The plan of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    parts: BTreeSet<Part>,
    statuses: BTreeSet<LetterStatus>,
}

impl Shift {
    /// The parts of the day that these tests need, with all they rest on.
    #[must_use]
    pub fn of(tests: &[TestId]) -> Self {
        let mut shift = Self { parts: BTreeSet::new(), statuses: BTreeSet::new() };
        for test in tests {
            let (parts, statuses) = needs(*test);
            shift.parts.extend(parts);
            shift.statuses.extend(statuses);
        }
        shift
    }

    /// The parts, in the order of the day.
    pub fn parts(&self) -> impl Iterator<Item = Part> + '_ {
        self.parts.iter().copied()
    }

    /// Whether a part belongs to this day.
    #[must_use]
    pub fn has(&self, part: Part) -> bool {
        self.parts.contains(&part)
    }

    /// Whether letters are taken to a status on this day.
    #[must_use]
    pub fn reaches(&self, status: LetterStatus) -> bool {
        self.statuses.contains(&status)
    }
}

fn needs(test: TestId) -> (&'static [Part], &'static [LetterStatus]) {
    use LetterStatus::{
        Cancelled, Delivered, Dispatched, Enclosed, Failed, Forwarded, Printed, Returned,
    };
    use Part::{Connect, FastIntake, Fetch, ListAgain, Produce, Report, TakeOn, WholeList};
    const HOUSE: &[Part] = &[TakeOn, Fetch, Produce];
    match test.number() {
        1 => (&[Connect], &[]),
        2 => (&[WholeList], &[]),
        3 => (&[WholeList, ListAgain, TakeOn, Fetch], &[]),
        4 | 13 => (&[TakeOn], &[]),
        5 => (HOUSE, &[Printed, Forwarded, Failed]),
        6 => (HOUSE, &[Enclosed, Forwarded, Failed]),
        7 => (HOUSE, &[Dispatched, Forwarded, Failed]),
        8 => (HOUSE, &[Delivered, Forwarded, Failed]),
        9 => (HOUSE, &[Forwarded, Failed]),
        10 => (HOUSE, &[Dispatched, Delivered, Returned, Forwarded, Failed]),
        11 => (HOUSE, &[Printed, Enclosed, Cancelled, Forwarded, Failed]),
        12 => (HOUSE, &[Printed, Forwarded, Failed]),
        14 => (&[TakeOn, Fetch, Produce, Report], &[Dispatched, Forwarded, Failed]),
        _ => (&[FastIntake], &[]),
    }
}

/// How far a piece of the day's work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayProgress<'a> {
    /// What is being done, as a short phrase.
    pub what: &'a str,
    /// How many letters are done.
    pub done: usize,
    /// How many there are, where known.
    pub total: Option<usize>,
}

/// Who is told how far the day is.
pub(crate) type Listener<'a> = dyn Fn(DayProgress<'_>) + Send + Sync + 'a;

/// A day in the supplier.
pub(crate) struct Day<'a> {
    settings: &'a SupplierSettings,
    faults: &'a Faults,
    line: &'a Line,
    progress: &'a Listener<'a>,
    report: &'a Mutex<ShiftReport>,
    /// Letters taken on today.
    jobs: Vec<Job>,
    /// Letters that were handled, so that none is handled twice.
    known: HashSet<LetterId>,
    /// Until when letters that were listed and not handled are hidden.
    hidden_until: Option<Instant>,
    /// Whether the one letter that a fault sends astray has been sent.
    strayed: bool,
    /// Days that a habit has let pass.
    days: u32,
}

impl<'a> Day<'a> {
    pub(crate) fn new(
        settings: &'a SupplierSettings,
        faults: &'a Faults,
        line: &'a Line,
        progress: &'a Listener<'a>,
        report: &'a Mutex<ShiftReport>,
    ) -> Self {
        Self {
            settings,
            faults,
            line,
            progress,
            report,
            jobs: Vec::new(),
            known: HashSet::new(),
            hidden_until: None,
            strayed: false,
            days: 0,
        }
    }

    /// Works the day.
    pub(crate) async fn work(mut self, shift: Shift) -> Result<(), SupplierError> {
        let mut whole = Vec::new();
        for part in shift.parts() {
            self.tell(part.as_str(), 0, None);
            let text = match part {
                Part::Connect => self.connect(&shift).await?,
                Part::WholeList => {
                    whole = self.whole_list().await?;
                    format!("{} letters listed", whole.len())
                }
                Part::ListAgain => self.list_again(&whole).await?,
                Part::TakeOn => self.take_on().await?,
                Part::Fetch => self.fetch().await?,
                Part::Produce => {
                    let first = self.produce(&shift).await?;
                    self.fetch_afterwards().await?;
                    self.further_lists(&shift)
                        .await?
                        .map_or(first, |lists| format!("{lists} lists"))
                }
                Part::Report => self.submit().await?,
                Part::FastIntake => self.fast_intake().await?,
            };
            self.report.lock().parts.push(PartReport { part, text });
        }
        Ok(())
    }

    /// Whether the next list waits until the last one was produced.
    fn list_by_list(&self) -> bool {
        self.settings.has(Manner::ListByList) || self.settings.has(Manner::ReportEachDay)
    }

    /// Where a habit wants it: takes on and produces the further lists, one after another. Gives how
    /// many lists there were.
    async fn further_lists(&mut self, shift: &Shift) -> Result<Option<usize>, SupplierError> {
        if !self.list_by_list() {
            return Ok(None);
        }
        for lists in 1.. {
            let known = self.known.len();
            if self.settings.has(Manner::ReportEachDay) {
                self.submit().await?;
                self.let_a_day_pass().await;
            }
            self.take_on().await?;
            if self.known.len() == known {
                return Ok(Some(lists));
            }
            self.fetch().await?;
            self.produce(shift).await?;
        }
        Ok(None)
    }

    /// Waits until the next day; the day's token is not kept.
    async fn let_a_day_pass(&mut self) {
        self.tell("waiting for the next day", 0, None);
        sleep(self.settings.day).await;
        self.line.begin_day();
        self.days += 1;
    }

    /// Tells how far a piece of work is.
    fn tell(&self, what: &str, done: usize, total: Option<usize>) {
        (self.progress)(DayProgress { what, done, total });
    }

    /// Puts something down for a person to look into.
    fn note(&self, problem: String) {
        self.report.lock().problems.push(problem);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shift(tests: &[u8]) -> Shift {
        Shift::of(&tests.iter().filter_map(|number| TestId::new(*number)).collect::<Vec<_>>())
    }

    #[test]
    fn a_part_comes_with_all_it_rests_on_and_in_the_order_of_the_day() {
        let parts: Vec<Part> = shift(&[14, 1]).parts().collect();
        assert_eq!(parts, [Part::Connect, Part::TakeOn, Part::Fetch, Part::Produce, Part::Report]);
    }

    #[test]
    fn what_must_not_be_printed_is_forwarded_or_failed_on_every_day_with_production() {
        for test in 1..=15 {
            let shift = shift(&[test]);
            let produces = shift.has(Part::Produce);
            for status in [LetterStatus::Forwarded, LetterStatus::Failed] {
                assert_eq!(shift.reaches(status), produces, "AT{test} {status}");
            }
        }
    }

    #[test]
    fn only_what_was_asked_for_is_done() {
        assert!(!shift(&[4]).has(Part::Fetch));
        assert!(!shift(&[7]).reaches(LetterStatus::Printed));
        assert_eq!(shift(&[15]).parts().collect::<Vec<_>>(), [Part::FastIntake]);
    }
}
