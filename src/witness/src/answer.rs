//! An answer of the API on its way to the supplier: recorded first, then passed on; and answers of
//! the witness itself (RFC 9457 problem documents), whose media type and text say who is speaking.
//!
//! A short answer is recorded whole before anything of it goes out, so that where that fails the
//! supplier gets a 503. A long or slow one streams, its end held back until it is recorded. Nothing
//! is changed but `Location` and what belongs to one connection; what came without a length goes on
//! without one.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, LOCATION};
use http::{HeaderMap, HeaderValue, Response, StatusCode, Version, header};
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use letterproof_model::{RecordError, TransportErrorKind};
use letterproof_wire::Abort;

use crate::config::Limits;
use crate::exchange::{Budget, UnderWay};
use crate::headers;
use crate::inject::Meddling;
use crate::recording::Book;
use crate::routes::{LedFrom, Routes};
use crate::streaming::Passing;

/// How much of an API answer is collected before it goes out, in bytes.
const API_FIRST: u64 = 64 * 1024;
/// How much of a download is collected before it goes out, in bytes.
const DOWNLOAD_FIRST: u64 = 8 * 1024;
/// How long collecting may hold back the first byte of an answer that arrives slowly.
const FIRST_WITHIN: Duration = Duration::from_millis(20);

/// What passing an answer on needs to know.
pub(crate) struct Passage<'a> {
    pub(crate) book: &'a Book,
    pub(crate) routes: &'a Routes,
    pub(crate) budget: &'a Arc<Budget>,
    pub(crate) limits: &'a Limits,
    pub(crate) led_from: &'a LedFrom,
    pub(crate) download: bool,
    pub(crate) meddling: Option<Meddling>,
}

impl Passage<'_> {
    /// Passes an answer on.
    pub(crate) async fn pass(
        &self,
        response: Response<Incoming>,
        mut under_way: UnderWay,
    ) -> Result<Response<AnswerBody>, Abort> {
        let (mut parts, body) = response.into_parts();
        under_way.answered(parts.status);
        // The version is each connection's own.
        parts.version = Version::default();
        let bodiless = matches!(parts.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        let sized = bodiless || parts.headers.contains_key(CONTENT_LENGTH);
        let announced =
            headers::text(&parts.headers, CONTENT_LENGTH).and_then(|length| length.parse().ok());
        let received = headers::passed_on(&parts.headers, None);
        parts.headers = self.led(&received);
        let unled = received.contains_key(LOCATION)
            && received.get(LOCATION) == parts.headers.get(LOCATION);
        let (budget, idle) = (self.budget, self.limits.idle_timeout);
        let mut passing = Passing::new(body, received, under_way, budget, self.download, idle);
        let body = match self.meddling {
            Some(Meddling::Drop) => return Err(lose(passing, parts.status).await),
            Some(Meddling::Slow(time)) => {
                passing.slow_down(time, announced);
                passing.into_stream()
            }
            _ => {
                let most = if self.download { DOWNLOAD_FIRST } else { API_FIRST };
                if passing.gather(most, FIRST_WITHIN).await {
                    if let Err(error) = passing.record().await {
                        return Ok(unrecorded(&error));
                    }
                    passing.into_whole(sized)
                } else {
                    passing.into_stream()
                }
            }
        };
        if unled {
            let note = "a Location was passed as it came, for it is not a plain HTTP link; \
                        what is fetched from there is not seen";
            // Where this cannot be written, every later request is refused.
            let _ = self.book.note(note);
        }
        Ok(Response::from_parts(parts, body))
    }

    /// The fields for the supplier: `Location` leads through the witness.
    fn led(&self, received: &HeaderMap) -> HeaderMap {
        let mut passed = received.clone();
        if let Some(location) = passed.get_mut(LOCATION)
            && let Some(led) = self.routes.lead(location, self.led_from)
        {
            *location = led;
        }
        passed
    }
}

/// Reads an answer to its end and passes nothing of it on.
async fn lose(mut passing: Passing, status: StatusCode) -> Abort {
    let received = passing.swallow().await;
    let status = status.as_u16();
    let cause = format!("injected: the API answered {status}, the supplier got a reset");
    // Recorded or not, the answer goes nowhere.
    let _ = passing.under_way().failed(TransportErrorKind::Reset, &cause, received).await;
    Abort
}

/// A body on its way to the supplier.
pub(crate) enum AnswerBody {
    /// All of it is here and recorded.
    Whole {
        /// The bytes not yet passed on.
        bytes: Option<Bytes>,
        /// The fields after the body.
        trailers: Option<HeaderMap>,
        /// Whether its length was announced.
        sized: bool,
    },
    /// It is passed on as it arrives.
    Streamed(UnsyncBoxBody<Bytes, Abort>),
}

impl AnswerBody {
    /// A body that is here already.
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self::Whole { bytes: Some(bytes).filter(|b| !b.is_empty()), trailers: None, sized: true }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Abort;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Abort>>> {
        match &mut *self {
            Self::Whole { bytes, trailers, .. } => Poll::Ready(
                bytes
                    .take()
                    .map(Frame::data)
                    .or_else(|| trailers.take().map(Frame::trailers))
                    .map(Ok),
            ),
            Self::Streamed(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole { bytes, trailers, sized } => {
                // An empty body without a length is told apart from one with the length 0.
                bytes.is_none() && trailers.is_none() && *sized
            }
            Self::Streamed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole { bytes, sized: true, .. } => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64)
            }
            Self::Whole { .. } => SizeHint::default(),
            Self::Streamed(body) => body.size_hint(),
        }
    }
}

/// An answer by the witness.
pub(crate) fn reply(status: StatusCode, detail: &str) -> Response<AnswerBody> {
    let document = serde_json::json!({
        "type": "about:blank",
        "title": status.canonical_reason().unwrap_or("Error"),
        "status": status.as_u16(),
        "detail": format!("letterproof witness: {detail}"),
    });
    let mut response = Response::new(AnswerBody::whole(Bytes::from(document.to_string())));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}

/// As [`reply`], and the connection ends with it: the request's body was not read.
pub(crate) fn last_reply(status: StatusCode, detail: &str) -> Response<AnswerBody> {
    let mut response = reply(status, detail);
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// The answer once the journal cannot be written.
pub(crate) fn unrecorded(error: &RecordError) -> Response<AnswerBody> {
    let detail = format!("nothing passes unrecorded, and {}", error.message);
    reply(StatusCode::SERVICE_UNAVAILABLE, &detail)
}
