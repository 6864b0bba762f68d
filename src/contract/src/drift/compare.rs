//! Compares two shapes: what one has and the other has not, and what both have but differently.
//!
//! In an answer the specification may be narrower than our contract; in a request it may be wider.
//! The other way round it is breaking. An unknown success status, value or media type counts as
//! breaking, because our checks would call it a violation. Of a part that is missing only the
//! topmost field is named.

use std::collections::BTreeSet;

use crate::Document;
use crate::drift::shape::{AnswerShape, BodyShape, Field, Fields, OperationShape, Shape};
use crate::drift::{Aspect, Change, Compared, Deliberate, DriftReport, Severity};
use crate::supplier::drift::known_differences;

/// Which way a body travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Request,
    Answer,
}

/// Compares the built-in contract with a document.
pub(crate) fn compare(ours: &Shape, theirs: &Shape, compared: Compared) -> DriftReport {
    let mut found = Found::default();
    let mut operations = 0;
    for name in union(ours.keys(), theirs.keys()) {
        found.operation.clone_from(&name);
        match (ours.get(&name), theirs.get(&name)) {
            (Some(ours), Some(theirs)) => {
                operations += 1;
                compare_operation(&mut found, ours, theirs);
            }
            (Some(_), None) => found.presence(Severity::Breaking, "", true),
            _ => found.presence(Severity::Additive, "", false),
        }
    }
    found.changes.sort_unstable();
    let (breaking, additive) =
        found.changes.into_iter().partition(|change| change.severity == Severity::Breaking);
    DriftReport {
        file: compared.file,
        openapi: compared.openapi,
        version: compared.version,
        operations,
        breaking,
        additive,
        deliberate: found.deliberate,
    }
}

#[derive(Default)]
struct Found {
    operation: String,
    changes: Vec<Change>,
    deliberate: Vec<Deliberate>,
}

/// The field at hand: the document of ours it is in, and its path there.
type At<'a> = Option<(Document, &'a str)>;

impl Found {
    fn change(
        &mut self,
        severity: Severity,
        place: &str,
        aspect: Aspect,
        (ours, theirs): (String, String),
        at: At<'_>,
    ) {
        let operation = self.operation.clone();
        let place = place.trim_end().to_owned();
        let change = Change { severity, operation, place, aspect, ours, theirs };
        let known = at.and_then(|(document, field)| {
            known_differences().iter().find(|known| {
                known.document == document && known.field == field && known.aspect == aspect
            })
        });
        match known {
            Some(known) => {
                self.deliberate.push(Deliberate { change, reason: known.reason.to_owned() });
            }
            None => self.changes.push(change),
        }
    }

    /// Something that only one side has.
    fn presence(&mut self, severity: Severity, place: &str, ours_has: bool) {
        self.change(severity, place, Aspect::Presence, has(ours_has), None);
    }
}

fn has(ours: bool) -> (String, String) {
    let word = |has| if has { "has it" } else { "does not have it" }.to_owned();
    (word(ours), word(!ours))
}

fn breaking_if(breaking: bool) -> Severity {
    if breaking { Severity::Breaking } else { Severity::Additive }
}

fn compare_operation(found: &mut Found, ours: &OperationShape, theirs: &OperationShape) {
    for name in union(ours.parameters.keys(), theirs.parameters.keys()) {
        let place = format!("parameter {name}");
        match (ours.parameters.get(&name), theirs.parameters.get(&name)) {
            (Some(ours), Some(theirs)) => {
                compare_field(found, Side::Request, &place, ours, theirs, None);
            }
            (Some(_), None) => found.presence(Severity::Breaking, &place, true),
            (_, theirs) => {
                let required = theirs.is_some_and(|theirs| theirs.required);
                found.presence(breaking_if(required), &place, false);
            }
        }
    }
    compare_body(found, Side::Request, "request", ours.request.as_ref(), theirs.request.as_ref());
    for status in union(ours.answers.keys(), theirs.answers.keys()) {
        match (ours.answers.get(&status), theirs.answers.get(&status)) {
            (Some(ours), Some(theirs)) => compare_answer(found, &status, ours, theirs),
            // A refusal that is no longer documented takes nothing from a supplier.
            (Some(_), None) => found.presence(breaking_if(is_success(&status)), &status, true),
            _ => found.presence(breaking_if(is_success(&status)), &status, false),
        }
    }
}

fn is_success(status: &str) -> bool {
    status.starts_with('2') || status.starts_with('3')
}

fn compare_answer(found: &mut Found, status: &str, ours: &AnswerShape, theirs: &AnswerShape) {
    for name in ours.headers.symmetric_difference(&theirs.headers) {
        let ours_has = ours.headers.contains(name);
        found.presence(breaking_if(ours_has), &format!("{status} header {name}"), ours_has);
    }
    // A redirect's body is left open by the contract.
    if status != "303" {
        compare_body(found, Side::Answer, status, ours.body.as_ref(), theirs.body.as_ref());
    }
}

fn compare_body(
    found: &mut Found,
    side: Side,
    place: &str,
    ours: Option<&BodyShape>,
    theirs: Option<&BodyShape>,
) {
    let place = format!("{place} body");
    let (ours, theirs) = match (ours, theirs) {
        (Some(ours), Some(theirs)) => (ours, theirs),
        (None, None) => return,
        (ours, _) => {
            let at = ours.and_then(|ours| ours.document).map(|document| (document, ""));
            let severity = breaking_if(!ours.is_some_and(|ours| ours.optional));
            found.change(severity, &place, Aspect::Body, has(ours.is_some()), at);
            return;
        }
    };
    if !theirs.media.is_subset(&ours.media) {
        let severity = breaking_if(ours.media.is_disjoint(&theirs.media));
        let texts = (listed(&ours.media), listed(&theirs.media));
        found.change(severity, &place, Aspect::MediaType, texts, None);
    }
    compare_fields(found, side, &place, ours, &theirs.fields);
}

fn compare_fields(found: &mut Found, side: Side, place: &str, ours: &BodyShape, theirs: &Fields) {
    for path in union(ours.fields.keys(), theirs.keys()) {
        let place = format!("{place} {path}");
        let at = ours.document.map(|document| (document, path.as_str()));
        match (ours.fields.get(&path), theirs.get(&path)) {
            (Some(ours), Some(theirs)) => {
                compare_field(found, side, &place, ours, theirs, at);
            }
            (Some(_), None) if has_parent(theirs, &path) => {
                found.change(Severity::Breaking, &place, Aspect::Presence, has(true), at);
            }
            (None, Some(field)) if has_parent(&ours.fields, &path) => {
                let severity = breaking_if(side == Side::Request && field.required);
                found.change(severity, &place, Aspect::Presence, has(false), at);
            }
            _ => {}
        }
    }
}

/// Whether the field that would hold this one is there.
fn has_parent(fields: &Fields, path: &str) -> bool {
    let parent = match path.strip_suffix("[]") {
        Some(parent) => parent,
        None => path.rfind('.').map_or("", |at| &path[..at]),
    };
    fields.contains_key(parent)
}

fn compare_field(
    found: &mut Found,
    side: Side,
    place: &str,
    ours: &Field,
    theirs: &Field,
    at: At<'_>,
) {
    // What a supplier sends must fit theirs; what it gets must fit ours.
    let fits = |wider_ours: bool, wider_theirs: bool| match side {
        Side::Request => wider_theirs,
        Side::Answer => wider_ours,
    };
    if ours.types != theirs.types {
        let fits = fits(covers(&ours.types, &theirs.types), covers(&theirs.types, &ours.types));
        let texts = (types(&ours.types), types(&theirs.types));
        found.change(breaking_if(!fits), place, Aspect::Type, texts, at);
    }
    if ours.required != theirs.required {
        let fits = fits(theirs.required, ours.required);
        let word = |required| if required { "required" } else { "optional" }.to_owned();
        let texts = (word(ours.required), word(theirs.required));
        found.change(breaking_if(!fits), place, Aspect::Required, texts, at);
    }
    if ours.values != theirs.values {
        let wider = |a: &Option<BTreeSet<String>>, b: &Option<BTreeSet<String>>| match (a, b) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(a), Some(b)) => a.is_superset(b),
        };
        let fits = fits(wider(&ours.values, &theirs.values), wider(&theirs.values, &ours.values));
        let texts = (only(&ours.values, &theirs.values), only(&theirs.values, &ours.values));
        found.change(breaking_if(!fits), place, Aspect::Values, texts, at);
    }
    if ours.format != theirs.format {
        let fits = fits(ours.format.is_none(), theirs.format.is_none());
        let word = |format: &Option<String>| {
            let none = || "no format".to_owned();
            format.as_ref().map_or_else(none, |format| format!("format {}", shown(format)))
        };
        let texts = (word(&ours.format), word(&theirs.format));
        found.change(breaking_if(!fits), place, Aspect::Format, texts, at);
    }
}

/// Whether everything of the types `b` is of the types `a`; no types mean all.
fn covers(a: &BTreeSet<String>, b: &BTreeSet<String>) -> bool {
    let integer = |name: &String| name == "integer" && a.contains("number");
    a.is_empty() || (!b.is_empty() && b.iter().all(|name| a.contains(name) || integer(name)))
}

fn types(types: &BTreeSet<String>) -> String {
    if types.is_empty() { "any type".to_owned() } else { listed(types) }
}

/// The values only this side has.
fn only(own: &Option<BTreeSet<String>>, other: &Option<BTreeSet<String>>) -> String {
    match (own, other) {
        (None, _) => "any value".to_owned(),
        (Some(own), None) => format!("only {}", listed(own)),
        (Some(own), Some(other)) => {
            let more: BTreeSet<String> = own.difference(other).cloned().collect();
            if more.is_empty() {
                "nothing more".to_owned()
            } else {
                format!("also {}", listed(&more))
            }
        }
    }
}

fn listed(words: &BTreeSet<String>) -> String {
    let words: Vec<String> = words.iter().map(|word| shown(word)).collect();
    words.join(" or ")
}

fn shown(text: &str) -> String {
    crate::text::clip(text)
}

fn union<'a>(
    ours: impl Iterator<Item = &'a String>,
    theirs: impl Iterator<Item = &'a String>,
) -> BTreeSet<String> {
    ours.chain(theirs).cloned().collect()
}
