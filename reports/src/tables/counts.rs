//! What a test's scenarios amounted to, counted: calls by operation and answer, and letters of the
//! lists they fetched.

use std::collections::{BTreeMap, BTreeSet};

use letterproof_model::{Operation, TestResult};
use letterproof_traffic::{Answer, Call, CallIx, LetterIx, Traffic};

use crate::{csv, words};

const HEADINGS: [&str; 5] = ["operation", "answer", "calls", "letters", "unique_letters"];

/// Calls of one operation with one answer.
#[derive(Default)]
struct Row {
    calls: u64,
    letters: u64,
    unique: BTreeSet<LetterIx>,
}

/// The file; `None` where no exchange was made in a scenario of the test.
pub(super) fn csv(test: &TestResult, traffic: &Traffic) -> Option<String> {
    let scenarios: BTreeSet<&str> = test.attempts.iter().map(|a| a.scenario.as_str()).collect();
    let of_test =
        |call: CallIx| traffic.label(call).is_some_and(|scenario| scenarios.contains(scenario));
    let answer = |call: &Call| match call.answer() {
        Answer::Status(status) => status.to_string(),
        Answer::Lost => words::answer(&call.exchange()),
    };
    let mut rows: BTreeMap<(Operation, String), Row> = BTreeMap::new();
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
    csv::line(&mut file, &HEADINGS);
    for ((operation, answer), row) in &rows {
        let count = |count: u64| if count == 0 { String::new() } else { count.to_string() };
        csv::line(
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
