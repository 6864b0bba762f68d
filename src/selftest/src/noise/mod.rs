//! No false alarms: whole runs against a healthy mock, each under noise of its own.
//!
//! Latency, slow and unordered updates, visibility timeouts and failures in passing change when
//! things happen, and must change nothing else: every verdict is compared with that of a quiet run.
//! Delays are not scaled down, a run that broke is no good run, and only recordings of runs that
//! differ are kept.

mod draw;
mod report;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use letterproof_mock::DemoCredentials;
use letterproof_model::TestId;
use letterproof_steps::StepEvent;
use parking_lot::Mutex;

use crate::SelftestError;
use crate::drive::{Whole, drive_whole};
use crate::run::{Quiet, STACK, run_alone};
use crate::verdicts::{self, Judges};

pub use draw::Noise;
pub use report::{
    Difference, DifferenceEntry, NoiseDocument, NoiseEntry, NoiseReport, NoiseRow, Seen,
};

/// How many runs go on side by side unless told otherwise.
pub const NOISE_JOBS: u16 = 6;
/// The longest a run may take: many times what the slowest needs.
const LONGEST: Duration = Duration::from_secs(30 * 60);

/// What is run under noise.
#[derive(Clone, Default)]
pub struct NoiseOptions {
    /// How many runs besides the quiet one.
    pub runs: usize,
    /// Decides all noise.
    pub seed: u64,
    /// Runs side by side; 0 for [`NOISE_JOBS`].
    pub jobs: usize,
    /// Tests of the pack; empty for all of them.
    pub tests: Vec<TestId>,
    /// Leaves the conformance suite out.
    pub without_conformance: bool,
    /// Makes the mock of one run wrong: the run's number and the fault, to see it named.
    pub fault: Option<(usize, String)>,
    /// The folder that keeps the journals of runs that differ or broke, as `run-NUMBER.jsonl`.
    pub keep: Option<PathBuf>,
    /// The judges; `None` for the harness's own.
    pub judges: Option<Judges>,
}

/// What is told while runs go on.
#[derive(Debug)]
pub enum NoiseEvent<'a> {
    /// A run began a scenario.
    Doing {
        /// The run.
        run: usize,
        /// The scenario.
        scenario: &'a str,
    },
    /// A run ended.
    Ended {
        /// How many have, the quiet one aside.
        count: usize,
        /// Of how many.
        all: usize,
        /// The run.
        row: &'a NoiseRow,
    },
}

/// Told of what goes on.
pub type NoiseProgress = Arc<dyn Fn(NoiseEvent<'_>) + Send + Sync>;

/// Runs the quiet control, then the others side by side. Blocks until the last has ended.
///
/// # Errors
/// Nothing can be run at all.
pub fn run_noise(
    options: &NoiseOptions,
    progress: &NoiseProgress,
) -> Result<NoiseReport, SelftestError> {
    let judges = match &options.judges {
        Some(judges) => Arc::clone(judges),
        None => verdicts::built_in().map_err(SelftestError::Contract)?,
    };
    DemoCredentials::shared()?;
    let folder = letterproof_evidence::scratch_folder("noise").map_err(SelftestError::Folder)?;
    let _quiet = Quiet::please();
    let field = Field { options, judges, folder: folder.path(), progress };
    let control = field.beside(1, &[0], None)?.pop().ok_or(SelftestError::NoRun)?;
    let numbers: Vec<usize> = (1..=options.runs).collect();
    let jobs = if options.jobs == 0 { usize::from(NOISE_JOBS) } else { options.jobs };
    let rows = field.beside(jobs, &numbers, control.ended.as_ref().ok())?;
    Ok(NoiseReport { seed: options.seed, control, rows })
}

struct Field<'a> {
    options: &'a NoiseOptions,
    judges: Judges,
    folder: &'a Path,
    progress: &'a NoiseProgress,
}

impl Field<'_> {
    /// Runs these numbers, so many at a time; gives their rows by number.
    fn beside(
        &self,
        jobs: usize,
        numbers: &[usize],
        control: Option<&Seen>,
    ) -> Result<Vec<NoiseRow>, SelftestError> {
        let next = AtomicUsize::new(0);
        let rows: Mutex<Vec<NoiseRow>> = Mutex::default();
        let labour = || {
            while let Some(number) = numbers.get(next.fetch_add(1, Ordering::Relaxed)) {
                let row = self.run(*number, control);
                let mut rows = rows.lock();
                rows.push(row);
                if let Some(row) = rows.last() {
                    let (count, all) = (rows.len(), numbers.len());
                    (self.progress)(NoiseEvent::Ended { count, all, row });
                }
            }
        };
        std::thread::scope(|scope| {
            for worker in 0..jobs.min(numbers.len()) {
                std::thread::Builder::new()
                    .name(format!("noise-{worker}"))
                    .stack_size(STACK)
                    .spawn_scoped(scope, labour)
                    .map_err(SelftestError::Thread)?;
            }
            Ok::<(), SelftestError>(())
        })?;
        let mut rows = rows.into_inner();
        rows.sort_by_key(|row| row.number);
        Ok(rows)
    }

    /// One run, compared with the quiet one where that is at hand.
    fn run(&self, number: usize, control: Option<&Seen>) -> NoiseRow {
        let seed = self.options.seed;
        let noise = if number == 0 { Noise::quiet(seed) } else { Noise::drawn(seed, number) };
        let began = Instant::now();
        let journal = self.folder.join(format!("run-{number:02}.jsonl"));
        let ended = self.drive(number, &noise, &journal);
        let differences = match (control, &ended) {
            (Some(control), Ok(seen)) => control.differences(seen),
            _ => Vec::new(),
        };
        let seconds = began.elapsed().as_secs_f64();
        let row = NoiseRow { number, noise, seconds, ended, differences };
        self.put_away(&journal, &row);
        row
    }

    fn drive(&self, number: usize, noise: &Noise, journal: &Path) -> Result<Seen, String> {
        let NoiseOptions { tests, without_conformance, fault, .. } = self.options;
        let fault = fault.as_ref().filter(|(run, _)| *run == number);
        let whole = Whole {
            noise,
            tests,
            conformance: !without_conformance,
            fault: fault.map(|(_, fault)| fault.as_str()),
        };
        let progress = Arc::clone(self.progress);
        let told = move |event| {
            if let StepEvent::Started { scenario } = event {
                progress(NoiseEvent::Doing { run: number, scenario: &scenario });
            }
        };
        let driving = drive_whole(whole, journal, Arc::new(told));
        run_alone(driving, LONGEST, &self.judges).map(|results| Seen::of(&results))
    }

    /// Keeps the journal of a run that is not as it should be, where a folder was named for it.
    fn put_away(&self, journal: &Path, row: &NoiseRow) {
        let red = row.number == 0 && row.ended.as_ref().is_ok_and(|seen| !seen.red.is_empty());
        if let Some(keep) = self.options.keep.as_ref().filter(|_| !row.is_good() || red) {
            // A journal that cannot be kept must not hide what its run came to.
            let _ = std::fs::create_dir_all(keep);
            let _ = journal.file_name().map(|name| std::fs::copy(journal, keep.join(name)));
        }
        let _ = std::fs::remove_file(journal);
    }
}
