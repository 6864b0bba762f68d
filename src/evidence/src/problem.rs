//! What is wrong with a bundle: a kind for machines, the file at fault, one plain sentence.
//! Refuses to quote content: a sentence names files, sizes and lines, never what stood there.

use std::fmt;

use serde::Serialize;

use crate::names;

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
