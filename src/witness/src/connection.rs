//! One connection of the supplier: which HTTP it speaks, how often it was used, how it ends.
//! Refuses to wait for a first request without end, whichever version of HTTP was begun, and to keep
//! a connection of HTTP/2 on which nothing moves any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use http::{Request, Version};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use letterproof_wire::{Bounds, server};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::config::Limits;
use crate::door::Door;
use crate::moving::Moving;
use crate::proxy::Proxy;

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
pub(crate) async fn converse(
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
