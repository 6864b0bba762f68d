//! What the journal says of each letter, by time: in which status it was seen, what was sent for it.
//! Refuses judgement and guesses: a body that cannot be read says nothing, and a 202 is an answer,
//! not a change.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use letterproof_evidence::Bundle;
use letterproof_model::{Actor, Exchange, Journal as _, LetterId, LetterStatus, Operation, Route};
use serde::Deserialize;

/// Microseconds since the Unix epoch.
pub(crate) type Micros = i64;

/// Every letter that the journal mentions, by id.
#[derive(Debug)]
pub(crate) struct Lives<'a> {
    exchanges: &'a [Arc<Exchange>],
    letters: BTreeMap<String, Life>,
    calls: Vec<Call>,
    lists: Vec<List>,
}

/// What an exchange was about.
#[derive(Debug)]
pub(crate) struct Call {
    /// The operation.
    pub(crate) operation: Operation,
    /// The letter it named, or whose link it followed.
    pub(crate) letter: Option<LetterId>,
}

/// A list that was answered with 200.
#[derive(Debug)]
pub(crate) struct List {
    /// The place of its exchange in the journal.
    pub(crate) exchange: usize,
    /// How many letters were asked for, where that was said once.
    pub(crate) limit: Option<u32>,
    /// The letters, as listed.
    pub(crate) ids: Vec<String>,
}

/// What is known of one letter.
#[derive(Debug, Default)]
pub(crate) struct Life {
    specification: Option<(Micros, String)>,
    group: Option<(Micros, String)>,
    hash: Option<(Micros, String)>,
    /// Whether it was ever listed or read, so that what it lacks is known to be lacking.
    pub(crate) described: bool,
    /// What happened to it, by time.
    pub(crate) events: Vec<Event>,
}

/// Something that happened to a letter.
#[derive(Debug)]
pub(crate) struct Event {
    /// When: what was seen, at the end of its exchange; what was sent, at its start.
    pub(crate) at: Micros,
    /// The place of its exchange in the journal.
    pub(crate) exchange: usize,
    /// A status, seen or sent.
    pub(crate) status: LetterStatus,
    /// The reason that came with it.
    pub(crate) reason: Reason,
    /// What it was.
    pub(crate) kind: Kind,
}

/// Kinds of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It stood in a list.
    Listed,
    /// It was read by itself.
    Read,
    /// An update was sent for it, by the supplier or by the harness, and answered like this.
    Sent { via: Via, by_supplier: bool, answer: Answer },
}

/// How an update was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Via {
    /// For one letter.
    Patch,
    /// For many in one call.
    Bulk,
}

/// The status code that answered an update; `None` when no whole answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer(pub(crate) Option<u16>);

/// A reason code and its text, empty where there is none.
#[derive(Debug, Default)]
pub(crate) struct Reason {
    pub(crate) code: String,
    pub(crate) text: String,
}

impl Answer {
    /// Whether the API took the update on.
    pub(crate) fn taken(self) -> bool {
        self.0.is_some_and(|status| (200..300).contains(&status))
    }

    /// Whether the API certainly did not take it on.
    pub(crate) fn refused(self) -> bool {
        self.0.is_some_and(|status| (300..500).contains(&status))
    }
}

impl Event {
    /// Whether it shows the letter's status.
    pub(crate) fn shows(&self) -> bool {
        matches!(self.kind, Kind::Listed | Kind::Read)
    }
}

impl Life {
    /// Its print specification, as first described.
    pub(crate) fn specification(&self) -> Option<&str> {
        self.specification.as_ref().map(|(_, text)| text.as_str())
    }

    /// Its group, as first described.
    pub(crate) fn group(&self) -> Option<&str> {
        self.group.as_ref().map(|(_, text)| text.as_str())
    }

    /// The SHA-256 of its PDF, as first described.
    pub(crate) fn hash(&self) -> Option<&str> {
        self.hash.as_ref().map(|(_, text)| text.as_str())
    }
}

#[derive(Deserialize)]
struct Document<T> {
    data: T,
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow, default)]
    attributes: Attributes<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Attributes<'a> {
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    specification_id: Option<Text<'a>>,
    #[serde(borrow)]
    group_id: Option<Text<'a>>,
    #[serde(borrow)]
    sha256_hash: Option<Text<'a>>,
    #[serde(borrow)]
    reason_code: Option<Text<'a>>,
    #[serde(borrow)]
    reason_text: Option<Text<'a>>,
}

/// Text that borrows from the body wherever it holds no escapes, also inside an `Option`.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Attributes<'_> {
    fn status(&self) -> Option<LetterStatus> {
        self.status.as_ref()?.0.parse().ok()
    }

    fn reason(&self) -> Reason {
        let text = |text: &Option<Text<'_>>| text.as_ref().map_or("", |t| &t.0).to_owned();
        Reason { code: text(&self.reason_code), text: text(&self.reason_text) }
    }
}

impl<'a> Lives<'a> {
    /// Reads a bundle's journal.
    pub(crate) fn of(bundle: &'a Bundle) -> Self {
        let exchanges = bundle.journal.recording.exchanges();
        let mut lives =
            Self { exchanges, letters: BTreeMap::new(), calls: Vec::new(), lists: Vec::new() };
        for (place, exchange) in exchanges.iter().enumerate() {
            lives.enter(place, exchange, &bundle.context.base_url);
        }
        lives.name_downloads();
        for life in lives.letters.values_mut() {
            // What is seen at the same microsecond comes before what is sent then.
            life.events.sort_by_key(|event| (event.at, !event.shows()));
        }
        lives
    }

    /// Every letter, by id.
    pub(crate) fn letters(&self) -> impl Iterator<Item = (&str, &Life)> {
        self.letters.iter().map(|(id, life)| (id.as_str(), life))
    }

    /// What is known of one letter.
    pub(crate) fn letter(&self, id: &str) -> Option<&Life> {
        self.letters.get(id)
    }

    /// Every exchange with what it was about, in the order of the journal.
    pub(crate) fn calls(&self) -> impl Iterator<Item = (&'a Exchange, &Call)> {
        self.exchanges.iter().map(AsRef::as_ref).zip(&self.calls)
    }

    /// The exchange at this place of the journal.
    pub(crate) fn at(&self, place: usize) -> &'a Exchange {
        &self.exchanges[place]
    }

    /// Every list, in the order of the journal.
    pub(crate) fn lists(&self) -> &[List] {
        &self.lists
    }

    /// The exchange that shows an event.
    pub(crate) fn exchange(&self, event: &Event) -> &'a Exchange {
        &self.exchanges[event.exchange]
    }

    /// When the exchange that shows an event ended.
    pub(crate) fn ended(&self, event: &Event) -> Micros {
        self.exchange(event).finished().as_microsecond()
    }

    fn enter(&mut self, place: usize, exchange: &'a Exchange, base_url: &str) {
        let route = Route::of_exchange(exchange, base_url);
        let sent = || exchange.request.body.json_text();
        let shown = || exchange.response().filter(|r| r.status == 200)?.body.json_text();
        match route.operation {
            Operation::ListLetters => {
                if let Some(wires) = shown().and_then(read::<Vec<Wire<'_>>>) {
                    self.list(place, exchange, &route, &wires);
                }
            }
            Operation::GetLetter => {
                // A letter answered under another id says nothing about the letter asked for.
                let wire = shown().and_then(read::<Wire<'_>>);
                let asked =
                    |wire: &Wire<'_>| route.letter.as_ref().is_some_and(|l| l.as_str() == wire.id);
                if let Some(wire) = wire.filter(asked) {
                    self.see(place, exchange, &wire, Kind::Read);
                }
            }
            Operation::PatchLetter => {
                if let (Some(letter), Some(wire)) =
                    (&route.letter, sent().and_then(read::<Wire<'_>>))
                {
                    self.send(place, exchange, letter.as_str(), &wire, Via::Patch);
                }
            }
            Operation::UpdateLetters => {
                for wire in sent().and_then(read::<Vec<Wire<'_>>>).unwrap_or_default() {
                    self.send(place, exchange, &wire.id, &wire, Via::Bulk);
                }
            }
            _ => {}
        }
        self.calls.push(Call { operation: route.operation, letter: route.letter });
    }

    fn list(&mut self, place: usize, exchange: &Exchange, route: &Route, wires: &[Wire<'_>]) {
        for wire in wires {
            self.see(place, exchange, wire, Kind::Listed);
        }
        let mut limits = route.query_values("limit");
        let limit = match (limits.next(), limits.next()) {
            (Some(only), None) => only.parse().ok(),
            _ => None,
        };
        let ids = wires.iter().map(|wire| wire.id.clone().into_owned()).collect();
        self.lists.push(List { exchange: place, limit, ids });
    }

    /// A download names its letter only by the link it follows, which may be recorded later.
    fn name_downloads(&mut self) {
        let mut links: HashMap<&str, LetterId> = HashMap::new();
        for (exchange, call) in self.exchanges.iter().zip(&self.calls) {
            let link = exchange.response().and_then(|response| response.header("location"));
            if let (Operation::GetLetterData, Some(letter), Some(link)) =
                (call.operation, &call.letter, link)
            {
                links.insert(link_key(link), letter.clone());
            }
        }
        for (exchange, call) in self.exchanges.iter().zip(&mut self.calls) {
            if call.operation == Operation::Download {
                call.letter = links.get(link_key(&exchange.request.url)).cloned();
            }
        }
    }

    fn life(&mut self, id: &str) -> &mut Life {
        self.letters.entry(id.to_owned()).or_default()
    }

    fn see(&mut self, place: usize, exchange: &Exchange, wire: &Wire<'_>, kind: Kind) {
        let at = exchange.finished().as_microsecond();
        let life = self.life(&wire.id);
        life.described = true;
        describe(&mut life.specification, at, wire.attributes.specification_id.as_ref());
        describe(&mut life.group, at, wire.attributes.group_id.as_ref());
        describe(&mut life.hash, at, wire.attributes.sha256_hash.as_ref());
        if let Some(status) = wire.attributes.status() {
            let reason = wire.attributes.reason();
            life.events.push(Event { at, exchange: place, status, reason, kind });
        }
    }

    fn send(&mut self, place: usize, exchange: &Exchange, id: &str, wire: &Wire<'_>, via: Via) {
        let Some(status) = wire.attributes.status() else { return };
        let kind = Kind::Sent {
            via,
            by_supplier: exchange.actor == Actor::Supplier,
            answer: Answer(exchange.status()),
        };
        let at = exchange.started.as_microsecond();
        let reason = wire.attributes.reason();
        self.life(id).events.push(Event { at, exchange: place, status, reason, kind });
    }
}

fn read<'t, T: Deserialize<'t>>(text: &'t str) -> Option<T> {
    serde_json::from_str::<Document<T>>(text).ok().map(|document| document.data)
}

/// The part of a link that a proxy in between leaves alone: what follows the host.
fn link_key(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or(rest, |at| &rest[at..])
}

/// Keeps the earliest of what is said.
fn describe(fact: &mut Option<(Micros, String)>, at: Micros, said: Option<&Text<'_>>) {
    if let Some(text) = said.filter(|_| fact.as_ref().is_none_or(|(first, _)| at < *first)) {
        *fact = Some((at, text.0.clone().into_owned()));
    }
}
