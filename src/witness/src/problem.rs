//! Answers of the witness itself, where the API has none: RFC 9457 problem documents.
//! Refuses to look like the API: the media type and the text say who is speaking.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use letterproof_model::RecordError;

use crate::body::AnswerBody;

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
