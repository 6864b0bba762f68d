//! Days that pass in a record while the harness waits less than a second.
//! Refuses to change what was done: only the times after each idle wait are moved, by a day.

use std::sync::Arc;
use std::time::Duration;

use letterproof_model::{Exchange, ExchangeRef, Journal as _, Mark, Recording, Timestamp};

/// How far the times after an idle wait are moved, in microseconds.
const DAY: i64 = 24 * 3_600 * 1_000_000;

/// The recording with a day in place of each time in which nothing went on for so long.
pub(super) fn pass(recording: &Recording, idle: Duration) -> Recording {
    let idle = i64::try_from(idle.as_micros()).unwrap_or(i64::MAX);
    let times =
        |one: ExchangeRef<'_>| (one.started.as_microsecond(), one.finished().as_microsecond());
    let mut calls: Vec<(i64, i64)> = recording.exchanges().iter().map(times).collect();
    calls.sort_unstable();
    // When each further day begins.
    let mut days: Vec<i64> = Vec::new();
    let mut last = calls.first().map_or(0, |first| first.0);
    for (started, finished) in calls {
        if started - last >= idle {
            days.push(started);
        }
        last = last.max(finished);
    }
    let moved = |at: Timestamp| {
        let at = at.as_microsecond();
        let passed = days.iter().filter(|day| **day <= at).map(|_| DAY).sum::<i64>();
        Timestamp::from_microsecond(at + passed).unwrap_or(Timestamp::MAX)
    };
    let exchanges = recording.exchanges().iter().map(|one| {
        let (started, scheduled) = (moved(one.started), one.scheduled.map(moved));
        Arc::new(Exchange { started, scheduled, ..Exchange::clone(&one) })
    });
    let marks = recording.marks().iter().map(|mark| Mark { at: moved(mark.at), ..mark.clone() });
    Recording::new(exchanges.collect(), marks.collect())
}

#[cfg(test)]
mod tests {
    use letterproof_model::{
        Actor, Body, Direction, ExchangeId, Outcome, PackId, Request, Response, RunEnd,
    };

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(millis).unwrap()
    }

    /// A call that takes a tenth of a second.
    fn call(millis: i64) -> Arc<Exchange> {
        Arc::new(Exchange {
            id: ExchangeId::new(format!("ex-{millis}")),
            actor: Actor::Supplier,
            direction: Direction::ToApi,
            pack: PackId::Supplier,
            scenario: None,
            attempt: 1,
            scheduled: Some(at(millis)),
            started: at(millis),
            connection: None,
            request: Request {
                method: "GET".into(),
                url: "http://127.0.0.1/letters/1".into(),
                headers: Vec::new(),
                body: Body::None,
            },
            outcome: Outcome::Response(Response {
                status: 200,
                headers: Vec::new(),
                body: Body::None,
                headers_us: 90_000,
                done_us: 100_000,
            }),
        })
    }

    #[test]
    fn each_idle_wait_becomes_a_day_and_nothing_else_changes() {
        const DAY: i64 = 24 * 3_600_000;
        let calls = [0, 150, 1_000, 1_010, 1_400, 1_900].map(call).to_vec();
        let recording = Recording::new(calls, vec![RunEnd::Whole.mark(at(2_000))]);
        let passed = pass(&recording, Duration::from_millis(400));
        let started = passed.exchanges().iter().map(|one| one.started.as_millisecond());
        let expected = [0, 150, 1_000 + DAY, 1_010 + DAY, 1_400 + DAY, 1_900 + 2 * DAY];
        assert_eq!(started.collect::<Vec<_>>(), expected);
        assert_eq!(passed.exchanges().get(5).unwrap().scheduled, Some(at(1_900 + 2 * DAY)));
        assert_eq!(passed.marks()[0].at, at(2_000 + 2 * DAY));
        let same = |one: ExchangeRef<'_>| (one.request.clone(), one.outcome.clone());
        let (before, after) = (recording.exchanges().iter(), passed.exchanges().iter());
        assert!(before.map(same).eq(after.map(same)));
    }
}
