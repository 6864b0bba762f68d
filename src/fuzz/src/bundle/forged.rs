//! A small sound bundle, made as a run makes one: recorded, judged, reported, sealed and zipped.
//! Refuses chance: times and ids are fixed and nobody signs, so that a case found once is found
//! again.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use letterproof_contract::Contract;
use letterproof_evidence::{
    Bundle, INCOMPLETE, JournalHeader, JournalWriter, Opened, RunFolder, Sealing, archive,
    read_journal,
};
use letterproof_judge::{Head, conclude};
use letterproof_model::{
    Actor, Brief, Context, Direction, PackId, RawBody, RawExchange, RawOutcome, RawRequest,
    RawResponse, Recorder as _, RunEnd, RunId, Selection, TestId, Timestamp, ToolInfo,
};

const BASE: &str = "https://int.example/nhs-notify-supplier";
const RUN: &str = "20260821t101500z-abc123";
/// When the run began, in seconds since 1970.
const STARTED: i64 = 1_787_307_300;

/// A sound bundle, in memory.
pub(super) struct Forged {
    /// Its files by name.
    pub(super) files: BTreeMap<String, Vec<u8>>,
    /// Its zip.
    pub(super) zip: Vec<u8>,
}

/// Hands the bundle on, made once for each thread.
pub(super) fn forged(work: impl FnOnce(&Forged)) {
    thread_local!(static FORGED: Forged = Forged::new());
    FORGED.with(|bundle| work(bundle));
}

/// What claims to have made the bundle.
pub(super) fn tool() -> ToolInfo {
    ToolInfo { version: "0".to_owned(), commit: "unknown".to_owned() }
}

/// Seals a finished folder again; returns whether it could be.
pub(super) fn seal_again(folder: &Path) -> bool {
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
        assert!(super::verified(&folder), "the bundle as it was made");
        bundle
    }

    /// Writes its files below a folder, in the place of what an earlier case left there.
    pub(super) fn copy_into(&self, scratch: &Path) -> Option<PathBuf> {
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
