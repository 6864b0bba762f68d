//! What a run was asked to show, fixed before its first request and kept with its journal; and who
//! stands behind it.
//!
//! With the journal it is all that judging needs, so that anyone can derive the results again. The
//! supplier, its application, who answers for the test, and the test window are stated by whoever
//! ran it, and nothing is decided by them. No field is meant for a secret: an application's id is
//! not one, and an API key has no place here.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Context, Mark, MarkKind, Strict, SupplierKind, TestId, Waiver, pack};

/// What a run was asked to show, of whom, and against what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brief {
    /// What is judged.
    pub selection: Selection,
    /// Who makes the traffic.
    pub supplier: SupplierKind,
    /// What judging must know of the target.
    pub context: Context,
    /// The test window (1 or 2), where the run belongs to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<u8>,
    /// The reviewer's nonce, where one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// Who stands behind the run, as far as that was stated.
    #[serde(default, skip_serializing_if = "Who::is_empty")]
    pub who: Who,
    /// Failures that were agreed to be waived.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waivers: Vec<Waiver>,
    /// SHA-256 of the official specification that bodies are held against, in hexadecimal; absent
    /// when the built-in schemas are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub specification: Option<String>,
    /// Whether an attempt left unfinished leaves its criteria open. Earlier versions did not ask
    /// that, and their runs are judged as they were.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole_attempts: bool,
    /// Optional tests that decide the exit code like required ones: the supplier's profile declares
    /// them, or they were asked for by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deciding: Vec<TestId>,
    /// What decides beside the verdicts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strict: Option<Strict>,
}

/// Which tests are judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// The acceptance tests asked for.
    pub tests: Vec<TestId>,
    /// Whether the conformance suite was asked for.
    pub conformance: bool,
}

impl Selection {
    /// The whole pack and the conformance suite.
    #[must_use]
    pub fn everything() -> Self {
        Self { tests: pack().iter().map(|test| test.id).collect(), conformance: true }
    }
}

impl Brief {
    /// The optional tests of these, in the pack's order, each once: those that decide where somebody
    /// declared them or asked for them by name.
    #[must_use]
    pub fn optional(tests: &[TestId]) -> Vec<TestId> {
        let optional = pack().iter().filter(|test| !test.required).map(|test| test.id);
        optional.filter(|id| tests.contains(id)).collect()
    }

    /// The brief of a run of the harness's own supplier, without window, nonce or waivers.
    #[must_use]
    pub fn new(selection: Selection, context: Context) -> Self {
        Self {
            selection,
            supplier: SupplierKind::Reference,
            context,
            window: None,
            nonce: None,
            who: Who::default(),
            waivers: Vec::new(),
            specification: None,
            whole_attempts: true,
            deciding: Vec::new(),
            strict: None,
        }
    }
}

/// How a run ended, as the last mark of its journal tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "end", content = "reason", rename_all = "kebab-case")]
pub enum RunEnd {
    /// Everything asked for was tried.
    Whole,
    /// It was asked to stop, or it broke off and left no word.
    Interrupted,
    /// Everything asked for was tried, and what was measured missed what was demanded of it.
    Missed(String),
    /// The target had too few letters, and none was changed.
    Refused(String),
    /// Going on was impossible.
    Stopped(String),
}

impl fmt::Display for RunEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("whole"),
            Self::Interrupted => f.write_str("interrupted"),
            Self::Missed(reason) => write!(f, "missed: {reason}"),
            Self::Refused(reason) => write!(f, "refused: {reason}"),
            Self::Stopped(reason) => write!(f, "stopped: {reason}"),
        }
    }
}

impl RunEnd {
    /// The mark that closes a journal.
    #[must_use]
    pub fn mark(&self, at: Timestamp) -> Mark {
        Mark::new(at, MarkKind::Ended(self.clone()))
    }

    /// How the run of these marks ended. A run that was gone on with after its end, and one whose
    /// end nobody could write, counts as interrupted.
    #[must_use]
    pub fn of(marks: &[Mark]) -> Self {
        match marks.last() {
            Some(Mark { kind: MarkKind::Ended(end), .. }) => end.clone(),
            _ => Self::Interrupted,
        }
    }

    /// The exit code of a run that ended so, whose verdicts alone would give `judged`.
    #[must_use]
    pub fn exit_code(&self, judged: u8) -> u8 {
        match self {
            Self::Stopped(_) => 4,
            Self::Refused(_) => 2,
            Self::Missed(_) => judged.max(1),
            // What was not reached may be an unselected rest: the run is incomplete all the same.
            Self::Interrupted if judged == 0 => 3,
            Self::Interrupted | Self::Whole => judged,
        }
    }
}

/// What stands where nothing was stated.
pub const NOT_STATED: &str = "not stated";

/// Longest text of a field, in characters.
const LONGEST: usize = 200;

/// Who stands behind a run, as far as it was stated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The supplier's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<String>,
    /// The id of the supplier's application on the API platform; no secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_id: Option<String>,
    /// The role of the person who answers for the test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_manager: Option<String>,
    /// The first and the last day of the test window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_dates: Option<WindowDates>,
}

/// The first and the last day of a test window, written `2026-11-02/2026-11-13`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct WindowDates {
    from: Date,
    to: Date,
}

/// How much of a run lies within a test window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Within {
    Whole,
    Part,
    Nothing,
}

impl WindowDates {
    /// The first and the last day.
    pub(crate) const fn days(self) -> (Date, Date) {
        (self.from, self.to)
    }

    /// How much of what was done between two times was done on these days. A day may be one of UTC,
    /// by which times are recorded, or one of the United Kingdom, by which windows are agreed and
    /// which is an hour ahead in summer: nobody is blamed for the hour between them.
    pub(crate) fn holds(self, from: Timestamp, to: Timestamp) -> Within {
        let midnight = |day: Date| Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp());
        let hour = SignedDuration::from_hours(1);
        let begins = midnight(self.from).and_then(|begins| begins.checked_sub(hour).ok());
        let ends = self.to.tomorrow().ok().and_then(midnight);
        // A day at the edge of the calendar bounds nothing.
        let begins = begins.unwrap_or(Timestamp::MIN);
        let ends = ends.unwrap_or(Timestamp::MAX);
        if to < begins || from >= ends {
            Within::Nothing
        } else if from < begins || to >= ends {
            Within::Part
        } else {
            Within::Whole
        }
    }
}

impl FromStr for WindowDates {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let day = |text: &str| text.trim().parse::<Date>().ok();
        let days = text.split_once('/').and_then(|(from, to)| Some((day(from)?, day(to)?)));
        match days {
            Some((from, to)) if from <= to => Ok(Self { from, to }),
            Some(_) => Err("it ends before it begins".to_owned()),
            None => Err("it is not a test window; write its first and last day, for example \
                         2026-11-02/2026-11-13"
                .to_owned()),
        }
    }
}

impl TryFrom<String> for WindowDates {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<WindowDates> for String {
    fn from(dates: WindowDates) -> Self {
        dates.to_string()
    }
}

impl fmt::Display for WindowDates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.from, self.to)
    }
}

/// Reads a text of [`Who`]: one line, of at most 200 characters.
///
/// # Errors
/// With what is wrong with it, for a message that names the field.
pub fn stated(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("it is empty; leave it out, or give some text".to_owned());
    }
    if text.chars().count() > LONGEST || text.chars().any(char::is_control) {
        return Err(format!("give one line of at most {LONGEST} characters"));
    }
    Ok(text.to_owned())
}

impl Who {
    /// Whether nothing was stated.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What is stated here, and where nothing is, what is stated there.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            supplier: self.supplier.or(other.supplier),
            application_id: self.application_id.or(other.application_id),
            test_manager: self.test_manager.or(other.test_manager),
            window_dates: self.window_dates.or(other.window_dates),
        }
    }

    /// Each field with its label, what is missing as [`NOT_STATED`].
    #[must_use]
    pub fn lines(&self) -> [(&'static str, String); 4] {
        let text = |field: &Option<String>| field.clone().unwrap_or_else(|| NOT_STATED.to_owned());
        let dates = self.window_dates.map(|dates| format!("{} to {}", dates.from, dates.to));
        [
            ("Supplier", text(&self.supplier)),
            ("Application id", text(&self.application_id)),
            ("Test manager", text(&self.test_manager)),
            ("Window dates", text(&dates)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_end_is_read_back_from_its_mark() {
        for end in [
            RunEnd::Whole,
            RunEnd::Interrupted,
            RunEnd::Missed("p99_ms".into()),
            RunEnd::Refused("too few letters".into()),
            RunEnd::Stopped("the disk is full".into()),
        ] {
            assert_eq!(RunEnd::of(&[end.mark(crate::now())]), end);
        }
    }

    #[test]
    fn a_run_that_left_no_word_or_went_on_after_its_end_was_interrupted() {
        let resumed = Mark::new(crate::now(), MarkKind::Resumed);
        assert_eq!(RunEnd::of(&[]), RunEnd::Interrupted);
        let marks = [RunEnd::Whole.mark(crate::now()), resumed];
        assert_eq!(RunEnd::of(&marks), RunEnd::Interrupted);
        let marks = [Mark::note(crate::now(), "whole")];
        assert_eq!(RunEnd::of(&marks), RunEnd::Interrupted, "a note is a note");
    }

    #[test]
    fn an_interrupted_run_never_ends_with_0() {
        assert_eq!(RunEnd::Interrupted.exit_code(0), 3);
        assert_eq!(RunEnd::Interrupted.exit_code(1), 1);
        assert_eq!(RunEnd::Stopped(String::new()).exit_code(0), 4);
        assert_eq!(RunEnd::Refused(String::new()).exit_code(3), 2);
        assert_eq!(RunEnd::Missed(String::new()).exit_code(0), 1);
        assert_eq!(RunEnd::Whole.exit_code(0), 0);
    }

    #[test]
    fn of_the_tests_that_are_named_the_optional_ones_are_kept_in_the_packs_order() {
        let optional: Vec<TestId> =
            pack().iter().filter(|test| !test.required).map(|test| test.id).collect();
        assert!(optional.len() > 1);
        let backwards: Vec<TestId> = pack().iter().rev().map(|test| test.id).collect();
        assert_eq!(Brief::optional(&backwards), optional);
        assert_eq!(Brief::optional(&optional[1..2]), optional[1..2]);
        assert_eq!(Brief::optional(&[]), []);
    }

    #[test]
    fn what_was_not_stated_is_said_to_be_so() {
        assert!(Who::default().lines().iter().all(|(_, text)| text == NOT_STATED));
        let profile =
            Who { supplier: Some("A".into()), test_manager: Some("B".into()), ..Who::default() };
        let given = Who { supplier: Some("C".into()), ..Who::default() };
        let both = given.or(profile);
        assert_eq!(both.supplier.as_deref(), Some("C"));
        assert_eq!(both.lines()[2], ("Test manager", "B".to_owned()));
        assert!(!both.is_empty() && Who::default().is_empty());
    }

    #[test]
    fn a_run_is_held_against_the_days_of_its_window() {
        let window: WindowDates = "2026-06-01/2026-06-12".parse().unwrap();
        for (from, to, expected) in [
            ("2026-06-01T09:00:00Z", "2026-06-12T17:00:00Z", Within::Whole),
            // The first hour of a summer's day in the United Kingdom, and the last one of UTC.
            ("2026-05-31T23:00:00Z", "2026-05-31T23:20:00Z", Within::Whole),
            ("2026-06-12T23:10:00Z", "2026-06-12T23:59:59Z", Within::Whole),
            ("2026-05-31T22:59:59Z", "2026-06-01T09:00:00Z", Within::Part),
            ("2026-05-31T22:00:00Z", "2026-05-31T23:00:00Z", Within::Part),
            ("2026-06-12T23:59:59Z", "2026-06-13T00:00:00Z", Within::Part),
            ("2026-05-20T09:00:00Z", "2026-05-20T10:00:00Z", Within::Nothing),
            ("2026-06-13T00:00:00Z", "2026-06-13T10:00:00Z", Within::Nothing),
        ] {
            let found = window.holds(from.parse().unwrap(), to.parse().unwrap());
            assert_eq!(found, expected, "{from} to {to}");
        }
    }

    #[test]
    fn a_test_window_has_two_days_in_order_and_a_text_one_line() {
        let dates: WindowDates = "2026-11-02/2026-11-13".parse().unwrap();
        let written = serde_json::to_string(&dates).unwrap();
        assert_eq!(written, "\"2026-11-02/2026-11-13\"");
        assert_eq!(serde_json::from_str::<WindowDates>(&written).unwrap(), dates);
        for wrong in ["2026-11-02", "2026-11-13/2026-11-02", "soon/later", ""] {
            assert!(wrong.parse::<WindowDates>().is_err(), "{wrong}");
        }
        assert_eq!(stated(" Our print house ").as_deref(), Ok("Our print house"));
        assert!(stated(&"\u{e9}".repeat(200)).is_ok(), "characters, not bytes");
        for wrong in ["", "  ", "a\nb", &"x".repeat(201)] {
            assert!(stated(wrong).is_err(), "{wrong}");
        }
    }
}
