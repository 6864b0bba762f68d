//! Whether all that a run did is on record: attempts that were left unfinished, and a journal that
//! the ledger does not vouch for.
//!
//! What was cut off may have been a failure, so that an attempt proves nothing until one is whole.
//! What was seen to fail stays failed.

use letterproof_model::{
    About, CheckResult, ClauseKind, CriterionResult, Finding, FindingKind, LastAttempt, Mark,
    MarkKind, TestResult, Verdict, last_attempts, pack,
};

use crate::all_tests::belongs;

/// What the findings of this module rest on.
const SOURCE: &str = "ours: no part of a run can be left out";

/// Leaves open what passed in a test, or in the suite, of which an attempt was left unfinished and
/// no whole one followed.
pub(crate) fn leave_open(marks: &[Mark], tests: &mut [TestResult], suite: &mut [CheckResult]) {
    let unfinished: Vec<(&str, LastAttempt<'_>)> =
        last_attempts(marks).into_iter().filter(|(_, attempt)| !attempt.is_whole()).collect();
    for test in tests.iter_mut().filter(|test| test.selected) {
        let Some(left) = unfinished.iter().find(|(name, _)| belongs(name, test.id)) else {
            continue;
        };
        test.criteria.iter_mut().for_each(|criterion| open(criterion, left));
        test.verdict = Verdict::roll_up(test.checks().map(|criterion| criterion.verdict));
    }
    // Their names do not say which checks of the suite they are for.
    let of_suite = |name: &str| !pack().iter().any(|test| belongs(name, test.id));
    let Some(left) = unfinished.iter().find(|(name, _)| of_suite(name)) else { return };
    for check in suite {
        check.criteria.iter_mut().for_each(|criterion| open(criterion, left));
        if check.verdict == Verdict::Pass {
            check.verdict = Verdict::Inconclusive;
        }
    }
}

fn open(criterion: &mut CriterionResult, (scenario, attempt): &(&str, LastAttempt<'_>)) {
    if criterion.verdict != Verdict::Pass || criterion.kind != ClauseKind::Check {
        return;
    }
    criterion.verdict = Verdict::Inconclusive;
    criterion.reason = Some(format!(
        "the attempt at \"{scenario}\" that began at {} was not finished, and no complete one \
         followed; otherwise it would be pass",
        attempt.begun
    ));
}

/// Whether a run went on from a journal that is not the one its ledger had seen.
pub(crate) fn is_older(marks: &[Mark]) -> bool {
    marks.iter().any(|mark| matches!(mark.kind, MarkKind::Unvouched { known: Some(_), .. }))
}

/// What a reader must know of the journals that a run went on with.
pub(crate) fn unvouched(marks: &[Mark]) -> impl Iterator<Item = Finding> {
    marks.iter().filter_map(|mark| {
        let MarkKind::Unvouched { known, .. } = &mark.kind else { return None };
        let (id, kind, title) = match known {
            Some(_) => (
                "F-JOURNAL-OLDER",
                FindingKind::Violation,
                "The run was resumed from a different journal",
            ),
            None => {
                ("F-JOURNAL-UNVOUCHED", FindingKind::Note, "The run was resumed without its ledger")
            }
        };
        Some(Finding {
            id: id.to_owned(),
            about: About::Harness,
            kind,
            title: title.to_owned(),
            expected: "a run resumes from the journal whose last head is in its ledger".to_owned(),
            observed: mark.words(),
            source: SOURCE.to_owned(),
            exchanges: Vec::new(),
            count: 1,
        })
    })
}
