//! Loads under pressure: limits, stalls, a target that dies, and a person who stops it.
#![allow(clippy::print_stdout)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use letterproof_load::{Ended, RunOptions, StopHandle};
use letterproof_mock::{Limiter, MockConfig};
use support::{Mock, Rows, plan};

fn steady(rate: &str, duration: &str, more: &str) -> String {
    format!(
        "name = \"steady\"\nshape = \"steady\"\nrate = {rate}\nduration = \"{duration}\"\n{more}\n[mix]\nletter = 3\nstatus = 1\n"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_limit_no_second_of_the_server_holds_more_than_it() {
    let limited = MockConfig {
        rate_limit: Some(40),
        limiter: Limiter::SlidingWindow,
        ..MockConfig::default()
    };
    let mock = Mock::open(limited);
    let mut target = mock.target();
    target.rate_limit = Some(40);
    let folder = tempfile::tempdir().unwrap();
    let text = "name = \"burst\"\nshape = \"spike\"\nrate = \"limit\"\nidle = \"200ms\"\nburst = \"1200ms\"\nbursts = 2\n[mix]\nstatus = 1\n";
    let outcome = plan(text, &target).run(RunOptions::in_folder(folder.path())).await.unwrap();
    let seen = mock.server().requests();
    assert!(seen.busiest_second <= 40, "{seen:?}");
    assert_eq!((seen.limited, outcome.performance.figures["throttled_429"]), (0, 0.0));
    assert!(outcome.performance.figures["most_sent_in_a_second"] <= 40.0);
    assert_eq!(outcome.exit_code(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stalls_shows_up_in_every_request_that_was_due_meanwhile() {
    let mock = Mock::open(MockConfig { rate_limit: Some(100), ..MockConfig::default() });
    let mut target = mock.target();
    target.rate_limit = Some(100);
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(&steady("50", "2500ms", ""), &target);
    let running = plan.run(RunOptions::in_folder(folder.path()));
    let freezing = async {
        tokio::time::sleep(Duration::from_millis(1_000)).await;
        mock.freeze(Duration::from_millis(800));
    };
    let (outcome, ()) = tokio::join!(running, freezing);
    let outcome = outcome.unwrap();
    assert_eq!(outcome.ended, Ended::Completed);
    let rows = Rows::read(folder.path(), "requests.csv");
    let latencies: Vec<f64> =
        rows.column("latency_ms").iter().map(|cell| cell.parse().unwrap()).collect();
    // A closed loop would have met the stall with its few users; here everything that was due in it.
    let held_up = latencies.iter().filter(|ms| **ms > 150.0).count();
    assert!(held_up >= 25, "{held_up} of {}", latencies.len());
    let longest = outcome.performance.figures["max_ms"];
    assert!(longest >= 600.0, "{longest} ms");
    assert!(mock.server().requests().busiest_second <= 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_dies_ends_the_run_with_its_records() {
    let mut mock = Mock::open(MockConfig::default());
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(&steady("50", "60s", "give_up_after = \"600ms\""), &mock.target());
    let running = plan.run(RunOptions::in_folder(folder.path()));
    let dying = async {
        tokio::time::sleep(Duration::from_millis(1_000)).await;
        mock.kill();
    };
    let ended =
        tokio::time::timeout(Duration::from_secs(20), async { tokio::join!(running, dying) });
    let outcome = ended.await.expect("it always ends").0.unwrap();
    assert_eq!(outcome.ended, Ended::TargetLost);
    assert_ne!(outcome.exit_code(), 0);
    let rows = Rows::read(folder.path(), "requests.csv");
    assert!(rows.having("status", "200") > 5, "it worked until then");
    assert!(outcome.summary.failures["connect"] > 0, "{:?}", outcome.summary.failures);
    assert_eq!(rows.having("failure", "connect") as u64, outcome.summary.failures["connect"]);
    for file in ["timeline.csv", "latency.hdr", "summary.json", "goose.md", "goose.json"] {
        assert!(folder.path().join(file).exists(), "{file}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_stopped_keeps_what_was_measured_and_is_no_pass() {
    let mock = Mock::open(MockConfig::default());
    let folder = tempfile::tempdir().unwrap();
    let stop = StopHandle::new();
    let options = RunOptions { stop: stop.clone(), ..RunOptions::in_folder(folder.path()) };
    let plan = plan(&steady("50", "60s", ""), &mock.target());
    let stopping = async {
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        stop.stop();
    };
    let ended = tokio::time::timeout(Duration::from_secs(20), async {
        tokio::join!(plan.run(options), stopping)
    });
    let outcome = ended.await.expect("it always ends").0.unwrap();
    assert_eq!((outcome.ended.clone(), outcome.exit_code()), (Ended::Stopped, 3));
    let requests = outcome.performance.figures["requests"];
    assert!(requests > 5.0 && requests < plan.schedule().count() as f64);
    let seen = mock.server().requests();
    assert_eq!(Rows::read(folder.path(), "requests.csv").rows.len() as u64, seen.total);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ramp_finds_where_429s_begin_and_stops_there() {
    let mock = Mock::open(MockConfig {
        rate_limit: Some(40),
        limiter: Limiter::SlidingWindow,
        ..MockConfig::default()
    });
    let target = mock.target();
    let folder = tempfile::tempdir().unwrap();
    let text = "name = \"ramp\"\nshape = \"ramp\"\nfrom = 20\nto = 100\nsteps = 2\nduration = \"4s\"\n[mix]\nstatus = 1\n[thresholds]\nmax_429 = 0\n";
    let outcome = plan(text, &target).run(RunOptions::in_folder(folder.path())).await.unwrap();
    assert_eq!(outcome.ended, Ended::LimitFound);
    assert_eq!(outcome.performance.figures["first_429_at_per_s"], 100.0);
    assert_eq!(outcome.exit_code(), 1);
    let refused = mock.server().requests().limited;
    assert_eq!(outcome.summary.failures["http-429"], refused);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorder_that_fails_ends_the_load() {
    let mock = Mock::open(MockConfig::default());
    let folder = tempfile::tempdir().unwrap();
    let target = mock.target();
    let recorder = Arc::new(support::Full::new(target.base_url.as_str(), 20));
    let options = RunOptions { recorder: Some(recorder), ..RunOptions::in_folder(folder.path()) };
    let plan = plan(&steady("50", "30s", ""), &target);
    let outcome = plan.run(options).await.unwrap();
    let Ended::Failed { problem } = &outcome.ended else { panic!("{:?}", outcome.ended) };
    assert!(problem.contains("the disk is full"), "{problem}");
    assert_eq!(outcome.exit_code(), 4);
    assert!(mock.server().requests().total < 40);
}

/// Run by the test below, in a process of its own that is sent Ctrl-C.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the test below runs it"]
async fn a_long_run() {
    letterproof_load::claim_process_hooks();
    let command_hears = tokio::spawn(tokio::signal::ctrl_c());
    let mock = Mock::open(MockConfig::default());
    let folder = tempfile::tempdir().unwrap();
    let options = RunOptions {
        progress: Arc::new(|_| println!("under way")),
        ..RunOptions::in_folder(folder.path())
    };
    let outcome = plan(&steady("50", "30s", ""), &mock.target()).run(options).await.unwrap();
    assert_eq!(outcome.ended, Ended::Stopped);
    assert!(folder.path().join("summary.json").exists());
    command_hears.await.unwrap().unwrap();
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_the_load_cleanly_and_reaches_the_command_too() {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Command, Stdio};

    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_long_run", "--ignored", "--nocapture"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.ends_with("under way")), "the run begins");
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let rest: Vec<String> = lines.collect();
    assert!(child.wait().unwrap().success(), "{rest:?}");
}
