//! The parts of a HAR entry that are read, each as loosely as exporters write it.
//! Refuses nothing that is merely missing: what an exchange cannot do without is asked for where it
//! is used, by name. Fields that are not listed here (cookies, pages, caches) are passed over.

use letterproof_model::{Actor, Content, Timestamp};
use serde::Deserialize;

/// One call.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    pub(super) started_date_time: Option<String>,
    /// Milliseconds from the start to the last byte.
    pub(super) time: Option<f64>,
    pub(super) timings: Option<Timings>,
    pub(super) request: Option<Request>,
    pub(super) response: Option<Response>,
    /// What this house's own HAR files say beyond the format.
    #[serde(rename = "_letterproof")]
    pub(super) own: Option<Own>,
}

/// How the time was spent, in milliseconds; -1 where a part does not apply.
#[derive(Deserialize, Default)]
pub(super) struct Timings {
    pub(super) blocked: Option<f64>,
    pub(super) dns: Option<f64>,
    pub(super) connect: Option<f64>,
    pub(super) send: Option<f64>,
    pub(super) wait: Option<f64>,
    pub(super) receive: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request {
    pub(super) method: Option<String>,
    pub(super) url: Option<String>,
    pub(super) headers: Option<Vec<Field>>,
    pub(super) post_data: Option<PostData>,
    pub(super) body_size: Option<f64>,
}

/// A name with its value: a header field, or a field of a form.
#[derive(Deserialize)]
pub(super) struct Field {
    pub(super) name: Option<String>,
    pub(super) value: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct PostData {
    pub(super) text: Option<String>,
    pub(super) params: Option<Vec<Field>>,
    pub(super) encoding: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Response {
    pub(super) status: Option<i64>,
    pub(super) headers: Option<Vec<Field>>,
    pub(super) content: Option<ResponseContent>,
    #[serde(rename = "redirectURL")]
    pub(super) redirect_url: Option<String>,
    pub(super) body_size: Option<f64>,
    /// Why there is no answer, as browsers and proxies write it.
    #[serde(rename = "_error")]
    pub(super) error: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResponseContent {
    /// Length of the unpacked body in bytes.
    pub(super) size: Option<f64>,
    pub(super) mime_type: Option<String>,
    pub(super) text: Option<String>,
    pub(super) encoding: Option<String>,
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
