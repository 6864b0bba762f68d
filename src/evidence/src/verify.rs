//! `verify`: is this bundle as it was made, and does every verdict follow from its exchanges?
//!
//! First every byte is checked (hashes, chain, manifest, signature, the zip itself); then the
//! judges of this version judge the journal again, and what they conclude is held against
//! `results.json`, criterion by criterion. Refuses to trust anything that the bundle says of itself
//! where it can be derived.

use std::collections::BTreeMap;
use std::path::Path;

use letterproof_contract::Contract;
use letterproof_judge::{Head, conclude};
use letterproof_model::{
    Brief, CheckResult, CriterionResult, Journal as _, Results, RunId, ToolInfo, Verdict,
};
use serde::Serialize;

use crate::bundle::{CONTEXT_FILE, read_bundled_journal, read_context, read_results};
use crate::{
    BundlePublicKey, EvidenceError, JOURNAL_FILE, Opened, PERFORMANCE_FOLDER, Problem, ProblemKind,
    RESULTS_FILE, SavedJournal, SignatureState, check_integrity, read_measured,
};

/// The name and version of the format of a verification.
pub const VERIFICATION_FORMAT: &str = "letterproof-verification/1";

/// What verifying rests on besides the bundle.
#[derive(Debug, Clone, Copy)]
pub struct Verifying<'a> {
    /// This tool.
    pub tool: &'a ToolInfo,
    /// The key that must have signed the bundle, where the reader has it.
    pub key: Option<&'a BundlePublicKey>,
    /// The contract that bodies are held against: that of this build, or of the official
    /// specification with which the run was judged.
    pub contract: &'a Contract,
}

/// What verifying a bundle found.
#[derive(Debug, Clone, Serialize)]
pub struct Verification {
    /// Always [`VERIFICATION_FORMAT`].
    pub format: String,
    /// Whether nothing is wrong.
    pub sound: bool,
    /// The run, where the journal could be read.
    pub run: Option<RunId>,
    /// What made the bundle, where the journal could be read.
    pub tool: Option<ToolInfo>,
    /// Whether it is signed, and by whom.
    pub signature: SignatureState,
    /// How many exchanges were judged again.
    pub exchanges: usize,
    /// How many results were derived again and compared.
    pub rederived: usize,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// What a reader must know besides.
    pub notes: Vec<String>,
}

/// Verifies a bundle: a zip, or the folder of a run.
///
/// # Errors
/// When there is nothing at `path` that can be opened. Everything else is a problem in the answer.
pub fn verify(path: &Path, with: &Verifying<'_>) -> Result<Verification, EvidenceError> {
    let opened = match Opened::open(path) {
        Ok(opened) => opened,
        Err(EvidenceError::Refused { problem, .. }) => return Ok(refused(problem)),
        Err(error) => return Err(error),
    };
    let integrity = check_integrity(&opened, with.key);
    let mut again = Again { opened: &opened, with, problems: integrity.problems, notes: vec![] };
    // That it cannot be read is a problem already.
    let journal = read_bundled_journal(&opened).ok();
    let rederived = journal.as_ref().map_or(0, |journal| again.rederive(journal));
    let Again { problems, notes, .. } = again;
    let header = journal.as_ref().map(|journal| &journal.header);
    Ok(Verification {
        format: VERIFICATION_FORMAT.to_owned(),
        sound: problems.is_empty(),
        run: header.map(|header| header.run_id.clone()),
        tool: header.map(|header| header.tool.clone()),
        signature: integrity.signature,
        exchanges: journal.as_ref().map_or(0, |journal| journal.recording.exchanges().len()),
        rederived,
        problems,
        notes,
    })
}

fn refused(problem: Problem) -> Verification {
    Verification {
        format: VERIFICATION_FORMAT.to_owned(),
        sound: false,
        run: None,
        tool: None,
        signature: SignatureState::Unsigned,
        exchanges: 0,
        rederived: 0,
        problems: vec![problem],
        notes: vec![],
    }
}

/// Judging a bundle again.
struct Again<'a> {
    opened: &'a Opened,
    with: &'a Verifying<'a>,
    problems: Vec<Problem>,
    notes: Vec<String>,
}

impl Again<'_> {
    /// Derives the results again; returns how many were compared.
    fn rederive(&mut self, journal: &SavedJournal) -> usize {
        let Some(brief) = &journal.header.brief else {
            self.wrong(JOURNAL_FILE, "does not say what the run was asked to show");
            return 0;
        };
        let Ok(saved) = read_results(self.opened) else {
            self.wrong(RESULTS_FILE, "holds no results of a format that this version reads");
            return 0;
        };
        if read_context(self.opened).ok().as_ref() != Some(&brief.context) {
            self.wrong(CONTEXT_FILE, "is not the context that stands at the journal's head");
        }
        let derived = {
            let header = &journal.header;
            let head =
                Head { run_id: &header.run_id, started: header.started, tool: &header.tool, brief };
            let mut derived = conclude(&journal.recording, &head, self.with.contract);
            match read_measured(self.opened) {
                Ok(measured) => derived.performance.extend(measured),
                Err(_) => self.wrong(
                    PERFORMANCE_FOLDER,
                    "holds a summary of a format that this version does not read",
                ),
            }
            derived
        };
        let other = self.judged_otherwise(brief, &journal.header.tool);
        let mut compare = Compare { problems: &mut self.problems, exact: !other, count: 0 };
        compare.run(&saved, &derived);
        for (saved, derived) in by_id(&saved.tests, &derived.tests, |test| test.id) {
            compare.test(saved, derived);
        }
        let checks = |check: &CheckResult| check.id.clone();
        if brief.specification.as_deref() == self.with.contract.specification() {
            for (saved, derived) in by_id(&saved.conformance, &derived.conformance, checks) {
                compare.check(saved, derived);
            }
            compare.findings(&saved, &derived);
        }
        for (saved, derived) in by_id(&saved.observer, &derived.observer, checks) {
            compare.check(saved, derived);
        }
        let count = compare.count;
        self.note_gaps(&derived);
        count
    }

    /// Whether the run was judged by other judges than these, so that words may differ.
    fn judged_otherwise(&mut self, brief: &Brief, made_by: &ToolInfo) -> bool {
        let mine = self.with.tool;
        if brief.specification.as_deref() != self.with.contract.specification() {
            self.notes.push(
                "bodies were held against another specification than the one in use here, so the \
                 conformance suite and the findings were not compared; give the official file with \
                 --spec"
                    .to_owned(),
            );
        }
        if made_by == mine {
            return false;
        }
        self.notes.push(format!(
            "made by letterproof {} ({}), verified by {} ({}): verdicts are compared, wording is not",
            made_by.version, made_by.commit, mine.version, mine.commit
        ));
        true
    }

    /// What the run does not show, which is no fault of the bundle.
    fn note_gaps(&mut self, derived: &Results) {
        let missing: Vec<String> = derived
            .tests
            .iter()
            .filter(|test| test.required && test.verdict == Verdict::NotRun)
            .map(|test| test.id.to_string())
            .collect();
        if !missing.is_empty() {
            let missing = missing.join(", ");
            self.notes.push(format!("this run holds no evidence for required tests: {missing}"));
        }
    }

    fn wrong(&mut self, file: &str, rest: &str) {
        self.problems.push(Problem::of(ProblemKind::Verdict, file, rest));
    }
}

/// What stands in two lists under the same ids, and what stands in one only.
fn by_id<'a, T, K: Ord>(
    saved: &'a [T],
    derived: &'a [T],
    id: impl Fn(&T) -> K,
) -> Vec<(Option<&'a T>, Option<&'a T>)> {
    let mut both: BTreeMap<K, (Option<&T>, Option<&T>)> = BTreeMap::new();
    for item in saved {
        both.entry(id(item)).or_default().0 = Some(item);
    }
    for item in derived {
        both.entry(id(item)).or_default().1 = Some(item);
    }
    both.into_values().collect()
}

/// Holds what is saved against what is derived.
struct Compare<'a> {
    problems: &'a mut Vec<Problem>,
    /// Whether every word must be the same, not only the verdicts.
    exact: bool,
    count: usize,
}

impl Compare<'_> {
    fn differs(&mut self, sentence: String) {
        self.problems.push(Problem {
            kind: ProblemKind::Verdict,
            file: Some(RESULTS_FILE.to_owned()),
            sentence,
        });
    }

    fn run(&mut self, saved: &Results, derived: &Results) {
        self.count += 1;
        let same = saved.run == derived.run
            && saved.counts == derived.counts
            && saved.waivers == derived.waivers
            && saved.exit_code == derived.exit_code
            && (!self.exact || saved.performance == derived.performance);
        if !same {
            self.differs(
                "`results.json` tells another run, count, measurement, waiver or exit code than \
                 follow from the journal"
                    .to_owned(),
            );
        }
    }

    fn test(
        &mut self,
        saved: Option<&letterproof_model::TestResult>,
        derived: Option<&letterproof_model::TestResult>,
    ) {
        self.count += 1;
        let (saved, derived) = match (saved, derived) {
            (Some(saved), Some(derived)) => (saved, derived),
            (Some(only), None) | (None, Some(only)) => {
                return self.differs(format!("{} stands on one side only", only.id));
            }
            (None, None) => return,
        };
        if saved.verdict != derived.verdict {
            self.differs(format!(
                "{} is {} in `results.json`, and {} by its exchanges",
                saved.id, saved.verdict, derived.verdict
            ));
        } else if saved.selected != derived.selected
            || saved.required != derived.required
            || saved.mode != derived.mode
            || (self.exact && (saved.title != derived.title || saved.attempts != derived.attempts))
        {
            self.differs(format!("{} is described otherwise than by its exchanges", saved.id));
        }
        let id = |criterion: &CriterionResult| criterion.id.clone();
        for (saved, derived) in by_id(&saved.criteria, &derived.criteria, id) {
            self.criterion(saved, derived);
        }
    }

    fn check(&mut self, saved: Option<&CheckResult>, derived: Option<&CheckResult>) {
        let (saved, derived) = match (saved, derived) {
            (Some(saved), Some(derived)) => (saved, derived),
            (Some(only), None) | (None, Some(only)) => {
                return self.differs(format!("{} stands on one side only", only.id));
            }
            (None, None) => return,
        };
        if saved.verdict != derived.verdict || (self.exact && saved.title != derived.title) {
            self.differs(format!(
                "{} is {} in `results.json`, and {} by its exchanges",
                saved.id, saved.verdict, derived.verdict
            ));
        }
        let id = |criterion: &CriterionResult| criterion.id.clone();
        for (saved, derived) in by_id(&saved.criteria, &derived.criteria, id) {
            self.criterion(saved, derived);
        }
    }

    fn criterion(&mut self, saved: Option<&CriterionResult>, derived: Option<&CriterionResult>) {
        self.count += 1;
        match (saved, derived) {
            (Some(saved), Some(derived)) if saved.verdict != derived.verdict => {
                self.differs(format!(
                    "{} is {} in `results.json`, and {} by its exchanges",
                    saved.id, saved.verdict, derived.verdict
                ));
            }
            (Some(saved), Some(derived)) if self.exact && saved != derived => {
                self.differs(format!("{} is told otherwise than by its exchanges", saved.id));
            }
            (Some(only), None) | (None, Some(only)) => {
                self.differs(format!("{} stands on one side only", only.id));
            }
            _ => {}
        }
    }

    fn findings(&mut self, saved: &Results, derived: &Results) {
        self.count += 1;
        let key = |results: &Results| -> Vec<(String, u64)> {
            results.findings.iter().map(|finding| (finding.id.clone(), finding.count)).collect()
        };
        let same = if self.exact {
            saved.findings == derived.findings
        } else {
            key(saved) == key(derived)
        };
        if !same {
            self.differs("the findings are not those that follow from the exchanges".to_owned());
        }
    }
}
