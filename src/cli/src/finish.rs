//! From a closed journal to a whole evidence folder: judged as it lies on disk, then written up.
//! Refuses to judge anything that did not come from the journal.

use std::path::{Path, PathBuf};

use letterproof_contract::Contract;
use letterproof_evidence::{
    Bundle, BundleKey, Opened, RunFolder, SavedJournal, archive, read_environment, read_journal,
    read_measured,
};
use letterproof_judge::{Head, conclude};
use letterproof_model::{Journal as _, Results, RunId};
use letterproof_reports::{Extras, ReportError};

use crate::failure::Failure;
use crate::run;

/// The folder of a run that begins now. It says from the start with which key its bundle is to be signed,
/// so that nobody completes it unsigned without knowing.
///
/// # Errors
/// When it cannot be made; nothing is left behind then.
pub(crate) fn new_folder(
    out: &Path,
    run_id: &RunId,
    key: Option<&BundleKey>,
) -> Result<RunFolder, Failure> {
    let folder =
        RunFolder::create(out, run_id).map_err(|error| Failure::Usage(error.to_string()))?;
    match folder.begin_with(key) {
        Ok(()) => Ok(folder),
        Err(error) => Err(run::discarded(folder, error.into())),
    }
}

/// The option by which a later command is given the key of a run, which it needs; empty where the run
/// has none.
pub(crate) fn same_key(file: Option<&Path>) -> String {
    file.map(|file| format!(" --sign-key {}", file.display())).unwrap_or_default()
}

/// Reads the journal of a folder, judges it, and writes results and reports beside it.
///
/// # Errors
/// When the journal does not say what was asked for, or something cannot be read or written.
pub(crate) fn write_up(
    folder: &RunFolder,
    contract: &Contract,
    key: Option<&BundleKey>,
) -> Result<Bundle, Failure> {
    let journal = read_journal(&folder.journal_path())?;
    let mut results = judged(&journal, contract)?;
    results.performance.extend(read_measured(&Opened::open(folder.path())?)?);
    let context = brief(&journal)?.context.clone();
    folder.write_context(&context)?;
    folder.write_results(&results)?;
    let environment = read_environment(folder.path())?;
    let bundle =
        Bundle { folder: folder.path().to_owned(), results, context, journal, environment };
    write_reports(&bundle, folder, key)?;
    Ok(bundle)
}

/// Writes every report of a run, with the statements and load runs that lie in its folder.
pub(crate) fn write_reports(
    bundle: &Bundle,
    folder: &RunFolder,
    key: Option<&BundleKey>,
) -> Result<(), Failure> {
    let failed = |error| match error {
        ReportError::Evidence(error) => Failure::Evidence(error),
        other => Failure::Harness(other.to_string()),
    };
    let extras = Extras::of(&Opened::open(folder.path())?).map_err(failed)?;
    // Not the key of before, where the bundle is made again.
    let extras = extras.signed_by(key.map(|key| key.public().key_id()));
    letterproof_reports::write_all_with(bundle, folder, &extras).map_err(failed)
}

/// Seals a folder that is whole, names it so, and makes its zip; returns where the folder is.
pub(crate) fn close(folder: RunFolder, key: Option<&BundleKey>) -> Result<PathBuf, Failure> {
    folder.seal(key)?;
    close_sealed(folder)
}

/// Names a folder whole that was sealed, and makes its zip; returns where the folder is.
pub(crate) fn close_sealed(folder: RunFolder) -> Result<PathBuf, Failure> {
    let path = folder.finish()?;
    archive(&path)?;
    Ok(path)
}

/// The key that signs the bundle, where one was given.
pub(crate) fn signing_key(file: Option<&Path>) -> Result<Option<BundleKey>, Failure> {
    file.map(BundleKey::read).transpose().map_err(|error| Failure::Usage(error.to_string()))
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
    let results = conclude(&journal.recording, &head, contract);
    let whole = journal.recording.whole();
    whole.map(|()| results).map_err(|error| Failure::Harness(error.message))
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
