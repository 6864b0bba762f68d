//! The live checklist of a witness: what is shown so far, what to do next, and the page for it.
//!
//! A [`Feed`] hands over what the journal has, [`Live`] judges it now and then with the judges of
//! every run, and [`Page`] shows the outcome on this machine.
//! Refuses to hold up the traffic, to be reached from anywhere else, and to be evidence: what is
//! proven is read from the journal once the witness has ended.

mod advice;
mod answers;
mod error;
mod events;
mod feed;
mod guard;
mod judging;
mod live;
mod page;
mod render;
mod snapshot;

pub use advice::NextStep;
pub use error::UiError;
pub use feed::Feed;
pub use live::{Live, LiveConfig};
pub use page::Page;
pub use snapshot::{Recent, Snapshot, Stage, StatusCount, TrafficNow, Verdicts};
