//! Journals that keep the conformance suite's own requests whole, in which nobody's data stands.

use std::path::Path;

use letterproof_evidence::{EvidenceError, JournalHeader, JournalWriter, Planned};
use letterproof_judge::conformance::{is_planned_body, is_planned_path};

/// What the conformance suite plans.
const PLANNED: Planned = Planned { path: is_planned_path, body: is_planned_body };

/// Begins the journal of a run.
///
/// # Errors
/// As [`JournalWriter::create`].
pub fn begin_journal(path: &Path, header: &JournalHeader) -> Result<JournalWriter, EvidenceError> {
    JournalWriter::create(path, header).map(expecting)
}

/// Opens the journal of a run that broke off, to go on with it.
///
/// # Errors
/// As [`JournalWriter::resume`].
pub fn resume_journal(path: &Path) -> Result<JournalWriter, EvidenceError> {
    JournalWriter::resume(path).map(expecting)
}

fn expecting(journal: JournalWriter) -> JournalWriter {
    journal.redactor().expect(PLANNED);
    journal
}
