//! Evidence: the journal on disk, redaction at capture, and the folder a run leaves behind.
//!
//! What is written here is what judges and reviewers read: exchanges in the order of their
//! recording, each chained to the line before it, secrets already replaced by keyed hashes.
//! Refuses to keep a secret or a letter's content, to go on after a failed write, and to read a
//! file whose format or chain it cannot vouch for.

mod bundle;
mod digest;
mod error;
mod folder;
mod journal;
mod redact;
mod run_id;
mod waivers;

pub use bundle::{Bundle, CONTEXT_FILE, CONTEXT_FORMAT, RESULTS_FILE};
pub use digest::sha256_hex;
pub use error::EvidenceError;
pub use folder::RunFolder;
pub use journal::{
    Entry, ExchangeObserver, JOURNAL_FILE, JOURNAL_FORMAT, JournalHeader, JournalReader,
    JournalWriter, MarkObserver, SavedJournal, read_journal,
};
pub use redact::Redactor;
pub use run_id::new_run_id;
pub use waivers::read_waivers;
