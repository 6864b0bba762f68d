//! The servers of this machine: a port, connections within their number, sockets that wait for nobody
//! without end, and HTTP within bounds.
//!
//! Every wait has an end, every buffer a bound, and every connection a place that was free.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Sleep, sleep, timeout};
use tokio_rustls::TlsAcceptor;

/// Connections that may wait to be accepted; a client whose place is taken tries again only after
/// a second.
const BACKLOG: u32 = 4_096;
/// How long a server that cannot accept rests.
const REST: Duration = Duration::from_millis(10);

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

/// Listens at an address; returns the one it has, which knows the port where 0 was asked for.
///
/// # Errors
/// When the address is taken, or is not of this machine.
pub fn bind(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Ports of a server that has just ended are free, as elsewhere; on Windows they are anyway.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let listener = socket.listen(BACKLOG)?;
    let bound = listener.local_addr()?;
    Ok((listener, bound))
}

/// How long a server waits for whom.
#[derive(Debug, Clone, Copy)]
pub struct Waits {
    /// For a TLS handshake.
    pub handshake: Duration,
    /// For a client that does not read what is written to it.
    pub write: Duration,
    /// For connections to finish once the server is to stop.
    pub grace: Duration,
}

/// A TLS handshake that came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadHandshake {
    /// The client did not trust the certificate, or spoke no TLS.
    Failed,
    /// It took longer than it may.
    Late,
}

/// What happens on the connections of one listener.
pub trait Serve: Send + Sync + 'static {
    /// A connection was accepted and has a place.
    fn accepted(&self) {}

    /// A connection ends, since its TLS handshake came to nothing.
    fn no_handshake(&self, _why: BadHandshake) {}

    /// Answers the requests of one connection until it is over, or until `stop` changes. Where `reset`
    /// is set by then, the connection ends by a reset and without an orderly end before it.
    fn converse(
        self: Arc<Self>,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        reset: Arc<AtomicBool>,
        stop: watch::Receiver<bool>,
    ) -> impl Future<Output = ()> + Send;
}

/// Accepts connections until `stop` changes, each with one of the `places`, then lets them finish for
/// the time of grace. Listeners may share their places.
pub async fn listen<S: Serve>(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    places: Arc<Semaphore>,
    waits: Waits,
    server: Arc<S>,
    mut stop: watch::Receiver<bool>,
) {
    let mut tasks = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => break,
        };
        while tasks.try_join_next().is_some() {}
        let Ok((stream, _)) = accepted else {
            // Out of file descriptors, most likely: give others time to close.
            sleep(REST).await;
            continue;
        };
        // Only now, so that a listener nobody calls holds no place of those it shares.
        let place = tokio::select! {
            place = Arc::clone(&places).acquire_owned() => place,
            _ = stop.changed() => break,
        };
        server.accepted();
        let (tls, server, stop) = (tls.clone(), Arc::clone(&server), stop.clone());
        tasks.spawn(async move {
            let _place = place;
            accept(stream, tls, waits, server, stop).await;
        });
    }
    // From here on nobody is accepted; who is being served may finish, and only for so long.
    drop(listener);
    let finished = async { while tasks.join_next().await.is_some() {} };
    if timeout(waits.grace, finished).await.is_err() {
        tasks.shutdown().await;
    }
}

async fn accept<S: Serve>(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    waits: Waits,
    server: Arc<S>,
    stop: watch::Receiver<bool>,
) {
    // Small answers must not wait for each other; without it they are only slower.
    let _ = stream.set_nodelay(true);
    let reset = Arc::new(AtomicBool::new(false));
    let socket = Socket::new(stream, Arc::clone(&reset), waits.write);
    let Some(acceptor) = tls else { return server.converse(socket, reset, stop).await };
    match timeout(waits.handshake, acceptor.accept(socket)).await {
        Ok(Ok(stream)) => server.converse(stream, reset, stop).await,
        Ok(Err(_)) => server.no_handshake(BadHandshake::Failed),
        Err(_) => server.no_handshake(BadHandshake::Late),
    }
}

/// The connection is to be closed in the middle of an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is closed in the middle of an answer")]
pub struct Abort;

/// A watched TCP connection.
#[derive(Debug)]
struct Socket {
    stream: TcpStream,
    reset: Arc<AtomicBool>,
    patience: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Socket {
    /// Watches a connection: a write may wait `patience`, and `reset` decides how it is closed.
    fn new(stream: TcpStream, reset: Arc<AtomicBool>, patience: Duration) -> Self {
        Self { stream, reset, patience, stalled: None }
    }

    fn in_time<T>(
        &mut self,
        cx: &mut Context<'_>,
        outcome: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.stalled = None;
            return outcome;
        }
        let patience = self.patience;
        let timer = self.stalled.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.reset.load(Ordering::Relaxed) {
            // Without it the connection merely closes, which a client notices as well.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.in_time(cx, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.in_time(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.reset.load(Ordering::Relaxed) {
            // An orderly end would come before the reset.
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    const WAITS: Waits = Waits {
        handshake: Duration::from_secs(10),
        write: Duration::from_secs(10),
        grace: Duration::from_millis(10),
    };

    /// Greets, ends in an orderly way (or, where `reset` says so, is to be reset), and keeps the
    /// connection a moment longer.
    struct Greeting {
        is_reset: bool,
    }

    impl Serve for Greeting {
        async fn converse(
            self: Arc<Self>,
            mut stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
            reset: Arc<AtomicBool>,
            _stop: watch::Receiver<bool>,
        ) {
            stream.write_all(b"hello").await.unwrap();
            // Once it is read, so that the reset cannot overtake it.
            stream.read_u8().await.unwrap();
            reset.store(self.is_reset, Ordering::Relaxed);
            stream.shutdown().await.unwrap();
            sleep(Duration::from_millis(200)).await;
        }
    }

    async fn serve(listener: TcpListener, places: &Arc<Semaphore>, is_reset: bool) {
        let (_stop, stopped) = watch::channel(false);
        listen(listener, None, Arc::clone(places), WAITS, Arc::new(Greeting { is_reset }), stopped)
            .await;
    }

    /// How a client sees its connection end.
    async fn seen_by_a_client(address: SocketAddr) -> io::Result<usize> {
        let mut client = TcpStream::connect(address).await?;
        let mut greeting = [0; 5];
        client.read_exact(&mut greeting).await?;
        client.write_all(b"!").await?;
        client.read(&mut greeting).await
    }

    fn here() -> (TcpListener, SocketAddr) {
        bind(([127, 0, 0, 1], 0).into()).unwrap()
    }

    #[tokio::test]
    async fn a_connection_that_is_reset_has_no_orderly_end_before() {
        for is_reset in [false, true] {
            let (listener, address) = here();
            let places = Arc::new(Semaphore::new(1));
            let seen = tokio::select! {
                seen = seen_by_a_client(address) => seen,
                () = serve(listener, &places, is_reset) => unreachable!(),
            };
            match is_reset {
                false => assert_eq!(seen.unwrap(), 0),
                true => assert_eq!(seen.unwrap_err().kind(), io::ErrorKind::ConnectionReset),
            }
        }
    }

    #[tokio::test]
    async fn a_listener_that_nobody_calls_holds_none_of_the_places_it_shares() {
        let places = Arc::new(Semaphore::new(1));
        let ((called, address), (idle, _)) = (here(), here());
        tokio::select! {
            seen = seen_by_a_client(address) => assert_eq!(seen.unwrap(), 0),
            () = serve(called, &places, false) => unreachable!(),
            () = serve(idle, &places, false) => unreachable!(),
        }
    }
}
