//! What only an observer sees, as findings about the supplier; and nothing of an honest one.

#![allow(clippy::panic)]

mod support;

use letterproof_judge::{Traffic, observe};
use letterproof_model::LetterStatus::{Accepted, Cancelled, Dispatched, Pending, Printed};
use letterproof_model::{About, Finding, FindingKind};
use serde_json::json;
use support::cases::passing;
use support::{Script, letters};

fn seen(script: &Script) -> Vec<Finding> {
    observe(&Traffic::from_journal(&script.journal(), &script.context), &script.context)
}

fn script(write: impl FnOnce(&mut Script)) -> Script {
    let mut script = Script::small();
    script.list(100, &letters(3));
    write(&mut script);
    script
}

fn shows(id: &str, script: &Script) -> Finding {
    let found = seen(script);
    let ids: Vec<&str> = found.iter().map(|finding| finding.id.as_str()).collect();
    let finding = found.iter().find(|finding| finding.id == id);
    finding.unwrap_or_else(|| panic!("{id} is not among {ids:?}")).clone()
}

#[test]
fn an_honest_supplier_breaks_no_rule() {
    for test in 1..=15 {
        let violations: Vec<_> = seen(&passing(test))
            .into_iter()
            .filter(|finding| finding.kind == FindingKind::Violation)
            // The scripts of AT15 send faster than any API allows; time is not their subject.
            .filter(|finding| !(test == 15 && finding.id == "F-SUPPLIER-RATE-EXCEEDED"))
            .filter(|finding| !(test == 4 && finding.id == "F-SUPPLIER-RATE-EXCEEDED"))
            .collect();
        assert!(violations.is_empty(), "AT{test}: {violations:#?}");
    }
}

#[test]
fn an_illegal_move_names_the_letter_and_both_statuses() {
    let finding = shows(
        "F-SUPPLIER-ILLEGAL-MOVE",
        &script(|s| {
            s.moved("L2", Dispatched);
        }),
    );
    assert_eq!(finding.about, About::Supplier);
    assert_eq!(finding.observed, "L2 was moved from PENDING to DISPATCHED");
    assert!(!finding.exchanges.is_empty());
}

#[test]
fn each_kind_of_misbehaviour_has_its_finding() {
    let record = json!({"lineItem": "x", "timestamp": "2026-09-01T00:00:00Z", "quantity": 1,
        "specificationId": "s", "groupId": "g"});
    type Write<'a> = &'a dyn Fn(&mut Script);
    let cases: [(&str, Write<'_>); 15] = [
        ("F-SUPPLIER-DUPLICATE-UPDATE", &|s| {
            s.moved("L1", Accepted).patch("L1", Accepted);
        }),
        ("F-SUPPLIER-SENT-BEFORE-SEEN", &|s| {
            s.patch("L1", Accepted).patch("L1", Printed);
        }),
        ("F-SUPPLIER-PRODUCED-AFTER-END", &|s| {
            s.moved("L1", Accepted).moved("L1", Cancelled).moved("L1", Printed);
        }),
        ("F-SUPPLIER-SENT-PENDING", &|s| {
            s.moved("L1", Accepted).patch("L1", Pending);
        }),
        ("F-SUPPLIER-LISTED-NOT-TAKEN", &|_| {}),
        ("F-SUPPLIER-PRODUCED-NOT-FETCHED", &|s| {
            s.moved("L1", Accepted).fetch("L1").lost().moved("L1", Printed);
        }),
        ("F-SUPPLIER-PRODUCED-OTHER-CONTENT", &|s| {
            s.moved("L1", Accepted).data("L1").follow_to("L1", "00".into(), Some(1), None);
            s.moved("L1", Printed);
        }),
        ("F-SUPPLIER-MI-DOUBLED", &|s| {
            s.mi("M1", &record).mi("M2", &record);
        }),
        ("F-SUPPLIER-PARALLEL-LISTS", &|s| {
            let at = s.now();
            s.list(10, &[]).set_clock(at + 1_000).list(10, &[]);
        }),
        ("F-SUPPLIER-REQUEST-ID-REUSED", &|s| {
            s.list(10, &[]).edit(|e| e.request.headers[0].value = "request-1".into());
        }),
        ("F-SUPPLIER-TOKEN-NOT-REUSED", &|s| {
            s.token().wait(5.0).token();
        }),
        ("F-SUPPLIER-LINK-EXPIRED", &|s| {
            s.data("L1").wait(61.0).follow("L1").answered(403);
        }),
        ("F-SUPPLIER-429-NOT-HEEDED", &|s| {
            s.list(10, &[]).answered(429).list(10, &[]);
        }),
        ("F-SUPPLIER-GIVEN-UP", &|s| {
            s.patch("L1", Accepted).answered(502);
        }),
        ("F-SUPPLIER-RATE-EXCEEDED", &|s| {
            for _ in 0..302 {
                let at = s.now();
                s.status().set_clock(at + 3_000);
            }
        }),
    ];
    for (id, write) in cases {
        shows(id, &script(|s| write(s)));
    }
}

#[test]
fn what_the_harness_does_is_no_finding_about_the_supplier() {
    let mut script = Script::small();
    script.harness().list(100, &letters(3)).moved("L1", Dispatched).patch("L1", Pending);
    assert_eq!(seen(&script), []);
}

#[test]
fn a_retried_call_may_keep_its_request_id() {
    let script = script(|s| {
        s.patch("L1", Accepted).answered(502).wait(1.0).patch("L1", Accepted);
        let id = s.exchanges[s.exchanges.len() - 2].request.headers[0].value.clone();
        s.edit(|e| e.request.headers[0].value = id);
    });
    assert!(seen(&script).iter().all(|finding| finding.id != "F-SUPPLIER-REQUEST-ID-REUSED"));
}
