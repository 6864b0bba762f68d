//! Who stands behind a run: the supplier, its application, who answers for the test, and when the
//! test window is. All of it is stated by whoever ran it, and nothing is decided by it.
//! Refuses secrets by its fields: an application's id is none, and an API key has no place here.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

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
            ("2026-05-31T23:10:00Z", "2026-05-31T23:20:00Z", Within::Whole),
            ("2026-06-12T23:10:00Z", "2026-06-12T23:59:59Z", Within::Whole),
            ("2026-05-31T22:59:59Z", "2026-06-01T09:00:00Z", Within::Part),
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
