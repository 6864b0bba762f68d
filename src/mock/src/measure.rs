//! How fast the mock is: a small raw HTTP/1.1 load generator on keep-alive connections.
//!
//! It shares the machine, and the runtime, with the mock it measures, so the numbers are a lower
//! bound. Anything but the expected status ends the run.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use letterproof_wire::Guard;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use url::Url;

use crate::config::{MockConfig, Profile};
use crate::error::MockError;
use crate::server::MockServer;

/// How a measurement is done.
#[derive(Debug, Clone)]
pub struct MeasurePlan {
    /// Connections at the same time.
    pub connections: usize,
    /// How long each of the two rate measurements lasts.
    pub duration: Duration,
}

impl Default for MeasurePlan {
    fn default() -> Self {
        Self { connections: 32, duration: Duration::from_secs(3) }
    }
}

/// One measurement.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasureLine {
    /// What was asked for.
    pub name: String,
    /// Answers received.
    pub requests: usize,
    /// Bytes received, headers included.
    pub bytes: u64,
    /// How long it took.
    pub elapsed: Duration,
    /// Half of the answers came within this time.
    pub median: Duration,
    /// Ninety-nine in a hundred answers came within this time.
    pub p99: Duration,
}

impl MeasureLine {
    /// Answers per second.
    #[must_use]
    pub fn per_second(&self) -> f64 {
        self.requests as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }
}

impl fmt::Display for MeasureLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<28} {:>9.0} req/s  {:>8} requests  {:>8.1} MB/s  median {:>7.3} ms  p99 {:>7.3} ms",
            self.name,
            self.per_second(),
            self.requests,
            self.bytes as f64 / 1e6 / self.elapsed.as_secs_f64().max(1e-9),
            self.median.as_secs_f64() * 1e3,
            self.p99.as_secs_f64() * 1e3,
        )
    }
}

/// What can go wrong while measuring.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// The mock did not start.
    #[error(transparent)]
    Mock(#[from] MockError),
    /// A connection broke.
    #[error("connection to the mock: {0}")]
    Io(#[from] std::io::Error),
    /// An answer was not what was expected.
    #[error("{what}: expected status {expected}, got `{seen}`")]
    Answer {
        /// What was asked for.
        what: String,
        /// The status expected.
        expected: u16,
        /// The status line received.
        seen: String,
    },
}

/// Measures a mock made from `config`, without quota and hiding, and returns one line for each
/// of: one letter, a list of ten, the longest list, and the download of every letter on it.
///
/// # Errors
/// The mock does not start, a connection breaks, or an answer is not what it should be.
pub async fn run(config: MockConfig, plan: MeasurePlan) -> Result<Vec<MeasureLine>, MeasureError> {
    let config = MockConfig {
        profile: Profile::Int,
        tls: false,
        rate_limit: None,
        visibility_timeout: Duration::ZERO,
        latency: Duration::ZERO,
        latency_jitter: Duration::ZERO,
        link_ttl: Duration::from_secs(3_600),
        faults: Vec::new(),
        ..config
    };
    let server = MockServer::start(config).await?;
    let job = Job::new(&server)?;
    let whole = job.fetch("/letters?limit=2500", 200).await?;
    let ids = ids(&whole);
    let mut lines = Vec::new();
    let singles: Vec<String> =
        ids.iter().map(|id| job.request(&format!("/letters/{id}"))).collect();
    lines.push(job.load("GET /letters/{id}", singles, 200, &plan, None).await?);
    let ten = vec![job.request("/letters?limit=10")];
    lines.push(job.load("GET /letters?limit=10", ten, 200, &plan, None).await?);
    let all = vec![job.request("/letters?limit=2500")];
    let alone = MeasurePlan { connections: 1, ..plan.clone() };
    lines.push(job.load("GET /letters?limit=2500", all, 200, &alone, Some(100)).await?);
    let mut downloads = Vec::new();
    for id in &ids {
        let head = job.fetch(&format!("/letters/{id}/data"), 303).await?;
        let location = head.lines().find_map(|line| line.strip_prefix("location: "));
        let path = location.and_then(|url| url.split_once("/storage/")).map_or("", |parts| parts.1);
        downloads.push(format!("GET /storage/{path} HTTP/1.1\r\nhost: {}\r\n\r\n", job.authority));
    }
    // Letters without a document would answer 404.
    let mut found = Vec::new();
    for request in downloads {
        if job.once(&request).await?.starts_with("HTTP/1.1 200") {
            found.push(request);
        }
    }
    let count = found.len();
    lines.push(job.load("download of every letter listed", found, 200, &plan, Some(count)).await?);
    server.shutdown().await;
    Ok(lines)
}

/// The memory this process holds, in KiB, where the system tells.
#[must_use]
pub fn resident_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches(" kB").trim().parse().ok()
}

struct Job {
    url: Url,
    guard: Guard,
    authority: String,
    token: String,
}

impl Job {
    fn new(server: &MockServer) -> Result<Self, MeasureError> {
        let url = server.base_url();
        let authority = url.split('/').nth(2).unwrap_or_default().to_owned();
        let url: Url = url.parse().map_err(std::io::Error::other)?;
        let guard = Guard::of(&url).map_err(std::io::Error::other)?;
        Ok(Self { url, guard, authority, token: server.issue_token()?.expose().to_owned() })
    }

    fn request(&self, path: &str) -> String {
        format!(
            "GET /nhs-notify-supplier{path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
             x-request-id: 6f3c9a52-7d0e-4b7e-9a51-0b7d2f3f8c11\r\n\r\n",
            self.authority, self.token,
        )
    }

    async fn fetch(&self, path: &str, expected: u16) -> Result<String, MeasureError> {
        let answer = self.once(&self.request(path)).await?;
        expect(path, expected, &answer)?;
        Ok(answer)
    }

    async fn once(&self, request: &str) -> Result<String, MeasureError> {
        let mut stream = self.guard.connect(&self.url).await?;
        let mut buffer = Vec::new();
        stream.write_all(request.as_bytes()).await?;
        receive(&mut stream, &mut buffer).await?;
        Ok(String::from_utf8_lossy(&buffer).into_owned())
    }

    /// Sends requests in turn over several connections, for a time or a number of requests.
    async fn load(
        &self,
        name: &str,
        requests: Vec<String>,
        expected: u16,
        plan: &MeasurePlan,
        count: Option<usize>,
    ) -> Result<MeasureLine, MeasureError> {
        let requests: Arc<[String]> = requests.into();
        let next = Arc::new(AtomicUsize::new(0));
        let mut streams = Vec::new();
        for _ in 0..plan.connections.max(1) {
            let stream = self.guard.connect(&self.url).await?;
            stream.set_nodelay(true)?;
            streams.push(stream);
        }
        let started = Instant::now();
        let end = started + plan.duration;
        let mut workers = JoinSet::new();
        for mut stream in streams {
            let (requests, next) = (Arc::clone(&requests), Arc::clone(&next));
            let name = name.to_owned();
            workers.spawn(async move {
                let mut buffer = Vec::new();
                let mut times: Vec<u32> = Vec::new();
                let mut bytes = 0u64;
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let sent = Instant::now();
                    if count.map_or(sent >= end, |count| at >= count) || requests.is_empty() {
                        return Ok::<_, MeasureError>((times, bytes));
                    }
                    let request = &requests[at % requests.len()];
                    stream.write_all(request.as_bytes()).await?;
                    bytes += receive(&mut stream, &mut buffer).await? as u64;
                    if !buffer.starts_with(format_status(expected).as_bytes()) {
                        expect(&name, expected, &String::from_utf8_lossy(&buffer))?;
                    }
                    times.push(u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX));
                }
            });
        }
        let (mut times, mut bytes) = (Vec::new(), 0);
        while let Some(done) = workers.join_next().await {
            let ended = |_| std::io::Error::other("a worker was stopped");
            let (some, more) = done.map_err(ended)??;
            times.extend(some);
            bytes += more;
        }
        let elapsed = started.elapsed();
        times.sort_unstable();
        let at = |part: f64| {
            let index = (times.len() as f64 * part) as usize;
            let micros = times.get(index.min(times.len().saturating_sub(1)));
            Duration::from_micros(u64::from(micros.copied().unwrap_or(0)))
        };
        Ok(MeasureLine {
            name: name.to_owned(),
            requests: times.len(),
            bytes,
            elapsed,
            median: at(0.5),
            p99: at(0.99),
        })
    }
}

fn format_status(status: u16) -> String {
    format!("HTTP/1.1 {status}")
}

fn expect(what: &str, expected: u16, answer: &str) -> Result<(), MeasureError> {
    if answer.starts_with(&format_status(expected)) {
        return Ok(());
    }
    let seen = answer.lines().next().unwrap_or_default().to_owned();
    Err(MeasureError::Answer { what: what.to_owned(), expected, seen })
}

/// Receives one answer with a Content-Length into the buffer and returns its length.
async fn receive(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<usize> {
    buffer.clear();
    let mut wanted = None;
    loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if wanted.is_none() {
            wanted = whole_length(buffer);
            if let Some(wanted) = wanted {
                buffer.reserve(usize::saturating_sub(wanted, buffer.len()));
            }
        }
        if wanted.is_some_and(|wanted| buffer.len() >= wanted) {
            return Ok(buffer.len());
        }
    }
}

/// The length of the whole answer once its headers are there.
fn whole_length(buffer: &[u8]) -> Option<usize> {
    let head = buffer.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    const NAME: &[u8] = b"content-length: ";
    let length = buffer[..head]
        .windows(NAME.len())
        .position(|window| window.eq_ignore_ascii_case(NAME))
        .map_or(0, |at| {
            let digits = buffer[at + NAME.len()..head].iter().take_while(|b| b.is_ascii_digit());
            digits.fold(0usize, |sum, digit| sum * 10 + usize::from(digit - b'0'))
        });
    Some(head + length)
}

/// The letter ids of a list as it was received.
fn ids(answer: &str) -> Vec<String> {
    let pieces = answer.split("{\"id\":\"").skip(1);
    pieces.filter_map(|piece| Some(piece.split_once('"')?.0.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_short_run_measures_all_four_and_nothing_else() {
        let config = MockConfig { letters: 50, ..MockConfig::default() };
        let plan = MeasurePlan { connections: 2, duration: Duration::from_millis(50) };
        let lines = run(config, plan).await.unwrap();
        let names: Vec<&str> = lines.iter().map(|line| line.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "GET /letters/{id}",
                "GET /letters?limit=10",
                "GET /letters?limit=2500",
                "download of every letter listed"
            ]
        );
        assert!(lines.iter().all(|line| line.requests > 0 && line.per_second() > 0.0));
        // One of the fifty has no document.
        assert_eq!(lines[3].requests, 49);
        assert!(lines[0].to_string().contains("req/s"));
    }

    #[test]
    fn the_length_is_known_once_the_headers_are_there() {
        assert_eq!(whole_length(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n"), None);
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nabc";
        assert_eq!(whole_length(head), Some(head.len() - 3 + 12));
    }
}
