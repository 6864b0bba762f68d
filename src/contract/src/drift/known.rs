//! Where our schemas differ from the official specification on purpose, each with its reason.
//!
//! Such a difference is listed in a report as deliberate and is neither breaking nor additive.
//! Refuses silence: a row that no longer applies is found by a test against the official file.

use super::report::Aspect;
use crate::Document;

/// A difference that is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownDifference {
    /// The document of ours it is in.
    pub document: Document,
    /// The field (`data[].id`); empty for the document itself.
    pub field: &'static str,
    /// What differs.
    pub aspect: Aspect,
    /// Why.
    pub reason: &'static str,
}

/// Every difference that is meant.
#[must_use]
pub fn known_differences() -> &'static [KnownDifference] {
    KNOWN
}

const RESOURCE: &str = "the media type is JSON:API, whose resources have id and type, and without them a supplier \
     cannot tell letters apart";
const ANSWER: &str = "an answer without its data says nothing";
const CREATION: &str = "a record without data creates nothing";
const ERROR: &str = "an error document lists its errors and their codes";
const GATEWAY: &str = "the specification has a whole response in place of the schema";
const HEALTH: &str = "the deployed service answers with a body that is not in the specification";

const fn required(
    document: Document,
    field: &'static str,
    reason: &'static str,
) -> KnownDifference {
    KnownDifference { document, field, aspect: Aspect::Required, reason }
}

const KNOWN: &[KnownDifference] = &[
    required(Document::LetterList, "data", ANSWER),
    required(Document::LetterList, "data[].id", RESOURCE),
    required(Document::LetterList, "data[].type", RESOURCE),
    required(Document::LetterList, "data[].attributes", ANSWER),
    required(Document::Letter, "data.id", RESOURCE),
    required(Document::Letter, "data.type", RESOURCE),
    required(Document::Letter, "data.attributes", ANSWER),
    required(Document::Mi, "data", ANSWER),
    required(Document::Mi, "data.id", RESOURCE),
    required(Document::Mi, "data.type", RESOURCE),
    required(Document::Mi, "data.attributes", ANSWER),
    required(Document::MiCreate, "data", CREATION),
    required(Document::Errors, "errors", ERROR),
    required(Document::Errors, "errors[].code", ERROR),
    KnownDifference {
        document: Document::BadGateway,
        field: "message",
        aspect: Aspect::Presence,
        reason: GATEWAY,
    },
    KnownDifference {
        document: Document::BadGateway,
        field: "",
        aspect: Aspect::Type,
        reason: GATEWAY,
    },
    KnownDifference { document: Document::Status, field: "", aspect: Aspect::Body, reason: HEALTH },
];
