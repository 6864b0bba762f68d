//! What had to hold, held against what was seen.
//! Refuses to pass over anything: each threshold of a profile is in the list, kept or broken.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::profile::Thresholds;

/// One threshold and whether it was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// Its name in the profile.
    pub name: String,
    /// Whether it was kept.
    pub kept: bool,
    /// What the profile asks for.
    pub expected: String,
    /// What was seen.
    pub observed: String,
}

/// A threshold's name, its bound, the figure it is held against, which side is good, and how both
/// are shown.
type Rule = (&'static str, Option<f64>, &'static str, Good, fn(f64) -> String);

/// Which side of a bound is good.
#[derive(Clone, Copy)]
enum Good {
    UpTo,
    From,
}

impl Thresholds {
    /// Checks every threshold that is given; a figure that was never measured keeps none.
    pub(crate) fn check(&self, figures: &BTreeMap<String, f64>) -> Vec<Checked> {
        let rules: [Rule; 6] = [
            ("error_rate", self.error_rate, "error_rate", Good::UpTo, percent),
            ("p95_ms", self.p95_ms, "p95_ms", Good::UpTo, millis),
            ("p99_ms", self.p99_ms, "p99_ms", Good::UpTo, millis),
            ("max_429", self.max_429.map(|most| most as f64), "throttled_429", Good::UpTo, plain),
            ("min_achieved", self.min_achieved, "achieved_share", Good::From, percent),
            ("max_ratio", self.max_ratio, "ratio_to_floor", Good::UpTo, times),
        ];
        rules
            .into_iter()
            .filter_map(|(name, bound, figure, good, shown)| {
                let bound = bound?;
                let seen = figures.get(figure).copied().filter(|seen| seen.is_finite());
                let (word, kept) = match good {
                    Good::UpTo => ("at most", seen.is_some_and(|seen| seen <= bound)),
                    Good::From => ("at least", seen.is_some_and(|seen| seen >= bound)),
                };
                Some(Checked {
                    name: name.to_owned(),
                    kept,
                    expected: format!("{word} {}", shown(bound)),
                    observed: seen.map_or_else(|| "nothing was measured".to_owned(), shown),
                })
            })
            .collect()
    }
}

fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

fn millis(ms: f64) -> String {
    format!("{ms:.1} ms")
}

fn plain(number: f64) -> String {
    format!("{number:.0}")
}

fn times(ratio: f64) -> String {
    format!("{ratio:.3} times the floor")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_threshold_is_kept_up_to_its_bound_and_broken_beyond_it() {
        let thresholds = Thresholds {
            error_rate: Some(0.01),
            p95_ms: Some(100.0),
            p99_ms: Some(200.0),
            max_429: Some(0),
            min_achieved: Some(0.97),
            max_ratio: Some(1.05),
        };
        let names =
            ["error_rate", "p95_ms", "p99_ms", "throttled_429", "achieved_share", "ratio_to_floor"];
        let check = |values: [f64; 6]| {
            let figures = names.iter().map(|name| (*name).to_owned()).zip(values).collect();
            thresholds.check(&figures).into_iter().map(|one| one.kept).collect::<Vec<_>>()
        };
        assert_eq!(check([0.01, 100.0, 200.0, 0.0, 0.97, 1.05]), [true; 6]);
        assert_eq!(check([0.011, 100.1, 200.1, 1.0, 0.969, 1.051]), [false; 6]);
        assert_eq!(check([f64::NAN; 6]), [false; 6]);
        assert!(thresholds.check(&BTreeMap::new()).iter().all(|one| !one.kept));
    }

    #[test]
    fn a_threshold_that_is_not_given_is_not_asked() {
        let one = Thresholds { max_429: Some(3), ..Thresholds::default() };
        let figures = [("throttled_429".to_owned(), 2.0)].into();
        let checked = one.check(&figures);
        assert_eq!(checked.len(), 1);
        assert_eq!(
            (checked[0].expected.as_str(), checked[0].observed.as_str()),
            ("at most 3", "2")
        );
    }
}
