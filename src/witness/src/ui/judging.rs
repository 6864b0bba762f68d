//! Everything concluded and counted from what the journal handed over so far.
//! Refuses rules of its own: verdicts come from the judges of every run.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use letterproof_judge::JudgeCache;
use letterproof_model::{
    Actor, Context, Counts, Exchange, LetterId, LetterStatus, Mark, MarkKind, Proof, Route, TestId,
    TestResult, Timestamp, now,
};

use letterproof_traffic::{Letter, Standing, Sweep, Traffic, standing};

use super::advice::next_steps;
use super::feed::Feed;
use super::snapshot::{Noted, Recent, StatusCount, Verdicts};

/// Exchanges shown.
const RECENT: usize = 25;
/// Notes shown.
const NOTES: usize = 25;
const SECOND: jiff::SignedDuration = jiff::SignedDuration::from_secs(1);

/// What is known of the traffic so far.
#[derive(Debug)]
pub(crate) struct Judging {
    feed: Feed,
    cache: JudgeCache,
    tests: Vec<TestId>,
    recent: VecDeque<Recent>,
    notes: VecDeque<Noted>,
    /// When the supplier's API calls of the last second were sent.
    sent: VecDeque<Timestamp>,
    pub(crate) scenario: Option<String>,
    pub(crate) counts: Vec<StatusCount>,
    pub(crate) verdicts: Arc<Verdicts>,
}

impl Judging {
    pub(crate) fn new(feed: Feed, context: Context, tests: Vec<TestId>) -> Self {
        let mut judging = Self {
            feed,
            cache: JudgeCache::new(context),
            tests,
            recent: VecDeque::with_capacity(RECENT),
            notes: VecDeque::with_capacity(NOTES),
            sent: VecDeque::new(),
            scenario: None,
            counts: Vec::new(),
            verdicts: Arc::default(),
        };
        judging.judge();
        judging
    }

    /// Takes in what has come since the last time.
    pub(crate) fn catch_up(&mut self) {
        let waiting = self.feed.take();
        let news = !waiting.exchanges.is_empty();
        for exchange in waiting.exchanges {
            self.push(exchange);
        }
        for mark in waiting.marks {
            self.note(mark);
        }
        if news {
            self.counts = counts(self.cache.traffic());
        }
    }

    fn push(&mut self, exchange: Arc<Exchange>) {
        keep(&mut self.recent, RECENT, Recent::of(&exchange));
        let route = Route::of_exchange(&exchange, &self.cache.context().base_url);
        if exchange.actor == Actor::Supplier && route.operation.is_api() {
            self.sent.push_back(exchange.started);
        }
        self.cache.push(exchange);
    }

    fn note(&mut self, mark: Mark) {
        match mark.kind {
            MarkKind::BegunByHand => {
                self.scenario.clone_from(&mark.scenario);
                mark.scenario.iter().for_each(|label| self.cache.typed_label(label));
            }
            MarkKind::ScenarioFinished(_) => self.scenario = None,
            _ => {}
        }
        keep(&mut self.notes, NOTES, Noted::of(&mark));
    }

    /// API calls of the supplier within the last second, of those that have ended.
    pub(crate) fn rate(&mut self) -> usize {
        let from = now() - SECOND;
        self.sent.retain(|at| *at > from);
        self.sent.len()
    }

    pub(crate) fn recent(&self) -> Vec<Recent> {
        self.recent.iter().cloned().collect()
    }

    pub(crate) fn notes(&self) -> Vec<Noted> {
        self.notes.iter().cloned().collect()
    }

    /// The letters whose last status sent nobody has seen yet, in the order of their ids.
    pub(crate) fn unseen(&self) -> Vec<LetterId> {
        let traffic = self.cache.traffic();
        let open = |letter: &Letter| {
            let Standing { sent, confirmed, .. } = standing(letter);
            sent.is_some() && !confirmed
        };
        let letters = traffic.letters().filter(|(_, letter)| open(letter));
        let mut ids: Vec<LetterId> = letters.map(|(letter, _)| traffic.letter_id(letter)).collect();
        ids.sort_unstable();
        ids
    }

    /// The letters that a final sweep reads, by all that was taken in; the sample is drawn by `seed`.
    pub(crate) fn sweep(&self, seed: &str) -> Sweep {
        self.cache.traffic().sweep(i64::MIN, seed)
    }

    /// Whether something came that is not judged yet.
    pub(crate) fn is_behind(&self) -> bool {
        self.verdicts.judged < self.cache.traffic().len()
    }

    /// Judges all that was taken in; tells how long that took.
    pub(crate) fn judge(&mut self) -> Duration {
        let began = Instant::now();
        let tests = judged_tests(&mut self.cache, &self.tests);
        let next = next_steps(&tests, self.cache.context());
        self.verdicts = Arc::new(Verdicts {
            counts: Counts::of(tests.iter().map(|test| test.verdict)),
            tests,
            observer: self.cache.observer().to_vec(),
            next,
            judged: self.cache.traffic().len(),
        });
        began.elapsed()
    }
}

/// How many letters stand at each status, of those at which any does.
fn counts(traffic: &Traffic) -> Vec<StatusCount> {
    let mut counts = LetterStatus::ALL.map(|status| StatusCount { status, sent: 0, seen: 0 });
    for (_, letter) in traffic.letters() {
        let Standing { sent, seen, .. } = standing(letter);
        for count in &mut counts {
            count.sent += usize::from(sent == Some(count.status));
            count.seen += usize::from(seen == Some(count.status));
        }
    }
    counts.into_iter().filter(|count| count.sent + count.seen > 0).collect()
}

/// Puts something before the others, of which the oldest goes.
fn keep<T>(kept: &mut VecDeque<T>, most: usize, item: T) {
    kept.truncate(most - 1);
    kept.push_front(item);
}

/// The tests as a run's results would have them.
pub(crate) fn judged_tests(cache: &mut JudgeCache, tests: &[TestId]) -> Vec<TestResult> {
    let mode = cache.context().mode;
    let judged = tests.iter().map(|id| {
        let result = cache.judged(*id).clone().result(*id, mode, Vec::new());
        TestResult { standing: Some(Proof::Witnessed), ..result }
    });
    judged.collect()
}
