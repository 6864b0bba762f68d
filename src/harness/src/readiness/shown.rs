//! What the runs show of one test: whether it must be shown at all, which of them decides, which failures
//! there were, and what the supplier's own system has still to show. Only a later witnessed pass closes a
//! failure. A status is declared only where a profile states it: without one, only what the supplier's own
//! system did shows that its workflow has it.
//!
//! Whose runs are put together.
//! Never runs of different suppliers: what one's system showed says nothing of another's.

use std::fmt;

use letterproof_evidence::EvidenceError;
use letterproof_model::{
    Context, Place, Proof, RunId, TestId, TestResult, Timestamp, Verdict, Who, pack,
    test_definition, unwaived_verdict,
};
use serde::Serialize;

use crate::readiness::Submission;

/// A failure of a test in one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FailureLine {
    /// The run.
    pub run: RunId,
    /// When it ended.
    pub date: Timestamp,
    /// How the test ended: it failed, or the harness did.
    pub verdict: Verdict,
    /// By what it was shown.
    pub standing: Proof,
    /// Where.
    pub place: Place,
    /// Whether each of its failures is waived.
    pub waived: bool,
    /// The later witnessed run in which the test passed; absent while there is none.
    pub closed_by: Option<RunId>,
}

impl FailureLine {
    /// Whether neither a later witnessed run passed nor anything was agreed on it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.closed_by.is_none() && !self.waived
    }

    /// The run and what became of the failure, as a part of a sentence.
    #[must_use]
    pub fn words(&self) -> String {
        let state = match (&self.closed_by, self.waived) {
            (Some(run), _) => format!("closed by the witnessed run {run}"),
            (None, true) => "waived".to_owned(),
            (None, false) => "open until a later witnessed run passes".to_owned(),
        };
        format!(
            "{} in run {} ({} at {}), {state}",
            self.verdict, self.run, self.standing, self.place
        )
    }
}

/// A run that judged a test, and how.
pub(super) type Judged<'a, 'b> = (&'b Submission<'a>, &'a TestResult);

/// Every run that judged a test, by time.
pub(super) fn judged<'a, 'b>(test: TestId, runs: &'b [&'b Submission<'a>]) -> Vec<Judged<'a, 'b>> {
    let is_judged = |result: &&TestResult| result.selected && result.verdict != Verdict::NotRun;
    let of = |run: &'b Submission<'a>| {
        let result = run.results.tests.iter().find(|result| result.id == test);
        Some((run, result.filter(is_judged)?))
    };
    runs.iter().filter_map(|run| of(run)).collect()
}

/// The run that decides: the last witnessed on INT, else the last witnessed anywhere, else the last.
pub(super) fn deciding<'a, 'b>(judged: &[Judged<'a, 'b>]) -> Option<Judged<'a, 'b>> {
    let rank = |(run, _): &&Judged<'_, '_>| {
        let standing = run.results.run.standing();
        (standing.is_witnessed_at_int(), standing.word == Proof::Witnessed)
    };
    // Of equals the last.
    judged.iter().max_by_key(rank).copied()
}

/// Whether a test failed and each of its failures is waived.
pub(super) fn is_waived((run, result): Judged<'_, '_>) -> bool {
    result.verdict == Verdict::Fail
        && unwaived_verdict(result, &run.results.waivers) == Verdict::Pass
}

/// Every failure of a test, by time. A pass at another place closes no failure that INT saw.
pub(super) fn failures(judged: &[Judged<'_, '_>]) -> Vec<FailureLine> {
    let failed =
        |(_, result): &Judged<'_, '_>| matches!(result.verdict, Verdict::Fail | Verdict::Error);
    let all = judged.iter().enumerate().filter(|(_, one)| failed(one));
    let line = |(at, one): (usize, &Judged<'_, '_>)| {
        let (run, result) = *one;
        let standing = run.results.run.standing();
        let closes = |(later, result): &&Judged<'_, '_>| {
            let later = later.results.run.standing();
            result.verdict == Verdict::Pass
                && later.word == Proof::Witnessed
                && (later.place.is_int() || !standing.place.is_int())
        };
        FailureLine {
            run: run.results.run.id.clone(),
            date: run.results.run.finished,
            verdict: result.verdict,
            standing: standing.word,
            place: standing.place,
            waived: is_waived(*one),
            closed_by: judged[at + 1..]
                .iter()
                .find(closes)
                .map(|(later, _)| later.results.run.id.clone()),
        }
    };
    all.map(line).collect()
}

/// What the supplier's own system has still to show; `None` where it did.
pub(super) fn to_show(deciding: Option<Judged<'_, '_>>) -> Option<String> {
    let Some((run, result)) = deciding else {
        return Some(
            "not run yet; the supplier's own system must show it, through `letterproof witness`"
                .to_owned(),
        );
    };
    let (id, standing) = (&run.results.run.id, run.results.run.standing());
    let verdict = result.verdict;
    let passed = verdict == Verdict::Pass || is_waived((run, result));
    match (passed, standing.word == Proof::Witnessed, standing.place.is_int()) {
        (true, true, true) => None,
        (false, true, _) => Some(format!("{verdict} in run {id}; run it again")),
        (true, true, false) => Some(format!(
            "{verdict} in run {id}, {} only; the supplier's own system must still show it on INT",
            standing.words()
        )),
        (_, false, _) => Some(format!(
            "{verdict} in run {id}, {} only; the supplier's own system must still show it, through \
             `letterproof witness`",
            standing.words()
        )),
    }
}

/// Why a test must be shown, or why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// The pack makes it mandatory.
    Mandatory,
    /// It is optional, and the profile states its status in `supports`.
    Declared,
    /// It is optional, no profile states the workflow, and the supplier's own system used it.
    Used,
    /// It is optional, no profile states the workflow, and the supplier's own system did not use it.
    NotStated,
    /// It is optional, and the profile states a workflow without its status.
    NotSupported,
}

impl Need {
    /// Whether the supplier must show the test.
    #[must_use]
    pub const fn is_needed(self) -> bool {
        matches!(self, Self::Mandatory | Self::Declared | Self::Used)
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Mandatory => "yes",
            Self::Declared => "declared",
            Self::Used => "used",
            Self::NotStated => "not stated",
            Self::NotSupported => "no",
        })
    }
}

/// Why a test must be shown over these runs, by time: of several profiles the last decides.
pub(super) fn need(test: TestId, runs: &[&Submission<'_>], judged: &[Judged<'_, '_>]) -> Need {
    if test_definition(test).required {
        return Need::Mandatory;
    }
    let stated = runs.iter().rev().find(|run| states_workflow(run));
    let did = |(run, result): &Judged<'_, '_>| {
        run.results.run.standing().word == Proof::Witnessed
            && result.verdict != Verdict::NotApplicable
    };
    match stated {
        Some(run) if run.context.works_by(test) => Need::Declared,
        Some(_) => Need::NotSupported,
        None if judged.iter().any(did) => Need::Used,
        None => Need::NotStated,
    }
}

/// Whether the run's target states a workflow. One that states none is judged as if it had every
/// optional status, and then the tests of those are not among the deciding ones.
fn states_workflow(run: &Submission<'_>) -> bool {
    let optional = || pack().iter().filter(|test| !test.required).map(|test| test.id);
    let has_all = |context: &Context| optional().all(|test| context.works_by(test));
    !has_all(run.context) || optional().all(|test| run.results.run.deciding.contains(&test))
}

/// Who stands behind runs that are put together, as their bundles state it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Whose {
    /// The supplier's name, in each way in which it was written, the first first; empty where no run
    /// names it.
    pub suppliers: Vec<String>,
    /// The id of its application; empty where no run names it.
    pub application_ids: Vec<String>,
    /// Runs that name neither: nothing in them says that they are of this supplier.
    pub unnamed: Vec<RunId>,
}

impl Whose {
    /// Who stands behind these runs.
    ///
    /// # Errors
    /// When two of them are of different suppliers: of different applications, or, where one of them
    /// does not name its application, of different names. Capitals, spaces and punctuation of a name
    /// make no difference.
    pub(super) fn of(runs: &[&Submission<'_>]) -> Result<Self, EvidenceError> {
        let mut whose = Self::default();
        for (at, run) in runs.iter().enumerate() {
            let info = &run.results.run;
            if let Some(other) =
                runs[..at].iter().find(|one| differ(&one.results.run.who, &info.who))
            {
                let told = |run: &Submission<'_>| {
                    format!("run {} is from {}", run.results.run.id, named(&run.results.run.who))
                };
                return Err(EvidenceError::Suppliers { one: told(other), other: told(run) });
            }
            let Who { supplier, application_id, .. } = &info.who;
            add(&mut whose.suppliers, supplier.as_ref());
            add(&mut whose.application_ids, application_id.as_ref());
            if supplier.is_none() && application_id.is_none() {
                whose.unnamed.push(info.id.clone());
            }
        }
        Ok(whose)
    }

    /// Whose runs they are, one line each with its label; what no run states is said to be so.
    #[must_use]
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let text = |all: &[String]| match all {
            [] => "not stated in any run".to_owned(),
            all => all.join(", also written "),
        };
        let mut lines = vec![
            ("Supplier", text(&self.suppliers)),
            ("Application id", text(&self.application_ids)),
        ];
        let is_anybodys = !self.unnamed.is_empty();
        if is_anybodys && !(self.suppliers.is_empty() && self.application_ids.is_empty()) {
            let ids: Vec<&str> = self.unnamed.iter().map(RunId::as_str).collect();
            lines.push((
                "Not stated in",
                format!("{}: nothing shows which supplier it is from", ids.join(", ")),
            ));
        }
        lines
    }
}

fn add(all: &mut Vec<String>, stated: Option<&String>) {
    let new = stated.filter(|stated| !all.contains(stated));
    all.extend(new.cloned());
}

/// Whether two runs are of different suppliers, as far as both say. An application's id decides where
/// both name one: a name is text that is typed anew each time.
fn differ(one: &Who, other: &Who) -> bool {
    let plain = |name: &String| -> String {
        name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    match (&one.application_id, &other.application_id) {
        (Some(one), Some(other)) => !one.eq_ignore_ascii_case(other),
        _ => matches!(
            (&one.supplier, &other.supplier),
            (Some(one), Some(other)) if plain(one) != plain(other)
        ),
    }
}

fn named(who: &Who) -> String {
    match (&who.supplier, &who.application_id) {
        (Some(name), Some(id)) => format!("{name} (application {id})"),
        (Some(name), None) => name.clone(),
        (None, Some(id)) => format!("application {id}"),
        (None, None) => "nobody".to_owned(),
    }
}
