//! What is saved against what is derived: test by test, criterion by criterion.
//!
//! With the build that made the bundle every word must be the same; with another every verdict,
//! every check of the contract and every finding. What stands on one side only is a problem, unless
//! it says nothing, and then it is named as not checked.

use std::collections::BTreeMap;
use std::fmt::Display;

use letterproof_evidence::{Problem, ProblemKind, RESULTS_FILE, write_json};
use letterproof_model::{
    CheckResult, CriterionResult, Finding, RETIRED, Results, RunInfo, TestResult, Verdict,
};

/// One thing as it is saved and as it is derived; either may be missing.
type Pair<'a, T> = (Option<&'a T>, Option<&'a T>);

/// Holds what is saved against what is derived.
pub(super) struct Compare {
    /// Whether every word must be the same, not only the verdicts.
    exact: bool,
    /// How many results were compared.
    count: usize,
    problems: Vec<Problem>,
    /// What only one of two builds knows, and what neither shows anything by.
    one_sided: Vec<String>,
    /// Whether another build words or measures something otherwise.
    is_other: bool,
}

impl Compare {
    pub(super) fn new(exact: bool) -> Self {
        Self { exact, count: 0, problems: vec![], one_sided: vec![], is_other: false }
    }

    /// The build that made it writes the whole document so, to the last byte; of another, what it
    /// writes otherwise is not checked.
    pub(super) fn document(&mut self, saved: &[u8], derived: &Results) {
        let mut written = Vec::with_capacity(saved.len());
        let is_written = write_json(&mut written, derived).is_ok();
        if self.problems.is_empty() && !(is_written && written == saved) {
            match self.exact {
                true => self
                    .differs(format!("`{RESULTS_FILE}` is not written as letterproof writes it")),
                false => self.is_other = true,
            }
        }
    }

    /// How many results were compared, what is wrong with them, and what was not checked.
    pub(super) fn found(self) -> (usize, Vec<Problem>, Vec<String>) {
        let mut not_checked = Vec::new();
        if !self.one_sided.is_empty() {
            let ids = self.one_sided.join(", ");
            not_checked.push(format!("known to one of the two builds only: {ids}"));
        }
        if self.is_other {
            not_checked.push(format!(
                "wording and measurements in `{RESULTS_FILE}`, which this build writes differently"
            ));
        }
        (self.count, self.problems, not_checked)
    }

    /// What is said of the run as a whole.
    pub(super) fn run(&mut self, saved: &Results, derived: &Results) {
        self.count += 1;
        // The pack's version is that of the judges.
        let pack = if self.exact { &derived.run.pack } else { &saved.run.pack }.clone();
        // Earlier versions did not tell the standing; the reader is told it from the journal.
        let is_told = self.exact || saved.run.standing.is_some();
        let standing = derived.run.standing.clone().filter(|_| is_told);
        // Nor that it was gone on with.
        let is_told = self.exact || !saved.run.resumed.is_empty();
        let resumed = if is_told { derived.run.resumed.clone() } else { Vec::new() };
        let exit_code = format!(
            "the exit code is {} in `{RESULTS_FILE}`, but {} by the journal",
            saved.exit_code, derived.exit_code
        );
        for (is_same, sentence) in [
            (
                saved.run == RunInfo { pack, standing, resumed, ..derived.run.clone() },
                "the description of the run does not match the head of its journal",
            ),
            (saved.counts == derived.counts, "the counts of verdicts do not match the tests"),
            (
                saved.waivers == derived.waivers,
                "the waivers, or their states, do not match those that the run began with",
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
            || saved.standing.is_some_and(|saved| Some(saved) != derived.standing)
            || (self.exact
                && (saved.title != derived.title
                    || saved.attempts != derived.attempts
                    || saved.span != derived.span))
        {
            self.differs(format!("the description of {} does not match its exchanges", saved.id));
        }
        self.criteria(&saved.criteria, &derived.criteria);
    }

    /// The checks of the conformance suite, or those that only an observer can make.
    pub(super) fn checks(&mut self, saved: &[CheckResult], derived: &[CheckResult]) {
        for pair in self.pairs(saved, derived, |check| check.id.clone()) {
            let told = |check: &CheckResult| (check.id.to_string(), check.verdict);
            let Some((saved, derived)) = self.both(pair, told) else {
                continue;
            };
            if saved.verdict != derived.verdict {
                self.differs(otherwise(&saved.id, saved.verdict, derived.verdict));
            } else if self.exact
                && (saved.title != derived.title || saved.finding != derived.finding)
            {
                self.differs(format!("the wording of {} does not match its exchanges", saved.id));
            }
            self.criteria(&saved.criteria, &derived.criteria);
        }
    }

    fn criteria(&mut self, saved: &[CriterionResult], derived: &[CriterionResult]) {
        for pair in self.pairs(saved, derived, |criterion| criterion.id.clone()) {
            self.count += 1;
            let told = |criterion: &CriterionResult| (criterion.id.to_string(), criterion.verdict);
            let Some((saved, derived)) = self.both(pair, told) else {
                continue;
            };
            if saved.verdict != derived.verdict {
                self.differs(otherwise(&saved.id, saved.verdict, derived.verdict));
            } else if self.exact && saved != derived {
                self.differs(format!("the wording of {} does not match its exchanges", saved.id));
            }
        }
    }

    /// The findings: with another build all but their words.
    pub(super) fn findings(&mut self, saved: &[Finding], derived: &[Finding]) {
        self.count += 1;
        let is_same = match self.exact {
            true => saved == derived,
            false => gists(saved) == gists(derived),
        };
        if !is_same {
            self.differs("the findings do not match the exchanges".to_owned());
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
                self.differs(format!("{} is in `{RESULTS_FILE}` twice", id(item)));
            }
        }
        for item in derived {
            pairs.entry(id(item)).or_default().1 = Some(item);
        }
        pairs.into_values().collect()
    }

    /// Both sides of a pair. What only one of two builds knows may be there while it shows nothing.
    fn both<'a, T>(
        &mut self,
        pair: Pair<'a, T>,
        told: impl Fn(&T) -> (String, Verdict),
    ) -> Option<(&'a T, &'a T)> {
        let (only, is_added) = match pair {
            (Some(saved), Some(derived)) => return Some((saved, derived)),
            (Some(only), None) => (only, true),
            (None, Some(only)) => (only, false),
            (None, None) => return None,
        };
        let (id, verdict) = told(only);
        if !self.exact && says_nothing(&id, verdict, is_added) {
            self.one_sided.push(id);
        } else if is_added {
            self.differs(added(&id));
        } else {
            self.differs(missing(&id));
        }
        None
    }

    fn differs(&mut self, sentence: String) {
        let (kind, file) = (ProblemKind::Verdict, Some(RESULTS_FILE.to_owned()));
        self.problems.push(Problem { kind, file, sentence });
    }
}

/// Whether what one of two builds knows alone takes nothing away and adds nothing: it shows nothing
/// either way, it is a clause that was retired, or an observer's check of this build that found
/// nothing wrong.
fn says_nothing(id: &str, verdict: Verdict, is_added: bool) -> bool {
    match verdict {
        Verdict::NotRun | Verdict::NotApplicable => true,
        Verdict::Pass | Verdict::Inconclusive if !is_added => id.starts_with("O-"),
        _ => is_added && RETIRED.iter().any(|(retired, _)| *retired == id),
    }
}

/// What findings say, their words aside: which, of whom, how grave, seen how often and where.
fn gists(findings: &[Finding]) -> Vec<String> {
    let gist = |finding: &Finding| {
        let Finding { id, about, kind, exchanges, count, .. } = finding;
        format!("{id} {about:?} {kind:?} {count} {exchanges:?}")
    };
    let mut gists: Vec<String> = findings.iter().map(gist).collect();
    gists.sort_unstable();
    gists
}

fn otherwise(id: &dyn Display, saved: impl Display, derived: impl Display) -> String {
    format!("{id} is {saved} in `{RESULTS_FILE}`, but {derived} by its exchanges")
}

fn added(id: &dyn Display) -> String {
    format!("{id} is in `{RESULTS_FILE}`, but does not follow from the journal")
}

fn missing(id: &dyn Display) -> String {
    format!("{id} follows from the journal, but is missing from `{RESULTS_FILE}`")
}
