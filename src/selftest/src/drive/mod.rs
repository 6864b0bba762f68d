//! Making the traffic of one trial: a mock, whoever works against it, and the journal that every run
//! writes.
//!
//! What keeps a trial from being run ends it. Days pass in a record while the harness waits less
//! than a second: only the times after each idle wait are moved, by a day.

mod api;
mod supplier;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use letterproof_evidence::{JournalHeader, JournalWriter};
use letterproof_harness::begin_journal;
use letterproof_mock::{Fault, Mix, SecretToken, SeedPlan};
use letterproof_model::{
    Brief, Exchange, ExchangeRef, Journal as _, Mark, Recorder, Recording, RunEnd, RunId,
    Timestamp, now,
};
use parking_lot::Mutex;
use secrecy::SecretString;

use crate::honest::Way;
use crate::plan::{Armed, Setup};

pub(crate) use api::{Whole, drive_whole};

/// The name of a trial's journal.
const JOURNAL: &str = "exchanges.jsonl";

/// Long enough to be told from an empty document, and quick to make and to check.
const PDF_BYTES: usize = 2_000;

/// Runs one trial, with a fault or without, and gives what was recorded and is to be judged.
///
/// # Errors
/// Why it could not be run, in one sentence.
pub(crate) async fn drive(
    setup: &Setup,
    fault: Option<&Armed>,
    folder: &Path,
) -> Result<(Recording, Brief), String> {
    match setup {
        Setup::Api(setup) => api::drive(setup, fault, folder).await,
        Setup::Supplier(setup) => supplier::drive(setup, fault, folder).await,
    }
}

/// The fault of the mock among what is armed.
fn of_api(fault: Option<&Armed>) -> Result<Vec<Fault>, String> {
    match fault {
        Some(Armed::Api(text)) => Ok(vec![Fault::parse(text).map_err(words)?]),
        _ => Ok(Vec::new()),
    }
}

/// The ways of an honest variation; none for a fault and a control.
fn ways_of(fault: Option<&Armed>) -> &'static [Way] {
    fault.map_or(&[], Armed::ways)
}

/// The pack's mix of letters with small documents.
fn seeds() -> SeedPlan {
    SeedPlan { pdf_bytes: PDF_BYTES, ..Mix::Varied.plan() }
}

fn secret<S: From<SecretString>>(token: &SecretToken) -> S {
    SecretString::from(token.expose()).into()
}

/// An error as the one sentence that a void row shows.
fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// A journal on disk with a copy in memory.
struct Record {
    journal: Arc<JournalWriter>,
    kept: Arc<Mutex<Recording>>,
}

impl Record {
    /// Begins a journal in a new file, to be judged as the brief asks; `on_exchange` is told of
    /// each exchange in turn.
    fn begin(
        path: &Path,
        brief: &Brief,
        on_exchange: impl Fn(&Arc<Exchange>) + Send + Sync + 'static,
    ) -> Result<Self, String> {
        let header =
            JournalHeader::briefed(RunId::fixed("selftest"), now(), crate::tool(), brief.clone());
        let kept: Arc<Mutex<Recording>> = Arc::default();
        let (exchanges, marks) = (Arc::clone(&kept), Arc::clone(&kept));
        let journal = begin_journal(path, &header)
            .map_err(words)?
            .with_observer(Box::new(move |exchange| {
                exchanges.lock().push(Arc::clone(exchange));
                on_exchange(exchange);
            }))
            .with_mark_observer(Box::new(move |mark| marks.lock().push_mark(mark.clone())));
        Ok(Self { journal: Arc::new(journal), kept })
    }

    /// Who keeps exchanges.
    fn recorder(&self) -> Arc<dyn Recorder> {
        self.journal.clone()
    }

    /// Closes the journal and gives what it holds.
    fn close(self) -> Result<Recording, String> {
        self.journal.mark(RunEnd::Whole.mark(now())).map_err(words)?;
        let recording = self.kept.lock().clone();
        Ok(recording)
    }
}

/// How far the times after an idle wait are moved, in microseconds.
const DAY: i64 = 24 * 3_600 * 1_000_000;

/// The recording with a day in place of each time in which nothing went on for so long.
fn days_pass(recording: &Recording, idle: Duration) -> Recording {
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
        let passed = days_pass(&recording, Duration::from_millis(400));
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
