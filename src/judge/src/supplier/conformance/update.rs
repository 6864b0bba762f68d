//! `PATCH /letters/{id}`: each fault of a body alone, unknown and foreign letters, what the API takes
//! although a supplier must not send it. No more letters are used up than a plan says: only probes
//! marked as spending change one.

use letterproof_model::{Capability, Operation};

use super::check::{Check, Concluded, by_specification, driven, probe};
use super::matching::Probed;
use super::plan::{Acceptance, BodyPlan, FOREIGN, HeaderPlan, LetterNeed, Probe, ProbePlan};
use super::read::none_or;
use crate::tally::Tally;
use crate::traffic::{Answer, Printer};

const OAS: &str = "OAS patchLetter";
const HANDLERS: &str = "OAS patchLetter; public handlers of the API";
const STATEFUL: &[Capability] = &[Capability::Stateful];
const UNKNOWN: &str = "/letters/00000000-0000-4000-8000-000000000000";
/// Deep enough to trouble a careless parser.
const DEPTH: usize = 1_000;

const fn patch() -> ProbePlan {
    ProbePlan::new("PATCH", "/letters/{letter}").letter(LetterNeed::Any)
}

const fn refused(
    id: &'static str,
    title: &'static str,
    text: &'static str,
    clause: &'static str,
) -> Check {
    probe(id, title, patch().text(text), by_specification(&[400]), clause, OAS).needing(STATEFUL)
}

const fn taken(
    id: &'static str,
    title: &'static str,
    text: &'static str,
    clause: &'static str,
) -> Check {
    let plan = patch().text(text).letter(LetterNeed::Spent);
    probe(id, title, plan, by_specification(&[400]).deployed(&[202]), clause, HANDLERS)
        .needing(STATEFUL)
}

pub(super) const CHECKS: &[Check] = &[
    driven("C-PATCH", "An update of one letter", Probe::AsSupplier(Acceptance::OneByOne), valid,
        "A well-formed update is answered with 202 and no body.", OAS).needing(STATEFUL),
    driven("C-PATCH-REPEATED", "The same update again",
        Probe::Twice(&patch().text(r#"{"data":{"id":"{letter}","type":"Letter","attributes":{"status":"REJECTED","reasonCode":"X01","reasonText":"Conformance probe"}}}"#).letter(LetterNeed::Spent)),
        repeated, "An update repeated word for word is answered as the first time.", HANDLERS).needing(STATEFUL),
    refused("C-PATCH-STATUS-UNKNOWN", "An unknown status",
        r#"{"data":{"id":"{letter}","type":"Letter","attributes":{"status":"LOST"}}}"#, "An unknown status is refused."),
    refused("C-PATCH-STATUS-MISSING", "No status",
        r#"{"data":{"id":"{letter}","type":"Letter","attributes":{"reasonCode":"X01","reasonText":"No status"}}}"#, "An update without a status is refused."),
    refused("C-PATCH-ATTRIBUTES-MISSING", "No attributes",
        r#"{"data":{"id":"{letter}","type":"Letter"}}"#, "An update without attributes is refused."),
    refused("C-PATCH-TYPE-WRONG", "Another type",
        r#"{"data":{"id":"{letter}","type":"Parcel","attributes":{"status":"ACCEPTED"}}}"#, "Another type than Letter is refused."),
    refused("C-PATCH-ID-MISMATCH", "Another id in the body",
        r#"{"data":{"id":"00000000-0000-4000-8000-000000000000","type":"Letter","attributes":{"status":"ACCEPTED"}}}"#, "A body whose id is not the path's is refused."),
    refused("C-PATCH-UNKNOWN-ATTRIBUTE", "An unknown attribute",
        r#"{"data":{"id":"{letter}","type":"Letter","attributes":{"status":"ACCEPTED","colour":"blue"}}}"#, "An undocumented attribute is refused."),
    refused("C-PATCH-UNKNOWN-PROPERTY", "An unknown property",
        r#"{"data":{"id":"{letter}","type":"Letter","colour":"blue","attributes":{"status":"ACCEPTED"}}}"#, "An undocumented property is refused."),
    refused("C-PATCH-UNKNOWN-MEMBER", "An unknown member of the document",
        r#"{"data":{"id":"{letter}","type":"Letter","attributes":{"status":"ACCEPTED"}},"colour":"blue"}"#, "An undocumented member is refused."),
    refused("C-PATCH-MALFORMED", "Malformed JSON", r#"{"data":{"id":"{letter}""#, "Malformed JSON is refused."),
    refused("C-PATCH-EMPTY-OBJECT", "An empty document", "{}", "A document without data is refused."),
    refused("C-PATCH-LIST", "A list for one letter",
        r#"{"data":[{"id":"{letter}","type":"Letter","attributes":{"status":"ACCEPTED"}}]}"#, "A list instead of one letter is refused."),
    probe("C-PATCH-NO-BODY", "No body", patch(), by_specification(&[400]),
        "An update without a body is refused.", OAS).needing(STATEFUL),
    probe("C-PATCH-DEEP", "Deeply nested JSON", patch().body(BodyPlan::Deep(DEPTH)), by_specification(&[400, 413]),
        "Deeply nested JSON is refused.", OAS).needing(STATEFUL),
    probe("C-PATCH-DUPLICATE-KEY", "A key given twice",
        patch().text(r#"{"data":{"id":"{letter}","type":"Letter","attributes":{"status":"LOST","status":"LOST"}}}"#),
        by_specification(&[400]), "A key given twice, wrong both times, is refused.", OAS).needing(STATEFUL),
    probe("C-PATCH-UNKNOWN-LETTER", "A letter that does not exist",
        ProbePlan::new("PATCH", UNKNOWN).text(r#"{"data":{"id":"00000000-0000-4000-8000-000000000000","type":"Letter","attributes":{"status":"ACCEPTED"}}}"#),
        by_specification(&[404]).deployed(&[202]), "An unknown letter is not found.", HANDLERS).needing(STATEFUL),
    probe("C-PATCH-FOREIGN", "A letter of another supplier",
        ProbePlan::new("PATCH", "/letters/{foreign}").letter(LetterNeed::Foreign).correlation_id(HeaderPlan::Value(FOREIGN)).text(r#"{"data":{"id":"{letter}","type":"Letter","attributes":{"status":"ACCEPTED"}}}"#),
        by_specification(&[404]).deployed(&[202]), "Another supplier's letter is not found.", HANDLERS).needing(STATEFUL),
    taken("C-PATCH-PENDING", "PENDING sent by a supplier",
        r#"{"data":{"id":"{letter}","type":"Letter","attributes":{"status":"PENDING"}}}"#, "PENDING is refused: only NHS Notify sets it."),
    taken("C-PATCH-RETURNED-NO-REASON", "RETURNED without a reason",
        r#"{"data":{"id":"{letter}","type":"Letter","attributes":{"status":"RETURNED"}}}"#, "RETURNED without code and text is refused."),
    taken("C-PATCH-RETURNED-UNKNOWN-REASON", "RETURNED with an unknown code",
        r#"{"data":{"id":"{letter}","type":"Letter","attributes":{"status":"RETURNED","reasonCode":"R99","reasonText":"Nowhere"}}}"#, "RETURNED with a code other than R01 to R10 is refused."),
    taken("C-PATCH-ILLEGAL-MOVE", "A move that is not in the lifecycle",
        r#"{"data":{"id":"{letter}","type":"Letter","attributes":{"status":"DELIVERED"}}}"#, "A move that is not in the lifecycle is refused."),
];

/// Updates whose body could be read, sent as they should be.
fn valid(probed: &Probed<'_>) -> Concluded {
    let mut tally = Tally::default();
    for (ix, call) in probed.of_operation(Operation::PatchLetter) {
        let supplier = call.by_supplier() && probed.traffic.update(ix).is_some();
        let exchange = call.exchange();
        let Some(response) = exchange.response().filter(|_| supplier) else { continue };
        match response.status {
            202 if response.body.length() == 0 => tally.good([ix]),
            202 => tally.fault(call.letter, [ix], "was answered with a body"),
            401 | 429 | 500..=599 => {}
            status => tally.fault(call.letter, [ix], format!("was answered with {status}")),
        }
    }
    none_or(tally, probed, "update", "answered with 202 and no body")
}

fn repeated(probed: &Probed<'_>) -> Concluded {
    let mut tally = Tally::default();
    let printer = Printer::default();
    let mut known = std::collections::HashMap::new();
    for (ix, call) in probed.of_operation(Operation::PatchLetter) {
        let exchange = call.exchange();
        let request = &exchange.request;
        let plain = request.request_id().is_some() && call.answer() != Answer::Status(401);
        let Some(body) = request.body.json_text().filter(|_| plain) else { continue };
        let key = printer.print(&(&request.url, body, request.header("content-type")));
        let Some((first, Answer::Status(202))) = known.insert(key, (ix, call.answer())) else {
            continue;
        };
        match call.answer() {
            Answer::Status(202) => tally.good([first, ix]),
            Answer::Lost | Answer::Status(429 | 500..) => {}
            answer => tally.fault(call.letter, [first, ix], format!("was {}", answer.words())),
        }
    }
    none_or(tally, probed, "repeated update", "answered as the first time")
}
