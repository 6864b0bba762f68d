//! A model print house: a supplier's own system, honest with habits of its own, or wrong in one way.
//!
//! It lists, validates, accepts, downloads, prints, encloses, dispatches, delivers, returns and
//! reports, against any base URL, as a print house that knows the acceptance pack would. It stands
//! for somebody else's system, so it has its own small HTTP code and shares none with the harness:
//! whoever watches it through a recording proxy watches a stranger.
//! Refuses production, and to record or judge itself: what it did is for others to see.

mod day;
mod error;
mod faults;
mod habits;
mod line;
mod named;
mod pdf;
mod report;
mod settings;
mod shift;
mod supplier;
mod wire;

pub use error::SupplierError;
pub use faults::{Fault, FaultEntry, fault_catalogue};
pub use habits::{Habit, HabitEntry, habit_catalogue};
pub use named::UnknownName;
pub use report::{DayEnd, PartReport, ShiftReport};
pub use settings::{Access, Fates, SupplierSettings};
pub use shift::{Part, Shift};
pub use supplier::ModelSupplier;
