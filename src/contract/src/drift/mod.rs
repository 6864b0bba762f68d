//! The built-in contract held against an official OpenAPI 3 document, in one file or many.
//!
//! [`compare_file`] reads the document with its references, reduces both sides to the same plain
//! shape (operations, parameters, headers, fields) and lists what differs: breaking, where a
//! supplier or a check of ours would no longer be right, and additive, where it would.
//! Refuses the network, files outside the document's own folder, and endless references; a file
//! that cannot be used is an error that names file and place, never a panic.

mod compare;
mod known;
mod load;
mod official;
mod ours;
mod report;
mod resolve;
mod shape;

use std::path::Path;

pub(crate) use official::{OfficialSchemas, official_schemas};

pub use known::{KnownDifference, known_differences};
pub use report::{Aspect, Change, Deliberate, DriftReport, Severity};

use crate::ContractError;

/// Compares the built-in contract with an OpenAPI 3 document.
///
/// References may lead to files in the document's own folder and below.
///
/// # Errors
/// When a file cannot be read, is not well-formed, is no OpenAPI 3 document, or refers to
/// something that is not followed.
pub fn compare_file(path: &Path) -> Result<DriftReport, ContractError> {
    let (mut tree, entry) = load::Tree::open(path)?;
    let paths = resolve::resolved_paths(&mut tree, &entry)?;
    let ours = ours::shape()?;
    let theirs = shape::named_alike(&ours, shape::of_document(&paths));
    let document = tree.file(&entry)?;
    let text = |value: &serde_json::Value| value.as_str().map(crate::text::clip);
    Ok(compare::compare(
        &ours,
        &theirs,
        report::Compared {
            file: tree.name(&entry),
            openapi: text(&document["openapi"]).unwrap_or_default(),
            version: text(&document["info"]["version"]),
        },
    ))
}
