//! `POST /letters`: sizes, duplicate ids, one bad item among good ones, each fault of a body. Real
//! letters are not touched: the updates name unknown letters, which the deployed API accepts and
//! drops.

use letterproof_model::{Capability, Operation};

use super::check::{Accepted, Check, Concluded, by_specification, driven, probe};
use super::matching::Probed;
use super::plan::{Acceptance, BodyPlan, Probe, ProbePlan};
use super::read::none_or;
use crate::tally::Tally;

const OAS: &str = "OAS postLetters";
const HANDLERS: &str = "OAS postLetters; public handlers of the API";
const STATEFUL: &[Capability] = &[Capability::Stateful];

const fn post() -> ProbePlan {
    ProbePlan::new("POST", "/letters")
}

const REFUSED: Accepted = by_specification(&[400]);
/// Unknown letters are not foreseen by the specification of bulk updates: taken, or refused.
const TAKEN_OR_NOT: Accepted = by_specification(&[202, 400, 404]);

const fn refused(
    id: &'static str,
    title: &'static str,
    text: &'static str,
    clause: &'static str,
) -> Check {
    probe(id, title, post().text(text), REFUSED, clause, OAS).needing(STATEFUL)
}

pub(super) const CHECKS: &[Check] = &[
    driven("C-BULK", "An update of many letters", Probe::AsSupplier(Acceptance::InBulk), valid,
        "A well-formed bulk update is answered with 202 and no body.", OAS).needing(STATEFUL),
    probe("C-BULK-NONE", "No letters", post().text(r#"{"data":[]}"#), REFUSED.deployed(&[202]),
        "A bulk update of no letters is refused.", HANDLERS).needing(STATEFUL),
    probe("C-BULK-1", "One letter", post().body(BodyPlan::Updates(1)), TAKEN_OR_NOT,
        "A bulk update of one unknown letter is accepted and dropped, or refused.", HANDLERS).needing(STATEFUL),
    probe("C-BULK-2500", "2,500 letters", post().body(BodyPlan::Updates(2_500)), TAKEN_OR_NOT,
        "A bulk update of 2,500 letters, the maximum, is not refused for its size.", HANDLERS).needing(STATEFUL),
    probe("C-BULK-2501", "2,501 letters", post().body(BodyPlan::Updates(2_501)), by_specification(&[400, 413]),
        "A bulk update of more than 2,500 letters is refused.", HANDLERS).needing(STATEFUL),
    probe("C-BULK-LONG-REASON", "A very long reason", post().body(BodyPlan::Long(100_000)), by_specification(&[202, 400, 413]),
        "A very long reason is accepted or refused, and breaks nothing.", OAS).needing(STATEFUL),
    probe("C-BULK-DEEP", "Deeply nested JSON", post().body(BodyPlan::Deep(1_000)), by_specification(&[400, 413]),
        "Deeply nested JSON is refused.", OAS).needing(STATEFUL),
    refused("C-BULK-DUPLICATE-IDS", "A letter twice",
        r#"{"data":[{"id":"00000000-0000-4000-8000-000000000001","type":"Letter","attributes":{"status":"ACCEPTED"}},{"id":"00000000-0000-4000-8000-000000000001","type":"Letter","attributes":{"status":"ACCEPTED"}}]}"#,
        "An update that names a letter twice is refused."),
    refused("C-BULK-ONE-BAD", "One invalid item of two",
        r#"{"data":[{"id":"00000000-0000-4000-8000-000000000001","type":"Letter","attributes":{"status":"ACCEPTED"}},{"id":"00000000-0000-4000-8000-000000000002","type":"Letter","attributes":{"status":"LOST"}}]}"#,
        "One invalid item causes the whole update to be refused."),
    refused("C-BULK-STATUS-UNKNOWN", "An unknown status",
        r#"{"data":[{"id":"00000000-0000-4000-8000-000000000001","type":"Letter","attributes":{"status":"LOST"}}]}"#, "An unknown status is refused."),
    refused("C-BULK-UNKNOWN-ATTRIBUTE", "An unknown attribute",
        r#"{"data":[{"id":"00000000-0000-4000-8000-000000000001","type":"Letter","attributes":{"status":"ACCEPTED","colour":"blue"}}]}"#, "An undocumented attribute is refused."),
    refused("C-BULK-NOT-A-LIST", "One letter instead of a list",
        r#"{"data":{"id":"00000000-0000-4000-8000-000000000001","type":"Letter","attributes":{"status":"ACCEPTED"}}}"#, "A single letter instead of a list is refused."),
    refused("C-BULK-MALFORMED", "Malformed JSON", r#"{"data":["#, "Malformed JSON is refused."),
    refused("C-BULK-EMPTY-OBJECT", "An empty document", "{}", "A document without data is refused."),
    probe("C-BULK-NO-BODY", "No body", post(), REFUSED, "An update without a body is refused.", OAS).needing(STATEFUL),
    probe("C-BULK-PENDING", "PENDING sent by a supplier",
        post().text(r#"{"data":[{"id":"00000000-0000-4000-8000-000000000001","type":"Letter","attributes":{"status":"PENDING"}}]}"#),
        REFUSED.deployed(&[202]), "PENDING is refused: only NHS Notify sets it.", HANDLERS).needing(STATEFUL),
];

fn valid(probed: &Probed<'_>) -> Concluded {
    let mut tally = Tally::default();
    for (ix, call) in probed.of_operation(Operation::UpdateLetters) {
        let supplier = call.by_supplier() && probed.traffic.update(ix).is_some();
        let exchange = call.exchange();
        let Some(response) = exchange.response().filter(|_| supplier) else { continue };
        match response.status {
            202 if response.body.length() == 0 => tally.good([ix]),
            202 => tally.fault(None, [ix], "was answered with a body"),
            401 | 429 | 500..=599 => {}
            status => tally.fault(None, [ix], format!("was answered with {status}")),
        }
    }
    none_or(tally, probed, "update", "answered with 202 and no body")
}
