//! Attestations against the files attached to them, and the other way round.
//! Each attestation is held against the one before too, and against its signature.
//! Refuses an attachment nobody attested, and an attestation whose file is not there as stated.

use std::collections::BTreeSet;

use super::Check;
use crate::attest::{ATTACHMENTS_FOLDER, ATTESTATIONS_FILE, Attestations, Unheld, root};
use crate::inventory::Inventory;
use crate::problem::ProblemKind;

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
