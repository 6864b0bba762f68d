//! The fifteen tests and their criteria.

use letterproof_evidence::{StatementState, stated, statement_state};
use letterproof_model::{Attempt, ClauseKind, CriterionResult, Mode, Results, TestResult, Verdict};
use serde::Serialize;

use super::exchanges::{References, Shelf};
use super::letters::{BeforeAfter, LetterFiles, Moved, Reconciled};
use crate::tables::File;
use crate::{Extras, outcome, words};

/// A verdict as the page shows it: always a word and a sign, never a colour alone.
#[derive(Debug, Serialize)]
pub(super) struct Tag {
    pub(super) slug: &'static str,
    word: &'static str,
}

impl Tag {
    pub(super) fn of(verdict: Verdict) -> Self {
        Self { slug: verdict.as_str(), word: verdict.title() }
    }

    /// For advice that was not followed: nothing was decided by it.
    pub(super) fn advice() -> Self {
        Self { slug: Verdict::Inconclusive.as_str(), word: "Advice" }
    }
}

/// One test.
#[derive(Debug, Serialize)]
pub(super) struct Test {
    id: String,
    title: String,
    need: &'static str,
    selected: bool,
    tag: Tag,
    /// Whether every failed check of it is waived.
    waived: bool,
    passed: u64,
    total: u64,
    took: String,
    how: String,
    attempts: Vec<String>,
    /// Its criteria in brief, for the first screen.
    chips: Vec<Chip>,
    /// Nothing of it was judged, so that its clauses are only listed.
    idle: bool,
    checks: Vec<Criterion>,
    owed: Vec<String>,
    /// Stated, without the file that the clause asks for.
    file_missing: Vec<String>,
    given: Vec<String>,
    not_tested: Vec<Criterion>,
    reconciliation: Vec<Reconciled>,
    /// The file beside the page that lists the test's letters.
    file: Option<String>,
    /// The other tables of the test beside the page.
    tables: Vec<String>,
}

/// A criterion in brief: its number, linked, with a sign.
#[derive(Debug, Serialize)]
struct Chip {
    test: String,
    number: String,
    slug: &'static str,
    word: String,
}

/// One criterion.
#[derive(Debug, Serialize)]
pub(super) struct Criterion {
    pub(super) id: String,
    pub(super) anchor: String,
    clause: String,
    pub(super) tag: Tag,
    waived: Option<String>,
    expected: Option<String>,
    observed: String,
    reason: Option<String>,
    letters: Vec<String>,
    before_after: Option<BeforeAfter>,
    exchanges: References,
    /// The numbers of the statements given for it.
    statements: Vec<usize>,
}

/// What views of tests are made from.
pub(super) struct Desk<'a> {
    pub(super) results: &'a Results,
    pub(super) shelf: &'a Shelf<'a>,
    pub(super) files: &'a LetterFiles,
    pub(super) moved: &'a Moved<'a>,
    pub(super) extras: &'a Extras,
    pub(super) tables: &'a [File],
}

impl Desk<'_> {
    pub(super) fn test(&self, test: &TestResult) -> Test {
        let counts = test.check_counts();
        let of_kind = |kind| test.criteria.iter().filter(move |c| c.kind == kind);
        let elapsed = words::took_us(test);
        let how = match test.mode {
            Mode::Driven => {
                ". letterproof made these calls itself; the supplier's system was not tested"
            }
            Mode::Observed => ", observed",
            Mode::Attested => ", attested",
        };
        let statements = |state| {
            let of_it = test.criteria.iter().filter(move |c| self.statement(c) == state);
            of_it.map(|criterion| criterion.id.to_string()).collect()
        };
        Test {
            id: test.id.to_string(),
            title: test.title.clone(),
            need: if test.required { "Required" } else { "Optional" },
            selected: test.selected,
            tag: Tag::of(test.verdict),
            waived: outcome::is_test_waived(test, self.results),
            passed: counts.get(Verdict::Pass),
            total: test.checks().count() as u64,
            took: if elapsed > 0 { words::duration_us(elapsed) } else { String::new() },
            how: how.to_owned(),
            attempts: attempts(test),
            chips: test.criteria.iter().map(|criterion| self.chip(criterion)).collect(),
            idle: test.checks().all(|c| c.verdict == Verdict::NotRun),
            checks: of_kind(ClauseKind::Check).map(|c| self.criterion(c)).collect(),
            owed: statements(StatementState::Owed),
            file_missing: statements(StatementState::FileMissing),
            given: statements(StatementState::Given),
            not_tested: of_kind(ClauseKind::NotTested).map(|c| self.criterion(c)).collect(),
            reconciliation: self.files.reconciliation(test.id),
            file: self.files.name(test.id),
            tables: self
                .tables
                .iter()
                .map(|(name, _)| name.clone())
                .filter(|name| name.split('/').next() == Some(test.id.to_string().as_str()))
                .collect(),
        }
    }

    fn statement(&self, criterion: &CriterionResult) -> StatementState {
        statement_state(&criterion.id, criterion.verdict, &self.extras.attestations)
    }

    fn chip(&self, criterion: &CriterionResult) -> Chip {
        let id = criterion.id.as_str();
        let (test, number) = id.split_once('.').unwrap_or((id, ""));
        let (slug, word) = match criterion.kind {
            ClauseKind::Attestation => match self.statement(criterion) {
                StatementState::Given => ("given", "stated".to_owned()),
                StatementState::FileMissing => {
                    ("owed", StatementState::FileMissing.words().to_owned())
                }
                StatementState::Owed => ("owed", "a statement is still needed".to_owned()),
                StatementState::NotAsked => {
                    (Verdict::NotApplicable.as_str(), "no statement is asked for".to_owned())
                }
            },
            ClauseKind::NotTested => ("not-run", "not tested".to_owned()),
            ClauseKind::Check => {
                let word = criterion.verdict.title().to_lowercase();
                let used = outcome::waiver_of(self.results, id, criterion.verdict);
                let word = if used.is_some() { format!("{word}, waived") } else { word };
                (criterion.verdict.as_str(), word)
            }
        };
        Chip { test: test.to_owned(), number: number.to_owned(), slug, word }
    }

    pub(super) fn criterion(&self, criterion: &CriterionResult) -> Criterion {
        let used = outcome::waiver_of(self.results, criterion.id.as_str(), criterion.verdict);
        Criterion {
            id: criterion.id.to_string(),
            anchor: criterion.id.to_string(),
            clause: criterion.clause.clone(),
            tag: Tag::of(criterion.verdict),
            waived: used.map(outcome::waiver_words),
            // The clause often says it all: do not say it twice.
            expected: (criterion.expected != criterion.clause).then(|| criterion.expected.clone()),
            observed: criterion.observed.clone(),
            reason: criterion.reason.clone(),
            letters: criterion.letters.iter().map(ToString::to_string).collect(),
            before_after: self.moved.show(criterion),
            exchanges: self.shelf.criterion(criterion),
            statements: stated(&self.extras.attestations)
                .iter()
                .filter(|one| one.given.criterion == criterion.id)
                .map(|one| one.number)
                .collect(),
        }
    }
}

/// One line for each attempt: none is dropped, and a single one needs no number.
fn attempts(test: &TestResult) -> Vec<String> {
    let many = test.attempts.len() > 1;
    let line = |(at, attempt): (usize, &Attempt)| {
        let number = if many { format!("Attempt {}: ", at + 1) } else { String::new() };
        let took = attempt.finished.map_or_else(
            || "interrupted".to_owned(),
            |finished| words::duration_us(words::between_us(attempt.started, finished)),
        );
        let range = match &attempt.exchanges {
            Some((first, last)) => format!(", {first} to {last}"),
            None => String::new(),
        };
        let outcome = attempt.outcome.as_ref().map(|o| format!(": {o}")).unwrap_or_default();
        format!("{number}{}, {took}{range}{outcome}", words::time_of_day(attempt.started))
    };
    test.attempts.iter().enumerate().map(line).collect()
}
