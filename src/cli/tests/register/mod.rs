//! The coverage register: every clause of the pack with its judge and with what turns it red, and
//! every check of the conformance suite and of what an observer sees.
//!
//! Rows are taken from the pack, the judges' sources, the kill matrix and the hand-written
//! journals; nothing is typed in twice. Refuses to believe a label: a fault counts for a criterion
//! only where the self-test saw it turn red, a journal only when judging it fails that clause and
//! no other.

mod render;

pub(crate) use render::{csv, markdown};

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use letterproof_judge::conformance::conformance_checks;
use letterproof_judge::observer_checks;
use letterproof_model::{ClauseKind, PackRow, TestDefinition, Verdict, pack};

use crate::journals::failing::failing;
use crate::journals::observed::{every_watched, observed};
use crate::journals::{judge_every, with_verdict};

/// What the self-test found, committed; CI refuses a stale one.
pub(crate) const MATRIX: &str = "reports/matrix.csv";
/// Where the hand-written journals are.
pub(crate) const JOURNALS: &str = "src/judge/tests/support/failing.rs";
/// Where those of the observer's checks are.
pub(crate) const WATCHED: &str = "src/judge/tests/support/observed.rs";

/// The register.
pub(crate) struct Register {
    pub(crate) tests: Vec<Test>,
    pub(crate) conformance: Vec<Check>,
    pub(crate) observer: Vec<Check>,
}

/// An acceptance test and its clauses.
pub(crate) struct Test {
    pub(crate) definition: &'static TestDefinition,
    pub(crate) clauses: Vec<Row>,
}

/// A clause of the pack.
pub(crate) struct Row {
    pub(crate) id: &'static str,
    /// The pack's row; empty where none speaks of it.
    pub(crate) source: &'static str,
    /// How far the pack carries it.
    pub(crate) strength: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) text: &'static str,
    /// What to attach, or why it is not tested.
    pub(crate) note: &'static str,
    /// The judge's file from the workspace's root; empty where nothing is judged.
    pub(crate) judge: String,
    /// Faults of either catalogue that turned it red.
    pub(crate) faults: Vec<String>,
    /// Whether a hand-written journal fails it and nothing else.
    pub(crate) journal: bool,
}

/// A check beside the pack.
pub(crate) struct Check {
    pub(crate) id: &'static str,
    pub(crate) clause: &'static str,
    pub(crate) source: &'static str,
    pub(crate) judge: String,
    /// Faults of either catalogue that turned it red.
    pub(crate) faults: Vec<String>,
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
        let killers = killers();
        let faults_of = |id: &str| killers.get(id).cloned().unwrap_or_default();
        let tests = pack().iter().map(|definition| Test {
            definition,
            clauses: definition
                .clauses
                .iter()
                .map(|clause| Row {
                    id: clause.id,
                    source: clause.source.map_or("", PackRow::as_str),
                    strength: clause.strength.as_str(),
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
        let sources = sources_in("src/judge/src/supplier/conformance");
        let conformance = conformance_checks().iter().map(|check| Check {
            id: check.id,
            clause: check.clause,
            source: check.source,
            judge: file_naming(check.id, &sources),
            faults: faults_of(check.id),
            journal: false,
        });
        let sources = sources_in("src/judge/src/supplier/observer");
        let bites = biting_observers();
        let observer = observer_checks().iter().map(|check| Check {
            id: check.id,
            clause: check.clause,
            source: check.source,
            judge: file_naming(check.id, &sources),
            faults: faults_of(check.id),
            journal: bites.contains(check.id),
        });
        Self {
            tests: tests.collect(),
            conformance: conformance.collect(),
            observer: observer.collect(),
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
    format!("src/judge/src/supplier/at{:02}.rs", test.id.number())
}

/// For each criterion and check, the faults that the kill matrix saw turn it red.
fn killers() -> BTreeMap<String, Vec<String>> {
    let path = root().join(MATRIX);
    let matrix = std::fs::read_to_string(&path).unwrap();
    let mut killers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    // An honest variation kills nothing.
    for line in matrix.lines().skip(1).filter(|line| !line.starts_with("honest,")) {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells.len(), 6, "{MATRIX}: {line}");
        for id in cells[5].split_whitespace() {
            killers.entry(id.to_owned()).or_default().push(cells[1].to_owned());
        }
    }
    killers
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
