//! The manifest: which files a bundle holds and what was concluded, stated for signing.
//!
//! An in-toto Statement with a test-result predicate, in a DSSE envelope, so that tools of that
//! family read it. It is made from the bundle's own content and nothing else: no byte of it is
//! free, and whoever holds the content can make it again and compare.
//! Refuses to state anything that does not follow from the files beside it.

mod envelope;
mod facts;
mod statement;

pub(crate) use envelope::{Envelope, signed_bytes};
pub(crate) use facts::Facts;
pub(crate) use statement::is_listed;
pub use statement::{
    JournalHead, Manifest, Outcome, RunSummary, Statement, Subject, SubjectDigest, SubjectNotes,
    TargetName,
};

/// Where the manifest lies in a run's folder.
pub const MANIFEST_FILE: &str = "manifest.dsse.json";
/// Where the public half of the key that signed it lies.
pub const SIGNING_KEY_FILE: &str = "signing-key.pem";
/// The name and version of letterproof's part of the manifest.
pub const MANIFEST_FORMAT: &str = "letterproof-manifest/1";
