//! The plan of the day: which parts of the work the selected tests need, in the order of the day.
//! Refuses half work: what a part rests on is done too, and what must never go to print never does.

use std::collections::BTreeSet;
use std::fmt;

use letterproof_model::{LetterStatus, TestId};
use serde::Serialize;

/// A part of the day's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Ask whether the API is up, and whether it lets the print house in (AT1).
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
