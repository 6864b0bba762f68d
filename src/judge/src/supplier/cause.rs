//! A cause is told once: a criterion that fails only by the letters or calls of another's failure
//! points there. One table says what may fail by what. The verdict stays, and what is not in the
//! table, or fails by one letter or call more, speaks for itself.

use std::collections::HashSet;

use letterproof_model::{CriterionResult, Verdict};

use crate::traffic::{CallIx, LetterIx};

/// What a failed criterion is about, whole; its result names the first few.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    id: String,
    letters: HashSet<LetterIx>,
    calls: HashSet<CallIx>,
}

impl Fault {
    /// The failure of the criterion of this id, or a finding's.
    pub(crate) fn new(
        id: String,
        letters: impl Iterator<Item = LetterIx>,
        calls: impl Iterator<Item = CallIx>,
    ) -> Self {
        Self { id, letters: letters.collect(), calls: calls.collect() }
    }

    /// What another failure shares with this one where it has nothing of its own: letters where both
    /// name some, calls where one names none.
    fn explains(&self, other: &Self) -> Option<&'static str> {
        if !self.letters.is_empty() && !other.letters.is_empty() {
            return other.letters.is_subset(&self.letters).then_some("the same letters");
        }
        (!other.calls.is_empty() && other.calls.is_subset(&self.calls)).then_some("the same calls")
    }
}

/// Something that fails, and the criteria that may fail by nothing else.
#[derive(Debug, Clone, Copy)]
pub struct Cause {
    /// A clause of the pack, a check of the suite, or a finding.
    pub id: &'static str,
    /// What may fail by it: ids, of which one that ends in `*` stands for all that begin so.
    pub of: &'static [&'static str],
}

impl Cause {
    /// Whether a criterion is one of those.
    #[must_use]
    pub fn may_explain(&self, id: &str) -> bool {
        let is = |row: &&str| row.strip_suffix('*').map_or(id == *row, |head| id.starts_with(head));
        self.id != id && self.of.iter().any(is)
    }
}

const fn row(id: &'static str, of: &'static [&'static str]) -> Cause {
    Cause { id, of }
}

/// Every clause that asks for a letter's new status.
const SEEN_BACK: &[&str] =
    &["AT4.3", "AT5.2", "AT6.2", "AT7.2", "AT8.2", "AT9.3", "AT10.2", "AT11.3", "AT12.2", "AT13.2"];

/// Every clause about letters that are moved.
const MOVES: &[&str] =
    &["AT4.*", "AT5.*", "AT6.*", "AT7.*", "AT8.*", "AT9.*", "AT10.*", "AT11.*", "AT12.*", "AT13.*"];

/// What causes what, the deepest cause first: a criterion points to the first that explains it.
const CAUSES: &[Cause] = &[
    // Nobody was let in.
    row("C-BEARER-KEPT", &["AT1.*", "AT2.1", "C-LETTER", "C-DATA", "C-PATCH", "C-BULK"]),
    // What a list holds, and answers that are none of the contract's.
    row("C-LIST-UNIQUE", &["AT2.3"]),
    row("C-LIST-PENDING", &["AT2.4"]),
    row("C-CONTRACT-STATUS", &["AT1.1", "C-STATUS"]),
    row("C-CONTRACT-LIST", &["AT1.2", "AT2.1", "AT2.3", "AT2.4", "C-LIST", "C-LIST-LIMIT-*"]),
    row("C-CONTRACT-BULK", &["AT4.2", "AT4.3", "AT4.6", "C-BULK", "C-BULK-*", "C-MEDIA-*"]),
    row("C-CONTRACT-PATCH", &["C-PATCH", "C-PATCH-*"]),
    row(
        "C-CONTRACT-MI-CREATE",
        &[
            "AT14.1",
            "C-MI",
            "C-MI-MINIMAL",
            "C-MI-TIMESTAMP-*",
            "C-MI-QUANTITY-*",
            "C-MI-LINE-ITEM-*",
        ],
    ),
    // Letters that are lost, kept back, or do not stay as they were.
    row("C-LETTER-KEPT", MOVES),
    row("F-LETTER-NOT-KEPT", MOVES),
    row("C-LETTER-LISTED", &["AT3.3", "AT4.3", "AT4.6", "C-LETTER", "C-DATA"]),
    row("C-LIST-COMPLETE", &["AT2.2", "AT3.3"]),
    // Updates that the API refused.
    row("C-BULK", &["AT4.2", "AT4.3", "AT4.6"]),
    row("C-PATCH", SEEN_BACK),
    row("AT4.2", &["AT4.3", "AT4.6"]),
    // Documents.
    row("C-DATA", &["AT15.3"]),
    row("C-DATA-LOCATION", &["AT15.3"]),
    row("C-LINK", &["AT15.3"]),
    row("C-HASH", &["AT15.4"]),
    row("C-DATA-MISSING-PDF", &["AT15.4"]),
    // What a supplier did is told by the clause, and seen by an observer as well.
    row("AT3.5", &["O-UPDATE-ONCE", "O-SECOND-LIST"]),
    row("AT5.3", &["O-UPDATE-ONCE", "O-SECOND-LIST"]),
    row("O-UPDATE-ONCE", &["O-SECOND-LIST"]),
    row("AT5.1", &["O-MOVE-ELIGIBLE"]),
    row("AT6.1", &["O-MOVE-ELIGIBLE"]),
    row("AT7.1", &["O-MOVE-ELIGIBLE"]),
    row("AT8.1", &["O-MOVE-ELIGIBLE"]),
    row("AT4.4", &["O-LISTED-TAKEN-ON"]),
    row("AT12.4", &["O-CONTENT-SAME"]),
    row("AT14.2", &["O-MI-COUNTS"]),
    row("AT15.3", &["O-PDF-FETCHED"]),
];

/// The table of causes, the deepest first.
#[must_use]
pub fn causes() -> &'static [Cause] {
    CAUSES
}

/// Has each failed criterion whose letters, or calls, are all another's point there.
pub(crate) fn point<'a>(faults: &[Fault], criteria: impl Iterator<Item = &'a mut CriterionResult>) {
    for criterion in criteria.filter(|criterion| criterion.verdict == Verdict::Fail) {
        let of = |id: &str| faults.iter().find(|fault| fault.id == id);
        let Some(fault) = of(criterion.id.as_str()) else { continue };
        let see = CAUSES.iter().filter(|cause| cause.may_explain(&fault.id)).find_map(|cause| {
            let same = of(cause.id)?.explains(fault)?;
            Some(format!("see {}: {same}", cause.id))
        });
        let Some(see) = see else { continue };
        criterion.reason = Some(match criterion.reason.take() {
            None => see,
            Some(reason) => format!("{reason}; {see}"),
        });
    }
}
