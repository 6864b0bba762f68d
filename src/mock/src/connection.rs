//! The requests of one connection, read and answered one by one within the limits of the
//! configuration.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use letterproof_wire::{Abort, Bounds, Serve, Waits, server};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;

use crate::config::Limits;
use crate::reply;
use crate::reply::{JSON, MockBody, Reply, with_body};

/// How long connections may finish what they are doing once the mock is to stop.
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
    service: S,
    stop: watch::Receiver<bool>,
) {
    let limits = service.limits();
    let places = Arc::new(Semaphore::new(limits.connections.max(1)));
    let waits =
        Waits { handshake: limits.header_timeout, write: limits.write_timeout, grace: GRACE };
    let budget = AtomicUsize::new(limits.bodies_in_flight);
    let server = Arc::new(Served { service, budget });
    letterproof_wire::listen(listener, tls, places, waits, server, stop).await;
}

/// A service with the bytes that all bodies under way may still take.
struct Served<S> {
    service: S,
    budget: AtomicUsize,
}

impl<S: Service> Serve for Served<S> {
    async fn converse(
        self: Arc<Self>,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        reset: Arc<AtomicBool>,
        mut stop: watch::Receiver<bool>,
    ) {
        let limits = self.service.limits();
        let bounds = Bounds {
            headers: limits.headers,
            header_bytes: limits.header_bytes,
            header_timeout: limits.header_timeout,
        };
        let handler = service_fn(move |request: Request<Incoming>| {
            let (served, reset) = (Arc::clone(&self), Arc::clone(&reset));
            async move {
                let (parts, body) = request.into_parts();
                let response = match read(body, served.service.limits(), &served.budget).await {
                    Ok(body) => {
                        let size = body.len();
                        let response = served.service.respond(parts, body, &reset).await;
                        served.budget.fetch_add(size, Ordering::Relaxed);
                        response
                    }
                    Err(refusal) => Ok(reply::plain(*refusal)),
                };
                response.map(|response| reply::named(reply::dated(response)))
            }
        });
        // A mock speaks HTTP/1.1 alone: what begins otherwise is no request.
        let builder = server(bounds).http1_only();
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
