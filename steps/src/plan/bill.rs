//! What a scenario, or a whole run, costs; with ranges, for numbers known within bounds: what is not
//! known is open above.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use letterproof_model::{LetterStatus, Operation, grouped};

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

/// At least so many, and at most so many where that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// At least so many.
    pub least: u64,
    /// At most so many; `None` when nobody can tell beforehand.
    pub most: Option<u64>,
}

impl Default for Range {
    fn default() -> Self {
        Self::NONE
    }
}

impl Range {
    /// None.
    pub const NONE: Self = Self::exactly(0);

    /// Exactly so many.
    #[must_use]
    pub const fn exactly(n: u64) -> Self {
        Self { least: n, most: Some(n) }
    }

    /// From none to so many.
    #[must_use]
    pub const fn up_to(n: u64) -> Self {
        Self { least: 0, most: Some(n) }
    }

    /// So many or more.
    #[must_use]
    pub const fn at_least(n: u64) -> Self {
        Self { least: n, most: None }
    }

    /// Whether it can be anything but none.
    #[must_use]
    pub const fn is_possible(self) -> bool {
        !matches!(self.most, Some(0))
    }

    /// Whether a count lies within.
    #[must_use]
    pub fn holds(self, count: u64) -> bool {
        count >= self.least && self.most.is_none_or(|most| count <= most)
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let most = self.most.zip(other.most).map(|(a, b)| a.saturating_add(b));
        Self { least: self.least.saturating_add(other.least), most }
    }

    /// What is left when the other is taken away; never less than none.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        let least = other.most.map_or(0, |most| self.least.saturating_sub(most));
        Self { least, most: self.most.map(|most| most.saturating_sub(other.least)) }
    }

    /// No more than so many.
    #[must_use]
    pub fn at_most(self, n: u64) -> Self {
        let most = self.most.map_or(n, |most| most.min(n));
        Self { least: self.least.min(n), most: Some(most) }
    }

    /// The same, but perhaps none of it.
    #[must_use]
    pub const fn perhaps(self) -> Self {
        Self { least: 0, most: self.most }
    }

    /// One for each `n` begun.
    #[must_use]
    pub fn in_parts_of(self, n: u64) -> Self {
        let parts = |count: u64| count.div_ceil(n.max(1));
        Self { least: parts(self.least), most: self.most.map(parts) }
    }
}

impl fmt::Display for Range {
    /// `1,000`, `950 to 1,000`, `up to 50`, `at least 1,000`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match (self.least, self.most) {
            (least, Some(most)) if least == most => grouped(least),
            (0, Some(most)) => format!("up to {}", grouped(most)),
            (least, Some(most)) => format!("{} to {}", grouped(least), grouped(most)),
            (0, None) => "some".to_owned(),
            (least, None) => format!("at least {}", grouped(least)),
        };
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_away_leaves_more_or_less_the_less_is_known_of_it() {
        let all = Range::exactly(2_500);
        assert_eq!(all.minus(Range::exactly(1_000)), Range::exactly(1_500));
        let left = all.minus(Range::up_to(25));
        assert_eq!(left, Range { least: 2_475, most: Some(2_500) });
        assert_eq!(all.minus(Range::at_least(3_000)), Range::NONE);
    }

    #[test]
    fn ranges_read_as_people_say_them() {
        for (range, words) in [
            (Range::exactly(1_000), "1,000"),
            (Range::up_to(50), "up to 50"),
            (Range { least: 950, most: Some(1_000) }, "950 to 1,000"),
            (Range::at_least(7_500), "at least 7,500"),
            (Range::at_least(0), "some"),
        ] {
            assert_eq!(range.to_string(), words);
        }
    }
}
