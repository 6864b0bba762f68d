//! Bundles made to harm their reader: each is refused for its own reason, and none is read far.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use std::io::{Read as _, Write as _};
use std::path::PathBuf;

use common::bundle;
use letterproof_evidence::{
    EvidenceError, Limits, Opened, ProblemKind, check_integrity, sha256_hex,
};

/// One entry of a zip, every field as false as a test needs it.
#[derive(Clone)]
struct Entry {
    name: String,
    flags: u16,
    method: u16,
    packed: Vec<u8>,
    size: u64,
    mode: u32,
    extra: Vec<u8>,
    /// Where the directory says it begins, if not where it does.
    at: Option<u32>,
}

fn stored(name: &str, bytes: &[u8]) -> Entry {
    Entry {
        name: name.into(),
        flags: 0,
        method: 0,
        packed: bytes.to_vec(),
        size: bytes.len() as u64,
        mode: 0o100_644,
        extra: Vec::new(),
        at: None,
    }
}

fn deflated(name: &str, bytes: &[u8]) -> Entry {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    let packed = encoder.finish().unwrap();
    Entry { method: 8, packed, ..stored(name, bytes) }
}

fn two(value: usize) -> [u8; 2] {
    u16::try_from(value).unwrap().to_le_bytes()
}

fn four(value: u64) -> [u8; 4] {
    u32::try_from(value).unwrap().to_le_bytes()
}

/// What the header in front of an entry and the one in the directory have in common. The hash is
/// left at nothing, for it is never reached.
fn shared(entry: &Entry) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(20_u16.to_le_bytes());
    bytes.extend(entry.flags.to_le_bytes());
    bytes.extend(entry.method.to_le_bytes());
    bytes.extend([0, 0, 0x21, 0]);
    bytes.extend([0; 4]);
    bytes.extend(four(entry.packed.len() as u64));
    bytes.extend(four(entry.size));
    bytes.extend(two(entry.name.len()));
    bytes.extend(two(entry.extra.len()));
    bytes
}

/// A zip of these entries after these bytes, with the stamp of a sound bundle.
fn zip_after(before: &[u8], entries: &[Entry]) -> Vec<u8> {
    let mut zip = before.to_vec();
    let mut directory = Vec::new();
    for entry in entries {
        let at = entry.at.unwrap_or_else(|| u32::try_from(zip.len()).unwrap());
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(shared(entry));
        directory.extend([0; 6]);
        directory.extend((entry.mode << 16).to_le_bytes());
        directory.extend(at.to_le_bytes());
        directory.extend(entry.name.as_bytes());
        directory.extend(&entry.extra);
        if entry.at.is_none() {
            zip.extend(b"PK\x03\x04");
            zip.extend(shared(entry));
            zip.extend(entry.name.as_bytes());
            zip.extend(&entry.extra);
            zip.extend(&entry.packed);
        }
    }
    let start = zip.len() as u64;
    zip.extend(&directory);
    zip.extend(b"PK\x05\x06\x00\x00\x00\x00");
    zip.extend([two(entries.len()), two(entries.len())].concat());
    zip.extend(four(directory.len() as u64));
    zip.extend(four(start));
    stamped(zip)
}

fn stamped(mut zip: Vec<u8>) -> Vec<u8> {
    let stamp = format!("letterproof-bundle/1 sha256:{}", sha256_hex(&zip));
    zip.extend(two(stamp.len()));
    zip.extend(stamp.into_bytes());
    zip
}

fn zip(entries: &[Entry]) -> Vec<u8> {
    zip_after(b"", entries)
}

/// A file that is gone with the folder it lies in.
struct Saved(#[allow(dead_code)] tempfile::TempDir, PathBuf);

fn saved(bytes: &[u8]) -> Saved {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bundle.zip");
    std::fs::write(&path, bytes).unwrap();
    Saved(folder, path)
}

fn refusal(bytes: &[u8]) -> (ProblemKind, String) {
    refusal_within(bytes, &Limits::default())
}

fn refusal_within(bytes: &[u8], limits: &Limits) -> (ProblemKind, String) {
    let file = saved(bytes);
    match Opened::open_within(&file.1, limits) {
        Err(EvidenceError::Refused { problem, .. }) => (problem.kind, problem.sentence),
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn what_these_tests_build_is_opened_when_nothing_is_wrong_with_it() {
    let file = saved(&zip(&[stored("run/a.txt", b"abc"), deflated("run/b/c.txt", &[7; 5_000])]));
    let opened = Opened::open(&file.1).unwrap();
    assert_eq!(opened.top(), Some("run"));
    assert_eq!(opened.files().collect::<Vec<_>>(), [("a.txt", 3), ("b/c.txt", 5_000)]);
    assert_eq!(opened.read("a.txt", 10).unwrap(), b"abc");
    assert_eq!(opened.read("b/c.txt", 5_000).unwrap(), [7; 5_000]);
    let error = opened.read("b/c.txt", 4_999).unwrap_err();
    assert!(matches!(error, EvidenceError::TooLarge { .. }), "{error}");
    assert!(matches!(opened.read("none", 1), Err(EvidenceError::Missing { .. })));
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    for (name, reason) in [
        ("../evil.txt", "leads out"),
        ("run/../../evil.txt", "leads out"),
        ("/etc/passwd", "absolute"),
        ("run\\evil.txt", "backslash"),
        ("C:/evil.txt", "drive"),
        ("run/evil.txt:stream", "drive"),
        ("run/AUX.txt", "store"),
        ("run/.hidden", "store"),
        ("run/folder/", "store"),
        ("run//a", "store"),
        ("run/a\u{1b}[2J", "store"),
        ("run/a/b/c/d/e/f/g/h/i.txt", "nested"),
    ] {
        let (kind, sentence) = refusal(&zip(&[stored(name, b"x")]));
        assert_eq!(kind, ProblemKind::Name, "{name}");
        assert!(sentence.contains(reason), "{name}: {sentence}");
        assert!(!sentence.contains('\u{1b}'));
    }
    assert_eq!(refusal(&zip(&[stored("", b"x")])).0, ProblemKind::Name);
}

#[test]
fn links_and_devices_are_refused() {
    for mode in [0o120_777, 0o040_755, 0o020_644, 0o010_644] {
        let link = Entry { mode, ..stored("run/link", b"/etc/passwd") };
        assert_eq!(refusal(&zip(&[link])).0, ProblemKind::NotAFile, "{mode:o}");
    }
}

#[test]
fn files_of_the_same_name_are_refused_capitals_aside() {
    for names in
        [["run/a", "run/a"], ["run/A", "run/a"], ["run/X/b", "run/x/a"], ["run/a", "run/a/b"]]
    {
        let entries = names.map(|name| stored(name, b"x"));
        assert_eq!(refusal(&zip(&entries)).0, ProblemKind::Twice, "{names:?}");
    }
}

#[test]
fn encryption_and_unknown_methods_are_refused() {
    let encrypted = Entry { flags: 1, ..stored("run/a", b"0123456789abcdef") };
    assert_eq!(refusal(&zip(&[encrypted])).0, ProblemKind::Encrypted);
    for method in [1, 9, 12, 14, 93, 98] {
        let entry = Entry { method, ..stored("run/a", b"x") };
        assert_eq!(refusal(&zip(&[entry])).0, ProblemKind::Method, "{method}");
    }
}

#[test]
fn files_outside_the_one_top_folder_are_refused() {
    for names in [["a.txt", "run/b"], ["other/a", "run/b"]] {
        let entries = names.map(|name| stored(name, b"x"));
        assert_eq!(refusal(&zip(&entries)).0, ProblemKind::Outside, "{names:?}");
    }
}

#[test]
fn bytes_that_belong_to_no_file_are_refused() {
    let entries = [stored("run/a", b"x"), stored("run/b", b"y")];
    let sound = zip(&entries);
    let before = zip_after(b"MZ and a program", &entries);
    let unsorted = zip(&[stored("run/b", b"y"), stored("run/a", b"x")]);
    let extra = zip(&[Entry { extra: vec![9, 0, 2, 0, 1, 2], ..stored("run/a", b"x") }]);
    let overlapping = zip(&[stored("run/a", b"x"), Entry { at: Some(0), ..stored("run/b", b"x") }]);
    let mut longer = sound.clone();
    longer.extend(b"more");
    for (what, bytes) in [
        ("a program in front", before),
        ("another order", unsorted),
        ("an extra field", extra),
        ("one entry in another", overlapping),
    ] {
        assert_eq!(refusal(&bytes).0, ProblemKind::Structure, "{what}");
    }
    assert_eq!(refusal(&longer).0, ProblemKind::NotABundle);
}

#[test]
fn other_zips_and_files_are_no_bundles() {
    let sound = zip(&[stored("run/a", b"x")]);
    let without_stamp = &sound[..sound.len() - 94];
    let with_other_comment = [without_stamp, &[5, 0], b"hello"].concat();
    let cut = &sound[..sound.len() / 3];
    for (bytes, words) in [
        (b"".as_slice(), "it is not a zip file"),
        (b"PK", "it is not a zip file"),
        (&[0; 1_000], "it is not a zip file"),
        (cut, "it is a zip that was cut short"),
        (&with_other_comment, "unpack it and give the folder"),
        (without_stamp, "unpack it and give the folder"),
    ] {
        let (kind, sentence) = refusal(bytes);
        assert_eq!(kind, ProblemKind::NotABundle);
        assert!(sentence.contains(words), "{sentence}");
    }
}

#[test]
fn a_zip_in_the_large_format_is_refused_before_its_directory_is_believed() {
    // A locator of the large format, hidden in the last entry's extra field.
    let locator = [b"PK\x06\x07".as_slice(), &[0; 16]].concat();
    let (kind, _) = refusal(&zip(&[Entry { extra: locator, ..stored("run/a", b"x") }]));
    assert_eq!(kind, ProblemKind::Structure);
}

#[test]
fn a_directory_that_claims_more_than_it_has_is_refused() {
    let mut claims = zip(&[stored("run/a", b"x")]);
    let end = claims.len() - 22 - 92;
    claims.truncate(claims.len() - 94);
    claims[end + 8..end + 12].copy_from_slice(&[0xff, 0x0f, 0xff, 0x0f]);
    assert_eq!(refusal(&stamped(claims.clone())).0, ProblemKind::Structure);
    claims[end + 8..end + 12].copy_from_slice(&[0xff; 4]);
    assert_eq!(refusal(&stamped(claims)).0, ProblemKind::TooMany);
}

#[test]
fn more_files_than_a_bundle_has_are_refused() {
    let entries: Vec<_> = (0..20).map(|n| stored(&format!("run/{n:03}"), b"")).collect();
    let limits = Limits { files: 19, ..Limits::default() };
    assert_eq!(refusal_within(&zip(&entries), &limits).0, ProblemKind::TooMany);
}

#[test]
fn a_zip_bomb_is_refused_by_what_it_declares() {
    let bomb = deflated("run/zeros", &vec![0; 40 << 20]);
    assert!(bomb.packed.len() < 1 << 20, "a bomb is small");
    assert_eq!(refusal(&zip(std::slice::from_ref(&bomb))).0, ProblemKind::Bomb);
    // Many, each below what is looked at by itself.
    let small = deflated("", &vec![0; 10 << 20]);
    let many: Vec<_> =
        (0..8).map(|n| Entry { name: format!("run/{n}"), ..small.clone() }).collect();
    assert_eq!(refusal(&zip(&many)).0, ProblemKind::Bomb);
}

#[test]
fn a_file_of_four_gigabytes_is_refused_whether_it_tells_so_or_not() {
    let declared = Entry { size: 0xffff_fffe, ..deflated("run/a", b"x") };
    assert_eq!(refusal(&zip(&[declared])).0, ProblemKind::TooLarge);
    // The large format's own field: four and a half gigabytes, packed into one byte.
    let size = 4_500_000_000_u64.to_le_bytes();
    let extra = [b"\x01\x00\x08\x00".as_slice(), &size].concat();
    let large = Entry { size: 0xffff_ffff, extra, ..deflated("run/a", b"x") };
    assert_eq!(refusal(&zip(&[large])).0, ProblemKind::TooLarge);
}

#[test]
fn of_a_bomb_that_lies_no_more_is_unpacked_than_it_declares() {
    let lie = Entry { size: 1_000, ..deflated("run/results.json", &vec![0; 40 << 20]) };
    let file = saved(&zip(&[lie]));
    let opened = Opened::open(&file.1).unwrap();
    let mut unpacked = 0;
    let mut reader = opened.reader("results.json").unwrap();
    let error = loop {
        match reader.read(&mut [0; 300]) {
            Ok(0) => panic!("the lie was believed"),
            Ok(read) => unpacked += read,
            Err(error) => break error,
        }
    };
    assert_eq!(unpacked, 1_000);
    assert!(error.to_string().contains("longer than declared"), "{error}");
    assert!(opened.read("results.json", 1 << 20).is_err());
    let problems = check_integrity(&opened, None).problems;
    let named = |p: &&letterproof_evidence::Problem| p.kind == ProblemKind::Unreadable;
    assert_eq!(problems.iter().filter(named).count(), 1, "{problems:?}");
}

#[test]
fn a_file_cut_short_is_named() {
    let whole = deflated("run/results.json", &(0..=255).cycle().take(9_000).collect::<Vec<u8>>());
    let packed = whole.packed[..whole.packed.len() / 2].to_vec();
    let file = saved(&zip(&[Entry { packed, ..whole }]));
    let problems = check_integrity(&Opened::open(&file.1).unwrap(), None).problems;
    assert!(problems.iter().any(|p| p.file.as_deref() == Some("results.json")), "{problems:?}");
}

#[test]
fn a_zip_changed_where_no_file_is_touched_is_told_by_its_stamp() {
    let out = tempfile::tempdir().unwrap();
    let (_, zip) = bundle(out.path(), None);
    let mut bytes = std::fs::read(&zip).unwrap();
    // The date of the first entry, in both its headers.
    let directory = bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    bytes[12] ^= 1;
    bytes[directory + 14] ^= 1;
    std::fs::write(&zip, bytes).unwrap();
    let problems = check_integrity(&Opened::open(&zip).unwrap(), None).problems;
    assert_eq!(problems.iter().map(|p| p.kind).collect::<Vec<_>>(), [ProblemKind::Container]);
}

#[test]
fn a_bundle_that_is_not_there_is_said_to_be_missing() {
    let out = tempfile::tempdir().unwrap();
    let error = Opened::open(&out.path().join("none.zip")).unwrap_err();
    assert!(matches!(error, EvidenceError::Missing { .. }), "{error}");
}

#[test]
fn a_folder_without_files_is_refused_inside_a_bundle() {
    let out = tempfile::tempdir().unwrap();
    let (folder, _) = bundle(out.path(), None);
    std::fs::create_dir(folder.join("attachments")).unwrap();
    assert_eq!(folder_refusal(&folder), ProblemKind::EmptyFolder);
}

#[cfg(unix)]
#[test]
fn links_in_a_folder_are_refused_to_files_and_to_folders() {
    let out = tempfile::tempdir().unwrap();
    let (folder, zip) = bundle(out.path(), None);
    for target in [zip.as_path(), out.path(), std::path::Path::new("nowhere")] {
        let link = folder.join("link.txt");
        std::os::unix::fs::symlink(target, &link).unwrap();
        assert_eq!(folder_refusal(&folder), ProblemKind::NotAFile);
        std::fs::remove_file(link).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn neither_a_device_nor_a_deep_or_hidden_file_is_read() {
    assert!(matches!(
        Opened::open("/dev/null".as_ref()),
        Err(EvidenceError::Refused { problem, .. }) if problem.kind == ProblemKind::NotAFile
    ));
    let out = tempfile::tempdir().unwrap();
    let (folder, _) = bundle(out.path(), None);
    let deep = folder.join("a/b/c/d/e/f/g/h/i");
    std::fs::create_dir_all(&deep).unwrap();
    assert_eq!(folder_refusal(&folder), ProblemKind::Name);
    std::fs::remove_dir_all(folder.join("a")).unwrap();
    std::fs::write(folder.join(".hidden"), "x").unwrap();
    assert_eq!(folder_refusal(&folder), ProblemKind::Name);
}

fn folder_refusal(folder: &std::path::Path) -> ProblemKind {
    match Opened::open(folder) {
        Err(EvidenceError::Refused { problem, .. }) => problem.kind,
        other => panic!("not refused: {other:?}"),
    }
}
