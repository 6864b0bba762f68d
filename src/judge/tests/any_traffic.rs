//! Whatever was recorded, judging ends, answers every clause, and does not depend on the order in
//! which exchanges were written down.

mod support;

use std::sync::Arc;

use letterproof_judge::{Traffic, judge_observer, judge_test, observer_checks};
use letterproof_model::{
    Context, CriterionResult, LetterStatus, Outcome, Recording, ReturnReason, TestId, pack,
};
use proptest::prelude::*;
use support::{Script, letter, letters};

/// One call among a few letters.
#[derive(Debug, Clone)]
enum Step {
    List(u32, usize),
    Bulk(usize, usize),
    Patch(usize, usize, bool),
    Read(usize, usize),
    Fetch(usize),
    Mi(u8),
    Status,
    Wait(u16),
}

fn steps() -> impl Strategy<Value = Vec<(Step, u8)>> {
    let limit = prop_oneof![Just(2_500_u32), Just(4), Just(3), Just(10)];
    let step = prop_oneof![
        (limit, 0..5_usize).prop_map(|(limit, count)| Step::List(limit, count)),
        (0..11_usize, 1..4_usize).prop_map(|(status, count)| Step::Bulk(status, count)),
        (0..4_usize, 0..11_usize, any::<bool>()).prop_map(|(l, s, why)| Step::Patch(l, s, why)),
        (0..4_usize, 0..11_usize).prop_map(|(letter, status)| Step::Read(letter, status)),
        (0..4_usize).prop_map(Step::Fetch),
        (0..3_u8).prop_map(Step::Mi),
        Just(Step::Status),
        (0..400_u16).prop_map(Step::Wait),
    ];
    prop::collection::vec((step, any::<u8>()), 0..60)
}

fn play(steps: &[(Step, u8)]) -> Script {
    const IDS: [&str; 4] = ["L1", "L2", "L3", "L4"];
    let mut script = Script::small();
    for (step, whim) in steps {
        if whim % 7 == 0 {
            script.harness()
        } else {
            script.supplier()
        };
        match step {
            Step::List(limit, count) => script.list(*limit, &letters(*count)),
            Step::Bulk(status, count) => script.bulk(LetterStatus::ALL[*status], &IDS[..*count]),
            Step::Patch(letter, status, why) => {
                let reason = ReturnReason::ALL[*letter];
                let reason = why.then_some((reason.code, reason.text));
                script.patch_for(IDS[*letter], LetterStatus::ALL[*status], reason)
            }
            Step::Read(id, status) => {
                script.read_letter(&letter(IDS[*id]).in_status(LetterStatus::ALL[*status]), None)
            }
            Step::Fetch(id) => script.fetch(IDS[*id]),
            Step::Mi(day) => {
                let record = serde_json::json!({"lineItem": "x", "quantity": day,
                    "timestamp": format!("2026-01-0{day}T00:00:00Z"), "specificationId": "s"});
                script.mi(&format!("M{day}"), &record)
            }
            Step::Status => script.status(),
            Step::Wait(seconds) => {
                script.wait(f64::from(*seconds));
                continue;
            }
        };
        match whim % 11 {
            0 => {
                script.lost();
            }
            1 => {
                script.answered([400, 401, 404, 429, 500, 303][usize::from(whim % 6)]);
            }
            2 => {
                script.headers_not_recorded();
            }
            3 => {
                script.edit(|exchange| {
                    if let Outcome::Response(answer) = &mut exchange.outcome {
                        answer.done_us = u64::from(*whim) * 1_000_000;
                    }
                });
            }
            _ => {}
        }
    }
    script
}

fn judged(recording: &Recording, context: &Context) -> Vec<CriterionResult> {
    let traffic = Traffic::from_journal(recording, context);
    let checks = judge_observer(&traffic, context).into_iter().flat_map(|check| check.criteria);
    let clauses = pack().iter().flat_map(|test| judge_test(test.id, &traffic, context).criteria);
    clauses.chain(checks).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    #[test]
    fn every_clause_is_answered_whatever_was_recorded(steps in steps()) {
        let script = play(&steps);
        let results = judged(&script.journal(), &script.context);
        let clauses: usize = pack().iter().map(|test| test.clauses.len()).sum();
        prop_assert_eq!(results.len(), clauses + observer_checks().len());
        for result in results {
            prop_assert!(!result.observed.is_empty());
            prop_assert!(result.exchanges.len() <= 25 && result.letters.len() <= 25);
            prop_assert!(result.exchange_count >= result.exchanges.len() as u64);
        }
    }

    #[test]
    fn verdicts_do_not_depend_on_the_order_of_recording(steps in steps()) {
        let script = play(&steps);
        let mut exchanges: Vec<_> = script.exchanges.iter().cloned().map(Arc::new).collect();
        let forwards = judged(&Recording::new(exchanges.clone(), vec![]), &script.context);
        exchanges.reverse();
        let backwards = judged(&Recording::new(exchanges, vec![]), &script.context);
        for (one, other) in forwards.iter().zip(&backwards) {
            prop_assert_eq!((&one.id, one.verdict), (&other.id, other.verdict));
        }
    }
}

#[test]
fn a_recording_at_the_ends_of_time_is_judged_as_well() {
    let mut script = Script::small();
    script.list(4, &letters(2)).patch("L1", LetterStatus::Accepted).fetch("L1").fetch("L2");
    for (at, exchange) in script.exchanges.iter_mut().enumerate() {
        if at % 2 == 0 {
            exchange.started = letterproof_model::Timestamp::MAX;
        } else {
            exchange.started = letterproof_model::Timestamp::MIN;
        }
        if let Outcome::Response(answer) = &mut exchange.outcome {
            answer.headers_us = u64::MAX;
            answer.done_us = u64::MAX;
        }
    }
    let results = judged(&script.journal(), &script.context);
    assert!(results.iter().any(|result| result.id.test() == TestId::new(15)));
}
