//! A saved run, as judges, reports and reviewers read it: results, context and journal.
//! Refuses files of another format version; a later manifest will vouch for all of them.

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};

use letterproof_model::{Context, RESULTS_FORMAT, Results};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{EvidenceError, JOURNAL_FILE, SavedJournal, read_journal};

/// The name of the results document in a run's folder.
pub const RESULTS_FILE: &str = "results.json";
/// The name of the context document in a run's folder.
pub const CONTEXT_FILE: &str = "context.json";
/// The name and version of the context format.
pub const CONTEXT_FORMAT: &str = "letterproof-context/1";

/// Longest document read, in bytes.
const DOCUMENT_LIMIT: u64 = 256 * 1024 * 1024;

/// A saved run.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// The folder it was read from.
    pub folder: PathBuf,
    /// `results.json`.
    pub results: Results,
    /// `context.json`.
    pub context: Context,
    /// The journal.
    pub journal: SavedJournal,
}

#[derive(Serialize, Deserialize)]
struct SavedContext<C> {
    format: String,
    #[serde(flatten)]
    context: C,
}

impl Bundle {
    /// Reads a saved run and checks its formats and the journal's chain.
    ///
    /// # Errors
    /// When a file is missing, unreadable, of another format or damaged; the message names it.
    pub fn open(folder: &Path) -> Result<Self, EvidenceError> {
        let results: Results = read_json(&folder.join(RESULTS_FILE), RESULTS_FORMAT)?;
        let saved: SavedContext<Context> = read_json(&folder.join(CONTEXT_FILE), CONTEXT_FORMAT)?;
        let journal_path = folder.join(JOURNAL_FILE);
        let journal = read_journal(&journal_path)?;
        if journal.header.run_id != results.run.id {
            let problem = format!("the journal belongs to another run than {RESULTS_FILE}");
            return Err(EvidenceError::Broken { path: journal_path, line: 1, problem });
        }
        Ok(Self { folder: folder.to_owned(), results, context: saved.context, journal })
    }
}

pub(crate) fn write_json(output: &mut dyn Write, value: &impl Serialize) -> std::io::Result<()> {
    serde_json::to_writer_pretty(&mut *output, value)?;
    output.write_all(b"\n")
}

pub(crate) fn write_context(output: &mut dyn Write, context: &Context) -> std::io::Result<()> {
    write_json(output, &SavedContext { format: CONTEXT_FORMAT.to_owned(), context })
}

fn read_json<T: DeserializeOwned>(path: &Path, expected: &'static str) -> Result<T, EvidenceError> {
    #[derive(Deserialize)]
    struct Format {
        format: String,
    }
    let io = || EvidenceError::io("read", path, "check that the file is there and readable");
    let file = File::open(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => EvidenceError::Missing { path: path.to_owned() },
        _ => io()(source),
    })?;
    let mut bytes = Vec::new();
    BufReader::new(file).take(DOCUMENT_LIMIT).read_to_end(&mut bytes).map_err(io())?;
    let broken = |error: &serde_json::Error| EvidenceError::Broken {
        path: path.to_owned(),
        line: error.line() as u64,
        problem: format!("not the JSON expected here (column {})", error.column()),
    };
    // The version first: a later format may differ in everything else.
    let found = serde_json::from_slice::<Format>(&bytes).map_err(|e| broken(&e))?.format;
    if found != expected {
        let found = found.chars().filter(|c| !c.is_control()).take(60).collect();
        return Err(EvidenceError::Foreign { path: path.to_owned(), line: 1, found, expected });
    }
    serde_json::from_slice(&bytes).map_err(|error| broken(&error))
}
