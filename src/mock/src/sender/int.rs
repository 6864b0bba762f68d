//! The integration environment of the sending API: what was sent is remembered, has a life, and cannot be
//! sent again under the same reference.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

use http::{HeaderValue, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use serde_json::{Map, Value, json};

use super::canned;
use super::life::{Happening, Life, Reason, life};
use super::patients::People;
use super::problem::{Complaint, Problem};
use super::sandbox::{Asked, shown};
use super::validate::{self, Kind};
use crate::reply::Reply;

/// A message that was taken.
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) reference: String,
    /// The id of the batch it came in.
    pub(crate) batch: Option<String>,
    pub(crate) plan: String,
    pub(crate) created: Timestamp,
    pub(crate) life: Life,
}

/// What a reference is worth while its first request is under way, and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    UnderWay,
    Done,
}

/// Whose reference it is: the application, the kind of call and the reference itself. Nothing of the body
/// is in it, as the gateway has it.
type Key = (u16, bool, String);

/// What was sent to a mock.
pub(crate) struct Sent {
    people: People,
    /// How many times faster than the clock messages live.
    scale: u32,
    messages: Mutex<HashMap<String, (u16, Message)>>,
    references: Mutex<HashMap<Key, Use>>,
}

/// A reference in use; given up where the request fails, kept for ever where it is taken.
struct Claim<'a> {
    sent: &'a Sent,
    key: Option<Key>,
}

impl Claim<'_> {
    fn keep(mut self) {
        if let Some(key) = self.key.take() {
            self.sent.references.lock().insert(key, Use::Done);
        }
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            self.sent.references.lock().remove(&key);
        }
    }
}

impl Sent {
    /// Nothing sent yet, to these people.
    pub(crate) fn new(people: People, scale: u32) -> Self {
        Self { people, scale: scale.max(1), messages: Mutex::default(), references: Mutex::default() }
    }

    /// How long a message has lived, by its own clock.
    fn age(&self, created: Timestamp, now: Timestamp) -> Duration {
        let age = now.duration_since(created).max(SignedDuration::ZERO);
        Duration::try_from(age).unwrap_or_default() * self.scale
    }

    /// When something happens to a message, by everybody's clock.
    pub(crate) fn time(&self, created: Timestamp, after: Duration) -> Timestamp {
        let after = SignedDuration::try_from(after / self.scale).unwrap_or_default();
        created.checked_add(after).unwrap_or(created)
    }

    /// Takes a reference for a request.
    fn claim(&self, application: u16, kind: Kind, reference: &str) -> Result<Claim<'_>, Problem> {
        let key = (application, kind == Kind::Batch, reference.to_owned());
        match self.references.lock().entry(key.clone()) {
            Entry::Vacant(free) => {
                free.insert(Use::UnderWay);
                Ok(Claim { sent: self, key: Some(key) })
            }
            Entry::Occupied(taken) => Err(match (*taken.get(), kind) {
                (Use::UnderWay, _) => Problem::TooEarly,
                (Use::Done, Kind::Message) => Problem::DuplicateMessage,
                (Use::Done, Kind::Batch) => Problem::DuplicateBatch,
            }),
        }
    }

    /// Takes the messages of a call, after `way` on the way to what lies behind the gateway.
    ///
    /// # Errors
    /// What the gateway or the code behind it complains of. A refused call leaves its reference free.
    pub(crate) async fn send(
        &self,
        asked: &Asked<'_>,
        kind: Kind,
        application: u16,
        way: Duration,
    ) -> Result<Reply, Vec<Complaint>> {
        let body = validate::gateway(kind, asked.body)?;
        let attributes = &body["data"]["attributes"];
        let place = || format!("/data/attributes/{}", kind.reference());
        let reference = attributes[kind.reference()].as_str().unwrap_or_default();
        // The gateway hands the reference on in a header.
        if HeaderValue::from_str(reference).is_err() || !reference.is_ascii() {
            return Err(vec![Complaint::at(Problem::Invalid, place())]);
        }
        let claim = self.claim(application, kind, reference).map_err(|problem| {
            let pointed = problem != Problem::TooEarly;
            vec![Complaint { problem, pointer: pointed.then(place), detail: None }]
        })?;
        if !way.is_zero() {
            tokio::time::sleep(way).await;
        }
        let id = attributes["routingPlanId"].as_str().unwrap_or_default();
        let Some(plan) = self.people.plan(id) else {
            return Err(vec![Complaint::at(Problem::NoSuchPlan, "/data/attributes/routingPlanId")]);
        };
        let complaints = validate::contact_details(kind, &body);
        if !complaints.is_empty() {
            return Err(complaints);
        }
        let batch = (kind == Kind::Batch).then(|| asked.ksuid());
        let taken: Vec<Message> = validate::messages(kind, &body)
            .into_iter()
            .map(|(_, message)| Message {
                id: asked.ksuid(),
                reference: message["messageReference"].as_str().unwrap_or_default().to_owned(),
                batch: batch.clone(),
                plan: plan.id.clone(),
                created: asked.now,
                life: life(plan, self.people.patient(message["recipient"]["nhsNumber"].as_str())),
            })
            .collect();
        let reply = match (&batch, taken.first()) {
            (None, Some(message)) => {
                let mut reply = shown(StatusCode::CREATED, &self.document(asked, message));
                if let Ok(at) = HeaderValue::from_str(&format!("/v1/messages/{}", message.id)) {
                    reply.headers_mut().insert(header::LOCATION, at);
                }
                reply
            }
            _ => {
                let messages: Vec<Value> = taken
                    .iter()
                    .map(|it| json!({ "messageReference": it.reference, "id": it.id }))
                    .collect();
                let attributes = json!({
                    "messageBatchReference": reference, "messages": messages,
                    "routingPlan": canned::plan(&plan.id, "1"),
                });
                let data = json!({ "type": "MessageBatch", "id": batch, "attributes": attributes });
                shown(StatusCode::CREATED, &json!({ "data": data }))
            }
        };
        let taken = taken.into_iter().map(|message| (message.id.clone(), (application, message)));
        self.messages.lock().extend(taken);
        claim.keep();
        Ok(reply)
    }

    /// The document of a message of an application, as it is now.
    pub(crate) fn read(&self, asked: &Asked<'_>, id: &str, application: u16) -> Option<Value> {
        let messages = self.messages.lock();
        let (owner, message) = messages.get(id)?;
        (*owner == application).then(|| self.document(asked, message))
    }

    fn document(&self, asked: &Asked<'_>, message: &Message) -> Value {
        let age = self.age(message.created, asked.now);
        let mut attributes = Map::new();
        attributes.insert("routingPlan".to_owned(), canned::plan(&message.plan, "1"));
        attributes.insert("messageReference".to_owned(), message.reference.as_str().into());
        let mut times = json!({ "created": stamp(message.created) });
        let mut state = ("created", None);
        let mut channels: Vec<Map<String, Value>> = Vec::new();
        for (after, happening) in message.life.iter().take_while(|(after, _)| *after <= age) {
            let at = stamp(self.time(message.created, *after));
            match *happening {
                Happening::Message { status, reason } => {
                    state = (status, reason);
                    if matches!(status, "enriched" | "delivered" | "failed") {
                        times[status] = at.into();
                    }
                }
                Happening::Channel { at: number, channel, status, supplier, reason } => {
                    if channels.len() <= number {
                        channels.push(Map::from_iter([
                            ("type".to_owned(), channel.name().into()),
                            ("cascadeType".to_owned(), "primary".into()),
                            ("cascadeOrder".to_owned(), (number + 1).into()),
                            ("timestamps".to_owned(), json!({})),
                            (
                                "routingPlan".to_owned(),
                                json!({ "id": message.plan, "version": "1", "type": "original" }),
                            ),
                        ]));
                    }
                    let shown = &mut channels[number];
                    if let Some(supplier) = supplier {
                        shown.insert("supplierStatus".to_owned(), supplier.into());
                    }
                    canned::state(shown, "channel", status, reason);
                    if status != "sending"
                        && let Some(times) = shown.get_mut("timestamps")
                    {
                        times[status] = at.into();
                    }
                }
            }
        }
        let (status, reason): (&str, Option<Reason>) = state;
        canned::state(&mut attributes, "message", status, reason);
        if !channels.is_empty() {
            attributes.insert("channels".to_owned(), channels.into());
        }
        if times.get("enriched").is_some() {
            let labels: Vec<&Value> = Vec::new();
            attributes.insert(
                "metadata".to_owned(),
                json!([{ "queriedAt": times["enriched"], "source": "pds", "version": "1", "labels": labels }]),
            );
        }
        attributes.insert("timestamps".to_owned(), times);
        let mut data = json!({
            "type": "Message", "id": message.id, "attributes": attributes,
            "links": { "self": format!("{}/v1/messages/{}", asked.base, message.id) },
        });
        if let Some(batch) = &message.batch {
            data["relationships"] =
                json!({ "messageBatch": { "data": { "type": "MessageBatch", "id": batch } } });
        }
        json!({ "data": data })
    }
}

/// A time as answers show it.
fn stamp(at: Timestamp) -> String {
    format!("{at:.3}")
}
