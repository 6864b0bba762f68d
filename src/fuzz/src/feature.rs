//! Feature files of a user's own, as far as a run reads them before any traffic: parsing, phrases,
//! selection, and the plan with its costs. A refusal names the file.

use std::fs;

use cucumber::World as _;
use letterproof_model::{Context, TestId};
use letterproof_steps::plan::{Outlook, plan};
use letterproof_steps::{FeatureSet, PrintHouse};

use crate::case::{in_folder, named, text, twice};

const FILE: &str = "own.feature";
/// Bytes as a feature file.
pub fn feature(data: &[u8]) {
    let Some(text) = text(data) else { return };
    in_folder(|folder| {
        let folder = folder.join("features");
        fs::create_dir_all(&folder).expect("a folder for the feature");
        fs::write(folder.join(FILE), text).expect("the feature file");
        let shape = |set: &FeatureSet| {
            let steps: Vec<String> = set.step_texts().map(str::to_owned).collect();
            (set.tests(), set.scenario_count(), steps)
        };
        let read = twice(|| FeatureSet::from_folder(&folder).map(|set| shape(&set)));
        if named(FILE, read).is_none() {
            return;
        }
        let set = FeatureSet::from_folder(&folder).expect("it was read before");
        let known = twice(|| set.check_steps(&PrintHouse::collection()));
        if named(FILE, known).is_some() {
            planned(&set);
        }
        selected(set);
    });
}

fn planned(set: &FeatureSet) {
    let outlook = || Outlook::fresh(Context::stand_in("http://127.0.0.1:9"), true);
    let total = |planned: letterproof_steps::plan::Plan| format!("{:?}", planned.total());
    named(FILE, twice(|| plan(set, outlook()).map(total)));
}

/// What is selected is there, and no more than there was.
fn selected(set: FeatureSet) {
    let tests: Vec<TestId> = set.tests();
    for test in tests {
        let kept = set.clone().select(&[test]).expect("a test that the features hold");
        assert!((1..=set.scenario_count()).contains(&kept.scenario_count()));
    }
    assert_eq!(set.clone().select(&[]).is_ok(), set.scenario_count() > 0);
    assert_eq!(set.of_suites(false, false).scenario_count(), 0);
}
