//! Journals on disk, as they come and with their hash chain put right, since no change to a line
//! survives the chain otherwise. A journal that is read can be gone on with, and then holds the
//! same; one with a line changed and its chain not put right is refused.

use letterproof_evidence::{
    JOURNAL_FORMAT_1, JOURNAL_FORMAT_2, JournalWriter, Recorded, SavedJournal, read_journal,
    sha256_hex,
};
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
