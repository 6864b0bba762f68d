//! Whether anything moves on a connection: requests being answered, bodies on their way.
//! Refuses to take the client's time for ours: while we owe it something, nothing stands still.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use parking_lot::Mutex;

use crate::body::{Abort, AnswerBody};

/// What moves on one connection.
pub(crate) struct Moving {
    /// Requests and bodies that wait for us, or for the API.
    ours: AtomicUsize,
    last: Mutex<Instant>,
}

impl Default for Moving {
    fn default() -> Self {
        Self { ours: AtomicUsize::new(0), last: Mutex::new(Instant::now()) }
    }
}

impl Moving {
    /// For how long nothing has moved.
    pub(crate) fn still_for(&self) -> Duration {
        match self.ours.load(Ordering::Relaxed) {
            0 => self.last.lock().elapsed(),
            _ => Duration::ZERO,
        }
    }

    /// Something is up to us until this is dropped.
    pub(crate) fn ours(self: &Arc<Self>) -> Ours {
        self.ours.fetch_add(1, Ordering::Relaxed);
        Ours(Arc::clone(self))
    }

    /// Watches a body on its way to the client.
    pub(crate) fn watch(self: &Arc<Self>, body: AnswerBody) -> Watched {
        self.moved();
        Watched { body, moving: Arc::clone(self), ours: None }
    }

    fn moved(&self) {
        *self.last.lock() = Instant::now();
    }
}

/// Something that is up to us.
pub(crate) struct Ours(Arc<Moving>);

impl Drop for Ours {
    fn drop(&mut self) {
        self.0.moved();
        self.0.ours.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A body that tells when it moves. It is asked for more only when the client takes more.
pub(crate) struct Watched {
    body: AnswerBody,
    moving: Arc<Moving>,
    ours: Option<Ours>,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = Abort;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Abort>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        match polled {
            Poll::Pending if self.ours.is_none() => self.ours = Some(self.moving.ours()),
            Poll::Pending => {}
            Poll::Ready(_) => {
                self.ours = None;
                self.moving.moved();
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
