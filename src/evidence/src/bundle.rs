//! A saved run, as judges, reports and reviewers read it: results, context and journal.
//! Refuses files of another format version.

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};

use letterproof_model::{
    Context, Journal as _, RESULTS_FORMAT, Results, RunInfo, Standing, visible_json,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::environment::{ENVIRONMENT_FILE, ENVIRONMENT_FORMAT, Environment};
use crate::opened::Opened;
use crate::seal::RESULTS_LIMIT;
use crate::{EvidenceError, JOURNAL_FILE, JournalReader, SavedJournal, read_journal};

/// The name of the results document in a run's folder.
pub const RESULTS_FILE: &str = "results.json";
/// The name of the context document in a run's folder.
pub const CONTEXT_FILE: &str = "context.json";
/// The name and version of the context format.
pub const CONTEXT_FORMAT: &str = "letterproof-context/1";

/// Longest context read from a bundle, in bytes.
const CONTEXT_LIMIT: u64 = 16 << 20;
/// Longest document read, in bytes.
const DOCUMENT_LIMIT: u64 = 256 * 1024 * 1024;

/// A saved run.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// The folder or zip it was read from.
    pub folder: PathBuf,
    /// `results.json`.
    pub results: Results,
    /// `context.json`.
    pub context: Context,
    /// The journal.
    pub journal: SavedJournal,
    /// `environment.json`; absent where the run broke off before it was written.
    pub environment: Option<Environment>,
}

#[derive(Serialize, Deserialize)]
struct SavedContext<C> {
    format: String,
    #[serde(flatten)]
    context: C,
}

impl Bundle {
    /// Reads the folder of a run and checks its formats and the journal's chain.
    ///
    /// # Errors
    /// When a file is missing, unreadable, of another format or damaged; the message names it.
    pub fn open(folder: &Path) -> Result<Self, EvidenceError> {
        let results = read_json(&folder.join(RESULTS_FILE), RESULTS_FORMAT)?;
        let saved: SavedContext<Context> = read_json(&folder.join(CONTEXT_FILE), CONTEXT_FORMAT)?;
        let journal = read_journal(&folder.join(JOURNAL_FILE))?;
        let environment = read_environment(folder)?;
        Self { folder: folder.to_owned(), results, context: saved.context, journal, environment }
            .of_one_run()
    }

    /// Reads a bundle, a zip or a folder, as [`Self::open`] does.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn of(opened: &Opened) -> Result<Self, EvidenceError> {
        Self::around(read_bundled_journal(opened)?, opened)
    }

    /// Reads the rest of a bundle whose journal was read already.
    pub(crate) fn around(journal: SavedJournal, opened: &Opened) -> Result<Self, EvidenceError> {
        let environment = read_bundled_environment(opened)?;
        let (results, context) = (read_results(opened)?, read_context(opened)?);
        let folder = opened.path().to_owned();
        Self { folder, results, context, journal, environment }.of_one_run()
    }

    /// What its results prove, and where.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.results.run.standing()
    }

    /// The bundle with what an earlier version did not write into its results, as far as its journal
    /// shows it: where it was, and when it was gone on with.
    fn of_one_run(mut self) -> Result<Self, EvidenceError> {
        if self.journal.header.run_id == self.results.run.id {
            let (recording, run) = (&self.journal.recording, &mut self.results.run);
            let (supplier, context) = (run.supplier, &self.context);
            run.standing
                .get_or_insert_with(|| letterproof_judge::standing(recording, supplier, context));
            if run.resumed.is_empty() {
                run.resumed = RunInfo::resumptions(recording.marks());
            }
            return Ok(self);
        }
        let problem = format!("the journal belongs to another run than {RESULTS_FILE}");
        Err(EvidenceError::Broken { path: self.folder.join(JOURNAL_FILE), line: 1, problem })
    }
}

/// Reads the results of a bundle.
///
/// # Errors
/// When they are missing, unreadable or of another format.
pub fn read_results(opened: &Opened) -> Result<Results, EvidenceError> {
    let bytes = opened.read(RESULTS_FILE, RESULTS_LIMIT)?;
    parse_json(&opened.path().join(RESULTS_FILE), &bytes, RESULTS_FORMAT)
}

/// Reads the context of a bundle.
///
/// # Errors
/// When it is missing, unreadable or of another format.
pub fn read_context(opened: &Opened) -> Result<Context, EvidenceError> {
    let bytes = opened.read(CONTEXT_FILE, CONTEXT_LIMIT)?;
    let path = opened.path().join(CONTEXT_FILE);
    parse_json::<SavedContext<Context>>(&path, &bytes, CONTEXT_FORMAT).map(|saved| saved.context)
}

/// Reads the journal of a bundle and checks its chain.
///
/// # Errors
/// When it is missing, unreadable, of another format or broken.
pub fn read_bundled_journal(opened: &Opened) -> Result<SavedJournal, EvidenceError> {
    bundled_reader(opened)?.read_whole()
}

/// Reads the journal of a bundle line by line.
pub(crate) fn bundled_reader(opened: &Opened) -> Result<JournalReader, EvidenceError> {
    let input = Box::new(BufReader::new(opened.reader(JOURNAL_FILE)?));
    let mut reader = JournalReader::over(&opened.path().join(JOURNAL_FILE), input)?;
    reader.length = opened.size(JOURNAL_FILE).unwrap_or_default();
    Ok(reader)
}

/// Reads the environment of a bundle; `None` where the run broke off before it was written.
pub(crate) fn read_bundled_environment(
    opened: &Opened,
) -> Result<Option<Environment>, EvidenceError> {
    if opened.size(ENVIRONMENT_FILE).is_none() {
        return Ok(None);
    }
    let bytes = opened.read(ENVIRONMENT_FILE, DOCUMENT_LIMIT)?;
    parse_json(&opened.path().join(ENVIRONMENT_FILE), &bytes, ENVIRONMENT_FORMAT).map(Some)
}

/// Reads `environment.json`; `None` where the run broke off before it was written.
///
/// # Errors
/// When it is there and cannot be read.
pub fn read_environment(folder: &Path) -> Result<Option<Environment>, EvidenceError> {
    match read_json(&folder.join(ENVIRONMENT_FILE), ENVIRONMENT_FORMAT) {
        Ok(environment) => Ok(Some(environment)),
        Err(EvidenceError::Missing { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a document for people and programs: what JSON leaves hidden in its strings is an escape.
pub(crate) fn write_json(output: &mut dyn Write, value: &impl Serialize) -> std::io::Result<()> {
    let document = serde_json::to_string_pretty(value)?;
    output.write_all(visible_json(&document).as_bytes())?;
    output.write_all(b"\n")
}

pub(crate) fn write_context(output: &mut dyn Write, context: &Context) -> std::io::Result<()> {
    write_json(output, &SavedContext { format: CONTEXT_FORMAT.to_owned(), context })
}

fn read_json<T: DeserializeOwned>(path: &Path, expected: &'static str) -> Result<T, EvidenceError> {
    let io = || EvidenceError::io("read", path, "check that the file is there and readable");
    let file = File::open(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => EvidenceError::Missing { path: path.to_owned() },
        _ => io()(source),
    })?;
    let mut bytes = Vec::new();
    BufReader::new(file).take(DOCUMENT_LIMIT).read_to_end(&mut bytes).map_err(io())?;
    parse_json(path, &bytes, expected)
}

/// Parses a document of this format; errors name it as `path`.
pub(crate) fn parse_json<T: DeserializeOwned>(
    path: &Path,
    bytes: &[u8],
    expected: &'static str,
) -> Result<T, EvidenceError> {
    #[derive(Deserialize)]
    struct Format {
        format: String,
    }
    let broken = |error: &serde_json::Error| EvidenceError::Broken {
        path: path.to_owned(),
        line: error.line() as u64,
        problem: format!("not the JSON expected here (column {})", error.column()),
    };
    // The version first: a later format may differ in everything else.
    let found = serde_json::from_slice::<Format>(bytes).map_err(|e| broken(&e))?.format;
    if found != expected {
        let found = found.chars().filter(|c| !c.is_control()).take(60).collect();
        return Err(EvidenceError::Foreign { path: path.to_owned(), line: 1, found, expected });
    }
    serde_json::from_slice(bytes).map_err(|error| broken(&error))
}
