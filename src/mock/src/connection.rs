//! Accepting connections and answering their requests one by one.
//! Refuses oversized, slow and endless requests: every wait has an end and every buffer a bound.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use letterproof_model::Operation;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::body::{Abort, MockBody};
use crate::calls::{Call, Target};
use crate::config::{Framing, Limits, Profile};
use crate::faults::{Fault, apply_edits};
use crate::hiccup::{chance, strikes};
use crate::reply::{JSON, Reply, with_body};
use crate::shared::Shared;
use crate::socket::Socket;
use crate::{gateway, page, sandbox, storage, token, wire};

/// The API's base below the root; it is also served at the root itself.
pub(crate) const BASE: &str = "/nhs-notify-supplier";

/// How long connections may finish what they are doing once the double is told to stop.
const GRACE: Duration = Duration::from_secs(1);

/// What answers requests of one listener.
pub(crate) trait Service: Send + Sync + 'static {
    fn limits(&self) -> &Limits;
    fn respond(
        &self,
        parts: Parts,
        body: Bytes,
        reset: &Arc<AtomicBool>,
    ) -> impl Future<Output = Result<Response<MockBody>, Abort>> + Send;
}

/// Accepts connections until told to stop, then lets them finish for a moment.
pub(crate) async fn listen<S: Service>(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    service: Arc<S>,
    mut stop: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(service.limits().connections.max(1)));
    let budget = Arc::new(AtomicUsize::new(service.limits().bodies_in_flight));
    let mut tasks = JoinSet::new();
    loop {
        let place = tokio::select! {
            place = Arc::clone(&places).acquire_owned() => place,
            _ = stop.changed() => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => break,
        };
        while tasks.try_join_next().is_some() {}
        let Ok((stream, _)) = accepted else {
            // Out of file descriptors, most likely: give others time to close.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let (service, budget, stop) = (Arc::clone(&service), Arc::clone(&budget), stop.clone());
        let tls = tls.clone();
        tasks.spawn(async move {
            let _place = place;
            accept(stream, tls, service, budget, stop).await;
        });
    }
    drop(listener);
    let finished = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, finished).await.is_err() {
        tasks.shutdown().await;
    }
}

async fn accept<S: Service>(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    service: Arc<S>,
    budget: Arc<AtomicUsize>,
    stop: watch::Receiver<bool>,
) {
    // Small answers must not wait for each other; without it they are only slower.
    let _ = stream.set_nodelay(true);
    let reset = Arc::new(AtomicBool::new(false));
    let limits = service.limits();
    let socket = Socket::new(stream, Arc::clone(&reset), limits.write_timeout);
    match tls {
        None => converse(socket, service, reset, budget, stop).await,
        Some(acceptor) => {
            let handshake = tokio::time::timeout(limits.header_timeout, acceptor.accept(socket));
            if let Ok(Ok(stream)) = handshake.await {
                converse(stream, service, reset, budget, stop).await;
            }
        }
    }
}

async fn converse<S: Service>(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    service: Arc<S>,
    reset: Arc<AtomicBool>,
    budget: Arc<AtomicUsize>,
    mut stop: watch::Receiver<bool>,
) {
    let limits = service.limits().clone();
    let handler = service_fn(|request: Request<Incoming>| {
        let (service, reset, budget) = (&service, &reset, &budget);
        async move {
            let (parts, body) = request.into_parts();
            let response = match read(body, service.limits(), budget).await {
                Ok(body) => {
                    let size = body.len();
                    let response = service.respond(parts, body, reset).await;
                    budget.fetch_add(size, Ordering::Relaxed);
                    response
                }
                Err(refusal) => Ok(wire::plain(*refusal)),
            };
            response.map(|response| wire::named(wire::dated(response)))
        }
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_headers(limits.headers)
        .max_buf_size(limits.header_bytes.max(8 * 1024))
        .half_close(false);
    let connection = builder.serve_connection(TokioIo::new(stream), handler);
    let mut connection = std::pin::pin!(connection);
    // What a client did wrong on the wire is its own affair: the connection is simply over.
    tokio::select! {
        _ = connection.as_mut() => {}
        _ = stop.changed() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

fn refusal(status: StatusCode, message: &'static str) -> Box<Reply> {
    let mut reply = with_body(status, JSON, message);
    reply.headers_mut().insert(header::CONNECTION, header::HeaderValue::from_static("close"));
    Box::new(reply)
}

/// Reads a request's body within the limits of size, time and what all bodies together may take.
/// What it takes from the budget is the length of what it returns.
async fn read(
    mut body: Incoming,
    limits: &Limits,
    budget: &AtomicUsize,
) -> Result<Bytes, Box<Reply>> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let too_large = || refusal(StatusCode::PAYLOAD_TOO_LARGE, "{\"message\":\"Request Too Long\"}");
    if body.size_hint().lower() > limits.body_bytes as u64 {
        return Err(too_large());
    }
    let deadline = tokio::time::Instant::now() + limits.body_timeout;
    let mut whole = BytesMut::new();
    let outcome = loop {
        let frame = match tokio::time::timeout_at(deadline, body.frame()).await {
            Err(_) => {
                let message = "{\"message\":\"Request Timeout\"}";
                break Err(refusal(StatusCode::REQUEST_TIMEOUT, message));
            }
            Ok(None) => break Ok(()),
            Ok(Some(Err(_))) => {
                break Err(refusal(StatusCode::BAD_REQUEST, "{\"message\":\"Bad Request\"}"));
            }
            Ok(Some(Ok(frame))) => frame,
        };
        let Ok(data) = frame.into_data() else { continue };
        if whole.len() + data.len() > limits.body_bytes {
            break Err(too_large());
        }
        let taken = budget.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |free| {
            free.checked_sub(data.len())
        });
        if taken.is_err() {
            let message = "{\"message\":\"Service Unavailable\"}";
            break Err(refusal(StatusCode::SERVICE_UNAVAILABLE, message));
        }
        whole.extend_from_slice(&data);
    };
    if let Err(refusal) = outcome {
        budget.fetch_add(whole.len(), Ordering::Relaxed);
        return Err(refusal);
    }
    Ok(whole.freeze())
}

/// The API, its token endpoint, its storage and the page, on one listener.
pub(crate) struct Front(pub(crate) Arc<Shared>);

impl Service for Front {
    fn limits(&self) -> &Limits {
        &self.0.config.limits
    }

    async fn respond(
        &self,
        parts: Parts,
        body: Bytes,
        reset: &Arc<AtomicBool>,
    ) -> Result<Response<MockBody>, Abort> {
        let shared = &*self.0;
        let own = match own_fault(shared, &parts.headers) {
            Ok(own) => own,
            Err(refusal) => return Ok(wire::plain(*refusal)),
        };
        let faults = shared.board.view(own);
        let started = shared.now();
        let whole = parts.uri.path();
        let path = whole
            .strip_prefix(BASE)
            .filter(|rest| rest.is_empty() || rest.starts_with('/'))
            .unwrap_or(whole);
        let query = parts.uri.query();
        let root = root_of(shared, &parts.headers);
        let target = Target::of(&parts.method, path);
        let int = shared.config.profile == Profile::Int;

        let (operation, mut reply) = if int && whole == token::PATH && parts.method == Method::POST
        {
            (Operation::Token, token::answer(shared, &parts.headers, &body, &root, &faults))
        } else if storage::key(shared, whole).is_some() {
            if strikes(shared, &parts.method, target) {
                return Err(wire::cut(reset));
            }
            let request = storage::Request {
                method: &parts.method,
                path: whole,
                query,
                headers: &parts.headers,
                faults: &faults,
            };
            (Operation::Download, storage::serve(shared, &request))
        } else if matches!(path, "/" | "") && parts.method == Method::GET {
            return Ok(wire::plain(page::answer(shared, &root)));
        } else {
            // Half of the latency on the way in, half on the way out, as over a network.
            let way = latency(shared) / 2;
            pause(way).await;
            let counted = shared.now();
            if strikes(shared, &parts.method, target) {
                return Err(wire::cut(reset));
            }
            let call = Call {
                method: &parts.method,
                path,
                query,
                headers: &parts.headers,
                body: &body,
                target,
                root: &root,
                faults: &faults,
            };
            let reply = if int {
                gateway::answer(shared, &call).await
            } else {
                sandbox::answer(shared, &call)
            };
            // In the order in which the limit was held against them.
            shared.meter.count(target.operation(), counted);
            pause(way).await;
            (target.operation(), reply)
        };
        if !operation.is_api() {
            shared.meter.count(operation, started);
        }
        apply_edits(&faults, operation, &mut reply);
        log(&parts, whole, operation, &reply, shared.now() - started);
        let gateway = &shared.config.gateway;
        let framing = if operation.is_api() { gateway.framing } else { Framing::Length };
        if framing == Framing::Gzip && !reply.body().is_empty() && reads_gzip(&parts.headers) {
            reply = wire::zipped(reply);
        }
        let mut response = wire::send(reply, operation, &faults, reset).await?;
        if framing == Framing::Chunked {
            response = response.map(MockBody::chunked);
        }
        if operation == Operation::Download {
            return Ok(response);
        }
        Ok(wire::dated_off(response, gateway.date_off))
    }
}

/// Whether a caller says that it reads gzip.
fn reads_gzip(headers: &HeaderMap) -> bool {
    let value = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    value.is_some_and(|value| value.contains("gzip"))
}

/// The access log: ids and outcome, never a query, a token or a body.
fn log(parts: &Parts, path: &str, operation: Operation, reply: &Reply, micros: u64) {
    tracing::info!(
        target: "letterproof_mock::access",
        method = %parts.method,
        path = path.get(..path.len().min(200)).unwrap_or_default(),
        operation = operation.label(),
        status = reply.status().as_u16(),
        bytes = reply.body().len(),
        micros,
        request_id = parts
            .headers
            .get(gateway::X_REQUEST_ID)
            .and_then(|value| value.to_str().ok())
            .and_then(|id| id.get(..id.len().min(64)))
            .unwrap_or_default(),
        "request"
    );
}

/// How slow this double was told to be, for one answer.
fn latency(shared: &Shared) -> Duration {
    let (latency, jitter) = (shared.config.latency, shared.config.latency_jitter);
    if jitter.is_zero() {
        return latency;
    }
    let part = chance(shared, 5).unit();
    latency + jitter.mul_f64(part)
}

async fn pause(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

/// The fault a request carries for itself alone.
fn own_fault(shared: &Shared, headers: &HeaderMap) -> Result<Option<Fault>, Box<Reply>> {
    if !shared.config.request_faults {
        return Ok(None);
    }
    let Some(value) = headers.get("x-letterproof-fault") else { return Ok(None) };
    match Fault::parse(value.to_str().unwrap_or_default()) {
        Ok(fault) => Ok(Some(fault)),
        Err(error) => {
            let body = serde_json::json!({ "message": error.to_string() });
            Err(Box::new(with_body(StatusCode::BAD_REQUEST, JSON, body.to_string())))
        }
    }
}

/// Scheme and host as the client addressed them; links point back the same way.
fn root_of<'a>(shared: &'a Shared, headers: &HeaderMap) -> Cow<'a, str> {
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let own = shared.root.split_once("://");
    match (host, own) {
        (Some(host), Some((scheme, authority))) if host != authority && is_host(host) => {
            Cow::Owned(format!("{scheme}://{host}"))
        }
        _ => Cow::Borrowed(&shared.root),
    }
}

fn is_host(host: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    !host.is_empty() && host.len() < 256 && host.chars().all(allowed)
}
