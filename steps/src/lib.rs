//! Gherkin phrases bound to the reference supplier's actions and to the judges.
//!
//! A phrase says what a print house does or which criterion holds; it holds no loop, no JSON and no
//! assertion of its own. Scenarios tagged `@parallel` run side by side, since each works on letters
//! of its own and most of the time is spent waiting for the API.
//! Refuses to decide anything: verdicts come from the judges, over what was recorded.

mod bench;
mod counts;
mod features;
mod house;
mod phrases;
pub mod plan;
mod prober;
#[cfg(test)]
mod recorded;
mod runner;
mod sizes;
mod sweep;

pub use bench::Bench;
pub use features::{FeatureError, FeatureSet, built_in_files};
pub use house::PrintHouse;
pub use prober::Prober;
pub use runner::{Reseed, Stage, StepEvent, check, run};
pub use sweep::{Sweeper, sweep};
