//! One arrival as requests of the session. Each is sent once, whatever the answer: with repeats it
//! would not be the load that was announced.

use std::sync::Arc;

use letterproof_client::{ClientError, Flow, MiDocument, MiRecord, Probe, Session};
use letterproof_model::{Exchange, LetterId, LetterStatus, Operation, now};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::stock::{Stock, StockLetter};
use crate::profile::LoadProfile;
use crate::record::{Label, Part, labelled};
use crate::schedule::LoadOperation;

/// What an id may hold in a path without being written otherwise.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a load counts in management information.
const LINE_ITEM: &str = "letterproof-load";

/// Sends the requests of one arrival; the exchange of the API request is the answer.
pub(super) async fn perform(
    session: &Session,
    profile: &LoadProfile,
    stock: &Stock,
    flow: &Flow,
    operation: LoadOperation,
) -> Result<Arc<Exchange>, ClientError> {
    let wanted = Wanted::of(operation, profile, stock);
    let label = Label {
        part: Part::Load,
        letter: wanted.letter.as_ref().map(|letter| letter.id.clone()),
        sha256: wanted.letter.and_then(|letter| letter.sha256),
        correlation: flow.correlation.clone(),
    };
    let sent = session.probe_for_link(flow, &wanted.probe);
    let (exchange, link) = labelled(label.clone(), sent).await?;
    match operation {
        LoadOperation::Mi => {
            let response = exchange.response();
            if let Some(document) = response.and_then(|r| r.body.parse::<MiDocument>()) {
                stock.created(document.data.id);
            }
        }
        LoadOperation::Data if profile.download => {
            if let Some(link) = link {
                let follow = Flow { due: None, ..flow.clone() };
                labelled(label, session.download_once(&follow, &link)).await?;
            }
        }
        _ => {}
    }
    Ok(exchange)
}

/// What an arrival asks for.
struct Wanted {
    probe: Probe,
    letter: Option<StockLetter>,
}

impl Wanted {
    fn of(operation: LoadOperation, profile: &LoadProfile, stock: &Stock) -> Self {
        let plain = |method: &str, path: String| Self {
            probe: single(Probe::new(method, &path)),
            letter: None,
        };
        match operation {
            LoadOperation::Status => plain("GET", "/_status".to_owned()),
            LoadOperation::List => plain("GET", format!("/letters?limit={}", profile.list_limit)),
            LoadOperation::Letter => Self::about(stock.letter(), ""),
            LoadOperation::Data => Self::about(stock.content(), "/data"),
            LoadOperation::Update => {
                let id = stock.to_update(1).pop();
                let id = id.unwrap_or_else(|| LetterId::new(""));
                let probe = Probe::new("PATCH", &format!("/letters/{}", segment(id.as_str())))
                    .with_body(document(&accepted(&id)));
                Self { probe: single(probe), letter: Some(StockLetter { id, sha256: None }) }
            }
            LoadOperation::Bulk => {
                let ids = stock.to_update(profile.bulk_size as usize);
                let items: Vec<Value> = ids.iter().map(accepted).collect();
                let probe = Probe::new("POST", "/letters").with_body(document(&json!(items)));
                Self { probe: single(probe), letter: None }
            }
            LoadOperation::Mi => {
                let probe = Probe::new("POST", "/mi").with_body(document(&record()));
                Self { probe: single(probe), letter: None }
            }
            LoadOperation::MiRead => {
                let id = stock.record().map_or_else(String::new, |id| segment(id.as_str()));
                plain("GET", format!("/mi/{id}"))
            }
        }
    }

    fn about(letter: Option<&StockLetter>, part: &str) -> Self {
        let id = letter.map_or_else(String::new, |letter| segment(letter.id.as_str()));
        Self {
            probe: single(Probe::new("GET", &format!("/letters/{id}{part}"))),
            letter: letter.cloned(),
        }
    }
}

/// Sent once: a 429 is an outcome to be counted.
fn single(mut probe: Probe) -> Probe {
    probe.patient = false;
    probe
}

fn segment(id: &str) -> String {
    utf8_percent_encode(id, SEGMENT).to_string()
}

fn document(data: &Value) -> Vec<u8> {
    json!({ "data": data }).to_string().into_bytes()
}

fn accepted(id: &LetterId) -> Value {
    json!({ "type": "Letter", "id": id, "attributes": { "status": LetterStatus::Accepted } })
}

/// The record that the load creates, now.
pub(super) fn mi_record() -> MiRecord {
    let at = now().as_millisecond();
    MiRecord {
        line_item: LINE_ITEM.to_owned(),
        // The API takes whole milliseconds.
        timestamp: letterproof_model::Timestamp::from_millisecond(at).unwrap_or_else(|_| now()),
        quantity: 1,
        specification_id: None,
        group_id: None,
        stock_remaining: None,
    }
}

fn record() -> Value {
    json!({ "type": "ManagementInformation", "attributes": mi_record() })
}

/// How goose names a request: method and path, as the API's documentation writes them.
pub(super) fn goose_name(operation: Operation) -> (&'static str, &'static str) {
    operation.label().split_once(' ').unwrap_or(("GET", operation.label()))
}
