//! The built-in contract held against an official OpenAPI 3 document, in one file or many.
//!
//! [`compare_file`] reads the document with its references, reduces both sides to the same plain
//! shape (operations, parameters, headers, fields) and lists what differs: breaking, where a
//! supplier or a check of ours would no longer be right, and additive, where it would. Whether a
//! breaking change fails a build is the caller's matter.
//!
//! Nothing is fetched from the network or read outside the document's own folder; a file that
//! cannot be used is an error that names file and place, never a panic.

mod compare;
pub(crate) mod shape;
mod specification;

use std::fmt;
use std::path::Path;

use serde::Serialize;

use crate::{ContractError, supplier};

pub use crate::supplier::drift::{KnownDifference, known_differences};

pub(crate) use crate::drift::shape::{OfficialSchemas, official_schemas};

/// Compares the built-in contract with an OpenAPI 3 document.
///
/// References may lead to files in the document's own folder and below.
///
/// # Errors
/// When a file cannot be read, is not well-formed, is not an OpenAPI 3 document, or refers to
/// something that is not followed.
pub fn compare_file(path: &Path) -> Result<DriftReport, ContractError> {
    let (mut tree, entry) = specification::Tree::open(path)?;
    let paths = specification::resolved_paths(&mut tree, &entry)?;
    let ours = supplier::drift::shape()?;
    let theirs = shape::named_alike(&ours, shape::of_document(&paths));
    let document = tree.file(&entry)?;
    let text = |value: &serde_json::Value| value.as_str().map(crate::text::clip);
    Ok(compare::compare(
        &ours,
        &theirs,
        Compared {
            file: tree.name(&entry),
            openapi: text(&document["openapi"]).unwrap_or_default(),
            version: text(&document["info"]["version"]),
        },
    ))
}

/// How much a difference matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// A supplier, or a check of ours, that follows the contract would be wrong.
    Breaking,
    /// What follows the contract stays right.
    Additive,
}

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aspect {
    /// Only one side has it.
    Presence,
    /// Whether it must be there.
    Required,
    /// Its JSON type.
    Type,
    /// The values it may have.
    Values,
    /// Its format.
    Format,
    /// Its media types.
    MediaType,
    /// Whether there is a body.
    Body,
}

/// One difference between the contract and a specification.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Change {
    /// How much it matters.
    pub severity: Severity,
    /// The operation (`GET /letters`).
    pub operation: String,
    /// Where in it (`200 body data[].attributes.status`); empty for the operation itself.
    pub place: String,
    /// What differs.
    pub aspect: Aspect,
    /// What the built-in contract says.
    pub ours: String,
    /// What the specification says.
    pub theirs: String,
}

/// A difference that is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deliberate {
    /// The difference.
    #[serde(flatten)]
    pub change: Change,
    /// Why it is meant.
    pub reason: String,
}

/// Which document was compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Compared {
    pub(crate) file: String,
    pub(crate) openapi: String,
    pub(crate) version: Option<String>,
}

/// What a comparison found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DriftReport {
    /// The specification's entry file.
    pub file: String,
    /// Its OpenAPI version.
    pub openapi: String,
    /// Its own version, where it states one.
    pub version: Option<String>,
    /// How many operations both sides have.
    pub operations: usize,
    /// Breaking differences.
    pub breaking: Vec<Change>,
    /// Additive differences.
    pub additive: Vec<Change>,
    /// Differences that are meant.
    pub deliberate: Vec<Deliberate>,
}

impl DriftReport {
    /// Whether something breaking was found.
    #[must_use]
    pub fn is_breaking(&self) -> bool {
        !self.breaking.is_empty()
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.operation)?;
        if !self.place.is_empty() {
            write!(f, ", {}", self.place)?;
        }
        write!(f, ": contract {}, specification {}", self.ours, self.theirs)
    }
}

impl fmt::Display for DriftReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = self.version.as_deref().unwrap_or("not stated");
        writeln!(f, "{}: OpenAPI {}, version {version}", self.file, self.openapi)?;
        writeln!(f, "operations in both: {}", self.operations)?;
        for (name, changes) in [("breaking", &self.breaking), ("additive", &self.additive)] {
            writeln!(f, "{name}: {}", changes.len())?;
            for change in changes {
                writeln!(f, "  {change}")?;
            }
        }
        write!(f, "deliberate: {}", self.deliberate.len())
    }
}
