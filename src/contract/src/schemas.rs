//! The JSON Schemas under `schemas/`, embedded, resolved and compiled.
//!
//! The API's documents are open: an unknown property is no breach. A *strict variant* of each is
//! derived here, which takes no unknown properties and so finds them as drift. Our own formats
//! (`results.json`, the journal) are strict as written. References resolve inside the embedded set
//! or not at all.

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value};

use crate::ContractError;

/// A document that has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Document {
    /// GET /letters, 200.
    LetterList,
    /// GET /letters/{id}, 200.
    Letter,
    /// The body of PATCH /letters/{id}.
    LetterUpdate,
    /// The body of POST /letters.
    LetterUpdateList,
    /// The body of POST /mi.
    MiCreate,
    /// POST /mi, 201, and GET /mi/{id}, 200.
    Mi,
    /// Notify's own errors.
    Errors,
    /// The gateway's 429.
    RateLimited,
    /// The gateway's 502.
    BadGateway,
    /// The token endpoint, 200.
    Token,
    /// The token endpoint's refusals.
    TokenError,
    /// GET /_status, 200.
    Status,
    /// `results.json`.
    Results,
    /// One line of a journal.
    Journal,
    /// One line of a journal of format 2, in which no run is begun any more.
    Journal2,
    /// One line of a journal of format 1, which is no longer written.
    Journal1,
}

impl Document {
    /// Every document, the API's first.
    pub const ALL: [Self; 16] = [
        Self::LetterList,
        Self::Letter,
        Self::LetterUpdate,
        Self::LetterUpdateList,
        Self::MiCreate,
        Self::Mi,
        Self::Errors,
        Self::RateLimited,
        Self::BadGateway,
        Self::Token,
        Self::TokenError,
        Self::Status,
        Self::Results,
        Self::Journal,
        Self::Journal2,
        Self::Journal1,
    ];

    /// The schema's file under `schemas/`; those of an API stand in the folder of its pack.
    #[must_use]
    pub const fn file(self) -> &'static str {
        self.source().0
    }

    /// The schema as shipped, with its references.
    #[must_use]
    pub const fn text(self) -> &'static str {
        self.source().1
    }

    const fn source(self) -> (&'static str, &'static str) {
        macro_rules! embedded {
            ($file:literal) => {
                ($file, include_str!(concat!("../../../schemas/", $file)))
            };
        }
        match self {
            Self::LetterList => embedded!("supplier/letter-list.json"),
            Self::Letter => embedded!("supplier/letter.json"),
            Self::LetterUpdate => embedded!("supplier/letter-update.json"),
            Self::LetterUpdateList => embedded!("supplier/letter-update-list.json"),
            Self::MiCreate => embedded!("supplier/mi-create.json"),
            Self::Mi => embedded!("supplier/mi.json"),
            Self::Errors => embedded!("supplier/errors.json"),
            Self::RateLimited => embedded!("supplier/rate-limited.json"),
            Self::BadGateway => embedded!("supplier/bad-gateway.json"),
            Self::Token => embedded!("supplier/token.json"),
            Self::TokenError => embedded!("supplier/token-error.json"),
            Self::Status => embedded!("supplier/status.json"),
            Self::Results => embedded!("results.json"),
            Self::Journal => embedded!("journal.json"),
            Self::Journal2 => embedded!("journal-2.json"),
            Self::Journal1 => embedded!("journal-1.json"),
        }
    }

    /// The schema with every reference replaced by what it points at.
    ///
    /// # Errors
    /// When the shipped schema is not JSON or a reference leads nowhere.
    pub fn resolved(self) -> Result<Value, ContractError> {
        let root = self.parsed()?;
        let mut resolved = self.resolve(&root, &root, 0)?;
        if let Some(map) = resolved.as_object_mut() {
            map.remove("$defs");
        }
        Ok(resolved)
    }

    fn parsed(self) -> Result<Value, ContractError> {
        serde_json::from_str(self.text()).map_err(|error| self.fault(error.to_string()))
    }

    fn resolve(self, value: &Value, root: &Value, depth: usize) -> Result<Value, ContractError> {
        // No document nests this deep; only a reference to itself could.
        if depth > 64 {
            return Err(self.fault("a reference leads back to itself".to_owned()));
        }
        match value {
            Value::Object(map) => {
                if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
                    let (file, pointer) = reference.split_once('#').unwrap_or((reference, ""));
                    let nowhere = || self.fault(format!("`{reference}` leads nowhere"));
                    if file.is_empty() {
                        let target = root.pointer(pointer).ok_or_else(nowhere)?;
                        return self.resolve(target, root, depth + 1);
                    }
                    // As anywhere, a reference starts from the folder of the file it stands in.
                    let folder = self.file().rfind('/').map_or("", |at| &self.file()[..=at]);
                    let is_meant = |document: &Self| {
                        document.file().strip_prefix(folder).is_some_and(|name| name == file)
                    };
                    let other = Self::ALL.into_iter().find(is_meant);
                    let other = other.ok_or_else(nowhere)?;
                    let other_root = other.parsed()?;
                    let target = other_root.pointer(pointer).ok_or_else(nowhere)?;
                    return other.resolve(target, &other_root, depth + 1);
                }
                map.iter()
                    .map(|(key, value)| Ok((key.clone(), self.resolve(value, root, depth + 1)?)))
                    .collect::<Result<Map<_, _>, _>>()
                    .map(Value::Object)
            }
            Value::Array(items) => items
                .iter()
                .map(|item| self.resolve(item, root, depth + 1))
                .collect::<Result<Vec<_>, _>>()
                .map(Value::Array),
            _ => Ok(value.clone()),
        }
    }

    fn fault(self, message: String) -> ContractError {
        ContractError::Schema { schema: self.file(), message }
    }
}

/// A compiled schema: as written, and in its strict variant.
#[derive(Debug)]
pub(crate) struct Schema {
    /// Where it comes from, as findings name it: `schemas/supplier/letter.json`.
    pub(crate) name: String,
    /// As written.
    pub(crate) open: Validator,
    /// The same, unknown properties refused.
    pub(crate) strict: Validator,
    /// Whether it is an official one in the place of ours, which may know properties that a recorder
    /// of this build did not.
    pub(crate) foreign: bool,
}

impl Schema {
    /// Compiles the schema of a document.
    pub(crate) fn compile(document: Document) -> Result<Self, ContractError> {
        let name = format!("schemas/{}", document.file());
        Self::build(name, &document.resolved()?, false).map_err(|message| document.fault(message))
    }

    /// Compiles a resolved schema; a format that nobody knows is an error in our own schemas and
    /// passed over in others.
    pub(crate) fn build(name: String, open: &Value, foreign: bool) -> Result<Self, String> {
        let build = |schema: &Value| {
            jsonschema::options()
                .with_draft(Draft::Draft202012)
                .should_validate_formats(true)
                .should_ignore_unknown_formats(foreign)
                .build(schema)
                .map_err(|error| error.to_string())
        };
        let (strict, open) = (build(&strict_variant(open))?, build(open)?);
        Ok(Self { name, open, strict, foreign })
    }
}

/// Where the parts of one schema stand, which together say what one value may be.
const PARTS: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// A copy of a resolved schema in which every object with named properties refuses others, unless
/// it says itself what it makes of them.
#[must_use]
pub(crate) fn strict_variant(schema: &Value) -> Value {
    variant(schema, true)
}

/// `whole`: the schema is no part of another, which knows more names than the part does.
fn variant(schema: &Value, whole: bool) -> Value {
    match schema {
        Value::Object(map) => {
            let mut strict: Map<String, Value> = map
                .iter()
                .map(|(key, value)| {
                    // Under `enum` and `const` stand values, not schemas.
                    let copied = matches!(key.as_str(), "enum" | "const" | "default" | "examples");
                    if copied {
                        return (key.clone(), value.clone());
                    }
                    let strict = match value.as_array() {
                        Some(parts) if PARTS.contains(&key.as_str()) => {
                            parts.iter().map(|part| variant(part, false)).collect()
                        }
                        _ => variant(value, true),
                    };
                    (key.clone(), strict)
                })
                .collect();
            if whole && let Some(names) = known_names(schema).filter(|names| !names.is_empty()) {
                let known = strict.entry("properties").or_insert_with(|| Value::Object(Map::new()));
                if let Some(known) = known.as_object_mut() {
                    for name in names {
                        // What a part asks of its property, the part says.
                        known.entry(name).or_insert(Value::Bool(true));
                    }
                }
                strict.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            Value::Object(strict)
        }
        Value::Array(items) => items.iter().map(|item| variant(item, true)).collect(),
        _ => schema.clone(),
    }
}

/// The names of a schema's properties and of those of its parts; `None` where it or a part says
/// itself what it makes of others.
fn known_names(schema: &Value) -> Option<Vec<&String>> {
    let own = ["additionalProperties", "unevaluatedProperties"];
    if own.iter().any(|word| schema.get(word).is_some()) {
        return None;
    }
    let properties = schema["properties"].as_object();
    let mut names: Vec<&String> = properties.into_iter().flat_map(Map::keys).collect();
    for part in PARTS.iter().flat_map(|word| schema[*word].as_array()).flatten() {
        names.extend(known_names(part)?);
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn resolve(value: &Value, root: &Value) -> Result<Value, ContractError> {
        Document::MiCreate.resolve(value, root, 0)
    }

    #[test]
    fn sixty_four_levels_are_resolved_and_one_more_is_refused_however_it_is_reached() {
        let root = json!({ "$defs": { "number": 1 } });
        let nested = |levels: usize, inner: &Value| {
            (0..levels).fold(inner.clone(), |inner, _| json!([inner]))
        };
        let letter = "letter.json#/$defs/letter/type";
        for (levels, inner, resolved) in [
            (64, json!(1), json!(1)),
            (63, json!({ "a": 1 }), json!({ "a": 1 })),
            (63, json!({ "$ref": "#/$defs/number" }), json!(1)),
            (63, json!({ "$ref": letter }), json!("object")),
        ] {
            let found = resolve(&nested(levels, &inner), &root).unwrap();
            assert_eq!(found, nested(levels, &resolved), "{inner}");
            assert!(resolve(&nested(levels + 1, &inner), &root).is_err(), "{inner}");
        }
    }

    #[test]
    fn a_value_that_looks_like_a_schema_is_left_as_it_is() {
        for word in ["enum", "const", "default", "examples"] {
            let values = json!({ word: [{ "properties": { "a": 1 } }] });
            assert_eq!(strict_variant(&values), values);
        }
    }

    #[test]
    fn a_reference_to_itself_or_to_nowhere_is_refused_with_its_reason() {
        let root = json!({ "a": { "$ref": "#/b" }, "b": { "c": { "$ref": "#/a" } } });
        let fault = |reference: &str| {
            resolve(&json!({ "$ref": reference }), &root).unwrap_err().to_string()
        };
        for (reference, why) in [
            ("#/a", "a reference leads back to itself"),
            ("#/d", "`#/d` leads nowhere"),
            ("parcel.json#/d", "`parcel.json#/d` leads nowhere"),
            ("letter.json#/d", "`letter.json#/d` leads nowhere"),
        ] {
            let error = fault(reference);
            assert!(error.contains("`supplier/mi-create.json`") && error.contains(why), "{error}");
        }
    }
}
