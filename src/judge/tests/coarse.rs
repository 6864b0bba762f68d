//! Recordings whose clock knows only milliseconds: what passes by a fine clock still passes, what
//! fails still fails or cannot be told, and nothing that fails passes.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;

use letterproof_model::{ClauseKind, CriterionResult, Outcome, Timestamp, Verdict};
use support::cases::passing;
use support::failing::failing;
use support::observed::{every_watched, observed};
use support::{Script, judge_every, lines};

const MILLI: i64 = 1_000;

/// Ways to make whole milliseconds of microseconds, and not to.
const ROUNDINGS: [fn(i64) -> i64; 4] = [
    |micros| micros,
    |micros| micros.div_euclid(MILLI) * MILLI,
    |micros| (micros + MILLI / 2).div_euclid(MILLI) * MILLI,
    |micros| (micros + MILLI - 1).div_euclid(MILLI) * MILLI,
];

/// Less than a millisecond, another for each call, so that no two calls keep their distance.
fn jitter(place: usize) -> i64 {
    i64::try_from(place * 617 % 990).unwrap()
}

/// The script with each call begun a little later, another time for each, and with 2 ms more before
/// each call that waited for the answer before it: closer together, order cannot be told.
fn jittered(mut script: Script) -> Script {
    let mut shift = 0;
    let mut before = i64::MAX;
    for (place, exchange) in script.exchanges.iter_mut().enumerate() {
        let started = exchange.started.as_microsecond();
        shift += if started >= before { 2 * MILLI } else { 0 };
        before = exchange.finished().as_microsecond();
        exchange.started = Timestamp::from_microsecond(started + shift + jitter(place)).unwrap();
    }
    script
}

/// The script as an export would have it: start and length of each call rounded on its own.
fn coarse(mut script: Script, start: fn(i64) -> i64, length: fn(i64) -> i64) -> Script {
    for exchange in &mut script.exchanges {
        let started = start(exchange.started.as_microsecond());
        exchange.started = Timestamp::from_microsecond(started).unwrap();
        let lengths = match &mut exchange.outcome {
            Outcome::Response(answer) => vec![&mut answer.headers_us, &mut answer.done_us],
            Outcome::Error(error) => vec![&mut error.after_us],
        };
        for micros in lengths {
            *micros = length(i64::try_from(*micros).unwrap()).try_into().unwrap();
        }
    }
    script
}

/// The script in every rounding of its starts and lengths.
fn every_rounding(script: &Script) -> impl Iterator<Item = Script> + '_ {
    let lengths = |start| ROUNDINGS.into_iter().map(move |length| (start, length));
    ROUNDINGS
        .into_iter()
        .flat_map(lengths)
        .map(|(start, length)| coarse(script.clone(), start, length))
}

fn results(script: &Script) -> Vec<CriterionResult> {
    let checks = observed(script).into_iter().flat_map(|check| check.criteria);
    judge_every(script).into_iter().chain(checks).collect()
}

fn verdicts(script: &Script) -> BTreeMap<String, Verdict> {
    results(script).into_iter().map(|result| (result.id.to_string(), result.verdict)).collect()
}

/// Holds the verdicts by a coarse clock against those by the fine one.
#[track_caller]
fn agrees(name: &str, fine: &Script) {
    let by_fine_clock = verdicts(fine);
    for script in every_rounding(&jittered(fine.clone())) {
        for result in results(&script).iter().filter(|result| result.kind == ClauseKind::Check) {
            let fine = by_fine_clock[result.id.as_str()];
            let right = match fine {
                Verdict::Fail => [Verdict::Fail, Verdict::Inconclusive].contains(&result.verdict),
                other => result.verdict == other,
            };
            assert!(
                right,
                "{name}, {fine} by a fine clock: {}",
                lines(std::slice::from_ref(result))
            );
        }
    }
}

#[test]
fn what_passes_by_a_fine_clock_passes_by_a_coarse_one() {
    // Thousands of letters show nothing here that a few do not.
    for test in (1..=15).filter(|test| ![2, 4, 15].contains(test)) {
        agrees(&format!("AT{test} passing"), &passing(test));
    }
    for case in every_watched() {
        agrees(&format!("{} passing", case.id), &case.green);
    }
}

#[test]
fn what_fails_by_a_fine_clock_never_passes_by_a_coarse_one() {
    for (criterion, script) in failing() {
        agrees(criterion, &script);
    }
    for case in every_watched() {
        agrees(case.id, &case.red);
    }
}

/// The script with each call following the answer before it at once, as on one machine, and with
/// lengths that no clock of milliseconds knows; longer waits stay.
fn close(mut script: Script) -> Script {
    let mut before: Option<(i64, i64)> = None;
    for (place, exchange) in script.exchanges.iter_mut().enumerate() {
        let (started, finished) =
            (exchange.started.as_microsecond(), exchange.finished().as_microsecond());
        let begins = before.map_or(started, |(was, is)| match started - was {
            // The next call of a script comes 1 ms after the last was answered.
            0..=1_000 => is + 10,
            gap => is + gap,
        });
        exchange.started = Timestamp::from_microsecond(begins).unwrap();
        let length = finished - started + jitter(place);
        match &mut exchange.outcome {
            Outcome::Response(answer) => answer.done_us = length.try_into().unwrap(),
            Outcome::Error(error) => error.after_us = length.try_into().unwrap(),
        }
        before = Some((finished, begins + length));
    }
    script
}

#[test]
fn a_supplier_that_acts_at_once_on_what_it_reads_is_not_blamed_for_rounding() {
    let honest = (1..=15).filter(|test| ![2, 4, 15].contains(test)).map(passing);
    let honest = honest.chain(every_watched().into_iter().map(|case| case.green));
    for (place, script) in honest.enumerate() {
        let fine = close(script);
        let by_fine_clock = verdicts(&fine);
        for rounded in every_rounding(&fine) {
            let mut blamed = results(&rounded);
            blamed.retain(|result| {
                result.verdict == Verdict::Fail
                    && by_fine_clock[result.id.as_str()] != Verdict::Fail
            });
            assert!(blamed.is_empty(), "journal {place}: {}", lines(&blamed));
        }
    }
}
