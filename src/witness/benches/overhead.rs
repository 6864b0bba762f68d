//! What a witness costs: added latency in pairs at 300 requests/s, throughput, memory.
//!
//! Double, witness and load generator are three processes on one machine, so the numbers are a
//! lower bound. Prints a Markdown table; `LETTERPROOF_BENCH_SECONDS` sets how long each part lasts.
//! Refuses to measure a wrong answer: anything but the expected status ends the run.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods
)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use letterproof_evidence::{JournalHeader, JournalWriter};
use letterproof_mock::{AuthMode, Mix, MockConfig, MockServer};
use letterproof_model::{RunId, ToolInfo};
use letterproof_witness::{Limits, Upstream, Witness, WitnessConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

const ROLE: &str = "LETTERPROOF_BENCH_ROLE";
const UPSTREAM: &str = "LETTERPROOF_BENCH_UPSTREAM";
const SECONDS: &str = "LETTERPROOF_BENCH_SECONDS";
/// Letters of the pack, and so downloads of AT15.
const LETTERS: u32 = 2_500;
/// Requests per second that the API allows.
const RATE: u32 = 300;

fn main() {
    match std::env::var(ROLE).as_deref() {
        Ok("double") => run(double()),
        Ok("witness") => run(witness()),
        _ => run(measure()),
    }
}

fn run(what: impl Future<Output = ()>) {
    Runtime::new().unwrap().block_on(what);
}

async fn double() {
    let config = MockConfig {
        letters: LETTERS,
        seeds: Mix::Varied.plan(),
        auth: AuthMode::None,
        rate_limit: None,
        visibility_timeout: Duration::ZERO,
        link_ttl: Duration::from_secs(3_600),
        ..MockConfig::default()
    };
    let server = MockServer::start(config).await.unwrap();
    serve(server.base_url()).await;
}

async fn witness() {
    let base = std::env::var(UPSTREAM).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let tool = ToolInfo { version: "bench".to_owned(), commit: "unknown".to_owned() };
    let header = JournalHeader::new(RunId::from("bench"), tool, base.clone());
    let journal = JournalWriter::create(&folder.path().join("journal.jsonl"), &header).unwrap();
    let upstream = Upstream {
        base_url: base.parse().unwrap(),
        token_url: None,
        roots: Vec::new(),
        storage: Vec::new(),
    };
    let mut config = WitnessConfig::new(upstream, Arc::new(journal));
    config.limits = Limits { connections: 10_000, ..Limits::default() };
    let witness = Witness::start(config).await.unwrap();
    serve(witness.base_url()).await;
    witness.stop().await;
}

/// Says where it is, and lives until its parent closes its input.
async fn serve(base_url: &str) {
    println!("{base_url}");
    std::io::stdout().flush().unwrap();
    let ended = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        let _ = std::io::stdin().read_line(&mut line);
    });
    ended.await.unwrap();
}

/// A process of this benchmark, ended when dropped.
struct Part {
    child: Child,
    stdin: Option<ChildStdin>,
    base_url: String,
}

impl Part {
    fn start(role: &str, upstream: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .env(ROLE, role)
            .env(UPSTREAM, upstream)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let stdin = child.stdin.take();
        Self { child, stdin, base_url: line.trim().to_owned() }
    }

    fn authority(&self) -> String {
        self.base_url.split('/').nth(2).unwrap().to_owned()
    }

    /// The most memory it ever held, in MiB, where the system tells.
    fn peak_mib(&self) -> Option<f64> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kib: f64 = line.trim().trim_end_matches(" kB").trim().parse().ok()?;
        Some(kib / 1024.0)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.wait();
    }
}

async fn measure() {
    let seconds = std::env::var(SECONDS).ok().and_then(|text| text.parse().ok()).unwrap_or(10);
    let double = Part::start("double", "");
    let through = Part::start("witness", &double.base_url);
    let list = Peer::connect(&double.authority())
        .await
        .get("/nhs-notify-supplier/letters?limit=2500", 200)
        .await;
    let ids: Vec<String> = list
        .split("\"id\":\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), LETTERS as usize);

    let pairs = latency(&double, &through, &ids, seconds).await;
    let direct = throughput(&double, &ids, seconds).await;
    let proxied = throughput(&through, &ids, seconds).await;
    let before = through.peak_mib();
    let (plain, led) = (links(&double, &ids).await, links(&through, &ids).await);
    let downloads = [(64, download(&plain, 64).await), (64, download(&led, 64).await)];
    let peak_64 = through.peak_mib();
    let crowd = download(&led, LETTERS as usize).await;
    let peak_all = through.peak_mib();

    let mib = |peak: Option<f64>| peak.map_or("unknown".to_owned(), |mib| format!("{mib:.0} MiB"));
    println!("\n| measure | direct | through the witness | difference | target |");
    println!("|---|---:|---:|---:|---:|");
    for (name, at, target) in [("p50", 0.5, "≤ 0.3 ms"), ("p99", 0.99, "≤ 2 ms")] {
        let (direct, through) = (quantile(&pairs.0, at), quantile(&pairs.1, at));
        let added = through - direct;
        println!(
            "| latency {name} at {RATE} req/s | {direct:.3} ms | {through:.3} ms | {added:+.3} ms | {target} |"
        );
    }
    println!(
        "| `GET /letters/{{id}}`, 32 connections | {direct:.0} req/s | {proxied:.0} req/s | | ≥ 5,000 req/s |"
    );
    let [(_, direct), (_, through_64)] = downloads;
    println!(
        "| {LETTERS} downloads, 64 at a time | {direct:.2} s | {through_64:.2} s | {:+.0} % | |",
        (through_64 / direct - 1.0) * 100.0
    );
    println!("| {LETTERS} downloads, all at once | | {crowd:.2} s | | |");
    println!("| peak memory after the requests | | {} | | |", mib(before));
    println!("| peak memory after the downloads, 64 at a time | | {} | | < 80 MB |", mib(peak_64));
    println!("| peak memory after the downloads, all at once | | {} | | |", mib(peak_all));
}

/// Latencies in milliseconds, direct and through, of requests sent in pairs on a fixed schedule.
async fn latency(
    double: &Part,
    through: &Part,
    ids: &[String],
    seconds: u64,
) -> (Vec<f64>, Vec<f64>) {
    let mut peers =
        [Peer::connect(&double.authority()).await, Peer::connect(&through.authority()).await];
    let mut times = [Vec::new(), Vec::new()];
    let pause = Duration::from_secs(1) / RATE;
    for path in ids.iter().take(200).map(|id| format!("/nhs-notify-supplier/letters/{id}")) {
        for peer in &mut peers {
            peer.get(&path, 200).await;
        }
    }
    let begin = Instant::now();
    for number in 0..seconds * u64::from(RATE) {
        let due = begin + pause * u32::try_from(number).unwrap();
        tokio::time::sleep_until(due.into()).await;
        let path = format!("/nhs-notify-supplier/letters/{}", ids[number as usize % ids.len()]);
        // Turn and turn about, so that neither always finds the caches warm.
        for step in 0..2 {
            let side = (number as usize + step) % 2;
            let sent = Instant::now();
            peers[side].get(&path, 200).await;
            times[side].push(sent.elapsed().as_secs_f64() * 1e3);
        }
    }
    let [mut direct, mut through] = times;
    direct.sort_by(f64::total_cmp);
    through.sort_by(f64::total_cmp);
    (direct, through)
}

fn quantile(sorted: &[f64], at: f64) -> f64 {
    sorted[((sorted.len() as f64 * at) as usize).min(sorted.len() - 1)]
}

async fn throughput(part: &Part, ids: &[String], seconds: u64) -> f64 {
    let (count, end) =
        (Arc::new(AtomicUsize::new(0)), Instant::now() + Duration::from_secs(seconds));
    let mut workers = JoinSet::new();
    for worker in 0..32 {
        let mut peer = Peer::connect(&part.authority()).await;
        let (count, ids) = (Arc::clone(&count), ids.to_vec());
        workers.spawn(async move {
            for id in ids.iter().cycle().skip(worker * 70) {
                if Instant::now() >= end {
                    break;
                }
                peer.get(&format!("/nhs-notify-supplier/letters/{id}"), 200).await;
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    workers.join_all().await;
    count.load(Ordering::Relaxed) as f64 / seconds as f64
}

/// Authority and path of every letter's document.
async fn links(part: &Part, ids: &[String]) -> Arc<Vec<(String, String)>> {
    let mut peer = Peer::connect(&part.authority()).await;
    let mut links = Vec::new();
    for id in ids {
        let head = peer.get(&format!("/nhs-notify-supplier/letters/{id}/data"), 303).await;
        let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("location: "));
        let url = &line.unwrap()["location: ".len()..];
        let (_, rest) = url.split_once("://").unwrap();
        let (authority, path) = rest.split_at(rest.find('/').unwrap());
        links.push((authority.to_owned(), path.to_owned()));
    }
    Arc::new(links)
}

/// Seconds to download every document over so many connections.
async fn download(links: &Arc<Vec<(String, String)>>, connections: usize) -> f64 {
    let next = Arc::new(AtomicUsize::new(0));
    let begin = Instant::now();
    let mut workers = JoinSet::new();
    for _ in 0..connections {
        let (links, next) = (Arc::clone(links), Arc::clone(&next));
        workers.spawn(async move {
            // All of them are at one place.
            let mut peer = Peer::connect(&links[0].0).await;
            while let Some((_, link)) = links.get(next.fetch_add(1, Ordering::Relaxed)) {
                // A few seeded letters have no document (404).
                peer.get(link, 0).await;
            }
        });
    }
    workers.join_all().await;
    begin.elapsed().as_secs_f64()
}

/// A keep-alive connection.
struct Peer {
    stream: TcpStream,
    authority: String,
    buffer: Vec<u8>,
}

impl Peer {
    async fn connect(authority: &str) -> Self {
        let stream = TcpStream::connect(authority).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, authority: authority.to_owned(), buffer: Vec::new() }
    }

    /// Asks for a path and returns head and body; status 0 means any.
    async fn get(&mut self, path: &str, expected: u16) -> String {
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\nx-request-id: 6f3c9a52-7d0e-4b7e-9a51-0b7d2f3f8c11\r\n\r\n",
            self.authority
        );
        self.stream.write_all(request.as_bytes()).await.unwrap();
        self.buffer.clear();
        let whole = loop {
            assert_ne!(self.stream.read_buf(&mut self.buffer).await.unwrap(), 0, "closed: {path}");
            if let Some(whole) = whole_length(&self.buffer) {
                break whole;
            }
        };
        while self.buffer.len() < whole {
            assert_ne!(self.stream.read_buf(&mut self.buffer).await.unwrap(), 0, "closed: {path}");
        }
        if expected == 0 {
            return String::new();
        }
        let answer = String::from_utf8_lossy(&self.buffer).into_owned();
        assert!(answer.starts_with(&format!("HTTP/1.1 {expected}")), "{answer:.200}");
        answer
    }
}

fn whole_length(buffer: &[u8]) -> Option<usize> {
    let head = buffer.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
    Some(head + length.map_or(0, |length| length.trim().parse().unwrap()))
}
