//! What the sandbox knows: its letters, its example bodies, and two short pages: the values that
//! the original was seen to answer with.

use serde_json::{Value, json};

/// The id in every problem.
pub(crate) const ERROR_ID: &str = "rrt-1931948104716186917-c-geu2-10664-3111479-3.0";

const GROUP: &str = "c5d93f917f5546d08beccf770a915d96";
const HASH: &str = "3a7bd3e2360a3d29eea436fcfb7e44c735d117c8f2f1d2d1e4f6e8f7e6e8f7e6";
const SPECIFICATION: &str = "2WL5eYSWGzCHlGmzNxuqVusPxDg";
const OTHER_SPECIFICATION: &str = "634bcc87-fcc3-41fe-b6f9-c6a2125758e6";

/// What every known letter id ends with; two characters before it tell its status.
const TAIL: &str = "L5eYSWGzCHlGmzNxuqVusPxDg";

/// The only letter with a document.
pub(crate) const WITH_DOCUMENT: &str = "2AL5eYSWGzCHlGmzNxuqVusPxDg";

/// The listed letters: id and specification.
const LISTED: [(&str, &str); 23] = [
    ("fcfd849ceec940e8832b41f4fc161e09", SPECIFICATION),
    ("7d64bd6a49e14213b47abbf6357eba0c", SPECIFICATION),
    ("2c06e7e32db4445fbbf56e7af223e0a2", SPECIFICATION),
    ("3b302a6122854695b5c514a4d28d18d5", SPECIFICATION),
    ("fbe3a53aac764a17a834699b8779958c", SPECIFICATION),
    ("393056c7cdc649deb29ee8d2651f29dd", SPECIFICATION),
    ("c6d0d4243f004b4e844003fbf80a9105", SPECIFICATION),
    ("03aa3fb76d544ad483984bdd7fcd900b", "853817f0-d797-4eb2-bf40-2879a9b58117"),
    ("7c9b698bf434479cabd0af946cc93f95", "9e5d5da7-5991-4ac9-9cee-559769912ca5"),
    ("987276fd0dc94ddbab607d4a24693db2", OTHER_SPECIFICATION),
    ("32mAKk67isO29atr37M40VV8h4t", OTHER_SPECIFICATION),
    ("32mAKiDtfmA1SCybeljxWaXsTO4", OTHER_SPECIFICATION),
    ("32mAKeUmf6fBK2aCc5tK2AV8NLo", OTHER_SPECIFICATION),
    ("32mAKg0opQaKuPrBaA11MGPTX1p", OTHER_SPECIFICATION),
    ("32mAKjTJgMPTE4HdpgTvJcUmmW7", OTHER_SPECIFICATION),
    ("32mAKfx3DNyUmzXMZ4zby3vh5gi", OTHER_SPECIFICATION),
    ("32mAKlVCTgh4h1sTw6aiVcFdIwv", OTHER_SPECIFICATION),
    ("32mAKirJUuWKB3aoGr6KkFObelC", OTHER_SPECIFICATION),
    ("32mAKiUtgkjc3rS0xIYsqDOYYT4", OTHER_SPECIFICATION),
    ("32mAKiQJZr3k2TBYboLgUWlR5NO", OTHER_SPECIFICATION),
    ("32mAfv3V8RlfqSXOOtIZzNdjBFK", OTHER_SPECIFICATION),
    ("32mAft7hTg2lKQhXhAxbPQTBudU", OTHER_SPECIFICATION),
    ("32mAfv2nn1a9Kbfh4z19OyZw8Fo", OTHER_SPECIFICATION),
];

type Reason = (Option<&'static str>, Option<&'static str>);
const NONE: Reason = (None, None);
const BOTH: Reason = (Some("R01"), Some("failed validation"));

/// The letters that can be read: the start of the id, status and reason.
const KNOWN: [(&str, &str, Reason); 10] = [
    ("24", "PENDING", NONE),
    ("2A", "ACCEPTED", NONE),
    ("2B", "PRINTED", NONE),
    ("2C", "ENCLOSED", NONE),
    ("2D", "DISPATCHED", NONE),
    ("2E", "DELIVERED", NONE),
    ("2W", "REJECTED", BOTH),
    ("2X", "CANCELLED", (Some("R01"), None)),
    ("2Y", "FAILED", BOTH),
    ("2Z", "RETURNED", BOTH),
];

fn shown(id: &str, specification: &str, status: &str, reason: Reason) -> Value {
    let mut attributes = json!({
        "groupId": GROUP, "sha256Hash": HASH, "specificationId": specification, "status": status,
    });
    for (key, value) in [("reasonCode", reason.0), ("reasonText", reason.1)] {
        if let Some(value) = value {
            attributes[key] = value.into();
        }
    }
    json!({ "attributes": attributes, "id": id, "type": "Letter" })
}

/// The listed letters, all PENDING.
pub(crate) fn listed() -> impl Iterator<Item = Value> {
    LISTED.iter().map(|(id, specification)| shown(id, specification, "PENDING", NONE))
}

/// A letter that can be read.
pub(crate) fn letter(id: &str) -> Option<Value> {
    let start = id.strip_suffix(TAIL)?;
    let (_, status, reason) = KNOWN.iter().find(|known| known.0 == start)?;
    Some(shown(id, SPECIFICATION, status, *reason))
}

fn update(status: &str, reason: Option<(&str, &str)>) -> Value {
    let mut attributes = json!({ "status": status });
    if let Some((code, text)) = reason {
        attributes["reasonCode"] = code.into();
        attributes["reasonText"] = text.into();
    }
    json!({ "attributes": attributes, "id": SPECIFICATION, "type": "Letter" })
}

/// Whether a single update is one of the examples.
pub(crate) fn is_known_patch(body: &Value) -> bool {
    const PLAIN: [&str; 6] =
        ["PENDING", "ACCEPTED", "PRINTED", "ENCLOSED", "DISPATCHED", "DELIVERED"];
    const REASONED: [(&str, (&str, &str)); 4] = [
        ("CANCELLED", ("R10", "Miscellaneous")),
        ("FAILED", ("R10", "Miscellaneous")),
        ("REJECTED", ("R07", "No such address")),
        ("REJECTED", ("R01", "Addressee gone away")),
    ];
    let data = &body["data"];
    body.as_object().is_some_and(|map| map.len() == 1)
        && (PLAIN.iter().any(|status| *data == update(status, None))
            || REASONED.iter().any(|(status, reason)| *data == update(status, Some(*reason))))
}

/// Whether a bulk update is the example.
pub(crate) fn is_known_bulk(body: &Value) -> bool {
    const FAILED: Option<(&str, &str)> = Some(("R01", "failed validation"));
    let items = [
        ("PENDING", None),
        ("ACCEPTED", None),
        ("PRINTED", None),
        ("ENCLOSED", None),
        ("DISPATCHED", None),
        ("DELIVERED", None),
        ("RETURNED", FAILED),
        ("CANCELLED", FAILED),
        ("FAILED", FAILED),
        ("RETURNED", FAILED),
    ];
    let items: Vec<Value> = items.iter().map(|(status, reason)| update(status, *reason)).collect();
    *body == json!({ "data": items })
}

fn mi_attributes() -> Value {
    json!({
        "groupId": "abc123", "lineItem": "envelope-business-standard", "quantity": 22,
        "specificationId": SPECIFICATION, "stockRemaining": 2000,
        "timestamp": "2023-11-17T14:27:51.413Z",
    })
}

/// Whether a record is the example.
pub(crate) fn is_known_mi(body: &Value) -> bool {
    *body == json!({ "data": { "attributes": mi_attributes(), "type": "ManagementInformation" } })
}

/// The answer to the example record.
pub(crate) fn created_mi() -> Value {
    json!({ "data": {
        "attributes": mi_attributes(), "id": SPECIFICATION, "type": "ManagementInformation",
    }})
}

/// What stands at `/openapi`.
pub(crate) const OUTLINE: &str = "\
openapi: 3.0.3
info:
  title: Outline of what this mock serves
  version: '0'
paths:
  /_status: { get: { responses: { '200': { description: alive } } } }
  /letters:
    get: { responses: { '200': { description: a list } } }
    post: { responses: { '202': { description: taken } } }
  /letters/{id}:
    get: { responses: { '200': { description: a letter } } }
    patch: { responses: { '202': { description: taken } } }
  /letters/{id}/data: { get: { responses: { '303': { description: a link } } } }
  /mi: { post: { responses: { '200': { description: a record } } } }
";

/// What stands at `/api-docs/`.
pub(crate) const DOCS: &str = "<!doctype html>\n<html lang=\"en-GB\"><head><title>Mock</title></head>\
<body><p>The sandbox shows its specification here. This mock does not hold it.</p></body></html>\n";
