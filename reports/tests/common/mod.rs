//! A small bundle made by hand, with every kind of thing that a report must show.
#![allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]

use std::path::PathBuf;
use std::sync::Arc;

use letterproof_evidence::{
    AttachedFile, Attestation, Bundle, ENVIRONMENT_FORMAT, Environment, JOURNAL_FORMAT,
    JournalHeader, RunFolder, SavedJournal, Setting,
};
use letterproof_model::{
    About, Actor, Attempt, Body, CheckResult, ClauseKind, Connection, Content, Context, Counts,
    CriterionId, CriterionResult, Direction, Exchange, ExchangeId, Finding, FindingKind, Header,
    Judgement, LetterId, Mode, Outcome, PACK_VERSION, PackId, PackInfo, Performance, Place, Proof,
    RESULTS_FORMAT, Recording, Request, Response, Results, RunId, RunInfo, SeenHost, Standing,
    SupplierKind, TargetInfo, TestResult, Timestamp, ToolInfo, TransportError, TransportErrorKind,
    Verdict, Waiver, WaiverState, WaiverUse, Who, pack,
};
use letterproof_reports::{Extras, LoadRun, write_all};

pub const BASE: &str = "https://int.example/nhs-notify-supplier";

pub fn at(second: i64) -> Timestamp {
    Timestamp::from_microsecond(1_787_307_300_000_000 + second * 1_000_000 + 123_456).unwrap()
}

fn header(name: &str, value: &str) -> Header {
    Header { name: name.into(), value: value.into() }
}

/// The folder into which every report of a bundle was written, until it is dropped.
pub struct Written {
    _out: tempfile::TempDir,
    folder: PathBuf,
}

impl Written {
    pub fn of(bundle: &Bundle) -> Self {
        let out = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(out.path(), &RunId::from("r")).unwrap();
        write_all(bundle, &folder).unwrap();
        Self { folder: folder.path().to_owned(), _out: out }
    }

    /// A file of it; `None` where it was not written.
    pub fn file(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.folder.join(name)).ok()
    }

    /// The names of its files in the folder of a test.
    pub fn names(&self, test: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.join(test)).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

pub fn exchange(number: u64, method: &str, path: &str, status: u16, body: Body) -> Exchange {
    let url = if path.starts_with("https:") { path.to_owned() } else { format!("{BASE}{path}") };
    Exchange {
        id: ExchangeId::new(format!("ex-{number:06}")),
        actor: Actor::Supplier,
        direction: Direction::ToApi,
        pack: PackId::Supplier,
        scenario: Some("The supplier accepts a list".into()),
        attempt: 1,
        scheduled: None,
        started: at(i64::try_from(number).unwrap()),
        connection: Some(Connection { reused: number > 1 }),
        request: Request {
            method: method.into(),
            url,
            headers: vec![
                header("Accept", "application/vnd.api+json"),
                header("Authorization", "Bearer redacted:3f0a9c21d4e7"),
                header("X-Request-ID", &format!("5f7e9c3e-0000-4000-8000-{number:012}")),
            ],
            body: Body::None,
        },
        outcome: Outcome::Response(Response {
            status,
            headers: vec![
                header("Content-Type", "application/vnd.api+json"),
                header("X-Request-ID", &format!("5f7e9c3e-0000-4000-8000-{number:012}")),
            ],
            body,
            headers_us: 41_200,
            done_us: 43_900,
        }),
    }
}

fn json(text: &str) -> Body {
    Body::Json { text: text.into() }
}

fn exchanges() -> Vec<Exchange> {
    let letters: Vec<String> = (0..60)
        .map(|n| {
            format!(
                r#"{{"type":"Letter","id":"24L5eYSWGzCHlGmzNxuqV{n:04}","attributes":{{"status":"PENDING","specificationId":"integration-specification-english"}}}}"#
            )
        })
        .collect();
    let mut token = exchange(1, "POST", "https://int.example/oauth2/token", 200, Body::None);
    token.request.body = Body::Form {
        fields: vec![
            ("grant_type".into(), "client_credentials".into()),
            ("client_assertion".into(), "redacted:0a1b2c3d4e5f".into()),
        ],
    };
    token.actor = Actor::Harness;
    let status = exchange(2, "GET", "/_status", 200, json(r#"{"status":"pass"}"#));
    let list = exchange(
        3,
        "GET",
        "/letters?limit=2500",
        200,
        json(&format!("{{\"data\":[{}]}}", letters.join(","))),
    );
    let mut update = exchange(4, "POST", "/letters", 202, Body::None);
    update.request.body = json(
        r#"{"data":[{"id":"24L5eYSWGzCHlGmzNxuqV0007","type":"Letter","attributes":{"status":"ACCEPTED"}}]}"#,
    );
    let read = exchange(
        5,
        "GET",
        "/letters/24L5eYSWGzCHlGmzNxuqV0007",
        200,
        json(
            r#"{"data":{"id":"24L5eYSWGzCHlGmzNxuqV0007","type":"Letter","attributes":{"status":"PENDING"}}}"#,
        ),
    );
    let mut link = exchange(6, "GET", "/letters/24L5eYSWGzCHlGmzNxuqV0001/data", 303, Body::None);
    let signed =
        "https://bucket.example/a.pdf?X-Amz-Expires=60&X-Amz-Signature=redacted:1122334455aa";
    if let Outcome::Response(response) = &mut link.outcome {
        response.headers.push(header("Location", signed));
    }
    let content = Content {
        length: 101_234,
        sha256: "ab".repeat(32),
        pages: Some(2),
        repaired: None,
        problem: None,
    };
    let download = exchange(7, "GET", signed, 200, Body::Pdf(content));
    let gateway = Body::Text { text: "<html><b>502</b> & more ]]></html>".into() };
    let refused = exchange(8, "GET", "/letters?limit=0", 502, gateway);
    let mut lost = exchange(9, "GET", "/letters/24L5eYSWGzCHlGmzNxuqV0009", 200, Body::None);
    lost.attempt = 2;
    lost.outcome = Outcome::Error(TransportError {
        kind: TransportErrorKind::Timeout,
        message: "no answer within 30 s".into(),
        after_us: 30_000_412,
        status: None,
        received: 0,
    });
    vec![token, status, list, update, read, link, download, refused, lost]
}

fn ids(numbers: &[u64]) -> Vec<ExchangeId> {
    numbers.iter().map(|n| ExchangeId::new(format!("ex-{n:06}"))).collect()
}

/// The pack's tests: AT1 and AT2 passed, AT4 failed, AT7 undecided, AT8 not applicable, the rest
/// not run.
fn tests() -> Vec<TestResult> {
    pack()
        .iter()
        .map(|definition| {
            let number = definition.id.number();
            let (selected, verdict) = match number {
                1 | 2 => (true, Verdict::Pass),
                4 => (true, Verdict::Fail),
                7 => (true, Verdict::Inconclusive),
                8 => (true, Verdict::NotApplicable),
                _ => (false, Verdict::NotRun),
            };
            let criteria: Vec<CriterionResult> = definition
                .clauses
                .iter()
                .map(|clause| {
                    let id = clause.criterion();
                    let mut result = CriterionResult {
                        id,
                        kind: clause.kind,
                        clause: clause.text.into(),
                        verdict,
                        mode: Mode::Driven,
                        expected: clause.text.into(),
                        observed: "nothing of the kind was recorded".into(),
                        exchanges: vec![],
                        exchange_count: 0,
                        letters: vec![],
                        reason: None,
                    };
                    adorn(&mut result, verdict, selected);
                    result
                })
                .collect();
            TestResult {
                id: definition.id,
                title: definition.title.into(),
                required: definition.required,
                selected,
                verdict,
                mode: Mode::Driven,
                standing: (verdict != Verdict::NotRun).then_some(Proof::Driven),
                attempts: attempts(number),
                span: None,
                criteria,
            }
        })
        .collect()
}

fn adorn(result: &mut CriterionResult, verdict: Verdict, selected: bool) {
    if result.kind != ClauseKind::Check {
        result.verdict = Verdict::NotRun;
        result.reason = Some("owed by the supplier".into());
        return;
    }
    match verdict {
        Verdict::Pass => {
            result.observed =
                "GET /letters?limit=2500 was answered with 200 and 2,500 letters".into();
            result.exchanges = ids(&[2, 3, 6, 7]);
            result.exchange_count = 2_500;
        }
        Verdict::Fail if result.id.as_str() == "AT4.3" => {
            result.expected =
                "each of the 1,000 letters is read back as ACCEPTED within 60 s".into();
            result.observed =
                "999 are; 1 is still PENDING 60.0 s after its update <was> answered".into();
            result.reason = Some("one update was lost after its 202".into());
            result.letters = vec![LetterId::from("24L5eYSWGzCHlGmzNxuqV0007")];
            result.exchanges = ids(&[4, 5, 9, 777]);
            result.exchange_count = 4;
        }
        Verdict::Fail => {
            result.verdict = Verdict::Pass;
            result.observed = "1,000 of 1,000 letters".into();
            result.exchanges = ids(&[3, 4]);
            result.exchange_count = 2;
        }
        Verdict::Inconclusive => {
            result.reason = Some("the run was stopped before any letter was dispatched".into());
        }
        Verdict::NotApplicable => {
            result.reason = Some("the target is not stateful".into());
        }
        _ if !selected => result.reason = Some("not selected for this run".into()),
        _ => {}
    }
}

fn attempts(number: u8) -> Vec<Attempt> {
    let attempt = |from, to: Option<i64>, outcome: &str| Attempt {
        scenario: "The supplier accepts a list".into(),
        started: at(from),
        finished: to.map(at),
        outcome: Some(outcome.into()),
        exchanges: Some((ExchangeId::from("ex-000003"), ExchangeId::from("ex-000009"))),
    };
    match number {
        1 => vec![attempt(1, Some(3), "every step succeeded")],
        2 => vec![attempt(3, Some(6), "every step succeeded")],
        4 => vec![
            attempt(4, Some(70), "the list could not be fetched"),
            attempt(70, Some(137), "every step succeeded"),
        ],
        7 => vec![attempt(140, None, "stopped by the tester")],
        _ => vec![],
    }
}

fn conformance() -> Vec<CheckResult> {
    let check = |id: &'static str, title: &str, verdict, finding, numbers: &[u64]| CheckResult {
        id: CriterionId::fixed(id),
        title: title.into(),
        verdict,
        finding,
        strength: None,
        criteria: vec![CriterionResult {
            id: CriterionId::fixed(id),
            kind: ClauseKind::Check,
            clause: title.into(),
            verdict,
            mode: Mode::Driven,
            expected: "400 with a problem body".into(),
            observed: "502 with HTML".into(),
            exchanges: ids(numbers),
            exchange_count: numbers.len() as u64,
            letters: vec![],
            reason: None,
        }],
    };
    vec![
        check(
            "C-LIST-LIMIT-0",
            "A limit of 0 is refused",
            Verdict::Fail,
            Some(FindingKind::Violation),
            &[8],
        ),
        check("C-STATUS", "The status is reported", Verdict::Pass, None, &[2]),
    ]
}

fn findings() -> Vec<Finding> {
    let finding = |id: &str, about, kind, title: &str, count| Finding {
        id: id.into(),
        about,
        kind,
        title: title.into(),
        expected: "application/vnd.api+json".into(),
        observed: "application/json; charset=utf-8".into(),
        source: "OAS getLetters".into(),
        exchanges: ids(&[3, 5]),
        count,
    };
    vec![
        finding(
            "F-UPDATE-LOST",
            About::Supplier,
            FindingKind::Violation,
            "A second update was sent before the first was seen",
            1,
        ),
        finding(
            "F-MEDIA-TYPE",
            About::Api,
            FindingKind::Deviation,
            "Answers carry another media type than the specification names",
            2_503,
        ),
        finding(
            "F-CLOCK",
            About::Harness,
            FindingKind::Note,
            "The clock of this machine is 0.4 s ahead of the target's",
            1,
        ),
    ]
}

fn exit_code(tests: &[TestResult], conformance: &[CheckResult], waivers: &[WaiverUse]) -> u8 {
    let supplier = SupplierKind::Reference;
    let judged = Judgement {
        supplier,
        tests,
        conformance,
        observer: &[],
        findings: &[],
        deciding: &[],
        strict: None,
    };
    letterproof_model::exit_code(&judged, waivers)
}

/// A waiver of the one check that failed, agreed until this day.
pub fn waive(bundle: &mut Bundle, id: &str, expires: &str) {
    let waiver = Waiver {
        id: id.into(),
        reason: "the API loses one update in a thousand".into(),
        agreed_by: "the service manager".into(),
        reference: "RISK-7".into(),
        date: "2026-08-01".parse().unwrap(),
        expires: expires.parse().unwrap(),
        line: 12,
    };
    let expired = waiver.expires < "2026-08-21".parse().unwrap();
    let state = if expired { WaiverState::Expired } else { WaiverState::Applied };
    bundle.results.waivers.push(WaiverUse { waiver, state });
    let results = &mut bundle.results;
    results.exit_code = exit_code(&results.tests, &results.conformance, &results.waivers);
}

/// What a run surrounded that told it.
pub fn environment() -> Environment {
    Environment {
        format: ENVIRONMENT_FORMAT.into(),
        tool: ToolInfo { version: "0.1.0".into(), commit: "0123abcd".into() },
        system: "linux".into(),
        architecture: "x86_64".into(),
        command_line: ["letterproof", "run", "--target", "our-int.toml"].map(str::to_owned).into(),
        pack: PackInfo { version: PACK_VERSION.into() },
        target: "int".into(),
        capabilities: Context::stand_in(BASE).capabilities.into_iter().collect(),
        profile: vec![Setting { name: "rate_limit".into(), value: "300".into() }],
        specification: None,
        clock_offset_ms: Some(412),
    }
}

/// A statement for AT3.7 with a file, a key that will sign, and a load run that broke the limit.
pub fn extras() -> Extras {
    let file = AttachedFile {
        name: "processing-log.pdf".into(),
        size: 48_213,
        sha256: "ef".repeat(32),
        media_type: "application/pdf".into(),
    };
    let attestation = Attestation {
        criterion: CriterionId::fixed("AT3.7"),
        statement: "The second list <started> no job; see pages 2 and 3.".into(),
        name: Some("A. <Sample>".into()),
        role: "test manager of the supplier".into(),
        fact_date: Some("2026-08-20".parse().unwrap()),
        given_at: at(4_000),
        files: vec![file],
        withdraws: None,
        prev: None,
        signature: None,
    };
    Extras { attestations: vec![attestation], loads: vec![load()], ..Extras::default() }
        .signed_by(Some("3f".repeat(32)))
}

fn load() -> LoadRun {
    let (summary, timeline) = load_files();
    LoadRun::parse("spike", summary.as_bytes(), timeline.as_bytes()).unwrap()
}

/// `summary.json` and `timeline.csv` of a load run that broke the limit.
pub fn load_files() -> (String, String) {
    let summary = serde_json::json!({
        "format": "letterproof-load/1", "name": "spike", "about": "A burst after idle",
        "limit_per_s": 300, "ended": { "how": "completed" }, "a later field": [1],
        "figures": {
            "achieved_per_s": 148.5, "limit_per_s": 300.0, "most_sent_in_a_second": 312.0,
            "requests": 610.0, "throttled_429": 12.0, "p50_ms": 52.1, "p90_ms": 61.0,
            "p95_ms": 64.3, "p99_ms": 88.0, "p999_ms": 120.5, "max_ms": 131.0,
            "download_mb_per_s": 9.5,
        },
        "operations": {
            "letter": { "requests": 410, "answered": 410, "failed": 0, "p50_ms": 50.0,
                "p95_ms": 61.0, "p99_ms": 80.0, "max_ms": 131.0 },
            "data": { "requests": 200, "answered": 188, "failed": 12, "p50_ms": 55.0,
                "p95_ms": 66.0, "p99_ms": 90.0, "max_ms": 101.0 },
        },
        "failures": { "429": 12 },
        "thresholds": [
            { "name": "max_429", "kept": false, "expected": "at most 0", "observed": "12" },
            { "name": "p95_ms", "kept": true, "expected": "at most 1000.0 ms",
                "observed": "64.3 ms" },
        ],
    });
    let timeline = "second,offered,sent,achieved,s2xx,s3xx,s4xx,s429,s5xx,errors,bytes,downloads,\
        download_bytes,p50_ms,p99_ms\n\
        0,10,10,10,10,0,0,0,0,0,900,2,200000,50.000,61.000\n\
        1,300,312,300,200,88,0,12,0,0,9000,88,8800000,55.000,88.000\n\
        2,0,0,0,0,0,0,0,0,0,0,0,0,,\n\
        3,290,288,288,200,88,0,0,0,0,9000,88,8800000,52.000,120.500\n";
    (summary.to_string(), timeline.to_owned())
}

/// The bundle every snapshot is made of.
pub fn bundle() -> Bundle {
    let tool = ToolInfo { version: "0.1.0".into(), commit: "0123abcd".into() };
    let tests = tests();
    let conformance = conformance();
    let judged = Judgement {
        supplier: SupplierKind::Reference,
        tests: &tests,
        conformance: &conformance,
        observer: &[],
        findings: &[],
        deciding: &[],
        strict: None,
    };
    let exit_code = letterproof_model::exit_code(&judged, &[]);
    let results = Results {
        format: RESULTS_FORMAT.into(),
        run: RunInfo {
            id: RunId::from("20260821t101500z-abc123"),
            started: at(0),
            finished: at(142),
            tool: tool.clone(),
            pack: PackInfo { version: PACK_VERSION.into() },
            target: TargetInfo {
                name: "int".into(),
                base_url: BASE.into(),
                capabilities: Context::stand_in(BASE).capabilities.into_iter().collect(),
            },
            window: Some(1),
            nonce: Some("reviewer-7Q2".into()),
            supplier: SupplierKind::Reference,
            standing: Some(Standing {
                word: Proof::Driven,
                place: Place::Other,
                mock_answers: false,
                hosts: vec![SeenHost {
                    host: "int.example".into(),
                    certificate: Some("5e".repeat(32)),
                }],
            }),
            who: Who { supplier: Some("Our print house".into()), ..Who::default() },
            resumed: vec![],
            deciding: Vec::new(),
            strict: None,
            exchanges: [("GET /letters".to_owned(), 2), ("GET /letters/{id}".to_owned(), 2_501)]
                .into(),
        },
        counts: Counts::of(tests.iter().map(|test| test.verdict)),
        tests,
        conformance,
        observer: vec![],
        findings: findings(),
        performance: vec![Performance {
            name: "AT15, best of three flows".into(),
            figures: [("elapsed_ms".to_owned(), 9_412.0), ("letters_per_s".to_owned(), 265.62)]
                .into(),
        }],
        waivers: vec![],
        exit_code,
    };
    let exchanges = exchanges().into_iter().map(Arc::new).collect();
    Bundle {
        folder: PathBuf::from("evidence/20260821t101500z-abc123"),
        context: Context::stand_in(BASE),
        journal: SavedJournal {
            header: JournalHeader {
                format: JOURNAL_FORMAT.into(),
                run_id: results.run.id.clone(),
                started: at(0),
                tool,
                base_url: BASE.into(),
                brief: None,
                chained_ids: false,
            },
            recording: Recording::new(exchanges, vec![]),
            torn_tail: false,
            head: "cd".repeat(32),
            carried: None,
        },
        environment: None,
        results,
    }
}
