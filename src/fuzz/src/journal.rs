//! Journals on disk, as they come and with their hash chain put right, since no change to a line
//! survives the chain otherwise. A journal that is read can be gone on with, and then holds the
//! same; one with a line changed and its chain not put right is refused.

use letterproof_evidence::{JournalWriter, Recorded, SavedJournal, read_journal, sha256_hex};
use letterproof_model::Recording;

use crate::case::{as_file, bounded, named, twice};

const FILE: &str = "exchanges.jsonl";

/// Bytes as a journal.
pub fn journal(data: &[u8]) {
    read(data);
    read(&chained(bounded(data)));
}

fn read(data: &[u8]) {
    as_file(FILE, data, |path| {
        let whole = |saved: SavedJournal| (saved.header, gist(&saved.recording), saved.head);
        let read = named(FILE, twice(|| read_journal(path).map(whole)));
        let copied = named(FILE, twice(|| Recorded::file(path).map(|file| file.header().clone())));
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

/// The same lines with each `prev` as the line before demands.
fn chained(data: &[u8]) -> Vec<u8> {
    const BEFORE: &[u8] = b"{\"prev\":\"";
    let mut whole: Vec<u8> = Vec::with_capacity(data.len());
    let mut prev: Option<String> = None;
    for line in data.split_inclusive(|byte| *byte == b'\n') {
        let from = whole.len();
        let rest = line.strip_prefix(BEFORE);
        let end = rest.and_then(|rest| rest.iter().position(|byte| *byte == b'"'));
        match (rest, end, &prev) {
            (Some(rest), Some(end), Some(prev)) => {
                whole.extend_from_slice(BEFORE);
                whole.extend_from_slice(prev.as_bytes());
                whole.extend_from_slice(&rest[end..]);
            }
            _ => whole.extend_from_slice(line),
        }
        let written = &whole[from..];
        prev = Some(sha256_hex(written.strip_suffix(b"\n").unwrap_or(written)));
    }
    whole
}
