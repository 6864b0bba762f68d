//! A criterion: one clause of the pack, and what was concluded about it.
//! Refuses a bare verdict: what was expected, seen and where always comes with it.

use serde::{Deserialize, Serialize};

use crate::{CriterionId, ExchangeId, LetterId, Mode, Verdict};

/// How many exchanges or letters a result lists before it only counts them.
pub const EXCHANGES_SHOWN: usize = 25;

/// How a clause can be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClauseKind {
    /// Judged from recorded exchanges.
    Check,
    /// Stated by a person, with something attached.
    Attestation,
    /// Not tested, for a stated reason.
    NotTested,
}

/// Which column of the pack a clause comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClauseSource {
    /// What must be true before the test.
    Precondition,
    /// What must be true after it.
    Acceptance,
    /// What must be handed in.
    Evidence,
}

/// What was concluded about one criterion, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CriterionResult {
    /// `AT4.2`, `C-…` in the conformance suite, or `O-…` for what only an observer sees.
    pub id: CriterionId,
    /// How the clause can be shown.
    pub kind: ClauseKind,
    /// The clause, in one sentence.
    pub clause: String,
    /// The verdict. An attestation is `not-run` until somebody has given it.
    pub verdict: Verdict,
    /// How it was obtained.
    pub mode: Mode,
    /// What was expected.
    pub expected: String,
    /// What was seen.
    pub observed: String,
    /// The exchanges that show it: the first [`EXCHANGES_SHOWN`].
    pub exchanges: Vec<ExchangeId>,
    /// How many exchanges show it in all.
    pub exchange_count: u64,
    /// The letters at fault: the first [`EXCHANGES_SHOWN`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub letters: Vec<LetterId>,
    /// Why the verdict is not `pass`, or what a reader must know about a pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
