//! Whether a supplier must show a test: mandatory, or optional and part of its workflow.
//! Refuses to call a status declared that nobody stated: without a profile that says so, only what the
//! supplier's own system did shows that its workflow has it.

use std::fmt;

use letterproof_model::{Context, Proof, TestId, Verdict, pack, test_definition};
use serde::Serialize;

use super::Submission;
use super::shown::Judged;

/// Why a test must be shown, or why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// The pack makes it mandatory.
    Mandatory,
    /// It is optional, and the profile states its status in `supports`.
    Declared,
    /// It is optional, no profile states the workflow, and the supplier's own system used it.
    Used,
    /// It is optional, no profile states the workflow, and the supplier's own system did not use it.
    NotStated,
    /// It is optional, and the profile states a workflow without its status.
    NotSupported,
}

impl Need {
    /// Whether the supplier must show the test.
    #[must_use]
    pub const fn is_needed(self) -> bool {
        matches!(self, Self::Mandatory | Self::Declared | Self::Used)
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Mandatory => "yes",
            Self::Declared => "declared",
            Self::Used => "used",
            Self::NotStated => "not stated",
            Self::NotSupported => "no",
        })
    }
}

/// Why a test must be shown over these runs, by time: of several profiles the last decides.
pub(super) fn need(test: TestId, runs: &[&Submission<'_>], judged: &[Judged<'_, '_>]) -> Need {
    if test_definition(test).required {
        return Need::Mandatory;
    }
    let stated = runs.iter().rev().find(|run| states_workflow(run));
    let did = |(run, result): &Judged<'_, '_>| {
        run.results.run.standing().word == Proof::Witnessed
            && result.verdict != Verdict::NotApplicable
    };
    match stated {
        Some(run) if run.context.works_by(test) => Need::Declared,
        Some(_) => Need::NotSupported,
        None if judged.iter().any(did) => Need::Used,
        None => Need::NotStated,
    }
}

/// Whether the run's target states a workflow. One that states none is judged as if it had every
/// optional status, and then the tests of those are not among the deciding ones.
fn states_workflow(run: &Submission<'_>) -> bool {
    let optional = || pack().iter().filter(|test| !test.required).map(|test| test.id);
    let has_all = |context: &Context| optional().all(|test| context.works_by(test));
    !has_all(run.context) || optional().all(|test| run.results.run.deciding.contains(&test))
}
