//! `letterproof selftest`: every known fault against the harness's own judges.
//! Refuses to leave this machine: the API and the print houses are its own.

use letterproof_selftest::{Options, Row, SelftestError, run};

use crate::args::{OutputFormat, SelftestOptions};
use crate::failure::Failure;
use crate::out;
use crate::progress::Progress;

/// Runs the trials, prints the matrix and writes it where asked; returns the exit code.
pub(crate) fn selftest(asked: &SelftestOptions) -> Result<u8, Failure> {
    let options = Options { only: asked.only.clone(), jobs: usize::from(asked.jobs), judges: None };
    let progress = Progress::start();
    let told = |count: usize, all: usize, row: &Row| {
        let line = format!("{count}/{all} {}", row.line());
        if row.outcome.is_good() { progress.passing(&line) } else { progress.note(&line) }
    };
    let matrix = run(&options, &told);
    progress.finish();
    let matrix = matrix?;
    if let Some(folder) = &asked.out {
        matrix.write(folder)?;
    }
    match asked.format {
        OutputFormat::Table => out::print(&matrix.text())?,
        OutputFormat::Json => out::json(&matrix.document())?,
    }
    Ok(matrix.exit_code())
}

impl From<SelftestError> for Failure {
    fn from(error: SelftestError) -> Self {
        match error {
            SelftestError::Unknown(_) | SelftestError::Write { .. } => {
                Self::Usage(error.to_string())
            }
            _ => Self::Harness(error.to_string()),
        }
    }
}
