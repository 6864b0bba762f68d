//! What can go wrong with evidence: each message names the file and line at fault and what to do.
//! No message repeats what stood in a damaged line.
//!
//! What is wrong with a bundle: a kind for machines, the file at fault, one plain sentence.

use std::path::PathBuf;
use std::{fmt, io};

use serde::Serialize;

use crate::names;

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
    #[error("{} already exists; evidence is never overwritten, choose another folder", path.display())]
    Exists {
        /// The file or folder.
        path: PathBuf,
    },
    /// Another process is making the folder of a run.
    #[error("{} is still being written by another letterproof; wait until that has ended", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// A file of an evidence folder is missing.
    #[error("{} is missing; is this the folder of a finished run?", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A file has another format or version than this tool reads.
    #[error("{} line {line}: format `{found}` is not `{expected}`; use the version of letterproof \
             that wrote it", path.display())]
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
    /// A journal of an earlier format, which can be read and not be gone on with.
    #[error("{}: this journal has the format `letterproof-journal/1`, which this version can read \
             but not write; start a new run, or make a bundle of what is there with `letterproof \
             report`", path.display())]
    OldFormat {
        /// The file.
        path: PathBuf,
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
    #[error("{} line {line}: longer than {limit} bytes, the limit of a journal line", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// A name that would leave the evidence folder or that some systems cannot store.
    #[error("`{name}` is not a file name inside an evidence folder; use plain relative names")]
    BadName {
        /// The name.
        name: String,
    },
    /// A gateway's log cannot be read.
    #[error("{} line {line}: {problem}", path.display())]
    GatewayLog {
        /// The log.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// A bundle, or the folder it is made of, is not what it should be.
    #[error("{} is refused: {problem}", path.display())]
    Refused {
        /// The bundle.
        path: PathBuf,
        /// The first thing that is wrong with it.
        problem: Problem,
    },
    /// A file is larger than any of its kind.
    #[error("{} is {size} bytes long; the limit for such a file is {limit}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// A key for signing bundles cannot be used.
    #[error("{}: {problem}", path.display())]
    Key {
        /// The key's file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// A change would leave a signed bundle without its signature.
    #[error("{} is signed, and a change makes the signature invalid; give the key with --sign-key \
             to sign it again, or say that it may become unsigned", path.display())]
    WouldUnsign {
        /// The bundle.
        path: PathBuf,
    },
    /// Runs of different suppliers cannot be put together.
    #[error(
        "the bundles are from different suppliers: {one}, and {other}; give those of one supplier \
         at a time"
    )]
    Suppliers {
        /// A run, and whose it is.
        one: String,
        /// Another run, and whose it is.
        other: String,
    },
    /// A run that was begun with a signing key would be completed without it.
    #[error("{}: this run was to be signed with key {wanted}, and {}; give the key it was started \
             with as --sign-key. If that key is lost, `letterproof report --drop-signature` makes \
             an unsigned bundle of an interrupted run", path.display(), other_key(given.as_deref()))]
    OtherKey {
        /// The folder of the run.
        path: PathBuf,
        /// The id of the key that it was begun with.
        wanted: String,
        /// The id of the key that was given, where one was.
        given: Option<String>,
    },
    /// An attestation cannot be taken.
    #[error("the attestation is refused: {problem}")]
    Attestation {
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// A file cannot be attached.
    #[error("{} cannot be attached: {problem}", path.display())]
    Attachment {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// A recording made elsewhere cannot be judged.
    #[error("{} cannot be judged: {problem}", path.display())]
    Import {
        /// The recording.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// An entry of a recording made elsewhere cannot be true.
    #[error("{} cannot be judged: entry {entry}: {problem}", path.display())]
    ImportEntry {
        /// The recording.
        path: PathBuf,
        /// The entry, counted from 1.
        entry: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// Something could not be recorded.
    #[error(transparent)]
    Unrecorded(#[from] letterproof_model::RecordError),
    /// The system's random source failed.
    #[error("the system gave no random numbers, so secrets cannot be replaced safely")]
    Random,
}

/// Which other key was given, or that none was.
fn other_key(given: Option<&str>) -> String {
    given.map_or_else(
        || "no --sign-key is given".to_owned(),
        |given| format!("--sign-key gives key {given}"),
    )
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

/// Which kind of thing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// The zip was not written by letterproof, or was packed again.
    NotABundle,
    /// A run that broke off or still goes on, of which no bundle was made yet.
    Incomplete,
    /// The zip's structure is damaged or holds more than its files.
    Structure,
    /// A file's name could lead elsewhere, or not every system can store it.
    Name,
    /// A symbolic link, or anything else that is no regular file.
    NotAFile,
    /// Two files of the same name, capitals aside.
    Twice,
    /// An encrypted file.
    Encrypted,
    /// A file packed by an unknown method.
    Method,
    /// A file, or all of them together, beyond the limits.
    TooLarge,
    /// A file that would unpack to a suspicious multiple of its size.
    Bomb,
    /// More files than a bundle ever has.
    TooMany,
    /// A file outside the one top folder.
    Outside,
    /// A folder without any file.
    EmptyFolder,
    /// The zip is not byte for byte as it was written.
    Container,
    /// A file that must be there is not.
    Missing,
    /// A file that the manifest does not list.
    Extra,
    /// A file whose size or hash is not the manifest's.
    Changed,
    /// A file that cannot be read to its end.
    Unreadable,
    /// The journal's hash chain does not hold.
    Chain,
    /// The manifest is not the one this content would have.
    Manifest,
    /// The manifest is of a format that this version does not know.
    Foreign,
    /// The top folder is named after another run.
    OtherRun,
    /// The signature does not hold.
    Signature,
    /// The bundle is unsigned, though a key is expected.
    Unsigned,
    /// The bundle is signed by another key than the expected one.
    OtherKey,
    /// Attestations and attachments do not fit together.
    Attestation,
    /// What the bundle concludes does not follow from its exchanges.
    Verdict,
    /// A report does not show what the bundle concludes.
    Report,
    /// Two things that the bundle says of its run cannot both be true.
    Contradiction,
    /// A time stamp does not hold, or one that is expected is missing.
    Stamp,
}

/// One thing that is wrong with a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Its kind.
    pub kind: ProblemKind,
    /// The file at fault, as named inside the bundle; `None` for the bundle as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// One plain sentence, without a full stop.
    pub sentence: String,
}

impl Problem {
    /// A problem of the bundle as a whole.
    #[must_use]
    pub fn whole(kind: ProblemKind, sentence: impl Into<String>) -> Self {
        Self { kind, file: None, sentence: sentence.into() }
    }

    /// A problem of one file; the sentence begins with the file's name.
    #[must_use]
    pub fn of(kind: ProblemKind, file: &str, rest: &str) -> Self {
        let file = names::shown(file);
        let sentence = format!("`{file}` {rest}");
        Self { kind, file: Some(file), sentence }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.sentence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_read_the_kind_and_people_the_sentence() {
        let problem = Problem::of(ProblemKind::NotAFile, "a\u{7}b", "is a symbolic link");
        assert_eq!(problem.to_string(), "`a\\u{7}b` is a symbolic link");
        assert_eq!(
            serde_json::to_string(&problem).unwrap(),
            r#"{"kind":"not-a-file","file":"a\\u{7}b","sentence":"`a\\u{7}b` is a symbolic link"}"#
        );
    }
}
