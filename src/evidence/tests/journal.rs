//! The journal on disk: what was recorded is read back; what was damaged is not believed.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use std::sync::Arc;

use common::{BASE, exchange, format_1, journal, old_note, path};
use letterproof_evidence::{
    EvidenceError, JOURNAL_FILE, JOURNAL_FORMAT, JOURNAL_FORMAT_2, JournalHeader, JournalWriter,
    Opened, check_integrity, head_at, read_journal, sha256_hex,
};
use letterproof_model::{Journal as _, Mark, Recorder, Recording, now};
use letterproof_testing::journal::{heads, rechained};
use proptest::prelude::*;

fn mark(text: &str) -> Mark {
    Mark::note(now(), text)
}

fn written(count: usize) -> (tempfile::TempDir, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(&folder);
    for number in 0..count {
        journal.record(exchange("GET", &format!("{BASE}/letters/L{number}"))).unwrap();
    }
    journal.mark(mark("done")).unwrap();
    let bytes = std::fs::read(path(&folder)).unwrap();
    (folder, bytes)
}

#[test]
fn what_is_recorded_is_read_back_as_it_was_handed_out() {
    let folder = tempfile::tempdir().unwrap();
    let seen = Arc::new(parking_lot::Mutex::new(Recording::default()));
    let observed = Arc::clone(&seen);
    let journal = journal(&folder)
        .with_observer(Box::new(move |exchange| observed.lock().push(Arc::clone(exchange))));
    let first = journal.record(exchange("GET", &format!("{BASE}/letters?limit=2500"))).unwrap();
    journal.mark(mark("waited 300 s")).unwrap();
    let second = journal.record(exchange("GET", &format!("{BASE}/_status"))).unwrap();
    journal.sync().unwrap();
    assert_eq!((first.id.as_str(), second.id.as_str()), ("ex-000001", "ex-000002"));
    assert_eq!(journal.exchanges(), 2);
    let saved = read_journal(&path(&folder)).unwrap();
    assert_eq!(saved.recording.exchanges().to_vec(), [first, second]);
    assert_eq!(seen.lock().exchanges().to_vec(), saved.recording.exchanges().to_vec());
    assert_eq!(saved.recording.marks()[0].words(), "waited 300 s");
    assert_eq!(saved.header.run_id.as_str(), "20260821t101500z-abc123");
    assert!(!saved.torn_tail);
}

#[test]
fn every_exchange_is_on_disk_before_record_returns() {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(&folder);
    for number in 1..=5 {
        journal.record(exchange("GET", &format!("{BASE}/_status"))).unwrap();
        // Read through another handle, as after a kill; nothing is flushed or closed here.
        let saved = read_journal(&path(&folder)).unwrap();
        assert_eq!(saved.recording.exchanges().len(), number);
    }
}

#[test]
fn many_threads_write_one_unbroken_chain() {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(&folder);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    journal.record(exchange("GET", &format!("{BASE}/_status"))).unwrap();
                }
            });
        }
    });
    assert_eq!(read_journal(&path(&folder)).unwrap().recording.exchanges().len(), 400);
}

#[test]
fn a_run_killed_at_any_byte_leaves_a_readable_journal() {
    let (folder, bytes) = written(3);
    let header = bytes.iter().position(|b| *b == b'\n').unwrap() + 1;
    let lines = |upto: usize| bytes[header..upto].iter().filter(|b| **b == b'\n').count();
    let file = std::fs::OpenOptions::new().write(true).open(path(&folder)).unwrap();
    for length in (header..=bytes.len()).rev() {
        file.set_len(length as u64).unwrap();
        let saved = read_journal(&path(&folder)).unwrap();
        let whole = saved.recording.exchanges().len() + saved.recording.marks().len();
        assert_eq!(whole, lines(length));
        assert_eq!(saved.torn_tail, bytes[length - 1] != b'\n', "cut at {length}");
    }
}

#[test]
fn every_line_follows_the_published_schema() {
    use letterproof_model::{Content, RawBody, RawOutcome, TransportError, TransportErrorKind};
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(&folder);
    let content = || Content {
        length: 9,
        sha256: "00".repeat(32),
        pages: Some(2),
        repaired: None,
        problem: Some("NoSuchKey".into()),
    };
    for body in [
        RawBody::None,
        common::text("{\"data\":[]}"),
        common::text("plain"),
        RawBody::Bytes(vec![0xff, 0xfe]),
        RawBody::Download { content: content(), pdf: true },
        RawBody::Download { content: content(), pdf: false },
    ] {
        let mut raw = exchange("GET", &format!("{BASE}/letters"));
        if let RawOutcome::Response(response) = &mut raw.outcome {
            response.body = body;
        }
        journal.record(raw).unwrap();
    }
    let mut lost = exchange("POST", "https://int.example/oauth2/token");
    lost.request.headers =
        common::headers(&[("Content-Type", "application/x-www-form-urlencoded")]);
    lost.request.body = common::text("grant_type=client_credentials");
    lost.scheduled = Some(now());
    lost.outcome = RawOutcome::Error(TransportError {
        kind: TransportErrorKind::Timeout,
        message: "no answer within 30 s".into(),
        after_us: 30_000_000,
        status: Some(200),
        received: 12,
    });
    journal.record(lost).unwrap();
    journal.mark(mark("done")).unwrap();
    let contract = letterproof_contract::Contract::built_in().unwrap();
    let text = std::fs::read_to_string(path(&folder)).unwrap();
    assert_eq!(text.lines().count(), 9);
    for line in text.lines() {
        let line = serde_json::from_str(line).unwrap();
        let faults = contract.faults(letterproof_contract::Document::Journal, &line);
        assert!(faults.is_empty(), "{faults:?} in {line}");
    }
}

/// The child of the test below: records until it is killed, and says what it was handed.
#[test]
fn record_until_killed() {
    let Ok(path) = std::env::var("LETTERPROOF_TEST_JOURNAL") else { return };
    let journal = JournalWriter::create(path.as_ref(), &common::header()).unwrap();
    for number in 0..100_000 {
        let raw = exchange("GET", &format!("{BASE}/letters/L{number}"));
        println!("\n{}", journal.record(raw).unwrap().id);
    }
}

#[test]
fn a_killed_process_leaves_every_exchange_it_was_handed() {
    use std::io::BufRead as _;
    let folder = tempfile::tempdir().unwrap();
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["record_until_killed", "--exact", "--nocapture", "--test-threads=1"])
        .env("LETTERPROOF_TEST_JOURNAL", path(&folder))
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut output = std::io::BufReader::new(child.stdout.take().unwrap()).lines();
    let ids = |line: std::io::Result<String>| line.ok().filter(|line| line.starts_with("ex-"));
    let handed = output.by_ref().filter_map(ids).nth(200).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let handed =
        output.filter_map(ids).filter(|id| id.len() == handed.len()).last().unwrap_or(handed);
    let saved = read_journal(&path(&folder)).unwrap();
    let last = saved.recording.exchanges().last().unwrap().id.to_string();
    assert!(last >= handed, "{last} on disk, {handed} handed out");
    JournalWriter::resume(&path(&folder)).unwrap().mark(mark("resumed")).unwrap();
    assert!(!read_journal(&path(&folder)).unwrap().torn_tail);
}

#[test]
fn a_broken_run_is_resumed_where_its_last_whole_line_ended() {
    let (folder, bytes) = written(3);
    std::fs::write(path(&folder), &bytes[..bytes.len() - 10]).unwrap();
    let journal = JournalWriter::resume(&path(&folder)).unwrap();
    let next = journal.record(exchange("GET", &format!("{BASE}/_status"))).unwrap();
    assert_eq!(next.id.as_str(), "ex-000004");
    let saved = read_journal(&path(&folder)).unwrap();
    assert_eq!(saved.recording.exchanges().len(), 4);
    assert!(saved.recording.marks().is_empty() && !saved.torn_tail);
}

#[test]
fn a_journal_is_never_overwritten() {
    let (folder, bytes) = written(1);
    let error = JournalWriter::create(&path(&folder), &common::header()).unwrap_err();
    assert!(matches!(error, EvidenceError::Exists { .. }), "{error}");
    assert_eq!(std::fs::read(path(&folder)).unwrap(), bytes);
}

#[test]
fn what_is_no_journal_of_this_version_is_named_with_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.jsonl");
    for (content, part) in [
        ("", "line 1"),
        ("hello\n", "not the header"),
        ("{\"format\":\"letterproof-journal/4\"}\n", "letterproof-journal/4"),
        ("{\"format\":\"letterproof-journal/1\"}\n", "incomplete"),
        ("{\"format\":\"letterproof-journal/2\"}\n", "incomplete"),
        ("{\"format\":\"letterproof-journal/3\"}\n", "incomplete"),
        ("{\"format\":\"letterproof-journal/1\"", "torn"),
    ] {
        std::fs::write(&path, content).unwrap();
        let error = read_journal(&path).unwrap_err().to_string();
        assert!(error.contains("other.jsonl") && error.contains(part), "{content:?}: {error}");
    }
    let error = read_journal(&folder.path().join("none.jsonl")).unwrap_err();
    assert!(matches!(error, EvidenceError::Missing { .. }), "{error}");
}

#[test]
fn a_journal_of_format_1_is_read_as_it_was_and_not_appended_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.jsonl");
    std::fs::write(&path, format_1(&[old_note()])).unwrap();
    let saved = read_journal(&path).unwrap();
    assert!(saved.header.is_format_1());
    assert_eq!(saved.recording.marks()[0].injected_into(), Some("ex-000002".into()));
    let before = std::fs::read(&path).unwrap();
    let error = JournalWriter::resume(&path).unwrap_err();
    assert!(matches!(error, EvidenceError::OldFormat { .. }), "{error}");
    for words in ["old.jsonl", "letterproof-journal/1", "letterproof report"] {
        assert!(error.to_string().contains(words), "{words}: {error}");
    }
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_journal_of_format_2_is_gone_on_with_in_its_own_format() {
    let folder = tempfile::tempdir().unwrap();
    let old = JournalHeader { format: JOURNAL_FORMAT_2.to_owned(), ..common::header() };
    let journal = JournalWriter::create(&path(&folder), &old).unwrap();
    journal.record(exchange("GET", &format!("{BASE}/_status"))).unwrap();
    drop(journal);
    let journal = JournalWriter::resume(&path(&folder)).unwrap();
    journal.record(exchange("GET", &format!("{BASE}/_status"))).unwrap();
    journal.mark(Mark::note(now(), "gone on with")).unwrap();
    let position = journal.position();
    drop(journal);
    let text = std::fs::read_to_string(path(&folder)).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    for pair in lines.windows(2) {
        let before = sha256_hex(pair[0].as_bytes());
        assert!(pair[1].starts_with(&format!("{{\"prev\":\"{before}\",")), "{}", pair[1]);
    }
    assert_eq!(position, (4, sha256_hex(lines[3].as_bytes())));
    let saved = read_journal(&path(&folder)).unwrap();
    assert_eq!((saved.header.format.as_str(), saved.head), (JOURNAL_FORMAT_2, position.1));
    assert_eq!(saved.recording.exchanges().len(), 2);
}

#[test]
fn the_chain_of_one_format_does_not_hold_in_another() {
    let (folder, bytes) = written(2);
    let text = String::from_utf8(bytes).unwrap();
    for (from, to) in [(JOURNAL_FORMAT, JOURNAL_FORMAT_2), (JOURNAL_FORMAT_2, JOURNAL_FORMAT)] {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines[0] = lines[0].replace(JOURNAL_FORMAT, from);
        let sound = rechained(&lines);
        std::fs::write(path(&folder), &sound).unwrap();
        assert_eq!(read_journal(&path(&folder)).unwrap().header.format, from);
        std::fs::write(path(&folder), sound.replacen(from, to, 1)).unwrap();
        let error = read_journal(&path(&folder)).unwrap_err();
        assert!(matches!(error, EvidenceError::Broken { line: 2, .. }), "{from} as {to}: {error}");
    }
}

#[test]
fn a_line_changed_and_every_later_prev_put_right_is_found_by_the_heads() {
    let out = tempfile::tempdir().unwrap();
    let (folder, _) = common::bundle(out.path(), None);
    let journal = folder.join(JOURNAL_FILE);
    let text = std::fs::read_to_string(&journal).unwrap();
    let before = heads(&text);
    assert_eq!(read_journal(&journal).unwrap().head, before[4]);
    for at in 1..=4 {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines[at] = lines[at].replace("\"status\":200", "\"status\":418");
        std::fs::write(&journal, lines.join("\n") + "\n").unwrap();
        let alone = read_journal(&journal);
        // Of the last line nothing else tells in the journal itself.
        assert_eq!(alone.is_ok(), at == 4, "line {}", at + 1);

        let forged = rechained(&lines);
        std::fs::write(&journal, &forged).unwrap();
        let saved = read_journal(&journal).unwrap();
        assert_ne!(saved.head, before[4], "which the manifest, the ledger or a stamp tells");
        let after = heads(&forged);
        for (line, (was, is)) in before.iter().zip(&after).enumerate() {
            assert_eq!(was == is, line < at, "line {}", line + 1);
            assert_eq!(head_at(&journal, line as u64 + 1).unwrap().as_ref(), Some(is));
        }
        let found = check_integrity(&Opened::open(&folder).unwrap(), None);
        assert!(found.problems.iter().any(|one| one.file.as_deref() == Some(JOURNAL_FILE)));
    }
}

#[test]
fn marks_of_one_format_are_not_read_in_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mixed.jsonl");
    let typed = serde_json::json!({ "mark": { "at": "2026-08-21T10:15:01Z", "kind": "injected",
        "exchange": "ex-000002", "rule": "503" } });
    std::fs::write(&path, format_1(&[typed])).unwrap();
    assert!(matches!(read_journal(&path), Err(EvidenceError::Broken { line: 2, .. })));
}

#[test]
fn removed_swapped_and_repeated_lines_break_the_chain() {
    let (folder, bytes) = written(4);
    let text = String::from_utf8(bytes).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let orders: [&[usize]; 4] = [&[0, 1, 3, 4], &[0, 2, 1, 3, 4], &[0, 1, 1, 2], &[0, 2, 3, 4]];
    for order in orders {
        let changed: String = order.iter().map(|at| format!("{}\n", lines[*at])).collect();
        std::fs::write(path(&folder), changed).unwrap();
        let error = read_journal(&path(&folder)).unwrap_err();
        assert!(matches!(error, EvidenceError::Broken { .. }), "{order:?}: {error}");
        assert!(error.to_string().contains("line "), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// A change in the last line is only caught with the chain's head, which a manifest will hold.
    #[test]
    fn a_changed_byte_is_noticed(at in 0.0_f64..1.0, flip in 1_u8..=255) {
        let (folder, mut bytes) = written(3);
        let before = read_journal(&path(&folder)).unwrap();
        let at = ((bytes.len() - 1) as f64 * at) as usize;
        bytes[at] ^= flip;
        std::fs::write(path(&folder), &bytes).unwrap();
        if let Ok(after) = read_journal(&path(&folder)) {
            prop_assert!(after.head != before.head || after.torn_tail);
        }
    }
}
