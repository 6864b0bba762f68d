//! The API's documents as the client reads and writes them. Unknown fields and statuses are passed
//! over here and judged elsewhere.

use letterproof_model::{
    Document, GroupId, LetterId, LetterStatus, MiId, ReturnReason, SpecificationId, Timestamp,
};
use serde::{Deserialize, Deserializer, Serialize};

/// A list of letters, in the order of the queue (OAS `listLetters`).
pub type LetterList = Document<Vec<ListedLetter>>;

/// One letter with its status (OAS `getLetterStatus`).
pub type LetterDocument = Document<ListedLetter>;

/// A letter as the API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ListedLetter {
    /// Its id.
    pub id: LetterId,
    /// What is said of it.
    pub attributes: LetterAttributes,
}

/// What the API says of a letter.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LetterAttributes {
    /// Its status; `None` when the API wrote none that is known.
    #[serde(default, deserialize_with = "known_status")]
    pub status: Option<LetterStatus>,
    /// Its print specification.
    #[serde(default)]
    pub specification_id: Option<SpecificationId>,
    /// Its group.
    #[serde(default)]
    pub group_id: Option<GroupId>,
    /// The code given with its status.
    #[serde(default)]
    pub reason_code: Option<String>,
    /// The text given with its status.
    #[serde(default)]
    pub reason_text: Option<String>,
    /// The SHA-256 of its content.
    #[serde(default)]
    pub sha256_hash: Option<String>,
}

fn known_status<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<LetterStatus>, D::Error> {
    let word = Option::<String>::deserialize(deserializer)?;
    Ok(word.and_then(|word| word.parse().ok()))
}

/// One update of a letter's status, as the supplier sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterUpdate {
    /// The letter.
    pub id: LetterId,
    /// The new status.
    pub status: LetterStatus,
    /// Code and text, where the status needs them.
    pub reason: Option<crate::Reason>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UpdateAttributes<'a> {
    status: LetterStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason_text: Option<&'a str>,
}

#[derive(Serialize)]
struct UpdateResource<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: &'a LetterId,
    attributes: UpdateAttributes<'a>,
}

impl LetterUpdate {
    fn resource(&self) -> UpdateResource<'_> {
        UpdateResource {
            kind: "Letter",
            id: &self.id,
            attributes: UpdateAttributes {
                status: self.status,
                reason_code: self.reason.as_ref().map(|reason| reason.code.as_str()),
                reason_text: self.reason.as_ref().map(|reason| reason.text.as_str()),
            },
        }
    }

    /// The body of `PATCH /letters/{id}`.
    pub(crate) fn document(&self) -> Vec<u8> {
        body(&Document { data: self.resource() })
    }

    /// The body of `POST /letters`.
    pub(crate) fn documents(updates: &[Self]) -> Vec<u8> {
        body(&Document { data: updates.iter().map(Self::resource).collect::<Vec<_>>() })
    }
}

/// A code and its text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reason {
    /// The code.
    pub code: String,
    /// The text.
    pub text: String,
}

impl Reason {
    /// A reason of this code and text.
    pub fn new(code: impl Into<String>, text: impl Into<String>) -> Self {
        Self { code: code.into(), text: text.into() }
    }
}

impl From<ReturnReason> for Reason {
    fn from(reason: ReturnReason) -> Self {
        Self::new(reason.code, reason.text)
    }
}

/// One record of management information, as the supplier sends it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MiRecord {
    /// What is counted.
    pub line_item: String,
    /// When it was counted (UTC).
    pub timestamp: Timestamp,
    /// How many.
    pub quantity: u64,
    /// The print specification they were of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub specification_id: Option<SpecificationId>,
    /// The group they were of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<GroupId>,
    /// Stock left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock_remaining: Option<u64>,
}

impl MiRecord {
    /// What there may be one record of: reporting date, specification, group and line item.
    #[must_use]
    pub fn key(&self) -> String {
        let date = self.timestamp.to_string();
        let date = date.split('T').next().unwrap_or_default();
        let text = |id: Option<&str>| id.unwrap_or("-").to_owned();
        format!(
            "{date} {} {} {}",
            text(self.specification_id.as_ref().map(|id| id.as_str())),
            text(self.group_id.as_ref().map(|id| id.as_str())),
            self.line_item
        )
    }

    /// The body of `POST /mi`.
    pub(crate) fn document(&self) -> Vec<u8> {
        body(&serde_json::json!({
            "data": { "type": "ManagementInformation", "attributes": self }
        }))
    }
}

/// A record of management information as the API shows it.
pub type MiDocument = Document<MiAttributes>;

/// A record with the id the API gave it.
#[derive(Debug, Clone, Deserialize)]
pub struct MiAttributes {
    /// Its id.
    pub id: MiId,
    /// What it says; `None` when it has another shape.
    #[serde(default, deserialize_with = "lenient_record")]
    pub attributes: Option<MiRecord>,
}

fn lenient_record<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<MiRecord>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

fn body<T: Serialize>(value: &T) -> Vec<u8> {
    // Strings, numbers and unit variants only: serialising them into memory cannot fail.
    serde_json::to_vec(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_is_written_as_the_specification_asks() {
        let update = LetterUpdate {
            id: "L1".into(),
            status: LetterStatus::Returned,
            reason: Some(Reason::new("R01", "Addressee gone away")),
        };
        let json: serde_json::Value = serde_json::from_slice(&update.document()).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"data": {"type": "Letter", "id": "L1", "attributes": {
                "status": "RETURNED", "reasonCode": "R01", "reasonText": "Addressee gone away"}}})
        );
        let plain = LetterUpdate { status: LetterStatus::Accepted, reason: None, ..update };
        let bulk: serde_json::Value =
            serde_json::from_slice(&LetterUpdate::documents(&[plain])).unwrap();
        assert_eq!(
            bulk,
            serde_json::json!({"data": [{"type": "Letter", "id": "L1",
                "attributes": {"status": "ACCEPTED"}}]})
        );
    }

    #[test]
    fn an_unknown_status_or_field_does_not_stop_a_list_from_being_read() {
        let list: LetterList = serde_json::from_str(
            r#"{"data":[{"type":"Letter","id":"a","attributes":{"status":"SHREDDED","new":1}}]}"#,
        )
        .unwrap();
        assert_eq!(list.data[0].attributes.status, None);
    }

    #[test]
    fn a_record_is_stamped_in_utc() {
        let record = MiRecord {
            line_item: "x".to_owned(),
            timestamp: "2026-11-20T10:00:00Z".parse().unwrap(),
            quantity: 3,
            specification_id: None,
            group_id: None,
            stock_remaining: None,
        };
        let text = String::from_utf8(record.document()).unwrap();
        assert!(text.contains(r#""timestamp":"2026-11-20T10:00:00Z""#), "{text}");
        assert!(!text.contains("groupId"), "{text}");
    }
}
