//! Recordings made elsewhere, put before the same judges: HAR 1.2 files, and journals of earlier
//! runs.
//!
//! A HAR's calls are redacted and recorded like live traffic, in the order in which they began.
//! What the file does not hold is told in [`Import::notes`], which the journal keeps too; judges
//! can then only say `inconclusive` or `not-run` of it.
//! Refuses to guess: an entry that cannot be true is an error that names it, and what went to
//! other places than the API, its token endpoint and the links it gave is left out and counted.

mod body;
mod call;
mod document;
mod gaps;
mod har;
mod order;
mod outcome;
mod place;
mod recorded;
mod shape;
mod times;

#[cfg(test)]
mod tests;

pub use har::{HAR_LIMIT, ImportScope, read_har};
pub use order::Import;
pub use recorded::{Recorded, is_journal};
