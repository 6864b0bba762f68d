//! Who may talk to the live page: this machine by a loopback name, and forms of the page itself.
//! Refuses other names for this machine (DNS rebinding) and what other pages send (CSRF).

use std::net::{Ipv4Addr, SocketAddr};

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use letterproof_wire::{Own, authority_of, is_own_page};

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// What the guard knows of the page.
#[derive(Debug, Clone)]
pub(crate) struct Guard {
    own: Own,
    policy: HeaderValue,
}

impl Guard {
    /// `policy`: the content security policy of every answer.
    pub(crate) fn new(port: u16, policy: HeaderValue) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Self { own: Own::new("http", address, Vec::new()), policy }
    }

    /// Why a request is refused, if it is.
    fn refusal(&self, request: &Request) -> Option<(StatusCode, &'static str)> {
        let headers = request.headers();
        let host = authority_of(request.uri(), headers);
        let own = host.filter(|host| !host.as_str().contains('@') && self.own.is(host.as_str()));
        let Some(host) = own else {
            return Some((
                StatusCode::MISDIRECTED_REQUEST,
                "this page answers to a loopback name with its own port only, such as 127.0.0.1",
            ));
        };
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        if !reads && !is_own_page(headers, "http", |origin| *origin == host) {
            return Some((
                StatusCode::FORBIDDEN,
                "only the page itself, or a program on this machine, may ask for this",
            ));
        }
        None
    }
}

/// Lets a request through, or refuses it; every answer carries what a browser must be told.
pub(crate) async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let mut response = match guard.refusal(&request) {
        Some((status, why)) => (status, why).into_response(),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // With no referrer at all, a browser would call the origin of the page's forms `null`.
        (REFERRER_POLICY, "same-origin"),
        (CACHE_CONTROL, "no-store"),
        (OPENER_POLICY, "same-origin"),
        (RESOURCE_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(CONTENT_SECURITY_POLICY, guard.policy);
    response
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn refused(method: &str, target: &str, headers: &[(&str, &str)]) -> Option<u16> {
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let guard = Guard::new(9101, HeaderValue::from_static("default-src 'none'"));
        guard.refusal(&request.body(Body::empty()).unwrap()).map(|(status, _)| status.as_u16())
    }

    #[test]
    fn only_a_loopback_name_with_the_pages_own_port_is_answered() {
        for host in ["127.0.0.1:9101", "localhost:9101", "LOCALHOST:9101", "[::1]:9101"] {
            assert_eq!(refused("GET", "/", &[("host", host)]), None, "{host}");
        }
        for host in [
            "evil.example:9101",
            "127.0.0.1:9100",
            "127.0.0.1",
            "localhost.evil.example:9101",
            "10.0.0.1:9101",
            "127.0.0.1.evil.example:9101",
            "user@127.0.0.1:9101x",
            "",
        ] {
            assert_eq!(refused("GET", "/", &[("host", host)]), Some(421), "{host}");
        }
        assert_eq!(refused("GET", "/", &[]), Some(421));
        let two = [("host", "127.0.0.1:9101"), ("host", "evil.example:9101")];
        assert_eq!(refused("GET", "/", &two), Some(421));
        let other = "http://evil.example:9101/";
        assert_eq!(refused("GET", other, &[("host", "127.0.0.1:9101")]), Some(421));
    }

    #[test]
    fn nothing_is_changed_for_another_page() {
        let host = ("host", "127.0.0.1:9101");
        let post =
            |headers: &[(&str, &str)]| refused("POST", "/mark", &[&[host], headers].concat());
        assert_eq!(post(&[("origin", "http://127.0.0.1:9101")]), None);
        assert_eq!(post(&[("sec-fetch-site", "same-origin")]), None);
        assert_eq!(post(&[]), None, "a program on this machine sends neither");
        for origin in [
            "http://evil.example",
            "null",
            "https://127.0.0.1:9101",
            "http://127.0.0.1:9100",
            "http://localhost:9101",
            "http://127.0.0.1:9101@evil.example",
            "",
        ] {
            assert_eq!(post(&[("origin", origin)]), Some(403), "{origin}");
        }
        assert_eq!(post(&[("sec-fetch-site", "cross-site")]), Some(403));
        assert_eq!(post(&[("sec-fetch-site", "same-site")]), Some(403));
    }
}
