//! Reads a journal back line by line, checking version, chain and numbering as it goes. A chain
//! that does not hold is an error. Only the very end may be torn, as a killed run leaves it; that
//! is reported, and nothing is made of the torn line.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use letterproof_model::{ExchangeId, Journal as _, Recording};

use super::store::bounded;
use crate::EvidenceError;
use crate::chain::Chaining;
use crate::journal::format::{
    BEFORE, Carried, Carrying, Entry, JOURNAL_FORMAT, JOURNAL_FORMAT_1, JOURNAL_FORMAT_2,
    JournalHeader, LINE_LIMIT, Line,
};
use crate::journal::format1::OldLine;

/// The formats that are read.
const KNOWN: [&str; 3] = [JOURNAL_FORMAT, JOURNAL_FORMAT_2, JOURNAL_FORMAT_1];

/// A journal read back from disk.
#[derive(Debug, Clone)]
pub struct SavedJournal {
    /// Its first line.
    pub header: JournalHeader,
    /// Its exchanges and marks.
    pub recording: Recording,
    /// Whether the last line was torn, as when the run was killed while writing it.
    pub torn_tail: bool,
    /// The head of the hash chain after the last whole line, as 64 digits.
    pub head: String,
    /// What the calls of a driven run carry of that chain; `None` where others made the calls.
    pub carried: Option<Carried>,
}

/// Reads and checks a whole journal.
///
/// # Errors
/// When the file cannot be read, is of another format or version, or its chain is broken; the
/// message names file and line.
pub fn read_journal(path: &Path) -> Result<SavedJournal, EvidenceError> {
    JournalReader::open(path)?.read_whole()
}

/// The head of a journal's chain after so many lines; `None` where it has fewer.
///
/// # Errors
/// As [`read_journal`].
pub fn head_at(path: &Path, lines: u64) -> Result<Option<String>, EvidenceError> {
    let mut reader = JournalReader::open(path)?;
    while reader.line < lines {
        if reader.next().transpose()?.is_none() {
            return Ok(None);
        }
    }
    Ok((reader.line == lines).then_some(reader.prev))
}

impl JournalReader {
    /// Reads and checks every entry.
    ///
    /// # Errors
    /// As [`read_journal`].
    pub fn read_whole(self) -> Result<SavedJournal, EvidenceError> {
        let mut reader = self;
        let mut recording = bounded(reader.length);
        let mut carrying = Carrying::of(&reader.header);
        loop {
            if let Some(carrying) = &mut carrying {
                carrying.head(&reader.prev);
            }
            match reader.next().transpose()? {
                Some(Entry::Exchange(exchange)) => {
                    if let Some(carrying) = &mut carrying {
                        carrying.call(&exchange);
                    }
                    recording.push(exchange);
                }
                Some(Entry::Mark(mark)) => recording.push_mark(mark),
                None => break,
            }
        }
        recording.whole().map_err(EvidenceError::from)?;
        Ok(SavedJournal {
            header: reader.header.clone(),
            recording,
            torn_tail: reader.torn_tail,
            head: reader.prev,
            carried: carrying.map(Carrying::found),
        })
    }
}

/// Reads a journal entry by entry, in memory bounded by its longest line.
pub struct JournalReader {
    path: PathBuf,
    input: Box<dyn BufRead>,
    /// How long the journal is, in bytes, where that is known; else 0.
    pub(crate) length: u64,
    header: JournalHeader,
    chaining: Chaining,
    line: u64,
    /// The head after the last whole line, as 64 digits.
    prev: String,
    exchanges: u64,
    whole_bytes: u64,
    torn_tail: bool,
    ended: bool,
    buffer: Vec<u8>,
}

impl JournalReader {
    /// Opens a journal and reads its header.
    ///
    /// # Errors
    /// When the file cannot be read, or its first line is no header of this format and version.
    pub fn open(path: &Path) -> Result<Self, EvidenceError> {
        let file = File::open(path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => EvidenceError::Missing { path: path.to_owned() },
            _ => io_error(path)(source),
        })?;
        let length = file.metadata().map_or(0, |found| found.len());
        let reader = Self::over(path, Box::new(BufReader::with_capacity(1 << 16, file)))?;
        Ok(Self { length, ..reader })
    }

    /// Reads the header of a journal that does not lie in a file of its own; errors name it as
    /// `path`.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn over(path: &Path, mut input: Box<dyn BufRead>) -> Result<Self, EvidenceError> {
        let mut buffer = Vec::new();
        let length = next_line(&mut input, &mut buffer, path, 1)?;
        if !buffer.ends_with(b"\n") {
            return Err(broken(path, 1, "the header line is missing or torn"));
        }
        buffer.pop();
        let found = serde_json::from_slice::<serde_json::Value>(&buffer)
            .ok()
            .and_then(|value| value.get("format")?.as_str().map(str::to_owned));
        match found {
            None => return Err(broken(path, 1, "this is not the header of a journal")),
            Some(found) if !KNOWN.contains(&found.as_str()) => {
                let found = found.chars().filter(|c| !c.is_control()).take(60).collect();
                let (path, expected) = (path.to_owned(), JOURNAL_FORMAT);
                return Err(EvidenceError::Foreign { path, line: 1, found, expected });
            }
            Some(_) => {}
        }
        let header: JournalHeader = serde_json::from_slice(&buffer).map_err(|error| {
            broken(path, 1, &format!("the header is incomplete ({})", place(&error)))
        })?;
        Ok(Self {
            path: path.to_owned(),
            input,
            length: 0,
            chaining: header.chaining(),
            prev: header.chaining().head("", &buffer),
            header,
            line: 1,
            exchanges: 0,
            whole_bytes: length,
            torn_tail: false,
            ended: false,
            buffer,
        })
    }

    /// The journal's first line.
    #[must_use]
    pub fn header(&self) -> &JournalHeader {
        &self.header
    }

    /// Whether the end was torn; known once every entry has been read.
    #[must_use]
    pub fn torn_tail(&self) -> bool {
        self.torn_tail
    }

    /// What stands in the line read last after what it holds of the head before, its line feed left
    /// out.
    ///
    /// # Errors
    /// When that line does not begin as this tool writes it.
    pub(crate) fn rest_of_line(&self) -> Result<&[u8], EvidenceError> {
        let rest =
            self.buffer.strip_prefix(BEFORE).and_then(|rest| rest.get(self.chaining.digits()..));
        let rest = rest.filter(|rest| rest.first() == Some(&b'"'));
        rest.ok_or_else(|| broken(&self.path, self.line, "the line does not begin with its hash"))
    }

    /// How many exchanges have been read.
    pub(crate) fn exchanges(&self) -> u64 {
        self.exchanges
    }

    /// Bytes of the whole lines read so far.
    pub(crate) fn whole_bytes(&self) -> u64 {
        self.whole_bytes
    }

    /// How many whole lines have been read, the header among them.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.line
    }

    /// The head of the chain after the last whole line read.
    #[must_use]
    pub fn head(&self) -> &str {
        &self.prev
    }

    fn read_entry(&mut self) -> Result<Option<Entry>, EvidenceError> {
        self.buffer.clear();
        let number = self.line + 1;
        let length = next_line(&mut self.input, &mut self.buffer, &self.path, number)?;
        if length == 0 {
            return Ok(None);
        }
        if self.buffer.pop() != Some(b'\n') {
            self.torn_tail = true;
            return Ok(None);
        }
        let line = match self.header.is_format_1() {
            true => serde_json::from_slice::<OldLine>(&self.buffer).map(Line::from),
            false => serde_json::from_slice::<Line>(&self.buffer),
        };
        let line = line.map_err(|error| {
            broken(&self.path, number, &format!("this is not a journal line ({})", place(&error)))
        })?;
        if line.prev != self.chaining.prev(&self.prev) {
            let problem = "its `prev` does not match the lines before, so the chain is broken";
            return Err(broken(&self.path, number, problem));
        }
        let entry = match (line.exchange, line.mark) {
            (Some(mut exchange), None) => {
                exchange.shrink();
                self.exchanges += 1;
                if exchange.id != ExchangeId::numbered(self.exchanges) {
                    return Err(broken(&self.path, number, "the exchange is out of order"));
                }
                Entry::Exchange(Arc::new(exchange))
            }
            (None, Some(mark)) => Entry::Mark(mark),
            _ => {
                let problem = "a line must hold one exchange or one mark";
                return Err(broken(&self.path, number, problem));
            }
        };
        self.prev = self.chaining.head(&self.prev, &self.buffer);
        self.line = number;
        self.whole_bytes += length;
        Ok(Some(entry))
    }
}

impl Iterator for JournalReader {
    type Item = Result<Entry, EvidenceError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let entry = self.read_entry().transpose();
        self.ended = !matches!(entry, Some(Ok(_)));
        entry
    }
}

fn next_line(
    input: &mut dyn BufRead,
    buffer: &mut Vec<u8>,
    path: &Path,
    line: u64,
) -> Result<u64, EvidenceError> {
    let length =
        input.take(LINE_LIMIT + 1).read_until(b'\n', buffer).map_err(io_error(path))? as u64;
    if length > LINE_LIMIT {
        return Err(EvidenceError::TooLong { path: path.to_owned(), line, limit: LINE_LIMIT });
    }
    Ok(length)
}

/// Where JSON went wrong, without quoting it.
fn place(error: &serde_json::Error) -> String {
    format!("{:?} error at column {}", error.classify(), error.column()).to_lowercase()
}

fn broken(path: &Path, line: u64, problem: &str) -> EvidenceError {
    EvidenceError::Broken { path: path.to_owned(), line, problem: problem.to_owned() }
}

fn io_error(path: &Path) -> impl FnOnce(std::io::Error) -> EvidenceError {
    EvidenceError::io("read", path, "check that the file is there and readable")
}
