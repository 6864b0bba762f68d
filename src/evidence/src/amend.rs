//! Changes a finished run's folder whole or not at all, and makes manifest and zip again.
//!
//! All work is done on a copy beside the folder; two renames put it in place. A crash before them
//! changes nothing; one between them leaves the old and the new folder side by side.
//! Refuses a folder that is not as it was sealed, and to lose a signature unasked.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::archive::{archive, zip_path};
use crate::folder::RunFolder;
use crate::integrity::{SignatureState, check_integrity};
use crate::opened::Opened;
use crate::{BundleKey, EvidenceError, private};

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
    let bench =
        private::temporary_folder(AMENDING).tempdir_in(out).map_err(io("make a copy of"))?;
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
            private::create_folders(folder).map_err(io())?;
        }
        let mut file = private::new_file().create_new(true).open(&path).map_err(io())?;
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
