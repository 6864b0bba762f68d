//! Recordings: journals on disk, HAR files, and a gateway's log.
//!
//! Journals are read as they come and with their hash chain put right, since no change to a line
//! survives the chain otherwise. A journal that is read can be resumed, and then holds the same; one
//! with a line changed and its chain not put right is refused. A HAR file becomes a journal with as
//! many exchanges as calls were kept, which reads back sound. Against a bundle without calls, every
//! row of a gateway's log is one that the bundle lacks. A refusal names the file.

use std::path::Path;

use jiff::SignedDuration;
use letterproof_evidence::{
    Import, ImportScope, JOURNAL_FORMAT_1, JOURNAL_FORMAT_2, JournalHeader, JournalWriter,
    Recorded, SavedJournal, is_journal, read_har, read_journal, sha256_hex,
};
use letterproof_harness::reconcile;
use letterproof_model::{Journal as _, Recording, RunId, ToolInfo};

use crate::common::{as_file, bounded, in_folder, named, twice};

const JOURNAL: &str = "exchanges.jsonl";

/// Bytes as a journal.
pub fn journal(data: &[u8]) {
    read(data);
    read(&chained(bounded(data)));
}

fn read(data: &[u8]) {
    as_file(JOURNAL, data, |path| {
        let whole = |saved: SavedJournal| (saved.header, gist(&saved.recording), saved.head);
        let read = named(JOURNAL, twice(|| read_journal(path).map(whole)));
        let copied =
            named(JOURNAL, twice(|| Recorded::file(path).map(|file| file.header().clone())));
        assert_eq!(read.as_ref().map(|(header, ..)| header), copied.as_ref(), "two readers");
        let Some(before) = read else { return };
        if before.0.is_format_1() {
            assert!(JournalWriter::resume(path).is_err(), "the earlier format is only read");
            return;
        }
        drop(JournalWriter::resume(path).expect("what can be read can be gone on with"));
        let again = read_journal(path).expect("it still reads");
        assert!(!again.torn_tail, "a torn end is cut off");
        assert_eq!(whole(again), before, "and nothing else");
    });
}

fn gist(recording: &Recording) -> String {
    format!("{recording:?}")
}

/// The same lines with each `prev` as the lines before demand, in the chain of the header's format.
fn chained(data: &[u8]) -> Vec<u8> {
    const BEFORE: &[u8] = b"{\"prev\":\"";
    let header = data.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let old = [JOURNAL_FORMAT_1, JOURNAL_FORMAT_2];
    let by_line =
        old.iter().any(|old| header.starts_with(format!("{{\"format\":\"{old}\"").as_bytes()));
    let mut whole: Vec<u8> = Vec::with_capacity(data.len());
    let mut head: Option<String> = None;
    for line in data.split_inclusive(|byte| *byte == b'\n') {
        let from = whole.len();
        let rest = line.strip_prefix(BEFORE);
        let end = rest.and_then(|rest| rest.iter().position(|byte| *byte == b'"'));
        match (rest, end, &head) {
            (Some(rest), Some(end), Some(head)) => {
                whole.extend_from_slice(BEFORE);
                whole.extend_from_slice(&head.as_bytes()[..if by_line { 64 } else { 8 }]);
                whole.extend_from_slice(&rest[end..]);
            }
            _ => whole.extend_from_slice(line),
        }
        let written = &whole[from..];
        let written = written.strip_suffix(b"\n").unwrap_or(written);
        let before = head.filter(|_| !by_line).unwrap_or_default();
        head = Some(sha256_hex(&[before.as_bytes(), written].concat()));
    }
    whole
}

const HAR: &str = "traffic.har";
const HAR_BASE: &str = "https://int.example/supplier";
const SCOPE: ImportScope<'_> =
    ImportScope { base_url: HAR_BASE, token_url: Some("https://int.example/oauth2/token") };

/// Bytes as a HAR file.
pub fn har(data: &[u8]) {
    as_file(HAR, data, |path| {
        named(HAR, twice(|| is_journal(path)));
        let gist = |import: Import| (import.calls(), import.notes().to_vec());
        let Some((calls, _)) = named(HAR, twice(|| read_har(path, &SCOPE).map(gist))) else {
            return;
        };
        let import = read_har(path, &SCOPE).expect("it was read before");
        assert_eq!(recorded(import), calls, "every call is recorded");
    });
}

/// How many exchanges the journal holds that a recording becomes.
fn recorded(import: Import) -> usize {
    in_folder(|folder| {
        let path = folder.join("imported.jsonl");
        forget(&path);
        let tool = ToolInfo { version: "0".to_owned(), commit: "unknown".to_owned() };
        let header = JournalHeader::new(RunId::from("20260821t101500z-abc123"), tool, HAR_BASE);
        let journal = JournalWriter::create(&path, &header).expect("a journal");
        import.append_to(&journal).expect("the calls in the journal");
        drop(journal);
        read_journal(&path).expect("a sound journal").recording.exchanges().len()
    })
}

fn forget(path: &Path) {
    if path.exists() {
        std::fs::remove_file(path).expect("the last case's journal out of the way");
    }
}

const LOG: &str = "gateway.csv";
const LOG_BASE: &str = "https://int.example/nhs-notify-supplier";

/// Bytes as a gateway's log.
pub fn gateway(data: &[u8]) {
    let tool = ToolInfo { version: "0".to_owned(), commit: "unknown".to_owned() };
    let journal = SavedJournal {
        header: JournalHeader::new(RunId::fixed("fuzzed"), tool, LOG_BASE),
        recording: Recording::default(),
        torn_tail: false,
        head: String::new(),
        carried: None,
    };
    let read = as_file(LOG, data, |path| {
        twice(|| {
            let found = reconcile(&journal, path, SignedDuration::from_mins(5))?;
            let lacking = found.only_gateway.len() as u64;
            assert_eq!((lacking, found.matched), (found.gateway_calls, 0), "nothing is left out");
            assert_eq!(found.agrees, lacking == 0);
            for call in &found.only_gateway {
                assert!(call.line > 1 && call.said.path.starts_with('/'), "{call:?}");
            }
            Ok::<_, letterproof_evidence::EvidenceError>(found.only_gateway)
        })
    });
    named(LOG, read);
}
