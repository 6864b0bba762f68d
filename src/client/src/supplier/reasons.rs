//! Codes and texts that go with a status (AT9 to AT13).
//! Refuses to make up return reasons: those come from the pack's ten.

use std::collections::HashMap;

use letterproof_model::{LetterId, ReturnReason};

/// A code and its text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reason {
    /// The code.
    pub code: String,
    /// The text.
    pub text: String,
}

impl Reason {
    /// A reason of this code and text.
    pub fn new(code: impl Into<String>, text: impl Into<String>) -> Self {
        Self { code: code.into(), text: text.into() }
    }
}

impl From<ReturnReason> for Reason {
    fn from(reason: ReturnReason) -> Self {
        Self::new(reason.code, reason.text)
    }
}

/// The reasons of a group of updates.
#[derive(Debug, Clone, Default)]
pub enum Reasons {
    /// None is given.
    #[default]
    None,
    /// All have the same.
    Same(Reason),
    /// The ten return reasons in turn, R01 first (AT10).
    ReturnsInTurn,
    /// Each has its own; a letter that is not named has none.
    Each(HashMap<LetterId, Reason>),
}

impl From<Reason> for Reasons {
    fn from(reason: Reason) -> Self {
        Self::Same(reason)
    }
}

impl Reasons {
    /// The reason of the letter at this place of the group.
    #[must_use]
    pub fn of(&self, at: usize, letter: &LetterId) -> Option<Reason> {
        match self {
            Self::None => None,
            Self::Same(reason) => Some(reason.clone()),
            Self::ReturnsInTurn => {
                ReturnReason::ALL.get(at % ReturnReason::ALL.len()).copied().map(Reason::from)
            }
            Self::Each(reasons) => reasons.get(letter).cloned(),
        }
    }
}
