//! What a load run leaves behind, held against what the mock saw.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use letterproof_client::{Auth, SecretSource};
use letterproof_load::{Ended, LoadError, RunOptions, SUMMARY_FORMAT, Summary};
use letterproof_mock::{DemoCredentials, Fault, MockConfig};
use parking_lot::Mutex;
use support::{Mock, Rows, plan};

const EVERYTHING: &str = r#"
name = "everything"
shape = "steady"
rate = 120
duration = "1500ms"
letters = 40
[mix]
status = 10
list = 5
letter = 30
data = 25
update = 15
bulk = 5
mi = 5
mi-read = 5
[thresholds]
error_rate = 0.0
max_429 = 0
min_achieved = 0.5
p99_ms = 60000
"#;

fn signed(credentials: &DemoCredentials) -> Auth {
    let secret = |text: &str| SecretSource::from(secrecy::SecretString::from(text));
    Auth::SignedJwt {
        api_key: secret(credentials.api_key.expose()),
        kid: credentials.kid.clone(),
        key: secret(credentials.private_key_pem.expose()),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_the_server_saw_has_its_row_and_the_files_agree() {
    let mock = Mock::start(MockConfig { letters: 60, ..MockConfig::default() });
    let target = mock.target_with(signed(mock.server().demo_credentials().unwrap()));
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(EVERYTHING, &target);
    let outcome = plan.run(RunOptions::in_folder(folder.path())).await.unwrap();
    assert_eq!(outcome.ended, Ended::Completed);
    assert_eq!(outcome.exit_code(), 0, "{:?} {:?}", outcome.thresholds, outcome.summary.failures);

    let seen = mock.server().requests();
    let rows = Rows::read(folder.path(), "requests.csv");
    assert_eq!(rows.rows.len() as u64, seen.total);
    assert_eq!(outcome.performance.figures["recorded_requests"] as u64, seen.total);
    assert_eq!(outcome.performance.figures["requests"] as u64, plan.schedule().count());
    assert_eq!(rows.having("part", "load") as f64, {
        outcome.performance.figures["requests"] + outcome.performance.figures["downloads"]
    });
    assert!(rows.having("operation", "token") >= 1);

    // The mix is honoured, as the server counted it (besides the calls before the start).
    let by_operation: BTreeMap<String, u64> =
        seen.by_operation.iter().map(|(op, count)| (op.label().to_owned(), *count)).collect();
    for (label, share, before) in [
        ("GET /_status", 0.10, 1.0),
        ("GET /letters", 0.05, 1.0),
        ("GET /letters/{id}", 0.30, 0.0),
        ("GET /letters/{id}/data", 0.25, 0.0),
        ("PATCH /letters/{id}", 0.15, 0.0),
        ("POST /letters", 0.05, 0.0),
        ("POST /mi", 0.05, 1.0),
        ("GET /mi/{id}", 0.05, 0.0),
    ] {
        let due = plan.schedule().count() as f64 * share + before;
        assert!((by_operation[label] as f64 - due).abs() <= 2.0, "{label}: {by_operation:?}");
    }
    assert_eq!(by_operation["download"], by_operation["GET /letters/{id}/data"]);

    let timeline = Rows::read(folder.path(), "timeline.csv");
    assert_eq!(timeline.sum("offered"), plan.schedule().count());
    assert_eq!(timeline.sum("sent"), plan.schedule().count());
    assert_eq!(timeline.sum("achieved"), plan.schedule().count());
    assert_eq!(timeline.sum("downloads"), by_operation["download"]);
    assert_eq!(timeline.sum("s3xx"), by_operation["download"]);

    let text = std::fs::read_to_string(folder.path().join("summary.json")).unwrap();
    let summary: Summary = serde_json::from_str(&text).unwrap();
    assert_eq!(summary.format, SUMMARY_FORMAT);
    assert_eq!(summary.figures, outcome.performance.figures);
    assert_eq!(histogram_counts(folder.path())[""], plan.schedule().count());
    assert_eq!(histogram_counts(folder.path())["update"], summary.operations["update"].requests);
    let goose = std::fs::read_to_string(folder.path().join("goose.md")).unwrap();
    assert!(goose.contains("/letters/{id}/data"), "{goose}");
    no_secret_in(folder.path(), mock.server().demo_credentials().unwrap());
}

/// How many values the histogram of each tag holds.
fn histogram_counts(folder: &std::path::Path) -> BTreeMap<String, u64> {
    let log = std::fs::read(folder.join("latency.hdr")).unwrap();
    let mut counts = BTreeMap::new();
    for entry in IntervalLogIterator::new(&log) {
        let LogEntry::Interval(interval) = entry.unwrap() else { continue };
        let encoded = base64::Engine::decode(
            &base64::engine::general_purpose::STANDARD,
            interval.encoded_histogram(),
        );
        let histogram: hdrhistogram::Histogram<u64> =
            Deserializer::new().deserialize(&mut encoded.unwrap().as_slice()).unwrap();
        let tag = interval.tag().map_or("", |tag| tag.as_str()).to_owned();
        counts.insert(tag, histogram.len());
    }
    counts
}

fn no_secret_in(folder: &std::path::Path, credentials: &DemoCredentials) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        for secret in [credentials.api_key.expose(), "Bearer ", "Signature=", "BEGIN"] {
            assert!(!text.contains(secret), "{} holds {secret}", path.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_storage_does_wrong_is_counted_by_name() {
    let mock = Mock::open(MockConfig::default());
    let text = r#"
name = "storage"
shape = "steady"
rate = 60
duration = "2400ms"
slow_download = "250ms"
[mix]
data = 1
[thresholds]
error_rate = 0.0
"#;
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(text, &mock.target());
    let wrong = [
        ("link-expired", "storage-403"),
        ("download-missing", "storage-404"),
        ("download-truncated", "download-truncated"),
        ("download-altered", "download-altered"),
        ("download-html", "download-not-pdf"),
        ("slow-body=400ms", "download-slow"),
    ];
    let server = mock.server.clone().unwrap();
    let arming = tokio::spawn(async move {
        for (fault, _) in wrong {
            server.arm(vec![Fault::parse(fault).unwrap()]);
            tokio::time::sleep(Duration::from_millis(380)).await;
        }
        server.arm(Vec::new());
    });
    let outcome = plan.run(RunOptions::in_folder(folder.path())).await.unwrap();
    arming.await.unwrap();
    assert_eq!(outcome.ended, Ended::Completed);
    for (fault, name) in wrong {
        assert!(
            outcome.summary.failures.contains_key(name),
            "{fault}: {:?}",
            outcome.summary.failures
        );
    }
    let rows = Rows::read(folder.path(), "requests.csv");
    assert_eq!(
        rows.having("failure", "storage-404") as u64,
        outcome.summary.failures["storage-404"]
    );
    assert_eq!(outcome.exit_code(), 1, "a broken threshold decides: {:?}", outcome.thresholds);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn news_comes_while_it_runs_and_records_are_never_written_over() {
    let mock = Mock::open(MockConfig::default());
    let text = "name = \"news\"\nshape = \"steady\"\nrate = 50\nduration = \"1300ms\"\n[mix]\nstatus = 1\n";
    let folder = tempfile::tempdir().unwrap();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&heard);
    let plan = plan(text, &mock.target());
    let options = RunOptions {
        progress: Arc::new(move |news| listener.lock().push(news.clone())),
        ..RunOptions::in_folder(folder.path())
    };
    plan.run(options).await.unwrap();
    let heard = heard.lock().clone();
    let news = heard.first().unwrap();
    assert!(news.done > 0 && news.achieved_per_s > 0.0 && news.p99_ms > 0.0, "{news}");
    assert_eq!((news.phase.as_str(), news.planned), ("steady", plan.schedule().count()));

    let again = plan.run(RunOptions::in_folder(folder.path())).await.unwrap_err();
    assert!(matches!(again, LoadError::Output { .. }), "{again}");
    assert!(again.to_string().contains("requests.csv"), "{again}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_without_letters_or_answer_ends_the_run_before_its_start() {
    let mock = Mock::open(MockConfig::default());
    mock.server().arm(vec![Fault::parse("list-empty").unwrap()]);
    let target = mock.target();
    let folder = tempfile::tempdir().unwrap();
    let letters = plan(
        "name = \"n\"\nshape = \"steady\"\nrate = 5\nduration = \"1s\"\n[mix]\nletter = 1\n",
        &target,
    );
    let error = letters.run(RunOptions::in_folder(folder.path().join("a"))).await.unwrap_err();
    assert!(matches!(error, LoadError::NoLetters { .. }), "{error}");
    let rows = Rows::read(&folder.path().join("a"), "requests.csv");
    assert_eq!(rows.rows.len() as u64, mock.server().requests().total);
    assert_eq!(rows.having("part", "prepare"), rows.rows.len());

    drop(mock);
    let error = letters.run(RunOptions::in_folder(folder.path().join("b"))).await.unwrap_err();
    assert!(error.is_configuration(), "{error}");
    assert!(folder.path().join("b/summary.json").exists());
}

/// Run by the test below, in a process of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the test below runs it"]
async fn a_small_run() {
    let mock = Mock::open(MockConfig::default());
    let folder = tempfile::tempdir().unwrap();
    let text = "name = \"small\"\nshape = \"steady\"\nrate = 20\nduration = \"300ms\"\n[mix]\nstatus = 1\n";
    plan(text, &mock.target()).run(RunOptions::in_folder(folder.path())).await.unwrap();
}

#[test]
fn goose_writes_neither_logs_nor_tables() {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_small_run", "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let of_the_tests =
        |line: &&str| line.is_empty() || line.starts_with("running") || line.starts_with("test ");
    let others: Vec<&str> = said.lines().filter(|line| !of_the_tests(line)).collect();
    assert!(others.is_empty(), "{said}");
    assert!(said.contains("1 passed"), "{said}");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}
