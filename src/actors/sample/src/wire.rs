//! The API's documents as the print house reads and writes them.
//! Refuses strictness: unknown fields are passed over, as the API may add some without notice.

use letterproof_model::{GroupId, LetterId, LetterStatus, MiId, SpecificationId};
use serde::{Deserialize, Serialize};

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
