//! A saved run is read back whole, or refused with the file that is at fault.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use common::{BASE, exchange, header, results};
use letterproof_evidence::{Bundle, EvidenceError, JournalWriter, RunFolder};
use letterproof_model::{Context, Journal as _, Recorder};

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
    assert!(error.contains("another run"), "{error}");
}
