//! One supplier's queue of letters: priority, then age, and a time of hiding. It is a table apart
//! from the letters, and a letter that has left PENDING may stay in it for a while.
//! Refuses to lock while it reads: a list call reads first and hides afterwards, so two calls at
//! the same time get the same letters, as on INT.

use std::collections::{BTreeMap, BTreeSet, HashMap};

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

/// A queue; times are microseconds of the double's clock.
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
