//! The built-in contract in the shape that documents are compared in.
//! Refuses what no document could say: tokens and downloads are not part of it.

use std::collections::BTreeSet;

use letterproof_model::Operation;

use super::shape::{AnswerShape, BodyShape, Field, OperationShape, Shape, of_schema};
use crate::operations::{API_MEDIA_TYPE, BodyRule, OperationRules, all_rules};
use crate::{ContractError, Document};

/// The shape of the built-in contract.
pub(super) fn shape() -> Result<Shape, ContractError> {
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
