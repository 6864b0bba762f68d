//! Secrets planted in everything a target is told and tells: none may come out in what the program
//! prints, logs (everything logged), or leaves behind, also when it is refused, or killed.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod stub;
mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use letterproof_mock::DemoCredentials;
use stub::{Asked, Said, Stub, TOKEN};
use support::{Call, Ended, command, letterproof};

const API_KEY: &str = "canary-api-key-4e20";
const ACCESS_TOKEN: &str = "canary-token-9b1f";
const SIGNATURE: &str = "canary0f5ignature7d";
const LETTERS: usize = 25;

/// A PDF of one page, with words on it that belong to nobody but their reader.
fn pdf() -> Vec<u8> {
    let words = "BT /F1 12 Tf 72 720 Td (Dear canary-patient, your result) Tj ET";
    let objects = [
        "<</Type /Catalog /Pages 2 0 R>>".to_owned(),
        "<</Type /Pages /Kids [3 0 R] /Count 1>>".to_owned(),
        "<</Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R>>".to_owned(),
        format!("<</Length {}>>\nstream\n{words}\nendstream", words.len()),
    ];
    let mut text = "%PDF-1.4\n".to_owned();
    let mut places = "0000000000 65535 f \n".to_owned();
    for (at, object) in objects.iter().enumerate() {
        places.push_str(&format!("{:010} 00000 n \n", text.len()));
        text.push_str(&format!("{} 0 obj\n{object}\nendobj\n", at + 1));
    }
    let start = text.len();
    text.push_str(&format!(
        "xref\n0 5\n{places}trailer\n<</Size 5 /Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n"
    ));
    text.into_bytes()
}

fn letter(id: &str, status: &str) -> String {
    format!(
        "{{\"id\": \"{id}\", \"type\": \"Letter\", \"attributes\": {{\"status\": \"{status}\", \
         \"specificationId\": \"integration-specification-english\", \"groupId\": \"group-1\"}}}}"
    )
}

/// An API with secrets in all it says; `said` may answer in its place.
fn api(said: impl Fn(&Asked) -> Option<Option<Said>> + Send + Sync + 'static) -> Stub {
    Stub::start(move |asked| said(asked).unwrap_or_else(|| Some(usual(asked))))
}

fn usual(asked: &Asked) -> Said {
    let path = asked.path.trim_start_matches("/nhs-notify-supplier");
    let parts: Vec<&str> = path.trim_matches('/').split(['/', '?']).collect();
    match (asked.method.as_str(), parts.as_slice()) {
        _ if asked.path == TOKEN => Said::token(ACCESS_TOKEN),
        ("GET", ["files", ..]) => Said::new("200 OK", "application/pdf", pdf()),
        ("GET", ["letters", _, "data"]) => {
            let host = asked.head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
            let id = parts[1];
            let link = format!("http://{host}/files/{id}?X-Amz-Signature={SIGNATURE}");
            Said::json("303 See Other", "").with_header("Location", &link)
        }
        ("GET", ["letters", id]) if !id.contains('=') => {
            let body = format!("{{\"data\": {}}}", letter(id, "ACCEPTED"));
            Said::json("200 OK", body)
        }
        ("GET", ["letters", ..]) => {
            let letters: Vec<String> =
                (0..LETTERS).map(|n| letter(&format!("L{n}"), "PENDING")).collect();
            Said::json("200 OK", format!("{{\"data\": [{}]}}", letters.join(",")))
        }
        ("POST", ["mi"]) | ("GET", ["mi", _]) => Said::json("201 Created", record(&asked.body)),
        ("POST" | "PATCH", _) => Said::json("202 Accepted", ""),
        _ => Said::json("200 OK", "{}"),
    }
}

fn record(body: &str) -> String {
    let sent: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    let attributes = &sent["data"]["attributes"];
    serde_json::json!({"data": {"id": "mi-1", "type": "ManagementInformation",
        "attributes": attributes}})
    .to_string()
}

/// What a user keeps secret, on disk and in the environment.
struct Secrets {
    folder: tempfile::TempDir,
    key: &'static str,
}

impl Secrets {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = DemoCredentials::shared().unwrap().private_key_pem.expose();
        let path = folder.path().join("key.pem");
        std::fs::write(&path, key).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        Self { folder, key }
    }

    fn key_file(&self) -> String {
        self.folder.path().join("key.pem").display().to_string()
    }

    fn given(&self, call: Call) -> Ended {
        call.env("LETTERPROOF_API_KEY", API_KEY)
            .env("LETTERPROOF_KID", "our-int-1")
            .env("LETTERPROOF_KEY_FILE", &self.key_file())
            .env("RUST_LOG", "trace")
            .env("RUST_BACKTRACE", "full")
            .ended()
    }

    /// Looks for every secret, and for every assertion that the stub was sent.
    fn hidden_from(&self, text: &[u8], place: &str, stub: &Stub) {
        let text = String::from_utf8_lossy(text);
        let found = text.lines().find(|line| line.to_lowercase().contains("canary"));
        assert_eq!(found, None, "a secret shows in {place}");
        for line in self.key.lines().filter(|line| !line.starts_with('-')) {
            assert!(!text.contains(line), "the private key shows in {place}");
        }
        for asked in stub.asked().iter().filter(|asked| asked.path == TOKEN) {
            let assertion = asked.body.rsplit('=').next().unwrap();
            // Its header says nothing; its claims name the API key, and its signature is one.
            for part in assertion.split('.').skip(1) {
                assert!(!text.contains(part), "an assertion shows in {place}");
            }
        }
    }

    fn hidden_from_all(&self, ended: &Ended, folder: Option<&Path>, stub: &Stub) {
        assert!(ended.stderr.contains("TRACE"), "nothing was logged: {}", ended.stderr);
        self.hidden_from(ended.stdout.as_bytes(), "stdout", stub);
        self.hidden_from(ended.stderr.as_bytes(), "stderr", stub);
        for path in folder.map(files).unwrap_or_default() {
            let text = std::fs::read(&path).unwrap();
            self.hidden_from(&text, &path.display().to_string(), stub);
        }
    }
}

/// Every file below a folder, hidden ones too.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// A profile of a stand-in that is never waited for.
fn profile(secrets: &Secrets, stub: &Stub) -> String {
    let text = format!(
        "extends = \"mock\"\nname = \"quick\"\nbase_url = \"{}\"\n[auth]\nmethod = \"signed-jwt\"\n\
         kid = \"our-int-1\"\napi_key = {{ env = \"LETTERPROOF_API_KEY\" }}\nkey = {{ file = \
         \"key.pem\" }}\n[limits]\nvisibility_timeout = \"100ms\"\nupdate_deadline = \"500ms\"\n\
         seeded_letters = {LETTERS}\n",
        stub.base_url(),
    );
    let path = secrets.folder.path().join("quick.toml");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn asked_for(stub: &Stub, part: &str) -> usize {
    stub.asked().iter().filter(|asked| asked.path.contains(part)).count()
}

#[test]
fn a_run_shows_no_secret_in_its_log_its_result_or_its_evidence() {
    let (secrets, stub) = (Secrets::new(), api(|_| None));
    let out = tempfile::tempdir().unwrap();
    let call = letterproof(out.path()).args([
        "--target",
        &profile(&secrets, &stub),
        "--only",
        "AT1,AT2,AT3",
        "--yes",
    ]);
    let ended = secrets.given(call);
    assert!(matches!(ended.code, 0 | 1 | 3), "{}\n{}", ended.stdout, ended.stderr);
    assert_eq!(asked_for(&stub, "/files/"), LETTERS, "letters were downloaded");
    assert!(files(out.path()).len() > 5);
    secrets.hidden_from_all(&ended, Some(out.path()), &stub);
    reading_shows_no_secret(&secrets, &stub, out.path());
}

/// Unpacks the bundle of the one run under `out`, and has every command that reads it speak.
fn reading_shows_no_secret(secrets: &Secrets, stub: &Stub, out: &Path) {
    let folder = support::run_folder(out);
    let zip = letterproof_evidence::zip_path(&folder);
    let unpacked = tempfile::tempdir().unwrap();
    support::bundles::unpack(&zip, unpacked.path());
    let names: Vec<PathBuf> = files(unpacked.path());
    for name in ["index.html", "summary.md", "junit.xml", "environment.json"] {
        assert!(names.iter().any(|path| path.ends_with(name)), "{name}");
    }
    for path in names {
        secrets.hidden_from(&std::fs::read(&path).unwrap(), &path.display().to_string(), stub);
    }
    let (folder, zip) = (folder.display().to_string(), zip.display().to_string());
    for arguments in [
        &["verify", &zip][..],
        &["verify", &folder, "--format", "json"],
        &["readiness", &zip, "--format", "markdown"],
        &["readiness", &zip, "--format", "json"],
        &["gate", &zip, "--require", "AT1", "--target", "quick"],
        &["diff", &zip, &folder],
        &["report", &zip, "--format", "html"],
        &["report", &zip, "--format", "junit"],
        &["report", &zip, "--format", "markdown"],
        &["report", &zip, "--format", "csv"],
        &["report", &zip, "--format", "har"],
        &["summary", &zip],
        &["summary", &zip, "--format", "json"],
        &[
            "attest",
            &folder,
            "--criterion",
            "AT3.7",
            "--name",
            "A. Sample",
            "--role",
            "lead",
            "--date",
            "2026-01-02",
            "--statement",
            "done",
        ],
    ] {
        let ended = secrets.given(command(arguments).without("GITHUB_STEP_SUMMARY"));
        assert!(ended.code < 2, "{arguments:?}: {}", ended.stderr);
        assert!(!ended.stdout.is_empty(), "{arguments:?} says something");
        secrets.hidden_from(ended.stdout.as_bytes(), arguments[0], stub);
        secrets.hidden_from(ended.stderr.as_bytes(), arguments[0], stub);
    }
}

#[test]
fn the_smoke_test_shows_no_secret() {
    let (secrets, stub) = (Secrets::new(), api(|_| None));
    let out = tempfile::tempdir().unwrap();
    let call = letterproof(out.path())
        .args(["--target", "prod-smoke", "--base-url", &stub.base_url()])
        .args(["--letter", "L1", "--confirm", "127.0.0.1"]);
    let ended = secrets.given(call);
    assert!(ended.code < 2, "{}\n{}", ended.stdout, ended.stderr);
    assert_eq!((asked_for(&stub, "/files/"), asked_for(&stub, "/mi/")), (1, 1));
    secrets.hidden_from_all(&ended, Some(out.path()), &stub);
}

#[test]
fn the_doctor_and_the_key_maker_show_no_secret() {
    let (secrets, stub) = (Secrets::new(), api(|_| None));
    for format in ["table", "json"] {
        let call = command(&["doctor", "--target", "int", "--base-url", &stub.base_url()])
            .args(["--yes", "--format", format]);
        let ended = secrets.given(call);
        assert!(asked_for(&stub, "limit=1") > 0, "{}", ended.stdout);
        secrets.hidden_from_all(&ended, None, &stub);
    }
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().display().to_string();
    let ended = secrets.given(command(&["keys", "--out", &folder, "--kid", "our-int-2"]));
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let made = std::fs::read_to_string(out.path().join("our-int-2.pem")).unwrap();
    for line in made.lines().filter(|line| !line.starts_with('-')) {
        assert!(!ended.stdout.contains(line) && !ended.stderr.contains(line));
    }
}

#[test]
fn what_an_api_says_back_of_the_secrets_it_was_sent_is_not_repeated() {
    let secrets = Secrets::new();
    let stub = api(|asked| {
        let refused = |said: &str| {
            let text = format!("{said} {API_KEY}");
            let body = serde_json::json!({"errors": [{"id": "1", "code": "NOTIFY_INVALID_REQUEST",
                "status": "400", "title": text, "detail": text}]});
            Some(Some(Said::json("400 Bad Request", body.to_string())))
        };
        if asked.method == "GET" && asked.path.contains("/letters?") {
            return refused(&asked.head);
        }
        None
    });
    let out = tempfile::tempdir().unwrap();
    let target = profile(&secrets, &stub);
    let call = letterproof(out.path()).args(["--target", &target, "--only", "AT2,AT3", "--yes"]);
    let ended = secrets.given(call);
    assert_ne!(ended.code, 0, "{}", ended.stdout);
    secrets.hidden_from_all(&ended, Some(out.path()), &stub);
    let call = command(&["doctor", "--target", &target, "--yes"]);
    let ended = secrets.given(call);
    assert_eq!(ended.code, 1, "{}", ended.stdout);
    secrets.hidden_from_all(&ended, None, &stub);
}

#[test]
fn a_run_that_is_killed_in_the_middle_of_a_download_leaves_no_secret() {
    let secrets = Secrets::new();
    let stub = api(|asked| asked.path.contains("/files/").then_some(None));
    let out = tempfile::tempdir().unwrap();
    let log = out.path().join("log");
    let mut child = Command::new(env!("CARGO_BIN_EXE_letterproof"))
        .args(["run", "--target", &profile(&secrets, &stub), "--only", "AT3", "--yes", "--out"])
        .arg(out.path().join("evidence"))
        .env("LETTERPROOF_API_KEY", API_KEY)
        .env("XDG_STATE_HOME", out.path())
        .env("LOCALAPPDATA", out.path())
        .env("RUST_LOG", "trace")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let end = Instant::now() + Duration::from_secs(60);
    while asked_for(&stub, "/files/") == 0 && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(asked_for(&stub, "/files/") > 0, "no download was begun in a minute");
    let left = files(out.path());
    let journal = left.iter().find(|path| path.ends_with("journal/exchanges.jsonl")).unwrap();
    assert!(std::fs::metadata(journal).unwrap().len() > 0);
    for path in left {
        secrets.hidden_from(&std::fs::read(&path).unwrap(), &path.display().to_string(), &stub);
    }
}
