//! What a row of the table looks at in an exchange, beyond check, call and status.
//! Refuses to look at anything but the one exchange.

use crate::difference::{Difference, Seen};
use crate::operations::JSON_MEDIA_TYPE;
use crate::text::{MediaType, decoded};

/// Whatever it is.
pub(super) const fn always(_: &Seen<'_>, _: &Difference) -> bool {
    true
}

/// Whether the answer is announced as JSON in UTF-8.
pub(super) fn is_plain_json(seen: &Seen<'_>, _: &Difference) -> bool {
    seen.response().and_then(|response| response.header("content-type")).is_some_and(|value| {
        let media = MediaType::read(value);
        media.essence == JSON_MEDIA_TYPE && media.is_utf8()
    })
}

/// Whether every error of an answer has this code.
pub(super) fn has_only_code(seen: &Seen<'_>, code: &str) -> bool {
    let errors = seen.response_json().and_then(|body| body["errors"].as_array());
    errors.is_some_and(|errors| errors.iter().all(|error| error["code"] == code))
}

/// Whether an answer has exactly the shape of the sandbox's validator.
pub(super) fn is_validator_body(seen: &Seen<'_>) -> bool {
    let Some(body) = seen.response_json().and_then(|body| body.as_object()) else { return false };
    let top = body.keys().all(|key| matches!(key.as_str(), "message" | "errors"));
    let items = body.get("errors").is_some_and(|errors| {
        errors.as_str() == Some("")
            || errors.as_array().is_some_and(|errors| {
                errors.iter().filter_map(|error| error.as_object()).all(|error| {
                    let known =
                        |key: &String| matches!(key.as_str(), "path" | "message" | "errorCode");
                    error.contains_key("path") && error.keys().all(known)
                })
            })
    });
    top && items && body.get("message").is_some_and(serde_json::Value::is_string)
}

/// The one limit asked for, decoded.
pub(super) fn limit(seen: &Seen<'_>) -> Option<String> {
    let mut values = seen.route.query_values("limit");
    let first = values.next().map(decoded);
    if values.next().is_some() { None } else { first }
}

/// A text as JavaScript's `Number` would read it.
pub(super) fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let radix = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().map(f64::from);
    match text.get(..2) {
        Some("0x" | "0X") => radix(&text[2..], 16),
        Some("0o" | "0O") => radix(&text[2..], 8),
        Some("0b" | "0B") => radix(&text[2..], 2),
        _ => text.parse().ok().filter(|number: &f64| number.is_finite()),
    }
}

/// Whether the request is announced as JSON.
pub(super) fn is_json_sent(seen: &Seen<'_>, _: &Difference) -> bool {
    let value = seen.exchange.request.header("content-type");
    value.is_some_and(|value| MediaType::read(value).essence == JSON_MEDIA_TYPE)
}
