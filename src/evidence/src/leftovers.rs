//! What a killed run left where the runs of one place lie: half a zip, the copy that a change was
//! made in. The next run clears away what was never whole, and names what may hold something.
//! Refuses to touch what may be under way, or what may be the only copy of a run.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::amend::AMENDING;
use crate::folder::WRITING;
use crate::private;

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
    private::temporary_folder(&prefix).tempdir()
}

fn is_old(entry: &fs::DirEntry) -> bool {
    let changed = entry.metadata().and_then(|data| data.modified());
    changed.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age > UNDER_WAY))
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
