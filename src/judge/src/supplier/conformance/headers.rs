//! `X-Request-ID`, `X-Correlation-ID`, media types and charsets. Where the gateway's behaviour is
//! unknown, both answers are right and the one seen is recorded.

use std::collections::BTreeMap;

use letterproof_model::{Capability, Operation};

use super::check::{Accepted, Check, Concluded, by_specification, driven, probe, traffic};
use super::ids::Made;
use super::judging::is_sandbox;
use super::matching::Probed;
use super::plan::{HeaderPlan, LetterNeed, Probe, ProbePlan};
use super::read::none_or;
use crate::ruling::Ruling;
use crate::tally::Tally;
use crate::traffic::{Answer, Call, CallIx, Echo};
use letterproof_model::text::many;

const IDS: &str = "OAS parameter X-Request-ID; public handlers of the API";
const CORRELATION: &str = "OAS parameter X-Correlation-ID";
const PROSE: &str = "OAS prose on media types and charsets";
const STATEFUL: &[Capability] = &[Capability::Stateful];

const UNKNOWN_UPDATE: &str = r#"{"data":[{"id":"00000000-0000-4000-8000-000000000003","type":"Letter","attributes":{"status":"ACCEPTED"}}]}"#;
const UNKNOWN_PATCH: &str = r#"{"data":{"id":"00000000-0000-4000-8000-000000000000","type":"Letter","attributes":{"status":"ACCEPTED"}}}"#;
const RECORD: &str = r#"{"data":{"type":"ManagementInformation","attributes":{"lineItem":"conformance-probe","timestamp":"2026-01-01T00:00:00Z","quantity":1}}}"#;

/// Refused by the specification; the deployed handlers answer 500.
const NO_ID: Accepted = by_specification(&[400]).deployed(&[500]);

const fn update_as(media: HeaderPlan) -> ProbePlan {
    ProbePlan::new("POST", "/letters").text(UNKNOWN_UPDATE).content_type(media)
}

const fn without_id(plan: ProbePlan) -> ProbePlan {
    plan.request_id(HeaderPlan::Absent)
}

pub(super) const CHECKS: &[Check] = &[
    probe(
        "C-REQUEST-ID-MISSING-LIST",
        "A list without X-Request-ID",
        without_id(ProbePlan::new("GET", "/letters?limit=2")),
        NO_ID,
        "A list without X-Request-ID is refused.",
        IDS,
    ),
    probe(
        "C-REQUEST-ID-MISSING-LETTER",
        "A read without X-Request-ID",
        without_id(ProbePlan::new("GET", "/letters/{letter}").letter(LetterNeed::Any)),
        NO_ID,
        "A read without X-Request-ID is refused.",
        IDS,
    ),
    probe(
        "C-REQUEST-ID-MISSING-DATA",
        "A link without X-Request-ID",
        without_id(ProbePlan::new("GET", "/letters/{letter}/data").letter(LetterNeed::WithPdf)),
        NO_ID,
        "A link without X-Request-ID is refused.",
        IDS,
    ),
    probe(
        "C-REQUEST-ID-MISSING-PATCH",
        "An update without X-Request-ID",
        without_id(
            ProbePlan::new("PATCH", "/letters/00000000-0000-4000-8000-000000000000")
                .text(UNKNOWN_PATCH),
        ),
        NO_ID,
        "An update without X-Request-ID is refused.",
        IDS,
    ),
    probe(
        "C-REQUEST-ID-MISSING-BULK",
        "A bulk update without X-Request-ID",
        without_id(ProbePlan::new("POST", "/letters").text(UNKNOWN_UPDATE)),
        NO_ID,
        "A bulk update without X-Request-ID is refused.",
        IDS,
    ),
    probe(
        "C-REQUEST-ID-MISSING-MI",
        "A record without X-Request-ID",
        without_id(ProbePlan::new("POST", "/mi").text(RECORD)),
        NO_ID,
        "A record without X-Request-ID is refused.",
        IDS,
    ),
    probe(
        "C-REQUEST-ID-EMPTY",
        "An empty X-Request-ID",
        ProbePlan::new("GET", "/letters?limit=2").request_id(HeaderPlan::Value("")).hiding(),
        NO_ID.sandbox(&[200]),
        "An empty X-Request-ID is refused.",
        IDS,
    ),
    probe(
        "C-REQUEST-ID-NOT-GUID",
        "An X-Request-ID that is not a GUID",
        ProbePlan::new("GET", "/letters?limit=2")
            .request_id(HeaderPlan::Value("not-a-guid"))
            .hiding(),
        by_specification(&[400]).deployed(&[200]).sandbox(&[200]),
        "An X-Request-ID that is not a GUID is refused.",
        IDS,
    ),
    traffic(
        "C-REQUEST-ID-ECHO",
        "X-Request-ID is returned",
        &[],
        request_id_echo,
        "A successful answer repeats its X-Request-ID, where the gateway sets it.",
        IDS,
    ),
    driven(
        "C-CORRELATION-ID-ECHO",
        "X-Correlation-ID is returned",
        Probe::Twice(&ProbePlan::new("GET", "/letters/{letter}").letter(LetterNeed::Any)),
        correlation_echo,
        "A successful answer repeats its X-Correlation-ID, where the gateway sets it.",
        CORRELATION,
    ),
    driven(
        "C-CORRELATION-ID-GENERATED",
        "X-Correlation-ID is generated where none was sent",
        // One for all shows only where there are two.
        Probe::Twice(
            &ProbePlan::new("GET", "/letters/{letter}")
                .correlation_id(HeaderPlan::Absent)
                .letter(LetterNeed::Any),
        ),
        correlation_made,
        "A call without X-Correlation-ID is given a new one, where the gateway sets it.",
        CORRELATION,
    ),
    probe(
        "C-MEDIA-JSON",
        "application/json",
        update_as(HeaderPlan::Value("application/json")),
        by_specification(&[202, 400, 404]).sandbox(&[415]),
        "application/json is accepted like the API's own media type.",
        PROSE,
    )
    .needing(STATEFUL),
    probe(
        "C-MEDIA-UTF-8",
        "charset=utf-8",
        update_as(HeaderPlan::Value("application/vnd.api+json; charset=utf-8")),
        by_specification(&[202, 400, 404]),
        "The charset utf-8 is accepted.",
        PROSE,
    )
    .needing(STATEFUL),
    probe(
        "C-MEDIA-UTF-16",
        "charset=utf-16",
        update_as(HeaderPlan::Value("application/vnd.api+json; charset=utf-16")),
        by_specification(&[406]).deployed(&[202, 400, 415]).sandbox(&[400]),
        "A charset other than utf-8 is refused with 406.",
        PROSE,
    )
    .needing(STATEFUL),
    probe(
        "C-MEDIA-LATIN-1",
        "charset=iso-8859-1",
        update_as(HeaderPlan::Value("application/vnd.api+json; charset=iso-8859-1")),
        by_specification(&[406]).deployed(&[202, 400, 415]).sandbox(&[415]),
        "A charset other than utf-8 is refused with 406.",
        PROSE,
    )
    .needing(STATEFUL),
    probe(
        "C-MEDIA-TEXT",
        "text/plain",
        update_as(HeaderPlan::Value("text/plain")),
        by_specification(&[415]).deployed(&[202]),
        "Another media type is refused with 415.",
        PROSE,
    )
    .needing(STATEFUL),
    probe(
        "C-MEDIA-XML",
        "application/xml",
        update_as(HeaderPlan::Value("application/xml")),
        by_specification(&[415]).deployed(&[202]),
        "Another media type is refused with 415.",
        PROSE,
    )
    .needing(STATEFUL),
    probe(
        "C-MEDIA-ABSENT",
        "No media type",
        update_as(HeaderPlan::Absent),
        by_specification(&[415]).deployed(&[202]),
        "A body without a media type is refused with 415.",
        PROSE,
    )
    .needing(STATEFUL),
    probe(
        "C-ACCEPT-OTHER",
        "Accept: text/html",
        ProbePlan::new("GET", "/letters/{letter}")
            .accept(HeaderPlan::Value("text/html"))
            .letter(LetterNeed::Any),
        by_specification(&[200, 406]),
        "Asked for another media type, the API answers as usual or with 406.",
        PROSE,
    ),
];

/// Successful calls of the API proper, whose answers document both ids.
fn successes<'a>(probed: &Probed<'a>) -> impl Iterator<Item = (CallIx, &'a Call)> {
    probed.calls().filter(|(_, call)| {
        matches!(
            call.operation,
            Operation::ListLetters
                | Operation::GetLetter
                | Operation::PatchLetter
                | Operation::UpdateLetters
                | Operation::GetLetterData
                | Operation::CreateMi
        ) && (call.answer().accepted() || call.answer() == Answer::Status(303))
    })
}

/// Whether an answer repeats a header; an answer without it is a deviation the gateway may explain.
fn echo(probed: &Probed<'_>, name: &'static str, of: fn(&Call) -> Echo) -> Concluded {
    let mut tally = Tally::default();
    let mut without = 0;
    // Who repeats it on one answer of an operation and leaves it out on another loses it.
    let repeats = |operation: Operation| {
        let mut answers = successes(probed).filter(|(_, call)| call.operation == operation);
        answers.find(|(_, call)| of(call).came_back())
    };
    let repeating: BTreeMap<Operation, CallIx> =
        Operation::ALL.into_iter().filter_map(|one| Some((one, repeats(one)?.0))).collect();
    for (ix, call) in successes(probed) {
        match of(call) {
            Echo::Unsent | Echo::Empty => {}
            Echo::Same => tally.good([ix]),
            // A gateway may make the correlation id one of a chain, joined by full stops.
            Echo::Among if name == "x-correlation-id" => tally.good([ix]),
            Echo::Among | Echo::Other => {
                tally.fault(None, [ix], format!("was answered with another {name}"));
            }
            Echo::Lost if repeating.contains_key(&call.operation) => {
                let other = repeating.get(&call.operation).copied();
                let words = format!("was answered without {name}, which other answers repeat");
                tally.fault(None, other.into_iter().chain([ix]), words);
            }
            Echo::Lost => {
                without += 1;
                tally.good([ix]);
            }
        }
    }
    known_absence(none_or(tally, probed, "answer", "with the id sent"), without, probed)
}

/// A header the handlers do not set: a deviation, since the gateway that may set it is unknown.
fn known_absence(concluded: Concluded, without: usize, probed: &Probed<'_>) -> Concluded {
    if without == 0 || !concluded.ruling.passed() {
        return concluded;
    }
    let who = if is_sandbox(probed) { "the sandbox" } else { "the deployed handlers" };
    Concluded::deviation(
        Ruling::pass(format!("{} without the header", many(without, "answer")))
            .because(format!("{who} leave it out")),
    )
}

fn request_id_echo(probed: &Probed<'_>) -> Concluded {
    echo(probed, "x-request-id", |call| call.request_id)
}

fn correlation_echo(probed: &Probed<'_>) -> Concluded {
    echo(probed, "x-correlation-id", |call| call.correlation_id)
}

fn correlation_made(probed: &Probed<'_>) -> Concluded {
    let mut tally = Tally::default();
    let mut made = Made::default();
    let mut without = 0;
    for (ix, call) in successes(probed) {
        if call.correlation_id != Echo::Unsent {
            continue;
        }
        let exchange = call.exchange();
        match exchange.response().and_then(|response| response.header("x-correlation-id")) {
            Some(made) if made.trim().is_empty() => {
                tally.fault(None, [ix], "was given an empty one")
            }
            Some(id) => made.add(id, ix, call),
            None => {
                without += 1;
                tally.good([ix]);
            }
        }
    }
    made.count("x-correlation-id", &mut tally);
    known_absence(none_or(tally, probed, "answer", "with its own id"), without, probed)
}
