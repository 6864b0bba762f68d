//! A bundle opened for reading, a zip or a folder, without trusting it.
//!
//! Opening looks at names, sizes and structure alone; contents are read piece by piece, each file
//! by a reader of its own, never beyond its declared size. So memory stays bounded whatever lies
//! in the bundle. Refuses links, clashing or unsafe names, encryption, unknown methods, anything
//! beyond the limits, and any byte of a zip that belongs to no file.

mod limits;
mod listing;
mod reader;
pub(crate) mod stamp;
mod walk;
mod zipped;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use flate2::read::DeflateDecoder;

pub use limits::Limits;
pub(crate) use listing::Listing;
pub use reader::FileReader;

use crate::EvidenceError;
use crate::problem::{Problem, ProblemKind};

/// What to do about a bundle that cannot be read.
const READ_HINT: &str = "check that it is there and readable";

/// A bundle opened for reading.
#[derive(Debug)]
pub struct Opened {
    path: PathBuf,
    files: BTreeMap<String, Entry>,
    leftovers: Vec<String>,
    zip: Option<Zip>,
}

/// What a zip says of itself besides its files.
#[derive(Debug)]
struct Zip {
    /// The one top folder.
    top: String,
    /// Whether the zip is byte for byte as it was written.
    stamp_holds: bool,
}

/// A file of a bundle.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    size: u64,
    place: Place,
}

/// Where a file's bytes are.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// In a file of its own.
    Loose,
    /// In the zip, as they are.
    Stored { start: u64 },
    /// In the zip, deflated.
    Deflated { start: u64, packed: u64 },
}

impl Opened {
    /// Opens a bundle: the folder of a run, or the zip made of it.
    ///
    /// # Errors
    /// When it cannot be read, or is refused: one sentence says why.
    pub fn open(path: &Path) -> Result<Self, EvidenceError> {
        Self::open_within(path, &Limits::default())
    }

    /// Opens a bundle that may be no larger than this.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_within(path: &Path, limits: &Limits) -> Result<Self, EvidenceError> {
        let found = std::fs::metadata(path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => EvidenceError::Missing { path: path.to_owned() },
            _ => EvidenceError::io("read", path, READ_HINT)(source),
        })?;
        if found.is_dir() {
            let walk::Listed { files, leftovers } = walk::list(path, limits)?;
            return Ok(Self { path: path.to_owned(), files, leftovers, zip: None });
        }
        if !found.is_file() {
            let sentence = "it is not a folder or a file";
            return Err(refused(path, Problem::whole(ProblemKind::NotAFile, sentence)));
        }
        let read = zipped::read(path, limits)?;
        let zip = Zip { top: read.top, stamp_holds: read.stamp_holds };
        let leftovers = Vec::new();
        Ok(Self { path: path.to_owned(), files: read.files, leftovers, zip: Some(zip) })
    }

    /// Where the bundle is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is a zip.
    #[must_use]
    pub fn is_zip(&self) -> bool {
        self.zip.is_some()
    }

    /// The one top folder of a zip, which is named after the run.
    #[must_use]
    pub fn top(&self) -> Option<&str> {
        self.zip.as_ref().map(|zip| zip.top.as_str())
    }

    /// Whether every byte of a zip is as it was written; a folder has no bytes of its own.
    pub(crate) fn stamp_holds(&self) -> bool {
        self.zip.as_ref().is_none_or(|zip| zip.stamp_holds)
    }

    /// Every file with its size in bytes, sorted by name; names are relative, with `/` in them.
    pub fn files(&self) -> impl Iterator<Item = (&str, u64)> {
        self.files.iter().map(|(name, entry)| (name.as_str(), entry.size))
    }

    /// The names of what a desktop left in a folder, which is no part of the bundle.
    #[must_use]
    pub fn leftovers(&self) -> &[String] {
        &self.leftovers
    }

    /// A file's size in bytes; `None` when there is no such file.
    #[must_use]
    pub fn size(&self, name: &str) -> Option<u64> {
        self.files.get(name).map(|entry| entry.size)
    }

    /// Reads a file piece by piece. The reader stands on its own, so that several files can be
    /// read at a time, and fails when the file is longer or shorter than declared.
    ///
    /// # Errors
    /// When there is no such file, or it cannot be opened.
    pub fn reader(&self, name: &str) -> Result<FileReader, EvidenceError> {
        let Some(entry) = self.files.get(name) else {
            return Err(EvidenceError::Missing { path: self.path.join(name) });
        };
        let open =
            |path: &Path| File::open(path).map_err(EvidenceError::io("read", path, READ_HINT));
        let packed = |start, length| {
            let mut file = open(&self.path)?;
            file.seek(SeekFrom::Start(start))
                .map_err(EvidenceError::io("read", &self.path, READ_HINT))?;
            Ok::<_, EvidenceError>(file.take(length))
        };
        let inner: Box<dyn Read + Send> = match entry.place {
            Place::Loose => Box::new(open(&self.path.join(name))?),
            Place::Stored { start } => Box::new(packed(start, entry.size)?),
            Place::Deflated { start, packed: length } => {
                Box::new(DeflateDecoder::new(packed(start, length)?))
            }
        };
        Ok(FileReader::new(inner, entry.size))
    }

    /// Reads a whole file of at most `limit` bytes.
    ///
    /// # Errors
    /// When there is no such file, it is larger than that, or it cannot be read to its end.
    pub fn read(&self, name: &str, limit: u64) -> Result<Vec<u8>, EvidenceError> {
        let mut reader = self.reader(name)?;
        let path = || self.path.join(name);
        let size = reader.left();
        if size > limit {
            return Err(EvidenceError::TooLarge { path: path(), size, limit });
        }
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
        reader.read_to_end(&mut bytes).map_err(EvidenceError::io("read", path(), READ_HINT))?;
        Ok(bytes)
    }
}

fn refused(path: &Path, problem: Problem) -> EvidenceError {
    EvidenceError::Refused { path: path.to_owned(), problem }
}
