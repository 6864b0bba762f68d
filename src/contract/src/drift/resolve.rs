//! Replaces references by what they lead to, in the part of a document that describes calls.
//!
//! A schema that contains itself is cut off where it begins again; prose and examples are left
//! out, and with them whatever they refer to.
//! Refuses references that lead in a circle, and documents that grow or nest without end.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::load::Tree;
use crate::ContractError;
use crate::text::clip;

/// The deepest nesting, references included.
const DEEPEST: usize = 200;
/// The most values a document may have once it is resolved.
const MOST_VALUES: usize = 150_000;

/// Keys whose values are prose, examples or settings of tools.
const LEFT_OUT: &[&str] = &[
    "description",
    "summary",
    "title",
    "example",
    "examples",
    "externalDocs",
    "servers",
    "tags",
    "security",
    "callbacks",
    "links",
    "default",
];
/// Keys whose values map names of the author's own choosing.
const NAMES: &[&str] =
    &["paths", "properties", "headers", "responses", "content", "patternProperties"];
/// Keys whose values are data, not description.
const DATA: &[&str] = &["enum", "const", "required"];

/// The `paths` of an entry file, every reference replaced.
pub(super) fn resolved_paths(tree: &mut Tree, entry: &Path) -> Result<Value, ContractError> {
    let document = tree.file(entry)?;
    let Some(paths) = document.get("paths").filter(|paths| paths.is_object()) else {
        return Err(ContractError::NotOpenApi {
            file: tree.name(entry),
            pointer: "/paths".to_owned(),
            message: "there are no paths".to_owned(),
        });
    };
    let mut resolver = Resolver { tree, followed: Vec::new(), values: 0 };
    let place = Place { file: entry.to_path_buf(), pointer: "/paths".to_owned() };
    resolver.resolve(&place, paths, true, 0, 0)
}

/// Where a value stands.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    file: PathBuf,
    pointer: String,
}

impl Place {
    fn child(&self, key: &str) -> Self {
        let key = key.replace('~', "~0").replace('/', "~1");
        Self { file: self.file.clone(), pointer: format!("{}/{key}", self.pointer) }
    }
}

struct Resolver<'a> {
    tree: &'a mut Tree,
    /// The places references have led to, from the outermost to the one at hand.
    followed: Vec<Place>,
    values: usize,
}

impl Resolver<'_> {
    /// `names`: the value maps names, so none of its keys is a keyword. `hops`: how many
    /// references were followed to get here without anything in between.
    fn resolve(
        &mut self,
        place: &Place,
        value: &Value,
        names: bool,
        hops: usize,
        depth: usize,
    ) -> Result<Value, ContractError> {
        self.values += 1;
        if depth > DEEPEST || self.values > MOST_VALUES {
            return Err(ContractError::NotOpenApi {
                file: self.tree.name(&place.file),
                pointer: clip(&place.pointer),
                message: "the document nests too deeply or grows too large".to_owned(),
            });
        }
        match value {
            Value::Object(map) => match map.get("$ref").and_then(Value::as_str) {
                Some(reference) => self.follow(place, reference, names, hops, depth),
                None => self.resolve_map(place, map, names, depth),
            },
            Value::Array(items) => {
                let mut resolved = Vec::with_capacity(items.len());
                for (at, item) in items.iter().enumerate() {
                    let place = place.child(&at.to_string());
                    resolved.push(self.resolve(&place, item, false, 0, depth + 1)?);
                }
                Ok(Value::Array(resolved))
            }
            _ => Ok(value.clone()),
        }
    }

    fn resolve_map(
        &mut self,
        place: &Place,
        map: &Map<String, Value>,
        names: bool,
        depth: usize,
    ) -> Result<Value, ContractError> {
        let mut resolved = Map::new();
        for (key, value) in map {
            let keyword = !names;
            if keyword && (LEFT_OUT.contains(&key.as_str()) || key.starts_with("x-")) {
                continue;
            }
            let value = if keyword && DATA.contains(&key.as_str()) {
                value.clone()
            } else {
                let inner = keyword && NAMES.contains(&key.as_str());
                self.resolve(&place.child(key), value, inner, 0, depth + 1)?
            };
            resolved.insert(key.clone(), value);
        }
        Ok(Value::Object(resolved))
    }

    fn follow(
        &mut self,
        place: &Place,
        reference: &str,
        names: bool,
        hops: usize,
        depth: usize,
    ) -> Result<Value, ContractError> {
        let file = self.tree.name(&place.file);
        let refuse = |message: String| ContractError::Reference {
            file: file.clone(),
            pointer: clip(&place.pointer),
            reference: clip(reference),
            message,
        };
        let (path, pointer) = reference.split_once('#').unwrap_or((reference, ""));
        if !pointer.is_empty() && !pointer.starts_with('/') {
            return Err(refuse("it names an anchor, not a place".to_owned()));
        }
        let target_file = if path.is_empty() {
            place.file.clone()
        } else {
            self.tree.locate(&place.file, path).map_err(refuse)?
        };
        let target = Place { file: target_file, pointer: unescaped(pointer) };
        if let Some(at) = self.followed.iter().position(|known| *known == target) {
            // With nothing but references since then it is a circle; else a schema within itself.
            return if at + hops >= self.followed.len() {
                Err(refuse("it leads back to itself".to_owned()))
            } else {
                Ok(Value::Object(Map::new()))
            };
        }
        let document = self.tree.file(&target.file)?;
        let found = document.pointer(&target.pointer);
        let found = found.ok_or_else(|| refuse("there is nothing there".to_owned()))?;
        self.followed.push(target.clone());
        let resolved = self.resolve(&target, found, names, hops + 1, depth + 1);
        self.followed.pop();
        resolved
    }
}

/// Undoes percent-encoding in a reference's pointer (`%7B` for a brace in a path).
fn unescaped(pointer: &str) -> String {
    if pointer.contains('%') {
        // A plus is itself in a pointer.
        crate::text::decoded(&pointer.replace('+', "%2B"))
    } else {
        pointer.to_owned()
    }
}
