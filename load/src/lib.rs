//! Load shapes paced by the session, with a record of every request.
//!
//! A [`LoadProfile`] says how much of what is sent and when; [`LoadProfile::plan`] compares it with
//! a target and announces what will be used up; [`AttackPlan::run`] sends it. Arrival times come
//! from an absolute schedule and the session's pacer; goose supplies users, scenario, metrics and
//! its report. Latency counts from the moment a request was due, so a stalled server shows up. What
//! is measured goes to files (`requests.csv`, `timeline.csv`, `latency.hdr`, `summary.json`).
//!
//! Invariants: production is never loaded, no rate is above the target's limit, and no request goes
//! unrecorded.

mod outcome;
mod plan;
mod profile;
mod record;
mod run;
mod schedule;

pub use outcome::{Checked, Ended, LoadError, LoadOutcome};
pub use plan::{At15Plan, At15Run, AttackPlan, LoadPlan};
pub use profile::{LoadProfile, Mix, Rate, Shape, Thresholds};
pub use record::{OperationSummary, RowsOnly, SUMMARY_FORMAT, ScheduledPhase, Second, Summary};
pub use run::{Agree, LoadProgress, RunOptions, StopHandle, claim_process_hooks};
pub use schedule::{Arrival, Arrivals, LoadOperation, Schedule};
