//! Evidence bundles, verified as a reviewer does, and two of their parts: `results.json` and time
//! stamps.
//!
//! Bytes are a zip of their own, or say how a sound bundle is changed: a line `zip`, `folder NAME`
//! or `resealed NAME`, a line with a position and how many bytes go there, and what comes in their
//! place. A changed bundle is never sound; one sealed again is not when its results were what
//! changed. The sound one is made as a run makes one, with fixed times and ids and no signature, so
//! that a case found once is found again.
//!
//! Results that are read and written out read the same again, differ from themselves in nothing, and
//! can be shown. No answer of a stamper fits a question that was just asked, and what is printed of
//! a valid stamp cannot move the cursor.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use letterproof_contract::Contract;
use letterproof_evidence::{
    Bundle, INCOMPLETE, JournalHeader, JournalWriter, Opened, RESULTS_FILE, RunFolder, Sealing,
    StampRequest, archive, check_stamp, read_journal, read_results, sha256_hex,
};
use letterproof_harness::{
    Demands, Submission, Verification, Verifying, diff, gate, readiness, readiness_markdown, verify,
};
use letterproof_judge::{Head, conclude};
use letterproof_model::{
    Actor, Brief, Context, Direction, PackId, RawBody, RawExchange, RawOutcome, RawRequest,
    RawResponse, Recorder as _, Results, RunEnd, RunId, Selection, Stamp, TestId, Timestamp,
    ToolInfo, pack,
};

use crate::common::{as_file, bounded, in_folder, is_inside, named, twice};

const FILE: &str = "bundle.zip";

/// Bytes as a bundle, or as a change to one.
pub fn bundle(data: &[u8]) {
    let data = bounded(data);
    match Change::read(data) {
        None => {
            sound(FILE, data);
        }
        Some(change) => forged(|bundle| change.make(bundle)),
    }
}

/// What is changed.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Part<'a> {
    /// The zip's own bytes.
    Zip,
    /// A file of the folder.
    Folder(&'a str),
    /// The same, and the folder is sealed again, as a forger with time would.
    Resealed(&'a str),
}

struct Change<'a> {
    part: Part<'a>,
    from: usize,
    length: usize,
    put: &'a [u8],
}

impl<'a> Change<'a> {
    fn read(data: &'a [u8]) -> Option<Self> {
        let mut lines = data.splitn(3, |byte| *byte == b'\n');
        let part = std::str::from_utf8(lines.next()?).ok()?;
        let place = std::str::from_utf8(lines.next()?).ok()?;
        let part = match part.split_once(' ') {
            None if part == "zip" => Part::Zip,
            Some(("folder", name)) if is_inside(name) => Part::Folder(name),
            Some(("resealed", name)) if is_inside(name) => Part::Resealed(name),
            _ => return None,
        };
        let (from, length) = place.split_once(' ')?;
        let (from, length) = (from.parse().ok()?, length.parse().ok()?);
        Some(Self { part, from, length, put: lines.next()? })
    }

    fn make(&self, bundle: &Forged) {
        match self.part {
            Part::Zip => {
                let changed = self.applied(&bundle.zip);
                assert_eq!(sound(FILE, &changed), changed == bundle.zip, "a changed zip");
            }
            Part::Folder(name) => self.in_copy(bundle, name, |folder, is_same| {
                assert_eq!(verified(folder), is_same, "a changed {name}");
            }),
            Part::Resealed(name) => self.in_copy(bundle, name, |folder, is_same| {
                if seal_again(folder) {
                    let sound = verified(folder);
                    assert!(is_same || !sound || name != RESULTS_FILE, "other results");
                }
            }),
        }
    }

    /// Makes the change in a copy of the folder, and says whether the copy is still the same.
    fn in_copy(&self, bundle: &Forged, name: &str, check: impl FnOnce(&Path, bool)) {
        in_folder(|scratch| {
            let Some(folder) = bundle.copy_into(scratch) else { return };
            let before = bundle.files.get(name).map_or(&[][..], Vec::as_slice);
            let after = self.applied(before);
            let path = folder.join(name);
            // A name that stands for a folder there, or below a file, changes nothing.
            let _ = path.parent().map(fs::create_dir_all);
            if fs::write(path, &after).is_ok() {
                check(&folder, bundle.files.contains_key(name) && after == before);
            }
        });
    }

    fn applied(&self, before: &[u8]) -> Vec<u8> {
        let from = self.from % (before.len() + 1);
        let to = from.saturating_add(self.length).min(before.len());
        [&before[..from], self.put, &before[to..]].concat()
    }
}

/// Whether these bytes are a sound zip.
fn sound(name: &str, data: &[u8]) -> bool {
    as_file(name, data, verified)
}

/// Whether a reviewer would find nothing wrong.
fn verified(path: &Path) -> bool {
    let contract = Contract::built_in().expect("the contract of this build");
    let tool = tool();
    let with = Verifying { tool: &tool, key: None, contract, stampers: None };
    let read = twice(|| verify(path, &with).map(|found| gist(&found)));
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if let Ok(opened) = Opened::open(path) {
        // What opens is read file by file, never beyond its declared size.
        for (name, size) in opened.files() {
            if let Ok(bytes) = opened.read(name, 1 << 20) {
                assert_eq!(bytes.len() as u64, size, "{name}");
            }
        }
    }
    named(&name, read).is_some_and(|(sound, _)| sound)
}

fn gist(found: &Verification) -> (bool, Vec<String>) {
    assert_eq!(found.holds(), found.problems.is_empty());
    (found.holds(), found.problems.iter().map(|problem| problem.sentence.clone()).collect())
}

const BASE: &str = "https://int.example/nhs-notify-supplier";
const RUN: &str = "20260821t101500z-abc123";
/// When the run began, in seconds since 1970.
const STARTED: i64 = 1_787_307_300;

/// A sound bundle, in memory.
struct Forged {
    /// Its files by name.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// Its zip.
    pub(crate) zip: Vec<u8>,
}

/// Hands the bundle on, made once for each thread.
fn forged(work: impl FnOnce(&Forged)) {
    thread_local!(static FORGED: Forged = Forged::new());
    FORGED.with(|bundle| work(bundle));
}

/// What claims to have made the bundle.
pub(crate) fn tool() -> ToolInfo {
    ToolInfo { version: "0".to_owned(), commit: "unknown".to_owned() }
}

/// Seals a finished folder again; returns whether it could be.
fn seal_again(folder: &Path) -> bool {
    let incomplete = folder.with_file_name(format!("{RUN}{INCOMPLETE}"));
    fs::rename(folder, &incomplete).expect("the folder as an incomplete one");
    let run = RunFolder::reopen(&incomplete, Sealing::SignatureDropped)
        .expect("the folder as it was left");
    let sealed = run.seal(None).is_ok();
    run.finish().expect("the folder as a finished one");
    sealed
}

impl Forged {
    fn new() -> Self {
        let out = tempfile::tempdir().expect("a folder for the bundle");
        let folder = made(out.path());
        let zip = archive(&folder).expect("the zip of the run");
        let opened = Opened::open(&folder).expect("the run opened");
        let read =
            |name: &str| (name.to_owned(), opened.read(name, 1 << 24).expect("a file of it"));
        let files = opened.files().map(|(name, _)| read(name)).collect();
        let bundle = Self { files, zip: fs::read(zip).expect("the zip's bytes") };
        assert!(verified(&folder), "the bundle as it was made");
        bundle
    }

    /// Writes its files below a folder, in the place of what an earlier case left there.
    fn copy_into(&self, scratch: &Path) -> Option<PathBuf> {
        let out = scratch.join("copy");
        if out.exists() {
            fs::remove_dir_all(&out).ok()?;
        }
        let folder = out.join(RUN);
        for (name, bytes) in &self.files {
            let path = folder.join(name);
            fs::create_dir_all(path.parent()?).ok()?;
            fs::write(path, bytes).ok()?;
        }
        Some(folder)
    }
}

/// Makes the run; returns its folder.
fn made(out: &Path) -> PathBuf {
    let run_id = RunId::from(RUN);
    let tool = tool();
    let selection = Selection { tests: TestId::new(1).into_iter().collect(), conformance: false };
    let brief = Brief::new(selection, Context::stand_in(BASE));
    let folder = RunFolder::create(out, &run_id).expect("the folder of the run");
    let header = JournalHeader::briefed(run_id.clone(), at(0), tool.clone(), brief.clone());
    let journal = JournalWriter::create(&folder.journal_path(), &header).expect("its journal");
    for (second, path) in (1..).zip(["/_status", "/letters?limit=2", "/letters/L1"]) {
        journal.record(exchange(second, path)).expect("an exchange");
    }
    journal.mark(RunEnd::Whole.mark(at(9))).expect("the end of the run");
    drop(journal);
    let saved = read_journal(&folder.journal_path()).expect("the journal again");
    let head = Head { run_id: &run_id, started: at(0), tool: &tool, brief: &brief };
    let contract = Contract::built_in().expect("the contract of this build");
    folder.write_context(&brief.context).expect("the context");
    folder.write_results(&conclude(&saved.recording, &head, contract)).expect("the results");
    let bundle = Bundle::open(folder.path()).expect("what was written");
    letterproof_reports::write_all(&bundle, &folder).expect("the reports");
    folder.seal(None).expect("the manifest");
    folder.finish().expect("the finished folder")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(STARTED + second).expect("a time")
}

fn exchange(second: i64, path: &str) -> RawExchange {
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let id = format!("5f7e9c3e-0000-4000-8000-{second:012}");
    let body = format!("{{\"data\":[],\"asked\":\"{path}\"}}");
    RawExchange {
        actor: Actor::Supplier,
        direction: Direction::ToApi,
        pack: PackId::Supplier,
        scenario: None,
        attempt: 1,
        scheduled: None,
        started: at(second),
        connection: None,
        request: RawRequest {
            method: "GET".to_owned(),
            url: format!("{BASE}{path}"),
            headers: vec![field("X-Request-ID", &id)],
            body: RawBody::None,
        },
        outcome: RawOutcome::Response(RawResponse {
            status: 200,
            headers: vec![
                field("Content-Type", "application/vnd.api+json"),
                field("X-Request-ID", &id),
            ],
            body: RawBody::Bytes(body.into_bytes()),
            headers_us: 4_000,
            done_us: 4_200,
        }),
    }
}

/// Bytes as the results of a run.
pub fn results(data: &[u8]) {
    let Some(results) = read(data) else { return };
    let written = serde_json::to_vec(&results).expect("results as JSON");
    assert_eq!(read(&written).as_ref(), Some(&results), "written out and read again");
    assert_eq!(diff(&results, &results), [], "no run differs from itself");
    let now = letterproof_model::now();
    let demands = Demands {
        tests: pack().iter().map(|test| test.id).collect(),
        witnessed: true,
        int: true,
        max_age: Some(SignedDuration::MAX),
        target: Some(results.run.target.name.clone()),
        nothing_owed: true,
        no_violations: true,
        ..Demands::default()
    };
    let context = Context::stand_in(&results.run.target.base_url);
    let submission = Submission { results: &results, context: &context, attestations: &[] };
    let held = gate(&submission, &demands, now);
    assert!(held.len() >= pack().len() + 6, "every demand is answered");
    let standing =
        readiness(&[submission, submission]).expect("a run is of the same supplier as itself");
    assert_eq!(standing.tests.len(), pack().len(), "every test of the pack stands somehow");
    assert!(serde_json::to_vec(&standing).is_ok());
    assert!(!readiness_markdown(&standing).is_empty());
}

fn read(data: &[u8]) -> Option<Results> {
    in_folder(|folder| {
        std::fs::create_dir_all(folder.join("run")).expect("a folder for the results");
    });
    let name = format!("run/{RESULTS_FILE}");
    as_file(&name, data, |path| {
        let folder = path.parent().expect("the folder of the results");
        named(RESULTS_FILE, twice(|| read_results(&Opened::open(folder)?)))
    })
}

/// Bytes as the answer of a stamper, and as the token of a stamp that asked with this nonce.
pub fn stamp(data: &[u8]) {
    const STAMPED: &[u8] = b"evidence";
    const NONCE: &str = "4142434445464748";
    let request = StampRequest::about(STAMPED).expect("random numbers");
    let taken = request.answered("tsa.example", data);
    assert!(taken.is_err(), "an answer to a question nobody can have seen");
    let stamp = Stamp {
        stamper: "tsa.example".to_owned(),
        nonce: NONCE.to_owned(),
        token: STANDARD.encode(data),
    };
    let read = || check_stamp(&stamp, &sha256_hex(STAMPED), None);
    let held = read();
    assert_eq!(held, read(), "two readings of the same bytes");
    if let Ok(stamped) = held {
        assert!(!stamped.by.chars().any(char::is_control), "{:?}", stamped.by);
        assert!(check_stamp(&stamp, &sha256_hex(b"other"), None).is_err());
        let other = Stamp { nonce: "0".repeat(16), ..stamp.clone() };
        assert!(check_stamp(&other, &sha256_hex(STAMPED), None).is_err());
    }
}
