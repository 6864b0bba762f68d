//! What is seen of a supplier's updates, letter by letter: moves, repeats, ends, order. No update is
//! blamed twice: what is sent after a final status is not a wrong move as well.

use std::collections::HashSet;

use letterproof_model::{Context, LetterStatus, Move, Strength, judge_move};

use super::ObserverCheck;
use crate::moves::{Eligibility, StatusMove, moves_to};
use crate::ruling::Ruling;
use crate::tally::Tally;
use crate::traffic::{CallIx, Event, EventKind, Letter, LetterIx, Micros, Traffic};
use letterproof_model::text::{many, micros};

pub(super) const CHECKS: &[ObserverCheck] = &[
    ObserverCheck {
        id: "O-MOVE-ELIGIBLE",
        title: "Only moves that the lifecycle allows",
        clause: "A letter is moved only from a status that allows it. For what is sent after a \
                 final status, see O-NOTHING-AFTER-END.",
        source: "acceptance pack, status flows",
        strength: Strength::Implied,
        needs: &[],
        judge: all_eligible,
    },
    ObserverCheck {
        id: "O-UPDATE-ONCE",
        title: "Each status once",
        clause: "The supplier sends each status once. It may resend only if it got no clear \
                 answer.",
        source: "AT3, AT5 to AT8",
        strength: Strength::Implied,
        needs: &[],
        judge: once,
    },
    ObserverCheck {
        id: "O-SECOND-LIST",
        title: "A second list starts no second update",
        clause: "A letter that is listed again is not sent an update that was accepted before.",
        source: "AT3",
        strength: Strength::Implied,
        needs: &[],
        judge: second_list,
    },
    ObserverCheck {
        id: "O-STATUS-SEEN-FIRST",
        title: "A status is seen before the next is sent",
        clause: "The supplier reads a letter in its new status before it sends the next one: \
                 queued updates may change places. The pack does not ask for it.",
        source: "AT5 to AT8; deployed API, order of updates",
        strength: Strength::Ours,
        needs: &[],
        judge: seen_first,
    },
    ObserverCheck {
        id: "O-NOTHING-AFTER-END",
        title: "Nothing after a final status",
        clause: "After FORWARDED, CANCELLED, FAILED or REJECTED a letter is sent only what the \
                 lifecycle allows from there.",
        source: "AT9, AT11, AT12, AT13",
        strength: Strength::Implied,
        needs: &[],
        judge: nothing_after_end,
    },
    ObserverCheck {
        id: "O-PENDING-NOT-SENT",
        title: "PENDING is never sent",
        clause: "No letter is sent PENDING: only NHS Notify sets it.",
        source: "OAS patchLetter, LetterStatus",
        strength: Strength::Implied,
        needs: &[],
        judge: pending_not_sent,
    },
];

/// Every move of a letter but those to PENDING, which no supplier may send at all.
fn all_moves(traffic: &Traffic, context: &Context) -> impl Iterator<Item = StatusMove> {
    LetterStatus::ALL
        .into_iter()
        .filter(|status| *status != LetterStatus::Pending)
        .flat_map(|status| moves_to(traffic, context, status))
}

fn all_eligible(traffic: &Traffic, context: &Context) -> Ruling {
    let after_end: HashSet<(LetterIx, CallIx)> = ended(traffic, context)
        .iter()
        .flat_map(|ended| ended.after.iter().map(|(_, call)| (ended.letter, *call)))
        .collect();
    let mut tally = Tally::default();
    for moved in all_moves(traffic, context) {
        let first = moved.first_call(traffic);
        let refused = moved.updates(traffic).all(|(_, update)| update.answer.refused());
        if refused || after_end.contains(&(moved.letter, first)) {
            continue;
        }
        let calls = moved.seen_in.into_iter().chain([first]);
        match moved.eligibility() {
            Eligibility::Eligible | Eligibility::Repeat => tally.good([first]),
            Eligibility::Not(from) => {
                let words = format!("was moved from {from} to {}", moved.status);
                tally.fault(moved.letter, calls, words);
            }
            Eligibility::Unknown => {
                let words =
                    format!("was moved to {}, but nothing shows its status before", moved.status);
                tally.open(moved.letter, calls, words);
            }
        }
    }
    if tally.checked() == 0 {
        return Ruling::not_run("no update was accepted; any update of a letter would show it");
    }
    tally.rule(traffic, "move", |n| format!("{}, all allowed by the lifecycle", many(n, "move")))
}

/// A status that was taken on twice for a letter.
struct Again {
    status: LetterStatus,
    first: CallIx,
    second: CallIx,
    /// The list that named the letter again in between.
    listed: Option<CallIx>,
}

/// The updates of a letter that were taken on, and those of them that repeat an earlier one; a
/// letter that NHS Notify puts back into the queue begins anew.
fn taken_again(traffic: &Traffic, letter: &Letter, deadline: Micros) -> (Vec<CallIx>, Vec<Again>) {
    let mut taken: Vec<(LetterStatus, &Event)> = Vec::new();
    let mut all = Vec::new();
    let mut again = Vec::new();
    let mut queue = Queue::default();
    for event in &letter.events {
        if queue.back(event, traffic, deadline) {
            taken.clear();
        }
        let EventKind::Sent(update) = event.kind else { continue };
        if !event.by_supplier || !update.answer.accepted() {
            continue;
        }
        all.push(event.call);
        match taken.iter().find(|(status, _)| *status == update.status) {
            Some((status, first)) => again.push(Again {
                status: *status,
                first: first.call,
                second: event.call,
                listed: lists_of(letter)
                    .skip(1)
                    .find(|list| list.at >= first.at && list.at <= event.at)
                    .map(|list| list.call),
            }),
            None => taken.push((update.status, event)),
        }
    }
    (all, again)
}

fn lists_of(letter: &Letter) -> impl Iterator<Item = &Event> {
    letter
        .events
        .iter()
        .filter(|event| event.by_supplier && matches!(event.kind, EventKind::Listed(_)))
}

fn once(traffic: &Traffic, context: &Context) -> Ruling {
    let deadline = micros(context.update_deadline_ms);
    let mut tally = Tally::default();
    for (ix, letter) in traffic.letters() {
        let (taken, again) = taken_again(traffic, letter, deadline);
        match again.first() {
            Some(Again { status, first, second, .. }) => {
                tally.fault(ix, [*first, *second], format!("was sent {status} again"));
            }
            None if taken.is_empty() => {}
            None => tally.good(taken),
        }
    }
    if tally.checked() == 0 {
        return Ruling::not_run("no update was accepted; any update of a letter would show it");
    }
    tally.rule(traffic, "letter", |n| format!("{} updated, no status twice", many(n, "letter")))
}

fn second_list(traffic: &Traffic, context: &Context) -> Ruling {
    let deadline = micros(context.update_deadline_ms);
    let mut tally = Tally::default();
    let mut idle = 0;
    for (ix, letter) in traffic.letters() {
        let lists: Vec<CallIx> = lists_of(letter).map(|list| list.call).take(2).collect();
        if lists.len() < 2 {
            continue;
        }
        let (taken, again) = taken_again(traffic, letter, deadline);
        let doubled = again.iter().find_map(|again| Some((again, again.listed?)));
        match doubled {
            Some((Again { status, first, second, .. }, listed)) => {
                let words = format!("was listed again, and was sent {status} again");
                tally.fault(ix, [*first, listed, *second], words);
            }
            None if taken.is_empty() => idle += 1,
            None => tally.good(lists),
        }
    }
    match (tally.checked(), idle) {
        (0, 0) => Ruling::not_run(
            "no letter was listed twice; asking for the list again after the visibility timeout \
             would show it",
        ),
        (0, idle) => Ruling::open(
            format!("{} listed again, none updated", many(idle, "letter")),
            "nothing was done with them, so nothing was done twice",
        ),
        _ => tally.rule(traffic, "letter", |n| {
            format!("{} listed again, none updated twice", many(n, "letter"))
        }),
    }
}

fn seen_first(traffic: &Traffic, context: &Context) -> Ruling {
    let mut tally = Tally::default();
    for moved in all_moves(traffic, context) {
        let first = moved.first_call(traffic);
        if let Some((before, call)) = moved.unseen {
            let words = format!("was sent {} before {before} was seen", moved.status);
            tally.fault(moved.letter, [call, first], words);
        } else if moved.follows_another(traffic) {
            tally.good(moved.seen_in.into_iter().chain([first]));
        }
    }
    if tally.checked() == 0 {
        return Ruling::not_run(
            "no letter was sent a second status; a letter taken further would show it",
        );
    }
    tally.rule(traffic, "move", |n| format!("{}, each after the last was seen", many(n, "move")))
}

/// A letter whose production ended, and what the supplier sent for it afterwards.
struct Ended {
    letter: LetterIx,
    status: LetterStatus,
    by: CallIx,
    after: Vec<(LetterStatus, CallIx)>,
}

/// Every letter that the supplier, or NHS Notify before it, brought to an end.
fn ended(traffic: &Traffic, context: &Context) -> Vec<Ended> {
    let deadline = micros(context.update_deadline_ms);
    traffic.letters().filter_map(|(ix, letter)| ended_one(ix, letter, traffic, deadline)).collect()
}

fn ended_one(ix: LetterIx, letter: &Letter, traffic: &Traffic, deadline: Micros) -> Option<Ended> {
    let mut ended: Option<Ended> = None;
    let mut end: Option<LetterStatus> = None;
    let mut untouched = true;
    let mut queue = Queue::default();
    for event in &letter.events {
        if queue.back(event, traffic, deadline) {
            end = None;
        }
        let (status, sent, taken) = match event.kind {
            EventKind::Sent(update) if event.by_supplier && !update.answer.refused() => {
                untouched = false;
                (update.status, true, update.answer.accepted())
            }
            // What is read later may merely lag behind the supplier's own updates.
            _ => match event.shows().filter(|_| untouched) {
                Some(shown) => (shown, false, true),
                None => continue,
            },
        };
        match (end, &mut ended) {
            (Some(last), _) if last == status => {}
            // What is only shown after an end was done by NHS Notify.
            (Some(last), Some(ended)) if sent && judge_move(last, status) != Move::Eligible => {
                ended.after.push((status, event.call));
            }
            // A move without an answer that an end allows may have led away from it.
            _ => {
                end = Some(status).filter(|status| taken && status.ends_production());
                if let (Some(status), None) = (end, &ended) {
                    ended = Some(Ended { letter: ix, status, by: event.call, after: Vec::new() });
                }
            }
        }
    }
    ended
}

fn nothing_after_end(traffic: &Traffic, context: &Context) -> Ruling {
    let mut tally = Tally::default();
    for ended in ended(traffic, context) {
        match ended.after.first() {
            Some((status, call)) => {
                let words = format!("was sent {status} after {}", ended.status);
                tally.fault(ended.letter, [ended.by, *call], words);
            }
            None => tally.good([ended.by]),
        }
    }
    if tally.checked() == 0 {
        return Ruling::not_run(
            "no letter was forwarded, cancelled, failed or rejected; one that is would show it",
        );
    }
    tally.rule(traffic, "letter", |n| {
        format!("{} in a final status, nothing sent afterwards", many(n, "letter"))
    })
}

fn pending_not_sent(traffic: &Traffic, _: &Context) -> Ruling {
    let mut tally = Tally::default();
    for (ix, letter) in traffic.letters() {
        let (pending, other): (Vec<_>, Vec<_>) =
            letter.sent().partition(|(_, update)| update.status == LetterStatus::Pending);
        if !pending.is_empty() {
            tally.fault(ix, pending.iter().map(|(event, _)| event.call), "was sent PENDING");
        } else if !other.is_empty() {
            tally.good(other.iter().map(|(event, _)| event.call));
        }
    }
    if tally.checked() == 0 {
        return Ruling::not_run("no update was sent; any update of a letter would show it");
    }
    tally.rule(traffic, "letter", |n| format!("{} updated, none to PENDING", many(n, "letter")))
}

/// Follows whether NHS Notify has put a rejected letter back into the queue: it shows PENDING after
/// it had shown REJECTED, or so long after the rejection that no queue explains it.
#[derive(Default)]
struct Queue {
    settles: Option<Micros>,
    confirmed: bool,
}

impl Queue {
    /// Takes in an event; whether it shows the letter back in the queue.
    fn back(&mut self, event: &Event, traffic: &Traffic, deadline: Micros) -> bool {
        if let EventKind::Sent(update) = event.kind
            && update.status == LetterStatus::Rejected
            && update.answer.accepted()
        {
            let answered = traffic.call(event.call).finished;
            *self = Self { settles: Some(answered.saturating_add(deadline)), confirmed: false };
        }
        let Some(settles) = self.settles else { return false };
        self.confirmed |= event.shows() == Some(LetterStatus::Rejected);
        let back = event.may_be_queued() && (self.confirmed || event.at >= settles);
        if back {
            *self = Self::default();
        }
        back
    }
}
