//! One exchange under way, from its request to its record, and what is kept of its bodies: an API
//! body's bytes, of a download only length, hash and pages.
//!
//! An exchange that is dropped before its end, as when the supplier goes away, is recorded as far
//! as it came. Pages can only be counted in a whole PDF, so a download is held beside its way
//! through as long as all held downloads fit into one budget; beyond it a download is hashed piece
//! by piece.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{Context, SHA256};
use http::{HeaderMap, StatusCode, header};
use letterproof_contract::content::{inspect_download, looks_like_pdf};
use letterproof_contract::unpack::{Unpacked, is_packed, unpack};
use letterproof_model::{
    Actor, Connection, Content, Direction, Exchange, Mark, PackId, RawBody, RawExchange,
    RawOutcome, RawRequest, RawResponse, RecordError, Timestamp, TransportError,
    TransportErrorKind, now,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::headers;
use crate::recording::{Book, bump};
use crate::request::RequestCopy;

/// From how many bytes on redacting and writing is left to a thread of its own, so that other
/// requests need not wait for it.
const LONG: usize = 64 * 1024;

/// What is known of a request when it is passed on.
pub(crate) struct Begun {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Arc<RequestCopy>,
    /// Whether an earlier request of the supplier had used the connection.
    pub(crate) reused: bool,
    /// What was injected into it, for its mark.
    pub(crate) injected: Option<String>,
}

/// An exchange under way.
pub(crate) struct UnderWay {
    book: Arc<Book>,
    started: Timestamp,
    clock: Instant,
    begun: Option<Begun>,
    status: Option<u16>,
    passed: u64,
}

impl UnderWay {
    pub(crate) fn begin(book: &Arc<Book>, begun: Begun) -> Self {
        book.counters.in_flight.fetch_add(1, Ordering::Relaxed);
        // In this order: measured from a moment before `started`, an exchange could seem to end
        // after what followed it had begun.
        let started = now();
        let clock = Instant::now();
        Self { book: Arc::clone(book), started, clock, begun: Some(begun), status: None, passed: 0 }
    }

    pub(crate) fn elapsed_us(&self) -> u64 {
        micros(self.clock.elapsed())
    }

    /// Notes the status the API answered with.
    pub(crate) fn answered(&mut self, status: StatusCode) {
        self.status = Some(status.as_u16());
    }

    /// Notes that so many bytes of the answer's body were passed on.
    pub(crate) fn passed(&mut self, bytes: usize) {
        self.passed += bytes as u64;
        self.book.counters.passed_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Records it with a whole answer.
    pub(crate) async fn whole(
        &mut self,
        headers: &HeaderMap,
        body: RawBody,
        headers_us: u64,
        done_us: u64,
    ) -> Result<(), RecordError> {
        let status = self.status.unwrap_or_default();
        let headers = headers::pairs(headers);
        let response = RawResponse { status, headers, body, headers_us, done_us };
        self.end(RawOutcome::Response(response)).await
    }

    /// Records it with a failure.
    pub(crate) async fn failed(
        &mut self,
        kind: TransportErrorKind,
        cause: &str,
        received: u64,
    ) -> Result<(), RecordError> {
        let outcome = self.failure(kind, cause, received);
        self.end(outcome).await
    }

    fn failure(&self, kind: TransportErrorKind, cause: &str, received: u64) -> RawOutcome {
        RawOutcome::Error(TransportError {
            kind,
            message: self.book.scrub(cause),
            after_us: self.elapsed_us(),
            status: self.status,
            received,
        })
    }

    async fn end(&mut self, outcome: RawOutcome) -> Result<(), RecordError> {
        let Some((raw, injected)) = self.take(outcome) else { return Ok(()) };
        let book = Arc::clone(&self.book);
        if weight(&raw) < LONG {
            return keep(&book, raw, injected);
        }
        let kept = tokio::task::spawn_blocking(move || keep(&book, raw, injected)).await;
        kept.unwrap_or_else(|_| Err(RecordError { message: "a write was stopped".to_owned() }))
    }

    fn take(&mut self, outcome: RawOutcome) -> Option<(RawExchange, Option<String>)> {
        let begun = self.begun.take()?;
        let coding = headers::text(&begun.headers, http::header::CONTENT_ENCODING);
        let body = match begun.body.take() {
            bytes if bytes.is_empty() => RawBody::None,
            bytes => unpacked(bytes, coding),
        };
        let request = RawRequest {
            method: begun.method,
            url: begun.url,
            headers: headers::pairs(&begun.headers),
            body,
        };
        let raw = RawExchange {
            actor: Actor::Supplier,
            direction: Direction::ToApi,
            pack: PackId::Supplier,
            scenario: self.book.scenario().map(|label| label.as_ref().to_owned()),
            attempt: 1,
            scheduled: None,
            started: self.started,
            connection: Some(Connection { reused: begun.reused }),
            request,
            outcome,
        };
        Some((raw, begun.injected))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.book.counters.in_flight.fetch_sub(1, Ordering::Relaxed);
        if self.begun.is_none() {
            return;
        }
        let (kind, cause) = match self.status {
            Some(_) => (
                TransportErrorKind::Body,
                "the supplier's connection ended before it had the whole answer",
            ),
            None => (
                TransportErrorKind::Interrupted,
                "the supplier's connection ended before the API had answered",
            ),
        };
        let outcome = self.failure(kind, cause, self.passed);
        if let Some((raw, injected)) = self.take(outcome) {
            // Nobody is left to tell; the book refuses what comes next.
            let _ = keep(&self.book, raw, injected);
        }
    }
}

/// Writes an exchange, and the mark of what was injected into it.
fn keep(book: &Book, raw: RawExchange, injected: Option<String>) -> Result<(), RecordError> {
    let exchange: Arc<Exchange> = book.record(raw)?;
    match injected {
        Some(what) => {
            bump(&book.counters.injected);
            book.keep_mark(Mark::injected(&exchange.id, &what, now()))
        }
        None => Ok(()),
    }
}

fn weight(raw: &RawExchange) -> usize {
    let of = |body: &RawBody| match body {
        RawBody::Bytes(bytes) => bytes.len(),
        RawBody::None | RawBody::Download { .. } => 0,
    };
    let answer = match &raw.outcome {
        RawOutcome::Response(response) => of(&response.body),
        RawOutcome::Error(_) => 0,
    };
    of(&raw.request.body) + answer
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// How many downloads are read for their pages at the same time.
const READERS: usize = 2;
/// Unit of the budget, so that large budgets fit into a semaphore.
const UNIT: usize = 1024;
/// How much of a passing download is looked at to tell what it is.
const HEAD: usize = 1024;

/// What all bodies share.
pub(crate) struct Budget {
    held: Arc<Semaphore>,
    readers: Semaphore,
    kept_body: usize,
}

impl Budget {
    /// A budget of so many bytes for held downloads, and the longest API body kept.
    pub(crate) fn new(held_downloads: u32, kept_body: u64) -> Self {
        Self {
            held: Arc::new(Semaphore::new(held_downloads as usize / UNIT)),
            readers: Semaphore::new(READERS),
            kept_body: usize::try_from(kept_body).unwrap_or(usize::MAX),
        }
    }
}

/// What is kept of one answer's body so far.
pub(crate) struct Keeping {
    budget: Arc<Budget>,
    download: bool,
    media_type: Option<String>,
    encoding: Option<String>,
    announced: usize,
    state: State,
}

enum State {
    Held { bytes: Vec<u8>, permit: Option<OwnedSemaphorePermit> },
    Hashed { digest: Context, length: u64, head: Vec<u8> },
}

impl Keeping {
    /// Begins with the answer's header fields.
    pub(crate) fn new(budget: &Arc<Budget>, download: bool, headers: &HeaderMap) -> Self {
        let text = |name| headers::text(headers, name).map(str::to_owned);
        Self {
            budget: Arc::clone(budget),
            download,
            media_type: text(header::CONTENT_TYPE),
            encoding: text(header::CONTENT_ENCODING),
            announced: text(header::CONTENT_LENGTH).and_then(|n| n.parse().ok()).unwrap_or(0),
            state: State::Held { bytes: Vec::new(), permit: None },
        }
    }

    /// Takes the next piece.
    pub(crate) fn add(&mut self, piece: &[u8]) {
        if let State::Held { bytes, permit } = &mut self.state {
            let whole = bytes.len() + piece.len();
            let room = if self.download {
                make_room(bytes, permit, &self.budget.held, whole, self.announced)
            } else {
                whole <= self.budget.kept_body
            };
            if room {
                bytes.extend_from_slice(piece);
                return;
            }
            let mut digest = Context::new(&SHA256);
            digest.update(bytes);
            let head = bytes[..bytes.len().min(HEAD)].to_vec();
            self.state = State::Hashed { digest, length: bytes.len() as u64, head };
        }
        if let State::Hashed { digest, length, head } = &mut self.state {
            digest.update(piece);
            *length += piece.len() as u64;
            let missing = HEAD.saturating_sub(head.len()).min(piece.len());
            head.extend_from_slice(&piece[..missing]);
        }
    }

    /// What a recorder may have of it.
    pub(crate) async fn finish(self) -> RawBody {
        let Self { budget, download, media_type, encoding, announced, state } = self;
        match state {
            // Of a download, also that it is empty is to be known; the answer to HEAD announces
            // what it does not bring.
            State::Held { bytes, .. } if bytes.is_empty() && !(download && announced == 0) => {
                RawBody::None
            }
            State::Held { bytes, .. } if !download => unpacked(bytes, encoding.as_deref()),
            State::Held { bytes, permit } => {
                // Closed never: the semaphore lives as long as the budget.
                let _turn = budget.readers.acquire().await;
                let read = tokio::task::spawn_blocking(move || {
                    let body = match unpacked(bytes, encoding.as_deref()) {
                        RawBody::Bytes(bytes) => {
                            let (content, pdf) = inspect_download(&bytes, media_type.as_deref());
                            RawBody::Download { content, pdf }
                        }
                        unread => unread,
                    };
                    drop(permit);
                    body
                });
                read.await.unwrap_or(RawBody::None)
            }
            // The hash of the packed bytes is not that of the letter.
            State::Hashed { length, .. } if is_packed(encoding.as_deref()) => {
                unread(length, "body not read: it is packed, and too long to be held".to_owned())
            }
            State::Hashed { digest, length, head } => {
                let pdf = download && looks_like_pdf(&head, media_type.as_deref());
                let problem = if pdf {
                    None
                } else if download {
                    Some("not a PDF".to_owned())
                } else {
                    Some("too long to be kept".to_owned())
                };
                let sha256 = digest.finish().as_ref().iter().map(|b| format!("{b:02x}")).collect();
                RawBody::Download {
                    content: Content { length, sha256, pages: None, repaired: None, problem },
                    pdf,
                }
            }
        }
    }
}

/// Makes room for so many bytes, as far as the budget allows. What is taken from the budget is
/// what is allocated: at once for a length that was announced, else twice as much each time.
fn make_room(
    bytes: &mut Vec<u8>,
    permit: &mut Option<OwnedSemaphorePermit>,
    held: &Arc<Semaphore>,
    whole: usize,
    announced: usize,
) -> bool {
    if whole <= bytes.capacity() {
        return true;
    }
    let capacity = whole.max(bytes.capacity() * 2).max(announced);
    let has = permit.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
    let missing = capacity.div_ceil(UNIT).saturating_sub(has);
    let Ok(missing) = u32::try_from(missing) else { return false };
    match (Arc::clone(held).try_acquire_many_owned(missing), permit.as_mut()) {
        (Ok(more), Some(permit)) => permit.merge(more),
        (Ok(more), None) => *permit = Some(more),
        (Err(_), _) => return false,
    }
    bytes.reserve_exact(capacity - bytes.len());
    true
}

/// A body without its content codings. One that cannot be unpacked is named as unread: it is the
/// reader here that cannot, and the client may.
pub(crate) fn unpacked(bytes: Vec<u8>, encoding: Option<&str>) -> RawBody {
    let length = bytes.len() as u64;
    match unpack(bytes, encoding) {
        Unpacked::Plain(bytes) => RawBody::Bytes(bytes),
        Unpacked::Unread(why) => unread(length, why),
    }
}

fn unread(length: u64, why: String) -> RawBody {
    RawBody::Download { content: Content::unread(length, why), pdf: false }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let parse = |(name, value): &(&'static str, &'static str)| {
            (name.parse::<header::HeaderName>().unwrap(), value.parse().unwrap())
        };
        pairs.iter().map(parse).collect()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[tokio::test]
    async fn a_compressed_api_body_is_kept_as_what_it_says() {
        let budget = Arc::new(Budget::new(1 << 20, 1 << 20));
        let mut keeping = Keeping::new(&budget, false, &headers(&[("content-encoding", "gzip")]));
        for piece in gzip(b"{\"data\":[]}").chunks(5) {
            keeping.add(piece);
        }
        let RawBody::Bytes(bytes) = keeping.finish().await else { panic!("no bytes") };
        assert_eq!(bytes, b"{\"data\":[]}");
    }

    /// Why nothing but its length is on record of a body that came in this coding.
    async fn unread(
        budget: &Arc<Budget>,
        download: bool,
        coding: &'static str,
        sent: &[u8],
    ) -> String {
        let mut keeping = Keeping::new(budget, download, &headers(&[("content-encoding", coding)]));
        keeping.add(sent);
        let RawBody::Download { content, pdf: false } = keeping.finish().await else { panic!() };
        assert_eq!((content.length, content.sha256.as_str()), (sent.len() as u64, ""));
        content.problem.unwrap()
    }

    #[tokio::test]
    async fn a_body_that_cannot_be_unpacked_is_named_as_unread() {
        let budget = Arc::new(Budget::new(1 << 20, 1 << 20));
        for download in [false, true] {
            let zstd = unread(&budget, download, "zstd", b"\x28\xb5\x2f\xfd").await;
            assert_eq!(zstd, "body not read: zstd");
            let damaged = unread(&budget, download, "gzip", b"\x1f\x8bnot gzip at all").await;
            assert_eq!(damaged, "body not read: it cannot be unpacked as gzip");
        }
        let small = Arc::new(Budget::new(0, 10));
        let long = unread(&small, true, "gzip", &gzip(b"%PDF-1.7 and so on")).await;
        assert!(long.contains("too long to be held"), "{long}");
    }

    #[tokio::test]
    async fn a_compressed_letter_is_known_by_the_hash_of_the_letter() {
        let budget = Arc::new(Budget::new(1 << 20, 1 << 20));
        let mut keeping = Keeping::new(&budget, true, &headers(&[("content-encoding", "gzip")]));
        keeping.add(&gzip(b"%PDF-1.7 a letter"));
        let RawBody::Download { content, pdf: true } = keeping.finish().await else { panic!() };
        assert_eq!(content.sha256, letterproof_evidence::sha256_hex(b"%PDF-1.7 a letter"));
    }

    #[tokio::test]
    async fn a_download_beyond_the_budget_is_hashed_as_it_passes_and_the_budget_comes_back() {
        let budget = Arc::new(Budget::new(8 * 1024, 1 << 20));
        let pdf = [b"%PDF-1.7\n".as_slice(), &[b'x'; 20_000]].concat();
        let mut large = Keeping::new(&budget, true, &headers(&[]));
        pdf.chunks(4_096).for_each(|piece| large.add(piece));
        assert!(matches!(large.state, State::Hashed { .. }));
        let RawBody::Download { content, pdf: true } = large.finish().await else { panic!() };
        assert_eq!((content.length, content.pages, content.problem), (20_009, None, None));
        assert_eq!(content.sha256, letterproof_evidence::sha256_hex(&pdf));
        assert_eq!(budget.held.available_permits(), 8);
        let mut small = Keeping::new(&budget, true, &headers(&[]));
        small.add(b"<Error><Code>NoSuchKey</Code></Error>");
        assert_eq!(budget.held.available_permits(), 7);
        let RawBody::Download { content, pdf: false } = small.finish().await else { panic!() };
        assert_eq!(content.problem.as_deref(), Some("NoSuchKey"));
        assert_eq!(budget.held.available_permits(), 8);
    }

    #[tokio::test]
    async fn an_empty_download_is_told_and_an_empty_answer_is_no_body() {
        let budget = Arc::new(Budget::new(8 * 1024, 1 << 20));
        let empty = |download| Keeping::new(&budget, download, &headers(&[])).finish();
        let RawBody::Download { content, pdf: false } = empty(true).await else { panic!() };
        assert_eq!(content.length, 0);
        assert!(content.problem.is_some_and(|problem| problem.contains("empty")));
        assert!(matches!(empty(false).await, RawBody::None));
    }

    #[tokio::test]
    async fn an_api_body_that_is_too_long_leaves_its_length_and_hash() {
        let budget = Arc::new(Budget::new(0, 10));
        let mut keeping = Keeping::new(&budget, false, &headers(&[]));
        keeping.add(b"[1,2,3,4,");
        keeping.add(b"5,6]");
        let RawBody::Download { content, pdf: false } = keeping.finish().await else { panic!() };
        assert_eq!(content.length, 13);
        assert_eq!(content.sha256, letterproof_evidence::sha256_hex(b"[1,2,3,4,5,6]"));
    }
}
