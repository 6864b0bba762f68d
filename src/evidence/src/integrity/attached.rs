//! Attestations against the files attached to them, and the other way round.
//! Refuses an attachment nobody attested, and an attestation whose file is not there as stated.

use std::collections::BTreeSet;

use super::Check;
use crate::attest::{ATTACHMENTS_FOLDER, ATTESTATIONS_FILE, Attestations};
use crate::inventory::Inventory;
use crate::problem::ProblemKind;

impl Check<'_> {
    pub(super) fn attachments(&mut self, inventory: &Inventory) {
        let attestations = match Attestations::of(self.opened) {
            Ok(attestations) => attestations,
            Err(_) if self.is_named(ATTESTATIONS_FILE) => return,
            Err(_) => {
                let rest = "holds no attestations of a format that this version knows";
                self.add(ProblemKind::Attestation, ATTESTATIONS_FILE, rest);
                return;
            }
        };
        let mut attested = BTreeSet::new();
        for attestation in &attestations.attestations {
            for file in &attestation.files {
                let path = file.path(&attestation.criterion);
                let is_there = inventory
                    .files
                    .get(&path)
                    .is_some_and(|found| found.size == file.size && found.sha256 == file.sha256);
                if !is_there && !self.is_named(&path) {
                    let rest = "is not there as it was attested";
                    self.add(ProblemKind::Attestation, &path, rest);
                }
                attested.insert(path);
            }
        }
        for name in inventory.files.keys() {
            let is_attachment = name.split('/').next() == Some(ATTACHMENTS_FOLDER);
            if is_attachment && !attested.contains(name) && !self.is_named(name) {
                self.add(ProblemKind::Attestation, name, "is attached to no attestation");
            }
        }
    }
}
