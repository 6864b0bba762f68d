//! Bodies that a HAR keeps in files of their own, as Playwright writes them: beside the HAR, or with
//! it in a zip.
//! Refuses names that lead anywhere else, links, and more bytes than a recording has.

use std::fs::File;
use std::io::{BufReader, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use letterproof_model::is_desktop_leftover;
use zip::ZipArchive;

use crate::names::is_plain;
use crate::{EvidenceError, JOURNAL_FILE};

/// Largest body in a file of its own, in bytes.
const FILE_LIMIT: u64 = 64 << 20;
/// All such bodies of a recording together, in bytes.
const TOTAL_LIMIT: u64 = 4 << 30;
/// Most files of a zip that holds a HAR.
const FILES_LIMIT: usize = 200_000;
/// How a zip begins.
const ZIP: [u8; 4] = *b"PK\x03\x04";

type Archive = ZipArchive<BufReader<File>>;

/// The files that a HAR may refer to.
pub(super) struct Attached {
    place: Place,
    left: u64,
}

enum Place {
    /// Beside the HAR, in this folder.
    Folder(PathBuf),
    /// In the HAR's zip, below this prefix.
    Zip { archive: Box<Archive>, prefix: String },
}

impl Attached {
    /// The files beside a HAR.
    pub(super) fn beside(har: &Path) -> Self {
        let folder = har.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).to_owned();
        Self { place: Place::Folder(folder), left: TOTAL_LIMIT }
    }

    /// The bytes of a body, or why they are not there.
    pub(super) fn read(&mut self, name: &str) -> Result<Vec<u8>, &'static str> {
        const MISSING: &str = "the file that holds its body is missing";
        const TOO_LARGE: &str = "the file that holds its body is too large";
        if !is_plain(name) {
            return Err("the file that holds its body has a name that is not allowed");
        }
        let limit = FILE_LIMIT.min(self.left);
        let mut bytes = Vec::new();
        match &mut self.place {
            Place::Folder(folder) => {
                let path = folder.join(name);
                // A link could lead anywhere, a pipe would never end.
                std::fs::symlink_metadata(&path)
                    .ok()
                    .filter(std::fs::Metadata::is_file)
                    .ok_or(MISSING)?;
                let file = File::open(&path).map_err(|_| MISSING)?;
                file.take(limit + 1).read_to_end(&mut bytes).map_err(|_| MISSING)?;
            }
            Place::Zip { archive, prefix } => {
                let file = archive.by_name(&format!("{prefix}{name}")).map_err(|_| MISSING)?;
                let read = file.take(limit + 1).read_to_end(&mut bytes);
                read.map_err(|_| "the file that holds its body is damaged")?;
            }
        }
        let length = bytes.len() as u64;
        self.left = self.left.saturating_sub(length);
        if length > limit { Err(TOO_LARGE) } else { Ok(bytes) }
    }
}

/// Whether a file is a zip that holds a HAR, and not the bundle of a run.
///
/// # Errors
/// When it cannot be read.
pub fn is_har_zip(path: &Path) -> Result<bool, EvidenceError> {
    let io = || EvidenceError::io("read", path, super::har::READ_HINT);
    let mut file = File::open(path).map_err(io())?;
    if !is_zip(&mut file).map_err(io())? {
        return Ok(false);
    }
    Ok(open(file).is_ok_and(|archive| har_in(&archive).is_ok()))
}

/// Whether a file begins as a zip does.
pub(super) fn is_zip(file: &mut File) -> std::io::Result<bool> {
    let mut mark = Vec::new();
    file.take(ZIP.len() as u64).read_to_end(&mut mark)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(mark == ZIP)
}

/// Hands the HAR in a zip to `read`, with the files beside it.
pub(super) fn in_zip<T>(
    path: &Path,
    read: impl FnOnce(&mut dyn Read, Attached) -> T,
) -> Result<T, String> {
    // One to read the HAR from, the other for the files that it names on the way.
    let again =
        || File::open(path).map_err(|_| "it cannot be opened; check its owner and mode".to_owned());
    let mut outer = open(again()?)?;
    let name = har_in(&outer)?;
    let prefix = name[..name.rfind('/').map_or(0, |at| at + 1)].to_owned();
    let place = Place::Zip { archive: Box::new(open(again()?)?), prefix };
    let mut har =
        outer.by_name(&name).map_err(|_| "the HAR in it cannot be unpacked".to_owned())?;
    Ok(read(&mut har, Attached { place, left: TOTAL_LIMIT }))
}

fn open(file: File) -> Result<Archive, String> {
    let archive = ZipArchive::new(BufReader::new(file))
        .map_err(|_| "it is a zip that cannot be read; export it again".to_owned())?;
    if archive.len() > FILES_LIMIT {
        return Err(format!("it holds more than {FILES_LIMIT} files"));
    }
    Ok(archive)
}

/// The name of the one HAR of a zip.
fn har_in(archive: &Archive) -> Result<String, String> {
    let names: Vec<String> =
        archive.file_names().filter_map(|name| Some(name.ok()?.into_owned())).collect();
    let file_name = |name: &str| name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    if names.iter().any(|name| name.ends_with(JOURNAL_FILE)) {
        return Err("it is the bundle of a run; give it with --from".to_owned());
    }
    let mut hars = names
        .into_iter()
        .filter(|name| file_name(name).ends_with(".har") && !is_desktop_leftover(Path::new(name)));
    match (hars.next(), hars.next()) {
        (Some(har), None) => Ok(har),
        (None, _) => Err("it is a zip without a .har file".to_owned()),
        (Some(_), Some(_)) => Err("it holds several .har files; give one of them".to_owned()),
    }
}
