//! Updates of letters: checked, answered with 202, and applied when they are due.
//!
//! What was seen refused on INT is refused; what names no own letter is dropped in silence. No
//! thread applies updates: whoever reads next applies what is due, so nothing runs while nobody
//! looks, and a state once seen never depends on a scheduler.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicU64, Ordering};

use http::StatusCode;
use letterproof_model::LetterStatus;
use parking_lot::Mutex;

use crate::reply::{Reply, empty};
use crate::rng::Rng;
use crate::shared::{Shared, micros};
use crate::supplier::calls::{Call, Problem};
use crate::supplier::faults::{Effect, View};
use crate::supplier::letters::{Change, Letters, Twist};
use crate::supplier::validate;
use crate::supplier::validate::Item;

/// Answers `PATCH /letters/{id}`.
pub(crate) fn patch(
    shared: &Shared,
    call: &Call<'_>,
    supplier: u16,
    id: &str,
) -> Result<Reply, Problem> {
    let item = validate::patch(call.body, id, call.faults)?;
    if !call.faults.on(Effect::IgnorePatch) {
        queue(shared, call.faults, supplier, item.into_iter().collect())?;
    }
    if call.faults.on(Effect::RefuseAndApply) {
        return Err(Problem::InvalidBody);
    }
    Ok(empty(StatusCode::ACCEPTED))
}

/// Answers `POST /letters`.
pub(crate) fn bulk(shared: &Shared, call: &Call<'_>, supplier: u16) -> Result<Reply, Problem> {
    let mut items = validate::bulk(call.body, call.faults)?;
    if call.faults.on(Effect::IgnoreBulk) {
        items.clear();
    }
    if items.len() > 1 && call.faults.on(Effect::HalfBulk) {
        items.truncate(items.len() / 2);
    }
    if items.len() > 1 && call.faults.on(Effect::SwapUpdates) {
        let last = items.len() - 1;
        let (first, other) = (items[0].id.clone(), items[last].id.clone());
        items[0].id = other;
        items[last].id = first;
    }
    queue(shared, call.faults, supplier, items)?;
    Ok(empty(StatusCode::ACCEPTED))
}

fn queue(shared: &Shared, faults: &View, supplier: u16, items: Vec<Item>) -> Result<(), Problem> {
    let mut together = Vec::with_capacity(items.len());
    let mut apart = Vec::new();
    {
        let letters = shared.letters.read();
        for item in items {
            let Some((letter, status)) = letters
                .find(&item.id)
                .filter(|(_, letter)| letter.supplier == supplier)
                .and_then(|(number, _)| Some((number, item.status?)))
            else {
                continue;
            };
            let change = Change {
                letter,
                status,
                reason_code: item.reason_code,
                reason_text: item.reason_text,
                twist: Twist::None,
            };
            if faults.is_empty() {
                together.push(change);
            } else {
                twisted(shared, faults, &letters, change, &mut together, &mut apart);
            }
        }
    }
    let room = shared.config.limits.queued_updates;
    let now = shared.now();
    let due = now.saturating_add(delay(shared));
    let mut taken = shared.updates.push(together, due, room);
    for (change, later) in apart {
        taken &= shared.updates.push(vec![change], due.saturating_add(later), room);
    }
    if taken { Ok(()) } else { Err(Problem::Internal) }
}

/// How long an update takes. Without order, one in ten takes up to twice as long again, which
/// leaves about as many letters behind as were seen on INT.
fn delay(shared: &Shared) -> u64 {
    let (usual, jitter) = (micros(shared.config.apply_delay), micros(shared.config.apply_jitter));
    if !shared.config.unordered && jitter == 0 {
        return usual;
    }
    let mut rng = Rng::new(shared.flap.fetch_add(1, Ordering::Relaxed), shared.config.seed);
    let usual = usual + rng.below(jitter + 1);
    if !shared.config.unordered {
        return usual;
    }
    if rng.below(10) == 0 { usual + usual / 2 + rng.below(usual + 1) } else { usual }
}

/// What becomes of a letter some time after it took a status, where a fault wants it.
fn later(faults: &View, status: LetterStatus) -> Option<Twist> {
    use LetterStatus::{Accepted, Dispatched, Failed, Pending, Rejected, Returned};
    let after = |effect| faults.hit(effect).map(|hit| micros(hit.time));
    let when = |wanted, effect| if status == wanted { after(effect) } else { None };
    after(Effect::RevertUpdate)
        .or_else(|| when(Accepted, Effect::RevertAcceptance))
        .or_else(|| when(Dispatched, Effect::RevertDispatch))
        .map(Twist::RevertAfter)
        .or_else(|| after(Effect::WanderUpdate).map(|after| Twist::MoveAfter(Returned, after)))
        .or_else(|| after(Effect::VanishLetter).map(Twist::VanishAfter))
        .or_else(|| {
            when(Rejected, Effect::ReopenRejected).map(|after| Twist::MoveAfter(Pending, after))
        })
        .or_else(|| {
            when(Rejected, Effect::FailRejected).map(|after| Twist::MoveAfter(Failed, after))
        })
}

/// Puts a change where the armed faults send it.
fn twisted(
    shared: &Shared,
    faults: &View,
    letters: &Letters,
    mut change: Change,
    together: &mut Vec<Change>,
    apart: &mut Vec<(Change, u64)>,
) {
    if faults.on(Effect::LoseUpdate) {
        return;
    }
    if faults.on(Effect::WrongStatus) {
        let at = LetterStatus::ALL.iter().position(|status| *status == change.status);
        change.status = LetterStatus::ALL[(at.unwrap_or(0) + 1) % LetterStatus::ALL.len()];
    }
    if faults.on(Effect::DropReason) {
        change.reason_code = None;
        change.reason_text = None;
    }
    if faults.on(Effect::AlterReason) {
        change.reason_text = change.reason_text.map(|text| format!("{text}?").into());
    }
    if let Some(hit) = faults.hit(Effect::StirOther)
        && let Some(supplier) = letters.get(change.letter).map(|letter| letter.supplier)
        && let Some(letter) = letters.last_waiting(supplier).filter(|one| *one != change.letter)
    {
        let status = LetterStatus::Failed;
        apart.push((Change { letter, status, ..change.clone() }, micros(hit.time)));
    }
    let neighbour = letters.neighbour(change.letter).map(|(number, _)| number);
    if let Some(other) = neighbour.filter(|_| faults.on(Effect::SpillUpdate)) {
        together.push(Change { letter: other, ..change.clone() });
    }
    if let Some(other) = neighbour.filter(|_| faults.on(Effect::WrongLetter)) {
        change.letter = other;
    }
    if let Some(later) = later(faults, change.status) {
        change.twist = later;
    } else if faults.on(Effect::Regroup) {
        change.twist = Twist::Regroup;
    } else if faults.on(Effect::Relist) {
        change.twist = Twist::Relist;
    } else if faults.on(Effect::KeepListed) {
        change.twist = Twist::KeepListed;
    } else if faults.on(Effect::Respecify) {
        change.twist = Twist::Respecify;
    }
    if let Some(hit) = faults.hit(Effect::LateUpdate) {
        apart.push((change, micros(hit.time)));
    } else if faults.on(Effect::HoldUpdate) {
        // Long enough for the letter's next update, sent at once, to be applied before.
        apart.push((change, micros(shared.config.apply_delay) + 500_000));
    } else {
        together.push(change);
    }
}

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

/// The queue of updates; times are microseconds of the mock's clock.
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

    /// Hands every due change over in order, with the time at which it was due. The queue stays
    /// locked meanwhile, so that a second reader waits until what is due has been applied.
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
    use crate::supplier::letters::Twist;

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
