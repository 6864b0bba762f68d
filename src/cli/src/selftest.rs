//! `letterproof selftest`: every known fault and every honest variation against the harness's own
//! judges, or whole runs under noise against none. It never leaves this machine: the API and the
//! sample suppliers are its own.

use std::sync::Arc;

use letterproof_harness::Failure;
use letterproof_selftest::{
    NoiseEvent, NoiseOptions, NoiseProgress, Options, Row, SelftestError, run, run_noise,
};

use crate::args::{OutputFormat, SelftestOptions};
use crate::out;
use crate::process::or_stopped;
use crate::progress::Progress;

/// Runs the trials or the noisy runs; returns the exit code.
pub(crate) fn selftest(asked: &SelftestOptions) -> Result<u8, Failure> {
    match asked.noise {
        Some(runs) => noise(asked, usize::from(runs)),
        None => matrix(asked),
    }
}

/// Runs the trials, prints the matrix and writes it where asked.
fn matrix(asked: &SelftestOptions) -> Result<u8, Failure> {
    let options = Options { only: asked.only.clone(), jobs: jobs(asked), judges: None };
    let progress = Progress::start();
    progress.waiting("the self-test is running");
    let shown = progress.clone();
    let told = move |count: usize, all: usize, row: &Row| {
        let line = format!("{count}/{all} {}", row.line());
        if row.outcome.is_good() { shown.passing(&line) } else { shown.note(&line) }
    };
    let matrix = unless_stopped(move || run(&options, &told));
    progress.finish();
    let matrix = matrix?;
    if let Some(folder) = &asked.out {
        matrix.write(folder).map_err(refused)?;
    }
    match asked.format {
        OutputFormat::Table => out::document(&matrix.text())?,
        OutputFormat::Json => out::json(&matrix.document())?,
    }
    Ok(matrix.exit_code())
}

/// Runs under noise, prints the table and writes it where asked.
fn noise(asked: &SelftestOptions, runs: usize) -> Result<u8, Failure> {
    let (seed, jobs, keep) = (asked.seed, jobs(asked), asked.out.clone());
    let options = NoiseOptions { runs, seed, jobs, keep, ..NoiseOptions::default() };
    let progress = Progress::start();
    progress.waiting("the self-test is running");
    let shown = progress.clone();
    let told: NoiseProgress = Arc::new(move |event| match event {
        NoiseEvent::Doing { run, scenario } => shown.passing(&format!("run {run}: {scenario}")),
        NoiseEvent::Ended { count, all, row } => {
            shown.note(&format!("{count}/{all} {}", row.line()));
        }
    });
    let report = unless_stopped(move || run_noise(&options, &told));
    progress.finish();
    let report = report?;
    if let Some(folder) = &asked.out {
        report.write(folder).map_err(refused)?;
    }
    match asked.format {
        OutputFormat::Table => out::document(&report.text())?,
        OutputFormat::Json => out::json(&report.document())?,
    }
    Ok(report.exit_code())
}

/// Does long work on a thread of its own, until it is done or somebody asks to stop.
fn unless_stopped<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SelftestError> + Send + 'static,
) -> Result<T, Failure> {
    let runtime = crate::process::runtime()?;
    let worked = async {
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|error| Failure::Harness(format!("the self-test failed: {error}")))?
            .map_err(refused)
    };
    let words = "stopped before the last row; the rows told so far hold, and a self-test starts again from the beginning";
    let done = runtime.block_on(or_stopped(worked, words));
    // Trials under way end with the process.
    runtime.shutdown_background();
    done
}

/// How many go on side by side; 0 leaves it to the library.
fn jobs(asked: &SelftestOptions) -> usize {
    asked.jobs.map_or(0, usize::from)
}

fn refused(error: SelftestError) -> Failure {
    match error {
        SelftestError::Unknown(_) | SelftestError::Write { .. } => {
            Failure::Usage(error.to_string())
        }
        _ => Failure::Harness(error.to_string()),
    }
}
