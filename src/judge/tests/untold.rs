//! Imported recordings in which bodies are missing that went over the wire: what they would have
//! shown is left open, so that nothing passes by their absence, and nobody is blamed for it.

#![allow(clippy::unwrap_used)]

mod support;

use letterproof_contract::Contract;
use letterproof_model::{
    Body, Content, CriterionResult, Exchange, LetterStatus, Mode, Operation, Outcome, Route,
    Verdict,
};
use support::cases::passing;
use support::failing::failing;
use support::observed::{every_watched, observed};
use support::{Script, judge_every, letters, lines, result};

/// Takes a body out of the recording, if there is one.
fn take_out(body: &mut Body) {
    if *body != Body::None {
        *body = Body::Opaque(Content::unrecorded(body.length()));
    }
}

fn take_out_answer(exchange: &mut Exchange) {
    if let Outcome::Response(answer) = &mut exchange.outcome {
        take_out(&mut answer.body);
    }
}

type Way = fn(&mut Exchange);

/// Ways in which exporters leave bodies out.
const WAYS: [Way; 3] = [
    |exchange| take_out(&mut exchange.request.body),
    take_out_answer,
    |exchange| {
        take_out(&mut exchange.request.body);
        take_out_answer(exchange);
    },
];

fn without(script: &Script, way: Way) -> Script {
    let mut script = script.clone();
    script.context.mode = Mode::Observed;
    script.exchanges.iter_mut().for_each(way);
    script
}

fn results(script: &Script) -> Vec<CriterionResult> {
    let checks = observed(script).into_iter().flat_map(|check| check.criteria);
    judge_every(script).into_iter().chain(checks).collect()
}

/// What a criterion that fails with every body passes for without some of them.
fn passed(criterion: &str, script: &Script) -> Option<String> {
    let mut results = results(script);
    results.retain(|result| result.id.as_str() == criterion && result.verdict == Verdict::Pass);
    (!results.is_empty()).then(|| lines(&results))
}

/// Every journal in which a criterion fails.
fn red() -> impl Iterator<Item = (&'static str, Script)> {
    failing().into_iter().chain(every_watched().into_iter().map(|case| (case.id, case.red)))
}

#[test]
fn what_fails_never_passes_for_want_of_bodies() {
    let tried = red().flat_map(|(criterion, script)| {
        WAYS.into_iter().filter_map(move |way| passed(criterion, &without(&script, way)))
    });
    assert_eq!(tried.collect::<String>(), "");
}

#[test]
fn what_fails_never_passes_for_want_of_a_single_body() {
    // Whole packs show nothing here that a few calls do not.
    const FEW: usize = 40;
    let mut wrong = String::new();
    for (criterion, script) in red().filter(|(_, script)| script.exchanges.len() <= FEW) {
        for (at, way) in (0..script.exchanges.len()).flat_map(|at| WAYS.map(|way| (at, way))) {
            let mut script = script.clone();
            script.context.mode = Mode::Observed;
            way(&mut script.exchanges[at]);
            wrong.extend(passed(criterion, &script));
        }
    }
    assert_eq!(wrong, "");
}

#[test]
fn what_passes_is_not_blamed_for_want_of_bodies() {
    let passing = (1..=15).map(passing).chain(every_watched().into_iter().map(|case| case.green));
    let mut wrong = String::new();
    for (place, script) in passing.enumerate() {
        let failed = |script: &Script| {
            let mut failed = results(script);
            failed.retain(|result| result.verdict == Verdict::Fail);
            failed
        };
        let with_bodies = failed(&script);
        for (way, taken) in WAYS.into_iter().enumerate() {
            let mut blamed = failed(&without(&script, taken));
            blamed.retain(|result| !with_bodies.iter().any(|before| before.id == result.id));
            if !blamed.is_empty() {
                wrong.push_str(&format!("journal {place}, way {way}: {}", lines(&blamed)));
            }
        }
    }
    assert_eq!(wrong, "");
}

#[test]
fn an_update_without_its_body_leaves_open_what_was_sent_and_says_why() {
    let mut script = Script::pack();
    script.context.mode = Mode::Observed;
    script.list(2_500, &letters(3)).wait(400.0).list(2_500, &letters(3));
    assert_eq!(result("AT3.1", &script).verdict, Verdict::Pass);
    script.bulk(LetterStatus::Accepted, &["a"]).edit(|sent| take_out(&mut sent.request.body));
    let left = result("AT3.1", &script);
    assert_eq!(left.verdict, Verdict::Inconclusive);
    let reason = left.reason.unwrap();
    assert!(reason.contains("lacks 1 body") && reason.contains("would be pass"), "{reason}");
    assert_eq!(result("AT1.2", &script).verdict, Verdict::Pass, "no update matters to it");
}

#[test]
fn a_letter_is_not_blamed_for_what_a_read_without_its_body_may_have_shown() {
    let mut script = Script::small();
    script.context.mode = Mode::Observed;
    script.list(100, &letters(1)).moved("L1", LetterStatus::Accepted);
    script.patch("L1", LetterStatus::Printed).wait(2.0).read("L1", LetterStatus::Printed);
    script.edit(take_out_answer).wait(61.0).read("L1", LetterStatus::Accepted);
    let left = result("AT5.2", &script);
    assert_eq!(left.verdict, Verdict::Inconclusive);
    assert!(left.observed.contains("L1 never changed: still ACCEPTED"), "{}", left.observed);
    assert_eq!(left.reason.unwrap(), "the recording does not decide for 1 of 1 letter");
}

#[test]
fn no_letter_is_blamed_for_what_a_list_without_its_body_may_have_shown() {
    let mut script = Script::small();
    script.context.mode = Mode::Observed;
    script.list(100, &letters(1)).list(100, &letters(1)).edit(take_out_answer);
    script.moved("L1", LetterStatus::Printed);
    let left = result("AT5.1", &script);
    assert_eq!(left.verdict, Verdict::Inconclusive);
    assert_eq!(left.observed, "1 of 1 letter: L1 was moved from PENDING");
    assert_eq!(left.reason.unwrap(), "the recording does not decide for 1 of 1 letter");
}

#[test]
fn the_contract_says_nothing_of_bodies_that_are_not_on_record() {
    let contract = Contract::built_in().unwrap();
    for test in 1..=15 {
        let whole = passing(test);
        for way in WAYS {
            let script = without(&whole, way);
            for (before, exchange) in whole.exchanges.iter().zip(&script.exchanges) {
                let operation = Route::of_exchange(exchange, &script.context.base_url).operation;
                let known = contract.check(before, &whole.context);
                let added: Vec<_> = contract
                    .check(exchange, &script.context)
                    .into_iter()
                    .filter(|found| !known.iter().any(|known| known.id == found.id))
                    .map(|found| found.id)
                    .collect();
                assert!(added.is_empty() || operation == Operation::Unknown, "{added:?}");
            }
        }
    }
}
