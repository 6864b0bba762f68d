//! What came of every run, and the exit code that follows.
//! Refuses a good end while a run broke, differs, or the quiet one is itself not as it should be.

use std::path::{Path, PathBuf};

use super::compare::{Difference, Seen};
use super::draw::Noise;
use crate::error::SelftestError;

/// One run.
#[derive(Debug, Clone)]
pub struct NoiseRow {
    /// Its number; 0 for the quiet one.
    pub number: usize,
    /// How the double behaved.
    pub noise: Noise,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// What it came to, or why it broke.
    pub ended: Result<Seen, String>,
    /// Where it differs from the quiet run.
    pub differences: Vec<Difference>,
}

impl NoiseRow {
    /// Whether it came to what the quiet run came to.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.ended.is_ok() && self.differences.is_empty()
    }

    /// `same`, `differs` or `void`; the quiet run's own word is `control`.
    #[must_use]
    pub fn outcome(&self) -> &'static str {
        match (&self.ended, self.number, self.differences.is_empty()) {
            (Err(_), ..) => "void",
            (Ok(_), 0, _) => "control",
            (Ok(_), _, true) => "same",
            (Ok(_), _, false) => "differs",
        }
    }
}

/// What came of every run.
#[derive(Debug, Clone)]
pub struct NoiseReport {
    /// What decided all noise.
    pub seed: u64,
    /// The quiet run.
    pub control: NoiseRow,
    /// The others, by number.
    pub rows: Vec<NoiseRow>,
}

impl NoiseReport {
    /// The quiet run and the others.
    pub fn all(&self) -> impl Iterator<Item = &NoiseRow> {
        std::iter::once(&self.control).chain(&self.rows)
    }

    /// What was red in the quiet run, where nothing should be.
    #[must_use]
    pub fn alarms(&self) -> &[String] {
        self.control.ended.as_ref().map(|seen| &*seen.red).unwrap_or_default()
    }

    /// 4 where a run was void, 1 where one differs or something was red in the quiet one, else 0.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if self.all().any(|row| row.ended.is_err()) {
            4
        } else if self.all().any(|row| !row.is_good()) || !self.alarms().is_empty() {
            1
        } else {
            0
        }
    }

    /// Writes `noise.md` and `noise.csv` into a folder, which is made if it is missing. Gives
    /// their paths.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<Vec<PathBuf>, SelftestError> {
        let files = [("noise.md", self.markdown()), ("noise.csv", self.csv())];
        crate::files::write(folder, files)
    }
}
