//! What the targets share: the bound on an input, files to read it from, and reading it twice.
//! Refuses to leave files behind: each thread has one folder of its own, removed with the thread.

use std::cell::OnceCell;
use std::fmt::Debug;
use std::path::{Component, Path};

use tempfile::TempDir;

use crate::LONGEST;

/// What stands for a secret in seeds and dictionaries.
pub(crate) const CANARY: &str = "canary-5a1f9c";

/// The part of an input that a reader is given.
pub(crate) fn bounded(data: &[u8]) -> &[u8] {
    &data[..data.len().min(LONGEST)]
}

/// The same, where it is text; readers of text have the system refuse the rest for them.
pub(crate) fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(bounded(data)).ok()
}

/// Hands the thread's own folder on.
pub(crate) fn in_folder<T>(work: impl FnOnce(&Path) -> T) -> T {
    thread_local!(static FOLDER: OnceCell<TempDir> = const { OnceCell::new() });
    FOLDER.with(|folder| {
        work(folder.get_or_init(|| tempfile::tempdir().expect("a folder for the cases")).path())
    })
}

/// Lets a reader have the input as a file of this name.
pub(crate) fn as_file<T>(name: &str, data: &[u8], read: impl FnOnce(&Path) -> T) -> T {
    in_folder(|folder| {
        let path = folder.join(name);
        std::fs::write(&path, bounded(data)).expect("the input as a file");
        read(&path)
    })
}

/// Reads twice, and takes what was read or the message; both readings must be the same.
pub(crate) fn twice<T: PartialEq + Debug, E: ToString>(
    read: impl Fn() -> Result<T, E>,
) -> Result<T, String> {
    let once = read().map_err(|error| error.to_string());
    let again = read().map_err(|error| error.to_string());
    assert_eq!(once, again, "two readings of the same bytes");
    once
}

/// What was read, if anything was; a refusal must name the file.
pub(crate) fn named<T>(name: &str, read: Result<T, String>) -> Option<T> {
    match read {
        Ok(read) => Some(read),
        Err(message) => {
            assert!(message.contains(name), "an error that does not name {name}: {message}");
            None
        }
    }
}

/// Whether a name is a short relative one that stays in its folder on every system.
pub(crate) fn is_inside(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_');
    (1..=60).contains(&name.len())
        && name.chars().all(plain)
        && Path::new(name).components().all(|part| matches!(part, Component::Normal(_)))
}
