//! Everything that makes traffic: targets, sessions, pacing, the ledger and the reference supplier.
//!
//! A [`Session`] sends requests at the target's pace, proves who it is, and hands every exchange
//! to a recorder before anyone decides anything on it. A [`Supplier`] is a model print house built
//! on a session and a [`Ledger`]; Gherkin drives it.
//! Refuses judgement: what an answer means for a test is decided elsewhere, from the record.

mod doctor;
mod error;
mod flow;
mod jwks;
mod key_fault;
mod keys;
mod ledger;
mod pacer;
mod pem_blocks;
pub mod private;
mod profile;
mod progress;
mod safety;
mod secret;
mod session;
mod settings;
mod stamper;
mod supplier;
mod target;
mod wire;

#[cfg(test)]
mod tests;

pub use doctor::{Check, CheckState, Diagnosis, Doctor, DoctorOptions};
pub use error::{ClientError, UnexpectedAnswer};
pub use flow::Flow;
pub use jwks::KeyMatch;
pub use keys::{KEY_BITS, SigningKey};
pub use ledger::{Content, Ledger, LetterRecord, Moved, RunHead, Step, Tally};
pub use pacer::{Pacer, Slot};
pub use profile::Profile;
pub use progress::{Progress, ProgressEvent, Silent};
pub use safety::{ProductionConsent, StorageConsent};
pub use secret::SecretSource;
pub use session::{
    Answer, AssertionFlaw, BearerChoice, DataLink, Download, HeaderChoice, LinkChange, Probe,
    Session, SessionOptions, Usage,
};
pub use stamper::Stamper;
pub use supplier::{
    Beginning, Change, Gate, LetterFilter, MiSubmission, Preparation, Prepared, QueueRun, Reason,
    Reasons, Recalled, Seen, SeenLetter, Sent, SmokeRun, Supplier, TakenOn, letter_ids,
};
pub use target::{Auth, ClientIdentity, Target, Timeouts};
pub use wire::{
    LetterAttributes, LetterDocument, LetterList, LetterUpdate, ListedLetter, MiAttributes,
    MiDocument, MiRecord,
};
