//! The kill matrix: every known fault of an API and of a print house against every judge.
//!
//! Each entry of the double's catalogue is armed while the harness runs the tests that must notice
//! it, and each entry of the model print house's while the witness watches it work. Beside each
//! stands a control without the fault. What the judges then say tells whether they bite.
//! Refuses to count a run that broke: only a verdict that a control did not have is a catch.

mod classify;
mod drive;
mod error;
mod judges;
mod matrix;
mod plan;
mod quiet;
mod register;
mod run;

pub use classify::{Outcome, classify, together};
pub use error::SelftestError;
pub use judges::{Judges, Verdicts};
pub use matrix::{Document, Entry, Matrix, Row};
pub use plan::{ApiSetup, Armed, Catalogue, Claim, Part, Setup, SupplierSetup, Trial, plan};
pub use register::judged_ids;
pub use run::{JOBS, Options, Progress, run};
