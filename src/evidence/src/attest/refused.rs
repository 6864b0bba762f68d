//! What is not taken as a statement, and why; each refusal says what to do instead.

use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::tz::TimeZone;
use letterproof_model::{ClauseKind, CriterionId, RETIRED, Results, Verdict, clause, pack};

use crate::EvidenceError;
use crate::attest::{Attestation, NewAttestation, Withdrawal, stated};

/// Longest statement or reason, and longest name or role, in characters.
const STATEMENT_LIMIT: usize = 4_000;
const ROLE_LIMIT: usize = 200;
/// Most files of one attestation.
const FILES_LIMIT: usize = 50;

type Refused = Result<(), EvidenceError>;

fn refused<T>(problem: String) -> Result<T, EvidenceError> {
    Err(EvidenceError::Attestation { problem })
}

/// Refuses what says nothing, whatever the run.
pub(super) fn unfit(new: &NewAttestation, files: &[PathBuf]) -> Refused {
    if clause(&new.criterion).is_none() {
        return unknown(&new.criterion);
    }
    text("statement", &new.statement, STATEMENT_LIMIT)?;
    person(&new.name, &new.role)?;
    // It may be tomorrow already where the fact was.
    let today = new.given_at.to_zoned(TimeZone::UTC).date();
    if new.fact_date > today.tomorrow().unwrap_or(today) {
        let date = new.fact_date;
        return refused(format!(
            "the date of the fact, {date}, is in the future; give the day on which it happened"
        ));
    }
    if files.len() > FILES_LIMIT {
        return refused(format!("more than {FILES_LIMIT} files; attest them in several steps"));
    }
    Ok(())
}

/// Refuses a withdrawal without a reason or a person.
pub(super) fn unfit_withdrawal(withdrawal: &Withdrawal) -> Refused {
    text("reason", &withdrawal.reason, STATEMENT_LIMIT)?;
    person(&withdrawal.name, &withdrawal.role)
}

fn person(name: &str, role: &str) -> Refused {
    text("name", name, ROLE_LIMIT)?;
    text("role", role, ROLE_LIMIT)
}

fn text(what: &str, text: &str, limit: usize) -> Refused {
    if text.trim().is_empty() {
        return refused(format!("the {what} is empty; write it in words"));
    }
    if text.chars().count() > limit {
        return refused(format!("the {what} is longer than {limit} characters"));
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return refused(format!("the {what} holds control characters; use plain text"));
    }
    Ok(())
}

fn unknown(id: &CriterionId) -> Refused {
    let retired = RETIRED.iter().find(|(gone, _)| *gone == id.as_str());
    refused(match retired {
        Some((_, why)) => format!("{id} is no longer a clause of the pack ({why}); {}", taken()),
        None => {
            let id = crate::names::shown(id.as_str());
            format!("`{id}` is not a clause of the pack; {}", taken())
        }
    })
}

/// Which clauses can be stated.
fn taken() -> String {
    let clauses = pack().iter().flat_map(|test| test.clauses);
    let always: Vec<&str> = clauses
        .filter(|clause| clause.kind == ClauseKind::Attestation)
        .map(|clause| clause.id)
        .collect();
    format!(
        "statements are accepted for {}, and for every clause that the run's traffic leaves \
         undecided",
        always.join(", ")
    )
}

/// Refuses a clause that the traffic of the run decided: nobody's word replaces what was recorded.
pub(super) fn decided(id: &CriterionId, results: &Results) -> Refused {
    let mut criteria = results.tests.iter().flat_map(|test| test.checks());
    match criteria.find(|check| check.id == *id).map(|check| check.verdict) {
        Some(verdict @ (Verdict::Pass | Verdict::Fail)) => refused(format!(
            "{id} is judged from traffic ({verdict} in this run); a statement cannot take its \
             place; {}",
            taken()
        )),
        _ => Ok(()),
    }
}

/// Refuses what the same person stated before in the same words, with the same files.
pub(super) fn repeated(new: &Attestation, before: &[Attestation]) -> Refused {
    let said = |one: &Attestation| {
        let words: Vec<String> = one.statement.split_whitespace().map(str::to_lowercase).collect();
        let files: BTreeSet<String> = one.files.iter().map(|file| file.sha256.clone()).collect();
        let name = one.name.as_deref().map(str::to_lowercase);
        (one.criterion.clone(), name, words, files)
    };
    let same = stated(before)
        .into_iter()
        .find(|one| one.withdrawn.is_none() && said(one.given) == said(new));
    match same.map(|one| one.number) {
        Some(number) => refused(format!(
            "statement {number} already says the same; to change its role or date, withdraw it \
             first (--withdraw {number})"
        )),
        None => Ok(()),
    }
}

/// The statement of this number, if it can be withdrawn.
pub(super) fn not_in_force(
    number: usize,
    before: &[Attestation],
) -> Result<&Attestation, EvidenceError> {
    let all = stated(before);
    match all.iter().find(|one| one.number == number) {
        Some(one) if one.withdrawn.is_none() => Ok(one.given),
        Some(_) => refused(format!("statement {number} is already withdrawn")),
        None => {
            let known: Vec<String> = all
                .iter()
                .filter(|one| one.withdrawn.is_none())
                .map(|one| {
                    format!(
                        "{} ({})",
                        one.number,
                        crate::names::shown(one.given.criterion.as_str())
                    )
                })
                .collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            refused(format!("there is no statement {number}; in force: {known}"))
        }
    }
}
