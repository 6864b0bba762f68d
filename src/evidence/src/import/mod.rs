//! Recordings made elsewhere, put before the same judges: HAR files (1.1 and 1.2, also in a zip
//! with the bodies beside them), and journals of earlier runs.
//!
//! A HAR's calls are redacted and recorded like live traffic, in the order in which they began.
//! What the file does not hold is named in [`Import::notes`], which the journal keeps too; judges
//! can then only say `inconclusive` or `not-run` of it. An entry that cannot be true is left out
//! and named by its number, and so is what went to other places than the API, its token endpoint
//! and the links it gave, and what a browser asked or answered by itself.
//!
//! A journal of an earlier run, to be judged again: a file of its own, or one that lies in a
//! bundle.
//!
//! It is copied byte for byte, with its brief: what was asked stands fixed since before the first
//! request. Only a journal from before there were briefs is given one, at the head of a new chain.

use std::fs::File;
use std::io;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};

use letterproof_model::Brief;

use crate::chain::Chaining;
use crate::journal::{BEFORE, JournalReader};
use crate::{
    ATTACHMENTS_FOLDER, ATTESTATIONS_FILE, ENVIRONMENT_FILE, EvidenceError, JOURNAL_FILE,
    JournalHeader, MANIFEST_FILE, Opened, PERFORMANCE_FOLDER, RunFolder, check_integrity,
};

pub use crate::import::document::is_har_zip;
pub use crate::import::har::{HAR_LIMIT, Import, ImportScope, read_har};

mod body;
mod call;
mod document;
mod har;
mod left_out;
mod place;
mod shape;

#[cfg(test)]
mod tests;

/// Longest first line looked at to tell a journal from a HAR, in bytes.
const HEADER_LIMIT: u64 = 1 << 20;
const READ_HINT: &str = "check that the file is there and readable";

/// A journal of an earlier run.
#[derive(Debug)]
pub struct Recorded {
    source: Source,
    header: JournalHeader,
    vouched: bool,
}

#[derive(Debug)]
enum Source {
    File(PathBuf),
    Bundle(Opened),
}

/// Whether a file begins like a journal, of whatever version.
///
/// # Errors
/// When it cannot be read.
pub fn is_journal(path: &Path) -> Result<bool, EvidenceError> {
    let io = || EvidenceError::io("read", path, READ_HINT);
    let file = File::open(path).map_err(io())?;
    let mut line = Vec::new();
    io::BufRead::read_until(&mut BufReader::new(file.take(HEADER_LIMIT)), b'\n', &mut line)
        .map_err(io())?;
    let header = serde_json::from_slice::<serde_json::Value>(&line).ok();
    Ok(header.is_some_and(|header| header.get("format").is_some()))
}

impl Recorded {
    /// Reads a journal in a file of its own; nothing vouches for it but its own chain.
    ///
    /// # Errors
    /// When it cannot be read, is of another format, or its chain does not hold.
    pub fn file(path: &Path) -> Result<Self, EvidenceError> {
        let source = Source::File(path.to_owned());
        let header = source.check()?;
        Ok(Self { source, header, vouched: false })
    }

    /// Reads the journal of a bundle, a zip or a folder.
    ///
    /// # Errors
    /// When the bundle cannot be opened, is not as it was made, or holds no sound journal.
    pub fn bundle(path: &Path) -> Result<Self, EvidenceError> {
        let opened = Opened::open(path)?;
        // The folder of a run that broke off has no manifest yet.
        let vouched = opened.size(MANIFEST_FILE).is_some();
        if vouched && let Some(problem) = check_integrity(&opened, None).problems.into_iter().next()
        {
            return Err(EvidenceError::Refused { path: path.to_owned(), problem });
        }
        let source = Source::Bundle(opened);
        let header = source.check()?;
        Ok(Self { source, header, vouched })
    }

    /// The journal's first line.
    #[must_use]
    pub fn header(&self) -> &JournalHeader {
        &self.header
    }

    /// Whether a manifest vouches for the journal.
    #[must_use]
    pub fn is_vouched_for(&self) -> bool {
        self.vouched
    }

    /// Copies the journal byte for byte, and of a bundle all that was not concluded from it.
    ///
    /// # Errors
    /// When something cannot be read or written.
    pub fn copy_to(&self, folder: &RunFolder) -> Result<(), EvidenceError> {
        self.copy(JOURNAL_FILE, folder)?;
        self.copy_rest(folder)
    }

    /// Copies the journal with this brief at its head, every entry byte for byte in a new chain, so
    /// that it keeps its format and its reading.
    ///
    /// # Errors
    /// When something cannot be read or written.
    pub fn copy_with(&self, brief: Brief, folder: &RunFolder) -> Result<(), EvidenceError> {
        // In another chain the heads that its calls carry mean nothing.
        let header =
            JournalHeader { brief: Some(brief), chained_ids: false, ..self.header.clone() };
        let mut reader = self.source.journal()?;
        let mut fault = None;
        let written = folder.write_with(JOURNAL_FILE, |output| {
            let mut chained = Chained::begin(output, &header)?;
            while let Some(entry) = reader.next() {
                match entry.and_then(|_| reader.rest_of_line()) {
                    Ok(rest) => chained.append(rest)?,
                    Err(error) => {
                        fault = Some(error);
                        return Err(io::Error::other("the journal cannot be read"));
                    }
                }
            }
            Ok(())
        });
        match fault {
            Some(error) => return Err(error),
            None => written?,
        }
        self.copy_rest(folder)
    }

    fn copy_rest(&self, folder: &RunFolder) -> Result<(), EvidenceError> {
        let Source::Bundle(opened) = &self.source else { return Ok(()) };
        let mut kept = opened.files().map(|(name, _)| name).filter(|name| is_kept(name));
        kept.try_for_each(|name| self.copy(name, folder))
    }

    fn copy(&self, name: &str, folder: &RunFolder) -> Result<(), EvidenceError> {
        let mut input = self.source.open(name)?;
        folder.write_with(name, |output| io::copy(&mut input, output).map(|_| ()))
    }
}

/// Whether a file of a bundle tells of the run itself, and not what was concluded from it.
fn is_kept(name: &str) -> bool {
    let folder = name.split('/').next().unwrap_or(name);
    [ENVIRONMENT_FILE, ATTESTATIONS_FILE].contains(&name)
        || folder != name && [ATTACHMENTS_FOLDER, PERFORMANCE_FOLDER].contains(&folder)
}

/// Writes a journal of entries that were recorded before.
struct Chained<'a> {
    output: &'a mut dyn Write,
    chaining: Chaining,
    head: String,
    line: Vec<u8>,
}

impl<'a> Chained<'a> {
    fn begin(output: &'a mut dyn Write, header: &JournalHeader) -> io::Result<Self> {
        let chaining = header.chaining();
        let line = serde_json::to_vec(header)?;
        let mut chained = Self { output, chaining, head: String::new(), line };
        chained.end_line()?;
        Ok(chained)
    }

    /// Writes a line of which all but what it holds of the head before is given.
    fn append(&mut self, rest: &[u8]) -> io::Result<()> {
        self.line.clear();
        self.line.extend_from_slice(BEFORE);
        self.line.extend_from_slice(self.chaining.prev(&self.head).as_bytes());
        self.line.extend_from_slice(rest);
        self.end_line()
    }

    fn end_line(&mut self) -> io::Result<()> {
        self.head = self.chaining.head(&self.head, &self.line);
        self.line.push(b'\n');
        self.output.write_all(&self.line)
    }
}

impl Source {
    fn open(&self, name: &str) -> Result<Box<dyn Read>, EvidenceError> {
        Ok(match self {
            Self::File(path) => {
                Box::new(File::open(path).map_err(EvidenceError::io("read", path, READ_HINT))?)
            }
            Self::Bundle(opened) => Box::new(opened.reader(name)?),
        })
    }

    fn journal(&self) -> Result<JournalReader, EvidenceError> {
        match self {
            Self::File(path) => JournalReader::open(path),
            Self::Bundle(opened) => {
                let input = Box::new(BufReader::new(self.open(JOURNAL_FILE)?));
                JournalReader::over(&opened.path().join(JOURNAL_FILE), input)
            }
        }
    }

    /// Reads the journal to its end.
    fn check(&self) -> Result<JournalHeader, EvidenceError> {
        let mut reader = self.journal()?;
        for entry in reader.by_ref() {
            entry?;
        }
        Ok(reader.header().clone())
    }
}
