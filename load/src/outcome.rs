//! How a load run ended, and what that means for the exit code.
//! Refuses to call a run good that did not reach its end.

use std::path::PathBuf;

use letterproof_model::Performance;
use serde::{Deserialize, Serialize};

use crate::record::Summary;
use crate::thresholds::Checked;

/// How a load run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "kebab-case")]
pub enum Ended {
    /// Every scheduled request was sent and answered, or failed.
    Completed,
    /// Someone asked it to stop.
    Stopped,
    /// A ramp met its first 429, which is what it looked for.
    LimitFound,
    /// The target gave no answer any more.
    TargetLost,
    /// A link or a name led where nothing may go.
    Refused {
        /// Where, and what to do.
        problem: String,
    },
    /// It could not go on.
    Failed {
        /// Why, and what to do.
        problem: String,
    },
}

/// What came of a load run.
#[derive(Debug, Clone)]
pub struct LoadOutcome {
    /// How it ended.
    pub ended: Ended,
    /// The figures, for `results.json`.
    pub performance: Performance,
    /// Every threshold of the profile.
    pub thresholds: Vec<Checked>,
    /// What `summary.json` holds.
    pub summary: Summary,
    /// The folder with the records.
    pub folder: PathBuf,
}

impl LoadOutcome {
    /// The exit code: 4 it could not go on, 2 it was refused for safety, 1 a threshold was broken, 3 it did not reach its end,
    /// 0 all kept.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        let broken = self.thresholds.iter().any(|threshold| !threshold.kept);
        match &self.ended {
            Ended::Failed { .. } => 4,
            Ended::Refused { .. } => 2,
            _ if broken => 1,
            Ended::Stopped | Ended::TargetLost => 3,
            Ended::Completed | Ended::LimitFound => 0,
        }
    }
}
