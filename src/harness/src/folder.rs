//! The folder of a run, from its first line to its zip: begun, recorded into, judged as it lies on
//! disk, written up, closed. Nothing is judged that did not come from the journal.

use std::path::{Path, PathBuf};

use letterproof_client::{Session, Target};
use letterproof_contract::Contract;
use letterproof_evidence::{
    Bundle, BundleKey, ENVIRONMENT_FORMAT, Environment, EvidenceError, JournalHeader,
    JournalWriter, Opened, Planned, RunFolder, SavedJournal, Setting, archive, read_environment,
    read_journal, read_measured,
};
use letterproof_judge::conformance::{is_planned_body, is_planned_path};
use letterproof_judge::{Head, conclude};
use letterproof_model::{
    Brief, Journal as _, PACK_VERSION, PackInfo, Recorder, Results, RunId, ToolInfo,
};
use letterproof_reports::{Extras, ReportError};

use crate::told::{Failure, usage};

/// The conformance suite's own requests, which are kept whole: nobody's data stands in them.
const PLANNED: Planned = Planned { path: is_planned_path, body: is_planned_body };

/// Begins the journal of a run.
///
/// # Errors
/// As [`JournalWriter::create`].
pub fn begin_journal(path: &Path, header: &JournalHeader) -> Result<JournalWriter, EvidenceError> {
    JournalWriter::create(path, header).map(expecting)
}

/// Opens the journal of a run that was interrupted, to continue it.
///
/// # Errors
/// As [`JournalWriter::resume`].
pub(crate) fn resume_journal(path: &Path) -> Result<JournalWriter, EvidenceError> {
    JournalWriter::resume(path).map(expecting)
}

fn expecting(journal: JournalWriter) -> JournalWriter {
    journal.redactor().expect(PLANNED);
    journal
}

/// The folder of a run that begins now. It says from the start with which key its bundle is to be signed,
/// so that nobody completes it unsigned without knowing.
///
/// # Errors
/// When it cannot be made; nothing is left behind then.
pub fn new_folder(
    out: &Path,
    run_id: &RunId,
    key: Option<&BundleKey>,
) -> Result<RunFolder, Failure> {
    let folder = RunFolder::create(out, run_id).map_err(usage)?;
    match folder.begin_with(key) {
        Ok(()) => Ok(folder),
        Err(error) => Err(discarded(folder, error.into())),
    }
}

/// Removes the folder of a run that never began; returns why it did not.
#[must_use]
pub fn discarded(folder: RunFolder, failure: Failure) -> Failure {
    match folder.discard() {
        Ok(()) => failure,
        Err(error) => Failure::Harness(format!("{failure}; and {error}")),
    }
}

/// The key that signs the bundle, where one was given.
///
/// # Errors
/// When the file cannot be read or holds no such key.
pub fn signing_key(file: Option<&Path>) -> Result<Option<BundleKey>, Failure> {
    file.map(BundleKey::read).transpose().map_err(usage)
}

/// The option by which a later command is given the key of a run, which it needs; empty where the run
/// has none.
#[must_use]
pub fn same_key(file: Option<&Path>) -> String {
    file.map(|file| format!(" --sign-key {}", file.display())).unwrap_or_default()
}

/// The contract of an official specification, where one was given.
///
/// # Errors
/// When the file cannot be read or is no such specification.
pub fn official(spec: Option<&Path>) -> Result<Option<Contract>, Failure> {
    let contract = spec.map(Contract::from_specification).transpose();
    contract.map_err(|error| Failure::Usage(error.to_string()))
}

/// The contract of this build.
///
/// # Errors
/// When it cannot be compiled, which is a defect of the build.
pub fn built_in() -> Result<&'static Contract, Failure> {
    Contract::built_in().map_err(|error| Failure::Harness(error.to_string()))
}

/// What surrounds a run, as it is known when its traffic has ended: the machine, the command line and
/// the target's settings. The target tells them without secrets, and the journal's redaction has the
/// last look at every word.
pub(crate) fn environment(
    tool: &ToolInfo,
    target: &Target,
    session: Option<&Session>,
    contract: &Contract,
    recorder: &dyn Recorder,
) -> Environment {
    let setting = |(name, value): (&'static str, String)| Setting {
        name: name.to_owned(),
        value: recorder.scrub(&value),
    };
    let offset = session.and_then(Session::clock_skew).map(|skew| skew.as_millis());
    Environment {
        format: ENVIRONMENT_FORMAT.to_owned(),
        tool: tool.clone(),
        system: std::env::consts::OS.to_owned(),
        architecture: std::env::consts::ARCH.to_owned(),
        command_line: std::env::args_os()
            .map(|word| recorder.scrub(&word.to_string_lossy()))
            .collect(),
        pack: PackInfo { version: PACK_VERSION.to_owned() },
        target: target.name.clone(),
        capabilities: target.capabilities.iter().copied().collect(),
        profile: target.settings().into_iter().map(setting).collect(),
        specification: contract.specification().map(str::to_owned),
        clock_offset_ms: offset.and_then(|millis| i64::try_from(millis).ok()),
    }
}

/// Reads the journal of a folder, judges it, and writes results and reports beside it.
///
/// # Errors
/// When the journal does not say what was asked for, or something cannot be read or written.
pub fn write_up(
    folder: &RunFolder,
    contract: &Contract,
    key: Option<&BundleKey>,
) -> Result<Bundle, Failure> {
    let journal = read_journal(&folder.journal_path())?;
    let brief = brief(&journal)?;
    let mut results = judged(&journal, brief, contract)?;
    results.performance.extend(read_measured(&Opened::open(folder.path())?)?);
    let context = brief.context.clone();
    folder.write_context(&context)?;
    folder.write_results(&results)?;
    let environment = read_environment(folder.path())?;
    let bundle =
        Bundle { folder: folder.path().to_owned(), results, context, journal, environment };
    write_reports(&bundle, folder, key)?;
    Ok(bundle)
}

/// Writes every report of a run, with the statements and load runs that lie in its folder.
///
/// # Errors
/// When something cannot be read or written.
pub fn write_reports(
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
///
/// # Errors
/// When something cannot be written.
pub fn close(folder: RunFolder, key: Option<&BundleKey>) -> Result<PathBuf, Failure> {
    folder.seal(key)?;
    close_sealed(folder)
}

/// Names a folder whole that was sealed, and makes its zip; returns where the folder is.
pub(crate) fn close_sealed(folder: RunFolder) -> Result<PathBuf, Failure> {
    let path = folder.finish()?;
    archive(&path)?;
    Ok(path)
}

/// The results that follow from a journal.
///
/// # Errors
/// When the journal could not be read again to its end.
fn judged(journal: &SavedJournal, brief: &Brief, contract: &Contract) -> Result<Results, Failure> {
    let header = &journal.header;
    let (run_id, started, tool) = (&header.run_id, header.started, &header.tool);
    let results = conclude(&journal.recording, &Head { run_id, started, tool, brief }, contract);
    journal.recording.whole().map_err(|error| Failure::Harness(error.message))?;
    Ok(results)
}

fn brief(journal: &SavedJournal) -> Result<&Brief, Failure> {
    journal.header.brief.as_ref().ok_or_else(|| {
        Failure::Usage(format!(
            "the journal of run {} does not say what was asked for, so there is nothing to judge \
             it by",
            journal.header.run_id.as_str()
        ))
    })
}

/// A run must be judged by the contract it was to be judged by.
///
/// # Errors
/// When it is another.
pub fn refuse_other_specification(
    run: &Path,
    header: &JournalHeader,
    contract: &Contract,
) -> Result<(), Failure> {
    let asked = header.brief.as_ref().and_then(|brief| brief.specification.as_deref());
    if asked == contract.specification() {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "{}: this run was to be judged with {}; give that with --spec",
        run.display(),
        asked.map_or("the built-in contract".to_owned(), |hash| format!(
            "an official specification (SHA-256 of its schemas {hash})"
        ))
    )))
}
