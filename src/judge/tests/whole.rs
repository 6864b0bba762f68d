//! A whole journal judged at once, and the same journal judged while it grows.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use letterproof_contract::Contract;
use letterproof_judge::{JudgeCache, Traffic, at14_reconciliation, at15_performance, judge_all};
use letterproof_model::{
    About, CriterionId, Journal, Mark, MarkKind, Recording, TestId, Timestamp, Verdict,
};
use support::Script;
use support::cases::{flow_of, passing, script};
use support::failing::failing;

fn mark(kind: MarkKind, scenario: &str, at: Timestamp, text: &str) -> Mark {
    Mark { at, kind, scenario: Some(scenario.into()), text: text.into() }
}

#[test]
fn all_fifteen_tests_are_listed_and_only_selected_ones_judged() {
    let script = passing(7);
    let at7 = TestId::new(7).unwrap();
    let judged =
        judge_all(&script.journal(), &script.context, &[at7], Contract::built_in().unwrap());
    assert_eq!(judged.tests.len(), 15);
    for test in &judged.tests {
        let expected = if test.id == at7 { Verdict::Pass } else { Verdict::NotRun };
        assert_eq!((test.verdict, test.selected), (expected, test.id == at7), "{}", test.id);
    }
    assert_eq!(judged.exchanges["PATCH /letters/{id}"], 9);
    assert_eq!(judged.exchanges["POST /letters"], 1);
}

#[test]
fn an_attestation_does_not_hold_a_test_back() {
    let script = passing(11);
    let at11 = TestId::new(11).unwrap();
    let judged =
        judge_all(&script.journal(), &script.context, &[at11], Contract::built_in().unwrap());
    assert_eq!(judged.tests[10].verdict, Verdict::Pass);
}

#[test]
fn every_attempt_is_kept_with_its_exchanges() {
    let name = "AT7 Dispatch letters";
    let mut script = passing(7);
    for exchange in &mut script.exchanges[..4] {
        exchange.scenario = Some(name.into());
    }
    let start = script.exchanges[0].started;
    let middle = script.exchanges[2].started;
    let exchanges = script.exchanges.iter().cloned().map(Arc::new).collect();
    let marks = vec![
        mark(MarkKind::ScenarioStarted, name, start, "attempt 1"),
        mark(MarkKind::ScenarioFinished, name, middle, "failed: too early"),
        mark(MarkKind::ScenarioStarted, name, script.exchanges[3].started, "attempt 2"),
        mark(MarkKind::ScenarioStarted, "AT15 At speed", start, "another test"),
    ];
    let journal = Recording::new(exchanges, marks);
    let judged = judge_all(&journal, &script.context, &[], Contract::built_in().unwrap());
    let attempts = &judged.tests[6].attempts;
    assert_eq!(attempts.len(), 2);
    assert_eq!(attempts[0].outcome.as_deref(), Some("failed: too early"));
    let (first, last) = attempts[0].exchanges.clone().unwrap();
    assert_eq!((first.as_str(), last.as_str()), ("ex-000001", "ex-000003"));
    assert_eq!(attempts[1].finished, None);
    assert_eq!(judged.tests[0].attempts, [], "AT1 does not take AT15's attempts");
    assert_eq!(judged.tests[14].attempts.len(), 1);
}

#[test]
fn a_cache_that_grows_says_what_judging_from_scratch_says() {
    for (criterion, script) in failing() {
        let id = CriterionId::from(criterion);
        let journal = script.journal();
        let mut cache = JudgeCache::new(script.context.clone());
        for exchange in journal.exchanges() {
            cache.push(Arc::clone(exchange));
            if cache.traffic().len().is_multiple_of(7) {
                cache.verdict_of(&id);
            }
        }
        assert_eq!(cache.verdict_of(&id), Some(Verdict::Fail), "{criterion}");
        assert!(!cache.holds(&id));
        let mut absorbed = JudgeCache::new(script.context.clone());
        absorbed.absorb(&journal);
        absorbed.absorb(&journal);
        assert_eq!(absorbed.traffic().len(), journal.exchanges().len());
        assert_eq!(absorbed.result_of(&id), cache.result_of(&id), "{criterion}");
    }
}

#[test]
fn a_criterion_the_pack_does_not_have_has_no_verdict() {
    let script = passing(1);
    let mut cache = JudgeCache::new(script.context);
    assert_eq!(cache.verdict_of(&CriterionId::from("AT1.9")), None);
    assert_eq!(cache.verdict_of(&CriterionId::from("C-X")), None);
}

#[test]
fn at15_is_measured_against_the_least_time_the_rate_limit_allows() {
    let script = passing(15);
    let traffic = Traffic::from_journal(&script.journal(), &script.context);
    let flows = at15_performance(&traffic, &script.context);
    assert_eq!(flows.len(), 3);
    for flow in flows {
        // 2,500 links, five lists with letters, five bulk updates, and the empty list.
        assert!((flow.figures["calls"] - 2_511.0).abs() < 1.5, "{flow:?}");
        let after = 3.0 * flow.figures["latency_ms"] + flow.figures["download_ms"];
        assert!(after > 0.0, "{flow:?}");
        assert!((flow.figures["floor_ms"] - 2_511.0 / 0.3 - after).abs() < 0.1, "{flow:?}");
        let ratio = flow.figures["elapsed_ms"] / flow.figures["floor_ms"];
        assert!((flow.figures["ratio"] - ratio).abs() < 1e-9 && ratio > 0.0);
    }
}

/// The verdict of a criterion of AT15, and how many flows were measured.
fn at15_of(script: &Script, criterion: &'static str) -> (Verdict, usize) {
    let traffic = Traffic::from_journal(&script.journal(), &script.context);
    let flows = at15_performance(&traffic, &script.context).len();
    let mut cache = JudgeCache::new(script.context.clone());
    cache.absorb(&script.journal());
    (cache.verdict_of(&CriterionId::from(criterion)).unwrap(), flows)
}

#[test]
fn a_queue_of_three_times_the_letters_holds_three_flows() {
    let mut script = Script::small();
    for flow in 0..3 {
        flow_of(&mut script, flow, 6, 3, |_, _| false);
        // The queue is not empty after the first two: the next flow's first list says so.
        if flow < 2 {
            script.exchanges.pop();
        }
    }
    assert_eq!(at15_of(&script, "AT15.6"), (Verdict::Pass, 3));
}

#[test]
fn a_flow_that_took_its_letters_and_never_asked_for_another_list_is_not_whole() {
    let mut script = Script::small();
    flow_of(&mut script, 0, 6, 3, |_, _| false);
    script.exchanges.pop();
    assert_eq!(at15_of(&script, "AT15.2"), (Verdict::Fail, 1));
}

#[test]
fn flows_that_an_empty_queue_made_impossible_are_not_the_suppliers_fault() {
    let mut script = Script::small();
    flow_of(&mut script, 0, 6, 3, |_, _| false);
    assert_eq!(at15_of(&script, "AT15.6"), (Verdict::Fail, 1));
    script.list(3, &[]);
    assert_eq!(at15_of(&script, "AT15.6"), (Verdict::Inconclusive, 1));
}

#[test]
fn the_books_show_what_was_dispatched_submitted_and_read_back() {
    let script = passing(14);
    let traffic = Traffic::from_journal(&script.journal(), &script.context);
    let books = at14_reconciliation(&traffic);
    assert_eq!(books.len(), 1);
    let line = &books[0];
    assert_eq!((line.dispatched, line.sent), (2, 2));
    assert!((line.submitted - 2.0).abs() < f64::EPSILON && line.difference().abs() < f64::EPSILON);
    assert_eq!(line.read_back, Some(2.0));
    assert_eq!(line.group.as_ref().unwrap().as_str(), "group-a");
}

#[test]
fn what_a_proxy_made_go_wrong_is_no_finding_about_the_api() {
    let script = script(|s| {
        s.status().answered(418);
    });
    let contract = Contract::built_in().unwrap();
    let about_api = |journal: &Recording| {
        let judged = judge_all(journal, &script.context, &[], contract);
        judged.findings.iter().filter(|finding| finding.about == About::Api).count()
    };
    let journal = script.journal();
    assert!(about_api(&journal) > 0);
    let exchange = journal.exchanges()[0].clone();
    let note = Mark::injected(&exchange.id, "429 in place of the answer", exchange.started);
    assert_eq!(about_api(&Recording::new(vec![exchange], vec![note])), 0);
}
