//! Commands that are stopped, that wait in vain, that are given what does not apply, or that may not
//! begin: what each says, how it ends, and what it leaves behind.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod stub;
mod support;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::Child;
use std::time::Duration;

use letterproof_mock::{AuthMode, MockConfig, MockServer};
use stub::{Asked, Said, Stub};
use support::bundles::{faults, sound, text, verify};
use support::{Ended, command, folders, letterproof, results, run, run_folder, with_credentials};

/// A server that takes connections and never answers.
fn silent() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/nhs-notify-supplier", listener.local_addr().unwrap());
    (listener, base)
}

async fn open_mock() -> MockServer {
    let auth = AuthMode::None;
    let visibility_timeout = Duration::from_secs(1);
    let config = MockConfig { letters: 40, auth, visibility_timeout, ..MockConfig::default() };
    MockServer::start(config).await.unwrap()
}

/// The ledgers that a test's runs left.
fn ledgers(out: &Path) -> Vec<String> {
    let state = out.join(".state");
    let places = ["letterproof/ledgers", ".local/state/letterproof/ledgers"];
    let mac = "Library/Application Support/letterproof/ledgers";
    places.iter().chain([&mac]).flat_map(|place| folders(&state.join(place))).collect()
}

/// What a command says on stderr, line by line, until a line holds these words.
fn heard(child: &mut Child, words: &str) -> String {
    let stderr = BufReader::new(child.stderr.take().unwrap());
    let found = stderr.lines().map_while(Result::ok).find(|line| line.contains(words));
    found.unwrap_or_else(|| panic!("it ended without {words}"))
}

fn ended_by(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_server_that_never_answers_is_told_within_three_seconds() {
    let (_listener, base) = silent();
    let out = tempfile::tempdir().unwrap();
    let path = text(out.path());
    for (arguments, words) in [
        (
            &["run", "--only", "AT1", "--out", path, "--base-url", &base][..],
            "waiting for an answer",
        ),
        (&["doctor", "--target", "mock", "--base-url", &base], "checking mock"),
        (&["load", "steady", "--yes", "--out", path, "--base-url", &base], "waiting for an answer"),
        (&["supplier", "--base-url", &base], "connect 0 (2 s by now)"),
    ] {
        let mut child = command(arguments).with_state(&out.path().join(".state")).told();
        let line = heard(&mut child, words);
        ended_by(&mut child);
        let after: f64 = line.trim().split('s').next().unwrap().parse().unwrap();
        assert!(after < 3.0, "{arguments:?}: {line}");
    }
}

#[cfg(unix)]
fn terminate(child: &Child) {
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
}

/// Ends a command that waits, as service managers do; its exit code and what it said after `words`.
#[cfg(unix)]
fn terminated(arguments: &[&str], words: &str) -> (i32, String) {
    let mut child = command(arguments).told();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains(words) {
        line.clear();
        assert!(stderr.read_line(&mut line).unwrap() > 0, "{arguments:?} ended without {words}");
    }
    terminate(&child);
    let rest: Vec<String> = stderr.lines().map_while(Result::ok).collect();
    (child.wait().unwrap().code().unwrap_or(-1), rest.join("\n"))
}

#[cfg(unix)]
#[test]
fn sigterm_ends_each_command_as_ctrl_c_does() {
    let (_listener, base) = silent();
    let out = tempfile::tempdir().unwrap();
    let path = text(out.path());
    for (arguments, words, code, then) in [
        (&["doctor", "--target", "mock", "--base-url", &base][..], "checking", 3, "stopped before"),
        (
            &["load", "steady", "--yes", "--out", path, "--base-url", &base],
            "waiting for an answer",
            1, // Its thresholds were not kept.
            "stopping",
        ),
        (&["supplier", "--base-url", &base], "connect 0", 3, ""),
        (&["run", "--only", "AT15", "--out", path], "AT15", 3, "start a new run"),
        (&["selftest", "--noise", "1", "--jobs", "1"], ".", 3, "stopped before the last row"),
    ] {
        let (ended, said) = terminated(arguments, words);
        assert_eq!(ended, code, "{arguments:?}: {said}");
        assert!(said.contains(then), "{arguments:?}: {said}");
    }
    let left = folders(out.path());
    assert!(left.iter().any(|name| name.ends_with(".incomplete")), "{left:?}");
}

#[cfg(unix)]
#[test]
fn sigterm_ends_what_serves_as_ctrl_c_does() {
    let (mut mock, line) = command(&["mock", "--listen", "127.0.0.1:0", "--auth", "none"]).ready();
    let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
    let out = tempfile::tempdir().unwrap();
    let (mut witness, _) = command(&["witness", "--upstream", "mock", "--base-url"])
        .args([ready["base_url"].as_str().unwrap(), "--listen", "127.0.0.1:0"])
        .args(["--ui", "127.0.0.1:0", "--only", "AT1", "--out", text(out.path())])
        .ready();
    terminate(&witness);
    assert_eq!(witness.wait().unwrap().code(), Some(3), "AT1 was not seen");
    assert_eq!(results(&run_folder(out.path())).exit_code, 3);
    terminate(&mock);
    assert_eq!(mock.wait().unwrap().code(), Some(0));
}

fn refused(ended: &Ended, words: &[&str]) {
    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{}", ended.stderr);
    assert_eq!(ended.stderr.lines().count(), 1, "one message: {}", ended.stderr);
    for word in words {
        assert!(ended.stderr.contains(word), "{word}: {}", ended.stderr);
    }
}

#[test]
fn options_that_do_not_apply_to_a_target_are_refused_all_at_once() {
    let out = tempfile::tempdir().unwrap();
    let base = "http://127.0.0.1:9/nhs-notify-supplier";
    let there = &["--base-url", base][..];
    let time = "2s";
    for (option, value) in [
        ("--fault", "lose-update"),
        ("--mix", "varied"),
        ("--seed", "2"),
        ("--visibility-timeout", time),
        ("--apply-delay", time),
        ("--queue-lag", time),
    ] {
        let ended = run(out.path(), &[there, &[option, value]].concat());
        refused(&ended, &[option, "is for the embedded mock"]);
    }
    refused(&command(&["plan", "--target", "int", "--seed", "2"]).ended(), &["--seed"]);
    let both = run(out.path(), &[there, &["--seed", "2", "--mix", "int"]].concat());
    refused(&both, &["--mix, --seed"]);
    for extra in [&["--reseeded"][..], &["--ledger", "x"], &["--yes-storage", "localhost:1"]] {
        refused(&run(out.path(), extra), &[extra[0], "outlives the run"]);
    }
    refused(&run(out.path(), &["--target", "sandbox", "--letters", "5"]), &["--letters", "seeded"]);
    let steady = ["load", "steady", "--out", text(out.path())];
    for (extra, word) in [
        (&["--letters", "5", "--base-url", base][..], "--letters"),
        (&["--keep-pdfs", "x"], "--keep-pdfs"),
        (&["--ledger", "x"], "--ledger"),
    ] {
        refused(&command(&steady).args(extra).ended(), &[word]);
    }
    let open = command(&["mock", "--auth", "none", "--credentials", text(out.path())]);
    refused(&open.ended(), &["--credentials", "asks for tokens"]);
    let smoke = ["--target", "prod-smoke", "--letter", "L", "--sign-key", "x", "--window", "1"];
    refused(&run(out.path(), &smoke), &["--window, --sign-key", "before any traffic"]);
    assert_eq!(folders(out.path()), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_first_call_leaves_no_ledger_and_a_ledgers_name_holds_the_scheme() {
    let out = tempfile::tempdir().unwrap();
    let nobody = "http://127.0.0.1:9/nhs-notify-supplier";
    let ended = run(out.path(), &["--only", "AT1", "--base-url", nobody]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert_eq!((ledgers(out.path()), folders(out.path())), (vec![], vec![]));

    let server = MockServer::start(MockConfig { letters: 20, ..MockConfig::default() }).await;
    let server = server.unwrap();
    let made = || {
        let call = letterproof(out.path()).args(["--only", "AT1", "--base-url", server.base_url()]);
        with_credentials(call, &server).ended()
    };
    assert_eq!(made().code, 0);
    let names = ledgers(out.path());
    assert!(names.len() == 1 && names[0].starts_with("http-127.0.0.1-"), "{names:?}");

    // A ledger that an earlier version named is the same ledger.
    let before = names[0].strip_prefix("http-").unwrap().to_owned();
    let found = |folder: &Path| folder.join(&names[0]).exists().then(|| folder.to_owned());
    let state = out.path().join(".state");
    let places = ["letterproof/ledgers", "Library/Application Support/letterproof/ledgers"];
    let folder = places.iter().find_map(|place| found(&state.join(place))).unwrap();
    fs::rename(folder.join(&names[0]), folder.join(&before)).unwrap();
    assert_eq!(made().code, 0);
    assert_eq!(ledgers(out.path()), [before]);
    server.shutdown().await;
}

/// An API on this machine that does not say that it is a mock.
fn tunnel(is_mock: bool) -> Stub {
    Stub::start(move |asked: &Asked| {
        let said = match asked.path.ends_with("/_status") {
            true => Said::json("200 OK", "{}"),
            false => Said::json("404 Not Found", "{}"),
        };
        Some(if is_mock { said.with_header("X-Letterproof-Mock", "true") } else { said })
    })
}

#[test]
fn on_this_machine_too_a_run_asks_unless_the_target_says_that_it_is_a_mock() {
    let out = tempfile::tempdir().unwrap();
    let path = text(out.path());
    let run = |stub: &Stub, extra: &[&str]| {
        let call = ["--only", "AT1", "--suite", "acceptance", "--base-url", &stub.base_url()];
        letterproof(out.path()).args(call).args(extra).ended()
    };
    let load = |stub: &Stub| {
        command(&["load", "steady", "--duration", "1s", "--out", path])
            .args(["--base-url", &stub.base_url()])
            .ended()
    };
    let api = tunnel(false);
    for ended in [run(&api, &[]), load(&api)] {
        assert_eq!(ended.code, 2, "{}", ended.stderr);
        for words in ["nothing was changed", "give --yes to agree"] {
            assert!(ended.stderr.contains(words), "{}", ended.stderr);
        }
    }
    assert!(api.asked().iter().all(|asked| asked.path.ends_with("/_status")), "{:?}", api.asked());
    assert_eq!((ledgers(out.path()), folders(out.path())), (vec![], vec![]));

    let asked_for_letters =
        |stub: &Stub| stub.asked().iter().any(|asked| asked.path.contains("/letters"));
    assert_ne!(run(&api, &["--yes"]).code, 2);
    assert!(asked_for_letters(&api));
    let mock = tunnel(true);
    let ended = run(&mock, &[]);
    assert_ne!(ended.code, 2, "{}", ended.stderr);
    assert!(asked_for_letters(&mock));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_run_is_resumed_with_the_same_key_or_not_at_all() {
    let server = MockServer::start(MockConfig { letters: 20, ..MockConfig::default() }).await;
    let server = server.unwrap();
    let out = tempfile::tempdir().unwrap();
    let keys = tempfile::tempdir().unwrap();
    let key = |name: &str| {
        let folder = keys.path().join(name);
        let made = command(&["keys", "--signing", "--out", text(&folder)]).ended();
        assert_eq!(made.code, 0, "{}", made.stderr);
        let files = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = files.map(|path| text(&path).to_owned()).collect();
        files.sort_by_key(|path| path.ends_with(".pub.pem"));
        files
    };
    let (ours, other) = (key("ours"), key("other"));
    let base = ["--only", "AT1", "--base-url", server.base_url(), "--sign-key", &ours[0]];
    let begun = with_credentials(letterproof(out.path()).args(base), &server).ended();
    assert_eq!(begun.code, 0, "{}", begun.stderr);
    let folder = run_folder(out.path());
    let resumed = |extra: &[&str]| {
        let call = command(&["run", "--resume", text(&folder)]).args(extra);
        with_credentials(call, &server).with_state(&out.path().join(".state")).ended()
    };
    refused(&resumed(&[]), &["was to be signed with key", "no --sign-key is given"]);
    refused(&resumed(&["--sign-key", &other[0]]), &["--sign-key gives key"]);
    refused(&resumed(&["--sign-key", &ours[0]]), &["nothing to resume"]);
    // A public key is named as such, though everybody may read it.
    refused(&resumed(&["--sign-key", &ours[1]]), &[&ours[1], "it is the public half"]);
    server.shutdown().await;
}

#[test]
fn conformance_alone_and_tests_by_name_exclude_each_other() {
    let out = tempfile::tempdir().unwrap();
    for command_name in ["run", "plan"] {
        let call = [command_name, "--suite", "conformance", "--only", "AT4,AT7"];
        let ended = command(&call).with_state(out.path()).ended();
        let words =
            ["--suite conformance and --only AT4,AT7 exclude each other", "leave --only out"];
        refused(&ended, &words);
    }
}

#[test]
fn a_mock_keeps_the_api_key_of_a_folder_that_has_one() {
    let folder = tempfile::tempdir().unwrap();
    let api_key = || {
        let (mut mock, _) = command(&["mock", "--listen", "127.0.0.1:0", "--credentials"])
            .args([folder.path()])
            .ready();
        ended_by(&mut mock);
        let text = fs::read_to_string(folder.path().join("credentials.env")).unwrap();
        text.lines().find(|line| line.starts_with("LETTERPROOF_API_KEY=")).unwrap().to_owned()
    };
    let first = api_key();
    assert_eq!(api_key(), first);
    fs::write(folder.path().join("credentials.env"), "LETTERPROOF_API_KEY=one-of-ours\n").unwrap();
    assert_eq!(api_key(), "LETTERPROOF_API_KEY=one-of-ours");
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_to_a_plain_port_is_told_as_that() {
    let server = open_mock().await;
    let out = tempfile::tempdir().unwrap();
    let base = server.base_url().replace("http://", "https://");
    let ended = run(out.path(), &["--only", "AT1", "--base-url", &base]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("it answers without TLS"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("certificate"), "{}", ended.stderr);
    server.shutdown().await;
}

#[test]
fn what_is_no_bundle_is_named_by_every_command_and_ends_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let whole = fs::read(&sound().zip).unwrap();
    let foreign = [&b"PK\x05\x06"[..], &[0; 18]].concat();
    for (path, words) in [
        (file("cut.zip", &whole[..whole.len() / 2]), "it is a zip that was cut short"),
        (file("foreign.zip", &foreign), "it is not a zip that letterproof wrote"),
        (file("text.zip", b"not a zip"), "it is not a zip file"),
    ] {
        let path = text(&path);
        for call in [
            &["verify", path][..],
            &["gate", path],
            &["report", path, "--format", "markdown"],
            &["readiness", path],
            &["judge", "--from", path],
            &["diff", path, text(&sound().zip)],
        ] {
            let ended = command(call).without("GITHUB_STEP_SUMMARY").ended();
            assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{call:?}: {}", ended.stderr);
            assert!(ended.stderr.contains(words), "{call:?}: {}", ended.stderr);
            assert!(ended.stderr.contains(path), "{call:?}: {}", ended.stderr);
        }
    }
    assert_eq!(verify(&sound().zip, &[]).code, 0);
}

#[test]
fn a_mistyped_fault_or_address_is_answered_with_a_near_name_or_an_example() {
    let out = tempfile::tempdir().unwrap();
    refused(&run(out.path(), &["--fault", "lose-updates"]), &["did you mean `lose-update`?"]);
    refused(&command(&["mock", "--fault", "loose-update"]).ended(), &["`lose-update`"]);
    for (arguments, word) in [
        (&["mock", "--listen", "9000"][..], "127.0.0.1:9000"),
        (&["witness", "--upstream", "int", "--ui", "localhost"], "127.0.0.1:9000"),
        (&["supplier", "--base-url", "localhost:9000/x"], "https://host/nhs-notify-supplier"),
        (&["run", "--base-url", "localhost:9000/x"], "https://host/nhs-notify-supplier"),
    ] {
        let ended = command(arguments).ended();
        assert_eq!(ended.code, 2, "{arguments:?}");
        assert!(ended.stderr.contains(word), "{arguments:?}: {}", ended.stderr);
    }
}

#[test]
fn the_doctor_names_all_missing_secrets_at_once_and_its_json_its_format() {
    let base = ["doctor", "--target", "int", "--base-url", "http://127.0.0.1:9/x"];
    let ended = command(&base).ended();
    let all = "LETTERPROOF_API_KEY, LETTERPROOF_KID, LETTERPROOF_KEY_FILE are not set";
    refused(&ended, &[all]);
    let ended = command(&base).env("LETTERPROOF_KID", "k").args(["--format", "json"]).ended();
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    let told: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(faults("doctor.json", &told), [""; 0], "{told}");
    assert_eq!(told["format"], "letterproof-doctor/1");
    let checks = told["checks"].as_array().unwrap();
    let secrets = checks.iter().find(|check| check["name"] == "secrets").unwrap();
    let found = secrets["found"].as_str().unwrap();
    for name in ["LETTERPROOF_API_KEY", "LETTERPROOF_KEY"] {
        assert!(found.contains(&format!("variable {name} is not set")), "{found}");
    }
    let name = checks.iter().find(|check| check["name"] == "name").unwrap();
    assert_eq!(name["found"], "127.0.0.1 has 1 address");
}

#[test]
fn an_optional_test_that_fails_decides_where_it_was_named_and_is_never_overlooked() {
    let out = tempfile::tempdir().unwrap();
    let wrong = ["--suite", "acceptance", "--fault", "lose-update=8%"];
    let named = letterproof(&out.path().join("named"))
        .args(wrong)
        .args(["--only", "AT5"])
        .env("GITHUB_ACTIONS", "true")
        .ended();
    assert_eq!(named.code, 1, "{}", named.stdout);
    assert!(named.stderr.contains("::error title=AT5."), "{}", named.stderr);

    let features = tempfile::tempdir().unwrap();
    let built_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../features/supplier");
    let name = "at05-printed.feature";
    fs::copy(built_in.join(name), features.path().join(name)).unwrap();
    let place = out.path().join("unnamed");
    let unnamed = run(&place, &[&wrong[..], &["--features", text(features.path())]].concat());
    assert_eq!(unnamed.code, 3, "the required tests were not run: {}", unnamed.stdout);
    let last = unnamed.stdout.lines().last().unwrap();
    assert!(last.contains("optional and failed: AT5"), "{last}");
    let verified = verify(&run_folder(&place), &[]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
}

#[test]
fn a_strict_run_says_what_it_objects_to_and_verifies() {
    let out = tempfile::tempdir().unwrap();
    let ended = run(out.path(), &["--only", "AT1", "--suite", "acceptance", "--strict", "advice"]);
    let objects = ended.stdout.contains("--strict advice does not allow");
    assert_eq!(ended.code, i32::from(objects), "{}", ended.stdout);
    let saved = results(&run_folder(out.path()));
    assert_eq!(saved.run.strict, Some(letterproof_model::Strict::Advice));
    let verified = verify(&run_folder(out.path()), &[]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
}
