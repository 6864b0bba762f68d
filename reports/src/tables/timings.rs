//! How long a test's attempts and, for AT15, its flows took.

use letterproof_model::TestResult;
use letterproof_traffic::Traffic;
use letterproof_traffic::flows::Flow;

use crate::{csv, words};

const HEADINGS: [&str; 7] =
    ["what", "started", "finished", "elapsed_ms", "outcome", "first_exchange", "last_exchange"];

/// The file; `None` where nothing was attempted.
pub(super) fn csv(test: &TestResult, traffic: &Traffic, flows: &[Flow<'_>]) -> Option<String> {
    let flows = if test.id.number() == 15 { flows } else { &[] };
    if test.attempts.is_empty() && flows.is_empty() {
        return None;
    }
    let mut file = String::new();
    csv::line(&mut file, &HEADINGS);
    for attempt in &test.attempts {
        let elapsed = attempt.finished.map(|end| words::between_us(attempt.started, end));
        let (first, last) = attempt
            .exchanges
            .as_ref()
            .map_or(("", ""), |(first, last)| (first.as_str(), last.as_str()));
        csv::line(
            &mut file,
            &[
                &attempt.scenario,
                &csv::time(attempt.started),
                &attempt.finished.map(csv::time).unwrap_or_default(),
                &elapsed.map(millis).unwrap_or_default(),
                attempt.outcome.as_deref().unwrap_or("broke off"),
                first,
                last,
            ],
        );
    }
    for flow in flows {
        let ended = flow.finished(traffic);
        let took = u64::try_from(ended - flow.started).unwrap_or(0);
        let outcome = if flow.whole { "the queue was emptied" } else { "broke off" };
        csv::line(
            &mut file,
            &[
                &flow.name(),
                &csv::time_of(flow.started),
                &csv::time_of(ended),
                &millis(took),
                outcome,
                "",
                "",
            ],
        );
    }
    Some(file)
}

/// Milliseconds to the microsecond.
fn millis(micros: u64) -> String {
    format!("{}.{:03}", micros / 1_000, micros % 1_000)
}
