//! Keeping under the API's limit, as the server counts it: turns to send, first come, first served.
//! What was not sent in time is not made up for beyond the limit.

mod window;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use window::{EARLY, PERIOD, Ruling, Window};

/// The longest pause that is taken on: what asks for more means no moment that a clock knows.
const LONGEST_PAUSE: Duration = Duration::from_hours(24);

/// Hands out turns to send, shared by every request of a session.
#[derive(Clone)]
pub struct Pacer {
    inner: Arc<Inner>,
}

struct Inner {
    limit: Option<u32>,
    window: Option<Mutex<Window>>,
    /// Without a limit there is still the pause that a 429 asks for.
    paused_until: Mutex<Option<Instant>>,
    queue: tokio::sync::Mutex<()>,
    waiting: AtomicUsize,
    freed: Notify,
}

/// Counts somebody who waits for a turn, also when the waiting is given up.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A turn to send; dropping it says that the request was answered or given up.
#[must_use = "a slot says when its request was answered by being dropped then"]
pub struct Slot {
    pacer: Arc<Inner>,
    number: Option<u64>,
    sent: Instant,
    due: Instant,
}

impl Pacer {
    /// A pacer for so many requests per second; `None` for no limit.
    #[must_use]
    pub fn new(limit: Option<u32>) -> Self {
        Self {
            inner: Arc::new(Inner {
                limit,
                window: limit.map(|limit| Mutex::new(Window::new(limit))),
                paused_until: Mutex::new(None),
                queue: tokio::sync::Mutex::new(()),
                waiting: AtomicUsize::new(0),
                freed: Notify::new(),
            }),
        }
    }

    /// The limit it keeps.
    #[must_use]
    pub fn limit(&self) -> Option<u32> {
        self.inner.limit
    }

    /// The requests per second of the pacer's own schedule, a little under the limit: what a plan
    /// or an arrival schedule may count on. Faster arrivals fall ever further behind.
    #[must_use]
    pub fn steady_rate(&self) -> Option<f64> {
        self.inner.limit.map(|limit| f64::from(limit) / PERIOD.as_secs_f64())
    }

    /// The share of the limit in use: 1 unless a 429 has lowered it.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.inner.window.as_ref().map_or(1.0, |window| window.lock().share())
    }

    /// How many requests wait for their turn: who has much to send and little hurry keeps this low,
    /// so that urgent requests are not held up.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.inner.waiting.load(Ordering::Relaxed)
    }

    /// Waits for a turn on the pacer's own even schedule.
    pub async fn slot(&self) -> Slot {
        self.wait(None).await
    }

    /// Waits for a turn at `due` (half a millisecond early at the soonest), on the caller's own schedule (an open arrival model);
    /// the limit is kept all the same, and lateness shows as the difference from [`Slot::due`].
    pub async fn slot_at(&self, due: Instant) -> Slot {
        self.wait(Some(due)).await
    }

    async fn wait(&self, due: Option<Instant>) -> Slot {
        let inner = &self.inner;
        let _waiting = Waiting::new(&inner.waiting);
        let Some(window) = &inner.window else {
            let asked = due.unwrap_or_else(Instant::now);
            let paused = *inner.paused_until.lock();
            let start = paused.map_or(asked, |until| until.max(asked));
            if start > Instant::now() {
                sleep_until(start).await;
            }
            return Slot { pacer: inner.clone(), number: None, sent: Instant::now(), due: asked };
        };
        if let Some(due) = due {
            // Outside the queue: a request that is not yet due holds up nobody.
            sleep_until(due.checked_sub(EARLY).unwrap_or(due)).await;
        }
        // Only the head of the queue asks the window: who asks first is sent first.
        let _turn = inner.queue.lock().await;
        loop {
            // Made before the window is asked, so that an answer in between wakes this wait too.
            let freed = inner.freed.notified();
            let now = Instant::now();
            let ruling = window.lock().ask(now, due);
            match ruling {
                Ruling::Send { number, due } => {
                    return Slot { pacer: inner.clone(), number: Some(number), sent: now, due };
                }
                // Whichever comes first: an answer may free room sooner, or hold it longer.
                Ruling::AskAt(at) => tokio::select! {
                    () = sleep_until(at) => {}
                    () = freed => {}
                },
                Ruling::AskLater => freed.await,
            }
        }
    }
}

impl Slot {
    /// When the request was due.
    #[must_use]
    pub fn due(&self) -> Instant {
        self.due
    }

    /// When the turn was given.
    #[must_use]
    pub fn sent(&self) -> Instant {
        self.sent
    }

    /// Takes a 429: nothing is sent for `pause` (a day at most), and less per second after it.
    pub fn throttled(&self, pause: Duration) {
        let now = Instant::now();
        let until = now + pause.min(LONGEST_PAUSE);
        match &self.pacer.window {
            Some(window) => window.lock().throttled(self.sent, now, until),
            None => {
                let mut paused = self.pacer.paused_until.lock();
                *paused = Some(paused.map_or(until, |known| known.max(until)));
            }
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let (Some(number), Some(window)) = (self.number, &self.pacer.window) {
            // Also for a request that was given up: the server may have counted it all the same.
            window.lock().answered(number, self.sent, Instant::now());
            self.pacer.freed.notify_waiters();
        }
    }
}
