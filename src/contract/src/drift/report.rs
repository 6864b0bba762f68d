//! What a comparison found, as data and as text.
//! Refuses to decide: whether a breaking change fails a build is the caller's matter.

use std::fmt;

use serde::Serialize;

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
pub(super) struct Compared {
    pub(super) file: String,
    pub(super) openapi: String,
    pub(super) version: Option<String>,
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
