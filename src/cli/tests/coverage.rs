//! The coverage register: up to date, and true as far as can be shown without traffic.
//! Refuses a check of the pack that nothing can turn red.

#![allow(clippy::unwrap_used, reason = "the helpers of these tests are tests too")]

#[path = "../../judge/tests/support/mod.rs"]
mod journals;
mod register;

use std::path::Path;

use letterproof_mock::fault_catalogue;
use letterproof_model::{ClauseKind, CriterionId, EVIDENCE_ONLY, clause};
use register::{Register, csv, judged_journals, markdown, root};

/// What rewrites the register.
const REFRESH: &str = "LETTERPROOF_UPDATE=1 cargo test -p letterproof-cli --test coverage";

#[test]
fn the_register_is_up_to_date() {
    let register = Register::gather();
    let mut stale = Vec::new();
    for (name, wanted) in [("coverage.md", markdown(&register)), ("coverage.csv", csv(&register))] {
        let path = root().join("reports").join(name);
        if std::env::var_os("LETTERPROOF_UPDATE").is_some() {
            std::fs::write(&path, wanted).unwrap();
        } else if committed(&path) != wanted {
            stale.push(format!("reports/{name}"));
        }
    }
    assert!(stale.is_empty(), "{} is stale; refresh with: {REFRESH}", stale.join(" and "));
}

/// A file as it was committed: some systems check it out with other line ends.
fn committed(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default().replace("\r\n", "\n")
}

#[test]
fn a_fault_turned_every_check_red() {
    let register = Register::gather();
    let clauses = register.clauses().filter(|row| row.kind == "check");
    let checks = register.conformance.iter().chain(&register.observer);
    let proven: Vec<(&str, bool)> = clauses
        .map(|row| (row.id, !row.faults.is_empty()))
        .chain(checks.map(|check| (check.id, !check.faults.is_empty())))
        .collect();
    assert!(proven.len() > 200, "{}", proven.len());
    let bare: Vec<&str> = proven.iter().filter(|(_, proven)| !proven).map(|(id, _)| *id).collect();
    assert_eq!(bare, EVIDENCE_ONLY, "a fault turned each of the others red");
}

#[test]
fn a_hand_written_journal_turns_every_check_of_the_pack_red() {
    let register = Register::gather();
    let bare: Vec<&str> = register
        .clauses()
        .filter(|row| row.kind == "check" && !row.journal)
        .map(|row| row.id)
        .collect();
    assert_eq!(bare, EVIDENCE_ONLY, "a journal turns each of the others red");
}

#[test]
fn every_clause_named_by_a_fault_is_a_check_of_the_pack() {
    for fault in fault_catalogue() {
        for id in fault.criteria {
            let clause = clause(&CriterionId::fixed(id));
            let kind = clause.map(|clause| clause.kind);
            assert_eq!(kind, Some(ClauseKind::Check), "{} names {id}", fault.name);
        }
    }
}

#[test]
fn every_journal_turns_its_clause_red_and_no_other() {
    let judged = judged_journals();
    assert!(!judged.is_empty());
    for (id, failed) in judged {
        assert_eq!(failed, [id.as_str()], "the journal written for {id}");
    }
}

#[test]
fn every_check_of_an_observer_has_a_journal_that_fails_it_and_one_that_passes_it() {
    let register = Register::gather();
    let bare: Vec<&str> =
        register.observer.iter().filter(|check| !check.journal).map(|check| check.id).collect();
    assert!(bare.is_empty() && !register.observer.is_empty(), "{bare:?}");
}

#[test]
fn every_judge_that_the_register_names_is_there() {
    let register = Register::gather();
    let judges = register.clauses().map(|row| &row.judge);
    let checks = register.conformance.iter().chain(&register.observer);
    for judge in judges.chain(checks.map(|check| &check.judge)) {
        assert!(judge.is_empty() || root().join(judge).is_file(), "{judge}");
    }
}

#[test]
fn what_is_not_checked_says_what_to_attach_or_why() {
    for row in Register::gather().clauses().filter(|row| row.kind != "check") {
        assert!(!row.note.is_empty() && row.judge.is_empty(), "{}", row.id);
    }
}
