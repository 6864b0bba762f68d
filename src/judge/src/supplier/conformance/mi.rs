//! `POST /mi` and `GET /mi/{id}`: success, boundaries of each field, impossible dates, read-back.
//! Probes name a line item of their own, so that they do not disturb reconciliation.

use std::collections::HashMap;

use letterproof_model::text::many;
use letterproof_model::{Body, Capability, Operation};
use serde_json::Value;

use super::check::{Accepted, Check, Concluded, by_specification, probe, traffic};
use super::matching::Probed;
use super::plan::{LetterNeed, ProbePlan};
use super::read::none_or;
use crate::tally::Tally;
use crate::traffic::{Answer, CallIx, Comparison, Form};

const OAS: &str = "OAS createMI";
const HANDLERS: &str = "OAS createMI; public handlers of the API";
const READ: &str = "OAS getMI";
const STATEFUL: &[Capability] = &[Capability::Stateful];

const fn post(text: &'static str) -> ProbePlan {
    ProbePlan::new("POST", "/mi").text(text)
}

/// A full record, submitted; `GET /mi/{id}` reads it back.
pub const RECORD: ProbePlan = post(
    r#"{"data":{"type":"ManagementInformation","attributes":{"lineItem":"conformance-probe","timestamp":"2026-01-01T00:00:00Z","quantity":1,"specificationId":"conformance-probe","groupId":"conformance-probe","stockRemaining":0}}}"#,
);

const TAKEN: Accepted = by_specification(&[201]).sandbox(&[200]);
const REFUSED: Accepted = by_specification(&[400]);
/// Where the specification leaves it open.
const EITHER: Accepted = by_specification(&[201, 400]).sandbox(&[200]);

const fn taken(
    id: &'static str,
    title: &'static str,
    text: &'static str,
    clause: &'static str,
) -> Check {
    probe(id, title, post(text), TAKEN, clause, OAS).needing(STATEFUL)
}

const fn refused(
    id: &'static str,
    title: &'static str,
    text: &'static str,
    clause: &'static str,
) -> Check {
    probe(id, title, post(text), REFUSED, clause, HANDLERS).needing(STATEFUL)
}

const fn either(
    id: &'static str,
    title: &'static str,
    text: &'static str,
    clause: &'static str,
) -> Check {
    probe(id, title, post(text), EITHER, clause, HANDLERS).needing(STATEFUL)
}

pub(super) const CHECKS: &[Check] = &[
    probe("C-MI", "A full record", RECORD, TAKEN, "A complete record is answered with 201.", OAS)
        .needing(STATEFUL),
    taken(
        "C-MI-MINIMAL",
        "A record of required fields only",
        r#"{"data":{"type":"ManagementInformation","attributes":{"lineItem":"conformance-probe","timestamp":"2026-01-01T00:00:00Z","quantity":1}}}"#,
        "A record with its required fields alone is answered with 201.",
    ),
    taken(
        "C-MI-TIMESTAMP-MICROSECONDS",
        "A timestamp with microseconds",
        r#"{"data":{"type":"ManagementInformation","attributes":{"lineItem":"conformance-probe","timestamp":"2026-01-01T00:00:00.123456Z","quantity":1}}}"#,
        "A timestamp with microseconds is accepted.",
    ),
    refused(
        "C-MI-TIMESTAMP-TEXT",
        "An invalid timestamp",
        r#"{"data":{"type":"ManagementInformation","attributes":{"lineItem":"conformance-probe","timestamp":"yesterday","quantity":1}}}"#,
        "An invalid timestamp is refused.",
    ),
    refused(
        "C-MI-TIMESTAMP-DATE-ONLY",
        "A date without a time",
        r#"{"data":{"type":"ManagementInformation","attributes":{"lineItem":"conformance-probe","timestamp":"2026-01-01","quantity":1}}}"#,
        "A date without a time is refused.",
    ),
    refused(
        "C-MI-TIMESTAMP-31-FEBRUARY",
        "The 31st of February",
        r#"{"data":{"type":"ManagementInformation","attributes":{"lineItem":"conformance-probe","timestamp":"2026-02-31T00:00:00Z","quantity":1}}}"#,
        "A date that does not exist is refused.",
    ),
    probe(
        "C-MI-TIMESTAMP-OFFSET",
        "A timestamp with an offset",
        post(
            r#"{"data":{"type":"ManagementInformation","attributes":{"lineItem":"conformance-probe","timestamp":"2026-01-01T00:00:00+01:00","quantity":1}}}"#,
        ),
        by_specification(&[201]).deployed(&[400]).sandbox(&[200]),
        "An offset is part of the date-time format and is accepted.",
        HANDLERS,
    )
    .needing(STATEFUL),
    either(
        "C-MI-TIMESTAMP-FUTURE",
        "A timestamp in the future",
        r#"{"data":{"type":"ManagementInformation","attributes":{"lineItem":"conformance-probe","timestamp":"2099-01-01T00:00:00Z","quantity":1}}}"#,
        "A timestamp in the future is accepted or refused: the specification leaves it open.",
    ),
    either(
        "C-MI-QUANTITY-NEGATIVE",
        "A negative quantity",
        r#"{"data":{"type":"ManagementInformation","attributes":{"lineItem":"conformance-probe","timestamp":"2026-01-01T00:00:00Z","quantity":-1}}}"#,
        "A negative quantity is accepted or refused: the specification leaves it open.",
    ),
    either(
        "C-MI-QUANTITY-FRACTION",
        "Half a letter",
        r#"{"data":{"type":"ManagementInformation","attributes":{"lineItem":"conformance-probe","timestamp":"2026-01-01T00:00:00Z","quantity":0.5}}}"#,
        "A fractional quantity is accepted or refused: the specification leaves it open.",
    ),
    refused(
        "C-MI-QUANTITY-TEXT",
        "A quantity that is text",
        r#"{"data":{"type":"ManagementInformation","attributes":{"lineItem":"conformance-probe","timestamp":"2026-01-01T00:00:00Z","quantity":"1"}}}"#,
        "A quantity that is not a number is refused.",
    ),
    refused(
        "C-MI-LINE-ITEM-MISSING",
        "No line item",
        r#"{"data":{"type":"ManagementInformation","attributes":{"timestamp":"2026-01-01T00:00:00Z","quantity":1}}}"#,
        "A record without a line item is refused.",
    ),
    either(
        "C-MI-LINE-ITEM-EMPTY",
        "An empty line item",
        r#"{"data":{"type":"ManagementInformation","attributes":{"lineItem":"","timestamp":"2026-01-01T00:00:00Z","quantity":1}}}"#,
        "An empty line item is accepted or refused: the specification leaves it open.",
    ),
    refused(
        "C-MI-UNKNOWN-ATTRIBUTE",
        "An unknown attribute",
        r#"{"data":{"type":"ManagementInformation","attributes":{"lineItem":"conformance-probe","timestamp":"2026-01-01T00:00:00Z","quantity":1,"colour":"blue"}}}"#,
        "An undocumented attribute is refused.",
    ),
    refused(
        "C-MI-TYPE-WRONG",
        "Another type",
        r#"{"data":{"type":"Letter","attributes":{"lineItem":"conformance-probe","timestamp":"2026-01-01T00:00:00Z","quantity":1}}}"#,
        "Another type than ManagementInformation is refused.",
    ),
    refused(
        "C-MI-MALFORMED",
        "Malformed JSON",
        r#"{"data":{"type":"ManagementInformation""#,
        "Malformed JSON is refused.",
    ),
    probe(
        "C-MI-NO-BODY",
        "No body",
        ProbePlan::new("POST", "/mi"),
        REFUSED,
        "A record without a body is refused.",
        OAS,
    )
    .needing(STATEFUL),
    probe(
        "C-MI-READ",
        "A record read back",
        ProbePlan::new("GET", "/mi/{mi}").letter(LetterNeed::Record),
        by_specification(&[200]).deployed(&[403, 404]).sandbox(&[404]),
        "A record submitted before is answered with 200.",
        READ,
    ),
    probe(
        "C-MI-READ-UNKNOWN",
        "A record that does not exist",
        ProbePlan::new("GET", "/mi/00000000-0000-4000-8000-00000000feed"),
        by_specification(&[404]).deployed(&[403]),
        "An unknown record is not found.",
        READ,
    ),
    traffic(
        "C-MI-SAME",
        "A record reads back as it was submitted",
        &[ProbePlan::new("GET", "/mi/{mi}").letter(LetterNeed::Record)],
        same,
        "The answer to a record, and the record read back, equal what was submitted; none is lost \
         where records can be read.",
        OAS,
    )
    .needing(STATEFUL),
];

/// What a record says, and how each is written.
const FIELDS: [(&str, Form); 6] = [
    ("lineItem", Form::Text),
    ("timestamp", Form::Time),
    ("quantity", Form::Number),
    ("specificationId", Form::Text),
    ("groupId", Form::Text),
    ("stockRemaining", Form::Number),
];

/// How the record in a body differs from the one submitted, field by field.
fn difference(sent: &Value, body: &Body) -> Option<String> {
    let document = body.parse::<Value>().unwrap_or_default();
    let Some(attributes) = document["data"]["attributes"].as_object() else {
        return Some("no record that can be read".to_owned());
    };
    let words = FIELDS.iter().filter_map(|(field, form)| {
        let (given, later) = (sent.get(field), attributes.get(*field));
        Comparison::of(*form, given, later).words(field, given, later)
    });
    let words: Vec<String> = words.collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// Whether the record holds nothing of a body: what was not there at all is the contract's matter.
fn holds_nothing(body: &Body) -> bool {
    *body == Body::None || body.is_unrecorded()
}

fn same(probed: &Probed<'_>) -> Concluded {
    let mut tally = Tally::default();
    let mut submitted: HashMap<String, (CallIx, Value)> = HashMap::new();
    for (ix, call) in probed.of_operation(Operation::CreateMi) {
        let exchange = call.exchange();
        let request = exchange.request.body.parse::<Value>();
        let sent = request.map(|document| document["data"]["attributes"].clone());
        let Some(sent) = sent.filter(Value::is_object) else { continue };
        let Some(response) = exchange.response().filter(|r| matches!(r.status, 200 | 201)) else {
            continue;
        };
        if holds_nothing(&response.body) {
            tally.open(None, [ix], "has no answer on record");
            continue;
        }
        match difference(&sent, &response.body) {
            None => tally.good([ix]),
            Some(words) => tally.fault(None, [ix], format!("was answered with {words}")),
        }
        let id = response
            .body
            .parse::<Value>()
            .and_then(|it| Some(it["data"]["id"].as_str()?.to_owned()));
        if let Some(id) = id {
            submitted.insert(id, (ix, sent));
        }
    }
    let reads = probed.traffic.mi_reads();
    // A target without this operation answers every read so.
    let readable = reads.iter().find(|read| read.answer == Answer::Status(200));
    let (mut refused, mut back) = (Vec::new(), false);
    for read in reads {
        let Some((first, sent)) = submitted.get(&read.id) else { continue };
        let exchange = probed.traffic.call(read.call).exchange();
        let response = exchange.response();
        match (read.answer, response, readable) {
            (Answer::Status(200), Some(response), _) if holds_nothing(&response.body) => {
                tally.open(None, [*first, read.call], "was read, but the body is not on record");
            }
            (Answer::Status(200), Some(response), _) => match difference(sent, &response.body) {
                None => {
                    back = true;
                    tally.good([*first, read.call]);
                }
                Some(words) => {
                    tally.fault(None, [*first, read.call], format!("reads back with {words}"));
                }
            },
            (Answer::Status(404), _, Some(other)) => {
                tally.fault(
                    None,
                    [*first, read.call, other.call],
                    "is lost, though another can be read",
                );
            }
            (answer, ..) => refused.push((read.call, answer)),
        }
    }
    let concluded = none_or(tally, probed, "record", "as submitted");
    match refused.first() {
        // The answers to the submissions are half of what the clause asks for.
        Some((_, answer)) if !back && concluded.ruling.passed() => {
            let why = format!(
                "nothing could be read back: GET /mi/{{id}} was {}, {}",
                answer.words(),
                many(refused.len(), "time")
            );
            Concluded::plain(concluded.ruling.left_open(why))
        }
        _ => concluded,
    }
}
