//! The supplier's moves of letters: one status sent for one letter, and the letter's status before.
//! A 202 is an answer and not a change: what a letter's status *is* comes from reads; what the
//! supplier may rely on until then are its own updates that were answered with success.

use std::collections::BTreeMap;

use letterproof_model::{Context, LetterStatus, Move, judge_move};

use crate::{CallIx, Event, EventKind, Letter, LetterIx, Micros, SentUpdate, Traffic};
use letterproof_model::text::micros;

/// One move: the first update to a status and its repeats, up to the next update to another.
#[derive(Debug)]
pub struct StatusMove {
    /// Which letter.
    pub letter: LetterIx,
    /// The status it was moved to.
    pub status: LetterStatus,
    /// Places of the updates in the letter's timeline; at least one.
    pub sends: Vec<usize>,
    /// Place of the update that ends the move, if there is one.
    pub until: Option<usize>,
    /// The status the letter was last seen in before.
    pub seen_before: Option<LetterStatus>,
    /// The call that showed it.
    pub seen_in: Option<CallIx>,
    before: Before,
    /// The status sent before this one, if it was never seen by the supplier in between.
    pub unseen: Option<(LetterStatus, CallIx)>,
}

/// What a letter may have been before a move.
#[derive(Debug)]
struct Before {
    /// Statuses that the recording names, the likeliest first.
    named: Vec<LetterStatus>,
    /// Whether it was one of them: not where all that is known are updates without an answer.
    certain: bool,
}

/// Whether a move was eligible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eligibility {
    /// By the pack's table.
    Eligible,
    /// The letter had the status already: a second update, not a wrong move.
    Repeat,
    /// From a status that is not eligible.
    Not(LetterStatus),
    /// The recording does not show the status before.
    Unknown,
}

impl StatusMove {
    /// Whether the letter was in a status that allows this move. A letter that was listed and never
    /// touched was PENDING; of one whose life the recording does not see, nothing is known.
    pub fn eligibility(&self) -> Eligibility {
        let Before { named, certain } = &self.before;
        let moves = || named.iter().map(|from| judge_move(*from, self.status));
        match named.first() {
            Some(_) if moves().any(|kind| kind == Move::Eligible) => Eligibility::Eligible,
            Some(_) if moves().any(|kind| kind == Move::Repeat) => Eligibility::Repeat,
            Some(from) if *certain => Eligibility::Not(*from),
            _ => Eligibility::Unknown,
        }
    }

    /// The status the move starts from: of those the letter may have had, one that allows the move
    /// before one that does not, and the likeliest first. `None` where the recording shows none.
    #[must_use]
    pub fn from(&self) -> Option<LetterStatus> {
        let named = &self.before.named;
        let is = |kind| named.iter().copied().find(|from| judge_move(*from, self.status) == kind);
        is(Move::Eligible).or_else(|| is(Move::Repeat)).or_else(|| named.first().copied())
    }

    /// Whether a read showed the letter in the status before the next update.
    fn was_read_back(&self, traffic: &Traffic) -> bool {
        let events = &traffic.letter(self.letter).events;
        let mut window = events[self.sends[0]..self.until.unwrap_or(events.len())].iter();
        window.any(
            |event| matches!(event.kind, EventKind::Read(Some(status), _) if status == self.status),
        )
    }

    /// The updates of the move, with the calls that carried them.
    pub fn updates<'t>(
        &'t self,
        traffic: &'t Traffic,
    ) -> impl Iterator<Item = (CallIx, SentUpdate)> + 't {
        let events = &traffic.letter(self.letter).events;
        self.sends.iter().filter_map(|place| match events[*place].kind {
            EventKind::Sent(update) => Some((events[*place].call, update)),
            _ => None,
        })
    }

    /// Whether the supplier had sent another status before, and it was not refused.
    pub fn follows_another(&self, traffic: &Traffic) -> bool {
        let before = &traffic.letter(self.letter).events[..self.sends[0]];
        before.iter().filter(|event| event.by_supplier).any(|event| match event.kind {
            EventKind::Sent(update) => update.status != self.status && !update.answer.refused(),
            _ => false,
        })
    }

    /// The first update of the move, with its call.
    pub fn first_call(&self, traffic: &Traffic) -> CallIx {
        traffic.letter(self.letter).events[self.sends[0]].call
    }
}

/// Every move of a letter to a status by the supplier, letter by letter.
pub fn moves_to(traffic: &Traffic, context: &Context, status: LetterStatus) -> Vec<StatusMove> {
    let deadline = micros(context.update_deadline_ms);
    let mut moves = Vec::new();
    for letter in traffic.moved_to(status) {
        moves_of(traffic, *letter, status, deadline, &mut moves);
    }
    moves
}

/// A move: from a status (`None` where the recording does not show it) to another.
pub type Edge = (Option<LetterStatus>, LetterStatus);

/// How many letters made a move.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Letters whose update the API took on, or that were read in the new status.
    pub moved: u64,
    /// Of these, letters read back in the new status.
    pub seen: u64,
}

/// The moves of all letters, counted. An update sent again is no second move, and one that the API
/// refused is no move.
#[must_use]
pub fn count_moves(traffic: &Traffic, context: &Context) -> BTreeMap<Edge, Count> {
    let mut counts: BTreeMap<Edge, Count> = BTreeMap::new();
    let moves = LetterStatus::ALL.into_iter().flat_map(|to| moves_to(traffic, context, to));
    for moved in moves {
        let answered = |wanted: fn(&SentUpdate) -> bool| {
            moved.updates(traffic).any(|(_, update)| wanted(&update))
        };
        let seen = moved.was_read_back(traffic);
        if answered(|update| update.answer.accepted())
            || (seen && answered(|update| !update.answer.refused()))
        {
            let count = counts.entry((moved.from(), moved.status)).or_default();
            count.moved += 1;
            count.seen += u64::from(seen);
        }
    }
    counts
}

/// One update sent for one letter, with what was seen before and after it.
#[derive(Debug)]
pub struct Update<'a> {
    /// The letter.
    pub letter: LetterIx,
    /// The event of sending it.
    pub sent: &'a Event,
    /// What was sent, and what answered it.
    pub update: SentUpdate,
    /// Where the letter's status was last seen before.
    pub before: Option<&'a Event>,
    /// The read that shows the new status; where none does, the last read before the next update.
    pub after: Option<&'a Event>,
}

/// Every update that the supplier sent for a letter, whatever was answered, by time.
pub fn updates(traffic: &Traffic, letter: LetterIx) -> impl Iterator<Item = Update<'_>> {
    let events = &traffic.letter(letter).events;
    events.iter().enumerate().filter(|(_, sent)| sent.by_supplier).filter_map(
        move |(place, sent)| {
            let EventKind::Sent(update) = sent.kind else { return None };
            // The update itself is in there: it is no read, and it does not follow itself.
            let later = &events[place..];
            // What follows the next update shows that one's effect; only a repeat of an update that
            // may have been taken on is the same one.
            let next = later.iter().position(|event| match event.kind {
                EventKind::Sent(next) => {
                    !next.answer.refused()
                        && (next.status != update.status || update.answer.refused())
                }
                _ => false,
            });
            let is_read = |event: &&Event| matches!(event.kind, EventKind::Read(Some(_), _));
            let reads = || later[..next.unwrap_or(later.len())].iter().filter(is_read);
            let after = reads()
                .find(|read| read.shows() == Some(update.status))
                .or_else(|| reads().next_back());
            let before = status_before(&events[..place]);
            Some(Update { letter, sent, update, before, after })
        },
    )
}

/// What shows a letter's status after these events: its last read or, where nothing was ever sent
/// for it, the list that named it last.
fn status_before(events: &[Event]) -> Option<&Event> {
    let read = events.iter().rfind(|event| event.shows().is_some());
    let touched = |event: &Event| matches!(event.kind, EventKind::Sent(u) if !u.answer.refused());
    read.or_else(|| {
        let untouched = events.iter().take_while(|event| !touched(event));
        untouched.filter(|event| event.is_listed()).last()
    })
}

fn moves_of(
    traffic: &Traffic,
    letter: LetterIx,
    status: LetterStatus,
    deadline: Micros,
    moves: &mut Vec<StatusMove>,
) {
    let Letter { events, .. } = traffic.letter(letter);
    let mut walk = Walk::default();
    // The move under way, and whether the API may have taken any of its updates on.
    let mut open: Option<(StatusMove, bool)> = None;
    for (place, event) in events.iter().enumerate() {
        if let Some(shown) = event.shows() {
            walk.see(shown, event.at, event.call, event.by_supplier);
        } else if event.is_listed() {
            walk.list(event.at, event.call);
        }
        let EventKind::Sent(update) = event.kind else { continue };
        let ours = event.by_supplier && update.status == status;
        let refused = update.answer.refused();
        match &mut open {
            Some((current, true)) if ours => current.sends.push(place),
            // What the API refused moved nothing: the move begins with the first try it may have
            // taken on.
            Some((current, taken)) if ours => {
                let mut sends = std::mem::take(&mut current.sends);
                if !refused {
                    sends.clear();
                }
                sends.push(place);
                *current = walk.begin(letter, status, sends);
                *taken = !refused;
            }
            Some(_) if update.status != status && !refused => {
                if let Some((done, _)) = open.take() {
                    moves.push(StatusMove { until: Some(place), ..done });
                }
            }
            None if ours => open = Some((walk.begin(letter, status, vec![place]), !refused)),
            _ => {}
        }
        if !refused {
            let settles = traffic.call(event.call).finished.saturating_add(deadline);
            walk.send(update, settles, event.call, event.by_supplier);
        }
    }
    moves.extend(open.map(|(last, _)| last));
}

/// A letter's status as far as it is known at each point of its timeline.
#[derive(Debug, Default)]
struct Walk {
    seen: Option<(LetterStatus, CallIx)>,
    /// Whether it was read, or something may have been sent for it: from then on a list says
    /// nothing of its status.
    known: bool,
    /// Whether a list named it after its rejection: NHS Notify may have put it back.
    requeued: bool,
    unsettled: Vec<Unsettled>,
    last_sent: Option<(LetterStatus, CallIx, bool)>,
}

/// An update whose effect has not been seen yet.
#[derive(Debug)]
struct Unsettled {
    status: LetterStatus,
    certain: bool,
    settles: Micros,
}

impl Walk {
    /// A list named the letter: what is queued and was never touched is PENDING, and what was
    /// rejected may be again.
    fn list(&mut self, at: Micros, call: CallIx) {
        if !self.known {
            self.seen = Some((LetterStatus::Pending, call));
        }
        let rejected = match self.unsettled.last() {
            Some(sent) => sent.status == LetterStatus::Rejected && at >= sent.settles,
            None => self.seen.is_some_and(|(seen, _)| seen == LetterStatus::Rejected),
        };
        self.requeued |= rejected;
    }

    fn see(&mut self, status: LetterStatus, at: Micros, call: CallIx, by_supplier: bool) {
        if let Some(place) = self.unsettled.iter().rposition(|sent| sent.status == status) {
            self.unsettled.drain(..=place);
        } else if self.seen.is_some_and(|(seen, _)| seen != status) {
            self.unsettled.clear();
        }
        // Not changed yet: updates are queued, until their deadline says they were lost.
        self.unsettled.retain(|sent| at < sent.settles);
        self.seen = Some((status, call));
        (self.known, self.requeued) = (true, false);
        if let Some((sent, _, seen)) = &mut self.last_sent {
            *seen |= by_supplier && *sent == status;
        }
    }

    fn send(&mut self, update: SentUpdate, settles: Micros, call: CallIx, by_supplier: bool) {
        let SentUpdate { status, answer, .. } = update;
        (self.known, self.requeued) = (true, false);
        self.unsettled.push(Unsettled { status, certain: answer.accepted(), settles });
        if by_supplier {
            let repeat = self.last_sent.is_some_and(|(sent, _, seen)| sent == status && seen);
            self.last_sent = Some((status, call, repeat));
        }
    }

    /// A move that begins here with these updates.
    fn begin(&self, letter: LetterIx, status: LetterStatus, sends: Vec<usize>) -> StatusMove {
        StatusMove {
            letter,
            status,
            sends,
            until: None,
            seen_before: self.seen.map(|(seen, _)| seen),
            seen_in: self.seen.map(|(_, call)| call),
            before: self.before(),
            unseen: self.unseen(status),
        }
    }

    fn before(&self) -> Before {
        let mut named = Vec::new();
        let again = self.requeued.then_some(LetterStatus::Pending);
        for sent in self.unsettled.iter().rev() {
            named.push(sent.status);
            if sent.certain {
                named.extend(again);
                return Before { named, certain: true };
            }
        }
        named.extend(self.seen.map(|(seen, _)| seen));
        named.extend(again);
        Before { named, certain: self.seen.is_some() }
    }

    fn unseen(&self, next: LetterStatus) -> Option<(LetterStatus, CallIx)> {
        self.last_sent
            .filter(|(sent, _, seen)| *sent != next && !seen)
            .map(|(sent, call, _)| (sent, call))
    }
}
