//! Evidence bundles, verified as a reviewer does. Bytes are a zip of their own, or say how a sound
//! bundle is changed: a line `zip`, `folder NAME` or `resealed NAME`, a line with a position and how
//! many bytes go there, and what comes in their place. A changed bundle is never sound; one sealed
//! again is not when its results were what changed.

mod forged;

use std::fs;
use std::path::Path;

use letterproof_contract::Contract;
use letterproof_evidence::{Opened, RESULTS_FILE};
use letterproof_harness::{Verification, Verifying, verify};

use crate::case::{as_file, bounded, in_folder, is_inside, named, twice};
use forged::{Forged, forged};

const FILE: &str = "bundle.zip";

/// Bytes as a bundle, or as a change to one.
pub fn bundle(data: &[u8]) {
    let data = bounded(data);
    match Change::read(data) {
        None => {
            sound(FILE, data);
        }
        Some(change) => forged(|bundle| change.make(bundle)),
    }
}

/// What is changed.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Part<'a> {
    /// The zip's own bytes.
    Zip,
    /// A file of the folder.
    Folder(&'a str),
    /// The same, and the folder is sealed again, as a forger with time would.
    Resealed(&'a str),
}

struct Change<'a> {
    part: Part<'a>,
    from: usize,
    length: usize,
    put: &'a [u8],
}

impl<'a> Change<'a> {
    fn read(data: &'a [u8]) -> Option<Self> {
        let mut lines = data.splitn(3, |byte| *byte == b'\n');
        let part = std::str::from_utf8(lines.next()?).ok()?;
        let place = std::str::from_utf8(lines.next()?).ok()?;
        let part = match part.split_once(' ') {
            None if part == "zip" => Part::Zip,
            Some(("folder", name)) if is_inside(name) => Part::Folder(name),
            Some(("resealed", name)) if is_inside(name) => Part::Resealed(name),
            _ => return None,
        };
        let (from, length) = place.split_once(' ')?;
        let (from, length) = (from.parse().ok()?, length.parse().ok()?);
        Some(Self { part, from, length, put: lines.next()? })
    }

    fn make(&self, bundle: &Forged) {
        match self.part {
            Part::Zip => {
                let changed = self.applied(&bundle.zip);
                assert_eq!(sound(FILE, &changed), changed == bundle.zip, "a changed zip");
            }
            Part::Folder(name) => self.in_copy(bundle, name, |folder, is_same| {
                assert_eq!(verified(folder), is_same, "a changed {name}");
            }),
            Part::Resealed(name) => self.in_copy(bundle, name, |folder, is_same| {
                if forged::seal_again(folder) {
                    let sound = verified(folder);
                    assert!(is_same || !sound || name != RESULTS_FILE, "other results");
                }
            }),
        }
    }

    /// Makes the change in a copy of the folder, and says whether the copy is still the same.
    fn in_copy(&self, bundle: &Forged, name: &str, check: impl FnOnce(&Path, bool)) {
        in_folder(|scratch| {
            let Some(folder) = bundle.copy_into(scratch) else { return };
            let before = bundle.files.get(name).map_or(&[][..], Vec::as_slice);
            let after = self.applied(before);
            let path = folder.join(name);
            // A name that stands for a folder there, or below a file, changes nothing.
            let _ = path.parent().map(fs::create_dir_all);
            if fs::write(path, &after).is_ok() {
                check(&folder, bundle.files.contains_key(name) && after == before);
            }
        });
    }

    fn applied(&self, before: &[u8]) -> Vec<u8> {
        let from = self.from % (before.len() + 1);
        let to = from.saturating_add(self.length).min(before.len());
        [&before[..from], self.put, &before[to..]].concat()
    }
}

/// Whether these bytes are a sound zip.
fn sound(name: &str, data: &[u8]) -> bool {
    as_file(name, data, verified)
}

/// Whether a reviewer would find nothing wrong.
fn verified(path: &Path) -> bool {
    let contract = Contract::built_in().expect("the contract of this build");
    let tool = forged::tool();
    let with = Verifying { tool: &tool, key: None, contract, stampers: None };
    let read = twice(|| verify(path, &with).map(|found| gist(&found)));
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if let Ok(opened) = Opened::open(path) {
        // What opens is read file by file, never beyond its declared size.
        for (name, size) in opened.files() {
            if let Ok(bytes) = opened.read(name, 1 << 20) {
                assert_eq!(bytes.len() as u64, size, "{name}");
            }
        }
    }
    named(&name, read).is_some_and(|(sound, _)| sound)
}

fn gist(found: &Verification) -> (bool, Vec<String>) {
    assert_eq!(found.holds(), found.problems.is_empty());
    (found.holds(), found.problems.iter().map(|problem| problem.sentence.clone()).collect())
}
