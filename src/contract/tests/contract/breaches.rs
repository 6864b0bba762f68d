//! Broken answers made by hand: each check turns red on its own, and only then.

use letterproof_model::{Actor, Body, Content};

use crate::calls::{HASHED, MI_KEPT, bulk, data, download, listed, mi, one, patched, token, whole};
use crate::support::{
    BASE, CORRELATION, Call, GUID, VND, check, handlers, int, letter, list, names, notify_error,
};

#[track_caller]
fn expect(call: Call, expected: &[&str]) {
    assert_eq!(names(&call.findings()), expected);
}

#[test]
fn answers_as_documented_raise_nothing() {
    for call in [
        Call::new("GET", "/_status").with(r#"{"code":200}"#),
        Call::new("GET", "/_status").without("X-Request-ID").without("Authorization"),
        listed(10),
        listed(0),
        Call::new("GET", "/letters").with(&list(2_500)),
        one("L1", "L1"),
        patched("ACCEPTED"),
        patched("RETURNED"),
        bulk(&["a", "b"]),
        data(),
        mi(),
        Call::new("GET", "/mi/M1").with(MI_KEPT),
        token(),
        download(whole()).answer_header("Content-Length", "100"),
        one("L1", "L1").answers(404).with(&notify_error(404, "NOTIFY_NOT_FOUND")),
        listed(0).answers(429).with(r#"{"message":"m","limit":300,"interval":1}"#),
        listed(0).answers(502).with(r#"{"message":"m"}"#),
        listed(0).answers(401).with_body(Body::Text { text: "<html>".into() }),
        patched("ACCEPTED")
            .answers(415)
            .sends_body(Body::Text { text: "x".into() })
            .header("Content-Type", "text/plain")
            .by(Actor::Harness),
    ] {
        let exchange = call.clone().build();
        let headline = exchange.headline();
        assert_eq!(names(&check(&exchange, &int())), Vec::<String>::new(), "{headline}");
    }
}

#[test]
fn a_status_that_is_not_documented_is_a_violation() {
    expect(listed(0).answers(418), &["violation F-LIST-STATUS-418"]);
    expect(listed(0).answers(503), &["violation F-LIST-STATUS-503"]);
    expect(mi().answers(200), &["violation F-MI-CREATE-STATUS-200"]);
    expect(one("L1", "L1").answers(400), &["violation F-LETTER-STATUS-400"]);
    expect(bulk(&["a"]).answers(413), &["violation F-BULK-STATUS-413"]);
    expect(token().answers(500), &["violation F-TOKEN-STATUS-500"]);
    expect(token().answers(502), &[]);
    expect(patched("ACCEPTED").answers(204), &["violation F-PATCH-STATUS-204"]);
}

#[test]
fn a_media_type_that_is_neither_is_a_violation() {
    expect(listed(1).answer_header("Content-Type", "text/html"), &["violation F-LIST-MEDIA-TYPE"]);
    expect(listed(1).answer_without("Content-Type"), &["violation F-LIST-MEDIA-TYPE-MISSING"]);
    expect(
        listed(1).answer_header("Content-Type", "application/vnd.api+json; charset=iso-8859-1"),
        &["violation F-LIST-MEDIA-TYPE-CHARSET"],
    );
    expect(
        listed(1).answer_header("Content-Type", "application/json; charset=iso-8859-1"),
        &["violation F-LIST-MEDIA-TYPE"],
    );
    expect(
        listed(1).answer_header("Content-Type", "application/json; charset=utf-8"),
        &["deviation F-ANY-MEDIA-TYPE-JSON"],
    );
}

#[test]
fn an_id_that_comes_back_changed_is_a_violation_and_an_absent_one_a_deviation() {
    expect(listed(0).answer_header("X-Request-ID", "x"), &["violation F-LIST-REQUEST-ID-CHANGED"]);
    expect(
        listed(0).answer_header("X-Correlation-ID", "x"),
        &["violation F-LIST-CORRELATION-ID-CHANGED"],
    );
    expect(
        listed(0).answer_header("X-Correlation-ID", &format!("{CORRELATION}.rrt-1")),
        &["note F-LIST-CORRELATION-ID-SUFFIX"],
    );
    expect(listed(0).answer_without("X-Request-ID"), &["deviation F-ANY-REQUEST-ID-ABSENT"]);
    let silent = listed(0).without("X-Correlation-ID").answer_without("X-Correlation-ID");
    expect(silent.clone(), &["deviation F-ANY-CORRELATION-ID-ABSENT"]);
    assert_eq!(names(&silent.sandbox_findings()), ["deviation F-SANDBOX-CORRELATION-ID"]);
    assert_eq!(
        names(&listed(0).answer_without("X-Request-ID").sandbox_findings()),
        ["violation F-LIST-REQUEST-ID-ABSENT"],
    );
    // Errors document no such headers, but a wrong one is wrong anywhere.
    let refused = listed(0).answers(400).with(&notify_error(400, "NOTIFY_INVALID_REQUEST"));
    expect(refused.clone().answer_without("X-Request-ID"), &[]);
    expect(refused.answer_header("X-Request-ID", "x"), &["violation F-LIST-REQUEST-ID-CHANGED"]);
}

#[test]
fn a_body_that_is_missing_superfluous_or_not_json_is_a_violation() {
    expect(listed(0).with_body(Body::None), &["violation F-LIST-BODY-MISSING"]);
    expect(patched("ACCEPTED").with("{}"), &["violation F-PATCH-BODY-UNEXPECTED"]);
    expect(
        listed(0).with_body(Body::Text { text: r#"{"data":["#.into() }),
        &["violation F-LIST-BODY-NOT-JSON"],
    );
    expect(listed(0).with_body(Body::Opaque(whole())), &["violation F-LIST-BODY-NOT-JSON"]);
    expect(
        Call::new("GET", "/_status")
            .with_body(Body::Text { text: "ok".into() })
            .answer_header("Content-Type", VND),
        &["violation F-STATUS-BODY-NOT-JSON"],
    );
    expect(
        listed(0).answers(502).with_body(Body::Text { text: "<html>".into() }),
        &["violation F-LIST-BODY-NOT-JSON"],
    );
}

#[test]
fn a_body_against_its_schema_names_the_place_and_the_rule() {
    let breach = |from: &str, to: &str| listed(0).with(&list(2).replacen(from, to, 1));
    for (from, to, id) in [
        (r#""data""#, r#""letters""#, "REQUIRED-DATA"),
        (r#""id":"L0","#, "", "REQUIRED-DATA-ID"),
        (r#""type":"Letter","#, "", "REQUIRED-DATA-TYPE"),
        (r#""type":"Letter""#, r#""type":"letter""#, "ENUM-DATA-TYPE"),
        (r#""status":"PENDING","#, "", "REQUIRED-DATA-ATTRIBUTES-STATUS"),
        (r#""PENDING""#, r#""LOST""#, "ENUM-DATA-ATTRIBUTES-STATUS"),
        (r#""id":"L0""#, r#""id":7"#, "TYPE-DATA-ID"),
        (r#""specificationId""#, r#""specification""#, "REQUIRED-DATA-ATTRIBUTES-SPECIFICATIONID"),
        (r#""groupId":"group-english""#, r#""groupId":null"#, "TYPE-DATA-ATTRIBUTES-GROUPID"),
    ] {
        let findings = names(&breach(from, to).findings());
        let id = format!("violation F-LIST-SCHEMA-{id}");
        assert!(findings.contains(&id), "{from} → {to}: {findings:?}");
        let others = findings.iter().filter(|name| name.contains("SCHEMA")).count();
        assert_eq!(others, 1, "{from} → {to}: {findings:?}");
    }
    expect(listed(0).with(r#"{"data":{}}"#), &["violation F-LIST-SCHEMA-TYPE-DATA"]);
    expect(listed(0).with("[]"), &["violation F-LIST-SCHEMA-TYPE"]);
    expect(
        mi().with(&MI_KEPT.replace("22", r#""22""#)),
        &["violation F-MI-CREATE-SCHEMA-TYPE-DATA-ATTRIBUTES-QUANTITY"],
    );
    expect(
        mi().with(&MI_KEPT.replace("2026-11-17T14", "2026-02-31T14")),
        &["violation F-MI-CREATE-SCHEMA-FORMAT-DATA-ATTRIBUTES-TIMESTAMP"],
    );
}

#[test]
fn one_flaw_in_every_letter_is_one_finding_with_a_number() {
    let body = list(500).replace(r#""type":"Letter","#, "");
    let findings = Call::new("GET", "/letters").with(&body).findings();
    assert_eq!(names(&findings), ["violation F-LIST-SCHEMA-REQUIRED-DATA-TYPE"]);
    assert_eq!(findings[0].observed, "absent at /data/0, and 499 more");
    assert_eq!(findings[0].source, "OAS listLetters 200; schemas/supplier/letter-list.json");
}

#[test]
fn an_unknown_property_is_drift_wherever_it_stands() {
    let wide = list(3)
        .replace(r#""groupId""#, r#""colour":"red","groupId""#)
        .replace(r#"{"data""#, r#"{"links":{},"data""#);
    let findings = listed(0).with(&wide).findings();
    assert_eq!(
        names(&findings),
        ["drift F-LIST-UNKNOWN-DATA-ATTRIBUTES-COLOUR", "drift F-LIST-UNKNOWN-LINKS"],
    );
    assert_eq!(
        findings[0].observed,
        "`data[].attributes.colour`, first at /data/0/attributes, and 2 more",
    );
    expect(Call::new("GET", "/_status").with(r#"{"status":"pass","checks":{}}"#), &[]);
}

#[test]
fn a_flood_of_unknown_properties_stays_a_handful_of_findings() {
    let letters: Vec<String> = (0..200)
        .map(|n| letter(&format!("L{n}"), "PENDING").replace("groupId", &format!("p{n}")))
        .collect();
    let body = format!(r#"{{"data":[{}]}}"#, letters.join(","));
    let findings = Call::new("GET", "/letters").with(&body).findings();
    assert_eq!(findings.len(), 20);
}

#[test]
fn a_list_holds_what_was_asked_for_each_letter_once_and_only_pending() {
    expect(listed(11), &["violation F-LIST-CONTENT-OVER-LIMIT"]);
    expect(
        Call::new("GET", "/letters").with(&list(2_501)),
        &["violation F-LIST-CONTENT-OVER-LIMIT"],
    );
    expect(listed(0).with(&list(3).replace("L2", "L0")), &["violation F-LIST-CONTENT-TWICE"]);
    expect(
        listed(0).with(&list(3).replacen("PENDING", "ACCEPTED", 1)),
        &["violation F-LIST-CONTENT-NOT-PENDING"],
    );
    expect(listed(0).with(&list(1).replace("e2a6", "zzzz")), &["violation F-LIST-HASH"]);
}

#[test]
fn another_resource_than_asked_for_is_a_violation() {
    expect(one("L1", "L2"), &["violation F-LETTER-IDENTITY"]);
    expect(one("L%31", "L1"), &[]);
    expect(Call::new("GET", "/mi/M2").with(MI_KEPT), &["violation F-MI-IDENTITY"]);
    let short = letter("L1", "PRINTED").replace("e2a6", "e2a");
    expect(
        Call::new("GET", "/letters/L1").with(&format!(r#"{{"data":{short}}}"#)),
        &["violation F-LETTER-HASH"],
    );
}

#[test]
fn an_error_must_agree_with_its_own_status() {
    let refused = |status, body: &str| listed(0).answers(status).with(body);
    expect(
        refused(400, &notify_error(404, "NOTIFY_INVALID_REQUEST")),
        &["violation F-LIST-ERRORS-STATUS"],
    );
    expect(refused(400, &notify_error(400, "NOTIFY_NOT_FOUND")), &["violation F-LIST-ERRORS-CODE"]);
    expect(
        refused(400, &notify_error(400, "NOTIFY_OTHER")),
        &["violation F-LIST-SCHEMA-ENUM-ERRORS-CODE"],
    );
    expect(
        refused(500, r#"{"errors":[{"title":"t"}]}"#),
        &["violation F-LIST-SCHEMA-REQUIRED-ERRORS-CODE"],
    );
    expect(
        refused(500, r#"{"message":"oops"}"#),
        &["drift F-LIST-UNKNOWN-MESSAGE", "violation F-LIST-SCHEMA-REQUIRED-ERRORS"],
    );
}

#[test]
fn a_redirect_must_say_where_to() {
    expect(data().answer_without("Location"), &["violation F-DATA-LOCATION-MISSING"]);
    for odd in ["/l.pdf", "ftp://storage.example/l.pdf", "data:application/pdf;base64,AA=="] {
        expect(data().answer_header("Location", odd), &["violation F-DATA-LOCATION-FORM"]);
    }
}

#[test]
fn a_location_that_is_wrong_is_never_quoted() {
    let odd = data().answer_header("Location", "/l.pdf?X-Amz-Signature=canary");
    let findings = odd.findings();
    assert!(!format!("{findings:?}").contains("canary"), "{findings:?}");
}

#[test]
fn a_download_must_be_as_long_as_announced_and_a_damaged_one_is_noted() {
    let cut = download(whole()).answer_header("Content-Length", "200");
    expect(cut, &["violation F-DOWNLOAD-CONTENT-LENGTH"]);
    let damaged = Content { pages: None, problem: Some("damaged".into()), ..whole() };
    expect(download(damaged), &["note F-DOWNLOAD-CONTENT-PROBLEM"]);
    let repaired = Content { repaired: Some("it declares 3 pages".into()), ..whole() };
    expect(download(repaired), &["note F-DOWNLOAD-CONTENT-REPAIRED"]);
    let other = HASHED.replace('0', "1");
    expect(
        download(whole()).answer_header("x-amz-meta-sha256hash", &other),
        &["violation F-DOWNLOAD-CONTENT-HASH"],
    );
    expect(download(whole()).answer_header("x-amz-meta-sha256hash", HASHED), &[]);
    // A missing or expired download is the storage's answer, not the API's contract.
    let missing = Content { pages: None, problem: Some("NoSuchKey".into()), ..whole() };
    expect(download(missing).answers(404), &[]);
}

#[test]
fn a_token_answer_is_checked_and_never_quoted() {
    let odd = |body: &str| token().with(body).answer_header("Content-Type", "application/json");
    expect(
        odd(r#"{"access_token":"canary","token_type":"Bearer"}"#),
        &["violation F-TOKEN-SCHEMA-REQUIRED-EXPIRES-IN"],
    );
    for body in [
        r#"{"access_token":["canary"],"expires_in":"599","token_type":"Bearer"}"#,
        r#"{"access_token":"a","expires_in":"canary","token_type":"Bearer"}"#,
        r#"{"access_token":"a","expires_in":"599","token_type":"canary"}"#,
        r#""canary""#,
    ] {
        let findings = odd(body).findings();
        assert_eq!(findings.len(), 1, "{body}: {findings:?}");
        assert!(!format!("{findings:?}").contains("canary"), "{findings:?}");
    }
    let refused = odd(r#"{"error":"invalid_request","error_description":"d","message_id":"m"}"#);
    expect(refused.answers(401), &[]);
    expect(
        odd(r#"{"message":"no"}"#).answers(401),
        &["drift F-TOKEN-UNKNOWN-MESSAGE", "violation F-TOKEN-SCHEMA-REQUIRED-ERROR"],
    );
    expect(
        token()
            .with_body(Body::Text { text: "canary".into() })
            .answer_header("Content-Type", "application/json"),
        &["violation F-TOKEN-BODY-NOT-JSON"],
    );
}

#[test]
fn calls_outside_the_api_are_noted_and_a_known_refusal_is_a_deviation() {
    let probe = |status| {
        let call = Call::new("DELETE", "/letters/L1").answers(status).by(Actor::Harness);
        names(&call.findings())
    };
    assert_eq!(probe(404), Vec::<String>::new());
    assert_eq!(probe(403), ["deviation F-OTHER-ROUTE-403"]);
    assert_eq!(probe(204), ["note F-OTHER-STATUS-204"]);
    assert_eq!(probe(500), ["violation F-OTHER-STATUS-500"]);
}

#[test]
fn an_unknown_supplier_is_a_deviation() {
    expect(listed(0).answers(403).with(r#"{"Message":"m"}"#), &["deviation F-ANY-FORBIDDEN-403"]);
}

#[test]
fn a_deviation_says_what_is_specified_and_what_was_seen() {
    let findings = listed(1).answer_header("Content-Type", "application/json").findings();
    let finding = &findings[0];
    assert_eq!(finding.expected, "bodies are application/vnd.api+json (application/vnd.api+json)");
    assert_eq!(finding.observed, "application/json");
    assert_eq!(finding.source, "OAS listLetters 200; public handlers of the API, run and recorded",);
}

#[test]
fn the_same_exchange_always_gives_the_same_findings() {
    let exchange = listed(11).answer_header("X-Request-ID", "x").answers(418).build();
    assert_eq!(check(&exchange, &int()), check(&exchange, &int()));
    assert_eq!(check(&exchange, &int())[0].exchanges[0].as_str(), "ex-000001");
}

#[test]
fn a_call_of_the_capture_without_credentials_is_fine_where_the_gateway_is_absent() {
    let exchange = listed(0).without("Authorization").build();
    assert_eq!(names(&check(&exchange, &handlers())), Vec::<String>::new());
    assert!(
        exchange.request.url.starts_with(BASE)
            && exchange.request.header("x-request-id") == Some(GUID)
    );
}
