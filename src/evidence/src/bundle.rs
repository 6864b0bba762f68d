//! A saved run, as judges, reports and reviewers read it: results, context and journal.
//!
//! What surrounded a run: the machine, the command and the target as it was set up.
//!
//! All of it is told by the tool itself and can be checked by nobody, so it stands apart from what
//! follows from the journal. Settings are written without secrets.
//!
//! What load runs measured, as their records in a run's folder sum it up.
//!
//! These figures stand in `results.json` beside those derived from the journal, and are derived
//! again from the same records when a bundle is verified.

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};

use letterproof_model::{
    Capability, Context, Journal as _, PackInfo, Performance, RESULTS_FORMAT, Results, RunInfo,
    Standing, ToolInfo, visible_json,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::opened::Opened;
use crate::sealing::RESULTS_LIMIT;
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
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn around(journal: SavedJournal, opened: &Opened) -> Result<Self, EvidenceError> {
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
                .get_or_insert_with(|| letterproof_traffic::proven(recording, supplier, context));
            if run.resumed.is_empty() {
                run.resumed = RunInfo::resumptions(recording.marks());
            }
            return Ok(self);
        }
        let problem = format!("the journal and {RESULTS_FILE} belong to different runs");
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
///
/// # Errors
/// When it is missing, or its header is none of this format.
pub fn bundled_reader(opened: &Opened) -> Result<JournalReader, EvidenceError> {
    let input = Box::new(BufReader::new(opened.reader(JOURNAL_FILE)?));
    let mut reader = JournalReader::over(&opened.path().join(JOURNAL_FILE), input)?;
    reader.length = opened.size(JOURNAL_FILE).unwrap_or_default();
    Ok(reader)
}

/// Reads the environment of a bundle; `None` where the run broke off before it was written.
///
/// # Errors
/// When it is there and cannot be read.
pub fn read_bundled_environment(opened: &Opened) -> Result<Option<Environment>, EvidenceError> {
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
///
/// # Errors
/// When it cannot be written.
pub fn write_json(output: &mut dyn Write, value: &impl Serialize) -> std::io::Result<()> {
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

/// The name of the environment document in a run's folder.
pub const ENVIRONMENT_FILE: &str = "environment.json";
/// The name and version of the environment format.
pub const ENVIRONMENT_FORMAT: &str = "letterproof-environment/1";

/// What surrounded a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Always [`ENVIRONMENT_FORMAT`].
    pub format: String,
    /// What ran.
    pub tool: ToolInfo,
    /// The operating system (`linux`, `macos`, `windows`).
    pub system: String,
    /// The processor's architecture.
    pub architecture: String,
    /// The command line, as given.
    pub command_line: Vec<String>,
    /// The pack the run was judged by.
    pub pack: PackInfo,
    /// The target's name.
    pub target: String,
    /// What the target was declared to be able to do.
    pub capabilities: Vec<Capability>,
    /// The target's settings as used, by name, secrets left out and named by where they come from.
    pub profile: Vec<Setting>,
    /// SHA-256 of the official specification that bodies were checked against; absent when they were
    /// held against the built-in schemas.
    pub specification: Option<String>,
    /// By how much the target's clock was ahead of this machine's, in milliseconds; absent where
    /// no answer carried a date.
    pub clock_offset_ms: Option<i64>,
}

/// One setting of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Its name, as in a profile.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// Where the records of load runs lie, one folder each.
pub const PERFORMANCE_FOLDER: &str = "performance";
/// The name of a load run's summary in its folder.
pub const LOAD_SUMMARY_FILE: &str = "summary.json";
/// The name and version of the format of such a summary.
pub const LOAD_SUMMARY_FORMAT: &str = "letterproof-load/1";

/// Longest summary read, in bytes.
const LIMIT: u64 = 4 << 20;

/// What is read of a summary here.
#[derive(Deserialize)]
struct Summary {
    name: String,
    figures: std::collections::BTreeMap<String, f64>,
}

/// The figures of every load run in a bundle, by the names of their folders.
///
/// # Errors
/// When a summary cannot be read, or is of another format.
pub fn read_measured(opened: &Opened) -> Result<Vec<Performance>, EvidenceError> {
    let summaries = opened.files().map(|(name, _)| name).filter(|name| is_summary(name));
    let summaries: Vec<String> = summaries.map(str::to_owned).collect();
    let read = |name: &String| {
        let bytes = opened.read(name, LIMIT)?;
        let path = opened.path().join(name);
        let Summary { name, figures } = parse_json(&path, &bytes, LOAD_SUMMARY_FORMAT)?;
        Ok(Performance { name: format!("load {name}"), figures })
    };
    summaries.iter().map(read).collect()
}

fn is_summary(name: &str) -> bool {
    let mut parts = name.split('/');
    parts.next() == Some(PERFORMANCE_FOLDER)
        && parts.next().is_some()
        && parts.next() == Some(LOAD_SUMMARY_FILE)
        && parts.next().is_none()
}
