//! Reads the structure of a bundle that is a zip, before any of its contents.
//!
//! The end of the file is looked at first, in constant memory, so that the zip library is only
//! handed a directory of bounded size. Every byte must then belong to one entry, to the directory
//! or to the stamp. What letterproof never writes is an error: other comments, extra fields, gaps,
//! overlaps, encryption, links, folders and zip64.
//!
//! Lists the files of a bundle that is a folder. What desktops leave in folders by themselves
//! (`.DS_Store`, `Thumbs.db`) is none of them.

use std::collections::BTreeMap;
use std::fs;
use std::fs::{DirEntry, File};
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use letterproof_model::is_desktop_leftover;
use zip::read::{ArchiveOffset, Config, ZipFile};
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use crate::error::{Problem, ProblemKind};
use crate::opened::{Entry, Limits, Listing, Place, READ_HINT, refused, stamp};
use crate::{EvidenceError, names, opened};

/// Length of the record that ends a zip, its comment left out.
const END: usize = 22;
/// Length of the record before it in large zips, of which only the mark is looked for.
const LOCATOR: usize = 20;
/// Length of an entry in the directory, and of the one before its bytes, names left out.
const CENTRAL: u64 = 46;
const LOCAL: u64 = 30;
/// Types of file in Unix permissions: all of them, and the regular one.
const FILE_TYPE: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;

/// What a zip holds.
pub(super) struct Contents {
    pub(super) top: String,
    pub(super) files: BTreeMap<String, Entry>,
    pub(super) stamp_holds: bool,
}

/// Where the directory lies, as the end of the file says.
struct Directory {
    start: u64,
    size: u64,
    entries: u64,
    hash: String,
}

/// Reads and checks the structure.
pub(super) fn read(path: &Path, limits: &Limits) -> Result<Contents, EvidenceError> {
    let io = || EvidenceError::io("read", path, READ_HINT);
    let refuse = |problem| refused(path, problem);
    let mut file = File::open(path).map_err(io())?;
    let length = file.metadata().map_err(io())?.len();
    if length > limits.total_bytes {
        let sentence = format!("it is {length} bytes long, more than any bundle");
        return Err(refuse(Problem::whole(ProblemKind::TooLarge, sentence)));
    }
    let tail = read_tail(&mut file, length).map_err(io())?;
    let head = read_head(&mut file).map_err(io())?;
    let directory = Directory::find(&tail, length, limits);
    let directory =
        directory.map_err(|fault| refuse(fault.unwrap_or_else(|| no_bundle(&head, &tail))))?;
    let stamp_holds = stamp::holds(&mut file, length, &directory.hash).map_err(io())?;
    let config = Config { archive_offset: ArchiveOffset::Known(0) };
    let fault = |error: ZipError| match error {
        ZipError::Io(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => io()(error),
        _ => refuse(structure("its directory is damaged")),
    };
    let mut archive = ZipArchive::with_config(config, BufReader::new(file)).map_err(fault)?;
    if archive.has_duplicate_names() {
        let sentence = "two files have the same name";
        return Err(refuse(Problem::whole(ProblemKind::Twice, sentence)));
    }
    if archive.len() as u64 != directory.entries
        || archive.central_directory_start() != directory.start
    {
        return Err(refuse(structure("its directory contradicts its end")));
    }
    let mut scan = Scan::new(limits);
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(fault)?;
        scan.take(&entry).map_err(refuse)?;
    }
    let contents = scan.finish(&directory, length, stamp_holds).map_err(refuse)?;
    // The entries as listed in the directory, and as they introduce themselves.
    archive.validate_header_consistency().map_err(fault)?;
    Ok(contents)
}

/// What a file is of which letterproof did not write the end.
fn no_bundle(head: &[u8], tail: &[u8]) -> Problem {
    const ENTRY: &[u8] = b"PK\x03\x04";
    const DIRECTORY_END: &[u8] = b"PK\x05\x06";
    let has_end = tail.windows(DIRECTORY_END.len()).any(|bytes| bytes == DIRECTORY_END);
    let sentence = match (head == ENTRY, has_end) {
        (true, false) => {
            "it is a zip that was cut short: its end is missing; copy it again from the original"
                .to_owned()
        }
        (_, true) => format!(
            "it is not a zip that letterproof wrote ({}), or it was packed again; unpack it and give \
             the folder",
            stamp::BUNDLE_FORMAT
        ),
        (false, _) => {
            "it is not a zip file; give the folder of a run, or the zip made of it".to_owned()
        }
    };
    Problem::whole(ProblemKind::NotABundle, sentence)
}

/// The first bytes of the file, by which zips are known.
fn read_head(file: &mut File) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(4).read_to_end(&mut head)?;
    Ok(head)
}

fn structure(what: &str) -> Problem {
    Problem::whole(ProblemKind::Structure, format!("the zip is not as it was written: {what}"))
}

/// The last bytes of the file, as many as the end of a bundle has.
fn read_tail(file: &mut File, length: u64) -> std::io::Result<Vec<u8>> {
    let wanted = (LOCATOR + END + stamp::LENGTH) as u64;
    file.seek(SeekFrom::Start(length.saturating_sub(wanted)))?;
    let mut tail = Vec::new();
    file.take(wanted).read_to_end(&mut tail)?;
    Ok(tail)
}

impl Directory {
    /// Finds it at the end of a file; no problem of its own where the end is not letterproof's.
    fn find(tail: &[u8], length: u64, limits: &Limits) -> Result<Self, Option<Problem>> {
        let at = tail.len().checked_sub(END + stamp::LENGTH).ok_or(None)?;
        let (before, end) = tail.split_at(at);
        let hash = stamp::read(&end[END..]).ok_or(None)?.to_owned();
        let two = |at: usize| u64::from(u16::from_le_bytes([end[at], end[at + 1]]));
        let four = |at: usize| two(at) | two(at + 2) << 16;
        if !end.starts_with(b"PK\x05\x06") || two(20) != stamp::LENGTH as u64 {
            return Err(None);
        }
        if before.starts_with(b"PK\x06\x07") || four(4) != 0 || two(8) != two(10) {
            return Err(Some(structure("it spans several files or uses the large format")));
        }
        let found = Self { start: four(16), size: four(12), entries: two(8), hash };
        if found.entries > limits.files as u64 {
            return Err(Some(opened::too_many(limits)));
        }
        if found.start + found.size + (END + stamp::LENGTH) as u64 != length {
            return Err(Some(structure("its directory does not end where the zip does")));
        }
        if found.size > found.entries * (CENTRAL + 2 * names::LENGTH_LIMIT as u64) {
            return Err(Some(structure("its directory is too large for its files")));
        }
        Ok(found)
    }
}

/// The entries seen so far; each must begin where the one before ended.
struct Scan<'a> {
    limits: &'a Limits,
    listing: Listing<'a>,
    top: Option<String>,
    last: Vec<u8>,
    next_start: u64,
    directory_size: u64,
}

impl<'a> Scan<'a> {
    fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            listing: Listing::new(limits),
            top: None,
            last: Vec::new(),
            next_start: 0,
            directory_size: 0,
        }
    }

    fn take<R: Read>(&mut self, entry: &ZipFile<'_, R>) -> Result<(), Problem> {
        let raw = entry.name_raw();
        let name = String::from_utf8_lossy(raw);
        let of = |kind, rest: &str| Err(Problem::of(kind, &name, rest));
        if let Some(fault) = names::fault(&name) {
            return of(ProblemKind::Name, fault);
        }
        if entry.encrypted() {
            return of(ProblemKind::Encrypted, "is encrypted");
        }
        if entry.unix_mode().is_some_and(|mode| ![0, REGULAR].contains(&(mode & FILE_TYPE))) {
            return of(ProblemKind::NotAFile, "is a symbolic link or a special file");
        }
        let (size, packed) = (entry.size(), entry.compressed_size());
        let start = entry.data_start().unwrap_or_default();
        let place = match entry.compression() {
            CompressionMethod::Stored if packed == size => Place::Stored { start },
            CompressionMethod::Deflated => Place::Deflated { start, packed },
            _ => return of(ProblemKind::Method, "is packed by a method that bundles do not use"),
        };
        let file = self.below_top(&name)?.to_owned();
        self.listing.add(&file, Entry { size, place })?;
        if size > self.limits.ratio_from && size / self.limits.ratio >= packed {
            let rest = format!("would unpack to {size} bytes from {packed}, as zip bombs do");
            return of(ProblemKind::Bomb, &rest);
        }
        if raw <= self.last.as_slice() {
            return Err(structure("its files are not sorted"));
        }
        if entry.header_start() != self.next_start
            || start != self.next_start + LOCAL + raw.len() as u64
        {
            return Err(structure("there are bytes between its files that belong to no file"));
        }
        self.last = raw.to_vec();
        self.next_start = start.saturating_add(packed);
        self.directory_size += CENTRAL + raw.len() as u64;
        Ok(())
    }

    /// The name below the one top folder.
    fn below_top<'n>(&mut self, name: &'n str) -> Result<&'n str, Problem> {
        let outside = || {
            let rest = "is outside the one top folder, which is named after the run";
            Problem::of(ProblemKind::Outside, name, rest)
        };
        let (top, file) = name.split_once('/').ok_or_else(outside)?;
        if self.top.get_or_insert_with(|| top.to_owned()) == top {
            Ok(file)
        } else {
            Err(outside())
        }
    }

    fn finish(
        self,
        directory: &Directory,
        length: u64,
        stamp_holds: bool,
    ) -> Result<Contents, Problem> {
        if self.next_start != directory.start || self.directory_size != directory.size {
            return Err(structure("there are bytes in it that belong to no file"));
        }
        let total = self.listing.total();
        if total > self.limits.ratio_from && total / self.limits.ratio >= length {
            let sentence = format!("it would unpack to {total} bytes, as zip bombs do");
            return Err(Problem::whole(ProblemKind::Bomb, sentence));
        }
        let top = self.top.ok_or_else(|| structure("it is empty"))?;
        Ok(Contents { top, files: self.listing.into_files(), stamp_holds })
    }
}

/// What lies under a folder.
pub(super) struct Listed {
    /// Every file, with its size.
    pub(super) files: BTreeMap<String, Entry>,
    /// The names of what a desktop left there.
    pub(super) leftovers: Vec<String>,
}

/// Lists everything under a folder.
pub(super) fn list(root: &Path, limits: &Limits) -> Result<Listed, EvidenceError> {
    let mut leftovers = Vec::new();
    let mut listing = Listing::new(limits);
    let mut folders = vec![(root.to_owned(), String::new())];
    let mut seen = 0;
    while let Some((folder, prefix)) = folders.pop() {
        let io = || EvidenceError::io("read", &folder, READ_HINT);
        let mut is_empty = true;
        for entry in fs::read_dir(&folder).map_err(io())? {
            let entry = entry.map_err(io())?;
            is_empty = false;
            seen += 1;
            // Folders count too: an endless tree of them is no bundle.
            if seen > limits.files * 2 {
                return Err(refused(root, opened::too_many(limits)));
            }
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            match look(&entry, &name).map_err(|error| error.of(root, entry.path()))? {
                Found::Folder => folders.push((entry.path(), format!("{name}/"))),
                Found::File(_) if is_desktop_leftover(Path::new(&name)) => leftovers.push(name),
                Found::File(size) => listing
                    .add(&name, Entry { size, place: Place::Loose })
                    .map_err(|problem| refused(root, problem))?,
            }
        }
        if is_empty && !prefix.is_empty() {
            let problem =
                Problem::of(ProblemKind::EmptyFolder, &prefix, "is a folder without files");
            return Err(refused(root, problem));
        }
    }
    leftovers.sort();
    Ok(Listed { files: listing.into_files(), leftovers })
}

enum Found {
    Folder,
    File(u64),
}

enum Fault {
    Io(std::io::Error),
    Refused(Problem),
}

impl Fault {
    fn of(self, root: &Path, path: PathBuf) -> EvidenceError {
        match self {
            Self::Io(error) => EvidenceError::io("read", path, READ_HINT)(error),
            Self::Refused(problem) => refused(root, problem),
        }
    }
}

/// What an entry is; links are not followed.
fn look(entry: &DirEntry, name: &str) -> Result<Found, Fault> {
    let kind = entry.file_type().map_err(Fault::Io)?;
    if kind.is_dir() {
        // A folder's name is checked with its files; one that nests too deep has to stop here.
        return match crate::names::fault(name) {
            Some(fault) => Err(Fault::Refused(Problem::of(ProblemKind::Name, name, fault))),
            None => Ok(Found::Folder),
        };
    }
    if kind.is_file() {
        return Ok(Found::File(entry.metadata().map_err(Fault::Io)?.len()));
    }
    let what = if kind.is_symlink() { "is a symbolic link" } else { "is not a regular file" };
    Err(Fault::Refused(Problem::of(ProblemKind::NotAFile, name, what)))
}
