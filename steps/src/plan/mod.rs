//! What a run would do, told from its features alone: calls, changes, letters used up, waits.
//!
//! Each phrase has its cost in `phrases`, beside the phrases themselves; a plan walks the scenarios
//! as a run would and adds the costs up. What cannot be known beforehand is a range.
//! Refuses traffic, and numbers of its own: a test scenario has no cost but that of its steps.

mod bill;
mod draft;
mod phrases;
mod probes;
mod range;
mod walk;

#[cfg(test)]
mod tests;

pub use bill::{Bill, Need, Wait};
pub use draft::Outlook;
pub use range::Range;
pub use walk::{Plan, ScenarioPlan, Shortfall, plan};
