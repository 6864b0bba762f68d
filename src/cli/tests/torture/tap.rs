//! A relay between a run and the double that writes down what the double answered, and so knows
//! more than a run that was killed before it could record it.
//! Refuses to understand more of HTTP than the two need: no pipelining, bodies of a told length.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;

/// A request that the double answered.
#[derive(Debug, Clone)]
pub(crate) struct Answered {
    /// Its `X-Request-ID`; empty for tokens and downloads.
    pub(crate) request_id: String,
    /// The connection it came over.
    pub(crate) connection: SocketAddr,
    status: u16,
    method: String,
    body: Vec<u8>,
}

impl Answered {
    /// The letters and statuses that the double took from it.
    fn updates(&self) -> Vec<(String, String)> {
        if self.status != 202 || !matches!(self.method.as_str(), "POST" | "PATCH") {
            return Vec::new();
        }
        let document: Value = serde_json::from_slice(&self.body).unwrap();
        let items = match &document["data"] {
            Value::Array(items) => items.clone(),
            item => vec![item.clone()],
        };
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let pair = |item: &Value| (text(&item["id"]), text(&item["attributes"]["status"]));
        items.iter().map(pair).collect()
    }
}

/// The relay; it ends with this value.
pub(crate) struct Tap {
    address: SocketAddr,
    answered: Arc<Mutex<Vec<Answered>>>,
    stopped: Arc<AtomicBool>,
}

impl Tap {
    /// Stands before the double at `upstream`, a host and port.
    pub(crate) fn before(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let answered = Arc::<Mutex<Vec<Answered>>>::default();
        let stopped = Arc::<AtomicBool>::default();
        let (kept, ended, upstream) = (answered.clone(), stopped.clone(), upstream.to_owned());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let (kept, upstream) = (kept.clone(), upstream.clone());
                // Whoever is killed or done simply goes away.
                std::thread::spawn(move || relay(stream, &upstream, &kept));
            }
        });
        Self { address, answered, stopped }
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}/nhs-notify-supplier", self.address)
    }

    /// What the double answered so far, in order.
    pub(crate) fn answered(&self) -> Vec<Answered> {
        self.answered.lock().unwrap().clone()
    }

    /// The updates that the double took more than once.
    pub(crate) fn taken_twice(&self) -> Vec<(String, String)> {
        let mut times = BTreeMap::<_, u32>::new();
        for update in self.answered().iter().flat_map(Answered::updates) {
            *times.entry(update).or_default() += 1;
        }
        times.into_iter().filter(|(_, times)| *times > 1).map(|(update, _)| update).collect()
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Wakes the one that waits for connections.
        let _ = TcpStream::connect(self.address);
    }
}

/// A request or an answer as it came: its head, and its body.
struct Message {
    head: String,
    body: Vec<u8>,
}

impl Message {
    fn read(input: &mut BufReader<TcpStream>) -> Option<Self> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if input.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let mut message = Self { head, body: Vec::new() };
        let length = message.header("content-length").and_then(|text| text.parse().ok());
        message.body.resize(length.unwrap_or(0), 0);
        input.read_exact(&mut message.body).ok()?;
        Some(message)
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    fn word(&self, at: usize) -> &str {
        self.head.split(' ').nth(at).unwrap_or_default()
    }

    fn write(&self, mut output: &TcpStream) -> Option<()> {
        output.write_all(&[self.head.as_bytes(), &self.body].concat()).ok()
    }
}

fn relay(client: TcpStream, upstream: &str, answered: &Mutex<Vec<Answered>>) -> Option<()> {
    let double = TcpStream::connect(upstream).ok()?;
    client.set_nodelay(true).ok()?;
    double.set_nodelay(true).ok()?;
    let connection = client.peer_addr().ok()?;
    let mut requests = BufReader::new(client.try_clone().ok()?);
    let mut answers = BufReader::new(double.try_clone().ok()?);
    loop {
        let request = Message::read(&mut requests)?;
        request.write(&double)?;
        let answer = Message::read(&mut answers)?;
        answered.lock().unwrap().push(Answered {
            request_id: request.header("x-request-id").unwrap_or_default().to_owned(),
            connection,
            status: answer.word(1).parse().ok()?,
            method: request.word(0).to_owned(),
            body: request.body,
        });
        answer.write(&client)?;
    }
}
