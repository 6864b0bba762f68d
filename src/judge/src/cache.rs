//! Judging while the journal grows: what was judged stays judged until new traffic arrives. An answer
//! always covers every exchange pushed so far.

use std::collections::HashMap;
use std::sync::Arc;

use letterproof_model::{
    CheckResult, Context, CriterionId, CriterionResult, Exchange, Journal, TestId, Timestamp,
    Verdict,
};

use crate::supplier::conformance::judge_probes;
use crate::supplier::dispatch::{JudgedTest, judge_test};
use crate::supplier::observer::judge_observer;
use crate::traffic::Traffic;

/// An index with the results of its judges, each recomputed only when it is out of date.
#[derive(Debug)]
pub struct JudgeCache {
    context: Context,
    traffic: Traffic,
    judged: HashMap<TestId, (usize, JudgedTest)>,
    probed: Option<(usize, Vec<CheckResult>)>,
    observed: Option<(usize, Vec<CheckResult>)>,
}

impl JudgeCache {
    /// An empty cache for a target.
    #[must_use]
    pub fn new(context: Context) -> Self {
        let traffic = Traffic::new(&context);
        Self { context, traffic, judged: HashMap::new(), probed: None, observed: None }
    }

    /// Adds one exchange.
    pub fn push(&mut self, exchange: Arc<Exchange>) {
        self.traffic.push(exchange);
    }

    /// Takes in that the run went on at this time after it had broken off; to be told before any
    /// exchange that follows is added.
    pub fn resumed(&mut self, at: Timestamp) {
        self.traffic.resumed(at);
        self.judged.clear();
        self.observed = None;
    }

    /// Takes in that a person typed this label: it narrows no judge's choice.
    pub fn typed_label(&mut self, label: &str) {
        self.traffic.typed_label(label);
        self.judged.clear();
    }

    /// Adds the exchanges of a growing journal that were not added yet: what was added before are
    /// its first ones.
    pub fn absorb(&mut self, journal: &dyn Journal) {
        self.traffic.absorb(journal);
    }

    /// The index.
    #[must_use]
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// The context.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// One test over everything added so far.
    pub fn judged(&mut self, test: TestId) -> &JudgedTest {
        let now = self.traffic.len();
        let kept = self.judged.remove(&test).filter(|(at, _)| *at == now);
        let fresh = kept.unwrap_or_else(|| (now, judge_test(test, &self.traffic, &self.context)));
        &self.judged.entry(test).or_insert(fresh).1
    }

    /// The results of one test over everything added so far.
    pub fn results_of(&mut self, test: TestId) -> &[CriterionResult] {
        &self.judged(test).criteria
    }

    /// The results of the conformance checks over everything added so far; the contract checks on
    /// every exchange are left to the end of a run.
    pub fn conformance(&mut self) -> &[CheckResult] {
        let now = self.traffic.len();
        let fresh = self
            .probed
            .take()
            .filter(|(at, _)| *at == now)
            .unwrap_or_else(|| (now, judge_probes(&self.traffic, &self.context)));
        &self.probed.insert(fresh).1
    }

    /// What only an observer of the supplier can see, over everything added so far.
    pub fn observer(&mut self) -> &[CheckResult] {
        let now = self.traffic.len();
        let fresh = self
            .observed
            .take()
            .filter(|(at, _)| *at == now)
            .unwrap_or_else(|| (now, judge_observer(&self.traffic, &self.context)));
        &self.observed.insert(fresh).1
    }

    /// The result of one criterion; `None` when the pack has no such clause.
    pub fn result_of(&mut self, criterion: &CriterionId) -> Option<&CriterionResult> {
        self.results_of(criterion.test()?).iter().find(|result| result.id == *criterion)
    }

    /// The verdict of one criterion; `None` when the pack has no such clause.
    pub fn verdict_of(&mut self, criterion: &CriterionId) -> Option<Verdict> {
        self.result_of(criterion).map(|result| result.verdict)
    }

    /// Whether a criterion holds: it passed.
    pub fn holds(&mut self, criterion: &CriterionId) -> bool {
        self.verdict_of(criterion) == Some(Verdict::Pass)
    }
}
