//! An answer, and how it goes on the wire: whole, slow, cut off, hanging, packed or flooded, as the
//! armed faults and the configuration say. While no fault is armed, none of its bytes is touched.

use std::future::Future;
use std::io::Write as _;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use flate2::write::GzEncoder;
use flate2::{Compress, Compression, Crc, FlushCompress};
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use hyper::body::{Body, Frame, SizeHint};
use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::{SignedDuration, Timestamp};
use letterproof_model::{MOCK_HEADER, Operation};
use letterproof_wire::Abort;
use tokio::time::{Instant, Sleep, sleep};

use crate::supplier::faults::{Effect, View};

/// An answer with its whole body.
pub(crate) type Reply = Response<Bytes>;

pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");
pub(crate) const VND_API: HeaderValue = HeaderValue::from_static("application/vnd.api+json");
pub(crate) const XML: HeaderValue = HeaderValue::from_static("application/xml");
pub(crate) const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
pub(crate) const PDF: HeaderValue = HeaderValue::from_static("application/pdf");

/// The ids of a call, as requests and answers carry them.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub(crate) const X_CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Reply {
    let mut reply = Reply::new(Bytes::new());
    *reply.status_mut() = status;
    reply
}

/// An answer with a body of a media type.
pub(crate) fn with_body(
    status: StatusCode,
    media_type: HeaderValue,
    body: impl Into<Bytes>,
) -> Reply {
    let mut reply = Reply::new(body.into());
    *reply.status_mut() = status;
    reply.headers_mut().insert(header::CONTENT_TYPE, media_type);
    reply
}

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

/// Sends an answer as it is.
pub(crate) fn plain(reply: Reply) -> Response<MockBody> {
    reply.map(MockBody::whole)
}

/// Says when it answers, by the clock that assertions are held against. The HTTP library's own
/// `Date` stands still for as long as the clock was set back.
pub(crate) fn dated(response: Response<MockBody>) -> Response<MockBody> {
    dated_off(response, 0)
}

/// Says that a mock answers, in every answer, so that a recording shows it behind any host name. The
/// deployed API has no such header: a stated difference.
pub(crate) fn named(mut response: Response<MockBody>) -> Response<MockBody> {
    let name = HeaderName::from_static(MOCK_HEADER);
    response.headers_mut().insert(name, HeaderValue::from_static("true"));
    response
}

/// Says when it answers, by a clock that is so many seconds fast.
pub(crate) fn dated_off(mut response: Response<MockBody>, off: i64) -> Response<MockBody> {
    let now = Timestamp::now();
    let shown = now.checked_add(SignedDuration::from_secs(off)).unwrap_or(now);
    let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&shown);
    if let Some(date) = date.ok().and_then(|date| HeaderValue::from_str(&date).ok()) {
        response.headers_mut().entry(header::DATE).or_insert(date);
    }
    response
}

/// Sends an answer with what the armed faults do to it. `reset` tells the connection to close
/// with a reset.
pub(crate) async fn send(
    reply: Reply,
    operation: Operation,
    faults: &View,
    reset: &Arc<AtomicBool>,
) -> Result<Response<MockBody>, Abort> {
    if faults.is_empty() || operation == Operation::Token {
        return Ok(plain(reply));
    }
    if let Some(hit) = faults.hit(Effect::Stall) {
        tokio::time::sleep(hit.time).await;
    }
    if faults.on(Effect::Reset) {
        return Err(cut(reset));
    }
    let has_body = !reply.body().is_empty();
    if has_body && faults.on(Effect::HangBody) {
        return Ok(announced(reply, |half| MockBody::Hang(Some(half))));
    }
    if has_body && operation == Operation::Download && faults.on(Effect::DownloadCut) {
        return Ok(announced(reply, |half| MockBody::Cut(Some(half))));
    }
    if let Some(hit) = faults.hit(Effect::SlowBody) {
        return Ok(reply.map(|body| MockBody::slow(body, hit.time)));
    }
    if let Some(hit) = faults.hit(Effect::Oversize) {
        let left = u64::from(hit.number) << 20;
        return Ok(reply.map(|body| MockBody::Flood { first: Some(body), left }));
    }
    if let Some(hit) = faults.hit(Effect::Bomb) {
        let mut reply = reply;
        *reply.body_mut() = bomb(reply.body(), hit.number);
        reply.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        return Ok(plain(reply));
    }
    Ok(plain(reply))
}

/// The answer compressed with gzip.
pub(crate) fn zipped(mut reply: Reply) -> Reply {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Writing to a vector cannot fail.
    let _ = encoder.write_all(reply.body());
    if let Ok(packed) = encoder.finish() {
        *reply.body_mut() = packed.into();
        reply.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    reply
}

/// Tells the connection to close with a reset, without an answer.
pub(crate) fn cut(reset: &AtomicBool) -> Abort {
    reset.store(true, Ordering::Relaxed);
    Abort
}

/// Half of a body under the announcement of the whole.
fn announced(reply: Reply, body: impl FnOnce(Bytes) -> MockBody) -> Response<MockBody> {
    let length = reply.body().len();
    let mut response = reply.map(|bytes| body(bytes.slice(..length / 2)));
    if response.body().size_hint().exact().is_none() {
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}

/// The body and so many MiB of blanks as gzip. One compressed MiB is repeated, which the format
/// allows where the window was reset, so the bomb costs its maker next to nothing.
fn bomb(body: &[u8], mebibytes: u32) -> Bytes {
    // Its maker must not be hurt by an exaggerated order.
    let mebibytes = mebibytes.min(4_096);
    let blanks = vec![b' '; 1 << 20];
    let mut compress = Compress::new(Compression::best(), false);
    let mut squeeze = |input: &[u8], flush| {
        let mut out = Vec::with_capacity(input.len() / 2 + 4_096);
        // The output has room for everything, so nothing is left over.
        let _ = compress.compress_vec(input, &mut out, flush);
        out
    };
    let first = squeeze(body, FlushCompress::Full);
    let repeated = squeeze(&blanks, FlushCompress::Full);
    let last = squeeze(&[], FlushCompress::Finish);

    let mut crc = Crc::new();
    crc.update(body);
    let mut block = Crc::new();
    block.update(&blanks);
    let mut out = vec![0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 2, 0xFF];
    // Writing to a vector cannot fail.
    let _ = out.write_all(&first);
    for _ in 0..mebibytes {
        let _ = out.write_all(&repeated);
        crc.combine(&block);
    }
    let _ = out.write_all(&last);
    let _ = out.write_all(&crc.sum().to_le_bytes());
    let length = body.len() as u64 + (u64::from(mebibytes) << 20);
    let _ = out.write_all(&(length as u32).to_le_bytes());
    out.into()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn a_bomb_is_small_and_unpacks_to_the_body_and_the_blanks() {
        let packed = bomb(b"{\"data\":[]}", 5);
        assert!(packed.len() < 32 * 1024, "{}", packed.len());
        let mut unpacked = String::new();
        flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut unpacked).unwrap();
        assert_eq!(unpacked.len(), 11 + (5 << 20));
        assert_eq!(unpacked.trim_end(), "{\"data\":[]}");
    }
}
