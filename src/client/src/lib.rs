//! Everything that makes traffic: targets, safety, sessions, pacing, the letter ledger, the doctor.
//!
//! A [`Session`] sends requests at the target's pace, proves who it is, and hands every exchange
//! to a recorder before anyone decides anything on it. What an answer means for a test is decided
//! elsewhere, from the record; a [`Ledger`] keeps what the answers said of each letter.

mod assertion;
mod call;
mod doctor;
mod documents;
mod error;
mod key_text;
mod keys;
mod ledger;
mod pacer;
pub mod private;
mod profile;
mod safety;
mod secret;
mod session;
mod stamper;
mod target;
mod tls;
mod tokens;

#[cfg(test)]
mod tests;

pub use assertion::AssertionFlaw;
pub use call::{Flow, answer_is_lost};
pub use doctor::{Check, CheckState, Diagnosis, Doctor, DoctorOptions};
pub use documents::{
    LetterAttributes, LetterDocument, LetterList, LetterUpdate, ListedLetter, MiAttributes,
    MiDocument, MiRecord, Reason,
};
pub use error::{ClientError, UnexpectedAnswer};
pub use keys::{KeyMatch, SigningKey};
pub use ledger::{Content, Ledger, LetterRecord, Moved, RunHead, Step, Tally};
pub use pacer::{Pacer, Slot};
pub use profile::Profile;
pub use safety::{ProductionConsent, StorageConsent};
pub use secret::SecretSource;
pub use session::{
    Answer, BearerChoice, DataLink, Download, HeaderChoice, LinkChange, Probe, Session,
    SessionOptions, Usage,
};
pub use stamper::Stamper;
pub use target::{Auth, ClientIdentity, Target, Timeouts};
