//! `letterproof run` as its users meet it: exit codes, files, messages, and what a crash leaves.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod support;

use std::time::{Duration, Instant};

use letterproof_contract::{Contract, Document};
use letterproof_evidence::{Bundle, read_journal};
use letterproof_mock::{MockConfig, MockServer};
use letterproof_model::{FindingKind, Journal as _, Verdict};
use support::{folders, letterproof, results, run, run_folder};

#[test]
fn five_tests_pass_on_the_embedded_double_and_leave_their_evidence() {
    let out = tempfile::tempdir().unwrap();
    let ended = run(out.path(), &["--only", "AT1,AT2,AT3,AT4,AT7"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let folder = run_folder(out.path());
    for file in ["results.json", "junit.xml", "index.html", "summary.md"] {
        assert!(folder.join(file).metadata().unwrap().len() > 0, "{file}");
    }
    let results = results(&folder);
    let passed: Vec<String> = results
        .tests
        .iter()
        .filter(|test| test.verdict == Verdict::Pass)
        .map(|test| test.id.to_string())
        .collect();
    assert_eq!(passed, ["AT1", "AT2", "AT3", "AT4", "AT7"]);
    assert_eq!((results.counts.pass, results.counts.not_run), (5, 10));

    let text = std::fs::read_to_string(folder.join("results.json")).unwrap();
    let value = serde_json::from_str(&text).unwrap();
    let faults = Contract::built_in().unwrap().faults(Document::Results, &value);
    assert_eq!(faults, Vec::<String>::new(), "results.json must follow its schema");
    assert!(ended.stdout.contains(&folder.display().to_string()), "{}", ended.stdout);
    Bundle::open(&folder).unwrap();
}

#[test]
fn a_run_of_the_whole_pack_passes_every_test() {
    let out = tempfile::tempdir().unwrap();
    let ended = run(out.path(), &["--suite", "acceptance"]);
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    let results = results(&run_folder(out.path()));
    assert_eq!(results.counts.pass, 15, "{}", ended.stdout);
    assert!(!ended.stderr.contains("NOT as it should be"), "{}", ended.stderr);
    assert!(ended.stdout.contains("written statements still needed: AT3.7, AT7.7, AT11.2"));
}

#[test]
fn the_conformance_suite_alone_passes_on_the_double_and_knows_its_deviations() {
    let out = tempfile::tempdir().unwrap();
    let ended = run(out.path(), &["--suite", "conformance"]);
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    let results = results(&run_folder(out.path()));
    assert!(results.tests.iter().all(|test| !test.selected));
    assert!(results.conformance.len() > 100, "{}", results.conformance.len());
    let deviations = results
        .conformance
        .iter()
        .filter(|check| check.finding == Some(FindingKind::Deviation))
        .count();
    assert!(deviations >= 20, "INT differs from its specification in {deviations} checks only");
}

#[test]
fn a_broken_api_fails_its_check_of_the_conformance_suite() {
    for (fault, check) in [("link-eternal", "C-LINK-EXPIRED"), ("foreign-read", "C-LETTER-FOREIGN")]
    {
        let out = tempfile::tempdir().unwrap();
        let ended = run(out.path(), &["--suite", "conformance", "--fault", fault]);
        assert_eq!(ended.code, 1, "{fault}: {}\n{}", ended.stdout, ended.stderr);
        assert!(ended.stdout.contains(&format!("{check} fail")), "{fault}: {}", ended.stdout);
    }
}

#[test]
fn features_of_ones_own_leave_the_other_required_tests_not_run() {
    let features = tempfile::tempdir().unwrap();
    let text = "@AT1\nFeature: own\n  Scenario: AT1 own\n    When the supplier asks whether the \
                service is up\n    And the supplier looks whether there is a letter to print\n    \
                Then criterion AT1.1 holds\n";
    std::fs::write(features.path().join("own.feature"), text).unwrap();
    let out = tempfile::tempdir().unwrap();
    let folder = features.path().display().to_string();
    let ended = run(out.path(), &["--features", &folder]);
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    let missing = "required and not run: AT2, AT3, AT4, AT7, AT9, AT10, AT11, AT12, AT14, AT15";
    assert!(ended.stdout.contains(missing), "{}", ended.stdout);
}

#[test]
fn one_lost_update_of_a_thousand_fails_at4_and_names_the_letter() {
    let out = tempfile::tempdir().unwrap();
    let ended = run(out.path(), &["--only", "AT4", "--fault", "lose-update=1"]);
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    let results = results(&run_folder(out.path()));
    let failed: Vec<_> =
        results.tests[3].checks().filter(|criterion| criterion.verdict == Verdict::Fail).collect();
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert_eq!(failed[0].id.as_str(), "AT4.3");
    let [letter] = &failed[0].letters[..] else { panic!("one letter: {failed:?}") };
    assert!(!failed[0].exchanges.is_empty());
    for word in
        [letter.as_str(), "expected", "observed", "PENDING", failed[0].exchanges[0].as_str()]
    {
        assert!(ended.stdout.contains(word), "{word} in {}", ended.stdout);
    }
}

#[test]
fn a_repeated_and_a_missing_letter_each_fail_at2() {
    for (fault, criterion) in [("list-repeat", "AT2.3"), ("list-omit", "AT2.2")] {
        let out = tempfile::tempdir().unwrap();
        let ended = run(out.path(), &["--only", "AT2", "--fault", fault]);
        assert_eq!(ended.code, 1, "{fault}: {}", ended.stderr);
        let results = results(&run_folder(out.path()));
        let failed: Vec<&str> = results.tests[1]
            .checks()
            .filter(|result| result.verdict == Verdict::Fail)
            .map(|result| result.id.as_str())
            .collect();
        assert_eq!(failed, [criterion], "{fault}");
    }
}

#[test]
fn json_output_is_one_document_and_nothing_else() {
    let out = tempfile::tempdir().unwrap();
    let ended = run(out.path(), &["--only", "AT1", "--format", "json"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let value: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(value["format"], "letterproof-results/1");
    assert_eq!(value["exit_code"], 0);
}

#[test]
fn wrong_usage_ends_with_2_one_message_and_no_folder() {
    let features = tempfile::tempdir().unwrap();
    std::fs::write(features.path().join("x.feature"), "Feature: x\n  Scenario: y\n    Given z\n")
        .unwrap();
    let own = features.path().display().to_string();
    for (arguments, word) in [
        (&["--target", "moon"][..], "no target `moon`"),
        (&["--only", "AT16"], "unknown test `AT16`: expected AT1 to AT15"),
        (&["--features", "no-such-folder"], "no-such-folder"),
        (&["--features", &own], "x.feature:3"),
        (&["--fault", "no-such-fault"], "no-such-fault"),
        (
            &["--only", "AT1", "--base-url", "http://127.0.0.1:1/nhs-notify-supplier"],
            "http://127.0.0.1:1/",
        ),
        (&["--base-url", "https://api.service.nhs.uk/nhs-notify-supplier"], "production"),
        (&["--base-url", "not a url"], "not a url"),
        (&["--window", "3"], "3"),
        (&["--letters", "0"], "0"),
    ] {
        let out = tempfile::tempdir().unwrap();
        let ended = run(out.path(), arguments);
        assert_eq!(ended.code, 2, "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(word), "{arguments:?}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{arguments:?}");
        assert_eq!(folders(out.path()), Vec::<String>::new(), "{arguments:?}");
    }
}

#[test]
fn an_evidence_folder_that_cannot_be_made_ends_with_2_before_any_traffic() {
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("a-file");
    std::fs::write(&file, "in the way").unwrap();
    let ended = run(&file, &["--only", "AT1"]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("a-file"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_token_ends_with_2_and_a_remedy() {
    let server =
        MockServer::start(MockConfig { letters: 10, ..MockConfig::default() }).await.unwrap();
    let credentials = server.demo_credentials().unwrap().clone();
    let out = tempfile::tempdir().unwrap();
    let ended = letterproof(out.path())
        .args(["--only", "AT1", "--base-url", server.base_url()])
        .env("LETTERPROOF_API_KEY", "an-api-key-nobody-registered")
        .env("LETTERPROOF_KID", &credentials.kid)
        .env("LETTERPROOF_KEY", credentials.private_key_pem.expose())
        .ended();
    server.shutdown().await;
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("refused a token: 401"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("an-api-key-nobody-registered"), "{}", ended.stderr);
    assert_eq!(folders(out.path()), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_reaches_the_evidence_or_the_terminal() {
    let config = MockConfig {
        visibility_timeout: Duration::from_secs(1),
        apply_delay: Duration::from_millis(200),
        ..MockConfig::default()
    };
    let server = MockServer::start(config).await.unwrap();
    let credentials = server.demo_credentials().unwrap().clone();
    let out = tempfile::tempdir().unwrap();
    let ended = letterproof(out.path())
        .args(["--only", "AT1,AT7", "--base-url", server.base_url()])
        .env("LETTERPROOF_API_KEY", credentials.api_key.expose())
        .env("LETTERPROOF_KID", &credentials.kid)
        .env("LETTERPROOF_KEY", credentials.private_key_pem.expose())
        .env("RUST_LOG", "trace")
        .ended();
    assert_eq!(ended.code, 0, "{}", ended.stdout);
    let key_line = credentials.private_key_pem.expose().lines().nth(3).unwrap();
    let mut texts = vec![("stdout".to_owned(), ended.stdout), ("stderr".to_owned(), ended.stderr)];
    for file in
        ["results.json", "junit.xml", "index.html", "context.json", "journal/exchanges.jsonl"]
    {
        let path = run_folder(out.path()).join(file);
        texts.push((file.to_owned(), std::fs::read_to_string(path).unwrap()));
    }
    server.shutdown().await;
    for (place, text) in &texts {
        assert!(!text.contains(credentials.api_key.expose()), "the API key is in {place}");
        assert!(!text.contains(key_line), "the private key is in {place}");
        // Every signed JWT begins so: {"alg" or {"typ" in base64url.
        assert!(!text.contains("eyJ0eX") && !text.contains("eyJhbG"), "a JWT is in {place}");
        assert!(!text.contains("%PDF-"), "letter content is in {place}");
    }
    let journal = &texts.last().unwrap().1;
    assert!(journal.contains("Bearer redacted:"), "the journal shows where secrets stood");
}

#[test]
fn a_killed_run_leaves_a_journal_that_reads_up_to_its_last_exchange() {
    let out = tempfile::tempdir().unwrap();
    let mut child = letterproof(out.path()).args(["--only", "AT1,AT2,AT3,AT4"]).spawn();
    let started = Instant::now();
    let journal = loop {
        assert!(started.elapsed() < Duration::from_secs(60), "no journal appeared");
        std::thread::sleep(Duration::from_millis(20));
        let Some(name) = folders(out.path()).into_iter().next() else { continue };
        let journal = out.path().join(name).join("journal/exchanges.jsonl");
        if read_journal(&journal).is_ok_and(|saved| saved.recording.exchanges().len() >= 10) {
            break journal;
        }
    };
    child.kill().unwrap();
    child.wait().unwrap();
    let saved = read_journal(&journal).unwrap();
    assert!(saved.recording.exchanges().len() >= 10);
    let names = folders(out.path());
    assert!(names.iter().all(|name| name.ends_with(".incomplete")), "{names:?}");
    assert!(!journal.parent().unwrap().parent().unwrap().join("results.json").exists());
}
