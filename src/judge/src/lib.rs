//! Judges: pure functions from recorded exchanges to verdicts, one file per acceptance test.
//!
//! A judge finds its evidence in the traffic itself: calls, letter ids, statuses, order, times.
//! Scenario labels may narrow a choice between equal candidates and never make anything pass. So a
//! driven run, a watched supplier, an imported recording and a reviewer's laptop share one set.
//! Refuses: any I/O, and a pass that rests on something the recording does not show.

mod at01;
mod at02;
mod at03;
mod at04;
mod at05;
mod at06;
mod at07;
mod at08;
mod at09;
mod at10;
mod at11;
mod at12;
mod at13;
mod at14;
mod at15;
mod batch;
mod cache;
mod cause;
mod conclude;
pub mod conformance;
mod dispatch;
mod downloads;
mod hidden;
mod judged;
mod kept;
mod moved;
mod unfit;

mod observer;
mod pairs;
mod reading;
mod reasons;
mod ruling;
mod standing;
mod tally;

pub use at15::at15_performance;
pub use cache::JudgeCache;
pub use cause::{Cause, causes};
pub use conclude::{Head, conclude};
pub use dispatch::{JudgedTest, judge_test};

pub use judged::{Judged, judge_all};
pub use letterproof_traffic::Traffic;
pub use observer::{ObserverCheck, judge_observer, observer_checks, observer_ids};
pub use standing::standing;

use letterproof_traffic as traffic;
use letterproof_traffic::{books, flows, moves, readback};
