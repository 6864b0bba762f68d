//! The journal read once: calls, lists, letters, moves, flows, books and read-backs.
//!
//! Judges, reports, the witness's live page and the letter ledger all ask [`Traffic`] instead of
//! reading bodies themselves, so that one record cannot say two things. It holds no verdicts: it
//! sorts, parses and joins, and keeps what cannot be read apart from what is wrong.

pub mod books;
mod calls;
mod clock;
mod compare;
pub mod flows;
mod index;
mod letters;
pub mod moves;
mod parts;
mod pauses;
mod prints;
mod proven;
pub mod readback;
mod standing;
mod sweep;
mod untold;
mod wire;

pub use calls::{
    Answer, Call, CallIx, Echo, ListCall, ListContent, ListEntry, MiCall, MiRead, MiRecord, Micros,
    SentUpdate, Sort, UpdateCall, Via, life, origin,
};
pub use compare::{Comparison, Form};
pub use index::Traffic;
pub use letters::{Event, EventKind, Fact, Interner, Letter, LetterIx, Reason, TextIx};
pub use parts::Brought;
pub use prints::{Print, Printer};
pub use proven::{proven, proven_by};
pub use standing::{Standing, standing};
pub use sweep::{FIRST_LOOK, SAMPLE, SWEEP, Sweep};
pub use wire::{read_mi, updates_of};
