//! The supplier's updates letter by letter, and the moves between statuses they amount to.
//! Refuses to take a 202 for a change: what was moved and what was read back are counted apart.

use std::collections::BTreeMap;

use letterproof_model::{LetterStatus, Move, judge_move};

use crate::lives::{Answer, Event, Kind, Life, Lives, Micros, Via};

/// One update sent for one letter, with what was seen before and after it.
#[derive(Debug)]
pub(crate) struct Update<'a> {
    /// The letter's id.
    pub(crate) letter: &'a str,
    /// The update.
    pub(crate) sent: &'a Event,
    /// How it was sent.
    pub(crate) via: Via,
    /// What answered it.
    pub(crate) answer: Answer,
    /// Where the letter's status was last seen before.
    pub(crate) before: Option<&'a Event>,
    /// The read that shows the new status; where none does, the last read before the next update.
    pub(crate) after: Option<&'a Event>,
}

/// Every update that the supplier sent for a letter, whatever was answered.
pub(crate) fn updates<'a>(letter: &'a str, life: &'a Life) -> impl Iterator<Item = Update<'a>> {
    life.events.iter().enumerate().filter_map(move |(place, sent)| {
        let Kind::Sent { via, by_supplier: true, answer } = sent.kind else { return None };
        let later = &life.events[place + 1..];
        // What follows the next update shows that one's effect; only a repeat of an update that
        // may have been taken on is the same one.
        let next = later.iter().position(|event| match event.kind {
            Kind::Sent { answer: next, .. } => {
                !next.refused() && (event.status != sent.status || answer.refused())
            }
            _ => false,
        });
        let reads = || later[..next.unwrap_or(later.len())].iter().filter(|e| e.kind == Kind::Read);
        let after = reads().find(|read| read.status == sent.status).or_else(|| reads().next_back());
        let before = life.events[..place].iter().rfind(|event| event.shows());
        Some(Update { letter, sent, via, answer, before, after })
    })
}

/// A move: from a status (`None` where the journal does not show it) to another.
pub(crate) type Edge = (Option<LetterStatus>, LetterStatus);

/// How many letters made a move.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count {
    /// Letters whose update the API took on.
    pub(crate) moved: u64,
    /// Of these, letters read back in the new status.
    pub(crate) seen: u64,
}

/// The moves of all letters, counted; an update sent again is no second move.
pub(crate) fn count_moves(lives: &Lives<'_>, deadline: Micros) -> BTreeMap<Edge, Count> {
    let mut counts = BTreeMap::new();
    for (_, life) in lives.letters() {
        count_life(lives, life, deadline, &mut counts);
    }
    counts
}

/// A move under way: its edge, whether it was taken on, whether it was read back.
struct Open {
    edge: Edge,
    taken: bool,
    seen: bool,
}

impl Open {
    fn close(self, counts: &mut BTreeMap<Edge, Count>) {
        if self.taken || self.seen {
            let count = counts.entry(self.edge).or_default();
            count.moved += 1;
            count.seen += u64::from(self.seen);
        }
    }
}

fn count_life(
    lives: &Lives<'_>,
    life: &Life,
    deadline: Micros,
    counts: &mut BTreeMap<Edge, Count>,
) {
    let mut walk = Walk::default();
    let mut open: Option<Open> = None;
    for event in &life.events {
        let Kind::Sent { by_supplier, answer, .. } = event.kind else {
            walk.see(event);
            if let Some(open) = open.as_mut().filter(|open| open.edge.1 == event.status) {
                open.seen |= event.kind == Kind::Read;
            }
            continue;
        };
        if answer.refused() {
            continue;
        }
        match &mut open {
            Some(open) if open.edge.1 == event.status => open.taken |= answer.taken(),
            _ => {
                open.take().into_iter().for_each(|done| done.close(counts));
                open = by_supplier.then(|| Open {
                    edge: (walk.from(event.status), event.status),
                    taken: answer.taken(),
                    seen: false,
                });
            }
        }
        walk.send(event.status, answer, lives.ended(event).saturating_add(deadline));
    }
    open.into_iter().for_each(|done| done.close(counts));
}

/// A letter's status as far as it is known at each point of its life: what was last seen, and the
/// updates since then that may or must have been applied.
#[derive(Default)]
struct Walk {
    seen: Option<LetterStatus>,
    unsettled: Vec<(LetterStatus, Answer, Micros)>,
}

impl Walk {
    fn see(&mut self, event: &Event) {
        let shown = event.status;
        if let Some(place) = self.unsettled.iter().rposition(|(sent, ..)| *sent == shown) {
            self.unsettled.drain(..=place);
        } else if self.seen.is_none_or(|seen| seen == shown) {
            // Not changed yet: updates are queued, until their deadline says they were lost.
            self.unsettled.retain(|(.., settles)| event.at < *settles);
        } else {
            self.unsettled.clear();
        }
        self.seen = Some(shown);
    }

    fn send(&mut self, status: LetterStatus, answer: Answer, settles: Micros) {
        self.unsettled.push((status, answer, settles));
    }

    /// The status that a move to `to` starts from: of those the letter may have, one that allows
    /// the move before one that does not, and the likeliest first.
    fn from(&self, to: LetterStatus) -> Option<LetterStatus> {
        let mut before = Vec::new();
        let mut certain = false;
        for (status, answer, _) in self.unsettled.iter().rev() {
            before.push(*status);
            certain = answer.taken();
            if certain {
                break;
            }
        }
        if !certain {
            before.extend(self.seen);
        }
        let is = |kind| before.iter().copied().find(|from| judge_move(*from, to) == kind);
        is(Move::Eligible).or_else(|| is(Move::Repeat)).or_else(|| before.first().copied())
    }
}
