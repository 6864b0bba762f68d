//! Header fields on their way through: what belongs to one connection stays there. Fields keep
//! their order and, with HTTP/1.1, the case of their names.

use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, HOST, HeaderMap, HeaderName, HeaderValue,
    PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, REFERER, TE, TRANSFER_ENCODING, UPGRADE,
};

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// Fields that concern one connection only (RFC 9110, 7.6.1, and RFC 9112).
const HOP_BY_HOP: [HeaderName; 8] = [
    CONNECTION,
    KEEP_ALIVE,
    PROXY_CONNECTION,
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Fields by which a supplier proves to the API who it is.
const CREDENTIALS: [HeaderName; 4] = [
    AUTHORIZATION,
    COOKIE,
    HeaderName::from_static("apikey"),
    HeaderName::from_static("x-api-key"),
];

/// Fields that fetching a document may need, and that name nobody: all that storage gets.
const FOR_STORAGE: [&str; 29] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "dnt",
    "expect",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "max-forwards",
    "pragma",
    "priority",
    "range",
    "traceparent",
    "tracestate",
    "upgrade-insecure-requests",
    "user-agent",
    "via",
    "x-amz-checksum-mode",
    "x-correlation-id",
    "x-request-id",
];

/// Leaves only what the storage may see: by whichever name a credential goes, it is not among these.
pub(crate) fn keep_for_storage(headers: &mut HeaderMap) {
    // Where a client came from is nobody's secret, unless it is written with one.
    let plain = |value: &HeaderValue| !value.as_bytes().iter().any(|byte| b"?@;".contains(byte));
    let kept = headers.iter().filter(|(name, value)| {
        FOR_STORAGE.contains(&name.as_str())
            || name.as_str().starts_with("sec-fetch-")
            || (**name == REFERER && plain(value))
    });
    *headers = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
}

/// Takes out what proves to the API who the supplier is; whether there was any.
pub(crate) fn strip_credentials(headers: &mut HeaderMap) -> bool {
    if !CREDENTIALS.iter().any(|name| headers.contains_key(name)) {
        return false;
    }
    // Removing one by one would reorder those that stay.
    let kept = headers.iter().filter(|(name, _)| !CREDENTIALS.contains(name));
    *headers = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
    true
}

/// The fields to pass on, with `host` in place of the one received where it is given.
pub(crate) fn passed_on(headers: &HeaderMap, host: Option<&HeaderValue>) -> HeaderMap {
    let named = named_by_connection(headers);
    let mut passed = HeaderMap::with_capacity(headers.len() + 1);
    for (name, value) in headers {
        if HOP_BY_HOP.contains(name) || named.contains(name) {
            continue;
        }
        match host {
            Some(host) if *name == HOST => drop(passed.insert(HOST, host.clone())),
            _ => drop(passed.append(name.clone(), value.clone())),
        }
    }
    passed
}

/// Fields that `Connection` declares to be of this connection only. It cannot declare away what
/// says where the message goes or how long it is.
fn named_by_connection(headers: &HeaderMap) -> Vec<HeaderName> {
    headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .filter(|name| *name != HOST && *name != CONTENT_LENGTH)
        .collect()
}

/// The fields as a recorder takes them.
pub(crate) fn pairs(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect()
}

/// A field's value as text, where it is visible ASCII.
pub(crate) fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        map
    }

    #[test]
    fn every_credential_is_taken_out_and_nothing_else() {
        let mut headers = map(&[
            ("authorization", "Bearer a"),
            ("range", "bytes=0-"),
            ("accept", "a"),
            ("apikey", "b"),
            ("accept", "b"),
            ("cookie", "c=d"),
            ("cookie", "e=f"),
            ("x-api-key", "g"),
        ]);
        assert!(strip_credentials(&mut headers));
        let kept = map(&[("range", "bytes=0-"), ("accept", "a"), ("accept", "b")]);
        assert_eq!(pairs(&headers), pairs(&kept));
        assert!(!strip_credentials(&mut headers));
    }

    #[test]
    fn the_storage_gets_what_fetching_needs_and_no_credential_by_any_name() {
        let mut headers = map(&[
            ("host", "bucket.example"),
            ("authorization", "Bearer a"),
            ("ocp-apim-subscription-key", "b"),
            ("range", "bytes=0-"),
            ("x-functions-key", "c"),
            ("authentication", "d"),
            ("x-amz-security-token", "e"),
            ("cookie", "f"),
            ("cookie2", "g"),
            ("x-session-id", "h"),
            ("apikey", "i"),
            ("nhsd-session-urid", "j"),
            ("accept", "*/*"),
            ("user-agent", "ours/1"),
            ("x-request-id", "k"),
            ("referer", "https://int.example/letters?key=l"),
        ]);
        keep_for_storage(&mut headers);
        let kept: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        assert_eq!(kept, ["host", "range", "accept", "user-agent", "x-request-id"]);
        let mut go = map(&[("referer", "https://int.example/letters/L1/data")]);
        keep_for_storage(&mut go);
        assert_eq!(go.len(), 1);
    }

    #[test]
    fn what_belongs_to_one_connection_stays_there_and_order_is_kept() {
        let received = map(&[
            ("host", "witness:9100"),
            ("x-b", "1"),
            ("connection", "keep-alive, X-Private, host"),
            ("x-private", "2"),
            ("transfer-encoding", "chunked"),
            ("accept", "a"),
            ("keep-alive", "timeout=5"),
            ("accept", "b"),
            ("x-a", "3"),
        ]);
        let passed = passed_on(&received, Some(&HeaderValue::from_static("api.example")));
        let passed = pairs(&passed);
        let passed: Vec<(&str, &str)> =
            passed.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            passed,
            [("host", "api.example"), ("x-b", "1"), ("accept", "a"), ("accept", "b"), ("x-a", "3")]
        );
    }
}
