//! Answers that look as the API, its gateway or its storage would have given them.
//! Refuses to look like the witness: a supplier must react to them as to real ones.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use letterproof_model::Operation;
use serde_json::json;
use uuid::Uuid;

/// Ids that the API sends back.
const ECHOED: [HeaderName; 2] =
    [HeaderName::from_static("x-request-id"), HeaderName::from_static("x-correlation-id")];

/// A failure of the API (OAS 429, 500 and 502 responses; 503 and 504 in the form of 502).
pub(crate) fn failure(
    status: StatusCode,
    operation: Operation,
    request: &HeaderMap,
) -> Response<Bytes> {
    let id = Uuid::new_v4().to_string();
    let reason = status.canonical_reason().unwrap_or("Error");
    let (body, media_type) = match status {
        StatusCode::TOO_MANY_REQUESTS => (too_many(&id), "application/json"),
        StatusCode::INTERNAL_SERVER_ERROR => (internal(&id), "application/vnd.api+json"),
        _ => (json!({ "message": reason }), "application/vnd.api+json"),
    };
    let mut response = answer(status, media_type, body.to_string());
    if status == StatusCode::TOO_MANY_REQUESTS {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    if operation.is_api() {
        for name in ECHOED {
            if let Some(value) = request.get(&name) {
                response.headers_mut().insert(name, value.clone());
            } else if let Ok(made) = HeaderValue::from_str(&id) {
                response.headers_mut().insert(name, made);
            }
        }
    }
    response
}

fn too_many(id: &str) -> serde_json::Value {
    let ends = letterproof_model::now().as_millisecond().saturating_add(1_000);
    json!({
        "message": "Rate limit exceeded",
        "scope": "app",
        "policy": "rate",
        "limit": 300,
        "interval": 1,
        "timeunit": "second",
        "ratelimiting_expiry_time_ms": ends,
        "message_id": id,
    })
}

fn internal(id: &str) -> serde_json::Value {
    json!({ "errors": [{
        "id": id,
        "code": "NOTIFY_INTERNAL_SERVER_ERROR",
        "links": {
            "about": "https://digital.nhs.uk/developer/api-catalogue/nhs-notify-supplier"
        },
        "status": "500",
        "title": "Internal server error",
        "detail": "Unexpected error",
    }] })
}

/// The refusal of a link whose minute is over.
pub(crate) fn expired_link() -> Response<Bytes> {
    let body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AccessDenied</Code>\
                <Message>Request has expired</Message></Error>";
    answer(StatusCode::FORBIDDEN, "application/xml", body.to_owned())
}

fn answer(status: StatusCode, media_type: &'static str, body: String) -> Response<Bytes> {
    let length = HeaderValue::from(body.len());
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response.headers_mut().insert(header::CONTENT_LENGTH, length);
    response
}
