//! The preflight of a target: one check after another, each with what was found and, where that is
//! not in order, a remedy. Nothing is changed, and no letter is listed unless that was agreed to: a
//! listed letter is hidden for the visibility timeout.

mod examine;
mod here;

pub use examine::{Doctor, DoctorOptions};

use serde::Serialize;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckState {
    /// In order.
    Ok,
    /// Not looked at, for a reason that is told.
    Skipped,
    /// Works, but someone should know.
    Warning,
    /// Does not work.
    Failure,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// A stable name, such as `clock`.
    pub name: &'static str,
    /// What was looked at, in a few words.
    pub title: &'static str,
    /// How it came out.
    pub state: CheckState,
    /// What was found.
    pub found: String,
    /// What to do about it; absent where all is in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// The checks of a target, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// The target's name.
    pub target: String,
    /// The API's base URL.
    pub base_url: String,
    /// The checks.
    pub checks: Vec<Check>,
}

impl Diagnosis {
    /// The gravest outcome.
    #[must_use]
    pub fn worst(&self) -> CheckState {
        self.checks.iter().map(|check| check.state).max().unwrap_or(CheckState::Skipped)
    }

    /// The exit code: 1 when something does not work, else 0.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        u8::from(self.worst() == CheckState::Failure)
    }

    /// The check of this name.
    #[must_use]
    pub fn check(&self, name: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.name == name)
    }

    pub(crate) fn ok(&mut self, name: &'static str, title: &'static str, found: impl Into<String>) {
        self.push(name, title, CheckState::Ok, found, None);
    }

    pub(crate) fn skipped(
        &mut self,
        name: &'static str,
        title: &'static str,
        why: impl Into<String>,
    ) {
        self.push(name, title, CheckState::Skipped, why, None);
    }

    pub(crate) fn warning(
        &mut self,
        name: &'static str,
        title: &'static str,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.push(name, title, CheckState::Warning, found, Some(remedy.into()));
    }

    pub(crate) fn failure(
        &mut self,
        name: &'static str,
        title: &'static str,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.push(name, title, CheckState::Failure, found, Some(remedy.into()));
    }

    fn push(
        &mut self,
        name: &'static str,
        title: &'static str,
        state: CheckState,
        found: impl Into<String>,
        remedy: Option<String>,
    ) {
        self.checks.push(Check { name, title, state, found: found.into(), remedy });
    }
}
