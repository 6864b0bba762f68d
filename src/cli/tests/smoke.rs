//! `letterproof run --target prod-smoke`: a rehearsal against the double, and what it refuses.

#![allow(clippy::unwrap_used)]

mod support;

use letterproof_mock::{MockConfig, MockServer, SeedPlan};
use letterproof_model::{LetterId, LetterStatus};
use support::{Call, folders, letterproof, run_folder};

async fn server() -> MockServer {
    let config = MockConfig { letters: 5, seeds: SeedPlan::plain(), ..MockConfig::default() };
    MockServer::start(config).await.unwrap()
}

fn with_credentials(call: Call, server: &MockServer) -> Call {
    let credentials = server.demo_credentials().unwrap();
    call.env("LETTERPROOF_API_KEY", credentials.api_key.expose())
        .env("LETTERPROOF_KID", &credentials.kid)
        .env("LETTERPROOF_KEY", credentials.private_key_pem.expose())
}

fn rehearsal(out: &std::path::Path, server: &MockServer, letter: &LetterId) -> Call {
    let call = letterproof(out)
        .args(["--target", "prod-smoke", "--base-url", server.base_url()])
        .args(["--letter", letter.as_str()]);
    with_credentials(call, server)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_named_letter_is_fetched_one_record_is_read_back_and_nothing_else_happens() {
    let server = server().await;
    let letter = server.a_letter_of("supplier-1").expect("the double has letters");
    let out = tempfile::tempdir().unwrap();
    let ended = rehearsal(out.path(), &server, &letter)
        .args(["--confirm", "127.0.0.1", "--format", "json"])
        .env("RUST_LOG", "trace")
        .ended();
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    let value: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(value["passed"], true, "{value}");
    assert_eq!(value["letters"][0]["id"], letter.as_str());
    assert_eq!(value["record"]["quantity"], 1);
    let folder = run_folder(out.path());
    let journal = std::fs::read_to_string(folder.join("journal/exchanges.jsonl")).unwrap();
    assert!(!journal.contains("\"PATCH\"") && !journal.contains("%PDF"), "no status is reported");
    let credentials = server.demo_credentials().unwrap();
    let key_line = credentials.private_key_pem.expose().lines().nth(3).unwrap();
    let smoke = std::fs::read_to_string(folder.join("smoke.json")).unwrap();
    for text in [&journal, &smoke, &ended.stdout, &ended.stderr] {
        assert!(!text.contains(credentials.api_key.expose()), "the API key is shown");
        assert!(!text.contains(key_line), "the private key is shown");
    }
    assert_eq!(server.count(LetterStatus::Pending), 5);
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_is_not_there_fails_the_test() {
    let server = server().await;
    let out = tempfile::tempdir().unwrap();
    let ended = rehearsal(out.path(), &server, &"no-such-letter".into())
        .args(["--confirm", "127.0.0.1"])
        .ended();
    assert_eq!(ended.code, 1, "{}\n{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("smoke test: fail"), "{}", ended.stdout);
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_letters_or_the_hosts_name_nothing_is_sent() {
    let server = server().await;
    for (arguments, words) in [
        (&["--confirm", "127.0.0.1"][..], "ids of the live test letters"),
        (&["--letter", "L1"], "--confirm 127.0.0.1"),
        (&["--letter", "L1", "--yes"], "--confirm 127.0.0.1"),
        (&["--letter", "L1", "--confirm", "yes"], "the host is 127.0.0.1"),
        (&["--letter", "L1", "--confirm", "api.service.nhs.uk"], "the host is 127.0.0.1"),
        (&["--letter", "L1", "--confirm", "127.0.0.1", "--only", "AT1"], "--only"),
        (&["--letter", "L1", "--confirm", "127.0.0.1", "--fault", "auth-bypass"], "--fault"),
        (&["--letter", "L1", "--confirm", "127.0.0.1", "--suite", "conformance"], "--suite"),
        (&["--letter", "L1", "--confirm", "127.0.0.1", "--reseeded"], "--reseeded"),
    ] {
        let out = tempfile::tempdir().unwrap();
        let call = letterproof(out.path())
            .args(["--target", "prod-smoke", "--base-url", server.base_url()])
            .args(arguments);
        let ended = with_credentials(call, &server).ended();
        assert_eq!(ended.code, 2, "{arguments:?}: {}", ended.stdout);
        assert!(ended.stderr.contains(words), "{arguments:?}: {}", ended.stderr);
        assert_eq!(folders(out.path()), Vec::<String>::new(), "{arguments:?}");
    }
    assert_eq!(server.requests().total, 0, "nothing was sent");
    server.shutdown().await;
}

#[test]
fn production_itself_is_asked_for_by_name_and_other_production_hosts_are_refused() {
    for (arguments, words) in [
        (&["--letter", "L1"][..], "--confirm api.service.nhs.uk"),
        (&["--letter", "L1", "--confirm", "sandbox"], "the host is api.service.nhs.uk"),
        (
            &[
                "--letter",
                "L1",
                "--base-url",
                "https://blue.api.service.nhs.uk/x",
                "--confirm",
                "blue.api.service.nhs.uk",
            ],
            "is production",
        ),
    ] {
        let out = tempfile::tempdir().unwrap();
        let ended = letterproof(out.path())
            .args(["--target", "prod-smoke"])
            .args(arguments)
            .env("LETTERPROOF_KID", "k")
            .ended();
        assert_eq!(ended.code, 2, "{arguments:?}: {}", ended.stdout);
        assert!(ended.stderr.contains("refused before any traffic"), "{}", ended.stderr);
        assert!(ended.stderr.contains(words), "{arguments:?}: {}", ended.stderr);
        assert_eq!(folders(out.path()), Vec::<String>::new());
    }
}

#[test]
fn where_nothing_could_be_sent_no_folder_is_left() {
    let out = tempfile::tempdir().unwrap();
    let ended = letterproof(out.path())
        .args(["--target", "prod-smoke", "--base-url", "http://127.0.0.1:1/x"])
        .args(["--letter", "L1", "--confirm", "127.0.0.1"])
        .env("LETTERPROOF_KID", "k")
        .ended();
    assert_eq!(ended.code, 2, "{}", ended.stdout);
    assert!(ended.stderr.contains("LETTERPROOF_API_KEY"), "{}", ended.stderr);
    assert_eq!(folders(out.path()), Vec::<String>::new());
}

#[test]
fn the_options_of_the_smoke_test_belong_to_it_alone() {
    for arguments in [&["--letter", "L1"][..], &["--confirm", "api.service.nhs.uk"]] {
        let out = tempfile::tempdir().unwrap();
        let ended = letterproof(out.path()).args(["--only", "AT1"]).args(arguments).ended();
        assert_eq!(ended.code, 2, "{arguments:?}: {}", ended.stdout);
        assert!(ended.stderr.contains("prod-smoke"), "{}", ended.stderr);
    }
}
