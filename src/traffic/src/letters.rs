//! What the traffic says of each letter: its facts and its timeline.
//! Refuses strings where a number will do: letters and repeated texts are interned once.

use std::collections::HashMap;
use std::sync::Arc;

use letterproof_model::LetterStatus;

use crate::calls::{CallIx, Micros, SentUpdate};

/// A letter's place in the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LetterIx(pub u32);

/// An interned text: a specification, a group, a hash, a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TextIx(pub u32);

/// A reason code and its text, either of which may be missing or empty (which counts as missing).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reason {
    /// The code.
    pub code: Option<TextIx>,
    /// The text.
    pub text: Option<TextIx>,
}

/// Everything known of one letter.
#[derive(Debug, Default)]
pub struct Letter {
    /// Whether it was ever listed or read, so that its facts are known.
    pub described: bool,
    specification: Fact,
    group: Fact,
    hash: Fact,
    /// What happened to it, by time.
    pub events: Vec<Event>,
}

/// A text the API gives of a letter, and when it first did.
pub type Fact = Option<(Micros, TextIx)>;

/// Something that happened to a letter.
#[derive(Debug, Clone, Copy)]
pub struct Event {
    /// When: for what was seen, the end of the call as far as the recording tells it; for what was
    /// sent, its start.
    pub at: Micros,
    /// When its call was sent.
    pub started: Micros,
    /// The call that shows it.
    pub call: CallIx,
    /// Whether the supplier made that call.
    pub by_supplier: bool,
    /// What it was.
    pub kind: EventKind,
}

/// Kinds of event in a letter's life.
#[derive(Debug, Clone, Copy)]
pub enum EventKind {
    /// It stood in a list.
    Listed(Option<LetterStatus>),
    /// It was read; no status when the recording does not hold it.
    Read(Option<LetterStatus>, Reason),
    /// An update was sent for it.
    Sent(SentUpdate),
    /// Its content was asked for.
    DataAsked,
    /// Its link was followed.
    Downloaded,
}

impl Event {
    /// Its place in the timeline: what is seen comes before what is sent at the same time, unless
    /// it was asked for later.
    const fn order(&self) -> (Micros, Micros, bool) {
        let seen = matches!(self.kind, EventKind::Listed(_) | EventKind::Read(..));
        (self.at, self.started, !seen)
    }

    /// The status this event shows, if it shows one: only a read of the letter does. A list names
    /// what is queued, and says PENDING whatever the letter's status is.
    pub const fn shows(&self) -> Option<LetterStatus> {
        match self.kind {
            EventKind::Read(status, _) => status,
            _ => None,
        }
    }

    /// The status it was read or listed with, as tables show it.
    pub const fn named(&self) -> Option<LetterStatus> {
        match self.kind {
            EventKind::Listed(status) | EventKind::Read(status, _) => status,
            _ => None,
        }
    }

    /// Whether a list named the letter.
    pub const fn is_listed(&self) -> bool {
        matches!(self.kind, EventKind::Listed(_))
    }

    /// Whether this event may show that the letter waits in the queue: read as PENDING, or listed,
    /// which a queue that lags explains as well.
    pub fn may_be_queued(&self) -> bool {
        self.is_listed() || self.shows() == Some(LetterStatus::Pending)
    }
}

impl Letter {
    /// Adds an event in its place.
    pub fn add(&mut self, event: Event) {
        let key = event.order();
        let place = self.events.partition_point(|other| other.order() <= key);
        self.events.insert(place, event);
    }

    /// Its print specification, as first described.
    pub fn specification(&self) -> Option<TextIx> {
        self.specification.map(|(_, text)| text)
    }

    /// Its group, as first described.
    pub fn group(&self) -> Option<TextIx> {
        self.group.map(|(_, text)| text)
    }

    /// The SHA-256 the API gives for its content, as first described.
    pub fn hash(&self) -> Option<TextIx> {
        self.hash.map(|(_, text)| text)
    }

    /// What is known of it: specification, group, hash.
    pub const fn facts(&self) -> [Fact; 3] {
        [self.specification, self.group, self.hash]
    }

    /// Takes in what a description says: of each fact the earliest, so that the order of recording
    /// does not matter.
    pub const fn describe(&mut self, facts: [Fact; 3]) {
        self.described = true;
        [self.specification, self.group, self.hash] = facts;
    }

    /// The updates that anyone sent, by time.
    pub fn updates(&self) -> impl DoubleEndedIterator<Item = (&Event, SentUpdate)> {
        self.events.iter().filter_map(|event| match event.kind {
            EventKind::Sent(update) => Some((event, update)),
            _ => None,
        })
    }

    /// The updates the supplier sent, by time.
    pub fn sent(&self) -> impl DoubleEndedIterator<Item = (&Event, SentUpdate)> {
        self.updates().filter(|(event, _)| event.by_supplier)
    }

    /// Whether an update was sent for it that was not refused.
    pub fn was_moved(&self) -> bool {
        self.updates().any(|(_, update)| !update.answer.refused())
    }
}

/// Texts kept once each.
#[derive(Debug, Default)]
pub struct Interner {
    places: HashMap<Arc<str>, u32>,
    texts: Vec<Arc<str>>,
}

impl Interner {
    /// The place of a text, new or known.
    pub fn intern(&mut self, text: &str) -> u32 {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        let place = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        let text: Arc<str> = text.into();
        self.texts.push(Arc::clone(&text));
        self.places.insert(text, place);
        place
    }

    /// The text at a place.
    #[must_use]
    pub fn text(&self, place: u32) -> &str {
        self.texts.get(place as usize).map_or("", |text| text)
    }
}
