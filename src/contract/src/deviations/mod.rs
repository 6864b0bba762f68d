//! What the deployed API and the public sandbox are known to do differently from the
//! specification, as one table.
//!
//! A difference that a row explains is a deviation about the API; everything else is a violation.
//! Rows rest on the public code of the API, run and recorded; where the gateway in front of it is
//! unknown, either way is accepted.
//! Refuses to excuse a supplier: only differences about the API are looked up here.

mod matches;
mod row;
mod table;

pub(crate) use row::explain;
pub use row::{Deviation, DeviationTarget, deviations};
