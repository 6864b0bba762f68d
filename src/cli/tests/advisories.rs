//! No crate of Cargo.lock is of a version that a listed security advisory is about.
//!
//! The list, `.ci/advisories.toml`, says when it was checked and which crates were looked up: it is
//! no more than what could be looked up then.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::path::Path;

use semver::{Version, VersionReq};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    checked: String,
    looked_up: Vec<String>,
    advisory: Vec<Advisory>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advisory {
    id: String,
    #[serde(rename = "crate")]
    name: String,
    about: String,
    /// The versions it is not about.
    mended: Vec<String>,
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
}

fn read<T: for<'de> Deserialize<'de>>(name: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name);
    toml::from_str(&std::fs::read_to_string(&path).unwrap())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What of a lock file the list is about, one sentence each.
fn affected(listed: &Listed, lock: &Lock) -> Vec<String> {
    let mut found = Vec::new();
    for Package { name, version } in &lock.package {
        for advisory in listed.advisory.iter().filter(|advisory| advisory.name == *name) {
            let version: Version = version.parse().unwrap();
            let mended = |wanted: &String| wanted.parse::<VersionReq>().unwrap().matches(&version);
            if !advisory.mended.iter().any(mended) {
                let Advisory { id, about, .. } = advisory;
                found.push(format!("{name} {version}: {about} ({id})"));
            }
        }
    }
    found
}

#[test]
fn no_crate_in_use_is_one_that_an_advisory_warns_of() {
    let listed: Listed = read(".ci/advisories.toml");
    let found = affected(&listed, &read("Cargo.lock"));
    assert!(found.is_empty(), "by the list of {}: {found:#?}", listed.checked);
}

#[test]
fn the_list_says_its_date_and_names_each_advisory_once_and_only_of_crates_that_were_looked_up() {
    let listed: Listed = read(".ci/advisories.toml");
    let date: jiff::civil::Date = listed.checked.parse().unwrap();
    assert!(date >= jiff::civil::date(2026, 11, 30), "{date}");
    let mut ids: Vec<&str> = listed.advisory.iter().map(|advisory| advisory.id.as_str()).collect();
    assert!(ids.is_sorted(), "{ids:?}");
    ids.dedup();
    assert_eq!(ids.len(), listed.advisory.len());
    for Advisory { id, name, about, mended } in &listed.advisory {
        assert!(id.starts_with("RUSTSEC-20") && !about.is_empty() && !mended.is_empty(), "{id}");
        assert!(listed.looked_up.contains(name), "{id}: {name}");
    }
}

#[test]
fn a_version_before_the_mending_is_named_and_others_are_not() {
    let listed: Listed = toml::from_str(
        "checked = \"2026-11-30\"\nlooked_up = [\"a\"]\n[[advisory]]\nid = \"RUSTSEC-2026-0001\"\n\
         crate = \"a\"\nabout = \"it breaks\"\nmended = [\"<0.4.0\", \">=1.2.3\"]\n",
    )
    .unwrap();
    let lock = |name: &str, version: &str| Lock {
        package: vec![Package { name: name.to_owned(), version: version.to_owned() }],
    };
    assert_eq!(affected(&listed, &lock("a", "1.2.2")), ["a 1.2.2: it breaks (RUSTSEC-2026-0001)"]);
    assert_eq!(affected(&listed, &lock("a", "0.4.1")).len(), 1);
    for (name, version) in [("a", "1.2.3"), ("a", "2.0.0"), ("a", "0.3.9"), ("b", "1.0.0")] {
        assert!(affected(&listed, &lock(name, version)).is_empty(), "{name} {version}");
    }
}
