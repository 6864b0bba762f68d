//! The reference supplier: it does each thing as the acceptance pack asks, and Gherkin drives it.
//!
//! A [`Supplier`] is built on a session and a ledger of `client`. It does not judge its own work:
//! the record shows what it did, and judges read that.

mod choosing;
mod deciding;
mod lists;
mod management_information;
mod preparing;
mod queue;
mod read_back;
mod supplier;
mod updates;

pub use choosing::LetterFilter;
pub use deciding::TakenOn;
pub use lists::Recalled;
pub use management_information::{MiSubmission, SmokeRun};
pub use preparing::{Preparation, Prepared};
pub use queue::QueueRun;
pub use read_back::{Change, Seen, SeenLetter};
pub use supplier::{Beginning, Gate, Progress, ProgressEvent, Silent, Supplier, letter_ids};
pub use updates::{Reasons, Sent};
