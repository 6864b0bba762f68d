//! A few real entries of both catalogues, judges that were broken on purpose, and what a matrix
//! says of it all.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use letterproof_contract::Contract;
use letterproof_judge::{Head, conclude};
use letterproof_model::{
    Brief, CheckResult, Journal as _, Recording, Results, RunId, ToolInfo, Verdict, now,
};
use letterproof_selftest::{Judges, Matrix, Options, SelftestError, run};

fn judged(recording: &Recording, brief: &Brief) -> Results {
    let tool = ToolInfo { version: "0".to_owned(), commit: String::new() };
    let run_id = RunId::fixed("test");
    let head = Head { run_id: &run_id, started: now(), tool: &tool, brief };
    conclude(recording, &head, Contract::built_in().unwrap())
}

/// The harness's judges with something done to their results.
fn with(change: impl Fn(&mut Results) + Send + Sync + 'static) -> Judges {
    Arc::new(move |recording, brief| {
        let mut results = judged(recording, brief);
        change(&mut results);
        results
    })
}

fn matrix(only: &[&str], judges: Option<Judges>) -> Matrix {
    let only = only.iter().map(|name| (*name).to_owned()).collect();
    run(&Options { only, jobs: 4, judges }, &|_, _, _| {}).unwrap()
}

fn outcomes(matrix: &Matrix) -> Vec<(&str, &str)> {
    matrix.rows.iter().map(|row| (row.trial.name, row.outcome.word())).collect()
}

#[test]
fn faults_of_both_catalogues_are_caught_and_a_harmless_one_turns_nothing_red() {
    let matrix = matrix(&["list-empty", "accept-any-limit", "extra-field", "skip-accept"], None);
    assert_eq!(
        outcomes(&matrix),
        [
            ("list-empty", "caught"),
            ("extra-field", "harmless"),
            ("accept-any-limit", "caught"),
            ("skip-accept", "caught"),
        ],
        "{}",
        matrix.text()
    );
    assert_eq!(matrix.exit_code(), 0, "{}", matrix.text());
    assert!(matrix.unproven().is_empty(), "a part of the catalogues leaves nothing unproven");
    let killers = matrix.killers();
    let of = |id| killers.iter().find(|(known, _)| *known == id).unwrap().1.clone();
    assert_eq!(of("AT2.2"), ["list-empty"]);
    assert_eq!(of("C-LIST-LIMIT-0"), ["accept-any-limit"]);
    assert_eq!(of("AT4.4"), ["skip-accept"]);
}

#[test]
fn an_honest_variation_is_cleared_and_a_judge_that_blames_it_is_noticed() {
    let row = "correlation-per-call";
    let good = matrix(&[row], None);
    assert_eq!(outcomes(&good), [(row, "not accused")], "{}", good.text());
    assert_eq!(good.exit_code(), 0);
    // Blames whoever sends correlation ids.
    let blaming: Judges = Arc::new(|recording, brief| {
        let mut results = judged(recording, brief);
        let named = |one: letterproof_model::ExchangeRef<'_>| {
            one.request.header("x-correlation-id").is_some()
        };
        if recording.exchanges().iter().any(named) {
            for criterion in results.tests.iter_mut().flat_map(|test| &mut test.criteria) {
                if criterion.id.as_str() == "AT7.1" {
                    criterion.verdict = Verdict::Inconclusive;
                }
            }
        }
        results
    });
    let bad = matrix(&[row], Some(blaming));
    assert_eq!(outcomes(&bad), [(row, "accused")], "{}", bad.text());
    assert_eq!(bad.rows[0].red, ["AT7.1 inconclusive"]);
    assert_eq!(bad.exit_code(), 1);
}

#[test]
fn a_judge_that_lost_a_clause_is_noticed() {
    let blind = with(|results| {
        for criterion in results.tests.iter_mut().flat_map(|test| &mut test.criteria) {
            if criterion.id.as_str() == "AT2.2" {
                criterion.verdict = Verdict::Pass;
            }
        }
    });
    let matrix = matrix(&["list-empty"], Some(blind));
    assert_eq!(outcomes(&matrix), [("list-empty", "survived")]);
    assert_eq!(matrix.exit_code(), 1);
    let text = matrix.text();
    assert!(text.contains("list-empty: survived: AT2.2 did not turn red"), "{text}");
}

#[test]
fn a_judge_that_is_always_red_is_a_false_alarm() {
    let alarming = with(|results| {
        let id = "C-ALWAYS".into();
        results.conformance.push(CheckResult {
            id,
            title: String::new(),
            verdict: Verdict::Fail,
            finding: None,
            strength: None,
            criteria: Vec::new(),
        });
    });
    let matrix = matrix(&["list-empty"], Some(alarming));
    assert_eq!(outcomes(&matrix), [("list-empty", "false alarm")]);
    assert_eq!(matrix.exit_code(), 1);
    assert!(matrix.text().contains("false alarm: C-ALWAYS turned red"), "{}", matrix.text());
}

#[test]
fn a_judge_that_panics_is_void_with_its_words_and_never_caught() {
    let breaking: Judges = Arc::new(|_, _| std::panic::panic_any("no judge today"));
    let matrix = matrix(&["list-empty"], Some(breaking));
    assert_eq!(outcomes(&matrix), [("list-empty", "void")]);
    assert_eq!(matrix.exit_code(), 4);
    assert!(matrix.text().contains("no judge today"), "{}", matrix.text());
}

#[test]
fn a_name_that_is_no_fault_is_refused() {
    let only = vec!["list-emtpy".to_owned()];
    let error = run(&Options { only, ..Options::default() }, &|_, _, _| {}).unwrap_err();
    assert!(matches!(error, SelftestError::Unknown(_)) && error.to_string().contains("list-emtpy"));
}
