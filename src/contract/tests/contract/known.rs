//! The known deviations row by row: one exchange that the row explains, and near ones that it must
//! not excuse.

use letterproof_model::{Actor, Body};

use crate::calls::{MI, bulk, data, listed, mi, one, patched};
use crate::support::{Call, VND, check, int, list, names, notify_error};

const NOTHING: [&str; 0] = [];

fn deployed(call: Call) -> Vec<String> {
    names(&check(&call.by(Actor::Harness).build(), &int()))
}

fn in_sandbox(call: Call) -> Vec<String> {
    names(&call.by(Actor::Harness).sandbox_findings())
}

fn limited(limit: &str) -> Call {
    Call::new("GET", &format!("/letters?limit={limit}")).with(&list(0))
}

#[test]
fn only_json_in_utf_8_is_known_in_place_of_the_apis_own_media_type() {
    let typed = |value: &str| listed(1).answer_header("Content-Type", value);
    for known in ["application/json", "Application/JSON; charset=UTF-8", "application/json;q=1"] {
        assert_eq!(deployed(typed(known)), ["deviation F-ANY-MEDIA-TYPE-JSON"], "{known}");
        assert_eq!(in_sandbox(typed(known)), ["deviation F-ANY-MEDIA-TYPE-JSON"], "{known}");
    }
    for other in ["application/json; charset=utf-16", "application/problem+json", "text/json"] {
        assert_eq!(deployed(typed(other)), ["violation F-LIST-MEDIA-TYPE"], "{other}");
    }
}

#[test]
fn a_403_is_known_of_documented_calls_and_unknown_routes_and_of_no_download() {
    for call in [listed(0), patched("ACCEPTED"), mi(), Call::new("GET", "/_status")] {
        assert_eq!(deployed(call.clone().answers(403)), ["deviation F-ANY-FORBIDDEN-403"]);
        let elsewhere = in_sandbox(call.answers(403));
        assert!(elsewhere.iter().all(|name| name.starts_with("violation ")), "{elsewhere:?}");
        assert_eq!(elsewhere.len(), 1);
    }
    let other = || Call::new("PUT", "/letters").answers(403);
    assert_eq!(deployed(other()), ["deviation F-OTHER-ROUTE-403"]);
    assert_eq!(in_sandbox(other()), ["note F-OTHER-STATUS-403"]);
    assert_eq!(deployed(Call::new("PUT", "/letters").answers(400)), ["note F-OTHER-STATUS-400"]);
}

#[test]
fn a_limit_is_a_known_one_when_javascript_reads_a_number_within_bounds() {
    for known in ["0x10", "0X9c4", "0o17", "0O17", "0b101", "0B101", "1e1", "%202%20", "2.5e3", ""]
    {
        let expected = ["deviation F-LIST-LIMIT-AS-NUMBER"];
        assert_eq!(deployed(limited(known)), expected, "{known}");
    }
    for other in ["0x9c5", "0o18", "0b102", "0x", "0o", "0b", "2500.1", "-0.5", "0.0", "NaN", "1,5"]
    {
        let expected = ["violation F-LIST-ACCEPTED-LIMIT"];
        assert_eq!(deployed(limited(other)), expected, "{other}");
    }
    // Of several limits nobody says which counts, so none is known.
    assert_eq!(deployed(limited("1.5&limit=1.5")), NOTHING);
}

#[test]
fn the_sandbox_also_takes_nought_but_no_number_out_of_bounds_and_no_empty_limit() {
    for known in ["0", "0.0", "0x0", "1.5", "1e3", "0o17", "0b101", "2.5e3"] {
        assert_eq!(in_sandbox(limited(known)), ["deviation F-SANDBOX-LIMIT"], "{known}");
    }
    for other in ["-0.1", "2501", "2500.5", "abc", ""] {
        assert_eq!(in_sandbox(limited(other)), ["violation F-LIST-ACCEPTED-LIMIT"], "{other}");
    }
}

#[test]
fn the_sandboxs_code_for_what_is_not_found_is_known_alone_and_with_404_only() {
    let code = "NOTIFY_RESOURCE_NOT_FOUND";
    let answered = |status: u16, codes: &[&str]| {
        let errors: Vec<String> = codes
            .iter()
            .map(|code| format!(r#"{{"code":"{code}","status":"{status}"}}"#))
            .collect();
        let call = one("L1", "L1").answers(status);
        in_sandbox(call.with(&format!(r#"{{"errors":[{}]}}"#, errors.join(","))))
    };
    assert_eq!(answered(404, &[code]), ["deviation F-SANDBOX-NOT-FOUND-CODE"]);
    assert_eq!(answered(404, &[code, code]), ["deviation F-SANDBOX-NOT-FOUND-CODE"]);
    for codes in [&["NOTIFY_LETTER_GONE"][..], &[code, "NOTIFY_LETTER_GONE"]] {
        assert_eq!(answered(404, codes), ["violation F-LETTER-SCHEMA-ENUM-ERRORS-CODE"]);
    }
    assert_eq!(answered(500, &[code]), ["violation F-LETTER-SCHEMA-ENUM-ERRORS-CODE"]);
    let deployed = deployed(one("L1", "L1").answers(404).with(&notify_error(404, code)));
    assert_eq!(deployed, ["violation F-LETTER-SCHEMA-ENUM-ERRORS-CODE"]);
}

#[test]
fn only_the_very_shape_of_the_sandboxs_validator_is_known() {
    let refused = |body: &str| in_sandbox(listed(0).answers(400).with(body));
    let item = |more: &str| format!(r#"{{"message":"m","errors":[{{{more}}}]}}"#);
    for known in [
        item(r#""path":".query.limit","message":"m","errorCode":"e""#),
        item(r#""path":".query.limit""#),
        r#"{"message":"m","errors":""}"#.to_owned(),
    ] {
        assert_eq!(refused(&known), ["deviation F-SANDBOX-VALIDATOR-BODY"], "{known}");
    }
    for other in [
        item(r#""path":".query.limit","message":"m","colour":"red""#),
        item(r#""message":"m","errorCode":"e""#),
        r#"{"errors":[{"path":".query.limit","message":"m"}]}"#.to_owned(),
        r#"{"message":7,"errors":[{"path":".query.limit"}]}"#.to_owned(),
        r#"{"message":"m","errors":"no"}"#.to_owned(),
        r#"{"message":"m"}"#.to_owned(),
        r#"{"message":"m","errors":"","links":{}}"#.to_owned(),
    ] {
        let findings = refused(&other);
        assert!(findings.iter().all(|name| !name.starts_with("deviation ")), "{other}");
        assert!(findings.iter().any(|name| name.starts_with("violation ")), "{other}");
    }
    let gone = r#"{"message":"m","errors":""}"#;
    let broken = in_sandbox(listed(0).answers(500).with(gone));
    assert!(broken.contains(&"violation F-LIST-SCHEMA-TYPE-ERRORS".to_owned()), "{broken:?}");
}

#[test]
fn the_sandbox_may_refuse_json_but_not_the_apis_own_media_type() {
    let refused =
        |media: &str| in_sandbox(patched("ACCEPTED").header("Content-Type", media).answers(415));
    assert_eq!(refused("application/json"), ["deviation F-SANDBOX-JSON-REFUSED"]);
    assert_eq!(refused("Application/JSON; charset=utf-8"), ["deviation F-SANDBOX-JSON-REFUSED"]);
    assert_eq!(refused(VND), ["violation F-PATCH-REFUSAL-MEDIA-TYPE-KNOWN"]);
}

#[test]
fn the_sandboxs_own_statuses_are_known_of_the_calls_they_were_seen_on() {
    for (call, status) in [(one("L1", "L1"), 400), (data(), 400), (bulk(&["a"]), 404), (mi(), 404)]
    {
        let call = call.answers(status).with_body(Body::None);
        assert_eq!(in_sandbox(call), ["deviation F-SANDBOX-STATUS"], "{status}");
    }
    for (call, expected) in [
        (Call::new("GET", "/mi/M1").answers(400), "violation F-MI-STATUS-400"),
        (Call::new("GET", "/_status").answers(400), "violation F-STATUS-STATUS-400"),
        (Call::new("GET", "/_status").answers(404), "violation F-STATUS-STATUS-404"),
        (listed(0).answers(404), "violation F-LIST-STATUS-404"),
        (one("L1", "L1").answers(409), "violation F-LETTER-STATUS-409"),
        (patched("ACCEPTED").answers(413), "violation F-PATCH-STATUS-413"),
        (patched("ACCEPTED").answers(200), "violation F-PATCH-STATUS-200"),
    ] {
        assert_eq!(in_sandbox(call.with_body(Body::None)), [expected]);
    }
}

#[test]
fn what_is_taken_against_the_rules_is_known_with_the_status_and_call_it_was_seen_on() {
    let sent = |json: &str| Call::new("PATCH", "/letters/L1").sends(json);
    let returned = r#"{"data":{"type":"Letter","id":"L1","attributes":{"status":"RETURNED"}}}"#;
    for (call, known, elsewhere) in [
        (patched("PENDING"), "F-ANY-PENDING-TAKEN", "F-PATCH-ACCEPTED-PENDING"),
        (sent(returned), "F-ANY-RETURNED-REASON-TAKEN", "F-PATCH-ACCEPTED-RETURNED-REASON"),
        (bulk(&[]), "F-BULK-EMPTY-TAKEN", "F-BULK-ACCEPTED-EMPTY"),
        (
            patched("ACCEPTED").header("Content-Type", "text/plain"),
            "F-ANY-MEDIA-TYPE-TAKEN",
            "F-PATCH-ACCEPTED-MEDIA-TYPE",
        ),
    ] {
        let taken = |status: u16| deployed(call.clone().answers(status));
        assert_eq!(taken(202), [format!("deviation {known}")]);
        let odd = taken(204);
        assert!(odd.contains(&format!("violation {elsewhere}")), "{known}: {odd:?}");
    }
    let record = |media: &str| mi().sends(MI).header("Content-Type", media);
    assert_eq!(deployed(record("text/plain")), ["deviation F-ANY-MEDIA-TYPE-TAKEN"]);
    let utf16 = "application/json; charset=utf-16";
    assert_eq!(deployed(record(utf16)), ["deviation F-ANY-CHARSET-TAKEN"]);
    assert_eq!(in_sandbox(record(utf16)), ["deviation F-ANY-CHARSET-TAKEN"]);
    let odd = deployed(record(utf16).answers(204).with_body(Body::None));
    assert!(odd.contains(&"violation F-MI-CREATE-ACCEPTED-CHARSET".to_owned()), "{odd:?}");
}

#[test]
fn a_known_deviation_is_printed_by_its_name() {
    let printed: Vec<String> =
        letterproof_contract::deviations().iter().map(|row| format!("{row:?}")).collect();
    assert_eq!(printed[0], r#"Deviation { id: "F-ANY-MEDIA-TYPE-JSON", .. }"#);
    assert_eq!(printed.len(), 25);
}
