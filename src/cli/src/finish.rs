//! From a closed journal to a whole evidence folder: judged as it lies on disk, then written up.
//! Refuses to judge anything that did not come from the journal.

use letterproof_contract::Contract;
use letterproof_evidence::{Bundle, RunFolder, SavedJournal, read_journal};
use letterproof_judge::{Head, conclude};
use letterproof_model::Results;

use crate::failure::Failure;

/// Reads the journal of a folder, judges it, and writes results and reports beside it.
///
/// # Errors
/// When the journal does not say what was asked for, or something cannot be read or written.
pub(crate) fn write_up(folder: &RunFolder, contract: &Contract) -> Result<Bundle, Failure> {
    let journal = read_journal(&folder.journal_path())?;
    let results = judged(&journal, contract)?;
    let context = brief(&journal)?.context.clone();
    folder.write_context(&context)?;
    folder.write_results(&results)?;
    let bundle = Bundle { folder: folder.path().to_owned(), results, context, journal };
    letterproof_reports::write_all(&bundle, folder)
        .map_err(|error| Failure::Harness(error.to_string()))?;
    Ok(bundle)
}

/// The results that follow from a journal.
pub(crate) fn judged(journal: &SavedJournal, contract: &Contract) -> Result<Results, Failure> {
    let header = &journal.header;
    let head = Head {
        run_id: &header.run_id,
        started: header.started,
        tool: &header.tool,
        brief: brief(journal)?,
    };
    Ok(conclude(&journal.recording, &head, contract))
}

fn brief(journal: &SavedJournal) -> Result<&letterproof_model::Brief, Failure> {
    journal.header.brief.as_ref().ok_or_else(|| {
        Failure::Usage(format!(
            "the journal of run {} does not say what was asked for, so there is nothing to judge \
             it by",
            journal.header.run_id.as_str()
        ))
    })
}
