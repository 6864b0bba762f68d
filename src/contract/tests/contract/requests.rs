//! A supplier's wrong requests: each rule of the caller's side turns red on its own.

use letterproof_model::{Actor, Body, Outcome, TransportError, TransportErrorKind};

use crate::calls::MI;
use crate::support::{BASE, Call, check, int, list, names, notify_error};

const UPDATE: &str = r#"{"data":{"type":"Letter","id":"L1","attributes":{"status":"ACCEPTED"}}}"#;

/// A wrong request that the API refuses as documented, so that only the supplier is at fault.
fn refused(call: Call) -> Vec<String> {
    names(&call.answers(400).with(&notify_error(400, "NOTIFY_INVALID_REQUEST")).findings())
}

fn get() -> Call {
    Call::new("GET", "/letters")
}

fn patch(json: &str) -> Call {
    Call::new("PATCH", "/letters/L1").sends(json)
}

fn bulk(items: &str) -> Call {
    Call::new("POST", "/letters").sends(&format!(r#"{{"data":[{items}]}}"#))
}

#[track_caller]
fn expect(call: Call, rule: &str) {
    assert_eq!(refused(call), [format!("violation F-SUPPLIER-{rule}")]);
}

#[test]
fn a_call_needs_a_guid_a_bearer_and_no_query_of_its_own() {
    expect(get().without("X-Request-ID"), "LIST-REQUEST-REQUEST-ID-MISSING");
    expect(get().header("X-Request-ID", " "), "LIST-REQUEST-REQUEST-ID-MISSING");
    expect(
        get().header("X-Request-ID", "7").answer_header("X-Request-ID", "7"),
        "LIST-REQUEST-REQUEST-ID-FORM",
    );
    expect(get().without("Authorization"), "LIST-REQUEST-AUTHORIZATION");
    expect(Call::new("GET", "/letters?page=1"), "LIST-REQUEST-PARAMETER");
    expect(Call::new("GET", "/letters?limit=5&status=PENDING"), "LIST-REQUEST-PARAMETER");
    for query in ["limit=0", "limit=2501", "limit=abc", "limit=", "limit=5&limit=7", "limit=1.5"] {
        expect(Call::new("GET", &format!("/letters?{query}")), "LIST-REQUEST-LIMIT");
    }
    let with_stop =
        get().header("X-Correlation-ID", "a.b").answer_header("X-Correlation-ID", "a.b");
    assert_eq!(refused(with_stop), ["note F-SUPPLIER-LIST-REQUEST-CORRELATION-ID-STOP"]);
}

#[test]
fn a_call_the_api_does_not_have_is_the_suppliers() {
    let findings = Call::new("DELETE", "/letters/L1").answers(404).findings();
    assert_eq!(names(&findings), ["violation F-SUPPLIER-OTHER-REQUEST-UNKNOWN-CALL"]);
}

#[test]
fn a_body_must_be_a_document_of_a_documented_media_type() {
    let plain = patch(UPDATE).header("Content-Type", "text/plain").answers(415);
    assert_eq!(names(&plain.findings()), ["violation F-SUPPLIER-PATCH-REQUEST-MEDIA-TYPE"],);
    expect(patch(UPDATE).without("Content-Type"), "PATCH-REQUEST-MEDIA-TYPE");
    expect(patch(""), "PATCH-REQUEST-NOT-JSON");
    expect(patch("{"), "PATCH-REQUEST-NOT-JSON");
    expect(
        patch(&UPDATE.replace("ACCEPTED", "LOST")),
        "PATCH-REQUEST-SCHEMA-ENUM-DATA-ATTRIBUTES-STATUS",
    );
    expect(
        patch(&UPDATE.replace(r#""type":"Letter","#, "")),
        "PATCH-REQUEST-SCHEMA-REQUIRED-DATA-TYPE",
    );
    expect(
        patch(&UPDATE.replace(r#""status""#, r#""colour":"red","status""#)),
        "PATCH-REQUEST-UNKNOWN-DATA-ATTRIBUTES-COLOUR",
    );
}

#[test]
fn an_update_keeps_the_rules_no_schema_states() {
    let item = |id: &str, status: &str, more: &str| {
        format!(r#"{{"type":"Letter","id":"{id}","attributes":{{"status":"{status}"{more}}}}}"#)
    };
    expect(patch(&UPDATE.replace("L1", "L2")), "PATCH-REQUEST-ID-MISMATCH");
    expect(patch(&UPDATE.replace("ACCEPTED", "PENDING")), "PATCH-REQUEST-PENDING");
    expect(patch(&UPDATE.replace("ACCEPTED", "RETURNED")), "PATCH-REQUEST-RETURNED-REASON");
    expect(bulk(""), "BULK-REQUEST-EMPTY");
    let twice = [item("a", "ACCEPTED", ""), item("a", "PRINTED", "")].join(",");
    expect(bulk(&twice), "BULK-REQUEST-DUPLICATE-IDS");
    for reason in [
        r#","reasonCode":"R01""#,
        r#","reasonText":"Deceased""#,
        r#","reasonCode":"R11","reasonText":"x""#,
        r#","reasonCode":"R09","reasonText":" ""#,
    ] {
        expect(bulk(&item("a", "RETURNED", reason)), "BULK-REQUEST-RETURNED-REASON");
    }
    let many: Vec<String> = (0..2_501).map(|n| item(&n.to_string(), "ACCEPTED", "")).collect();
    expect(bulk(&many.join(",")), "BULK-REQUEST-TOO-MANY");
    let fine = bulk(&item("a", "RETURNED", r#","reasonCode":"R09","reasonText":"Deceased""#));
    assert_eq!(names(&fine.answers(202).findings()), Vec::<String>::new());
}

#[test]
fn a_record_needs_its_time_in_utc() {
    let mi = r#"{"data":{"type":"ManagementInformation","attributes":{"lineItem":"e","timestamp":"TIME","quantity":1}}}"#;
    let call = |time: &str| Call::new("POST", "/mi").sends(&mi.replace("TIME", time));
    expect(call("2026-11-17T14:00:00+01:00"), "MI-CREATE-REQUEST-TIMESTAMP");
    // Both are UTC: that the deployed API takes only the first is its own deviation.
    for utc in ["2026-11-17T14:00:00Z", "2026-11-17T14:00:00+00:00"] {
        let found = call(utc).findings();
        assert!(found.iter().all(|one| !one.id.contains("TIMESTAMP")), "{found:?}");
    }
    expect(
        call("2026-02-31T14:00:00Z"),
        "MI-CREATE-REQUEST-SCHEMA-FORMAT-DATA-ATTRIBUTES-TIMESTAMP",
    );
}

#[test]
fn a_time_in_utc_that_is_refused_is_a_deviation_of_the_api() {
    let refused = |body: &str| {
        let call = Call::new("POST", "/mi").sends(body).answers(400);
        names(&call.with(&notify_error(400, "NOTIFY_INVALID_REQUEST")).findings())
    };
    let offset = MI.replace(".413Z", "+00:00");
    assert_eq!(refused(&offset), ["deviation F-MI-UTC-OFFSET-REFUSED"]);
    // Refused for another reason, or with a time that the API takes: nothing is known of it.
    assert_eq!(refused(MI), Vec::<String>::new());
    for other in [offset.replace("+00:00", "+01:00"), offset.replace("quantity", "amount")] {
        let found = refused(&other);
        assert!(found.iter().all(|name| name.contains("SUPPLIER")), "{found:?}");
    }
}

#[test]
fn a_token_request_names_its_grant_and_its_values_are_never_shown() {
    let token = |fields: &[(&str, &str)]| {
        let fields = fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let call = Call::new("POST", "https://int.example/oauth2/token")
            .sends_body(Body::Form { fields })
            .answers(400)
            .with(r#"{"error":"invalid_request"}"#)
            .answer_header("Content-Type", "application/json");
        let findings = call.findings();
        assert!(!format!("{findings:?}").contains("canary"), "{findings:?}");
        names(&findings)
    };
    let kind = ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    let grant = ("grant_type", "client_credentials");
    let assertion = ("client_assertion", "canary");
    assert_eq!(token(&[grant, kind, assertion]), Vec::<String>::new());
    assert_eq!(
        token(&[("grant_type", "canary"), kind, assertion]),
        ["violation F-SUPPLIER-TOKEN-REQUEST-TOKEN-GRANT-TYPE"],
    );
    assert_eq!(
        token(&[grant, assertion]),
        ["violation F-SUPPLIER-TOKEN-REQUEST-TOKEN-CLIENT-ASSERTION-TYPE"],
    );
    assert_eq!(
        token(&[grant, kind]),
        ["violation F-SUPPLIER-TOKEN-REQUEST-TOKEN-CLIENT-ASSERTION"],
    );
}

#[test]
fn a_bearer_token_has_no_business_at_the_storage() {
    let download = |url: &str| names(&Call::new("GET", url).findings());
    assert_eq!(
        download("https://storage.example/l.pdf"),
        ["violation F-SUPPLIER-DOWNLOAD-REQUEST-DOWNLOAD-BEARER"],
    );
    assert_eq!(download(&format!("{BASE}/storage/l.pdf")), Vec::<String>::new());
}

#[test]
fn the_harness_may_send_what_it_likes() {
    let probe = patch("{").without("X-Request-ID").by(Actor::Harness);
    let answer = probe.answers(400).with(&notify_error(400, "NOTIFY_INVALID_REQUEST"));
    assert_eq!(names(&answer.findings()), Vec::<String>::new());
}

#[test]
fn a_request_is_checked_although_no_answer_came() {
    let mut exchange = get().without("Authorization").with(&list(0)).build();
    exchange.outcome = Outcome::Error(TransportError {
        kind: TransportErrorKind::Timeout,
        message: "no answer in 30 s".into(),
        after_us: 30_000_000,
        status: None,
        received: 0,
    });
    assert_eq!(
        names(&check(&exchange, &int())),
        ["violation F-SUPPLIER-LIST-REQUEST-AUTHORIZATION"]
    );
}

#[test]
fn a_long_value_is_not_quoted_whole() {
    let long = "x".repeat(10_000);
    let findings = get().header("X-Request-ID", &long).answers(401).findings();
    assert!(findings.iter().all(|finding| finding.observed.chars().count() < 200), "{findings:?}");
    assert!(!findings.is_empty());
}
