//! The built-in contract in the shape that documents are compared in (tokens and downloads are not
//! part of it), and where our schemas differ from the official specification on purpose, each with
//! its reason.
//!
//! Such a difference is listed in a report as deliberate and is neither breaking nor additive. A
//! row that no longer applies is found by a test against the official file.

use std::collections::BTreeSet;

use letterproof_model::Operation;

use crate::drift::Aspect;
use crate::drift::shape::{AnswerShape, BodyShape, Field, OperationShape, Shape, of_schema};
use crate::supplier::operations::{API_MEDIA_TYPE, BodyRule, OperationRules, all_rules};
use crate::{ContractError, Document};

/// The shape of the built-in contract.
pub(crate) fn shape() -> Result<Shape, ContractError> {
    all_rules()
        .filter(|rules| rules.operation != Operation::Token)
        .map(|rules| Ok((rules.operation.label().to_owned(), operation(rules)?)))
        .collect()
}

fn operation(rules: &OperationRules) -> Result<OperationShape, ContractError> {
    let mut shape = OperationShape::default();
    let mut parameter = |name: &str, kind: &str, required| {
        let types = [kind.to_owned()].into();
        shape.parameters.insert(name.to_owned(), Field { types, required, ..Field::default() });
    };
    if rules.operation != Operation::Status {
        parameter("header authorization", "string", true);
        parameter("header x-request-id", "string", true);
        parameter("header x-correlation-id", "string", false);
    }
    if rules.operation.label().contains("{id}") {
        parameter("path id", "string", true);
    }
    if rules.operation == Operation::ListLetters {
        parameter("query limit", "number", false);
    }
    if let Some(document) = rules.request {
        shape.request = Some(body(document, &[API_MEDIA_TYPE], false)?);
    }
    for answer in rules.answers {
        let mut headers = BTreeSet::new();
        if answer.echoes {
            headers.extend(["x-request-id".to_owned(), "x-correlation-id".to_owned()]);
        }
        if answer.status == 303 {
            headers.insert("location".to_owned());
        }
        let body = match answer.body {
            BodyRule::Json(document) => Some(body(document, answer.media, false)?),
            BodyRule::Optional(document) => Some(body(document, answer.media, true)?),
            BodyRule::Empty | BodyRule::Free => None,
        };
        shape.answers.insert(answer.status.to_string(), AnswerShape { headers, body });
    }
    Ok(shape)
}

fn body(document: Document, media: &[&str], optional: bool) -> Result<BodyShape, ContractError> {
    Ok(BodyShape {
        media: media.iter().map(|media| (*media).to_owned()).collect(),
        fields: of_schema(&document.resolved()?),
        document: Some(document),
        optional,
    })
}

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
