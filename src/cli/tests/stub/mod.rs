//! A server on this machine that answers as a test says, and keeps what it was asked.
//! Refuses to keep a connection open: each request is answered and the connection closed, so that
//! any kind of answer can be given, also one that is no HTTP.

#![allow(clippy::unwrap_used, reason = "a test may end so")]
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The path of the token endpoint, which moves along with `--base-url`.
pub(crate) const TOKEN: &str = "/oauth2/token";

/// A request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Path and query; for CONNECT, host and port.
    pub(crate) path: String,
    /// Every header line.
    pub(crate) head: String,
    pub(crate) body: String,
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    status: &'static str,
    headers: String,
    body: Vec<u8>,
}

impl Said {
    pub(crate) fn new(status: &'static str, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: format!("Content-Type: {kind}\r\n"), body: body.into() }
    }

    pub(crate) fn json(status: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self::new(status, "application/vnd.api+json", body)
    }

    pub(crate) fn page(status: &'static str) -> Self {
        Self::new(status, "text/html; charset=utf-8", "<html>Please sign in</html>")
    }

    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    /// No answer: the connection is closed.
    pub(crate) fn nothing() -> Self {
        Self { status: "", headers: String::new(), body: Vec::new() }
    }

    /// A token of the platform's form.
    pub(crate) fn token(token: &str) -> Self {
        let body = format!(
            "{{\"access_token\": \"{token}\", \"expires_in\": \"599\", \"token_type\": \"Bearer\"}}"
        );
        Self::new("200 OK", "application/json", body)
    }

    /// A refusal of the token endpoint.
    pub(crate) fn refusal(status: &'static str, error: &str, description: &str) -> Self {
        let body = serde_json::json!({
            "error": error, "error_description": description, "message_id": "rrt-1",
        });
        Self::new(status, "application/json", body.to_string())
    }
}

/// The server; it ends with this value.
pub(crate) struct Stub {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    stopped: Arc<AtomicBool>,
}

impl Stub {
    /// Answers every request as `answer` says; `None` leaves it without an answer.
    pub(crate) fn start(answer: impl Fn(&Asked) -> Option<Said> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, stopped) = (Arc::<Mutex<Vec<Asked>>>::default(), Arc::<AtomicBool>::default());
        let (kept, ended, answer) = (asked.clone(), stopped.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let (kept, ended, answer) = (kept.clone(), ended.clone(), answer.clone());
                std::thread::spawn(move || serve(stream, &kept, &ended, &*answer));
            }
        });
        Self { address, asked, stopped }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}/nhs-notify-supplier", self.address)
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Wakes the one that waits for connections.
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(
    mut stream: TcpStream,
    kept: &Mutex<Vec<Asked>>,
    stopped: &AtomicBool,
    answer: &dyn Fn(&Asked) -> Option<Said>,
) {
    let Some(asked) = read(&stream) else { return };
    kept.lock().unwrap().push(asked.clone());
    let Some(Said { status, headers, body }) = answer(&asked) else {
        while !stopped.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(10));
        }
        return;
    };
    if status.is_empty() {
        return;
    }
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let mut asked = Asked { method: words.next()?, path: words.next()?, ..Asked::default() };
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok()?;
        }
        asked.head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    asked.body = String::from_utf8_lossy(&body).into_owned();
    Some(asked)
}
