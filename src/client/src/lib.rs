//! Everything that makes traffic: targets, safety, sessions, pacing, the letter ledger, the doctor.
//!
//! A [`Session`] sends requests at the target's pace, proves who it is, and hands every exchange
//! to a recorder before anyone decides anything on it. What an answer means for a test is decided
//! elsewhere, from the record; a [`Ledger`] keeps what the answers said of each letter.

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
mod safety;
mod secret;
mod session;
mod settings;
mod stamper;
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
pub use safety::{ProductionConsent, StorageConsent};
pub use secret::SecretSource;
pub use session::{
    Answer, AssertionFlaw, BearerChoice, DataLink, Download, HeaderChoice, LinkChange, Probe,
    Session, SessionOptions, Usage, answer_is_lost,
};
pub use stamper::Stamper;
pub use target::{Auth, ClientIdentity, Target, Timeouts};
pub use wire::{
    LetterAttributes, LetterDocument, LetterList, LetterUpdate, ListedLetter, MiAttributes,
    MiDocument, MiRecord, Reason,
};
