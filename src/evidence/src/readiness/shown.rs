//! What the runs show of one test: which of them decides, which failures there were, and what the
//! supplier's own system has still to show.
//! Refuses to let a driven result cover a witnessed one: only a later witnessed pass closes a
//! failure.

use letterproof_model::{
    Place, Proof, RunId, TestId, TestResult, Timestamp, Verdict, unwaived_verdict,
};
use serde::Serialize;

use super::Submission;

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
