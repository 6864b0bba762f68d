//! Load shapes paced by the session, with a record of every request.
//!
//! A [`LoadProfile`] says how much of what is sent and when; [`LoadProfile::plan`] holds it against
//! a target and announces what will be used up; [`AttackPlan::run`] sends it. Arrival times come
//! from an absolute schedule and the session's pacer; goose supplies users, scenario, metrics and
//! its report. Latency counts from the moment a request was due, so a stalled server shows up.
//! What is measured goes to files (`requests.csv`, `timeline.csv`, `latency.hdr`, `summary.json`).
//! Refuses production, rates above the target's limit, and traffic without a row in the record.

mod error;
mod mix;
mod outcome;
mod plan;
mod process;
mod profile;
mod progress;
mod record;
mod run;
mod schedule;
mod stop;
mod thresholds;

pub use error::LoadError;
pub use mix::LoadOperation;
pub use outcome::{Ended, LoadOutcome};
pub use plan::{At15Plan, At15Run, AttackPlan, LoadPlan};
pub use process::claim_process_hooks;
pub use profile::{LoadProfile, Mix, Rate, Shape, Thresholds};
pub use progress::LoadProgress;
pub use record::{OperationSummary, RowsOnly, SUMMARY_FORMAT, ScheduledPhase, Second, Summary};
pub use run::{Agree, RunOptions};
pub use schedule::{Arrival, Arrivals, Schedule};
pub use stop::StopHandle;
pub use thresholds::Checked;
