//! Receiving bodies, and telling what kind of failure it was when none came whole.
//! Refuses bodies beyond a cap, and sentences of the HTTP library that hold a URL.

use std::error::Error as _;

use letterproof_model::TransportErrorKind;
use letterproof_wire::{HttpError, Response};

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
