//! The letters with their present state, each with its JSON ready to be sent, and the queue they
//! are in.
//!
//! Like the deployed API it applies whatever it is told, keeps a reason until another replaces it,
//! and drops an empty one. The queue is a table apart: priority, then age, and a time of hiding; a
//! letter that has left PENDING may stay in it for a while. A list call reads first and hides
//! afterwards, so two calls at the same time get the same letters, as on INT.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use letterproof_model::LetterStatus;
use serde::Serialize;

use crate::supplier::documents::Document;

/// A letter about to come into being.
#[derive(Debug)]
pub(crate) struct NewLetter {
    pub(crate) id: String,
    /// Names the stored document; on INT it is another id than the letter's.
    pub(crate) object: String,
    pub(crate) specification: Arc<str>,
    pub(crate) group: Option<Arc<str>>,
    pub(crate) document: Option<Arc<Document>>,
    pub(crate) priority: u8,
}

/// A letter and its state.
#[derive(Debug)]
pub(crate) struct Letter {
    pub(crate) id: Box<str>,
    pub(crate) object: Box<str>,
    pub(crate) supplier: u16,
    pub(crate) specification: Arc<str>,
    pub(crate) group: Option<Arc<str>>,
    pub(crate) document: Option<Arc<Document>>,
    pub(crate) status: LetterStatus,
    pub(crate) reason_code: Option<Box<str>>,
    pub(crate) reason_text: Option<Box<str>>,
    /// `{"data":…}`, as `GET /letters/{id}` sends it.
    pub(crate) rendered: Bytes,
    /// The same as it was before the last update, for faults that serve old state.
    pub(crate) previous: Option<Bytes>,
}

/// One update of one letter.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) letter: u32,
    pub(crate) status: LetterStatus,
    pub(crate) reason_code: Option<Box<str>>,
    pub(crate) reason_text: Option<Box<str>>,
    /// What a fault does to the update as it is applied.
    pub(crate) twist: Twist,
}

/// What a fault does to an update as it is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Twist {
    /// Nothing.
    #[default]
    None,
    /// The letter goes back into the list.
    Relist,
    /// The letter stays in the list.
    KeepListed,
    /// The specification changes along with the status.
    Respecify,
    /// The status goes back to what it was after this many microseconds.
    RevertAfter(u64),
    /// The letter takes this status by itself after this many microseconds.
    MoveAfter(LetterStatus, u64),
    /// The letter is gone after this many microseconds.
    VanishAfter(u64),
    /// The letter is gone.
    Vanish,
    /// The group changes along with the status.
    Regroup,
}

#[derive(Serialize)]
struct Envelope<'a> {
    data: Shown<'a>,
}

#[derive(Serialize)]
struct Shown<'a> {
    id: &'a str,
    r#type: &'static str,
    attributes: Attributes<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Attributes<'a> {
    status: LetterStatus,
    specification_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason_text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256_hash: Option<&'a str>,
}

/// Length of `{"data":`, which stands before the letter's own JSON.
const PREFIX: usize = 8;

impl Letter {
    fn render(&mut self) {
        let (code, text) = (self.reason_code.as_deref(), self.reason_text.as_deref());
        self.rendered = self.json(self.status, code, text);
    }

    /// `{"data":…}` as a fault sends it that loses the hash.
    pub(crate) fn without_hash(&self) -> Bytes {
        let (code, text) = (self.reason_code.as_deref(), self.reason_text.as_deref());
        self.json_with(self.status, code, text, None)
    }

    fn json(&self, status: LetterStatus, code: Option<&str>, text: Option<&str>) -> Bytes {
        self.json_with(status, code, text, self.document.as_ref().map(|document| &*document.hash))
    }

    fn json_with(
        &self,
        status: LetterStatus,
        code: Option<&str>,
        text: Option<&str>,
        hash: Option<&str>,
    ) -> Bytes {
        let envelope = Envelope {
            data: Shown {
                id: &self.id,
                r#type: "Letter",
                attributes: Attributes {
                    status,
                    specification_id: &self.specification,
                    group_id: self.group.as_deref(),
                    reason_code: code,
                    reason_text: text,
                    sha256_hash: hash,
                },
            },
        };
        // Plain data with text keys cannot fail to serialise.
        serde_json::to_vec(&envelope).unwrap_or_default().into()
    }

    /// The letter's JSON as the queue knows it: PENDING, whatever became of the letter since.
    pub(crate) fn queued(&self) -> Bytes {
        let reasoned = self.reason_code.is_some() || self.reason_text.is_some();
        let rendered = if self.status == LetterStatus::Pending && !reasoned {
            self.rendered.clone()
        } else {
            self.json(LetterStatus::Pending, None, None)
        };
        rendered.slice_ref(fragment(&rendered))
    }
}

/// The letter's own JSON out of `{"data":…}`.
pub(crate) fn fragment(rendered: &[u8]) -> &[u8] {
    rendered.get(PREFIX..rendered.len().saturating_sub(1)).unwrap_or_default()
}

/// Every letter of every supplier.
#[derive(Debug, Default)]
pub(crate) struct Letters {
    all: Vec<Letter>,
    by_id: HashMap<Box<str>, u32>,
    by_object: HashMap<Box<str>, u32>,
}

impl Letters {
    /// The first letter of a supplier.
    pub(crate) fn first_of(&self, supplier: usize) -> Option<&Letter> {
        self.all.iter().find(|letter| usize::from(letter.supplier) == supplier)
    }

    /// Takes in new letters, PENDING, and returns the number of the first.
    pub(crate) fn add(&mut self, supplier: u16, new: Vec<NewLetter>) -> u32 {
        let first = self.all.len() as u32;
        for letter in new {
            let number = self.all.len() as u32;
            let mut letter = Letter {
                id: letter.id.into(),
                object: letter.object.into(),
                supplier,
                specification: letter.specification,
                group: letter.group,
                document: letter.document,
                status: LetterStatus::Pending,
                reason_code: None,
                reason_text: None,
                rendered: Bytes::new(),
                previous: None,
            };
            letter.render();
            self.by_id.insert(letter.id.clone(), number);
            self.by_object.insert(letter.object.clone(), number);
            self.all.push(letter);
        }
        first
    }

    pub(crate) fn get(&self, number: u32) -> Option<&Letter> {
        self.all.get(number as usize)
    }

    pub(crate) fn find(&self, id: &str) -> Option<(u32, &Letter)> {
        let number = *self.by_id.get(id)?;
        Some((number, self.get(number)?))
    }

    pub(crate) fn find_object(&self, object: &str) -> Option<&Letter> {
        self.get(*self.by_object.get(object)?)
    }

    /// The next letter of the same supplier, for faults that take the wrong one.
    pub(crate) fn neighbour(&self, number: u32) -> Option<(u32, &Letter)> {
        let supplier = self.get(number)?.supplier;
        let count = self.all.len() as u32;
        (1..count)
            .map(|step| (number + step) % count)
            .find(|other| self.get(*other).is_some_and(|letter| letter.supplier == supplier))
            .and_then(|other| Some((other, self.get(other)?)))
    }

    /// The last letter of a supplier that waits, for faults that change one nobody named.
    pub(crate) fn last_waiting(&self, supplier: u16) -> Option<u32> {
        let waits =
            |letter: &Letter| letter.supplier == supplier && letter.status == LetterStatus::Pending;
        self.all.iter().rposition(waits).and_then(|at| u32::try_from(at).ok())
    }

    /// Some letter of another supplier, for faults that leak it.
    pub(crate) fn foreign_to(&self, supplier: u16) -> Option<&Letter> {
        self.all.iter().find(|letter| letter.supplier != supplier)
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// How many letters of a supplier (all suppliers without one) have each status.
    pub(crate) fn count(&self, supplier: Option<u16>) -> Vec<(LetterStatus, usize)> {
        LetterStatus::ALL
            .into_iter()
            .map(|status| {
                let count = self
                    .all
                    .iter()
                    .filter(|letter| supplier.is_none_or(|only| letter.supplier == only))
                    .filter(|letter| letter.status == status)
                    .count();
                (status, count)
            })
            .collect()
    }

    /// Applies an update and returns the letter with its status before.
    pub(crate) fn apply(&mut self, change: &Change) -> Option<(u16, LetterStatus)> {
        let letter = self.all.get_mut(change.letter as usize)?;
        if change.twist == Twist::Vanish {
            self.by_id.remove(&letter.id);
            return None;
        }
        let before = letter.status;
        letter.status = change.status;
        // A reason stays until another replaces it; an empty one is dropped (seen on INT).
        for (kept, sent) in [
            (&mut letter.reason_code, &change.reason_code),
            (&mut letter.reason_text, &change.reason_text),
        ] {
            if let Some(text) = sent.as_ref().filter(|text| !text.is_empty()) {
                *kept = Some(text.clone());
            }
        }
        if change.twist == Twist::Respecify {
            letter.specification = format!("{}-v2", letter.specification).into();
        }
        if change.twist == Twist::Regroup {
            letter.group = letter.group.as_ref().map(|group| format!("{group}-v2").into());
        }
        letter.previous = Some(letter.rendered.clone());
        letter.render();
        Some((letter.supplier, before))
    }
}

/// Where a letter stands in the order: priority, then age.
type Key = (u8, u32);

#[derive(Debug, Clone, Copy)]
struct Place {
    key: Key,
    /// When it becomes visible again; `None` while it is visible.
    hidden_until: Option<u64>,
    /// When it leaves the queue unaccepted.
    leaves: u64,
    /// When it leaves the queue because its status changed; `None` while it is PENDING.
    departs: Option<u64>,
}

/// A queue; times are microseconds of the mock's clock.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    visible: BTreeMap<Key, u32>,
    hidden: BTreeMap<(u64, Key), u32>,
    places: HashMap<u32, Place>,
    /// Letters that are about to leave; one whose place says another time stays.
    departures: BTreeSet<(u64, u32)>,
    age: u32,
}

impl Lane {
    /// Puts a letter at the end of its priority.
    pub(crate) fn push(&mut self, letter: u32, priority: u8, leaves: u64) {
        self.remove(letter);
        let key = (priority, self.age);
        self.age = self.age.wrapping_add(1);
        self.visible.insert(key, letter);
        self.places.insert(letter, Place { key, hidden_until: None, leaves, departs: None });
    }

    /// The first visible letters, which stay visible until they are hidden.
    pub(crate) fn peek(&mut self, count: usize, now: u64) -> Vec<u32> {
        self.show_due(now);
        let mut found = Vec::with_capacity(count.min(self.visible.len()));
        let mut gone = Vec::new();
        for letter in self.visible.values() {
            if found.len() == count {
                break;
            }
            match self.places.get(letter) {
                Some(place) if place.leaves > now => found.push(*letter),
                _ => gone.push(*letter),
            }
        }
        for letter in gone {
            self.remove(letter);
        }
        found
    }

    /// Takes a letter out once it is so late; until then lists name it.
    pub(crate) fn leave(&mut self, letter: u32, when: u64) {
        if let Some(place) = self.places.get_mut(&letter) {
            place.departs = Some(when);
            self.departures.insert((when, letter));
        }
    }

    fn show_due(&mut self, now: u64) {
        while let Some((when, letter)) = self.departures.first().copied().filter(|it| it.0 <= now) {
            self.departures.remove(&(when, letter));
            if self.places.get(&letter).is_some_and(|place| place.departs == Some(when)) {
                self.remove(letter);
            }
        }
        while let Some(entry) = self.hidden.first_entry() {
            let ((until, key), letter) = (*entry.key(), *entry.get());
            if until > now {
                break;
            }
            entry.remove();
            self.visible.insert(key, letter);
            if let Some(place) = self.places.get_mut(&letter) {
                place.hidden_until = None;
            }
        }
    }

    /// Hides letters until a time; those that have left the queue meanwhile stay away.
    pub(crate) fn hide(&mut self, letters: &[u32], until: u64) {
        for letter in letters {
            let Some(place) = self.places.get_mut(letter) else { continue };
            if let Some(earlier) = place.hidden_until.replace(until) {
                self.hidden.remove(&(earlier, place.key));
            } else {
                self.visible.remove(&place.key);
            }
            self.hidden.insert((until, place.key), *letter);
        }
    }

    /// Makes every hidden letter visible at once.
    pub(crate) fn show_all(&mut self) {
        for ((_, key), letter) in std::mem::take(&mut self.hidden) {
            self.visible.insert(key, letter);
            if let Some(place) = self.places.get_mut(&letter) {
                place.hidden_until = None;
            }
        }
    }

    /// Takes a letter out for good.
    pub(crate) fn remove(&mut self, letter: u32) {
        let Some(place) = self.places.remove(&letter) else { return };
        match place.hidden_until {
            Some(until) => self.hidden.remove(&(until, place.key)),
            None => self.visible.remove(&place.key),
        };
    }

    /// Letters in the queue, and how many of them a list would show now.
    pub(crate) fn sizes(&mut self, now: u64) -> (usize, usize) {
        self.show_due(now);
        (self.places.len(), self.visible.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one() -> Letters {
        let mut letters = Letters::default();
        let new = NewLetter {
            id: "a".into(),
            object: "o".into(),
            specification: "spec".into(),
            group: None,
            document: None,
            priority: 1,
        };
        letters.add(0, vec![new]);
        letters
    }

    fn change(status: LetterStatus, code: Option<&str>, text: Option<&str>) -> Change {
        Change {
            letter: 0,
            status,
            reason_code: code.map(Into::into),
            reason_text: text.map(Into::into),
            twist: Twist::None,
        }
    }

    fn shown(letters: &Letters) -> String {
        String::from_utf8(letters.get(0).unwrap().rendered.to_vec()).unwrap()
    }

    #[test]
    fn a_reason_stays_after_a_status_without_one_and_an_empty_one_is_dropped() {
        let mut letters = one();
        letters.apply(&change(LetterStatus::Returned, Some("R01"), Some("Addressee gone away")));
        letters.apply(&change(LetterStatus::Dispatched, None, None));
        letters.apply(&change(LetterStatus::Dispatched, Some(""), Some("")));
        assert_eq!(
            shown(&letters),
            r#"{"data":{"id":"a","type":"Letter","attributes":{"status":"DISPATCHED","specificationId":"spec","reasonCode":"R01","reasonText":"Addressee gone away"}}}"#
        );
    }

    #[test]
    fn any_move_is_applied_and_the_queue_says_pending_whatever_became_of_the_letter() {
        let mut letters = one();
        letters.apply(&change(LetterStatus::Accepted, None, None));
        assert_eq!(
            letters.apply(&change(LetterStatus::Pending, None, None)),
            Some((0, LetterStatus::Accepted))
        );
        let queued = r#"{"id":"a","type":"Letter","attributes":{"status":"PENDING","specificationId":"spec"}}"#;
        assert_eq!(letters.get(0).unwrap().queued(), queued);
        letters.apply(&change(LetterStatus::Failed, Some("F01"), None));
        assert!(shown(&letters).contains("F01"));
        assert_eq!(letters.get(0).unwrap().queued(), queued);
        assert_eq!(letters.find("a").unwrap().0, 0);
        assert!(letters.find("b").is_none());
    }

    fn lane(letters: &[(u32, u8)]) -> Lane {
        let mut lane = Lane::default();
        for (letter, priority) in letters {
            lane.push(*letter, *priority, u64::MAX);
        }
        lane
    }

    #[test]
    fn the_order_is_priority_then_age_and_comes_back_after_the_timeout() {
        let mut lane = lane(&[(1, 5), (2, 5), (3, 1), (4, 5)]);
        let first = lane.peek(10, 0);
        assert_eq!(first, [3, 1, 2, 4]);
        lane.hide(&first, 300);
        assert!(lane.peek(10, 299).is_empty());
        assert_eq!(lane.peek(10, 300), first);
    }

    #[test]
    fn two_calls_at_the_same_time_get_the_same_letters() {
        let mut lane = lane(&[(1, 5), (2, 5), (3, 5)]);
        let (one, two) = (lane.peek(2, 0), lane.peek(2, 0));
        assert_eq!(one, two);
        lane.hide(&one, 100);
        lane.hide(&two, 110);
        assert_eq!(lane.peek(9, 50), [3]);
        assert_eq!(lane.peek(9, 105), [3]);
        assert_eq!(lane.peek(9, 110), [1, 2, 3]);
    }

    #[test]
    fn what_was_taken_out_never_comes_back() {
        let mut lane = lane(&[(1, 5), (2, 5), (3, 5)]);
        lane.hide(&[1, 2], 100);
        lane.remove(1);
        lane.remove(3);
        lane.hide(&[1], 500);
        assert_eq!(lane.peek(9, 100), [2]);
        assert_eq!(lane.sizes(100), (1, 1));
    }

    #[test]
    fn a_letter_that_leaves_is_listed_until_its_time_unless_it_is_queued_again() {
        let mut lane = lane(&[(1, 5), (2, 5), (3, 5)]);
        lane.leave(1, 100);
        lane.leave(2, 100);
        lane.leave(9, 100);
        assert_eq!(lane.peek(9, 99), [1, 2, 3]);
        lane.show_all();
        assert_eq!(lane.sizes(99), (3, 3));
        lane.push(2, 0, u64::MAX);
        assert_eq!(lane.peek(9, 100), [2, 3]);
        lane.hide(&[3], 500);
        lane.leave(3, 200);
        assert_eq!(lane.sizes(200), (1, 1));
    }

    #[test]
    fn letters_nobody_accepts_leave_the_queue() {
        let mut lane = Lane::default();
        lane.push(1, 5, 100);
        lane.push(2, 5, 200);
        assert_eq!(lane.peek(9, 99), [1, 2]);
        assert_eq!(lane.peek(9, 100), [2]);
        lane.hide(&[2], 1_000);
        lane.show_all();
        assert!(lane.peek(9, 200).is_empty());
        assert_eq!(lane.sizes(200), (0, 0));
    }
}
