//! Running trials side by side, each on a thread with a runtime of its own.
//!
//! Most of a trial is waiting, so there are many more threads than processors. Trials of equal set-up
//! share one control. A panic or a trial that never ends makes its own row void and harms no
//! other. Meanwhile nothing is printed on stderr for a panic: a failed step is a panic to the runner
//! of features, and it ends the trial it happened in, with its words.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use letterproof_mock::DemoCredentials;
use letterproof_model::{Brief, Recording, Results};
use parking_lot::Mutex;

use crate::matrix::{Matrix, Row};
use crate::plan::{Part, Setup, Trial, plan};
use crate::verdicts::{self, Judged, Judges, Verdicts, classify, clear, together};
use crate::{SelftestError, drive};

/// How many trials run side by side unless told otherwise.
pub const JOBS: u16 = 12;
/// The longest a trial may take: many times what the slowest needs.
const LONGEST: Duration = Duration::from_secs(120);
/// A feature's table and the judges' indexes need more than a thread's usual stack in debug builds.
pub(crate) const STACK: usize = 16 * 1024 * 1024;

/// What a self-test is told.
#[derive(Clone, Default)]
pub struct Options {
    /// Entries by name; empty for all of the catalogues.
    pub only: Vec<String>,
    /// Trials side by side; 0 for [`JOBS`].
    pub jobs: usize,
    /// The judges put to the test; `None` for the harness's own.
    pub judges: Option<Judges>,
}

/// Told of each row as it is known: how many of how many, and the row.
pub type Progress<'a> = &'a (dyn Fn(usize, usize, &Row) + Sync);

/// What a trial or a control ended with.
type Ended = Result<Judged, String>;

/// One run: a control, or a trial's part, by its place among all of them.
#[derive(Clone, Copy)]
enum Job {
    Control(usize),
    Part(usize),
}

/// Runs the trials and their controls. Blocks until the last has ended.
///
/// # Errors
/// A name is in no catalogue, or nothing can be run at all.
pub fn run(options: &Options, progress: Progress<'_>) -> Result<Matrix, SelftestError> {
    let trials = plan(&options.only)?;
    let whole = options.only.is_empty();
    let judges = match &options.judges {
        Some(judges) => Ok(Arc::clone(judges)),
        None => verdicts::built_in(),
    };
    // Made once beforehand, so that no trial waits for a key.
    DemoCredentials::shared()?;
    let folder = letterproof_evidence::scratch_folder("selftest").map_err(SelftestError::Folder)?;
    let work = Work::new(&trials, judges, folder.path(), progress);
    let _quiet = Quiet::please();
    let jobs = if options.jobs == 0 { usize::from(JOBS) } else { options.jobs };
    std::thread::scope(|scope| {
        for number in 0..jobs.min(work.all) {
            std::thread::Builder::new()
                .name(format!("selftest-{number}"))
                .stack_size(STACK)
                .spawn_scoped(scope, || work.labour())
                .map_err(SelftestError::Thread)?;
        }
        Ok::<(), SelftestError>(())
    })?;
    Ok(Matrix::new(work.rows(), whole))
}

/// The trials, their parts and controls, and what has ended.
struct Work<'a> {
    trials: &'a [Trial],
    /// Every part of every trial, with the place of its control.
    parts: Vec<(&'a Part, usize)>,
    /// One set-up for each control.
    controls: Vec<&'a Setup>,
    judges: Result<Judges, String>,
    folder: &'a Path,
    progress: Progress<'a>,
    all: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: Vec<Job>,
    controls: BTreeMap<usize, Ended>,
    parts: BTreeMap<usize, Ended>,
    rows: BTreeMap<usize, Row>,
}

impl<'a> Work<'a> {
    fn new(
        trials: &'a [Trial],
        judges: Result<Judges, String>,
        folder: &'a Path,
        progress: Progress<'a>,
    ) -> Self {
        let mut controls: Vec<&Setup> = Vec::new();
        let mut control_of = |setup: &'a Setup| {
            controls.iter().position(|known| *known == setup).unwrap_or_else(|| {
                controls.push(setup);
                controls.len() - 1
            })
        };
        let parts: Vec<(&Part, usize)> = trials
            .iter()
            .flat_map(|trial| &trial.parts)
            .map(|part| (part, control_of(&part.setup)))
            .collect();
        // Taken from the end, so that controls come first.
        let waiting: Vec<Job> = (0..parts.len())
            .map(Job::Part)
            .chain((0..controls.len()).map(Job::Control))
            .rev()
            .collect();
        let all = waiting.len();
        let state = Mutex::new(State { waiting, ..State::default() });
        Self { trials, parts, controls, judges, folder, progress, all, state }
    }

    fn rows(self) -> Vec<Row> {
        self.state.into_inner().rows.into_values().collect()
    }

    fn labour(&self) {
        loop {
            let Some(job) = self.state.lock().waiting.pop() else { return };
            let ended = self.attempt(job);
            let known = {
                let mut state = self.state.lock();
                match job {
                    Job::Control(number) => drop(state.controls.insert(number, ended)),
                    Job::Part(number) => drop(state.parts.insert(number, ended)),
                }
                self.tell_rows(&mut state)
            };
            for (count, row) in known {
                (self.progress)(count, self.trials.len(), &row);
            }
        }
    }

    /// The rows that can be told now and were not before, each with how many there are then.
    fn tell_rows(&self, state: &mut State) -> Vec<(usize, Row)> {
        let mut known = Vec::new();
        let mut first = 0;
        for (number, trial) in self.trials.iter().enumerate() {
            let places = first..first + trial.parts.len();
            first = places.end;
            if state.rows.contains_key(&number) {
                continue;
            }
            let faulty: Vec<&Ended> =
                places.clone().filter_map(|place| state.parts.get(&place)).collect();
            let controls: Vec<&Ended> =
                places.filter_map(|place| state.controls.get(&self.parts[place].1)).collect();
            if faulty.len() < trial.parts.len() || controls.len() < trial.parts.len() {
                continue;
            }
            let (outcome, red) = match trial.honest {
                Some(entry) => clear(entry, faulty.into_iter().zip(controls)),
                None => classify(&trial.claims, &merged(&faulty), &merged(&controls)),
            };
            let row = Row { trial: trial.clone(), outcome, red };
            state.rows.insert(number, row.clone());
            known.push((state.rows.len(), row));
        }
        known
    }

    /// Runs one job; whatever goes wrong is its end.
    fn attempt(&self, job: Job) -> Ended {
        let judges = self.judges.as_ref().map_err(Clone::clone)?;
        let (setup, fault) = match job {
            Job::Control(number) => (self.controls[number], None),
            Job::Part(number) => {
                let part = self.parts[number].0;
                (&part.setup, Some(&part.fault))
            }
        };
        let driving = drive::drive(setup, fault, self.folder);
        Ok(Judged::of(&run_alone(driving, LONGEST, judges)?))
    }
}

/// The verdicts of several runs in one.
fn merged(ended: &[&Ended]) -> Result<Verdicts, String> {
    let verdicts = |one: &&Ended| one.as_ref().map(|it| it.verdicts.clone()).map_err(Clone::clone);
    together(&ended.iter().map(verdicts).collect::<Vec<_>>())
}

/// Drives a run to its end and judges it. Blocks meanwhile.
///
/// # Errors
/// Why it broke, in one sentence.
pub(crate) fn run_alone(
    driving: impl Future<Output = Result<(Recording, Brief), String>>,
    longest: Duration,
    judges: &Judges,
) -> Result<Results, String> {
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("no runtime: {error}"))?;
        let driven = runtime.block_on(async {
            tokio::time::timeout(longest, driving)
                .await
                .unwrap_or_else(|_| Err(format!("it had not ended after {} s", longest.as_secs())))
        });
        // Connections still open must not hold up the next run.
        runtime.shutdown_background();
        let (recording, brief) = driven?;
        Ok(judges(&recording, &brief))
    };
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| Err(panic_words(panic.as_ref())))
}

type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Send + Sync + 'static>;

/// How many want quiet, and the hook that was there before the first of them.
static WANTED: Mutex<(usize, Option<Hook>)> = Mutex::new((0, None));

/// Panics are silent until every one of these is dropped.
pub(crate) struct Quiet(());

impl Quiet {
    /// Silences panics.
    pub(crate) fn please() -> Self {
        let mut wanted = WANTED.lock();
        if wanted.0 == 0 {
            wanted.1 = Some(panic::take_hook());
            panic::set_hook(Box::new(|_| {}));
        }
        wanted.0 += 1;
        Self(())
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        let mut wanted = WANTED.lock();
        wanted.0 -= 1;
        let last = wanted.0 == 0 && !std::thread::panicking();
        if let Some(usual) = wanted.1.take_if(|_| last) {
            panic::set_hook(usual);
        }
    }
}

/// What a panic said.
fn panic_words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let said = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("the harness panicked: {}", said.unwrap_or("without a word"))
}
