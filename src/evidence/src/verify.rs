//! `verify`: is this bundle as it was made, and does every verdict follow from its exchanges?
//!
//! First every byte is checked (hashes, chain, manifest, signature, the zip itself); then the
//! judges of this version judge the journal again, and what they conclude is held against
//! `results.json`, criterion by criterion. Refuses to trust anything that the bundle says of itself
//! where it can be derived.

mod compare;
mod stamps;

use std::path::Path;

use letterproof_contract::Contract;
use letterproof_judge::{Head, conclude};
use letterproof_model::{Brief, Journal as _, Results, RunId, ToolInfo, Verdict};
use serde::Serialize;

use crate::bundle::{CONTEXT_FILE, read_bundled_journal, read_context, read_results};
use crate::seal::RESULTS_LIMIT;
use crate::{
    Bundle, BundlePublicKey, EvidenceError, INCOMPLETE, JOURNAL_FILE, Opened, PERFORMANCE_FOLDER,
    Problem, ProblemKind, RESULTS_FILE, SavedJournal, SignatureState, StamperCertificates,
    check_integrity, read_measured,
};
use compare::Compare;
pub use stamps::StampSeen;

/// The name and version of the format of a verification.
pub const VERIFICATION_FORMAT: &str = "letterproof-verification/1";

/// What a reader must know of a journal of format 1.
const FREE_TEXT: &str = "the journal is of format letterproof-journal/1: its marks are free text and \
                         were read as then, so that a note which begins `injected into ex-…:` \
                         counts as an injected fault, whoever wrote it";

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
    /// The certificates that vouch for stampers, where the reader has them: every time stamp must
    /// be by one of theirs, and there must be one.
    pub stampers: Option<&'a StamperCertificates>,
    /// What makes the reports of a bundle again and finds those that are others.
    pub reports: ReportCheck,
}

/// Finds what is wrong with the reports of a bundle that is sound otherwise.
pub type ReportCheck = fn(&Opened, &Bundle) -> Vec<Problem>;

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
    /// The format of the journal, where that could be read.
    pub journal: Option<String>,
    /// Whether it is signed, and by whom.
    pub signature: SignatureState,
    /// How many exchanges were judged again.
    pub exchanges: usize,
    /// How many results were derived again and compared.
    pub rederived: usize,
    /// The time stamps that hold, in the order of the journal, the manifest's last.
    pub stamps: Vec<StampSeen>,
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
    if is_incomplete(path) {
        let sentence = "this run broke off or still goes on, and no bundle was made of it yet; \
                        `letterproof report` makes one";
        return Ok(refused(Problem::whole(ProblemKind::Incomplete, sentence)));
    }
    let opened = match Opened::open(path) {
        Ok(opened) => opened,
        Err(EvidenceError::Refused { problem, .. }) => return Ok(refused(problem)),
        Err(error) => return Err(error),
    };
    let integrity = check_integrity(&opened, with.key);
    let notes = left_by_desktops(&opened).into_iter().collect();
    let mut again = Again { opened: &opened, with, problems: integrity.problems, notes };
    let journal = again.journal();
    let rederived = journal.as_ref().map_or(0, |journal| again.rederive(journal));
    if journal.as_ref().is_some_and(|journal| journal.header.is_format_1()) {
        again.notes.push(FREE_TEXT.to_owned());
    }
    let finished = integrity.statement.as_ref();
    let finished = finished.map(|statement| statement.predicate.letterproof.finished);
    let stamps = stamps::stamps(&opened, journal.as_ref(), finished, with.stampers);
    again.problems.extend(stamps.problems);
    again.notes.extend(stamps.notes);
    let header = journal.as_ref().map(|journal| journal.header.clone());
    let exchanges = journal.as_ref().map_or(0, |journal| journal.recording.exchanges().len());
    if let Some(journal) = journal
        && again.problems.is_empty()
        && journal.header.tool == *with.tool
    {
        again.reports(journal);
    }
    let Again { problems, notes, .. } = again;
    Ok(Verification {
        format: VERIFICATION_FORMAT.to_owned(),
        sound: problems.is_empty(),
        run: header.as_ref().map(|header| header.run_id.clone()),
        tool: header.as_ref().map(|header| header.tool.clone()),
        journal: header.map(|header| header.format),
        signature: integrity.signature,
        exchanges,
        rederived,
        stamps: stamps.seen,
        problems,
        notes,
    })
}

/// What a desktop left in the folder, which is no fault of the bundle.
fn left_by_desktops(opened: &Opened) -> Option<String> {
    const NAMED: usize = 5;
    let left = opened.leftovers();
    let named = left.iter().map(|name| crate::names::shown(name)).take(NAMED);
    let named = named.collect::<Vec<_>>().join(", ");
    let rest = if left.len() > NAMED { " and others" } else { "" };
    (!left.is_empty()).then(|| {
        format!("not of this bundle, since desktops leave such files in folders: {named}{rest}")
    })
}

fn is_incomplete(path: &Path) -> bool {
    path.is_dir()
        && path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(INCOMPLETE))
}

fn refused(problem: Problem) -> Verification {
    Verification {
        format: VERIFICATION_FORMAT.to_owned(),
        sound: false,
        run: None,
        tool: None,
        journal: None,
        signature: SignatureState::Unsigned,
        exchanges: 0,
        rederived: 0,
        stamps: vec![],
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
    /// The journal. One that cannot be read is a problem, unless its file was named as one before.
    fn journal(&mut self) -> Option<SavedJournal> {
        let error = match read_bundled_journal(self.opened) {
            Ok(journal) => return Some(journal),
            Err(error) => error,
        };
        if !self.problems.iter().any(|problem| problem.file.as_deref() == Some(JOURNAL_FILE)) {
            let rest = format!("cannot be read, so that nothing was derived again: {error}");
            self.problems.push(Problem::of(ProblemKind::Unreadable, JOURNAL_FILE, &rest));
        }
        None
    }

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
        let exact = !self.judged_otherwise(brief, &journal.header.tool);
        let mut compare = Compare::new(exact);
        compare.run(&saved, &derived);
        compare.tests(&saved.tests, &derived.tests);
        if brief.specification.as_deref() == self.with.contract.specification() {
            compare.checks(&saved.conformance, &derived.conformance);
            compare.findings(&saved, &derived);
        }
        compare.checks(&saved.observer, &derived.observer);
        if brief.specification.as_deref() == self.with.contract.specification() {
            compare.document(
                &self.opened.read(RESULTS_FILE, RESULTS_LIMIT).unwrap_or_default(),
                &derived,
            );
        }
        let (count, problems, notes) = compare.found();
        self.problems.extend(problems);
        self.notes.extend(notes);
        self.completeness(&saved);
        self.note_gaps(&derived);
        count
    }

    /// Each test that was judged has its evidence beside the journal.
    fn completeness(&mut self, saved: &Results) {
        for test in saved.tests.iter().filter(|test| test.selected) {
            let name = format!("{}/criteria.csv", test.id);
            let is_named = |problem: &Problem| problem.file.as_deref() == Some(&name);
            if self.opened.size(&name).is_none() && !self.problems.iter().any(is_named) {
                let rest = format!("is missing, though {} was judged", test.id);
                self.problems.push(Problem::of(ProblemKind::Missing, &name, &rest));
            }
        }
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
            "made by letterproof {} ({}), verified by {} ({}): verdicts are compared, wording and \
             reports are not",
            made_by.version, made_by.commit, mine.version, mine.commit
        ));
        true
    }

    /// The reports, which the same version makes to the byte.
    fn reports(&mut self, journal: SavedJournal) {
        match Bundle::around(journal, self.opened) {
            Ok(bundle) => self.problems.extend((self.with.reports)(self.opened, &bundle)),
            Err(error) => {
                self.problems.push(Problem::whole(ProblemKind::Report, error.to_string()))
            }
        }
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
