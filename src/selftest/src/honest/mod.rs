//! The honest half of the matrix: allowed ways of seeding, working, calling and answering, each of
//! which must turn nothing red.
//!
//! One table names each variation, how it is made, and under which tests it is run. Refuses a row
//! without a run, and a criterion left open without a reason.

mod catalogue;
mod way;

use std::fmt;

pub(crate) use catalogue::Run;
pub use catalogue::honest_catalogue;
pub use way::{Seeds, Way};

/// What a variation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Which letters are seeded.
    Seeding,
    /// How letters move.
    Workflow,
    /// How a supplier works and calls.
    Habit,
    /// What the gateway does with calls and answers.
    Gateway,
    /// Where and how documents are served.
    Storage,
    /// How the queue follows the letters.
    Queue,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Seeding => "seeding",
            Self::Workflow => "workflow",
            Self::Habit => "habit",
            Self::Gateway => "gateway",
            Self::Storage => "storage",
            Self::Queue => "queue",
        })
    }
}

/// A criterion that a variation may leave open although its control decides it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    /// A clause of the pack, a check of the conformance suite, or one of an observer's.
    pub id: &'static str,
    /// Why it cannot be decided.
    pub reason: &'static str,
}

/// An allowed variation.
#[derive(Debug)]
pub struct HonestEntry {
    /// Its name in the matrix.
    pub name: &'static str,
    /// What it is about.
    pub kind: Kind,
    /// What differs from the control, in one sentence, with its scale.
    pub does: &'static str,
    /// How it is made.
    pub ways: &'static [Way],
    pub(crate) runs: &'static [Run],
    /// What it may leave open.
    pub open: &'static [Open],
    /// Checks of ours (`O-…`) that it may be advised by: advice blames nobody.
    pub advised: &'static [&'static str],
}
