//! Official specifications, in one file or in several of one folder. A line `=== NAME` begins
//! another file; without one, what looks like JSON is read as JSON and all else as YAML. Comparing
//! and checking by a specification must both come to the same end twice.

use std::fs;
use std::path::Path;

use letterproof_contract::Contract;
use letterproof_contract::drift::compare_file;

use crate::case::{in_folder, is_inside, text, twice};

const NEXT: &str = "\n=== ";
/// The most files one input is split into.
const FILES: usize = 8;

/// Bytes as an OpenAPI document.
pub fn openapi(data: &[u8]) {
    let Some(text) = text(data) else { return };
    in_folder(|folder| {
        let folder = folder.join("specification");
        if folder.exists() {
            fs::remove_dir_all(&folder).expect("the last case's files out of the way");
        }
        fs::create_dir(&folder).expect("a folder for the files");
        let entry = written(&folder, text);
        let path = folder.join(entry);
        let read = twice(|| compare_file(&path));
        // The fault may be in another file than the first, which the message names instead.
        if let (Err(message), false) = (&read, text.contains(NEXT)) {
            assert!(message.contains(entry), "an error that does not name its file: {message}");
        }
        let digest = |contract: Contract| contract.specification().map(str::to_owned);
        let used = twice(|| Contract::from_specification(&path).map(digest));
        assert!(read.is_ok() || used.is_err(), "checked by what cannot be compared");
    });
}

/// Writes the files of an input; returns the name of the first.
fn written(folder: &Path, text: &str) -> &'static str {
    let entry = if text.trim_start().starts_with('{') { "entry.json" } else { "entry.yaml" };
    let mut files = text.split(NEXT).take(FILES);
    fs::write(folder.join(entry), files.next().unwrap_or_default()).expect("the entry file");
    for file in files {
        let (name, content) = file.split_once('\n').unwrap_or((file, ""));
        if is_inside(name) {
            let path = folder.join(name);
            // Two names may want the same place once as a file and once as a folder.
            let _ = path.parent().map(fs::create_dir_all);
            let _ = fs::write(path, content);
        }
    }
    entry
}
