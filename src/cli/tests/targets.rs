//! `--target` and `--base-url`: the sandbox and INT as a user runs them, profiles, and what is
//! refused before any traffic.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use letterproof_evidence::{JOURNAL_FILE, read_journal};
use letterproof_mock::{DemoCredentials, MockConfig, MockServer, Profile};
use letterproof_model::{Actor, ExchangeRef, Journal as _, LetterStatus, TestResult, Verdict};
use support::{Call, command, folders, letterproof, results, run_folder};

fn with(call: Call, credentials: &DemoCredentials) -> Call {
    call.env("LETTERPROOF_API_KEY", credentials.api_key.expose())
        .env("LETTERPROOF_KID", &credentials.kid)
        .env("LETTERPROOF_KEY", credentials.private_key_pem.expose())
}

async fn int() -> MockServer {
    let config = MockConfig {
        letters: 60,
        visibility_timeout: Duration::from_secs(1),
        apply_delay: Duration::from_millis(100),
        ..MockConfig::default()
    };
    MockServer::start(config).await.unwrap()
}

fn profile(folder: &Path, text: &str) -> String {
    let path = folder.join("ours.toml");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_against_the_sandbox_is_incomplete_and_says_what_it_proved() {
    let config = MockConfig { profile: Profile::Sandbox, ..MockConfig::default() };
    let server = MockServer::start(config).await.unwrap();
    let out = tempfile::tempdir().unwrap();
    let ended = letterproof(out.path())
        .args(["--target", "sandbox", "--base-url", server.base_url()])
        .ended();
    let address = server.base_url().split('/').nth(2).unwrap().to_owned();
    server.shutdown().await;
    assert_eq!(ended.code, 3, "{}\n{}", ended.stdout, ended.stderr);
    let results = results(&run_folder(out.path()));
    assert_eq!(results.run.target.name, format!("sandbox at {address}"));
    assert_eq!(results.counts.not_applicable, 15, "{}", ended.stdout);
    let reason = |test: usize| {
        let criteria = &results.tests[test].criteria;
        let found = criteria.iter().find(|c| c.verdict == Verdict::NotApplicable);
        found.and_then(|criterion| criterion.reason.clone()).unwrap_or_default()
    };
    assert!(reason(0).contains("not authenticated"), "{}", reason(0));
    assert!(reason(1).contains("not seeded"), "{}", reason(1));
    assert!(reason(3).contains("not stateful"), "{}", reason(3));
    let proved = results.tests[0].checks().filter(|c| c.verdict == Verdict::Pass).count();
    assert_eq!(proved, 4, "reaching the service is proved without state");
    let conformance = |verdict| results.conformance.iter().filter(|c| c.verdict == verdict).count();
    assert!(conformance(Verdict::Pass) > 20, "{}", ended.stdout);
    assert_eq!(conformance(Verdict::Fail), 0, "{}", ended.stdout);
    for words in ["not stateful", "AT1.1"] {
        assert!(ended.stdout.contains(words), "{words} in {}", ended.stdout);
    }
    let supplier = |sent: &ExchangeRef<'_>| sent.actor == Actor::Supplier;
    let journal = read_journal(&run_folder(out.path()).join(JOURNAL_FILE)).unwrap();
    let sent = journal.recording.exchanges().iter().filter(supplier);
    let methods: BTreeSet<String> = sent.map(|sent| sent.request.method.clone()).collect();
    assert_eq!(methods, ["GET".to_owned()].into(), "no update for a test that does not apply");
    assert!(!ended.stderr.contains("AT5 "), "{}", ended.stderr);
    assert!(ended.stderr.contains("AT1 A supplier reaches the service and its letters: done"));
    for words in ["seeded again", "seeded again", "to seed"] {
        assert!(!ended.stderr.contains(words), "{words} in {}", ended.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_is_read_by_its_documented_ids_and_meets_every_check_that_applies() {
    let config = MockConfig { profile: Profile::Sandbox, ..MockConfig::default() };
    let server = MockServer::start(config).await.unwrap();
    let out = tempfile::tempdir().unwrap();
    let ended = letterproof(out.path())
        .args(["--suite", "conformance", "--target", "sandbox", "--base-url", server.base_url()])
        .ended();
    server.shutdown().await;
    let results = results(&run_folder(out.path()));
    let verdict = |id: &str| {
        results.conformance.iter().find(|check| check.id.as_str() == id).map(|check| check.verdict)
    };
    for read in ["C-LETTER", "C-LETTER-SAME", "C-DATA", "C-DATA-LOCATION", "C-ACCEPT-OTHER"] {
        assert_eq!(verdict(read), Some(Verdict::Pass), "{read} in {}", ended.stdout);
    }
    // It reads no record, which shows nothing.
    assert_eq!(verdict("C-MI-READ"), Some(Verdict::NotApplicable), "{}", ended.stdout);
    let open: Vec<&str> = results
        .conformance
        .iter()
        .filter(|check| check.verdict > Verdict::NotApplicable)
        .map(|check| check.id.as_str())
        .collect();
    assert!(open.is_empty(), "{open:?} in {}", ended.stdout);
    assert_eq!(ended.code, 0, "{}", ended.stdout);
}

#[test]
fn a_plan_for_the_sandbox_has_no_updates_of_tests_that_do_not_apply_and_no_seeding() {
    let ended = command(&["plan", "--target", "sandbox"]).ended();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    for words in ["AT4", "uses up", "not enough letters", "perhaps not enough letters"] {
        assert!(!ended.stdout.contains(words), "{words} in {}", ended.stdout);
    }
    assert!(ended.stdout.contains("this target is not seeded"), "{}", ended.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_against_int_passes_with_credentials_from_the_environment() {
    let server = int().await;
    let out = tempfile::tempdir().unwrap();
    let call = letterproof(out.path())
        .args(["--target", "int", "--only", "AT1,AT7", "--base-url", server.base_url()])
        .env("RUST_LOG", "trace");
    let credentials = server.demo_credentials().unwrap();
    let ended = with(call, credentials).ended();
    assert_eq!(ended.code, 0, "{}", ended.stdout);
    let results = results(&run_folder(out.path()));
    let address = server.base_url().split('/').nth(2).unwrap();
    assert_eq!(results.run.target.name, format!("int at {address}"));
    assert_eq!(results.counts.pass, 2);
    assert!(server.requests().total > 20);
    let key_line = credentials.private_key_pem.expose().lines().nth(3).unwrap();
    for text in [&ended.stdout, &ended.stderr] {
        assert!(!text.contains(credentials.api_key.expose()), "the API key is shown");
        assert!(!text.contains(key_line), "the private key is shown");
    }
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_file_is_a_target_too() {
    let server = int().await;
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "extends = \"int\"\nname = \"ours\"\nbase_url = \"{}\"\n[auth]\nmethod = \"signed-jwt\"\nkid = \
         \"{}\"\napi_key = {{ env = \"OUR_API_KEY\" }}\nkey = {{ env = \"OUR_KEY\" }}\n",
        server.base_url(),
        server.demo_credentials().unwrap().kid
    );
    let file = profile(folder.path(), &text);
    let out = tempfile::tempdir().unwrap();
    let credentials = server.demo_credentials().unwrap();
    let ended = letterproof(out.path())
        .args(["--target", &file, "--only", "AT1"])
        .env("OUR_API_KEY", credentials.api_key.expose())
        .env("OUR_KEY", credentials.private_key_pem.expose())
        .ended();
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    assert_eq!(results(&run_folder(out.path())).run.target.name, "ours");
    server.shutdown().await;
}

/// Runs one test on a double of INT as a profile with these settings describes it; what came of it,
/// and how many letters were rejected.
async fn judged_with(settings: &str, test: &str) -> (TestResult, usize) {
    let server = int().await;
    let folder = tempfile::tempdir().unwrap();
    let credentials = server.demo_credentials().unwrap();
    let text = format!(
        "extends = \"mock\"\nbase_url = \"{}\"\n[auth]\nmethod = \"signed-jwt\"\nkid = \"{}\"\napi_key = \
         {{ env = \"LETTERPROOF_API_KEY\" }}\nkey = {{ env = \"LETTERPROOF_KEY\" }}\n{settings}\n",
        server.base_url(),
        credentials.kid
    );
    let file = profile(folder.path(), &text);
    let out = tempfile::tempdir().unwrap();
    let call = letterproof(out.path()).args(["--target", &file, "--only", test, "--yes"]);
    let ended = with(call, credentials).ended();
    assert!(matches!(ended.code, 0 | 1 | 3), "{}\n{}", ended.stdout, ended.stderr);
    let results = results(&run_folder(out.path()));
    let judged = results.tests.into_iter().find(|judged| judged.id.to_string() == test).unwrap();
    let rejected = server.count(LetterStatus::Rejected);
    server.shutdown().await;
    (judged, rejected)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_profile_says_of_workflow_specifications_and_agreed_time_decides() {
    let limits =
        "[limits]\nvisibility_timeout = \"1s\"\nupdate_deadline = \"3s\"\nseeded_letters = 60\n";
    let rejecting = "[supplier]\nsupports = [\"REJECTED\"]\n";
    let (judged, usual) = judged_with(&format!("{limits}{rejecting}"), "AT13").await;
    assert_eq!(judged.verdict, Verdict::Pass);
    assert!(usual > 0);
    let printing = "[supplier]\nsupports = [\"PRINTED\"]\n";
    let (judged, none) = judged_with(&format!("{limits}{printing}"), "AT13").await;
    assert_eq!((judged.verdict, none), (Verdict::NotApplicable, 0), "it knows no REJECTED");
    let strange = "[[specifications]]\nid = \"another\"\nkind = \"standard\"\n";
    let (_, all) = judged_with(&format!("{limits}{rejecting}{strange}"), "AT13").await;
    assert!(all > usual, "{all} letters are of no known specification, {usual} before");

    for (agreed, verdict) in [("1ms", Verdict::Fail), ("600s", Verdict::Pass)] {
        let (judged, _) =
            judged_with(&format!("{limits}at15_target = \"{agreed}\"\n"), "AT15").await;
        let in_time = judged.criteria.iter().find(|c| c.id.to_string() == "AT15.5").unwrap();
        assert_eq!(in_time.verdict, verdict, "{agreed}: {in_time:?}");
    }
}

#[test]
fn what_is_no_target_ends_with_2_and_the_nearest_name() {
    let folder = tempfile::tempdir().unwrap();
    let typo = profile(folder.path(), "extends = \"int\"\ntokn = 1\n[auth]\nmethod = \"none\"\n");
    for (target, words) in [
        ("sandbux", "did you mean `sandbox`?"),
        ("moon", "mock, sandbox, int, prod-smoke"),
        ("no-such.toml", "letterproof init"),
        (typo.as_str(), "ours.toml:2"),
        ("int", "LETTERPROOF_KID"),
    ] {
        for verb in ["run", "doctor"] {
            let out = tempfile::tempdir().unwrap();
            let mut call = command(&[verb, "--target", target]);
            if verb == "run" {
                call = call.args(["--out"]).args([out.path()]);
            }
            let ended = call.ended();
            assert_eq!(ended.code, 2, "{verb} {target}: {}", ended.stdout);
            assert!(ended.stderr.contains(words), "{verb} {target}: {}", ended.stderr);
            assert_eq!(ended.stdout, "");
            assert_eq!(folders(out.path()), Vec::<String>::new());
        }
    }
}

#[test]
fn production_is_refused_by_every_command_whatever_the_target_is_called() {
    let folder = tempfile::tempdir().unwrap();
    let production = "https://api.service.nhs.uk/nhs-notify-supplier";
    let disguised = profile(
        folder.path(),
        &format!(
            "extends = \"int\"\nname = \"sandbox\"\nbase_url = \"{production}\"\n[auth]\nmethod = \"none\"\n"
        ),
    );
    let hidden = folder.path().join("hidden.toml");
    std::fs::write(
        &hidden,
        "extends = \"int\"\n[auth]\nmethod = \"signed-jwt\"\nkid = \"k\"\napi_key = { env = \"A\" }\nkey = { \
         env = \"B\" }\ntoken_url = \"https://api.service.nhs.uk/oauth2/token\"\n",
    )
    .unwrap();
    let hidden = hidden.display().to_string();
    let elsewhere = "https://blue.api.service.nhs.uk/nhs-notify-supplier";
    for target in [
        &["--target", disguised.as_str()][..],
        &["--target", hidden.as_str()],
        &["--target", "sandbox", "--base-url", production],
        &["--target", "sandbox", "--base-url", elsewhere],
        &["--target", "sandbox", "--base-url", "https://API.service.nhs.uk.:443/x"],
        &["--target", "mock", "--base-url", production],
        &["--target", "int", "--base-url", production],
    ] {
        for verb in [
            &["run", "--yes"][..],
            &["run", "--yes", "--suite", "conformance"],
            &["plan"],
            &["doctor", "--yes"],
        ] {
            let out = tempfile::tempdir().unwrap();
            let mut call = command(verb).args(target).env("LETTERPROOF_KID", "k");
            if verb[0] != "doctor" {
                call = call.args(["--out"]).args([out.path()]);
            }
            let ended = call.ended();
            assert_eq!(ended.code, 2, "{verb:?} {target:?}: {}", ended.stdout);
            assert!(
                ended.stderr.contains("refused before any traffic")
                    && ended.stderr.contains("is production"),
                "{verb:?} {target:?}: {}",
                ended.stderr
            );
            assert_eq!(folders(out.path()), Vec::<String>::new());
        }
    }
    // The sample supplier does not look for its key first.
    let here = "http://127.0.0.1:9/nhs-notify-supplier";
    let token = "https://api.service.nhs.uk/oauth2/token";
    for way in [&["--base-url", production][..], &["--base-url", here, "--token-url", token]] {
        let ended = command(&["supplier"]).args(way).env("LETTERPROOF_KID", "k").ended();
        assert_eq!(ended.code, 2, "{way:?}: {}", ended.stdout);
        assert!(ended.stderr.contains("is production"), "{way:?}: {}", ended.stderr);
    }
}

#[test]
fn a_run_that_changes_letters_elsewhere_shows_what_it_uses_up_and_does_not_start_unasked() {
    let out = tempfile::tempdir().unwrap();
    let base = "https://no-such-host.invalid/nhs-notify-supplier";
    let call = |extra: &[&str]| {
        letterproof(out.path())
            .args(["--target", "int", "--only", "AT4,AT7", "--base-url", base])
            .args(extra)
            .env("LETTERPROOF_KID", "k")
            .ended()
    };
    let ended = call(&[]);
    assert_eq!(ended.code, 2, "{}", ended.stdout);
    for words in ["ACCEPTED", "DISPATCHED 20", "uses up", "nothing was sent", "--yes"] {
        assert!(ended.stderr.contains(words), "{words} in {}", ended.stderr);
    }
    assert_eq!(folders(out.path()), Vec::<String>::new());
    // With consent it goes on, to the next thing that is wrong here: there is no API key.
    let ended = call(&["--yes"]);
    assert_eq!(ended.code, 2, "{}", ended.stdout);
    assert!(ended.stderr.contains("LETTERPROOF_API_KEY"), "{}", ended.stderr);
}
