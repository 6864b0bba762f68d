//! How a load run ended: its outcome, its thresholds and its exit code, or the error that kept it
//! from running.
//!
//! Every threshold of a profile is in the list, kept or broken; a run that did not reach its end
//! never counts as good.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use letterproof_client::ClientError;
use letterproof_model::Performance;
use letterproof_toml::Problems;
use serde::{Deserialize, Serialize};

use crate::profile::Thresholds;
use crate::record::Summary;

/// How a load run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "kebab-case")]
pub enum Ended {
    /// Every scheduled request was sent and answered, or failed.
    Completed,
    /// Someone asked it to stop.
    Stopped,
    /// A ramp met its first 429, which is what it looked for.
    LimitFound,
    /// The target gave no answer any more.
    TargetLost,
    /// A link or a name led where nothing may go.
    Refused {
        /// Where, and what to do.
        problem: String,
    },
    /// It could not go on.
    Failed {
        /// Why, and what to do.
        problem: String,
    },
}

/// What came of a load run.
#[derive(Debug, Clone)]
pub struct LoadOutcome {
    /// How it ended.
    pub ended: Ended,
    /// The figures, for `results.json`.
    pub performance: Performance,
    /// Every threshold of the profile.
    pub thresholds: Vec<Checked>,
    /// What `summary.json` holds.
    pub summary: Summary,
    /// The folder with the records.
    pub folder: PathBuf,
}

impl LoadOutcome {
    /// The exit code: 4 it could not go on, 2 it was refused for safety, 1 a threshold was broken, 3 it did not reach its end,
    /// 0 all kept.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        let broken = self.thresholds.iter().any(|threshold| !threshold.kept);
        match &self.ended {
            Ended::Failed { .. } => 4,
            Ended::Refused { .. } => 2,
            _ if broken => 1,
            Ended::Stopped | Ended::TargetLost => 3,
            Ended::Completed | Ended::LimitFound => 0,
        }
    }
}

/// Why there is no load run.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LoadError {
    /// The profile, or what the command line changed in it, cannot work; nothing was sent.
    #[error("{message}")]
    Profile {
        /// File, field, problem and next step; one line for each problem.
        message: String,
    },
    /// A profile's file cannot be read, or has problems; nothing was sent.
    #[error(transparent)]
    Problems(#[from] Problems),
    /// The load must not be sent there; nothing was sent.
    #[error("refused before any traffic: {message}")]
    Refused {
        /// What is refused, why, and what is allowed instead.
        message: String,
    },
    /// Nobody agreed to the load; nothing was changed.
    #[error("{}", .0.join("\n"))]
    NotAgreed(Vec<String>),
    /// The session could not be opened, or the target was out of reach from the start.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The mix needs letters, and the target showed none.
    #[error(
        "load profile {profile}: its mix needs letters, and {url} listed none. Wait until hidden letters show again ({hidden_for} s), have the target seeded, or leave letter, data, update and bulk out of the mix"
    )]
    NoLetters {
        /// The profile's name.
        profile: String,
        /// The address that listed none.
        url: String,
        /// How long a listed letter stays hidden, in seconds.
        hidden_for: u64,
    },
    /// A record could not be written.
    #[error("{path}: it cannot be written ({problem}); free space or give another folder")]
    Output {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        problem: String,
    },
    /// Goose would not run.
    #[error("goose stopped: {problem}. What was measured until then is in the records")]
    Goose {
        /// What it said.
        problem: String,
    },
}

impl LoadError {
    /// Whether settings, address or credentials are at fault rather than the harness (exit 2).
    #[must_use]
    pub const fn is_configuration(&self) -> bool {
        match self {
            Self::Profile { .. }
            | Self::Problems(_)
            | Self::Refused { .. }
            | Self::NotAgreed(_)
            | Self::Output { .. } => true,
            Self::Client(error) => error.is_configuration(),
            Self::NoLetters { .. } | Self::Goose { .. } => false,
        }
    }

    pub(crate) fn profile(message: impl Into<String>) -> Self {
        Self::Profile { message: message.into() }
    }

    pub(crate) fn output(path: &Path, error: &impl ToString) -> Self {
        Self::Output { path: path.to_owned(), problem: error.to_string() }
    }
}

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
