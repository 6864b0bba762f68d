//! The sample supplier is a stranger: it knows the words and the guard, and nothing else of the harness.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The crates of this workspace that a manifest's products are made with; those of its tests apart.
fn own(manifest: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut counts = true;
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            counts = line != "[package]" && !line.contains("dev-dependencies");
        }
        // A crate under another name stands behind `package =`.
        for rest in line.split("letterproof-").skip(1).filter(|_| counts) {
            let is_name = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '-';
            names.insert(rest.chars().take_while(is_name).collect());
        }
    }
    names
}

#[test]
fn it_shares_the_words_and_the_guard_with_the_harness_and_nothing_else() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.ancestors().find(|folder| folder.join("Cargo.lock").is_file()).unwrap();
    let read = |folder: &Path| fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let allowed: BTreeSet<String> = set(&["model", "wire"]);
    assert_eq!(own(&read(here)), allowed);
    // Nor does anything of the harness come in behind them.
    for (name, behind) in [("model", set(&[])), ("wire", set(&["model"]))] {
        let behind: BTreeSet<String> = behind;
        assert_eq!(own(&read(&root.join("src").join(name))), behind, "{name}");
    }
    // Its tests watch it and judge what they saw; the harness's own way of calling is not theirs.
    assert!(!read(here).contains("letterproof-client"), "the client is no help to a stranger");
}

#[test]
fn a_crate_is_found_under_any_name_and_in_any_table() {
    let manifest = "[package]\nname = \"letterproof-sample-supplier\"\n\
        [dependencies]\nours = { package = \"letterproof-client\", path = \"../client\" }\n\
        [dev-dependencies]\nletterproof-mock.workspace = true\n\
        [target.'cfg(unix)'.dependencies.letterproof-judge]\nworkspace = true\n\
        [build-dependencies]\nletterproof-toml = { workspace = true }\n";
    let found: Vec<String> = own(manifest).into_iter().collect();
    assert_eq!(found, ["client", "judge", "toml"]);
}
