//! What the catalogues name exists, and what a matrix of made-up outcomes renders to.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use letterproof_model::Verdict;
use letterproof_selftest::{
    Catalogue, Matrix, Outcome, Row, Trial, honest_catalogue, judged_ids, plan,
};

#[test]
fn every_id_that_a_catalogue_names_is_judged_somewhere() {
    let known: BTreeSet<&str> = judged_ids().collect();
    for trial in plan(&[]).unwrap() {
        for claim in &trial.claims {
            assert!(known.contains(claim.id), "{} names {}", trial.name, claim.id);
        }
    }
}

#[test]
fn every_criterion_that_is_judged_is_named_by_a_fault() {
    let trials = plan(&[]).unwrap();
    let named: BTreeSet<&str> =
        trials.iter().flat_map(|trial| &trial.claims).map(|claim| claim.id).collect();
    let bare: Vec<&str> = judged_ids().filter(|id| !named.contains(id)).collect();
    assert!(bare.is_empty(), "no fault names {bare:?}");
}

#[test]
fn every_entry_of_both_catalogues_has_a_trial_with_at_least_one_run() {
    let trials = plan(&[]).unwrap();
    let entries = letterproof_mock::fault_catalogue().len()
        + letterproof_sample_supplier::fault_catalogue().len()
        + honest_catalogue().len();
    assert_eq!(trials.len(), entries);
    let harmless = |one: &&Trial| one.claims.is_empty() && one.honest.is_none();
    let harmless: Vec<&str> = trials.iter().filter(harmless).map(|one| one.name).collect();
    let expected = [
        "reopen-rejected",
        "fail-rejected",
        "hold-update",
        "extra-field",
        "no-request-id",
        "no-correlation-id",
        "token-502",
        "mi-other-form",
    ];
    assert_eq!(harmless, expected);
    for trial in &trials {
        assert!(!trial.parts.is_empty(), "{}", trial.name);
        let expected = |claim: &letterproof_selftest::Claim| {
            matches!(claim.verdict, Verdict::Fail | Verdict::NotRun | Verdict::Inconclusive)
        };
        assert!(trial.claims.iter().all(expected), "{}", trial.name);
    }
}

/// The whole catalogues, every entry caught by what it names but for some.
fn made_up(outcome_of: impl Fn(&Trial) -> Outcome) -> Matrix {
    let rows = plan(&[]).unwrap().into_iter().map(|trial| {
        let outcome = outcome_of(&trial);
        let red = match &outcome {
            Outcome::Accused(by) => by.clone(),
            Outcome::Caught | Outcome::Advised => {
                trial.claims.iter().map(|claim| claim.id.to_owned()).collect()
            }
            _ => Vec::new(),
        };
        Row { trial, outcome, red }
    });
    Matrix::new(rows.collect(), true)
}

/// The faults that only advice notices: a clause that decides something names each of the others.
const ADVISED: [&str; 15] = [
    "download-as-page",
    "download-untyped",
    "list-no-hide",
    "second-job",
    "print-at-once",
    "enclose-at-once",
    "dispatch-at-once",
    "deliver-at-once",
    "forward-at-once",
    "mi-last-year",
    "mi-next-year",
    "mi-next-week",
    "mi-local-as-utc",
    "read-on-and-on",
    "list-on-and-on",
];

fn as_it_should_be(trial: &Trial) -> Outcome {
    match (trial.honest, trial.claims.is_empty()) {
        (Some(_), _) => Outcome::Cleared,
        (None, true) => Outcome::Harmless,
        (None, false) if ADVISED.contains(&trial.name) => Outcome::Advised,
        (None, false) => Outcome::Caught,
    }
}

#[test]
fn what_only_advice_notices_is_counted_apart_and_fails_no_self_test() {
    let matrix = made_up(as_it_should_be);
    let row = |word: &str| format!("| {word} | {} |", ADVISED.len());
    assert!(matrix.markdown().contains(&row("caught (advice)")), "{}", matrix.markdown());
    assert!(matrix.text().contains("15 caught (advice)"), "{}", matrix.text());
    assert_eq!(matrix.csv().matches(",caught (advice),").count(), ADVISED.len());
    assert_eq!(matrix.exit_code(), 0);
    let unnoticed = made_up(|trial| match trial.name {
        "second-job" => Outcome::Survived,
        _ => as_it_should_be(trial),
    });
    assert_eq!(unnoticed.exit_code(), 1, "advice, too, must bite");
}

#[test]
fn no_habit_that_is_honest_is_a_fault_under_the_same_test() {
    // What the pack calls no requirement of production is AT7's read-back alone.
    let trials = plan(&[]).unwrap();
    let of = |name: &str| trials.iter().find(|trial| trial.name == name).unwrap();
    let named: BTreeSet<u8> = of("skip-read-back")
        .claims
        .iter()
        .filter_map(|claim| letterproof_model::CriterionId::fixed(claim.id).test())
        .map(|test| test.number())
        .collect();
    assert_eq!(named, [5, 6, 8, 9, 10, 11, 12, 13].into());
    for part in &of("no-read-backs").parts {
        let letterproof_selftest::Setup::Supplier(setup) = &part.setup else { continue };
        assert!(setup.tests.iter().all(|test| !named.contains(&test.number())));
    }
}

#[test]
fn a_whole_matrix_without_complaints_ends_with_0() {
    let matrix = made_up(as_it_should_be);
    assert_eq!(matrix.unproven(), Vec::<&str>::new());
    assert_eq!(matrix.exit_code(), 0);
    assert!(!matrix.markdown().contains("unproven"));
    let csv = matrix.csv();
    assert_eq!(csv.lines().count(), matrix.rows.len() + 1);
    assert!(csv.lines().all(|line| line.split(',').count() == 6), "{csv}");
}

#[test]
fn a_criterion_that_nothing_turns_red_is_unproven_and_fails() {
    let matrix = made_up(|trial| match trial.name {
        "quota-never" | "quota-empty" | "quota-503" | "quota-html" | "quota-list" => {
            Outcome::Elsewhere
        }
        _ => as_it_should_be(trial),
    });
    assert_eq!(matrix.unproven(), ["C-LIMIT"]);
    assert_eq!(matrix.exit_code(), 1);
    assert!(matrix.markdown().contains("| C-LIMIT | unproven |"));
    assert!(matrix.text().contains("turned red by no fault: C-LIMIT"));
}

#[test]
fn every_rendering_tells_a_survivor_and_a_void() {
    let matrix = made_up(|trial| match (trial.catalogue, trial.name) {
        (Catalogue::Api, "list-empty") => Outcome::Survived,
        (Catalogue::Supplier, "no-mi") => Outcome::Void("no port <is> free".to_owned()),
        _ => as_it_should_be(trial),
    });
    assert_eq!(matrix.exit_code(), 4);
    let (page, csv, html) = (matrix.markdown(), matrix.csv(), matrix.html().unwrap());
    assert!(page.contains("| `list-empty` |") && page.contains("| survived | 1 |"), "{page}");
    assert!(csv.contains("API,list-empty,list-empty,survived,AT2.2,\n"), "{csv}");
    assert!(html.contains(">survived</td>") && html.contains(">void</td>"));
    assert!(!html.contains("<script") && !html.contains("://"), "the page needs nothing else");
    assert!(matrix.text().contains("no-mi: void: no port <is> free"));
    let document = serde_json::to_value(matrix.document()).unwrap();
    assert_eq!(document["format"], "letterproof-selftest/1");
    assert_eq!(document["entries"].as_array().unwrap().len(), matrix.rows.len());
}

#[test]
fn every_rendering_shows_who_blamed_an_honest_variation_and_it_kills_no_criterion() {
    let matrix = made_up(|trial| match trial.name {
        "quota-never" | "quota-empty" | "quota-503" | "quota-html" | "quota-list" => {
            Outcome::Elsewhere
        }
        "post-only" => Outcome::Accused(vec!["C-LIMIT".to_owned(), "exit code 1".to_owned()]),
        _ => as_it_should_be(trial),
    });
    assert_eq!(matrix.unproven(), ["C-LIMIT"], "an accusation is not a proof that a judge bites");
    assert_eq!(matrix.exit_code(), 1);
    let (page, csv, html) = (matrix.markdown(), matrix.csv(), matrix.html().unwrap());
    assert!(page.contains("| `post-only` | workflow |"), "{page}");
    assert!(page.contains("| accused | C-LIMIT, exit code 1 |"), "{page}");
    assert!(page.contains("AT7.2: no status is read back"), "{page}");
    let line = "honest,post-only,--habit post-only,accused,,C-LIMIT exit code 1\n";
    assert!(csv.contains(line), "{csv}");
    assert!(html.contains(">accused</td>") && html.contains(">not accused</td>"));
    assert!(matrix.text().contains("post-only: accused: C-LIMIT, exit code 1"));
    let document = serde_json::to_value(matrix.document()).unwrap();
    let entries = document["entries"].as_array().unwrap();
    let entry = entries.iter().find(|entry| entry["fault"] == "post-only").unwrap();
    assert_eq!(entry["red"], serde_json::json!(["C-LIMIT", "exit code 1"]));
}

#[test]
fn a_matrix_is_written_as_four_files_which_are_the_same_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("reports");
    let read = |files: &[std::path::PathBuf]| -> Vec<String> {
        files.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
    };
    let first = read(&made_up(as_it_should_be).write(&out).unwrap());
    let second = read(&made_up(as_it_should_be).write(&out).unwrap());
    assert_eq!(first.len(), 4);
    assert_eq!(first, second);
}

#[test]
fn the_committed_matrix_tells_of_the_catalogues_as_they_are_and_nothing_survived() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reports/matrix.csv");
    let committed = std::fs::read_to_string(path).unwrap().replace("\r\n", "\n");
    let expected = made_up(as_it_should_be).csv();
    assert_eq!(committed, expected, "refresh it with `letterproof selftest --out reports`");
}

#[test]
fn the_contract_notices_every_breach_of_every_document_and_the_committed_table_says_so() {
    let contract = letterproof_selftest::contract_matrix().unwrap();
    let survivors: Vec<_> = contract.survivors().collect();
    assert!(contract.is_whole(), "{survivors:#?} {:#?} {:?}", contract.accused, contract.unused);
    assert!(contract.rows.len() > 100, "{}", contract.score());
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = path.join("../../reports/contract-matrix.md");
    let page = contract.markdown();
    if std::env::var_os("LETTERPROOF_UPDATE").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default().replace("\r\n", "\n");
    assert_eq!(committed, page, "refresh it with `letterproof selftest --out reports`");
}
