//! A witness with its live checklist: fed by the journal, judged now and then, asked to end, ended.
//!
//! Judging takes a thread of its own kind and at most a tenth of one core, so that the proxy is
//! never held up; a long recording is judged less often. What the journal tells is only put aside,
//! for the journal is held meanwhile.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use letterproof_model::{Context, Exchange, LetterId, Mark, TestId};
use letterproof_traffic::Sweep;
use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::ui::judging::Judging;
use crate::ui::snapshot::{Snapshot, Stage, TrafficNow};
use crate::{Injection, Witness};

/// Between two looks at what was recorded.
const PULSE: Duration = Duration::from_millis(500);
/// Between two times of judging.
const PAUSE: Duration = Duration::from_secs(1);
/// So many times as long as judging took is the pause after it.
const REST: u32 = 9;
/// The longest pause: also a checklist of a very long recording turns.
const LONGEST: Duration = Duration::from_secs(30);

/// What a live checklist is about.
#[derive(Debug, Clone)]
pub struct LiveConfig {
    /// What judging must know of the target.
    pub context: Context,
    /// The tests that are judged.
    pub tests: Vec<TestId>,
    /// What is made to go wrong, to be shown.
    pub rules: Vec<Injection>,
}

/// A witness with its live checklist. Dropping it stops both.
#[derive(Debug)]
pub struct Live {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    /// `None` once it was stopped.
    witness: RwLock<Option<Witness>>,
    judging: Mutex<Judging>,
    shown: watch::Sender<Arc<Snapshot>>,
    asked_to_end: watch::Sender<bool>,
}

impl Live {
    /// Begins to judge what a witness records, whose journal tells `feed`. To be called within a
    /// tokio runtime.
    #[must_use]
    pub fn begin(witness: Witness, feed: Feed, config: LiveConfig) -> Self {
        let LiveConfig { context, tests, rules } = config;
        let first = Snapshot {
            target: context.target.clone(),
            base_url: witness.base_url().to_owned(),
            stage: Stage::Watching,
            refusing: None,
            verdicts: Arc::default(),
            letters: Vec::new(),
            recent: Vec::new(),
            notes: Vec::new(),
            scenario: None,
            rules: rules.iter().map(ToString::to_string).collect(),
            traffic: TrafficNow { limit: TrafficNow::limit_of(&context), ..TrafficNow::default() },
        };
        let shared = Arc::new(Shared {
            witness: RwLock::new(Some(witness)),
            judging: Mutex::new(Judging::new(feed, context, tests)),
            shown: watch::Sender::new(Arc::new(first)),
            asked_to_end: watch::Sender::new(false),
        });
        shared.look(false);
        let task = tokio::spawn(follow(Arc::clone(&shared)));
        Self { shared, task }
    }

    /// What is shown, as it changes.
    #[must_use]
    pub fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.shared.shown.subscribe()
    }

    /// Records a note of the tester.
    ///
    /// # Errors
    /// When it could not be written, or the witness has ended.
    pub async fn mark(&self, text: String) -> Result<(), UiError> {
        self.ask(move |witness| witness.mark(&text)).await
    }

    /// Begins a scenario, which ends the one under way.
    ///
    /// # Errors
    /// As [`Self::mark`].
    pub async fn begin_scenario(&self, label: String) -> Result<(), UiError> {
        self.ask(move |witness| witness.begin_scenario(&label)).await
    }

    /// Ends the scenario under way.
    ///
    /// # Errors
    /// As [`Self::mark`].
    pub async fn end_scenario(&self) -> Result<(), UiError> {
        self.ask(Witness::end_scenario).await
    }

    /// Asks something of the witness that writes to the disk, off the threads of the traffic.
    async fn ask(
        &self,
        question: impl FnOnce(&Witness) -> Result<(), letterproof_model::RecordError> + Send + 'static,
    ) -> Result<(), UiError> {
        let shared = Arc::clone(&self.shared);
        let asked = tokio::task::spawn_blocking(move || {
            let done = match &*shared.witness.read() {
                Some(witness) => question(witness).map_err(UiError::from),
                None => Err(UiError::Ended),
            };
            shared.look(false);
            done
        });
        asked.await.unwrap_or(Err(UiError::Ended))
    }

    /// Asks for the end, as the button on the page does.
    pub fn ask_to_end(&self) {
        self.shared.asked_to_end.send_replace(true);
    }

    /// Waits until somebody asked for the end.
    pub async fn asked_to_end(&self) {
        // The sender lives in here, so that this cannot fail.
        let _ = self.shared.asked_to_end.subscribe().wait_for(|asked| *asked).await;
    }

    /// Shows how far the end is.
    pub fn set_stage(&self, stage: Stage) {
        self.shared.shown.send_modify(|shown| Arc::make_mut(shown).stage = stage);
    }

    /// Stops the witness: what is under way may finish for its time of grace, and its port is free.
    pub async fn stop_witness(&self) {
        let witness = self.shared.witness.write().take();
        if let Some(witness) = witness {
            let counts = witness.stop().await;
            self.shared.shown.send_modify(|shown| {
                Arc::make_mut(shown).traffic.recorded = counts.recorded;
            });
        }
    }

    /// The letters whose last status sent nobody has read back yet, in the order of their ids.
    pub async fn unseen(&self) -> Vec<LetterId> {
        let shared = Arc::clone(&self.shared);
        let looked = tokio::task::spawn_blocking(move || {
            let mut judging = shared.judging.lock();
            judging.catch_up();
            judging.unseen()
        });
        looked.await.unwrap_or_default()
    }

    /// The letters that a final sweep reads; the sample of those that did not move is drawn by `seed`.
    pub async fn sweep(&self, seed: &str) -> Sweep {
        let (shared, seed) = (Arc::clone(&self.shared), seed.to_owned());
        let looked = tokio::task::spawn_blocking(move || {
            let mut judging = shared.judging.lock();
            judging.catch_up();
            judging.sweep(&seed)
        });
        looked.await.unwrap_or_default()
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    /// Looks at what was recorded, judges it where that is due, and shows what changed. Tells how
    /// long judging took.
    fn look(&self, due: bool) -> Option<Duration> {
        let mut judging = self.judging.lock();
        judging.catch_up();
        let took = (due && judging.is_behind()).then(|| judging.judge());
        let mut traffic = self.shown.borrow().traffic;
        traffic.rate = judging.rate();
        let mut refusing = None;
        if let Some(witness) = &*self.witness.read() {
            let counts = witness.counts();
            traffic = TrafficNow {
                requests: counts.requests,
                recorded: counts.recorded,
                in_flight: counts.in_flight,
                injected: counts.injected,
                refused: counts.refused,
                unrecorded: counts.unrecorded,
                ..traffic
            };
            refusing = witness.failure().map(|failure| failure.message.clone());
        }
        self.shown.send_if_modified(|shown| {
            let fresh = Snapshot {
                refusing: refusing.or_else(|| shown.refusing.clone()),
                verdicts: Arc::clone(&judging.verdicts),
                letters: judging.counts.clone(),
                recent: judging.recent(),
                notes: judging.notes(),
                scenario: judging.scenario.clone(),
                traffic,
                target: shown.target.clone(),
                base_url: shown.base_url.clone(),
                stage: shown.stage.clone(),
                rules: shown.rules.clone(),
            };
            let changed = fresh != **shown;
            if changed {
                *shown = Arc::new(fresh);
            }
            changed
        });
        took
    }
}

/// Looks again and again, and judges with pauses in between.
async fn follow(shared: Arc<Shared>) {
    let mut rest_until = Instant::now();
    loop {
        let (looking, due) = (Arc::clone(&shared), Instant::now() >= rest_until);
        let looked = tokio::task::spawn_blocking(move || looking.look(due)).await;
        if let Ok(Some(took)) = looked {
            rest_until = Instant::now() + pause(took);
        }
        sleep(PULSE).await;
    }
}

/// The pause after judging took so long.
fn pause(took: Duration) -> Duration {
    took.saturating_mul(REST).clamp(PAUSE, LONGEST)
}

/// What was recorded and not looked at yet; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Feed {
    waiting: Arc<Mutex<Waiting>>,
}

/// Exchanges and marks in the order of the journal.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    pub(crate) exchanges: Vec<Arc<Exchange>>,
    pub(crate) marks: Vec<Mark>,
}

impl Feed {
    /// To be told of every exchange once it is written.
    pub fn on_exchange(&self) -> impl Fn(&Arc<Exchange>) + Send + Sync + use<> {
        let waiting = Arc::clone(&self.waiting);
        move |exchange| waiting.lock().exchanges.push(Arc::clone(exchange))
    }

    /// To be told of every mark once it is written.
    pub fn on_mark(&self) -> impl Fn(&Mark) + Send + Sync + use<> {
        let waiting = Arc::clone(&self.waiting);
        move |mark| waiting.lock().marks.push(mark.clone())
    }

    /// Takes what has come since the last time.
    pub(crate) fn take(&self) -> Waiting {
        std::mem::take(&mut *self.waiting.lock())
    }
}

/// Why the live page cannot be served, or could not do what was asked of it.
#[derive(Debug, thiserror::Error)]
pub enum UiError {
    /// The page would be reachable from other machines.
    #[error(
        "the live page is for this machine only and {address} is not; give a loopback address with \
         --ui, such as 127.0.0.1:9101"
    )]
    NotLoopback {
        /// The address asked for.
        address: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("cannot serve the live page on {address}: {source}; choose another address with --ui")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// The journal cannot be written.
    #[error("not noted: {0}")]
    Record(#[from] letterproof_model::RecordError),
    /// The witness has ended, or is about to.
    #[error("the witness has ended; nothing more can be noted")]
    Ended,
    /// A template of the page is wrong.
    #[error("the page cannot be shown: {0}")]
    Template(#[from] minijinja::Error),
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use letterproof_model::{Context, RunEnd, now};

    use super::*;
    use crate::ui::judging::Judging;

    #[test]
    fn the_longer_judging_takes_the_rarer_it_is() {
        let pauses = [0, 200, 500, 60_000].map(|ms| pause(Duration::from_millis(ms)).as_millis());
        assert_eq!(pauses, [1_000, 1_800, 4_500, 30_000]);
    }

    #[test]
    fn a_journal_that_is_held_does_not_wait_for_judging() {
        let feed = Feed::default();
        let context = Context::stand_in("http://127.0.0.1:9");
        let judging = Mutex::new(Judging::new(feed.clone(), context, Vec::new()));
        let (told, was_told) = mpsc::channel();
        let held = judging.lock();
        let on_mark = feed.on_mark();
        let recording = std::thread::spawn(move || {
            on_mark(&RunEnd::Whole.mark(now()));
            told.send(()).unwrap();
        });
        let prompt = was_told.recv_timeout(Duration::from_secs(20));
        assert!(prompt.is_ok(), "the recorder waits for the checklist");
        assert!(held.notes().is_empty());
        drop(held);
        recording.join().unwrap();
        let mut judging = judging.lock();
        judging.catch_up();
        assert_eq!(judging.notes().len(), 1);
    }
}
