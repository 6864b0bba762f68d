//! Bodies as they go on the wire: whole, slow, cut off, hanging or flooded.
//! Refuses to hold more than one small piece of a flood at a time.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

/// The connection is to be closed in the middle.
#[derive(Debug, thiserror::Error)]
#[error("the connection is closed on purpose (fault)")]
pub(crate) struct Abort;

/// A body on its way out.
pub(crate) enum MockBody {
    /// All of it at once.
    Whole(Option<Bytes>),
    /// In pieces with pauses between them.
    Slow { rest: Bytes, piece: usize, pause: Duration, timer: Pin<Box<Sleep>> },
    /// A part, and then the connection closes.
    Cut(Option<Bytes>),
    /// A part, and then nothing for ever.
    Hang(Option<Bytes>),
    /// All of it, and then so many bytes of blanks.
    Flood { first: Option<Bytes>, left: u64 },
}

/// How many pieces a slow body comes in.
const PIECES: usize = 20;

static BLANKS: [u8; 64 * 1024] = [b' '; 64 * 1024];

impl MockBody {
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self::Whole((!bytes.is_empty()).then_some(bytes))
    }

    /// The same body without an announced length, so that it goes in chunks.
    pub(crate) fn chunked(self) -> Self {
        match self {
            Self::Whole(first) => Self::Flood { first, left: 0 },
            other => other,
        }
    }

    pub(crate) fn slow(bytes: Bytes, whole: Duration) -> Self {
        let piece = bytes.len().div_ceil(PIECES).max(1);
        let pause = whole / PIECES as u32;
        Self::Slow { rest: bytes, piece, pause, timer: Box::pin(sleep(pause)) }
    }
}

impl Body for MockBody {
    type Data = Bytes;
    type Error = Abort;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Abort>>> {
        let frame = |bytes| Poll::Ready(Some(Ok(Frame::data(bytes))));
        match &mut *self {
            Self::Whole(bytes) => bytes.take().map_or(Poll::Ready(None), frame),
            Self::Cut(bytes) => bytes.take().map_or(Poll::Ready(Some(Err(Abort))), frame),
            Self::Hang(bytes) => bytes.take().map_or(Poll::Pending, frame),
            Self::Flood { first, left } => {
                if let Some(bytes) = first.take() {
                    return frame(bytes);
                }
                if *left == 0 {
                    return Poll::Ready(None);
                }
                let size = (*left).min(BLANKS.len() as u64);
                *left -= size;
                frame(Bytes::from_static(&BLANKS[..size as usize]))
            }
            Self::Slow { rest, piece, pause, timer } => {
                if rest.is_empty() {
                    return Poll::Ready(None);
                }
                if timer.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                timer.as_mut().reset(Instant::now() + *pause);
                let size = (*piece).min(rest.len());
                frame(rest.split_to(size))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
            Self::Slow { rest, .. } => SizeHint::with_exact(rest.len() as u64),
            _ => SizeHint::default(),
        }
    }
}
