//! The catalogue of habits: allowed ways of working that are not the sample supplier's usual ones.
//!
//! A habit is no fault: nobody may be blamed for it. What the pack or the API forbids has a row in
//! the catalogue of faults. The work asks for habits at the few points where suppliers differ.

use std::fmt;

use letterproof_model::LetterStatus::{
    self, Cancelled, Delivered, Dispatched, Enclosed, Failed, Printed, Returned,
};

use crate::faults::{UnknownName, find};

/// An allowed way of working.
#[derive(Debug)]
pub struct HabitEntry {
    /// The name on the command line.
    pub name: &'static str,
    /// What the supplier does, in one sentence.
    pub does: &'static str,
    pub(crate) manner: Manner,
}

impl fmt::Display for HabitEntry {
    /// One line: name and what it does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<26} {}", self.name, self.does)
    }
}

/// Every habit, grouped by the part of the work.
#[must_use]
pub fn habit_catalogue() -> &'static [HabitEntry] {
    CATALOGUE
}

const fn row(name: &'static str, does: &'static str, manner: Manner) -> HabitEntry {
    HabitEntry { name, does, manner }
}

#[rustfmt::skip]
const CATALOGUE: &[HabitEntry] = &[
    // Taking on.
    row("lists-of-1", "Takes on letters one by one.", Manner::ListsOf(1)),
    row("lists-of-100", "Asks for 100 letters at a time.", Manner::ListsOf(100)),
    row("lists-of-500", "Asks for 500 letters at a time.", Manner::ListsOf(500)),
    row("list-by-list", "Takes on and produces one list before it asks for the next.", Manner::ListByList),
    row("parallel-workers", "Has four workers send their parts of each update at the same time.", Manner::Workers(4)),
    row("reject-bad-pdfs", "Fetches documents first and rejects letters it cannot produce.", Manner::RejectBadPdfs),
    row("reject-groupless", "Rejects letters that name no group.", Manner::RejectGroupless),
    row("fail-bad-pdfs", "Accepts letters without a document and reports them as FAILED.", Manner::FailBadPdfs),
    // Moving letters.
    row("post-only", "Sends every update with POST.", Manner::Singly(0)),
    row("patch-only", "Sends every update but the answer to a list with PATCH.", Manner::Singly(100)),
    row("mixed-updates", "Sends every second update with PATCH, the others with POST.", Manner::Singly(50)),
    row("no-optional-status", "Reports letters as DISPATCHED and nothing else.", Manner::Path(&[Dispatched])),
    row("every-status", "Reports letters as PRINTED, ENCLOSED, DISPATCHED and DELIVERED.", Manner::Path(&[Printed, Enclosed, Dispatched, Delivered])),
    row("printed-not-enclosed", "Reports letters as PRINTED, DISPATCHED and DELIVERED.", Manner::Path(&[Printed, Dispatched, Delivered])),
    row("enclosed-not-printed", "Reports letters as ENCLOSED, DISPATCHED and DELIVERED.", Manner::Path(&[Enclosed, Dispatched, Delivered])),
    row("returned-undelivered", "Reports letters as DISPATCHED and RETURNED.", Manner::Path(&[Dispatched, Returned])),
    row("returned-delivered", "Reports letters as DISPATCHED, DELIVERED and RETURNED.", Manner::Path(&[Dispatched, Delivered, Returned])),
    row("cancel-accepted", "Cancels letters it has accepted.", Manner::Path(&[Cancelled])),
    row("cancel-printed", "Cancels letters it has printed.", Manner::Path(&[Printed, Cancelled])),
    row("cancel-enclosed", "Cancels letters it has printed and enclosed.", Manner::Path(&[Printed, Enclosed, Cancelled])),
    row("fail-accepted", "Reports accepted letters as FAILED.", Manner::Path(&[Failed])),
    row("fail-printed", "Reports printed letters as FAILED.", Manner::Path(&[Printed, Failed])),
    row("fail-enclosed", "Reports printed and enclosed letters as FAILED.", Manner::Path(&[Printed, Enclosed, Failed])),
    row("forward-without-code", "Reports FORWARDED with a text and no code.", Manner::ForwardWithoutCode),
    row("days-apart", "Lets a day pass after each status.", Manner::DayBetweenStatuses),
    row("no-read-backs", "Reads no status after a letter's acceptance; it waits instead.", Manner::NoReadBacks),
    row("read-once", "Reads each status once, late, when an update has had its time.", Manner::ReadOnce),
    row("look-again", "Reads every letter ten times more, and asks for the list as often.", Manner::LookAgain(10)),
    // Documents.
    row("any-length", "Produces letters of any number of pages.", Manner::AnyLength),
    row("whole-range", "Asks for documents from their first byte on, as a range.", Manner::WholeRange),
    row("in-parts", "Fetches each document in two parts, as ranges.", Manner::InParts),
    row("looks-twice", "Fetches each document twice with one link, and compares the copies.", Manner::LooksTwice),
    row("follow-redirects", "Lets its HTTP library follow the link to a document.", Manner::FollowRedirects),
    // Calls.
    row("same-request-id", "Repeats a call with the request id of the first try.", Manner::SameRequestId),
    row("correlation-per-list", "Sends one X-Correlation-ID with all calls for a list.", Manner::CorrelationPerList),
    row("correlation-per-call", "Sends a new X-Correlation-ID with each call.", Manner::CorrelationPerCall),
    row("http2", "Speaks HTTP/2 from the first byte (a mock does not; a witness does).", Manner::Http2),
    row("no-keep-alive", "Opens a connection for each call.", Manner::NoKeepAlive),
    row("clock-slow", "Has a clock that is 4 minutes slow.", Manner::ClockOff(-240)),
    row("clock-fast", "Has a clock that is 4 minutes fast.", Manner::ClockOff(240)),
    row("renew-early", "Renews tokens in the first quarter of their life.", Manner::RenewEarly),
    row("renew-late", "Renews a token when it is refused.", Manner::RenewLate),
    // Management information.
    row("mi-daily", "Produces each list on a day of its own and reports each day.", Manner::ReportEachDay),
    row("mi-per-line-item", "Reports letters, sheets and envelopes, each in a record.", Manner::ReportLineItems),
    row("mi-printed", "Reports the letters it has printed.", Manner::ReportPrinted),
    row("mi-after-midnight", "Reports a day when the next one has begun.", Manner::ReportAfterMidnight),
    row("mi-day-begin", "Stamps records with the first moment of their day.", Manner::StampDayBegin),
    row("mi-day-end", "Stamps records with the last second of their day.", Manner::StampDayEnd),
];

/// One of the catalogue's habits.
#[derive(Debug, Clone, Copy)]
pub struct Habit(&'static HabitEntry);

impl Habit {
    /// The habit of this name.
    ///
    /// # Errors
    /// There is none; the message offers the nearest.
    pub fn parse(name: &str) -> Result<Self, UnknownName> {
        find("habit", name, habit_catalogue(), |entry| entry.name).map(Self)
    }

    pub(crate) const fn manner(self) -> Manner {
        self.0.manner
    }
}

impl fmt::Display for Habit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0.name)
    }
}

/// An allowed way of working.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    // Taking on.
    /// A list asks for so many letters where the pack names no number.
    ListsOf(u32),
    /// One list is taken on and produced before the next is asked for.
    ListByList,
    /// Several workers share a list: each sends its part of an update, all at the same time.
    Workers(usize),
    /// Every document is fetched before its letter is accepted, and letters that cannot be produced
    /// are rejected.
    RejectBadPdfs,
    /// Letters that name no group are rejected.
    RejectGroupless,
    /// Letters without a document are accepted and then reported as FAILED.
    FailBadPdfs,
    // Moving letters.
    /// So many letters of a hundred are updated one by one, the others together.
    Singly(usize),
    /// Letters of ordinary print go this way after their acceptance.
    Path(&'static [LetterStatus]),
    /// FORWARDED carries a text and no code.
    ForwardWithoutCode,
    /// A day passes after each status.
    DayBetweenStatuses,
    /// No status but the answer to a list is read: the time that updates have is waited out.
    NoReadBacks,
    /// Each status is read late, so that once is enough: after half of the time that updates have.
    ReadOnce,
    /// Letters are read so often again, and the list asked for, when all is known.
    LookAgain(usize),
    // Documents.
    /// Letters of any number of pages are produced.
    AnyLength,
    /// Documents are asked for as a range that is the whole of them.
    WholeRange,
    /// Documents are asked for in two ranges, one after the other.
    InParts,
    /// Documents are fetched a second time with the same link.
    LooksTwice,
    /// The HTTP library follows the redirect to the document by itself.
    FollowRedirects,
    // Calls.
    /// A repeated call carries the request id of the first try.
    SameRequestId,
    /// All calls between two lists carry one correlation id.
    CorrelationPerList,
    /// Every call carries a correlation id of its own.
    CorrelationPerCall,
    /// Calls go over HTTP/2 from the first byte.
    Http2,
    /// Every call opens a connection of its own.
    NoKeepAlive,
    /// The clock is off by so many seconds, and assertions live as long as that needs.
    ClockOff(i64),
    /// Tokens are renewed in the first quarter of their life.
    RenewEarly,
    /// Tokens are renewed when they are refused.
    RenewLate,
    // Management information.
    /// Lists are produced on a day each, and each day is reported.
    ReportEachDay,
    /// Sheets and envelopes are reported beside letters.
    ReportLineItems,
    /// The letters that were printed are reported.
    ReportPrinted,
    /// A day is reported when the next one has begun.
    ReportAfterMidnight,
    /// A record bears the first moment of its day.
    StampDayBegin,
    /// A record bears the last second of its day.
    StampDayEnd,
}

#[cfg(test)]
mod tests {
    use letterproof_model::{LetterStatus, Move, judge_move};

    use super::*;

    #[test]
    fn names_are_unique_and_no_two_habits_are_the_same() {
        for (at, one) in CATALOGUE.iter().enumerate() {
            assert!(one.does.ends_with('.') && one.to_string().contains(one.name));
            for two in &CATALOGUE[at + 1..] {
                assert!(one.name != two.name && one.manner != two.manner, "{}", one.name);
            }
        }
    }

    #[test]
    fn no_way_of_a_habit_is_against_the_lifecycle() {
        for entry in CATALOGUE {
            let Manner::Path(path) = entry.manner else { continue };
            let mut from = LetterStatus::Accepted;
            for to in path {
                assert_eq!(judge_move(from, *to), Move::Eligible, "{}", entry.name);
                from = *to;
            }
        }
    }

    #[test]
    fn every_habit_of_the_catalogue_is_found_by_its_name_and_no_other_is() {
        for entry in habit_catalogue() {
            assert_eq!(Habit::parse(&format!(" {} ", entry.name)).unwrap().to_string(), entry.name);
        }
        let message = Habit::parse("post-olny").unwrap_err().to_string();
        assert!(message.contains("did you mean `post-only`?"), "{message}");
        let message = Habit::parse("zzz").unwrap_err().to_string();
        assert!(!message.contains("did you mean") && message.contains("--habit list"), "{message}");
    }
}
