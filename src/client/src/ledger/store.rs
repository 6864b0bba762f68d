//! The ledger's file: one line of JSON each time something is learned, after a line that says
//! what the file is. A line that a crash cut short is dropped when the file is opened again.
//! A file of the format before, which kept no heads of runs, is written again in this one.
//! A file of another target or supplier, of another version, or in use elsewhere is not opened.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use letterproof_model::{LetterId, RunId};
use serde::{Deserialize, Serialize};

use super::record::{LetterRecord, RunHead};
use crate::{ClientError, private};

const FORMAT: &str = "letterproof-ledger/2";
const FORMAT_1: &str = "letterproof-ledger/1";

/// The first line of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    format: String,
    base_url: String,
    supplier: String,
}

impl Header {
    pub(super) fn new(base_url: &str, supplier: &str) -> Self {
        Self {
            format: FORMAT.to_owned(),
            base_url: base_url.to_owned(),
            supplier: supplier.to_owned(),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Line<R> {
    Letter(R),
    Mi(String),
    Run(RunHead),
}

/// An open file, locked for this process.
pub(super) struct Store {
    path: PathBuf,
    file: File,
}

/// What a file knows.
#[derive(Default)]
pub(super) struct Known {
    pub(super) letters: Vec<LetterRecord>,
    pub(super) mi: Vec<String>,
    /// The last head of each run's journal.
    pub(super) heads: BTreeMap<RunId, RunHead>,
}

impl Store {
    /// Opens or makes the file, and reads what it knows.
    pub(super) fn open(path: &Path, header: &Header) -> Result<(Self, Known), ClientError> {
        let io = |error: std::io::Error| {
            at_fault(
                path,
                format!("the ledger cannot be opened ({error}); check the folder and its owner"),
            )
        };
        if let Some(folder) = path.parent() {
            private::create_folders(folder).map_err(io)?;
        }
        let mut options = private::new_file();
        let mut file = options.read(true).create(true).truncate(false).open(path).map_err(io)?;
        private::tighten(&file);
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(at_fault(
                    path,
                    "another run is using this ledger; wait for it to end".to_owned(),
                ));
            }
            // Some network file systems know no locks; the ledger works without.
            Err(TryLockError::Error(error)) => tracing::debug!(%error, "the ledger is not locked"),
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io)?;
        let contents = read(path, header, &bytes)?;
        let mut store = Self { path: path.to_owned(), file };
        if contents.wordy || contents.whole == 0 {
            store.rewrite(header, &contents.known)?;
        } else {
            store.file.set_len(contents.whole).map_err(io)?;
            store.file.seek(SeekFrom::End(0)).map_err(io)?;
        }
        Ok((store, contents.known))
    }

    /// Reads what the file knows and leaves it as it is; `None` when there is none.
    pub(super) fn peek(path: &Path, header: &Header) -> Result<Option<Known>, ClientError> {
        match std::fs::read(path) {
            Ok(bytes) => Ok(Some(read(path, header, &bytes)?.known)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(at_fault(
                path,
                format!("the ledger cannot be read ({error}); check whether a run is using it"),
            )),
        }
    }

    /// Appends what was learned of letters.
    pub(super) fn write<'a>(
        &mut self,
        records: impl Iterator<Item = &'a LetterRecord>,
    ) -> Result<(), ClientError> {
        let mut text = Vec::new();
        for record in records {
            push_line(&mut text, &Line::Letter(record));
        }
        self.append(&text)
    }

    /// Appends that a record of management information was submitted.
    pub(super) fn write_mi(&mut self, key: &str) -> Result<(), ClientError> {
        let mut text = Vec::new();
        push_line(&mut text, &Line::<LetterRecord>::Mi(key.to_owned()));
        self.append(&text)
    }

    /// Appends how far a run's journal has come.
    pub(super) fn write_head(&mut self, head: &RunHead) -> Result<(), ClientError> {
        let mut text = Vec::new();
        push_line(&mut text, &Line::<LetterRecord>::Run(head.clone()));
        self.append(&text)
    }

    /// Puts what was written safely on disk.
    pub(super) fn sync(&mut self) -> Result<(), ClientError> {
        self.file.sync_data().map_err(|error| self.unwritable(&error))
    }

    fn append(&mut self, text: &[u8]) -> Result<(), ClientError> {
        let before = self.file.stream_position();
        let written = self.file.write_all(text);
        if let (Err(_), Ok(before)) = (&written, before) {
            // No half line for the next one to be appended to; where that fails too, opening tells.
            let _ =
                self.file.set_len(before).and_then(|()| self.file.seek(SeekFrom::Start(before)));
        }
        written.map_err(|error| self.unwritable(&error))
    }

    /// Writes the file anew with one line for each letter.
    fn rewrite(&mut self, header: &Header, known: &Known) -> Result<(), ClientError> {
        let mut text = Vec::new();
        push_line(&mut text, header);
        for record in &known.letters {
            push_line(&mut text, &Line::Letter(record));
        }
        for key in &known.mi {
            push_line(&mut text, &Line::<LetterRecord>::Mi(key.clone()));
        }
        for head in known.heads.values() {
            push_line(&mut text, &Line::<LetterRecord>::Run(head.clone()));
        }
        let written = self
            .file
            .set_len(0)
            .and_then(|()| self.file.seek(SeekFrom::Start(0)))
            .and_then(|_| self.file.write_all(&text))
            .and_then(|()| self.file.sync_data());
        written.map_err(|error| self.unwritable(&error))
    }

    fn unwritable(&self, error: &std::io::Error) -> ClientError {
        at_fault(
            &self.path,
            format!("the ledger cannot be written ({error}); free space and try again"),
        )
    }
}

struct Contents {
    known: Known,
    /// Length of the lines that are whole.
    whole: u64,
    /// Whether it is to be written again: far more lines than letters are there, or the format is
    /// the one before.
    wordy: bool,
}

fn read(path: &Path, expected: &Header, bytes: &[u8]) -> Result<Contents, ClientError> {
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let mut lines = bytes.get(..whole).unwrap_or_default().split(|byte| *byte == b'\n').enumerate();
    let mut contents = Contents { known: Known::default(), whole: whole as u64, wordy: false };
    if whole == 0 {
        return Ok(contents);
    }
    let first = lines.next().map(|(_, line)| line).unwrap_or_default();
    let header: Header = serde_json::from_slice(first).map_err(|_| {
        at_fault(path, "it is not a letterproof ledger; name another file".to_owned())
    })?;
    if ![FORMAT, FORMAT_1].contains(&header.format.as_str()) {
        return Err(at_fault(
            path,
            format!(
                "its format is {}, and this letterproof reads {FORMAT}; use the version that wrote it",
                header.format
            ),
        ));
    }
    if (&header.base_url, &header.supplier) != (&expected.base_url, &expected.supplier) {
        return Err(at_fault(
            path,
            format!(
                "it belongs to supplier `{}` at {}, not to `{}` at {}; name another file",
                header.supplier, header.base_url, expected.supplier, expected.base_url
            ),
        ));
    }
    let known = &mut contents.known;
    let mut at: BTreeMap<LetterId, usize> = BTreeMap::new();
    let mut count = 0;
    for (number, line) in lines.filter(|(_, line)| !line.is_empty()) {
        count += 1;
        let line: Line<LetterRecord> = serde_json::from_slice(line).map_err(|error| {
            at_fault(
                path,
                format!("line {} is damaged ({error}); restore or remove the file", number + 1),
            )
        })?;
        match line {
            Line::Mi(key) => known.mi.push(key),
            Line::Run(head) => drop(known.heads.insert(head.run.clone(), head)),
            Line::Letter(record) => match at.get(&record.id).copied() {
                Some(place) => known.letters[place] = record,
                None => {
                    at.insert(record.id.clone(), known.letters.len());
                    known.letters.push(record);
                }
            },
        }
    }
    let most = 1_000 + 2 * known.letters.len() + known.heads.len();
    contents.wordy = count > most || header.format == FORMAT_1;
    Ok(contents)
}

fn push_line<T: Serialize>(text: &mut Vec<u8>, line: &T) {
    // Strings, numbers and times only: serialising them into memory cannot fail.
    if serde_json::to_writer(&mut *text, line).is_ok() {
        text.push(b'\n');
    }
}

fn at_fault(path: &Path, problem: String) -> ClientError {
    ClientError::Ledger { path: path.display().to_string(), problem }
}
