//! Tables beside the page, as CSV: for each acceptance test its criteria, counts, timings and ids, and
//! in the modules what lists calls and letters.
//!
//! A spreadsheet or a script starts here instead of at the journal. Nothing is summed up that is not
//! also listed: each row names the exchanges or letters it rests on.

mod calls;
mod letters;

use std::collections::{BTreeMap, BTreeSet};

use letterproof_evidence::{Bundle, JOURNAL_FORMAT};
use letterproof_model::{
    ClauseKind, CriterionResult, ExchangeId, Operation, Results, TestResult, Timestamp, csv_line,
};
use letterproof_traffic::flows::Flow;
use letterproof_traffic::{Answer, Call, CallIx, LetterIx, Traffic};

use crate::{outcome, words};

pub(crate) use calls::{CROSS_CHECK, cross_check, nonce_prefix, with_nonce};
pub(crate) use letters::{
    RECONCILIATION, all_updates, answered, letters_file, letters_files, reconciliation,
    reconciliation_names, test_of, tests_with_letters,
};

/// A file of the evidence folder: its name and what it holds.
pub(crate) type File = (String, String);

/// Every table but the cross-check, the letters and the reconciliation.
pub(crate) fn files(bundle: &Bundle, traffic: &Traffic, flows: &[Flow<'_>]) -> Vec<File> {
    let mut files = Vec::new();
    let is_current = bundle.journal.header.format == JOURNAL_FORMAT;
    for test in &bundle.results.tests {
        files.push((format!("{}/criteria.csv", test.id), criteria(test, &bundle.results)));
        let mut push = |name: &str, file: Option<String>| {
            files.extend(file.map(|file| (format!("{}/{name}", test.id), file)));
        };
        push("counts.csv", counts(test, traffic));
        push("timings.csv", timings(test, traffic, flows));
        push("ids.csv", ids(test, traffic, is_current));
        if test.id.number() == 15 {
            push("downloads.csv", calls::downloads(traffic, flows));
        }
    }
    files
}

const CRITERIA: [&str; 12] = [
    "criterion",
    "kind",
    "clause",
    "verdict",
    "mode",
    "expected",
    "observed",
    "reason",
    "exchanges",
    "exchange_count",
    "letters",
    "waived",
];

/// The criteria of one test, a row each.
fn criteria(test: &TestResult, results: &Results) -> String {
    let mut file = String::new();
    csv_line(&mut file, &CRITERIA);
    for criterion in &test.criteria {
        criterion_line(&mut file, criterion, results);
    }
    file
}

fn criterion_line(file: &mut String, criterion: &CriterionResult, results: &Results) {
    let used = outcome::waiver_of(results, criterion.id.as_str(), criterion.verdict);
    csv_line(
        file,
        &[
            criterion.id.as_str(),
            match criterion.kind {
                ClauseKind::Check => "check",
                ClauseKind::Attestation => "attestation",
                ClauseKind::NotTested => "not-tested",
            },
            &criterion.clause,
            criterion.verdict.words(),
            words::mode(criterion.mode),
            &criterion.expected,
            &criterion.observed,
            criterion.reason.as_deref().unwrap_or_default(),
            &joined(criterion.exchanges.iter().map(|id| id.as_str())),
            &criterion.exchange_count.to_string(),
            &joined(criterion.letters.iter().map(|id| id.as_str())),
            &used.map(outcome::waiver_words).unwrap_or_default(),
        ],
    );
}

fn joined<'a>(ids: impl Iterator<Item = &'a str>) -> String {
    ids.collect::<Vec<_>>().join(" ")
}

const COUNTS: [&str; 5] = ["operation", "answer", "calls", "letters", "unique_letters"];

/// Calls of one operation with one answer.
#[derive(Default)]
struct Counted {
    calls: u64,
    letters: u64,
    unique: BTreeSet<LetterIx>,
}

/// What a test's scenarios amounted to: calls by operation and answer, and letters of the lists they
/// fetched; `None` where no exchange was made in a scenario of the test.
fn counts(test: &TestResult, traffic: &Traffic) -> Option<String> {
    let scenarios: BTreeSet<&str> = test.attempts.iter().map(|a| a.scenario.as_str()).collect();
    let of_test =
        |call: CallIx| traffic.label(call).is_some_and(|scenario| scenarios.contains(scenario));
    let answer = |call: &Call| match call.answer() {
        Answer::Status(status) => status.to_string(),
        Answer::Lost => words::answer(&call.exchange()),
    };
    let mut rows: BTreeMap<(Operation, String), Counted> = BTreeMap::new();
    let calls = (0..).map(CallIx).zip(traffic.recorded());
    for (_, call) in calls.filter(|(ix, _)| of_test(*ix)) {
        let row = rows.entry((call.operation, answer(call))).or_default();
        row.calls += 1;
        row.letters += u64::from(call.letter.is_some());
        row.unique.extend(call.letter);
    }
    for list in traffic.lists() {
        if of_test(list.call) {
            let answer = answer(traffic.call(list.call));
            let row = rows.entry((Operation::ListLetters, answer)).or_default();
            row.letters += list.entries().len() as u64;
            row.unique.extend(list.entries().iter().map(|entry| entry.letter));
        }
    }
    let mut file = String::new();
    csv_line(&mut file, &COUNTS);
    for ((operation, answer), row) in &rows {
        let count = |count: u64| if count == 0 { String::new() } else { count.to_string() };
        csv_line(
            &mut file,
            &[
                operation.label(),
                answer,
                &row.calls.to_string(),
                &count(row.letters),
                &count(row.unique.len() as u64),
            ],
        );
    }
    (!rows.is_empty()).then_some(file)
}

const TIMINGS: [&str; 7] =
    ["what", "started", "finished", "elapsed_ms", "outcome", "first_exchange", "last_exchange"];

/// How long a test's attempts and, for AT15, its flows took; `None` where nothing was attempted.
fn timings(test: &TestResult, traffic: &Traffic, flows: &[Flow<'_>]) -> Option<String> {
    let flows = if test.id.number() == 15 { flows } else { &[] };
    if test.attempts.is_empty() && flows.is_empty() {
        return None;
    }
    let mut file = String::new();
    csv_line(&mut file, &TIMINGS);
    for attempt in &test.attempts {
        let elapsed = attempt.finished.map(|end| words::between_us(attempt.started, end));
        let (first, last) = attempt
            .exchanges
            .as_ref()
            .map_or(("", ""), |(first, last)| (first.as_str(), last.as_str()));
        csv_line(
            &mut file,
            &[
                &attempt.scenario,
                &time(attempt.started),
                &attempt.finished.map(time).unwrap_or_default(),
                &elapsed.map(millis).unwrap_or_default(),
                attempt.outcome.as_deref().unwrap_or("stopped early"),
                first,
                last,
            ],
        );
    }
    for flow in flows {
        let ended = flow.finished(traffic);
        let took = u64::try_from(ended - flow.started).unwrap_or(0);
        let outcome = if flow.whole { "the queue was emptied" } else { "stopped early" };
        csv_line(
            &mut file,
            &[
                &flow.name(),
                &time_of(flow.started),
                &time_of(ended),
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

const IDS: [&str; 6] =
    ["list", "exchange", "asked_at", "letters_in_list", "letter", "times_in_list"];

/// The ids of the lists that AT2 and AT3 rest on, each once for each list, with how often it was there;
/// `None` for other tests, and where no list is pointed to.
///
/// `by_letter` puts the rows of a letter together, in the order of its lists: one sees at once which list
/// lacks it, and its id packs to nothing the second time. Otherwise list follows list, as in bundles of
/// earlier versions, whose tables are compared byte for byte.
fn ids(test: &TestResult, traffic: &Traffic, by_letter: bool) -> Option<String> {
    if !matches!(test.id.number(), 2 | 3) {
        return None;
    }
    let shown: BTreeSet<&ExchangeId> =
        test.checks().flat_map(|criterion| &criterion.exchanges).collect();
    let mut rows: Vec<(&str, String)> = Vec::new();
    let lists = traffic.lists().iter().filter(|list| list.readable());
    let lists = lists.filter(|list| shown.contains(&traffic.exchange_id(list.call)));
    let mut number = 0;
    for list in lists {
        number += 1;
        let exchange = traffic.call(list.call).exchange();
        let mut times: BTreeMap<&str, u64> = BTreeMap::new();
        for entry in list.entries() {
            *times.entry(traffic.id_text(entry.letter)).or_default() += 1;
        }
        let head = [
            number.to_string(),
            exchange.id.to_string(),
            time(exchange.started),
            list.entries().len().to_string(),
        ];
        let row = |letter: &str, times: &str| {
            let mut row = String::new();
            csv_line(&mut row, &[&head[0], &head[1], &head[2], &head[3], letter, times]);
            row
        };
        if list.entries().is_empty() {
            // An empty list is an answer too.
            rows.push(("", row("", "")));
        }
        rows.extend(
            times.into_iter().map(|(letter, times)| (letter, row(letter, &times.to_string()))),
        );
    }
    if by_letter {
        rows.sort_by_key(|(letter, _)| *letter);
    }
    let mut file = String::new();
    csv_line(&mut file, &IDS);
    file.extend(rows.into_iter().map(|(_, row)| row));
    (number > 0).then_some(file)
}

/// `2026-08-21T10:15:00.123456Z`.
pub(crate) fn time(time: Timestamp) -> String {
    format!("{time:.6}")
}

/// The same of microseconds since the Unix epoch.
pub(crate) fn time_of(micros: i64) -> String {
    Timestamp::from_microsecond(micros).map_or_else(|_| String::new(), time)
}
