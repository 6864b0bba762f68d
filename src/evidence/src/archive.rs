//! Makes the zip beside a finished run's folder.
//!
//! Byte for byte the same for the same files: sorted, with fixed dates and permissions, below one
//! top folder named after the run, and stamped at its end. Written to a temporary name, opened
//! again as a reader would, and only then given its own.
//! Refuses to overwrite, and to write what [`Opened`] would not read.

use std::fs::File;
use std::io::{BufReader, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

use crate::folder::WRITING;
use crate::opened::{Opened, stamp};
use crate::{EvidenceError, MANIFEST_FILE, private};

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
    let mut file = private::temporary(WRITING)
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
