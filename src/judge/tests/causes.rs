//! A cause is told once: for each row of the table one fault by which the cause and what depends on it
//! fail, and where one letter or call more is at fault, both speak for themselves.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use letterproof_judge::conformance::{conformance_ids, unknown_letter};
use letterproof_judge::{Cause, causes, observer_ids};
use letterproof_model::LetterStatus::{
    Accepted, Delivered, Dispatched, Enclosed, Pending, Printed,
};
use letterproof_model::{Body, CriterionResult, Mode, Outcome, Verdict, pack};
use serde_json::json;
use support::cases::{
    accepted, at3, at4, at14, damaged, fetched_otherwise, header, record, script, then,
};
use support::failing::failing;
use support::script::{hash_of, json_body};
use support::{Script, letter, letters};

/// Every criterion concluded of a script whose answers have the headers that the contract asks for.
fn concluded(mut script: Script, conformance: bool) -> BTreeMap<String, CriterionResult> {
    for (number, exchange) in script.exchanges.iter_mut().enumerate() {
        let mut asked = None;
        for id in exchange.request.headers.iter_mut().filter(|one| one.name == "X-Request-ID") {
            let guid = unknown_letter(number).to_string();
            id.value = guid.as_str().into();
            asked = Some(guid);
        }
        let Outcome::Response(answer) = &mut exchange.outcome else { continue };
        if matches!(answer.body, Body::Json { .. }) {
            answer.headers.push(header("Content-Type", "application/vnd.api+json"));
        }
        answer.headers.extend(asked.map(|id| header("X-Request-ID", &id)));
    }
    let every: Vec<u8> = (1..=15).collect();
    let results = support::concluded(&script, &every, conformance);
    let checks = results.conformance.into_iter().chain(results.observer);
    let all = results.tests.into_iter().flat_map(|test| test.criteria);
    let all = all.chain(checks.flat_map(|check| check.criteria));
    all.map(|criterion| (criterion.id.to_string(), criterion)).collect()
}

/// Answers the last call as the API refuses one.
fn refused(s: &mut Script) -> &mut Script {
    let errors = json!({"errors": [{
        "id": "e-1", "code": "NOTIFY_INVALID_REQUEST", "status": "400",
        "links": {"about": "https://digital.nhs.uk/developer/api-catalogue/nhs-notify-supplier"},
        "title": "Invalid request", "detail": "The request is invalid",
    }]});
    s.answered(400).edit_answer(|answer| answer.body = json_body(&errors))
}

/// AT4 with something done to its update.
fn bulk(change: fn(&mut Script)) -> Script {
    script(|s| {
        s.list(4, &letters(4)).bulk(Accepted, &["L1", "L2", "L3", "L4"]);
        change(s);
        s.wait(3.0);
        ["L1", "L2", "L3", "L4"].iter().for_each(|id| then(s.read(id, Pending)));
        s.wait(61.0).status();
    })
}

/// The fault that turns this clause red, and nothing else of the pack.
fn fault_of(clause: &str) -> Script {
    failing().into_iter().find(|(id, _)| *id == clause).unwrap().1
}

/// What an observer sees of it.
fn watching(mut script: Script) -> Script {
    script.context.mode = Mode::Observed;
    script
}

/// For each cause one that depends on it, and a fault by which both fail.
fn faults() -> Vec<(&'static str, &'static str, Script)> {
    let mut all = by_calls();
    all.extend(by_letters());
    all.extend(by_the_supplier());
    all
}

fn by_calls() -> Vec<(&'static str, &'static str, Script)> {
    let data = |change: fn(&mut Script)| {
        fetched_otherwise(move |s| {
            s.data("F1-2");
            change(s);
        })
    };
    let missing: fn(&mut Script) = |s| then(s.data("F1-2").follow("F1-2").answered(404));
    vec![
        (
            "C-BEARER-KEPT",
            "AT1.2",
            script(|s| then(s.token().status().list(10, &[]).answered(401))),
        ),
        ("C-CONTRACT-STATUS", "AT1.1", fault_of("AT1.1")),
        (
            "C-CONTRACT-LIST",
            "AT2.1",
            script(|s| {
                s.list(2_500, &[]).edit_answer(|a| a.body = json_body(&json!({ "letters": [] })));
            }),
        ),
        ("C-CONTRACT-BULK", "AT4.2", bulk(|s| then(s.answered(201)))),
        (
            "C-CONTRACT-PATCH",
            "C-PATCH",
            script(|s| then(s.list(9, &letters(1)).patch("L1", Accepted).answered(201))),
        ),
        (
            "C-CONTRACT-MI-CREATE",
            "AT14.1",
            at14(|s| {
                s.mi("M1", &record("2026-09-01", 2)).edit_answer(|answer| answer.status = 200);
            }),
        ),
        ("C-BULK", "AT4.3", bulk(|s| then(refused(s)))),
        ("C-DATA", "AT15.3", data(|s| then(s.answered(403)))),
        (
            "C-DATA-LOCATION",
            "AT15.3",
            data(|s| then(s.edit_answer(|a| a.headers.retain(|h| h.name != "Location")))),
        ),
        ("C-LINK", "AT15.3", fetched_otherwise(missing)),
    ]
}

fn by_letters() -> Vec<(&'static str, &'static str, Script)> {
    vec![
        ("C-LIST-UNIQUE", "AT2.3", fault_of("AT2.3")),
        ("C-LIST-PENDING", "AT2.4", fault_of("AT2.4")),
        (
            "C-LETTER-KEPT",
            "AT7.2",
            accepted(|s| {
                s.wait(120.0).moved("L1", Dispatched);
                s.wait(90.0).read("L1", Accepted);
            }),
        ),
        (
            "C-LETTER-LISTED",
            "C-LETTER",
            script(|s| then(s.list(9, &letters(2)).wait(1.0).read("L1", Pending).answered(404))),
        ),
        ("C-LIST-COMPLETE", "AT3.3", at3(support::cases::Again::ChangedLater)),
        (
            "C-PATCH",
            "AT5.2",
            accepted(|s| {
                refused(s.patch("L1", Printed)).wait(61.0).read("L1", Accepted);
            }),
        ),
        (
            "C-HASH",
            "AT15.4",
            fetched_otherwise(|s| {
                s.data("F1-2").follow_to("F1-2", hash_of("other"), Some(2), None);
            }),
        ),
        (
            "C-DATA-MISSING-PDF",
            "AT15.4",
            script(|s| {
                for flow in 0..3 {
                    let mut list: Vec<_> =
                        (1..=3).map(|n| letter(&format!("F{flow}-{n}"))).collect();
                    if flow == 1 {
                        list[1] = list[1].clone().without_hash();
                    }
                    let ids: Vec<String> = list.iter().map(|one| one.id.clone()).collect();
                    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                    s.list(3, &list).bulk(Accepted, &ids);
                    for id in ids {
                        if id == "F1-2" { damaged(s, id) } else { then(s.fetch(id)) }
                    }
                    s.list(3, &[]);
                }
            }),
        ),
    ]
}

fn by_the_supplier() -> Vec<(&'static str, &'static str, Script)> {
    let pending = |status| script(move |s| then(s.list(9, &letters(1)).moved("L1", status)));
    vec![
        ("AT3.5", "O-UPDATE-ONCE", watching(fault_of("AT3.5"))),
        ("AT5.3", "O-UPDATE-ONCE", watching(fault_of("AT5.3"))),
        (
            "O-UPDATE-ONCE",
            "O-SECOND-LIST",
            watching(script(|s| {
                s.list(9, &letters(2)).patch("L1", Accepted).wait(301.0).list(9, &letters(2));
                s.patch("L1", Accepted);
            })),
        ),
        ("AT5.1", "O-MOVE-ELIGIBLE", watching(pending(Printed))),
        ("AT6.1", "O-MOVE-ELIGIBLE", watching(pending(Enclosed))),
        ("AT7.1", "O-MOVE-ELIGIBLE", watching(pending(Dispatched))),
        ("AT8.1", "O-MOVE-ELIGIBLE", watching(pending(Delivered))),
        (
            "AT4.4",
            "O-LISTED-TAKEN-ON",
            watching(script(|s| {
                s.list(4, &letters(4)).bulk(Accepted, &["L1", "L2", "L4"]).wait(400.0).status();
            })),
        ),
        (
            "AT12.4",
            "O-CONTENT-SAME",
            watching(accepted(|s| {
                s.data("L1").follow_to("L1", hash_of("other"), None, Some("no trailer"));
                s.moved("L1", Printed);
            })),
        ),
        ("AT14.2", "O-MI-COUNTS", watching(at14(|s| then(s.mi("M1", &record("2026-09-01", 5)))))),
        (
            "AT15.3",
            "O-PDF-FETCHED",
            watching(script(|s| {
                s.context.seeded_letters = 3;
                s.list(3, &letters(3)).bulk(Accepted, &["L1", "L2", "L3"]).wait(2.0);
                s.fetch("L2").fetch("L3").list(3, &[]).moved("L1", Printed).wait(61.0).status();
            })),
        ),
    ]
}

#[test]
fn what_fails_by_another_alone_points_there_and_stays_red() {
    let mut wrong = Vec::new();
    for (cause, dependant, script) in faults() {
        let said = concluded(script, true);
        let [one, other] = [cause, dependant].map(|id| &said[id]);
        let reason = other.reason.as_deref().unwrap_or_default();
        let points = reason.contains(&format!("see {cause}: the same "));
        if [one.verdict, other.verdict] != [Verdict::Fail; 2] || !points {
            wrong.push(format!("{dependant} does not point to {cause}:\n{one:#?}\n{other:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_row_of_the_table_has_its_fault() {
    let tried: Vec<&str> = faults().into_iter().map(|(cause, ..)| cause).collect();
    // These two rest on a run without the suite.
    let tried: BTreeSet<&str> = tried.into_iter().chain(["F-LETTER-NOT-KEPT", "AT4.2"]).collect();
    assert_eq!(causes().iter().map(|cause| cause.id).collect::<BTreeSet<_>>(), tried);
}

#[test]
fn without_the_suite_a_clause_of_the_pack_is_pointed_to() {
    let reasons = |conformance: bool| {
        let said = concluded(bulk(|s| then(refused(s))), conformance);
        ["AT4.2", "AT4.3"].map(|id| {
            assert_eq!(said[id].verdict, Verdict::Fail);
            said[id].reason.clone()
        })
    };
    assert_eq!(reasons(false), [None, Some("see AT4.2: the same calls".to_owned())]);
    let see = Some("see C-BULK: the same calls".to_owned());
    assert_eq!(reasons(true), [see.clone(), see]);
}

#[test]
fn a_clause_with_a_letter_of_its_own_at_fault_points_nowhere() {
    let script = accepted(|s| {
        refused(s.patch("L1", Printed));
        s.patch("L2", Printed).wait(61.0).read("L1", Accepted).read("L2", Accepted);
    });
    let said = concluded(script, true);
    assert_eq!(said["C-PATCH"].verdict, Verdict::Fail);
    assert_eq!((said["AT5.2"].verdict, said["AT5.2"].reason.as_deref()), (Verdict::Fail, None));
    // The whole of what is at fault decides, not the few that the result names.
    let lost = |all: bool| {
        let mut script = Script::pack();
        let ids: Vec<String> = (1..=60).map(|number| format!("L{number}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        script.list(100, &letters(60)).bulk(Accepted, &ids).wait(2.0);
        ids.iter().for_each(|id| then(script.read(id, Accepted)));
        for (place, id) in ids.iter().enumerate() {
            script.patch(id, Printed);
            if all || place < 59 {
                refused(&mut script);
            }
        }
        script.wait(61.0);
        ids.iter().for_each(|id| then(script.read(id, Accepted)));
        concluded(script, true)["AT5.2"].reason.clone()
    };
    assert_eq!(lost(true), Some("see C-PATCH: the same letters".to_owned()));
    assert_eq!(lost(false), None);
}

#[test]
fn what_names_no_letter_points_to_the_failure_by_the_same_calls() {
    // The whole list lacks a letter that waits: of the whole list only its length is told.
    let said = concluded(
        script(|s| then(s.list(100, &letters(6)).wait(301.0).list(2_500, &letters(5)))),
        true,
    );
    let [missing, short] = ["C-LIST-COMPLETE", "AT2.2"].map(|id| &said[id]);
    assert_eq!([missing.verdict, short.verdict], [Verdict::Fail; 2]);
    assert_eq!((missing.letters.len(), short.letters.len()), (1, 0));
    assert_eq!(short.reason.as_deref(), Some("see C-LIST-COMPLETE: the same calls"));
    // It was missing from another list already, so that the whole list stands for itself.
    let before = concluded(
        script(|s| {
            s.list(100, &letters(6)).wait(301.0).list(100, &letters(5)).wait(301.0);
            s.list(2_500, &letters(5));
        }),
        true,
    );
    let [missing, short] = ["C-LIST-COMPLETE", "AT2.2"].map(|id| &before[id]);
    assert_eq!([missing.verdict, short.verdict], [Verdict::Fail; 2]);
    assert_eq!(short.reason, None);
}

#[test]
fn what_passes_points_nowhere() {
    let mut honest = Script::small();
    at4(&mut honest, 4);
    let said = concluded(honest, true);
    assert!(said.values().all(|one| one.reason.as_deref().is_none_or(|why| !why.contains("see "))));
}

#[test]
fn every_row_names_criteria_that_exist_and_each_cause_has_one_row() {
    let clauses = pack().iter().flat_map(|test| test.clauses).map(|clause| clause.id);
    let known: BTreeSet<&str> = clauses.chain(conformance_ids()).chain(observer_ids()).collect();
    let mut seen = BTreeSet::new();
    for cause in causes() {
        assert!(seen.insert(cause.id), "{} has two rows", cause.id);
        assert!(known.contains(cause.id) || cause.id.starts_with("F-"), "{}", cause.id);
        for row in cause.of {
            let alone = Cause { id: "", of: std::slice::from_ref(row) };
            assert!(known.iter().any(|id| alone.may_explain(id)), "{}: {row}", cause.id);
        }
    }
}

#[test]
fn no_criterion_points_to_one_that_may_point_back() {
    for (place, cause) in causes().iter().enumerate() {
        for deeper in &causes()[..=place] {
            assert!(!cause.may_explain(deeper.id), "{} is deeper than {}", deeper.id, cause.id);
        }
    }
}
