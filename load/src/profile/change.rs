//! What the command line changes in a profile: its rate and its length.
//! Refuses a change that the shape has no room for.

use std::time::Duration;

use super::read::{LONGEST, MOST_STEPS};
use super::{LoadProfile, Rate, Shape};
use crate::LoadError;

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
