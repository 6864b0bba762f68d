//! What became of the statement that a clause asks for: the one place that says what is owed.
//!
//! Refuses to take words for a document: where the pack has the supplier hand in a log, a print proof
//! or a list, a statement without a file is shown as stated, and its evidence stays owed.

use letterproof_model::{Clause, ClauseKind, CriterionId, Verdict, clause};
use serde::Serialize;

use super::{Attestation, stated};

/// What became of a statement. Of several runs or statements the greatest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StatementState {
    /// Nobody is asked for one: traffic decides the clause, or the supplier's workflow leaves it out.
    NotAsked,
    /// It is missing, or was withdrawn.
    Owed,
    /// It was given in words alone, and the clause asks for a file too.
    FileMissing,
    /// It was given, with all that the clause asks for.
    Given,
}

impl StatementState {
    /// Whether something of it is still to come.
    #[must_use]
    pub const fn is_owed(self) -> bool {
        matches!(self, Self::Owed | Self::FileMissing)
    }

    /// Its words, for a cell or a list.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::NotAsked => "not asked for",
            Self::Owed => "still needed",
            Self::FileMissing => "stated, its evidence is missing",
            Self::Given => "given",
        }
    }
}

/// What became of the statement for a clause that was judged so in a run with these statements. A
/// clause that passed needs none, and nobody owes one on what the workflow leaves out.
#[must_use]
pub fn statement_state(
    id: &CriterionId,
    verdict: Verdict,
    given: &[Attestation],
) -> StatementState {
    let asks = clause(id).filter(|clause| clause.kind == ClauseKind::Attestation);
    match (asks, verdict) {
        (None, _) | (Some(_), Verdict::NotApplicable) => StatementState::NotAsked,
        (Some(_), Verdict::Pass) => StatementState::Given,
        (Some(clause), _) => stated_for(clause, given),
    }
}

fn stated_for(clause: &Clause, given: &[Attestation]) -> StatementState {
    // Whether one is withdrawn takes hashes: only where there is one at all.
    if given.iter().all(|one| one.criterion.as_str() != clause.id) {
        return StatementState::Owed;
    }
    let in_force = stated(given)
        .into_iter()
        .filter(|one| one.withdrawn.is_none() && one.given.criterion.as_str() == clause.id);
    in_force
        .map(|one| match clause.asks_for_file && one.given.files.is_empty() {
            true => StatementState::FileMissing,
            false => StatementState::Given,
        })
        .max()
        .unwrap_or(StatementState::Owed)
}
