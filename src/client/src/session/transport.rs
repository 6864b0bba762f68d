//! One try of a call over the wire, and its record.
//! Refuses to answer before the exchange is recorded, and records a try that was cut short too.

use std::collections::HashSet;
use std::error::Error as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderName, HeaderValue};
use hyper_util::client::legacy::connect::HttpInfo;
use letterproof_model::{
    Connection, Direction, Exchange, PackId, RawBody, RawExchange, RawOutcome, RawRequest,
    RawResponse, Recorder, Timestamp, TransportError, TransportErrorKind, now,
};
use letterproof_wire::{Guard, HttpClient, Redirects, Request, SendError, TlsInfo, retry};
use parking_lot::Mutex;
use secrecy::SecretSlice;
use uuid::Uuid;

use super::call::{Call, Kind};
use super::core::Session;
use super::receiving::{classify, collect};
use super::token::Bearer;
use crate::{ClientError, Flow, Target};

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
pub(super) struct Raw {
    pub(super) exchange: Arc<Exchange>,
    /// `Location`, which for letter data is a signed link.
    pub(super) location: Option<HeaderValue>,
    /// The answer of the token endpoint.
    pub(super) secret_body: Option<SecretSlice<u8>>,
}

impl Raw {
    pub(super) fn status(&self) -> Option<u16> {
        self.exchange.status()
    }

    pub(super) fn error_kind(&self) -> Option<TransportErrorKind> {
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
    pub(super) async fn send(
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
        let (content, pdf) = crate::session::link::inspect(media_type.as_deref(), &body);
        if let Some(path) = keep.filter(|_| pdf) {
            super::keep::keep(&path, &body)?;
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

/// Builds the HTTP client of a target: no redirects, checked certificates that are written down,
/// plain bodies.
pub(super) fn build_http(
    target: &Target,
    guard: &Guard,
    recorder: &Arc<dyn Recorder>,
) -> Result<HttpClient, ClientError> {
    let tls = super::setup::tls(target, recorder)?;
    super::setup::check_proxy(target)?;
    let client = guard.client(Redirects::Shown, |builder| {
        builder
            .retry(retry::never())
            .connect_timeout(target.timeouts.connect)
            .pool_idle_timeout(Duration::from_secs(30))
            .gzip(false)
            .tls_info(true)
            .referer(false)
            .tls_backend_preconfigured(tls)
    });
    client.map_err(|error| {
        let cause = error.source().map_or_else(|| error.to_string(), ToString::to_string);
        super::setup::failed(target, &cause)
    })
}
