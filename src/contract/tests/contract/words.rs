//! What a finding tells its reader, to the letter: what was expected, what was seen, and whose rule
//! it was.

use letterproof_contract::{Contract, Document};
use letterproof_model::{Actor, Body, Finding};
use serde_json::json;

use crate::calls::{bulk, listed, mi, one, patched, token};
use crate::support::{Call, HASH, check, int, list, names};

/// The one finding of a call.
#[track_caller]
fn only(call: Call) -> Finding {
    let mut findings = call.findings();
    assert_eq!(findings.len(), 1, "{findings:?}");
    findings.remove(0)
}

#[track_caller]
fn says(call: Call, expected: &str, observed: &str) {
    let finding = only(call);
    assert_eq!((finding.expected.as_str(), finding.observed.as_str()), (expected, observed));
}

#[test]
fn a_breach_of_a_schema_names_the_rule_the_value_and_the_place() {
    let breach = |from: &str, to: &str| listed(0).with(&list(2).replacen(from, to, 1));
    says(
        breach(r#""id":"L0""#, r#""id":7"#),
        "the value is not of type \"string\"",
        "7 at /data/0/id",
    );
    says(
        breach(r#""id":"L0""#, r#""id":{"a":1,"b":2}"#),
        "the value is not of type \"string\"",
        "an object with 2 properties at /data/0/id",
    );
    says(
        breach(r#""group-english""#, r#"["a"]"#),
        "the value is not of type \"string\"",
        "an array of 1 at /data/0/attributes/groupId",
    );
    says(
        breach(r#""type":"Letter""#, r#""type":"letter""#),
        "the value is not one of \"Letter\"",
        "\"letter\" at /data/0/type",
    );
    says(breach(r#""type":"Letter","#, ""), "\"type\" is a required property", "absent at /data/0");
    says(listed(0).with("[]"), "the value is not of type \"object\"", "an array of 0 at the top");
}

#[test]
fn one_more_of_the_same_flaw_is_counted_and_a_single_one_is_not() {
    let without_type =
        |letters: usize| listed(0).with(&list(2).replacen(r#""type":"Letter","#, "", letters));
    says(without_type(1), "\"type\" is a required property", "absent at /data/0");
    says(without_type(2), "\"type\" is a required property", "absent at /data/0, and 1 more");
}

#[test]
fn of_several_odd_letters_in_a_list_the_first_is_named_and_the_others_counted() {
    let odd =
        |count: usize, from: &str, to: &str| listed(0).with(&list(4).replacen(from, to, count));
    for (count, more) in [(1, ""), (2, ", and 1 more"), (3, ", and 2 more")] {
        says(
            odd(count, "PENDING", "PRINTED"),
            "only PENDING letters",
            &format!("`L0` is PRINTED{more}"),
        );
        says(odd(count, HASH, "e2a6"), "64 hexadecimal digits", &format!("`e2a6` of `L0`{more}"));
    }
    let twice = |ids: &[(&str, &str)]| {
        let body = ids.iter().fold(list(4), |body, (from, to)| body.replace(from, to));
        listed(0).with(&body)
    };
    says(twice(&[("L3", "L1")]), "each letter once", "`L1` again");
    says(twice(&[("L3", "L1"), ("L2", "L0")]), "each letter once", "`L0` again, and 1 more");
}

#[test]
fn an_undocumented_status_is_told_with_those_that_are_documented_each_once() {
    let documented = |call: Call, status: u16| only(call.answers(status)).expected;
    let bare = |method: &str, path: &str| Call::new(method, path);
    assert_eq!(documented(listed(0), 418), "one of 200, 400, 401, 406, 415, 429, 500, 502");
    assert_eq!(
        documented(patched("ACCEPTED"), 418),
        "one of 202, 400, 401, 404, 406, 415, 429, 500, 502"
    );
    assert_eq!(documented(bulk(&["a"]), 413), "one of 202, 400, 401, 406, 415, 429, 500, 502");
    assert_eq!(documented(mi(), 409), "one of 201, 400, 401, 406, 415, 429, 500, 502");
    assert_eq!(documented(one("L1", "L1"), 410), "one of 200, 401, 404, 406, 415, 429, 500, 502");
    assert_eq!(documented(bare("GET", "/_status"), 503), "one of 200, 401, 406, 415, 429");
    // Media types and charsets are the API's prose; the token endpoint has its own list.
    assert_eq!(documented(token(), 500), "one of 200, 400, 401, 403, 429, 502");
}

#[test]
fn an_answer_that_is_not_json_is_quoted_but_a_token_endpoints_never() {
    let text = || Body::Text { text: "<html>busy</html>".into() };
    says(listed(0).with_body(text()), "a JSON document", "`<html>busy</html>`");
    let plain = token().with_body(text()).answer_header("Content-Type", "application/json");
    says(plain, "a JSON document", "17 bytes that are not JSON");
}

#[test]
fn a_suppliers_breach_names_the_schema_and_its_unknown_property_what_the_api_makes_of_it() {
    let refused = |from: &str, to: &str| {
        let sent = r#"{"data":{"type":"Letter","id":"L1","attributes":{"status":"ACCEPTED"}}}"#;
        let call = Call::new("PATCH", "/letters/L1").sends(&sent.replace(from, to)).answers(401);
        only(call)
    };
    let finding = refused(r#""status""#, r#""colour":"red","status""#);
    assert_eq!(finding.id, "F-SUPPLIER-PATCH-REQUEST-UNKNOWN-DATA-ATTRIBUTES-COLOUR");
    assert_eq!(
        finding.source,
        "OAS patchLetter request; the deployed API answers 400 to unknown properties",
    );
    assert_eq!(finding.observed, "`data.attributes.colour`, first at /data/attributes");
    let finding = refused("ACCEPTED", "LOST");
    assert_eq!(finding.id, "F-SUPPLIER-PATCH-REQUEST-SCHEMA-ENUM-DATA-ATTRIBUTES-STATUS");
    assert_eq!(finding.source, "OAS patchLetter request; schemas/supplier/letter-update.json");
    assert_eq!(finding.observed, "\"LOST\" at /data/attributes/status");
}

#[test]
fn the_fault_of_a_body_that_was_taken_is_quoted() {
    let sent = r#"{"data":{"type":"Letter","id":7,"attributes":{"status":"ACCEPTED"}}}"#;
    let call = Call::new("PATCH", "/letters/L1").sends(sent).answers(202).by(Actor::Harness);
    let findings = check(&call.build(), &int());
    assert_eq!(names(&findings), ["violation F-PATCH-ACCEPTED-INVALID"]);
    assert_eq!(
        findings[0].observed,
        "202 to a body with /data/id: the value is not of type \"string\" (seen: 7)",
    );
}

#[test]
fn the_faults_of_a_document_are_sentences_with_the_place_and_what_stands_there() {
    let faults = |value| Contract::built_in().unwrap().faults(Document::MiCreate, &value);
    let attributes = json!({
        "lineItem": "e", "timestamp": "2026-11-17T14:00:00Z", "quantity": [1, 2],
        "groupId": { "a": 1 }, "specificationId": 7,
    });
    assert_eq!(
        faults(json!({ "data": { "type": "ManagementInformation", "attributes": attributes } })),
        [
            "/data/attributes/groupId: the value is not of type \"string\" (seen: an object with 1 properties)",
            "/data/attributes/quantity: the value is not of type \"number\" (seen: an array of 2)",
            "/data/attributes/specificationId: the value is not of type \"string\" (seen: 7)",
        ],
    );
    assert_eq!(
        faults(json!("text")),
        ["the top: the value is not of type \"object\" (seen: \"text\")"],
    );
}
