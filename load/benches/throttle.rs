//! Who keeps 300 requests a second, as the server counts them: this pacer, goose's own throttle,
//! and `hey` or `wrk` where they are installed; each in fair weather and across a 2 s server stall.
//!
//!     cargo bench -p letterproof-load --bench throttle [-- SECONDS [ours]]
//!
//! With `ours` the other senders are left out.
//!
//! The mock runs in a process of its own on the same machine, stopped and continued for the stall
//! (Unix only), so that processor time and memory are those of the harness. Prints Markdown.
#![allow(clippy::print_stdout, clippy::print_stderr, missing_docs, reason = "it prints a table")]

mod common;

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{Failure, LIMIT, Mock, Setup, cpu_seconds, peak_kib, serve_if_asked};
use goose::config::GooseConfiguration;
use goose::goose::{Scenario, Transaction, TransactionFunction};
use goose::{GooseAttack, trigger_killswitch};
use letterproof_client::{Flow, Session, SessionOptions, Target};
use letterproof_load::{LoadPlan, LoadProfile, RowsOnly, RunOptions, claim_process_hooks};

const STALL: Duration = Duration::from_secs(2);
/// Requests under way at once without a limit.
const AT_ONCE: usize = 64;
const GOOSE_USERS: usize = 100;

fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if let Some(served) = serve_if_asked(&words, &runtime) {
        return served;
    }
    let seconds = words.first().and_then(|word| word.parse().ok()).unwrap_or(60);
    claim_process_hooks();
    let others = words.get(1).is_none_or(|word| word != "ours");
    runtime.block_on(compare(Duration::from_secs(seconds), others))
}

async fn compare(lasts: Duration, others: bool) -> Result<(), Failure> {
    println!(
        "{LIMIT} requests per second for {} s, counted by the server (sliding window)\n",
        lasts.as_secs()
    );
    println!(
        "| sender | latency | stall | answered/s | of the limit | most in a second | 429s | lag p50 | lag p99 | CPU s / 1,000 |"
    );
    println!("|---|---:|---|---:|---:|---:|---:|---:|---:|---:|");
    for latency_ms in [0, 50, 200] {
        let case = Case { latency_ms, stalled: false, lasts };
        row("letterproof", case, |mock| ours(mock.target(Some(LIMIT)), lasts)).await?;
    }
    for stalled in [false, true] {
        if stalled && !cfg!(unix) {
            println!("| (no stall: processes cannot be stopped here) | | | | | | | | | |");
            continue;
        }
        let case = Case { latency_ms: 0, stalled, lasts };
        if stalled {
            row("letterproof", case, |mock| ours(mock.target(Some(LIMIT)), lasts)).await?;
        }
        if !others {
            continue;
        }
        row("goose's throttle", case, |mock| gooses(mock.base_url.clone(), lasts)).await?;
        row("hey", case, |mock| other("hey", mock.base_url.clone(), lasts)).await?;
        row("wrk", case, |mock| other("wrk", mock.base_url.clone(), lasts)).await?;
    }
    println!("\nWith a stall, the share of the limit is that of the time in which the server ran.");
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
    /// From its first request to its last answer, but for what an answer usually takes: the latency
    /// of the last answers is no slowness of the sender.
    lasted: Duration,
    /// p50 and p99 of its lag in milliseconds, where it knows.
    lag: Option<(f64, f64)>,
}

/// What a sender is put up against.
#[derive(Clone, Copy)]
struct Case {
    latency_ms: u64,
    stalled: bool,
    lasts: Duration,
}

/// Runs one sender against a mock of its own, and prints its row.
async fn row<F>(name: &str, case: Case, send: impl FnOnce(&Mock) -> F) -> Result<(), Failure>
where
    F: Future<Output = Result<Option<Sent>, Failure>>,
{
    let mock = Mock::start(Setup::sliding(Some(LIMIT), case.latency_ms))?;
    let cpu = cpu_seconds();
    let sending = send(&mock);
    let stalling = async {
        if case.stalled {
            tokio::time::sleep(case.lasts / 2).await;
            mock.stall(STALL).await?;
        }
        Ok::<(), Failure>(())
    };
    let (sent, stall) = tokio::join!(sending, stalling);
    stall?;
    let Some(sent) = sent? else {
        println!("| {name} (not installed, skipped) | | | | | | | | | |");
        return Ok(());
    };
    let counted = mock.counted().await?;
    let answered = counted.api - counted.limited;
    let rate = answered as f64 / sent.lasted.as_secs_f64();
    let stood = if case.stalled { STALL } else { Duration::ZERO };
    let share = answered as f64 / (sent.lasted - stood).as_secs_f64() / f64::from(LIMIT);
    let cpu = (cpu_seconds() - cpu) / answered.max(1) as f64 * 1e3;
    let (p50, p99) = sent.lag.map_or_else(
        || ("–".to_owned(), "–".to_owned()),
        |(p50, p99)| (format!("{p50:.2} ms"), format!("{p99:.2} ms")),
    );
    println!(
        "| {name} | {} ms | {} | {rate:.1} | {:.1} % | {} | {} | {p50} | {p99} | {cpu:.3} |",
        case.latency_ms,
        if case.stalled { "2 s" } else { "none" },
        share * 100.0,
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
    let usual = figure("service_p50_ms");
    let lasted = Duration::from_secs_f64((figure("elapsed_ms") - usual) / 1e3).max(lasts);
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
    let mock = Mock::start(Setup::sliding(None, 0))?;
    let target = mock.target(None)?;
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
