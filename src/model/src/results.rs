//! `results.json`, format `letterproof-results/1`, in which every test of the pack is listed, also
//! those that did not run; and the time stamp kept beside it (RFC 3161), which is checked with the
//! evidence.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::brief::Within;
use crate::text::date;
use crate::{
    Capability, CriterionId, CriterionResult, ExchangeId, Finding, FindingKind, Judgement, Mark,
    MarkKind, Mode, Proof, RunId, Standing, Strength, TestId, Timestamp, Verdict, WaiverUse, Who,
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
    pub conformance: Vec<CheckResult>,
    /// What only an observer of the supplier can see, beside the pack.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observer: Vec<CheckResult>,
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
    /// What its results prove, and where; absent in runs of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
    /// Who stands behind it, as far as that was stated.
    #[serde(default, skip_serializing_if = "Who::is_empty")]
    pub who: Who,
    /// When it was gone on with after it had broken off; empty also in runs of earlier versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resumed: Vec<Timestamp>,
    /// Optional tests that decide the exit code like required ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deciding: Vec<crate::TestId>,
    /// What decides the exit code beside the verdicts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strict: Option<crate::Strict>,
    /// How many exchanges were recorded, by operation.
    pub exchanges: std::collections::BTreeMap<String, u64>,
}

impl RunInfo {
    /// What its results prove, and where: not where, in runs of earlier versions.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing.clone().unwrap_or_else(|| Standing::unknown(self.supplier.into()))
    }

    /// What a reader must know of its times before its verdicts, a sentence each, the same everywhere:
    /// that it was gone on with, and that it was not within the test window stated for it.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let resumed = self.resumed.iter().map(|at| {
            let at = date(*at);
            format!(
                "The run was interrupted, and was resumed at {at}; nothing was recorded in between."
            )
        });
        let outside = self.outside_window().map(|words| format!("The run was {words}."));
        resumed.chain(outside).collect()
    }

    /// That it was not, or not wholly, made on the days stated as its test window, as a part of a
    /// sentence; `None` where it was, or where no days were stated.
    #[must_use]
    pub fn outside_window(&self) -> Option<String> {
        let (window, from, to) = (self.who.window_dates?, self.started, self.finished);
        let how = match window.holds(from, to) {
            Within::Whole => return None,
            Within::Part => "partly outside",
            Within::Nothing => "outside",
        };
        let (first, last) = window.days();
        let (from, to) = (date(from), date(to));
        Some(format!("made from {from} to {to}, {how} its stated test window of {first} to {last}"))
    }

    /// When a run was gone on with, as its journal's marks tell.
    #[must_use]
    pub fn resumptions(marks: &[Mark]) -> Vec<Timestamp> {
        let resumed = marks.iter().filter(|mark| mark.kind == MarkKind::Resumed);
        resumed.map(|mark| mark.at).collect()
    }
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

impl SupplierKind {
    /// Whether the supplier is the harness's own, so that nothing seen of it is a supplier's doing.
    #[must_use]
    pub const fn is_ours(self) -> bool {
        matches!(self, Self::Reference)
    }
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
    /// By what it was shown; absent where nothing was judged, and in runs of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Proof>,
    /// Every attempt, none dropped.
    pub attempts: Vec<Attempt>,
    /// When the calls were made that its checks rest on, where another system made them; absent in a
    /// driven run, whose attempts have times, and in runs of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// Its clauses.
    pub criteria: Vec<CriterionResult>,
}

/// From the start of the first call to the end of the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// When the first request was sent.
    pub started: Timestamp,
    /// When the last answer was whole, or its failure was seen.
    pub finished: Timestamp,
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

/// One check beside the pack: of the conformance suite, or of what an observer sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckResult {
    /// `C-…` of the conformance suite, `O-…` of the observer's.
    pub id: CriterionId,
    /// What it is about.
    pub title: String,
    /// The verdict.
    pub verdict: Verdict,
    /// The finding kind it stands for, where it is not a plain pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<FindingKind>,
    /// How far the official texts carry it; `None` in the suite and in older bundles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strength: Option<Strength>,
    /// The criteria behind it.
    pub criteria: Vec<CriterionResult>,
}

impl CheckResult {
    /// Whether it is advice: what we hold to be good practice, which decides nothing.
    #[must_use]
    pub fn is_advice(&self) -> bool {
        self.strength == Some(Strength::Ours)
    }

    /// Whether a rule was seen broken: a failed check that is more than advice.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.verdict == Verdict::Fail && !self.is_advice()
    }

    /// Whether it is advice that was not followed.
    #[must_use]
    pub fn is_advised(&self) -> bool {
        self.verdict == Verdict::Fail && self.is_advice()
    }
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

impl Results {
    /// What was judged of the run taken together: what decides, and what is objected to.
    #[must_use]
    pub fn judged(&self) -> Judgement<'_> {
        Judgement {
            supplier: self.run.supplier,
            tests: &self.tests,
            conformance: &self.conformance,
            observer: &self.observer,
            findings: &self.findings,
            deciding: &self.run.deciding,
            strict: self.run.strict,
        }
    }
}

impl TestResult {
    /// How long it took: the time of the calls that it rests on, or of its attempts together. `None`
    /// where neither is known.
    #[must_use]
    pub fn took(&self) -> Option<SignedDuration> {
        let of_attempt =
            |attempt: &Attempt| Some(attempt.finished?.duration_since(attempt.started));
        self.span.map(|span| span.finished.duration_since(span.started)).or_else(|| {
            self.attempts.iter().filter_map(of_attempt).reduce(|all, one| all.saturating_add(one))
        })
    }

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

/// A time stamp over a hash, with what it takes to check it offline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The host that was asked, with its port where one was given.
    pub stamper: String,
    /// The nonce of the question, in lower-case hexadecimal.
    pub nonce: String,
    /// The token, `TimeStampToken` in DER, in base64.
    pub token: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ClauseKind;
    use crate::samples::{check, checked, test};

    #[test]
    fn each_verdict_is_counted_under_its_own_name() {
        use Verdict::{Error, Fail, Inconclusive, NotApplicable, NotRun, Pass};
        let numbers =
            [(Pass, 6), (Fail, 5), (Inconclusive, 4), (NotApplicable, 3), (NotRun, 2), (Error, 0)];
        let verdicts = numbers.map(|(verdict, number)| std::iter::repeat_n(verdict, number));
        let counts = Counts::of(verdicts.into_iter().flatten());
        let expected =
            Counts { pass: 6, fail: 5, inconclusive: 4, not_applicable: 3, not_run: 2, error: 0 };
        assert_eq!(counts, expected);
        for (verdict, number) in numbers {
            assert_eq!(counts.get(verdict), number as u64, "{verdict}");
        }
    }

    #[test]
    fn a_test_took_the_time_of_its_calls_or_of_its_attempts() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let attempt = |started, finished: Option<i64>| Attempt {
            scenario: "AT1".into(),
            started: at(started),
            finished: finished.map(at),
            outcome: None,
            exchanges: None,
        };
        let bare = test(Verdict::Pass, true, true);
        assert_eq!(bare.took(), None);
        // Nobody worked between an attempt that broke off and the next one.
        let attempts = vec![attempt(0, Some(3)), attempt(10, None), attempt(100, Some(104))];
        let driven = TestResult { attempts, ..bare };
        assert_eq!(driven.took(), Some(SignedDuration::from_secs(7)));
        let span = Some(Span { started: at(1), finished: at(6) });
        let watched = TestResult { span, ..driven };
        assert_eq!(watched.took(), Some(SignedDuration::from_secs(5)));
    }

    #[test]
    fn a_run_remarks_that_it_was_gone_on_with_and_that_it_left_its_window() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let marks = [
            Mark::new(at("2026-06-03T08:59:00Z"), MarkKind::ScenarioStarted),
            Mark::new(at("2026-06-03T09:05:07Z"), MarkKind::Resumed),
        ];
        let run = |finished: &str, dates: Option<&str>, marks: &[Mark]| RunInfo {
            id: RunId::fixed("run-1"),
            started: at("2026-06-03T08:00:00Z"),
            finished: at(finished),
            tool: ToolInfo { version: "0.1.0".into(), commit: "unknown".into() },
            pack: PackInfo { version: "1".into() },
            target: TargetInfo { name: "t".into(), base_url: "u".into(), capabilities: vec![] },
            window: None,
            nonce: None,
            supplier: SupplierKind::Reference,
            standing: None,
            who: Who { window_dates: dates.map(|dates| dates.parse().unwrap()), ..Who::default() },
            resumed: RunInfo::resumptions(marks),
            deciding: vec![],
            strict: None,
            exchanges: std::collections::BTreeMap::new(),
        };
        let (noon, later) = ("2026-06-03T12:00:00Z", "2026-06-05T12:00:00Z");
        let quiet = |dates| run(noon, dates, &marks[..1]).remarks();
        assert_eq!(quiet(None), Vec::<String>::new());
        assert_eq!(quiet(Some("2026-06-03/2026-06-04")), Vec::<String>::new());
        let stated = Some("2026-06-03/2026-06-04");
        assert_eq!(
            run(later, stated, &marks).remarks(),
            [
                "The run broke off and was gone on with at 3 June 2026, 09:05:07 UTC; nobody \
                 watched in between.",
                "The run was made from 3 June 2026, 08:00:00 UTC to 5 June 2026, 12:00:00 UTC, \
                 partly outside its stated test window of 2026-06-03 to 2026-06-04.",
            ]
        );
        let before = run(noon, Some("2026-06-04/2026-06-04"), &[]).outside_window().unwrap();
        assert!(before.contains(", outside its stated test window"), "{before}");
    }

    #[test]
    fn attestations_do_not_count_among_a_tests_checks() {
        let attestation =
            CriterionResult { kind: ClauseKind::Attestation, ..checked("AT1.3", Verdict::NotRun) };
        let criteria =
            vec![checked("AT1.1", Verdict::Pass), checked("AT1.2", Verdict::Fail), attestation];
        let counts = TestResult { criteria, ..test(Verdict::Fail, true, true) }.check_counts();
        assert_eq!(counts, Counts { pass: 1, fail: 1, ..Counts::default() });
    }

    #[test]
    fn advice_that_was_not_followed_is_no_broken_rule() {
        for (verdict, strength, broken, advised) in [
            (Verdict::Fail, Some(Strength::Ours), false, true),
            (Verdict::Fail, Some(Strength::Stated), true, false),
            (Verdict::Fail, None, true, false),
            (Verdict::Pass, Some(Strength::Ours), false, false),
            (Verdict::Pass, None, false, false),
        ] {
            let check = CheckResult { strength, ..check("O-A", verdict) };
            assert_eq!((check.is_broken(), check.is_advised()), (broken, advised), "{check:?}");
        }
    }
}
