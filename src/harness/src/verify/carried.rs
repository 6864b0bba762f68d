//! Whether the calls of a driven run bear their journal out: the id of each carries the head that
//! the chain had when it was sent. Of runs that others made it says what they rest on instead.
//!
//! What a reader must know of the statements in a bundle, which no problem of theirs tells. An
//! unsigned statement is not wrong: it is said, and the reader decides.

use letterproof_evidence::{
    Attestations, BundlePublicKey, JOURNAL_FILE, JournalHeader, Problem, ProblemKind, SavedJournal,
    shown_name,
};
use letterproof_model::{Journal as _, Mark, MarkKind, ToolInfo};

use crate::verify::Again;

/// What a reader must know of a run whose calls were made by others.
const OTHERS: &str = "the calls of this run were made by a system other than letterproof and \
                      cannot carry the journal's chain, so they do not show whether calls were \
                      left out: that rests on time stamps and on `letterproof reconcile` with \
                      the gateway's log";
/// What a reader must know of a driven run of an earlier version.
const EARLIER: &str = "the calls of this run do not carry the journal's chain, as in earlier \
                       versions, so they do not show whether calls were left out: that rests on \
                       `letterproof reconcile` with the gateway's log";

impl Again<'_> {
    /// What the calls carry, against what the journal's head says of them.
    pub(super) fn carried(&mut self, journal: &SavedJournal) {
        let marks = journal.recording.marks().iter();
        let unvouched = marks.filter(|mark| matches!(mark.kind, MarkKind::Unvouched { .. }));
        self.notes.extend(unvouched.map(Mark::words));
        let JournalHeader { chained_ids, tool, brief, .. } = &journal.header;
        let Some(carried) = &journal.carried else {
            self.notes.push(OTHERS.to_owned());
            return;
        };
        let carries = carried.calls > 0 || carried.foreign.is_some();
        if let Some(id) = &carried.foreign {
            self.cut(&format!(
                "was cut or replaced somewhere before {id}: the correlation id of that call names \
                 a head of the chain that is not in this journal"
            ));
        }
        if let Some(id) = &carried.bare {
            self.cut(&format!(
                "holds {id}, whose correlation id does not carry the chain, though the ids of this \
                 run should carry it"
            ));
        }
        if let Some(id) = &carried.gap {
            self.cut(&format!(
                "holds more than 50 calls in a row, up to {id}, that carry no chain"
            ));
        }
        if !chained_ids && carries {
            self.cut("does not say that its calls carry the chain, though they do");
        } else if !chained_ids && brief.is_some() && tool == self.with.tool && is_known(tool) {
            self.cut("does not say that its calls carry the chain, as this version writes it");
        } else if !chained_ids && brief.is_some() {
            self.notes.push(EARLIER.to_owned());
        }
    }

    fn cut(&mut self, rest: &str) {
        self.problems.push(Problem::of(ProblemKind::Chain, JOURNAL_FILE, rest));
    }
}

/// Whether a build is told from others of its version: one made outside a repository is not.
fn is_known(tool: &ToolInfo) -> bool {
    tool.commit != "unknown"
}

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
