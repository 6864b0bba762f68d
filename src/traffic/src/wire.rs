//! Reading the bodies of the Supplier API as leniently as judging allows: whether a body keeps the
//! contract is the contract crate's question; here it says what is needed, or it does not.

use std::borrow::Cow;

use letterproof_model::{Body, Document, Exchange, LetterId, LetterStatus, Operation, Route};
use serde::Deserialize;
use serde_json::Value;

use crate::calls::MiRecord;

/// Text that borrows from the body wherever it holds no escapes, also inside an `Option`.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

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

impl WireAttributes<'_> {
    /// The status, where it is one that is known.
    pub(crate) fn status(&self) -> Option<LetterStatus> {
        self.status.as_ref()?.0.parse().ok()
    }
}

/// The letters and statuses that an update's request names, those of unknown status left out.
#[must_use]
pub fn updates_of(exchange: &Exchange, base_url: &str) -> Vec<(LetterId, LetterStatus)> {
    let body = &exchange.request.body;
    let letters = match Route::of_exchange(exchange, base_url).operation {
        Operation::UpdateLetters => read::<Vec<WireLetter<'_>>>(body).unwrap_or_default(),
        Operation::PatchLetter => read(body).into_iter().collect(),
        _ => Vec::new(),
    };
    let update =
        |wire: WireLetter<'_>| Some((LetterId::from(&*wire.id.0), wire.attributes.status()?));
    letters.into_iter().filter_map(update).collect()
}

/// The data of a body's document; `None` where the body holds no such document.
pub(crate) fn read<'b, T: Deserialize<'b>>(body: &'b Body) -> Option<T> {
    serde_json::from_str(body.json_text()?).ok().map(|Document { data }| data)
}

#[derive(Deserialize)]
struct WireMi {
    id: Option<Value>,
    #[serde(default)]
    attributes: WireMiAttributes,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct WireMiAttributes {
    line_item: Option<Value>,
    timestamp: Option<Value>,
    quantity: Option<Value>,
    specification_id: Option<Value>,
    group_id: Option<Value>,
    stock_remaining: Option<Value>,
}

/// A management-information record and its id, from a request or a response. A value that is of
/// another type than documented is none: the rest of the record is still there.
pub fn read_mi(text: &str) -> Option<(Option<String>, MiRecord)> {
    let Document { data: WireMi { id, attributes } } = serde_json::from_str(text).ok()?;
    let words = |value: Option<Value>| value?.as_str().map(str::to_owned);
    let number = |value: Option<Value>| value?.as_f64();
    let record = MiRecord {
        line_item: words(attributes.line_item),
        timestamp: words(attributes.timestamp),
        quantity: number(attributes.quantity),
        specification: words(attributes.specification_id),
        group: words(attributes.group_id),
        stock_remaining: number(attributes.stock_remaining),
    };
    Some((words(id), record))
}
