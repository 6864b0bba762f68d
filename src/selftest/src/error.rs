//! What ends a self-test before there is a matrix.
//! Refuses to cover a single trial: what breaks one of them is told in its row.

use std::path::PathBuf;

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
    /// The double's keys could not be made.
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
