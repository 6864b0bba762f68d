//! Updates that were answered with 202 and wait to be applied.
//! Refuses a thread of its own: whoever reads next applies what is due, so nothing runs while
//! nobody looks, and a state once seen never depends on a scheduler.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::letters::Change;

#[derive(Debug)]
struct Waiting {
    due: u64,
    number: u64,
    changes: Vec<Change>,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        (self.due, self.number) == (other.due, other.number)
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.due, self.number).cmp(&(other.due, other.number))
    }
}

#[derive(Debug, Default)]
struct Inner {
    heap: BinaryHeap<Reverse<Waiting>>,
    number: u64,
    size: usize,
}

/// The queue of updates; times are microseconds of the double's clock.
#[derive(Debug)]
pub(crate) struct Updates {
    /// When the first one is due, to be read without a lock; `u64::MAX` when none waits.
    next: AtomicU64,
    inner: Mutex<Inner>,
}

impl Default for Updates {
    fn default() -> Self {
        Self { next: AtomicU64::new(u64::MAX), inner: Mutex::default() }
    }
}

impl Updates {
    /// Queues changes that become visible together; refuses when too many wait already.
    pub(crate) fn push(&self, changes: Vec<Change>, due: u64, room: usize) -> bool {
        if changes.is_empty() {
            return true;
        }
        let mut inner = self.inner.lock();
        if inner.size + changes.len() > room {
            return false;
        }
        inner.size += changes.len();
        inner.number += 1;
        let number = inner.number;
        inner.heap.push(Reverse(Waiting { due, number, changes }));
        self.next.fetch_min(due, Ordering::Release);
        true
    }

    /// Whether something is due; cheap enough for every request.
    pub(crate) fn is_due(&self, now: u64) -> bool {
        self.next.load(Ordering::Acquire) <= now
    }

    /// Hands every due change over in order, with the time at which it was due. The queue stays locked meanwhile, so that a second
    /// reader waits until what is due has been applied.
    pub(crate) fn drain(&self, now: u64, mut apply: impl FnMut(&Change, u64)) {
        let mut inner = self.inner.lock();
        while inner.heap.peek().is_some_and(|first| first.0.due <= now) {
            let Some(Reverse(waiting)) = inner.heap.pop() else { break };
            inner.size -= waiting.changes.len();
            waiting.changes.iter().for_each(|change| apply(change, waiting.due));
        }
        let next = inner.heap.peek().map_or(u64::MAX, |first| first.0.due);
        self.next.store(next, Ordering::Release);
    }

    pub(crate) fn waiting(&self) -> usize {
        self.inner.lock().size
    }

    pub(crate) fn clear(&self) {
        *self.inner.lock() = Inner::default();
        self.next.store(u64::MAX, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use letterproof_model::LetterStatus;

    use super::*;
    use crate::letters::Twist;

    fn change(letter: u32) -> Change {
        Change {
            letter,
            status: LetterStatus::Accepted,
            reason_code: None,
            reason_text: None,
            twist: Twist::None,
        }
    }

    fn drained(updates: &Updates, now: u64) -> Vec<u32> {
        let mut seen = Vec::new();
        updates.drain(now, |change, _| seen.push(change.letter));
        seen
    }

    #[test]
    fn updates_are_applied_when_due_in_the_order_they_are_due() {
        let updates = Updates::default();
        assert!(updates.push(vec![change(1)], 200, 10));
        assert!(updates.push(vec![change(2), change(3)], 100, 10));
        assert!(updates.push(vec![change(4)], 100, 10));
        assert!(!updates.is_due(99));
        assert!(updates.is_due(100));
        assert_eq!(drained(&updates, 150), [2, 3, 4]);
        assert!(!updates.is_due(199));
        assert_eq!(drained(&updates, 200), [1]);
        assert_eq!(updates.waiting(), 0);
    }

    #[test]
    fn no_more_wait_than_there_is_room_for() {
        let updates = Updates::default();
        assert!(updates.push(vec![change(1), change(2)], 5, 2));
        assert!(!updates.push(vec![change(3)], 5, 2));
        updates.clear();
        assert!(updates.push(vec![change(3)], 5, 2));
    }
}
