//! What was judged of a run taken together: waived failures, and the exit code that follows.
//!
//! What an observer sees decides only where the supplier is not the harness's own: in a driven run
//! the harness makes the traffic, so that its habits say nothing about anybody's system.
//! Refuses to let what was not shown by the observer's checks decide: the pack does not ask for it.
//! Nor does advice decide: no official text asks for it.

use crate::{
    CheckResult, CriterionId, Finding, Strict, SupplierKind, TestId, TestResult, Verdict, WaiverUse,
};

/// Everything judged of a run.
#[derive(Debug, Clone, Copy)]
pub struct Judgement<'a> {
    /// Who made the traffic.
    pub supplier: SupplierKind,
    /// The tests of the pack.
    pub tests: &'a [TestResult],
    /// The conformance suite; empty where it was not selected.
    pub conformance: &'a [CheckResult],
    /// The observer's checks.
    pub observer: &'a [CheckResult],
    /// What else was seen.
    pub findings: &'a [Finding],
    /// Optional tests that decide like required ones.
    pub deciding: &'a [TestId],
    /// What decides beside the verdicts.
    pub strict: Option<Strict>,
}

impl<'a> Judgement<'a> {
    /// The checks beside the pack: the conformance suite's and the observer's.
    pub(crate) fn checks(&self) -> impl Iterator<Item = &'a CheckResult> {
        self.conformance.iter().chain(self.observer)
    }

    /// Whether a test decides: it is mandatory, or it was declared or asked for by name.
    #[must_use]
    pub fn decides(&self, test: &TestResult) -> bool {
        test.selected && (test.required || self.deciding.contains(&test.id))
    }

    /// The ids of what is objected to beyond the verdicts, as strictly as is asked: findings first,
    /// then checks. What is waived is left out.
    #[must_use]
    pub fn objections(&self, strict: Strict, waivers: &[WaiverUse]) -> Vec<&'a str> {
        strict.objections(self.findings, self.observer, self.conformance, waivers)
    }

    /// Whether something is objected to beyond the verdicts.
    fn is_objected_to(&self, waivers: &[WaiverUse]) -> bool {
        self.strict.is_some_and(|strict| !self.objections(strict, waivers).is_empty())
    }

    /// Whether the supplier under test broke a rule that an observer sees, and nobody waived it.
    fn observed_failure(&self, waivers: &[WaiverUse]) -> bool {
        let failed = |check: &CheckResult| {
            check.is_broken() && !is_waived(&check.id, check.verdict, waivers)
        };
        !self.supplier.is_ours() && self.observer.iter().any(failed)
    }
}

/// The exit code of what was judged: 4 the harness failed, 1 a test that decides failed, the API broke
/// its contract under the conformance suite, a witnessed supplier broke an observer's rule or a
/// strict run found what it objects to, 3 incomplete or a waiver must go, 0 every test that decides
/// passed. A waived failure decides nothing.
#[must_use]
pub fn exit_code(judged: &Judgement<'_>, waivers: &[WaiverUse]) -> u8 {
    let deciding = || judged.tests.iter().filter(|test| test.selected);
    let required = || {
        deciding().filter(|test| judged.decides(test)).map(|test| unwaived_verdict(test, waivers))
    };
    let unwaived = |check: &&CheckResult| !is_waived(&check.id, check.verdict, waivers);
    let deciding_checks = || judged.conformance.iter().filter(|check| !check.is_advice());
    let checks = || deciding_checks().filter(unwaived).map(|check| check.verdict);
    if deciding().map(|test| test.verdict).chain(checks()).any(|v| v == Verdict::Error) {
        4
    } else if required().chain(checks()).any(|v| v == Verdict::Fail)
        || judged.observed_failure(waivers)
        || judged.is_objected_to(waivers)
    {
        1
    } else if required().any(|v| v != Verdict::Pass)
        || checks().any(|v| matches!(v, Verdict::Inconclusive | Verdict::NotRun))
        || waivers.iter().any(WaiverUse::must_go)
    {
        3
    } else {
        0
    }
}

/// Whether a result is a failure that somebody agreed to live with.
#[must_use]
pub fn is_waived(id: &CriterionId, verdict: Verdict, waivers: &[WaiverUse]) -> bool {
    verdict == Verdict::Fail && waivers.iter().any(|used| used.waiver.id == id.as_str())
}

/// A test's verdict without the failures that are waived: what decides, beside what is shown.
#[must_use]
pub fn unwaived_verdict(test: &TestResult, waivers: &[WaiverUse]) -> Verdict {
    if test.verdict != Verdict::Fail {
        return test.verdict;
    }
    let left = test.checks().filter(|check| !is_waived(&check.id, check.verdict, waivers));
    let left: Vec<Verdict> = left.map(|check| check.verdict).collect();
    match left.as_slice() {
        // A failed test without checks of its own cannot be waived; one whose every check is, can.
        [] if test.checks().next().is_none() => Verdict::Fail,
        [] => Verdict::Pass,
        left => Verdict::roll_up(left.iter().copied()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{check, checked, finding, test};
    use crate::{ClauseKind, CriterionResult, Timestamp, WaiverState};

    /// What a driven run judged of its tests, and of the checks of the conformance suite.
    fn judged<'a>(tests: &'a [TestResult], conformance: &'a [CheckResult]) -> Judgement<'a> {
        let supplier = SupplierKind::Reference;
        Judgement {
            supplier,
            tests,
            conformance,
            observer: &[],
            findings: &[],
            deciding: &[],
            strict: None,
        }
    }

    #[test]
    fn the_exit_code_follows_the_gravest_required_test() {
        use Verdict::{Error, Fail, Inconclusive, NotApplicable, NotRun, Pass};
        for (verdicts, expected) in [
            (vec![Pass, Pass], 0),
            (vec![Pass, NotRun], 3),
            (vec![Pass, NotApplicable], 3),
            (vec![Inconclusive], 3),
            (vec![NotRun, Fail], 1),
            (vec![Fail, Error], 4),
        ] {
            let tests: Vec<_> = verdicts.iter().map(|v| test(*v, true, true)).collect();
            assert_eq!(exit_code(&judged(&tests, &[]), &[]), expected, "{verdicts:?}");
        }
    }

    #[test]
    fn optional_and_unselected_tests_do_not_decide() {
        assert_eq!(exit_code(&judged(&[test(Verdict::Fail, false, true)], &[]), &[]), 0);
        assert_eq!(exit_code(&judged(&[test(Verdict::NotRun, true, false)], &[]), &[]), 0);
    }

    #[test]
    fn an_optional_test_that_was_declared_or_named_decides_like_a_required_one() {
        for (verdict, expected) in
            [(Verdict::Pass, 0), (Verdict::Fail, 1), (Verdict::Inconclusive, 3)]
        {
            let tests = [test(verdict, false, true)];
            let deciding = [tests[0].id];
            let named = Judgement { deciding: &deciding, ..judged(&tests, &[]) };
            assert_eq!(exit_code(&named, &[]), expected, "{verdict:?}");
            assert_eq!(exit_code(&judged(&tests, &[]), &[]), 0, "{verdict:?}");
        }
        let unselected = [test(Verdict::Fail, false, false)];
        let deciding = [unselected[0].id];
        let named = Judgement { deciding: &deciding, ..judged(&unselected, &[]) };
        assert_eq!(exit_code(&named, &[]), 0);
    }

    #[test]
    fn a_strict_run_objects_to_violations_or_to_advice_too_and_not_to_what_is_waived() {
        use crate::{About, FindingKind};
        let tests = [test(Verdict::Pass, true, true)];
        let finding = |about, kind| finding("F-X", about, kind);
        let violation = [finding(About::Supplier, FindingKind::Violation)];
        let note = [finding(About::Supplier, FindingKind::Note)];
        let of_the_api = [finding(About::Api, FindingKind::Violation)];
        let advice = crate::Strength::Ours;
        let advised = [CheckResult { strength: Some(advice), ..check("O-X", Verdict::Fail) }];
        let broken = [check("O-Y", Verdict::Fail)];
        let code = |strict, findings: &[Finding], observer: &[CheckResult]| {
            let run = Judgement { findings, observer, strict, ..judged(&tests, &[]) };
            let waived = crate::use_waivers(
                &[waiver("F-X", "2026-12-01"), waiver("O-X", "2026-12-01")],
                "2026-08-21T10:00:00Z".parse().unwrap(),
                &run,
            );
            (exit_code(&run, &[]), exit_code(&run, &waived))
        };
        let (violations, all) = (Some(Strict::Violations), Some(Strict::Advice));
        assert_eq!(code(None, &violation, &advised).0, 0);
        assert_eq!(code(violations, &violation, &[]), (1, 0));
        assert_eq!(code(violations, &[], &broken).0, 1);
        assert_eq!(code(violations, &note, &advised).0, 0);
        assert_eq!(code(all, &of_the_api, &[]).0, 0);
        assert_eq!(code(all, &[], &advised).0, 1);
        assert_eq!(code(all, &violation, &advised), (1, 0));
    }

    #[test]
    fn a_broken_contract_decides_under_the_conformance_suite() {
        let tests = [test(Verdict::Pass, true, true)];
        assert_eq!(exit_code(&judged(&tests, &[check("C-X", Verdict::Fail)]), &[]), 1);
        assert_eq!(exit_code(&judged(&tests, &[check("C-X", Verdict::NotRun)]), &[]), 3);
        assert_eq!(exit_code(&judged(&tests, &[check("C-X", Verdict::NotApplicable)]), &[]), 0);
    }

    /// The exit code, and the states of a waiver of `O-X`, when that check ended so for a supplier.
    fn observed(supplier: SupplierKind, verdict: Verdict, waived: bool) -> (u8, Vec<WaiverState>) {
        let tests = [test(Verdict::Pass, true, true)];
        let observer = [check("O-X", verdict)];
        let judged = Judgement { supplier, observer: &observer, ..judged(&tests, &[]) };
        let waivers: Vec<_> = waived.then(|| waiver("O-X", "2026-12-01")).into_iter().collect();
        let today: Timestamp = "2026-08-21T10:00:00Z".parse().unwrap();
        let uses = crate::use_waivers(&waivers, today, &judged);
        (exit_code(&judged, &uses), uses.iter().map(|used| used.state).collect())
    }

    #[test]
    fn what_an_observer_sees_decides_unless_the_supplier_is_our_own() {
        use SupplierKind::{Imported, Reference, Witnessed};
        for supplier in [Witnessed, Imported] {
            assert_eq!(observed(supplier, Verdict::Fail, false).0, 1);
            assert_eq!(observed(supplier, Verdict::Inconclusive, false).0, 0);
            assert_eq!(observed(supplier, Verdict::NotRun, false).0, 0);
        }
        assert_eq!(observed(Reference, Verdict::Fail, false).0, 0);
    }

    #[test]
    fn advice_that_was_not_followed_decides_nothing() {
        let tests = [test(Verdict::Pass, true, true)];
        for (strength, expected) in
            [(None, 1), (Some(crate::Strength::Implied), 1), (Some(crate::Strength::Ours), 0)]
        {
            let observer = [CheckResult { strength, ..check("O-X", Verdict::Fail) }];
            let supplier = SupplierKind::Witnessed;
            let watched = Judgement { supplier, observer: &observer, ..judged(&tests, &[]) };
            assert_eq!(exit_code(&watched, &[]), expected, "{strength:?}");
            let suite = [CheckResult { strength, ..check("C-X", Verdict::Fail) }];
            assert_eq!(exit_code(&judged(&tests, &suite), &[]), expected, "{strength:?}");
        }
    }

    #[test]
    fn a_failure_that_an_observer_sees_can_be_waived() {
        let witnessed = |verdict| observed(SupplierKind::Witnessed, verdict, true);
        assert_eq!(witnessed(Verdict::Fail), (0, vec![WaiverState::Applied]));
        assert_eq!(witnessed(Verdict::Pass), (3, vec![WaiverState::Unneeded]));
        assert_eq!(witnessed(Verdict::NotRun), (0, vec![WaiverState::NotJudged]));
    }

    fn waiver(id: &str, expires: &str) -> crate::Waiver {
        crate::Waiver {
            id: id.into(),
            reason: "agreed".into(),
            agreed_by: "service manager".into(),
            reference: "R-1".into(),
            date: "2026-08-01".parse().unwrap(),
            expires: expires.parse().unwrap(),
            line: 7,
        }
    }

    /// A test whose first check fails and whose second ends with `other`, with the exit code and
    /// the advice under a waiver of `waived`.
    fn ended(other: Verdict, waived: &str, expires: &str) -> (u8, Vec<String>) {
        let criteria = vec![checked("AT1.1", Verdict::Fail), checked("AT1.2", other)];
        let tests = [TestResult { criteria, ..test(Verdict::Fail, true, true) }];
        let today: Timestamp = "2026-08-21T10:00:00Z".parse().unwrap();
        let uses = crate::use_waivers(&[waiver(waived, expires)], today, &judged(&tests, &[]));
        let advice = uses.iter().filter_map(WaiverUse::advice).collect();
        (exit_code(&judged(&tests, &[]), &uses), advice)
    }

    #[test]
    fn a_failed_test_that_is_only_attested_stays_failed() {
        let attested =
            CriterionResult { kind: ClauseKind::Attestation, ..checked("AT1.1", Verdict::NotRun) };
        let failed = TestResult { criteria: vec![attested], ..test(Verdict::Fail, true, true) };
        assert_eq!(unwaived_verdict(&failed, &[]), Verdict::Fail);
    }

    #[test]
    fn a_waived_failure_no_longer_decides_and_an_unwaived_one_still_does() {
        assert_eq!(ended(Verdict::Pass, "AT1.1", "2026-08-21"), (0, vec![]));
        assert_eq!(ended(Verdict::Fail, "AT1.1", "2026-08-21"), (1, vec![]));
        assert_eq!(ended(Verdict::Inconclusive, "AT1.1", "2026-08-21"), (3, vec![]));
    }

    #[test]
    fn a_waiver_that_outlives_its_date_or_its_failure_must_go() {
        let (code, advice) = ended(Verdict::Pass, "AT1.1", "2026-08-20");
        assert_eq!(code, 3);
        assert!(advice[0].contains("expired on 2026-08-20") && advice[0].contains("line 7"));
        let (code, advice) = ended(Verdict::Pass, "AT1.2", "2026-12-01");
        assert_eq!((code, advice.len()), (1, 1), "the failure of AT1.1 is not waived");
        assert!(advice[0].contains("AT1.2 no longer fails") && advice[0].contains("line 7"));
        let passing = [TestResult {
            criteria: vec![checked("AT1.1", Verdict::Pass)],
            ..test(Verdict::Pass, true, true)
        }];
        let today: Timestamp = "2026-08-21T10:00:00Z".parse().unwrap();
        let waivers = [waiver("AT1.1", "2026-12-01")];
        let uses = crate::use_waivers(&waivers, today, &judged(&passing, &[]));
        assert_eq!(exit_code(&judged(&passing, &[]), &uses), 3);
    }

    #[test]
    fn a_waiver_of_something_that_was_not_judged_may_stay() {
        assert_eq!(ended(Verdict::NotRun, "AT2.1", "2026-12-01").1, Vec::<String>::new());
    }

    #[test]
    fn a_failed_test_passes_once_every_check_of_it_is_waived() {
        let criteria = vec![checked("AT1.1", Verdict::Fail), checked("AT1.2", Verdict::Fail)];
        let tests = [TestResult { criteria, ..test(Verdict::Fail, true, true) }];
        let judged = judged(&tests, &[]);
        let today: Timestamp = "2026-08-21T10:00:00Z".parse().unwrap();
        let waivers = ["AT1.1", "AT1.2"].map(|id| waiver(id, "2026-12-01"));
        let uses = crate::use_waivers(&waivers, today, &judged);
        assert_eq!(exit_code(&judged, &uses[..1]), 1, "one of the two is waived");
        assert_eq!(exit_code(&judged, &uses), 0);
    }

    #[test]
    fn a_failed_test_without_criteria_cannot_be_waived() {
        let failed = test(Verdict::Fail, true, true);
        let today: Timestamp = "2026-08-21T10:00:00Z".parse().unwrap();
        let tests = [failed.clone()];
        let uses = crate::use_waivers(&[waiver("AT1", "2026-12-01")], today, &judged(&tests, &[]));
        assert_eq!(unwaived_verdict(&failed, &uses), Verdict::Fail);
    }
}
