//! Passing an answer's body on as it arrives, with its end held back until it is recorded.
//!
//! The last piece stays here until the API's end was seen and the recorder has the exchange. So a
//! supplier never has a whole answer that is not on record; where it cannot be recorded, the
//! connection is closed in its place. At most a few pieces are held, and a silent API is not waited
//! for without end.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use http::HeaderMap;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Frame, Incoming};
use letterproof_model::{RecordError, TransportErrorKind};
use letterproof_wire::Abort;
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

use crate::answer::AnswerBody;
use crate::exchange::{Budget, Keeping, UnderWay};

/// How many pieces a body that is slowed down comes in.
const PIECES: u32 = 20;

/// An answer on its way.
pub(crate) struct Passing {
    body: Incoming,
    headers: HeaderMap,
    headers_us: u64,
    under_way: UnderWay,
    keeping: Option<Keeping>,
    queue: VecDeque<Bytes>,
    trailers: Option<HeaderMap>,
    received: u64,
    idle: Duration,
    slow: Option<(Duration, usize)>,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// More may come from the API.
    Open,
    /// The API's end was seen.
    Ended,
    /// The exchange is on record; the rest may go.
    Recorded,
    /// The rest may go, and then the connection breaks as the API's did.
    Broken,
}

impl Passing {
    pub(crate) fn new(
        body: Incoming,
        headers: HeaderMap,
        under_way: UnderWay,
        budget: &Arc<Budget>,
        download: bool,
        idle: Duration,
    ) -> Self {
        Self {
            headers_us: under_way.elapsed_us(),
            keeping: Some(Keeping::new(budget, download, &headers)),
            body,
            headers,
            under_way,
            queue: VecDeque::new(),
            trailers: None,
            received: 0,
            idle,
            slow: None,
            stage: Stage::Open,
        }
    }

    /// Spreads the body over a time.
    pub(crate) fn slow_down(&mut self, whole: Duration, announced: Option<u64>) {
        let size = announced.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(BLIND);
        let piece = size.div_ceil(PIECES as usize).max(1);
        self.slow = Some((whole / PIECES, piece));
    }

    /// Collects up to `most` bytes within a time; whether the API's end was seen.
    pub(crate) async fn gather(&mut self, most: u64, time: Duration) -> bool {
        let collected = timeout(time, async {
            while self.stage == Stage::Open && self.received <= most {
                self.receive().await;
            }
        });
        // What has not come by then is passed on as it comes.
        let _ = collected.await;
        self.stage == Stage::Ended
    }

    /// Reads the body to its end without passing it on; how many bytes came.
    pub(crate) async fn swallow(&mut self) -> u64 {
        while self.stage == Stage::Open {
            self.receive().await;
            self.queue.clear();
        }
        self.received
    }

    pub(crate) fn under_way(&mut self) -> &mut UnderWay {
        &mut self.under_way
    }

    /// Records it, now that the API's end was seen.
    pub(crate) async fn record(&mut self) -> Result<(), RecordError> {
        let done_us = self.under_way.elapsed_us();
        if let Some(keeping) = self.keeping.take() {
            let body = keeping.finish().await;
            self.under_way.whole(&self.headers, body, self.headers_us, done_us).await?;
        }
        self.stage = Stage::Recorded;
        Ok(())
    }

    /// The body, once it is recorded.
    pub(crate) fn into_whole(mut self, sized: bool) -> AnswerBody {
        let bytes = if self.queue.len() > 1 {
            Some(self.queue.iter().flatten().copied().collect::<Vec<u8>>().into())
        } else {
            self.queue.pop_front()
        };
        self.under_way.passed(bytes.as_ref().map_or(0, Bytes::len));
        AnswerBody::Whole { bytes, trailers: self.trailers.take(), sized }
    }

    /// The body as it arrives.
    pub(crate) fn into_stream(self) -> AnswerBody {
        let frames = stream::unfold(self, |mut passing| async move {
            passing.next().await.map(|frame| (frame, passing))
        });
        AnswerBody::Streamed(StreamBody::new(frames).boxed_unsync())
    }

    async fn next(&mut self) -> Option<Result<Frame<Bytes>, Abort>> {
        loop {
            // The last piece is held back: with it the supplier would have the whole answer, and
            // whether that is on record is not known before the API's end.
            let rest_may_go = matches!(self.stage, Stage::Recorded | Stage::Broken);
            if (self.queue.len() > 1 || rest_may_go)
                && let Some(piece) = self.queue.pop_front()
            {
                if let Some((pause, _)) = self.slow {
                    sleep(pause).await;
                }
                self.under_way.passed(piece.len());
                return Some(Ok(Frame::data(piece)));
            }
            match self.stage {
                Stage::Open => self.receive().await,
                // From `Ended` only a record leads on to a whole answer; without one the
                // connection closes, with the last piece unsent.
                Stage::Ended => {
                    if self.record().await.is_err() {
                        return Self::abort().await;
                    }
                }
                Stage::Recorded => return self.trailers.take().map(|t| Ok(Frame::trailers(t))),
                Stage::Broken => return Self::abort().await,
            }
        }
    }

    /// Breaks the connection, but not before what was passed on has left.
    async fn abort() -> Option<Result<Frame<Bytes>, Abort>> {
        // Waiting once lets the connection write out what it holds.
        yield_now().await;
        Some(Err(Abort))
    }

    /// Receives one more frame of the API.
    async fn receive(&mut self) {
        match timeout(self.idle, self.body.frame()).await {
            Ok(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => self.push(data),
                Err(other) => self.trailers = other.into_trailers().ok(),
            },
            Ok(None) => self.stage = Stage::Ended,
            Ok(Some(Err(error))) => {
                let cause = innermost(&error);
                self.broke(TransportErrorKind::Body, &cause).await;
            }
            Err(_) => {
                let cause = format!("the API sent nothing for {} s", self.idle.as_secs());
                self.broke(TransportErrorKind::Timeout, &cause).await;
            }
        }
    }

    fn push(&mut self, mut data: Bytes) {
        self.received += data.len() as u64;
        if let Some(keeping) = &mut self.keeping {
            keeping.add(&data);
        }
        if let Some((_, piece)) = self.slow {
            while data.len() > piece {
                self.queue.push_back(data.split_to(piece));
            }
        }
        if !data.is_empty() {
            self.queue.push_back(data);
        }
    }

    /// The API's answer ended early: recorded, and passed on just as broken.
    async fn broke(&mut self, kind: TransportErrorKind, cause: &str) {
        self.stage = Stage::Broken;
        self.keeping = None;
        if self.under_way.failed(kind, cause, self.received).await.is_err() {
            // What is not on record does not go out either.
            self.queue.clear();
        }
    }
}

/// Size taken for a body that did not announce its own.
const BLIND: usize = 64 * 1024;

fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
