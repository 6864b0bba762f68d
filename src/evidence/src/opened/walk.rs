//! Lists the files of a bundle that is a folder. What desktops leave in folders by themselves
//! (`.DS_Store`, `Thumbs.db`) is none of them.
//! Refuses symbolic links, anything that is no regular file, and folders without files.

use std::collections::BTreeMap;
use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};

use letterproof_model::is_desktop_leftover;

use super::{Entry, Limits, Listing, Place, READ_HINT, listing, refused};
use crate::EvidenceError;
use crate::problem::{Problem, ProblemKind};

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
                return Err(refused(root, listing::too_many(limits)));
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
