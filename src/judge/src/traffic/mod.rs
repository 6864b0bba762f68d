//! The index over recorded exchanges that every judge reads.
//! Refuses to conclude anything: it sorts, parses and joins, and keeps what cannot be read apart
//! from what is wrong.

mod calls;
mod clock;
mod index;
mod letters;
mod pauses;
mod untold;
mod wire;

pub(crate) use calls::{
    Answer, Call, CallIx, ListCall, ListContent, MiCall, MiRecord, Micros, SentUpdate, UpdateCall,
    Via,
};
pub use index::Traffic;
pub(crate) use letters::{Event, EventKind, Letter, LetterIx, Reason};
pub(crate) use wire::read_mi;
