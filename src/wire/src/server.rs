//! What every server on this machine grants a client, whichever HTTP is spoken.
//! Refuses slow, endless and oversized requests, and more streams than a connection can bear.

use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto;

/// Requests one HTTP/2 connection may have under way.
const STREAMS: u32 = 256;
/// Bytes of answers one HTTP/2 stream may have waiting.
const STREAM_BUFFER: usize = 64 * 1024;
/// Bytes of request bodies one HTTP/2 connection may send ahead of being read.
const WINDOW: u32 = 1024 * 1024;
/// HTTP/2 requests that a client took back before they were looked at; one more, and the connection
/// ends (rapid reset).
const TAKEN_BACK: usize = 20;
/// HTTP/2 streams ended for the client's own errors; one more, and the connection ends.
const ENDED_FOR_ERRORS: usize = 256;
/// How often an HTTP/2 client is asked whether it is still there, and how long it may take to say so.
const ASKED_EVERY: Duration = Duration::from_secs(30);
const ANSWERS_WITHIN: Duration = Duration::from_secs(20);
/// The least that a buffer of header fields may hold, by the HTTP library.
const LEAST_BUFFER: usize = 8 * 1024;

/// What one request may bring, and how long it may take.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Header fields of one request of HTTP/1.1; whoever takes HTTP/2 counts its fields itself.
    pub headers: usize,
    /// Bytes of one request's line and header fields.
    pub header_bytes: usize,
    /// Time for the header fields of a request of HTTP/1.1 to arrive, also the longest idle time of
    /// such a connection. One of HTTP/2 may stay as long as its client is there: whoever takes
    /// HTTP/2 ends those that are used for nothing.
    pub header_timeout: Duration,
}

/// A server of HTTP/1.1 and HTTP/2 within bounds.
#[must_use]
pub fn server(bounds: Bounds) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.header_timeout)
        .max_headers(bounds.headers)
        .max_buf_size(bounds.header_bytes.max(LEAST_BUFFER))
        .half_close(false);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_pending_accept_reset_streams(TAKEN_BACK)
        .max_local_error_reset_streams(ENDED_FOR_ERRORS)
        .max_header_list_size(u32::try_from(bounds.header_bytes).unwrap_or(u32::MAX))
        .initial_connection_window_size(WINDOW)
        .initial_stream_window_size(WINDOW)
        .max_send_buf_size(STREAM_BUFFER)
        .keep_alive_interval(ASKED_EVERY)
        .keep_alive_timeout(ANSWERS_WITHIN);
    builder
}
