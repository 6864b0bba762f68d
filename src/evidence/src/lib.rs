//! Evidence: the journal on disk, redaction at capture, and the folder a run leaves behind.
//!
//! What is written here is what judges and reviewers read: exchanges in the order of their
//! recording, each chained to all before it, secrets already replaced by keyed hashes.
//! Refuses to keep a secret or a letter's content, to go on after a failed write, and to read a
//! file whose format or chain it cannot vouch for.

mod amend;
mod archive;
mod attest;
mod bundle;
mod chain;
mod diff;
mod digest;
mod environment;
mod error;
mod folder;
mod gate;
mod hosts;
mod import;
mod integrity;
mod inventory;
mod journal;
mod key;
mod leftovers;
mod manifest;
mod measured;
mod names;
mod opened;
mod private;
mod problem;
mod readiness;
mod reconcile;
mod redact;
mod run_id;
mod sample;
mod seal;
mod stamp;
mod verify;
mod waivers;

pub use amend::{Sealing, amend};
pub use archive::{archive, zip_path};
pub use attest::{
    ATTACHMENT_LIMIT, ATTACHMENTS_FOLDER, ATTESTATIONS_FILE, ATTESTATIONS_FORMAT, AttachedFile,
    Attestation, AttestationSignature, Attestations, NewAttestation, Stated, StatementState,
    Withdrawal, accepted_kinds, attest, stated, statement_state, withdraw,
};
pub use bundle::{
    Bundle, CONTEXT_FILE, CONTEXT_FORMAT, RESULTS_FILE, read_bundled_journal, read_context,
    read_environment, read_results,
};
pub use diff::{DIFF_FORMAT, Difference, DifferenceKind, diff};
pub use digest::sha256_hex;
pub use environment::{ENVIRONMENT_FILE, ENVIRONMENT_FORMAT, Environment, Setting};
pub use error::EvidenceError;
pub use folder::{INCOMPLETE, RunFolder, refuse_other_key};
pub use gate::{Demand, Demands, gate};
pub use import::{HAR_LIMIT, Import, ImportScope, Recorded, is_har_zip, is_journal, read_har};
pub use integrity::{Integrity, SignatureState, carried_key, check_integrity};
pub use journal::{
    Carried, Entry, ExchangeObserver, HeadObserver, JOURNAL_FILE, JOURNAL_FORMAT, JOURNAL_FORMAT_1,
    JOURNAL_FORMAT_2, JournalHeader, JournalReader, JournalWriter, MarkObserver, SavedJournal,
    chain_tail, head_at, read_journal,
};
pub use key::{BundleKey, BundlePublicKey};
pub use leftovers::scratch_folder;
pub use manifest::{
    JournalHead, MANIFEST_FILE, MANIFEST_FORMAT, Manifest, Outcome, RunSummary, SIGNING_KEY_FILE,
    Statement, Subject, SubjectDigest, SubjectNotes, TargetName,
};
pub use measured::{LOAD_SUMMARY_FILE, LOAD_SUMMARY_FORMAT, PERFORMANCE_FOLDER, read_measured};
pub use opened::{FileReader, Limits, Opened};
pub use problem::{Problem, ProblemKind};
pub use readiness::{
    FailureLine, Issue, Need, READINESS_FORMAT, Readiness, RunLine, StatementLine, Submission,
    TestLine, Whose, readiness,
};
pub use reconcile::{
    BundleOnly, Differing, GatewayOnly, MatchedBy, RECONCILIATION_FORMAT, Reconciliation, Said,
    reconcile,
};
pub use redact::Redactor;
pub use run_id::new_run_id;
pub use sample::{Odds, Picked, SAMPLE_FORMAT, Sample, sample};
pub use stamp::{
    STAMP_LIMIT, StampRequest, Stamped, StamperCertificates, TIMESTAMP_FILE, TIMESTAMP_FORMAT,
    check_stamp, put_stamp, read_stamp,
};
pub use verify::{
    Conclusion, Rebuilt, ReportCheck, StampSeen, VERIFICATION_FORMAT, Verification, Verifying,
    verify,
};
pub use waivers::read_waivers;
