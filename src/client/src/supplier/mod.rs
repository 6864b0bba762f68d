//! The reference supplier: a model print house, as Gherkin drives it and as `supplier` runs it.
//! Refuses to judge its own work: it does each thing as the pack asks, and the record shows it.

mod housekeeping;
mod listing;
mod mi;
mod moving;
mod preparing;
mod queue;
mod reasons;
mod resuming;
mod screening;
mod seeing;
mod smoke;
mod sweeping;
mod taking;
mod work;

pub use mi::MiSubmission;
pub use moving::Sent;
pub use preparing::{Preparation, Prepared};
pub use queue::QueueRun;
pub use reasons::{Reason, Reasons};
pub use resuming::{Beginning, Gate, Recalled};
pub use screening::TakenOn;
pub use seeing::{Change, Seen, SeenLetter};
pub use smoke::SmokeRun;
pub use taking::LetterFilter;
pub use work::{Supplier, letter_ids};
