//! The server of the live page, on a loopback address, and who may talk to it: this machine by a
//! loopback name, and forms of the page itself. Other names for this machine (DNS rebinding), what
//! other pages send (CSRF) and bodies beyond what its own forms send are turned away.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use letterproof_wire::{Own, authority_of, is_own_page};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use crate::ui::answers::Shown;
use crate::ui::live::{Live, UiError};
use crate::ui::{answers, snapshot};

/// Longest form, in bytes.
const FORM: usize = 16 * 1024;
/// Readers of the stream at the same time.
const READERS: usize = 32;
/// Time for answers under way once the page stops.
const GRACE: Duration = Duration::from_secs(2);

/// A live page that is being served. Dropping it ends it.
#[derive(Debug)]
pub struct Page {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: Option<JoinHandle<std::io::Result<()>>>,
}

impl Page {
    /// Whether a page may be served there: on this machine alone.
    ///
    /// # Errors
    /// When others could reach it.
    pub fn may_listen(address: SocketAddr) -> Result<(), UiError> {
        if address.ip().is_loopback() { Ok(()) } else { Err(UiError::NotLoopback { address }) }
    }

    /// Serves the page of a witness; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address is not of this machine alone, or cannot be listened on.
    pub async fn serve(listen: SocketAddr, live: Arc<Live>) -> Result<Self, UiError> {
        Self::may_listen(listen)?;
        let failed = |source| UiError::Listen { address: listen, source };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (stop, stopped) = watch::channel(false);
        let shown =
            Shown { live, stop: stopped.clone(), places: Arc::new(Semaphore::new(READERS)) };
        let guarded = from_fn_with_state(Guard::new(address.port(), snapshot::policy()), guard);
        let router = Router::new()
            .route("/", get(answers::page))
            .route("/events", get(answers::stream))
            .route("/state.json", get(answers::state))
            .route("/mark", post(answers::mark))
            .route("/scenario/begin", post(answers::begin))
            .route("/scenario/end", post(answers::end))
            .route("/finish", get(answers::ask).post(answers::finish))
            .layer(DefaultBodyLimit::max(FORM))
            .layer(guarded)
            .with_state(shown);
        let mut until = stopped;
        let server = axum::serve(listener, router).with_graceful_shutdown(async move {
            // Where nobody can say so any more, the page is dropped.
            let _ = until.wait_for(|stop| *stop).await;
        });
        let task = Some(tokio::spawn(async move { server.await }));
        Ok(Self { address, stop, task })
    }

    /// Where it is, to be opened in a browser.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Tells every reader the last state, and frees the port.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        if let Some(mut task) = self.task.take()
            && tokio::time::timeout(GRACE, &mut task).await.is_err()
        {
            task.abort();
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

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
