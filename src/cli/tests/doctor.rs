//! `letterproof doctor` as its users meet it: all in order, and a remedy for each thing wrong.

#![allow(clippy::unwrap_used)]

mod stub;
mod support;

use std::path::{Path, PathBuf};

use letterproof_mock::{DemoCredentials, MockConfig, MockServer, Registration, SecretToken};
use stub::{Said, Stub, TOKEN};
use support::{Ended, command};

/// A secret of the user's, which nothing may show.
const CANARY: &str = "canary-api-key-5e1d";

/// A double of INT that knows one application, perhaps in a wrong way.
struct Stage {
    server: MockServer,
    credentials: &'static DemoCredentials,
    folder: tempfile::TempDir,
}

/// What a user gives the doctor.
struct Settings {
    base_url: String,
    api_key: Option<String>,
    kid: Option<String>,
    key_file: PathBuf,
    arguments: Vec<String>,
}

impl Stage {
    async fn set(change: impl FnOnce(&mut Registration)) -> Self {
        let credentials = DemoCredentials::shared().unwrap();
        let mut registration = credentials.registration("app-1", "supplier-1");
        registration.api_key = SecretToken::new(CANARY);
        change(&mut registration);
        let config =
            MockConfig { letters: 5, registrations: vec![registration], ..MockConfig::default() };
        let server = MockServer::start(config).await.unwrap();
        let stage = Self { server, credentials, folder: tempfile::tempdir().unwrap() };
        stage.write("key.pem", credentials.private_key_pem.expose(), 0o600);
        stage.write("jwks.json", &credentials.jwks_json(), 0o644);
        stage
    }

    fn write(&self, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let _ = mode;
        path
    }

    fn settings(&self) -> Settings {
        Settings {
            base_url: self.server.base_url().to_owned(),
            api_key: Some(CANARY.to_owned()),
            kid: Some(self.credentials.kid.clone()),
            key_file: self.folder.path().join("key.pem"),
            arguments: vec!["--yes".to_owned()],
        }
    }

    /// Runs the doctor, with everything logged, and looks for secrets in what it printed.
    fn examined(&self, settings: Settings) -> Ended {
        let mut call = command(&["doctor", "--target", "int", "--base-url", &settings.base_url])
            .args(&settings.arguments)
            .env("LETTERPROOF_KEY_FILE", &settings.key_file.display().to_string())
            .env("RUST_LOG", "trace");
        if let Some(api_key) = &settings.api_key {
            call = call.env("LETTERPROOF_API_KEY", api_key);
        }
        if let Some(kid) = &settings.kid {
            call = call.env("LETTERPROOF_KID", kid);
        }
        let ended = call.ended();
        let key_line = self.credentials.private_key_pem.expose().lines().nth(3).unwrap();
        for text in [&ended.stdout, &ended.stderr] {
            assert!(!text.contains("canary"), "the API key is shown:\n{text}");
            assert!(!text.contains(key_line), "the private key is shown:\n{text}");
            assert!(
                !text.contains("eyJ0eX") && !text.contains("eyJhbG"),
                "a JWT is shown:\n{text}"
            );
        }
        ended
    }
}

fn nothing_wrong(_: &mut Registration) {}

/// The failures of a diagnosis in the table: title and remedy.
fn remedies(stdout: &str) -> Vec<String> {
    let mut lines = stdout.lines();
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if line.starts_with("FAILURE") {
            let remedy = lines.next().unwrap_or_default();
            assert!(remedy.contains("remedy: "), "a failure without a remedy:\n{stdout}");
            found.push(format!("{line} {}", remedy.trim()));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_in_order_is_green_and_no_letter_is_hidden_unasked() {
    let stage = Stage::set(nothing_wrong).await;
    let mut settings = stage.settings();
    settings.arguments.clear();
    let ended = stage.examined(settings);
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("0 failures"), "{}", ended.stdout);
    assert!(ended.stdout.contains("give --yes"), "{}", ended.stdout);

    let mut settings = stage.settings();
    let jwks = stage.folder.path().join("jwks.json").display().to_string();
    settings.arguments.extend(["--jwks".to_owned(), jwks]);
    settings.arguments.extend(["--format".to_owned(), "json".to_owned()]);
    let ended = stage.examined(settings);
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    let value: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert!(value["target"].as_str().unwrap().starts_with("int at 127.0.0.1:"), "{value}");
    assert_eq!(value["exit_code"], 0);
    for name in [
        "secrets", "jwks", "name", "status", "token", "clock", "list", "storage", "limit",
        "contract",
    ] {
        let checks = value["checks"].as_array().unwrap();
        let check = checks.iter().find(|check| check["name"] == name).unwrap();
        assert_eq!(check["state"], "ok", "{check}");
    }
    stage.server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_key_that_letterproof_made_there_is_not_even_a_warning() {
    let made = tempfile::tempdir().unwrap();
    let folder = made.path().display().to_string();
    let ended = command(&["keys", "--out", &folder, "--kid", "our-int-1"]).ended();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let jwks = made.path().join("our-int-1.jwks.json");
    let registered = letterproof_mock::Jwks::from_file(&jwks).unwrap();
    let stage = Stage::set(|application| application.jwks = Some(registered)).await;
    let mut settings = stage.settings();
    settings.kid = Some("our-int-1".to_owned());
    settings.key_file = made.path().join("our-int-1.pem");
    settings.arguments.extend(["--jwks".to_owned(), jwks.display().to_string()]);
    let ended = stage.examined(settings);
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("0 warnings, 0 failures"), "{}", ended.stdout);
    stage.server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jwks_with_a_private_part_fails_with_a_remedy_and_the_mock_refuses_it_too() {
    let stage = Stage::set(nothing_wrong).await;
    let mut settings = stage.settings();
    let public = letterproof_mock::DemoCredentials::shared().unwrap().jwks_json();
    let private = public.replacen("\"kty\"", "\"d\":\"canary\",\"kty\"", 1);
    let jwks = stage.write("private.json", &private, 0o600);
    settings.arguments.extend(["--jwks".to_owned(), jwks.display().to_string()]);
    let ended = stage.examined(settings);
    assert_eq!(ended.code, 1, "{}\n{}", ended.stdout, ended.stderr);
    let said = remedies(&ended.stdout);
    assert_eq!(said.len(), 1, "{}", ended.stdout);
    assert!(said[0].contains("Never register or send it"), "{}", said[0]);
    assert!(!ended.stdout.contains("canary") && !ended.stderr.contains("canary"));

    let refused = letterproof_mock::Jwks::from_file(Path::new(&jwks)).unwrap_err().to_string();
    assert!(refused.contains("private part") && !refused.contains("canary"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_fourteen_things_wrong_has_a_remedy_of_its_own() {
    let stage = Stage::set(nothing_wrong).await;
    let unregistered = Stage::set(|application| application.jwks = None).await;
    let stranger = Stage::set(|application| application.supplier = None).await;
    let other_key = letterproof_mock::DemoCredentials::generate("other").unwrap();
    let mut all = Vec::new();
    let mut expect = |stage: &Stage, words: &str, change: &dyn Fn(&mut Settings)| {
        let mut settings = stage.settings();
        change(&mut settings);
        let ended = stage.examined(settings);
        assert_eq!(ended.code, 1, "{words}: {}\n{}", ended.stdout, ended.stderr);
        let said = remedies(&ended.stdout);
        assert_eq!(said.len(), 1, "one failure for {words}:\n{}", ended.stdout);
        assert!(said[0].contains(words), "{words}: {}", said[0]);
        all.extend(said);
    };
    expect(&stage, "LETTERPROOF_API_KEY is not set", &|given| given.api_key = None);
    expect(&stage, "no such file", &|given| given.key_file = "no-such-key.pem".into());
    expect(&stage, "letterproof keys", &|given| {
        given.key_file = stage.write("not-a-key.pem", "canary: not a key", 0o600);
    });
    expect(&stage, "Set the profile's kid", &|given| {
        let jwks = stage.write("other.json", &other_key.jwks_json(), 0o644);
        given.arguments.extend(["--jwks".to_owned(), jwks.display().to_string()]);
    });
    expect(&stage, "Give the JSON file", &|given| {
        let jwks = stage.write("no-set.json", "<html>", 0o644);
        given.arguments.extend(["--jwks".to_owned(), jwks.display().to_string()]);
    });
    expect(&stage, "name server", &|given| {
        given.base_url = "https://no-such-host.invalid/nhs-notify-supplier".to_owned();
    });
    let elsewhere = Stub::start(|_| Some(Said::json("404 Not Found", "{}")));
    expect(&stage, "path of base_url", &|given| given.base_url = elsewhere.base_url());
    let captive = Stub::start(|_| Some(Said::page("200 OK")));
    expect(&stage, "sign-in portal answers", &|given| given.base_url = captive.base_url());
    let no_tokens = Stub::start(|asked| {
        Some(if asked.path == TOKEN { Said::page("200 OK") } else { Said::json("200 OK", "{}") })
    });
    expect(&stage, "Check token_url", &|given| given.base_url = no_tokens.base_url());
    expect(&stage, "API key is not known", &|given| given.api_key = Some("canary-2".to_owned()));
    expect(&stage, "compare both", &|given| given.kid = Some("unknown-kid".to_owned()));
    expect(&stage, "private key is not the one", &|given| {
        given.key_file = stage.write("other.pem", other_key.private_key_pem.expose(), 0o600);
    });
    expect(&unregistered, "Register the public key", &|_| {});
    expect(&stranger, "connected to the Supplier API", &|_| {});
    #[cfg(unix)]
    expect(&stage, "chmod 600", &|given| {
        let pem = stage.credentials.private_key_pem.expose();
        given.key_file = stage.write("open.pem", pem, 0o644);
    });
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count, "{all:#?}");
    assert!(count >= 14);
    for stage in [stage, unregistered, stranger] {
        stage.server.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_where_nobody_listens_fails_with_a_remedy() {
    let stage = Stage::set(nothing_wrong).await;
    let mut settings = stage.settings();
    settings.base_url = "http://127.0.0.1:1/nhs-notify-supplier".to_owned();
    let ended = stage.examined(settings);
    assert_eq!(ended.code, 1, "{}\n{}", ended.stdout, ended.stderr);
    let said = remedies(&ended.stdout);
    assert_eq!(said.len(), 1, "{}", ended.stdout);
    assert!(said[0].contains("Nothing answers at this address"), "{}", said[0]);
    stage.server.shutdown().await;
}

#[test]
fn wrong_usage_ends_with_2_and_a_next_step() {
    for (arguments, words) in [
        (&["--target", "mock"][..], "--base-url"),
        (&["--target", "prod-smoke"], "smoke test"),
        (&["--target", "int"], "LETTERPROOF_KID"),
        (&["--target", "sandbox", "--base-url", "http://example.test/x"], "TLS"),
        (&["--target", "sandbox", "--jwks", "no-such.json"], "no-such.json"),
        (&["--format", "xml"], "xml"),
    ] {
        let ended = command(&["doctor"]).args(arguments).ended();
        assert_eq!(ended.code, 2, "{arguments:?}: {}", ended.stdout);
        assert!(ended.stderr.contains(words), "{arguments:?}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_doctor_recorded_ends_with_it() {
    let stage = Stage::set(nothing_wrong).await;
    let temporary = tempfile::tempdir().unwrap();
    let place: &Path = temporary.path();
    let ended = command(&["doctor", "--target", "mock", "--base-url", stage.server.base_url()])
        .env("TMPDIR", &place.display().to_string())
        .env("TEMP", &place.display().to_string())
        .env("TMP", &place.display().to_string())
        .ended();
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    assert_eq!(support::folders(place), Vec::<String>::new());
    stage.server.shutdown().await;
}
