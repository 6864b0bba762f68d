//! What we depend on: used, of allowed terms, from crates.io, and in one version where that can be.
//!
//! `.ci/deny.toml` says what is allowed. It is in the words of cargo-deny, of which this uses a part, so
//! that a clean clone has no other tool to build first.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use semver::{Version, VersionReq};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Allowed {
    licenses: Licences,
    bans: Bans,
}

#[derive(Deserialize)]
struct Licences {
    allow: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Bans {
    skip: Vec<Skipped>,
}

#[derive(Deserialize)]
struct Skipped {
    /// `name@version`, the version as in a Cargo.toml.
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    /// None of ours has one.
    source: Option<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read<T: for<'de> Deserialize<'de>>(name: &str) -> T {
    toml::from_str(&fs::read_to_string(root().join(name)).unwrap())
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The packages that are compiled on this system, in builds or tests: the others need not be there.
fn packages() -> Vec<Value> {
    let run = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).current_dir(root()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let rustc = run(&std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned()), &["-vV"]);
    let host = rustc.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let metadata = run(
        env!("CARGO"),
        &["metadata", "--format-version=1", "--offline", "--locked", "--filter-platform", host],
    );
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

/// Whether terms like `(MIT OR Apache-2.0) AND ISC` can be met with what is allowed.
fn met(terms: &str, allowed: &BTreeSet<String>) -> bool {
    // `/` is an old way to say OR. AND binds closer than OR.
    let (mut depth, mut parts) = (0_usize, BTreeMap::from([("OR", vec![]), ("AND", vec![])]));
    let terms = terms.replace('/', " OR ").replace('(', "( ").replace(')', " )");
    let words: Vec<&str> = terms.split_whitespace().collect();
    for (at, word) in words.iter().enumerate() {
        match *word {
            "(" => depth += 1,
            ")" => depth -= 1,
            "OR" | "AND" if depth == 0 => parts.get_mut(*word).unwrap().push(at),
            _ => {}
        }
    }
    let both = |at: usize| [words[..at].join(" "), words[at + 1..].join(" ")];
    if let Some(at) = parts["OR"].first() {
        both(*at).iter().any(|side| met(side, allowed))
    } else if let Some(at) = parts["AND"].first() {
        both(*at).iter().all(|side| met(side, allowed))
    } else if let [_, .., _] = words[..]
        && words[0] == "("
    {
        met(&words[1..words.len() - 1].join(" "), allowed)
    } else {
        allowed.contains(&words.join(" "))
    }
}

/// All Rust text in these files and folders.
fn code(places: &[PathBuf]) -> String {
    let mut all = String::new();
    for place in places {
        if place.is_dir() {
            let inside: Vec<_> =
                fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path()).collect();
            all += &code(&inside);
        } else if place.extension().is_some_and(|extension| extension == "rs") && place.exists() {
            all += &fs::read_to_string(place).unwrap();
        }
    }
    all
}

/// Whether a text names a crate: as a path, or in `use name as …`.
fn names(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let before = code[..at].chars().next_back().unwrap_or(' ');
        let after = &code[at + name.len()..];
        !before.is_alphanumeric()
            && !"_:.\"".contains(before)
            && ["::", " as ", ";", "!"].iter().any(|next| after.starts_with(next))
    })
}

/// The dependencies of a crate of ours that no code names where it may.
fn unused(package: &Value, packages: &[Value]) -> Vec<String> {
    let manifest = Path::new(text(package, "manifest_path"));
    let folder = manifest.parent().unwrap();
    let within =
        |names: &[&str]| code(&names.iter().map(|name| folder.join(name)).collect::<Vec<_>>());
    let (normal, build) = (within(&["src", "fuzz_targets"]), within(&["build.rs"]));
    // Here, too, are the tests inside of the crate.
    let dev = within(&["src", "tests", "benches", "examples"]);
    let mut found = Vec::new();
    for dependency in package["dependencies"].as_array().unwrap() {
        // What it is called in code: as its library is.
        let Some(library) = packages
            .iter()
            .filter(|other| other["name"] == dependency["name"])
            .flat_map(|other| other["targets"].as_array().unwrap())
            .find(|target| {
                target["kind"][0]
                    .as_str()
                    .is_some_and(|kind| kind.ends_with("lib") || kind == "proc-macro")
            })
        else {
            continue;
        };
        let (text_of, kind) = match dependency["kind"].as_str() {
            None => (&normal, "dependencies"),
            Some("build") => (&build, "build-dependencies"),
            Some(_) => (&dev, "dev-dependencies"),
        };
        if !names(text_of, &text(library, "name").replace('-', "_")) {
            found.push(format!(
                "{}: [{kind}] {} is used nowhere",
                manifest.display(),
                text(dependency, "name")
            ));
        }
    }
    found
}

#[test]
fn each_dependency_is_used() {
    let packages = packages();
    let ours: Vec<&Value> = packages.iter().filter(|package| package["source"].is_null()).collect();
    assert!(ours.len() > 15, "{}", ours.len());
    let mut found: Vec<String> =
        ours.iter().flat_map(|package| unused(package, &packages)).collect();
    // Nor does the workspace's table name one that no crate of ours takes.
    let workspace: toml::Table = read("Cargo.toml");
    for name in workspace["workspace"]["dependencies"].as_table().unwrap().keys() {
        let taken = |package: &&Value| {
            package["dependencies"].as_array().unwrap().iter().any(|one| text(one, "name") == name)
        };
        if !ours.iter().any(taken) {
            found.push(format!("Cargo.toml: no crate takes {name}"));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn each_crate_is_under_allowed_terms() {
    let allowed = read::<Allowed>(".ci/deny.toml").licenses.allow;
    let packages = packages();
    let refused: Vec<String> = packages
        .iter()
        .filter(|package| !met(text(package, "license"), &allowed))
        .map(|package| format!("{}: {}", text(package, "name"), package["license"]))
        .collect();
    assert!(refused.is_empty(), "not allowed in .ci/deny.toml: {refused:#?}");
}

#[test]
fn every_other_crate_is_from_crates_io_and_in_one_version_or_excused() {
    let skip = read::<Allowed>(".ci/deny.toml").bans.skip;
    let lock = read::<Lock>("Cargo.lock").package;
    let mut versions: BTreeMap<&str, Vec<Version>> = BTreeMap::new();
    for Package { name, version, source } in &lock {
        let from = source.as_deref();
        assert!(
            from.map_or(name.starts_with("letterproof-"), |from| {
                from == "registry+https://github.com/rust-lang/crates.io-index"
            }),
            "{name} is from {from:?}"
        );
        versions.entry(name).or_default().push(version.parse().unwrap());
    }
    for Skipped { name: excused, reason } in &skip {
        let (name, wanted) = excused.split_once('@').unwrap();
        let wanted: VersionReq = wanted.parse().unwrap();
        let of_name = versions.get_mut(name).unwrap_or_else(|| panic!("{excused} is not in use"));
        let all = of_name.len();
        of_name.retain(|version| !wanted.matches(version));
        assert!(
            of_name.len() + 1 == all && !of_name.is_empty() && !reason.is_empty(),
            "{excused} excuses nothing: take it from .ci/deny.toml"
        );
    }
    versions.retain(|_, of_name| of_name.len() > 1);
    assert!(versions.is_empty(), "more than one version, not in .ci/deny.toml: {versions:?}");
}

#[test]
fn terms_are_read_as_spdx_means_them() {
    let allowed =
        BTreeSet::from(["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned));
    for fine in [
        "MIT",
        "GPL-3.0 OR MIT",
        "Unlicense/MIT",
        "MIT AND (GPL-3.0 OR ISC)",
        "GPL-3.0 AND ISC OR MIT",
        "(MIT OR GPL-3.0) AND (ISC)",
        "Apache-2.0 WITH LLVM-exception OR GPL-3.0",
    ] {
        assert!(met(fine, &allowed), "{fine}");
    }
    for refused in [
        "",
        "GPL-3.0",
        "MIT AND GPL-3.0",
        "(MIT OR ISC) AND GPL-3.0",
        "Apache-2.0",
        "GPL-3.0 AND (MIT)",
    ] {
        assert!(!met(refused, &allowed), "{refused}");
    }
}

#[test]
fn a_crate_is_named_by_a_path_and_not_by_a_word_in_a_sentence() {
    for named in ["use url::Url;", "&url::Url", "use url as locator;", "use url;", "url!()"] {
        assert!(names(named, "url"), "{named}");
    }
    for other in ["// the url of it", "curl::Easy", "self::url::Url", "url_of(x)", "let url = 1"] {
        assert!(!names(other, "url"), "{other}");
    }
}
