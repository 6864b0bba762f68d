//! Raw bytes from both sides of the witness's proxy.
//!
//! Before a line of [`SPLIT`] stands what the supplier sends, after it what the API answers (a
//! plain 200 where nothing follows). Whatever they are, the proxy answers or closes and lives on,
//! each connection to the API carries one request and nothing behind it, and each was recorded.
//! A peer that falls silent is not waited for: the proxy's own limits are short, and end it.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use letterproof_witness::{Limits, Upstream, Witness, WitnessConfig};
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::{Instant, sleep, timeout};

use crate::common::{HANG, Rolling, Scripted, bounded, end_of, find, runtime};

/// Parts what the supplier sends from what the API answers.
const SPLIT: &[u8] = b"\n=====\n";
const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
/// How long nothing comes before the supplier's side is taken to be over.
const QUIET: Duration = Duration::from_millis(5);

/// One proxy for all cases, as a supplier meets one for all of its calls.
static STAGE: LazyLock<Mutex<Stage>> = LazyLock::new(|| Mutex::new(Stage::set()));

/// Bytes as what passes on both sides of a proxy.
pub fn proxy(data: &[u8]) {
    let data = bounded(data);
    let (sent, answer) = match find(data, SPLIT) {
        Some(at) => (&data[..at], &data[at + SPLIT.len()..]),
        None => (data, OK),
    };
    let stage = STAGE.lock();
    stage.runtime.block_on(stage.play(sent, answer));
    stage.recorder.roll();
}

struct Stage {
    runtime: Runtime,
    api: Scripted,
    recorder: Arc<Rolling>,
    witness: Witness,
}

impl Stage {
    fn set() -> Self {
        let runtime = runtime();
        let (api, recorder, witness) = runtime.block_on(async {
            let api = Scripted::start().await;
            let upstream = Upstream {
                base_url: api.base_url.parse().expect("a URL"),
                token_url: None,
                roots: Vec::new(),
                storage: Vec::new(),
            };
            let recorder = Arc::new(Rolling::new(&api.base_url));
            let mut config = WitnessConfig::new(upstream, Arc::clone(&recorder) as _);
            config.limits = Limits {
                request_body: 256 * 1024,
                body_timeout: Duration::from_millis(100),
                idle_timeout: Duration::from_millis(500),
                ..Limits::default()
            };
            // What the seeds call it.
            config.hosts = vec!["h:80".parse().expect("a name")];
            let witness = Witness::start(config).await.expect("a witness");
            (api, recorder, witness)
        });
        Self { runtime, api, recorder, witness }
    }

    async fn play(&self, sent: &[u8], answer: &[u8]) {
        self.api.answer_with(answer);
        let before = self.witness.counts().recorded;
        let ended = timeout(HANG, self.talk(sent)).await;
        assert!(ended.is_ok(), "the proxy neither answers nor closes");
        self.nothing_is_under_way().await;
        let recorded = self.witness.counts().recorded - before;
        let passed = self.api.seen();
        for request in &passed {
            is_one_request(request);
        }
        assert!(passed.len() as u64 <= recorded, "{} passed, {recorded} recorded", passed.len());
        assert!(self.witness.failure().is_none(), "hostile bytes stopped the recorder");
        self.lives_on().await;
    }

    /// Sends bytes, takes whatever is answered, and goes once nothing happens any more.
    async fn talk(&self, sent: &[u8]) -> Vec<u8> {
        let mut answer = Vec::new();
        let stream = TcpStream::connect(self.witness.address()).await.expect("a connection");
        let (mut reading, mut writing) = stream.into_split();
        let write = async {
            // The proxy may have had enough before the end.
            let _ = writing.write_all(sent).await;
        };
        let read = async {
            loop {
                match timeout(QUIET, reading.read_buf(&mut answer)).await {
                    Ok(Ok(1..)) => {}
                    Ok(_) => break,
                    Err(_) if self.witness.counts().in_flight == 0 => break,
                    Err(_) => {}
                }
            }
        };
        tokio::join!(write, read);
        // An end of sending, after which the proxy has to close.
        let _ = writing.shutdown().await;
        while reading.read_buf(&mut answer).await.is_ok_and(|count| count > 0) {}
        answer
    }

    async fn nothing_is_under_way(&self) {
        let deadline = Instant::now() + HANG;
        while self.witness.counts().in_flight > 0 {
            assert!(Instant::now() < deadline, "an exchange never ends");
            sleep(Duration::from_millis(1)).await;
        }
    }

    /// A good request on a connection of its own is answered and recorded.
    async fn lives_on(&self) {
        self.api.answer_with(OK);
        let before = self.witness.counts().recorded;
        let address = self.witness.address();
        let request =
            format!("GET /api/_status HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        let answer = timeout(HANG, self.talk(request.as_bytes())).await.unwrap_or_default();
        assert!(answer.starts_with(b"HTTP/1.1 200"), "a good request is answered with {answer:?}");
        self.nothing_is_under_way().await;
        assert_eq!(self.witness.counts().recorded, before + 1, "a good request is not recorded");
    }
}

/// Nothing hides behind a request or in how its length is told.
fn is_one_request(request: &[u8]) {
    let shown = String::from_utf8_lossy(request);
    if let Some(end) = end_of(request) {
        assert_eq!(end, request.len(), "something passed behind a request: {shown}");
    }
    let head = shown.split("\r\n\r\n").next().unwrap_or_default().to_ascii_lowercase();
    let fields = |name: &str| head.lines().filter(|line| line.starts_with(name)).count();
    let lengths = fields("content-length:");
    assert!(lengths <= 1, "two lengths passed: {shown}");
    assert!(lengths == 0 || fields("transfer-encoding:") == 0, "two framings passed: {shown}");
}
