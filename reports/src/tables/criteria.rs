//! The criteria of one test, a row each.

use letterproof_model::{ClauseKind, CriterionResult, Results, TestResult};

use crate::{csv, waived, words};

const HEADINGS: [&str; 12] = [
    "criterion",
    "kind",
    "clause",
    "verdict",
    "mode",
    "expected",
    "observed",
    "reason",
    "exchanges",
    "exchange_count",
    "letters",
    "waived",
];

/// The file.
pub(super) fn csv(test: &TestResult, results: &Results) -> String {
    let mut file = String::new();
    csv::line(&mut file, &HEADINGS);
    for criterion in &test.criteria {
        line(&mut file, criterion, results);
    }
    file
}

fn line(file: &mut String, criterion: &CriterionResult, results: &Results) {
    let used = waived::waiver_of(results, criterion.id.as_str(), criterion.verdict);
    csv::line(
        file,
        &[
            criterion.id.as_str(),
            match criterion.kind {
                ClauseKind::Check => "check",
                ClauseKind::Attestation => "attestation",
                ClauseKind::NotTested => "not-tested",
            },
            &criterion.clause,
            criterion.verdict.words(),
            words::mode(criterion.mode),
            &criterion.expected,
            &criterion.observed,
            criterion.reason.as_deref().unwrap_or_default(),
            &joined(criterion.exchanges.iter().map(|id| id.as_str())),
            &criterion.exchange_count.to_string(),
            &joined(criterion.letters.iter().map(|id| id.as_str())),
            &used.map(waived::words).unwrap_or_default(),
        ],
    );
}

fn joined<'a>(ids: impl Iterator<Item = &'a str>) -> String {
    ids.collect::<Vec<_>>().join(" ")
}
