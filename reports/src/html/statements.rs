//! What people state: owed, and given with what they attached. It stands apart from everything
//! that was judged.

use letterproof_evidence::{AttachedFile, Attestation};
use letterproof_model::{ClauseKind, CriterionId, Results, Verdict, clause};
use serde::Serialize;

use crate::words;

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
    given: bool,
}

/// A statement.
#[derive(Debug, Serialize)]
struct Given {
    anchor: String,
    criterion: String,
    clause: String,
    statement: String,
    role: String,
    given_at: String,
    files: Vec<FileView>,
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
    let clauses = results.tests.iter().flat_map(|test| {
        test.criteria.iter().filter(|c| c.kind == ClauseKind::Attestation).map(move |c| (test, c))
    });
    Statements {
        clauses: clauses
            .map(|(test, criterion)| Owed {
                id: criterion.id.to_string(),
                test: test.id.to_string(),
                clause: criterion.clause.clone(),
                attach: clause(&criterion.id)
                    .map(|clause| clause.note.to_owned())
                    .filter(|note| !note.is_empty())
                    .unwrap_or_else(|| criterion.expected.clone()),
                given: criterion.verdict == Verdict::Pass
                    || given.iter().any(|given| given.criterion == criterion.id),
            })
            .collect(),
        given: given.iter().enumerate().map(|(at, attestation)| view(at, attestation)).collect(),
    }
}

fn view(at: usize, attestation: &Attestation) -> Given {
    let criterion = &attestation.criterion;
    Given {
        anchor: format!("statement-{}", at + 1),
        criterion: criterion.to_string(),
        clause: clause(criterion).map(|clause| clause.text.to_owned()).unwrap_or_default(),
        statement: attestation.statement.clone(),
        role: attestation.role.clone(),
        given_at: words::date(attestation.given_at),
        files: attestation.files.iter().map(|attached| file(attached, criterion)).collect(),
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
