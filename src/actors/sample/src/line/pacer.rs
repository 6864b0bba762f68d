//! Keeping the rate: calls are spread evenly, a little below the limit.
//! Refuses bursts: what was missed while nothing was to do is not made up for later.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::{Instant, sleep_until};

/// How much of the limit is used: the rest is for times that drift between here and the API.
const SHARE: f64 = 0.96;
/// How much of a second's calls may be made up for after a late timer.
const CATCH_UP: f64 = 0.02;

/// Hands out times to call at.
pub(super) struct Pacer {
    spacing: Duration,
    allowance: Duration,
    next: Mutex<Instant>,
}

impl Pacer {
    pub(super) fn new(rate_limit: u32) -> Self {
        let rate = f64::from(rate_limit) * SHARE;
        let spacing = Duration::from_secs_f64(1.0 / rate);
        let calls = (f64::from(rate_limit) * CATCH_UP).floor();
        Self { spacing, allowance: spacing.mul_f64(calls), next: Mutex::new(Instant::now()) }
    }

    /// Waits for this call's turn.
    pub(super) async fn turn(&self) {
        let at = {
            let mut next = self.next.lock();
            let now = Instant::now();
            let earliest = now.checked_sub(self.allowance).unwrap_or(now);
            let at = (*next).max(earliest);
            *next = at + self.spacing;
            at
        };
        sleep_until(at).await;
    }

    /// Lets everyone wait this long, as after 429.
    pub(super) fn hold(&self, pause: Duration) {
        let mut next = self.next.lock();
        *next = (*next).max(Instant::now() + pause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_second_holds_more_calls_than_the_limit_also_after_idle_time() {
        let pacer = Pacer::new(50);
        let mut times = Vec::new();
        for call in 0..200 {
            if call == 100 {
                tokio::time::advance(Duration::from_secs(30)).await;
            }
            pacer.turn().await;
            times.push(Instant::now());
        }
        let most = times.iter().map(|from| {
            times.iter().filter(|at| *at >= from && **at - *from < Duration::from_secs(1)).count()
        });
        let most = most.max().unwrap_or_default();
        assert!((45..=50).contains(&most), "{most}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_hold_keeps_everyone_waiting() {
        let pacer = Pacer::new(1_000);
        let before = Instant::now();
        pacer.hold(Duration::from_secs(2));
        pacer.turn().await;
        assert!(before.elapsed() >= Duration::from_secs(2));
    }
}
