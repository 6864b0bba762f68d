//! What a person states about a run, dated and tied to a clause, with files that show it.
//!
//! Each names the hash of the one before and is signed by itself where there is a key.
//! An attestation never becomes a verdict: it stands beside what was judged from traffic. Adding
//! one changes a finished run's folder whole or not at all, and makes manifest and zip again.
//! Refuses unknown clauses, empty statements, and files of other kinds or sizes than a reviewer
//! can open.

mod chain;
mod kinds;
mod record;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use letterproof_model::{CriterionId, Timestamp, clause};

pub use chain::AttestationSignature;
pub(crate) use chain::{Unheld, root};
pub use kinds::ACCEPTED_KINDS;
pub use record::{AttachedFile, Attestation, Attestations};

use crate::digest::sha256_hex;
use crate::folder::RunFolder;
use crate::opened::Opened;
use crate::{EvidenceError, Sealing, amend};

/// Where attestations lie in a run's folder.
pub const ATTESTATIONS_FILE: &str = "attestations.json";
/// The folder of what is attached to them.
pub const ATTACHMENTS_FOLDER: &str = "attachments";
/// The name and version of the attestations format.
pub const ATTESTATIONS_FORMAT: &str = "letterproof-attestations/2";
/// The format before it, which is read and no longer written.
const ATTESTATIONS_FORMAT_1: &str = "letterproof-attestations/1";
/// Largest file that can be attached, in bytes.
pub const ATTACHMENT_LIMIT: u64 = 25 << 20;

/// Longest statement and role, in characters.
const STATEMENT_LIMIT: usize = 4_000;
const ROLE_LIMIT: usize = 200;
/// Most files of one attestation.
const FILES_LIMIT: usize = 50;

/// What is to be stated.
#[derive(Debug, Clone)]
pub struct NewAttestation {
    /// The clause it is about.
    pub criterion: CriterionId,
    /// What is stated.
    pub statement: String,
    /// In which role.
    pub role: String,
    /// When.
    pub given_at: Timestamp,
}

/// Adds an attestation and its files to a finished run. `refresh` may then write again what shows
/// attestations, such as the report, before manifest and zip are made.
///
/// # Errors
/// When the run's folder is not intact, the attestation or a file of it is refused, a signature
/// would be lost, or something cannot be written; the folder is then as it was.
pub fn attest<E: From<EvidenceError>>(
    folder: &Path,
    new: NewAttestation,
    files: &[PathBuf],
    sealing: Sealing<'_>,
    refresh: impl FnOnce(&RunFolder) -> Result<(), E>,
) -> Result<PathBuf, E> {
    check(&new, files)?;
    amend(folder, sealing, |draft| {
        let opened = Opened::open(draft.path())?;
        let mut attestations = Attestations::of(&opened)?;
        let mut attached = Vec::new();
        for path in files {
            let file = attach(draft, &new.criterion, path)?;
            if !attached.contains(&file) {
                attached.push(file);
            }
        }
        let given = Attestation {
            criterion: new.criterion,
            statement: new.statement.trim().to_owned(),
            role: new.role.trim().to_owned(),
            given_at: new.given_at,
            files: attached,
            prev: None,
            signature: None,
        };
        attestations.add(given, &root(&opened)?, sealing.key());
        draft.write_with(ATTESTATIONS_FILE, |output| {
            crate::bundle::write_json(output, &attestations)
        })?;
        refresh(draft)
    })
}

fn check(new: &NewAttestation, files: &[PathBuf]) -> Result<(), EvidenceError> {
    let refused = |problem: String| Err(EvidenceError::Attestation { problem });
    if clause(&new.criterion).is_none() {
        let id = crate::names::shown(new.criterion.as_str());
        return refused(format!("`{id}` is no clause of the pack; name one such as AT12.3"));
    }
    for (what, text, limit) in
        [("statement", &new.statement, STATEMENT_LIMIT), ("role", &new.role, ROLE_LIMIT)]
    {
        if text.trim().is_empty() {
            return refused(format!("the {what} is empty; say it in a sentence"));
        }
        if text.chars().count() > limit {
            return refused(format!("the {what} is longer than {limit} characters"));
        }
        if text.chars().any(|c| c.is_control() && c != '\n') {
            return refused(format!("the {what} holds control characters; use plain text"));
        }
    }
    if files.len() > FILES_LIMIT {
        return refused(format!("more than {FILES_LIMIT} files; attest them in several steps"));
    }
    Ok(())
}

/// Copies one file into the folder, if it is of a kind that may be attached.
fn attach(
    draft: &RunFolder,
    criterion: &CriterionId,
    path: &Path,
) -> Result<AttachedFile, EvidenceError> {
    let bytes = read(path)?;
    let refused = |problem: String| EvidenceError::Attachment { path: path.to_owned(), problem };
    let media_type = kinds::media_type(path, &bytes).map_err(refused)?;
    let file = AttachedFile {
        name: record::plain_name(path),
        size: bytes.len() as u64,
        sha256: sha256_hex(&bytes),
        media_type: media_type.to_owned(),
    };
    draft.write(&file.path(criterion), &bytes)?;
    Ok(file)
}

fn read(path: &Path) -> Result<Vec<u8>, EvidenceError> {
    let refused = |problem: &str| {
        Err(EvidenceError::Attachment { path: path.to_owned(), problem: problem.to_owned() })
    };
    let unreadable = |error: std::io::Error| EvidenceError::Attachment {
        path: path.to_owned(),
        problem: format!("it cannot be read ({error}); check its path"),
    };
    if !fs::symlink_metadata(path).map_err(unreadable)?.is_file() {
        return refused("it is a folder, a link or no regular file; give the file itself");
    }
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(ATTACHMENT_LIMIT + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if bytes.is_empty() {
        return refused("it is empty, and shows nothing");
    }
    if bytes.len() as u64 > ATTACHMENT_LIMIT {
        return refused("it is larger than 25 MiB; attach an extract, or a smaller picture");
    }
    Ok(bytes)
}
