//! One connection of the supplier: which HTTP it speaks, how often it was used, how it ends.
//! Refuses to wait for a first request without end, whichever version of HTTP was begun.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use http::Version;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

use crate::config::Limits;
use crate::door::Door;
use crate::proxy::Proxy;

/// Requests one HTTP/2 connection may have under way.
const STREAMS: u32 = 256;
/// Bytes of answers one HTTP/2 stream may have waiting.
const STREAM_BUFFER: usize = 64 * 1024;

/// What is known of a connection.
pub(crate) struct Connection {
    door: Door,
    requests: AtomicU64,
    reset: Arc<AtomicBool>,
}

impl Connection {
    pub(crate) fn new(door: Door, reset: Arc<AtomicBool>) -> Self {
        Self { door, requests: AtomicU64::new(0), reset }
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
    let service = service_fn(|request| {
        let (proxy, state) = (Arc::clone(&proxy), Arc::clone(&state));
        async move { proxy.respond(&state, request).await }
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
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_headers(limits.headers)
        .max_buf_size(limits.header_bytes.max(8 * 1024))
        .half_close(false)
        .preserve_header_case(true)
        .auto_date_header(false);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX))
        .max_send_buf_size(STREAM_BUFFER)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20))
        .auto_date_header(false);
    builder
}

/// Ends when the time for a first request is over and none has come. The HTTP library only watches
/// the time once it knows which version is spoken.
async fn never_opened(state: &Connection, time: Duration) {
    tokio::time::sleep(time).await;
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
                Some("a connection carried something that is no HTTP request (400)")
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
