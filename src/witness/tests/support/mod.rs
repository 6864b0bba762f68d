//! What the tests share: a witness before a double or before a scripted API, and raw sockets.
#![allow(dead_code, missing_docs, unreachable_pub)]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use letterproof_evidence::{JournalHeader, JournalWriter, read_journal};
use letterproof_mock::{AuthMode, LetterPlan, MockConfig, MockServer, SeedPlan};
use letterproof_model::{
    Exchange, Journal, Mark, RawExchange, RecordError, Recorder, Recording, RunId, ToolInfo,
};
use letterproof_witness::{Limits, Upstream, Witness, WitnessConfig};
use parking_lot::Mutex;
use reqwest::{Client, Method, RequestBuilder};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A double that is quick and open, with few letters and small documents.
pub fn quick() -> MockConfig {
    MockConfig {
        letters: 40,
        seeds: SeedPlan {
            pdf_bytes: 4_000,
            letters: vec![LetterPlan::share(
                "integration-specification-english",
                "group-english",
                1.0,
            )],
        },
        auth: AuthMode::None,
        apply_delay: Duration::ZERO,
        queue_lag: Duration::ZERO,
        rate_limit: None,
        ..MockConfig::default()
    }
}

/// Limits that let tests see a timeout.
pub fn hasty() -> Limits {
    Limits {
        request_body: 64 * 1024,
        header_timeout: Duration::from_millis(400),
        body_timeout: Duration::from_millis(400),
        answer_timeout: Duration::from_millis(800),
        idle_timeout: Duration::from_millis(800),
        connections: 64,
        grace: Duration::from_millis(300),
        ..Limits::default()
    }
}

/// A journal on disk that can be told to fail.
pub struct Journaling {
    writer: JournalWriter,
    room: AtomicUsize,
    // Held so that the folder lives as long as the journal.
    folder: tempfile::TempDir,
}

impl Journaling {
    fn new(base_url: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tool = ToolInfo { version: "0".to_owned(), commit: "unknown".to_owned() };
        let header = JournalHeader::new(RunId::from("witnessed"), tool, base_url);
        let writer = JournalWriter::create(&folder.path().join("journal.jsonl"), &header).unwrap();
        Self { writer, room: AtomicUsize::new(usize::MAX), folder }
    }

    /// Only so many more exchanges and marks can be written.
    pub fn leave_room_for(&self, records: usize) {
        self.room.store(records, Ordering::SeqCst);
    }

    fn take_room(&self) -> Result<(), RecordError> {
        let taken =
            self.room.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |room| room.checked_sub(1));
        let full = || RecordError { message: "the disk is full; free some space".to_owned() };
        taken.map(|_| ()).map_err(|_| full())
    }

    pub fn text(&self) -> String {
        std::fs::read_to_string(self.writer.path()).unwrap()
    }

    pub fn path(&self) -> PathBuf {
        self.writer.path().to_owned()
    }

    pub fn recording(&self) -> Recording {
        read_journal(self.writer.path()).unwrap().recording
    }

    pub fn exchanges(&self) -> Vec<Arc<Exchange>> {
        self.recording().exchanges().to_vec()
    }

    pub fn notes(&self) -> Vec<String> {
        self.recording().marks().iter().map(|mark| mark.words()).collect()
    }
}

impl Recorder for Journaling {
    fn record(&self, raw: RawExchange) -> Result<Arc<Exchange>, RecordError> {
        self.take_room()?;
        self.writer.record(raw)
    }

    fn mark(&self, mark: Mark) -> Result<(), RecordError> {
        self.take_room()?;
        self.writer.mark(mark)
    }

    fn scrub(&self, text: &str) -> String {
        self.writer.scrub(text)
    }
}

/// A witness before something, and what it writes.
pub struct Watched {
    pub witness: Witness,
    pub journal: Arc<Journaling>,
    pub client: Client,
}

impl Watched {
    pub async fn of(upstream: Upstream, adjust: impl FnOnce(&mut WitnessConfig)) -> Self {
        let base = upstream.base_url.as_str().trim_end_matches('/').to_owned();
        let journal = Arc::new(Journaling::new(&base));
        let mut config = WitnessConfig::new(upstream, journal.clone());
        config.limits = hasty();
        config.limits.answer_timeout = Duration::from_secs(10);
        // What tests with bytes of their own call it.
        let called = ["h:80", "x:80", "localhost:1"];
        config.hosts = called.map(|name| name.parse().unwrap()).to_vec();
        adjust(&mut config);
        let witness = Witness::start(config).await.unwrap();
        Self { witness, journal, client: client() }
    }

    pub async fn before(api: &MockServer) -> Self {
        Self::of(upstream(api.base_url(), Some(api.token_url())), |_| {}).await
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.witness.base_url()))
            .header("X-Request-ID", "7b6ab8c2-3f0f-4b39-9d3a-1f6a3f9c2d11")
    }

    pub async fn get(&self, path: &str) -> reqwest::Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    pub async fn ids(&self, limit: usize) -> Vec<String> {
        let list: serde_json::Value =
            self.get(&format!("/letters?limit={limit}")).await.json().await.unwrap();
        let data = list["data"].as_array().unwrap();
        data.iter().map(|letter| letter["id"].as_str().unwrap().to_owned()).collect()
    }

    pub async fn link(&self, id: &str) -> String {
        let reply = self.get(&format!("/letters/{id}/data")).await;
        assert_eq!(reply.status(), 303);
        reply.headers()["location"].to_str().unwrap().to_owned()
    }

    /// Waits until so many exchanges are on record.
    pub async fn recorded(&self, count: usize) -> Vec<Arc<Exchange>> {
        for _ in 0..500 {
            if self.witness.counts().recorded as usize >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let exchanges = self.journal.exchanges();
        assert!(exchanges.len() >= count, "{} of {count} exchanges", exchanges.len());
        exchanges
    }

    /// Waits until a note holds a text.
    pub async fn noted(&self, part: &str) -> String {
        for _ in 0..500 {
            if let Some(note) = self.journal.notes().into_iter().find(|note| note.contains(part)) {
                return note;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no note holds `{part}`: {:?}", self.journal.notes());
    }

    pub fn address(&self) -> String {
        self.witness.address().to_string()
    }
}

/// Authority and path of a link.
pub fn split(link: &str) -> (&str, &str) {
    let (_, rest) = link.split_once("://").unwrap();
    rest.split_at(rest.find('/').unwrap())
}

pub fn upstream(base_url: &str, token_url: Option<&str>) -> Upstream {
    Upstream {
        base_url: base_url.parse().unwrap(),
        token_url: token_url.map(|url| url.parse().unwrap()),
        roots: Vec::new(),
        storage: Vec::new(),
    }
}

/// A client that follows nothing and unpacks nothing.
pub fn client() -> Client {
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .no_gzip()
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap()
}

/// An API that answers each connection with given bytes and keeps what it was sent.
pub struct Scripted {
    pub base_url: String,
    seen: Arc<Mutex<Vec<Vec<u8>>>>,
    task: JoinHandle<()>,
}

impl Scripted {
    /// Answers once the request's header fields (and `body` more bytes) are there, then closes.
    pub async fn answering(answer: impl Into<Vec<u8>>, body: usize) -> Self {
        let (listener, answer) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), answer.into());
        let base_url = format!("http://{}/api", listener.local_addr().unwrap());
        let seen: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
        let kept = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (answer, kept) = (answer.clone(), Arc::clone(&kept));
                tokio::spawn(async move {
                    let mut request = Vec::new();
                    loop {
                        let head = request.windows(4).position(|w| w == b"\r\n\r\n");
                        if head.is_some_and(|at| request.len() >= at + 4 + body) {
                            break;
                        }
                        if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
                            break;
                        }
                    }
                    kept.lock().push(request);
                    let _ = stream.write_all(&answer).await;
                    let _ = stream.shutdown().await;
                });
            }
        });
        Self { base_url, seen, task }
    }

    /// Host and port.
    pub fn authority(&self) -> &str {
        self.base_url.strip_prefix("http://").unwrap().strip_suffix("/api").unwrap()
    }

    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().iter().map(|r| String::from_utf8_lossy(r).into_owned()).collect()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Sends bytes and reads until the other side closes or falls silent for a while.
pub async fn talk(address: &str, bytes: impl AsRef<[u8]>) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes.as_ref()).await.unwrap();
    hear(&mut stream).await
}

/// Reads until the other side closes or falls silent for a while.
pub async fn hear(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let reading = async { while stream.read_buf(&mut answer).await.is_ok_and(|n| n > 0) {} };
    let _ = tokio::time::timeout(Duration::from_millis(1_500), reading).await;
    String::from_utf8_lossy(&answer).into_owned()
}
