//! `gate`: what a pipeline asks of a bundle before it lets a release through.
//! Refuses to trust results: the caller has the bundle verified first, and says what that found.

use jiff::SignedDuration;
use letterproof_model::{Results, TestId, Timestamp, Verdict, unwaived_verdict};
use serde::Serialize;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Demands {
    /// The tests that must have passed.
    pub tests: Vec<TestId>,
    /// How long ago the run may have ended.
    pub max_age: Option<SignedDuration>,
    /// The target it must have been run against, by name.
    pub target: Option<String>,
}

/// One demand, and whether it is met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Demand {
    /// What was asked for.
    pub demand: String,
    /// Whether it is met.
    pub met: bool,
    /// What was found.
    pub found: String,
}

/// Holds a run against demands, at this moment.
#[must_use]
pub fn gate(results: &Results, demands: &Demands, now: Timestamp) -> Vec<Demand> {
    let mut asked: Vec<Demand> = demands.tests.iter().map(|test| passed(*test, results)).collect();
    if let Some(limit) = demands.max_age {
        let age = now.duration_since(results.run.finished);
        asked.push(Demand {
            demand: format!("ended no longer ago than {}", spoken(limit)),
            met: age <= limit && !age.is_negative(),
            found: format!("ended {}", results.run.finished),
        });
    }
    if let Some(target) = &demands.target {
        asked.push(Demand {
            demand: format!("run against {target}"),
            met: *target == results.run.target.name,
            found: format!("run against {}", results.run.target.name),
        });
    }
    let stale: Vec<String> = results.waivers.iter().filter_map(|used| used.advice()).collect();
    if !results.waivers.is_empty() {
        let found = if stale.is_empty() { "all are needed".to_owned() } else { stale.join("; ") };
        asked.push(Demand {
            demand: "no waiver that has expired or is no longer needed".to_owned(),
            met: stale.is_empty(),
            found,
        });
    }
    asked
}

/// Whole days as days, all else as it was given.
fn spoken(limit: SignedDuration) -> String {
    let hours = limit.as_hours();
    if hours > 0 && hours % 24 == 0 && limit == SignedDuration::from_hours(hours) {
        format!("{} days", hours / 24)
    } else {
        format!("{limit:#}")
    }
}

fn passed(test: TestId, results: &Results) -> Demand {
    let result = results.tests.iter().find(|result| result.id == test);
    let shown = result.map_or(Verdict::NotRun, |result| result.verdict);
    let decides = result.map_or(shown, |result| unwaived_verdict(result, &results.waivers));
    let met = decides == Verdict::Pass;
    let waived = if met && shown == Verdict::Fail { ", waived" } else { "" };
    Demand { demand: format!("{test} passed"), met, found: format!("{shown}{waived}") }
}
