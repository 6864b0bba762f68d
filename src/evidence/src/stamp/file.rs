//! The time stamp of a bundle's manifest: a file beside it, which the manifest cannot list.
//!
//! Putting it there changes neither manifest nor signature, and makes the zip again. Sealing a
//! folder again takes it away, for it is about the manifest of before.

use std::fs;
use std::path::{Path, PathBuf};

use letterproof_model::Stamp;
use serde::{Deserialize, Serialize};

use crate::bundle::{parse_json, write_json};
use crate::error::{Problem, ProblemKind};
use crate::folder::RunFolder;
use crate::integrity::check_integrity;
use crate::opened::Opened;
use crate::sealing::{HINT, archive, copy, swap, zip_path};
use crate::{EvidenceError, MANIFEST_FILE};

/// The file of the manifest's time stamp.
pub const TIMESTAMP_FILE: &str = "timestamp.json";
/// The name and version of its format.
pub const TIMESTAMP_FORMAT: &str = "letterproof-timestamp/1";
/// Longest such file read, in bytes.
const FILE_LIMIT: u64 = 1 << 20;
/// Longest manifest read, in bytes.
const MANIFEST_LIMIT: u64 = 32 << 20;

#[derive(Serialize, Deserialize)]
struct Written {
    format: String,
    #[serde(flatten)]
    stamp: Stamp,
}

/// The time stamp of a bundle's manifest; `None` where it has none.
///
/// # Errors
/// When it is there and cannot be read, or is of another format.
pub fn read_stamp(opened: &Opened) -> Result<Option<Stamp>, EvidenceError> {
    if opened.size(TIMESTAMP_FILE).is_none() {
        return Ok(None);
    }
    let bytes = opened.read(TIMESTAMP_FILE, FILE_LIMIT)?;
    let path = opened.path().join(TIMESTAMP_FILE);
    parse_json::<Written>(&path, &bytes, TIMESTAMP_FORMAT).map(|written| Some(written.stamp))
}

impl RunFolder {
    /// Writes the stamp of the manifest that this folder was just sealed with.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_stamp(&self, stamp: Stamp) -> Result<(), EvidenceError> {
        let written = Written { format: TIMESTAMP_FORMAT.to_owned(), stamp };
        self.write_with(TIMESTAMP_FILE, |output| write_json(output, &written))
    }
}

/// Puts beside a bundle's manifest the stamp that `ask` got for its bytes. Of a folder the zip
/// beside it is made again; returns where the zip is.
///
/// # Errors
/// When the bundle is not intact or stamped already, `ask` fails, or something cannot be written;
/// the bundle is then as it was.
pub fn put_stamp<E: From<EvidenceError>>(
    bundle: &Path,
    ask: impl FnOnce(&[u8]) -> Result<Stamp, E>,
) -> Result<PathBuf, E> {
    let opened = Opened::open(bundle)?;
    let refused = |problem| EvidenceError::Refused { path: bundle.to_owned(), problem };
    let stamped = "it already has a time stamp, and the earliest one proves most";
    if opened.size(TIMESTAMP_FILE).is_some() {
        return Err(refused(Problem::whole(ProblemKind::Stamp, stamped)).into());
    }
    if let Some(problem) = check_integrity(&opened, None).problems.into_iter().next() {
        return Err(refused(problem).into());
    }
    let stamp = ask(&opened.read(MANIFEST_FILE, MANIFEST_LIMIT)?)?;
    let io = |action| EvidenceError::io(action, bundle, HINT);
    let place = bundle.canonicalize().map_err(io("find"))?;
    let Some(out) = place.parent() else {
        return Err(EvidenceError::Missing { path: bundle.to_owned() }.into());
    };
    let bench =
        tempfile::Builder::new().prefix(".amending-").tempdir_in(out).map_err(io("copy"))?;
    let name = match opened.top() {
        Some(top) => top.to_owned(),
        None => place.file_name().unwrap_or_default().to_string_lossy().into_owned(),
    };
    let draft = bench.path().join(name);
    copy(&opened, &draft)?;
    RunFolder::draft(draft.clone(), place.clone()).write_stamp(stamp)?;
    let zip = archive(&draft)?;
    let is_zip = opened.is_zip();
    drop(opened);
    let target = if is_zip {
        place
    } else {
        swap(&place, &draft, &bench.path().join("before")).map_err(io("replace"))?;
        zip_path(&place)
    };
    fs::rename(zip, &target).map_err(EvidenceError::io("replace", &target, HINT))?;
    Ok(if is_zip { bundle.to_owned() } else { zip_path(bundle) })
}
