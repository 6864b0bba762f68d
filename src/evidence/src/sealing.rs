//! Seals the folder of a run: the manifest over all its files, signed where a key is given.
//!
//! Makes the zip beside a finished run's folder.
//!
//! Byte for byte the same for the same files: sorted, with fixed dates and permissions, below one
//! top folder named after the run, and stamped at its end. Written to a temporary name, opened
//! again as a reader would, and only then given its own. Nothing is overwritten, and nothing
//! written that [`Opened`] would not read.
//!
//! Changes a finished run's folder whole or not at all, and makes manifest and zip again.
//!
//! All work is done on a copy beside the folder; two renames put it in place. A crash before them
//! changes nothing; one between them leaves the old and the new folder side by side. The folder
//! must be as it was sealed, and no signature is lost unasked.

use std::fs;
use std::fs::File;
use std::io::{BufReader, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

use crate::folder::{RunFolder, WRITING};
use crate::integrity::{SignatureState, check_integrity};
use crate::inventory::Inventory;
use crate::manifest::{Envelope, Facts, MANIFEST_FILE, SIGNING_KEY_FILE, Statement};
use crate::opened::{Opened, stamp};
use crate::stamp::TIMESTAMP_FILE;
use crate::{BundleKey, EvidenceError, RESULTS_FILE, folder};

/// Longest `results.json` that the manifest is made from, in bytes.
pub const RESULTS_LIMIT: u64 = 64 << 20;

impl RunFolder {
    /// Writes the manifest over every file of the folder; nothing may be written afterwards but
    /// by sealing again. Signs it where a key is given, and is plainly unsigned otherwise.
    ///
    /// # Errors
    /// When results or journal are missing, or a file cannot be read or written.
    pub fn seal(&self, key: Option<&BundleKey>) -> Result<Statement, EvidenceError> {
        self.sweep()?;
        self.remove(MANIFEST_FILE)?;
        self.remove(TIMESTAMP_FILE)?;
        match key {
            Some(_) => self.begin_with(key)?,
            None => self.remove(SIGNING_KEY_FILE)?,
        }
        let opened = Opened::open(self.path())?;
        let inventory = Inventory::take(&opened);
        let refused = |problem| EvidenceError::Refused { path: self.path().to_owned(), problem };
        if let Some(problem) = inventory.problems.first() {
            return Err(refused(problem.clone()));
        }
        let missing = |name: &str| EvidenceError::Missing { path: self.path().join(name) };
        let results = opened.read(RESULTS_FILE, RESULTS_LIMIT)?;
        let facts = Facts::read(&results).ok_or_else(|| EvidenceError::Broken {
            path: self.path().join(RESULTS_FILE),
            line: 1,
            problem: "these are not the results of a run".to_owned(),
        })?;
        let statement =
            Statement::of(&inventory, facts).ok_or_else(|| missing(crate::JOURNAL_FILE))?;
        let spelled = |error| self.io("write", MANIFEST_FILE)(std::io::Error::from(error));
        let payload = statement.to_bytes().map_err(spelled)?;
        let envelope = Envelope::of(payload, key).to_bytes().map_err(spelled)?;
        self.write(MANIFEST_FILE, &envelope)?;
        Ok(statement)
    }

    /// Removes a file, if it is there.
    fn remove(&self, name: &str) -> Result<(), EvidenceError> {
        match fs::remove_file(self.path().join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(self.io("remove", name)(error))
            }
            _ => Ok(()),
        }
    }

    fn io(
        &self,
        action: &'static str,
        name: &str,
    ) -> impl FnOnce(std::io::Error) -> EvidenceError + use<> {
        let hint = "check the folder and its owner";
        EvidenceError::io(action, self.path().join(Path::new(name)), hint)
    }
}

/// How hard the compressor tries, 1 to 9: a bundle is made once and mailed often, and mailboxes have
/// limits.
const LEVEL: i64 = 9;
const WRITE_HINT: &str = "free some space or choose another folder, then start again";

/// Writes `<folder>.zip` beside the folder of a finished and sealed run; returns where it is.
///
/// # Errors
/// When the folder is not sealed, holds what no bundle may, the zip is there already, or it cannot
/// be written.
pub fn archive(folder: &Path) -> Result<PathBuf, EvidenceError> {
    let source = Opened::open(folder)?;
    if source.size(MANIFEST_FILE).is_none() {
        return Err(EvidenceError::Missing { path: folder.join(MANIFEST_FILE) });
    }
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if !crate::names::is_plain(name) {
        return Err(EvidenceError::BadName { name: name.to_owned() });
    }
    let path = zip_path(folder);
    let out = folder.parent().filter(|out| !out.as_os_str().is_empty());
    let io = |action| EvidenceError::io(action, &path, WRITE_HINT);
    let mut file = folder::temporary(WRITING)
        .tempfile_in(out.unwrap_or(Path::new(".")))
        .map_err(io("create"))?;
    write(&source, name, file.as_file_mut()).map_err(|error| match error {
        Fault::Io(error) => io("write")(error),
        Fault::Source(error) => error,
    })?;
    file.as_file().sync_all().map_err(io("write"))?;
    Opened::open(file.path())?;
    file.persist_noclobber(&path).map_err(|error| match error.error.kind() {
        std::io::ErrorKind::AlreadyExists => EvidenceError::Exists { path: path.clone() },
        _ => io("rename")(error.error),
    })?;
    Ok(path)
}

/// Where the zip of a run's folder lies: beside it.
#[must_use]
pub fn zip_path(folder: &Path) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(".zip");
    folder.with_file_name(name)
}

enum Fault {
    Io(std::io::Error),
    Source(EvidenceError),
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<ZipError> for Fault {
    fn from(error: ZipError) -> Self {
        Self::Io(error.into())
    }
}

/// Writes the zip of these files, all below one folder of this name.
fn write(source: &Opened, top: &str, file: &mut File) -> Result<(), Fault> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(LEVEL))
        .last_modified_time(DateTime::default())
        .system(System::Unix)
        .unix_permissions(0o644);
    let mut zip = ZipWriter::new(BufWriter::with_capacity(1 << 17, &mut *file));
    for (name, _) in source.files() {
        zip.start_file(format!("{top}/{name}"), options)?;
        let reader = source.reader(name).map_err(Fault::Source)?;
        std::io::copy(&mut BufReader::with_capacity(1 << 17, reader), &mut zip)?;
    }
    zip.finish()?.flush()?;
    file.rewind()?;
    stamp::stamp(file)?;
    Ok(())
}

/// How the name of the folder begins in which a changed copy is made.
pub(crate) const AMENDING: &str = ".amending-";

pub(crate) const HINT: &str = "close programs that have its files open, and free some space";

/// How a bundle is sealed again after a change.
#[derive(Debug, Clone, Copy)]
pub enum Sealing<'a> {
    /// Signed by this key.
    Signed(&'a BundleKey),
    /// Unsigned, as it was before; refused where it was signed.
    Unsigned,
    /// Unsigned, even where it was signed before.
    SignatureDropped,
}

impl<'a> From<Option<&'a BundleKey>> for Sealing<'a> {
    fn from(key: Option<&'a BundleKey>) -> Self {
        key.map_or(Self::Unsigned, Self::Signed)
    }
}

impl<'a> Sealing<'a> {
    /// The key, where there is one.
    pub(crate) fn key(self) -> Option<&'a BundleKey> {
        match self {
            Self::Signed(key) => Some(key),
            Self::Unsigned | Self::SignatureDropped => None,
        }
    }
}

/// Lets `change` write into a copy of a finished run's folder, seals it, makes the zip, and puts
/// both in the place of the old ones. Returns where the zip is.
///
/// # Errors
/// When the folder is not intact, a signature would be lost, `change` fails, or something cannot
/// be written; folder and zip are then as they were.
pub fn amend<E: From<EvidenceError>>(
    folder: &Path,
    sealing: Sealing<'_>,
    change: impl FnOnce(&RunFolder) -> Result<(), E>,
) -> Result<PathBuf, E> {
    let opened = Opened::open(folder)?;
    refuse_if_unfit(&opened, sealing)?;
    let io = |action| EvidenceError::io(action, folder, HINT);
    let name = folder.canonicalize().map_err(io("find"))?;
    let (Some(out), Some(name)) = (name.parent(), name.file_name()) else {
        return Err(EvidenceError::Missing { path: folder.to_owned() }.into());
    };
    let bench = folder::temporary_folder(AMENDING).tempdir_in(out).map_err(io("make a copy of"))?;
    let draft = bench.path().join(name);
    copy(&opened, &draft)?;
    let run = RunFolder::draft(draft.clone(), folder.to_owned());
    change(&run)?;
    run.seal(sealing.key())?;
    let zip = archive(&draft)?;
    drop(opened);
    let finished = out.join(name);
    swap(&finished, &draft, &bench.path().join("before")).map_err(io("replace"))?;
    let target = zip_path(&finished);
    fs::rename(zip, &target).map_err(EvidenceError::io("replace", &target, HINT))?;
    Ok(zip_path(folder))
}

fn refuse_if_unfit(opened: &Opened, sealing: Sealing<'_>) -> Result<(), EvidenceError> {
    let path = opened.path().to_owned();
    if opened.is_zip() {
        let sentence = "it is a zip; give the folder of the run";
        let problem = crate::Problem::whole(crate::ProblemKind::NotABundle, sentence);
        return Err(EvidenceError::Refused { path, problem });
    }
    let found = check_integrity(opened, None);
    if let Some(problem) = found.problems.into_iter().next() {
        return Err(EvidenceError::Refused { path, problem });
    }
    match (sealing, found.signature) {
        (Sealing::Unsigned, SignatureState::Unsigned)
        | (Sealing::Signed(_) | Sealing::SignatureDropped, _) => Ok(()),
        (Sealing::Unsigned, _) => Err(EvidenceError::WouldUnsign { path }),
    }
}

/// Copies every file of a folder, read as a reader would.
pub(crate) fn copy(opened: &Opened, to: &Path) -> Result<(), EvidenceError> {
    for (name, _) in opened.files() {
        let path = to.join(name);
        let io = || EvidenceError::io("write", &path, HINT);
        if let Some(folder) = path.parent() {
            folder::create_folders(folder).map_err(io())?;
        }
        let mut file = folder::new_file().create_new(true).open(&path).map_err(io())?;
        std::io::copy(&mut opened.reader(name)?, &mut file)
            .and_then(|_| file.flush())
            .and_then(|()| file.sync_data())
            .map_err(io())?;
    }
    Ok(())
}

/// Puts a new folder in the place of an old one, which is kept aside.
pub(crate) fn swap(place: &Path, new: &Path, aside: &Path) -> std::io::Result<()> {
    fs::rename(place, aside)?;
    fs::rename(new, place).inspect_err(|_| {
        // The old one back where it was; where that fails too, it is safe aside.
        let _ = fs::rename(aside, place);
    })
}
