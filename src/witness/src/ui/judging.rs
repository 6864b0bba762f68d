//! Everything concluded and counted from what the journal handed over so far, with the judges of
//! every run, and what the tester should have the supplier's system do next: one plain sentence for
//! each test.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use letterproof_judge::JudgeCache;
use letterproof_model::{
    Actor, Context, Counts, Exchange, LetterId, LetterStatus, Mark, MarkKind, Proof, Route, TestId,
    TestResult, Timestamp, Verdict, grouped, now,
};
use letterproof_traffic::{Letter, Standing, Sweep, Traffic, standing};
use serde::Serialize;

use crate::ui::live::Feed;
use crate::ui::snapshot::{Noted, Recent, StatusCount, Verdicts};

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

/// Something to do for a test that is not decided yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NextStep {
    /// The test.
    pub test: TestId,
    /// What to do, in one sentence.
    pub sentence: String,
    /// What the judges miss so far, once there is traffic for the test.
    pub because: Option<String>,
}

/// By test, for one that nothing was done for yet, and by criterion, for what else is missing.
/// `{wait}` is the visibility timeout, `{all}`, `{batch}` and `{chunk}` the sizes of lists.
#[rustfmt::skip]
const SENTENCES: &[(&str, &str)] = &[
    ("AT1", "have your system ask GET /_status and GET /letters through the witness"),
    ("AT1.4", "have your system send its token with each call"),
    ("AT2", "have your system fetch the whole list in one call: GET /letters?limit={all}"),
    ("AT3", "have your system fetch the whole list twice, {wait} apart, without an update in between"),
    ("AT3.3", "have your system fetch the whole list again, more than {wait} after the first time, without an update in between"),
    ("AT4", "have your system list {batch} letters, accept them all in one update (POST /letters), and read each one back"),
    ("AT4.3", "have your system read back each letter it accepted (GET /letters/ and its id)"),
    ("AT4.5", "have your system fetch another list once its acceptances have shown and the queue has caught up"),
    ("AT5", "have your system report accepted letters as PRINTED, and read each one back"),
    ("AT5.2", "have your system read back each letter it reported as PRINTED"),
    ("AT6", "have your system report accepted or printed letters as ENCLOSED, and read each one back"),
    ("AT6.2", "have your system read back each letter it reported as ENCLOSED"),
    ("AT7", "have your system report letters as DISPATCHED (PATCH or POST), and read each one back"),
    ("AT7.2", "have your system read back each letter it reported as DISPATCHED"),
    ("AT8", "have your system report dispatched letters as DELIVERED, and read each one back"),
    ("AT8.2", "have your system read back each letter it reported as DELIVERED"),
    ("AT9", "have your system forward letters in accessible formats: FORWARDED with a reason, each read back"),
    ("AT9.3", "have your system read back each letter it forwarded"),
    ("AT10", "have your system report dispatched letters as RETURNED, with codes from R01 to R10 and their texts, and read each one back"),
    ("AT10.2", "have your system read back each letter it reported as RETURNED"),
    ("AT11", "hand your operators ids to cancel, as by e-mail, and have your system report them as CANCELLED with a code and a reason, each read back"),
    ("AT11.3", "have your system read back each letter it cancelled"),
    ("AT12", "have your system report an accepted letter that cannot be produced (a damaged PDF, an address nobody can use) as FAILED with a code and a reason, and read it back"),
    ("AT12.2", "have your system read back each letter it reported as FAILED"),
    ("AT13", "have your system reject listed letters that it cannot accept (unknown specification, missing PDF) with a code and a reason, and read each one back"),
    ("AT13.2", "have your system read back each letter it rejected"),
    ("AT14", "have your system submit one MI record for each specification and group of its dispatched letters (POST /mi)"),
    ("AT15", "with {all} letters or more seeded, have your system fetch lists of {chunk}, accept each in one update and download every PDF, until the queue is empty; three times in all"),
    ("AT15.6", "have the letters seeded again and let your system take in the whole queue again, three times in all"),
];

/// What to do for each test that is not decided yet, in the order of the tests.
pub(crate) fn next_steps(tests: &[TestResult], context: &Context) -> Vec<NextStep> {
    tests.iter().filter_map(|test| next_step(test, context)).collect()
}

fn next_step(test: &TestResult, context: &Context) -> Option<NextStep> {
    if !is_open(test.verdict) {
        return None;
    }
    let untouched = test.checks().all(|criterion| criterion.verdict == Verdict::NotRun);
    let open = || test.checks().filter(|criterion| is_open(criterion.verdict));
    let own = open().find_map(|criterion| Some((criterion, sentence_of(criterion.id.as_str())?)));
    let (sentence, because) = match own {
        Some((criterion, sentence)) if !untouched => (sentence, criterion.reason.clone()),
        _ => {
            let because = open().find_map(|criterion| criterion.reason.clone());
            (sentence_of(&test.id.to_string())?, because.filter(|_| !untouched))
        }
    };
    Some(NextStep { test: test.id, sentence: filled(sentence, context), because })
}

fn is_open(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::NotRun | Verdict::Inconclusive)
}

fn sentence_of(id: &str) -> Option<&'static str> {
    SENTENCES.iter().find(|(key, _)| *key == id).map(|(_, sentence)| *sentence)
}

fn filled(sentence: &str, context: &Context) -> String {
    sentence
        .replace("{wait}", &wait(context.visibility_timeout_ms))
        // In a URL, so without a separator.
        .replace("limit={all}", &format!("limit={}", context.seeded_letters))
        .replace("{all}", &grouped(u64::from(context.seeded_letters)))
        .replace("{batch}", &grouped(u64::from(context.at4_batch)))
        .replace("{chunk}", &grouped(u64::from(context.at15_chunk)))
}

/// A time in words: `5 minutes`, `90 s`.
fn wait(millis: u64) -> String {
    match millis {
        60_000 => "a minute".to_owned(),
        _ if millis > 0 && millis.is_multiple_of(60_000) => format!("{} minutes", millis / 60_000),
        _ => format!("{} s", millis.div_ceil(1_000)),
    }
}

#[cfg(test)]
mod tests {
    use letterproof_judge::JudgeCache;
    use letterproof_model::{CriterionId, clause, pack};

    use super::*;
    use crate::ui::judging::judged_tests;

    #[test]
    fn every_test_of_the_pack_has_a_sentence_and_every_sentence_a_clause() {
        for test in pack() {
            assert!(sentence_of(&test.id.to_string()).is_some(), "{}", test.id);
        }
        for (key, _) in SENTENCES {
            let known = pack().iter().any(|test| test.id.to_string() == *key)
                || clause(&CriterionId::from(*key)).is_some();
            assert!(known, "{key} is neither a test nor a clause");
        }
    }

    #[test]
    fn before_any_traffic_there_is_something_to_do_for_every_test_of_the_workflow() {
        let context = Context::stand_in("http://127.0.0.1:9");
        let ids: Vec<TestId> = pack().iter().map(|test| test.id).collect();
        let mut cache = JudgeCache::new(context.clone());
        let mut tests = judged_tests(&mut cache, &ids);
        let steps = next_steps(&tests, &context);
        assert_eq!(steps.len(), 15, "{steps:#?}");
        assert_eq!(
            steps[2].sentence,
            "have your system fetch the whole list twice, 5 minutes apart, without an update in \
             between"
        );
        assert!(steps[1].sentence.ends_with("GET /letters?limit=2500"), "{}", steps[1].sentence);
        assert!(steps[3].sentence.contains("list 1,000 letters"), "{}", steps[3].sentence);
        assert!(steps.iter().all(|step| !step.sentence.contains('{') && step.because.is_none()));

        tests[2].verdict = Verdict::Inconclusive;
        for criterion in &mut tests[2].criteria {
            let open = criterion.id.as_str() == "AT3.3";
            criterion.verdict = if open { Verdict::NotRun } else { Verdict::Pass };
        }
        tests[3].verdict = Verdict::Fail;
        let steps = next_steps(&tests, &context);
        assert!(steps[2].sentence.contains("more than 5 minutes after"), "{}", steps[2].sentence);
        assert!(steps[2].because.is_some());
        assert!(steps.iter().all(|step| step.test != tests[3].id), "a failed test is decided");
    }

    #[test]
    fn a_wait_is_told_in_words() {
        let words = [300_000, 60_000, 90_000, 1_500, 0].map(wait);
        assert_eq!(words, ["5 minutes", "a minute", "90 s", "2 s", "0 s"]);
    }
}
