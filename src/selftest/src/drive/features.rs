//! The features of one trial: those of the tests and checks it needs, with the pack's numbers made
//! small.
//! Refuses phrases of its own: the scenarios are those that every run drives.

use std::collections::BTreeSet;
use std::path::Path;

use letterproof_judge::conformance::conformance_checks;
use letterproof_model::TestId;
use letterproof_steps::{FeatureSet, built_in_files};

use crate::plan::{ApiSetup, Sizes};

/// Writes the features a trial needs into a folder and reads them as a run reads its own.
pub(super) fn features(setup: &ApiSetup, folder: &Path) -> Result<FeatureSet, String> {
    let own = tempfile::tempdir_in(folder).map_err(super::words)?;
    for (number, text) in wanted(setup).iter().enumerate() {
        let path = own.path().join(format!("{number:02}.feature"));
        std::fs::write(path, scaled(text, setup.sizes)).map_err(super::words)?;
    }
    FeatureSet::from_folder(own.path()).map_err(super::words)
}

/// The texts of the features that a trial needs, in the order of a run.
fn wanted(setup: &ApiSetup) -> Vec<String> {
    built_in_files().iter().filter_map(|(_, text)| part_of(text, setup)).collect()
}

/// A feature as far as a trial needs it: whole for one of its tests, and of the conformance suite
/// with the rows it needs.
fn part_of(text: &str, setup: &ApiSetup) -> Option<String> {
    if is_of(text, &setup.tests) {
        return Some(text.to_owned());
    }
    let named: BTreeSet<&str> = text.lines().filter_map(check_of).collect();
    let wanted: BTreeSet<&str> =
        setup.checks.iter().flat_map(|check| rows_for(check, &named)).collect();
    let keeps = |line: &&str| check_of(line).is_none_or(|check| wanted.contains(check));
    (!wanted.is_empty()).then(|| text.lines().filter(keeps).fold(String::new(), joined))
}

fn joined(text: String, line: &str) -> String {
    text + line + "\n"
}

/// Whether a feature is that of one of these tests.
fn is_of(text: &str, tests: &[TestId]) -> bool {
    let tags = text.lines().next().unwrap_or_default().split_whitespace();
    let mut named = tags.filter_map(|tag| tag.trim_start_matches('@').parse::<TestId>().ok());
    named.any(|test| tests.contains(&test))
}

/// The check that a row of a table names.
fn check_of(line: &str) -> Option<&str> {
    line.trim().strip_prefix('|')?.split('|').next().map(str::trim)
}

/// The rows of a feature that a check needs: its own, or all where it has no probe of its own or is
/// that of an operation's whole contract.
fn rows_for<'a>(check: &str, named: &BTreeSet<&'a str>) -> Vec<&'a str> {
    let stands_for: &[&str] = match check {
        "C-CONTRACT-STATUS" => &["C-STATUS"],
        "C-CONTRACT-TOKEN" => &["C-STATUS", "C-TOKEN-SIGNATURE"],
        "C-CONTRACT-LIST" => &["C-LIST", "C-LIST-LIMIT-0"],
        "C-CONTRACT-LETTER" => &["C-LETTER"],
        "C-CONTRACT-BULK" => &["C-BULK"],
        "C-CONTRACT-PATCH" => &["C-PATCH"],
        "C-CONTRACT-DATA" | "C-CONTRACT-DOWNLOAD" => &["C-DATA"],
        "C-CONTRACT-MI" | "C-CONTRACT-MI-CREATE" => &["C-MI"],
        _ => &[],
    };
    let has_probe =
        || conformance_checks().iter().any(|one| one.id == check && !one.probes().is_empty());
    match named.get(check) {
        Some(own) if has_probe() => vec![own],
        Some(_) => named.iter().copied().collect(),
        None if stands_for.iter().any(|one| named.contains(one)) => named.iter().copied().collect(),
        None => Vec::new(),
    }
}

/// The text with the lists of AT4 and AT15 as long as the sizes say.
fn scaled(text: &str, sizes: Sizes) -> String {
    text.replace("list of 1,000 letters", &format!("list of {} letters", sizes.batch))
        .replace("lists of 500", &format!("lists of {}", sizes.chunk))
}

#[cfg(test)]
mod tests {
    use letterproof_model::pack;

    use super::*;
    use crate::plan::{Setup, plan};

    /// The set-ups of every run against the double.
    fn setups() -> Vec<ApiSetup> {
        let parts = plan(&[]).unwrap().into_iter().flat_map(|trial| trial.parts);
        let setups = parts.filter_map(|part| match part.setup {
            Setup::Api(setup) => Some(setup),
            Setup::Supplier(_) => None,
        });
        setups.collect()
    }

    #[test]
    fn every_trial_drives_its_tests_with_phrases_that_exist_and_no_list_of_the_packs_size() {
        let folder = tempfile::tempdir().unwrap();
        for setup in setups() {
            let set = features(&setup, folder.path()).unwrap();
            letterproof_steps::check(&set).unwrap();
            assert_eq!(set.tests(), setup.tests);
            // Only a variation of the seeding has lists of the pack's size.
            let whole = setup.sizes.chunk == 500;
            let large = |step: &str| step.contains("1,000") || (step.ends_with("of 500") && !whole);
            assert!(!set.step_texts().any(large), "{:?}", setup.tests);
        }
    }

    #[test]
    fn a_check_with_a_probe_of_its_own_brings_its_row_and_no_other() {
        let text = "@conformance\nFeature: x\n    | C-LIST-LIMIT-0 | a |\n    | C-LIST | b |\n";
        let setup = setups().into_iter().find(|setup| !setup.checks.is_empty()).unwrap();
        let only = ApiSetup { tests: Vec::new(), checks: ["C-LIST-LIMIT-0"].into(), ..setup };
        let kept = part_of(text, &only).unwrap();
        assert!(kept.contains("C-LIST-LIMIT-0") && !kept.contains("C-LIST |"), "{kept}");
        let whole = ApiSetup { checks: ["C-CONTRACT-LIST"].into(), ..only.clone() };
        assert!(part_of(text, &whole).unwrap().contains("| C-LIST |"));
        let none = ApiSetup { checks: ["C-MI"].into(), ..only };
        assert_eq!(part_of(text, &none), None);
    }

    #[test]
    fn each_test_of_the_pack_has_a_feature() {
        let files = built_in_files();
        for test in pack() {
            let of_test = files.iter().filter(|(_, text)| is_of(text, &[test.id]));
            assert_eq!(of_test.count(), 1, "{}", test.id);
        }
    }
}
