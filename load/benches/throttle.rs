//! Who keeps 300 requests a second, as the server counts them: this pacer, goose's own throttle,
//! and `hey` or `wrk` where they are installed; each in fair weather and across a 2 s server stall.
//!
//!     cargo bench -p letterproof-load --bench throttle [-- SECONDS]
//!
//! The double runs in a process of its own on the same machine, stopped and continued for the stall
//! (Unix only), so that processor time and memory are those of the harness. Prints Markdown.
#![allow(clippy::print_stdout, clippy::print_stderr, missing_docs, reason = "it prints a table")]

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use goose::config::GooseConfiguration;
use goose::goose::{Scenario, Transaction, TransactionFunction};
use goose::{GooseAttack, trigger_killswitch};
use letterproof_client::{Auth, Flow, Session, SessionOptions, Target};
use letterproof_load::{LoadPlan, LoadProfile, RowsOnly, RunOptions, claim_process_hooks};
use letterproof_mock::{AuthMode, Limiter, MockConfig, MockServer};
use serde::Deserialize;

type Failure = Box<dyn Error + Send + Sync>;

const LIMIT: u32 = 300;
const STALL: Duration = Duration::from_secs(2);
/// Requests under way at once without a limit.
const AT_ONCE: usize = 64;
const GOOSE_USERS: usize = 100;

fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if words.first().is_some_and(|word| word == "double") {
        let limit = words.get(1).and_then(|limit| limit.parse().ok());
        return runtime.block_on(serve(limit));
    }
    let seconds = words.first().and_then(|word| word.parse().ok()).unwrap_or(60);
    claim_process_hooks();
    runtime.block_on(compare(Duration::from_secs(seconds)))
}

/// The double, until its standard input closes.
async fn serve(limit: Option<u32>) -> Result<(), Failure> {
    let config = MockConfig {
        auth: AuthMode::None,
        admin: Some(([127, 0, 0, 1], 0).into()),
        rate_limit: limit,
        limiter: Limiter::SlidingWindow,
        ..MockConfig::default()
    };
    let server = MockServer::start(config).await?;
    println!("{} {}", server.base_url(), server.admin_url().unwrap_or_default());
    tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new())).await??;
    Ok(())
}

/// A double in a process of its own.
struct Double {
    child: Child,
    base_url: String,
    admin_url: String,
}

/// What the server counted.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Counted {
    api: u64,
    busiest_second: u64,
    limited: u64,
}

impl Double {
    fn start(limit: Option<u32>) -> Result<Self, Failure> {
        let limit = limit.map_or_else(|| "none".to_owned(), |limit| limit.to_string());
        let mut child = Command::new(std::env::current_exe()?)
            .args(["double", &limit])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let output = child.stdout.take().ok_or("the double says nothing")?;
        BufReader::new(output).read_line(&mut line)?;
        let (base_url, admin_url) = line.trim().split_once(' ').ok_or("no addresses")?;
        Ok(Self { base_url: base_url.to_owned(), admin_url: admin_url.to_owned(), child })
    }

    async fn counted(&self) -> Result<Counted, Failure> {
        Ok(reqwest::get(format!("{}/requests", self.admin_url)).await?.json().await?)
    }

    /// Stops the whole process for a time.
    async fn stall(&self) -> Result<(), Failure> {
        let signal =
            |name: &str| Command::new("kill").args([name, &self.child.id().to_string()]).status();
        signal("-STOP")?;
        tokio::time::sleep(STALL).await;
        signal("-CONT")?;
        Ok(())
    }

    fn target(&self, limit: Option<u32>) -> Result<Target, Failure> {
        let mut target = Target::mock(&self.base_url, "", Auth::None)?;
        target.rate_limit = limit;
        Ok(target)
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn compare(lasts: Duration) -> Result<(), Failure> {
    println!(
        "{LIMIT} requests per second for {} s, counted by the server (sliding window)\n",
        lasts.as_secs()
    );
    println!(
        "| sender | stall | answered/s | of the limit | most in a second | 429s | lag p50 | lag p99 | CPU s / 1,000 |"
    );
    println!("|---|---|---:|---:|---:|---:|---:|---:|---:|");
    for stalled in [false, true] {
        if stalled && !cfg!(unix) {
            println!("| (no stall: processes cannot be stopped here) | | | | | | | | |");
            continue;
        }
        row("letterproof", stalled, lasts, |double| ours(double.target(Some(LIMIT)), lasts))
            .await?;
        row("goose's throttle", stalled, lasts, |double| gooses(double.base_url.clone(), lasts))
            .await?;
        row("hey", stalled, lasts, |double| other("hey", double.base_url.clone(), lasts)).await?;
        row("wrk", stalled, lasts, |double| other("wrk", double.base_url.clone(), lasts)).await?;
    }
    let (per_second, cpu) = unlimited(lasts.min(Duration::from_secs(10))).await?;
    println!(
        "\nWithout a limit, {AT_ONCE} at once: {per_second:.0} requests/s, {cpu:.3} CPU s per 1,000 requests"
    );
    if let Some(kib) = peak_kib() {
        println!("Peak resident memory of the harness: {:.1} MB", kib as f64 / 1024.0);
    }
    Ok(())
}

/// What a sender tells of itself.
struct Sent {
    /// From its first request to its last answer.
    lasted: Duration,
    /// p50 and p99 of its lag in milliseconds, where it knows.
    lag: Option<(f64, f64)>,
}

/// Runs one sender against a double of its own, and prints its row.
async fn row<F>(
    name: &str,
    stalled: bool,
    lasts: Duration,
    send: impl FnOnce(&Double) -> F,
) -> Result<(), Failure>
where
    F: Future<Output = Result<Option<Sent>, Failure>>,
{
    let double = Double::start(Some(LIMIT))?;
    let cpu = cpu_seconds();
    let sending = send(&double);
    let stalling = async {
        if stalled {
            tokio::time::sleep(lasts / 2).await;
            double.stall().await?;
        }
        Ok::<(), Failure>(())
    };
    let (sent, stall) = tokio::join!(sending, stalling);
    stall?;
    let Some(sent) = sent? else {
        println!("| {name} (not installed, skipped) | | | | | | | | |");
        return Ok(());
    };
    let counted = double.counted().await?;
    let answered = counted.api - counted.limited;
    let rate = answered as f64 / sent.lasted.as_secs_f64();
    let cpu = (cpu_seconds() - cpu) / answered.max(1) as f64 * 1e3;
    let (p50, p99) = sent.lag.map_or_else(
        || ("–".to_owned(), "–".to_owned()),
        |(p50, p99)| (format!("{p50:.2} ms"), format!("{p99:.2} ms")),
    );
    println!(
        "| {name} | {} | {rate:.1} | {:.1} % | {} | {} | {p50} | {p99} | {cpu:.3} |",
        if stalled { "2 s" } else { "none" },
        rate / f64::from(LIMIT) * 100.0,
        counted.busiest_second,
        counted.limited,
    );
    Ok(())
}

/// A steady load at the limit.
async fn ours(target: Result<Target, Failure>, lasts: Duration) -> Result<Option<Sent>, Failure> {
    let text = "name = \"bench\"\nshape = \"steady\"\nrate = \"limit\"\nduration = \"1s\"\n[mix]\nstatus = 1\n";
    let profile = LoadProfile::parse(text, "bench")?.with_duration(lasts)?;
    let LoadPlan::Attack(plan) = profile.plan(&target?)? else { return Ok(None) };
    let folder = tempfile::tempdir()?;
    let outcome = plan.run(RunOptions::in_folder(folder.path())).await?;
    let figure = |name: &str| outcome.performance.figures.get(name).copied().unwrap_or(f64::NAN);
    eprintln!(
        "letterproof: {:?}, latency p99 {:.1} ms from the scheduled time",
        outcome.ended,
        figure("p99_ms")
    );
    let lasted = Duration::from_secs_f64(figure("elapsed_ms") / 1e3);
    Ok(Some(Sent { lasted, lag: Some((figure("lag_p50_ms"), figure("lag_p99_ms"))) }))
}

/// Goose as its users know it: its own client, its own throttle.
async fn gooses(host: String, lasts: Duration) -> Result<Option<Sent>, Failure> {
    let get: TransactionFunction = Arc::new(|user| {
        Box::pin(async move {
            user.get("_status").await?;
            Ok(())
        })
    });
    let mut settings = GooseConfiguration::default();
    settings.host = Some(format!("{host}/"));
    settings.users = Some(GOOSE_USERS);
    settings.increase_rate = Some((GOOSE_USERS * 10).to_string());
    settings.throttle_requests = Some(LIMIT as usize);
    settings.no_print_metrics = true;
    settings.no_telnet = true;
    settings.no_websocket = true;
    settings.quiet = 2;
    let attack = GooseAttack::initialize_with_config(settings)?
        .register_scenario(Scenario::new("throttle").register_transaction(Transaction::new(get)));
    tokio::spawn(async move {
        tokio::time::sleep(lasts).await;
        trigger_killswitch("the time is over");
    });
    attack.execute().await?;
    Ok(Some(Sent { lasted: lasts, lag: None }))
}

/// Another open tool, where it is installed. `wrk` knows no rate: it shows what a tool without one
/// does to a limit.
async fn other(tool: &str, base_url: String, lasts: Duration) -> Result<Option<Sent>, Failure> {
    let Some(program) = in_path(tool) else { return Ok(None) };
    let seconds = format!("{}s", lasts.as_secs());
    let url = format!("{base_url}/_status");
    let words: Vec<&str> = match tool {
        // Six for each of fifty workers.
        "hey" => vec!["-z", &seconds, "-c", "50", "-q", "6", &url],
        _ => vec!["-t1", "-c10", "-d", &seconds, &url],
    };
    let mut command = Command::new(program);
    command.args(words).stdout(Stdio::null()).stderr(Stdio::null());
    tokio::task::spawn_blocking(move || command.status()).await??;
    Ok(Some(Sent { lasted: lasts, lag: None }))
}

fn in_path(tool: &str) -> Option<std::path::PathBuf> {
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths).map(|folder| folder.join(tool)).find(|file| file.is_file())
}

/// What one session can do when nobody limits it.
async fn unlimited(lasts: Duration) -> Result<(f64, f64), Failure> {
    let double = Double::start(None)?;
    let target = double.target(None)?;
    let recorder = Arc::new(RowsOnly::new(target.base_url.as_str()));
    let session = Session::new(target, recorder, SessionOptions::default())?;
    let cpu = cpu_seconds();
    let begun = Instant::now();
    let end = begun + lasts;
    let workers: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let session = session.clone();
            tokio::spawn(async move {
                let flow = Flow::harness(None);
                let mut done = 0u64;
                while Instant::now() < end {
                    session.check_status(&flow).await?;
                    done += 1;
                }
                Ok::<u64, Failure>(done)
            })
        })
        .collect();
    let mut done = 0;
    for worker in workers {
        done += worker.await??;
    }
    let per_second = done as f64 / begun.elapsed().as_secs_f64();
    Ok((per_second, (cpu_seconds() - cpu) / done.max(1) as f64 * 1e3))
}

/// Processor time of this process so far; not a number where the system does not tell.
fn cpu_seconds() -> f64 {
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

fn peak_kib() -> Option<u64> {
    let text = std::fs::read_to_string(Path::new("/proc/self/status")).ok()?;
    let fields: BTreeMap<&str, &str> =
        text.lines().filter_map(|line| line.split_once(':')).collect();
    fields.get("VmHWM")?.trim().trim_end_matches(" kB").trim().parse().ok()
}
