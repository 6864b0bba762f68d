//! What a reader must know of the statements in a bundle, which no problem of theirs tells.
//! Refuses to call a statement wrong for being unsigned: it is said, and the reader decides.

use super::Again;
use crate::Attestations;

impl Again<'_> {
    /// Whether the statements are chained, and which of them the expected key did not sign.
    pub(super) fn statements(&mut self) {
        let Ok(given) = Attestations::of(self.opened) else { return };
        if !given.attestations.is_empty() && !given.is_chained() {
            self.notes.push(
                "the statements have an earlier format, without chain or signatures of their own: \
                 whoever sealed the bundle may have rewritten them"
                    .to_owned(),
            );
        }
        let Some(expected) = self.with.key.map(crate::BundlePublicKey::key_id) else { return };
        let others: Vec<String> = (1..)
            .zip(&given.attestations)
            .filter(|(_, one)| one.signed_by().as_ref() != Some(&expected))
            .map(|(number, one)| {
                format!("{number} ({})", crate::names::shown(one.criterion.as_str()))
            })
            .collect();
        if !others.is_empty() {
            let others = others.join(", ");
            self.notes.push(format!("statements not signed by the expected key: {others}"));
        }
    }
}
