//! Ten thousand random changes to a bundle, each of which must be caught, as folder and as zip.
#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::Path;

use common::bundle;
use letterproof_evidence::{BundleKey, Opened, check_integrity, sha256_hex};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

const CHANGES: u32 = 10_000;

/// One change to some bytes.
#[derive(Debug, Clone)]
enum Edit {
    Change { at: Index, by: u8 },
    Insert { at: Index, byte: u8 },
    Delete { at: Index },
}

/// One change to the files of a bundle.
#[derive(Debug, Clone)]
enum Tamper {
    Edit { file: Index, edit: Edit },
    Remove { file: Index },
    Add { name: String, byte: u8 },
    Rename { file: Index, to: String },
    Swap { one: Index, other: Index },
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        2 => (any::<Index>(), 1..=u8::MAX).prop_map(|(at, by)| Edit::Change { at, by }),
        1 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Edit::Insert { at, byte }),
        1 => any::<Index>().prop_map(|at| Edit::Delete { at }),
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{1,8}\\.(csv|txt|json)", "(AT4|at4|journal|new)/[a-zA-Z]{1,6}", "\\.[a-z]{3}"]
}

fn tamper() -> impl Strategy<Value = Tamper> {
    prop_oneof![
        6 => (any::<Index>(), edit()).prop_map(|(file, edit)| Tamper::Edit { file, edit }),
        1 => any::<Index>().prop_map(|file| Tamper::Remove { file }),
        1 => (name(), any::<u8>()).prop_map(|(name, byte)| Tamper::Add { name, byte }),
        1 => (any::<Index>(), name()).prop_map(|(file, to)| Tamper::Rename { file, to }),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(one, other)| Tamper::Swap { one, other }),
    ]
}

/// The same changes each time, and a smaller one where one is not caught.
fn runner() -> TestRunner {
    let config = Config { cases: CHANGES, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

fn apply(edit: &Edit, bytes: &mut Vec<u8>) {
    match edit {
        Edit::Change { at, by } => {
            let at = at.index(bytes.len());
            bytes[at] ^= by;
        }
        Edit::Insert { at, byte } => {
            let at = at.index(bytes.len() + 1);
            bytes.insert(at, *byte);
        }
        Edit::Delete { at } => {
            bytes.remove(at.index(bytes.len()));
        }
    }
}

/// Files by name; a change that leaves them as they are is none.
type Files = Vec<(String, Vec<u8>)>;

fn tampered(files: &Files, tamper: &Tamper) -> Files {
    let mut files = files.clone();
    let count = files.len();
    match tamper {
        Tamper::Edit { file, edit } => apply(edit, &mut files[file.index(count)].1),
        Tamper::Remove { file } => drop(files.remove(file.index(count))),
        Tamper::Add { name, byte } => files.push((name.clone(), vec![*byte])),
        Tamper::Rename { file, to } => files[file.index(count)].0.clone_from(to),
        Tamper::Swap { one, other } => {
            let (one, other) = (one.index(count), other.index(count));
            let name = files[one].0.clone();
            files[one].0 = files[other].0.clone();
            files[other].0 = name;
        }
    }
    files.sort();
    files
}

fn read(folder: &Path) -> Files {
    let opened = Opened::open(folder).unwrap();
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    opened.files().map(|(name, _)| (name.to_owned(), read(name))).collect()
}

/// Makes a folder that holds these files hold those, touching no other.
fn put(folder: &Path, held: &Files, wanted: &Files) {
    for (name, _) in held.iter().filter(|file| !wanted.contains(file)) {
        let path = folder.join(name);
        fs::remove_file(&path).unwrap();
        let _ = fs::remove_dir(path.parent().unwrap());
    }
    for (name, bytes) in wanted.iter().filter(|file| !held.contains(file)) {
        fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
        fs::write(folder.join(name), bytes).unwrap();
    }
}

/// A new file: some file systems write one that is shortened through to the disk at once.
fn put_file(path: &Path, bytes: &[u8]) {
    let _ = fs::remove_file(path);
    fs::write(path, bytes).unwrap();
}

fn is_caught(path: &Path) -> bool {
    Opened::open(path).map_or(true, |opened| !check_integrity(&opened, None).problems.is_empty())
}

#[test]
fn every_change_to_a_folder_is_caught() {
    let out = tempfile::tempdir().unwrap();
    let (folder, _) = bundle(out.path(), Some(&BundleKey::generate().unwrap()));
    let whole = read(&folder);
    runner()
        .run(&tamper(), |tamper| {
            let changed = tampered(&whole, &tamper);
            prop_assume!(changed != whole);
            put(&folder, &whole, &changed);
            let caught = is_caught(&folder);
            put(&folder, &changed, &whole);
            prop_assert!(caught);
            Ok(())
        })
        .unwrap();
    assert!(!is_caught(&folder), "what is caught is the change, not the bundle");
}

#[test]
fn every_change_to_the_bytes_of_a_zip_is_caught() {
    let out = tempfile::tempdir().unwrap();
    let (_, zip) = bundle(out.path(), None);
    let whole = fs::read(&zip).unwrap();
    runner()
        .run(&edit(), |edit| {
            let mut bytes = whole.clone();
            apply(&edit, &mut bytes);
            put_file(&zip, &bytes);
            prop_assert!(is_caught(&zip));
            Ok(())
        })
        .unwrap();
    fs::write(&zip, &whole).unwrap();
    assert!(!is_caught(&zip), "what is caught is the change, not the bundle");
}

/// Packs these files as letterproof does, stamp and all: a zip sound in itself.
fn packed(top: &str, files: &Files) -> Vec<u8> {
    // Stored, for the sake of speed.
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(format!("{top}/{name}"), options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    let mut bytes = zip.finish().unwrap().into_inner();
    bytes.truncate(bytes.len() - 2);
    let stamp = format!("letterproof-bundle/1 sha256:{}", sha256_hex(&bytes));
    bytes.extend(u16::try_from(stamp.len()).unwrap().to_le_bytes());
    bytes.extend(stamp.into_bytes());
    bytes
}

#[test]
fn every_change_to_the_files_of_a_zip_that_is_packed_again_is_caught() {
    let out = tempfile::tempdir().unwrap();
    let (folder, zip) = bundle(out.path(), None);
    let whole = read(&folder);
    let top = folder.file_name().unwrap().to_str().unwrap();
    runner()
        .run(&tamper(), |tamper| {
            let changed = tampered(&whole, &tamper);
            prop_assume!(changed != whole && changed.windows(2).all(|two| two[0].0 != two[1].0));
            put_file(&zip, &packed(top, &changed));
            prop_assert!(is_caught(&zip));
            Ok(())
        })
        .unwrap();
    fs::write(&zip, packed(top, &whole)).unwrap();
    assert!(!is_caught(&zip), "what is caught is the change, not the packing");
    assert_eq!(ZipArchive::new(fs::File::open(&zip).unwrap()).unwrap().len(), whole.len());
}
