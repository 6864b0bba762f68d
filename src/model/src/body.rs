//! What is kept of a body: what is harmless of JSON and forms, letters only as length, hash and pages.
//! There is no variant that could hold a PDF's bytes.

use serde::{Deserialize, Serialize};

use crate::masked_length;

/// A JSON:API document, of which only the data matters here (`{"data": …}`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document<T> {
    /// The resource, or the resources.
    pub data: T,
}

/// A recorded body, what is not known to be harmless already replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", try_from = "Written")]
pub enum Body {
    /// No body, or an empty one.
    None,
    /// Well-formed JSON, kept to the letter where its values are harmless.
    Json {
        /// The JSON text as it was sent, values that are not known to be harmless replaced.
        text: String,
    },
    /// A submitted form, in the order of its fields.
    Form {
        /// Field names and values.
        fields: Vec<(String, String)>,
    },
    /// Short text that is not JSON, as malformed requests and gateway errors are.
    Text {
        /// The text as it was sent, where it is a known one; else its length and keyed hash.
        text: String,
    },
    /// A PDF, of which only what proves it is kept.
    Pdf(Content),
    /// Anything else: too long, binary, or from a download that was not a PDF.
    Opaque(Content),
}

/// What is kept of content that must not be kept itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Length in bytes, as received.
    pub length: u64,
    /// SHA-256 over the bytes as received, in lower-case hexadecimal; empty where an imported
    /// recording does not hold them, or they could not be unpacked.
    pub sha256: String,
    /// Number of pages; only known of a PDF that could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages: Option<u32>,
    /// What is wrong with a PDF that common readers repair in silence (a wrong page count); the
    /// PDF can be read all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repaired: Option<String>,
    /// Why the content could not be read as what it claims to be (a damaged PDF), or the code of
    /// a storage error (`NoSuchKey`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// A body as it is written: every field of every kind. Reading it at once spares each text a copy,
/// which a journal of many bodies feels.
#[derive(Deserialize)]
struct Written {
    kind: Kind,
    text: Option<String>,
    fields: Option<Vec<(String, String)>>,
    length: Option<u64>,
    sha256: Option<String>,
    pages: Option<u32>,
    repaired: Option<String>,
    problem: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    None,
    Json,
    Form,
    Text,
    Pdf,
    Opaque,
}

impl TryFrom<Written> for Body {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let Written { kind, text, fields, length, sha256, pages, repaired, problem } = written;
        let text = text.ok_or("missing field `text`");
        let content = || {
            let length = length.ok_or("missing field `length`")?;
            let sha256 = sha256.ok_or("missing field `sha256`")?;
            Ok::<_, Self::Error>(Content { length, sha256, pages, repaired, problem })
        };
        Ok(match kind {
            Kind::None => Self::None,
            Kind::Json => Self::Json { text: text? },
            Kind::Form => Self::Form { fields: fields.ok_or("missing field `fields`")? },
            Kind::Text => Self::Text { text: text? },
            Kind::Pdf => Self::Pdf(content()?),
            Kind::Opaque => Self::Opaque(content()?),
        })
    }
}

impl Content {
    /// Content that there was, of which an imported recording holds nothing but this length (0
    /// where not even that is known).
    #[must_use]
    pub fn unrecorded(length: u64) -> Self {
        let problem = Some("the recording does not hold it".to_owned());
        Self { length, sha256: String::new(), pages: None, repaired: None, problem }
    }

    /// Content of which nothing is known but its length as it was sent, and why.
    #[must_use]
    pub fn unread(length: u64, why: String) -> Self {
        Self { problem: Some(why), ..Self::unrecorded(length) }
    }

    fn is_known(&self) -> bool {
        !self.sha256.is_empty()
    }
}

impl Body {
    /// The text of a JSON body.
    #[must_use]
    pub fn json_text(&self) -> Option<&str> {
        match self {
            Self::Json { text } => Some(text),
            _ => None,
        }
    }

    /// The body parsed as JSON into `T`; `None` when it is not JSON or has another shape.
    #[must_use]
    pub fn parse<'a, T: Deserialize<'a>>(&'a self) -> Option<T> {
        serde_json::from_str(self.json_text()?).ok()
    }

    /// The room that its texts take in memory, in bytes.
    pub(crate) fn room(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Json { text } | Self::Text { text } => text.len(),
            Self::Form { fields } => {
                fields.iter().map(|(name, value)| name.len() + value.len() + 48).sum()
            }
            Self::Pdf(content) | Self::Opaque(content) => content.sha256.len(),
        }
    }

    /// The length in bytes, as far as it is known from what was kept.
    #[must_use]
    pub fn length(&self) -> u64 {
        match self {
            Self::None => 0,
            Self::Json { text } => text.len() as u64,
            // Of a text that was not kept the record has the length.
            Self::Text { text } => masked_length(text).unwrap_or(text.len() as u64),
            Self::Form { fields } => {
                let pairs =
                    fields.iter().map(|(name, value)| (name.len() + value.len() + 2) as u64);
                // Each pair has a `=`, and a `&` before the next.
                pairs.sum::<u64>().saturating_sub(1)
            }
            Self::Pdf(content) | Self::Opaque(content) => content.length,
        }
    }

    /// What is known of downloaded content; nothing of content that is not on record.
    #[must_use]
    pub fn content(&self) -> Option<&Content> {
        match self {
            Self::Pdf(content) | Self::Opaque(content) if content.is_known() => Some(content),
            _ => None,
        }
    }

    /// Whether there was a body, of which the record holds nothing (an imported recording left it
    /// out, or it could not be unpacked), so that nothing can be said of it.
    #[must_use]
    pub fn is_unrecorded(&self) -> bool {
        matches!(self, Self::Pdf(content) | Self::Opaque(content) if !content.is_known())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Body {
        Body::Json { text: text.into() }
    }

    fn text(text: &str) -> Body {
        Body::Text { text: text.into() }
    }

    /// A download of which everything is on record.
    fn recorded() -> Content {
        Content {
            length: 1_234,
            sha256: "ab".repeat(32),
            pages: Some(2),
            repaired: None,
            problem: None,
        }
    }

    #[test]
    fn only_json_is_read_as_json() {
        assert_eq!(json("[1, 2]").json_text(), Some("[1, 2]"));
        assert_eq!(json("[1, 2]").parse::<Vec<u32>>(), Some(vec![1, 2]));
        assert_eq!(json("[1, 2]").parse::<String>(), None, "another shape");
        assert_eq!(text("[1, 2]").json_text(), None);
        assert_eq!(text("[1, 2]").parse::<Vec<u32>>(), None, "recorded as no JSON");
        assert_eq!(Body::None.json_text(), None);
    }

    #[test]
    fn a_bodys_length_is_counted_in_bytes() {
        assert_eq!(Body::None.length(), 0);
        assert_eq!(json("\"é\"").length(), 4);
        assert_eq!(text("no JSON").length(), 7);
        assert_eq!(text("redacted:3f0a9c21d4e7, 1234 bytes").length(), 1_234);
        assert_eq!(Body::Pdf(recorded()).length(), 1_234);
        assert_eq!(Body::Opaque(Content::unrecorded(77)).length(), 77);
    }

    #[test]
    fn a_forms_length_takes_in_its_names_values_and_separators() {
        let fields = [("grant_type", "client_credentials"), ("scope", "x")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        let sent = "grant_type=client_credentials&scope=x".len() as u64;
        assert_eq!(Body::Form { fields }.length(), sent);
        assert_eq!(Body::Form { fields: vec![] }.length(), 0);
    }

    #[test]
    fn content_is_handed_out_only_where_it_is_on_record() {
        for body in [Body::Pdf(recorded()), Body::Opaque(recorded())] {
            assert_eq!(body.content(), Some(&recorded()));
            assert!(!body.is_unrecorded());
        }
        for body in [Body::Pdf(Content::unrecorded(77)), Body::Opaque(Content::unrecorded(0))] {
            assert_eq!(body.content(), None);
            assert!(body.is_unrecorded());
        }
        for body in [Body::None, json("{}"), text("")] {
            assert_eq!(body.content(), None);
            assert!(!body.is_unrecorded(), "nothing of it was lost");
        }
    }

    #[test]
    fn content_that_could_not_be_read_says_why() {
        let unread = Content::unread(77, "its coding is unknown".into());
        assert_eq!(unread.problem.as_deref(), Some("its coding is unknown"));
        assert_eq!(unread.length, 77);
        assert!(Body::Opaque(unread).is_unrecorded());
    }
}
