//! Recordings made elsewhere, put before the same judges: HAR files (1.1 and 1.2, also in a zip with
//! the bodies beside them), and journals of earlier runs.
//!
//! A HAR's calls are redacted and recorded like live traffic, in the order in which they began.
//! What the file does not hold is named in [`Import::notes`], which the journal keeps too; judges
//! can then only say `inconclusive` or `not-run` of it.
//! Refuses to guess: an entry that cannot be true is left out and named by its number, and so is
//! what went to other places than the API, its token endpoint and the links it gave, and what a
//! browser asked or answered by itself.

mod attached;
mod body;
mod call;
mod document;
mod gaps;
mod har;
mod left_out;
mod order;
mod outcome;
mod place;
mod recorded;
mod shape;
mod times;
mod written;

#[cfg(test)]
mod tests;

pub use attached::is_har_zip;
pub use har::{HAR_LIMIT, ImportScope, read_har};
pub use order::Import;
pub use recorded::{Recorded, is_journal};
