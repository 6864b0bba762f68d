//! The calls of a driven run carry the chain: what is cut out or replaced shows in all later ids.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;
use std::path::Path;

use common::{BASE, exchange, header, path};
use letterproof_evidence::{
    Carried, JournalHeader, JournalWriter, chain_tail, head_at, read_journal, sha256_hex,
};
use letterproof_model::{
    Brief, Context, ExchangeId, Mark, RawExchange, Recorder as _, Selection, SupplierKind, now,
};
use letterproof_testing::journal::{heads, rechained};

const NONCE: &str = "NHS-2026-0815";
const FLOW: &str = "NHS-2026-0815-5f7e9c3e-0000-4000-8000-000000000002";

fn driven(supplier: SupplierKind) -> JournalHeader {
    let brief = Brief::new(Selection::everything(), Context::stand_in(BASE));
    let brief = Brief { nonce: Some(NONCE.into()), supplier, ..brief };
    let header = header();
    JournalHeader::briefed(header.run_id, header.started, header.tool, brief)
}

/// A call with this correlation id.
fn call(id: &str) -> RawExchange {
    let mut raw = exchange("GET", &format!("{BASE}/letters/L1"));
    for (name, value) in &mut raw.request.headers {
        if name == "X-Correlation-ID" {
            *value = id.to_owned();
        }
    }
    raw
}

/// A driven run of so many calls.
fn run(folder: &tempfile::TempDir, calls: usize) {
    let journal = JournalWriter::create(&path(folder), &driven(SupplierKind::Reference)).unwrap();
    journal.mark(Mark::note(now(), "begun")).unwrap();
    for _ in 0..calls {
        let tail = journal.chain_tail().unwrap();
        journal.record(call(&format!("{FLOW}-{tail}"))).unwrap();
    }
}

/// What stands in the lines after the header.
type Lines = Vec<String>;

/// Writes the journal again with its lines changed, every hash and number made again.
fn forged(path: &Path, change: impl FnOnce(&mut Lines)) {
    let text = fs::read_to_string(path).unwrap();
    let (header, rest) = text.split_once('\n').unwrap();
    let mut lines: Lines = rest.lines().map(str::to_owned).collect();
    change(&mut lines);
    lines.insert(0, header.to_owned());
    fs::write(path, rechained(&lines)).unwrap();
}

fn carried(folder: &tempfile::TempDir) -> Carried {
    read_journal(&path(folder)).unwrap().carried.unwrap()
}

fn at(number: u64) -> Option<ExchangeId> {
    Some(ExchangeId::new(format!("ex-{number:06}")))
}

#[test]
fn each_id_ends_with_what_anybody_can_make_of_nonce_and_head() {
    let folder = tempfile::tempdir().unwrap();
    run(&folder, 3);
    let text = fs::read_to_string(path(&folder)).unwrap();
    let heads = heads(&text);
    for (head, line) in heads[1..].iter().zip(text.lines().skip(2)) {
        let tail = &sha256_hex(format!("{NONCE}{head}").as_bytes())[..16];
        assert!(line.contains(&format!("{FLOW}-{tail}\"")), "{line}");
        assert_eq!(chain_tail(NONCE, head), tail);
    }
    assert_eq!(carried(&folder), Carried { calls: 3, ..Carried::default() });
}

#[test]
fn a_stretch_cut_out_replaced_or_put_in_shows_in_the_next_id() {
    for (change, first) in [
        ((|lines| drop(lines.drain(3..6))) as fn(&mut Lines), 3),
        (|lines| lines[3] = lines[3].replace("\"status\":200", "\"status\":418"), 4),
        // The copy itself carries a head that was there.
        (|lines| lines.insert(3, lines[2].clone()), 5),
        (|lines| drop(lines.remove(0)), 1),
    ] {
        let folder = tempfile::tempdir().unwrap();
        run(&folder, 8);
        forged(&path(&folder), |_| {});
        assert_eq!(carried(&folder).foreign, None, "unchanged it holds");
        forged(&path(&folder), change);
        assert_eq!(carried(&folder).foreign, at(first));
    }
}

#[test]
fn ids_that_carry_nothing_are_told_where_the_run_is_to_carry_it() {
    let folder = tempfile::tempdir().unwrap();
    run(&folder, 2);
    let writer = JournalWriter::resume(&path(&folder)).unwrap();
    writer.record(call(FLOW)).unwrap();
    assert_eq!(carried(&folder).bare, at(3));
    // Probes choose ids of their own, and are few in a row.
    for number in 0..60 {
        writer.record(call(&format!("another-{number}"))).unwrap();
    }
    let found = carried(&folder);
    assert_eq!((found.calls, found.gap), (2, at(53)));
}

#[test]
fn what_others_made_and_what_earlier_versions_recorded_carries_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let writer = JournalWriter::create(&path(&folder), &driven(SupplierKind::Witnessed)).unwrap();
    assert_eq!(writer.chain_tail(), None);
    writer.record(call(FLOW)).unwrap();
    assert_eq!(read_journal(&path(&folder)).unwrap().carried, None);

    let folder = tempfile::tempdir().unwrap();
    let earlier = JournalHeader { chained_ids: false, ..driven(SupplierKind::Reference) };
    let writer = JournalWriter::create(&path(&folder), &earlier).unwrap();
    assert_eq!(writer.chain_tail(), None);
    writer.record(call(FLOW)).unwrap();
    drop(writer);
    assert_eq!(carried(&folder), Carried::default());
    assert_eq!(JournalWriter::resume(&path(&folder)).unwrap().chain_tail(), None);
}

#[test]
fn observers_are_told_how_far_the_journal_has_come() {
    let folder = tempfile::tempdir().unwrap();
    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = std::sync::Arc::clone(&told);
    let writer = JournalWriter::create(&path(&folder), &driven(SupplierKind::Reference))
        .unwrap()
        .with_head_observer(Box::new(move |lines, head| {
            seen.lock().unwrap().push((lines, head.to_owned()));
        }));
    for _ in 0..2 {
        writer.mark(Mark::note(now(), "x")).unwrap();
    }
    writer.record(call(FLOW)).unwrap();
    writer.sync().unwrap();
    let told = told.lock().unwrap().clone();
    assert_eq!(told.iter().map(|(lines, _)| *lines).collect::<Vec<_>>(), [2, 3, 4, 4]);
    assert_eq!(writer.position(), told[3]);
    for (lines, head) in told {
        assert_eq!(head_at(&path(&folder), lines).unwrap(), Some(head));
    }
    assert_eq!(head_at(&path(&folder), 5).unwrap(), None);
}
