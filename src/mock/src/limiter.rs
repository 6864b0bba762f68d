//! The quota of an application, counted in one of the three ways gateways count.
//! Refuses to queue: a call is let through or told when the quota opens again.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::str::FromStr;

use parking_lot::Mutex;

/// How a rate limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limiter {
    /// So many in each second of the clock.
    FixedWindow,
    /// So many in any second.
    SlidingWindow,
    /// One in each n-th part of a second: bursts are refused.
    SpikeArrest,
}

impl Limiter {
    /// Every way, in the order of the command line's help.
    pub const ALL: [Self; 3] = [Self::FixedWindow, Self::SlidingWindow, Self::SpikeArrest];

    /// The word of the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FixedWindow => "fixed-window",
            Self::SlidingWindow => "sliding-window",
            Self::SpikeArrest => "spike-arrest",
        }
    }
}

impl fmt::Display for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that names no limiter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown limiter `{0}`: expected fixed-window, sliding-window or spike-arrest")]
pub struct UnknownLimiter(pub String);

impl FromStr for Limiter {
    type Err = UnknownLimiter;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|limiter| limiter.as_str() == text)
            .ok_or_else(|| UnknownLimiter(text.to_owned()))
    }
}

const SECOND: u64 = 1_000_000;

/// What one application has used, times in microseconds of the double's clock.
#[derive(Debug, Default)]
struct Usage {
    window: u64,
    count: u32,
    recent: VecDeque<u64>,
    next_free: u64,
}

/// The quota of every application.
#[derive(Debug)]
pub(crate) struct Quota {
    limit: u32,
    limiter: Limiter,
    used: Mutex<HashMap<u16, Usage>>,
}

impl Quota {
    pub(crate) fn new(limit: u32, limiter: Limiter) -> Self {
        Self { limit, limiter, used: Mutex::new(HashMap::new()) }
    }

    pub(crate) fn limit(&self) -> u32 {
        self.limit
    }

    /// Lets a call through, or says after how many microseconds the quota opens again. A refused
    /// call uses nothing up.
    pub(crate) fn admit(&self, application: u16, now_us: u64) -> Result<(), u64> {
        let mut used = self.used.lock();
        let usage = used.entry(application).or_default();
        match self.limiter {
            Limiter::FixedWindow => {
                let window = now_us / SECOND;
                if usage.window != window {
                    usage.window = window;
                    usage.count = 0;
                }
                if usage.count >= self.limit {
                    return Err((window + 1) * SECOND - now_us);
                }
                usage.count += 1;
            }
            Limiter::SlidingWindow => {
                while usage.recent.front().is_some_and(|at| at + SECOND <= now_us) {
                    usage.recent.pop_front();
                }
                if usage.recent.len() >= self.limit as usize {
                    let oldest = usage.recent.front().copied().unwrap_or(now_us);
                    return Err(oldest + SECOND - now_us);
                }
                usage.recent.push_back(now_us);
            }
            Limiter::SpikeArrest => {
                if now_us < usage.next_free {
                    return Err(usage.next_free - now_us);
                }
                usage.next_free = now_us + SECOND / u64::from(self.limit.max(1));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(limiter: Limiter, times: impl IntoIterator<Item = u64>) -> Vec<bool> {
        let quota = Quota::new(3, limiter);
        times.into_iter().map(|at| quota.admit(0, at).is_ok()).collect()
    }

    #[test]
    fn a_fixed_window_forgets_at_the_full_second() {
        let times =
            [900_000, 910_000, 920_000, 930_000, 1_000_000, 1_000_001, 1_000_002, 1_000_003];
        assert_eq!(
            admitted(Limiter::FixedWindow, times),
            [true, true, true, false, true, true, true, false]
        );
    }

    #[test]
    fn a_sliding_window_counts_any_second() {
        let times = [900_000, 910_000, 920_000, 1_000_000, 1_899_999, 1_900_000, 1_900_001];
        assert_eq!(
            admitted(Limiter::SlidingWindow, times),
            [true, true, true, false, false, true, false]
        );
    }

    #[test]
    fn spike_arrest_refuses_bursts() {
        let times = [0, 1, 333_333, 400_000, 700_000];
        assert_eq!(admitted(Limiter::SpikeArrest, times), [true, false, true, false, true]);
    }

    #[test]
    fn applications_do_not_share_a_quota_and_the_wait_is_told() {
        let quota = Quota::new(1, Limiter::FixedWindow);
        assert_eq!(quota.admit(0, 250_000), Ok(()));
        assert_eq!(quota.admit(1, 250_000), Ok(()));
        assert_eq!(quota.admit(0, 250_000), Err(750_000));
    }
}
