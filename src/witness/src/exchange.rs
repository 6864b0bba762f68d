//! One exchange under way, from its request to its record.
//! Refuses to be forgotten: dropped before its end, as when the supplier goes away, it is recorded
//! as far as it came.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use http::{HeaderMap, StatusCode};
use letterproof_model::{
    Actor, Connection, Direction, Exchange, Mark, PackId, RawBody, RawExchange, RawOutcome,
    RawRequest, RawResponse, RecordError, Timestamp, TransportError, TransportErrorKind, now,
};

use crate::book::Book;
use crate::counters::bump;
use crate::headers;
use crate::keeping::unpacked;
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
