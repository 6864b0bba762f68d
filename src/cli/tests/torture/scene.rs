//! What every torture needs: a double in a process of its own, a profile that leads to it, and the
//! run against it.
//! Refuses a double that outlives its test.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

use letterproof_evidence::{SavedJournal, read_journal};
use letterproof_model::{Journal as _, Results};
use serde_json::Value;

use crate::support::{Call, Ended, bundles, command, folders, letterproof, results, run_folder};

/// Tests that list, accept, print and return letters: every kind of update, in few calls.
pub(crate) const TESTS: &str = "AT1,AT2,AT3,AT4,AT7,AT10";
/// Requests per second, so many that nobody waits for his turn.
const RATE: &str = "3000";

/// A double in a process of its own, which ends with this value.
pub(crate) struct Double {
    child: Child,
    ready: Value,
    environment: Vec<(String, String)>,
}

impl Drop for Double {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Double {
    /// Starts one on a free port of the loopback address; `folder` takes its credentials.
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Self {
        Self::on("127.0.0.1:0", folder, arguments)
    }

    /// The same at an address.
    pub(crate) fn on(listen: &str, folder: &Path, arguments: &[&str]) -> Self {
        Self::of(folder, |credentials| {
            command(&Self::asked(listen, credentials)).args(arguments).ready()
        })
    }

    /// What `letterproof` is asked for to be a double that makes nobody wait.
    pub(crate) fn asked<'a>(listen: &'a str, credentials: &'a str) -> [&'a str; 17] {
        [
            "mock",
            "--listen",
            listen,
            "--admin",
            listen,
            "--credentials",
            credentials,
            "--rate-limit",
            RATE,
            "--visibility-timeout",
            "2s",
            "--apply-delay",
            "300ms",
            "--mix",
            "varied",
            "--queue-lag",
            "0s",
        ]
    }

    /// Takes what `start` makes of the folder for credentials: a process and its first line.
    pub(crate) fn of(folder: &Path, start: impl FnOnce(&str) -> (Child, String)) -> Self {
        let credentials = folder.join(".credentials");
        let (child, line) = start(bundles::text(&credentials));
        let ready = serde_json::from_str(&line).unwrap_or_else(|_| panic!("no double: {line}"));
        let text = std::fs::read_to_string(credentials.join("credentials.env")).unwrap();
        let pair = |line: &str| line.split_once('=').map(|(a, b)| (a.to_owned(), b.to_owned()));
        Self { child, ready, environment: text.lines().filter_map(pair).collect() }
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    fn told(&self, name: &str) -> &str {
        self.ready[name].as_str().unwrap()
    }

    pub(crate) fn base_url(&self) -> &str {
        self.told("base_url")
    }

    /// Host and port.
    pub(crate) fn address(&self) -> &str {
        self.base_url().split('/').nth(2).unwrap()
    }

    /// Has the admin side do something.
    pub(crate) fn order(&self, order: &str) {
        let host = self.told("admin_url").strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        write!(
            stream,
            "{order} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{order}: {answer}");
    }

    /// Writes a profile of this double into `out`, as it is found at an address; `more` are further
    /// lines of its `[auth]`, where the token endpoint belongs.
    pub(crate) fn profile(&self, out: &Path, base_url: &str, more: &str) -> String {
        let told = |name: &str| {
            let found = self.environment.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.as_str()).unwrap()
        };
        let text = format!(
            "extends = \"mock\"\nname = \"tortured\"\nbase_url = \"{base_url}\"\n[limits]\n\
             visibility_timeout = \"2s\"\nupdate_deadline = \"10s\"\nrate_limit = {RATE}\n[auth]\nmethod = \"signed-jwt\"\nkid = \"{}\"\napi_key = {{ env = \
             \"LETTERPROOF_API_KEY\" }}\nkey = {{ file = '{}' }}\n{more}\n",
            told("LETTERPROOF_KID"),
            told("LETTERPROOF_KEY_FILE"),
        );
        let folder = out.join(".profiles");
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("tortured.toml");
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// A call with the credentials of this double.
    pub(crate) fn known_to(&self, mut call: Call) -> Call {
        for (name, value) in &self.environment {
            call = call.env(name, value);
        }
        call
    }

    /// `letterproof run` of these tests with this profile.
    pub(crate) fn run(&self, out: &Path, profile: &str, tests: &str) -> Call {
        self.known_to(letterproof(out)).args(["--only", tests, "--target", profile])
    }

    /// `letterproof run --resume` of a folder, with the ledgers of `out`.
    pub(crate) fn resume(&self, out: &Path, folder: &Path) -> Call {
        let call = command(&["run", "--resume"]).with_state(&out.join(".state"));
        self.known_to(call).args([folder])
    }
}

/// Where the journal of the run under `out` lies, once its folder is there.
pub(crate) fn journal_under(out: &Path) -> Option<PathBuf> {
    let folder = folders(out).into_iter().next()?;
    Some(out.join(folder).join(letterproof_evidence::JOURNAL_FILE))
}

/// Kills a run under `out` when so many exchanges are recorded; its folder.
pub(crate) fn killed_after_recording(call: Call, out: &Path, exchanges: usize) -> PathBuf {
    let mut child = call.spawn();
    let recorded = |path: &PathBuf| {
        read_journal(path).is_ok_and(|saved| saved.recording.exchanges().len() >= exchanges)
    };
    while !journal_under(out).as_ref().is_some_and(recorded) {
        assert!(child.try_wait().unwrap().is_none(), "the run ended by itself");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    run_folder(out)
}

/// The journal of a whole folder.
pub(crate) fn journal(folder: &Path) -> SavedJournal {
    read_journal(&folder.join(letterproof_evidence::JOURNAL_FILE)).unwrap()
}

/// A run that passed: its results, and a bundle that verifies.
#[track_caller]
pub(crate) fn passed(ended: &Ended, folder: &Path) -> Results {
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    let verified = bundles::verify(folder, &[]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
    results(folder)
}

/// Numbers that a seed makes, the same on every machine.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// A number from 0 up to 1.
    pub(crate) fn throw(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}
