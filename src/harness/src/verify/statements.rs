//! What a reader must know of the statements in a bundle, which no problem of theirs tells.
//! Refuses to call a statement wrong for being unsigned: it is said, and the reader decides.

use super::Again;
use letterproof_evidence::{Attestations, BundlePublicKey, shown_name};

impl Again<'_> {
    /// Whether the statements are chained, and which of them the expected key did not sign.
    pub(super) fn statements(&mut self) {
        let Ok(given) = Attestations::of(self.opened) else { return };
        if !given.attestations.is_empty() && !given.is_chained() {
            self.notes.push(
                "the statements are of an earlier format, neither chained nor signed one by one: \
                 whoever sealed the bundle can have rewritten them"
                    .to_owned(),
            );
        }
        let Some(expected) = self.with.key.map(BundlePublicKey::key_id) else { return };
        let others: Vec<String> = (1..)
            .zip(&given.attestations)
            .filter(|(_, one)| one.signed_by().as_ref() != Some(&expected))
            .map(|(number, one)| format!("{number} ({})", shown_name(one.criterion.as_str())))
            .collect();
        if !others.is_empty() {
            let others = others.join(", ");
            self.notes.push(format!("statements not signed by the expected key: {others}"));
        }
    }
}
