//! The preflight of a target: one check after another, each with what was found and a remedy.
//! Refuses to change anything, and to list a letter unless it was agreed to: a listed letter is
//! hidden for the visibility timeout.

mod certificate;
mod diagnosis;
mod examine;
mod here;

pub use diagnosis::{Check, CheckState, Diagnosis};
pub use examine::{Doctor, DoctorOptions};
