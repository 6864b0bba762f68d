//! Answers at the edge of a check: what each looks at and what it leaves alone.

use letterproof_contract::documented_bodies;
use letterproof_model::{Actor, Body, Content, Context, Operation, fold_findings};

use crate::calls::{MI_KEPT, download, listed, mi, one, patched, token, whole};
use crate::support::{Call, check, int, names, notify_error, sandbox};

const NOTHING: [&str; 0] = [];

#[track_caller]
fn expect(call: Call, expected: &[&str]) {
    assert_eq!(names(&call.findings()), expected);
}

#[test]
fn of_a_request_whose_body_the_recording_does_not_hold_nothing_is_said() {
    let sent = patched("ACCEPTED").sends_body(Body::Opaque(Content::unrecorded(77)));
    expect(sent.clone(), &NOTHING);
    expect(sent.by(Actor::Harness), &NOTHING);
    let read = patched("ACCEPTED").sends_body(Body::Opaque(whole())).by(Actor::Harness);
    expect(read, &["violation F-PATCH-ACCEPTED-NOT-JSON"]);
}

#[test]
fn a_body_of_another_type_or_charset_is_not_held_against_the_schema() {
    let wrong = || patched("LOST").by(Actor::Harness);
    expect(wrong(), &["violation F-PATCH-ACCEPTED-INVALID"]);
    expect(wrong().header("Content-Type", "text/plain"), &["deviation F-ANY-MEDIA-TYPE-TAKEN"]);
    expect(
        wrong().header("Content-Type", "application/json; charset=utf-16"),
        &["deviation F-ANY-CHARSET-TAKEN"],
    );
}

#[test]
fn the_body_of_an_undocumented_success_is_held_against_the_documented_one() {
    expect(
        mi().answers(202).with(&MI_KEPT.replace("22", r#""22""#)),
        &[
            "violation F-MI-CREATE-SCHEMA-TYPE-DATA-ATTRIBUTES-QUANTITY",
            "violation F-MI-CREATE-STATUS-202",
        ],
    );
    expect(
        patched("ACCEPTED").answers(200).with("{}"),
        &["violation F-PATCH-BODY-UNEXPECTED", "violation F-PATCH-STATUS-200"],
    );
    // Nothing documents what a 3xx or 5xx of another number holds.
    expect(mi().answers(304).with("{}"), &["violation F-MI-CREATE-STATUS-304"]);
    expect(mi().answers(503).with("{}"), &["violation F-MI-CREATE-STATUS-503"]);
}

#[test]
fn an_error_agrees_with_its_status_whatever_the_call_and_the_status() {
    let refused = |call: Call, status: u16, code: &str| {
        call.answers(status).with(&notify_error(status, code))
    };
    let record = || Call::new("GET", "/mi/M1").with(MI_KEPT);
    for (call, name) in [(one("L1", "L1"), "LETTER"), (record(), "MI")] {
        let code = format!("violation F-{name}-ERRORS-CODE");
        let code = [code.as_str()];
        expect(refused(call.clone(), 404, "NOTIFY_INVALID_REQUEST"), &code);
        expect(refused(call.clone(), 404, "NOTIFY_INTERNAL_SERVER_ERROR"), &code);
        expect(refused(call.clone(), 500, "NOTIFY_NOT_FOUND"), &code);
        expect(refused(call.clone(), 500, "NOTIFY_INVALID_REQUEST"), &code);
        expect(refused(call.clone(), 404, "NOTIFY_NOT_FOUND"), &NOTHING);
        expect(refused(call.clone(), 500, "NOTIFY_INTERNAL_SERVER_ERROR"), &NOTHING);
        let other = call.answers(404).with(&notify_error(400, "NOTIFY_NOT_FOUND"));
        expect(other, &[&format!("violation F-{name}-ERRORS-STATUS")]);
    }
}

#[test]
fn the_codes_of_notify_bind_neither_the_token_endpoint_nor_a_status_that_has_none() {
    let refused = token()
        .answers(400)
        .with(r#"{"error":"e","errors":[{"code":"NOTIFY_NOT_FOUND","status":"404"}]}"#)
        .answer_header("Content-Type", "application/json");
    expect(refused, &["drift F-TOKEN-UNKNOWN-ERRORS"]);
    let busy = listed(0).answers(429).with(&notify_error(400, "NOTIFY_NOT_FOUND"));
    expect(busy, &["drift F-LIST-UNKNOWN-ERRORS"]);
}

#[test]
fn a_download_that_was_packed_or_only_asked_for_its_head_has_another_length_and_may() {
    let other = || download(whole()).answer_header("Content-Length", "40");
    expect(other(), &["violation F-DOWNLOAD-CONTENT-LENGTH"]);
    expect(other().answer_header("Content-Encoding", "gzip"), &NOTHING);
    let head = Call::new("HEAD", "https://storage.example/l.pdf?X-Amz-Signature=redacted")
        .without("Authorization")
        .with_body(Body::Pdf(whole()))
        .answer_header("Content-Type", "application/pdf")
        .answer_header("Content-Length", "40");
    expect(head, &NOTHING);
}

#[test]
fn a_target_is_the_sandbox_by_its_name_or_by_keeping_no_state() {
    let silent = || {
        let call = listed(0).without("X-Correlation-ID").answer_without("X-Correlation-ID");
        call.by(Actor::Harness).build()
    };
    let by_name = Context { capabilities: int().capabilities, ..sandbox() };
    let by_state = Context { capabilities: sandbox().capabilities, ..int() };
    for context in [sandbox(), by_name, by_state] {
        assert_eq!(names(&check(&silent(), &context)), ["deviation F-SANDBOX-CORRELATION-ID"]);
    }
    assert_eq!(names(&check(&silent(), &int())), ["deviation F-ANY-CORRELATION-ID-ABSENT"]);
}

#[test]
fn a_429_whose_time_is_beyond_32_bits_is_one_note_whatever_the_call() {
    let busy = |call: Call, expiry: &str| {
        let body = format!(r#"{{"message":"m","ratelimiting_expiry_time_ms":{expiry}}}"#);
        call.answers(429).with(&body).answer_header("Content-Type", "application/json")
    };
    for call in [listed(0), patched("ACCEPTED"), mi(), one("L1", "L1")] {
        let found = busy(call.clone(), "1790000000000").findings();
        assert_eq!(names(&found), ["note F-ANY-NUMBER-EXPIRY"]);
        assert!(found[0].observed.contains("1790000000000"), "{found:?}");
        // What a generated client reads, and what it cannot read for another reason.
        expect(busy(call.clone(), "2147483647"), &NOTHING);
        expect(busy(call, "2147483648"), &["note F-ANY-NUMBER-EXPIRY"]);
    }
    // The token endpoint is no part of the specification.
    expect(busy(token(), "1790000000000"), &NOTHING);
    // Of a whole record it is told once.
    let record = [busy(listed(0), "1790000000000"), busy(mi(), "1790000000000")];
    let folded = fold_findings(record.into_iter().flat_map(Call::findings));
    assert_eq!((folded.len(), folded[0].count), (1, 2));
}

#[test]
fn every_body_that_the_contract_documents_is_named_with_its_call_and_status() {
    let statuses = |operation| -> Vec<Option<u16>> {
        let own = documented_bodies().filter(|body| body.operation == operation);
        own.map(|body| body.status).collect()
    };
    assert!(statuses(Operation::ListLetters).contains(&Some(200)));
    assert!(statuses(Operation::ListLetters).iter().all(Option::is_some), "it has no request body");
    assert_eq!(statuses(Operation::UpdateLetters).first(), Some(&None));
    assert_eq!(statuses(Operation::Unknown), []);
}
