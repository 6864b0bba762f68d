//! A saved run is read back whole, or refused with the file that is at fault.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs::File;
use std::io::Write as _;

use common::{BASE, exchange, header, results};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use letterproof_evidence::{
    Bundle, EvidenceError, JOURNAL_FILE, JOURNAL_FORMAT, JOURNAL_FORMAT_2, JournalHeader,
    JournalWriter, RunFolder, archive,
};
use letterproof_model::{Context, Journal as _, RawExchange, Recorder};
use zip::ZipArchive;

/// A finished run of one exchange.
fn saved(out: &tempfile::TempDir) -> std::path::PathBuf {
    let folder = RunFolder::create(out.path(), &header().run_id).unwrap();
    let journal = JournalWriter::create(&folder.journal_path(), &header()).unwrap();
    journal.record(exchange("GET", &format!("{BASE}/_status"))).unwrap();
    drop(journal);
    folder.write_context(&Context::stand_in(BASE)).unwrap();
    folder.write_results(&results()).unwrap();
    folder.finish().unwrap()
}

#[test]
fn a_saved_run_is_read_back_whole() {
    let out = tempfile::tempdir().unwrap();
    let bundle = Bundle::open(&saved(&out)).unwrap();
    assert_eq!(bundle.results.run.window, Some(1));
    assert_eq!(bundle.context, Context::stand_in(BASE));
    assert_eq!(bundle.journal.recording.exchanges().len(), 1);
}

#[test]
fn each_file_that_is_missing_is_named() {
    for name in ["results.json", "context.json", "exchanges.jsonl"] {
        let out = tempfile::tempdir().unwrap();
        let folder = saved(&out);
        let within =
            if name == "exchanges.jsonl" { folder.join("journal") } else { folder.clone() };
        std::fs::remove_file(within.join(name)).unwrap();
        let error = Bundle::open(&folder).unwrap_err();
        assert!(matches!(error, EvidenceError::Missing { .. }), "{error}");
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn a_later_version_and_a_damaged_file_are_told_apart() {
    let out = tempfile::tempdir().unwrap();
    let folder = saved(&out);
    let path = folder.join("results.json");
    std::fs::write(&path, r#"{"format":"letterproof-results/2","new":{}}"#).unwrap();
    let error = Bundle::open(&folder).unwrap_err();
    assert!(matches!(error, EvidenceError::Foreign { .. }), "{error}");
    assert!(error.to_string().contains("letterproof-results/2"), "{error}");
    std::fs::write(&path, "{\"format\":\"letterproof-results/1\",\n\"run\":7}").unwrap();
    let error = Bundle::open(&folder).unwrap_err();
    assert!(matches!(error, EvidenceError::Broken { line: 2, .. }), "{error}");
}

#[test]
fn a_journal_of_another_run_is_refused() {
    let out = tempfile::tempdir().unwrap();
    let folder = saved(&out);
    let path = folder.join("results.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace(header().run_id.as_str(), "20270101t000000z-other0"))
        .unwrap();
    let error = Bundle::open(&folder).unwrap_err().to_string();
    assert!(error.contains("different runs"), "{error}");
}

/// The journal of a bundle of so many calls that are alike to the microsecond: as it is, and its length in
/// the zip.
fn packed(format: &str, calls: usize) -> (Vec<u8>, u64) {
    let out = tempfile::tempdir().unwrap();
    let header = JournalHeader { format: format.to_owned(), ..header() };
    let folder = RunFolder::create(out.path(), &header.run_id).unwrap();
    let journal = JournalWriter::create(&folder.journal_path(), &header).unwrap();
    for _ in 0..calls {
        let raw = exchange("GET", &format!("{BASE}/letters/24L5eYSWGzCHlGmzNxuqVusPxDg"));
        journal.record(RawExchange { started: header.started, ..raw }).unwrap();
    }
    drop(journal);
    folder.write_context(&Context::stand_in(BASE)).unwrap();
    folder.write_results(&results()).unwrap();
    folder.seal(None).unwrap();
    let folder = folder.finish().unwrap();
    let mut zip = ZipArchive::new(File::open(archive(&folder).unwrap()).unwrap()).unwrap();
    let name = format!("{}/{JOURNAL_FILE}", header.run_id);
    let length = zip.by_name(&name).unwrap().compressed_size();
    (std::fs::read(folder.join(JOURNAL_FILE)).unwrap(), length)
}

#[test]
fn what_a_journal_adds_to_a_call_packs_to_a_few_bytes() {
    const CALLS: u64 = 1_000;
    let (_, length) = packed(JOURNAL_FORMAT, CALLS as usize);
    // A full run has 27,000 calls and its zip less than 4 MB, 148 bytes each: of these 8 digits that
    // share nothing, and a number that counts up.
    assert!(length < 18 * CALLS, "{length} bytes");
    let (_, before) = packed(JOURNAL_FORMAT_2, CALLS as usize);
    assert!(before > length + 30 * CALLS, "{before} bytes with whole hashes, {length} without");
}

#[test]
fn a_zip_is_packed_as_hard_as_can_be() {
    let (journal, length) = packed(JOURNAL_FORMAT, 500);
    let [best, usual] = [Compression::best(), Compression::default()].map(|level| {
        let mut packer = DeflateEncoder::new(Vec::new(), level);
        packer.write_all(&journal).unwrap();
        packer.finish().unwrap().len() as u64
    });
    assert_ne!(best, usual, "or nothing is told by this");
    assert_eq!(length, best);
}
