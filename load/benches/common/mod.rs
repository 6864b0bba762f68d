//! The mock in a process of its own, and what the benches read of this process.
#![allow(dead_code, reason = "each bench uses its part")]

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use letterproof_client::{Auth, Target};
use letterproof_mock::{AuthMode, Limiter, MockConfig, MockServer, SeedPlan};
use serde::{Deserialize, Serialize};

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// The limit that the API allows, requests per second.
pub(crate) const LIMIT: u32 = 300;

/// How a mock is to be, handed to its process as an argument.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Setup {
    pub(crate) limit: Option<u32>,
    /// 0 fixed window, 1 sliding window, 2 spike arrest.
    pub(crate) limiter: u8,
    /// Latency of every answer in milliseconds, give or take a fifth.
    pub(crate) latency_ms: u64,
}

impl Setup {
    pub(crate) fn sliding(limit: Option<u32>, latency_ms: u64) -> Self {
        Self { limit, limiter: 1, latency_ms }
    }

    pub(crate) fn limiter_name(&self) -> &'static str {
        ["fixed window", "sliding window", "spike arrest"][usize::from(self.limiter.min(2))]
    }
}

/// Serves a mock until its standard input closes, where this process was started for that.
pub(crate) fn serve_if_asked(
    words: &[String],
    runtime: &tokio::runtime::Runtime,
) -> Option<Result<(), Failure>> {
    (words.first()? == "mock").then(|| {
        let setup = serde_json::from_str(words.get(1).map_or("", String::as_str))?;
        runtime.block_on(serve(setup))
    })
}

async fn serve(setup: Setup) -> Result<(), Failure> {
    let limiters = [Limiter::FixedWindow, Limiter::SlidingWindow, Limiter::SpikeArrest];
    let config = MockConfig {
        auth: AuthMode::None,
        admin: Some(([127, 0, 0, 1], 0).into()),
        rate_limit: setup.limit,
        limiter: limiters[usize::from(setup.limiter.min(2))],
        letters: 2_500,
        seeds: SeedPlan::plain(),
        latency: Duration::from_millis(setup.latency_ms * 8 / 10),
        latency_jitter: Duration::from_millis(setup.latency_ms * 4 / 10),
        ..MockConfig::default()
    };
    let server = MockServer::start(config).await?;
    println!("{} {}", server.base_url(), server.admin_url().unwrap_or_default());
    tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new())).await??;
    Ok(())
}

/// A mock in a process of its own.
pub(crate) struct Mock {
    child: Child,
    pub(crate) base_url: String,
    admin_url: String,
}

/// What the server counted.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Counted {
    pub(crate) api: u64,
    pub(crate) busiest_second: u64,
    pub(crate) limited: u64,
}

impl Mock {
    pub(crate) fn start(setup: Setup) -> Result<Self, Failure> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["mock", &serde_json::to_string(&setup)?])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let output = child.stdout.take().ok_or("the mock says nothing")?;
        BufReader::new(output).read_line(&mut line)?;
        let (base_url, admin_url) = line.trim().split_once(' ').ok_or("no addresses")?;
        Ok(Self { base_url: base_url.to_owned(), admin_url: admin_url.to_owned(), child })
    }

    pub(crate) async fn counted(&self) -> Result<Counted, Failure> {
        Ok(reqwest::get(format!("{}/requests", self.admin_url)).await?.json().await?)
    }

    /// Stops the whole process for a time.
    pub(crate) async fn stall(&self, lasts: Duration) -> Result<(), Failure> {
        let signal =
            |name: &str| Command::new("kill").args([name, &self.child.id().to_string()]).status();
        signal("-STOP")?;
        tokio::time::sleep(lasts).await;
        signal("-CONT")?;
        Ok(())
    }

    pub(crate) fn target(&self, limit: Option<u32>) -> Result<Target, Failure> {
        let mut target = Target::mock(&self.base_url, "", Auth::None)?;
        target.rate_limit = limit;
        Ok(target)
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Processor time of this process so far; not a number where the system does not tell.
pub(crate) fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: Vec<f64> =
        after_name.split_whitespace().filter_map(|field| field.parse().ok()).collect();
    // User and system time, the 14th and 15th field; the state is no number.
    match ticks.get(10..12) {
        Some([user, system]) => (user + system) / 100.0,
        _ => f64::NAN,
    }
}

pub(crate) fn peak_kib() -> Option<u64> {
    let text = std::fs::read_to_string(Path::new("/proc/self/status")).ok()?;
    let fields: BTreeMap<&str, &str> =
        text.lines().filter_map(|line| line.split_once(':')).collect();
    fields.get("VmHWM")?.trim().trim_end_matches(" kB").trim().parse().ok()
}
