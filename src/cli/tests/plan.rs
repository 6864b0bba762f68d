//! `letterproof plan` beside what a run really does, and runs that would use up letters in vain.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod support;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::time::Duration;

use letterproof_evidence::{SavedJournal, read_journal};
use letterproof_mock::{Mix, MockConfig, MockServer};
use letterproof_model::{Body, Exchange, ExchangeRef, Journal as _, Operation, Route};
use serde_json::Value;
use support::{
    command, folders, letterproof, quick_profile, results, run, run_folder, with_credentials,
};

fn plan(arguments: &[&str]) -> Value {
    let ended = command(&["plan", "--format", "json"]).args(arguments).ended();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    serde_json::from_str(&ended.stdout).unwrap()
}

#[test]
fn a_run_plans_with_the_letters_of_its_mix_which_is_that_of_int() {
    assert_eq!(plan(&[])["seeding"]["seeded"], 2_510);
    assert_eq!(plan(&["--mix", "int"])["seeding"]["seeded"], 2_510);
    assert_eq!(plan(&["--mix", "int", "--letters", "2600"])["seeding"]["seeded"], 2_600);
    assert_eq!(plan(&["--mix", "varied"])["seeding"]["seeded"], 2_500);
}

/// What a run sent and was taken: calls by operation, updates by status.
struct Actual {
    calls: BTreeMap<String, u64>,
    updates: BTreeMap<String, u64>,
    /// Letters that were PENDING and are not any more.
    used_up: u64,
}

fn actual(folder: &Path) -> Actual {
    let saved = read_journal(&folder.join("journal/exchanges.jsonl")).unwrap();
    let mut actual = Actual { calls: BTreeMap::new(), updates: BTreeMap::new(), used_up: 0 };
    for exchange in saved.recording.exchanges() {
        let operation = Route::of_exchange(&exchange, &saved.header.base_url).operation;
        *actual.calls.entry(operation.label().to_owned()).or_default() += 1;
        if matches!(operation, Operation::PatchLetter | Operation::UpdateLetters) {
            assert_eq!(exchange.status(), Some(202));
            for status in statuses(&exchange.request.body) {
                actual.used_up += u64::from(status == "ACCEPTED" || status == "REJECTED");
                *actual.updates.entry(status).or_default() += 1;
            }
        }
    }
    actual
}

fn statuses(body: &Body) -> Vec<String> {
    let document: Value = serde_json::from_str(body.json_text().unwrap()).unwrap();
    let items = match &document["data"] {
        Value::Array(items) => items.clone(),
        item => vec![item.clone()],
    };
    items.iter().map(|item| item["attributes"]["status"].as_str().unwrap().to_owned()).collect()
}

fn assert_within(planned: &Value, counted: &BTreeMap<String, u64>, what: &str) {
    let planned = planned.as_object().unwrap();
    let names: HashSet<&String> = planned.keys().chain(counted.keys()).collect();
    for name in names {
        let count = counted.get(name).copied().unwrap_or(0);
        let Some(range) = planned.get(name) else {
            panic!("{what} {name} is not planned: {count}")
        };
        assert!(range["least"].as_u64().unwrap() <= count, "{what} {name}: {count} of {range}");
        let most = range["most"].as_u64().unwrap_or(u64::MAX);
        assert!(count <= most, "{what} {name}: {count} of {range}");
    }
}

#[test]
fn updates_planned_are_updates_made_to_the_letter() {
    let out = tempfile::tempdir().unwrap();
    let tests = ["--only", "AT5,AT7,AT8,AT10,AT11"];
    let ended = run(out.path(), &tests);
    assert_eq!(ended.code, 0, "{}", ended.stdout);
    let planned = plan(&tests);
    let actual = actual(&run_folder(out.path()));
    for (status, count) in &actual.updates {
        let range = &planned["total"]["updates"][status];
        assert_eq!(range["least"], *count, "{status}: {range}");
        assert_eq!(range["most"], *count, "{status}: {range}");
    }
    assert_eq!(planned["total"]["updates"].as_object().unwrap().len(), actual.updates.len());
    assert_eq!(planned["total"]["pending_used_up"]["least"], actual.used_up);
}

#[test]
fn a_list_uses_up_as_many_letters_as_planned_however_many_are_unfit() {
    let out = tempfile::tempdir().unwrap();
    let tests = ["--only", "AT1,AT2,AT3,AT4,AT12,AT13"];
    let ended = run(out.path(), &tests);
    assert_eq!(ended.code, 0, "{}", ended.stdout);
    let total = plan(&tests)["total"].clone();
    let actual = actual(&run_folder(out.path()));
    assert_within(&total["updates"], &actual.updates, "updates");
    assert_within(&total["calls"], &actual.calls, "calls");
    let used = &total["pending_used_up"];
    assert!(used["least"].as_u64().unwrap() >= 1_000, "{used}");
    assert!((used["least"].as_u64()..=used["most"].as_u64()).contains(&Some(actual.used_up)));
}

#[test]
fn probes_of_the_api_change_no_more_letters_than_planned() {
    let out = tempfile::tempdir().unwrap();
    let suite = ["--suite", "conformance"];
    let ended = run(out.path(), &suite);
    assert_eq!(ended.code, 0, "{}", ended.stdout);
    let saved = read_journal(&run_folder(out.path()).join("journal/exchanges.jsonl")).unwrap();
    let listed: HashSet<String> =
        of(&saved, Operation::ListLetters).flat_map(|one| ids(&one)).collect();
    let updates = of(&saved, Operation::PatchLetter).chain(of(&saved, Operation::UpdateLetters));
    let taken = updates.filter(|exchange| exchange.status() == Some(202));
    let changed: HashSet<String> = taken
        .flat_map(|exchange| ids_in(&exchange.request.body))
        .filter(|id| listed.contains(id))
        .collect();
    let used = &plan(&suite)["total"]["pending_used_up"];
    assert!(changed.len() >= 2, "{changed:?}");
    assert!(used["most"].as_u64().unwrap() >= changed.len() as u64, "{} of {used}", changed.len());
}

fn of(saved: &SavedJournal, wanted: Operation) -> impl Iterator<Item = ExchangeRef<'_>> {
    let exchanges = saved.recording.exchanges().iter();
    exchanges.filter(move |exchange| {
        Route::of_exchange(&exchange, &saved.header.base_url).operation == wanted
    })
}

/// The letters that an answer names.
fn ids(exchange: &Exchange) -> Vec<String> {
    exchange.response().map(|answer| ids_in(&answer.body)).unwrap_or_default()
}

fn ids_in(body: &Body) -> Vec<String> {
    let document = body.json_text().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let items = match document.map(|mut document| document["data"].take()) {
        Some(Value::Array(items)) => items,
        Some(item) => vec![item],
        None => Vec::new(),
    };
    items.iter().filter_map(|item| item["id"].as_str().map(str::to_owned)).collect()
}

#[test]
fn a_plan_reads_as_text_and_says_whether_the_seeding_suffices() {
    for (arguments, words) in [
        (&["--only", "AT4"][..], &["AT4 ", "uses up   1,000 PENDING", "enough letters"][..]),
        (&["--only", "AT4", "--letters", "500"], &["not enough letters: AT4 needs", "1,000"]),
    ] {
        let ended = command(&["plan"]).args(arguments).ended();
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        for word in words {
            assert!(ended.stdout.contains(word), "{word} in {}", ended.stdout);
        }
    }
}

#[test]
fn a_plan_for_int_needs_no_credentials_and_knows_what_one_seeding_cannot_give() {
    let ended = command(&["plan", "--target", "int"]).ended();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    for words in [
        "int.api.service.nhs.uk",
        "not enough letters: AT15 needs all 2,500 letters seeded",
        "until listed letters show again: ",
        "not known without credentials",
    ] {
        assert!(ended.stdout.contains(words), "{words} in {}", ended.stdout);
    }
}

#[test]
fn a_plan_is_refused_where_there_is_nothing_to_plan() {
    for arguments in [&["--target", "prod-smoke"][..], &["--resume", "x"], &["--only", "AT16"]] {
        let ended = command(&["plan"]).args(arguments).ended();
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{arguments:?}");
    }
}

#[test]
fn too_few_letters_on_the_double_are_said_before_the_first_update_and_judged() {
    let out = tempfile::tempdir().unwrap();
    let ended = run(out.path(), &["--only", "AT4", "--letters", "500"]);
    assert_eq!(ended.code, 3, "{}", ended.stdout);
    let (said, began) =
        (ended.stderr.find("too few letters: AT4"), ended.stderr.find("AT4 A list"));
    assert!(said.is_some() && said < began, "{}", ended.stderr);
}

async fn stand_in(letters: u32) -> MockServer {
    let config = MockConfig {
        letters,
        seeds: Mix::Varied.plan(),
        queue_lag: Duration::ZERO,
        visibility_timeout: Duration::from_secs(1),
        apply_delay: Duration::from_millis(100),
        ..MockConfig::default()
    };
    MockServer::start(config).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_for_a_target_sends_nothing_and_makes_no_ledger() {
    let server = stand_in(30).await;
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledgers");
    let call = command(&["plan", "--only", "AT7", "--base-url", server.base_url(), "--ledger"]);
    let ended = with_credentials(call, &server).args([&ledger]).ended();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stdout.contains("knows no letter yet"), "{}", ended.stdout);
    assert_eq!(server.requests().total, 0);
    assert!(!ledger.exists());
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_remembers_what_an_earlier_run_used_up() {
    let server = stand_in(60).await;
    let out = tempfile::tempdir().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().display().to_string();
    let options = ["--base-url", server.base_url(), "--letters", "60", "--ledger", &ledger];
    let call = letterproof(out.path()).args(["--only", "AT7"]).args(options);
    let ended = with_credentials(call, &server).ended();
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);

    let call = command(&["plan", "--format", "json", "--only", "AT2"]).args(options);
    let ended = with_credentials(call, &server).ended();
    let planned: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(planned["seeding"]["pending"], 40);
    assert_eq!(planned["seeding"]["suffices"], "no");
    assert_eq!(planned["ledger"]["by_status"]["DISPATCHED"], 20);

    let sent = server.requests().total;
    let again = || with_credentials(letterproof(out.path()).args(options), &server);
    let ended = again().args(["--only", "AT2,AT5"]).ended();
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    for words in ["AT2 needs all 60", "--only AT5", "--reseeded", "--yes"] {
        assert!(ended.stderr.contains(words), "{words} in {}", ended.stderr);
    }
    assert_eq!(server.requests().total, sent, "nothing was sent");
    assert_eq!(folders(out.path()).len(), 1, "no folder was made");

    let ended = again().args(["--only", "AT5"]).ended();
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_whose_lists_show_too_few_letters_is_left_as_it_is() {
    let server = stand_in(300).await;
    let out = tempfile::tempdir().unwrap();
    let profile = quick_profile(out.path(), &server);
    let again = || {
        let call = letterproof(out.path()).args(["--only", "AT4", "--target", &profile]);
        with_credentials(call, &server)
    };
    let ended = again().ended();
    assert_eq!(ended.code, 2, "{}\n{}", ended.stdout, ended.stderr);
    assert!(
        ended.stderr.contains("stopped before the first update: AT4 needs"),
        "{}",
        ended.stderr
    );
    let folder = run_folder(out.path());
    assert!(folder.display().to_string().ends_with(".incomplete"));
    assert_eq!(results(&folder).exit_code, 2);
    assert_eq!(actual(&folder).updates, BTreeMap::new());

    let ended = again().args(["--yes"]).ended();
    assert_eq!(ended.code, 3, "{}\n{}", ended.stdout, ended.stderr);
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_seeded_anew_begins_a_ledger_of_its_own() {
    let server = stand_in(30).await;
    let out = tempfile::tempdir().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().display().to_string();
    let options = ["--base-url", server.base_url(), "--letters", "30", "--ledger", &ledger];
    let again = || with_credentials(letterproof(out.path()).args(options), &server);
    assert_eq!(again().args(["--only", "AT7"]).ended().code, 0);
    let ended = again().args(["--only", "AT7"]).ended();
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    server.reset(7).unwrap();
    let ended = again().args(["--only", "AT7", "--reseeded"]).ended();
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    assert_eq!(folders(folder.path()).len(), 2, "the ledger before is set aside, not removed");
    server.shutdown().await;
}
