//! One try of a call over the wire, and its record. No answer is given before its exchange is
//! recorded, and a try that was cut short is recorded too.

use std::collections::HashSet;
use std::error::Error as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderName, HeaderValue};
use hyper_util::client::legacy::connect::HttpInfo;
use letterproof_contract::content::inspect_download;
use letterproof_model::{
    Connection, Direction, Exchange, PackId, RawBody, RawExchange, RawOutcome, RawRequest,
    RawResponse, Recorder, Timestamp, TransportError, TransportErrorKind, now,
};
use letterproof_wire::{HttpError, Request, Response, SendError, TlsInfo};
use parking_lot::Mutex;
use secrecy::SecretSlice;
use uuid::Uuid;

use super::Session;
use crate::call::{Call, Kind};
use crate::tokens::Bearer;
use crate::{ClientError, Flow, private};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");

/// An id for `X-Request-ID` that no other call has, in the form of a UUID. Those of one process begin
/// alike and count on, since ids that share nothing are a good part of a packed bundle.
pub(super) fn request_id() -> String {
    /// What is counted: the last part of a UUID.
    const COUNTED: u128 = 0xffff_ffff_ffff;
    static FRONT: LazyLock<u128> = LazyLock::new(|| Uuid::new_v4().as_u128() & !COUNTED);
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = u128::from(NEXT.fetch_add(1, Ordering::Relaxed)) & COUNTED;
    Uuid::from_u128(*FRONT | number).to_string()
}

/// A recorded try, with the parts of the answer that only the session may see.
pub(crate) struct Raw {
    pub(crate) exchange: Arc<Exchange>,
    /// `Location`, which for letter data is a signed link.
    pub(crate) location: Option<HeaderValue>,
    /// The answer of the token endpoint.
    pub(crate) secret_body: Option<SecretSlice<u8>>,
}

impl Raw {
    pub(crate) fn status(&self) -> Option<u16> {
        self.exchange.status()
    }

    pub(crate) fn error_kind(&self) -> Option<TransportErrorKind> {
        self.exchange.error().map(|error| error.kind)
    }
}

/// The connections seen so far, to tell a fresh one from one used before.
#[derive(Default)]
pub(super) struct Connections {
    seen: Mutex<HashSet<(SocketAddr, SocketAddr)>>,
    certificate: Mutex<Option<Vec<u8>>>,
}

impl Connections {
    fn note(&self, info: &HttpInfo) -> Connection {
        let fresh = self.seen.lock().insert((info.local_addr(), info.remote_addr()));
        Connection { reused: !fresh }
    }

    fn note_certificate(&self, der: &[u8]) {
        let mut kept = self.certificate.lock();
        if kept.as_deref() != Some(der) {
            *kept = Some(der.to_owned());
        }
    }

    /// The certificate that the target's host showed last, DER.
    pub(super) fn certificate(&self) -> Option<Vec<u8>> {
        self.certificate.lock().clone()
    }
}

/// A request on its way. Dropped before its answer was recorded, it is recorded as interrupted.
struct UnderWay {
    recorder: Arc<dyn Recorder>,
    raw: Option<RawExchange>,
    clock: Instant,
}

impl UnderWay {
    fn elapsed_us(&self) -> u64 {
        micros(self.clock.elapsed())
    }

    /// Takes the exchange for recording with this outcome.
    fn end(&mut self, outcome: RawOutcome, connection: Option<Connection>) -> Option<RawExchange> {
        self.raw.take().map(|mut raw| {
            raw.outcome = outcome;
            raw.connection = connection;
            raw
        })
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(raw) = self.raw.take() {
            // The placeholder outcome says that the run was interrupted; nobody is left to tell
            // if even that cannot be written.
            let after_us = micros(self.clock.elapsed());
            let outcome = RawOutcome::Error(TransportError {
                kind: TransportErrorKind::Interrupted,
                message: "the run was interrupted before the answer was whole".to_owned(),
                after_us,
                status: None,
                received: 0,
            });
            let _ = self.recorder.record(RawExchange { outcome, ..raw });
        }
    }
}

impl Session {
    /// Sends a call once and records it.
    pub(crate) async fn send(
        &self,
        call: &Call,
        attempt: u32,
        bearer: Option<&Bearer>,
        due: Option<tokio::time::Instant>,
    ) -> Result<Raw, ClientError> {
        let headers = self.headers_of(call, bearer)?;
        let mut request = Request::new(call.method.clone(), call.url.clone());
        *request.headers_mut() = headers.clone();
        if !call.body.is_empty() {
            *request.body_mut() = Some(call.body.clone().into());
        }
        // In this order: measured from a moment before `started`, an exchange could seem to end
        // after what followed it had begun.
        let started = now();
        let clock = Instant::now();
        let mut under_way = UnderWay {
            recorder: self.inner.recorder.clone(),
            clock,
            raw: Some(RawExchange {
                actor: call.flow.actor,
                direction: Direction::ToApi,
                pack: PackId::Supplier,
                scenario: call.flow.scenario.as_deref().map(str::to_owned),
                attempt,
                scheduled: due.and_then(|due| scheduled(started, clock, due.into_std())),
                started,
                connection: None,
                request: RawRequest {
                    method: call.method.to_string(),
                    url: call.url.to_string(),
                    headers: pairs(&headers),
                    body: bytes_body(call.body.to_vec()),
                },
                outcome: RawOutcome::Error(interrupted()),
            }),
        };
        let deadline = tokio::time::Instant::now() + call.timeout;
        let answer = tokio::time::timeout_at(deadline, self.inner.http.execute(request)).await;
        let mut response = match answer {
            Ok(Ok(response)) => response,
            Ok(Err(SendError::Refused(refusal))) => {
                // Found out only when its name was resolved. That it was tried is on record.
                let cause = refusal.to_string();
                let failure =
                    self.failure(&under_way, TransportErrorKind::Connect, &cause, None, 0);
                self.record(&mut under_way, RawOutcome::Error(failure), None)?;
                return Err(self.misled(&refusal));
            }
            Ok(Err(SendError::Failed(error))) => {
                let (kind, cause) = classify(&error, false);
                let failure = self.failure(&under_way, kind, &cause, None, 0);
                return self.record(&mut under_way, RawOutcome::Error(failure), None);
            }
            Err(_) => {
                let cause = format!("no answer within {} s", call.timeout.as_secs());
                let failure =
                    self.failure(&under_way, TransportErrorKind::Timeout, &cause, None, 0);
                return self.record(&mut under_way, RawOutcome::Error(failure), None);
            }
        };
        let headers_us = under_way.elapsed_us();
        let connection =
            response.extensions().get::<HttpInfo>().map(|info| self.inner.connections.note(info));
        if call.kind != Kind::Download
            && let Some(info) = response.extensions().get::<TlsInfo>()
            && let Some(certificate) = info.peer_certificate()
        {
            self.inner.connections.note_certificate(certificate);
        }
        let status = response.status().as_u16();
        if let Some(date) = response.headers().get(http::header::DATE).and_then(|v| v.to_str().ok())
            && call.kind != Kind::Download
        {
            self.inner.skew.note(date, started, now());
        }
        let collected = collect(&mut response, deadline, call.cap).await;
        let done_us = under_way.elapsed_us();
        let body = match collected {
            Ok(body) => body,
            Err((kind, cause, received)) => {
                let failure = self.failure(&under_way, kind, &cause, Some(status), received);
                return self.record(&mut under_way, RawOutcome::Error(failure), connection);
            }
        };
        let location = response.headers().get(http::header::LOCATION).cloned();
        let response_headers = pairs(response.headers());
        let media_type = response
            .headers()
            .get(http::header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let secret_body = (call.kind == Kind::Token).then(|| SecretSlice::from(body.clone()));
        let body = match call.kind {
            // An empty document is a document like any other.
            Kind::Download
                if !body.is_empty() || (status == 200 && call.method == http::Method::GET) =>
            {
                inspect(media_type, body, call.keep.clone()).await?
            }
            _ => bytes_body(body),
        };
        let outcome = RawOutcome::Response(RawResponse {
            status,
            headers: response_headers,
            body,
            headers_us,
            done_us,
        });
        let mut raw = self.record(&mut under_way, outcome, connection)?;
        raw.location = location;
        raw.secret_body = secret_body;
        Ok(raw)
    }

    fn failure(
        &self,
        under_way: &UnderWay,
        kind: TransportErrorKind,
        cause: &str,
        status: Option<u16>,
        received: u64,
    ) -> TransportError {
        TransportError {
            kind,
            message: self.scrub(cause),
            after_us: under_way.elapsed_us(),
            status,
            received,
        }
    }

    fn record(
        &self,
        under_way: &mut UnderWay,
        outcome: RawOutcome,
        connection: Option<Connection>,
    ) -> Result<Raw, ClientError> {
        let Some(raw) = under_way.end(outcome, connection) else {
            return Err(ClientError::Interrupted);
        };
        let exchange = self.inner.recorder.record(raw).map_err(|error| self.unrecorded(&error))?;
        Ok(Raw { exchange, location: None, secret_body: None })
    }

    /// Every header that is sent, in order; only the host and the length are the connection's own.
    fn headers_of(&self, call: &Call, bearer: Option<&Bearer>) -> Result<HeaderMap, ClientError> {
        let mut headers = HeaderMap::with_capacity(call.headers.len() + 4);
        if let Some(bearer) = bearer {
            headers.append(http::header::AUTHORIZATION, bearer.header());
        }
        if call.ids {
            headers.append(REQUEST_ID, header_text(&request_id(), "X-Request-ID")?);
            if let Some(correlation) = self.correlation(&call.flow) {
                headers.append(CORRELATION_ID, header_text(&correlation, "X-Correlation-ID")?);
            }
        }
        for (name, value) in &call.headers {
            headers.append(name.clone(), value.clone());
        }
        if !headers.contains_key(http::header::USER_AGENT) {
            headers.append(http::header::USER_AGENT, USER_AGENT);
        }
        if !headers.contains_key(http::header::ACCEPT) {
            // The HTTP library would add it anyway; what is sent must be on record.
            headers.append(http::header::ACCEPT, HeaderValue::from_static("*/*"));
        }
        Ok(headers)
    }

    /// The `X-Correlation-ID` of a flow's call that is sent now: the flow's own, and what ties the
    /// call to the record so far.
    pub(super) fn correlation(&self, flow: &Flow) -> Option<String> {
        let id = flow.correlation.as_ref()?;
        Some(match self.inner.recorder.chain_tail() {
            Some(tail) => format!("{id}-{tail}"),
            None => id.to_string(),
        })
    }
}

fn interrupted() -> TransportError {
    TransportError {
        kind: TransportErrorKind::Interrupted,
        message: String::new(),
        after_us: 0,
        status: None,
        received: 0,
    }
}

const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("letterproof/", env!("CARGO_PKG_VERSION")));

pub(super) fn header_text(text: &str, name: &str) -> Result<HeaderValue, ClientError> {
    HeaderValue::from_str(text).map_err(|_| {
        ClientError::configuration(format!(
            "header {name} cannot carry the value asked for; use visible ASCII characters"
        ))
    })
}

fn pairs(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect()
}

fn bytes_body(body: Vec<u8>) -> RawBody {
    if body.is_empty() { RawBody::None } else { RawBody::Bytes(body) }
}

/// Reduces a download to what may be kept. Hashing and reading a PDF take milliseconds, which
/// other requests must not wait for.
async fn inspect(
    media_type: Option<String>,
    body: Vec<u8>,
    keep: Option<PathBuf>,
) -> Result<RawBody, ClientError> {
    let inspected = tokio::task::spawn_blocking(move || {
        let (content, pdf) = inspect_download(&body, media_type.as_deref());
        if let Some(path) = keep.filter(|_| pdf) {
            private::keep_pdf(&path, &body)?;
        }
        Ok::<_, ClientError>((content, pdf))
    });
    let (content, pdf) = inspected.await.map_err(|_| ClientError::Interrupted)??;
    Ok(RawBody::Download { content, pdf })
}

fn scheduled(started: Timestamp, clock: Instant, due: Instant) -> Option<Timestamp> {
    let lag = clock.saturating_duration_since(due);
    let lag = jiff::SignedDuration::try_from(lag).ok()?;
    let at = started.checked_sub(lag).ok()?;
    Timestamp::from_microsecond(at.as_microsecond()).ok()
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Why a body did not come whole: kind, cause, and how much had come.
type Broken = (TransportErrorKind, String, u64);

/// Collects a body up to a cap and a deadline.
pub(super) async fn collect(
    response: &mut Response,
    deadline: tokio::time::Instant,
    cap: u64,
) -> Result<Vec<u8>, Broken> {
    let announced = response.content_length().unwrap_or(0);
    let mut body = Vec::with_capacity(usize::try_from(announced.min(1 << 20)).unwrap_or(0));
    loop {
        let received = body.len() as u64;
        match tokio::time::timeout_at(deadline, response.chunk()).await {
            Ok(Ok(Some(chunk))) => {
                if received + chunk.len() as u64 > cap {
                    return Err((
                        TransportErrorKind::Body,
                        format!("the body is longer than the {cap} bytes this client takes"),
                        received,
                    ));
                }
                body.extend_from_slice(&chunk);
            }
            Ok(Ok(None)) => return Ok(body),
            Ok(Err(error)) => {
                let (kind, cause) = classify(&error, true);
                return Err((kind, cause, received));
            }
            Err(_) => {
                return Err((
                    TransportErrorKind::Timeout,
                    "the body did not arrive in the time allowed".to_owned(),
                    received,
                ));
            }
        }
    }
}

/// What kind of failure the HTTP library reports, and its innermost cause. The library's own
/// sentence is not used: it holds the URL.
pub(super) fn classify(error: &HttpError, in_body: bool) -> (TransportErrorKind, String) {
    let mut cause = String::new();
    let mut kind = None;
    let mut source = error.source();
    while let Some(inner) = source {
        cause = inner.to_string();
        if let Some(hyper) = inner.downcast_ref::<hyper::Error>() {
            if hyper.is_parse() {
                kind = Some(TransportErrorKind::Protocol);
            } else if hyper.is_incomplete_message() || hyper.is_closed() || hyper.is_canceled() {
                kind = Some(TransportErrorKind::Reset);
            }
        }
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
            if matches!(io.kind(), BrokenPipe | ConnectionAborted | ConnectionReset) {
                kind = Some(TransportErrorKind::Reset);
            }
        }
        source = inner.source();
    }
    if cause.is_empty() {
        "the request failed".clone_into(&mut cause);
    }
    let kind = if error.is_timeout() {
        TransportErrorKind::Timeout
    } else if is_tls(&cause) && !in_body {
        // Also after the connection stands: then a server refuses the client's certificate.
        TransportErrorKind::Tls
    } else if error.is_connect() {
        TransportErrorKind::Connect
    } else if in_body {
        TransportErrorKind::Body
    } else {
        kind.unwrap_or(TransportErrorKind::Protocol)
    };
    // What rustls says of a first record that is none of TLS.
    if cause.contains("InvalidContentType") {
        cause = "it answers without TLS: this port speaks plain HTTP; give an address that begins \
                 with http://, or the port that serves TLS"
            .to_owned();
    }
    if let Some(said) = cause.strip_prefix("tunnel error: ") {
        cause = format!("the proxy opens no way to the host ({said})");
    }
    if error.is_dns() {
        cause = format!("the name could not be resolved ({cause})");
    }
    (kind, cause)
}

fn is_tls(cause: &str) -> bool {
    [
        "certificate",
        "fatal alert",
        "corrupt message",
        "peer is incompatible",
        "peer misbehaved",
        "handshake",
    ]
    .iter()
    .any(|word| cause.contains(word))
}
