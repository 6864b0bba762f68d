//! The clauses that AT5 to AT13 share, each judged over all of the supplier's moves to a status.
//! Without a single move every clause is `not-run`.

use letterproof_model::{Context, LetterStatus};

use crate::moves::{Eligibility, StatusMove, moves_to};
use crate::readback::{ReadBack, read_back, unread};
use crate::ruling::Ruling;
use crate::tally::Tally;
use crate::traffic::{CallIx, EventKind, LetterIx, Traffic, Via};
use letterproof_model::text::{alternatives, count, many, seconds};

/// All moves of the supplier to one status, with what became of each.
pub(crate) struct Moved<'a> {
    pub(crate) traffic: &'a Traffic,
    pub(crate) context: &'a Context,
    pub(crate) status: LetterStatus,
    pub(crate) moves: Vec<(StatusMove, ReadBack)>,
}

impl<'a> Moved<'a> {
    /// Gathers every move to this status.
    pub(crate) fn to(status: LetterStatus, traffic: &'a Traffic, context: &'a Context) -> Self {
        Self::of(status, traffic, context, |_| true)
    }

    /// Gathers the moves of some letters to this status.
    pub(crate) fn of(
        status: LetterStatus,
        traffic: &'a Traffic,
        context: &'a Context,
        wanted: impl Fn(LetterIx) -> bool,
    ) -> Self {
        let moves = moves_to(traffic, context, status)
            .into_iter()
            .filter(|moved| wanted(moved.letter))
            .map(|moved| {
                let back = read_back(&moved, traffic, context);
                (moved, back)
            })
            .collect();
        Self { traffic, context, status, moves }
    }

    /// A ruling over all moves, or `not-run` when there are none.
    pub(crate) fn over(
        &self,
        pass: impl FnOnce(usize) -> String,
        mut each: impl FnMut(&StatusMove, &ReadBack, &mut Tally),
    ) -> Ruling {
        if self.moves.is_empty() {
            return Ruling::not_run(format!("no letter was moved to {}", self.status));
        }
        let mut tally = Tally::default();
        for (moved, back) in &self.moves {
            each(moved, back, &mut tally);
        }
        tally.rule(self.traffic, "letter", pass)
    }

    /// Only letters in an eligible status are moved.
    pub(crate) fn eligible(&self) -> Ruling {
        let eligible = alternatives(self.status.eligible_before());
        let pass = |n| format!("{} moved, each in {eligible} before", many(n, "letter"));
        self.over(pass, |moved, _, tally| {
            let first = moved.first_call(self.traffic);
            let calls = moved.seen_in.into_iter().chain([first]);
            match moved.eligibility() {
                Eligibility::Eligible | Eligibility::Repeat => tally.good([first]),
                Eligibility::Not(from) => {
                    tally.fault(moved.letter, calls, format!("was moved from {from}"));
                }
                Eligibility::Unknown => tally.open(
                    moved.letter,
                    calls,
                    "was moved, but no read shows the status before",
                ),
            }
        })
        .expecting(format!("before {} every letter is {eligible}", self.status))
    }

    /// Every letter moved is read back in its new status before the deadline.
    pub(crate) fn seen_back(&self) -> Ruling {
        let slowest = self.moves.iter().filter_map(|(_, back)| match back {
            ReadBack::Seen { after, .. } => Some(*after),
            _ => None,
        });
        let slowest = seconds(slowest.max().unwrap_or_default());
        let pass = |n| {
            let letters = many(n, "letter");
            format!("{letters} read back as {}, the slowest after {slowest}", self.status)
        };
        self.over(pass, |moved, back, tally| match back {
            ReadBack::Seen { call, .. } => tally.good([*call]),
            ReadBack::Not { words, calls } => {
                tally.fault(moved.letter, calls.iter().copied(), words);
            }
            ReadBack::Unknown { words, calls, .. } => {
                tally.open(moved.letter, calls.iter().copied(), words);
            }
        })
        .expecting(format!(
            "every letter read back as {} within {} of its update",
            self.status,
            seconds(letterproof_model::text::micros(self.context.update_deadline_ms))
        ))
    }

    /// No letter is sent the status twice.
    pub(crate) fn not_twice(&self) -> Ruling {
        if self.moves.is_empty() {
            return Ruling::not_run(format!("no letter was moved to {}", self.status));
        }
        twice(self.traffic, &[self.status], self.moves.iter().map(|(moved, _)| moved.letter))
    }

    /// Answers, and the status before and after, are on record.
    pub(crate) fn on_record(&self) -> Ruling {
        let mut patched = 0;
        let mut in_bulk = 0;
        for (_, update) in self.moves.iter().filter_map(|(m, _)| m.updates(self.traffic).next()) {
            match update.via {
                Via::Patch => patched += 1,
                Via::Bulk => in_bulk += 1,
            }
        }
        let pass = |n| {
            format!(
                "{} with answer, status before and status after ({} by PATCH, {} in bulk)",
                many(n, "letter"),
                count(patched as u64),
                count(in_bulk as u64)
            )
        };
        // The pack asks for samples: where some were read, the others are not at fault.
        let seen = |back: &ReadBack| !matches!(back, ReadBack::Unknown { .. });
        let sampled = self.moves.iter().any(|(_, back)| seen(back));
        self.over(pass, |moved, back, tally| self.record_of(moved, back, sampled, tally))
    }

    fn record_of(&self, moved: &StatusMove, back: &ReadBack, sampled: bool, tally: &mut Tally) {
        let first = moved.first_call(self.traffic);
        let before = moved.seen_in.or_else(|| listed_before(moved, self.traffic));
        if before.is_none() {
            let unrecorded = self.traffic.letter(moved.letter).events[..moved.sends[0]]
                .iter()
                .find(|event| matches!(event.kind, EventKind::Read(None, _)));
            // The recording may have begun when the letter was under way.
            let (call, words) = match unrecorded {
                Some(event) => {
                    let why = unread(event.call, self.traffic);
                    (event.call, format!("was read before its update, but {why}"))
                }
                None => (first, "was not listed or read before its update".to_owned()),
            };
            return tally.open(moved.letter, [call], words);
        }
        if !moved.updates(self.traffic).any(|(_, update)| !update.answer.asks_for_repeat()) {
            let words = "has no final answer to its update on record";
            return tally.open(moved.letter, [first], words);
        }
        match back {
            ReadBack::Unknown { words, calls, missing: true } if !sampled => {
                tally.fault(moved.letter, calls.iter().copied(), words);
            }
            ReadBack::Unknown { words, calls, .. } => {
                tally.open(moved.letter, calls.iter().copied(), words);
            }
            ReadBack::Seen { call, .. } => {
                tally.good(before.into_iter().chain([first, *call]));
            }
            ReadBack::Not { calls, .. } => tally.good(calls.iter().copied()),
        }
    }

    /// Nothing of these statuses is sent for a letter after its move.
    pub(crate) fn nothing_after(&self, forbidden: &[LetterStatus]) -> Ruling {
        let pass = |n| {
            let letters = many(n, "letter");
            format!("{letters}, none sent {} after {}", alternatives(forbidden), self.status)
        };
        self.over(pass, |moved, _, tally| {
            if moved.updates(self.traffic).all(|(_, update)| update.answer.refused()) {
                let words = format!("was never {}: its update was refused", self.status);
                return tally.open(moved.letter, [moved.first_call(self.traffic)], words);
            }
            let events = &self.traffic.letter(moved.letter).events;
            let mut reopened = false;
            let mut confirmed = false;
            let later = events[moved.sends[0]..].iter().find_map(|event| {
                match event.kind {
                    EventKind::Sent(update)
                        if event.by_supplier && !reopened && forbidden.contains(&update.status) =>
                    {
                        return Some((event.call, update.status));
                    }
                    // NHS Notify may put a rejected letter back into the queue.
                    _ => {
                        confirmed |= event.shows() == Some(self.status);
                        reopened |= confirmed && event.may_be_queued();
                    }
                }
                None
            });
            let first = moved.first_call(self.traffic);
            match later {
                Some((call, status)) => tally.fault(
                    moved.letter,
                    [first, call],
                    format!("was sent {status} after {}", self.status),
                ),
                None => tally.good([first]),
            }
        })
    }
}

/// The list that named the letter before it was moved.
fn listed_before(moved: &StatusMove, traffic: &Traffic) -> Option<CallIx> {
    let events = &traffic.letter(moved.letter).events[..moved.sends[0]];
    events.iter().find(|event| event.is_listed()).map(|event| event.call)
}

/// Whether any of these letters was sent one of these statuses twice, each answered with success;
/// repeating an update that was not answered, or answered with 429 or 5xx, is no second update.
pub(crate) fn twice(
    traffic: &Traffic,
    statuses: &[LetterStatus],
    letters: impl IntoIterator<Item = LetterIx>,
) -> Ruling {
    let mut letters: Vec<LetterIx> = letters.into_iter().collect();
    letters.sort_unstable();
    letters.dedup();
    let mut tally = Tally::default();
    for letter in letters {
        let accepted = |wanted: LetterStatus| {
            traffic
                .letter(letter)
                .sent()
                .filter(move |(_, update)| update.status == wanted && update.answer.accepted())
                .map(|(event, _)| event.call)
        };
        match statuses.iter().copied().find(|status| accepted(*status).nth(1).is_some()) {
            Some(status) => {
                let times = accepted(status).count();
                let words = format!("was sent {status} {times} times");
                tally.fault(letter, accepted(status), words);
            }
            None => tally.good(statuses.iter().flat_map(|status| accepted(*status))),
        }
    }
    tally.rule(traffic, "letter", |n| format!("{}, none updated twice", many(n, "letter")))
}
