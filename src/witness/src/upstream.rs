//! Connections to the API and its storage: pooled, over TLS with the system's roots and given ones.
//!
//! A supplier that speaks HTTP/2 is passed on over HTTP/2 where the API agrees, one that speaks
//! HTTP/1.1 over HTTP/1.1, so that the API sees what it would have seen. Nothing is repeated that
//! the API may have received, and no redirect is followed.

use std::error::Error as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response, Version};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use letterproof_model::{Mark, TransportErrorKind, now};
use letterproof_wire::tls::pki_types::CertificateDer;
use letterproof_wire::tls::pki_types::pem::PemObject as _;
use letterproof_wire::tls::rustls::ClientConfig;
use letterproof_wire::tls::{Chains, TlsSettings, client_config, rustls};
use letterproof_wire::{Connector, Going, Guard, Refusal, Through};

use crate::WitnessError;
use crate::config::{Limits, Upstream};
use crate::recording::Book;
use crate::request::RequestBody;

type Http = Client<HttpsConnector<Connector>, RequestBody>;

/// How long an unused connection is kept: less than servers usually keep theirs, so that a request
/// rarely meets a connection that is just being closed.
const IDLE: Duration = Duration::from_secs(20);

/// Read buffer of one connection in bytes, and the most that an answer's header fields may take.
const BUFFER: usize = 16 * 1024;

/// What sends requests on.
pub(crate) struct Sender {
    one: Http,
    two: Http,
}

impl Sender {
    pub(crate) fn new(
        upstream: &Upstream,
        limits: &Limits,
        book: &Arc<Book>,
    ) -> Result<Self, WitnessError> {
        let tls = tls(upstream, Arc::clone(book))?;
        let target = std::iter::once(&upstream.base_url).chain(&upstream.token_url);
        let guard = Guard::new(Going {
            target: target.cloned().collect(),
            storage: upstream.storage.clone(),
            agreed: None,
            through: Through::Nothing,
            plain: false,
        })?;
        let tcp = guard.connector(limits.connect_timeout);
        let one = HttpsConnectorBuilder::new().with_tls_config(tls.clone()).https_or_http();
        let two = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http();
        let mut builder = Client::builder(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .http1_preserve_header_case(true)
            .http1_read_buf_exact_size(BUFFER);
        Ok(Self {
            one: builder.build(one.enable_http1().wrap_connector(tcp.clone())),
            two: builder.build(two.enable_all_versions().wrap_connector(tcp)),
        })
    }

    /// Sends a request on, by the version of HTTP the supplier used.
    pub(crate) async fn send(
        &self,
        mut request: Request<RequestBody>,
        version: Version,
    ) -> Result<Response<Incoming>, Error> {
        // The pool decides what is spoken; a request marked for HTTP/2 could not fall back.
        *request.version_mut() = Version::HTTP_11;
        let pool = if version == Version::HTTP_2 { &self.two } else { &self.one };
        pool.request(request).await
    }
}

fn tls(upstream: &Upstream, book: Arc<Book>) -> Result<ClientConfig, WitnessError> {
    let mut roots = Vec::new();
    for path in &upstream.roots {
        roots.extend(read(path)?);
    }
    let chains = Chains::default();
    let settings = TlsSettings {
        roots,
        // Loading the system's roots takes time that a plain target has no use for, as long as its
        // documents lie here too.
        given_roots_only: upstream.base_url.scheme() == "http" && upstream.storage.is_empty(),
        identity: None,
        on_chain: Some(Arc::new(move |host, chain| {
            // Where it cannot be written, every later request is refused, and that is told.
            let _ = book.keep_mark(Mark::new(now(), chains.mark(host, chain)));
        })),
    };
    client_config(settings).map_err(|error| WitnessError::Tls { problem: error.to_string() })
}

fn read(path: &PathBuf) -> Result<Vec<CertificateDer<'static>>, WitnessError> {
    let unusable = |problem: String| WitnessError::Roots { path: path.clone(), problem };
    let read = CertificateDer::pem_file_iter(path).map_err(|error| unusable(error.to_string()))?;
    let roots: Result<Vec<_>, _> = read.collect();
    match roots {
        Ok(roots) if roots.is_empty() => Err(unusable("it holds no certificate".to_owned())),
        Ok(roots) => Ok(roots),
        Err(error) => Err(unusable(error.to_string())),
    }
}

/// What kind of failure the HTTP library reports, and its innermost cause.
pub(crate) fn classify(error: &Error) -> (TransportErrorKind, String) {
    let mut kind = error.is_connect().then_some(TransportErrorKind::Connect);
    let mut cause = "the request failed".to_owned();
    let mut source = error.source();
    while let Some(inner) = source {
        cause = inner.to_string();
        if let Some(told) = told_by(inner) {
            kind = Some(told);
        }
        source = inner.source();
    }
    (kind.unwrap_or(TransportErrorKind::Protocol), cause)
}

/// Why the guard let no connection be made, if it did not.
pub(crate) fn refusal(error: &Error) -> Option<&Refusal> {
    error.source().and_then(Refusal::within)
}

fn told_by(error: &(dyn std::error::Error + 'static)) -> Option<TransportErrorKind> {
    if let Some(hyper) = error.downcast_ref::<hyper::Error>() {
        let reset = hyper.is_incomplete_message() || hyper.is_closed() || hyper.is_canceled();
        return match (hyper.is_parse(), reset) {
            (true, _) => Some(TransportErrorKind::Protocol),
            (_, true) => Some(TransportErrorKind::Reset),
            _ => None,
        };
    }
    if error.is::<rustls::Error>() {
        return Some(TransportErrorKind::Tls);
    }
    let io = error.downcast_ref::<std::io::Error>()?;
    if let Some(told) = io.get_ref().and_then(|inner| told_by(inner)) {
        return Some(told);
    }
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, TimedOut};
    match io.kind() {
        BrokenPipe | ConnectionAborted | ConnectionReset => Some(TransportErrorKind::Reset),
        TimedOut => Some(TransportErrorKind::Timeout),
        _ => None,
    }
}
