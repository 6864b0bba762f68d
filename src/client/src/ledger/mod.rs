//! The letter ledger: each letter's last known status, who moved it and when, and until when it
//! is hidden. It is the only source from which letters are chosen.
//! Refuses to choose a letter twice: what one scenario took, no other gets before it is released.

mod book;
mod content;
mod record;
mod replay;
mod store;

pub use book::{Ledger, Tally};
pub use record::{Content, LetterRecord, Moved, RunHead, Step};
