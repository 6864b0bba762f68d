//! The live checklist of a witness: what is shown so far, what to do next, and the page for it.
//!
//! A [`Feed`] hands over what the journal has, [`Live`] judges it now and then with the judges of
//! every run, and [`Page`] shows the outcome, on this machine only. It never holds up the traffic
//! and is no evidence: what is proven is read from the journal once the witness has ended.

mod answers;
mod judging;
mod live;
mod page;
mod snapshot;

pub use judging::NextStep;
pub use live::{Feed, Live, LiveConfig, UiError};
pub use page::Page;
pub use snapshot::{Recent, Snapshot, Stage, StatusCount, TrafficNow, Verdicts};
