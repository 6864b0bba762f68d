//! A whole journal judged at once, and the same journal judged while it grows.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use letterproof_contract::Contract;
use letterproof_judge::conformance::{conformance_checks, judge_conformance};
use letterproof_judge::{JudgeCache, Traffic, at15_performance, judge_all};
use letterproof_model::{
    About, Attempt, CriterionId, Header, Journal, LetterStatus::Accepted, Mark, MarkKind,
    Recording, ScenarioOutcome, TestId, Timestamp, Verdict, fold_findings,
};
use letterproof_traffic::books::at14_reconciliation;
use support::cases::{at4, flow_of, passing, script, then};
use support::failing::failing;
use support::{Script, letters};

fn began(scenario: &str, at: Timestamp) -> Mark {
    Mark { scenario: Some(scenario.into()), ..Mark::new(at, MarkKind::ScenarioStarted) }
}

fn failed(scenario: &str, at: Timestamp, reason: &str) -> Mark {
    let outcome = ScenarioOutcome::Failed(reason.into());
    let kind = MarkKind::ScenarioFinished(outcome);
    Mark { scenario: Some(scenario.into()), ..Mark::new(at, kind) }
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
fn a_label_that_a_person_typed_narrows_no_choice() {
    // One list is accepted as the pack asks; of a later one a letter is left out.
    let label = "AT4 as typed";
    let script = script(|s| {
        at4(s, 4);
        s.wait(400.0).scenario(label).list(4, &letters(14)[10..]);
        s.bulk(Accepted, &["L11", "L12", "L13"]).wait(2.0);
    });
    let at4_of = |marks: Vec<Mark>| {
        let exchanges = script.exchanges.iter().cloned().map(Arc::new).collect();
        let journal = Recording::new(exchanges, marks);
        let at4 = TestId::new(4).unwrap();
        let judged = judge_all(&journal, &script.context, &[at4], Contract::built_in().unwrap());
        judged.tests[3].criteria.iter().map(|one| one.verdict).collect::<Vec<_>>()
    };
    let at = script.exchanges[0].started;
    let mark = |kind| Mark { scenario: Some(label.into()), ..Mark::new(at, kind) };
    let by_driver = at4_of(vec![mark(MarkKind::ScenarioStarted)]);
    let by_hand = at4_of(vec![mark(MarkKind::BegunByHand)]);
    assert!(by_driver.contains(&Verdict::Fail), "a driver's label narrows: {by_driver:?}");
    assert!(!by_hand.contains(&Verdict::Fail), "the accepted list is found: {by_hand:?}");
    // A cache is told while it grows, also of what it judged before.
    let mut cache = JudgeCache::new(script.context.clone());
    cache.absorb(&script.journal());
    let mut at4_now = |label: Option<&str>| {
        label.into_iter().for_each(|label| cache.typed_label(label));
        let at4 = cache.results_of(TestId::new(4).unwrap());
        at4.iter().map(|one| one.verdict).collect::<Vec<_>>()
    };
    assert_eq!(at4_now(None), by_driver);
    assert_eq!(at4_now(Some(label)), by_hand);
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
        began(name, start),
        failed(name, middle, "failed: too early"),
        began(name, script.exchanges[3].started),
        began("AT15 At speed", start),
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

/// The attempts at AT7 that these marks and labelled exchanges tell of.
fn attempts_at7(
    labels: [Option<&str>; 6],
    marks: impl FnOnce(&[Timestamp]) -> Vec<Mark>,
) -> Vec<Attempt> {
    let mut script = passing(7);
    for (exchange, label) in script.exchanges.iter_mut().zip(labels) {
        exchange.scenario = label.map(Into::into);
    }
    let times: Vec<_> = script.exchanges.iter().map(|exchange| exchange.started).collect();
    let exchanges = script.exchanges.iter().cloned().map(Arc::new).collect();
    let journal = Recording::new(exchanges, marks(&times));
    let judged = judge_all(&journal, &script.context, &[], Contract::built_in().unwrap());
    judged.tests[6].attempts.clone()
}

#[test]
fn a_scenario_that_ends_ends_its_own_attempt_and_no_other() {
    let [one, other] = ["AT7 Dispatch by PATCH", "AT7 Dispatch in bulk"];
    let attempts = attempts_at7([None; 6], |at| {
        vec![began(one, at[0]), began(other, at[1]), failed(one, at[2], "passed")]
    });
    let told: Vec<_> =
        attempts.iter().map(|of| (of.scenario.as_str(), of.outcome.as_deref())).collect();
    assert_eq!(told, [(one, Some("passed")), (other, None)]);
}

#[test]
fn an_attempt_has_only_the_exchanges_that_its_scenario_made_meanwhile() {
    let name = "AT7 Dispatch letters";
    let other = Some("AT8 Deliver letters");
    let attempts =
        attempts_at7([Some(name), other, Some(name), Some(name), other, Some(name)], |at| {
            vec![began(name, at[1]), failed(name, at[4], "failed")]
        });
    assert_eq!(attempts.len(), 1);
    let (first, last) = attempts[0].exchanges.clone().unwrap();
    assert_eq!((first.as_str(), last.as_str()), ("ex-000003", "ex-000004"));
}

#[test]
fn a_cache_that_grows_says_of_the_conformance_checks_what_the_whole_suite_says() {
    let script = script(|s| {
        s.token().status().harness().list(10, &letters(2)).data("L1").follow("L1");
        s.status().without("Authorization").answered(401);
    });
    let contract = Contract::built_in().unwrap();
    let checks = conformance_checks().len();
    let mut cache = JudgeCache::new(script.context.clone());
    let mut seen = Vec::new();
    for number in 1..=script.exchanges.len() {
        let exchanges = script.exchanges[..number].iter().cloned().map(Arc::new);
        let journal = Recording::new(exchanges.collect(), vec![]);
        cache.absorb(&journal);
        let suite = judge_conformance(&journal, &script.context, contract);
        assert_eq!(cache.conformance(), &suite[..checks], "after {number} exchanges");
        assert_eq!(cache.conformance(), &suite[..checks], "asked again");
        seen.push(suite);
    }
    assert_ne!(seen.first(), seen.last(), "later exchanges change what is concluded");
}

#[test]
fn what_is_found_late_in_a_long_journal_is_shown_by_the_call_it_was_found_in() {
    let script = script(|s| {
        (1..=200).for_each(|_| then(s.status()));
        s.bulk(Accepted, &["L1"]).answered(418);
        (1..=200).for_each(|_| then(s.status()));
    });
    let contract = Contract::built_in().unwrap();
    let suite = judge_conformance(&script.journal(), &script.context, contract);
    let bulk = suite.iter().find(|check| check.id.as_str() == "C-CONTRACT-BULK").unwrap();
    let shown: Vec<&str> = bulk.criteria[0].exchanges.iter().map(|id| id.as_str()).collect();
    assert_eq!((bulk.verdict, shown), (Verdict::Fail, vec!["ex-000201"]));
}

#[test]
fn a_cache_takes_in_of_a_journal_what_it_was_not_handed_before() {
    let script = passing(7);
    let journal = script.journal();
    let mut cache = JudgeCache::new(script.context);
    for exchange in journal.exchanges().iter().take(3) {
        cache.push(exchange.to_arc());
    }
    cache.absorb(&journal);
    assert_eq!(cache.traffic().len(), journal.exchanges().len());
    assert!(cache.holds(&CriterionId::from("AT7.1")));
}

#[test]
fn a_cache_that_grows_says_what_judging_from_scratch_says() {
    for (criterion, script) in failing() {
        let id = CriterionId::from(criterion);
        let journal = script.journal();
        let mut cache = JudgeCache::new(script.context.clone());
        for exchange in journal.exchanges() {
            cache.push(exchange.to_arc());
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
fn a_queue_of_three_times_the_letters_is_one_flow() {
    let mut script = Script::small();
    flow_of(&mut script, 0, 18, 3, |_, _| false);
    assert_eq!(at15_of(&script, "AT15.6"), (Verdict::Fail, 1));
    flow_of(&mut script, 1, 6, 3, |_, _| false);
    flow_of(&mut script, 2, 7, 3, |_, _| false);
    assert_eq!(at15_of(&script, "AT15.6"), (Verdict::Pass, 3));
    // At the pack's sizes it would be a pass.
    assert_eq!(at15_of(&script, "AT15.1"), (Verdict::Inconclusive, 3));
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
    let exchange = journal.exchanges().to_vec()[0].clone();
    let note = Mark::injected(&exchange.id, "429 in place of the answer", exchange.started);
    assert_eq!(about_api(&Recording::new(vec![exchange], vec![note])), 0);
}

#[test]
fn what_a_proxy_made_go_wrong_turns_no_check_of_the_contract_red() {
    let contract_of = |script: &Script, journal: &Recording| {
        let suite = judge_conformance(journal, &script.context, Contract::built_in().unwrap());
        let of = suite.into_iter().filter(|check| check.id.as_str().starts_with("C-CONTRACT-"));
        of.map(|check| (check.id.to_string(), check.verdict)).collect::<Vec<_>>()
    };
    let script = script(|s| {
        // The first is as the API would answer; the second an undocumented 503.
        for status in [200, 503] {
            s.status().edit_answer(|answer| {
                answer.status = status;
                answer
                    .headers
                    .push(Header { name: "Content-Type".into(), value: "application/json".into() });
            });
        }
    });
    let journal = script.journal();
    let status = "C-CONTRACT-STATUS".to_owned();
    assert_eq!(contract_of(&script, &journal), [(status.clone(), Verdict::Fail)]);
    let [good, bad] = [0, 1].map(|at| journal.exchanges().to_vec()[at].clone());
    let mark = Mark::injected(&bad.id, "503 in place of the answer", bad.started);
    let both = Recording::new(vec![good.clone(), bad.clone()], vec![mark.clone()]);
    assert_eq!(contract_of(&script, &both), [(status, Verdict::Pass)]);
    let alone = Recording::new(vec![bad], vec![mark]);
    assert_eq!(contract_of(&script, &alone), [], "an answer of the API was never seen");
}

#[test]
fn a_long_journal_is_found_in_as_a_short_one_is_whichever_thread_reads_it() {
    let script = script(|s| {
        for number in 0..700_u16 {
            s.status().answered(if number % 7 == 3 { 505 + number } else { 200 });
        }
    });
    let (journal, contract) = (script.journal(), Contract::built_in().unwrap());
    let checked = journal.exchanges().iter().flat_map(|one| contract.check(&one, &script.context));
    let expected = fold_findings(checked);
    assert_eq!(expected.len(), 100);
    for _ in 0..5 {
        let judged = judge_all(&journal, &script.context, &[], contract);
        assert_eq!(judged.findings, expected);
    }
}
