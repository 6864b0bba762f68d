//! How much of a document its downloads brought together, by what each part says it is.

#![allow(clippy::unwrap_used)]

mod support;

use letterproof_judge::Traffic;
use letterproof_model::{Outcome, TransportError, TransportErrorKind};
use letterproof_traffic::Brought;
use support::cases::{header, script};
use support::letters;

/// What partial answers with these `Content-Range` headers brought of one letter's document.
fn brought(ranges: &[Option<&str>]) -> Brought {
    let script = script(|s| {
        s.list(100, &letters(1));
        for range in ranges {
            s.fetch("L1").answered(206).edit_answer(|answer| {
                answer.headers.extend(range.map(|range| header("Content-Range", range)));
            });
        }
    });
    let traffic = Traffic::from_journal(&script.journal(), &script.context);
    let (_, letter) = traffic.letters().next().unwrap();
    traffic.brought(&letter.events)
}

#[test]
fn parts_that_say_what_they_are_add_up() {
    assert_eq!(brought(&[Some("bytes 0-49/100"), Some("bytes 50-99/100")]), Brought::Whole);
    assert_eq!(brought(&[Some("bytes 0-49/100"), Some("bytes 40-59/100")]), Brought::Part(60, 100));
    assert_eq!(brought(&[Some("bytes 7-7/100")]), Brought::Part(1, 100));
    assert_eq!(brought(&[]), Brought::Nothing);
}

#[test]
fn a_part_that_does_not_say_what_it_is_leaves_it_open() {
    assert_eq!(brought(&[None]), Brought::Unknown);
    assert_eq!(brought(&[Some("bytes 0-49/100"), None]), Brought::Unknown);
    for impossible in
        ["bytes 9-2/100", "bytes 0-100/100", "bytes 5-200/100", "bytes 0-9/*", "0-9/100"]
    {
        assert_eq!(brought(&[Some(impossible)]), Brought::Unknown, "{impossible}");
    }
}

#[test]
fn what_had_come_of_a_broken_answer_counts_beside_a_part() {
    let script = script(|s| {
        s.list(100, &letters(1)).fetch("L1").edit(|exchange| {
            exchange.outcome = Outcome::Error(TransportError {
                kind: TransportErrorKind::Body,
                message: "the body ended early".into(),
                after_us: 3_007,
                status: Some(200),
                received: 50,
            });
        });
        s.fetch("L1").answered(206).edit_answer(|answer| {
            answer.headers.push(header("Content-Range", "bytes 50-99/100"));
        });
    });
    let traffic = Traffic::from_journal(&script.journal(), &script.context);
    let (_, letter) = traffic.letters().next().unwrap();
    assert_eq!(traffic.brought(&letter.events), Brought::Whole);
    assert_eq!(traffic.brought(&letter.events[..3]), Brought::Nothing);
}
