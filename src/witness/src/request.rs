//! A request's body on its way to the API, copied for the record as it passes. It may neither be
//! too long nor take too long, and there is room for so many at once; what was refused is told by
//! [`RequestFault`].

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use parking_lot::Mutex;
use tokio::time::{Sleep, sleep};

/// Why a request's body did not come whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RequestFault {
    /// More than [`crate::Limits::request_body`].
    #[error("the request body is longer than this witness takes")]
    TooLong,
    /// More than [`crate::Limits::body_timeout`].
    #[error("the request body did not arrive in the time allowed")]
    TooSlow,
    /// More than [`crate::Limits::bodies_in_flight`], with those of all other requests.
    #[error("the request bodies under way are more than this witness holds at once; send it again")]
    NoRoom,
    /// It ended before its end, or its framing is broken.
    #[error("the request body stopped early or is not framed as HTTP requires")]
    Broken,
}

/// How many bytes of request bodies may still be held, by all requests together.
pub(crate) type Room = Arc<AtomicUsize>;

/// What has passed of a request's body.
pub(crate) struct RequestCopy {
    bytes: Mutex<Vec<u8>>,
    fault: OnceLock<RequestFault>,
    room: Room,
    /// What was taken of it; given back once nobody needs the copy any more.
    taken: AtomicUsize,
}

impl RequestCopy {
    /// Keeps a piece, where there is room for it.
    fn add(&self, piece: &[u8]) -> bool {
        let take = |free: usize| free.checked_sub(piece.len());
        if self.room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_err() {
            return false;
        }
        self.taken.fetch_add(piece.len(), Ordering::Relaxed);
        self.bytes.lock().extend_from_slice(piece);
        true
    }

    /// Takes the bytes out.
    pub(crate) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.bytes.lock())
    }

    /// Why it did not come whole, if so.
    pub(crate) fn fault(&self) -> Option<RequestFault> {
        self.fault.get().copied()
    }
}

impl Drop for RequestCopy {
    fn drop(&mut self) {
        self.room.fetch_add(self.taken.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

/// A request's body on its way.
pub(crate) struct RequestBody {
    inner: Incoming,
    copy: Arc<RequestCopy>,
    left: u64,
    timeout: Duration,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl RequestBody {
    /// A body that may be so long and take so long, and its copy.
    pub(crate) fn new(
        inner: Incoming,
        longest: u64,
        timeout: Duration,
        room: &Room,
    ) -> (Self, Arc<RequestCopy>) {
        let copy = Arc::new(RequestCopy {
            bytes: Mutex::default(),
            fault: OnceLock::new(),
            room: Arc::clone(room),
            taken: AtomicUsize::new(0),
        });
        (Self { inner, copy: Arc::clone(&copy), left: longest, timeout, deadline: None }, copy)
    }

    /// Reads it to its end without passing it on.
    pub(crate) async fn drain(mut self) {
        while let Some(Ok(_)) = self.frame().await {}
    }

    fn fail(&self, fault: RequestFault) -> Poll<Option<Result<Frame<Bytes>, RequestFault>>> {
        Poll::Ready(Some(Err(*self.copy.fault.get_or_init(|| fault))))
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = RequestFault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, RequestFault>>> {
        match Pin::new(&mut self.inner).poll_frame(cx) {
            Poll::Pending => {
                let timeout = self.timeout;
                let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(timeout)));
                match deadline.as_mut().poll(cx) {
                    Poll::Ready(()) => self.fail(RequestFault::TooSlow),
                    Poll::Pending => Poll::Pending,
                }
            }
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    match self.left.checked_sub(data.len() as u64) {
                        Some(left) => self.left = left,
                        None => return self.fail(RequestFault::TooLong),
                    }
                    if !self.copy.add(data) {
                        return self.fail(RequestFault::NoRoom);
                    }
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(_))) => self.fail(RequestFault::Broken),
            Poll::Ready(None) => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
