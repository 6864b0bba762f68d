//! HTTP/2 attacked with frames that no library would send: nothing becomes another request, nothing
//! is held without end, and after each attack the witness still passes a good request on.
#![allow(clippy::unwrap_used, clippy::panic)]

mod floods;
mod requests;
mod stillness;
#[path = "../support/mod.rs"]
mod support;

use std::sync::Arc;
use std::time::Duration;

use letterproof_testing::frames::{self, Heard, kind};
use parking_lot::Mutex;
use support::Watched;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Longest time for what is to happen.
const SOON: Duration = Duration::from_secs(8);

/// A connection of HTTP/2 whose every byte the test decides.
struct Two {
    write: OwnedWriteHalf,
    read: Arc<Mutex<(Vec<u8>, bool)>>,
    reading: JoinHandle<()>,
}

impl Two {
    async fn to(address: &str) -> Self {
        Self::with(address, &[]).await
    }

    /// One whose client begins with these settings.
    async fn with(address: &str, settings: &[(u16, u32)]) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let (mut reader, write) = stream.into_split();
        let read: Arc<Mutex<(Vec<u8>, bool)>> = Arc::default();
        let kept = Arc::clone(&read);
        let reading = tokio::spawn(async move {
            let mut some = vec![0; 64 * 1024];
            while let Ok(length @ 1..) = reader.read(&mut some).await {
                kept.lock().0.extend_from_slice(&some[..length]);
            }
            kept.lock().1 = true;
        });
        let mut two = Self { write, read, reading };
        two.send([frames::PREFACE, &frames::settings(settings)].concat()).await;
        two
    }

    /// Sends what the witness takes; whether it took all of it in time.
    async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        matches!(timeout(SOON, self.write.write_all(bytes.as_ref())).await, Ok(Ok(())))
    }

    fn heard(&self) -> Vec<Heard> {
        frames::read(&self.read.lock().0)
    }

    fn is_closed(&self) -> bool {
        self.read.lock().1
    }

    /// Waits until something was heard or the connection has ended; `false` when neither happens.
    async fn until(&self, heard: impl Fn(&[Heard]) -> bool) -> bool {
        let seen = async {
            while !self.is_closed() && !heard(&self.heard()) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(SOON, seen).await.is_ok()
    }

    /// Waits for the end of a stream, of the connection's trust, or of the connection itself; the
    /// status that was answered, if any.
    async fn outcome(&self, stream: u32) -> Option<u16> {
        let over =
            |heard: &[Heard]| heard.iter().any(|one| one.ends(stream) || one.kind == kind::GOAWAY);
        assert!(self.until(over).await, "nobody answers: {:?}", self.heard());
        self.heard().iter().filter(|one| one.stream == stream).find_map(Heard::status)
    }
}

impl Drop for Two {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

/// The fields that every request begins with.
fn request<'a>(method: &'a str, authority: &'a str, path: &'a str) -> Vec<(&'a str, &'a str)> {
    let id = ("x-request-id", "7b6ab8c2-3f0f-4b39-9d3a-1f6a3f9c2d11");
    vec![(":method", method), (":scheme", "http"), (":authority", authority), (":path", path), id]
}

/// It lives on: a good request is answered and recorded, whichever HTTP it is of.
async fn lives_on(watched: &Watched, after: &str) {
    let before = watched.witness.counts().recorded;
    let two = reqwest::Client::builder().http2_prior_knowledge().no_proxy().build().unwrap();
    let url = format!("{}/_status", watched.witness.base_url());
    let calls = async {
        assert_eq!(watched.get("/_status").await.status(), 200, "after {after}");
        assert_eq!(two.get(url).send().await.unwrap().status(), 200, "after {after}");
    };
    assert!(timeout(SOON, calls).await.is_ok(), "it does not answer after {after}");
    watched.recorded(usize::try_from(before).unwrap() + 2).await;
}

/// An API of HTTP/1.1 that keeps all it is sent, and answers each whole request with `ok`.
struct Keeping {
    base_url: String,
    seen: Arc<Mutex<Vec<Vec<u8>>>>,
    task: JoinHandle<()>,
}

impl Keeping {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/api", listener.local_addr().unwrap());
        let seen: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
        let kept = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let kept = Arc::clone(&kept);
                let at = {
                    let mut all = kept.lock();
                    all.push(Vec::new());
                    all.len() - 1
                };
                tokio::spawn(async move {
                    let mut piece = vec![0; 16 * 1024];
                    let mut answered = 0;
                    while let Ok(length @ 1..) = stream.read(&mut piece).await {
                        let whole = {
                            let mut all = kept.lock();
                            all[at].extend_from_slice(&piece[..length]);
                            whole_requests(&all[at])
                        };
                        for _ in answered..whole {
                            let ok = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
                            let _ = stream.write_all(ok).await;
                        }
                        answered = whole;
                    }
                });
            }
        });
        Self { base_url, seen, task }
    }

    /// All that came over each connection that was used.
    fn seen(&self) -> Vec<String> {
        let seen = self.seen.lock();
        let used = seen.iter().filter(|bytes| !bytes.is_empty());
        used.map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect()
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// How many whole requests these bytes are, as plainly read as an old server would.
fn whole_requests(mut bytes: &[u8]) -> usize {
    let mut whole = 0;
    while let Some(head) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
        let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
        let rest = &bytes[head + 4..];
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
        let body = if text.contains("transfer-encoding: chunked") {
            rest.windows(5).position(|five| five == b"0\r\n\r\n").map(|at| at + 5)
        } else {
            Some(length.map_or(0, |length| length.parse().unwrap()))
        };
        match body {
            Some(body) if body <= rest.len() => bytes = &rest[body..],
            _ => break,
        }
        whole += 1;
    }
    whole
}
