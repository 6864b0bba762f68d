//! A load run from its first call to its last record: preparation, goose's users, the supervision
//! around them, progress, and the ways to stop it.
//!
//! Whatever happens to the target, every wait has an end, and the records are written.

mod attack;
mod call;
mod stock;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use letterproof_client::{ClientError, Session, SessionOptions};
use letterproof_model::{Exchange, Recorder, Timestamp, grouped, now};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout};

use self::attack::{Stage, Work, attack};
use self::stock::prepare;
use crate::LoadError;
use crate::outcome::{Ended, LoadOutcome};
use crate::plan::AttackPlan;
use crate::profile::Shape;
use crate::record::{Collector, RowsOnly, Tap, Whole};

/// How often there is news.
const NEWS: Duration = Duration::from_secs(1);
/// How often it is looked whether the run must end.
const LOOK: Duration = Duration::from_millis(100);
/// For how long users are waited for before the schedule begins without them.
const LAUNCH: Duration = Duration::from_secs(5);
/// From the last user's arrival to the first request: goose begins its own count meanwhile.
const HEADSTART: Duration = Duration::from_millis(250);
/// For how long what is under way may go on after a stop.
const GRACE: Duration = Duration::from_secs(3);
/// For how long goose may take to write its report once its users are done.
const REPORT: Duration = Duration::from_secs(20);

/// Agrees or not once the target's first answer is there; a refusal is said in lines.
pub type Agree = Arc<dyn Fn(&Exchange) -> Result<(), Vec<String>> + Send + Sync>;

/// What a run is given besides its plan.
pub struct RunOptions {
    /// The folder for the records, new or empty of an earlier run's.
    pub folder: PathBuf,
    /// Who keeps the exchanges; without anyone, the rows are the record.
    pub recorder: Option<Arc<dyn Recorder>>,
    /// Begins every correlation id.
    pub nonce: Option<String>,
    /// Ends the run early.
    pub stop: StopHandle,
    /// Hears how far it is, about once a second; must be quick.
    pub progress: Arc<dyn Fn(&LoadProgress) + Send + Sync>,
    /// Asked before anything is changed.
    pub agree: Agree,
}

impl RunOptions {
    /// Options for records in this folder, without journal, nonce or listener.
    #[must_use]
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            recorder: None,
            nonce: None,
            stop: StopHandle::new(),
            progress: Arc::new(|_| {}),
            agree: Arc::new(|_| Ok(())),
        }
    }
}

impl AttackPlan {
    /// Sends the load and writes its records.
    ///
    /// # Errors
    /// When it could not begin: the records cannot be opened, the target cannot be reached, or
    /// shows no letters. Whatever happens later is an outcome, and leaves its records.
    pub async fn run(&self, options: RunOptions) -> Result<LoadOutcome, LoadError> {
        let ctrl_c = ctrl_c();
        let pressed_before = ctrl_c.times();
        let base_url = self.target.base_url.as_str();
        let collector =
            Arc::new(Collector::open(&options.folder, base_url, self.profile.slow_download)?);
        let inner = options.recorder.clone().unwrap_or_else(|| Arc::new(RowsOnly::new(base_url)));
        let tap = Arc::new(Tap { inner, collector: Arc::clone(&collector) });
        let session = Session::new(
            self.target.clone(),
            tap,
            SessionOptions { nonce: options.nonce.clone(), ..SessionOptions::default() },
        )?;
        let begun = now();
        let stock = tokio::select! {
            stock = prepare(self, &session, &*options.agree) => stock,
            () = either(&options.stop, 1, pressed_before) => {
                return Ok(self.conclude(&collector, &options.folder, begun, Duration::ZERO, Ended::Stopped));
            }
        };
        let stock = match stock {
            Ok(stock) => stock,
            Err(error) => {
                let ended = Ended::Failed { problem: error.to_string() };
                self.conclude(&collector, &options.folder, begun, Duration::ZERO, ended);
                return Err(error);
            }
        };
        let work = Arc::new(Work::new(
            session,
            self.profile.clone(),
            stock,
            Arc::clone(&collector),
            self.schedule.arrivals(),
        ));
        let mut watch = Supervision {
            plan: self,
            work: Arc::clone(&work),
            options: &options,
            pressed_before,
            started: begun,
            ended: None,
            lasted: Duration::ZERO,
        };
        let attack = attack(Arc::clone(&work), self.users, &options.folder);
        let attacked = watch.over(attack).await;
        work.session.close().await;
        let ended = match (work.fatal(), attacked, watch.ended.take()) {
            (Some(error @ ClientError::Misled { .. }), _, _) => {
                Ended::Refused { problem: error.to_string() }
            }
            (Some(error), _, _) => Ended::Failed { problem: error.to_string() },
            (None, Err(error), None) => Ended::Failed { problem: error.to_string() },
            (None, _, Some(ended)) => ended,
            (None, Ok(()), None) => Ended::Completed,
        };
        Ok(self.conclude(&collector, &options.folder, watch.started, watch.lasted, ended))
    }

    fn conclude(
        &self,
        collector: &Collector,
        folder: &Path,
        started: Timestamp,
        ran: Duration,
        ended: Ended,
    ) -> LoadOutcome {
        let whole = Whole {
            name: &self.profile.name,
            about: &self.profile.about,
            target: &self.target.name,
            base_url: self.target.base_url.as_str(),
            limit: self.target.rate_limit,
            users: self.users,
            schedule: &self.schedule,
            thresholds: &self.profile.thresholds,
            started,
            ran,
            ended: ended.clone(),
        };
        let (performance, summary, broken) = collector.finish(&whole);
        let ended = match (ended, broken) {
            (failed @ (Ended::Failed { .. } | Ended::Refused { .. }), _) => failed,
            (_, Some(error)) => Ended::Failed { problem: error.to_string() },
            (ended, None) => ended,
        };
        LoadOutcome {
            ended,
            performance,
            thresholds: summary.thresholds.clone(),
            summary,
            folder: folder.to_owned(),
        }
    }
}

/// Waits until the caller or Ctrl-C has asked so many times.
async fn either(stop: &StopHandle, times: u32, pressed_before: u32) {
    tokio::select! {
        () = stop.asked(times) => {}
        () = ctrl_c().asked(pressed_before + times) => {}
    }
}

/// Watches over an attack.
struct Supervision<'a> {
    plan: &'a AttackPlan,
    work: Arc<Work>,
    options: &'a RunOptions,
    pressed_before: u32,
    /// When the first request was due.
    started: Timestamp,
    /// How the run ended, where it did before its time.
    ended: Option<Ended>,
    /// How much of the schedule was run.
    lasted: Duration,
}

impl Supervision<'_> {
    /// Starts the schedule once the users are there, tells news, and ends the run when it must.
    async fn over(
        &mut self,
        attack: impl Future<Output = Result<(), LoadError>>,
    ) -> Result<(), LoadError> {
        tokio::pin!(attack);
        // Users wait for the schedule: one that begins before all are there would count their
        // launch as the target's latency.
        tokio::select! {
            ended = &mut attack => return ended,
            () = self.launched() => {}
        }
        let start = self.begin()?;
        let end = start + self.plan.schedule.duration();
        let mut news = interval(NEWS);
        news.set_missed_tick_behavior(MissedTickBehavior::Delay);
        news.tick().await;
        let mut look = interval(LOOK);
        let mut told = Instant::now();
        loop {
            tokio::select! {
                ended = &mut attack => {
                    self.lasted = self.lasted_until(start);
                    return ended;
                }
                _ = news.tick() => self.tell(start, end, &mut told),
                _ = look.tick() => self.look(),
                () = either(&self.options.stop, 1, self.pressed_before) => self.end(Ended::Stopped),
            }
            // Why it ends is settled here once; whatever comes of winding up changes nothing.
            if self.ended.is_some() || self.work.fatal().is_some() {
                self.lasted = self.lasted_until(start);
                return self.wind_up(attack).await;
            }
        }
    }

    async fn launched(&self) {
        let all = || self.work.ready.load(Ordering::Relaxed) >= self.plan.users;
        let until = Instant::now() + LAUNCH;
        while !all() && Instant::now() < until {
            sleep(Duration::from_millis(5)).await;
        }
    }

    fn begin(&mut self) -> Result<Instant, LoadError> {
        let (start, at) = (Instant::now() + HEADSTART, now());
        let headstart = jiff::SignedDuration::try_from(HEADSTART).unwrap_or_default();
        self.started = at.checked_add(headstart).unwrap_or(at);
        self.work.collector.start(self.started)?;
        self.work.start.get_or_init(|| start);
        self.work.advance(Stage::Running);
        Ok(start)
    }

    /// Ends the run where the ramp has found what it looked for, or the target is gone.
    fn look(&mut self) {
        let collector = &self.work.collector;
        let stops = matches!(self.plan.profile.shape, Shape::Ramp { stop_at_429: true, .. });
        if stops && collector.first_429().is_some() {
            self.end(Ended::LimitFound);
        } else if collector.silent_for().is_some_and(|time| time > self.plan.profile.give_up_after)
        {
            self.end(Ended::TargetLost);
        }
    }

    fn end(&mut self, how: Ended) {
        self.ended.get_or_insert(how);
        self.work.advance(Stage::Stopping);
    }

    fn lasted_until(&self, start: Instant) -> Duration {
        start.elapsed().min(self.plan.schedule.duration())
    }

    /// Lets what is under way end for a moment, then cuts it off; a second stop cuts at once.
    async fn wind_up(
        &self,
        mut attack: std::pin::Pin<&mut impl Future<Output = Result<(), LoadError>>>,
    ) -> Result<(), LoadError> {
        tokio::select! {
            ended = &mut attack => return ended,
            () = sleep_until(Instant::now() + GRACE) => {}
            () = either(&self.options.stop, 2, self.pressed_before) => {}
        }
        self.work.advance(Stage::Cut);
        timeout(REPORT, attack).await.unwrap_or_else(|_| {
            Err(LoadError::Goose { problem: "its users did not end in time".to_owned() })
        })
    }

    fn tell(&mut self, start: Instant, end: Instant, told: &mut Instant) {
        let tick = match self.work.collector.tick() {
            Ok(tick) => tick,
            Err(error) => return self.end(Ended::Failed { problem: error.to_string() }),
        };
        let since = told.elapsed().as_secs_f64().max(1e-3);
        *told = Instant::now();
        let schedule = &self.plan.schedule;
        let phase = schedule.phase_at(start.elapsed());
        let progress = LoadProgress {
            phase: phase.map_or_else(|| "last answers".to_owned(), |phase| phase.label.clone()),
            elapsed: start.elapsed(),
            remaining: end.saturating_duration_since(*told),
            done: tick.done,
            planned: schedule.count(),
            achieved_per_s: tick.answers as f64 / since,
            offered_per_s: phase.map_or(0.0, |phase| phase.rate),
            p50_ms: tick.p50_ms,
            p99_ms: tick.p99_ms,
            errors: tick.errors,
            throttled: tick.throttled,
        };
        (self.options.progress)(&progress);
    }
}

/// Ends a load run; clones are handles on the same one.
#[derive(Debug, Clone)]
pub struct StopHandle {
    asked: Arc<watch::Sender<u32>>,
}

impl Default for StopHandle {
    fn default() -> Self {
        Self { asked: Arc::new(watch::Sender::new(0)) }
    }
}

impl StopHandle {
    /// A handle that nobody has used yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the run to stop: nothing more is sent, and what is under way has a few seconds. Asked
    /// again, what is under way is cut off.
    pub fn stop(&self) {
        self.asked.send_modify(|times| *times = times.saturating_add(1));
    }

    /// How often it was asked.
    fn times(&self) -> u32 {
        *self.asked.borrow()
    }

    /// Waits until it was asked at least so often.
    async fn asked(&self, times: u32) {
        // The sender lives as long as this handle, so that waiting cannot fail.
        let _ = self.asked.subscribe().wait_for(|asked| *asked >= times).await;
    }
}

struct Nothing;

impl log::Log for Nothing {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        false
    }

    fn log(&self, _: &log::Record<'_>) {}

    fn flush(&self) {}
}

/// Takes Ctrl-C and the logger before goose can; later calls change nothing.
///
/// A command that listens to Ctrl-C itself calls this *before* it does (on Unix the later listener
/// hears of it first and passes it on). Without that call, a load run makes it, and Ctrl-C reaches
/// only load runs from then on.
pub fn claim_process_hooks() {
    ctrl_c();
}

/// What Ctrl-C asks to stop in this process.
fn ctrl_c() -> &'static StopHandle {
    static CTRL_C: OnceLock<StopHandle> = OnceLock::new();
    CTRL_C.get_or_init(|| {
        // A logger that is in place already keeps goose's out just as well.
        let _ = log::set_logger(&Nothing);
        let pressed = StopHandle::new();
        let told = pressed.clone();
        // Where signals cannot be had, goose cannot take them either.
        let _ = ctrlc::set_handler(move || told.stop());
        pressed
    })
}

/// The state of a load run; latencies are of the time since the event before.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LoadProgress {
    /// What the load does now, as `step 3 of 10`.
    pub phase: String,
    /// Since the first request was due.
    pub elapsed: Duration,
    /// Until the last request is due.
    pub remaining: Duration,
    /// API requests answered or failed.
    pub done: u64,
    /// API requests the schedule holds.
    pub planned: u64,
    /// API requests answered in a second, since the event before.
    pub achieved_per_s: f64,
    /// Requests scheduled in a second, now.
    pub offered_per_s: f64,
    /// Half of the latest requests were quicker, from their scheduled time.
    pub p50_ms: f64,
    /// Ninety-nine in a hundred were.
    pub p99_ms: f64,
    /// Requests failed so far, downloads included.
    pub errors: u64,
    /// Answers with 429 so far.
    pub throttled: u64,
}

impl fmt::Display for LoadProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} · {}/{} requests · {:.0} of {:.0}/s · p50 {:.1} ms, p99 {:.1} ms · {} errors, {} × 429 · {} s left",
            self.phase,
            grouped(self.done),
            grouped(self.planned),
            self.achieved_per_s,
            self.offered_per_s,
            self.p50_ms,
            self.p99_ms,
            grouped(self.errors),
            grouped(self.throttled),
            self.remaining.as_secs_f64().ceil(),
        )
    }
}
