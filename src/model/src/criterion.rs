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

/// The row of the pack that speaks of a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PackRow {
    /// What the test is to show.
    Objective,
    /// What must be true before the test, with its eligible statuses and triggers.
    Precondition,
    /// What is to be done.
    Steps,
    /// What must be true after it.
    Acceptance,
    /// What must be handed in.
    Evidence,
}

impl PackRow {
    /// Its word, as serialised.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Objective => "objective",
            Self::Precondition => "precondition",
            Self::Steps => "steps",
            Self::Acceptance => "acceptance",
            Self::Evidence => "evidence",
        }
    }
}

/// How far the pack carries a clause. A clause with several demands is as strong as the weakest one
/// that its judge can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// The pack states it, in the row named.
    Stated,
    /// The pack does not state it; it follows from the API's contract or the letters' lifecycle.
    Implied,
    /// Neither says so: we hold it to be good practice.
    Ours,
}

impl Strength {
    /// Its word, as serialised.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::Implied => "implied",
            Self::Ours => "ours",
        }
    }
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
