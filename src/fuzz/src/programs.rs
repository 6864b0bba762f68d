//! Bytes as programs: a schedule of requests for the client's pacer, and letters' lives for the
//! judges of transitions.
//!
//! A schedule's first byte chooses the limit; each pair after it is one step: requests on the
//! pacer's schedule or their own, answered late, stalled or with a 429, given up, or a pause between
//! them. Whatever the steps, no second holds more sends than the limit, the share in use stays
//! within its bounds, and once everything is answered the next request gets its turn. The clock is
//! simulated: time passes only when everybody waits, so that every case is exact.
//!
//! Of a life, two bytes are a step: the letter and what happens to it, then the status. With an even
//! first byte the API applies updates at once and the judges must name exactly the wrong moves; with
//! an odd one it lags behind a supplier that keeps to the lifecycle, and nothing may be named. The
//! model of the pack's flows is that of the judges' tests, which play the same steps.

use std::sync::Arc;
use std::time::Duration;

use letterproof_client::Pacer;
use letterproof_model::LetterStatus;
use parking_lot::Mutex;
use support::lifecycle::{Honest, Reply, Step, an_honest_supplier_is_not_named, judges_agree};
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

/// The limits that a case chooses from; 0 counts as 1.
const LIMITS: [Option<u32>; 12] = [
    None,
    Some(0),
    Some(1),
    Some(2),
    Some(3),
    Some(7),
    Some(20),
    Some(50),
    Some(100),
    Some(300),
    Some(1_000),
    Some(u32::MAX),
];
/// The most steps of one case, and the most requests of one step.
const PACED_STEPS: usize = 80;
const AT_ONCE: u8 = 16;
/// Longer than any turn may take once everything is answered: the slowest schedule is one request
/// in ten seconds, and a request that was held up counts for as long again.
const A_TURN: Duration = Duration::from_secs(15);
/// The least share that 429s leave.
const LEAST_SHARE: f64 = 0.1;

/// Bytes as a schedule of requests.
pub fn pacing(data: &[u8]) {
    let Some((first, steps)) = data.split_first() else { return };
    let mut clock = Builder::new_current_thread();
    let clock = clock.enable_time().start_paused(true).build().expect("a simulated clock");
    clock.block_on(play(LIMITS[usize::from(*first) % LIMITS.len()], steps));
}

/// What is noted of a case.
struct Course {
    pacer: Pacer,
    sent: Arc<Mutex<Vec<Instant>>>,
    requests: JoinSet<()>,
    /// The longest that everything under way may yet take, turns aside.
    patience: Duration,
    turns: u32,
}

async fn play(limit: Option<u32>, steps: &[u8]) {
    let mut course = Course {
        pacer: Pacer::new(limit),
        sent: Arc::default(),
        requests: JoinSet::new(),
        patience: Duration::ZERO,
        turns: 0,
    };
    for step in steps.chunks_exact(2).take(PACED_STEPS) {
        course.step(step[0], step[1]).await;
        course.share_is_within_bounds();
    }
    course.everything_ends().await;
    course.a_turn_is_given().await;
    course.keeps_the_limit(limit);
}

impl Course {
    async fn step(&mut self, what: u8, how: u8) {
        let many = 1 + how % AT_ONCE;
        match what % 8 {
            0 | 1 => (0..many).for_each(|_| self.ask(None, span(what / 8), None)),
            2 => (0..many).for_each(|n| {
                let due = Instant::now() + span(what / 8) * u32::from(n);
                self.ask(Some(due), span(how / AT_ONCE), None);
            }),
            3 => self.ask(None, span(what / 8), Some(span(how))),
            4 => (0..many).for_each(|_| self.ask(None, span(what / 8), Some(span(how)))),
            5 => {
                // Given up, waiting or under way.
                self.requests.abort_all();
                while self.requests.join_next().await.is_some() {}
            }
            6 => sleep(span(how)).await,
            _ => tokio::task::yield_now().await,
        }
    }

    /// A request, due at its own time or the pacer's, answered after `latency`; with a 429 that
    /// asks for a pause where there is one.
    fn ask(&mut self, due: Option<Instant>, latency: Duration, pause: Option<Duration>) {
        let (pacer, sent) = (self.pacer.clone(), Arc::clone(&self.sent));
        self.turns += 1;
        let early = due.map_or(Duration::ZERO, |due| due - Instant::now());
        self.patience += early + latency * 2 + pause.unwrap_or_default();
        self.requests.spawn(async move {
            let slot = match due {
                Some(due) => pacer.slot_at(due).await,
                None => pacer.slot().await,
            };
            sent.lock().push(slot.sent());
            sleep(latency).await;
            if let Some(pause) = pause {
                slot.throttled(pause);
            }
        });
    }

    fn share_is_within_bounds(&self) {
        let share = self.pacer.share();
        assert!((LEAST_SHARE - 1e-9..=1.0).contains(&share), "the share in use is {share}");
    }

    async fn everything_ends(&mut self) {
        let most = self.patience + A_TURN * (self.turns + 1);
        let ended = async { while self.requests.join_next().await.is_some() {} };
        let waiting = self.pacer.waiting();
        assert!(timeout(most, ended).await.is_ok(), "the pacer is stuck, {waiting} were waiting");
        assert_eq!(self.pacer.waiting(), 0, "nobody waits, yet the pacer counts some");
    }

    async fn a_turn_is_given(&self) {
        // What a 429 asked for is over by then, and what was held up has left the window.
        sleep(self.patience + A_TURN).await;
        let slot = timeout(A_TURN, self.pacer.slot()).await;
        assert!(slot.is_ok(), "everything is answered, and the next request gets no turn");
        self.share_is_within_bounds();
    }

    fn keeps_the_limit(&self, limit: Option<u32>) {
        let Some(limit) = limit else { return };
        let limit = limit.max(1) as usize;
        let mut sent = self.sent.lock().clone();
        sent.sort_unstable();
        let crowded = sent
            .windows(limit.saturating_add(1).min(sent.len() + 1))
            .find(|few| few[few.len() - 1] - few[0] < Duration::from_secs(1));
        assert!(crowded.is_none(), "more than {limit} sends within a second");
    }
}

/// A length of time, from none to one that no clock of ours will see.
fn span(byte: u8) -> Duration {
    const YEAR: u64 = 365 * 24 * 3_600;
    match byte % 32 {
        0 => Duration::ZERO,
        1 => Duration::from_micros(1),
        2 => Duration::from_micros(499),
        3 => Duration::from_micros(501),
        few @ 4..=20 => Duration::from_millis(u64::from(few - 3).pow(3)),
        21 => Duration::from_micros(999_999),
        22 => Duration::from_millis(1_018),
        23 => Duration::from_millis(1_030),
        seconds @ 24..=29 => Duration::from_secs(1 << (seconds - 23)),
        30 => Duration::from_secs(300),
        _ => Duration::from_secs(YEAR),
    }
}

/// The model, with the writer of journals that it plays on.
#[allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "shared with the tests of the judges, which use more of it"
)]
#[path = "../../judge/tests/support"]
mod support {
    pub mod lifecycle;
    pub mod script;
}

/// The most steps of one case: more show nothing new and take longer.
const LETTER_STEPS: usize = 60;

/// Bytes as what happens to three letters.
pub fn transition(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let pairs = || rest.chunks_exact(2).take(LETTER_STEPS).map(|pair| (pair[0], pair[1]));
    if first % 2 == 1 {
        let steps: Vec<_> = pairs().map(|(what, how)| (letter(what), honest(what, how))).collect();
        an_honest_supplier_is_not_named(&steps);
    } else {
        // The other bits say how the letters begin: mostly PENDING.
        let begin = [2, 4, 6].map(|bit| match (first >> bit) % 4 {
            0 | 1 => LetterStatus::Pending,
            2 => LetterStatus::Accepted,
            _ => LetterStatus::Rejected,
        });
        let steps: Vec<_> = pairs().map(|(what, how)| (letter(what), step(what, how))).collect();
        judges_agree(begin, &steps);
    }
}

fn letter(what: u8) -> usize {
    usize::from(what % 3)
}

fn step(what: u8, how: u8) -> Step {
    let status = LetterStatus::ALL[usize::from(how) % LetterStatus::ALL.len()];
    match (what / 3) % 10 {
        0..=4 => Step::Sent(status, Reply::TakenOn),
        5 => Step::Sent(status, Reply::Refused),
        6 => Step::Sent(status, Reply::Lost(how >= 128)),
        7 | 8 => Step::Seen,
        _ => Step::Notify(how.is_multiple_of(2)),
    }
}

fn honest(what: u8, how: u8) -> Honest {
    match (what / 3) % 7 {
        0..=2 => Honest::Moves { choice: usize::from(how % 16), lost: usize::from(how / 16) },
        3..=5 => Honest::Looks(usize::from(how % 4)),
        _ => Honest::Waits,
    }
}
