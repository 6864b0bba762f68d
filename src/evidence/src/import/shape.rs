//! The parts of a HAR entry that are read, each as loosely as exporters write it. What an exchange
//! cannot do without is asked for where it is used, by name. Fields that are not listed here are
//! passed over.

use letterproof_model::{Actor, Content, Timestamp};
use serde::Deserialize;
use serde_json::Value;

/// One call.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    #[serde(default, deserialize_with = "loose::text")]
    pub(super) started_date_time: Option<String>,
    /// Milliseconds from the start to the last byte.
    #[serde(default, deserialize_with = "loose::number")]
    pub(super) time: Option<f64>,
    #[serde(default, deserialize_with = "loose::part")]
    pub(super) timings: Option<Timings>,
    #[serde(default, deserialize_with = "loose::part")]
    pub(super) request: Option<Request>,
    #[serde(default, deserialize_with = "loose::part")]
    pub(super) response: Option<Response>,
    /// What kind of thing a browser asked for.
    #[serde(default, rename = "_resourceType", deserialize_with = "loose::text")]
    pub(super) resource_type: Option<String>,
    /// Whether a browser's cache answered.
    #[serde(skip)]
    cached: bool,
    /// What this house's own HAR files say beyond the format.
    #[serde(rename = "_letterproof")]
    pub(super) own: Option<Value>,
}

/// What browsers write where their cache answered, each in its own way and place.
const FROM_CACHE: [&str; 7] = [
    "fromCache",
    "_fromCache",
    "fromDiskCache",
    "_fromDiskCache",
    "fromMemoryCache",
    "_fromMemoryCache",
    "_servedFromCache",
];

impl Entry {
    /// Reads an entry; `None` for what is no entry at all.
    pub(super) fn read(text: &str) -> Option<Self> {
        let whole: Value = serde_json::from_str(text).ok()?;
        // An array would be read as the fields in their order.
        whole.is_object().then_some(())?;
        let is_set = |word: &&str| [&whole[*word], &whole["response"][*word]].map(says_yes);
        let cached = FROM_CACHE.iter().flat_map(is_set).any(|set| set);
        let entry: Self = serde_json::from_value(whole).ok()?;
        Some(Self { cached, ..entry })
    }

    /// Whether a browser asks by itself whether a page may make the call (CORS).
    pub(super) fn is_preflight(&self) -> bool {
        let Some(request) = &self.request else { return false };
        let asks = |field: &Field| {
            let name = field.name.as_deref().unwrap_or_default();
            name.eq_ignore_ascii_case("access-control-request-method")
        };
        request.method.as_deref().is_some_and(|method| method.eq_ignore_ascii_case("OPTIONS"))
            && (self.resource_type.as_deref() == Some("preflight")
                || request.headers.iter().flatten().any(asks))
    }

    /// Whether the answer is a browser's: out of its cache, or about what lies in it.
    pub(super) fn is_from_cache(&self) -> bool {
        self.cached || self.response.as_ref().is_some_and(|answer| answer.status == Some(304.0))
    }
}

fn says_yes(word: &Value) -> bool {
    match word {
        Value::Bool(is) => *is,
        Value::String(text) => !matches!(text.as_str(), "" | "false" | "none"),
        _ => false,
    }
}

/// How the time was spent, in milliseconds; -1 where a part does not apply.
#[derive(Deserialize, Default)]
pub(super) struct Timings {
    #[serde(default, deserialize_with = "loose::number")]
    pub(super) blocked: Option<f64>,
    #[serde(default, deserialize_with = "loose::number")]
    pub(super) dns: Option<f64>,
    #[serde(default, deserialize_with = "loose::number")]
    pub(super) connect: Option<f64>,
    #[serde(default, deserialize_with = "loose::number")]
    pub(super) send: Option<f64>,
    #[serde(default, deserialize_with = "loose::number")]
    pub(super) wait: Option<f64>,
    #[serde(default, deserialize_with = "loose::number")]
    pub(super) receive: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request {
    #[serde(default, deserialize_with = "loose::text")]
    pub(super) method: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    pub(super) url: Option<String>,
    #[serde(default, deserialize_with = "loose::list")]
    pub(super) headers: Option<Vec<Field>>,
    #[serde(default, deserialize_with = "loose::part")]
    pub(super) post_data: Option<PostData>,
    #[serde(default, deserialize_with = "loose::number")]
    pub(super) body_size: Option<f64>,
}

/// A name with its value: a header field, or a field of a form.
#[derive(Deserialize)]
pub(super) struct Field {
    #[serde(default, deserialize_with = "loose::text")]
    pub(super) name: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    pub(super) value: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct PostData {
    #[serde(default, deserialize_with = "loose::text")]
    pub(super) text: Option<String>,
    #[serde(default, deserialize_with = "loose::list")]
    pub(super) params: Option<Vec<Field>>,
    #[serde(default, deserialize_with = "loose::text")]
    pub(super) encoding: Option<String>,
    /// The file that holds the body, as Playwright writes it.
    #[serde(default, rename = "_file", deserialize_with = "loose::text")]
    pub(super) file: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Response {
    #[serde(default, deserialize_with = "loose::number")]
    pub(super) status: Option<f64>,
    #[serde(default, deserialize_with = "loose::list")]
    pub(super) headers: Option<Vec<Field>>,
    #[serde(default, deserialize_with = "loose::part")]
    pub(super) content: Option<ResponseContent>,
    #[serde(default, rename = "redirectURL", deserialize_with = "loose::text")]
    pub(super) redirect_url: Option<String>,
    #[serde(default, deserialize_with = "loose::number")]
    pub(super) body_size: Option<f64>,
    /// Why there is no answer, as browsers and proxies write it.
    #[serde(default, rename = "_error", deserialize_with = "loose::text")]
    pub(super) error: Option<String>,
    /// The same, as Playwright writes it.
    #[serde(default, rename = "_failureText", deserialize_with = "loose::text")]
    pub(super) failure: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResponseContent {
    /// Length of the unpacked body in bytes.
    #[serde(default, deserialize_with = "loose::number")]
    pub(super) size: Option<f64>,
    #[serde(default, deserialize_with = "loose::text")]
    pub(super) mime_type: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    pub(super) text: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    pub(super) encoding: Option<String>,
    /// The file that holds the body, as Playwright writes it.
    #[serde(default, rename = "_file", deserialize_with = "loose::text")]
    pub(super) file: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct Own {
    pub(super) actor: Option<Actor>,
    pub(super) scenario: Option<String>,
    pub(super) attempt: Option<u32>,
    pub(super) scheduled: Option<Timestamp>,
    pub(super) connection_reused: Option<bool>,
    pub(super) request_body: Option<Content>,
    pub(super) response_body: Option<Content>,
}

/// Values as exporters mean them, whatever JSON type they chose; `None` for what means nothing.
mod loose {
    use serde::de::DeserializeOwned;
    use serde::{Deserialize, Deserializer};
    use serde_json::Value;

    pub(super) fn text<'de, D: Deserializer<'de>>(input: D) -> Result<Option<String>, D::Error> {
        Ok(match Value::deserialize(input)? {
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(is) => Some(is.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        })
    }

    pub(super) fn number<'de, D: Deserializer<'de>>(input: D) -> Result<Option<f64>, D::Error> {
        let number = match Value::deserialize(input)? {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        Ok(number.filter(|number| number.is_finite()))
    }

    pub(super) fn part<'de, D, T>(input: D) -> Result<Option<T>, D::Error>
    where
        D: Deserializer<'de>,
        T: DeserializeOwned,
    {
        let part = Some(Value::deserialize(input)?).filter(Value::is_object);
        Ok(part.and_then(|part| serde_json::from_value(part).ok()))
    }

    /// What of a list can be read.
    pub(super) fn list<'de, D, T>(input: D) -> Result<Option<Vec<T>>, D::Error>
    where
        D: Deserializer<'de>,
        T: DeserializeOwned,
    {
        let Value::Array(items) = Value::deserialize(input)? else { return Ok(None) };
        let items = items.into_iter().filter(Value::is_object);
        Ok(Some(items.filter_map(|item| serde_json::from_value(item).ok()).collect()))
    }
}
