//! Links to letters' content, and what is kept of a download.
//! Refuses to show a link: its signature is a secret for as long as it lives.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use letterproof_model::{Content, Exchange};
use letterproof_wire::StorageHost;
use url::Url;

use super::call::{Call, DOWNLOAD_CAP, Kind, Repeat, Vouch};
use super::core::Session;
use super::keep::place;
use crate::{ClientError, Flow};

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
        call.keep = self.inner.keep_pdfs.as_deref().map(|folder| place(folder, &link.letter));
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

/// Reduces a download to what may be kept.
pub(super) fn inspect(media_type: Option<&str>, body: &[u8]) -> (Content, bool) {
    letterproof_contract::content::inspect_download(body, media_type)
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
