//! Lists asked for twice, for AT3: which pairs there are, and what explains a difference. What other
//! calls have changed or hidden in between is not compared.

use std::collections::HashSet;

use letterproof_model::Context;

use crate::supplier::at02;
use crate::traffic::{EventKind, LetterIx, ListCall, Micros, Traffic};
use letterproof_model::text::micros;

/// A list with letters and a later list with the same limit, or the first of pages that name it again.
pub(crate) struct Pair<'a> {
    /// The list.
    pub(crate) first: &'a ListCall,
    /// The later list.
    pub(crate) second: &'a ListCall,
    /// Which side of the visibility timeout it fell on.
    pub(crate) window: Window,
    /// An update of a letter of the first list sent between the two.
    pub(crate) updated: Option<LetterIx>,
}

/// Which side of the visibility timeout the second call fell on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Window {
    /// Within it.
    AtOnce,
    /// So close to the timeout that either answer is right.
    Edge,
    /// After it.
    After,
}

impl Pair<'_> {
    /// From the end of the first call to the start of the second.
    pub(crate) fn gap(&self) -> Micros {
        (self.second.started - self.first.finished).max(0)
    }

    /// Whether the later list names most letters of the first again.
    pub(crate) fn mostly_again(&self) -> bool {
        let (first, second) = (self.first.letters(), self.second.letters());
        let again = first.iter().filter(|letter| second.binary_search(letter).is_ok());
        again.count() * 2 >= first.len()
    }

    /// Whether a third list, by anyone, had hidden this letter when one of the two was asked for.
    pub(crate) fn hidden(
        &self,
        letter: LetterIx,
        list: &ListCall,
        traffic: &Traffic,
        timeout: Micros,
    ) -> bool {
        traffic.letter(letter).events.iter().any(|event| {
            matches!(event.kind, EventKind::Listed(_))
                && ![self.first.call, self.second.call].contains(&event.call)
                && !traffic.follows(event.started, list.finished)
                && !traffic.follows(list.started, event.at + timeout)
        })
    }
}

/// Whether a list is as long as its limit, so that the queue may hold more.
pub(crate) fn is_cut(list: &ListCall) -> bool {
    list.entries().len() >= list.limit.unwrap_or(at02::SEEDED) as usize
}

/// Whether the lists from here on, of one limit and without an update of its letters in between,
/// together name the whole first list again.
fn in_pages(first: &ListCall, from: &[&ListCall], traffic: &Traffic) -> bool {
    let mut left: HashSet<LetterIx> = first.entries().iter().map(|entry| entry.letter).collect();
    let Some(limit) = from.first().map(|list| list.limit) else { return false };
    for page in from.iter().filter(|list| list.limit == limit) {
        let before = left.len();
        for entry in page.entries() {
            left.remove(&entry.letter);
        }
        if left.is_empty() {
            return updated_between(first, page, traffic).is_none();
        }
        if left.len() == before {
            return false;
        }
    }
    false
}

/// For each list with letters, the next list in each window that asks for it again: with the same
/// limit, or after the timeout in pages of another that name its letters. Where lists are
/// labelled as asked for by AT3, only pairs that end in such a list count: other tests list and
/// re-seed for reasons of their own.
pub(crate) fn pairs<'a>(traffic: &'a Traffic, context: &Context) -> Vec<Pair<'a>> {
    let timeout = micros(context.visibility_timeout_ms);
    let lists: Vec<&ListCall> = traffic.supplier_lists().filter(|list| list.readable()).collect();
    let asked_by_at3 = |list: &ListCall| traffic.labelled(list.call, "AT3");
    let narrowed = lists.iter().any(|list| asked_by_at3(list));
    let mut pairs = Vec::new();
    for (at, first) in lists.iter().enumerate().filter(|(_, list)| !list.entries().is_empty()) {
        let mut found = [false; 2];
        for (place, second) in lists.iter().enumerate().skip(at + 1) {
            if traffic.overlaps(second.started, first.finished)
                || (narrowed && !asked_by_at3(second))
            {
                continue;
            }
            let window = if second.finished - first.started < timeout - traffic.slack() {
                Window::AtOnce
            } else if second.started - first.finished >= timeout + traffic.slack() {
                Window::After
            } else {
                Window::Edge
            };
            let late = usize::from(window != Window::AtOnce);
            let same = second.limit == first.limit;
            if found[late] || !(same || first.limit == Some(at02::SEEDED)) {
                continue;
            }
            let updated = updated_between(first, second, traffic);
            // Pages of another size ask for the whole list again, too.
            if same || in_pages(first, &lists[place..], traffic) {
                found[late] = true;
                pairs.push(Pair { first, second, window, updated });
            }
            if found[1] {
                break;
            }
        }
    }
    pairs
}

fn updated_between(first: &ListCall, second: &ListCall, traffic: &Traffic) -> Option<LetterIx> {
    first.entries().iter().map(|entry| entry.letter).find(|letter| {
        traffic.letter(*letter).sent().any(|(event, _)| {
            !traffic.overlaps(event.at, first.finished) && event.at < second.started
        })
    })
}

/// Whether anyone had sent an update for this letter when `list` was asked for: the harness may,
/// and an update sent before the first list may have taken effect since.
pub(crate) fn updated_before(letter: LetterIx, list: &ListCall, traffic: &Traffic) -> bool {
    let mut sent = traffic.letter(letter).updates();
    sent.any(|(event, _)| !traffic.follows(event.at, list.started))
}

/// Whether a list had named this letter before `list` was asked for.
pub(crate) fn listed_before(letter: LetterIx, list: &ListCall, traffic: &Traffic) -> bool {
    let events = &traffic.letter(letter).events;
    events
        .iter()
        .any(|event| event.is_listed() && event.call != list.call && event.at <= list.started)
}

/// The letters of every list that was asked for again.
pub(crate) fn repeated_letters(clean: &[&Pair<'_>]) -> Vec<LetterIx> {
    let mut letters: Vec<LetterIx> =
        clean.iter().flat_map(|pair| pair.first.entries()).map(|entry| entry.letter).collect();
    letters.sort_unstable();
    letters.dedup();
    letters
}
