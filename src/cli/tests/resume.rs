//! `letterproof run --resume`: after a kill, after Ctrl-C, and where there is nothing to resume.

#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use letterproof_evidence::{Bundle, SavedJournal, read_journal};
use letterproof_mock::{Mix, MockConfig, MockServer};
use letterproof_model::{Journal as _, Operation, Route, Verdict};
use serde_json::Value;
use support::bundles::text;
use support::{
    command, folders, letterproof, quick_profile, results, run, run_folder, with_credentials,
};

async fn double() -> MockServer {
    let config = MockConfig {
        letters: Mix::Varied.letters(),
        seeds: Mix::Varied.plan(),
        visibility_timeout: Duration::from_secs(1),
        apply_delay: Duration::from_secs(2),
        queue_lag: Duration::ZERO,
        ..MockConfig::default()
    };
    MockServer::start(config).await.unwrap()
}

/// Waits until a journal under `out` is as `wanted` says.
fn wait_for(out: &Path, child: &mut Child, wanted: impl Fn(&SavedJournal) -> bool) -> PathBuf {
    let started = Instant::now();
    loop {
        assert!(started.elapsed() < Duration::from_secs(90), "the run did not get that far");
        assert!(child.try_wait().unwrap().is_none(), "the run ended by itself");
        std::thread::sleep(Duration::from_millis(10));
        let Some(name) = folders(out).into_iter().next() else { continue };
        let folder = out.join(name);
        let saved = read_journal(&folder.join("journal/exchanges.jsonl"));
        if saved.is_ok_and(|saved| wanted(&saved)) {
            return folder;
        }
    }
}

/// Whether an update of many letters was taken.
fn accepted_in_bulk(saved: &SavedJournal) -> bool {
    saved.recording.exchanges().iter().any(|exchange| {
        let route = Route::of_exchange(&exchange, &saved.header.base_url);
        route.operation == Operation::UpdateLetters
            && exchange.status() == Some(202)
            && exchange.request.body.length() > 50_000
    })
}

/// How often each letter's update to each status was taken.
fn updates(folder: &Path) -> BTreeMap<(String, String), u32> {
    let saved = read_journal(&folder.join("journal/exchanges.jsonl")).unwrap();
    let mut taken = BTreeMap::new();
    for exchange in saved.recording.exchanges() {
        let route = Route::of_exchange(&exchange, &saved.header.base_url);
        let update = matches!(route.operation, Operation::UpdateLetters | Operation::PatchLetter);
        if !update || exchange.status() != Some(202) {
            continue;
        }
        let text = exchange.request.body.json_text().unwrap();
        let document: Value = serde_json::from_str(text).unwrap();
        let items = match &document["data"] {
            Value::Array(items) => items.clone(),
            item => vec![item.clone()],
        };
        for item in items {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            *taken.entry((text(&item["id"]), text(&item["attributes"]["status"]))).or_default() +=
                1;
        }
    }
    taken
}

fn assert_nothing_was_sent_twice(folder: &Path) {
    let twice: Vec<_> = updates(folder).into_iter().filter(|(_, times)| *times > 1).collect();
    assert_eq!(twice, []);
}

const TESTS: &str = "AT1,AT2,AT3,AT4,AT7";

#[tokio::test(flavor = "multi_thread")]
async fn a_run_killed_after_its_update_was_taken_is_gone_on_with_and_sends_nothing_twice() {
    let server = double().await;
    let out = tempfile::tempdir().unwrap();
    let profile = quick_profile(out.path(), &server);
    let asked = ["--only", TESTS, "--nonce", "N.1", "--window", "1", "--target", &profile];
    let call = letterproof(out.path()).args(asked);
    let mut child = with_credentials(call, &server).spawn();
    let folder = wait_for(out.path(), &mut child, accepted_in_bulk);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(folder.display().to_string().ends_with(".incomplete"));
    let before = updates(&folder).len();
    // Beyond the deadline of its updates: nobody was there to see them in time.
    std::thread::sleep(Duration::from_secs(16));

    let call = command(&["run", "--resume"]).with_state(&out.path().join(".state"));
    let ended = with_credentials(call, &server).args([&folder]).ended();
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    let folder = run_folder(out.path());
    let results = results(&folder);
    assert_eq!(results.counts.pass, 5, "{}", ended.stdout);
    let at4 = &results.tests[3];
    assert_eq!(at4.verdict, Verdict::Pass);
    assert!(at4.attempts.len() >= 2, "{:?}", at4.attempts);
    assert_eq!(at4.attempts[0].finished, None, "the first attempt broke off");
    assert_eq!(results.tests[1].attempts.len(), 1, "what had succeeded is not repeated");
    assert_nothing_was_sent_twice(&folder);
    let more = updates(&folder).len() - before;
    assert!(more < 200, "the list of a thousand is gone on with, not begun anew: {more}");
    Bundle::open(&folder).unwrap();
    let verified = support::bundles::verify(&folder, &[]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_killed_before_its_update_lists_again_and_goes_on() {
    let server = double().await;
    let out = tempfile::tempdir().unwrap();
    let profile = quick_profile(out.path(), &server);
    let call = letterproof(out.path()).args(["--only", "AT4", "--target", &profile]);
    let mut child = with_credentials(call, &server).spawn();
    let listed = |saved: &SavedJournal| {
        let of = |exchange: &letterproof_model::Exchange| {
            Route::of_exchange(exchange, &saved.header.base_url).operation
        };
        saved.recording.exchanges().iter().any(|exchange| of(&exchange) == Operation::ListLetters)
    };
    let folder = wait_for(out.path(), &mut child, listed);
    child.kill().unwrap();
    child.wait().unwrap();

    let call = command(&["run", "--resume"]).with_state(&out.path().join(".state"));
    let ended = with_credentials(call, &server).args([&folder]).ended();
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    let folder = run_folder(out.path());
    assert_nothing_was_sent_twice(&folder);
    assert_eq!(results(&folder).tests[3].attempts.len(), 2);
    server.shutdown().await;
}

/// Ctrl-C, as a terminal sends it.
#[cfg(unix)]
fn interrupt(child: &Child) {
    signal(child, "-INT");
}

#[cfg(unix)]
fn signal(child: &Child, name: &str) {
    let sent =
        std::process::Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn sigterm_leaves_what_is_proven_and_the_run_is_gone_on_with() {
    let server = double().await;
    let out = tempfile::tempdir().unwrap();
    let profile = quick_profile(out.path(), &server);
    let call = letterproof(out.path()).args(["--only", TESTS, "--target", &profile]);
    let mut child = with_credentials(call, &server).told();
    wait_for(out.path(), &mut child, accepted_in_bulk);
    signal(&child, "-TERM");
    let ended = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(3), "{told}");
    let folder = run_folder(out.path());
    assert!(folder.display().to_string().ends_with(".incomplete"), "{}", folder.display());
    let next = format!("continue with `letterproof run --resume {}`", folder.display());
    assert!(told.contains(&next), "{told}");
    let is_cut = |line: &str| line.contains("AT4") && line.ends_with("cut off before its end");
    assert!(told.lines().any(is_cut) && !told.contains("NOT as it should be"), "{told}");
    let first = results(&folder);
    assert_eq!(first.exit_code, 3);
    assert_eq!(first.tests[1].verdict, Verdict::Pass, "AT2 had been proven");
    let outcome = first.tests[3].attempts[0].outcome.clone();
    assert!(outcome.as_deref().is_some_and(|text| text.contains("asked to stop")), "{outcome:?}");
    for file in ["junit.xml", "index.html"] {
        assert!(folder.join(file).exists(), "{file}");
    }
    read_journal(&folder.join("journal/exchanges.jsonl")).unwrap();

    let call = command(&["run", "--resume"]).with_state(&out.path().join(".state"));
    let ended = with_credentials(call, &server).args([&folder]).ended();
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    let folder = run_folder(out.path());
    assert!(!folder.display().to_string().ends_with(".incomplete"), "it is whole now");
    assert_eq!(results(&folder).counts.pass, 5);
    assert_nothing_was_sent_twice(&folder);
    // Wherever the run is told of, its break is.
    let mailed = command(&["summary", text(&folder)]).ended().stdout.replace('\n', " ");
    let verified = support::bundles::verify(&folder, &[]).stdout;
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    for told in [ended.stdout, mailed, verified, read("summary.md"), read("index.html")] {
        assert!(told.contains("was interrupted, and was resumed at"), "{told}");
    }
    assert!(read("junit.xml").contains("<property name=\"resumed\""));

    let call = command(&["run", "--resume"]).with_state(&out.path().join(".state"));
    let ended = with_credentials(call, &server).args([&folder]).ended();
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("nothing to resume"), "{}", ended.stderr);
    assert_eq!(run_folder(out.path()), folder);
    server.shutdown().await;
}

#[cfg(unix)]
#[test]
fn ctrl_c_twice_stops_at_once_and_leaves_an_incomplete_folder() {
    let out = tempfile::tempdir().unwrap();
    let mut child = letterproof(out.path()).args(["--only", "AT2,AT15"]).spawn();
    wait_for(out.path(), &mut child, |saved| saved.recording.exchanges().len() > 20);
    interrupt(&child);
    std::thread::sleep(Duration::from_millis(100));
    interrupt(&child);
    let status = child.wait().unwrap();
    // A fast machine may be done with the first one by then, which is as good.
    assert_eq!(status.code(), Some(3));
    assert_eq!(folders(out.path()).len(), 1);
}

#[test]
fn a_run_on_the_embedded_double_cannot_be_gone_on_with() {
    let out = tempfile::tempdir().unwrap();
    let mut child = letterproof(out.path()).args(["--only", "AT1,AT2,AT3"]).spawn();
    let folder = wait_for(out.path(), &mut child, |saved| !saved.recording.exchanges().is_empty());
    child.kill().unwrap();
    child.wait().unwrap();
    let ended = command(&["run", "--resume"]).args([&folder]).ended();
    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{}", ended.stderr);
    assert!(ended.stderr.contains("are gone with it"), "{}", ended.stderr);
    assert!(folder.exists(), "its journal is kept");
}

#[test]
fn what_is_no_run_cannot_be_gone_on_with() {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().display().to_string();
    for (arguments, word) in [
        (&["--resume", &folder][..], "run.json"),
        (&["--resume", "no-such-folder"], "no-such-folder"),
        (&["--resume", &folder, "--only", "AT4"], "--only"),
        (&["--resume", &folder, "--target", "int"], "--target"),
    ] {
        let ended = command(&["run"]).args(arguments).ended();
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(ended.stderr.contains(word), "{arguments:?}: {}", ended.stderr);
    }
    let ended = run(out.path(), &["--resume", &folder]);
    assert_eq!(ended.code, 2, "--out belongs to a new run: {}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_in_use_is_refused_to_a_second_run() {
    let server = double().await;
    let out = tempfile::tempdir().unwrap();
    let profile = quick_profile(out.path(), &server);
    let call = letterproof(out.path()).args(["--only", "AT4", "--target", &profile]);
    let mut first = with_credentials(call, &server).spawn();
    wait_for(out.path(), &mut first, |saved| !saved.recording.exchanges().is_empty());
    let second = out.path().join("second");
    let call = command(&["run", "--only", "AT1", "--target", &profile, "--out"]);
    let call = with_credentials(call, &server).with_state(&out.path().join(".state"));
    let ended = call.args([&second]).ended();
    first.kill().unwrap();
    first.wait().unwrap();
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("another run is using this ledger"), "{}", ended.stderr);
    assert!(!second.exists(), "nothing was made");
    server.shutdown().await;
}
