//! Broken requests that were taken or refused in another way than documented, and what the sandbox
//! is excused for.

use letterproof_model::{Actor, FindingKind};

use crate::calls::{MI, bulk, listed, mi, one, patched};
use crate::support::{Call, VND, check, int, list, names, notify_error, sandbox};

#[test]
fn a_broken_request_that_is_taken_is_a_violation_unless_it_is_known() {
    let probe = |call: Call| names(&check(&call.by(Actor::Harness).build(), &int()));
    let sent = |json: &str| Call::new("PATCH", "/letters/L1").sends(json).answers(202);
    for (call, expected) in [
        (patched("ACCEPTED").without("Authorization"), "violation F-PATCH-ACCEPTED-NO-BEARER"),
        (sent("{"), "violation F-PATCH-ACCEPTED-NOT-JSON"),
        (sent(""), "violation F-PATCH-ACCEPTED-NO-BODY"),
        (sent(r#"{"data":{}}"#), "violation F-PATCH-ACCEPTED-INVALID"),
        (patched("LOST"), "violation F-PATCH-ACCEPTED-INVALID"),
        (bulk(&["a", "b", "a"]), "violation F-BULK-ACCEPTED-DUPLICATE-IDS"),
        (patched("PENDING"), "deviation F-ANY-PENDING-TAKEN"),
        (bulk(&[]), "deviation F-BULK-EMPTY-TAKEN"),
        (
            patched("ACCEPTED").header("Content-Type", "text/plain"),
            "deviation F-ANY-MEDIA-TYPE-TAKEN",
        ),
        (
            patched("ACCEPTED").header("Content-Type", "application/vnd.api+json; charset=utf-16"),
            "deviation F-ANY-CHARSET-TAKEN",
        ),
        (
            sent(r#"{"data":{"type":"Letter","id":"L2","attributes":{"status":"ACCEPTED"}}}"#),
            "violation F-PATCH-ACCEPTED-ID-MISMATCH",
        ),
        (
            sent(
                r#"{"data":{"type":"Letter","id":"L1","attributes":{"status":"RETURNED","reasonCode":"R99","reasonText":"x"}}}"#,
            ),
            "deviation F-ANY-RETURNED-REASON-TAKEN",
        ),
        (mi().sends(&MI.replace(".413Z", "+01:00")), "violation F-MI-CREATE-ACCEPTED-TIMESTAMP"),
        (
            mi().sends(&MI.replace("2026-11-17T14", "2026-02-31T14")),
            "violation F-MI-CREATE-ACCEPTED-INVALID",
        ),
    ] {
        let findings = probe(call);
        assert_eq!(findings, [expected]);
    }
    let ids: Vec<String> = (0..2_501).map(|n| n.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    assert_eq!(probe(bulk(&ids)), ["violation F-BULK-ACCEPTED-TOO-MANY"]);
    assert_eq!(probe(bulk(&ids[..2_500])), Vec::<String>::new());
}

#[test]
fn taking_what_the_deployed_api_refuses_but_the_schemas_allow_is_noted() {
    let wide =
        r#"{"data":{"type":"Letter","id":"L1","attributes":{"status":"ACCEPTED","colour":"red"}}}"#;
    let call = Call::new("PATCH", "/letters/L1").sends(wide).answers(202).by(Actor::Harness);
    assert_eq!(names(&call.findings()), ["note F-PATCH-ACCEPTED-UNKNOWN-PROPERTY"]);
    let call = Call::new("GET", "/letters?limit=5&page=1").with(&list(0)).by(Actor::Harness);
    assert_eq!(names(&call.findings()), ["note F-LIST-ACCEPTED-UNKNOWN-PARAMETER"]);
}

#[test]
fn a_limit_outside_its_bounds_must_be_refused_and_known_readings_are_deviations() {
    let with_limit = |limit: &str, context: &letterproof_model::Context| {
        let call = Call::new("GET", &format!("/letters?limit={limit}")).with(&list(0));
        names(&check(&call.by(Actor::Harness).build(), context))
    };
    for limit in ["0", "-1", "2501", "abc", "%20", "0x", "Infinity", "1e9"] {
        assert_eq!(with_limit(limit, &int()), ["violation F-LIST-ACCEPTED-LIMIT"], "{limit}");
    }
    for limit in ["1.5", "0.5", "0x10", "1e1", ""] {
        assert_eq!(with_limit(limit, &int()), ["deviation F-LIST-LIMIT-AS-NUMBER"], "{limit}");
    }
    assert_eq!(with_limit("0", &sandbox()), ["deviation F-SANDBOX-LIMIT"]);
    assert_eq!(with_limit("-1", &sandbox()), ["violation F-LIST-ACCEPTED-LIMIT"]);
    assert_eq!(with_limit("2500", &int()), Vec::<String>::new());
}

#[test]
fn a_refusal_in_another_way_than_documented_is_seen() {
    let probe = |call: Call| names(&check(&call.by(Actor::Harness).build(), &int()));
    let refused = |call: Call, status, code| call.answers(status).with(&notify_error(status, code));
    let no_id = || listed(0).without("X-Request-ID").answer_without("X-Request-ID");
    assert_eq!(
        probe(refused(no_id(), 500, "NOTIFY_INTERNAL_SERVER_ERROR")),
        ["deviation F-ANY-NO-REQUEST-ID-500"],
    );
    assert_eq!(probe(no_id()), ["violation F-LIST-REFUSAL-NO-REQUEST-ID"]);
    assert_eq!(probe(refused(no_id(), 400, "NOTIFY_INVALID_REQUEST")), Vec::<String>::new());
    let plain = || patched("ACCEPTED").header("Content-Type", "text/plain");
    assert_eq!(
        probe(refused(plain(), 400, "NOTIFY_INVALID_REQUEST")),
        ["violation F-PATCH-REFUSAL-MEDIA-TYPE"],
    );
    let utf16 = || patched("ACCEPTED").header("Content-Type", "application/json; charset=utf-16");
    assert_eq!(probe(utf16().answers(415)), ["violation F-PATCH-REFUSAL-CHARSET"]);
    assert_eq!(probe(utf16().answers(406)), Vec::<String>::new());
    let json = patched("ACCEPTED").header("Content-Type", "application/json");
    assert_eq!(probe(json.clone().answers(415)), ["violation F-PATCH-REFUSAL-MEDIA-TYPE-KNOWN"],);
    assert_eq!(names(&json.answers(415).sandbox_findings()), ["deviation F-SANDBOX-JSON-REFUSED"]);
}

#[test]
fn the_sandbox_is_excused_for_what_is_known_of_it_and_nothing_else() {
    let not_found = || notify_error(404, "NOTIFY_RESOURCE_NOT_FOUND");
    let validator = r#"{"message":"m","errors":[{"path":".body","message":"m","errorCode":"e"}]}"#;
    let sandbox_names = |call: Call| names(&call.by(Actor::Harness).sandbox_findings());
    for (call, expected) in [
        (mi().answers(200), "deviation F-SANDBOX-MI-200"),
        (one("L1", "L1").answers(404).with(&not_found()), "deviation F-SANDBOX-NOT-FOUND-CODE"),
        (bulk(&["a"]).answers(404), "deviation F-SANDBOX-STATUS"),
        (one("L1", "L1").answers(400), "deviation F-SANDBOX-STATUS"),
        (bulk(&["a"]).answers(413), "deviation F-SANDBOX-BULK-413"),
        (listed(0).answers(400).with(validator), "deviation F-SANDBOX-VALIDATOR-BODY"),
        (
            listed(0).answers(400).with(r#"{"message":"m","errors":""}"#),
            "deviation F-SANDBOX-VALIDATOR-BODY",
        ),
        (
            patched("ACCEPTED").sends(
                r#"{"data":{"type":"Letter","id":"L2","attributes":{"status":"ACCEPTED"}}}"#,
            ),
            "deviation F-SANDBOX-PATH-ID",
        ),
        (bulk(&["a", "a"]), "deviation F-SANDBOX-EXAMPLES"),
        (
            listed(0).header("X-Request-ID", "").answer_without("X-Request-ID"),
            "deviation F-SANDBOX-EMPTY-REQUEST-ID",
        ),
        (
            patched("ACCEPTED")
                .header("Content-Type", "application/json; charset=utf-16")
                .answers(400)
                .with(&notify_error(400, "NOTIFY_INVALID_REQUEST")),
            "deviation F-SANDBOX-CHARSET-REFUSAL",
        ),
    ] {
        assert_eq!(sandbox_names(call.clone().answer_header("Content-Type", VND)), [expected]);
        let elsewhere = check(&call.by(Actor::Harness).build(), &int());
        assert!(
            elsewhere.iter().any(|finding| finding.kind == FindingKind::Violation),
            "{expected} must not excuse INT: {elsewhere:?}",
        );
    }
    for (call, expected) in [
        (listed(0).answers(404), "violation F-LIST-STATUS-404"),
        (
            listed(0).answers(400).with(r#"{"message":"m","errors":7}"#),
            "violation F-LIST-SCHEMA-TYPE-ERRORS",
        ),
        (listed(0).with(&list(3).replace("L2", "L0")), "violation F-LIST-CONTENT-TWICE"),
    ] {
        assert!(sandbox_names(call).contains(&expected.to_owned()), "{expected}");
    }
}

#[test]
fn every_known_deviation_is_listed_with_its_source() {
    let rows = letterproof_contract::deviations();
    let lines: Vec<String> = rows
        .iter()
        .map(|row| {
            for text in [row.id, row.title, row.specification, row.deployed, row.source] {
                assert!(!text.is_empty(), "{row:?}");
            }
            format!(
                "{} [{:?}] {}\n  specified: {}\n  deployed: {}\n  source: {}",
                row.id, row.target, row.title, row.specification, row.deployed, row.source,
            )
        })
        .collect();
    let ids: std::collections::BTreeSet<&str> = rows.iter().map(|row| row.id).collect();
    assert_eq!(ids.len(), rows.len(), "each id once");
    insta::assert_snapshot!(lines.join("\n"));
}
