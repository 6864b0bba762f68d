//! What people state: owed, and given with what they attached. It stands apart from everything
//! that was judged.

use letterproof_evidence::{AttachedFile, Attestation, Stated, stated, statement_state};
use letterproof_model::{ClauseKind, CriterionId, Results, clause};
use serde::Serialize;

use crate::{outcome, words};

/// Statements owed and given.
#[derive(Debug, Serialize)]
pub(super) struct Statements {
    clauses: Vec<Owed>,
    given: Vec<Given>,
}

/// A clause that needs a statement.
#[derive(Debug, Serialize)]
struct Owed {
    id: String,
    test: String,
    clause: String,
    attach: String,
    /// What became of it, in words.
    state: &'static str,
    is_owed: bool,
}

/// A statement.
#[derive(Debug, Serialize)]
struct Given {
    anchor: String,
    criterion: String,
    clause: String,
    statement: String,
    by: String,
    /// When it was given, and of which day it speaks.
    dated: String,
    files: Vec<FileView>,
    withdrawn: Option<Withdrawn>,
}

/// That a statement is withdrawn, by whom, when and why.
#[derive(Debug, Serialize)]
struct Withdrawn {
    by: String,
    at: String,
    reason: String,
}

#[derive(Debug, Serialize)]
struct FileView {
    path: String,
    name: String,
    kind: String,
    size: String,
    sha256: String,
}

/// Words what is owed and given.
pub(super) fn statements(results: &Results, given: &[Attestation]) -> Statements {
    let clauses = outcome::shown_tests(results).flat_map(|test| {
        test.criteria.iter().filter(|c| c.kind == ClauseKind::Attestation).map(move |c| (test, c))
    });
    Statements {
        clauses: clauses
            .map(|(test, criterion)| {
                let state = statement_state(&criterion.id, criterion.verdict, given);
                Owed {
                    id: criterion.id.to_string(),
                    test: test.id.to_string(),
                    clause: criterion.clause.clone(),
                    attach: clause(&criterion.id)
                        .map(|clause| clause.note.to_owned())
                        .filter(|note| !note.is_empty())
                        .unwrap_or_else(|| criterion.expected.clone()),
                    state: state.words(),
                    is_owed: state.is_owed(),
                }
            })
            .collect(),
        given: stated(given).iter().map(view).collect(),
    }
}

fn view(one: &Stated<'_>) -> Given {
    let attestation = one.given;
    let criterion = &attestation.criterion;
    let given_at = words::date(attestation.given_at);
    Given {
        anchor: format!("statement-{}", one.number),
        criterion: criterion.to_string(),
        clause: clause(criterion).map(|clause| clause.text.to_owned()).unwrap_or_default(),
        statement: attestation.statement.clone(),
        by: attestation.by(),
        dated: match attestation.fact_date {
            Some(date) => format!("{given_at}, of {}", words::day(date)),
            None => given_at,
        },
        files: attestation.files.iter().map(|attached| file(attached, criterion)).collect(),
        withdrawn: one.withdrawn.map(|by| Withdrawn {
            by: by.by(),
            at: words::date(by.given_at),
            reason: by.statement.clone(),
        }),
    }
}

fn file(attached: &AttachedFile, criterion: &CriterionId) -> FileView {
    FileView {
        path: attached.path(criterion),
        name: attached.name.clone(),
        kind: attached.media_type.clone(),
        size: words::counted(attached.size, "byte", "bytes"),
        sha256: attached.sha256.clone(),
    }
}
