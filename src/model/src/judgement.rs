//! What was judged of a run taken together: waived failures, what a strict run objects to, and the
//! exit code that follows.
//!
//! What an observer sees decides only where the supplier is not the harness's own: in a driven run
//! the harness makes the traffic, so that its habits say nothing about anybody's system. Advice
//! never decides: no official text asks for it.
//!
//! A waiver is a failure that both sides agreed to live with for a time. It stays a failure and is
//! shown as waived; it only no longer decides the exit code. A waiver that has expired, or whose
//! failure no longer occurs, makes the run incomplete until its entry is deleted.

use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::{
    About, CheckResult, CriterionId, Finding, FindingKind, SupplierKind, TestId, TestResult,
    Timestamp, Verdict,
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

/// An agreed exception for one criterion or finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    /// The criterion (`AT4.2`, `C-…`, `O-…`) or finding (`F-…`).
    pub id: String,
    /// Why the failure is acceptable for now.
    pub reason: String,
    /// The role of the person who agreed.
    pub agreed_by: String,
    /// Where the agreement can be looked up.
    pub reference: String,
    /// When it was agreed.
    pub date: Date,
    /// The last day it holds.
    pub expires: Date,
    /// The line of the waivers file on which its entry begins.
    pub line: u32,
}

/// What became of a waiver in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaiverUse {
    /// The waiver.
    #[serde(flatten)]
    pub waiver: Waiver,
    /// Whether it was needed and held.
    pub state: WaiverState,
}

/// Whether a waiver was needed and held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaiverState {
    /// Its failure occurred, and it holds.
    Applied,
    /// It holds no longer.
    Expired,
    /// Its failure did not occur.
    Unneeded,
    /// The run was not asked to show what it is about, so nothing can be said.
    NotJudged,
}

impl WaiverUse {
    /// Whether the entry must be deleted from the waivers file.
    #[must_use]
    pub fn must_go(&self) -> bool {
        matches!(self.state, WaiverState::Expired | WaiverState::Unneeded)
    }

    /// What the person who keeps the waivers file must do, if anything.
    #[must_use]
    pub fn advice(&self) -> Option<String> {
        let Waiver { id, line, expires, .. } = &self.waiver;
        match self.state {
            WaiverState::Applied | WaiverState::NotJudged => None,
            WaiverState::Expired => Some(format!(
                "the waiver of {id} expired on {expires}: delete its entry at line {line}, or agree \
                 on a new date"
            )),
            WaiverState::Unneeded => Some(format!(
                "{id} no longer fails: delete its waiver at line {line} of the waivers file"
            )),
        }
    }
}

/// What became of each waiver in a run that ended at this time (dates are those of UTC).
#[must_use]
pub fn use_waivers(waivers: &[Waiver], at: Timestamp, run: &Judgement<'_>) -> Vec<WaiverUse> {
    let today = at.to_zoned(TimeZone::UTC).date();
    let mut judged = BTreeSet::new();
    let mut failed = BTreeSet::new();
    let of_tests = run.tests.iter().filter(|test| test.selected).flat_map(TestResult::checks);
    let results = of_tests.chain(run.checks().flat_map(|check| &check.criteria));
    for result in results.map(|result| (result.id.as_str(), result.verdict)) {
        note(result, &mut judged, &mut failed);
    }
    for check in run.checks() {
        note((check.id.as_str(), check.verdict), &mut judged, &mut failed);
    }
    failed.extend(run.findings.iter().map(|finding| finding.id.as_str()));
    let state = |waiver: &Waiver| {
        let id = waiver.id.as_str();
        if waiver.expires < today {
            WaiverState::Expired
        } else if failed.contains(id) {
            WaiverState::Applied
        } else if judged.contains(id) || id.starts_with("F-") {
            WaiverState::Unneeded
        } else {
            WaiverState::NotJudged
        }
    };
    waivers
        .iter()
        .map(|waiver| WaiverUse { waiver: waiver.clone(), state: state(waiver) })
        .collect()
}

fn note<'a>(
    (id, verdict): (&'a str, Verdict),
    judged: &mut BTreeSet<&'a str>,
    failed: &mut BTreeSet<&'a str>,
) {
    if !matches!(verdict, Verdict::NotRun | Verdict::NotApplicable) {
        judged.insert(id);
    }
    if verdict == Verdict::Fail {
        failed.insert(id);
    }
}

/// How much beyond the verdicts decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strict {
    /// Violations by the supplier: findings, and rules that an observer saw broken.
    Violations,
    /// Advice that was not followed too.
    Advice,
}

impl fmt::Display for Strict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Violations => "violations",
            Self::Advice => "advice",
        })
    }
}

impl Strict {
    /// The ids of what this objects to, in the order of findings, then of checks. What is waived is
    /// left out.
    fn objections<'a>(
        self,
        findings: &'a [Finding],
        observer: &'a [CheckResult],
        conformance: &'a [CheckResult],
        waivers: &[WaiverUse],
    ) -> Vec<&'a str> {
        let is_violation = |finding: &&Finding| {
            finding.about == About::Supplier && finding.kind == FindingKind::Violation
        };
        let found = findings.iter().filter(is_violation).map(|finding| finding.id.as_str());
        let broken = observer.iter().filter(|check| check.is_broken());
        let advised = observer.iter().chain(conformance).filter(|check| check.is_advised());
        let advised = advised.filter(|_| self == Self::Advice);
        let failed = broken.chain(advised);
        let is_waived = |id: &&str| waivers.iter().any(|used| used.waiver.id == **id);
        found.chain(failed.map(|check| check.id.as_str())).filter(|id| !is_waived(id)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{check, checked, finding, test};
    use crate::{ClauseKind, CriterionResult, Strength, Timestamp, Verdict, Waiver, WaiverState};

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

    #[test]
    fn what_is_objected_to_is_broken_or_advised_against_and_not_waived() {
        let findings = [
            finding("F-ONE", About::Supplier, FindingKind::Violation),
            finding("F-NOTE", About::Supplier, FindingKind::Note),
            finding("F-API", About::Api, FindingKind::Violation),
            finding("F-TWO", About::Supplier, FindingKind::Violation),
        ];
        let of = |id, verdict, strength| CheckResult { strength, ..check(id, verdict) };
        let ours = Some(Strength::Ours);
        let observer = [
            of("O-BROKEN", Verdict::Fail, None),
            of("O-KEPT", Verdict::Pass, None),
            of("O-ADVICE", Verdict::Fail, ours),
            of("O-FOLLOWED", Verdict::Pass, ours),
        ];
        let conformance =
            [of("C-BROKEN", Verdict::Fail, None), of("C-ADVICE", Verdict::Fail, ours)];
        let objections = |strict: Strict, waivers| {
            strict.objections(&findings, &observer, &conformance, waivers)
        };
        assert_eq!(objections(Strict::Violations, &[]), ["F-ONE", "F-TWO", "O-BROKEN"]);
        assert_eq!(
            objections(Strict::Advice, &[]),
            ["F-ONE", "F-TWO", "O-BROKEN", "O-ADVICE", "C-ADVICE"]
        );
        let day = "2026-12-31".parse().unwrap();
        let waiver = Waiver {
            id: "F-TWO".into(),
            reason: "r".into(),
            agreed_by: "a".into(),
            reference: "r".into(),
            date: day,
            expires: day,
            line: 1,
        };
        let used = [WaiverUse { waiver, state: WaiverState::Applied }];
        assert_eq!(objections(Strict::Violations, &used), ["F-ONE", "O-BROKEN"]);
    }

    #[test]
    fn it_is_shown_by_the_word_that_files_use() {
        for strict in [Strict::Violations, Strict::Advice] {
            assert_eq!(serde_json::to_value(strict).unwrap(), strict.to_string());
        }
    }
}
