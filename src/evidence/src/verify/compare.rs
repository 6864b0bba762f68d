//! What is saved against what is derived: test by test, criterion by criterion.
//!
//! With the judges that made the bundle every word must be the same; with those of another version
//! every verdict. Refuses to pass over what stands on one side only: it is a problem, or told.

use std::collections::BTreeMap;
use std::fmt::Display;

use letterproof_model::{CheckResult, CriterionResult, Results, RunInfo, TestResult};

use crate::bundle::write_json;
use crate::{Problem, ProblemKind, RESULTS_FILE};

/// One thing as it is saved and as it is derived; either may be missing.
type Pair<'a, T> = (Option<&'a T>, Option<&'a T>);

/// Holds what is saved against what is derived.
pub(super) struct Compare {
    /// Whether every word must be the same, not only the verdicts.
    exact: bool,
    /// How many results were compared.
    count: usize,
    problems: Vec<Problem>,
    /// What only one of two versions knows.
    one_sided: Vec<String>,
    /// Whether another version draws other findings.
    other_findings: bool,
}

impl Compare {
    pub(super) fn new(exact: bool) -> Self {
        Self { exact, count: 0, problems: vec![], one_sided: vec![], other_findings: false }
    }

    /// With the judges that made it, the whole document is as they write it, to the last byte.
    pub(super) fn document(&mut self, saved: &[u8], derived: &Results) {
        let mut written = Vec::with_capacity(saved.len());
        let is_written = write_json(&mut written, derived).is_ok();
        if self.exact && self.problems.is_empty() && !(is_written && written == saved) {
            self.differs(format!(
                "`{RESULTS_FILE}` is written otherwise than letterproof writes it"
            ));
        }
    }

    /// How many results were compared, what is wrong with them, and what a reader must know.
    pub(super) fn found(self) -> (usize, Vec<Problem>, Vec<String>) {
        let mut notes = Vec::new();
        if !self.one_sided.is_empty() {
            let ids = self.one_sided.join(", ");
            notes.push(format!("known to one of the two versions only, and not compared: {ids}"));
        }
        if self.other_findings {
            notes.push("this version draws other findings from the exchanges".to_owned());
        }
        (self.count, self.problems, notes)
    }

    /// What is said of the run as a whole.
    pub(super) fn run(&mut self, saved: &Results, derived: &Results) {
        self.count += 1;
        // The pack's version is that of the judges.
        let pack = if self.exact { &derived.run.pack } else { &saved.run.pack }.clone();
        let exit_code = format!(
            "the exit code is {} in `{RESULTS_FILE}`, and {} by the journal",
            saved.exit_code, derived.exit_code
        );
        for (is_same, sentence) in [
            (
                saved.run == RunInfo { pack, ..derived.run.clone() },
                "the run is described otherwise than at the head of its journal",
            ),
            (saved.counts == derived.counts, "the counts of verdicts are not those of the tests"),
            (
                saved.waivers == derived.waivers,
                "the waivers are not those that the run began with, or stand otherwise",
            ),
            (saved.exit_code == derived.exit_code, &exit_code),
            (
                !self.exact || saved.performance == derived.performance,
                "the measurements do not follow from the journal and the load runs",
            ),
        ] {
            if !is_same {
                self.differs(sentence.to_owned());
            }
        }
    }

    pub(super) fn tests(&mut self, saved: &[TestResult], derived: &[TestResult]) {
        for (saved, derived) in self.pairs(saved, derived, |test| test.id) {
            self.count += 1;
            match (saved, derived) {
                (Some(saved), Some(derived)) => self.test(saved, derived),
                // There are fifteen, whichever version judges.
                (Some(only), None) => self.differs(added(&only.id)),
                (None, Some(only)) => self.differs(missing(&only.id)),
                (None, None) => {}
            }
        }
    }

    fn test(&mut self, saved: &TestResult, derived: &TestResult) {
        if saved.verdict != derived.verdict {
            self.differs(otherwise(&saved.id, saved.verdict, derived.verdict));
        } else if saved.selected != derived.selected
            || saved.required != derived.required
            || saved.mode != derived.mode
            || (self.exact && (saved.title != derived.title || saved.attempts != derived.attempts))
        {
            self.differs(format!("{} is described otherwise than by its exchanges", saved.id));
        }
        self.criteria(&saved.criteria, &derived.criteria);
    }

    /// The checks of the conformance suite, or those that only an observer can make.
    pub(super) fn checks(&mut self, saved: &[CheckResult], derived: &[CheckResult]) {
        for pair in self.pairs(saved, derived, |check| check.id.clone()) {
            let Some((saved, derived)) = self.both(pair, |check| check.id.to_string()) else {
                continue;
            };
            if saved.verdict != derived.verdict {
                self.differs(otherwise(&saved.id, saved.verdict, derived.verdict));
            } else if self.exact
                && (saved.title != derived.title || saved.finding != derived.finding)
            {
                self.differs(format!("{} is told otherwise than by its exchanges", saved.id));
            }
            self.criteria(&saved.criteria, &derived.criteria);
        }
    }

    fn criteria(&mut self, saved: &[CriterionResult], derived: &[CriterionResult]) {
        for pair in self.pairs(saved, derived, |criterion| criterion.id.clone()) {
            self.count += 1;
            let Some((saved, derived)) = self.both(pair, |criterion| criterion.id.to_string())
            else {
                continue;
            };
            if saved.verdict != derived.verdict {
                self.differs(otherwise(&saved.id, saved.verdict, derived.verdict));
            } else if self.exact && saved != derived {
                self.differs(format!("{} is told otherwise than by its exchanges", saved.id));
            }
        }
    }

    pub(super) fn findings(&mut self, saved: &Results, derived: &Results) {
        self.count += 1;
        if saved.findings == derived.findings {
            return;
        }
        if self.exact {
            self.differs("the findings are not those that follow from the exchanges".to_owned());
        } else {
            self.other_findings = true;
        }
    }

    /// What stands in two lists under the same ids, and what stands in one only.
    fn pairs<'a, T, K: Ord + Display>(
        &mut self,
        saved: &'a [T],
        derived: &'a [T],
        id: impl Fn(&T) -> K,
    ) -> Vec<Pair<'a, T>> {
        let mut pairs: BTreeMap<K, Pair<'a, T>> = BTreeMap::new();
        for item in saved {
            if pairs.entry(id(item)).or_default().0.replace(item).is_some() {
                self.differs(format!("{} stands twice in `{RESULTS_FILE}`", id(item)));
            }
        }
        for item in derived {
            pairs.entry(id(item)).or_default().1 = Some(item);
        }
        pairs.into_values().collect()
    }

    /// Both sides of a pair; what stands on one side only is noted.
    fn both<'a, T>(
        &mut self,
        pair: Pair<'a, T>,
        id: impl Fn(&T) -> String,
    ) -> Option<(&'a T, &'a T)> {
        match pair {
            (Some(saved), Some(derived)) => return Some((saved, derived)),
            (Some(only), _) | (_, Some(only)) if !self.exact => self.one_sided.push(id(only)),
            (Some(only), None) => self.differs(added(&id(only))),
            (None, Some(only)) => self.differs(missing(&id(only))),
            (None, None) => {}
        }
        None
    }

    fn differs(&mut self, sentence: String) {
        let (kind, file) = (ProblemKind::Verdict, Some(RESULTS_FILE.to_owned()));
        self.problems.push(Problem { kind, file, sentence });
    }
}

fn otherwise(id: &dyn Display, saved: impl Display, derived: impl Display) -> String {
    format!("{id} is {saved} in `{RESULTS_FILE}`, and {derived} by its exchanges")
}

fn added(id: &dyn Display) -> String {
    format!("{id} stands in `{RESULTS_FILE}`, and does not follow from the journal")
}

fn missing(id: &dyn Display) -> String {
    format!("{id} follows from the journal, and is missing from `{RESULTS_FILE}`")
}
