//! The noise of one run, drawn from a seed: every time is within what a deployed API was seen to
//! take, and every failure is one that a client may answer by calling again.

use std::fmt;
use std::time::Duration;

/// How a healthy mock behaves in one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noise {
    /// The mock's seed: its letters, and what each call draws for itself.
    pub seed: u64,
    /// The least that every answer of the API takes.
    pub latency: Duration,
    /// Up to so much more, for each call on its own.
    pub jitter: Duration,
    /// The least time in which an update shows.
    pub apply_delay: Duration,
    /// Up to so much more, for each update on its own.
    pub apply_jitter: Duration,
    /// Whether one update in ten takes up to two and a half times as long as the others.
    pub unordered: bool,
    /// How long a listed letter stays hidden.
    pub visibility: Duration,
    /// Of a million calls, so many fail in passing.
    pub hiccups: u32,
}

/// The longest latency, jitter included, in milliseconds.
const LATENCY: u64 = 400;
/// The longest time an update takes, in milliseconds.
const DELAY: u64 = 12_000;
/// Visibility timeouts, in milliseconds.
const VISIBILITY: std::ops::RangeInclusive<u64> = 10_000..=60_000;
/// One call in a hundred fails in passing.
const HICCUPS: u32 = 10_000;
/// Calls that one AT15 flow of 2,500 letters cannot do without at 300 a second, in milliseconds.
const QUIET_FLOOR: u64 = 8_400;
/// Calls of a flow that can only be made one after another.
const IN_TURN: u32 = 3;
/// The agreed time as a multiple of the floor: runs share the processors with each other.
const AGREED: u32 = 6;

impl Noise {
    /// How long an update may take to show, in every run: as for the embedded mock, twice the
    /// delay and ten seconds.
    pub const DEADLINE: Duration = Duration::from_millis(DELAY * 2 + 10_000);

    /// No noise: what every other run is compared with.
    #[must_use]
    pub const fn quiet(seed: u64) -> Self {
        Self {
            seed,
            latency: Duration::ZERO,
            jitter: Duration::ZERO,
            apply_delay: Duration::from_millis(500),
            apply_jitter: Duration::ZERO,
            unordered: false,
            visibility: Duration::from_secs(10),
            hiccups: 0,
        }
    }

    /// The noise of the run with this number, which a seed decides.
    #[must_use]
    pub fn drawn(seed: u64, number: usize) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed.wrapping_add((number as u64) << 32));
        let (latency, jitter) = span(&mut rng, LATENCY);
        let (least, more) = span(&mut rng, DELAY);
        let slowest = least + more;
        // In order and steady, each update for itself, or steady with stragglers.
        let (apply_delay, apply_jitter, unordered) = match rng.u8(0..3) {
            0 => (slowest, Duration::ZERO, false),
            1 => (least, more, false),
            _ => (slowest.mul_f64(0.4), Duration::ZERO, true),
        };
        Self {
            seed: u64::from(rng.u32(1..)),
            latency,
            jitter,
            apply_delay,
            apply_jitter,
            unordered,
            visibility: Duration::from_millis(rng.u64(VISIBILITY)),
            hiccups: HICCUPS,
        }
    }

    /// The time agreed for one flow of AT15: so many times the least in which a steady client can
    /// do it under this noise.
    #[must_use]
    pub fn agreed_time(&self) -> Duration {
        (Duration::from_millis(QUIET_FLOOR) + (self.latency + self.jitter) * IN_TURN) * AGREED
    }

    /// Latency, delay, order, visibility timeout and failures in passing, as tables show them.
    #[must_use]
    pub fn cells(&self) -> [String; 5] {
        let order = match (self.unordered, self.apply_jitter.is_zero()) {
            (true, _) => "stragglers",
            (false, true) => "in order",
            (false, false) => "any order",
        };
        let slowest = match self.unordered {
            true => self.apply_delay.mul_f64(2.5),
            false => self.apply_delay + self.apply_jitter,
        };
        [
            format!("{}-{} ms", self.latency.as_millis(), (self.latency + self.jitter).as_millis()),
            format!("{:.1}-{:.1} s", self.apply_delay.as_secs_f64(), slowest.as_secs_f64()),
            order.to_owned(),
            format!("{:.0} s", self.visibility.as_secs_f64()),
            format!("{} %", f64::from(self.hiccups) / 10_000.0),
        ]
    }
}

/// A least time and how much more it may be, together at most so many milliseconds.
fn span(rng: &mut fastrand::Rng, most: u64) -> (Duration, Duration) {
    let (one, two) = (rng.u64(0..=most), rng.u64(0..=most));
    (Duration::from_millis(one.min(two)), Duration::from_millis(one.abs_diff(two)))
}

impl fmt::Display for Noise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [latency, delay, order, visibility, hiccups] = self.cells();
        write!(f, "{latency}, {delay} {order}, hidden {visibility}, {hiccups} failures")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_draws_the_same_noise_and_no_two_runs_draw_alike() {
        let drawn = |seed| (1..=50).map(|number| Noise::drawn(seed, number)).collect::<Vec<_>>();
        assert_eq!(drawn(1), drawn(1));
        let all = [drawn(1), drawn(2)].concat();
        for (at, one) in all.iter().enumerate() {
            assert!(all[at + 1..].iter().all(|two| one != two), "{one}");
        }
    }

    #[test]
    fn fifty_runs_cover_the_whole_of_every_range_and_never_leave_it() {
        let drawn: Vec<Noise> = (1..=50).map(|number| Noise::drawn(1, number)).collect();
        let latency = |noise: &Noise| noise.latency + noise.jitter;
        let delay = |noise: &Noise| match noise.unordered {
            true => noise.apply_delay.mul_f64(2.5),
            false => noise.apply_delay + noise.apply_jitter,
        };
        assert!(drawn.iter().all(|noise| latency(noise) <= Duration::from_millis(400)));
        assert!(drawn.iter().any(|noise| latency(noise) > Duration::from_millis(380)));
        assert!(drawn.iter().all(|noise| delay(noise) <= Duration::from_millis(12_001)));
        assert!(drawn.iter().any(|noise| delay(noise) > Duration::from_millis(11_500)));
        assert!(drawn.iter().any(|noise| noise.apply_delay < Duration::from_millis(500)));
        for kind in ["in order", "any order", "stragglers"] {
            assert!(drawn.iter().filter(|noise| noise.cells()[2] == kind).count() >= 8, "{kind}");
        }
        assert!(drawn.iter().all(|noise| delay(noise) < Noise::DEADLINE));
    }
}
