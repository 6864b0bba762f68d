//! A few short runs under real noise, and what the table says of one that is made to differ.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use letterproof_model::TestId;
use letterproof_selftest::{Judges, NoiseOptions, NoiseProgress, NoiseReport, run_noise};

fn tests(numbers: &[u8]) -> Vec<TestId> {
    numbers.iter().map(|number| TestId::new(*number).unwrap()).collect()
}

/// Connecting and taking the list, which wait for no update.
fn short(runs: usize) -> NoiseOptions {
    NoiseOptions {
        runs,
        seed: 1,
        jobs: 2,
        tests: tests(&[1, 2]),
        without_conformance: true,
        ..NoiseOptions::default()
    }
}

fn ran(options: &NoiseOptions) -> NoiseReport {
    let silent: NoiseProgress = Arc::new(|_| {});
    run_noise(options, &silent).unwrap()
}

#[test]
fn runs_under_noise_come_to_the_verdicts_of_the_quiet_one() {
    let report = ran(&short(2));
    assert_eq!(report.exit_code(), 0, "{}", report.text());
    assert!(report.rows.iter().all(|row| row.outcome() == "same"), "{}", report.text());
    let control = report.control.ended.as_ref().unwrap();
    assert_eq!(control.said["AT2.2"], "pass");
    assert!(report.text().contains("2 of 2 runs came to the control's verdicts"));
}

#[test]
fn a_fault_in_one_run_is_named_as_a_difference_and_its_journal_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let fault = Some((2, "list-omit".to_owned()));
    let keep = Some(folder.path().to_owned());
    let report = ran(&NoiseOptions { fault, keep, ..short(2) });
    assert_eq!(report.exit_code(), 1);
    assert_eq!(report.rows[0].outcome(), "same", "{}", report.text());
    assert_eq!(report.rows[1].outcome(), "differs");
    let named = "AT2.2: fail, quiet: pass";
    assert!(report.rows[1].differences.iter().any(|one| one.to_string() == named));
    report.write(folder.path()).unwrap();
    let page = std::fs::read_to_string(folder.path().join("noise.md")).unwrap();
    assert!(page.contains("| differs |") && page.contains("run 2: AT2.2: fail"), "{page}");
    let csv = std::fs::read_to_string(folder.path().join("noise.csv")).unwrap();
    assert_eq!(csv.lines().count(), 4, "{csv}");
    assert!(csv.lines().nth(3).unwrap().contains(named), "{csv}");
    let kept: Vec<bool> =
        (0..3).map(|run| folder.path().join(format!("run-{run:02}.jsonl")).exists()).collect();
    assert_eq!(kept, [false, false, true]);
    let document = serde_json::to_value(report.document()).unwrap();
    assert_eq!(document["format"], "letterproof-noise/1");
    assert_eq!(document["runs"][2]["outcome"], "differs");
}

#[test]
fn a_run_that_broke_is_void_and_what_is_red_without_noise_is_an_alarm() {
    let breaking: Judges = Arc::new(|_, _| std::panic::panic_any("no judge today"));
    let report = ran(&NoiseOptions { judges: Some(breaking), ..short(1) });
    assert_eq!(report.exit_code(), 4);
    assert!(report.text().contains("no judge today"), "{}", report.text());
    let report = ran(&NoiseOptions { fault: Some((0, "list-omit".to_owned())), ..short(0) });
    assert_eq!(report.exit_code(), 1);
    assert!(report.text().contains("run 0 (quiet): AT2.2 is red"), "{}", report.text());
}
