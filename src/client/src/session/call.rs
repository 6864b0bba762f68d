//! One call, as it is to be made: what is sent, how long it may take, and what may be repeated.
//! Refuses defaults for safety: every call says whether it may be repeated.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use url::Url;

use super::core::Session;
use crate::Flow;

/// The most of an API answer that is taken.
pub(super) const API_BODY_CAP: u64 = 16 * 1024 * 1024;
/// The most of a download that is taken.
pub(super) const DOWNLOAD_CAP: u64 = 64 * 1024 * 1024;

/// The media type of the API's documents.
pub(super) const DOCUMENT: HeaderValue = HeaderValue::from_static("application/vnd.api+json");

/// What kind of traffic a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An operation of the API: paced.
    Api,
    /// A token: not paced, and its answer is a secret.
    Token,
    /// Content from storage: not paced, and its body is inspected and dropped.
    Download,
}

/// When a call may be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// After a transport error, 502, 503, 504 or 429: reads, and updates, which are idempotent
    /// for each status.
    Safe,
    /// Only when the server cannot have acted on it: no connection was made, or 429. Creating
    /// management information, since the API does not detect a second record; a list, since it hides
    /// its letters also when its answer is lost.
    Unsent,
    /// Not at all.
    Never,
}

/// Who vouches for a call.
#[derive(Clone)]
pub(super) enum Vouch {
    /// The session's own bearer, renewed once if it is refused.
    Session,
    /// Nobody.
    Nobody,
    /// This value of `Authorization`.
    Given(HeaderValue),
}

/// One call.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) flow: Flow,
    pub(super) method: Method,
    pub(super) url: Url,
    /// Headers besides those the session adds.
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Bytes,
    pub(super) kind: Kind,
    pub(super) repeat: Repeat,
    pub(super) vouch: Vouch,
    /// Whether a fresh `X-Request-ID` and the flow's `X-Correlation-ID` are added.
    pub(super) ids: bool,
    pub(super) timeout: Duration,
    pub(super) cap: u64,
    /// When it is due, on the caller's own schedule.
    pub(super) due: Option<tokio::time::Instant>,
    /// Where a PDF that it brings is kept.
    pub(super) keep: Option<PathBuf>,
}

impl Call {
    /// An API call with the usual headers.
    pub(super) fn api(
        session: &Session,
        flow: &Flow,
        method: Method,
        url: Url,
        repeat: Repeat,
    ) -> Self {
        Self {
            flow: flow.clone(),
            method,
            url,
            headers: vec![(http::header::ACCEPT, DOCUMENT)],
            body: Bytes::new(),
            kind: Kind::Api,
            repeat,
            vouch: Vouch::Session,
            ids: true,
            timeout: session.target().timeouts.answer,
            cap: API_BODY_CAP,
            due: flow.due,
            keep: None,
        }
    }

    /// The same call with a JSON document.
    pub(super) fn with_document(mut self, body: Vec<u8>) -> Self {
        self.headers.push((http::header::CONTENT_TYPE, DOCUMENT));
        self.body = body.into();
        self
    }
}
