//! What a person states about a run: by name, dated and tied to a clause, with files that show it.
//!
//! Each names the hash of the one before and is signed by itself where there is a key. One that was
//! wrong is withdrawn by a further one, with a reason, and kept.
//! An attestation never becomes a verdict: it stands beside what was judged from traffic. Adding
//! one changes a finished run's folder whole or not at all, and makes manifest and zip again.
//! Refuses clauses that the traffic decided, empty and repeated statements, and files of other kinds
//! or sizes than a reviewer can open.

mod chain;
mod kinds;
mod owed;
mod record;
mod refused;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use letterproof_model::{CriterionId, Timestamp};

pub use chain::AttestationSignature;
pub(crate) use chain::{Unheld, root};
pub use kinds::accepted_kinds;
pub use owed::{StatementState, statement_state};
pub use record::{AttachedFile, Attestation, Attestations, Stated, stated};

use crate::digest::sha256_hex;
use crate::folder::RunFolder;
use crate::opened::Opened;
use crate::{EvidenceError, Sealing, amend, read_results};

/// Where attestations lie in a run's folder.
pub const ATTESTATIONS_FILE: &str = "attestations.json";
/// The folder of what is attached to them.
pub const ATTACHMENTS_FOLDER: &str = "attachments";
/// The name and version of the attestations format.
pub const ATTESTATIONS_FORMAT: &str = "letterproof-attestations/3";
/// The formats before it, which are read and no longer written.
const ATTESTATIONS_FORMAT_1: &str = "letterproof-attestations/1";
const ATTESTATIONS_FORMAT_2: &str = "letterproof-attestations/2";
/// Largest file that can be attached, in bytes.
pub const ATTACHMENT_LIMIT: u64 = 25 << 20;

/// What is to be stated.
#[derive(Debug, Clone)]
pub struct NewAttestation {
    /// The clause it is about.
    pub criterion: CriterionId,
    /// What is stated.
    pub statement: String,
    /// Who states it.
    pub name: String,
    /// In which role.
    pub role: String,
    /// The day on which what is stated was so.
    pub fact_date: Date,
    /// When it is stated.
    pub given_at: Timestamp,
}

/// A statement that is to be withdrawn.
#[derive(Debug, Clone)]
pub struct Withdrawal {
    /// Its place among the attestations of the run, from 1.
    pub number: usize,
    /// Why.
    pub reason: String,
    /// Who withdraws it.
    pub name: String,
    /// In which role.
    pub role: String,
    /// When.
    pub given_at: Timestamp,
}

/// Adds an attestation and its files to a finished run. `refresh` may then write again what shows
/// attestations, such as the report, before manifest and zip are made.
///
/// # Errors
/// When the run's folder is not intact, its traffic decided the clause, the attestation or a file of
/// it is refused, a signature would be lost, or something cannot be written; the folder is then as
/// it was.
pub fn attest<E: From<EvidenceError>>(
    folder: &Path,
    new: NewAttestation,
    files: &[PathBuf],
    sealing: Sealing<'_>,
    refresh: impl FnOnce(&RunFolder) -> Result<(), E>,
) -> Result<PathBuf, E> {
    refused::unfit(&new, files)?;
    add(folder, sealing, refresh, |draft, opened, before| {
        refused::decided(&new.criterion, &read_results(opened)?)?;
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
            name: Some(new.name.trim().to_owned()),
            role: new.role.trim().to_owned(),
            fact_date: Some(new.fact_date),
            given_at: new.given_at,
            files: attached,
            withdraws: None,
            prev: None,
            signature: None,
        };
        refused::repeated(&given, before)?;
        Ok(given)
    })
}

/// Withdraws a statement of a finished run, which is kept and shown as withdrawn; `refresh` as for
/// [`attest`].
///
/// # Errors
/// When there is no such statement in force, no reason is given, or as for [`attest`]; the folder is
/// then as it was.
pub fn withdraw<E: From<EvidenceError>>(
    folder: &Path,
    withdrawal: Withdrawal,
    sealing: Sealing<'_>,
    refresh: impl FnOnce(&RunFolder) -> Result<(), E>,
) -> Result<PathBuf, E> {
    refused::unfit_withdrawal(&withdrawal)?;
    add(folder, sealing, refresh, |_, _, before| {
        let of = refused::not_in_force(withdrawal.number, before)?;
        Ok(Attestation {
            criterion: of.criterion.clone(),
            statement: withdrawal.reason.trim().to_owned(),
            name: Some(withdrawal.name.trim().to_owned()),
            role: withdrawal.role.trim().to_owned(),
            fact_date: None,
            given_at: withdrawal.given_at,
            files: Vec::new(),
            // Of the list as it was chained, which an earlier version may not have done.
            withdraws: Some(of.hash()),
            prev: None,
            signature: None,
        })
    })
}

/// Adds what is made of the draft and of the attestations so far.
fn add<E: From<EvidenceError>>(
    folder: &Path,
    sealing: Sealing<'_>,
    refresh: impl FnOnce(&RunFolder) -> Result<(), E>,
    make: impl FnOnce(&RunFolder, &Opened, &[Attestation]) -> Result<Attestation, EvidenceError>,
) -> Result<PathBuf, E> {
    amend(folder, sealing, |draft| {
        let opened = Opened::open(draft.path())?;
        let mut attestations = Attestations::of(&opened)?;
        let root = root(&opened)?;
        attestations.chain(&root);
        let given = make(draft, &opened, &attestations.attestations)?;
        attestations.add(given, &root, sealing.key());
        draft.write_with(ATTESTATIONS_FILE, |output| {
            crate::bundle::write_json(output, &attestations)
        })?;
        refresh(draft)
    })
}

/// Copies one file into the folder, if it is of a kind that may be attached.
fn attach(
    draft: &RunFolder,
    criterion: &CriterionId,
    path: &Path,
) -> Result<AttachedFile, EvidenceError> {
    let bytes = read(path)?;
    let refused = |problem: String| EvidenceError::Attachment { path: path.to_owned(), problem };
    let (name, media_type) = kinds::recognised(path, &bytes).map_err(refused)?;
    let file = AttachedFile {
        name,
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
