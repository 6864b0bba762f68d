//! Reads the files of a specification, one entry file and what it refers to, and replaces
//! references by what they lead to, in the part that describes calls.
//!
//! Links, `..` and absolute paths may not lead out of the entry file's folder. A schema that
//! contains itself is cut off where it begins again; prose and examples are left out, and with them
//! whatever they refer to. Files that are too long or too many, references in a circle, and
//! documents that grow or nest without end are errors.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use letterproof_model::decode_text;
use serde_json::{Map, Value};

use crate::ContractError;
use crate::text::clip;

/// The longest file that is read, in bytes.
const MOST_BYTES: u64 = 8 * 1024 * 1024;
/// The most files one specification may consist of.
const MOST_FILES: usize = 1_000;

/// The files of a specification, each read once.
pub(crate) struct Tree {
    root: PathBuf,
    files: BTreeMap<PathBuf, Arc<Value>>,
}

impl Tree {
    /// Opens a specification; returns it with the path of its entry file.
    pub(crate) fn open(path: &Path) -> Result<(Self, PathBuf), ContractError> {
        let read = |error: std::io::Error| ContractError::Read {
            file: path.display().to_string(),
            message: error.to_string(),
        };
        let entry = fs::canonicalize(path).map_err(read)?;
        let root = entry.parent().map_or_else(|| entry.clone(), Path::to_path_buf);
        let mut tree = Self { root, files: BTreeMap::new() };
        let document = tree.file(&entry)?;
        let fault = |message: &str| ContractError::NotOpenApi {
            file: tree.name(&entry),
            pointer: "/openapi".to_owned(),
            message: message.to_owned(),
        };
        match document["openapi"].as_str() {
            Some(version) if version.starts_with("3.") => {}
            Some(version) => {
                return Err(fault(&format!("version `{}` is not supported", clip(version))));
            }
            None => match &document["openapi"] {
                // In YAML, 3.0 without quotes is a number, and 3.0.3 is text.
                Value::Number(number) => {
                    return Err(fault(&format!(
                        "the version {number} is a number, but must be text; write it in full or \
                         put it in quotes (\"3.0.3\")"
                    )));
                }
                _ => return Err(fault("there is no `openapi` version")),
            },
        }
        Ok((tree, entry))
    }

    /// The path of a file as messages show it: from the specification's own folder on.
    pub(crate) fn name(&self, path: &Path) -> String {
        let shown = path.strip_prefix(&self.root).unwrap_or(path);
        shown.display().to_string().replace('\\', "/")
    }

    /// The file a reference leads to, when it lies in the specification's folder.
    ///
    /// The error is the reason alone; the caller knows the place.
    pub(crate) fn locate(&self, from: &Path, reference: &str) -> Result<PathBuf, String> {
        if reference.contains(':') || reference.starts_with("//") {
            return Err("it leads to another host or drive".to_owned());
        }
        if reference.contains('\\') || Path::new(reference).has_root() {
            return Err("it is not a relative path with forward slashes".to_owned());
        }
        let folder = from.parent().unwrap_or(&self.root);
        let target = fs::canonicalize(folder.join(reference))
            .map_err(|error| format!("the file cannot be read ({})", error.kind()))?;
        if !target.starts_with(&self.root) {
            return Err("it leads out of the specification's folder".to_owned());
        }
        Ok(target)
    }

    /// A file, parsed; `path` comes from [`Self::open`] or [`Self::locate`].
    pub(crate) fn file(&mut self, path: &Path) -> Result<Arc<Value>, ContractError> {
        if let Some(known) = self.files.get(path) {
            return Ok(Arc::clone(known));
        }
        let value = Arc::new(self.read(path)?);
        self.files.insert(path.to_path_buf(), Arc::clone(&value));
        Ok(value)
    }

    fn read(&self, path: &Path) -> Result<Value, ContractError> {
        let file = self.name(path);
        let fail = |message: String| ContractError::Read { file: file.clone(), message };
        if self.files.len() >= MOST_FILES {
            return Err(fail(format!("the specification has more than {MOST_FILES} files")));
        }
        let about = fs::metadata(path).map_err(|error| fail(error.to_string()))?;
        // A pipe or device would never end.
        if !about.is_file() {
            return Err(fail("it is not an ordinary file".to_owned()));
        }
        if about.len() > MOST_BYTES {
            return Err(fail(format!("it is longer than {MOST_BYTES} bytes")));
        }
        let bytes = fs::read(path).map_err(|error| fail(error.to_string()))?;
        let text = decode_text(bytes).map_err(|error| error.to_string());
        text.and_then(|text| parse(path, &text))
            .map_err(|message| ContractError::Malformed { file, message })
    }
}

fn parse(path: &Path, text: &str) -> Result<Value, String> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or("");
    match extension.to_ascii_lowercase().as_str() {
        "json" => serde_json::from_str(text).map_err(|error| clip(&error.to_string())),
        "yml" | "yaml" => {
            // Without a snippet: the message names line and column, and quotes nothing.
            let options = serde_saphyr::options! { with_snippet: false };
            serde_saphyr::from_str_with_options(text, options)
                .map_err(|error| clip(&error.to_string()))
        }
        _ => Err("its name does not end in .yaml, .yml or .json".to_owned()),
    }
}

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
pub(crate) fn resolved_paths(tree: &mut Tree, entry: &Path) -> Result<Value, ContractError> {
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
