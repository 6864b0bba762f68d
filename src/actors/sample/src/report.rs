//! What the sample supplier says of its day, and what kept it from its work, each with the call at
//! fault and a next step. No token, key or signed link is ever part of either, and neither is
//! evidence: whether the day met the pack is read from the recorded traffic.

use std::collections::BTreeMap;

use letterproof_model::LetterStatus;
use letterproof_wire::Refusal;
use serde::Serialize;

use crate::day::Part;

/// How a day ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DayEnd {
    /// Every part was done.
    Whole,
    /// It was asked to stop.
    Stopped,
    /// It could not go on, and why.
    Broken(String),
}

/// What was done in one part of the day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartReport {
    /// Which part.
    pub part: Part,
    /// What was done, in one sentence.
    pub text: String,
}

/// What the supplier says of its day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShiftReport {
    /// How it ended.
    pub end: DayEnd,
    /// The parts done, in order.
    pub parts: Vec<PartReport>,
    /// Letters seen in each status the supplier sent.
    pub seen: BTreeMap<LetterStatus, u64>,
    /// What a person has to look into, one sentence each.
    pub problems: Vec<String>,
}

impl Default for ShiftReport {
    fn default() -> Self {
        Self {
            end: DayEnd::Stopped,
            parts: Vec::new(),
            seen: BTreeMap::new(),
            problems: Vec::new(),
        }
    }
}

/// Why the supplier could not begin, or could not go on.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SupplierError {
    /// The settings cannot work; nothing was sent.
    #[error("{0}")]
    Settings(String),
    /// A secret could not be read; the words are its reader's.
    #[error("{0}")]
    Secret(String),
    /// The base URL leads to production.
    #[error(
        "{host} is production, where letters belong to real patients; point the sample supplier at a mock, the sandbox, INT or a witness in front of them"
    )]
    Production {
        /// The host.
        host: String,
    },
    /// A link of the API, or a name, leads where nothing may go.
    #[error("nothing was sent where a link or name led: {0}")]
    Misled(#[from] Refusal),
    /// A call was not answered, also after its repeats.
    #[error("{call} was not answered ({cause}); check that {base_url} is up and can be reached")]
    Unanswered {
        /// Method and path.
        call: String,
        /// What kind of failure it was.
        cause: &'static str,
        /// Where it was sent.
        base_url: String,
    },
    /// A call was answered with something other than success.
    #[error("{call} was answered with {status}; {remedy}")]
    Refused {
        /// Method and path.
        call: String,
        /// The status code.
        status: u16,
        /// What to do about it.
        remedy: &'static str,
    },
    /// An answer could not be read.
    #[error("the answer to {call} cannot be read ({problem}); is {base_url} the Supplier API?")]
    Unreadable {
        /// Method and path.
        call: String,
        /// What is wrong with it.
        problem: String,
        /// Where it was sent.
        base_url: String,
    },
}

impl SupplierError {
    /// Whether the same call may succeed a little later.
    pub(crate) const fn may_pass(&self) -> bool {
        matches!(self, Self::Unanswered { .. } | Self::Refused { status: 500..=599, .. })
    }
}

/// What to do about a status code.
pub(crate) const fn remedy(status: u16) -> &'static str {
    match status {
        400 => "the request is at fault: compare it with the API's specification",
        401 => "give a token or a key that the API knows",
        403 => "check that this application belongs to a supplier",
        404 => "check the base URL, and that the letter is this supplier's",
        429 => "lower the rate limit in the settings",
        500..=599 => "the API is in trouble: try again later",
        _ => "check the base URL",
    }
}
