//! `results.json`, format `letterproof-results/1`, and the exit code that follows from it.
//! Refuses to leave anything out: every test of the pack is listed, also those that did not run.

use serde::{Deserialize, Serialize};

use crate::{
    Capability, CriterionId, CriterionResult, ExchangeId, Finding, FindingKind, Mode, RunId,
    TestId, Timestamp, Verdict, WaiverUse,
};

/// The name and version of the results format.
pub const RESULTS_FORMAT: &str = "letterproof-results/1";

/// The whole results document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// Always [`RESULTS_FORMAT`].
    pub format: String,
    /// Which run it was.
    pub run: RunInfo,
    /// AT1 to AT15, in order.
    pub tests: Vec<TestResult>,
    /// The conformance suite, where it was selected.
    pub conformance: Vec<ConformanceResult>,
    /// What else was seen.
    pub findings: Vec<Finding>,
    /// Measured flows (AT15 and load).
    pub performance: Vec<Performance>,
    /// How many of the tests ended with each verdict.
    pub counts: Counts,
    /// What became of the waivers the run was given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waivers: Vec<WaiverUse>,
    /// The process's exit code.
    pub exit_code: u8,
}

/// Which run it was, by which tool, against which target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunInfo {
    /// The run's id, also the name of its folder.
    pub id: RunId,
    /// When it began.
    pub started: Timestamp,
    /// When its last exchange was judged.
    pub finished: Timestamp,
    /// What produced it.
    pub tool: ToolInfo,
    /// The pack it was judged by.
    pub pack: PackInfo,
    /// What it ran against.
    pub target: TargetInfo,
    /// The test window (1 or 2), where the run belongs to one.
    pub window: Option<u8>,
    /// The reviewer's nonce, where one was given.
    pub nonce: Option<String>,
    /// Who made the traffic.
    pub supplier: SupplierKind,
    /// How many exchanges were recorded, by operation.
    pub exchanges: std::collections::BTreeMap<String, u64>,
}

/// The version of the acceptance pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackInfo {
    /// The revision date of the pack the clauses follow.
    pub version: String,
}

/// The tool and its version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolInfo {
    /// The package version.
    pub version: String,
    /// The commit it was built from, or `unknown`.
    pub commit: String,
}

/// What a run went against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetInfo {
    /// The target's name.
    pub name: String,
    /// The API's base URL.
    pub base_url: String,
    /// What it can do.
    pub capabilities: Vec<Capability>,
}

/// Who made the traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SupplierKind {
    /// The harness's own reference supplier.
    Reference,
    /// The supplier's system, through the recording proxy.
    Witnessed,
    /// A recording made elsewhere.
    Imported,
}

/// One acceptance test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestResult {
    /// `AT1` … `AT15`.
    pub id: TestId,
    /// What it is about.
    pub title: String,
    /// Whether the pack makes it mandatory.
    pub required: bool,
    /// Whether this run was asked to show it; only selected tests decide the exit code.
    pub selected: bool,
    /// The gravest verdict of its checks.
    pub verdict: Verdict,
    /// How it was obtained.
    pub mode: Mode,
    /// Every attempt, none dropped.
    pub attempts: Vec<Attempt>,
    /// Its clauses.
    pub criteria: Vec<CriterionResult>,
}

/// One attempt at a scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The scenario's name.
    pub scenario: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended; absent when the run broke off.
    pub finished: Option<Timestamp>,
    /// How it ended, in one sentence.
    pub outcome: Option<String>,
    /// The first and last exchange made meanwhile.
    pub exchanges: Option<(ExchangeId, ExchangeId)>,
}

/// One check of the conformance suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConformanceResult {
    /// `C-…`.
    pub id: CriterionId,
    /// What it is about.
    pub title: String,
    /// The verdict.
    pub verdict: Verdict,
    /// The finding kind it stands for, where it is not a plain pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<FindingKind>,
    /// The criteria behind it.
    pub criteria: Vec<CriterionResult>,
}

/// A measured flow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Performance {
    /// What was measured.
    pub name: String,
    /// Figures with their units in the names (`elapsed_ms`, `requests`).
    pub figures: std::collections::BTreeMap<String, f64>,
}

/// How many of something ended with each verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Counts {
    /// `pass`.
    pub pass: u64,
    /// `fail`.
    pub fail: u64,
    /// `inconclusive`.
    pub inconclusive: u64,
    /// `not-applicable`.
    pub not_applicable: u64,
    /// `not-run`.
    pub not_run: u64,
    /// `error`.
    pub error: u64,
}

impl Counts {
    /// Counts verdicts.
    #[must_use]
    pub fn of(verdicts: impl IntoIterator<Item = Verdict>) -> Self {
        let mut counts = Self::default();
        for verdict in verdicts {
            *match verdict {
                Verdict::Pass => &mut counts.pass,
                Verdict::Fail => &mut counts.fail,
                Verdict::Inconclusive => &mut counts.inconclusive,
                Verdict::NotApplicable => &mut counts.not_applicable,
                Verdict::NotRun => &mut counts.not_run,
                Verdict::Error => &mut counts.error,
            } += 1;
        }
        counts
    }

    /// How many ended with this verdict.
    #[must_use]
    pub fn get(&self, verdict: Verdict) -> u64 {
        match verdict {
            Verdict::Pass => self.pass,
            Verdict::Fail => self.fail,
            Verdict::Inconclusive => self.inconclusive,
            Verdict::NotApplicable => self.not_applicable,
            Verdict::NotRun => self.not_run,
            Verdict::Error => self.error,
        }
    }
}

impl TestResult {
    /// How many of its checks ended with each verdict; attestations stand apart.
    #[must_use]
    pub fn check_counts(&self) -> Counts {
        Counts::of(self.checks().map(|criterion| criterion.verdict))
    }

    /// Its criteria that are judged from traffic.
    pub fn checks(&self) -> impl Iterator<Item = &CriterionResult> {
        self.criteria.iter().filter(|criterion| criterion.kind == crate::ClauseKind::Check)
    }
}

/// The exit code of what was judged: 4 the harness failed, 1 a required test failed or the API
/// broke its contract under the conformance suite, 3 incomplete or a waiver must go, 0 every
/// required test passed. A waived failure decides nothing.
#[must_use]
pub fn exit_code(
    tests: &[TestResult],
    conformance: &[ConformanceResult],
    waivers: &[WaiverUse],
) -> u8 {
    let deciding = || tests.iter().filter(|test| test.selected);
    let required =
        || deciding().filter(|test| test.required).map(|test| unwaived_verdict(test, waivers));
    let checks =
        || conformance.iter().filter(|c| !is_waived(&c.id, c.verdict, waivers)).map(|c| c.verdict);
    if deciding().map(|test| test.verdict).chain(checks()).any(|v| v == Verdict::Error) {
        4
    } else if required().chain(checks()).any(|v| v == Verdict::Fail) {
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

/// A test's verdict without the failures that are waived.
fn unwaived_verdict(test: &TestResult, waivers: &[WaiverUse]) -> Verdict {
    if test.verdict != Verdict::Fail {
        return test.verdict;
    }
    let left = test.checks().filter(|check| !is_waived(&check.id, check.verdict, waivers));
    let left: Vec<Verdict> = left.map(|check| check.verdict).collect();
    match left.as_slice() {
        // A failed test without criteria of its own cannot be waived; one whose every check is, can.
        [] if test.criteria.is_empty() => Verdict::Fail,
        [] => Verdict::Pass,
        left => Verdict::roll_up(left.iter().copied()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(verdict: Verdict, required: bool, selected: bool) -> TestResult {
        TestResult {
            id: TestId::at(1),
            title: "t".into(),
            required,
            selected,
            verdict,
            mode: Mode::Driven,
            attempts: vec![],
            criteria: vec![],
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
            assert_eq!(exit_code(&tests, &[], &[]), expected, "{verdicts:?}");
        }
    }

    #[test]
    fn optional_and_unselected_tests_do_not_decide() {
        assert_eq!(exit_code(&[test(Verdict::Fail, false, true)], &[], &[]), 0);
        assert_eq!(exit_code(&[test(Verdict::NotRun, true, false)], &[], &[]), 0);
    }

    #[test]
    fn a_broken_contract_decides_under_the_conformance_suite() {
        let check = |verdict| ConformanceResult {
            id: CriterionId::from("C-X"),
            title: "x".into(),
            verdict,
            finding: None,
            criteria: vec![],
        };
        let tests = [test(Verdict::Pass, true, true)];
        assert_eq!(exit_code(&tests, &[check(Verdict::Fail)], &[]), 1);
        assert_eq!(exit_code(&tests, &[check(Verdict::NotRun)], &[]), 3);
        assert_eq!(exit_code(&tests, &[check(Verdict::NotApplicable)], &[]), 0);
    }

    fn checked(id: &'static str, verdict: Verdict) -> CriterionResult {
        CriterionResult {
            id: CriterionId::from(id),
            kind: crate::ClauseKind::Check,
            clause: "c".into(),
            verdict,
            mode: Mode::Driven,
            expected: "e".into(),
            observed: "o".into(),
            exchanges: vec![],
            exchange_count: 0,
            letters: vec![],
            reason: None,
        }
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
        let uses = crate::use_waivers(&[waiver(waived, expires)], today, &tests, &[], &[]);
        let advice = uses.iter().filter_map(WaiverUse::advice).collect();
        (exit_code(&tests, &[], &uses), advice)
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
        let uses = crate::use_waivers(&waivers, today, &passing, &[], &[]);
        assert_eq!(exit_code(&passing, &[], &uses), 3);
    }

    #[test]
    fn a_waiver_of_something_that_was_not_judged_may_stay() {
        assert_eq!(ended(Verdict::NotRun, "AT2.1", "2026-12-01").1, Vec::<String>::new());
    }
}
