//! Checks that a bundle is what was written: every byte, the journal's chain, the signature.
//!
//! All problems are gathered, none stops the search. The manifest is made again from the content
//! and compared byte for byte, so that nothing in it is free. What the results say is not judged
//! here: who changes them and makes every hash again passes here (and loses the signature);
//! re-deriving the verdicts from the journal is what catches that.
//!
//! Attestations against the files attached to them, and the other way round. Each attestation is
//! held against the one before too, and against its signature.

use std::collections::BTreeSet;

use letterproof_model::RunId;
use serde::Serialize;

use crate::attest::{ATTACHMENTS_FOLDER, ATTESTATIONS_FILE, Attestations, Unheld, root};
use crate::error::{Problem, ProblemKind};
use crate::inventory::Inventory;
use crate::manifest::{
    Envelope, Facts, MANIFEST_FILE, MANIFEST_FORMAT, SIGNING_KEY_FILE, Statement, is_listed,
};
use crate::opened::Opened;
use crate::sealing::RESULTS_LIMIT;
use crate::{BundlePublicKey, CONTEXT_FILE, JOURNAL_FILE, RESULTS_FILE};

/// Longest manifest and key file read, in bytes.
const MANIFEST_LIMIT: u64 = 32 << 20;
const KEY_LIMIT: u64 = 64 << 10;

/// What a check of a bundle's integrity found.
#[derive(Debug)]
pub struct Integrity {
    /// Everything that is wrong; empty for a sound bundle.
    pub problems: Vec<Problem>,
    /// Whether it is signed, and by whom.
    pub signature: SignatureState,
    /// The manifest, where it could be read.
    pub statement: Option<Statement>,
}

/// Whether a bundle is signed, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum SignatureState {
    /// Nobody signed it.
    Unsigned,
    /// A signature that does not hold.
    Invalid,
    /// Signed by the key that lies in the bundle, which proves no more than that one hand made it
    /// all.
    Own {
        /// SHA-256 of the key.
        key_id: String,
    },
    /// Signed by the key that the reader expects.
    Expected {
        /// SHA-256 of the key.
        key_id: String,
    },
}

/// Checks every byte of a bundle. `expected` is the key that must have signed it, where the reader
/// has one.
#[must_use]
pub fn check_integrity(opened: &Opened, expected: Option<&BundlePublicKey>) -> Integrity {
    let mut inventory = Inventory::take(opened);
    let mut check = Check { opened, problems: std::mem::take(&mut inventory.problems) };
    check.container();
    check.required_files();
    check.chain(&inventory);
    let facts = check.facts();
    check.top_folder(facts.as_ref().map(|facts| &facts.run.id));
    let envelope = check.envelope();
    let statement = envelope.as_ref().and_then(|envelope| check.statement(&envelope.payload));
    if let (Some(envelope), Some(statement)) = (&envelope, &statement) {
        check.files(&inventory, statement);
        check.remade(&envelope.payload, &inventory, facts);
    }
    let signature = check.signature(envelope.as_ref(), expected);
    check.attachments(&inventory);
    Integrity { problems: check.problems, signature, statement }
}

/// The public key that lies in a bundle; `None` where there is none that can be read.
#[must_use]
pub fn carried_key(opened: &Opened) -> Option<BundlePublicKey> {
    BundlePublicKey::from_pem(&opened.read(SIGNING_KEY_FILE, KEY_LIMIT).ok()?)
}

struct Check<'a> {
    opened: &'a Opened,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn add(&mut self, kind: ProblemKind, file: &str, rest: &str) {
        self.problems.push(Problem::of(kind, file, rest));
    }

    /// Whether a file is among those at fault already.
    fn is_named(&self, file: &str) -> bool {
        self.problems.iter().any(|problem| problem.file.as_deref() == Some(file))
    }

    fn container(&mut self) {
        if !self.opened.stamp_holds() {
            let sentence = "the zip is not byte for byte as it was written";
            self.problems.push(Problem::whole(ProblemKind::Container, sentence));
        }
    }

    fn required_files(&mut self) {
        for name in [RESULTS_FILE, CONTEXT_FILE, JOURNAL_FILE, MANIFEST_FILE] {
            if self.opened.size(name).is_none() {
                self.add(ProblemKind::Missing, name, "is missing; every bundle needs it");
            }
        }
    }

    fn chain(&mut self, inventory: &Inventory) {
        if let Some(line) = inventory.journal.as_ref().and_then(|chain| chain.broken_at) {
            let rest = format!("breaks its hash chain at line {line}");
            self.add(ProblemKind::Chain, JOURNAL_FILE, &rest);
        }
    }

    fn facts(&mut self) -> Option<Facts> {
        self.opened.size(RESULTS_FILE)?;
        let facts =
            self.opened.read(RESULTS_FILE, RESULTS_LIMIT).ok().and_then(|text| Facts::read(&text));
        if facts.is_none() && !self.is_named(RESULTS_FILE) {
            self.add(ProblemKind::Unreadable, RESULTS_FILE, "does not hold the results of a run");
        }
        facts
    }

    /// A folder may be named as its owner likes, but the one in the zip belongs to the run.
    fn top_folder(&mut self, run: Option<&RunId>) {
        if let (Some(top), Some(run)) = (self.opened.top(), run)
            && top != run.as_str()
        {
            let rest = "is the top folder's name, but the results are from another run";
            self.add(ProblemKind::OtherRun, top, rest);
        }
    }

    fn envelope(&mut self) -> Option<Envelope> {
        self.opened.size(MANIFEST_FILE)?;
        let read = self.opened.read(MANIFEST_FILE, MANIFEST_LIMIT);
        match read.map(|bytes| Envelope::read(&bytes)) {
            Ok(Ok(envelope)) => return Some(envelope),
            Ok(Err(unsound)) => self.add(ProblemKind::Manifest, MANIFEST_FILE, unsound.0),
            Err(_) if self.is_named(MANIFEST_FILE) => {}
            Err(_) => self.add(ProblemKind::Unreadable, MANIFEST_FILE, "cannot be read"),
        }
        None
    }

    fn statement(&mut self, payload: &[u8]) -> Option<Statement> {
        let value = serde_json::from_slice::<serde_json::Value>(payload).ok();
        let format = value.as_ref().and_then(|value| {
            value.pointer("/predicate/letterproof/format").and_then(|format| format.as_str())
        });
        match format {
            Some(MANIFEST_FORMAT) => {}
            Some(other) => {
                let found: String = crate::names::shown(other).chars().take(60).collect();
                let rest = format!(
                    "is of format `{found}`, not `{MANIFEST_FORMAT}`; use the version of \
                     letterproof that wrote it"
                );
                self.add(ProblemKind::Foreign, MANIFEST_FILE, &rest);
                return None;
            }
            None => {}
        }
        let statement = serde_json::from_slice(payload).ok();
        if statement.is_none() {
            self.add(
                ProblemKind::Manifest,
                MANIFEST_FILE,
                "does not hold the manifest of a bundle",
            );
        }
        statement
    }

    /// Every file against its entry in the manifest, and the other way round.
    fn files(&mut self, inventory: &Inventory, statement: &Statement) {
        for (name, found) in &inventory.files {
            if !is_listed(name) {
                continue;
            }
            match statement.file(name) {
                None => self.add(ProblemKind::Extra, name, "is not listed in the manifest"),
                Some(listed) if listed.annotations.size != found.size => {
                    let rest = format!(
                        "is {} bytes long, but was {} when the manifest was made",
                        found.size, listed.annotations.size
                    );
                    self.add(ProblemKind::Changed, name, &rest);
                }
                Some(listed) if listed.digest.sha256 != found.sha256 => {
                    self.add(ProblemKind::Changed, name, "was changed after the manifest was made");
                }
                Some(_) => {}
            }
        }
        for subject in &statement.subject {
            if self.opened.size(&subject.name).is_none() && !self.is_named(&subject.name) {
                let rest = "is listed in the manifest, but missing";
                self.add(ProblemKind::Missing, &subject.name, rest);
            }
        }
    }

    /// The manifest against the one that this content has.
    fn remade(&mut self, payload: &[u8], inventory: &Inventory, facts: Option<Facts>) {
        // What is wrong with a file shows in the manifest too, and was said already.
        if !self.problems.iter().all(|problem| problem.kind == ProblemKind::Container) {
            return;
        }
        let remade = facts.and_then(|facts| Statement::of(inventory, facts)?.to_bytes().ok());
        if remade.as_deref() != Some(payload) {
            let rest = "is not the manifest of these files";
            self.add(ProblemKind::Manifest, MANIFEST_FILE, rest);
        }
    }

    fn signature(
        &mut self,
        envelope: Option<&Envelope>,
        expected: Option<&BundlePublicKey>,
    ) -> SignatureState {
        let carried = self.opened.size(SIGNING_KEY_FILE).map(|_| carried_key(self.opened));
        let state = match (envelope.and_then(|e| Some((e, e.signature.as_ref()?))), carried) {
            (None, None) => SignatureState::Unsigned,
            (None, Some(_)) => {
                let rest = "is present, but its signature is missing";
                self.add(ProblemKind::Signature, SIGNING_KEY_FILE, rest);
                SignatureState::Unsigned
            }
            (Some((envelope, _)), Some(Some(key))) if envelope.is_signed_by(&key) => {
                SignatureState::Own { key_id: key.key_id() }
            }
            (Some(_), _) => {
                let rest = format!("carries a signature that does not match {SIGNING_KEY_FILE}");
                self.add(ProblemKind::Signature, MANIFEST_FILE, &rest);
                SignatureState::Invalid
            }
        };
        match (state, expected) {
            (SignatureState::Own { key_id }, Some(key)) if key.key_id() == key_id => {
                SignatureState::Expected { key_id }
            }
            (SignatureState::Own { key_id }, Some(key)) => {
                let sentence = format!(
                    "the bundle is signed with the key {key_id}, not with the expected {}",
                    key.key_id()
                );
                self.problems.push(Problem::whole(ProblemKind::OtherKey, sentence));
                SignatureState::Own { key_id }
            }
            (SignatureState::Unsigned, Some(_)) => {
                let sentence = "the bundle is not signed, though a key is expected";
                self.problems.push(Problem::whole(ProblemKind::Unsigned, sentence));
                SignatureState::Unsigned
            }
            (state, _) => state,
        }
    }
}

impl Check<'_> {
    /// Whether each attestation follows from the one before and bears its own signature.
    fn chained(&mut self, attestations: &Attestations) {
        // A journal that cannot be read is a problem already.
        let Ok(root) = root(self.opened) else { return };
        for unheld in attestations.unheld(&root) {
            let (place, rest) = match unheld {
                Unheld::Chain(0) => {
                    (0, "does not belong to this run's journal: it is from another run")
                }
                Unheld::Chain(place) => {
                    (place, "does not follow from the one before, which was rewritten or removed")
                }
                Unheld::Signature(place) => {
                    (place, "carries an invalid signature: it was rewritten")
                }
                Unheld::Withdrawal(place) => (place, "withdraws a statement that was not in force"),
            };
            let criterion = attestations.attestations.get(place).map(|one| &one.criterion);
            let criterion = crate::names::shown(criterion.map_or("", |id| id.as_str()));
            let rest =
                format!("holds a statement, number {} for {criterion}, which {rest}", place + 1);
            self.add(ProblemKind::Attestation, ATTESTATIONS_FILE, &rest);
        }
    }

    pub(super) fn attachments(&mut self, inventory: &Inventory) {
        let attestations = match Attestations::of(self.opened) {
            Ok(attestations) => attestations,
            Err(_) if self.is_named(ATTESTATIONS_FILE) => return,
            Err(_) => {
                let rest = "does not hold attestations in a format that this version knows";
                self.add(ProblemKind::Attestation, ATTESTATIONS_FILE, rest);
                return;
            }
        };
        self.chained(&attestations);
        let mut attested = BTreeSet::new();
        for attestation in &attestations.attestations {
            for file in &attestation.files {
                let path = file.path(&attestation.criterion);
                let is_there = inventory
                    .files
                    .get(&path)
                    .is_some_and(|found| found.size == file.size && found.sha256 == file.sha256);
                if !is_there && !self.is_named(&path) {
                    let rest = "is missing, or is not as it was attested";
                    self.add(ProblemKind::Attestation, &path, rest);
                }
                attested.insert(path);
            }
        }
        for name in inventory.files.keys() {
            let is_attachment = name.split('/').next() == Some(ATTACHMENTS_FOLDER);
            if is_attachment && !attested.contains(name) && !self.is_named(name) {
                self.add(ProblemKind::Attestation, name, "does not belong to any attestation");
            }
        }
    }
}
