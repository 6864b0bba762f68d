//! Journals of earlier runs, taken up to be judged again: copied as they are, or refused.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;
use std::path::PathBuf;

use common::{BASE, bundle, exchange, forge, header, unsealed};
use letterproof_evidence::{
    EvidenceError, ImportScope, JOURNAL_FILE, JournalWriter, Opened, Recorded, RunFolder,
    is_journal, read_har, read_journal,
};
use letterproof_model::{
    Brief, Context, Journal as _, Recorder as _, RunEnd, RunId, Selection, now,
};

fn brief() -> Brief {
    Brief::new(Selection::everything(), Context::stand_in(BASE))
}

fn again(out: &tempfile::TempDir) -> RunFolder {
    RunFolder::create(&out.path().join("again"), &RunId::from("r1")).unwrap()
}

/// A journal in a file of its own, with a torn line at its end.
fn torn(out: &tempfile::TempDir) -> PathBuf {
    let path = out.path().join("exchanges.jsonl");
    let journal = JournalWriter::create(&path, &header()).unwrap();
    journal.record(exchange("GET", &format!("{BASE}/letters/L1"))).unwrap();
    journal.mark(RunEnd::Whole.mark(now())).unwrap();
    drop(journal);
    let mut text = fs::read(&path).unwrap();
    text.extend_from_slice(b"{\"prev\":");
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn the_journal_of_a_bundle_is_copied_byte_for_byte_and_nothing_that_was_concluded() {
    let out = tempfile::tempdir().unwrap();
    let (folder, zip) = bundle(out.path(), None);
    let [folder_journal, zip_journal] = [&folder, &zip].map(|path| Recorded::bundle(path).unwrap());
    assert!(folder_journal.is_vouched_for() && zip_journal.is_vouched_for());
    assert_eq!(folder_journal.header(), zip_journal.header());
    let again = again(&out);
    zip_journal.copy_to(&again).unwrap();
    let copied = fs::read(again.journal_path()).unwrap();
    assert_eq!(copied, fs::read(folder.join(JOURNAL_FILE)).unwrap());
    let files = Opened::open(again.path()).unwrap();
    assert_eq!(files.files().map(|(name, _)| name).collect::<Vec<_>>(), [JOURNAL_FILE]);
}

#[test]
fn what_a_person_stated_and_what_was_measured_comes_along() {
    let out = tempfile::tempdir().unwrap();
    let run = unsealed(out.path());
    let kept = ["attachments/AT12.5/a.txt", "environment.json", "performance/at15/summary.json"];
    for name in kept.into_iter().chain(["performance.md", "AT4/attachments/a.txt"]) {
        run.write(name, b"x").unwrap();
    }
    let again = again(&out);
    let journal = Recorded::bundle(run.path()).unwrap();
    assert!(!journal.is_vouched_for(), "a run that broke off has no manifest");
    journal.copy_to(&again).unwrap();
    let files = Opened::open(again.path()).unwrap();
    let names: Vec<&str> = files.files().map(|(name, _)| name).collect();
    assert_eq!(names, [kept[0], kept[1], JOURNAL_FILE, kept[2]]);
}

#[test]
fn a_bundle_that_is_not_as_it_was_made_is_refused() {
    let out = tempfile::tempdir().unwrap();
    let (folder, _) = bundle(out.path(), None);
    fs::write(folder.join("index.html"), "all is well").unwrap();
    let error = Recorded::bundle(&folder).unwrap_err();
    assert!(matches!(error, EvidenceError::Refused { .. }), "{error}");
    assert!(error.to_string().contains("index.html"), "{error}");
}

#[test]
fn a_journal_whose_chain_does_not_hold_is_refused_also_under_a_new_manifest() {
    let out = tempfile::tempdir().unwrap();
    let (folder, _) = bundle(out.path(), None);
    let text = fs::read_to_string(folder.join(JOURNAL_FILE)).unwrap();
    forge(&folder, None, |run| {
        run.write(JOURNAL_FILE, text.replacen("L1", "L9", 1).as_bytes()).unwrap();
    });
    assert!(Recorded::bundle(&folder).is_err());
    assert!(Recorded::file(&folder.join(JOURNAL_FILE)).is_err());
}

#[test]
fn a_journal_without_a_brief_is_given_one_and_keeps_every_entry() {
    let out = tempfile::tempdir().unwrap();
    let path = torn(&out);
    let journal = Recorded::file(&path).unwrap();
    assert_eq!(journal.header().brief, None);
    let again = again(&out);
    journal.copy_with(brief(), &again).unwrap();
    let [before, after] = [path, again.journal_path()].map(|path| read_journal(&path).unwrap());
    assert_eq!(after.header.brief, Some(brief()));
    assert_eq!(after.header.run_id, before.header.run_id);
    assert_eq!(after.recording.exchanges().to_vec(), before.recording.exchanges().to_vec());
    assert_eq!(after.recording.marks(), before.recording.marks());
    assert!(before.torn_tail && !after.torn_tail);
}

#[test]
fn an_old_journal_that_is_given_a_brief_keeps_its_format_and_its_reading() {
    let out = tempfile::tempdir().unwrap();
    let path = out.path().join("old.jsonl");
    fs::write(&path, common::format_1(&[common::old_note()])).unwrap();
    let again = again(&out);
    Recorded::file(&path).unwrap().copy_with(brief(), &again).unwrap();
    let [before, after] = [path, again.journal_path()].map(|path| read_journal(&path).unwrap());
    assert_eq!(after.header.brief, Some(brief()));
    assert!(after.header.is_format_1());
    assert_eq!(after.recording.marks(), before.recording.marks());
}

#[test]
fn a_journal_is_told_from_a_har_by_how_it_begins() {
    let out = tempfile::tempdir().unwrap();
    assert!(is_journal(&torn(&out)).unwrap());
    for (name, text) in [
        ("a.jsonl", "{\n\"log\":{}}"),
        ("b.jsonl", "{\"log\":{}}"),
        ("c.jsonl", ""),
        ("d", "\u{0}"),
    ] {
        let path = out.path().join(name);
        fs::write(&path, text).unwrap();
        assert!(!is_journal(&path).unwrap(), "{name}");
    }
}

#[test]
fn a_file_larger_than_any_har_is_refused_unread() {
    let out = tempfile::tempdir().unwrap();
    let path = out.path().join("huge.har");
    // A file of nothing but a hole: it takes no room.
    fs::File::create(&path).unwrap().set_len(letterproof_evidence::HAR_LIMIT + 1).unwrap();
    let error = read_har(&path, &ImportScope { base_url: BASE, token_url: None }).unwrap_err();
    assert!(matches!(error, EvidenceError::TooLarge { .. }), "{error}");
    assert!(error.to_string().contains("huge.har"), "{error}");
}
