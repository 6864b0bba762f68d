//! Judges: pure functions from recorded exchanges to verdicts. In `supplier/` those of the pack for
//! print suppliers, one file per acceptance test; beside it what serves every pack.
//!
//! A judge finds its evidence in the traffic itself: calls, letter ids, statuses, order, times.
//! Scenario labels may narrow a choice between equal candidates and never make anything pass. So a
//! driven run, a watched supplier, an imported recording and a reviewer's laptop share one set. There
//! is no I/O, and no pass rests on something the recording does not show.

mod all_tests;
mod cache;
mod conclude;
mod reading;
mod ruling;
mod supplier;
mod tally;
mod whole_record;

pub use all_tests::{Judged, judge_all};
pub use cache::JudgeCache;
pub use conclude::{Head, conclude};
pub use letterproof_traffic::Traffic;
pub use supplier::at15::at15_performance;
pub use supplier::cause::{Cause, causes};
pub use supplier::conformance;
pub use supplier::dispatch::{JudgedTest, judge_test};
pub use supplier::observer::{ObserverCheck, judge_observer, observer_checks, observer_ids};

use letterproof_traffic as traffic;
use letterproof_traffic::{books, flows, moves, readback};
