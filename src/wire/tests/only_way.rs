//! Nobody opens a connection but this crate: what the guard is worth.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

/// What opens connections or resolves names, as source texts name it.
const WAYS: [&str; 15] = [
    "TcpStream::connect",
    "TcpSocket::",
    ".connect_timeout(&",
    "UnixStream::connect",
    "UdpSocket",
    "lookup_host",
    "ToSocketAddrs",
    "to_socket_addrs",
    "HttpConnector",
    "reqwest::get",
    "reqwest::Client",
    "Client::builder()",
    "reqwest::blocking",
    "ureq::",
    "client::conn::",
];

/// What ships: neither tests, nor benchmarks, nor what tests share.
fn ships(path: &Path) -> bool {
    let text = path.to_string_lossy().replace('\\', "/");
    let tested = ["/tests/", "/benches/", "/target/", "src/fuzz/", "src/testing/", "src/wire/"];
    text.ends_with(".rs")
        && !text.ends_with("/tests.rs")
        && !tested.iter().any(|part| text.contains(part))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true if path.file_name().is_some_and(|name| name != "target") => files(&path, found),
            true => {}
            false => found.push(path),
        }
    }
}

fn workspace() -> Vec<PathBuf> {
    let (root, mut found) = (root(), Vec::new());
    ["src", "steps", "load", "reports"].iter().for_each(|part| files(&root.join(part), &mut found));
    assert!(found.len() > 300, "{} files", found.len());
    found
}

#[test]
fn no_other_crate_opens_a_connection() {
    let root = root();
    let mut others = Vec::new();
    for path in workspace().into_iter().filter(|path| ships(path)) {
        let text = fs::read_to_string(&path).unwrap();
        // Tests of a file stand at its end.
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        let found = WAYS.iter().filter(|way| text.contains(**way));
        others.extend(found.map(|way| format!("{name}: {way}")));
    }
    assert!(others.is_empty(), "these open connections beside the guard: {others:#?}");
}

#[test]
fn no_other_crate_has_a_library_that_would() {
    let mut others = Vec::new();
    for path in workspace().into_iter().filter(|path| path.ends_with("Cargo.toml")) {
        let text = fs::read_to_string(&path).unwrap();
        let shipped = text.split("[dev-dependencies]").next().unwrap();
        let name = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
        let tested = ["src/wire/", "src/fuzz/", "src/testing/"];
        if tested.iter().any(|part| name.starts_with(part)) {
            continue;
        }
        for library in ["reqwest", "ureq", "curl", "isahc", "hickory"] {
            if shipped.lines().any(|line| line.trim_start().starts_with(library)) {
                others.push(format!("{name}: {library}"));
            }
        }
    }
    assert!(others.is_empty(), "the guard's is the only way out: {others:#?}");
}
