//! Questions to ask next: everything that a run leaves open, with where to read on. It answers none
//! of them, and leaves none out.

use letterproof_evidence::{Attestation, StatementState, stated, statement_state};
use letterproof_model::{
    CriterionResult, FindingKind, Proof, Results, TestResult, Verdict, clause, is_waived,
};
use serde::Serialize;

use crate::{outcome, words};

/// What is open for one reason, and what to ask about it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Questions {
    /// The reason, as scripts know it.
    pub(crate) kind: &'static str,
    pub(crate) title: &'static str,
    pub(crate) ask: &'static str,
    pub(crate) items: Vec<Open>,
}

/// One thing that is open.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Open {
    /// The test, criterion or finding.
    pub(crate) id: String,
    /// Where `index.html` tells more.
    pub(crate) anchor: String,
    /// Why it is open; empty where the question says it all.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) why: String,
}

impl Open {
    fn of(id: impl ToString, why: impl Into<String>) -> Self {
        let id = id.to_string();
        Self { anchor: id.clone(), id, why: why.into() }
    }
}

/// Everything that a run leaves open; a reason for which nothing is open is left out.
pub(crate) fn questions(results: &Results, attestations: &[Attestation]) -> Vec<Questions> {
    let group = |kind, title, ask, items| Questions { kind, title, ask, items };
    let groups = [
        group(
            "failed",
            "Failed",
            "What went wrong, and when will it be shown again?",
            failed(results),
        ),
        group(
            "inconclusive",
            "Inconclusive",
            "What would decide it?",
            undecided(results, &[Verdict::Inconclusive, Verdict::Error]),
        ),
        group(
            "not-run",
            "Not run",
            "When will it be shown, or why does it not apply?",
            not_run(results),
        ),
        group(
            "owed",
            "Statements still needed",
            "Who states it, and with what attached?",
            owed(results, attestations),
        ),
        group(
            "waived",
            "Waived",
            "Is the agreement still right, and what happens when it ends?",
            results.waivers.iter().map(waiver).collect(),
        ),
        not_the_suppliers_own(results),
        not_at_int(results),
        group("deviating", "Deviating", "Is it known, and who will fix it?", deviating(results)),
    ];
    groups.into_iter().filter(|group| !group.items.is_empty()).collect()
}

fn why(criterion: &CriterionResult) -> String {
    criterion.reason.clone().unwrap_or_else(|| criterion.observed.clone())
}

fn failed(results: &Results) -> Vec<Open> {
    let pack = outcome::shown_tests(results).flat_map(TestResult::checks);
    let broken = results.observer.iter().filter(|check| check.is_broken());
    let is_open = |criterion: &&CriterionResult| {
        criterion.verdict == Verdict::Fail
            && !is_waived(&criterion.id, criterion.verdict, &results.waivers)
    };
    pack.chain(broken.flat_map(|check| &check.criteria))
        .filter(is_open)
        .map(|criterion| Open::of(&criterion.id, criterion.observed.clone()))
        .collect()
}

/// The criteria of tests that ran, and of the suites beside the pack, with one of these verdicts.
fn undecided(results: &Results, wanted: &[Verdict]) -> Vec<Open> {
    let pack =
        outcome::shown_tests(results).filter(|test| !is_idle(test)).flat_map(TestResult::checks);
    let beside = results.conformance.iter().chain(&results.observer);
    pack.chain(beside.flat_map(|check| &check.criteria))
        .filter(|criterion| wanted.contains(&criterion.verdict))
        .map(|criterion| Open::of(&criterion.id, why(criterion)))
        .collect()
}

/// Whether nothing of a test was judged.
fn is_idle(test: &TestResult) -> bool {
    let idle = |verdict| matches!(verdict, Verdict::NotRun | Verdict::NotApplicable);
    test.checks().all(|check| idle(check.verdict))
}

/// Whole tests that were not run, and the criteria of others that were not.
fn not_run(results: &Results) -> Vec<Open> {
    let tests = outcome::shown_tests(results).filter(|test| is_idle(test)).map(|test| {
        let need = if test.required { "required" } else { "optional" };
        let reason = test.checks().next().map(why).unwrap_or_default();
        Open::of(test.id, format!("{need}: {reason}"))
    });
    let rest = undecided(results, &[Verdict::NotRun, Verdict::NotApplicable]);
    tests.chain(rest.into_iter().filter(|open| open.id.starts_with("AT"))).collect()
}

/// Clauses that only a person can state and nobody has, or without the file that they ask for; and
/// statements that were withdrawn.
fn owed(results: &Results, attestations: &[Attestation]) -> Vec<Open> {
    let withdrawn = stated(attestations).into_iter().filter(|one| one.withdrawn.is_some());
    let withdrawn: Vec<_> = withdrawn.map(|one| &one.given.criterion).collect();
    outcome::shown_tests(results)
        .flat_map(|test| &test.criteria)
        .map(|criterion| {
            (criterion, statement_state(&criterion.id, criterion.verdict, attestations))
        })
        .filter(|(_, state)| state.is_owed())
        .map(|(criterion, state)| {
            let note = clause(&criterion.id).map(|clause| clause.note).unwrap_or_default();
            let mut why = criterion.clause.clone();
            if !note.is_empty() {
                why.push_str(&format!(" To attach: {note}."));
            }
            if state == StatementState::FileMissing {
                why.push_str(" It is stated, but its evidence is missing.");
            }
            if withdrawn.contains(&&criterion.id) {
                why.push_str(" A statement was withdrawn.");
            }
            Open::of(&criterion.id, why)
        })
        .collect()
}

fn waiver(used: &letterproof_model::WaiverUse) -> Open {
    let mut open = Open::of(&used.waiver.id, outcome::waiver_words(used));
    open.anchor = "waivers".to_owned();
    open
}

/// What passed without the supplier's own system, or without anybody of ours watching.
fn not_the_suppliers_own(results: &Results) -> Questions {
    let (kind, title, ask) = match results.run.standing().word {
        Proof::Driven => {
            ("driven-only", "Driven only", "How does the supplier's own system show it?")
        }
        Proof::Imported => (
            "imported",
            "Recorded elsewhere",
            "Who recorded it, with what, and is anything left out?",
        ),
        Proof::Witnessed | Proof::Attested => {
            return Questions { kind: "", title: "", ask: "", items: vec![] };
        }
    };
    Questions { kind, title, ask, items: passed(results) }
}

/// What passed where nothing counts yet.
fn not_at_int(results: &Results) -> Questions {
    let title = match outcome::rehearsed(results) {
        Some("on a mock") => "Shown on a mock only",
        Some(_) => "Shown at the sandbox only",
        None => return Questions { kind: "", title: "", ask: "", items: vec![] },
    };
    Questions {
        kind: "not-at-int",
        title,
        ask: "INT is still to come: when will it be shown there?",
        items: passed(results),
    }
}

fn passed(results: &Results) -> Vec<Open> {
    let passed = outcome::shown_tests(results).filter(|test| test.verdict == Verdict::Pass);
    passed.map(|test| Open::of(test.id, "")).collect()
}

/// Findings but notes, and broken checks of the contract that no finding names.
fn deviating(results: &Results) -> Vec<Open> {
    let findings = results.findings.iter().filter(|finding| finding.kind != FindingKind::Note);
    let mut open: Vec<Open> = findings
        .map(|finding| {
            let kind = words::finding_kind(finding.kind);
            let times = words::counted(finding.count, "time", "times");
            let why = format!("{} ({}, seen {times})", finding.title, kind.to_lowercase());
            let anchor = words::finding_anchor(finding);
            Open { id: finding.id.clone(), anchor, why }
        })
        .collect();
    for check in results.conformance.iter().filter(|check| check.is_broken()) {
        if !open.iter().any(|known| known.id == check.id.as_str()) {
            open.push(Open::of(&check.id, check.title.clone()));
        }
    }
    open
}
