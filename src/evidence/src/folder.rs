//! The folder of a run: `<out>/<run id>.incomplete` while it is made, `<out>/<run id>` when whole.
//!
//! Who makes it holds a lock on it, so that nobody completes a run that is still being made. Where
//! the system cannot lock a folder (Windows), its own refusal to rename one in use has to do.
//! Nothing is overwritten, nothing written outside the folder, and it never looks whole before it
//! is.
//!
//! What a killed run left where the runs of one place lie: half a zip, the copy that a change was
//! made in. The next run clears away what was never whole, and names what may hold something. What
//! may be under way, or may be the only copy of a run, is left alone.
//!
//! Files and folders for their owner alone: 0600 and 0700. What is handed over is handed over on
//! purpose, not by lying about.
//!
//! On systems without such modes (Windows) a new file has the access list of the folder it is made
//! in, which in a user's own folders is the user's alone.
//!
//! Run ids: sortable by time, unique enough, and a folder name on every system.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use std::{fs, io};

use aws_lc_rs::rand;
use letterproof_model::{Context, Results, RunId, Timestamp};

use crate::bundle::{CONTEXT_FILE, ENVIRONMENT_FILE, Environment, RESULTS_FILE};
use crate::chain::hex;
use crate::manifest::SIGNING_KEY_FILE;
use crate::sealing::{AMENDING, Sealing};
use crate::{BundleKey, BundlePublicKey, EvidenceError, JOURNAL_FILE, bundle, names};

/// How the names of files begin while they are written.
pub(crate) const WRITING: &str = ".writing-";

/// What ends the folder's name of a run that is not whole.
pub const INCOMPLETE: &str = ".incomplete";

const OUT_HINT: &str = "choose a folder you may write to with --out";
const WRITE_HINT: &str = "free some space or choose another folder with --out, then start again";

/// The folder of a run under way. Dropping it leaves the incomplete folder where it is: what a
/// broken run recorded is evidence too.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    finished: PathBuf,
    /// What earlier runs left in the same place, one sentence each.
    leftovers: Vec<String>,
    /// Held until the folder is whole or given up; the system releases it when a process dies.
    lock: Option<File>,
}

impl RunFolder {
    /// Makes the folder of a run, before any traffic.
    ///
    /// # Errors
    /// When `out` cannot be written to, or holds a run of that id already.
    pub fn create(out: &Path, run_id: &RunId) -> Result<Self, EvidenceError> {
        let name = run_id.as_str();
        if !names::is_plain(name) {
            return Err(EvidenceError::BadName { name: name.to_owned() });
        }
        create_folders(out).map_err(EvidenceError::io("make the folder", out, OUT_HINT))?;
        let (path, finished) = (out.join(format!("{name}{INCOMPLETE}")), out.join(name));
        if finished.exists() {
            return Err(EvidenceError::Exists { path: finished });
        }
        create_folder(&path).map_err(|source| match source.kind() {
            std::io::ErrorKind::AlreadyExists => EvidenceError::Exists { path: path.clone() },
            _ => EvidenceError::io("make the folder", &path, OUT_HINT)(source),
        })?;
        let lock = locked(&path)?;
        Ok(Self { path, finished, leftovers: clear(out), lock })
    }

    /// Keeps in the folder which key is to sign its bundle, so that whoever completes it after a kill
    /// brings the same one.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin_with(&self, key: Option<&BundleKey>) -> Result<(), EvidenceError> {
        key.map_or(Ok(()), |key| self.write(SIGNING_KEY_FILE, key.public().to_pem().as_bytes()))
    }

    /// Opens the folder of a run that broke off, to complete it and seal it so; what a killed run was
    /// writing is removed, for it was never whole.
    ///
    /// # Errors
    /// When there is no such folder, its name does not end in `.incomplete`, its run goes on, or it
    /// was begun with another key.
    pub fn reopen(path: &Path, sealing: Sealing<'_>) -> Result<Self, EvidenceError> {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(run_id) = name.strip_suffix(INCOMPLETE).filter(|_| path.is_dir()) else {
            return Err(EvidenceError::Missing { path: path.to_owned() });
        };
        let lock = locked(path)?;
        refuse_other_key(path, sealing)?;
        let finished = path.with_file_name(run_id);
        let out = path.parent().filter(|out| !out.as_os_str().is_empty());
        let leftovers = clear(out.unwrap_or(Path::new(".")));
        let folder = Self { path: path.to_owned(), finished, leftovers, lock };
        folder.sweep()?;
        Ok(folder)
    }

    /// A copy of a finished run's folder under this path, to be changed and then put in its place.
    pub(crate) fn draft(path: PathBuf, finished: PathBuf) -> Self {
        Self { path, finished, leftovers: Vec::new(), lock: None }
    }

    /// What killed runs left in the place where this one lies, cleared away or to be looked at: one
    /// sentence each.
    #[must_use]
    pub fn leftovers(&self) -> &[String] {
        &self.leftovers
    }

    /// The folder as it is named now.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the folder will be named when it is whole.
    #[must_use]
    pub fn finished_path(&self) -> &Path {
        &self.finished
    }

    /// Where the journal belongs.
    #[must_use]
    pub fn journal_path(&self) -> PathBuf {
        self.path.join(JOURNAL_FILE)
    }

    /// Writes a file of the folder, whole or not at all.
    ///
    /// # Errors
    /// When the name leaves the folder, or the file cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), EvidenceError> {
        self.write_with(name, |file| file.write_all(bytes))
    }

    /// Writes a file of the folder piece by piece, whole or not at all.
    ///
    /// # Errors
    /// When the name leaves the folder, the file cannot be written, or `fill` fails.
    pub fn write_with(
        &self,
        name: &str,
        fill: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
    ) -> Result<(), EvidenceError> {
        let path = self.inside(name)?;
        let io = |action| EvidenceError::io(action, &path, WRITE_HINT);
        let folder = path.parent().unwrap_or(&self.path);
        create_folders(folder).map_err(io("make the folder of"))?;
        let mut file = temporary(WRITING).tempfile_in(folder).map_err(io("create"))?;
        let mut output = BufWriter::with_capacity(1 << 16, file.as_file_mut());
        fill(&mut output).and_then(|()| output.flush()).map_err(io("write"))?;
        drop(output);
        file.as_file().sync_data().map_err(io("write"))?;
        file.persist(&path).map_err(|error| io("rename")(error.error))?;
        Ok(())
    }

    /// Writes `results.json`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_results(&self, results: &Results) -> Result<(), EvidenceError> {
        self.write_with(RESULTS_FILE, |file| bundle::write_json(file, results))
    }

    /// Writes `context.json`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_context(&self, context: &Context) -> Result<(), EvidenceError> {
        self.write_with(CONTEXT_FILE, |file| bundle::write_context(file, context))
    }

    /// Writes `environment.json`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_environment(&self, environment: &Environment) -> Result<(), EvidenceError> {
        self.write_with(ENVIRONMENT_FILE, |file| bundle::write_json(file, environment))
    }

    /// Names the folder as whole. The journal must have been closed before, or some systems refuse.
    ///
    /// # Errors
    /// When it cannot be renamed.
    pub fn finish(self) -> Result<PathBuf, EvidenceError> {
        if self.finished.exists() {
            return Err(EvidenceError::Exists { path: self.finished });
        }
        drop(self.lock);
        let hint = "close programs that have its files open, then rename it by hand";
        fs::rename(&self.path, &self.finished)
            .map_err(EvidenceError::io("rename", &self.path, hint))?;
        Ok(self.finished)
    }

    /// Removes the folder and all in it: for a run refused before it made any traffic.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn discard(self) -> Result<(), EvidenceError> {
        let hint = "remove it by hand";
        fs::remove_dir_all(&self.path).map_err(EvidenceError::io("remove", &self.path, hint))
    }

    /// Removes what a killed run was writing, and the folders it had made for it.
    pub(crate) fn sweep(&self) -> Result<(), EvidenceError> {
        sweep(&self.path).map(drop)
    }

    fn inside(&self, name: &str) -> Result<PathBuf, EvidenceError> {
        match names::fault(name) {
            None => Ok(self.path.join(name)),
            Some(_) => Err(EvidenceError::BadName { name: name.to_owned() }),
        }
    }
}

/// Refuses to seal a run otherwise than with the key that it was begun with: nobody is to find it
/// unsigned, or signed by somebody else, without having said so.
///
/// # Errors
/// When the folder names another key, or one that cannot be read.
pub fn refuse_other_key(folder: &Path, sealing: Sealing<'_>) -> Result<(), EvidenceError> {
    let begun_with = folder.join(SIGNING_KEY_FILE);
    if matches!(sealing, Sealing::SignatureDropped) || !begun_with.exists() {
        return Ok(());
    }
    let wanted = BundlePublicKey::read(&begun_with)?.key_id();
    let given = sealing.key().map(|key| key.public().key_id());
    if given.as_ref() == Some(&wanted) {
        return Ok(());
    }
    Err(EvidenceError::OtherKey { path: folder.to_owned(), wanted, given })
}

/// Locks a folder; `None` where the system cannot.
fn locked(folder: &Path) -> Result<Option<File>, EvidenceError> {
    let Ok(lock) = File::open(folder) else { return Ok(None) };
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => Err(EvidenceError::InUse { path: folder.to_owned() }),
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

/// Removes temporary files and folders without files; returns whether anything is left.
fn sweep(folder: &Path) -> Result<bool, EvidenceError> {
    let io = |action| EvidenceError::io(action, folder, "check the folder and its owner");
    let mut is_left = false;
    for entry in fs::read_dir(folder).map_err(io("read"))? {
        let entry = entry.map_err(io("read"))?;
        let path = entry.path();
        if entry.file_type().map_err(io("read"))?.is_dir() {
            if sweep(&path)? {
                is_left = true;
            } else {
                fs::remove_dir(&path).map_err(io("clear"))?;
            }
        } else if entry.file_name().to_string_lossy().starts_with(WRITING) {
            fs::remove_file(&path).map_err(io("clear"))?;
        } else {
            is_left = true;
        }
    }
    Ok(is_left)
}

/// Writing a zip takes seconds; what is older than this is nobody's any more.
const UNDER_WAY: Duration = Duration::from_secs(60 * 60);

/// Clears away what was never whole; returns a sentence for each thing cleared or found.
pub(crate) fn clear(out: &Path) -> Vec<String> {
    let mut notes = Vec::new();
    // What cannot be listed is no reason to refuse a run.
    for entry in fs::read_dir(out).into_iter().flatten().flatten() {
        let (name, path) = (entry.file_name(), entry.path());
        let name = name.to_string_lossy();
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if name.starts_with(AMENDING) && is_folder {
            notes.push(format!(
                "{} was left by a command that was killed or is still running; if a run's folder \
                 is missing, it is in there; otherwise remove it",
                path.display()
            ));
        } else if name.starts_with(WRITING) && !is_folder {
            notes.push(if is_old(&entry) && fs::remove_file(&path).is_ok() {
                format!("{} was left unfinished by a run that was killed; removed", path.display())
            } else {
                format!(
                    "{} is unfinished; if no other run is in progress, remove it",
                    path.display()
                )
            });
        }
    }
    notes.sort_unstable();
    notes
}

/// Makes a temporary folder for its owner alone, and clears away those of the same purpose that
/// killed runs left.
///
/// # Errors
/// When it cannot be made.
pub fn scratch_folder(purpose: &str) -> std::io::Result<tempfile::TempDir> {
    let prefix = format!("letterproof-{purpose}-");
    for entry in fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with(&prefix);
        if ours && entry.file_type().is_ok_and(|kind| kind.is_dir()) && is_old(&entry) {
            // Another user's stays: the system refuses.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    temporary_folder(&prefix).tempdir()
}

fn is_old(entry: &fs::DirEntry) -> bool {
    let changed = entry.metadata().and_then(|data| data.modified());
    changed.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age > UNDER_WAY))
}

/// Makes a folder, and those above it that are missing.
pub(crate) fn create_folders(path: &Path) -> io::Result<()> {
    builder().recursive(true).create(path)
}

/// Makes a folder that is not there yet.
pub(crate) fn create_folder(path: &Path) -> io::Result<()> {
    builder().create(path)
}

fn builder() -> DirBuilder {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only modes change it"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// How a file is opened that may be a new one.
pub(crate) fn new_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// How a temporary file is made; 0600 is what such a file has by default.
pub(crate) fn temporary(prefix: &str) -> tempfile::Builder<'_, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix);
    builder
}

/// The same for a temporary folder.
pub(crate) fn temporary_folder(prefix: &str) -> tempfile::Builder<'_, 'static> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only modes change it"))]
    let mut builder = temporary(prefix);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder
}

/// A new run id, such as `20260821t101500z-3f9a2c`: the UTC second it began and six random digits.
///
/// # Errors
/// When the system gives no random numbers.
pub fn new_run_id(started: Timestamp) -> Result<RunId, EvidenceError> {
    let mut random = [0_u8; 3];
    rand::fill(&mut random).map_err(|_| EvidenceError::Random)?;
    Ok(RunId::new(format!("{}-{}", started.strftime("%Y%m%dt%H%M%Sz"), hex(&random))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn evidence_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let temporary = tempfile::tempdir().unwrap();
        let out = temporary.path().join("evidence");
        let folder = RunFolder::create(&out, &id()).unwrap();
        folder.write("AT4/criteria.csv", b"x").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let path = folder.path();
        for (path, expected) in [
            (out.as_path(), 0o700),
            (path, 0o700),
            (&path.join("AT4"), 0o700),
            (&path.join("AT4/criteria.csv"), 0o600),
        ] {
            assert_eq!(mode(path), expected, "{}", path.display());
        }
    }

    fn id() -> RunId {
        RunId::from("20260821t101500z-abc123")
    }

    #[test]
    fn a_run_is_incomplete_until_it_is_finished() {
        let out = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(out.path(), &id()).unwrap();
        folder.write("results.json", b"{}").unwrap();
        folder.write("journal/notes.txt", b"x").unwrap();
        assert!(folder.path().ends_with("20260821t101500z-abc123.incomplete"));
        let finished = folder.finish().unwrap();
        assert_eq!(fs::read(finished.join("results.json")).unwrap(), b"{}");
        assert_eq!(fs::read_dir(out.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_run_is_never_overwritten() {
        let out = tempfile::tempdir().unwrap();
        RunFolder::create(out.path(), &id()).unwrap();
        let error = RunFolder::create(out.path(), &id()).unwrap_err();
        assert!(matches!(error, EvidenceError::Exists { .. }), "{error}");
        fs::create_dir(out.path().join("done")).unwrap();
        let error = RunFolder::create(out.path(), &RunId::from("done")).unwrap_err();
        assert!(matches!(error, EvidenceError::Exists { .. }), "{error}");
    }

    #[test]
    fn what_a_killed_run_was_writing_is_cleared_away_and_nothing_else() {
        let out = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(out.path(), &id()).unwrap();
        folder.write("AT4/criteria.csv", b"x").unwrap();
        for torn in [".writing-a", "AT4/.writing-b", "AT5/AT6/.writing-c"] {
            let path = folder.path().join(torn);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "half").unwrap();
        }
        let path = folder.path().to_owned();
        drop(folder);
        RunFolder::reopen(&path, Sealing::Unsigned).unwrap();
        let left = |folder: &Path| fs::read_dir(folder).unwrap().count();
        assert_eq!((left(&path), left(&path.join("AT4"))), (1, 1));
        assert_eq!(fs::read(path.join("AT4/criteria.csv")).unwrap(), b"x");
    }

    #[cfg(unix)]
    #[test]
    fn a_run_that_goes_on_is_not_completed_by_anyone_else() {
        let out = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(out.path(), &id()).unwrap();
        let path = folder.path().to_owned();
        let error = RunFolder::reopen(&path, Sealing::Unsigned).unwrap_err();
        assert!(matches!(error, EvidenceError::InUse { .. }), "{error}");
        drop(folder);
        RunFolder::reopen(&path, Sealing::Unsigned).unwrap();
    }

    #[test]
    fn who_completes_a_run_brings_the_key_it_was_begun_with_or_gives_the_signature_up() {
        let out = tempfile::tempdir().unwrap();
        let [ours, other] = [(); 2].map(|()| BundleKey::generate().unwrap());
        let folder = RunFolder::create(out.path(), &id()).unwrap();
        folder.begin_with(Some(&ours)).unwrap();
        let path = folder.path().to_owned();
        drop(folder);
        for (sealing, found) in [
            (Sealing::Unsigned, "no --sign-key is given"),
            (Sealing::Signed(&other), "--sign-key gives key"),
        ] {
            let error = RunFolder::reopen(&path, sealing).unwrap_err().to_string();
            assert!(error.contains(found) && error.contains("--drop-signature"), "{error}");
            assert!(error.contains(&ours.public().key_id()), "{error}");
        }
        for sealing in [Sealing::Signed(&ours), Sealing::SignatureDropped] {
            RunFolder::reopen(&path, sealing).unwrap();
        }
        // What was begun without a key may be signed by whoever completes it.
        let folder = RunFolder::create(out.path(), &RunId::from("unsigned")).unwrap();
        folder.begin_with(None).unwrap();
        let path = folder.path().to_owned();
        drop(folder);
        for sealing in [Sealing::Unsigned, Sealing::Signed(&ours)] {
            RunFolder::reopen(&path, sealing).unwrap();
        }
    }

    #[test]
    fn an_out_that_cannot_be_written_is_named() {
        let out = tempfile::tempdir().unwrap();
        let file = out.path().join("a-file");
        fs::write(&file, "x").unwrap();
        let error = RunFolder::create(&file, &id()).unwrap_err().to_string();
        assert!(error.contains("a-file") && error.contains("--out"), "{error}");
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        let out = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(out.path(), &id()).unwrap();
        for name in ["../x", "/x", "a/../../x", "", ".hidden", "a:b", "C:x", "a\\b", "x."] {
            let error = folder.write(name, b"x").unwrap_err();
            assert!(matches!(error, EvidenceError::BadName { .. }), "{name}: {error}");
        }
        assert!(RunFolder::create(out.path(), &RunId::from("../x")).is_err());
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_no_rubbish() {
        let out = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(out.path(), &id()).unwrap();
        folder.write("a.txt", b"old").unwrap();
        let failed = folder.write_with("a.txt", |file| {
            file.write_all(b"new")?;
            Err(std::io::Error::other("stop"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read(folder.path().join("a.txt")).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_broken_run_is_reopened_and_a_refused_one_discarded() {
        let out = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(out.path(), &id()).unwrap();
        let path = folder.path().to_owned();
        drop(folder);
        let folder = RunFolder::reopen(&path, Sealing::Unsigned).unwrap();
        assert!(RunFolder::reopen(out.path(), Sealing::Unsigned).is_err());
        folder.discard().unwrap();
        assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn a_temporary_folder_is_its_owners_alone_and_an_old_one_is_cleared_away() {
        use std::os::unix::fs::PermissionsExt as _;
        let purpose = format!("test-{}", std::process::id());
        let left = scratch_folder(&purpose).unwrap().keep();
        let mode = fs::metadata(&left).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o700);
        assert!(left.exists(), "one that may be in use stays");
        drop(scratch_folder(&purpose).unwrap());
        assert!(left.exists());
        fs::File::open(&left).unwrap().set_modified(SystemTime::now() - 2 * UNDER_WAY).unwrap();
        drop(scratch_folder(&purpose).unwrap());
        assert!(!left.exists());
    }

    #[test]
    fn what_was_never_whole_is_cleared_away_and_the_rest_named() {
        let out = tempfile::tempdir().unwrap();
        let long_ago = SystemTime::now() - 2 * UNDER_WAY;
        for (name, is_old) in [(".writing-old", true), (".writing-new", false), ("kept", true)] {
            let file = fs::File::create(out.path().join(name)).unwrap();
            if is_old {
                file.set_modified(long_ago).unwrap();
            }
        }
        fs::create_dir(out.path().join(".amending-x")).unwrap();
        fs::write(out.path().join(".amending-x").join("before"), "the only copy").unwrap();
        let notes = clear(out.path());
        assert_eq!(notes.len(), 3, "{notes:?}");
        assert!(notes[0].contains(".amending-x") && notes[0].contains("it is in there"));
        assert!(notes[1].contains(".writing-new") && notes[1].contains("remove it"));
        assert!(notes[2].contains(".writing-old") && notes[2].ends_with("removed"));
        let left = |name| out.path().join(name).exists();
        assert!(!left(".writing-old") && left(".writing-new") && left("kept"));
        assert!(left(".amending-x/before"));
        assert_eq!(clear(&out.path().join("nowhere")), Vec::<String>::new());
    }

    #[test]
    fn run_ids_sort_by_time_and_are_plain_file_names() {
        let early = new_run_id("2026-08-21T10:15:00Z".parse().unwrap()).unwrap();
        let late = new_run_id("2026-08-21T10:15:01Z".parse().unwrap()).unwrap();
        assert!(early.as_str().starts_with("20260821t101500z-"));
        assert!(early < late);
        assert!(early.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
    }

    #[test]
    fn two_runs_of_one_second_differ() {
        let started = "2026-08-21T10:15:00Z".parse().unwrap();
        assert_ne!(new_run_id(started).unwrap(), new_run_id(started).unwrap());
    }
}
