//! The statement itself, field by field in the order in which it is written.
//! Refuses unknown fields when read: what is not stated here was not stated by this format.

use letterproof_model::{PackInfo, RunId, Standing, Timestamp, ToolInfo, Who};
use serde::{Deserialize, Serialize};

use super::{Facts, MANIFEST_FILE, MANIFEST_FORMAT};
use crate::inventory::{FileDigest, Inventory};
use crate::stamp::TIMESTAMP_FILE;

const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
const PREDICATE_TYPE: &str = "https://in-toto.io/attestation/test-result/v0.1";
/// The files that tell what a run was asked to do and against what.
const CONFIGURATION: [&str; 3] = ["context.json", "environment.json", "run.json"];

/// An in-toto Statement, version 1, about the files of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Statement {
    /// Which statement format it is.
    #[serde(rename = "_type")]
    pub statement_type: String,
    /// Every file of the bundle but the manifest, sorted by name.
    pub subject: Vec<Subject>,
    /// Which predicate format it is.
    pub predicate_type: String,
    /// What is stated about them.
    pub predicate: Manifest,
}

/// One file, as in-toto describes a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// Its name inside the bundle.
    pub name: String,
    /// Its hash.
    pub digest: SubjectDigest,
    /// Its size.
    pub annotations: SubjectNotes,
}

/// A file's hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectDigest {
    /// SHA-256, in lower-case hexadecimal.
    pub sha256: String,
}

/// What in-toto's digest leaves out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectNotes {
    /// Length in bytes.
    pub size: u64,
}

/// The test-result predicate, version 0.1, with letterproof's own part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    /// How the run ended.
    pub result: Outcome,
    /// The files that tell what the run was asked to do.
    pub configuration: Vec<Subject>,
    /// Tests and conformance checks that passed.
    pub passed_tests: Vec<String>,
    /// Those that were not decided, not run or not applicable.
    pub warned_tests: Vec<String>,
    /// Those that failed, or during which the harness did.
    pub failed_tests: Vec<String>,
    /// Which run it was.
    pub letterproof: RunSummary,
}

/// How a run ended, in the words of the test-result predicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Outcome {
    /// Every required test passed.
    Passed,
    /// Nothing failed, but not everything was shown.
    Warned,
    /// A required test failed, or the harness did.
    Failed,
}

/// Which run it was, and where its journal ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunSummary {
    /// Always [`MANIFEST_FORMAT`].
    pub format: String,
    /// The run's id.
    pub run: RunId,
    /// The reviewer's nonce, where one was given: the run is younger than it.
    pub nonce: Option<String>,
    /// The test window, where the run belongs to one.
    pub window: Option<u8>,
    /// When the run began.
    pub started: Timestamp,
    /// When its last exchange was judged.
    pub finished: Timestamp,
    /// What recorded and judged it.
    pub tool: ToolInfo,
    /// The pack it was judged by.
    pub pack: PackInfo,
    /// What it went against.
    pub target: TargetName,
    /// What its results prove, and where; absent in runs of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
    /// Who stands behind it, as far as that was stated.
    #[serde(default, skip_serializing_if = "Who::is_empty")]
    pub who: Who,
    /// The journal's end.
    pub journal: JournalHead,
}

/// What a run went against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetName {
    /// The target's name.
    pub name: String,
    /// The API's base URL.
    pub base_url: String,
}

/// Where the journal's hash chain ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalHead {
    /// Whole lines, the header among them.
    pub lines: u64,
    /// SHA-256 of the last whole line.
    pub head: String,
    /// Whether a torn line follows, as a killed run leaves it.
    pub torn_tail: bool,
}

/// Whether a manifest lists a file: neither itself nor the time stamp over it.
pub(crate) fn is_listed(name: &str) -> bool {
    name != MANIFEST_FILE && name != TIMESTAMP_FILE
}

impl Statement {
    /// The one statement that this content has; `None` without a journal.
    pub(crate) fn of(inventory: &Inventory, facts: Facts) -> Option<Self> {
        let journal = inventory.journal.as_ref()?;
        let describe = |(name, digest): (&String, &FileDigest)| Subject {
            name: name.clone(),
            digest: SubjectDigest { sha256: digest.sha256.clone() },
            annotations: SubjectNotes { size: digest.size },
        };
        let listed = || inventory.files.iter().filter(|(name, _)| is_listed(name));
        let is_configuration = |name: &str| CONFIGURATION.contains(&name);
        let predicate = Manifest {
            result: facts.outcome(),
            configuration: listed()
                .filter(|(name, _)| is_configuration(name))
                .map(describe)
                .collect(),
            passed_tests: facts.tests(Outcome::Passed),
            warned_tests: facts.tests(Outcome::Warned),
            failed_tests: facts.tests(Outcome::Failed),
            letterproof: RunSummary {
                format: MANIFEST_FORMAT.to_owned(),
                run: facts.run.id,
                nonce: facts.run.nonce,
                window: facts.run.window,
                started: facts.run.started,
                finished: facts.run.finished,
                tool: facts.run.tool,
                pack: facts.run.pack,
                target: facts.run.target,
                standing: facts.run.standing,
                who: facts.run.who,
                journal: JournalHead {
                    lines: journal.lines,
                    head: journal.head.clone(),
                    torn_tail: journal.torn_tail,
                },
            },
        };
        Some(Self {
            statement_type: STATEMENT_TYPE.to_owned(),
            subject: listed().map(describe).collect(),
            predicate_type: PREDICATE_TYPE.to_owned(),
            predicate,
        })
    }

    /// The one way to write it down.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// A file's entry.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<&Subject> {
        self.subject.iter().find(|subject| subject.name == name)
    }
}
