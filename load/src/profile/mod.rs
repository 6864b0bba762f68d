//! Load profiles: what is sent, how much of it, when, what must hold, and what the command line may
//! change in them.
//!
//! Five come with the harness, as the TOML files beside this crate; any other file of the same form
//! will do.

mod read;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::time::Duration;

use letterproof_model::nearest;
use letterproof_toml::{read_file, read_text};

use self::read::{LONGEST, MOST_STEPS};
use crate::LoadError;
use crate::schedule::LoadOperation;

/// The profiles that come with the harness, by name.
const BUILT_IN: [(&str, &str); 5] = [
    ("steady", include_str!("../../steady.toml")),
    ("ramp", include_str!("../../ramp.toml")),
    ("spike", include_str!("../../spike.toml")),
    ("soak", include_str!("../../soak.toml")),
    ("at15", include_str!("../../at15.toml")),
];

/// How much is asked for in a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rate {
    /// So many requests.
    PerSecond(f64),
    /// As many as the target's limit allows.
    Limit,
}

/// How the load runs over time.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// One rate for a time.
    Steady {
        /// The rate.
        rate: Rate,
        /// The time.
        duration: Duration,
    },
    /// A rate that rises in steps, to find where 429s begin.
    Ramp {
        /// The rate of the first step.
        from: Rate,
        /// The rate of the last step.
        to: Rate,
        /// How many steps, each as long as the others.
        steps: u32,
        /// The time of all steps.
        duration: Duration,
        /// Whether the run ends at the first 429.
        stop_at_429: bool,
    },
    /// Bursts after idle times.
    Spike {
        /// The rate of a burst.
        rate: Rate,
        /// The time before each burst.
        idle: Duration,
        /// The time of a burst.
        burst: Duration,
        /// How many bursts.
        bursts: u32,
    },
    /// A day's pattern.
    Soak {
        /// The rate of the busiest hour.
        rate: Rate,
        /// The weight of each hour, midnight first.
        hours: Vec<f64>,
        /// How many times quicker than a day.
        compress: f64,
    },
    /// The AT15 flow, which the reference supplier runs and not this crate.
    At15 {
        /// How many runs.
        runs: u32,
    },
}

/// Operations with their weights.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mix(pub(crate) Vec<(LoadOperation, f64)>);

impl Mix {
    /// The operations with a weight above nothing.
    #[must_use]
    pub fn weights(&self) -> &[(LoadOperation, f64)] {
        &self.0
    }

    /// The share of an operation, 0 to 1.
    #[must_use]
    pub fn share(&self, operation: LoadOperation) -> f64 {
        let total: f64 = self.0.iter().map(|(_, weight)| weight).sum();
        let own: f64 = self.0.iter().filter(|(one, _)| *one == operation).map(|(_, w)| w).sum();
        if total > 0.0 { own / total } else { 0.0 }
    }

    /// Whether it holds an operation.
    #[must_use]
    pub fn has(&self, operation: LoadOperation) -> bool {
        self.share(operation) > 0.0
    }
}

/// What must hold for the run to pass; what is not given is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Thresholds {
    /// The most failed requests, as a share of all.
    pub error_rate: Option<f64>,
    /// The most milliseconds, from the scheduled time, of 95 in a hundred requests.
    pub p95_ms: Option<f64>,
    /// The same of 99 in a hundred.
    pub p99_ms: Option<f64>,
    /// The most answers with 429.
    pub max_429: Option<u64>,
    /// The least requests answered in a second, as a share of those the profile asks for.
    pub min_achieved: Option<f64>,
    /// The most time of an AT15 flow, as a multiple of its floor.
    pub max_ratio: Option<f64>,
}

/// A load profile.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadProfile {
    /// Its name, also that of the folder its records go to.
    pub name: String,
    /// What it is for.
    pub about: String,
    /// How the load runs over time.
    pub shape: Shape,
    /// What is sent.
    pub mix: Mix,
    /// How many letters are listed before the start, to be read and updated.
    pub letters: u32,
    /// The limit of each list in the mix.
    pub list_limit: u32,
    /// How many letters one bulk update names.
    pub bulk_size: u32,
    /// Whether the content behind `data` is downloaded.
    pub download: bool,
    /// How many requests may be under way at once; `None` for as many as the rate needs.
    pub users: Option<u32>,
    /// A download that takes longer counts as failed.
    pub slow_download: Duration,
    /// Without any answer for so long, while requests fail, the target counts as gone.
    pub give_up_after: Duration,
    /// What must hold.
    pub thresholds: Thresholds,
    /// Where it was read, for messages.
    pub(crate) origin: String,
    /// What the command line changed, for messages.
    pub(crate) rate_given_as: &'static str,
}

impl LoadProfile {
    /// The names of the profiles that come with the harness.
    pub const NAMES: [&'static str; 5] = ["steady", "ramp", "spike", "soak", "at15"];

    /// The profile of this name, or in this file (its name ends with `.toml`).
    ///
    /// # Errors
    /// When there is neither, or the file has problems.
    pub fn resolve(named: &str) -> Result<Self, LoadError> {
        if Path::new(named).extension().is_some_and(|end| end == "toml") {
            Self::from_file(Path::new(named))
        } else {
            Self::named(named)
        }
    }

    /// A profile that comes with the harness.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn named(name: &str) -> Result<Self, LoadError> {
        let Some((_, text)) = BUILT_IN.iter().find(|(known, _)| *known == name) else {
            let hint = nearest(name, Self::NAMES)
                .map_or_else(|| ".".to_owned(), |near| format!("; did you mean `{near}`?"));
            return Err(LoadError::profile(format!(
                "there is no load profile `{name}`{hint} Profiles are {}, or a file that ends with .toml",
                Self::NAMES.join(", ")
            )));
        };
        Self::parse(text, &format!("load/{name}.toml"))
    }

    /// Reads a profile file.
    ///
    /// # Errors
    /// When it cannot be read, or has problems: each is named with its line and field.
    pub fn from_file(path: &Path) -> Result<Self, LoadError> {
        let origin = path.display().to_string();
        let hint = "give the path of a load profile";
        Ok(read_file(path, hint, |top| read::read(top, &origin))?)
    }

    /// Reads a profile's text; `origin` names it in messages.
    ///
    /// # Errors
    /// When it has problems: each is named with its line and field.
    pub fn parse(text: &str, origin: &str) -> Result<Self, LoadError> {
        Ok(read_text(text, origin, |top| read::read(top, origin))?)
    }

    /// The text of a profile that comes with the harness, as a start for one's own.
    #[must_use]
    pub fn template(name: &str) -> Option<&'static str> {
        BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
    }
}

const DAY: f64 = 86_400.0;

impl LoadProfile {
    /// The same profile at another rate (`--rate`): that of a steady load or a burst, of the last
    /// step of a ramp, or of the busiest hour of a soak.
    ///
    /// # Errors
    /// When the rate is not above zero, or the profile has none.
    pub fn with_rate(mut self, per_second: f64) -> Result<Self, LoadError> {
        if !per_second.is_finite() || per_second <= 0.0 {
            return Err(LoadError::profile(format!(
                "--rate: {per_second} is not a rate; give a number of requests per second above zero"
            )));
        }
        match &mut self.shape {
            Shape::Steady { rate, .. }
            | Shape::Ramp { to: rate, .. }
            | Shape::Spike { rate, .. }
            | Shape::Soak { rate, .. } => *rate = Rate::PerSecond(per_second),
            Shape::At15 { .. } => {
                return Err(LoadError::profile(format!(
                    "--rate: load profile {} runs as fast as the limit allows; leave --rate out",
                    self.name
                )));
            }
        }
        self.rate_given_as = "--rate";
        Ok(self)
    }

    /// The same profile with another length (`--duration`): more or fewer bursts of a spike, a day
    /// pressed into it for a soak.
    ///
    /// # Errors
    /// When the time is zero or too long for any profile, or the profile has no length.
    pub fn with_duration(mut self, time: Duration) -> Result<Self, LoadError> {
        if time.is_zero() || time > LONGEST {
            return Err(LoadError::profile(
                "--duration: it is zero or beyond 744h; give a time such as 60s or 5m",
            ));
        }
        match &mut self.shape {
            Shape::Steady { duration, .. } | Shape::Ramp { duration, .. } => *duration = time,
            Shape::Spike { idle, burst, bursts, .. } => {
                let whole = time.as_secs_f64() / (*idle + *burst).as_secs_f64();
                *bursts = (whole.floor() as u32).max(1);
                if *bursts > MOST_STEPS {
                    return Err(LoadError::profile(format!(
                        "--duration: that is {bursts} bursts, and no spike has more than {MOST_STEPS}; give a shorter time"
                    )));
                }
            }
            Shape::Soak { compress, .. } => {
                *compress = DAY / time.as_secs_f64();
                if *compress < 1.0 {
                    return Err(LoadError::profile(
                        "--duration: a soak is a day's pattern; give at most 24h",
                    ));
                }
            }
            Shape::At15 { .. } => {
                return Err(LoadError::profile(format!(
                    "--duration: load profile {} ends when the queue is empty; leave --duration out",
                    self.name
                )));
            }
        }
        Ok(self)
    }
}
