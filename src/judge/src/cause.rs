//! A cause is told once: a criterion that fails only at letters whose status the API did not keep
//! points to the check that says so. Refuses to excuse: the verdict stays.

use std::collections::HashSet;

use letterproof_model::{LetterId, TestResult, Verdict};

/// Has each failed criterion whose letters at fault are all among `letters` name `cause`, the check or
/// finding that tells why they fail.
pub(crate) fn point_to(cause: &str, letters: &[LetterId], tests: &mut [TestResult]) {
    let known: HashSet<&LetterId> = letters.iter().collect();
    let failed = tests
        .iter_mut()
        .flat_map(|test| &mut test.criteria)
        .filter(|criterion| criterion.verdict == Verdict::Fail && !criterion.letters.is_empty());
    for criterion in failed.filter(|one| one.letters.iter().all(|letter| known.contains(letter))) {
        let see = format!("the API did not keep the status of these letters: see {cause}");
        criterion.reason = Some(match criterion.reason.take() {
            None => see,
            Some(reason) => format!("{reason}; {see}"),
        });
    }
}
