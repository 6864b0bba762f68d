//! What the targets share: the bound on an input, files to read it from, reading it twice; a
//! runtime, an API that answers with what it is given, and a recorder whose journal is read back now
//! and then.
//!
//! Whatever a long run keeps is thrown away after a bounded number of cases, and each thread's
//! folder with the thread.

use std::cell::OnceCell;
use std::fmt::Debug;
use std::path::{Component, Path};
use std::sync::Arc;
use std::time::Duration;

use letterproof_evidence::{JournalHeader, JournalWriter, read_journal};
use letterproof_model::{
    Exchange, Journal as _, Mark, RawExchange, RecordError, Recorder, RunId, ToolInfo,
};
use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

use crate::LONGEST;

/// Longer than anything that ends may take, also on a busy machine.
pub(crate) const HANG: Duration = Duration::from_secs(15);

/// Everything of a case runs on the thread that runs the case.
pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// An API that answers every request with the same bytes and then closes.
pub(crate) struct Scripted {
    /// Its base URL.
    pub(crate) base_url: String,
    script: Arc<Mutex<Script>>,
}

#[derive(Default)]
struct Script {
    answer: Vec<u8>,
    seen: Vec<Vec<u8>>,
}

impl Scripted {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base_url = format!("http://{}/api", listener.local_addr().expect("its address"));
        let script = Arc::<Mutex<Script>>::default();
        let shared = Arc::clone(&script);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&shared)));
            }
        });
        Self { base_url, script }
    }

    /// Answers with these bytes from now on, and forgets what it was sent.
    pub(crate) fn answer_with(&self, answer: &[u8]) {
        *self.script.lock() = Script { answer: answer.to_owned(), seen: Vec::new() };
    }

    /// What each connection sent since; of those that sent nothing, none.
    pub(crate) fn seen(&self) -> Vec<Vec<u8>> {
        self.script.lock().seen.clone()
    }
}

async fn answer(mut stream: TcpStream, script: Arc<Mutex<Script>>) {
    let mut request = Vec::new();
    while end_of(&request).is_none() {
        if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
            break;
        }
    }
    if request.is_empty() {
        return;
    }
    let answer = {
        let mut script = script.lock();
        script.seen.push(request);
        script.answer.clone()
    };
    // The other side may have had enough.
    let _ = stream.write_all(&answer).await;
    let _ = stream.shutdown().await;
}

/// Where a request ends, as its own framing says; `None` while it has not arrived.
pub(crate) fn end_of(request: &[u8]) -> Option<usize> {
    let body = find(request, b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&request[..body]).to_ascii_lowercase();
    let field = |name: &str| {
        head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim))
    };
    if field("transfer-encoding").is_some() {
        return end_of_chunks(request, body);
    }
    let length = field("content-length").map_or(Some(0), |length| length.parse::<usize>().ok())?;
    body.checked_add(length).filter(|end| *end <= request.len())
}

fn end_of_chunks(request: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let line = at + find(&request[at..], b"\r\n")?;
        let size = std::str::from_utf8(&request[at..line]).ok()?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        if size == 0 {
            // Trailers, or none, up to an empty line.
            return Some(line + find(&request[line..], b"\r\n\r\n")? + 4);
        }
        at = line.checked_add(size)?.checked_add(4).filter(|next| *next <= request.len())?;
    }
}

pub(crate) fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

/// The recorder of a run, which begins a new journal when one has grown long.
pub(crate) struct Rolling {
    base_url: String,
    journal: Mutex<OneJournal>,
}

struct OneJournal {
    writer: JournalWriter,
    exchanges: usize,
    marks: usize,
    // Held so that the file lives as long as its writer.
    _folder: TempDir,
}

/// How many exchanges and marks one journal holds.
const A_JOURNAL: usize = 300;

impl Rolling {
    pub(crate) fn new(base_url: &str) -> Self {
        Self { base_url: base_url.to_owned(), journal: Mutex::new(OneJournal::new(base_url)) }
    }

    /// Reads a long journal back, which must succeed whatever was recorded, and begins another.
    pub(crate) fn roll(&self) {
        let mut journal = self.journal.lock();
        if journal.exchanges + journal.marks >= A_JOURNAL {
            journal.is_read_back();
            *journal = OneJournal::new(&self.base_url);
        }
    }
}

impl OneJournal {
    fn new(base_url: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let tool = ToolInfo { version: "0".to_owned(), commit: "unknown".to_owned() };
        let header = JournalHeader::new(RunId::fixed("fuzzed"), tool, base_url);
        let path = folder.path().join("exchanges.jsonl");
        let writer = JournalWriter::create(&path, &header).expect("a journal");
        Self { writer, exchanges: 0, marks: 0, _folder: folder }
    }

    fn is_read_back(&self) {
        let saved = read_journal(self.writer.path()).expect("a journal that was written");
        let counts = (saved.recording.exchanges().len(), saved.recording.marks().len());
        assert_eq!(counts, (self.exchanges, self.marks), "not all that was written is read back");
    }
}

impl Recorder for Rolling {
    fn record(&self, raw: RawExchange) -> Result<Arc<Exchange>, RecordError> {
        let mut journal = self.journal.lock();
        journal.exchanges += 1;
        journal.writer.record(raw)
    }

    fn mark(&self, mark: Mark) -> Result<(), RecordError> {
        let mut journal = self.journal.lock();
        journal.marks += 1;
        journal.writer.mark(mark)
    }

    fn scrub(&self, text: &str) -> String {
        self.journal.lock().writer.scrub(text)
    }
}

/// What stands for a secret in seeds and dictionaries.
pub(crate) const CANARY: &str = "canary-5a1f9c";

/// The part of an input that a reader is given.
pub(crate) fn bounded(data: &[u8]) -> &[u8] {
    &data[..data.len().min(LONGEST)]
}

/// The same, where it is text; readers of text have the system refuse the rest for them.
pub(crate) fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(bounded(data)).ok()
}

/// Hands the thread's own folder on.
pub(crate) fn in_folder<T>(work: impl FnOnce(&Path) -> T) -> T {
    thread_local!(static FOLDER: OnceCell<TempDir> = const { OnceCell::new() });
    FOLDER.with(|folder| {
        work(folder.get_or_init(|| tempfile::tempdir().expect("a folder for the cases")).path())
    })
}

/// Lets a reader have the input as a file of this name.
pub(crate) fn as_file<T>(name: &str, data: &[u8], read: impl FnOnce(&Path) -> T) -> T {
    in_folder(|folder| {
        let path = folder.join(name);
        std::fs::write(&path, bounded(data)).expect("the input as a file");
        read(&path)
    })
}

/// Reads twice, and takes what was read or the message; both readings must be the same.
pub(crate) fn twice<T: PartialEq + Debug, E: ToString>(
    read: impl Fn() -> Result<T, E>,
) -> Result<T, String> {
    let once = read().map_err(|error| error.to_string());
    let again = read().map_err(|error| error.to_string());
    assert_eq!(once, again, "two readings of the same bytes");
    once
}

/// What was read, if anything was; a refusal must name the file.
pub(crate) fn named<T>(name: &str, read: Result<T, String>) -> Option<T> {
    match read {
        Ok(read) => Some(read),
        Err(message) => {
            assert!(message.contains(name), "an error that does not name {name}: {message}");
            None
        }
    }
}

/// Whether a name is a short relative one that stays in its folder on every system.
pub(crate) fn is_inside(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_');
    (1..=60).contains(&name.len())
        && name.chars().all(plain)
        && Path::new(name).components().all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_ends_where_its_framing_says_and_nowhere_before_it_has_come() {
        for (request, end) in [
            ("GET / HTTP/1.1\r\nHost: h\r\n\r\nbehind", Some(27)),
            ("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}behind", Some(40)),
            ("POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n{}", None),
            (
                "P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b\r\nx\r\n0\r\n\r\nbehind",
                Some(59),
            ),
            ("P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nT: t\r\n\r\nbehind", Some(55)),
            ("P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", None),
            ("GET / HTTP/1.1\r\nHost: h\r\n", None),
        ] {
            let found = end_of(request.as_bytes());
            assert_eq!(found, end, "{request:?}");
            assert!(found.is_none_or(|end| matches!(&request[end..], "behind")));
        }
    }
}
