//! What a person states about a run: by name, dated and tied to a clause, with files that show it.
//!
//! Each names the hash of the one before and is signed by itself where there is a key. One that was
//! wrong is withdrawn by a further one, with a reason, and kept. An attestation never becomes a
//! verdict: it stands beside what was judged from traffic. Adding one changes a finished run's
//! folder whole or not at all, and makes manifest and zip again.
//!
//! What became of the statement that a clause asks for: the one place that says what is owed.
//!
//! Words are no document: where the pack has the supplier hand in a log, a print proof or a list, a
//! statement without a file is shown as stated, and its evidence stays owed.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use letterproof_model::{Clause, ClauseKind, CriterionId, Timestamp, Verdict, clause};
use serde::Serialize;

use crate::chain::sha256_hex;
use crate::folder::RunFolder;
use crate::opened::Opened;
use crate::{EvidenceError, Sealing, amend, read_results};

pub use crate::attest::kinds::accepted_kinds;
pub use crate::attest::record::{
    AttachedFile, Attestation, AttestationSignature, Attestations, Stated, stated,
};

pub(crate) use crate::attest::record::{Unheld, root};

mod kinds;
mod record;
mod refused;

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
        return refused("it is a folder, a link or a special file; give the file itself");
    }
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(ATTACHMENT_LIMIT + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if bytes.is_empty() {
        return refused("it is empty");
    }
    if bytes.len() as u64 > ATTACHMENT_LIMIT {
        return refused("it is larger than 25 MiB; attach an extract, or a smaller picture");
    }
    Ok(bytes)
}

/// What became of a statement. Of several runs or statements the greatest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StatementState {
    /// Nobody is asked for one: traffic decides the clause, or the supplier's workflow leaves it out.
    NotAsked,
    /// It is missing, or was withdrawn.
    Owed,
    /// It was given in words alone, and the clause asks for a file too.
    FileMissing,
    /// It was given, with all that the clause asks for.
    Given,
}

impl StatementState {
    /// Whether something of it is still to come.
    #[must_use]
    pub const fn is_owed(self) -> bool {
        matches!(self, Self::Owed | Self::FileMissing)
    }

    /// Its words, for a cell or a list.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::NotAsked => "not asked for",
            Self::Owed => "still needed",
            Self::FileMissing => "stated, but its evidence is missing",
            Self::Given => "given",
        }
    }
}

/// What became of the statement for a clause that was judged so in a run with these statements. A
/// clause that passed needs none, and nobody owes one on what the workflow leaves out.
#[must_use]
pub fn statement_state(
    id: &CriterionId,
    verdict: Verdict,
    given: &[Attestation],
) -> StatementState {
    let asks = clause(id).filter(|clause| clause.kind == ClauseKind::Attestation);
    match (asks, verdict) {
        (None, _) | (Some(_), Verdict::NotApplicable) => StatementState::NotAsked,
        (Some(_), Verdict::Pass) => StatementState::Given,
        (Some(clause), _) => stated_for(clause, given),
    }
}

fn stated_for(clause: &Clause, given: &[Attestation]) -> StatementState {
    // Whether one is withdrawn takes hashes: only where there is one at all.
    if given.iter().all(|one| one.criterion.as_str() != clause.id) {
        return StatementState::Owed;
    }
    let in_force = stated(given)
        .into_iter()
        .filter(|one| one.withdrawn.is_none() && one.given.criterion.as_str() == clause.id);
    in_force
        .map(|one| match clause.asks_for_file && one.given.files.is_empty() {
            true => StatementState::FileMissing,
            false => StatementState::Given,
        })
        .max()
        .unwrap_or(StatementState::Owed)
}
