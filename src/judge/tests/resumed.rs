//! Runs that broke off and were gone on with: nobody was watching in between.

#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::sync::Arc;

use letterproof_judge::{JudgeCache, Traffic, judge_test};
use letterproof_model::LetterStatus::{Accepted, Dispatched};
use letterproof_model::{
    CriterionId, CriterionResult, Mark, MarkKind, Recording, TestId, Timestamp, Verdict,
};
use support::{Script, letters};

/// A letter that is dispatched; the run breaks off and goes on after `pause` seconds.
fn broken_off(pause: f64, after: impl FnOnce(&mut Script)) -> (Script, Mark) {
    let mut script = Script::small();
    script.list(100, &letters(1)).moved("L1", Accepted).patch("L1", Dispatched);
    let ended = script.exchanges.last().unwrap().finished();
    script.wait(pause);
    let micros = ended.as_microsecond() + (pause * 1e6) as i64;
    let at = Timestamp::from_microsecond(micros).unwrap();
    after(&mut script);
    (script, gone_on(at))
}

/// The moment that a script's clock shows.
fn moment(script: &Script) -> Timestamp {
    let mut script = script.clone();
    script.status().exchanges.last().unwrap().started
}

fn gone_on(at: Timestamp) -> Mark {
    Mark::new(at, MarkKind::Resumed)
}

fn judged(script: &Script, marks: Vec<Mark>) -> CriterionResult {
    let exchanges = script.exchanges.iter().cloned().map(Arc::new).collect();
    let traffic = Traffic::from_journal(&Recording::new(exchanges, marks), &script.context);
    let mut results = judge_test(TestId::new(7).unwrap(), &traffic, &script.context).criteria;
    results.remove(results.iter().position(|result| result.id.as_str() == "AT7.2").unwrap())
}

#[test]
fn an_update_that_shows_when_the_run_goes_on_is_not_late() {
    let (script, resumed) = broken_off(3_600.0, |s| {
        s.wait(2.0).read("L1", Dispatched);
    });
    assert_eq!(judged(&script, vec![]).verdict, Verdict::Inconclusive, "without the mark");
    let seen = judged(&script, vec![resumed]);
    assert_eq!(seen.verdict, Verdict::Pass, "{}", seen.observed);
    assert!(seen.observed.contains("slowest after 2"), "{}", seen.observed);
}

#[test]
fn an_update_that_never_shows_fails_once_its_deadline_has_gone_by_while_watched() {
    let (early, resumed) = broken_off(3_600.0, |s| {
        s.wait(30.0).read("L1", Accepted);
    });
    assert_eq!(judged(&early, vec![resumed.clone()]).verdict, Verdict::Inconclusive);
    let (late, resumed) = broken_off(3_600.0, |s| {
        s.wait(61.0).read("L1", Accepted);
    });
    assert_eq!(judged(&late, vec![resumed]).verdict, Verdict::Fail);
}

#[test]
fn a_pause_of_another_time_excuses_nothing() {
    let (script, mut resumed) = broken_off(90.0, |s| {
        s.read("L1", Dispatched).wait(5.0).list(100, &[]);
    });
    resumed.at = script.exchanges.last().unwrap().started;
    assert_eq!(judged(&script, vec![resumed]).verdict, Verdict::Inconclusive);
}

#[test]
fn a_pause_before_the_update_takes_nothing_from_its_time() {
    let mut script = Script::small();
    script.list(100, &letters(1)).moved("L1", Accepted).wait(3_600.0);
    let at = moment(&script);
    script.wait(50.0).patch("L1", Dispatched).wait(30.0).read("L1", Accepted);
    let unsettled = judged(&script, vec![gone_on(at)]);
    assert_eq!(unsettled.verdict, Verdict::Inconclusive, "{}", unsettled.observed);
    let words = "1 of 1 letter: L1 was last read 30.0 s after its update, as ACCEPTED, before the \
                 deadline of 60.0 s";
    assert_eq!(unsettled.observed, words);
}

#[test]
fn a_pause_that_begins_when_the_time_is_over_gives_no_more() {
    let last_read_before_the_pause = |micros: i64| {
        let mut script = Script::small();
        script.list(100, &letters(1)).moved("L1", Accepted);
        // A read that takes as long as the update did ends as long after it as it was begun.
        let over = script.now() + 60_000_000;
        script.patch("L1", Dispatched).set_clock(over + micros).read("L1", Accepted);
        script.wait(3_600.0);
        let at = moment(&script);
        script.wait(10.0).read("L1", Dispatched);
        judged(&script, vec![gone_on(at)])
    };
    let late = last_read_before_the_pause(0);
    assert_eq!(late.verdict, Verdict::Fail, "{}", late.observed);
    let words = "L1 changed late: still ACCEPTED 60.0 s after its update";
    assert!(late.observed.contains(words), "{}", late.observed);
    let unseen = last_read_before_the_pause(-1);
    assert_eq!(unseen.verdict, Verdict::Inconclusive, "{}", unseen.observed);
}

#[test]
fn judges_at_hand_say_the_same_as_those_afterwards() {
    let (script, resumed) = broken_off(3_600.0, |s| {
        s.wait(2.0).read("L1", Dispatched);
    });
    let mut cache = JudgeCache::new(script.context.clone());
    let mut exchanges = script.exchanges.iter().cloned().map(Arc::new);
    let read = exchanges.next_back().unwrap();
    exchanges.for_each(|exchange| cache.push(exchange));
    cache.resumed(resumed.at);
    cache.push(read);
    assert!(cache.holds(&CriterionId::from("AT7.2")));
}
