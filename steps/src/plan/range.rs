//! A number known within bounds.
//! Refuses false precision: what is not known is said to be open above.

use std::fmt;

use letterproof_model::grouped;

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
