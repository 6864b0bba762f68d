//! Bodies of answers on their way to the supplier: whole, or as they arrive.
//! Refuses to change framing: what came without a length goes on without one.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Body, Frame, SizeHint};

/// The connection is to be closed without the rest of an answer.
#[derive(Debug, thiserror::Error)]
#[error("the answer cannot be passed on whole; the connection is closed")]
pub(crate) struct Abort;

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
