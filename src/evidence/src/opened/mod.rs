//! A bundle opened for reading, a zip or a folder, without trusting it.
//!
//! Opening looks at names, sizes and structure alone; contents are read piece by piece, each file
//! by a reader of its own, never beyond its declared size. So memory stays bounded whatever lies in
//! the bundle. Links, clashing or unsafe names, encryption, unknown methods, anything beyond the
//! limits, and any byte of a zip that belongs to no file are errors.
//!
//! How large a bundle may be, so that none can exhaust who reads it.
//!
//! The files of a bundle, gathered under rules that hold for zips and folders alike.
//!
//! Reads one file of a bundle, exactly as many bytes as declared. Of a file that lies about its
//! length, one byte too many is read.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use flate2::read::DeflateDecoder;

use crate::error::{Problem, ProblemKind};
use crate::{EvidenceError, names};

pub(crate) mod stamp;
mod zipped;

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
            ErrorKind::NotFound => EvidenceError::Missing { path: path.to_owned() },
            _ => EvidenceError::io("read", path, READ_HINT)(source),
        })?;
        if found.is_dir() {
            let zipped::Listed { files, leftovers } = zipped::list(path, limits)?;
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

/// The limits of a bundle. A full run is about 20 files, 80 MB unpacked and 5 MB as a zip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most files.
    pub files: usize,
    /// Largest file, in bytes.
    pub file_bytes: u64,
    /// All files together, unpacked, in bytes; below what a zip without extensions can hold.
    pub total_bytes: u64,
    /// How many times larger than its packed form a file may be…
    pub ratio: u64,
    /// …once it is larger than this, in bytes.
    pub ratio_from: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            files: 10_000,
            file_bytes: 2 << 30,
            total_bytes: 3 << 30,
            ratio: 200,
            ratio_from: 32 << 20,
        }
    }
}

/// Files gathered so far.
#[derive(Debug)]
pub(crate) struct Listing<'a> {
    limits: &'a Limits,
    files: BTreeMap<String, Entry>,
    /// Every file and folder: its name without capitals, its name, whether it is a file.
    folded: HashMap<String, (String, bool)>,
    total: u64,
}

impl<'a> Listing<'a> {
    pub(crate) fn new(limits: &'a Limits) -> Self {
        Self { limits, files: BTreeMap::new(), folded: HashMap::new(), total: 0 }
    }

    /// Takes a file, unless it breaks a rule.
    pub(super) fn add(&mut self, name: &str, entry: Entry) -> Result<(), Problem> {
        if let Some(fault) = names::fault(name) {
            return Err(Problem::of(ProblemKind::Name, name, fault));
        }
        for (end, _) in name.match_indices('/') {
            self.claim(&name[..end], false)?;
        }
        self.claim(name, true)?;
        if entry.size > self.limits.file_bytes {
            let (size, limit) = (entry.size, self.limits.file_bytes);
            let rest = format!("is {size} bytes long; the limit for a file of a bundle is {limit}");
            return Err(Problem::of(ProblemKind::TooLarge, name, &rest));
        }
        self.total = self.total.saturating_add(entry.size);
        if self.total > self.limits.total_bytes {
            let limit = self.limits.total_bytes;
            let sentence =
                format!("the files together exceed {limit} bytes, the limit of a bundle");
            return Err(Problem::whole(ProblemKind::TooLarge, sentence));
        }
        self.files.insert(name.to_owned(), entry);
        if self.files.len() > self.limits.files {
            return Err(too_many(self.limits));
        }
        Ok(())
    }

    /// All files unpacked, in bytes.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    pub(super) fn into_files(self) -> BTreeMap<String, Entry> {
        self.files
    }

    /// Files have names of their own; folders are shared, but not under two spellings.
    fn claim(&mut self, name: &str, is_file: bool) -> Result<(), Problem> {
        let held = self
            .folded
            .entry(name.to_ascii_lowercase())
            .or_insert_with(|| (name.to_owned(), is_file));
        let is_new = !is_file || !self.files.contains_key(name);
        if held.0 == name && held.1 == is_file && is_new {
            return Ok(());
        }
        let rest = "is there twice: as a file and a folder, or when capitals are ignored";
        Err(Problem::of(ProblemKind::Twice, name, rest))
    }
}

pub(super) fn too_many(limits: &Limits) -> Problem {
    let sentence = format!("it holds more than {} files, the limit of a bundle", limits.files);
    Problem::whole(ProblemKind::TooMany, sentence)
}

/// One file of a bundle, read piece by piece.
pub struct FileReader {
    inner: Box<dyn Read + Send>,
    left: u64,
}

impl fmt::Debug for FileReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} more bytes of a file", self.left)
    }
}

impl FileReader {
    pub(super) fn new(inner: Box<dyn Read + Send>, size: u64) -> Self {
        Self { inner, left: size }
    }

    /// How many bytes are still to come.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.left
    }
}

impl Read for FileReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.left == 0 {
            return match self.inner.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(io::Error::new(ErrorKind::InvalidData, "it is longer than declared")),
            };
        }
        let wanted = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        match self.inner.read(&mut buffer[..wanted])? {
            0 => Err(io::Error::new(ErrorKind::UnexpectedEof, "it is shorter than declared")),
            read => {
                self.left -= read as u64;
                Ok(read)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(names: &[&str], limits: &Limits) -> Vec<ProblemKind> {
        let mut listing = Listing::new(limits);
        let file = Entry { size: 10, place: Place::Loose };
        names.iter().filter_map(|name| listing.add(name, file).err()).map(|p| p.kind).collect()
    }

    #[test]
    fn files_of_one_folder_live_together() {
        let names = ["AT4/a.csv", "AT4/b.csv", "results.json"];
        assert_eq!(kinds(&names, &Limits::default()), []);
    }

    #[test]
    fn names_that_some_system_would_mix_up_are_refused() {
        for names in [
            ["a.csv", "a.csv"],
            ["a.csv", "A.csv"],
            ["at4/a.csv", "AT4/b.csv"],
            ["AT4", "AT4/b.csv"],
            ["AT4/b.csv", "at4"],
        ] {
            assert_eq!(kinds(&names, &Limits::default()), [ProblemKind::Twice], "{names:?}");
        }
    }

    #[test]
    fn each_limit_is_held() {
        let with = |change: fn(&mut Limits)| {
            let mut limits = Limits::default();
            change(&mut limits);
            kinds(&["a", "b", "c"], &limits)
        };
        assert_eq!(with(|limits| limits.files = 2), [ProblemKind::TooMany]);
        assert_eq!(with(|limits| limits.file_bytes = 9), [ProblemKind::TooLarge; 3]);
        assert_eq!(with(|limits| limits.total_bytes = 29), [ProblemKind::TooLarge]);
        assert_eq!(with(|limits| limits.total_bytes = 30), []);
    }

    fn read(bytes: &'static [u8], size: u64) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        FileReader::new(Box::new(bytes), size).read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn a_file_is_read_when_it_is_as_long_as_declared() {
        assert_eq!(read(b"abc", 3).unwrap(), b"abc");
        assert_eq!(read(b"abc", 4).unwrap_err().kind(), ErrorKind::UnexpectedEof);
        assert_eq!(read(b"abc", 2).unwrap_err().kind(), ErrorKind::InvalidData);
    }

    #[test]
    fn of_a_file_that_never_ends_no_more_is_read_than_declared() {
        struct Endless(std::sync::Arc<std::sync::atomic::AtomicU64>);
        impl Read for Endless {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.0.fetch_add(buffer.len() as u64, std::sync::atomic::Ordering::Relaxed);
                Ok(buffer.len())
            }
        }
        let count = std::sync::Arc::default();
        let mut reader = FileReader::new(Box::new(Endless(std::sync::Arc::clone(&count))), 1_000);
        assert!(std::io::copy(&mut reader, &mut std::io::sink()).is_err());
        assert_eq!(count.load(std::sync::atomic::Ordering::Relaxed), 1_001);
    }
}
