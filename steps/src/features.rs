//! Reading the Gherkin features: the built-in ones or a folder of the user's own.
//!
//! Everything that can be wrong with a feature is found here, before any traffic: text that is not
//! Gherkin, a step that no phrase matches, a selection that leaves nothing. Nothing is skipped in
//! silence: an unknown step is an error with its file and line.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use cucumber::World as _;
use cucumber::feature::Ext as _;
use cucumber::gherkin::{Feature, GherkinEnv, Scenario, Step, StepType};
use cucumber::step::Collection;
use include_dir::{Dir, include_dir};
use letterproof_judge::conformance::conformance_checks;
use letterproof_model::{
    ClauseKind, Context, CriterionId, LetterStatus, TestId, decode_text, is_desktop_leftover,
    test_definition,
};

use crate::SupplierWorld;
use crate::phrases::Count;

/// The features of the suppliers' pack; each pack has a folder of its own.
static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../features/supplier");

/// The tag of features that probe the API rather than the supplier.
const CONFORMANCE: &str = "conformance";

/// When a feature runs, by its tag; features without such a tag come first, one after another.
/// Scenarios of `@parallel` features run side by side: they work on letters of their own.
const STAGES: [&str; 3] = [PARALLEL, "afterwards", "last"];
const PARALLEL: &str = "parallel";

/// Something is wrong with the features themselves.
#[derive(Debug, thiserror::Error)]
pub enum FeatureError {
    /// A file or folder could not be read.
    #[error("cannot read features at {path}: {source}; give a folder of .feature files")]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A folder holds no feature file.
    #[error("no .feature file under {path}; give a folder of .feature files")]
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// A file is no Gherkin.
    #[error("{path}: {problem}; correct the feature file")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Line, column and what was expected there.
        problem: String,
    },
    /// A step matches no phrase, or more than one.
    #[error(
        "{path}:{line}: {problem}: \"{step}\" (scenario \"{scenario}\"); use one of the phrases of \
         the built-in features"
    )]
    Step {
        /// The file.
        path: PathBuf,
        /// The line of the step.
        line: usize,
        /// The scenario it stands in.
        scenario: String,
        /// The step.
        step: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The selection leaves no scenario.
    #[error("no scenario selected: {0}")]
    NothingSelected(String),
}

/// Parsed features, in the order in which they are run.
#[derive(Debug, Clone)]
pub struct FeatureSet {
    features: Vec<Feature>,
}

/// The feature files built into the program, each with its path in the source tree and its text, in
/// the order of their paths.
#[must_use]
pub fn built_in_files() -> Vec<(PathBuf, &'static str)> {
    fn collect(dir: &Dir<'static>, into: &mut Vec<(PathBuf, &'static str)>) {
        for file in dir.files().filter(|file| is_feature(file.path())) {
            let path = Path::new("features/supplier").join(file.path());
            into.push((path, file.contents_utf8().unwrap_or_default()));
        }
        dir.dirs().for_each(|inner| collect(inner, into));
    }
    let mut files = Vec::new();
    collect(&BUILT_IN, &mut files);
    files.sort();
    files
}

impl FeatureSet {
    /// The features built into the program.
    ///
    /// # Errors
    /// [`FeatureError::Malformed`], which a test of this crate excludes.
    pub fn built_in() -> Result<Self, FeatureError> {
        let files = built_in_files().into_iter();
        let features = files.map(|(path, text)| parse(&path, text)).collect::<Result<_, _>>()?;
        Ok(Self::in_stages(features))
    }

    /// The features of a folder and its sub-folders, in the order of their paths.
    ///
    /// # Errors
    /// When the folder cannot be read, holds no feature file, or a file is no Gherkin.
    pub fn from_folder(folder: &Path) -> Result<Self, FeatureError> {
        let mut paths = Vec::new();
        collect(folder, &mut paths)?;
        paths.sort();
        if paths.is_empty() {
            return Err(FeatureError::Empty { path: folder.to_owned() });
        }
        let features = paths
            .into_iter()
            .map(|path| {
                let bytes = std::fs::read(&path)
                    .map_err(|source| FeatureError::Unreadable { path: path.clone(), source })?;
                let text = decode_text(bytes).map_err(|error| FeatureError::Malformed {
                    path: path.clone(),
                    problem: error.to_string(),
                })?;
                parse(&path, &text)
            })
            .collect::<Result<_, _>>()?;
        Ok(Self::in_stages(features))
    }

    fn in_stages(mut features: Vec<Feature>) -> Self {
        features.sort_by_key(|feature| {
            STAGES.iter().position(|stage| has_tag(feature, stage)).map_or(0, |at| at + 1)
        });
        Self { features }
    }

    /// Keeps the features of the acceptance pack, of the conformance suite, or both.
    #[must_use]
    pub fn of_suites(mut self, acceptance: bool, conformance: bool) -> Self {
        self.features.retain(
            |feature| {
                if has_tag(feature, CONFORMANCE) { conformance } else { acceptance }
            },
        );
        self
    }

    /// Leaves out the features of which nothing applies: of optional tests whose status the
    /// supplier's workflow does not declare, of tests whose every clause needs what the target does
    /// not have, and of probes of such checks only.
    #[must_use]
    pub fn that_apply(mut self, context: &Context) -> Self {
        self.features.retain(|feature| {
            let tests = tests_of(&feature.tags);
            let mut steps = scenarios(feature).flat_map(|scenario| &scenario.steps);
            match tests.as_slice() {
                [] => !has_tag(feature, CONFORMANCE) || steps.any(|step| asks_any(step, context)),
                tests => tests.iter().any(|test| applies(*test, context)),
            }
        });
        self
    }

    /// Whether a feature probes the API for its conformance.
    #[must_use]
    pub fn has_conformance(&self) -> bool {
        self.features.iter().any(|feature| has_tag(feature, CONFORMANCE))
    }

    /// Keeps the scenarios of these acceptance tests; all of them when none is named.
    ///
    /// # Errors
    /// [`FeatureError::NothingSelected`] when nothing is left.
    pub fn select(mut self, only: &[TestId]) -> Result<Self, FeatureError> {
        for feature in &mut self.features {
            let of_feature = tests_of(&feature.tags);
            let wanted = |scenario: &Scenario| {
                only.is_empty()
                    || of_feature.iter().chain(&tests_of(&scenario.tags)).any(|t| only.contains(t))
            };
            feature.scenarios.retain(wanted);
            for rule in &mut feature.rules {
                rule.scenarios.retain(wanted);
            }
        }
        self.features.retain(|feature| scenarios(feature).next().is_some());
        if self.features.is_empty() {
            let names: Vec<String> = only.iter().map(ToString::to_string).collect();
            return Err(FeatureError::NothingSelected(if names.is_empty() {
                "the features hold none".to_owned()
            } else {
                format!("the features hold none for {}", names.join(", "))
            }));
        }
        Ok(self)
    }

    /// Checks that every step of every scenario matches exactly one phrase, that its numbers and
    /// statuses can be read, and that the criteria and checks it names exist.
    ///
    /// # Errors
    /// [`FeatureError::Step`] naming the first that does not.
    pub fn check_steps<W>(&self, phrases: &Collection<W>) -> Result<(), FeatureError> {
        for feature in &self.features {
            let of_rules = feature.rules.iter().filter_map(|rule| rule.background.as_ref());
            let background = (feature.background.iter().chain(of_rules))
                .flat_map(|background| background.steps.iter().map(|step| ("background", step)));
            let steps = scenarios(feature)
                .flat_map(|scenario| scenario.steps.iter().map(|step| (&*scenario.name, step)));
            for (scenario, step) in background.chain(steps) {
                let problem = match phrases.find(step) {
                    Ok(Some((.., context))) => {
                        // The first is the whole step, with the phrase's own words.
                        let mut captured = context.matches.iter().skip(1);
                        match captured.find_map(|(_, value)| unreadable(value)) {
                            Some(problem) => problem,
                            None if names_unknown_check(step) => {
                                "this table names a check that the conformance suite does not have"
                                    .to_owned()
                            }
                            None => continue,
                        }
                    }
                    Ok(None) => "no phrase matches this step".to_owned(),
                    Err(_) => "more than one phrase matches this step".to_owned(),
                };
                return Err(FeatureError::Step {
                    path: feature.path.clone().unwrap_or_default(),
                    line: step.position.line,
                    scenario: scenario.to_owned(),
                    step: format!("{} {}", step.keyword.trim(), step.value),
                    problem,
                });
            }
        }
        Ok(())
    }

    /// Leaves out the scenarios of these names; what is left may be nothing.
    #[must_use]
    pub fn without(mut self, names: &HashSet<String>) -> Self {
        for feature in &mut self.features {
            feature.scenarios.retain(|scenario| !names.contains(&scenario.name));
            for rule in &mut feature.rules {
                rule.scenarios.retain(|scenario| !names.contains(&scenario.name));
            }
        }
        self.features.retain(|feature| scenarios(feature).next().is_some());
        self
    }

    /// The acceptance tests that have a scenario here, in order.
    #[must_use]
    pub fn tests(&self) -> Vec<TestId> {
        let mut tests: Vec<TestId> = self
            .features
            .iter()
            .filter(|feature| scenarios(feature).next().is_some())
            .flat_map(|feature| {
                let mut found = tests_of(&feature.tags);
                found.extend(scenarios(feature).flat_map(|scenario| tests_of(&scenario.tags)));
                found
            })
            .collect();
        tests.sort_unstable();
        tests.dedup();
        tests
    }

    /// How many scenarios there are.
    #[must_use]
    pub fn scenario_count(&self) -> usize {
        self.features.iter().map(|feature| scenarios(feature).count()).sum()
    }

    /// The rows of every step's table, for checks across features.
    pub fn table_rows(&self) -> impl Iterator<Item = &[String]> {
        self.features
            .iter()
            .flat_map(scenarios)
            .flat_map(|scenario| scenario.steps.iter().filter_map(|step| step.table.as_ref()))
            .flat_map(|table| table.rows.iter().map(Vec::as_slice))
    }

    /// Every step of every scenario as text, for checks across features.
    pub fn step_texts(&self) -> impl Iterator<Item = &str> {
        self.features
            .iter()
            .flat_map(scenarios)
            .flat_map(|scenario| scenario.steps.iter().map(|step| step.value.as_str()))
    }

    /// The features in batches: neighbours tagged `@parallel` together, every other one alone.
    pub(crate) fn batches(&self) -> Vec<Vec<Feature>> {
        let mut batches: Vec<(bool, Vec<Feature>)> = Vec::new();
        for feature in &self.features {
            let parallel = has_tag(feature, PARALLEL);
            match batches.last_mut() {
                Some((true, batch)) if parallel => batch.push(feature.clone()),
                _ => batches.push((parallel, vec![feature.clone()])),
            }
        }
        batches.into_iter().map(|(_, batch)| batch).collect()
    }
}

fn has_tag(feature: &Feature, wanted: &str) -> bool {
    feature.tags.iter().any(|tag| tag.trim_start_matches('@') == wanted)
}

/// Whether a test is part of the supplier's workflow, and one of its clauses can be shown on the
/// target.
fn applies(test: TestId, context: &Context) -> bool {
    let mut checks =
        test_definition(test).clauses.iter().filter(|clause| clause.kind == ClauseKind::Check);
    context.works_by(test) && checks.any(|clause| context.lacking(clause.needs).is_none())
}

/// Whether a step's table names a check that the target can show something of.
fn asks_any(step: &Step, context: &Context) -> bool {
    let named = |id: &String| conformance_checks().iter().find(|check| check.id == id);
    let rows = step.table.iter().flat_map(|table| &table.rows);
    let mut checks = rows.filter_map(|row| row.first().and_then(named));
    checks.any(|check| context.lacking(check.needs).is_none())
}

/// Whether the first column of a step's table names anything but checks of the suite.
fn names_unknown_check(step: &Step) -> bool {
    let known = |id: &String| conformance_checks().iter().any(|check| check.id == id);
    step.table.iter().flat_map(|table| &table.rows).any(|row| !row.first().is_some_and(known))
}

/// Why what a phrase took out of a step means nothing: every phrase counts letters, names a status
/// or names a criterion.
fn unreadable(captured: &str) -> Option<String> {
    let is_status = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase());
    captured.split(' ').find_map(|word| {
        if word.starts_with(|c: char| c.is_ascii_digit() || ",.-".contains(c)) {
            return word.parse::<Count>().err().map(|error| error.to_string());
        }
        if word.contains('.') {
            let test = CriterionId::from(word).test();
            let mut clauses = test.iter().flat_map(|test| test_definition(*test).clauses);
            let known = clauses.any(|clause| clause.id == word);
            let unknown = "this step names a criterion that the pack does not have";
            return (!known).then(|| unknown.to_owned());
        }
        let unknown = is_status(word) && word.parse::<LetterStatus>().is_err();
        unknown.then(|| "this step names a status that no letter has".to_owned())
    })
}

fn is_feature(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "feature")
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) -> Result<(), FeatureError> {
    let unreadable = |source| FeatureError::Unreadable { path: folder.to_owned(), source };
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path();
        // The entry's own type: a link to a folder is not followed, so there is no endless loop.
        if entry.file_type().map_err(unreadable)?.is_dir() {
            collect(&path, into)?;
        } else if is_feature(&path) && !is_desktop_leftover(&path) {
            into.push(path);
        }
    }
    Ok(())
}

fn parse(path: &Path, text: &str) -> Result<Feature, FeatureError> {
    let malformed = |problem: String| FeatureError::Malformed { path: path.to_owned(), problem };
    let mut feature = Feature::parse(text, GherkinEnv::default())
        .map_err(|error| malformed(format!("not a Gherkin feature ({})", place(&error))))?;
    feature.path = Some(path.to_owned());
    // As Gherkin has it, a scenario has its rule's tags; the parser hands them on to nobody.
    for rule in &mut feature.rules {
        for scenario in &mut rule.scenarios {
            scenario.tags.extend_from_slice(&rule.tags);
        }
    }
    let mut feature = feature.expand_examples().map_err(|error| malformed(error.to_string()))?;
    type_stars(&mut feature);
    Ok(feature)
}

/// Gives each `*` step the kind of the phrase that it matches. Gherkin's `*` stands for any
/// keyword, and an `And` or `But` after it for the same; the parser takes all of them for `Given`.
fn type_stars(feature: &mut Feature) {
    let mut phrases = None;
    let rules = feature.rules.iter_mut();
    let (backgrounds, scenarios): (Vec<_>, Vec<_>) =
        rules.map(|rule| (rule.background.as_mut(), &mut rule.scenarios)).unzip();
    let backgrounds = backgrounds.into_iter().chain([feature.background.as_mut()]).flatten();
    let scenarios = scenarios.into_iter().chain([&mut feature.scenarios]).flatten();
    let all = backgrounds.map(|background| &mut background.steps);
    for steps in all.chain(scenarios.map(|scenario| &mut scenario.steps)) {
        let mut open = false;
        for step in steps {
            open = match step.keyword.trim() {
                "*" => true,
                "And" | "But" => open,
                _ => false,
            };
            if open {
                let phrases = phrases.get_or_insert_with(SupplierWorld::collection);
                let mut kinds = [StepType::Given, StepType::When, StepType::Then].into_iter();
                let matching = kinds.find(|kind| {
                    step.ty = *kind;
                    !matches!(phrases.find(step), Ok(None))
                });
                step.ty = matching.unwrap_or(StepType::Given);
            }
        }
    }
}

/// Where Gherkin went wrong. What the library would have taken there is left out: it is a set, told
/// in another order each time.
fn place(error: &impl ToString) -> String {
    let text = error.to_string();
    text.split_once(": {").map_or(text.as_str(), |(place, _)| place).to_owned()
}

fn scenarios(feature: &Feature) -> impl Iterator<Item = &Scenario> {
    feature.scenarios.iter().chain(feature.rules.iter().flat_map(|rule| rule.scenarios.iter()))
}

pub(crate) fn tests_of(tags: &[String]) -> Vec<TestId> {
    tags.iter().filter_map(|tag| tag.trim_start_matches('@').parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> (tempfile::TempDir, Result<FeatureSet, FeatureError>) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("own.feature"), text).unwrap();
        let set = FeatureSet::from_folder(folder.path());
        (folder, set)
    }

    #[test]
    fn every_step_of_the_built_in_features_matches_one_phrase() {
        FeatureSet::built_in().unwrap().check_steps(&SupplierWorld::collection()).unwrap();
    }

    #[test]
    fn every_check_of_the_pack_is_named_in_a_feature() {
        let features = FeatureSet::built_in().unwrap();
        let steps: Vec<&str> = features.step_texts().collect();
        assert_eq!(features.tests().len(), 15, "every test of the pack is written");
        for test in features.tests() {
            for clause in test_definition(test).clauses {
                let step = format!("criterion {} holds", clause.id);
                let named = steps.contains(&step.as_str());
                assert_eq!(named, clause.kind == ClauseKind::Check, "{step}");
            }
        }
    }

    #[test]
    fn every_check_of_the_conformance_suite_is_probed_once_under_its_title() {
        let features = FeatureSet::built_in().unwrap();
        let mut probed: Vec<&[String]> = features.table_rows().collect();
        probed.sort_unstable();
        let mut known: Vec<[String; 2]> = letterproof_judge::conformance::conformance_checks()
            .iter()
            .map(|check| [check.id.to_owned(), check.title.to_owned()])
            .collect();
        known.sort_unstable();
        assert_eq!(probed, known);
    }

    #[test]
    fn an_unknown_step_is_named_with_its_file_and_line() {
        let (_folder, set) = written("Feature: own\n  Scenario: one\n    When the moon is full\n");
        let error = set.unwrap().check_steps(&SupplierWorld::collection()).unwrap_err().to_string();
        assert!(error.contains("own.feature:3: no phrase matches"), "{error}");
        assert!(error.contains("the moon is full"), "{error}");
    }

    #[test]
    fn a_number_or_a_status_that_nobody_can_read_is_named_with_its_step() {
        let problem = |step: &str| {
            let text = format!("Feature: own\n  Scenario: one\n    {step}\n");
            let (_folder, set) = written(&text);
            let checked = set.unwrap().check_steps(&SupplierWorld::collection());
            checked.err().map(|error| error.to_string())
        };
        let looked_up = "When the supplier looks up each of these letters until it is ";
        let accepted = |n: &str| format!("Given the supplier has accepted {n} ordinary letters");
        let counts = ["0", "10", "999", "1000", "1,000", "999999"].map(accepted);
        for known in counts.into_iter().chain([format!("{looked_up}ACCEPTED")]) {
            assert_eq!(problem(&known), None, "{known}");
        }
        let unknown = problem(&format!("{looked_up}ACAEPTED")).unwrap();
        assert!(unknown.contains("own.feature:3: this step names a status that no"), "{unknown}");
        let first =
            "When the supplier reports the first 1000000 of these letters as PRINTED one by one";
        let wrong = ["-1", "1000000", "99999999999999999999", "1,5", "1.5", "10,00"].map(accepted);
        for count in wrong.into_iter().chain([first.to_owned()]) {
            let error = problem(&count).unwrap();
            assert!(error.contains("own.feature:3: this step counts letters"), "{error}");
        }
    }

    #[test]
    fn a_criterion_or_a_check_that_does_not_exist_is_named_with_its_step() {
        let problem = |step: &str| {
            let text = format!("Feature: own\n  Scenario: one\n    {step}\n");
            let (_folder, set) = written(&text);
            let checked = set.unwrap().check_steps(&SupplierWorld::collection());
            checked.err().map(|error| error.to_string())
        };
        let probes =
            |id| format!("When the harness sends the probes of these checks\n      | {id} |");
        for known in ["Then criterion AT4.1 holds", &probes("C-LIST"), "Then these checks hold"] {
            assert_eq!(problem(known), None, "{known}");
        }
        for unknown in ["AT4.99", "AT16.1", "AT0.1", "AT999.1"] {
            let error = problem(&format!("Then criterion {unknown} holds")).unwrap();
            assert!(error.contains("own.feature:3: this step names a criterion"), "{error}");
        }
        for unknown in ["C-NEVER", "AT4.1", ""] {
            let error = problem(&probes(unknown)).unwrap();
            assert!(error.contains("own.feature:3: this table names a check"), "{error}");
        }
    }

    #[test]
    fn features_of_other_editors_and_habits_read_as_ours() {
        for case in ["01-bom", "07-star-steps", "27-thousand"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(case);
            let set = FeatureSet::from_folder(&folder).unwrap();
            set.check_steps(&SupplierWorld::collection()).unwrap();
        }
    }

    #[test]
    fn a_step_after_a_star_is_of_any_kind_too_and_an_unknown_one_is_named() {
        let text = "Feature: own\r\n  Background:\r\n    * a supplier with credentials for this \
                    target\r\n  Rule: r\r\n    Scenario: one\r\n      * every letter seeded is \
                    waiting and visible\r\n      And the supplier receives a list of 10 \
                    letters\r\n      * criterion AT4.1 holds\r\n";
        let (_folder, set) = written(text);
        set.unwrap().check_steps(&SupplierWorld::collection()).unwrap();
        let (_folder, set) = written("Feature: own\n  Scenario: one\n    * the moon is full\n");
        let error = set.unwrap().check_steps(&SupplierWorld::collection()).unwrap_err().to_string();
        assert!(error.contains("own.feature:3: no phrase matches"), "{error}");
    }

    #[test]
    fn a_feature_in_another_encoding_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let wide: Vec<u8> = "Feature: own".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let path = folder.path().join("own.feature");
        for (bytes, words) in [
            (
                [&b"\xff\xfe"[..], &wide].concat(),
                "own.feature: it is UTF-16 text; save it as UTF-8",
            ),
            (b"Feature: own\n  caf\xe9".to_vec(), "own.feature: line 2 is not UTF-8"),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let error = FeatureSet::from_folder(folder.path()).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn what_a_desktop_leaves_in_the_folder_is_no_feature() {
        let (folder, _) = written("Feature: own\n  Scenario: one\n    Given nothing\n");
        for name in ["._own.feature", ".DS_Store", "Thumbs.db", "desktop.ini"] {
            std::fs::write(folder.path().join(name), b"\0\x05\x16\x07").unwrap();
        }
        let set = FeatureSet::from_folder(folder.path()).unwrap();
        assert_eq!(set.scenario_count(), 1);
    }

    #[test]
    fn an_unknown_step_in_a_background_is_found_as_well() {
        let text = "Feature: own\n  Background:\n    Given the moon is full\n  Scenario: one\n    When the \
                    supplier asks whether the service is up\n";
        for text in [text.to_owned(), text.replacen("own\n", "own\n  Rule: tides\n", 1)] {
            let (_folder, set) = written(&text);
            assert!(set.unwrap().check_steps(&SupplierWorld::collection()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_test_without_a_scenario_is_not_among_those_to_run() {
        let (_folder, set) = written("@AT4\nFeature: own\n");
        assert_eq!(set.unwrap().tests(), []);
    }

    #[test]
    fn text_that_is_no_feature_is_refused_with_its_place() {
        let (_folder, set) = written("Scenario without a feature\n");
        let error = set.unwrap_err().to_string();
        assert!(error.contains("own.feature: not a Gherkin feature (Error at 1:1"), "{error}");
    }

    #[test]
    fn a_folder_without_features_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(FeatureSet::from_folder(folder.path()), Err(FeatureError::Empty { .. })));
        let missing = folder.path().join("missing");
        assert!(matches!(FeatureSet::from_folder(&missing), Err(FeatureError::Unreadable { .. })));
    }

    #[test]
    fn a_selection_that_leaves_nothing_is_an_error() {
        let (_folder, set) = written("@AT4\nFeature: own\n  Scenario: one\n    Given nothing\n");
        let set = set.unwrap();
        assert_eq!(set.clone().select(&[TestId::new(4).unwrap()]).unwrap().scenario_count(), 1);
        let error = set.select(&[TestId::new(5).unwrap()]).unwrap_err().to_string();
        assert!(error.contains("hold none for AT5"), "{error}");
    }

    #[test]
    fn a_scenario_has_the_tags_of_its_rule() {
        let text = "Feature: own\n  @AT4\n  Rule: tides\n    Scenario: ruled\n      Given nothing\n  \
                    @AT5\n  Rule: winds\n    Scenario: other\n      Given nothing\n";
        let (_folder, set) = written(text);
        let [at4, at5] = [4, 5].map(|n| TestId::new(n).unwrap());
        let set = set.unwrap();
        assert_eq!(set.tests(), [at4, at5]);
        let left = set.select(&[at5]).unwrap();
        assert_eq!((left.tests(), left.scenario_count()), (vec![at5], 1));
    }

    #[test]
    fn a_workflow_without_printing_leaves_at5_out() {
        let mut context = Context::stand_in("x");
        context.supports.remove(&letterproof_model::LetterStatus::Printed);
        let tests = FeatureSet::built_in().unwrap().that_apply(&context).tests();
        assert_eq!(tests.len(), 14);
        assert!(!tests.contains(&TestId::new(5).unwrap()));
    }

    #[test]
    fn what_a_target_cannot_show_at_all_is_left_out() {
        let mut sandbox = Context::stand_in("x");
        sandbox.capabilities.clear();
        let left = FeatureSet::built_in().unwrap().that_apply(&sandbox);
        assert_eq!(left.tests(), [TestId::new(1).unwrap()]);
        let names: Vec<&str> = left.features.iter().map(|feature| feature.name.as_str()).collect();
        assert!(names.contains(&"Reading the service and its letters"), "{names:?}");
        for probing in ["Credentials", "Updating many letters at once", "The rate limit"] {
            assert!(!names.contains(&probing), "{probing} in {names:?}");
        }
        let own = "Feature: own\n  Scenario: s\n    Given nothing\n";
        let (_folder, own) = written(own);
        assert_eq!(
            own.unwrap().that_apply(&sandbox).scenario_count(),
            1,
            "nobody knows what it needs"
        );
    }

    #[test]
    fn an_update_of_2_500_letters_is_sent_when_no_acceptance_scenario_runs() {
        let batches = FeatureSet::built_in().unwrap().batches();
        let names = |feature: &Feature| {
            let steps = scenarios(feature).flat_map(|scenario| &scenario.steps);
            let rows = steps.flat_map(|step| &step.table).flat_map(|table| &table.rows);
            rows.flatten().any(|cell| cell == "C-BULK-2500")
        };
        let [batch] =
            &batches.into_iter().filter(|batch| batch.iter().any(names)).collect::<Vec<_>>()[..]
        else {
            panic!("one batch")
        };
        assert!(batch.iter().all(|feature| tests_of(&feature.tags).is_empty()), "{batch:?}");
    }

    #[test]
    fn neighbours_tagged_parallel_share_a_batch() {
        let feature = |tags: &str, name: &str| {
            let text = format!("{tags}\nFeature: {name}\n  Scenario: s\n    Given x\n");
            parse(Path::new(name), &text).unwrap()
        };
        let set = FeatureSet {
            features: vec![
                feature("@AT1", "a"),
                feature("@AT5 @parallel", "b"),
                feature("@AT6 @parallel", "c"),
                feature("@AT14", "d"),
            ],
        };
        let sizes: Vec<usize> = set.batches().iter().map(Vec::len).collect();
        assert_eq!(sizes, [1, 2, 1]);
    }
}
