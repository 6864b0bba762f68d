//! The notices that `letterproof licences` prints: whole, and of what is compiled in today.
//!
//! `LETTERPROOF_UPDATE=1` makes them again, of the crates for every system; that takes the sources
//! of all of them (`cargo fetch`). Without it, those for this system must all be there as they are.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::{Compression, GzBuilder};
use serde_json::Value;
use support::command;

const REFRESH: &str = "LETTERPROOF_UPDATE=1 cargo test --workspace --test licences";
/// What stands between the notices of two texts.
const RULE: &str =
    "--------------------------------------------------------------------------------";
/// How the list of crates begins and ends.
const LIST: &str = "It is made of these crates, each with its version and licence:";
const TEXTS: &str = "Their terms:";
/// The terms of the MIT licence, for crates whose packages leave them out.
const MIT: &str = "Permission is hereby granted, free of charge, to any person obtaining a copy of \
this software and associated documentation files (the \"Software\"), to deal in the Software without \
restriction, including without limitation the rights to use, copy, modify, merge, publish, \
distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the \
Software is furnished to do so, subject to the following conditions:\n\nThe above copyright notice \
and this permission notice shall be included in all copies or substantial portions of the \
Software.\n\nTHE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, \
INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE \
AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, \
DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT \
OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.";

/// A crate by name and version.
type Id = (String, String);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .args(["--offline", "--locked"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What is compiled into the program: every crate that is not ours, with its licence.
fn compiled_in(systems: &[&str]) -> BTreeMap<Id, String> {
    let mut tree = vec!["tree", "-p", "letterproof-cli", "-e", "normal,no-proc-macro"];
    tree.extend(["--prefix", "none", "--format", "{p}|{l}"]);
    tree.extend(systems);
    let listed = cargo(&tree);
    let mut crates = BTreeMap::new();
    for line in listed.lines().filter(|line| !line.starts_with("letterproof-")) {
        let (package, licence) = line.trim_end_matches(" (*)").split_once('|').unwrap();
        let mut words = package.split(' ');
        let (name, version) = (words.next().unwrap(), words.next().unwrap());
        let id = (name.to_owned(), version.trim_start_matches('v').to_owned());
        crates.insert(id, licence.to_owned());
    }
    crates
}

fn printed() -> String {
    let ended = command(&["licences"]).ended();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    ended.stdout
}

/// The crates of the printed list, with their licences.
fn listed(notices: &str) -> BTreeMap<Id, String> {
    let list = notices.split_once(LIST).unwrap().1.split_once(TEXTS).unwrap().0;
    let lines = list.lines().filter(|line| !line.is_empty() && !line.starts_with("rust "));
    lines
        .map(|line| {
            let mut words = line.splitn(3, ' ');
            let mut next = || words.next().unwrap_or_else(|| panic!("{line}")).to_owned();
            ((next(), next()), next())
        })
        .collect()
}

#[test]
fn everything_that_is_compiled_in_is_named_with_its_terms() {
    if std::env::var_os("LETTERPROOF_UPDATE").is_some() {
        // Seen by the next build of the program.
        fs::write(root().join("src/cli/licences.txt.gz"), packed(&made())).unwrap();
        return;
    }
    let notices = printed();
    let listed = listed(&notices);
    let compiled = compiled_in(&[]);
    assert!(compiled.len() > 150, "{}", compiled.len());
    let stale: Vec<_> =
        compiled.iter().filter(|(id, terms)| listed.get(id) != Some(terms)).collect();
    assert!(stale.is_empty(), "not in the notices: {stale:?}; refresh with: {REFRESH}");
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap().replace("\r\n", "\n");
    let gone: Vec<_> = listed
        .keys()
        .filter(|(name, version)| {
            !lock.contains(&format!("name = \"{name}\"\nversion = \"{version}\"\n"))
        })
        .collect();
    assert!(
        gone.is_empty(),
        "in the notices, and no more in use: {gone:?}; refresh with: {REFRESH}"
    );
}

#[test]
fn each_crate_of_the_list_is_under_a_text() {
    let notices = printed();
    let own = fs::read_to_string(root().join("LICENSE")).unwrap();
    assert!(notices.contains(own.trim()), "its own terms come first");
    let texts = notices.split_once(TEXTS).unwrap().1;
    let covered: BTreeSet<&str> = texts
        .split(RULE)
        .filter_map(|text| text.trim_start().strip_prefix("Of "))
        .flat_map(|text| text.lines().next().unwrap_or_default().trim_end_matches(':').split(", "))
        .collect();
    for (name, version) in listed(&notices).keys() {
        let id = format!("{name} {version}");
        assert!(covered.contains(id.as_str()), "{id} is under no text");
    }
    for words in ["Permission is hereby granted", "Apache License", "UNICODE LICENSE"] {
        assert!(texts.contains(words), "{words}");
    }
}

#[test]
fn the_notices_add_little_to_the_program() {
    let packed = fs::metadata(root().join("src/cli/licences.txt.gz")).unwrap().len();
    assert!(packed < 100_000, "{packed} bytes");
}

fn packed(text: &str) -> Vec<u8> {
    let mut packer = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    packer.write_all(text.as_bytes()).unwrap();
    packer.finish().unwrap()
}

/// The notices, made of the sources of all crates.
fn made() -> String {
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--format-version", "1"])).unwrap();
    let packages: BTreeMap<Id, &Value> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            let word = |name: &str| package[name].as_str().unwrap().to_owned();
            ((word("name"), word("version")), package)
        })
        .collect();
    let crates = compiled_in(&["--target", "all"]);
    let mut covered: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (id, terms) in &crates {
        let package = packages[id];
        let mut texts = texts_of(package);
        if texts.is_empty() {
            // Crates of one repository are under the same terms.
            let repository = repository(package);
            texts = packages
                .values()
                .filter(|other| !repository.is_empty() && self::repository(other) == repository)
                .map(|other| texts_of(other))
                .find(|texts| !texts.is_empty())
                .unwrap_or_default();
        }
        if texts.is_empty() && terms.contains("MIT") {
            texts.push(format!("Copyright (c) {}\n\n{MIT}", authors(package)));
        }
        assert!(!texts.is_empty(), "{id:?} ({terms}) has no text of its terms");
        for text in texts {
            covered.entry(text).or_default().insert(format!("{} {}", id.0, id.1));
        }
    }
    let mut notices = format!("{LIST}\n\n");
    for ((name, version), terms) in &crates {
        notices.push_str(&format!("{name} {version} {terms}\n"));
    }
    notices.push_str(
        "rust standard library: MIT OR Apache-2.0, by the contributors of the Rust project\n",
    );
    notices.push_str(&format!("\n{TEXTS}\n"));
    let mut texts: Vec<_> = covered.into_iter().collect();
    texts.sort_by(|(a, of_a), (b, of_b)| (of_a, a).cmp(&(of_b, b)));
    for (text, of) in texts {
        let of: Vec<String> = of.into_iter().collect();
        notices.push_str(&format!("\n{RULE}\nOf {}:\n\n{text}\n", of.join(", ")));
    }
    notices
}

/// The texts of terms that lie in a package.
fn texts_of(package: &Value) -> Vec<String> {
    const NAMES: [&str; 6] = ["license", "licence", "copying", "notice", "unlicense", "copyright"];
    let folder = Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap().to_owned();
    let mut files: BTreeSet<PathBuf> = BTreeSet::new();
    for entry in fs::read_dir(&folder).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().to_lowercase();
        if NAMES.iter().any(|start| name.starts_with(start)) {
            if entry.path().is_dir() {
                files.extend(fs::read_dir(entry.path()).unwrap().flatten().map(|file| file.path()));
            } else {
                files.insert(entry.path());
            }
        }
    }
    if let Some(file) = package["license_file"].as_str() {
        files.insert(folder.join(file));
    }
    let texts = files.iter().filter(|file| file.is_file()).map(|file| {
        let text = String::from_utf8_lossy(&fs::read(file).unwrap()).replace("\r\n", "\n");
        let lines: Vec<&str> = text.trim().lines().map(str::trim_end).collect();
        lines.join("\n")
    });
    texts.filter(|text| !text.is_empty()).collect()
}

fn repository(package: &Value) -> &str {
    let url = package["repository"].as_str().unwrap_or_default();
    url.split("/tree/").next().unwrap().trim_end_matches('/').trim_end_matches(".git")
}

fn authors(package: &Value) -> String {
    let authors = package["authors"].as_array().into_iter().flatten().filter_map(Value::as_str);
    // Names, not addresses.
    let names: Vec<&str> =
        authors.map(|author| author.split(" <").next().unwrap_or_default().trim()).collect();
    match names.is_empty() {
        true => format!("the authors of {}", package["name"].as_str().unwrap()),
        false => names.join(", "),
    }
}
