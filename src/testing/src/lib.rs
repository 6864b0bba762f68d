//! For tests only: finds the official files beside the checkout, lists the tests that are skipped,
//! serves time stamps, chains journals, records in memory, stubs the API, and writes HTTP/2 by hand.
//!
//! The official files are not ours to commit. A test that reads one is skipped where it is missing,
//! and `cargo test` hides what a passing test prints. So a skipped test also adds a line to the file
//! that `LETTERPROOF_SKIPPED` names, which `.ci/run` counts. Under `LETTERPROOF_UPSTREAM=required`
//! a missing file fails the test instead.
#![allow(
    clippy::panic,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "only tests call this crate"
)]

pub mod frames;
pub mod journal;
mod memory;
mod stamper;
pub mod stub;

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};

pub use memory::Memory;
pub use stamper::{Answering, OpensslStamper, StamperKind, serve};

/// `required` makes a missing official file fail its test.
const UPSTREAM: &str = "LETTERPROOF_UPSTREAM";

/// The folder of the official files, absolute or relative to the workspace.
const FOLDER: &str = "LETTERPROOF_UPSTREAM_DIR";

/// The file to which each skipped test adds a line.
const SKIPPED: &str = "LETTERPROOF_SKIPPED";

/// Why a test is skipped: the first word of its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skip {
    /// An official file is missing, so that our own texts are not compared with it.
    Fidelity,
    /// The machine lacks something: a right, a compiler, an address.
    Machine,
}

impl Skip {
    const fn word(self) -> &'static str {
        match self {
            Self::Fidelity => "fidelity",
            Self::Machine => "machine",
        }
    }
}

/// The path of an official file, or `None` where it is missing; the test is then listed as skipped
/// and should return.
///
/// # Panics
/// The file is missing under `LETTERPROOF_UPSTREAM=required`, or that variable has another value.
#[must_use]
pub fn upstream(file: &str) -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let given = std::env::var_os(FOLDER).filter(|folder| !folder.is_empty());
    let folder = given.unwrap_or_else(|| "../shared/upstream".into());
    match find(&workspace.join(folder), file, std::env::var_os(UPSTREAM).as_deref()) {
        Ok(path) => Some(path),
        Err(Missing::Skipped(why)) => {
            skip(Skip::Fidelity, &why);
            None
        }
        Err(Missing::Failed(why)) => panic!("{why}"),
    }
}

/// Lists the running test as skipped; the caller returns.
///
/// # Panics
/// The file named by `LETTERPROOF_SKIPPED` cannot be written.
pub fn skip(kind: Skip, why: &str) {
    let package = std::env::var("CARGO_PKG_NAME").unwrap_or_default();
    let thread = std::thread::current();
    let line = line(kind, &package, thread.name().unwrap_or_default(), why);
    eprint!("skipped: {line}");
    if let Some(list) = std::env::var_os(SKIPPED)
        && let Err(error) = append(Path::new(&list), &line)
    {
        panic!("{SKIPPED} names {}, which cannot be written: {error}", list.display());
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Missing {
    Skipped(String),
    Failed(String),
}

fn find(folder: &Path, file: &str, upstream: Option<&OsStr>) -> Result<PathBuf, Missing> {
    if let Some(value) = upstream.filter(|value| *value != "required") {
        let value = value.display();
        return Err(Missing::Failed(format!(
            "{UPSTREAM} is {value}: expected required, or nothing; {FOLDER} names the folder"
        )));
    }
    let path = folder.join(file);
    if path.is_file() {
        return Ok(path);
    }
    let why = format!("{file} is not in {}", folder.display());
    Err(match upstream {
        Some(_) => Missing::Failed(format!("{why}, and {UPSTREAM}=required")),
        None => Missing::Skipped(why),
    })
}

fn line(kind: Skip, package: &str, test: &str, why: &str) -> String {
    format!("{}: {package} {test}: {why}\n", kind.word())
}

/// Adds a line with one write, since tests of several threads and processes share the file.
fn append(list: &Path, line: &str) -> std::io::Result<()> {
    let mut list = std::fs::OpenOptions::new().create(true).append(true).open(list)?;
    list.write_all(line.as_bytes())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_file_that_is_there_is_found_whether_it_is_required_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("api.json");
        std::fs::write(&path, "{}").unwrap();
        for upstream in [None, Some(OsStr::new("required"))] {
            assert_eq!(find(folder.path(), "api.json", upstream), Ok(path.clone()));
        }
    }

    #[test]
    fn a_missing_file_skips_its_test() {
        let folder = tempfile::tempdir().unwrap();
        let missing = find(folder.path(), "api.json", None).unwrap_err();
        assert!(matches!(missing, Missing::Skipped(why) if why.starts_with("api.json is not in")));
    }

    #[test]
    fn a_missing_file_that_is_required_fails_its_test_and_names_file_and_variable() {
        let folder = tempfile::tempdir().unwrap();
        let required = Some(OsStr::new("required"));
        let Missing::Failed(why) = find(folder.path(), "api.json", required).unwrap_err() else {
            panic!("the test was skipped");
        };
        let folder = folder.path().display().to_string();
        for words in ["api.json", &folder, "LETTERPROOF_UPSTREAM=required"] {
            assert!(why.contains(words), "{words} in {why}");
        }
    }

    #[test]
    fn a_value_nobody_knows_fails_rather_than_skips() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("api.json"), "{}").unwrap();
        for value in ["", "require", "/some/folder"] {
            let found = find(folder.path(), "api.json", Some(OsStr::new(value)));
            assert!(matches!(found, Err(Missing::Failed(why)) if why.contains(FOLDER)), "{value}");
        }
    }

    #[test]
    fn every_skipped_test_is_a_line_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("skipped");
        std::thread::scope(|scope| {
            for number in 0..8 {
                let list = &list;
                let line = line(Skip::Machine, "package", &format!("test_{number}"), "no disk");
                scope.spawn(move || append(list, &line).unwrap());
            }
        });
        let text = std::fs::read_to_string(&list).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        assert_eq!(lines.len(), 8, "{text}");
        assert_eq!(lines[7], "machine: package test_7: no disk");
    }
}
