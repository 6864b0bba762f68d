//! The sample supplier: a supplier's own system, honest with habits of its own, or wrong in one way.
//!
//! It lists, validates, accepts, downloads, prints, encloses, dispatches, delivers, returns and
//! reports, against any base URL, as a supplier that knows the acceptance pack would. It stands
//! for somebody else's system, so it shares no code with the harness but the words (`model`) and the
//! guard that every connection must pass (`wire`); a test of its manifest holds it to that. Its calls,
//! tokens, patience and documents are its own: whoever watches it watches a stranger, and a fault of
//! the harness's client is not a fault of both.
//!
//! It never works against production, and neither records nor judges itself: what it did is for
//! others to see.

mod day;
mod faults;
mod habits;
mod line;
mod report;
mod settings;
mod supplier;

pub use day::{DayProgress, Part, Shift};
pub use faults::{Fault, FaultEntry, UnknownName, fault_catalogue};
pub use habits::{Habit, HabitEntry, habit_catalogue};
pub use report::{DayEnd, PartReport, ShiftReport, SupplierError};
pub use settings::{Access, Fates, Secret, SupplierSettings};
pub use supplier::SampleSupplier;
