//! Runs the built program and reads what it left.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may end so")]
#![allow(dead_code, reason = "each test file uses a part of it")]

pub(crate) mod bundles;
#[cfg(target_os = "linux")]
pub(crate) mod small_disk;
pub(crate) mod watched;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use letterproof_mock::MockServer;
use letterproof_model::Results;

/// How the program ended.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A call of the program.
pub(crate) struct Call(Command);

/// `letterproof run --out OUT`, to be given more arguments.
pub(crate) fn letterproof(out: &Path) -> Call {
    let mut call = command(&["run", "--out"]).with_state(&out.join(".state"));
    call.0.arg(out);
    call
}

/// `letterproof` with these arguments, and no setting of the caller's environment.
pub(crate) fn command(arguments: &[&str]) -> Call {
    let mut command = Command::new(env!("CARGO_BIN_EXE_letterproof"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("LETTERPROOF_") || name == "RUST_LOG" {
            command.env_remove(name);
        }
    }
    command.args(arguments).stdin(Stdio::null());
    // No test may read or write the ledgers of whoever runs it.
    Call(command).with_state(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-state"))
}

impl Call {
    pub(crate) fn args<I: AsRef<std::ffi::OsStr>>(
        mut self,
        args: impl IntoIterator<Item = I>,
    ) -> Self {
        self.0.args(args);
        self
    }

    /// Puts what the program keeps from run to run into this folder.
    pub(crate) fn with_state(mut self, folder: &Path) -> Self {
        for name in ["XDG_STATE_HOME", "HOME", "LOCALAPPDATA"] {
            self.0.env(name, folder);
        }
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.env_remove(name);
        self
    }

    pub(crate) fn spawn(mut self) -> Child {
        self.0.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Starts the program; what it says on stderr is kept.
    pub(crate) fn told(mut self) -> Child {
        self.0.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Starts the program and gives it with the first line it prints.
    pub(crate) fn ready(mut self) -> (Child, String) {
        use std::io::BufRead as _;
        let mut child = self.0.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        let output = child.stdout.take().unwrap();
        std::io::BufReader::new(output).read_line(&mut line).unwrap();
        (child, line)
    }

    pub(crate) fn ended(mut self) -> Ended {
        let output = self.0.output().unwrap();
        Ended {
            code: output.status.code().expect("the program was not killed"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// The call with the double's credentials in its environment.
pub(crate) fn with_credentials(call: Call, server: &MockServer) -> Call {
    let credentials = server.demo_credentials().expect("the double asks for tokens");
    call.env("LETTERPROOF_API_KEY", credentials.api_key.expose())
        .env("LETTERPROOF_KID", &credentials.kid)
        .env("LETTERPROOF_KEY", credentials.private_key_pem.expose())
}

/// A profile of a double that is a good deal quicker than INT, in a hidden folder of `out`.
pub(crate) fn quick_profile(out: &Path, server: &MockServer) -> String {
    let kid = &server.demo_credentials().expect("the double asks for tokens").kid;
    let text = format!(
        "extends = \"mock\"\nname = \"quick\"\nbase_url = \"{}\"\n[auth]\nmethod = \"signed-jwt\"\n\
         kid = \"{kid}\"\napi_key = {{ env = \"LETTERPROOF_API_KEY\" }}\nkey = {{ env = \
         \"LETTERPROOF_KEY\" }}\n[limits]\nvisibility_timeout = \"1s\"\nupdate_deadline = \"15s\"\n",
        server.base_url(),
    );
    let folder = out.join(".profiles");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("quick.toml");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// `letterproof run --out OUT ARGUMENTS`.
pub(crate) fn run(out: &Path, arguments: &[&str]) -> Ended {
    letterproof(out).args(arguments).ended()
}

/// The names of what lies in a folder, hidden ones and zips of others aside.
pub(crate) fn folders(out: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(out) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| !name.starts_with('.') && !name.ends_with(".zip"));
    names.sort();
    names
}

/// The one run folder under `out`.
pub(crate) fn run_folder(out: &Path) -> PathBuf {
    let names = folders(out);
    assert_eq!(names.len(), 1, "{names:?}");
    out.join(&names[0])
}

/// `results.json` of a run.
pub(crate) fn results(folder: &Path) -> Results {
    let text = std::fs::read_to_string(folder.join("results.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}
