//! A journal of a gigabyte and more is read line by line, gone on with, and checked to its last byte.
//! The same with some megabytes runs always; `LETTERPROOF_LARGE=1` has the large one run too, which
//! takes 3 GB of disk and, in a debug build, some minutes.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

#[path = "../../evidence/tests/common/mod.rs"]
mod common;

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use common::{BASE, exchange, letter, path};
use letterproof_contract::Contract;
use letterproof_evidence::{
    Entry, EvidenceError, JournalHeader, JournalReader, JournalWriter, read_journal,
};
use letterproof_judge::{Head, conclude};
use letterproof_model::{
    Brief, Context, Journal as _, Mark, RawOutcome, Recorder as _, Selection, now,
};
use letterproof_testing::{Skip, journal, skip};

/// Letters in one answer: some three megabytes.
const LETTERS: usize = 10_000;
/// Most that reading may hold beside one line and what is made of it, in bytes.
const HELD: u64 = 200 * 1024 * 1024;

/// The memory that this process holds, in bytes; `None` where the system does not say so.
fn resident() -> Option<u64> {
    let pages = fs::read_to_string("/proc/self/statm").ok()?;
    pages.split(' ').nth(1)?.parse::<u64>().ok().map(|pages| pages * 4096)
}

/// A journal of so many long exchanges: one as it is recorded, the others like it, each with its
/// own number in the chain. Returns its length.
fn written(folder: &tempfile::TempDir, exchanges: usize) -> u64 {
    let mut long = exchange("GET", &format!("{BASE}/letters?limit={LETTERS}"));
    let RawOutcome::Response(response) = &mut long.outcome else { panic!("an answer") };
    let one = letter("24L5eYSWGzCHlGmzNxuqVusPxDg");
    let one = one.strip_prefix("{\"data\":").unwrap().strip_suffix('}').unwrap();
    let all = format!("{{\"data\":[{}]}}", vec![one; LETTERS].join(","));
    response.body = common::text(&all);
    let writer = common::journal(folder);
    writer.record(long).unwrap();
    drop(writer);
    let text = fs::read_to_string(path(folder)).unwrap();
    let (header, first) = text.trim_end().split_once('\n').unwrap();
    assert!(first.len() > LETTERS * 100, "{} bytes", first.len());
    let mut out = BufWriter::new(File::create(path(folder)).unwrap());
    writeln!(out, "{header}").unwrap();
    let (before, rest) = first.split_once("ex-000001").unwrap();
    let before = journal::rest(before);
    let mut chain = journal::Chain::begin(header);
    for number in 1..=exchanges {
        writeln!(out, "{}", chain.line(&format!("{before}ex-{number:06}{rest}"))).unwrap();
    }
    out.flush().unwrap();
    fs::metadata(path(folder)).unwrap().len()
}

/// Reads a journal entry by entry: how many exchanges, or what is wrong with it.
fn read(path: &Path) -> Result<usize, EvidenceError> {
    let before = resident();
    let mut count = 0;
    for entry in JournalReader::open(path)? {
        if let Entry::Exchange(exchange) = entry? {
            assert!(exchange.response().is_some());
            count += 1;
        }
        if let (Some(before), Some(now)) = (before, resident()) {
            let held = now.saturating_sub(before);
            assert!(held < HELD, "{held} bytes are held after {count} exchanges");
        }
    }
    Ok(count)
}

fn a_journal_of(exchanges: usize) {
    let folder = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let length = written(&folder, exchanges);
    let made = began.elapsed();
    assert_eq!(read(&path(&folder)).unwrap(), exchanges);
    let once = began.elapsed() - made;

    // It is gone on with after a kill that tore its last line.
    let torn = OpenOptions::new().append(true).open(path(&folder)).unwrap();
    (&torn).write_all(b"{\"prev\":\"0123").unwrap();
    let writer = JournalWriter::resume(&path(&folder)).unwrap();
    assert_eq!(writer.exchanges(), exchanges as u64);
    writer.mark(Mark::note(now(), "gone on with")).unwrap();
    writer.record(exchange("GET", &format!("{BASE}/_status"))).unwrap();
    drop(writer);
    assert_eq!(read(&path(&folder)).unwrap(), exchanges + 1);
    println!("{length} bytes: made in {made:?}, read in {once:?}");

    // One bit far behind everything that any buffer holds.
    let mut file = OpenOptions::new().read(true).write(true).open(path(&folder)).unwrap();
    let place = SeekFrom::Start(length - length / (2 * exchanges as u64));
    let mut byte = [0];
    file.seek(place).unwrap();
    file.read_exact(&mut byte).unwrap();
    file.seek(place).unwrap();
    file.write_all(&[byte[0] ^ 1]).unwrap();
    drop(file);
    let error = read(&path(&folder)).unwrap_err().to_string();
    // Either the line is no JSON any more, or the next one tells that it is another.
    let line = |number: usize| error.contains(&number.to_string());
    assert!(line(exchanges + 1) || line(exchanges + 2), "{error}");
}

#[test]
fn a_journal_of_some_megabytes_is_read_gone_on_with_and_checked() {
    a_journal_of(12);
}

#[test]
fn a_journal_of_more_than_a_gigabyte_is_read_gone_on_with_and_checked() {
    if std::env::var_os("LETTERPROOF_LARGE").is_none() {
        skip(Skip::Machine, "it takes 3 GB and some minutes; LETTERPROOF_LARGE=1 has it run");
        return;
    }
    a_journal_of(900);
}

/// Names the journal that a process of its own is to read.
const READ: &str = "LETTERPROOF_TEST_READ";
/// Most that reading a whole journal may hold at any time, in bytes, whatever its length.
const PEAK: u64 = 150_000_000;

/// Most that judging a journal outside of memory may hold for each call, in bytes: what judges note
/// comes and goes.
const OF_A_CALL: u64 = 500;
/// What any process holds, and judges of any journal, in bytes.
const OF_ANY: u64 = 45_000_000;

/// Run by the test below in a process of its own: reads a journal whole and looks at every exchange, as
/// judges do.
#[test]
fn reads_a_journal_for_the_test_of_its_memory() {
    let Some(journal) = std::env::var_os(READ) else { return };
    let saved = read_journal(Path::new(&journal)).unwrap();
    let answers = saved.recording.exchanges().iter().filter(|one| one.response().is_some());
    assert_eq!(answers.count(), saved.recording.exchanges().len());
    saved.recording.whole().unwrap();
    tell_peak();
}

fn tell_peak() {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    println!("peak:{}", peak.trim().strip_suffix(" kB").unwrap());
}

/// What the named test says of this journal in a process of its own.
fn in_a_process_of_its_own(test: &str, journal: &Path, temporary: &Path) -> String {
    let read = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(READ, journal)
        .env("TMPDIR", temporary)
        .output()
        .unwrap();
    [read.stdout, read.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat()
}

/// The most that it held, in bytes.
fn peak_told(told: &str) -> u64 {
    let peak = told.split_once("peak:").and_then(|(_, rest)| rest.lines().next());
    peak.unwrap_or_else(|| panic!("{told}")).parse::<u64>().unwrap() * 1024
}

#[test]
fn a_whole_journal_takes_no_more_memory_than_the_limit_whatever_its_length() {
    if !Path::new("/proc/self/status").exists() {
        return skip(Skip::Machine, "this system does not say how much memory a process held");
    }
    let folder = tempfile::tempdir().unwrap();
    let length = written(&folder, 120);
    assert!(length > PEAK + PEAK / 3, "{length} bytes");
    let read = |temporary: &Path| {
        let test = "reads_a_journal_for_the_test_of_its_memory";
        in_a_process_of_its_own(test, &path(&folder), temporary)
    };
    let peak = peak_told(&read(folder.path()));
    assert!(peak < PEAK, "{peak} bytes were held for a journal of {length}");
    // Without a place for what memory does not take, nothing is read of it at all.
    let told = read(&folder.path().join("is not there"));
    assert!(told.contains("Unrecorded(") && told.contains("TMPDIR"), "{told}");
}

/// A journal of so many reads, each of a letter of its own, and each long. Returns its length.
fn of_reads(folder: &tempfile::TempDir, calls: usize) -> u64 {
    const ID: &str = "24L5eYSWGzCHlGmzNxuqVusPxDg";
    let mut read = exchange("GET", &format!("{BASE}/letters/{ID}"));
    let RawOutcome::Response(response) = &mut read.outcome else { panic!("an answer") };
    response.body = common::text(&letter(ID));
    let header = JournalHeader {
        brief: Some(Brief::new(Selection::everything(), Context::stand_in(BASE))),
        ..common::header()
    };
    let writer = JournalWriter::create(&path(folder), &header).unwrap();
    writer.record(read).unwrap();
    drop(writer);
    let text = fs::read_to_string(path(folder)).unwrap();
    let (header, first) = text.trim_end().split_once('\n').unwrap();
    // Longer than usual, so that few are a long journal.
    let wide = format!("{{{}", " ".repeat(3_000));
    let first = journal::rest(first).replace(r#"{\"data\""#, &format!(r#"{wide}\"data\""#));
    assert!(first.matches(ID).count() == 2 && first.len() > 3_000, "{first}");
    let mut out = BufWriter::new(File::create(path(folder)).unwrap());
    writeln!(out, "{header}").unwrap();
    let mut chain = journal::Chain::begin(header);
    for number in 1..=calls {
        let line = first.replace("ex-000001", &format!("ex-{number:06}"));
        let line = line.replace("8000-000000000001", &format!("8000-{number:012}"));
        let line = line.replace(ID, &format!("{number:027}"));
        writeln!(out, "{}", chain.line(&line)).unwrap();
    }
    out.flush().unwrap();
    fs::metadata(path(folder)).unwrap().len()
}

/// Run by the test below in a process of its own: reads a journal and judges it.
#[test]
fn judges_a_journal_for_the_test_of_its_memory() {
    let Some(journal) = std::env::var_os(READ) else { return };
    let saved = read_journal(Path::new(&journal)).unwrap();
    let JournalHeader { run_id, started, tool, brief, .. } = &saved.header;
    let head = Head { run_id, started: *started, tool, brief: brief.as_ref().unwrap() };
    let results = conclude(&saved.recording, &head, Contract::built_in().unwrap());
    assert_eq!(
        results.run.exchanges["GET /letters/{id}"],
        saved.recording.exchanges().len() as u64
    );
    saved.recording.whole().unwrap();
    tell_peak();
}

#[test]
fn judging_a_journal_that_is_not_in_memory_takes_a_little_for_each_call() {
    if !Path::new("/proc/self/status").exists() {
        return skip(Skip::Machine, "this system does not say how much memory a process held");
    }
    let folder = tempfile::tempdir().unwrap();
    let calls = 20_000;
    let length = of_reads(&folder, calls);
    let most = OF_ANY + OF_A_CALL * calls as u64;
    assert!(length > 70 << 20 && length > most, "{length} bytes");
    let test = "judges_a_journal_for_the_test_of_its_memory";
    let peak = peak_told(&in_a_process_of_its_own(test, &path(&folder), folder.path()));
    assert!(peak < most, "{peak} bytes were held for {calls} calls in {length} bytes");
}
