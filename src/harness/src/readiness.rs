//! How far a supplier is, over all its runs in both windows.
//!
//! For each test of the pack the last run counts in which the supplier's own system was witnessed;
//! nothing of an earlier run makes up for it, and no driven run covers it. Nobody is called ready
//! on driven runs, on runs at another place than INT, or with evidence owed.

use std::collections::BTreeSet;

use letterproof_evidence::{
    Attestation, EvidenceError, Stated, StatementState, stated, statement_state,
};
use letterproof_model::{
    About, Capability, CheckResult, Context, CriterionId, FindingKind, Place, Proof, Results,
    RunId, Standing, TestId, Timestamp, Verdict, WaiverState, clause, pack,
};
use serde::Serialize;

use crate::readiness::shown::{Judged, deciding, failures, is_waived, judged, to_show};
use crate::verify::claims::{host_of, is_this_machine};

pub use crate::readiness::shown::{FailureLine, Need, Whose};

mod shown;

/// The name and version of the format of a readiness report.
pub const READINESS_FORMAT: &str = "letterproof-readiness/1";

/// One run, as far as readiness needs it.
#[derive(Debug, Clone, Copy)]
pub struct Submission<'a> {
    /// Its results, with the standing that its journal shows: without one, what it proves is known
    /// by who made the calls, and not where.
    pub results: &'a Results,
    /// What was declared of the target and the supplier's workflow.
    pub context: &'a Context,
    /// The statements that were given.
    pub attestations: &'a [Attestation],
}

/// How far a supplier is.
#[derive(Debug, Clone, Serialize)]
pub struct Readiness {
    /// Always [`READINESS_FORMAT`].
    pub format: String,
    /// Whether nothing remains.
    pub ready: bool,
    /// The supplier whose runs they are.
    pub whose: Whose,
    /// The runs, by time.
    pub runs: Vec<RunLine>,
    /// AT1 to AT15.
    pub tests: Vec<TestLine>,
    /// What people stated, each with its hash.
    pub attestations: Vec<StatementLine>,
    /// What failed or is against a rule, with what was agreed on it.
    pub issues: Vec<Issue>,
    /// What remains to be done, one sentence each.
    pub remaining: Vec<String>,
}

/// A run.
#[derive(Debug, Clone, Serialize)]
pub struct RunLine {
    /// Its id.
    pub id: RunId,
    /// The supplier's name; absent where the bundle names nobody.
    pub supplier: Option<String>,
    /// The id of the supplier's application; absent where the bundle does not name it.
    pub application_id: Option<String>,
    /// Its test window.
    pub window: Option<u8>,
    /// The target's name.
    pub target: String,
    /// Whether the target was a mock: on the tester's own machine, or one that forgets, as the
    /// public sandbox does.
    pub rehearsal: bool,
    /// What its results prove, and where.
    pub standing: Standing,
    /// When it began.
    pub started: Timestamp,
    /// Its exit code.
    pub exit_code: u8,
    /// What a reader must know of its times, a sentence each; decides nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

/// A test, and how it stands.
#[derive(Debug, Clone, Serialize)]
pub struct TestLine {
    /// `AT1` … `AT15`.
    pub id: TestId,
    /// What it is about.
    pub title: String,
    /// Whether the pack makes it mandatory.
    pub required: bool,
    /// Whether it must be shown, and why.
    pub need: Need,
    /// Whether it is optional and the profile states its status.
    pub declared: bool,
    /// The verdict of the run that decides: the last witnessed on INT that judged it, else the last
    /// witnessed anywhere, else the last of all.
    pub verdict: Verdict,
    /// By what that run shows it.
    pub standing: Option<Proof>,
    /// Where that run was.
    pub place: Option<Place>,
    /// Whether each of its failures is waived.
    pub waived: bool,
    /// That run.
    pub run: Option<RunId>,
    /// That run's window.
    pub window: Option<u8>,
    /// When that run ended.
    pub date: Option<Timestamp>,
    /// Every failure in any run, by time: open until a later witnessed run passes.
    pub failures: Vec<FailureLine>,
    /// What the supplier's own system has still to show; absent where it did.
    pub to_show: Option<String>,
    /// Clauses for which a statement is owed, or the file that must come with it.
    pub owed: Vec<CriterionId>,
    /// Those of them that are stated, without the file that the clause asks for.
    pub file_missing: Vec<CriterionId>,
}

impl TestLine {
    /// Whether the test needs nothing more than the statements owed.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.to_show.is_none() && !self.failures.iter().any(FailureLine::is_open)
    }

    /// How it stands, in a word or two.
    #[must_use]
    pub fn state(&self) -> String {
        let waived = if self.waived { ", waived" } else { "" };
        format!("{}{waived}", self.verdict)
    }

    /// Whose system showed it and where, in a few words.
    #[must_use]
    pub fn shown(&self) -> String {
        self.standing
            .zip(self.place)
            .map_or_else(|| "–".to_owned(), |(standing, place)| format!("{standing} at {place}"))
    }
}

/// What a person stated.
#[derive(Debug, Clone, Serialize)]
pub struct StatementLine {
    /// The clause it is about.
    pub criterion: CriterionId,
    /// The run it belongs to.
    pub run: RunId,
    /// When it was given.
    pub given_at: Timestamp,
    /// Its hash, to be held against the one that was printed when it was given.
    pub hash: String,
    /// The id of the key that signed it; absent where nobody did.
    pub signed_by: Option<String>,
    /// Why it was withdrawn; absent while it is in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<String>,
}

impl StatementLine {
    /// Who signed it, in a word or two.
    #[must_use]
    pub fn signer(&self) -> String {
        const SHOWN: usize = 12;
        self.signed_by.as_deref().map_or_else(
            || "unsigned".to_owned(),
            |key| format!("signed by {}", key.chars().take(SHOWN).collect::<String>()),
        )
    }
}

/// Something that failed or is against a rule.
#[derive(Debug, Clone, Serialize)]
pub struct Issue {
    /// The criterion or finding.
    pub id: String,
    /// What was seen.
    pub observed: String,
    /// The run it was seen in.
    pub run: RunId,
    /// What was agreed on it, and where; absent where nothing was.
    pub mitigation: Option<String>,
    /// Whether nothing was agreed on it, or what was agreed has expired.
    pub open: bool,
}

/// Puts the runs of a supplier together.
///
/// # Errors
/// When two of them are of different suppliers.
pub fn readiness(submissions: &[Submission<'_>]) -> Result<Readiness, EvidenceError> {
    let mut runs: Vec<&Submission<'_>> = submissions.iter().collect();
    runs.sort_by_key(|run| run.results.run.finished);
    let whose = Whose::of(&runs)?;
    let tests: Vec<TestLine> = pack().iter().map(|test| test_line(test.id, &runs)).collect();
    let issues = issues(&runs, &tests);
    let lines: Vec<RunLine> = runs.iter().map(|run| run_line(run)).collect();
    let mut remaining = remaining(&lines, &tests, &issues);
    for run in used(&runs, &tests) {
        let stale = run.results.waivers.iter().filter_map(|used| used.advice());
        remaining.extend(stale.map(|advice| format!("run {}: {advice}", run.results.run.id)));
    }
    Ok(Readiness {
        format: READINESS_FORMAT.to_owned(),
        ready: remaining.is_empty(),
        whose,
        runs: lines,
        tests,
        attestations: runs.iter().flat_map(|run| statements(run)).collect(),
        issues,
        remaining,
    })
}

fn statements<'a>(run: &'a Submission<'_>) -> impl Iterator<Item = StatementLine> + 'a {
    stated(run.attestations).into_iter().map(|Stated { given, withdrawn, .. }| StatementLine {
        criterion: given.criterion.clone(),
        run: run.results.run.id.clone(),
        given_at: given.given_at,
        hash: given.hash(),
        signed_by: given.signed_by(),
        withdrawn: withdrawn.map(|by| by.statement.clone()),
    })
}

fn run_line(run: &Submission<'_>) -> RunLine {
    let info = &run.results.run;
    RunLine {
        id: info.id.clone(),
        supplier: info.who.supplier.clone(),
        application_id: info.who.application_id.clone(),
        window: info.window,
        target: info.target.name.clone(),
        rehearsal: matches!(info.standing().place, Place::Mock | Place::Sandbox)
            || host_of(&info.target.base_url).is_some_and(|host| is_this_machine(&host))
            || !info.target.capabilities.contains(&Capability::Stateful),
        standing: info.standing(),
        started: info.started,
        exit_code: run.results.exit_code,
        remarks: info.remarks(),
    }
}

fn test_line(test: TestId, runs: &[&Submission<'_>]) -> TestLine {
    let definition = letterproof_model::test_definition(test);
    let judged = judged(test, runs);
    let deciding = deciding(&judged);
    let standing = deciding.map(|(run, _)| run.results.run.standing());
    let (owed, need) = (owed(test, runs), shown::need(test, runs, &judged));
    let lacking = owed.iter().filter(|(_, state)| *state == StatementState::FileMissing);
    TestLine {
        id: test,
        title: definition.title.to_owned(),
        required: definition.required,
        declared: need == Need::Declared,
        need,
        verdict: deciding.map_or(Verdict::NotRun, |(_, result)| result.verdict),
        standing: standing.as_ref().map(|standing| standing.word),
        place: standing.as_ref().map(|standing| standing.place),
        waived: deciding.is_some_and(is_waived),
        run: deciding.map(|(run, _)| run.results.run.id.clone()),
        window: deciding.and_then(|(run, _)| run.results.run.window),
        date: deciding.map(|(run, _)| run.results.run.finished),
        failures: failures(&judged),
        to_show: to_show(deciding),
        file_missing: lacking.map(|(id, _)| id.clone()).collect(),
        owed: owed.into_iter().map(|(id, _)| id).collect(),
    }
}

/// The clauses of a test for which none of these runs has all that the statement needs.
pub(crate) fn owed(test: TestId, runs: &[&Submission<'_>]) -> Vec<(CriterionId, StatementState)> {
    let verdict = |run: &Submission<'_>, id: &CriterionId| {
        let mut criteria = run.results.tests.iter().flat_map(|test| &test.criteria);
        criteria.find(|one| one.id == *id).map_or(Verdict::NotRun, |one| one.verdict)
    };
    let in_run = |run: &Submission<'_>, id: &CriterionId| {
        statement_state(id, verdict(run, id), run.attestations)
    };
    letterproof_model::test_definition(test)
        .clauses
        .iter()
        .filter_map(|clause| {
            let id = clause.criterion();
            let state = runs.iter().map(|run| in_run(run, &id)).max()?;
            state.is_owed().then_some((id, state))
        })
        .collect()
}

/// The runs that decide some test or hold an open failure of one, the last first.
fn used<'a, 'b>(
    runs: &'b [&'b Submission<'a>],
    tests: &'b [TestLine],
) -> impl Iterator<Item = &'b Submission<'a>> {
    let is_used = |run: &&Submission<'_>| {
        let id = &run.results.run.id;
        let open =
            |test: &TestLine| test.failures.iter().any(|one| one.is_open() && one.run == *id);
        tests
            .iter()
            .any(|test| test.run.as_ref() == Some(id) || test.need.is_needed() && open(test))
    };
    runs.iter().rev().copied().filter(is_used)
}

fn issues(runs: &[&Submission<'_>], tests: &[TestLine]) -> Vec<Issue> {
    let mut issues = Vec::new();
    let mut seen = BTreeSet::new();
    for line in tests.iter().filter(|line| line.need.is_needed()) {
        let counts = |(run, _): &Judged<'_, '_>| {
            let id = &run.results.run.id;
            let open = line.failures.iter().any(|one| one.is_open() && one.run == *id);
            open || line.run.as_ref() == Some(id)
        };
        // The last is what a reader should look at.
        for (run, result) in judged(line.id, runs).into_iter().rev().filter(counts) {
            for check in result.checks().filter(|check| check.verdict == Verdict::Fail) {
                if seen.insert(check.id.to_string()) {
                    issues.push(issue(check.id.as_str(), &check.observed, run));
                }
            }
        }
    }
    for run in used(runs, tests) {
        issues
            .extend(beside_the_pack(run).into_iter().filter(|found| seen.insert(found.id.clone())));
    }
    issues
}

/// Rules that an observer saw broken, and what else a supplier may not do.
pub(crate) fn beside_the_pack(run: &Submission<'_>) -> Vec<Issue> {
    let Results { observer, findings, .. } = &run.results;
    // What the harness's own supplier does says nothing about anybody's system.
    let theirs = !run.results.run.supplier.is_ours();
    let broken = observer.iter().filter(|check| theirs && check.is_broken());
    let seen = |check: &CheckResult| {
        check.criteria.first().map_or_else(|| check.title.clone(), |first| first.observed.clone())
    };
    let violations = findings.iter().filter(|finding| {
        finding.about == About::Supplier && finding.kind == FindingKind::Violation
    });
    broken
        .map(|check| issue(check.id.as_str(), &seen(check), run))
        .chain(violations.map(|finding| issue(&finding.id, &finding.observed, run)))
        .collect()
}

fn issue(id: &str, observed: &str, run: &Submission<'_>) -> Issue {
    let waiver = run.results.waivers.iter().find(|used| used.waiver.id == id);
    let mitigation = waiver.map(|used| {
        let waiver = &used.waiver;
        let state = if used.state == WaiverState::Expired { "expired" } else { "until" };
        format!(
            "{} (agreed by {}, {}, {state} {})",
            waiver.reason, waiver.agreed_by, waiver.reference, waiver.expires
        )
    });
    Issue {
        id: id.to_owned(),
        observed: observed.to_owned(),
        run: run.results.run.id.clone(),
        open: waiver.is_none_or(|used| used.state != WaiverState::Applied),
        mitigation,
    }
}

fn remaining(runs: &[RunLine], tests: &[TestLine], issues: &[Issue]) -> Vec<String> {
    let mut remaining = Vec::new();
    for test in tests.iter().filter(|test| test.need.is_needed()) {
        remaining.extend(test.to_show.iter().map(|to_show| format!("{}: {to_show}", test.id)));
        let is_other = |one: &&FailureLine| one.is_open() && test.run.as_ref() != Some(&one.run);
        let open = test.failures.iter().filter(is_other);
        remaining.extend(open.map(|one| format!("{}: {}", test.id, one.words())));
        let unstated: Vec<&str> = test
            .owed
            .iter()
            .filter(|id| !test.file_missing.contains(id))
            .map(CriterionId::as_str)
            .collect();
        if !unstated.is_empty() {
            remaining.push(format!(
                "{}: written statements still needed for {}; give them with `letterproof attest`",
                test.id,
                unstated.join(", ")
            ));
        }
        remaining.extend(test.file_missing.iter().map(|id| {
            let asked = clause(id).map_or("a file", |clause| clause.note);
            format!(
                "{}: {id} is stated, but its evidence is missing; attach {asked} with `letterproof \
                 attest --file`",
                test.id
            )
        }));
    }
    let open = issues.iter().filter(|issue| issue.open);
    remaining.extend(open.map(|issue| match &issue.mitigation {
        None => format!("{}: open: not fixed, no waiver", issue.id),
        Some(expired) => format!("{}: open: its waiver no longer holds: {expired}", issue.id),
    }));
    let used = |run: &RunLine| tests.iter().any(|test| test.run.as_ref() == Some(&run.id));
    for run in runs.iter().filter(|run| !run.standing.place.is_int() && used(run)) {
        remaining.push(format!(
            "run {}: at {}; only runs against NHS Notify's integration environment count",
            run.id, run.standing.place
        ));
    }
    remaining
}
