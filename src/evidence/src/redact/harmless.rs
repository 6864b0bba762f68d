//! What is harmless, and so the only thing that is kept as it was sent: the names of headers and
//! parameters whose values say how a call works, and values that have the form of an id or a
//! number. What is new is replaced until somebody has looked at it.

use std::borrow::Cow;

use letterproof_model::MOCK_HEADER;

/// Headers kept with their values, in order. Every header that a judge, the contract or a report
/// reads is among them, or has a rule of its own in [`super::headers`].
const HEADERS: [&str; 101] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "accept-ranges",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "access-control-max-age",
    "access-control-request-headers",
    "access-control-request-method",
    "age",
    "allow",
    "alt-svc",
    "cache-control",
    "connection",
    "content-encoding",
    "content-language",
    "content-length",
    "content-range",
    "content-security-policy",
    "content-type",
    "cross-origin-embedder-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "date",
    "dnt",
    "etag",
    "expect",
    "expires",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "last-modified",
    "max-forwards",
    "origin",
    "permissions-policy",
    "pragma",
    "priority",
    "proxy-authenticate",
    "proxy-connection",
    "range",
    "ratelimit",
    "ratelimit-limit",
    "ratelimit-policy",
    "ratelimit-remaining",
    "ratelimit-reset",
    "referrer-policy",
    "retry-after",
    "sec-ch-ua",
    "sec-ch-ua-mobile",
    "sec-ch-ua-platform",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-fetch-user",
    "server",
    "strict-transport-security",
    "te",
    "timing-allow-origin",
    "traceparent",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "upgrade-insecure-requests",
    "user-agent",
    "vary",
    "via",
    "www-authenticate",
    "x-amz-apigw-id",
    "x-amz-cf-id",
    "x-amz-cf-pop",
    "x-amz-id-2",
    "x-amz-request-id",
    "x-amz-server-side-encryption",
    "x-amz-storage-class",
    "x-amzn-errortype",
    "x-amzn-requestid",
    "x-amzn-trace-id",
    "x-cache",
    "x-content-type-options",
    "x-correlation-id",
    "x-download-options",
    "x-frame-options",
    MOCK_HEADER,
    "x-permitted-cross-domain-policies",
    "x-powered-by",
    "x-rate-limit-limit",
    "x-rate-limit-remaining",
    "x-rate-limit-reset",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-request-id",
    "x-requested-with",
    "x-xss-protection",
];

/// Parameters of a download link that say how the link works, not who may use it.
const LINK_PARAMETERS: [&str; 5] =
    ["limit", "x-amz-algorithm", "x-amz-date", "x-amz-expires", "x-amz-signedheaders"];

/// Values of a token request that say how a token is asked for.
const GRANTS: [&str; 6] = [
    "client_credentials",
    "authorization_code",
    "password",
    "refresh_token",
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
];

/// Longest value that passes for an id.
const LONGEST: usize = 128;
/// Longest name of a parameter or property that is kept.
const LONGEST_NAME: usize = 64;

/// Whether a header of this name keeps its value.
pub(crate) fn is_header(name: &str) -> bool {
    HEADERS.binary_search(&&*lower(name)).is_ok()
}

/// Whether a parameter of a download link keeps its value.
pub(crate) fn is_link_parameter(name: &str, value: &str) -> bool {
    LINK_PARAMETERS.contains(&&*lower(name)) && is_plain(value)
}

/// Whether a parameter of a call of the API keeps its value: only `limit` is documented, and it may
/// be whatever could pass for a number.
pub(crate) fn is_api_parameter(name: &str, value: &str) -> bool {
    name == "limit"
        && value.len() <= 24
        && value.bytes().all(|b| {
            b.is_ascii_digit()
                || matches!(b, b'+' | b'-' | b'.' | b' ' | b'x' | b'X' | b'a'..=b'f' | b'o' | b'E')
        })
}

/// Whether a field of a submitted form keeps its value.
pub(crate) fn is_form_field(name: &str, value: &str) -> bool {
    matches!(name, "grant_type" | "client_assertion_type") && GRANTS.contains(&value)
}

/// Whether a value of an answer of the token endpoint is what the platform documents under this
/// name: a number, a word, or its id of a refusal.
pub(crate) fn is_token_field(name: &str, value: &str) -> bool {
    match name {
        "expires_in" | "issued_at" => {
            value.len() <= 20 && value.bytes().all(|byte| byte.is_ascii_digit())
        }
        "message_id" => value.len() <= 64 && is_plain(value),
        _ => {
            let word = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b' ');
            value.len() <= 40 && value.bytes().all(word)
        }
    }
}

/// Whether a value has the form of an id, a number, a time or an address, in which no sentence and
/// no e-mail address can stand.
pub(crate) fn is_plain(value: &str) -> bool {
    value.len() <= LONGEST
        && value.bytes().all(|byte| {
            byte.is_ascii_alphanumeric()
                || matches!(
                    byte,
                    b'-' | b'_'
                        | b'.'
                        | b':'
                        | b'/'
                        | b'+'
                        | b'='
                        | b'~'
                        | b'#'
                        | b'?'
                        | b'&'
                        | b'%'
                )
        })
}

/// Whether a name has the form of one: what is not is data in a name's place.
pub(crate) fn is_name(name: &str) -> bool {
    let byte = |b: u8| {
        b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':' | b'$' | b'[' | b']')
    };
    name.len() <= LONGEST_NAME && name.bytes().all(byte)
}

fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_headers_is_in_order_and_in_lower_case() {
        assert!(HEADERS.is_sorted());
        assert!(HEADERS.iter().all(|name| is_header(name) && is_header(&name.to_uppercase())));
        assert!(!is_header("x-session-id") && !is_header(""));
    }

    #[test]
    fn no_harmless_name_promises_a_secret() {
        for name in HEADERS.iter().chain(&LINK_PARAMETERS) {
            assert!(!super::super::headers::is_secret(name), "{name}");
        }
    }

    #[test]
    fn a_limit_is_kept_where_it_could_be_a_number() {
        for value in ["10", "1.5", "0x10", "1e1", "-1", " 5", ""] {
            assert!(is_api_parameter("limit", value), "{value}");
        }
        for (name, value) in [("limit", "Mrs Smith"), ("offset", "3"), ("limit", "many")] {
            assert!(!is_api_parameter(name, value), "{name}={value}");
        }
    }

    #[test]
    fn ids_are_plain_and_sentences_are_not() {
        for value in ["24L5eYSWGzCHlGmzNxuqV", "2026-08-21T10:15:00Z", "https://a.example/x?y=1"] {
            assert!(is_plain(value), "{value}");
        }
        for value in ["Mrs Smith", "smith@nhs.net", "Zoë", &"x".repeat(129)] {
            assert!(!is_plain(value), "{value}");
        }
    }
}
