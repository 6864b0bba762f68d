//! The supplier's connections: by which door one came in, which HTTP it speaks, how often it was
//! used, and how it ends.
//!
//! No first request is waited for without end, whichever version of HTTP was begun, and no
//! connection of HTTP/2 is kept on which nothing moves any more. While the supplier is owed an
//! answer, nothing stands still.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Version};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use letterproof_wire::{Abort, BadHandshake, Bounds, Serve, Waits, server};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::answer::AnswerBody;
use crate::config::Limits;
use crate::doors::Door;
use crate::proxy::Proxy;
use crate::recording::bump;

/// Accepts connections at all doors until told to stop, then lets them finish for the time of
/// grace. The doors share the places that connections take.
pub(crate) async fn listen(
    doors: Vec<(TcpListener, Door)>,
    tls: Option<TlsAcceptor>,
    proxy: Arc<Proxy>,
    stop: watch::Receiver<bool>,
) {
    let limits = proxy.limits();
    let places = Arc::new(Semaphore::new(limits.connections.max(1)));
    let waits = Waits {
        handshake: limits.header_timeout,
        write: limits.write_timeout,
        grace: limits.grace,
    };
    let each = doors.into_iter().map(|(listener, door)| {
        let (tls, places, stop) = (tls.clone(), Arc::clone(&places), stop.clone());
        let server = Arc::new(AtDoor { door, proxy: Arc::clone(&proxy) });
        letterproof_wire::listen(listener, tls, places, waits, server, stop)
    });
    futures::future::join_all(each).await;
}

/// The connections of one door.
struct AtDoor {
    door: Door,
    proxy: Arc<Proxy>,
}

impl Serve for AtDoor {
    fn accepted(&self) {
        bump(&self.proxy.book().counters.connections);
    }

    fn no_handshake(&self, why: BadHandshake) {
        self.proxy.book().note_refusal(match why {
            BadHandshake::Failed => {
                "a TLS handshake failed; does the supplier trust letterproof-witness-ca.pem?"
            }
            BadHandshake::Late => "a TLS handshake took too long",
        });
    }

    async fn converse(
        self: Arc<Self>,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        reset: Arc<AtomicBool>,
        stop: watch::Receiver<bool>,
    ) {
        let state = Connection::new(self.door, reset);
        converse(stream, Arc::clone(&self.proxy), state, stop).await;
    }
}

/// What is known of a connection.
pub(crate) struct Connection {
    door: Door,
    requests: AtomicU64,
    reset: Arc<AtomicBool>,
    two: AtomicBool,
    moving: Arc<Moving>,
}

impl Connection {
    pub(crate) fn new(door: Door, reset: Arc<AtomicBool>) -> Self {
        let (requests, two) = (AtomicU64::new(0), AtomicBool::new(false));
        Self { door, requests, reset, two, moving: Arc::default() }
    }

    /// By which door it came in.
    pub(crate) fn door(&self) -> Door {
        self.door
    }

    /// Counts a request; whether an earlier one had used the connection.
    pub(crate) fn used_again(&self) -> bool {
        self.requests.fetch_add(1, Ordering::Relaxed) > 0
    }

    /// Ends the connection by a reset. One of HTTP/2 has other requests on it and only ends the
    /// one stream.
    pub(crate) fn reset(&self, version: Version) {
        if version < Version::HTTP_2 {
            self.reset.store(true, Ordering::Relaxed);
        }
    }

    fn unused(&self) -> bool {
        self.requests.load(Ordering::Relaxed) == 0
    }

    /// For how long nothing has moved on it; always zero for HTTP/1.1, whose sockets and header
    /// fields are watched themselves. One of HTTP/2 goes on writing and reading for as long as its
    /// client answers pings, even where each of its streams waits for a window that never opens.
    fn still_for(&self) -> Duration {
        match self.two.load(Ordering::Relaxed) {
            true => self.moving.still_for(),
            false => Duration::ZERO,
        }
    }
}

/// Answers the requests of one connection.
async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    proxy: Arc<Proxy>,
    state: Connection,
    mut stop: watch::Receiver<bool>,
) {
    let state = Arc::new(state);
    let builder = builder(proxy.limits());
    let service = service_fn(|request: Request<Incoming>| {
        let (proxy, state) = (Arc::clone(&proxy), Arc::clone(&state));
        state.two.fetch_or(request.version() == Version::HTTP_2, Ordering::Relaxed);
        let ours = state.moving.ours();
        async move {
            let answer = proxy.respond(&state, request).await;
            drop(ours);
            answer.map(|answer| answer.map(|body| state.moving.watch(body)))
        }
    });
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let opening = never_opened(&state, proxy.limits().header_timeout);
    // A connection ends in one of four ways: by itself, for want of a first request, since nothing
    // moves on it any more, or with the witness.
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        () = opening => {
            proxy.book().note_refusal("a connection sent no whole request in the time allowed");
            return;
        }
        () = stands_still(&state, proxy.limits().header_timeout) => {
            connection.as_mut().graceful_shutdown();
            // Whoever takes what is waiting gets it still; nobody else is waited for.
            let _ = timeout(proxy.limits().write_timeout, connection.as_mut()).await;
            return;
        }
        _ = stop.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = outcome
        && let Some(why) = refused(error.as_ref(), &state)
    {
        proxy.book().note_refusal(why);
    }
}

fn builder(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = server(Bounds {
        headers: limits.headers,
        header_bytes: limits.header_bytes,
        header_timeout: limits.header_timeout,
    });
    builder.http1().preserve_header_case(true).auto_date_header(false);
    builder.http2().auto_date_header(false);
    builder
}

/// Ends when nothing has moved on a connection for so long.
async fn stands_still(state: &Connection, time: Duration) {
    loop {
        match time.saturating_sub(state.still_for()) {
            Duration::ZERO => return,
            left => sleep(left).await,
        }
    }
}

/// Ends when the time for a first request is over and none has come. The HTTP library only watches
/// the time once it knows which version is spoken.
async fn never_opened(state: &Connection, time: Duration) {
    sleep(time).await;
    if !state.unused() {
        std::future::pending::<()>().await;
    }
}

/// What is to be noted of a connection that ended badly. One that was used and then kept open for
/// nothing ended as connections do.
fn refused(error: &(dyn std::error::Error + 'static), state: &Connection) -> Option<&'static str> {
    let mut error = Some(error);
    while let Some(inner) = error {
        if let Some(hyper) = inner.downcast_ref::<hyper::Error>() {
            return if hyper.is_parse_too_large() {
                Some("a request had a line or header fields beyond the limit (431 or 414)")
            } else if hyper.is_parse() {
                Some("a connection carried something that is not an HTTP request (400)")
            } else if hyper.is_timeout() && state.unused() {
                Some("a request's header fields did not arrive in the time allowed")
            } else {
                None
            };
        }
        error = inner.source();
    }
    None
}

/// What moves on one connection.
pub(crate) struct Moving {
    /// Requests and bodies that wait for us, or for the API.
    ours: AtomicUsize,
    last: Mutex<Instant>,
}

impl Default for Moving {
    fn default() -> Self {
        Self { ours: AtomicUsize::new(0), last: Mutex::new(Instant::now()) }
    }
}

impl Moving {
    /// For how long nothing has moved.
    pub(crate) fn still_for(&self) -> Duration {
        match self.ours.load(Ordering::Relaxed) {
            0 => self.last.lock().elapsed(),
            _ => Duration::ZERO,
        }
    }

    /// Something is up to us until this is dropped.
    pub(crate) fn ours(self: &Arc<Self>) -> Ours {
        self.ours.fetch_add(1, Ordering::Relaxed);
        Ours(Arc::clone(self))
    }

    /// Watches a body on its way to the client.
    pub(crate) fn watch(self: &Arc<Self>, body: AnswerBody) -> Watched {
        self.moved();
        Watched { body, moving: Arc::clone(self), ours: None }
    }

    fn moved(&self) {
        *self.last.lock() = Instant::now();
    }
}

/// Something that is up to us.
pub(crate) struct Ours(Arc<Moving>);

impl Drop for Ours {
    fn drop(&mut self) {
        self.0.moved();
        self.0.ours.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A body that tells when it moves. It is asked for more only when the client takes more.
pub(crate) struct Watched {
    body: AnswerBody,
    moving: Arc<Moving>,
    ours: Option<Ours>,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = Abort;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Abort>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        match polled {
            Poll::Pending if self.ours.is_none() => self.ours = Some(self.moving.ours()),
            Poll::Pending => {}
            Poll::Ready(_) => {
                self.ours = None;
                self.moving.moved();
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
