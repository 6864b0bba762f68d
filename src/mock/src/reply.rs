//! An answer before it goes on the wire, and the small ways to make one.
//! Refuses to know the wire: how a body is cut, slowed or compressed is decided elsewhere.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

/// An answer with its whole body.
pub(crate) type Reply = Response<Bytes>;

pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");
pub(crate) const VND_API: HeaderValue = HeaderValue::from_static("application/vnd.api+json");
pub(crate) const XML: HeaderValue = HeaderValue::from_static("application/xml");
pub(crate) const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
pub(crate) const PDF: HeaderValue = HeaderValue::from_static("application/pdf");

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
