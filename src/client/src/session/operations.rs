//! The operations of the API, each with a typed answer that is read from the record, and the
//! downloads that its links lead to.
//!
//! An answer with another status is an answer: the caller decides. A link is never shown, since its
//! signature is a secret for as long as it lives.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use letterproof_model::{Body, Content, Exchange, LetterId, MiId, Outcome, TransportErrorKind};
use letterproof_wire::StorageHost;
use serde::de::DeserializeOwned;
use url::Url;

use super::{Raw, Session};
use crate::call::{Call, DOWNLOAD_CAP, Kind, Repeat, Vouch};
use crate::documents::{LetterDocument, LetterList, LetterUpdate, MiDocument, MiRecord};
use crate::{ClientError, Flow, private};

/// An answer of the API.
#[derive(Debug, Clone)]
pub struct Answer<T> {
    /// The recorded exchange.
    pub exchange: Arc<Exchange>,
    /// The status code.
    pub status: u16,
    /// What a success said; `None` for any other status, or a body of another shape.
    pub value: Option<T>,
}

impl Session {
    /// `GET /_status`.
    ///
    /// # Errors
    /// When no answer arrives, or the exchange could not be recorded.
    pub async fn check_status(&self, flow: &Flow) -> Result<Answer<()>, ClientError> {
        let call = Call::api(self, flow, Method::GET, self.api_url("/_status")?, Repeat::Safe);
        answer(self.make(&call).await?, |raw| (raw.status() == Some(200)).then_some(()))
    }

    /// `GET /letters`, with a limit or with the API's own. A list whose answer was lost has hidden
    /// its letters all the same, so it is not asked for again here: see
    /// [`answer_is_lost`](crate::answer_is_lost).
    ///
    /// # Errors
    /// When no answer arrives, or the exchange could not be recorded.
    pub async fn list_letters(
        &self,
        flow: &Flow,
        limit: Option<u32>,
    ) -> Result<Answer<LetterList>, ClientError> {
        let path = limit.map_or_else(|| "/letters".to_owned(), |n| format!("/letters?limit={n}"));
        let call = Call::api(self, flow, Method::GET, self.api_url(&path)?, Repeat::Unsent);
        answer(self.make(&call).await?, |raw| read(raw, 200))
    }

    /// `GET /letters/{id}`.
    ///
    /// # Errors
    /// When no answer arrives, or the exchange could not be recorded.
    pub async fn get_letter(
        &self,
        flow: &Flow,
        id: &LetterId,
    ) -> Result<Answer<LetterDocument>, ClientError> {
        let url = self.resource("letters", id.as_str(), None)?;
        let call = Call::api(self, flow, Method::GET, url, Repeat::Safe);
        answer(self.make(&call).await?, |raw| read(raw, 200))
    }

    /// `PATCH /letters/{id}`.
    ///
    /// # Errors
    /// When no answer arrives, or the exchange could not be recorded.
    pub async fn patch_letter(
        &self,
        flow: &Flow,
        update: &LetterUpdate,
    ) -> Result<Answer<()>, ClientError> {
        let url = self.resource("letters", update.id.as_str(), None)?;
        let call = Call::api(self, flow, Method::PATCH, url, Repeat::Safe)
            .with_document(update.document());
        answer(self.make(&call).await?, |raw| (raw.status() == Some(202)).then_some(()))
    }

    /// `POST /letters`.
    ///
    /// # Errors
    /// When no answer arrives, or the exchange could not be recorded.
    pub async fn post_letters(
        &self,
        flow: &Flow,
        updates: &[LetterUpdate],
    ) -> Result<Answer<()>, ClientError> {
        let call = Call::api(self, flow, Method::POST, self.api_url("/letters")?, Repeat::Safe)
            .with_document(LetterUpdate::documents(updates));
        answer(self.make(&call).await?, |raw| (raw.status() == Some(202)).then_some(()))
    }

    /// `GET /letters/{id}/data`: the link to a letter's content.
    ///
    /// # Errors
    /// When no answer arrives, or the exchange could not be recorded.
    pub async fn letter_data(
        &self,
        flow: &Flow,
        id: &LetterId,
    ) -> Result<Answer<DataLink>, ClientError> {
        let url = self.resource("letters", id.as_str(), Some("data"))?;
        let call = Call::api(self, flow, Method::GET, url, Repeat::Safe);
        answer(self.make(&call).await?, |raw| link_of(&call.url, raw))
    }

    /// `POST /mi`; never sent again once the API may have acted on it.
    ///
    /// # Errors
    /// When no answer arrives, or the exchange could not be recorded.
    pub async fn create_mi(
        &self,
        flow: &Flow,
        record: &MiRecord,
    ) -> Result<Answer<MiDocument>, ClientError> {
        let call = Call::api(self, flow, Method::POST, self.api_url("/mi")?, Repeat::Unsent)
            .with_document(record.document());
        // The sandbox answers 200 where the specification says 201; judges tell the difference.
        answer(self.make(&call).await?, |raw| read(raw, 201).or_else(|| read(raw, 200)))
    }

    /// `GET /mi/{id}`.
    ///
    /// # Errors
    /// When no answer arrives, or the exchange could not be recorded.
    pub async fn get_mi(&self, flow: &Flow, id: &MiId) -> Result<Answer<MiDocument>, ClientError> {
        let url = self.resource("mi", id.as_str(), None)?;
        let call = Call::api(self, flow, Method::GET, url, Repeat::Safe);
        answer(self.make(&call).await?, |raw| read(raw, 200))
    }

    /// An address whose path holds an id, whatever characters that has.
    fn resource(&self, kind: &str, id: &str, part: Option<&str>) -> Result<Url, ClientError> {
        let mut url = self.api_url("")?;
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push(kind).push(id).extend(part);
        }
        Ok(url)
    }
}

fn answer<T>(raw: Raw, value: impl FnOnce(&Raw) -> Option<T>) -> Result<Answer<T>, ClientError> {
    let Some(status) = raw.status() else { return Err(unreachable(&raw.exchange)) };
    let value = value(&raw);
    Ok(Answer { exchange: raw.exchange, status, value })
}

/// Reads a success from the recorded body, so that what is acted on is what is on record.
fn read<T: DeserializeOwned>(raw: &Raw, status: u16) -> Option<T> {
    let response = raw.exchange.response().filter(|response| response.status == status)?;
    response.body.json_text().and_then(|text| serde_json::from_str(text).ok())
}

pub(super) fn link_of(asked: &Url, raw: &Raw) -> Option<DataLink> {
    let location = raw.location.as_ref().filter(|_| raw.status() == Some(303))?;
    let url = asked.join(location.to_str().ok()?).ok()?;
    // `…/letters/{id}/data`
    let letter = asked.path_segments().and_then(|mut parts| parts.nth_back(1)).unwrap_or_default();
    let letter = letter.to_owned();
    matches!(url.scheme(), "http" | "https").then_some(DataLink { url, letter })
}

/// The error for an exchange that ended without a whole answer.
pub(crate) fn unreachable(exchange: &Exchange) -> ClientError {
    let (kind, cause) = match &exchange.outcome {
        Outcome::Error(error) => (error.kind, error.message.clone()),
        Outcome::Response(_) => (TransportErrorKind::Protocol, "an unusable answer".to_owned()),
    };
    let url = exchange.request.url.split(['?', '#']).next().unwrap_or_default().to_owned();
    let remedy = match kind {
        TransportErrorKind::Tls if cause.contains("without TLS") => "Correct base_url.",
        _ => remedy(kind),
    };
    ClientError::Unreachable { url, kind, cause, remedy }
}

const fn remedy(kind: TransportErrorKind) -> &'static str {
    match kind {
        TransportErrorKind::Connect => {
            "Check the address, the network and the proxy; `letterproof doctor` shows which of them fails."
        }
        TransportErrorKind::Tls => {
            "Check the certificate and its date; a private root, such as that of a proxy which reads along, belongs in the profile's `roots`, and a certificate that the server asks for in `client_certificate`."
        }
        TransportErrorKind::Timeout => {
            "Check whether the service is up and how long it takes to answer."
        }
        TransportErrorKind::Reset | TransportErrorKind::Body => {
            "Something between here and the service closes connections: check it and the proxy, then try again."
        }
        TransportErrorKind::Protocol => {
            "Whatever answers there does not speak HTTP as expected: check the address and its scheme."
        }
        TransportErrorKind::Interrupted => "Run it again.",
    }
}

/// A signed link to a letter's content, valid for about a minute.
#[derive(Clone)]
pub struct DataLink {
    pub(super) url: Url,
    /// The letter, as the link was asked for.
    pub(super) letter: String,
}

impl DataLink {
    /// The host it leads to; all of it that may be shown.
    #[must_use]
    pub fn host(&self) -> Option<StorageHost> {
        StorageHost::of(&self.url)
    }
}

#[cfg(test)]
impl DataLink {
    /// A link that no API gave, for tests.
    pub(crate) fn to(url: &str) -> Self {
        Self { url: Url::parse(url).unwrap(), letter: "L1".to_owned() }
    }
}

impl fmt::Debug for DataLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a signed link to {}", self.url.host_str().unwrap_or_default())
    }
}

/// How a link is used by a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkChange {
    /// As it is.
    AsIs,
    /// With one character of its signature changed.
    Signature,
    /// With HEAD in place of GET.
    Head,
}

/// What came of a download.
#[derive(Debug, Clone)]
pub struct Download {
    /// The recorded exchange.
    pub exchange: Arc<Exchange>,
}

impl Download {
    /// The status code; `None` when no whole answer arrived.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.exchange.status()
    }

    /// What is known of the content.
    #[must_use]
    pub fn content(&self) -> Option<&Content> {
        self.exchange.response().and_then(|response| response.body.content())
    }

    /// Whether a PDF arrived whole.
    #[must_use]
    pub fn is_pdf(&self) -> bool {
        let body = self.exchange.response().map(|response| &response.body);
        matches!(body, Some(letterproof_model::Body::Pdf(_)))
    }
}

impl Session {
    /// Downloads a letter's content; only its length, hash and page count are kept, unless the
    /// session was told to keep PDFs.
    ///
    /// # Errors
    /// When the link may not be followed, or the exchange could not be recorded. A failed
    /// download is no error here: the exchange tells of it.
    pub async fn download(&self, flow: &Flow, link: &DataLink) -> Result<Download, ClientError> {
        let mut call = self.download_call(flow, Method::GET, link.url.clone());
        call.keep =
            self.inner.keep_pdfs.as_deref().map(|folder| private::pdf_of(folder, &link.letter));
        let raw = self.make(&call).await?;
        Ok(Download { exchange: raw.exchange })
    }

    /// Uses a link as a probe does.
    ///
    /// # Errors
    /// As [`Session::download`].
    pub async fn probe_link(
        &self,
        flow: &Flow,
        link: &DataLink,
        change: LinkChange,
    ) -> Result<Download, ClientError> {
        let (method, url) = match change {
            LinkChange::AsIs => (Method::GET, link.url.clone()),
            LinkChange::Signature => (Method::GET, with_another_signature(&link.url)),
            LinkChange::Head => (Method::HEAD, link.url.clone()),
        };
        let raw = self.make(&self.download_call(flow, method, url)).await?;
        Ok(Download { exchange: raw.exchange })
    }

    /// Follows a link once, whatever comes of it: what a load measures is one download.
    ///
    /// # Errors
    /// As [`Session::download`].
    pub async fn download_once(
        &self,
        flow: &Flow,
        link: &DataLink,
    ) -> Result<Download, ClientError> {
        let call = self.download_call(flow, Method::GET, link.url.clone());
        let raw = self.make(&Call { repeat: Repeat::Never, ..call }).await?;
        Ok(Download { exchange: raw.exchange })
    }

    fn download_call(&self, flow: &Flow, method: Method, url: Url) -> Call {
        Call {
            flow: flow.clone(),
            method,
            url,
            headers: Vec::new(),
            body: Bytes::new(),
            kind: Kind::Download,
            repeat: Repeat::Safe,
            // Storage knows nothing of the API's credentials and must not learn them.
            vouch: Vouch::Nobody,
            ids: false,
            timeout: self.target().timeouts.download,
            cap: DOWNLOAD_CAP,
            due: None,
            keep: None,
        }
    }
}

/// The same link with the last character of its signature changed.
fn with_another_signature(url: &Url) -> Url {
    let mut pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let at = pairs
        .iter()
        .position(|(name, _)| {
            let name = name.to_ascii_lowercase();
            name.contains("signature") || name == "sig"
        })
        .or_else(|| pairs.len().checked_sub(1));
    let mut changed = url.clone();
    if let Some((_, value)) = at.and_then(|at| pairs.get_mut(at)) {
        let last = value.pop();
        value.push(if last == Some('0') { '1' } else { '0' });
        changed.query_pairs_mut().clear().extend_pairs(&pairs);
    } else {
        changed.set_query(Some("sig=0"));
    }
    changed
}

impl Session {
    /// Shows that the target can be reached and takes the credentials: asks for a token where one
    /// is needed, then for `/_status`.
    ///
    /// # Errors
    /// When the address gives no answer or a web page, or the token is refused
    /// ([`ClientError::is_configuration`] is true then), or an exchange could not be recorded. A
    /// `/_status` that answers anything else is reachable; what it means is judged from the record.
    pub async fn preflight(&self, flow: &Flow) -> Result<Arc<Exchange>, ClientError> {
        self.inner.tokens.bearer(self, flow).await?;
        let answer = self.check_status(flow).await?;
        if is_web_page(&answer.exchange) {
            let (url, status) = (answer.exchange.request.url.clone(), answer.status);
            return Err(ClientError::WebPage { url, status });
        }
        Ok(answer.exchange)
    }
}

/// Whether an answer is a page for people, as proxies and sign-in portals give in a server's place.
pub(crate) fn is_web_page(exchange: &Exchange) -> bool {
    exchange.response().is_some_and(|response| {
        let announced = response.header("content-type").unwrap_or_default();
        // JSON under a wrong name is the API's own mistake, which is judged like any other.
        announced.trim_start().to_ascii_lowercase().starts_with("text/html")
            && matches!(response.body, Body::Text { .. } | Body::Opaque(_))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_never_shows_its_signature() {
        let link = DataLink::to("https://store.example/a?sig=canary");
        assert!(!format!("{link:?}").contains("canary"));
    }

    #[test]
    fn a_tampered_link_differs_in_its_signature_alone() {
        let url =
            Url::parse("https://store.example/a?X-Amz-Date=1&X-Amz-Signature=abc0&z=9").unwrap();
        assert_eq!(
            with_another_signature(&url).as_str(),
            "https://store.example/a?X-Amz-Date=1&X-Amz-Signature=abc1&z=9"
        );
    }
}
