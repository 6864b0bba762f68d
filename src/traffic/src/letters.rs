//! What the traffic says of each letter: its facts and its timeline.
//! Letters and repeated texts are interned once.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::num::NonZeroU32;

use letterproof_model::LetterStatus;

use crate::calls::{CallIx, Micros, SentUpdate};

macro_rules! places {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// Counted from 1 inside, so that one that may be missing takes no more room.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(NonZeroU32);

        impl $name {
            /// The place with this number, counted from 0.
            pub(crate) const fn at(place: u32) -> Self {
                Self(NonZeroU32::MIN.saturating_add(place))
            }

            /// Its number, counted from 0.
            pub(crate) const fn place(self) -> u32 {
                self.0.get() - 1
            }
        }
    )*};
}

places! {
    /// A letter's place in the index.
    LetterIx;
    /// An interned text: a specification, a group, a hash, a reason.
    TextIx;
}

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
    /// Specification, group and hash, as first described, and when that was.
    texts: [Option<TextIx>; 3],
    since: [Micros; 3],
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
        if self.events.len() == self.events.capacity() {
            // Most letters have few: to double the room would leave much of it empty.
            self.events.reserve_exact(1 + self.events.len() / 3);
        }
        self.events.insert(place, event);
    }

    /// Its print specification, as first described.
    pub const fn specification(&self) -> Option<TextIx> {
        self.texts[0]
    }

    /// Its group, as first described.
    pub const fn group(&self) -> Option<TextIx> {
        self.texts[1]
    }

    /// The SHA-256 the API gives for its content, as first described.
    pub const fn hash(&self) -> Option<TextIx> {
        self.texts[2]
    }

    /// What is known of it: specification, group, hash.
    pub fn facts(&self) -> [Fact; 3] {
        [0, 1, 2].map(|at| self.texts[at].map(|text| (self.since[at], text)))
    }

    /// Takes in what a description says: of each fact the earliest, so that the order of recording
    /// does not matter.
    pub fn describe(&mut self, facts: [Fact; 3]) {
        self.described = true;
        self.texts = facts.map(|fact| fact.map(|(_, text)| text));
        self.since = facts.map(|fact| fact.map_or(0, |(since, _)| since));
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

/// Texts kept once each, one behind the other: besides itself a text takes some 16 bytes.
#[derive(Debug, Default)]
pub struct Interner {
    texts: String,
    /// Where each ends.
    ends: Vec<usize>,
    /// The places of the texts, each in the slot that its hash tells or in the next free one; a power
    /// of two, a quarter of them free at least.
    slots: Vec<Option<TextIx>>,
    hasher: RandomState,
}

impl Interner {
    /// The place of a text, new or known.
    pub fn intern(&mut self, text: &str) -> u32 {
        if self.slots.len() * 3 <= (self.ends.len() + 1) * 4 {
            self.widen();
        }
        let slot = self.slot_of(text);
        if let Some(known) = self.slots[slot] {
            return known.place();
        }
        let place = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        self.texts.push_str(text);
        self.ends.push(self.texts.len());
        self.slots[slot] = Some(TextIx::at(place));
        place
    }

    /// The slot that holds the place of a text, or is free for it.
    fn slot_of(&self, text: &str) -> usize {
        let last = self.slots.len() - 1;
        // Any part of a hash tells texts apart.
        #[allow(clippy::cast_possible_truncation)]
        let mut slot = self.hasher.hash_one(text) as usize & last;
        while self.slots[slot].is_some_and(|other| self.text(other.place()) != text) {
            slot = (slot + 1) & last;
        }
        slot
    }

    fn widen(&mut self) {
        let wider = (self.slots.len() * 2).max(16);
        // Given back before more is taken.
        self.slots = Vec::new();
        self.slots = vec![None; wider];
        for place in (0..).take(self.ends.len()) {
            let slot = self.slot_of(self.text(place));
            self.slots[slot] = Some(TextIx::at(place));
        }
    }

    /// The text at a place.
    #[must_use]
    pub fn text(&self, place: u32) -> &str {
        let place = place as usize;
        let Some(end) = self.ends.get(place) else { return "" };
        let begin = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.texts[begin..*end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_has_one_place_and_is_found_there() {
        let mut texts = Interner::default();
        let all = || (0..3_000).map(|number| "x".repeat(number % 7) + &number.to_string());
        let places: Vec<u32> = all().map(|text| texts.intern(&text)).collect();
        assert_eq!(places, (0..3_000).collect::<Vec<u32>>());
        assert_eq!(texts.intern(""), 3_000);
        for (text, place) in all().zip(places) {
            assert_eq!(texts.intern(&text), place);
            assert_eq!(texts.text(place), text);
        }
        assert_eq!((texts.text(3_000), texts.text(3_001)), ("", ""));
    }
}
