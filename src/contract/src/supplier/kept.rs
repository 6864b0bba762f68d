//! What a record may keep of the API's documents: the values of properties that the contract knows,
//! and of free text only what is known word for word. A property is known by its place and name
//! alone.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use letterproof_model::{Operation, is_return_reason};
use serde_json::Value;

use crate::Document;
use crate::supplier::operations::{BodyRule, all_rules};

/// Properties whose values are written by people or for them.
const FREE_TEXT: [&str; 5] = ["reasonText", "title", "detail", "message", "error_description"];

/// What anything that answers for the API may say: Notify's errors, the gateway's, and what the
/// sandbox's validator says of each fault.
const SAID_BY_ALL: [Document; 4] =
    [Document::Errors, Document::RateLimited, Document::BadGateway, Document::TokenError];
const SAID_BY_VALIDATOR: [&str; 3] = ["path", "message", "errorCode"];

/// The free texts that are the API's own or HTTP's, and so nobody's data.
const KNOWN_TEXTS: [&str; 33] = [
    "The request is missing the body",
    "The request body is invalid",
    "The letter ID in the request body does not match the letter ID path parameter",
    "The request exceeds the maximum of 2500 items allowed for update",
    "The request cannot include multiple letter objects with the same id",
    "The limit parameter is not a number",
    "The limit parameter must be a positive number not greater than 2500",
    "Only 'limit' query parameter is supported",
    "Timestamps should be UTC date/times in ISO8601 format, with a Z suffix",
    "No resource found with that ID",
    "Resource not found",
    "Unexpected error",
    "Invalid request",
    "Invalid access token",
    "The access token is missing, invalid or expired",
    "Rate limit exceeded",
    "Bad Request",
    "Unauthorized",
    "Unauthorised",
    "Forbidden",
    "Not Found",
    "Method Not Allowed",
    "Not Acceptable",
    "Conflict",
    "Payload Too Large",
    "Unsupported Media Type",
    "Too Many Requests",
    "Internal Server Error",
    "Not Implemented",
    "Bad Gateway",
    "Service Unavailable",
    "Service Temporarily Unavailable",
    "Gateway Timeout",
];

/// Whether a free text is one that the contract knows: a return reason (as AT10 compares them), a
/// text of the API's own errors, or HTTP's name of a status.
#[must_use]
pub fn is_known_text(text: &str) -> bool {
    is_return_reason(text) || KNOWN_TEXTS.iter().any(|known| known.eq_ignore_ascii_case(text))
}

/// What the contract knows at one place of a document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownPlace {
    properties: BTreeMap<String, KnownPlace>,
    items: Option<Box<KnownPlace>>,
    free_text: bool,
}

impl KnownPlace {
    /// The property of this name; `None` where the contract knows none.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&Self> {
        // An object where a list is meant is read as one item of it.
        self.properties.get(name).or_else(|| self.items.as_ref()?.properties.get(name))
    }

    /// What the items of a list here are; where no list is meant, what the place itself is.
    #[must_use]
    pub fn item(&self) -> &Self {
        self.items.as_deref().unwrap_or(self)
    }

    /// Whether a text here is free: to be kept only where it [is known](is_known_text).
    #[must_use]
    pub fn is_free_text(&self) -> bool {
        // Where an object or a list is meant nobody documented a text.
        self.free_text || !self.properties.is_empty() || self.items.is_some()
    }

    /// What the contract knows where a JSON pointer leads.
    pub(crate) fn at(&self, pointer: &str) -> Option<&Self> {
        pointer.split('/').skip(1).try_fold(self, |place, segment| {
            let is_index = !segment.is_empty() && segment.bytes().all(|b| b.is_ascii_digit());
            if is_index { Some(place.item()) } else { place.property(segment) }
        })
    }

    /// What is known of a document that an answer to this call may carry, whatever its status.
    #[must_use]
    pub fn of_answer(operation: Operation) -> Option<&'static Self> {
        static ANSWERS: LazyLock<BTreeMap<Operation, KnownPlace>> = LazyLock::new(|| {
            let answer = |operation| (operation, KnownPlace::answer(operation));
            Operation::ALL.into_iter().map(answer).collect()
        });
        ANSWERS.get(&operation)
    }

    /// What is known of a document that this call carries.
    #[must_use]
    pub fn of_request(operation: Operation) -> Option<&'static Self> {
        static REQUESTS: LazyLock<BTreeMap<Operation, KnownPlace>> = LazyLock::new(|| {
            let request = |operation| (operation, KnownPlace::request(operation));
            Operation::ALL.into_iter().map(request).collect()
        });
        REQUESTS.get(&operation)
    }

    fn answer(operation: Operation) -> Self {
        let mut place = Self::default();
        let own = all_rules()
            .filter(|rules| rules.operation == operation)
            .flat_map(|rules| rules.answers)
            .filter_map(|answer| match answer.body {
                BodyRule::Json(document) | BodyRule::Optional(document) => Some(document),
                BodyRule::Empty | BodyRule::Free => None,
            });
        for document in own.chain(SAID_BY_ALL) {
            place.add_document(document);
        }
        if let Some(errors) = place.properties.get_mut("errors") {
            let item = errors.items.get_or_insert_default();
            for name in SAID_BY_VALIDATOR {
                item.properties.entry(name.to_owned()).or_default().free_text =
                    FREE_TEXT.contains(&name);
            }
        }
        place
    }

    fn request(operation: Operation) -> Self {
        let mut place = Self::default();
        for rules in all_rules().filter(|rules| rules.operation == operation) {
            rules.request.into_iter().for_each(|document| place.add_document(document));
        }
        // Where no document is meant nobody documented a text either.
        place.free_text = true;
        place
    }

    /// Takes in a document; of one that is wrong nothing is known, and so nothing kept.
    fn add_document(&mut self, document: Document) {
        if let Ok(schema) = document.resolved() {
            self.add(&schema);
        }
    }

    fn add(&mut self, schema: &Value) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let place = self.properties.entry(name.clone()).or_default();
            place.free_text |= FREE_TEXT.contains(&name.as_str());
            place.add(property);
        }
        if let Some(items) = schema.get("items") {
            self.items.get_or_insert_default().add(items);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_property_of_every_document_is_known_where_it_belongs() {
        let list = KnownPlace::of_answer(Operation::ListLetters).unwrap();
        let attributes = |place: &'static KnownPlace| {
            place.property("data").unwrap().item().property("attributes").unwrap()
        };
        let known = attributes(list);
        for name in ["status", "specificationId", "groupId", "reasonCode", "sha256Hash"] {
            assert!(!known.property(name).unwrap().is_free_text(), "{name}");
        }
        assert!(known.property("reasonText").unwrap().is_free_text());
        for name in ["colour", "lineItem", "title", "data"] {
            assert!(known.property(name).is_none(), "{name}");
        }
        assert_eq!(list.at("/data/17/attributes"), Some(known));
        assert_eq!(list.at(""), Some(list));
        assert_eq!(list.at("/data/17/attributes/colour"), None);
        let error = list.property("errors").unwrap().item();
        assert!(error.property("detail").unwrap().is_free_text());
        assert!(!error.property("code").unwrap().is_free_text());
        assert!(error.property("links").unwrap().property("about").is_some());
        let record = attributes(KnownPlace::of_answer(Operation::GetMi).unwrap());
        assert!(record.property("lineItem").is_some() && record.property("reasonText").is_none());
        let update = attributes(KnownPlace::of_request(Operation::UpdateLetters).unwrap());
        assert!(update.property("status").is_some() && update.property("groupId").is_none());
    }

    #[test]
    fn a_list_in_place_of_an_object_is_known_and_the_reverse() {
        let letter = KnownPlace::of_request(Operation::PatchLetter).unwrap();
        assert!(letter.property("data").unwrap().item().property("attributes").is_some());
        let list = KnownPlace::of_request(Operation::UpdateLetters).unwrap();
        assert!(list.property("data").unwrap().property("attributes").is_some());
        assert!(letter.property("data").unwrap().is_free_text(), "no text is documented there");
    }

    #[test]
    fn texts_are_known_word_for_word_or_not_at_all() {
        for text in ["Unexpected error", "bad gateway", "R01 – Addressee gone away", "Deceased"] {
            assert!(is_known_text(text), "{text}");
        }
        for text in ["Unexpected error for Mrs Smith", "", "Mrs Smith"] {
            assert!(!is_known_text(text), "{text}");
        }
    }
}
