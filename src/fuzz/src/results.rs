//! `results.json` of a bundle, as `readiness`, `gate`, `diff` and the reports take it. What is read
//! and written out reads the same again, differs from itself in nothing, and can be shown.

use jiff::SignedDuration;
use letterproof_evidence::{
    Demands, Opened, RESULTS_FILE, Submission, diff, gate, read_results, readiness,
};
use letterproof_model::{Context, Results, pack};

use crate::case::{as_file, in_folder, named, twice};

/// Bytes as the results of a run.
pub fn results(data: &[u8]) {
    let Some(results) = read(data) else { return };
    let written = serde_json::to_vec(&results).expect("results as JSON");
    assert_eq!(read(&written).as_ref(), Some(&results), "written out and read again");
    assert_eq!(diff(&results, &results), [], "no run differs from itself");
    let now = letterproof_model::now();
    let demands = Demands {
        tests: pack().iter().map(|test| test.id).collect(),
        witnessed: true,
        int: true,
        max_age: Some(SignedDuration::MAX),
        target: Some(results.run.target.name.clone()),
        nothing_owed: true,
        no_violations: true,
        ..Demands::default()
    };
    let context = Context::stand_in(&results.run.target.base_url);
    let submission = Submission { results: &results, context: &context, attestations: &[] };
    let held = gate(&submission, &demands, now);
    assert!(held.len() >= pack().len() + 6, "every demand is answered");
    let standing =
        readiness(&[submission, submission]).expect("a run is of the same supplier as itself");
    assert_eq!(standing.tests.len(), pack().len(), "every test of the pack stands somehow");
    assert!(serde_json::to_vec(&standing).is_ok());
    assert!(!letterproof_reports::readiness_markdown(&standing).is_empty());
}

fn read(data: &[u8]) -> Option<Results> {
    in_folder(|folder| {
        std::fs::create_dir_all(folder.join("run")).expect("a folder for the results");
    });
    let name = format!("run/{RESULTS_FILE}");
    as_file(&name, data, |path| {
        let folder = path.parent().expect("the folder of the results");
        named(RESULTS_FILE, twice(|| read_results(&Opened::open(folder)?)))
    })
}
