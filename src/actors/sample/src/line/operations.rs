//! The operations of the Supplier API and their documents, as the supplier uses them. Unknown fields
//! are passed over: the API may add some without notice.

use http::{HeaderValue, Method, header};
use letterproof_model::{GroupId, LetterId, LetterStatus, MiId, SpecificationId};
use letterproof_wire::{Request, SendError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::time::sleep;
use url::Url;

use super::{Answer, Call, Line, cause, location};
use crate::faults::Wrong;
use crate::habits::Manner;
use crate::report::{SupplierError, remedy};

/// What came of fetching a letter's document.
#[derive(Debug)]
pub(crate) enum Fetched {
    /// The document.
    Document(Vec<u8>),
    /// There is none.
    Missing,
    /// It could not be had, and the last status code, if there was an answer.
    Not(Option<u16>),
}

fn data_of(id: &LetterId) -> Call {
    Call::get(format!("/letters/{id}/data"))
}

impl Line {
    /// `GET /_status`.
    pub(crate) async fn status(&self) -> Result<(), SupplierError> {
        self.expect(&Call::get("/_status"), 200).await.map(drop)
    }

    /// `GET /letters?limit=…`.
    pub(crate) async fn list(&self, limit: u32) -> Result<Vec<Letter>, SupplierError> {
        self.begin_list();
        let call = Call::get(format!("/letters?limit={limit}"));
        let answer = self.expect(&call, 200).await?;
        self.data(&call, &answer)
    }

    /// `GET /letters/{id}`.
    pub(crate) async fn read(&self, id: &LetterId) -> Result<Letter, SupplierError> {
        let call = Call::get(format!("/letters/{id}"));
        let answer = self.expect(&call, 200).await?;
        self.data(&call, &answer)
    }

    /// `PATCH /letters/{id}`.
    pub(crate) async fn patch(&self, update: Update) -> Result<(), SupplierError> {
        let path = format!("/letters/{}", update.id);
        let body = self.json(&Envelope { data: update })?;
        self.expect(&Call::with_body(Method::PATCH, path, body), 202).await.map(drop)
    }

    /// `POST /letters`.
    pub(crate) async fn bulk(&self, updates: Vec<Update>) -> Result<(), SupplierError> {
        let body = self.json(&Envelope { data: updates })?;
        self.expect(&Call::with_body(Method::POST, "/letters", body), 202).await.map(drop)
    }

    /// `POST /mi`: repeated after 429 alone, since a record taken twice would be counted twice.
    pub(crate) async fn submit(&self, record: &MiRecord) -> Result<MiId, SupplierError> {
        let resource = MiResource { r#type: "ManagementInformation", attributes: record };
        let body = self.json(&Envelope { data: resource })?;
        let repeatable = self.faults.has(Wrong::ResubmitUnanswered);
        let call = Call { repeatable, ..Call::with_body(Method::POST, "/mi", body) };
        let answer = self.expect(&call, 201).await?;
        self.data::<MiTaken>(&call, &answer).map(|taken| taken.id)
    }

    /// `GET /mi/{id}`.
    pub(crate) async fn read_record(&self, id: &MiId) -> Result<(), SupplierError> {
        self.expect(&Call::get(format!("/mi/{id}")), 200).await.map(drop)
    }

    /// `GET /letters/{id}/data`, and the download it leads to, within the link's life. A download
    /// that broke is begun again with a new link.
    pub(crate) async fn fetch(&self, id: &LetterId) -> Result<Fetched, SupplierError> {
        if let Some(link) = self.hoarded_link(id) {
            let document = self.download(link, self.range()).await?;
            self.call(&data_of(id)).await?;
            let whole = document.ok().filter(|answer| answer.status == 200);
            return Ok(whole.map_or(Fetched::Not(None), |answer| Fetched::Document(answer.body)));
        }
        let mut last = None;
        for attempt in 1..=self.settings.attempts {
            let answer = self.call(&data_of(id)).await?;
            let Some(link) = location(&answer) else {
                return Ok(match answer.status {
                    200 if self.settings.has(Manner::FollowRedirects) => {
                        Fetched::Document(answer.body)
                    }
                    404 => Fetched::Missing,
                    status => Fetched::Not(Some(status)),
                });
            };
            if attempt == 1 && self.faults.has(Wrong::LateDownload) {
                sleep(self.settings.link_life + self.settings.link_life / 4).await;
            }
            if self.faults.has(Wrong::LinkUnfollowed) {
                return Ok(Fetched::Not(None));
            }
            if let Some(parts) = self.parts() {
                if let Some(fetched) = self.fetch_in(parts, &link).await? {
                    return Ok(fetched);
                }
                sleep(self.settings.back_off).await;
                continue;
            }
            if self.settings.has(Manner::LooksTwice) {
                self.download(link.clone(), None).await?.ok();
            }
            last = match self.download(link, self.range()).await? {
                Ok(answer) => match answer.status {
                    200 => return Ok(Fetched::Document(answer.body)),
                    206 if self.settings.has(Manner::WholeRange) => {
                        return Ok(Fetched::Document(answer.body));
                    }
                    206 => return Ok(Fetched::Not(Some(206))),
                    404 => return Ok(Fetched::Missing),
                    status => Some(status),
                },
                Err(_) => None,
            };
            sleep(self.settings.back_off).await;
        }
        Ok(Fetched::Not(last))
    }

    /// Asks for a letter's link and keeps it for later, where a fault wants it.
    pub(crate) async fn hoard(&self, id: &LetterId) -> Result<(), SupplierError> {
        let link = location(&self.call(&data_of(id)).await?);
        *self.hoarded.lock() = link.map(|link| (id.clone(), link));
        Ok(())
    }

    fn hoarded_link(&self, id: &LetterId) -> Option<Url> {
        self.hoarded.lock().take_if(|(letter, _)| letter == id).map(|(_, link)| link)
    }

    /// Has somebody on this machine fill the queue anew; no call of the API.
    pub(crate) async fn ask_for_letters(&self, url: Url) -> Result<(), SupplierError> {
        let call = || format!("POST {}", url.path());
        let answer = self.send(Request::new(Method::POST, url.clone())).await;
        match answer {
            Ok(Answer { status: 200..=299, .. }) => Ok(()),
            Ok(Answer { status, .. }) => {
                Err(SupplierError::Refused { call: call(), status, remedy: remedy(status) })
            }
            Err(error) => Err(SupplierError::Unanswered {
                call: call(),
                cause: cause(&error),
                base_url: url.origin().ascii_serialization(),
            }),
        }
    }

    /// The range that a fault or a habit asks for a document in.
    fn range(&self) -> Option<&'static str> {
        match () {
            () if self.faults.has(Wrong::PartialDownload) => Some("bytes=0-99"),
            () if self.settings.has(Manner::WholeRange) => Some("bytes=0-"),
            () => None,
        }
    }

    /// The ranges that a fault or a habit asks for a document in, one after the other.
    fn parts(&self) -> Option<[&'static str; 2]> {
        match () {
            () if self.faults.has(Wrong::GapDownload) => Some(["bytes=0-99", "bytes=-100"]),
            () if self.settings.has(Manner::InParts) => Some(["bytes=0-999", "bytes=1000-"]),
            () => None,
        }
    }

    /// A document in parts; `None` where one of them broke, so that all are asked for again.
    async fn fetch_in(
        &self,
        parts: [&'static str; 2],
        link: &Url,
    ) -> Result<Option<Fetched>, SupplierError> {
        let mut document = Vec::new();
        for range in parts {
            match self.download(link.clone(), Some(range)).await? {
                Ok(answer) if answer.status == 206 => document.extend(answer.body),
                // Longer than there is: the store answers with the whole.
                Ok(answer) if answer.status == 200 => {
                    return Ok(Some(Fetched::Document(answer.body)));
                }
                Ok(answer) if answer.status == 404 => return Ok(Some(Fetched::Missing)),
                _ => return Ok(None),
            }
        }
        Ok(Some(match self.faults.has(Wrong::GapDownload) {
            true => Fetched::Not(Some(206)),
            false => Fetched::Document(document),
        }))
    }

    /// Follows a signed link, without a token: the signature is the authority.
    ///
    /// # Errors
    /// Where it leads to a place that nobody stated; any other failure is an outcome.
    async fn download(
        &self,
        link: Url,
        range: Option<&'static str>,
    ) -> Result<Result<Answer, SendError>, SupplierError> {
        let mut request = Request::new(Method::GET, link);
        if let Some(range) = range {
            request.headers_mut().insert(header::RANGE, HeaderValue::from_static(range));
        }
        match self.send(request).await {
            Err(SendError::Refused(refusal)) => Err(refusal.into()),
            sent => Ok(sent),
        }
    }

    fn json(&self, document: &impl serde::Serialize) -> Result<Vec<u8>, SupplierError> {
        serde_json::to_vec(document).map_err(|error| {
            SupplierError::Settings(format!("a request cannot be written: {error}"))
        })
    }

    fn data<T: DeserializeOwned>(&self, call: &Call, answer: &Answer) -> Result<T, SupplierError> {
        serde_json::from_slice::<Envelope<T>>(&answer.body).map(|envelope| envelope.data).map_err(
            |error| SupplierError::Unreadable {
                call: call.name(),
                // The reader's own words may quote the answer.
                problem: format!("line {}, column {}", error.line(), error.column()),
                base_url: self.settings.base_url.to_string(),
            },
        )
    }
}

/// `{"data": …}`.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Envelope<T> {
    pub(crate) data: T,
}

/// A letter, listed or read.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Letter {
    pub(crate) id: LetterId,
    pub(crate) attributes: LetterAttributes,
}

/// What the API says of a letter.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LetterAttributes {
    pub(crate) status: LetterStatus,
    pub(crate) specification_id: Option<SpecificationId>,
    pub(crate) group_id: Option<GroupId>,
    pub(crate) sha256_hash: Option<String>,
}

/// A code and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reason {
    /// Left out where nobody asks for one.
    pub(crate) code: Option<String>,
    pub(crate) text: String,
}

impl Reason {
    pub(crate) fn new(code: &str, text: &str) -> Self {
        Self { code: Some(code.to_owned()), text: text.to_owned() }
    }
}

/// An update of one letter.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Update {
    pub(crate) id: LetterId,
    r#type: &'static str,
    attributes: UpdateAttributes,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct UpdateAttributes {
    status: LetterStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason_text: Option<String>,
}

impl Update {
    pub(crate) fn new(id: &LetterId, status: LetterStatus, reason: Option<Reason>) -> Self {
        let (reason_code, reason_text) =
            reason.map_or((None, None), |reason| (reason.code, Some(reason.text)));
        let attributes = UpdateAttributes { status, reason_code, reason_text };
        Self { id: id.clone(), r#type: "Letter", attributes }
    }
}

/// A record of management information.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MiRecord {
    pub(crate) line_item: &'static str,
    pub(crate) timestamp: String,
    pub(crate) quantity: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) specification_id: Option<SpecificationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) group_id: Option<GroupId>,
}

/// A record on its way to the API.
#[derive(Debug, Serialize)]
pub(crate) struct MiResource<'a> {
    pub(crate) r#type: &'static str,
    pub(crate) attributes: &'a MiRecord,
}

/// What the API says of a record.
#[derive(Debug, Deserialize)]
pub(crate) struct MiTaken {
    pub(crate) id: MiId,
}
