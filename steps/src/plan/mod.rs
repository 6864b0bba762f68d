//! What a run would do, told from its features alone: calls, changes, letters used up, waits.
//!
//! Each phrase has its cost in `costs`; a plan walks the scenarios in the order of a run and adds
//! the costs up. What cannot be known beforehand is a range. A scenario has no cost but that of its
//! steps, and a step without a cost is an error, as one without a phrase is in a run.

mod bill;
mod costs;
mod draft;

#[cfg(test)]
mod tests;

use std::time::Duration;

use cucumber::World as _;
use cucumber::gherkin::{Feature, Scenario, Step};
use futures::FutureExt as _;
use letterproof_model::{Operation, TestId};
use letterproof_traffic::SWEEP;

use self::draft::Draft;
use crate::features::tests_of;
use crate::{FeatureError, FeatureSet};

pub use bill::{Bill, Need, Range, Wait};
pub use draft::Outlook;

/// What a run would do.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The scenarios, in the order of the run.
    pub scenarios: Vec<ScenarioPlan>,
    rate_limit: u32,
}

/// What one scenario would do.
#[derive(Debug, Clone)]
pub struct ScenarioPlan {
    /// Its name.
    pub scenario: String,
    /// The acceptance tests it serves; none for probes of the API.
    pub tests: Vec<TestId>,
    /// Scenarios of one batch run side by side.
    pub batch: usize,
    /// What it costs.
    pub bill: Bill,
}

/// A need that is not met.
#[derive(Debug, Clone, Copy)]
pub struct Shortfall<'a> {
    /// The scenario that has it.
    pub scenario: &'a ScenarioPlan,
    /// The need.
    pub need: &'a Need,
}

/// Plans a run: what it would call and change, by its features.
///
/// # Errors
/// [`FeatureError::Step`] when a step has no cost.
pub fn plan(features: &FeatureSet, outlook: Outlook) -> Result<Plan, FeatureError> {
    let costs = Draft::collection();
    features.check_steps(&costs)?;
    let features = features.clone().that_apply(&outlook.context);
    let rate_limit = outlook.context.rate_limit;
    let mut draft = Draft::new(outlook);
    let mut scenarios = Vec::new();
    for (batch, features) in features.batches().iter().enumerate() {
        let walked: Vec<Walked<'_>> = features.iter().flat_map(in_order).collect();
        draft.begin(walked.len());
        for (feature, scenario, steps) in walked {
            for step in steps {
                if let Ok(Some((cost, .., context))) = costs.find(step) {
                    // Costs never wait for anything, so each is whole at once.
                    cost(&mut draft, context).now_or_never();
                }
            }
            let mut tests = tests_of(&feature.tags);
            tests.extend(tests_of(&scenario.tags));
            tests.sort_unstable();
            tests.dedup();
            let bill = draft.leave();
            scenarios.push(ScenarioPlan { scenario: scenario.name.clone(), tests, batch, bill });
        }
    }
    draft.sweep();
    let bill = draft.leave();
    if bill != Bill::default() {
        let batch = scenarios.last().map_or(0, |last| last.batch + 1);
        let scenario = SWEEP.to_owned();
        scenarios.push(ScenarioPlan { scenario, tests: Vec::new(), batch, bill });
    }
    Ok(Plan { scenarios, rate_limit })
}

type Walked<'a> = (&'a Feature, &'a Scenario, Vec<&'a Step>);

/// A feature's scenarios, each with all its steps.
fn in_order(feature: &Feature) -> impl Iterator<Item = Walked<'_>> {
    let background = || feature.background.iter().flat_map(|background| &background.steps);
    let plain = feature.scenarios.iter().map(move |scenario| {
        (feature, scenario, background().chain(&scenario.steps).collect::<Vec<_>>())
    });
    let ruled = feature.rules.iter().flat_map(move |rule| {
        let own = || rule.background.iter().flat_map(|background| &background.steps);
        rule.scenarios.iter().map(move |scenario| {
            (feature, scenario, background().chain(own()).chain(&scenario.steps).collect())
        })
    });
    plain.chain(ruled)
}

impl Plan {
    /// Everything together, with the token and the look at `/_status` that come before.
    #[must_use]
    pub fn total(&self) -> Bill {
        let mut total = Bill::default();
        total.call(Operation::Token, Range::at_least(1));
        total.call(Operation::Status, Range::exactly(1));
        for scenario in &self.scenarios {
            total.add(&scenario.bill);
        }
        total
    }

    /// The needs that are certainly not met.
    pub fn shortfalls(&self) -> impl Iterator<Item = Shortfall<'_>> {
        self.needs().filter(|found| found.need.is_short())
    }

    /// The needs that may not be met.
    pub fn possible_shortfalls(&self) -> impl Iterator<Item = Shortfall<'_>> {
        self.needs().filter(|found| found.need.may_be_short() && !found.need.is_short())
    }

    fn needs(&self) -> impl Iterator<Item = Shortfall<'_>> {
        self.scenarios.iter().flat_map(|scenario| {
            scenario.bill.needs.iter().map(move |need| Shortfall { scenario, need })
        })
    }

    /// The least and the most time it takes: calls at the rate limit, and waits, those of scenarios
    /// side by side only once. Downloads and answers take time of their own on top.
    #[must_use]
    pub fn time(&self) -> (Duration, Duration) {
        let (mut least, mut most) = (Duration::ZERO, Duration::ZERO);
        for batch in self.scenarios.chunk_by(|a, b| a.batch == b.batch) {
            let calls = batch.iter().map(|scenario| scenario.bill.paced_calls());
            let calls = calls.fold(Range::NONE, Range::plus);
            let waits = |pick: fn(&Wait) -> Duration| {
                batch
                    .iter()
                    .map(|scenario| scenario.bill.waits.iter().map(pick).sum::<Duration>())
                    .max()
                    .unwrap_or_default()
            };
            least += self.paced(calls.least) + waits(|wait| wait.least);
            most += self.paced(calls.most.unwrap_or(calls.least)) + waits(|wait| wait.most);
        }
        (least, most)
    }

    fn paced(&self, calls: u64) -> Duration {
        let limit = u64::from(self.rate_limit.max(1));
        Duration::from_millis(calls.saturating_mul(1_000) / limit)
    }
}
