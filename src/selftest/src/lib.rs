//! The two-sided matrix: every known fault of an API and of a supplier, and every honest variation
//! of both, against every judge.
//!
//! Each entry of the double's catalogue is armed while the harness runs the tests that must notice
//! it, and each entry of the sample supplier's while the witness watches it work. Beside each
//! stands a control without the fault. What the judges then say tells whether they bite, and of an
//! honest variation, run in the same way, whether they bite the innocent.
//! Refuses to count a run that broke: only a verdict that a control did not have is a catch.

mod alone;
mod classify;
mod clear;
mod contract;
mod drive;
mod error;
mod files;
mod honest;
mod judges;
mod matrix;
mod noise;
mod plan;
mod quiet;
mod register;
mod run;

pub use classify::{Outcome, classify, together};
pub use clear::clear;
pub use contract::{ContractMatrix, ContractRow, contract_matrix};
pub use error::SelftestError;
pub use honest::{HonestEntry, Kind, Open, Seeds, Way, honest_catalogue};
pub use judges::{Judged, Judges, Verdicts};
pub use matrix::{Document, Entry, Matrix, Row};
pub use noise::{
    Difference, DifferenceEntry, NOISE_JOBS, Noise, NoiseDocument, NoiseEntry, NoiseEvent,
    NoiseOptions, NoiseProgress, NoiseReport, NoiseRow, Seen, run_noise,
};
pub use plan::{ApiSetup, Armed, Catalogue, Claim, Part, Setup, SupplierSetup, Trial, plan};
pub use register::judged_ids;
pub use run::{JOBS, Options, Progress, run};

/// What the journals of self-tests say recorded them.
fn tool() -> letterproof_model::ToolInfo {
    let version = env!("CARGO_PKG_VERSION").to_owned();
    letterproof_model::ToolInfo { version, commit: String::new() }
}
