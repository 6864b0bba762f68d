//! What the gateway and the code behind it check in a body, in their order and with their pointers.
//!
//! Shared by all profiles: a 201 says no more than that these checks passed.

use std::collections::HashSet;

use letterproof_model::text::is_guid;
use serde_json::{Map, Value};

use super::problem::{Complaint, Problem};

/// Most messages in one batch.
const MOST_MESSAGES: usize = 45_000;

/// Which of the two sending calls a body belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Message,
    Batch,
}

impl Kind {
    const fn type_name(self) -> &'static str {
        match self {
            Self::Message => "Message",
            Self::Batch => "MessageBatch",
        }
    }

    /// The attribute that tells one call from its repeat.
    pub(crate) const fn reference(self) -> &'static str {
        match self {
            Self::Message => "messageReference",
            Self::Batch => "messageBatchReference",
        }
    }
}

/// Names that every object of the language behind the gateway has. Its check for repeated references
/// looks them up in such an object, so that they count as repeated at once.
const INHERITED: [&str; 12] = [
    "__defineGetter__",
    "__defineSetter__",
    "__lookupGetter__",
    "__lookupSetter__",
    "__proto__",
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toLocaleString",
    "toString",
    "valueOf",
];

/// A property that must be there and not null.
fn required<'a>(
    object: &'a Map<String, Value>,
    name: &str,
    path: &str,
    complaints: &mut Vec<Complaint>,
) -> Option<&'a Value> {
    let problem = match object.get(name) {
        None => Problem::Missing,
        Some(Value::Null) => Problem::Null,
        Some(value) => return Some(value),
    };
    complaints.push(Complaint::at(problem, format!("{path}/{name}")));
    None
}

/// A property that may be missing, but is not null.
fn optional<'a>(
    object: &'a Map<String, Value>,
    name: &str,
    path: &str,
    complaints: &mut Vec<Complaint>,
) -> Option<&'a Value> {
    let value = object.get(name)?;
    if value.is_null() {
        complaints.push(Complaint::at(Problem::Null, format!("{path}/{name}")));
        return None;
    }
    Some(value)
}

/// Whether ten digits end with the check digit of an NHS number.
fn is_nhs_number(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(10)).collect();
    if digits.len() != 10 || text.len() != 10 {
        return false;
    }
    let sum: u32 = (2..=10).rev().zip(&digits).map(|(weight, digit)| weight * digit).sum();
    let check = (11 - sum % 11) % 11;
    check != 10 && digits.last() == Some(&check)
}

/// What the gateway finds in a body before anything behind it sees it; the parsed body otherwise.
///
/// # Errors
/// The complaints in the gateway's order: the whole list, however long.
pub(crate) fn gateway(kind: Kind, body: &[u8]) -> Result<Value, Vec<Complaint>> {
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return Err(vec![Complaint::at(Problem::Invalid, "/")]);
    };
    if body.is_null() {
        // The gateway reads a property of it, and fails.
        return Err(vec![Problem::Internal.into()]);
    }
    let mut complaints = Vec::new();
    let empty = Map::new();
    if let Some(data) = required(body.as_object().unwrap_or(&empty), "data", "", &mut complaints) {
        match data.as_object() {
            Some(data) => check_data(kind, data, &mut complaints),
            None => complaints.push(Complaint::at(Problem::Invalid, "/data")),
        }
    }
    if complaints.is_empty() { Ok(body) } else { Err(complaints) }
}

fn check_data(kind: Kind, data: &Map<String, Value>, complaints: &mut Vec<Complaint>) {
    if let Some(name) = required(data, "type", "/data", complaints)
        && name != kind.type_name()
    {
        complaints.push(Complaint::at(Problem::Invalid, "/data/type"));
    }
    let Some(attributes) = required(data, "attributes", "/data", complaints) else { return };
    let path = "/data/attributes";
    let Some(attributes) = attributes.as_object() else {
        complaints.push(Complaint::at(Problem::Invalid, path));
        return;
    };
    if let Some(plan) = required(attributes, "routingPlanId", path, complaints)
        && !plan.as_str().is_some_and(is_guid)
    {
        complaints.push(Complaint::at(Problem::Invalid, format!("{path}/routingPlanId")));
    }
    match kind {
        Kind::Message => {
            check_message(attributes, path, complaints);
        }
        Kind::Batch => check_batch(attributes, path, complaints),
    }
}

/// A reference: any text that is not blank. Returns it where it is one.
fn reference<'a>(
    object: &'a Map<String, Value>,
    name: &str,
    path: &str,
    complaints: &mut Vec<Complaint>,
) -> Option<&'a str> {
    let value = required(object, name, path, complaints)?;
    let text = value.as_str().filter(|text| !text.trim().is_empty());
    if text.is_none() {
        complaints.push(Complaint::at(Problem::Invalid, format!("{path}/{name}")));
    }
    text
}

fn check_batch(attributes: &Map<String, Value>, path: &str, complaints: &mut Vec<Complaint>) {
    reference(attributes, Kind::Batch.reference(), path, complaints);
    let Some(messages) = required(attributes, "messages", path, complaints) else { return };
    let path = format!("{path}/messages");
    let problem = match messages.as_array().map(Vec::len) {
        None => Some(Problem::Invalid),
        Some(0) => Some(Problem::TooFew),
        Some(count) if count > MOST_MESSAGES => Some(Problem::TooMany),
        Some(_) => None,
    };
    if let Some(problem) = problem {
        complaints.push(Complaint::at(problem, path));
        return;
    }
    let mut seen: HashSet<&str> = INHERITED.into_iter().collect();
    for (at, message) in messages.as_array().into_iter().flatten().enumerate() {
        let path = format!("{path}/{at}");
        let problem = match message {
            Value::Null => Problem::Null,
            Value::Object(message) => {
                let reference = check_message(message, &path, complaints);
                if reference.is_some_and(|reference| !seen.insert(reference)) {
                    let pointer = format!("{path}/messageReference");
                    complaints.push(Complaint::at(Problem::Duplicate, pointer));
                }
                continue;
            }
            _ => Problem::Invalid,
        };
        complaints.push(Complaint::at(problem, path));
    }
}

/// What a single message and each one of a batch have in common. Returns its reference.
fn check_message<'a>(
    message: &'a Map<String, Value>,
    path: &str,
    complaints: &mut Vec<Complaint>,
) -> Option<&'a str> {
    let invalid = |name: &str| Complaint::at(Problem::Invalid, format!("{path}/{name}"));
    let reference = reference(message, Kind::Message.reference(), path, complaints);
    if let Some(recipient) = required(message, "recipient", path, complaints) {
        let below = format!("{path}/recipient");
        match recipient.as_object() {
            None => complaints.push(invalid("recipient")),
            Some(recipient) => {
                if let Some(number) = optional(recipient, "nhsNumber", &below, complaints)
                    && !number.as_str().is_some_and(is_nhs_number)
                {
                    let pointer = format!("{below}/nhsNumber");
                    complaints.push(Complaint::at(Problem::InvalidNhsNumber, pointer));
                }
            }
        }
    }
    if let Some(originator) = optional(message, "originator", path, complaints) {
        match originator.as_object() {
            None => complaints.push(invalid("originator")),
            Some(originator) => {
                if originator.get("odsCode").is_some_and(|code| !code.is_string()) {
                    complaints.push(invalid("originator/odsCode"));
                }
            }
        }
    }
    if optional(message, "personalisation", path, complaints)
        .is_some_and(|value| !value.is_object())
    {
        complaints.push(invalid("personalisation"));
    }
    reference
}

/// The messages of a body that passed the gateway, a single one or those of a batch.
pub(crate) fn messages(kind: Kind, body: &Value) -> &[Value] {
    let attributes = &body["data"]["attributes"];
    match kind {
        Kind::Message => std::slice::from_ref(attributes),
        Kind::Batch => attributes["messages"].as_array().map_or(&[], Vec::as_slice),
    }
}

/// Where the contact details of one of the messages lie in the body.
pub(crate) fn contact_place(kind: Kind, at: usize) -> String {
    match kind {
        Kind::Message => "/data/attributes/recipient/contactDetails".to_owned(),
        Kind::Batch => format!("/data/attributes/messages/{at}/recipient/contactDetails"),
    }
}

/// What the code behind the gateway dislikes about contact details that stand in for PDS's.
pub(crate) fn contact_details(kind: Kind, body: &Value) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (at, message) in messages(kind, body).iter().enumerate() {
        let Some(details) = message["recipient"]["contactDetails"].as_object() else { continue };
        let path = contact_place(kind, at);
        for (name, detail) in
            [("sms", "'sms' is not a string"), ("email", "'email' is not a string")]
        {
            if details.get(name).is_some_and(|value| !value.is_string()) {
                complaints.push(Complaint::invalid(format!("{path}/{name}"), detail));
            }
        }
        if let Some(detail) = details.get("address").and_then(address) {
            complaints.push(Complaint::invalid(format!("{path}/address"), detail));
        }
        if let Some(detail) = details.get("name").and_then(name) {
            complaints.push(Complaint::invalid(format!("{path}/name"), detail));
        }
    }
    complaints
}

/// What is wrong with an address, if anything is.
fn address(address: &Value) -> Option<&'static str> {
    let Some(address) = address.as_object() else { return Some("Invalid") };
    if let Some(lines) = address.get("lines") {
        let lines = lines.as_array().filter(|lines| lines.iter().all(Value::is_string));
        match lines.map(Vec::len) {
            None => return Some("'lines' is not a string array"),
            Some(count) if count > 5 => return Some("Too many address lines were provided"),
            Some(_) => {}
        }
    }
    let postcode = address.get("postcode")?;
    (!postcode.is_string()).then_some("'postcode' is not a string")
}

/// What is wrong with a name, if anything is.
fn name(name: &Value) -> Option<&'static str> {
    let Some(name) = name.as_object() else { return Some("Invalid") };
    let parts = [
        ("prefix", "'prefix' is not a string"),
        ("firstName", "'firstName' is not a string"),
        ("middleNames", "'middleNames' is not a string"),
        ("lastName", "'lastName' is not a string"),
        ("suffix", "'suffix' is not a string"),
    ];
    let wrong = |part: &&(&str, &'static str)| name.get(part.0).is_some_and(|it| !it.is_string());
    parts.iter().find(wrong).map(|part| part.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_digit_of_an_nhs_number_is_checked() {
        for (text, valid) in [
            ("9990548609", true),
            ("9990548600", false),
            ("0000000000", true),
            ("1000000010", false),
            ("999 054 8609", false),
            ("٩٩٩٠٥٤٨٦٠٩", false),
            ("", false),
        ] {
            assert_eq!(is_nhs_number(text), valid, "{text}");
        }
    }

    #[test]
    fn a_number_that_needs_ten_as_its_check_digit_is_none() {
        // 7×10 + 1×3 = 73; 73 mod 11 is 7. Of all ten digits none fits where the sum leaves 1.
        let found = (0..10).filter(|last| is_nhs_number(&format!("{}{last}", "000000006"))).count();
        assert_eq!(found, 0, "6 × 2 = 12, 12 mod 11 is 1, so the check digit would be 10");
    }
}
