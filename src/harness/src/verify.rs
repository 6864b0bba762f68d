//! `verify`: is this bundle as it was made, and does every verdict follow from its exchanges?
//!
//! First every byte is checked (hashes, chain, manifest, signature, the zip itself); then the
//! judges of this version judge the journal again, and what they conclude is held against
//! `results.json`, criterion by criterion; what the bundle says of itself is held against its
//! journal, and every page is made again. Nothing that the bundle says of itself is trusted where
//! it can be derived, and nothing called checked that was not.

use std::path::Path;

use letterproof_contract::Contract;
use letterproof_evidence::{
    ATTACHMENTS_FOLDER, ATTESTATIONS_FILE, Bundle, BundlePublicKey, CONTEXT_FILE, ENVIRONMENT_FILE,
    EvidenceError, INCOMPLETE, JOURNAL_FILE, MANIFEST_FILE, Opened, PERFORMANCE_FOLDER, Problem,
    ProblemKind, RESULTS_FILE, RESULTS_LIMIT, SIGNING_KEY_FILE, SavedJournal, SignatureState,
    StamperCertificates, TIMESTAMP_FILE, check_integrity, read_bundled_environment,
    read_bundled_journal, read_context, read_measured, read_results, shown_name,
};
use letterproof_judge::{Head, conclude};
use letterproof_model::{Journal as _, Results, RunId, Standing, ToolInfo, Verdict, Who};
use letterproof_reports::{Extras, rebuilt};
use serde::Serialize;

use crate::verify::compare::Compare;

pub use crate::verify::stamps::StampSeen;

mod carried;
pub(crate) mod claims;
mod compare;
mod stamps;

/// The name and version of the format of a verification.
pub const VERIFICATION_FORMAT: &str = "letterproof-verification/2";

/// What a run was asked for, kept so that it can be gone on with.
const RUN_FILE: &str = "run.json";

/// What a reader must know of a journal of format 1.
const FREE_TEXT: &str = "the journal is of format letterproof-journal/1: its marks are free text \
                         and were read as such, so a note that begins with `injected into ex-…:` \
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
}

/// How much verifying showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conclusion {
    /// Nothing is wrong, and the key that the reader expects signed it.
    Sound,
    /// Nothing is wrong, and whoever holds it can have made it: it is unsigned, or signed by a key
    /// that nobody vouches for.
    Consistent,
    /// Something is wrong.
    NotSound,
}

/// What verifying a bundle found.
#[derive(Debug, Clone, Serialize)]
pub struct Verification {
    /// Always [`VERIFICATION_FORMAT`].
    pub format: String,
    /// What it comes to.
    pub conclusion: Conclusion,
    /// The run, where the journal could be read.
    pub run: Option<RunId>,
    /// What its results prove, and where, derived from the journal; absent where that could not be
    /// read.
    pub standing: Option<Standing>,
    /// Who stands behind the run, as far as that was stated.
    pub who: Who,
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
    /// What was not checked, as files or in a few words each; nothing of it is vouched for.
    pub not_checked: Vec<String>,
    /// What a reader must know besides.
    pub notes: Vec<String>,
}

impl Verification {
    /// Whether nothing is wrong, whoever made it.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.conclusion != Conclusion::NotSound
    }
}

/// Verifies a bundle: a zip, or the folder of a run.
///
/// # Errors
/// When there is nothing at `path` that can be opened. Everything else is a problem in the answer.
pub fn verify(path: &Path, with: &Verifying<'_>) -> Result<Verification, EvidenceError> {
    if is_incomplete(path) {
        let sentence = incomplete(path);
        return Ok(refused(Problem::whole(ProblemKind::Incomplete, sentence)));
    }
    let opened = match Opened::open(path) {
        Ok(opened) => opened,
        Err(EvidenceError::Refused { problem, .. }) => return Ok(refused(problem)),
        Err(error) => return Err(error),
    };
    let mut read = None;
    let integrity = std::thread::scope(|scope| {
        // Hashing every file and judging the journal take about as long.
        scope.spawn(|| read = Some(derive(&opened, with.contract)));
        check_integrity(&opened, with.key)
    });
    let notes = left_by_desktops(&opened).into_iter().collect();
    let problems = integrity.problems;
    let mut again = Again { opened: &opened, with, problems, not_checked: vec![], notes };
    let read = match read {
        // No fault of the bundle.
        Some(Err(error @ EvidenceError::Unrecorded(_))) => return Err(error),
        read => read.and_then(|read| again.journal(read)),
    };
    let (journal, derived) =
        read.map_or((None, None), |(journal, derived)| (Some(journal), derived));
    // As the record shows it, whatever the bundle's own results say.
    let standing = derived.as_ref().and_then(|results| results.run.standing.clone());
    let rederived = journal.as_ref().map_or(0, |journal| again.rederive(journal, derived));
    if let Some(journal) = &journal {
        again.claims(journal);
        again.carried(journal);
    }
    again.statements();
    let finished = integrity.statement.as_ref();
    let finished = finished.map(|statement| statement.predicate.letterproof.finished);
    let stamps = stamps::stamps(&opened, journal.as_ref(), finished, with.stampers);
    again.problems.extend(stamps.problems);
    again.notes.extend(stamps.notes);
    let header = journal.as_ref().map(|journal| journal.header.clone());
    let brief = header.as_ref().and_then(|header| header.brief.as_ref());
    let who = brief.map(|brief| brief.who.clone()).unwrap_or_default();
    let exchanges = journal.as_ref().map_or(0, |journal| journal.recording.exchanges().len());
    let last = journal.as_ref().and_then(|journal| {
        let exchanges = journal.recording.exchanges();
        exchanges.kept(exchanges.len().checked_sub(1)?)
    });
    if let Some(journal) = journal
        && again.problems.is_empty()
    {
        again.reports(journal);
    }
    // What could not be read again was judged as if it were not there.
    last.map_or(Ok(()), |last| last.whole())?;
    let Again { problems, not_checked, notes, .. } = again;
    let conclusion = match (&integrity.signature, problems.is_empty()) {
        (_, false) => Conclusion::NotSound,
        (SignatureState::Expected { .. }, true) => Conclusion::Sound,
        (_, true) => Conclusion::Consistent,
    };
    Ok(Verification {
        format: VERIFICATION_FORMAT.to_owned(),
        conclusion,
        run: header.as_ref().map(|header| header.run_id.clone()),
        standing,
        who,
        tool: header.as_ref().map(|header| header.tool.clone()),
        journal: header.map(|header| header.format),
        signature: integrity.signature,
        exchanges,
        rederived,
        stamps: stamps.seen,
        problems,
        not_checked,
        notes,
    })
}

/// A journal, and what follows from it where it says what was asked for.
type Derived = (SavedJournal, Option<Results>);

/// Reads the journal of a bundle and judges it.
fn derive(opened: &Opened, contract: &Contract) -> Result<Derived, EvidenceError> {
    let journal = read_bundled_journal(opened)?;
    let header = &journal.header;
    let derived = header.brief.as_ref().map(|brief| {
        let head =
            Head { run_id: &header.run_id, started: header.started, tool: &header.tool, brief };
        conclude(&journal.recording, &head, contract)
    });
    Ok((journal, derived))
}

/// What a desktop left in the folder, which is no fault of the bundle.
fn left_by_desktops(opened: &Opened) -> Option<String> {
    const NAMED: usize = 5;
    let left = opened.leftovers();
    let named = left.iter().map(|name| shown_name(name)).take(NAMED);
    let named = named.collect::<Vec<_>>().join(", ");
    let rest = if left.len() > NAMED { " and others" } else { "" };
    (!left.is_empty()).then(|| {
        format!("not part of this bundle (desktops leave such files in folders): {named}{rest}")
    })
}

fn is_incomplete(path: &Path) -> bool {
    path.is_dir()
        && path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(INCOMPLETE))
}

/// What is to be done with a folder of which no bundle was made yet.
fn incomplete(path: &Path) -> String {
    let shown = path.display();
    // Only `run` can be gone on with.
    let go_on = match path.join(RUN_FILE).exists() {
        true => format!(", or continue it with `letterproof run --resume {shown}`"),
        false => String::new(),
    };
    format!(
        "no bundle was made of this run, which was interrupted or is still running; once it has \
         ended, make one with `letterproof report {shown}`{go_on}"
    )
}

fn refused(problem: Problem) -> Verification {
    Verification {
        format: VERIFICATION_FORMAT.to_owned(),
        conclusion: Conclusion::NotSound,
        run: None,
        standing: None,
        who: Who::default(),
        tool: None,
        journal: None,
        signature: SignatureState::Unsigned,
        exchanges: 0,
        rederived: 0,
        stamps: vec![],
        problems: vec![problem],
        not_checked: vec![],
        notes: vec![],
    }
}

/// Judging a bundle again.
struct Again<'a> {
    opened: &'a Opened,
    with: &'a Verifying<'a>,
    problems: Vec<Problem>,
    not_checked: Vec<String>,
    notes: Vec<String>,
}

impl Again<'_> {
    /// The journal. One that cannot be read is a problem, unless its file was named as one before.
    fn journal(&mut self, read: Result<Derived, EvidenceError>) -> Option<Derived> {
        let error = match read {
            Ok(derived) => return Some(derived),
            Err(error) => error,
        };
        if !self.problems.iter().any(|problem| problem.file.as_deref() == Some(JOURNAL_FILE)) {
            let rest = format!("cannot be read, so nothing was derived again: {error}");
            self.problems.push(Problem::of(ProblemKind::Unreadable, JOURNAL_FILE, &rest));
        }
        None
    }

    /// Holds the results against those that were derived again; returns how many were compared.
    fn rederive(&mut self, journal: &SavedJournal, derived: Option<Results>) -> usize {
        let (Some(brief), Some(mut derived)) = (&journal.header.brief, derived) else {
            self.wrong(JOURNAL_FILE, "does not say what the run was asked to show");
            return 0;
        };
        let Ok(saved) = read_results(self.opened) else {
            self.wrong(RESULTS_FILE, "does not hold results in a format that this version reads");
            return 0;
        };
        if read_context(self.opened).ok().as_ref() != Some(&brief.context) {
            self.wrong(CONTEXT_FILE, "is not the context in the journal's head");
        }
        match read_measured(self.opened) {
            Ok(measured) => derived.performance.extend(measured),
            Err(_) => self.wrong(
                PERFORMANCE_FOLDER,
                "holds a summary in a format that this version does not read",
            ),
        }
        let is_same_build = self.is_same_build(&journal.header.tool);
        let is_same_contract = brief.specification.as_deref() == self.with.contract.specification();
        let mut compare = Compare::new(is_same_build);
        compare.run(&saved, &derived);
        compare.tests(&saved.tests, &derived.tests);
        compare.checks(&saved.observer, &derived.observer);
        if is_same_contract {
            compare.checks(&saved.conformance, &derived.conformance);
            compare.findings(&saved.findings, &derived.findings);
            let bytes = self.opened.read(RESULTS_FILE, RESULTS_LIMIT).unwrap_or_default();
            compare.document(&bytes, &derived);
        } else {
            self.not_checked.push(
                "conformance and findings, since bodies were checked against a different \
                 specification; give the official file with --spec"
                    .to_owned(),
            );
        }
        let (count, problems, not_checked) = compare.found();
        self.problems.extend(problems);
        self.not_checked.extend(not_checked);
        self.completeness(&saved);
        self.notes.extend(derived.run.remarks());
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

    /// Whether this build made the bundle, by what it says of itself.
    fn is_same_build(&mut self, made_by: &ToolInfo) -> bool {
        let mine = self.with.tool;
        if made_by == mine {
            return true;
        }
        self.notes.push(format!(
            "made by letterproof {} ({}), verified by {} ({}): verdicts, findings and conformance \
             were derived again and are the same unless a problem is listed; wording and pages \
             were compared unless they are listed as not checked",
            made_by.version, made_by.commit, mine.version, mine.commit
        ));
        false
    }

    /// What the bundle says of its run, against what was recorded.
    fn claims(&mut self, journal: &SavedJournal) {
        let environment = match read_bundled_environment(self.opened) {
            Ok(environment) => environment,
            Err(_) => {
                self.wrong(ENVIRONMENT_FILE, "has a format that this version does not read");
                None
            }
        };
        self.problems.extend(claims::contradictions(journal, environment.as_ref()));
        self.notes.extend(claims::faults(environment.as_ref()));
        self.notes.extend(claims::clock(journal));
        if journal.header.is_format_1() {
            self.notes.push(FREE_TEXT.to_owned());
        }
    }

    /// Every report is made again. What this build does not make to the byte is wrong where this
    /// build made the bundle, and not checked where another did, or claims to have.
    fn reports(&mut self, journal: SavedJournal) {
        let is_same_build = journal.header.tool == *self.with.tool;
        let made = Bundle::around(journal, self.opened).map_err(|error| error.to_string());
        let made = made.and_then(|bundle| {
            let made =
                Extras::of(self.opened).and_then(|extras| rebuilt(&bundle, self.opened, &extras));
            made.map_err(|error| format!("the reports cannot be made again: {error}"))
        });
        let rebuilt = match made {
            Ok(rebuilt) => rebuilt,
            Err(sentence) => {
                self.problems.push(Problem::whole(ProblemKind::Report, sentence));
                return;
            }
        };
        for name in &rebuilt.other {
            if is_same_build {
                let rest = "is not the report that follows from the results and the journal";
                self.problems.push(Problem::of(ProblemKind::Report, name, rest));
            } else if self.opened.size(name).is_some() {
                self.not_checked.push(format!("`{}`", shown_name(name)));
            }
        }
        let is_known = |name: &str| {
            is_evidence(name)
                || rebuilt.same.iter().chain(&rebuilt.other).any(|known| known == name)
        };
        let unknown = self.opened.files().map(|(name, _)| name).filter(|name| !is_known(name));
        self.not_checked.extend(unknown.map(|name| format!("`{}`", shown_name(name))));
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

/// Whether a file is evidence, or checked as such, and not a page made from it.
fn is_evidence(name: &str) -> bool {
    let folder = name.split('/').next().unwrap_or(name);
    [
        JOURNAL_FILE,
        CONTEXT_FILE,
        RESULTS_FILE,
        ENVIRONMENT_FILE,
        RUN_FILE,
        MANIFEST_FILE,
        SIGNING_KEY_FILE,
        TIMESTAMP_FILE,
        ATTESTATIONS_FILE,
    ]
    .contains(&name)
        || folder != name && [ATTACHMENTS_FOLDER, PERFORMANCE_FOLDER].contains(&folder)
}
