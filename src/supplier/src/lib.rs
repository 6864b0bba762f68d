//! The sample supplier: a print house's own system, honest with habits of its own, or wrong in one way.
//!
//! It lists, validates, accepts, downloads, prints, encloses, dispatches, delivers, returns and
//! reports, against any base URL, as a print house that knows the acceptance pack would. It stands
//! for somebody else's system, so it shares no code with the harness but the words (`model`) and the
//! guard that every connection must pass (`wire`); a test of its manifest holds it to that. Its calls,
//! tokens, patience and documents are its own: whoever watches it watches a stranger, and a fault of
//! the harness's client is not a fault of both.
//! Refuses production, and to record or judge itself: what it did is for others to see.

mod day;
mod error;
mod faults;
mod habits;
mod line;
mod named;
mod pdf;
mod report;
mod secret;
mod settings;
mod shift;
mod supplier;
mod wire;

pub use day::DayProgress;
pub use error::SupplierError;
pub use faults::{Fault, FaultEntry, fault_catalogue};
pub use habits::{Habit, HabitEntry, habit_catalogue};
pub use named::UnknownName;
pub use report::{DayEnd, PartReport, ShiftReport};
pub use secret::Secret;
pub use settings::{Access, Fates, SupplierSettings};
pub use shift::{Part, Shift};
pub use supplier::ModelSupplier;
