//! A whole journal judged: every test of the pack, what else was seen, and the measured flows. All
//! fifteen tests are listed, those not selected as `not-run`.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::thread;

use letterproof_contract::Contract;
use letterproof_model::{
    Attempt, CheckResult, Context, ExchangeId, Finding, Journal, Mark, MarkKind, Performance,
    TestDefinition, TestId, TestResult, Verdict, pack,
};

use crate::reading::Reading;
use crate::supplier::at15::at15_performance;
use crate::supplier::cause::Fault;
use crate::supplier::dispatch::{JudgedTest, judge_test};
use crate::supplier::observer::observe;
use crate::traffic::{CallIx, Micros, Traffic};

/// What was concluded from a journal.
#[derive(Debug, Clone)]
pub struct Judged {
    /// AT1 to AT15, in order.
    pub tests: Vec<TestResult>,
    /// What only an observer of the supplier can see.
    pub observer: Vec<CheckResult>,
    /// What else was seen, folded, the gravest first.
    pub findings: Vec<Finding>,
    /// The measured flows of AT15.
    pub performance: Vec<Performance>,
    /// How many exchanges there were, by operation.
    pub exchanges: BTreeMap<String, u64>,
    /// What the failed criteria are about, whole.
    pub(crate) faults: Vec<Fault>,
}

/// Judges a journal: the selected tests, the contract on every exchange, and what only an observer
/// of the supplier can see.
#[must_use]
pub fn judge_all(
    journal: &dyn Journal,
    context: &Context,
    selected: &[TestId],
    contract: &Contract,
) -> Judged {
    judge_read(journal, Reading::of(journal, context, contract), context, selected)
}

/// Judges a journal that was read.
pub(crate) fn judge_read(
    journal: &dyn Journal,
    reading: Reading,
    context: &Context,
    selected: &[TestId],
) -> Judged {
    let Reading { traffic, found } = reading;
    let findings = found.folded();
    let mut faults = Vec::new();
    let mut judge = |definition: &TestDefinition| {
        let id = definition.id;
        let chosen = selected.contains(&id);
        let mut judged = if chosen {
            judge_test(id, &traffic, context)
        } else {
            JudgedTest::alike(id, context, Verdict::NotRun, "not selected")
        };
        faults.append(&mut judged.faults);
        let attempts = attempts(id, journal.marks(), &traffic);
        let result = judged.result(id, context.mode, attempts);
        TestResult { selected: chosen, ..result }
    };
    // The observer looks at every letter and takes as long as all the tests.
    let (tests, observer) = thread::scope(|scope| {
        let observer = scope.spawn(|| observe(&traffic, context));
        let tests = pack().iter().map(&mut judge).collect();
        (tests, observer.join().unwrap_or_else(|panic| resume_unwind(panic)))
    });
    let (observer, of_observer): (_, Vec<Option<Fault>>) = observer.into_iter().unzip();
    faults.extend(of_observer.into_iter().flatten());
    let mut exchanges = BTreeMap::new();
    for (_, call) in traffic.calls() {
        *exchanges.entry(call.operation.label().to_owned()).or_default() += 1;
    }
    let performance = at15_performance(&traffic, context);
    Judged { tests, observer, findings, performance, exchanges, faults }
}

/// Every attempt at a test's scenarios, as the journal's marks tell them.
fn attempts(test: TestId, marks: &[Mark], traffic: &Traffic) -> Vec<Attempt> {
    let mut attempts: Vec<Attempt> = Vec::new();
    for mark in marks {
        let Some(scenario) = mark.scenario.as_deref().filter(|name| belongs(name, test)) else {
            continue;
        };
        match mark.kind {
            MarkKind::ScenarioStarted | MarkKind::BegunByHand => attempts.push(Attempt {
                scenario: scenario.to_owned(),
                started: mark.at,
                finished: None,
                outcome: None,
                exchanges: None,
            }),
            MarkKind::ScenarioFinished(_) => {
                let open = attempts
                    .iter_mut()
                    .rfind(|attempt| attempt.scenario == scenario && attempt.finished.is_none());
                if let Some(attempt) = open {
                    attempt.finished = Some(mark.at);
                    attempt.outcome = Some(mark.words());
                }
            }
            MarkKind::Wait { .. }
            | MarkKind::Resumed
            | MarkKind::Unvouched { .. }
            | MarkKind::Injected { .. }
            | MarkKind::Ended(_)
            | MarkKind::Stamped { .. }
            | MarkKind::Unstamped { .. }
            | MarkKind::Connected { .. }
            | MarkKind::Note { .. } => {}
        }
    }
    for attempt in &mut attempts {
        attempt.exchanges = made_meanwhile(attempt, traffic);
    }
    attempts
}

/// Whether a scenario's name begins with the test's id.
pub(crate) fn belongs(scenario: &str, test: TestId) -> bool {
    scenario.split(|c: char| !c.is_ascii_alphanumeric()).next() == Some(test.to_string().as_str())
}

fn made_meanwhile(attempt: &Attempt, traffic: &Traffic) -> Option<(ExchangeId, ExchangeId)> {
    let from = attempt.started.as_microsecond();
    let to = attempt.finished.map_or(Micros::MAX, |finished| finished.as_microsecond());
    let calls = (0..).map(CallIx).zip(traffic.recorded());
    let mut mine = calls.filter(|(ix, call)| {
        (from..=to).contains(&call.started) && traffic.label(*ix) == Some(attempt.scenario.as_str())
    });
    let (first, _) = mine.next()?;
    let (last, _) = mine.last().unwrap_or((first, traffic.call(first)));
    Some((traffic.exchange_id(first), traffic.exchange_id(last)))
}
