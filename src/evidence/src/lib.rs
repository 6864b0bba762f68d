//! Evidence: the journal on disk, redaction at capture, and the folder a run leaves behind.
//!
//! What is written here is what judges and reviewers read: exchanges in the order of their
//! recording, each chained to all before it, secrets already replaced by keyed hashes. No secret
//! and no letter's content is kept, nothing is written after a failed write, and nothing is read
//! whose format or chain does not hold.

mod attest;
mod bundle;
mod chain;
mod error;
mod folder;
mod import;
mod integrity;
mod inventory;
mod journal;
mod key;
mod manifest;
mod names;
mod opened;
mod redact;
mod sealing;
mod stamp;

pub use attest::{
    ATTACHMENT_LIMIT, ATTACHMENTS_FOLDER, ATTESTATIONS_FILE, ATTESTATIONS_FORMAT, AttachedFile,
    Attestation, AttestationSignature, Attestations, NewAttestation, Stated, StatementState,
    Withdrawal, accepted_kinds, attest, stated, statement_state, withdraw,
};
pub use bundle::{
    Bundle, CONTEXT_FILE, CONTEXT_FORMAT, ENVIRONMENT_FILE, ENVIRONMENT_FORMAT, Environment,
    LOAD_SUMMARY_FILE, LOAD_SUMMARY_FORMAT, PERFORMANCE_FOLDER, RESULTS_FILE, Setting,
    bundled_reader, read_bundled_environment, read_bundled_journal, read_context, read_environment,
    read_measured, read_results, write_json,
};
pub use chain::sha256_hex;
pub use error::{EvidenceError, Problem, ProblemKind};
pub use folder::{INCOMPLETE, RunFolder, new_run_id, refuse_other_key, scratch_folder};
pub use import::{HAR_LIMIT, Import, ImportScope, Recorded, is_har_zip, is_journal, read_har};
pub use integrity::{Integrity, SignatureState, carried_key, check_integrity};
pub use journal::{
    Carried, Entry, ExchangeObserver, HeadObserver, JOURNAL_FILE, JOURNAL_FORMAT, JOURNAL_FORMAT_1,
    JOURNAL_FORMAT_2, JournalHeader, JournalReader, JournalWriter, MarkObserver, SavedJournal,
    chain_tail, head_at, read_journal,
};
pub use key::{BundleKey, BundlePublicKey};
pub use manifest::{
    JournalHead, MANIFEST_FILE, MANIFEST_FORMAT, Manifest, Outcome, RunSummary, SIGNING_KEY_FILE,
    Statement, Subject, SubjectDigest, SubjectNotes, TargetName,
};
pub use names::shown as shown_name;
pub use opened::{FileReader, Limits, Opened};
pub use redact::{Planned, Redactor};
pub use sealing::{RESULTS_LIMIT, Sealing, amend, archive, zip_path};
pub use stamp::{
    STAMP_LIMIT, StampRequest, Stamped, StamperCertificates, TIMESTAMP_FILE, TIMESTAMP_FORMAT,
    check_stamp, put_stamp, read_stamp,
};
