//! Gherkin phrases bound to the reference supplier's actions and to the judges.
//!
//! A phrase says what a supplier does or which criterion holds; it holds no loop, no JSON and no
//! assertion of its own. Scenarios tagged `@parallel` run side by side, since each works on letters
//! of its own and most of the time is spent waiting for the API. Nothing is decided here: verdicts
//! come from the judges, over what was recorded.

mod features;
mod judges;
mod phrases;
pub mod plan;
mod prober;
mod world;

#[cfg(test)]
mod recorded;
mod runner;
mod sweep;

pub use features::{FeatureError, FeatureSet, built_in_files};
pub use judges::Bench;
pub use prober::Prober;
pub use runner::{Reseed, Stage, StepEvent, check, run};
pub use sweep::{Sweeper, sweep};
pub use world::SupplierWorld;
