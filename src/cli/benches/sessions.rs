//! What sessions cost, measured on this machine: tokens asked for over a thousand requests at 300 a
//! second, and the time from the start of the process to its first request at the API.
//! `cargo bench -p letterproof-cli --bench sessions`

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

#[path = "../tests/stub/mod.rs"]
mod stub;

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::{StreamExt as _, TryStreamExt as _};
use letterproof_client::{Auth, ClientError, Flow, Session, SessionOptions, SigningKey, Target};
use letterproof_evidence::{JournalHeader, JournalWriter, new_run_id};
use letterproof_mock::{MockConfig, MockServer};
use letterproof_model::{ToolInfo, now};
use secrecy::{ExposeSecret as _, SecretString};
use stub::{Said, Stub, TOKEN};

const REQUESTS: usize = 1_000;
const AT_ONCE: usize = 64;
const STARTS: usize = 20;

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for life in [599, 4, 1] {
        runtime.block_on(tokens(Duration::from_secs(life)));
    }
    println!();
    let folder = tempfile::tempdir().unwrap();
    private(folder.path(), "token", "a-token");
    private(folder.path(), "api-key", "an-api-key");
    let key = SigningKey::generate("k").unwrap();
    private(folder.path(), "key.pem", key.pem().expose_secret());
    for method in ["bearer", "signed-jwt"] {
        starts(folder.path(), method);
    }
}

/// A thousand requests at the usual pace, with tokens that live so long.
async fn tokens(life: Duration) {
    let server =
        MockServer::start(MockConfig { token_lifetime: life, letters: 5, ..MockConfig::default() })
            .await
            .unwrap();
    let credentials = server.demo_credentials().unwrap();
    let secret = |text: &str| SecretString::from(text.to_owned()).into();
    let auth = Auth::SignedJwt {
        api_key: secret(credentials.api_key.expose()),
        kid: credentials.kid.clone(),
        key: secret(credentials.private_key_pem.expose()),
    };
    let target = Target::mock(server.base_url(), server.token_url(), auth).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let tool = ToolInfo { version: String::new(), commit: String::new() };
    let header = JournalHeader::new(new_run_id(now()).unwrap(), tool, target.base_url.to_string());
    let journal = JournalWriter::create(&folder.path().join("journal.jsonl"), &header).unwrap();
    let session = Session::new(target, Arc::new(journal), SessionOptions::default()).unwrap();
    session.preflight(&Flow::supplier(None)).await.unwrap();
    let begun = Instant::now();
    let slowest = Mutex::new(Duration::ZERO);
    let flow = Flow::supplier(None);
    let one = || async {
        let answer = session.check_status(&flow).await?;
        let took = answer.exchange.response().map_or(0, |response| response.done_us);
        let mut slowest = slowest.lock().unwrap();
        *slowest = slowest.max(Duration::from_micros(took));
        Ok::<_, ClientError>(())
    };
    futures::stream::iter((0..REQUESTS).map(|_| one()))
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await
        .unwrap();
    let elapsed = begun.elapsed();
    let usage = session.usage();
    println!(
        "tokens of {:>3} s: {REQUESTS} requests in {:.2} s ({:.0}/s), {} tokens asked for ({} renewals, \
         at most {:.0} demanded by their life), {} repeats, slowest answer {:.1} ms",
        life.as_secs(),
        elapsed.as_secs_f64(),
        REQUESTS as f64 / elapsed.as_secs_f64(),
        usage.tokens,
        usage.tokens - 1,
        (elapsed.as_secs_f64() / (life.as_secs_f64() * 0.75)).floor(),
        usage.repeats,
        slowest.into_inner().unwrap().as_secs_f64() * 1_000.0,
    );
    server.shutdown().await;
}

/// Starts the program again and again, each time until its first request reaches the API.
fn starts(folder: &Path, method: &str) {
    let (arrived, arrivals) = mpsc::channel();
    let arrived = Mutex::new(arrived);
    let stub = Stub::start(move |asked| {
        if asked.path == TOKEN {
            return Some(Said::token("a-token"));
        }
        let _ = arrived.lock().unwrap().send(Instant::now());
        Some(Said::json("200 OK", "{}"))
    });
    let profile = folder.join(format!("{method}.toml"));
    std::fs::write(&profile, settings(&stub.base_url(), method)).unwrap();
    let mut times: Vec<Duration> = (0..STARTS)
        .map(|at| {
            let begun = Instant::now();
            let mut child = Command::new(env!("CARGO_BIN_EXE_letterproof"))
                .args(["run", "--only", "AT1", "--yes", "--target"])
                .arg(&profile)
                .arg("--out")
                .arg(folder.join(format!("out-{method}-{at}")))
                .env("XDG_STATE_HOME", folder)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let first = arrivals.recv_timeout(Duration::from_secs(10)).unwrap();
            child.kill().unwrap();
            child.wait().unwrap();
            while arrivals.try_recv().is_ok() {}
            first - begun
        })
        .collect();
    times.sort();
    let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
    println!(
        "start of the process to its first API request, {method}: median {:.1} ms, fastest {:.1} \
         ms, slowest {:.1} ms of {STARTS}",
        ms(times[STARTS / 2]),
        ms(times[0]),
        ms(times[STARTS - 1]),
    );
}

fn settings(base_url: &str, method: &str) -> String {
    let auth = if method == "bearer" {
        "token = { file = \"token\" }"
    } else {
        "kid = \"k\"\napi_key = { file = \"api-key\" }\nkey = { file = \"key.pem\" }"
    };
    format!(
        "extends = \"mock\"\nbase_url = \"{base_url}\"\n[auth]\nmethod = \"{method}\"\n{auth}\n"
    )
}

/// A file for its owner alone.
fn private(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
}
