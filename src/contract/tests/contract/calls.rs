//! One call of each operation, answered as documented; tests then spoil one thing.
//! What a test does not name is the same everywhere.

use letterproof_model::{Body, Content};

use crate::support::{Call, letter, list};

pub(crate) fn listed(count: usize) -> Call {
    Call::new("GET", "/letters?limit=10").with(&list(count))
}

pub(crate) fn one(path_id: &str, body_id: &str) -> Call {
    let body = format!(r#"{{"data":{}}}"#, letter(body_id, "ACCEPTED"));
    Call::new("GET", &format!("/letters/{path_id}")).with(&body)
}

pub(crate) fn patched(status: &str) -> Call {
    let reason = if status == "RETURNED" {
        r#","reasonCode":"R01","reasonText":"Addressee gone away""#
    } else {
        ""
    };
    let body = format!(
        r#"{{"data":{{"type":"Letter","id":"L1","attributes":{{"status":"{status}"{reason}}}}}}}"#
    );
    Call::new("PATCH", "/letters/L1").sends(&body).answers(202)
}

pub(crate) fn bulk(ids: &[&str]) -> Call {
    let items: Vec<String> = ids
        .iter()
        .map(|id| {
            format!(r#"{{"type":"Letter","id":"{id}","attributes":{{"status":"ACCEPTED"}}}}"#)
        })
        .collect();
    Call::new("POST", "/letters")
        .sends(&format!(r#"{{"data":[{}]}}"#, items.join(",")))
        .answers(202)
}

pub(crate) const HASHED: &str = "00000000000000000000000000000000000000000000000000000000000000ab";
pub(crate) const MI: &str = r#"{"data":{"type":"ManagementInformation","attributes":{"lineItem":"envelope","timestamp":"2026-11-17T14:27:51.413Z","quantity":22}}}"#;
pub(crate) const MI_KEPT: &str = r#"{"data":{"id":"M1","type":"ManagementInformation","attributes":{"lineItem":"envelope","timestamp":"2026-11-17T14:27:51.413Z","quantity":22,"groupId":"g"}}}"#;

pub(crate) fn mi() -> Call {
    Call::new("POST", "/mi").sends(MI).answers(201).with(MI_KEPT)
}

pub(crate) fn data() -> Call {
    Call::new("GET", "/letters/L1/data")
        .answers(303)
        .answer_header("Location", "https://storage.example/l.pdf?X-Amz-Signature=redacted")
}

pub(crate) fn token() -> Call {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", "redacted"),
    ];
    let fields = fields.map(|(n, v)| (n.to_owned(), v.to_owned())).to_vec();
    Call::new("POST", "https://int.example/oauth2/token")
        .sends_body(Body::Form { fields })
        .with(r#"{"access_token":"redacted","expires_in":"599","token_type":"Bearer"}"#)
        .answer_header("Content-Type", "application/json")
}

pub(crate) fn download(content: Content) -> Call {
    Call::new("GET", "https://storage.example/l.pdf?X-Amz-Signature=redacted")
        .without("Authorization")
        .with_body(Body::Pdf(content))
        .answer_header("Content-Type", "application/pdf")
}

pub(crate) fn whole() -> Content {
    Content {
        length: 100,
        sha256: HASHED.to_owned(),
        pages: Some(1),
        repaired: None,
        problem: None,
    }
}
