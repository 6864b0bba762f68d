//! Which failures are waived, and in what words that is said.
//! Refuses to soften: a waived failure is still called one, and an expired waiver counts for
//! nothing here.

use letterproof_model::{Results, TestResult, Verdict, WaiverState, WaiverUse, is_waived};

/// The waiver under which a failure stands; `None` where nothing failed or nobody agreed.
pub(crate) fn waiver_of<'a>(
    results: &'a Results,
    id: &str,
    verdict: Verdict,
) -> Option<&'a WaiverUse> {
    let mut uses = results.waivers.iter().filter(|used| used.waiver.id == id);
    uses.next().filter(|_| verdict == Verdict::Fail)
}

/// `waived until 2026-12-01: the reason; agreed by the service manager, reference R-1`.
pub(crate) fn words(used: &WaiverUse) -> String {
    let waiver = &used.waiver;
    let state = match used.state {
        WaiverState::Expired => {
            format!("no longer waived (its waiver expired on {})", waiver.expires)
        }
        WaiverState::Applied | WaiverState::Unneeded | WaiverState::NotJudged => {
            format!("waived until {}", waiver.expires)
        }
    };
    format!(
        "{state}: {}; agreed by {} on {}, reference {}",
        waiver.reason.trim_end_matches('.'),
        waiver.agreed_by,
        waiver.date,
        waiver.reference
    )
}

/// Whether a test failed, and every check of it that did is waived.
pub(crate) fn is_test_waived(test: &TestResult, results: &Results) -> bool {
    let mut failed = test.checks().filter(|check| check.verdict == Verdict::Fail).peekable();
    test.verdict == Verdict::Fail
        && failed.peek().is_some()
        && failed.all(|check| is_waived(&check.id, check.verdict, &results.waivers))
}
