//! A journal of a gigabyte and more is read line by line, gone on with, and checked to its last byte.
//! The same with some megabytes runs always; `LETTERPROOF_LARGE=1` has the large one run too, which
//! takes 3 GB of disk and, in a debug build, some minutes.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod common;

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use common::{BASE, exchange, letter, path};
use letterproof_evidence::{Entry, EvidenceError, JournalReader, JournalWriter, read_journal};
use letterproof_model::{Journal as _, Mark, RawOutcome, Recorder as _, now};
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

/// Run by the test below in a process of its own: reads a journal whole and looks at every exchange, as
/// judges do.
#[test]
fn reads_a_journal_for_the_test_of_its_memory() {
    let Some(journal) = std::env::var_os(READ) else { return };
    let saved = read_journal(Path::new(&journal)).unwrap();
    let answers = saved.recording.exchanges().iter().filter(|one| one.response().is_some());
    assert_eq!(answers.count(), saved.recording.exchanges().len());
    saved.recording.whole().unwrap();
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    println!("peak:{}", peak.trim().strip_suffix(" kB").unwrap());
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
        let read = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "reads_a_journal_for_the_test_of_its_memory", "--nocapture"])
            .env(READ, path(&folder))
            .env("TMPDIR", temporary)
            .output()
            .unwrap();
        [read.stdout, read.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat()
    };
    let told = read(folder.path());
    let peak = told.split_once("peak:").and_then(|(_, rest)| rest.lines().next());
    let peak = peak.unwrap_or_else(|| panic!("{told}")).parse::<u64>().unwrap() * 1024;
    assert!(peak < PEAK, "{peak} bytes were held for a journal of {length}");
    // Without a place for what memory does not take, nothing is read of it at all.
    let told = read(&folder.path().join("is not there"));
    assert!(told.contains("Unrecorded(") && told.contains("TMPDIR"), "{told}");
}
