use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::samples::{exchange, response};
use crate::{Outcome, Recording};

fn note(text: &str) -> Mark {
    Mark::note(Timestamp::UNIX_EPOCH, text)
}

/// A mark of each kind, with how a journal writes what it says.
fn each() -> Vec<(MarkKind, Value)> {
    let finished = MarkKind::ScenarioFinished;
    vec![
        (MarkKind::ScenarioStarted, json!({ "kind": "scenario-started" })),
        (MarkKind::BegunByHand, json!({ "kind": "begun-by-hand" })),
        (
            finished(ScenarioOutcome::Succeeded),
            json!({ "kind": "scenario-finished", "outcome": "succeeded" }),
        ),
        (
            finished(ScenarioOutcome::Failed("AT5.3".into())),
            json!({ "kind": "scenario-finished", "outcome": "failed", "reason": "AT5.3" }),
        ),
        (
            finished(ScenarioOutcome::Stopped("Ctrl-C".into())),
            json!({ "kind": "scenario-finished", "outcome": "stopped", "reason": "Ctrl-C" }),
        ),
        (
            finished(ScenarioOutcome::ByHand),
            json!({ "kind": "scenario-finished", "outcome": "by-hand" }),
        ),
        (
            MarkKind::Wait { ms: 300_250, reason: "letters are hidden".into() },
            json!({ "kind": "wait", "ms": 300_250, "reason": "letters are hidden" }),
        ),
        (MarkKind::Resumed, json!({ "kind": "resumed" })),
        (
            MarkKind::Unvouched { known: Some(900), found: 41 },
            json!({ "kind": "unvouched", "known": 900, "found": 41 }),
        ),
        (
            MarkKind::Unvouched { known: Some(41), found: 900 },
            json!({ "kind": "unvouched", "known": 41, "found": 900 }),
        ),
        (
            MarkKind::Unvouched { known: None, found: 41 },
            json!({ "kind": "unvouched", "found": 41 }),
        ),
        (
            MarkKind::Injected { exchange: ExchangeId::fixed("ex-000007"), rule: "503".into() },
            json!({ "kind": "injected", "exchange": "ex-000007", "rule": "503" }),
        ),
        (MarkKind::Ended(RunEnd::Whole), json!({ "kind": "ended", "end": "whole" })),
        (MarkKind::Ended(RunEnd::Interrupted), json!({ "kind": "ended", "end": "interrupted" })),
        (
            MarkKind::Ended(RunEnd::Missed("p99_ms".into())),
            json!({ "kind": "ended", "end": "missed", "reason": "p99_ms" }),
        ),
        (
            MarkKind::Ended(RunEnd::Refused("too few".into())),
            json!({ "kind": "ended", "end": "refused", "reason": "too few" }),
        ),
        (
            MarkKind::Ended(RunEnd::Stopped("disk full".into())),
            json!({ "kind": "ended", "end": "stopped", "reason": "disk full" }),
        ),
        (MarkKind::Note { text: "a note".into() }, json!({ "kind": "note", "text": "a note" })),
        (
            MarkKind::Stamped {
                line: 7,
                head: "0f".into(),
                stamp: Stamp {
                    stamper: "tsa.example".into(),
                    nonce: "41".into(),
                    token: "MAA=".into(),
                },
            },
            json!({ "kind": "stamped", "line": 7, "head": "0f",
                "stamp": { "stamper": "tsa.example", "nonce": "41", "token": "MAA=" } }),
        ),
        (
            MarkKind::Unstamped {
                line: 7,
                stamper: "tsa.example".into(),
                reason: "it did not answer".into(),
            },
            json!({ "kind": "unstamped", "line": 7, "stamper": "tsa.example",
                "reason": "it did not answer" }),
        ),
        (
            MarkKind::Connected {
                host: "api.example".into(),
                certificate: "0f".into(),
                chain: vec!["MAA=".into()],
            },
            json!({ "kind": "connected", "host": "api.example", "certificate": "0f",
                "chain": ["MAA="] }),
        ),
    ]
}

#[test]
fn a_journal_hands_out_what_it_was_given_in_that_order() {
    let [first, second] = ["ex-000001", "ex-000002"]
        .map(|id| Arc::new(exchange(id, Outcome::Response(response(200)))));
    let mut journal = Recording::new(vec![first.clone()], vec![note("first")]);
    journal.push(second.clone());
    journal.push_mark(note("second"));
    assert!(journal.exchanges().iter().map(|one| one.to_arc()).eq([first, second]));
    assert_eq!(journal.marks(), [note("first"), note("second")]);
}

#[test]
fn each_kind_of_mark_is_written_with_its_fields_and_read_back() {
    for (kind, mut written) in each() {
        assert_eq!(written["kind"], kind.name());
        let mark = Mark { scenario: Some("AT4".into()), ..Mark::new(Timestamp::UNIX_EPOCH, kind) };
        written["at"] = json!("1970-01-01T00:00:00Z");
        written["scenario"] = json!("AT4");
        assert_eq!(serde_json::to_value(&mark).unwrap(), written);
        assert_eq!(serde_json::from_value::<Mark>(written).unwrap(), mark);
    }
}

#[test]
fn a_mark_without_its_fields_is_not_read() {
    for broken in [
        json!({ "kind": "note" }),
        json!({ "kind": "injected", "rule": "503" }),
        json!({ "kind": "ended" }),
        json!({ "kind": "ended", "end": "stopped" }),
        json!({ "kind": "scenario-finished", "text": "every step succeeded" }),
        json!({ "kind": "somehow", "text": "t" }),
    ] {
        let mut mark = broken.clone();
        mark["at"] = json!("1970-01-01T00:00:00Z");
        assert!(serde_json::from_value::<Mark>(mark).is_err(), "{broken}");
    }
}

#[test]
fn only_an_injection_names_an_exchange_that_was_made_to_go_wrong() {
    for (kind, _) in each() {
        let mark = Mark::new(Timestamp::UNIX_EPOCH, kind);
        let named = mark.injected_into();
        assert_eq!(named.is_some(), mark.kind.name() == "injected", "{mark:?}");
        assert_eq!(note(&mark.words()).injected_into(), None, "a note is a note");
    }
}

#[test]
fn each_mark_says_in_words_what_it_is() {
    let words: Vec<String> = each()
        .into_iter()
        .map(|(kind, _)| {
            let mark = Mark::new(Timestamp::UNIX_EPOCH, kind);
            Mark { scenario: Some("AT4 by hand".into()), ..mark }.words()
        })
        .collect();
    assert_eq!(
        words,
        [
            "AT4 by hand",
            "AT4 by hand",
            "every step succeeded",
            "AT5.3",
            "Ctrl-C",
            "AT4 by hand",
            "Waiting 300.2 s: letters are hidden",
            "The run was resumed after an interruption; nothing was recorded in between.",
            "The run was resumed from an older journal: the ledger had seen 900 lines of it, but only 41 were there.",
            "The run was resumed from a different journal: its line 41 is not the one that the ledger \
             had seen.",
            "The ledger has no entry for this run, so nothing shows whether the journal it was \
             resumed from is complete.",
            "injected into ex-000007: 503",
            "whole",
            "interrupted",
            "missed: p99_ms",
            "refused: too few",
            "stopped: disk full",
            "a note",
            "line 7 and all before it, stamped by tsa.example",
            "no time stamp of tsa.example: it did not answer",
            "connected to api.example, which showed the certificate 0f",
        ]
    );
}

#[test]
fn every_text_of_a_mark_can_be_replaced_and_nothing_else() {
    for (kind, written) in each() {
        let name = kind.name();
        let mark = Mark { scenario: Some("AT4".into()), ..Mark::new(Timestamp::UNIX_EPOCH, kind) };
        let clean = serde_json::to_value(mark.with_texts(|_| "clean".into())).unwrap();
        assert_eq!(clean["scenario"], "clean");
        for (field, value) in written.as_object().unwrap() {
            let free = ["reason", "rule", "text"].contains(&field.as_str());
            let expected = if free { &json!("clean") } else { value };
            assert_eq!(&clean[field], expected, "{name}: {field}");
        }
    }
}

#[test]
fn a_journal_with_as_many_lines_as_the_ledger_saw_is_another_and_not_older() {
    let words = |found| {
        Mark::new(Timestamp::UNIX_EPOCH, MarkKind::Unvouched { known: Some(41), found }).words()
    };
    assert!(words(40).contains("an older journal"));
    assert!(words(41).contains("a different journal"));
}

#[test]
fn of_each_scenario_the_last_attempt_counts_and_what_broke_off_is_not_whole() {
    let mark = |scenario: &str, second, kind| Mark {
        scenario: Some(scenario.to_owned()),
        ..Mark::new(Timestamp::from_second(second).unwrap(), kind)
    };
    let ended = MarkKind::ScenarioFinished;
    let failed = ScenarioOutcome::Failed("AT2.1".into());
    let stopped = ScenarioOutcome::Stopped("Ctrl-C".into());
    let marks = [
        mark("none", 1, ended(ScenarioOutcome::Succeeded)),
        mark("by hand", 1, MarkKind::BegunByHand),
        mark("twice", 1, MarkKind::ScenarioStarted),
        mark("twice", 2, ended(stopped.clone())),
        mark("twice", 3, MarkKind::ScenarioStarted),
        mark("twice", 4, ended(failed.clone())),
        mark("open", 5, ended(ScenarioOutcome::Succeeded)),
        mark("open", 6, MarkKind::ScenarioStarted),
        mark("stopped", 7, MarkKind::ScenarioStarted),
        mark("stopped", 8, ended(stopped.clone())),
        note("between"),
    ];
    let last = last_attempts(&marks);
    let seen: Vec<_> = last
        .iter()
        .map(|(name, attempt)| (*name, attempt.begun.as_second(), attempt.outcome))
        .collect();
    assert_eq!(
        seen,
        [("open", 6, None), ("stopped", 7, Some(&stopped)), ("twice", 3, Some(&failed))]
    );
    let whole: Vec<bool> = last.values().map(LastAttempt::is_whole).collect();
    assert_eq!(whole, [false, false, true]);
    for outcome in [ScenarioOutcome::Succeeded, ScenarioOutcome::ByHand] {
        let attempt = LastAttempt { begun: Timestamp::UNIX_EPOCH, outcome: Some(&outcome) };
        assert!(attempt.is_whole(), "{outcome}");
    }
}

#[test]
fn a_recorder_that_keeps_no_chain_has_nothing_to_say_of_it() {
    struct Loose;
    impl Recorder for Loose {
        fn record(&self, _: RawExchange) -> Result<Arc<Exchange>, RecordError> {
            Err(RecordError { message: "nothing is kept".into() })
        }
        fn mark(&self, _: Mark) -> Result<(), RecordError> {
            Ok(())
        }
        fn scrub(&self, text: &str) -> String {
            text.to_owned()
        }
    }
    assert_eq!(Loose.chain_tail(), None);
}
