//! Reading the bodies of the Supplier API as leniently as judging allows.
//! Refuses to validate: whether a body keeps the contract is the contract crate's question; here a
//! body either says what a judge needs or it does not.

use std::borrow::Cow;

use serde::Deserialize;

use super::calls::MiRecord;

/// Text that borrows from the body wherever it holds no escapes, also inside an `Option`.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// `{data: …}`.
#[derive(Deserialize)]
pub(crate) struct Document<T> {
    pub(crate) data: T,
}

/// A letter, listed, read or in an update.
#[derive(Deserialize)]
pub(crate) struct WireLetter<'a> {
    #[serde(borrow)]
    pub(crate) id: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) attributes: WireAttributes<'a>,
}

/// A letter's attributes, all of which may be missing.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct WireAttributes<'a> {
    #[serde(borrow)]
    pub(crate) status: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) specification_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) group_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) reason_code: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) reason_text: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) sha256_hash: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct WireMi {
    id: Option<String>,
    #[serde(default)]
    attributes: WireMiAttributes,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct WireMiAttributes {
    line_item: Option<String>,
    timestamp: Option<String>,
    quantity: Option<f64>,
    specification_id: Option<String>,
    group_id: Option<String>,
    stock_remaining: Option<f64>,
}

/// A management-information record and its id, from a request or a response.
pub(crate) fn read_mi(text: &str) -> Option<(Option<String>, MiRecord)> {
    let Document { data: WireMi { id, attributes } } = serde_json::from_str(text).ok()?;
    let record = MiRecord {
        line_item: attributes.line_item,
        timestamp: attributes.timestamp,
        quantity: attributes.quantity,
        specification: attributes.specification_id,
        group: attributes.group_id,
        stock_remaining: attributes.stock_remaining,
    };
    Some((id, record))
}
