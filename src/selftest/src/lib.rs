//! The two-sided matrix: every known fault of an API and of a supplier, and every honest variation
//! of both, against every judge.
//!
//! Each entry of the mock's catalogue is armed while the harness runs the tests that must notice it,
//! and each entry of the sample supplier's while the witness watches it work. Each has a control
//! without the fault beside it. What the judges then say shows whether they bite, and of an honest
//! variation, run in the same way, whether they bite the innocent. Only a verdict that the control
//! did not have is a catch; a run that broke is not counted.

mod contract;
mod drive;
mod honest;
mod matrix;
mod noise;
mod plan;
mod run;
mod verdicts;

use std::path::{Path, PathBuf};

pub use contract::{ContractMatrix, ContractRow, contract_matrix};
pub use honest::{HonestEntry, Kind, Open, Seeds, Way, honest_catalogue};
pub use matrix::{Document, Entry, Matrix, Row};
pub use noise::{
    Difference, DifferenceEntry, NOISE_JOBS, Noise, NoiseDocument, NoiseEntry, NoiseEvent,
    NoiseOptions, NoiseProgress, NoiseReport, NoiseRow, Seen, run_noise,
};
pub use plan::{ApiSetup, Armed, Catalogue, Claim, Part, Setup, SupplierSetup, Trial, plan};
pub use run::{JOBS, Options, Progress, run};
pub use verdicts::{Judged, Judges, Outcome, Verdicts, classify, clear, judged_ids, together};

/// What the journals of self-tests say recorded them.
fn tool() -> letterproof_model::ToolInfo {
    let version = env!("CARGO_PKG_VERSION").to_owned();
    letterproof_model::ToolInfo { version, commit: String::new() }
}

/// Why there is no matrix.
#[derive(Debug, thiserror::Error)]
pub enum SelftestError {
    /// No entry of a catalogue has this name.
    #[error(
        "`{0}` is not an entry of the catalogues; `letterproof mock --fault list` and `letterproof \
         supplier --fault list` show the faults, reports/matrix.md the honest variations too"
    )]
    Unknown(String),
    /// The folder for the trials' journals could not be made.
    #[error("cannot make a folder for temporary journals: {0}; free some space or set TMPDIR")]
    Folder(std::io::Error),
    /// A thread for trials could not be started.
    #[error("cannot start a thread for trials: {0}; try fewer with --jobs")]
    Thread(std::io::Error),
    /// The built-in contract cannot be read.
    #[error("the built-in contract cannot be read: {0}")]
    Contract(String),
    /// A thread ended without its run.
    #[error("the quiet run left nothing to compare with; run it again")]
    NoRun,
    /// The mock's keys could not be made.
    #[error(transparent)]
    Mock(#[from] letterproof_mock::MockError),
    /// A rendering could not be written.
    #[error("cannot write {path}: {source}; choose another folder with --out")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The heat map's template is at fault.
    #[error("the heat map cannot be rendered: {0}")]
    Template(#[from] minijinja::Error),
}

/// Writes texts under their names into a folder, which is made if it is missing. Gives their paths.
pub(crate) fn write(
    folder: &Path,
    files: impl IntoIterator<Item = (&'static str, String)>,
) -> Result<Vec<PathBuf>, SelftestError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| SelftestError::Write { path, source }
    };
    std::fs::create_dir_all(folder).map_err(failed(folder))?;
    files
        .into_iter()
        .map(|(name, text)| {
            let path = folder.join(name);
            std::fs::write(&path, text).map_err(failed(&path))?;
            Ok(path)
        })
        .collect()
}
