//! How time and memory of verifying grow with the journal: bundles of 10,000, 100,000 and 1,000,000
//! exchanges, each verified by a process of its own, with all that `letterproof verify` checks.
//! Times differ from machine to machine, so that what counts is the ratio in the last columns: it stays
//! near 1 where time and memory grow no faster than the journal.
//! `cargo bench -p letterproof-cli --bench verifying [-- 10000 100000]`

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use letterproof_contract::Contract;
use letterproof_evidence::{
    Bundle, JournalHeader, JournalWriter, Opened, RunFolder, archive, new_run_id, read_journal,
    sha256_hex,
};
use letterproof_harness::{Verifying, verify};
use letterproof_judge::{Head, conclude};
use letterproof_model::{
    Actor, Brief, Connection, Content, Context, Direction, PackId, RawBody, RawExchange,
    RawOutcome, RawRequest, RawResponse, Recorder as _, Selection, SupplierKind, Timestamp,
    ToolInfo, now,
};
use letterproof_reports::{Extras, rebuilt, write_all_with};

const SIZES: [u64; 3] = [10_000, 100_000, 1_000_000];
const BASE: &str = "http://127.0.0.1:9/nhs-notify-supplier";
/// Tells a process that it is to verify a bundle and say what that took.
const VERIFY: &str = "--verify";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, bundle] = arguments.as_slice()
        && word == VERIFY
    {
        return verified(Path::new(bundle));
    }
    let asked: Vec<u64> = arguments.iter().filter_map(|size| size.parse().ok()).collect();
    println!(
        "exchanges  journal MB  zip MB  seconds  µs each  peak MB  bytes each  time and peak, to the first"
    );
    let mut first = None;
    for size in if asked.is_empty() { SIZES.to_vec() } else { asked } {
        let out = tempfile::tempdir().unwrap();
        let (journal, zip) = bundle(out.path(), size);
        let made = Command::new(std::env::current_exe().unwrap()).arg(VERIFY).arg(&zip).output();
        let told = String::from_utf8(made.unwrap().stdout).unwrap();
        let told: Vec<f64> = told.split_whitespace().map(|word| word.parse().unwrap()).collect();
        let [seconds, peak] = told[..] else { panic!("the process ended early") };
        let (time, memory) = (seconds * 1e6 / size as f64, peak * 1024.0 / size as f64);
        let (first_time, first_memory) = *first.get_or_insert((time, memory));
        println!(
            "{size:>9}  {:>10.1}  {:>6.1}  {seconds:>7.2}  {time:>7.1}  {:>7.1}  {memory:>10.0}  {:.2} {:.2}",
            journal as f64 / 1e6,
            std::fs::metadata(&zip).unwrap().len() as f64 / 1e6,
            peak * 1024.0 / 1e6,
            time / first_time,
            memory / first_memory,
        );
    }
}

/// Verifies and prints seconds and the most memory that was resident, in KiB; 0 where the system does
/// not say.
fn verified(bundle: &Path) {
    let tool = tool();
    let contract = Contract::built_in().unwrap();
    let with = Verifying { tool: &tool, key: None, contract, stampers: None };
    let begun = Instant::now();
    let found = verify(bundle, &with).unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    assert!(found.problems.is_empty() && found.not_checked.is_empty(), "{found:#?}");
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next());
    println!("{seconds} {}", peak.unwrap_or("0"));
}

fn tool() -> ToolInfo {
    ToolInfo { version: "0.0.0".to_owned(), commit: "benchmark".to_owned() }
}

/// The bundle of a witnessed run of so many exchanges, all reports included: the length of its journal,
/// and its zip.
fn bundle(out: &Path, exchanges: u64) -> (u64, PathBuf) {
    let started = now();
    let brief = Brief {
        supplier: SupplierKind::Witnessed,
        ..Brief::new(Selection::everything(), Context::stand_in(BASE))
    };
    let context = brief.context.clone();
    let header = JournalHeader::briefed(new_run_id(started).unwrap(), started, tool(), brief);
    let folder = RunFolder::create(out, &header.run_id).unwrap();
    let journal = JournalWriter::create(&folder.journal_path(), &header).unwrap();
    for number in 0..exchanges {
        journal.record(exchange(number, started)).unwrap();
    }
    drop(journal);
    let length = std::fs::metadata(folder.journal_path()).unwrap().len();
    let journal = read_journal(&folder.journal_path()).unwrap();
    let JournalHeader { run_id, started, tool, brief, .. } = &journal.header;
    let head = Head { run_id, started: *started, tool, brief: brief.as_ref().unwrap() };
    let results = conclude(&journal.recording, &head, Contract::built_in().unwrap());
    folder.write_context(&context).unwrap();
    folder.write_results(&results).unwrap();
    let path = folder.path().to_owned();
    let bundle = Bundle { folder: path, results, context, journal, environment: None };
    write_all_with(&bundle, &folder, &Extras::default()).unwrap();
    drop(bundle);
    folder.seal(None).unwrap();
    (length, archive(&folder.finish().unwrap()).unwrap())
}

/// One of the three calls by which a letter is read and its document fetched.
fn exchange(number: u64, started: Timestamp) -> RawExchange {
    let seed = sha256_hex(&(number / 3).to_le_bytes());
    let (letter, file) = (uuid(&seed[..32]), uuid(&seed[32..]));
    let request = uuid(&sha256_hex(&number.to_be_bytes())[..32]);
    let link = format!(
        "http://127.0.0.1:9/storage/letterproof-supplier/{file}/{file}-PENDING.pdf?X-Amz-Algorithm=\
         AWS4-HMAC-SHA256&X-Amz-Date=20261130T221620Z&X-Amz-Expires=5&X-Amz-SignedHeaders=host&\
         X-Amz-Signature={seed}"
    );
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let ids = || [pair("x-request-id", &request), pair("x-correlation-id", &request)];
    let mut asked = vec![pair("authorization", "Bearer an-access-token-of-some-length")];
    asked.extend(ids());
    let mut answered = ids().to_vec();
    let (url, status, body) = match number % 3 {
        0 => {
            answered.push(pair("content-type", "application/vnd.api+json"));
            let body = format!(
                "{{\"data\":{{\"id\":\"{letter}\",\"type\":\"Letter\",\"attributes\":{{\"status\":\
                 \"PENDING\",\"specificationId\":\"integration-specification-english\",\"groupId\":\
                 \"group-0001\",\"sha256Hash\":\"{seed}\"}}}}}}"
            );
            (format!("{BASE}/letters/{letter}"), 200, RawBody::Bytes(body.into_bytes()))
        }
        1 => {
            answered.push(pair("location", &link));
            (format!("{BASE}/letters/{letter}/data"), 303, RawBody::None)
        }
        _ => {
            asked.clear();
            answered = vec![pair("content-type", "application/pdf")];
            let content = Content {
                length: 288_437,
                sha256: seed.clone(),
                pages: Some(6),
                repaired: None,
                problem: None,
            };
            (link, 200, RawBody::Download { content, pdf: true })
        }
    };
    RawExchange {
        actor: Actor::Supplier,
        direction: Direction::ToApi,
        pack: PackId::Supplier,
        scenario: None,
        attempt: 1,
        scheduled: None,
        started: started + Duration::from_millis(4 * number),
        connection: Some(Connection { reused: true }),
        request: RawRequest { method: "GET".to_owned(), url, headers: asked, body: RawBody::None },
        outcome: RawOutcome::Response(RawResponse {
            status,
            headers: answered,
            body,
            headers_us: 500,
            done_us: 600,
        }),
    }
}

/// 32 hexadecimal digits in the form of a UUID.
fn uuid(digits: &str) -> String {
    let (a, rest) = digits.split_at(8);
    format!("{a}-{}-4{}-8{}-{}", &rest[..4], &rest[5..8], &rest[9..12], &rest[12..])
}
