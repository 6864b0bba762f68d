//! What a run was asked to show, fixed before its first request and kept with its journal.
//!
//! With the journal it is all that judging needs, so that anyone can derive the results again.
//! Refuses secrets, and anything learned only while the run goes on.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Context, Mark, MarkKind, Strict, SupplierKind, TestId, Timestamp, Waiver, Who, pack};

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
}
