//! What a scenario, or a whole run, costs.
//! Refuses to forget: adding two bills keeps every line of both.

use std::collections::BTreeMap;
use std::time::Duration;

use letterproof_model::{LetterStatus, Operation};

use super::range::Range;

/// Calls, changes, letters and waits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bill {
    /// Calls, by operation; repeats after faults come on top.
    pub calls: BTreeMap<Operation, Range>,
    /// Letters reported, by the status reported.
    pub updates: BTreeMap<LetterStatus, Range>,
    /// PENDING letters that are PENDING no more afterwards, which nobody can put back.
    pub used_up: Range,
    /// What must be there, in the order of the steps that need it.
    pub needs: Vec<Need>,
    /// Waits, in the order of the steps.
    pub waits: Vec<Wait>,
    /// Whether the rate limit is exceeded on purpose.
    pub exceeds_limit: bool,
}

/// Letters that must be there when a step comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// Which letters.
    pub what: &'static str,
    /// How many.
    pub letters: u64,
    /// Whether the step only needs to find the whole seeding there, and need not use it up.
    pub whole: bool,
    /// How many letters in all are left to choose from by then: PENDING, or ACCEPTED already where
    /// that is as good.
    pub waiting: Range,
}

impl Need {
    /// Whether there are certainly too few.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.waiting.most.is_some_and(|most| most < self.letters)
    }

    /// Whether there may be too few.
    #[must_use]
    pub fn may_be_short(&self) -> bool {
        self.waiting.least < self.letters
    }
}

/// Time spent waiting for the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// For what.
    pub what: String,
    /// At least so long.
    pub least: Duration,
    /// At most so long.
    pub most: Duration,
}

impl Bill {
    /// Adds calls of an operation.
    pub(crate) fn call(&mut self, operation: Operation, count: Range) {
        if count.is_possible() {
            let known = self.calls.entry(operation).or_default();
            *known = known.plus(count);
        }
    }

    /// Adds updates to a status.
    pub(crate) fn update(&mut self, status: LetterStatus, letters: Range) {
        if letters.is_possible() {
            let known = self.updates.entry(status).or_default();
            *known = known.plus(letters);
        }
    }

    /// Adds another bill.
    pub(crate) fn add(&mut self, other: &Self) {
        for (operation, count) in &other.calls {
            self.call(*operation, *count);
        }
        for (status, letters) in &other.updates {
            self.update(*status, *letters);
        }
        self.used_up = self.used_up.plus(other.used_up);
        self.needs.extend(other.needs.iter().cloned());
        self.waits.extend(other.waits.iter().cloned());
    }

    /// Calls that count against the rate limit.
    pub(crate) fn paced_calls(&self) -> Range {
        let paced = self.calls.iter().filter(|(operation, _)| operation.is_api());
        paced.fold(Range::NONE, |sum, (_, count)| sum.plus(*count))
    }
}
