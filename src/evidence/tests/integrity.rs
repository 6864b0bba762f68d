//! What a check of a bundle's integrity says of sound, signed, doctored and damaged bundles.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;
use std::path::Path;

use common::{bundle, forge, header, unsealed};
use letterproof_evidence::{
    BundleKey, BundlePublicKey, EvidenceError, Integrity, JOURNAL_FILE, Limits, MANIFEST_FILE,
    Opened, Outcome, ProblemKind, RESULTS_FILE, SIGNING_KEY_FILE, SignatureState, archive,
    check_integrity, sha256_hex,
};

fn check(path: &Path, expected: Option<&BundlePublicKey>) -> Integrity {
    check_integrity(&Opened::open(path).unwrap(), expected)
}

fn kinds(path: &Path) -> Vec<ProblemKind> {
    check(path, None).problems.iter().map(|problem| problem.kind).collect()
}

#[test]
fn a_sound_bundle_has_no_problems_as_folder_or_zip_wherever_it_lies() {
    let out = tempfile::tempdir().unwrap();
    let (folder, zip) = bundle(out.path(), None);
    let elsewhere = out.path().join("copied.zip");
    fs::rename(zip, &elsewhere).unwrap();
    for path in [&folder, &elsewhere] {
        let found = check(path, None);
        assert_eq!(found.problems, []);
        assert_eq!(found.signature, SignatureState::Unsigned);
    }
}

#[test]
fn what_a_desktop_leaves_in_an_unpacked_bundle_is_no_fault_of_it() {
    let out = tempfile::tempdir().unwrap();
    let (folder, _) = bundle(out.path(), None);
    let left = ["._results.json", ".DS_Store", "Thumbs.db", "desktop.ini", "journal/.DS_Store"];
    for name in left {
        fs::write(folder.join(name), b"left by a desktop").unwrap();
    }
    assert_eq!(check(&folder, None).problems, []);
    let mut found = Opened::open(&folder).unwrap().leftovers().to_vec();
    found.sort();
    let mut expected = left.map(str::to_owned).to_vec();
    expected.sort();
    assert_eq!(found, expected);
    // Any other file is one too many, as before.
    fs::write(folder.join("desktop.txt"), b"x").unwrap();
    assert_eq!(kinds(&folder), [ProblemKind::Extra]);
    fs::remove_file(folder.join("desktop.txt")).unwrap();
    fs::write(folder.join(".hidden"), b"x").unwrap();
    assert!(Opened::open(&folder).is_err());
}

#[test]
fn the_manifest_states_what_the_run_was_and_lists_every_other_file() {
    let out = tempfile::tempdir().unwrap();
    let (folder, _) = bundle(out.path(), None);
    let opened = Opened::open(&folder).unwrap();
    let statement = check_integrity(&opened, None).statement.unwrap();
    let listed: Vec<_> = statement.subject.iter().map(|file| file.name.as_str()).collect();
    let there: Vec<_> = opened.files().map(|(name, _)| name).collect();
    assert_eq!(listed, there.into_iter().filter(|n| *n != MANIFEST_FILE).collect::<Vec<_>>());
    let journal = fs::read(folder.join(JOURNAL_FILE)).unwrap();
    let file = statement.file(JOURNAL_FILE).unwrap();
    assert_eq!(file.digest.sha256, sha256_hex(&journal));
    assert_eq!(file.annotations.size, journal.len() as u64);
    let manifest = &statement.predicate;
    assert_eq!(manifest.result, Outcome::Warned);
    assert_eq!(manifest.passed_tests, ["AT1"]);
    assert_eq!(manifest.warned_tests, ["AT2"]);
    assert_eq!(manifest.failed_tests, ["AT3", "AT4"]);
    assert_eq!(manifest.configuration[0].name, "context.json");
    assert_eq!(manifest.letterproof.run, header().run_id);
    assert_eq!(manifest.letterproof.window, Some(1));
    assert_eq!(manifest.letterproof.journal.lines, 5);
    let saved = letterproof_evidence::read_journal(&folder.join(JOURNAL_FILE)).unwrap();
    assert_eq!(manifest.letterproof.journal.head, saved.head);
}

#[test]
fn the_same_files_make_the_same_bytes() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (folder, zip) = bundle(one.path(), None);
    // The same files, made in another order and at another time.
    let again = two.path().join(folder.file_name().unwrap());
    let opened = Opened::open(&folder).unwrap();
    let mut names: Vec<_> = opened.files().map(|(name, _)| name.to_owned()).collect();
    names.reverse();
    for name in names {
        fs::create_dir_all(again.join(&name).parent().unwrap()).unwrap();
        fs::copy(folder.join(&name), again.join(&name)).unwrap();
    }
    assert_eq!(fs::read(archive(&again).unwrap()).unwrap(), fs::read(zip).unwrap());
    let manifest = fs::read(again.join(MANIFEST_FILE)).unwrap();
    forge(&again, None, |_| {});
    assert_eq!(fs::read(again.join(MANIFEST_FILE)).unwrap(), manifest);
}

#[test]
fn a_zip_is_never_overwritten_and_needs_a_manifest() {
    let out = tempfile::tempdir().unwrap();
    let (folder, _) = bundle(out.path(), None);
    assert!(matches!(archive(&folder), Err(EvidenceError::Exists { .. })));
    let unsealed = unsealed(&out.path().join("other")).finish().unwrap();
    assert!(matches!(archive(&unsealed), Err(EvidenceError::Missing { .. })));
    assert_eq!(fs::read_dir(out.path().join("other")).unwrap().count(), 1);
}

#[test]
fn what_is_beyond_the_limits_is_neither_written_nor_read() {
    let out = tempfile::tempdir().unwrap();
    let (folder, zip) = bundle(out.path(), None);
    for path in [folder, zip] {
        let limits = Limits { files: 3, ..Limits::default() };
        let error = Opened::open_within(&path, &limits).unwrap_err();
        assert!(error.to_string().contains("more than 3 files"), "{error}");
        let limits = Limits { file_bytes: 100, ..Limits::default() };
        let error = Opened::open_within(&path, &limits).unwrap_err();
        assert!(error.to_string().contains("the limit for a file of a bundle is 100"), "{error}");
    }
}

#[test]
fn a_signature_is_told_apart_by_whose_key_it_is() {
    let out = tempfile::tempdir().unwrap();
    let (ours, other) = (BundleKey::generate().unwrap(), BundleKey::generate().unwrap());
    let (folder, zip) = bundle(out.path(), Some(&ours));
    let key_id = ours.public().key_id();
    for path in [&folder, &zip] {
        let found = check(path, None);
        assert_eq!(found.problems, []);
        assert_eq!(found.signature, SignatureState::Own { key_id: key_id.clone() });
        let found = check(path, Some(ours.public()));
        assert_eq!(found.problems, []);
        assert_eq!(found.signature, SignatureState::Expected { key_id: key_id.clone() });
        let found = check(path, Some(other.public()));
        assert_eq!(found.problems[0].kind, ProblemKind::OtherKey);
        assert!(found.problems[0].sentence.contains(&other.public().key_id()));
    }
}

#[test]
fn an_unsigned_bundle_is_a_problem_only_where_a_key_is_expected() {
    let out = tempfile::tempdir().unwrap();
    let (folder, _) = bundle(out.path(), None);
    let key = BundleKey::generate().unwrap();
    let found = check(&folder, Some(key.public()));
    assert_eq!(found.problems[0].kind, ProblemKind::Unsigned);
    assert!(!folder.join(SIGNING_KEY_FILE).exists());
}

#[test]
fn a_signature_taken_out_or_swapped_is_caught() {
    let out = tempfile::tempdir().unwrap();
    let (folder, _) = bundle(out.path(), Some(&BundleKey::generate().unwrap()));
    let manifest = folder.join(MANIFEST_FILE);
    let text = fs::read_to_string(&manifest).unwrap();
    let signatures = text.find("\"signatures\"").unwrap();
    let stripped = format!("{}\"signatures\":[]}}\n", &text[..signatures]);
    fs::write(&manifest, stripped).unwrap();
    assert_eq!(kinds(&folder), [ProblemKind::Signature]);
    // The key goes too, but the manifest still lists it.
    fs::remove_file(folder.join(SIGNING_KEY_FILE)).unwrap();
    assert_eq!(kinds(&folder), [ProblemKind::Missing]);
    fs::write(&manifest, &text).unwrap();
    let other = BundleKey::generate().unwrap().public().to_pem();
    fs::write(folder.join(SIGNING_KEY_FILE), other).unwrap();
    assert_eq!(kinds(&folder), [ProblemKind::Changed, ProblemKind::Signature]);
}

#[test]
fn every_problem_is_named_not_just_the_first() {
    let out = tempfile::tempdir().unwrap();
    let (folder, _) = bundle(out.path(), None);
    fs::write(folder.join("index.html"), "x").unwrap();
    fs::write(folder.join("extra.txt"), "x").unwrap();
    fs::remove_file(folder.join("context.json")).unwrap();
    let journal = folder.join(JOURNAL_FILE);
    let text = fs::read_to_string(&journal).unwrap().replacen("L1", "L9", 1);
    fs::write(&journal, text).unwrap();
    let found = check(&folder, None).problems;
    let named: Vec<_> = found.iter().map(|p| (p.kind, p.file.as_deref().unwrap())).collect();
    assert_eq!(
        named,
        [
            (ProblemKind::Missing, "context.json"),
            (ProblemKind::Chain, JOURNAL_FILE),
            (ProblemKind::Extra, "extra.txt"),
            (ProblemKind::Changed, "index.html"),
            (ProblemKind::Changed, JOURNAL_FILE),
        ]
    );
    assert!(found[1].sentence.contains("at line 4"), "{}", found[1]);
}

#[test]
fn a_manifest_that_does_not_follow_from_the_files_is_caught() {
    use base64::Engine as _;
    let out = tempfile::tempdir().unwrap();
    let (folder, _) = bundle(out.path(), None);
    let manifest = folder.join(MANIFEST_FILE);
    let base64 = base64::engine::general_purpose::STANDARD;
    let mut envelope: serde_json::Value =
        serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
    let payload = base64.decode(envelope["payload"].as_str().unwrap()).unwrap();
    let mut forge = |from: &str, to: &str| {
        let text = String::from_utf8(payload.clone()).unwrap();
        assert!(text.contains(from), "{text}");
        envelope["payload"] = base64.encode(text.replacen(from, to, 1)).into();
        let line = format!(
            "{{\"payloadType\":{},\"payload\":{},\"signatures\":[]}}\n",
            envelope["payloadType"], envelope["payload"]
        );
        fs::write(&manifest, line).unwrap();
        check(&folder, None).problems.remove(0)
    };
    for (from, to) in [
        ("\"result\":\"WARNED\"", "\"result\":\"PASSED\""),
        ("\"nonce\":null", "\"nonce\":\"late\""),
        ("\"window\":1", "\"window\":2"),
        ("\"lines\":5", "\"lines\":6"),
        ("{\"_type\"", "{ \"_type\""),
    ] {
        let problem = forge(from, to);
        assert_eq!(problem.kind, ProblemKind::Manifest, "{from}");
    }
    let problem = forge("letterproof-manifest/1", "letterproof-manifest/2");
    assert_eq!(problem.kind, ProblemKind::Foreign);
    assert!(problem.sentence.contains("letterproof-manifest/2"), "{problem}");
}

#[test]
fn a_zip_named_inside_after_another_run_is_caught() {
    let out = tempfile::tempdir().unwrap();
    let (folder, _) = bundle(out.path(), None);
    let other = out.path().join("20270101t000000z-other0");
    fs::rename(folder, &other).unwrap();
    assert_eq!(kinds(&archive(&other).unwrap()), [ProblemKind::OtherRun]);
    assert_eq!(kinds(&other), [], "a folder may be named as its owner likes");
}

/// Hashes alone cannot catch this: only deriving the verdicts again from the journal can.
#[test]
fn results_doctored_by_who_makes_every_hash_again_pass_the_check_of_integrity() {
    let out = tempfile::tempdir().unwrap();
    let key = BundleKey::generate().unwrap();
    let (folder, _) = bundle(out.path(), Some(&key));
    let results = fs::read_to_string(folder.join(RESULTS_FILE)).unwrap();
    let doctored = results.replace("\"fail\"", "\"pass\"");
    assert_ne!(doctored, results);
    forge(&folder, Some(&key), |run| run.write(RESULTS_FILE, doctored.as_bytes()).unwrap());
    assert_eq!(check(&folder, Some(key.public())).problems, []);
    // Without the key, the signature is lost or another's.
    forge(&folder, None, |_| {});
    assert_eq!(check(&folder, Some(key.public())).problems[0].kind, ProblemKind::Unsigned);
}

#[test]
fn what_a_killed_run_was_writing_is_swept_before_sealing() {
    let out = tempfile::tempdir().unwrap();
    let folder = unsealed(out.path());
    fs::write(folder.path().join("journal/.writing-abc"), "half").unwrap();
    folder.seal(None).unwrap();
    let folder = folder.finish().unwrap();
    assert!(!folder.join("journal/.writing-abc").exists());
    assert_eq!(kinds(&folder), []);
}

#[test]
fn a_journal_torn_by_a_kill_is_sealed_and_said_to_be_torn() {
    use std::io::Write as _;
    let out = tempfile::tempdir().unwrap();
    let folder = unsealed(out.path());
    let mut journal = fs::OpenOptions::new().append(true).open(folder.journal_path()).unwrap();
    journal.write_all(b"{\"prev\":\"").unwrap();
    let statement = folder.seal(None).unwrap();
    let journal = statement.predicate.letterproof.journal;
    assert_eq!((journal.lines, journal.torn_tail), (5, true));
    assert_eq!(kinds(&folder.finish().unwrap()), []);
}

#[test]
fn a_run_without_results_or_journal_is_not_sealed() {
    for name in [RESULTS_FILE, JOURNAL_FILE] {
        let out = tempfile::tempdir().unwrap();
        let folder = unsealed(out.path());
        fs::remove_file(folder.path().join(name)).unwrap();
        let _ = fs::remove_dir(folder.path().join("journal"));
        let error = folder.seal(None).unwrap_err();
        assert!(matches!(error, EvidenceError::Missing { .. }), "{error}");
    }
}
