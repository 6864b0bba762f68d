//! The arithmetic of pacing, without a clock: an absolute schedule and a guard over the window.
//!
//! Two rules hold for every send. The schedule spreads sends evenly, one each `PERIOD / limit`,
//! and forgives a late sender only `CREDIT`. The guard lets no more than `limit` requests be "in
//! the window", where a request leaves it `GUARD` after it was sent. A server that stalls counts
//! requests late: one that is answered later than usual may have been counted just before its
//! answer, so it stays in the window for as much longer.
//! Nothing is guessed of the server's clock: only what the client itself saw is used.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use tokio::time::Instant;

/// Time over which one full limit is spread.
pub(super) const PERIOD: Duration = Duration::from_micros(1_030_000);
/// Time a request stays in the window: a second, and slack for the network's jitter.
const GUARD: Duration = Duration::from_micros(1_018_000);
/// How much lateness of the sender is made up for.
const CREDIT: Duration = Duration::from_millis(20);
/// How much too early a send may be: timers count whole milliseconds
/// and ring late, so that aiming at the moment itself would always miss it. The guard knows no
/// such indulgence.
pub(super) const EARLY: Duration = Duration::from_micros(500);
/// Latencies that differ by more than this are uneven, and the part of the window then left free.
const UNEVEN: Duration = Duration::from_millis(30);
const MARGIN: f64 = 0.005;
/// Latencies kept to tell what is usual, and how many it takes to tell.
const REMEMBERED: usize = 512;
const ENOUGH: usize = 16;
/// A latency below this is no sign of a stall, whatever is usual.
const ORDINARY: Duration = Duration::from_millis(500);
/// Of requests that were held up, so many count as one: a stall must not become usual, but a
/// server that has grown slow for good must in the end.
const HELD_UP_PER_NOTE: u32 = 8;
/// The share of the limit that a 429 leaves, and its floor.
const CUT: f64 = 0.8;
const LOWEST_SHARE: f64 = 0.1;
/// The share won back in each quiet second.
const RECOVERY: f64 = 0.02;

/// What a request that wants to be sent is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ruling {
    /// Send now; the request's number, and when it was due.
    Send { number: u64, due: Instant },
    /// Ask again at this time, or when a request has been answered.
    AskAt(Instant),
    /// Ask again when a request has been answered.
    AskLater,
}

/// Where a request that was sent stands.
#[derive(Clone, Copy)]
enum Standing {
    /// In the window until this time.
    Until(Instant),
    /// Unanswered for so long that the server may yet have to count it.
    Stuck,
    /// Out of the window, though not answered.
    Out,
}

/// A request that was answered before it was known what latency is usual, and so stays in the
/// window for all of its latency.
struct Early {
    number: u64,
    sent: Instant,
    latency: Duration,
    leaves: Instant,
}

/// The state of pacing under a limit.
pub(super) struct Window {
    limit: u32,
    next_due: Option<Instant>,
    /// When requests leave, with their numbers.
    leaving: BTreeSet<(Instant, u64)>,
    unanswered: HashMap<u64, Standing>,
    stuck: usize,
    numbers: u64,
    usual: Usual,
    /// Answered before it was known what latency is usual.
    early: Vec<Early>,
    share: f64,
    adjusted: Option<Instant>,
    paused_until: Option<Instant>,
}

impl Window {
    pub(super) fn new(limit: u32) -> Self {
        Self {
            limit: limit.max(1),
            next_due: None,
            leaving: BTreeSet::new(),
            unanswered: HashMap::new(),
            stuck: 0,
            numbers: 0,
            usual: Usual::default(),
            early: Vec::new(),
            share: 1.0,
            adjusted: None,
            paused_until: None,
        }
    }

    /// Rules on a send at `now`; `due` is its own schedule's time, where the caller has one.
    pub(super) fn ask(&mut self, now: Instant, due: Option<Instant>) -> Ruling {
        // What has left the window makes room before anything is decided.
        self.let_leave(now);
        if let Some(until) = self.paused_until {
            if now < until {
                return Ruling::AskAt(until);
            }
            self.paused_until = None;
        }
        // Not before the pause is over: time in which nothing is sent shows nothing of the limit.
        self.recover(now);
        let due = match due {
            Some(due) => due,
            None => self.next_due.map_or(now, |next| next.max(before(now, CREDIT))),
        };
        let from = before(due, EARLY);
        if now < from {
            return Ruling::AskAt(from);
        }
        // The schedule says that it is time; now the guard, which counts as the server does.
        let catching_up = now.saturating_duration_since(due) > CREDIT;
        if self.leaving.len() + self.stuck >= self.capacity(catching_up) {
            return self.leaving.first().map_or(Ruling::AskLater, |(at, _)| Ruling::AskAt(*at));
        }
        self.numbers += 1;
        let number = self.numbers;
        // From the moment it was due and not from now, or every late timer would lower the rate.
        self.next_due = Some(due + self.interval());
        self.leaving.insert((now + GUARD, number));
        self.unanswered.insert(number, Standing::Until(now + GUARD));
        Ruling::Send { number, due }
    }

    /// Notes that a request sent at `sent` was answered, or given up, at `now`.
    pub(super) fn answered(&mut self, number: u64, sent: Instant, now: Instant) {
        let latency = now.saturating_duration_since(sent);
        let leaves = sent + GUARD + self.usual.excess(latency);
        match self.unanswered.remove(&number) {
            Some(Standing::Until(at)) => {
                self.leaving.remove(&(at, number));
            }
            Some(Standing::Stuck) => self.stuck -= 1,
            Some(Standing::Out) | None => {}
        }
        if leaves > now {
            self.leaving.insert((leaves, number));
            if self.usual.known.is_none() {
                self.early.push(Early { number, sent, latency, leaves });
            }
        }
        self.usual.note(latency);
        if self.usual.known.is_some() {
            self.judge_early_again(now);
        }
    }

    /// Lets the first requests leave as those after them do: else they would fill the window at the
    /// end of its first second, and everything due then would be late.
    fn judge_early_again(&mut self, now: Instant) {
        for Early { number, sent, latency, leaves } in std::mem::take(&mut self.early) {
            // First answers that were all slow may as well have been held up.
            if latency < ORDINARY && self.leaving.remove(&(leaves, number)) {
                let leaves = sent + GUARD + self.usual.excess(latency);
                if leaves > now {
                    self.leaving.insert((leaves, number));
                }
            }
        }
    }

    /// Takes a 429 for a request sent at `sent`: nothing is sent before `until`, and less after it.
    pub(super) fn throttled(&mut self, sent: Instant, now: Instant, until: Instant) {
        self.paused_until = Some(self.paused_until.map_or(until, |known| known.max(until)));
        // Many requests in flight meet the same 429: only those sent after a cut cut again.
        if self.adjusted.is_none_or(|at| sent > at) {
            self.share = (self.share * CUT).max(LOWEST_SHARE);
            self.adjusted = Some(now.max(until));
        }
    }

    pub(super) fn share(&self) -> f64 {
        self.share
    }

    fn capacity(&self, catching_up: bool) -> usize {
        // Where answers come unevenly, so do requests at the server: what catches up after a stall
        // must not fill the window to its brim.
        let uneven = self.usual.spread() > UNEVEN;
        let room = if catching_up && uneven { 1.0 - MARGIN } else { 1.0 };
        ((f64::from(self.limit) * self.share * room).floor() as usize).max(1)
    }

    fn interval(&self) -> Duration {
        PERIOD.div_f64(f64::from(self.limit) * self.share)
    }

    fn let_leave(&mut self, now: Instant) {
        let patient = self.usual.patience() >= GUARD;
        while let Some((at, number)) = self.leaving.first().copied().filter(|(at, _)| *at <= now) {
            self.leaving.remove(&(at, number));
            if let Some(standing) = self.unanswered.get_mut(&number) {
                // Answers usually come sooner: the server has yet to count this one.
                *standing = if patient { Standing::Out } else { Standing::Stuck };
                self.stuck += usize::from(!patient);
            }
        }
    }

    fn recover(&mut self, now: Instant) {
        if self.share >= 1.0 {
            return;
        }
        let Some(since) = self.adjusted else { return };
        let seconds = now.saturating_duration_since(since).as_secs();
        if seconds > 0 {
            self.share = RECOVERY.mul_add(seconds as f64, self.share).min(1.0);
            self.adjusted = Some(since + Duration::from_secs(seconds));
        }
    }
}

fn before(now: Instant, time: Duration) -> Instant {
    now.checked_sub(time).unwrap_or(now)
}

/// What latency is usual, told from the lower quantiles of the latest ones, so that a stall does
/// not become usual at once.
#[derive(Default)]
struct Usual {
    latest: Vec<Duration>,
    next: usize,
    since_count: usize,
    held_up: u32,
    known: Option<Known>,
}

#[derive(Clone, Copy)]
struct Known {
    /// The twentieth part is quicker.
    least: Duration,
    /// From the least to the most, were latencies spread evenly.
    spread: Duration,
    /// Most are quicker.
    most: Duration,
    /// What takes longer was held up.
    patience: Duration,
}

impl Usual {
    fn note(&mut self, latency: Duration) {
        if self.known.is_some_and(|known| latency > known.patience) {
            self.held_up += 1;
            if !self.held_up.is_multiple_of(HELD_UP_PER_NOTE) {
                return;
            }
        }
        if self.latest.len() < REMEMBERED {
            self.latest.push(latency);
        } else if let Some(slot) = self.latest.get_mut(self.next) {
            *slot = latency;
            self.next = (self.next + 1) % REMEMBERED;
        }
        self.since_count += 1;
        // Counting again for each answer would cost more than it tells.
        if self.latest.len() >= ENOUGH && self.since_count >= self.latest.len() / 8 {
            self.since_count = 0;
            let mut sorted = self.latest.clone();
            let count = sorted.len();
            let (lower, quartile, _) = sorted.select_nth_unstable(count / 4);
            let quartile = *quartile;
            let (_, least, _) = lower.select_nth_unstable(count / 20);
            let least = *least;
            self.known = Some(Known {
                least,
                spread: (quartile - least) * 5,
                most: quartile + (quartile - least) * 3 + Duration::from_millis(1),
                patience: quartile * 2 + Duration::from_millis(50),
            });
        }
    }

    /// How much later than usual the server may have counted a request of this latency. Before
    /// enough is known, all of it.
    fn excess(&self, latency: Duration) -> Duration {
        match self.known {
            None => latency,
            Some(known) if latency > known.patience => latency - known.least,
            Some(known) => latency.saturating_sub(known.most),
        }
    }

    /// By how much latencies usually differ.
    fn spread(&self) -> Duration {
        self.known.map_or(Duration::ZERO, |known| known.spread)
    }

    /// The latency beyond which a request counts as held up.
    fn patience(&self) -> Duration {
        self.known.map_or(ORDINARY, |known| known.patience)
    }
}
