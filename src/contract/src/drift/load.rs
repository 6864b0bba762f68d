//! Reads the files of a specification: one entry file, and what it refers to in its own folder.
//!
//! Refuses links, `..` and absolute paths that lead out of that folder, files that are too long or
//! too many, and anything that is neither YAML nor JSON.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use letterproof_model::decode_text;
use serde_json::Value;

use crate::ContractError;
use crate::text::clip;

/// The longest file that is read, in bytes.
const MOST_BYTES: u64 = 8 * 1024 * 1024;
/// The most files one specification may consist of.
const MOST_FILES: usize = 1_000;

/// The files of a specification, each read once.
pub(super) struct Tree {
    root: PathBuf,
    files: BTreeMap<PathBuf, Arc<Value>>,
}

impl Tree {
    /// Opens a specification; returns it with the path of its entry file.
    pub(super) fn open(path: &Path) -> Result<(Self, PathBuf), ContractError> {
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
    pub(super) fn name(&self, path: &Path) -> String {
        let shown = path.strip_prefix(&self.root).unwrap_or(path);
        shown.display().to_string().replace('\\', "/")
    }

    /// The file a reference leads to, when it lies in the specification's folder.
    ///
    /// The error is the reason alone; the caller knows the place.
    pub(super) fn locate(&self, from: &Path, reference: &str) -> Result<PathBuf, String> {
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
    pub(super) fn file(&mut self, path: &Path) -> Result<Arc<Value>, ContractError> {
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
