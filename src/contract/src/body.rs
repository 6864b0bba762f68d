//! A JSON body against its schema: breaches of the open schema, unknown properties by its strict
//! variant.
//!
//! Errors of the same kind at the same place of every letter are one difference with a number, so
//! that 2,500 letters of one flaw make one finding. Nothing is quoted whole: objects and arrays are
//! told by size, texts are clipped, and nothing of a token answer is shown.

use std::collections::BTreeMap;

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;
use letterproof_model::is_masked;
use serde_json::Value;

use crate::difference::{Check, Difference, Weight};
use crate::schemas::Schema;
use crate::supplier::kept::KnownPlace;
use crate::text::{clip, clip_value, id_part};

/// How many kinds of error, and of unknown property, one body may report.
const MOST_KINDS: usize = 20;

/// Compares a body with its schema. `known` is what a recorder of this build keeps of it.
pub(crate) fn compare(
    schema: &Schema,
    known: Option<&KnownPlace>,
    value: &Value,
    secret: bool,
    out: &mut Vec<Difference>,
) {
    // What the strict variant takes, the open one takes too: one fast pass settles most bodies.
    if schema.strict.is_valid(value) {
        return;
    }
    let mut breaches: BTreeMap<String, (Difference, usize)> = BTreeMap::new();
    for error in schema.open.iter_errors(value).filter(|error| is_on_record(schema, known, error)) {
        let place = generalised(error.instance_path().as_str());
        let property = match error.kind() {
            ValidationErrorKind::Required { property } => property.as_str().unwrap_or_default(),
            _ => "",
        };
        let facet = id_part(&format!("{} {place} {property}", error.kind().keyword()));
        if let Some((_, count)) = breaches.get_mut(&facet) {
            *count += 1;
        } else if breaches.len() < MOST_KINDS {
            let difference = breach(schema, &error, &place, property, secret, facet.clone());
            breaches.insert(facet, (difference, 1));
        }
    }
    out.extend(breaches.into_values().map(|(difference, count)| counted(difference, count)));

    let mut additions: BTreeMap<String, (Difference, usize)> = BTreeMap::new();
    for (path, name) in unknown_at(schema, value) {
        let place = join(&generalised(&path), &clip(&name));
        if let Some((_, count)) = additions.get_mut(&place) {
            *count += 1;
        } else if additions.len() < MOST_KINDS {
            let facet = id_part(&place);
            let difference =
                Difference::new(Check::Unknown, facet, format!("unknown property `{place}`"))
                    .weight(Weight::Addition)
                    .expected(format!("the properties of {}", schema.name))
                    .observed(format!("`{place}`, first at {}", shown_path(&path)))
                    .source("properties may be added at any time");
            additions.insert(place, (difference, 1));
        }
    }
    out.extend(additions.into_values().map(|(difference, count)| counted(difference, count)));
}

/// Whether the record holds the value that is said to be wrong. An official schema may know a
/// property whose value the recorder replaced because it did not, and ask more of a text than that
/// it is one.
fn is_on_record(schema: &Schema, known: Option<&KnownPlace>, error: &ValidationError<'_>) -> bool {
    let kept = || known?.at(error.instance_path().as_str()).filter(|place| !place.is_free_text());
    !schema.foreign || !error.instance().as_str().is_some_and(is_masked) || kept().is_some()
}

/// What is wrong with a value by the schema as written, one sentence each.
pub(crate) fn faults(schema: &Schema, known: Option<&KnownPlace>, value: &Value) -> Vec<String> {
    schema
        .open
        .iter_errors(value)
        .filter(|error| is_on_record(schema, known, error))
        .map(|error| {
            let at = shown_path(error.instance_path().as_str());
            format!("{at}: {} (seen: {})", message(&error), clip_value(error.instance()))
        })
        .collect()
}

/// The places of properties the schema does not know, each once.
pub(crate) fn unknown(schema: &Schema, value: &Value) -> Vec<String> {
    let mut places: Vec<String> = unknown_at(schema, value)
        .into_iter()
        .map(|(path, name)| join(&generalised(&path), &clip(&name)))
        .collect();
    places.sort_unstable();
    places.dedup();
    places
}

fn unknown_at(schema: &Schema, value: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for error in schema.strict.iter_errors(value) {
        if let ValidationErrorKind::AdditionalProperties { unexpected } = error.kind() {
            let path = error.instance_path().as_str();
            found.extend(unexpected.iter().map(|name| (path.to_owned(), name.clone())));
        }
    }
    found
}

fn breach(
    schema: &Schema,
    error: &ValidationError<'_>,
    place: &str,
    property: &str,
    secret: bool,
    facet: String,
) -> Difference {
    let at = shown_path(error.instance_path().as_str());
    let (title, observed) = if property.is_empty() {
        let value = if secret {
            "a value that is not shown".to_owned()
        } else {
            clip_value(error.instance())
        };
        let place = if place.is_empty() { "the document" } else { place };
        (format!("`{place}` does not match its schema"), format!("{value} at {at}"))
    } else {
        (format!("`{}` is missing", join(place, property)), format!("absent at {at}"))
    };
    Difference::new(Check::Schema, facet, title)
        .expected(message(error))
        .observed(observed)
        .source(schema.name.clone())
}

/// The rule that was broken, without the value that broke it.
fn message(error: &ValidationError<'_>) -> String {
    clip(&error.masked_with("the value").to_string())
}

fn counted(mut difference: Difference, count: usize) -> Difference {
    if count > 1 {
        difference.observed.push_str(&format!(", and {} more", count - 1));
    }
    difference
}

/// `/data/3/attributes` as `data[].attributes`: the same for every letter.
fn generalised(pointer: &str) -> String {
    let mut place = String::new();
    for segment in pointer.split('/').skip(1) {
        if segment.bytes().all(|byte| byte.is_ascii_digit()) {
            place.push_str("[]");
        } else {
            if !place.is_empty() {
                place.push('.');
            }
            place.push_str(segment);
        }
    }
    place
}

fn join(place: &str, name: &str) -> String {
    if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") }
}

fn shown_path(pointer: &str) -> String {
    if pointer.is_empty() { "the top".to_owned() } else { clip(pointer) }
}
