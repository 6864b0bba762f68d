//! What is concluded from whole results: differences, readiness, gates and load figures. Every line
//! and demand is seen to turn both ways.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

#[path = "../../../evidence/tests/common/mod.rs"]
mod common;
mod differences;
mod gates;
mod measured;
mod ready;

use std::fs;

use common::{results, tested};
use jiff::SignedDuration;
use letterproof_evidence::{
    AttachedFile, Attestation, Opened, StatementState, read_measured, statement_state,
};
use letterproof_harness::{
    Demand, Demands, DifferenceKind, Need, Readiness, Submission, diff, gate, readiness,
};
use letterproof_model::{
    About, Attempt, Capability, CheckResult, ClauseKind, Context, CriterionId, CriterionResult,
    Finding, FindingKind, LetterStatus, Mode, Performance, Place, Proof, Results, RunId, SeenHost,
    Standing, SupplierKind, TestId, Timestamp, Verdict, Waiver, WaiverState, WaiverUse, pack,
};

const INT: &str = "https://int.api.service.nhs.uk/nhs-notify-supplier";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

fn check(id: &str, verdict: Verdict) -> CriterionResult {
    CriterionResult {
        id: CriterionId::from(id),
        kind: ClauseKind::Check,
        clause: "c".into(),
        verdict,
        mode: Mode::Driven,
        expected: "e".into(),
        observed: format!("{id} was seen"),
        exchanges: vec![],
        exchange_count: 0,
        letters: vec![],
        reason: None,
    }
}

/// A standing whose calls INT answered.
fn stood(word: Proof, place: Place) -> Standing {
    let host = SeenHost { host: "int.api.service.nhs.uk".into(), certificate: None };
    Standing { word, place, mock_answers: place == Place::Mock, hosts: vec![host] }
}

/// The same run with another standing, so many seconds later.
fn stands(mut run: Results, word: Proof, place: Place, later: i64) -> Results {
    run.run.standing = Some(stood(word, place));
    run.run.finished = at(later);
    run
}

/// A run of the supplier's own system against INT in which every test of the pack passed.
fn whole(id: &'static str) -> Results {
    let mut whole = results();
    whole.run.id = RunId::from(id);
    whole.run.target.name = "int".into();
    whole.run.target.base_url = INT.into();
    whole.run.standing = Some(stood(Proof::Witnessed, Place::IntClaimed));
    whole.run.target.capabilities = vec![Capability::Stateful];
    whole.run.finished = at(0);
    whole.tests = pack()
        .iter()
        .map(|test| {
            let mut result = tested(test.id.number(), Verdict::Pass);
            result.required = test.required;
            result.criteria = vec![check(&format!("{}.1", test.id), Verdict::Pass)];
            result
        })
        .collect();
    whole
}

/// The same with one test and its first criterion ended so.
fn with(mut run: Results, number: usize, verdict: Verdict) -> Results {
    run.tests[number - 1].verdict = verdict;
    run.tests[number - 1].criteria[0].verdict = verdict;
    run
}

fn waived(id: &str, state: WaiverState) -> WaiverUse {
    let waiver = Waiver {
        id: id.into(),
        reason: "until release 4.2".into(),
        agreed_by: "NHS".into(),
        reference: "SUP-118".into(),
        date: "2026-01-01".parse().unwrap(),
        expires: "2026-12-31".parse().unwrap(),
        line: 3,
    };
    WaiverUse { waiver, state }
}

fn finding(id: &str, about: About, kind: FindingKind, count: u64) -> Finding {
    Finding {
        id: id.into(),
        about,
        kind,
        title: "t".into(),
        expected: "e".into(),
        observed: "o".into(),
        source: "s".into(),
        exchanges: vec![],
        count,
    }
}
