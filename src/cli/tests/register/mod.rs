//! The coverage register: every clause of the pack with its judge and with what turns it red, and
//! every check of the conformance suite and of what an observer sees.
//!
//! Rows are taken from the pack, the judges' sources, the fault catalogue and the hand-written
//! journals; nothing is typed in twice. Refuses to believe a label: a journal counts for a clause
//! only when judging it fails that clause and no other.

mod render;

pub(crate) use render::{csv, markdown};

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use letterproof_judge::conformance::conformance_checks;
use letterproof_judge::observer_checks;
use letterproof_mock::fault_catalogue;
use letterproof_model::{ClauseKind, ClauseSource, TestDefinition, Verdict, pack};

use crate::journals::failing::failing;
use crate::journals::observed::{every_watched, observed};
use crate::journals::{judge_every, with_verdict};

/// Where the hand-written journals are.
pub(crate) const JOURNALS: &str = "src/judge/tests/support/failing.rs";
/// Where those of the observer's checks are.
pub(crate) const WATCHED: &str = "src/judge/tests/support/observed.rs";

/// The register.
pub(crate) struct Register {
    pub(crate) tests: Vec<Test>,
    pub(crate) conformance: Vec<Check>,
    pub(crate) observer: Vec<Check>,
    /// Faults that no clause of the pack notices, and the checks that do.
    pub(crate) beyond_the_pack: Vec<(&'static str, String)>,
}

/// An acceptance test and its clauses.
pub(crate) struct Test {
    pub(crate) definition: &'static TestDefinition,
    pub(crate) clauses: Vec<Row>,
}

/// A clause of the pack.
pub(crate) struct Row {
    pub(crate) id: &'static str,
    pub(crate) column: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) text: &'static str,
    /// What to attach, or why it is not tested.
    pub(crate) note: &'static str,
    /// The judge's file from the workspace's root; empty where nothing is judged.
    pub(crate) judge: String,
    /// Faults of the double that the catalogue says turn it red.
    pub(crate) faults: Vec<&'static str>,
    /// Whether a hand-written journal fails it and nothing else.
    pub(crate) journal: bool,
}

/// A check beside the pack.
pub(crate) struct Check {
    pub(crate) id: &'static str,
    pub(crate) clause: &'static str,
    pub(crate) source: &'static str,
    pub(crate) judge: String,
    /// Whether a hand-written journal fails it and another passes it.
    pub(crate) journal: bool,
}

impl Register {
    /// Gathers the register.
    pub(crate) fn gather() -> Self {
        let red: BTreeSet<String> = judged_journals()
            .into_iter()
            .filter_map(|(id, failed)| (failed == [id.clone()]).then_some(id))
            .collect();
        let tests = pack().iter().map(|definition| Test {
            definition,
            clauses: definition
                .clauses
                .iter()
                .map(|clause| Row {
                    id: clause.id,
                    column: match clause.source {
                        ClauseSource::Precondition => "precondition",
                        ClauseSource::Acceptance => "acceptance",
                        ClauseSource::Evidence => "evidence",
                    },
                    kind: match clause.kind {
                        ClauseKind::Check => "check",
                        ClauseKind::Attestation => "attestation",
                        ClauseKind::NotTested => "not tested",
                    },
                    text: clause.text,
                    note: clause.note,
                    judge: match clause.kind {
                        ClauseKind::Check => judge_of(definition),
                        _ => String::new(),
                    },
                    faults: faults_of(clause.id),
                    journal: red.contains(clause.id),
                })
                .collect(),
        });
        let sources = sources_in("src/judge/src/conformance");
        let conformance = conformance_checks().iter().map(|check| Check {
            id: check.id,
            clause: check.clause,
            source: check.source,
            judge: file_naming(check.id, &sources),
            journal: false,
        });
        let sources = sources_in("src/judge/src/observer");
        let bites = biting_observers();
        let observer = observer_checks().iter().map(|check| Check {
            id: check.id,
            clause: check.clause,
            source: check.source,
            judge: file_naming(check.id, &sources),
            journal: bites.contains(check.id),
        });
        let beyond = fault_catalogue()
            .iter()
            .filter(|fault| fault.criteria.is_empty() && !fault.is_harmless());
        Self {
            tests: tests.collect(),
            conformance: conformance.collect(),
            observer: observer.collect(),
            beyond_the_pack: beyond.map(|fault| (fault.name, fault.checks.join(", "))).collect(),
        }
    }

    /// Every clause of the pack.
    pub(crate) fn clauses(&self) -> impl Iterator<Item = &Row> {
        self.tests.iter().flat_map(|test| &test.clauses)
    }
}

/// For each hand-written journal the clause it was written for, and the clauses it fails.
pub(crate) fn judged_journals() -> Vec<(String, Vec<String>)> {
    let judged = |script| with_verdict(&judge_every(&script), Verdict::Fail).into_iter().collect();
    failing().into_iter().map(|(id, script)| (id.to_owned(), judged(script))).collect()
}

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn judge_of(test: &TestDefinition) -> String {
    format!("src/judge/src/at{:02}.rs", test.id.number())
}

fn faults_of(clause: &str) -> Vec<&'static str> {
    let catalogue = fault_catalogue().iter();
    catalogue.filter(|fault| fault.criteria.contains(&clause)).map(|fault| fault.name).collect()
}

/// The observer's checks that one journal fails and another passes.
fn biting_observers() -> BTreeSet<&'static str> {
    let ends = |id: &str, script, verdict| {
        observed(script).iter().any(|check| check.id.as_str() == id && check.verdict == verdict)
    };
    every_watched()
        .iter()
        .filter(|case| ends(case.id, &case.red, Verdict::Fail))
        .filter(|case| ends(case.id, &case.green, Verdict::Pass))
        .map(|case| case.id)
        .collect()
}

/// The sources of a folder of judges, by path from the workspace's root.
fn sources_in(folder: &str) -> BTreeMap<String, String> {
    let files = std::fs::read_dir(root().join(folder)).unwrap();
    files
        .map(|file| {
            let file = file.unwrap();
            let name = format!("{folder}/{}", file.file_name().to_string_lossy());
            (name, std::fs::read_to_string(file.path()).unwrap())
        })
        .collect()
}

/// The one file that names a check.
fn file_naming(id: &str, sources: &BTreeMap<String, String>) -> String {
    let quoted = format!("\"{id}\"");
    let naming: Vec<&String> =
        sources.iter().filter(|(_, text)| text.contains(&quoted)).map(|(name, _)| name).collect();
    assert_eq!(naming.len(), 1, "{id} stands in {naming:?}");
    naming[0].clone()
}
