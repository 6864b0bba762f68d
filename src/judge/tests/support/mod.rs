//! Journals written by hand, a call at a time, as one would dictate them.
//! Refuses shortcuts into the index: what the judges see is what a recorder would have kept.
#![allow(dead_code, missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic)]

pub mod cases;
pub mod clock;
pub mod failing;
pub mod lifecycle;
pub mod observed;
pub mod probed;
pub mod script;
pub mod told;

use std::collections::BTreeSet;

use letterproof_contract::Contract;
use letterproof_judge::{Head, Traffic, conclude, judge_test};
use letterproof_model::{
    Brief, CriterionResult, Results, RunEnd, RunId, Selection, TestId, ToolInfo, Verdict,
};

#[allow(unused_imports)]
pub use script::{Script, letter, letters};

/// The results of one acceptance test over a script.
pub fn judge(test: u8, script: &Script) -> Vec<CriterionResult> {
    let traffic = Traffic::from_journal(&script.journal(), &script.context);
    judge_test(TestId::new(test).unwrap(), &traffic, &script.context).criteria
}

/// The results of all tests over a script.
pub fn judge_every(script: &Script) -> Vec<CriterionResult> {
    let traffic = Traffic::from_journal(&script.journal(), &script.context);
    let judged = |n| judge_test(TestId::new(n).unwrap(), &traffic, &script.context).criteria;
    (1..=15).flat_map(judged).collect()
}

/// What a run comes to that was asked for these tests.
pub fn concluded(script: &Script, tests: &[u8], conformance: bool) -> Results {
    let tests = tests.iter().map(|number| TestId::new(*number).unwrap()).collect();
    let selection = Selection { tests, conformance };
    let brief = Brief::new(selection, script.context.clone());
    let tool = ToolInfo { version: "0.1.0".into(), commit: "unknown".into() };
    let (run_id, started) = (RunId::fixed("run-1"), script.exchanges[0].started);
    let head = Head { run_id: &run_id, started, tool: &tool, brief: &brief };
    let mut journal = script.journal();
    journal.push_mark(RunEnd::Whole.mark(started));
    conclude(&journal, &head, Contract::built_in().unwrap())
}

/// The ids of the results with this verdict.
pub fn with_verdict(results: &[CriterionResult], verdict: Verdict) -> BTreeSet<String> {
    results.iter().filter(|r| r.verdict == verdict).map(|r| r.id.to_string()).collect()
}

/// The result of one criterion over a script.
pub fn result(id: &str, script: &Script) -> CriterionResult {
    judge_every(script).into_iter().find(|result| result.id.as_str() == id).unwrap()
}

/// Lines that say what was concluded, for messages of failing tests.
pub fn lines(results: &[CriterionResult]) -> String {
    results
        .iter()
        .map(|r| {
            format!(
                "{} {}: {} [{}]\n",
                r.id,
                r.verdict,
                r.observed,
                r.reason.as_deref().unwrap_or("")
            )
        })
        .collect()
}
