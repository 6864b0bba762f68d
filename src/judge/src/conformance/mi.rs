//! `POST /mi` and `GET /mi/{id}`: success, boundaries of each field, impossible dates, read-back.
//! Refuses to disturb reconciliation: probes name a line item of their own.

use letterproof_model::{Capability, Operation};

use super::check::{Accepted, Check, Concluded, by_specification, probe, traffic};
use super::matching::Probed;
use super::plan::{LetterNeed, ProbePlan};
use super::read::none_or;
use crate::tally::Tally;
use crate::traffic::Answer;

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
    probe("C-MI", "A full record", RECORD, TAKEN, "A full record is taken with 201.", OAS)
        .needing(STATEFUL),
    taken(
        "C-MI-MINIMAL",
        "A record of required fields only",
        r#"{"data":{"type":"ManagementInformation","attributes":{"lineItem":"conformance-probe","timestamp":"2026-01-01T00:00:00Z","quantity":1}}}"#,
        "A record with its required fields alone is taken with 201.",
    ),
    taken(
        "C-MI-TIMESTAMP-MICROSECONDS",
        "A timestamp with microseconds",
        r#"{"data":{"type":"ManagementInformation","attributes":{"lineItem":"conformance-probe","timestamp":"2026-01-01T00:00:00.123456Z","quantity":1}}}"#,
        "A timestamp with microseconds is taken.",
    ),
    refused(
        "C-MI-TIMESTAMP-TEXT",
        "A timestamp that is none",
        r#"{"data":{"type":"ManagementInformation","attributes":{"lineItem":"conformance-probe","timestamp":"yesterday","quantity":1}}}"#,
        "A timestamp that is none is refused.",
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
        "An offset belongs to the format date-time and is taken.",
        HANDLERS,
    )
    .needing(STATEFUL),
    either(
        "C-MI-TIMESTAMP-FUTURE",
        "A timestamp in the future",
        r#"{"data":{"type":"ManagementInformation","attributes":{"lineItem":"conformance-probe","timestamp":"2099-01-01T00:00:00Z","quantity":1}}}"#,
        "A timestamp in the future is taken or refused: the specification leaves it open.",
    ),
    either(
        "C-MI-QUANTITY-NEGATIVE",
        "A negative quantity",
        r#"{"data":{"type":"ManagementInformation","attributes":{"lineItem":"conformance-probe","timestamp":"2026-01-01T00:00:00Z","quantity":-1}}}"#,
        "A negative quantity is taken or refused: the specification leaves it open.",
    ),
    either(
        "C-MI-QUANTITY-FRACTION",
        "Half a letter",
        r#"{"data":{"type":"ManagementInformation","attributes":{"lineItem":"conformance-probe","timestamp":"2026-01-01T00:00:00Z","quantity":0.5}}}"#,
        "A fractional quantity is taken or refused: the specification leaves it open.",
    ),
    refused(
        "C-MI-QUANTITY-TEXT",
        "A quantity that is text",
        r#"{"data":{"type":"ManagementInformation","attributes":{"lineItem":"conformance-probe","timestamp":"2026-01-01T00:00:00Z","quantity":"1"}}}"#,
        "A quantity that is no number is refused.",
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
        "An empty line item is taken or refused: the specification leaves it open.",
    ),
    refused(
        "C-MI-UNKNOWN-ATTRIBUTE",
        "An unknown attribute",
        r#"{"data":{"type":"ManagementInformation","attributes":{"lineItem":"conformance-probe","timestamp":"2026-01-01T00:00:00Z","quantity":1,"colour":"blue"}}}"#,
        "An attribute nobody documented is refused.",
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
        "A record that is not there",
        ProbePlan::new("GET", "/mi/00000000-0000-4000-8000-00000000feed"),
        by_specification(&[404]).deployed(&[403]),
        "An unknown record is not found.",
        READ,
    ),
    traffic(
        "C-MI-SAME",
        "A record comes back as it was submitted",
        &[ProbePlan::new("GET", "/mi/{mi}").letter(LetterNeed::Record)],
        same,
        "The answer to a record, and the record read back, equal what was submitted; none is lost \
         where records can be read.",
        OAS,
    )
    .needing(STATEFUL),
];

fn same(probed: &Probed<'_>) -> Concluded {
    let mut tally = Tally::default();
    let mut submitted = std::collections::HashMap::new();
    for (ix, call) in probed.of_operation(Operation::CreateMi) {
        let request = call.exchange.request.body.json_text().and_then(crate::traffic::read_mi);
        let response = call.exchange.response().filter(|r| matches!(r.status, 200 | 201));
        let answer = response.and_then(|r| r.body.json_text()).and_then(crate::traffic::read_mi);
        let (Some((_, sent)), Some((id, echoed))) = (request, answer) else { continue };
        if echoed == sent {
            tally.good([ix]);
        } else {
            tally.fault(None, [ix], "was answered with another record");
        }
        if let Some(id) = id {
            submitted.insert(id, (ix, sent));
        }
    }
    let reads = probed.traffic.mi_reads();
    // A target without this operation answers every read so.
    let readable = reads.iter().find(|read| read.answer == Answer::Status(200));
    for read in reads {
        let Some((first, sent)) = submitted.get(&read.id) else { continue };
        if read.answer == Answer::Status(404)
            && let Some(other) = readable
        {
            tally.fault(None, [*first, read.call, other.call], "is lost: another can be read");
        }
        let Some(back) = &read.record else { continue };
        if back == sent {
            tally.good([*first, read.call]);
        } else {
            tally.fault(None, [*first, read.call], "reads back as another record");
        }
    }
    none_or(tally, probed, "record", "as submitted")
}
