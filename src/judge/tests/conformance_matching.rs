//! Which calls count as a probe of the conformance suite: only those that differ from a usual call
//! in nothing but what the probe asks for.

#![allow(clippy::unwrap_used)]

mod support;

use letterproof_judge::conformance::{
    BodyPlan, Check, FOREIGN, TokenProbe, UNKNOWN_LETTER, conformance_checks,
};
use letterproof_model::LetterStatus::Pending;
use letterproof_model::{Capability, Exchange, Verdict};
use support::Script;
use support::cases::{header, then};
use support::probed::{judged, known, of, send};

fn check(id: &str) -> &'static Check {
    conformance_checks().iter().find(|check| check.id == id).unwrap()
}

/// The verdict of a check over this script.
fn verdict(id: &str, script: &Script) -> Verdict {
    of(id, &judged(script)).verdict
}

/// The verdict of a check after its own probe was sent with something changed.
fn changed(id: &str, status: u16, change: impl FnOnce(&mut Exchange)) -> Verdict {
    let mut script = known();
    send(&mut script, &check(id).probes()[0], status);
    script.edit(change);
    verdict(id, &script)
}

/// Puts another value, or none, in the place of a header.
fn put(exchange: &mut Exchange, name: &str, value: Option<&str>) {
    let headers = &mut exchange.request.headers;
    headers.retain(|header| header.name != name);
    headers.extend(value.map(|value| header(name, value)));
}

#[test]
fn a_list_whose_request_id_is_no_guid_says_nothing_of_usual_lists() {
    let list_with = |id: &str| changed("C-LIST", 500, |e| put(e, "X-Request-ID", Some(id)));
    assert_eq!(list_with("0a1b2c3d-0000-4000-8000-00000000000F"), Verdict::Fail);
    for id in ["request-7", "0a1b2c", &"x".repeat(36), &"0".repeat(36)] {
        assert_eq!(list_with(id), Verdict::NotRun, "{id}");
    }
}

#[test]
fn a_body_under_another_media_type_or_none_is_not_the_probe_of_that_body() {
    let sent_as = |media: Option<&str>| {
        changed("C-BULK-EMPTY-OBJECT", 415, |e| put(e, "Content-Type", media))
    };
    assert_eq!(sent_as(Some("application/vnd.api+json; charset=utf-8")), Verdict::Fail);
    assert_eq!(sent_as(Some("text/plain")), Verdict::NotRun);
    assert_eq!(sent_as(None), Verdict::NotRun);
}

#[test]
fn a_call_without_a_good_token_is_a_usual_one_only_where_nobody_asks_for_tokens() {
    let list_with = |bearer: Option<&str>| {
        let mut script = known();
        send(&mut script, &check("C-LIST").probes()[0], 500);
        script.edit(|exchange| put(exchange, "Authorization", bearer));
        let asked_for = verdict("C-LIST", &script);
        script.context.capabilities.remove(&Capability::Authenticated);
        (asked_for, verdict("C-LIST", &script))
    };
    assert_eq!(list_with(Some("Bearer redacted:1234")), (Verdict::Fail, Verdict::Fail));
    assert_eq!(list_with(Some("Bearer redacted:0001")), (Verdict::NotRun, Verdict::Fail));
    assert_eq!(list_with(None), (Verdict::NotRun, Verdict::Fail));
}

#[test]
fn a_token_that_was_given_is_good_however_many_calls_carry_another() {
    let mut script = known();
    for _ in 0..9 {
        script.list(7, &[]).answered(401).edit(|exchange| {
            put(exchange, "Authorization", Some("Bearer redacted:0001"));
        });
    }
    send(&mut script, &check("C-LIST").probes()[0], 200);
    assert_eq!(verdict("C-LIST", &script), Verdict::Pass);
}

#[test]
fn a_letter_that_is_not_known_to_be_the_suppliers_own_need_not_be_found() {
    let read = |write: &dyn Fn(&mut Script), id: &str| {
        let mut script = known();
        write(&mut script);
        script.read(id, Pending).answered(404).edit(|exchange| {
            put(exchange, "X-Request-ID", Some(UNKNOWN_LETTER));
        });
        script
    };
    let harness = |script: &mut Script| then(script.harness());
    let supplier = |script: &mut Script| then(script.supplier());
    assert_eq!(verdict("C-LETTER", &read(&harness, "L1")), Verdict::Fail);
    assert_eq!(verdict("C-LETTER", &read(&supplier, "never-listed")), Verdict::Fail);

    assert_eq!(verdict("C-LETTER", &read(&harness, "never-listed")), Verdict::NotRun);
    assert_eq!(verdict("C-LETTER", &read(&supplier, UNKNOWN_LETTER)), Verdict::NotRun);
    for id in ["L1", "never-listed"] {
        let mut foreign = read(&harness, id);
        foreign.edit(|exchange| put(exchange, "X-Correlation-ID", Some(FOREIGN)));
        assert_eq!(verdict("C-LETTER", &foreign), Verdict::NotRun, "{id}");
    }
}

#[test]
fn a_letter_that_a_probe_names_in_its_body_stands_in_its_path_too() {
    // A call is told for a probe by the letter in its path.
    for plan in conformance_checks().iter().flat_map(Check::probes) {
        let named = matches!(plan.body, BodyPlan::Text(text) if text.contains("{letter}"));
        assert!(!named || plan.path.contains(['{', '}']), "{plan:?}");
    }
}

#[test]
fn bad_assertions_are_missed_only_where_a_token_was_asked_for() {
    let why = |script: &Script| {
        let results = judged(script);
        let result = of(TokenProbe::Replay.check(), &results);
        (result.verdict, result.criteria[0].reason.clone().unwrap())
    };
    let mut open = Script::pack();
    open.status();
    assert_eq!(why(&open), (Verdict::NotApplicable, "no token was requested".to_owned()));
    let mut asked = Script::pack();
    asked.token();
    assert_eq!(why(&asked), (Verdict::NotRun, "the probe was not sent".to_owned()));
}

#[test]
fn a_record_that_nobody_submitted_says_nothing_of_those_that_were() {
    let mut script = known();
    send(&mut script, &check("C-MI-READ-UNKNOWN").probes()[0], 404);
    assert_ne!(verdict("C-MI-READ-UNKNOWN", &script), Verdict::NotRun);
    assert_eq!(verdict("C-MI-READ", &script), Verdict::NotRun);
}
