//! What can go wrong with evidence: each message names the file and line at fault and what to do.
//! Refuses to quote content: a message never repeats what stood in a damaged line.

use std::io;
use std::path::PathBuf;

/// Evidence could not be written, or could not be trusted when read.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// The operating system refused.
    #[error("cannot {action} {}: {source}; {hint}", path.display())]
    Io {
        /// What was attempted, as a verb.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
        /// What to do next.
        hint: &'static str,
    },
    /// Something is there already, and evidence is never overwritten.
    #[error("{} exists already; evidence is never overwritten, choose another folder", path.display())]
    Exists {
        /// The file or folder.
        path: PathBuf,
    },
    /// A file of an evidence folder is missing.
    #[error("{} is missing; is this the folder of a finished run?", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A file has another format or version than this tool reads.
    #[error("{} line {line}: format `{found}` is not `{expected}`; use the version of letterproof that wrote it", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// The format found there, shortened.
        found: String,
        /// The format this tool reads.
        expected: &'static str,
    },
    /// A file is not as it was written.
    #[error("{} line {line}: {problem}; the file was changed or damaged after it was written", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What does not fit.
        problem: String,
    },
    /// A line is longer than any that this tool writes.
    #[error("{} line {line}: longer than {limit} bytes, which no journal line is", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// A name that would leave the evidence folder or that some systems cannot store.
    #[error("`{name}` is no file name inside an evidence folder; use plain relative names")]
    BadName {
        /// The name.
        name: String,
    },
    /// A waivers file cannot be used.
    #[error("{} line {line}: {problem}", path.display())]
    Waivers {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// The system's random source failed.
    #[error("the system gave no random numbers, without which secrets cannot be replaced safely")]
    Random,
}

impl EvidenceError {
    pub(crate) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
        hint: &'static str,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source, hint }
    }
}
