//! What is said of a letter in one place must hold in every other: that it can be read, what it
//! is, where it stands in a list.
//! Refuses to compare what an update may have changed: status and reasons are the tests' matter.

use std::borrow::Cow;
use std::collections::HashMap;

use letterproof_model::{Capability, Document, LetterStatus, Operation};
use serde::Deserialize;

use super::check::{Check, Concluded, traffic};
use super::matching::Probed;
use super::read::none_or;
use crate::ruling::Ruling;
use crate::tally::Tally;
use crate::traffic::{Answer, CallIx, Event, EventKind, LetterIx, ListCall, Micros};

const STATEFUL: &[Capability] = &[Capability::Stateful];
const LIST: &str = "OAS listLetters; public handlers of the API";

pub(super) const CHECKS: &[Check] = &[
    traffic(
        "C-LETTER-LISTED",
        "A listed letter can be read",
        &[],
        readable,
        "A letter that stood in a list is found when it is read.",
        LIST,
    )
    .needing(STATEFUL),
    traffic(
        "C-LETTER-CONSTANT",
        "A letter stays what it is",
        &[],
        constant,
        "A letter's specification and group are the same in every list and read.",
        "OAS Letter, specificationId and groupId",
    )
    .needing(STATEFUL),
    traffic(
        "C-LETTER-KEPT",
        "A status once read stays",
        &[],
        kept,
        "A letter goes back to an earlier status only after an update to it (or from REJECTED to \
         PENDING, by NHS Notify).",
        "OAS getLetterStatus, getLetters",
    )
    .needing(STATEFUL),
    traffic(
        "C-LIST-ORDER",
        "Lists keep their order",
        &[],
        ordered,
        "Letters that stand in two lists, untouched in between, stand there in the same order.",
        LIST,
    )
    .needing(STATEFUL),
];

fn readable(probed: &Probed<'_>) -> Concluded {
    let mut tally = Tally::default();
    for (ix, call) in probed.of_operation(Operation::GetLetter) {
        let Some(letter) = call.letter else { continue };
        let events = &probed.traffic.letter(letter).events;
        let listed = events
            .iter()
            .find(|event| matches!(event.kind, EventKind::Listed(_)) && event.at <= call.started);
        match (listed, call.answer()) {
            (Some(_), Answer::Status(200)) => tally.good([ix]),
            (Some(listed), Answer::Status(404)) => {
                tally.fault(letter, [listed.call, ix], "was listed, and is not found");
            }
            _ => {}
        }
    }
    none_or(tally, probed, "read", "each of a letter that was listed")
}

#[derive(Deserialize)]
struct Described<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    attributes: Kind<'a>,
}

/// What a letter is, whatever becomes of it.
#[derive(Deserialize, PartialEq, Clone)]
#[serde(rename_all = "camelCase")]
struct Kind<'a> {
    #[serde(borrow)]
    specification_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    group_id: Option<Cow<'a, str>>,
}

/// The letters that an answer describes; none where it is not of the form it should have.
fn described(text: &str, operation: Operation) -> Vec<Described<'_>> {
    if operation == Operation::ListLetters {
        return serde_json::from_str::<Document<Vec<Described<'_>>>>(text)
            .map_or_else(|_| Vec::new(), |list| list.data);
    }
    serde_json::from_str::<Document<Described<'_>>>(text)
        .map_or_else(|_| Vec::new(), |letter| vec![letter.data])
}

fn constant(probed: &Probed<'_>) -> Concluded {
    let mut tally = Tally::default();
    let mut known: HashMap<Cow<'_, str>, (CallIx, Kind<'_>)> = HashMap::new();
    let descriptions = [Operation::ListLetters, Operation::GetLetter];
    for (ix, call) in probed.calls().filter(|(_, call)| descriptions.contains(&call.operation)) {
        let response = call.exchange.response().filter(|response| response.status == 200);
        let Some(text) = response.and_then(|response| response.body.json_text()) else { continue };
        for Described { id, attributes } in described(text, call.operation) {
            match known.get(&id) {
                Some((first, kind)) if *kind != attributes => {
                    let words =
                        format!("letter {id} has another specification or group than before");
                    tally.fault(call.letter, [*first, ix], words);
                }
                Some(_) => tally.good([ix]),
                None => drop(known.insert(id, (ix, attributes))),
            }
        }
    }
    none_or(tally, probed, "description", "each as the one before")
}

fn kept(probed: &Probed<'_>) -> Concluded {
    let mut tally = Tally::default();
    for (ix, letter) in probed.traffic.letters() {
        let reads: Vec<(&Event, LetterStatus)> = letter
            .events
            .iter()
            .filter_map(|event| match event.kind {
                EventKind::Read(Some(status), _) => Some((event, status)),
                _ => None,
            })
            .collect();
        for (place, pair) in reads.windows(2).enumerate() {
            let [(before, was), (after, is)] = pair else { continue };
            if after.started < before.at + probed.traffic.slack() {
                // Made side by side, they tell nothing of an order.
                continue;
            }
            let earlier = reads[..place].iter().rfind(|(_, status)| status == is);
            let back = match (was, is) {
                (one, other) if one == other => None,
                (LetterStatus::Rejected, LetterStatus::Pending) => None,
                (_, LetterStatus::Pending) => Some(Micros::MIN),
                _ => earlier.map(|(event, _)| event.at),
            };
            let sent_since = |since: Micros| {
                let mut sent = letter.events.iter().filter(|event| event.at >= since);
                sent.any(
                    |event| matches!(event.kind, EventKind::Sent(update) if update.status == *is),
                )
            };
            if back.is_some_and(|since| !sent_since(since)) {
                let words = format!("was read as {was}, and as {is} again");
                tally.fault(ix, [before.call, after.call], words);
            } else {
                tally.good([after.call]);
            }
        }
    }
    none_or(tally, probed, "read", "each as the one before or later in the letter's life")
}

fn ordered(probed: &Probed<'_>) -> Concluded {
    let mut tally = Tally::default();
    // The latest list that a letter stood in, and its place there.
    let mut places: HashMap<LetterIx, (usize, usize)> = HashMap::new();
    let lists: Vec<&ListCall> =
        probed.traffic.lists().iter().filter(|list| list.readable()).collect();
    for (number, list) in lists.iter().enumerate() {
        let mut reached: HashMap<usize, usize> = HashMap::new();
        let mut compared = false;
        for entry in list.entries() {
            let Some((before, place)) = places.get(&entry.letter).copied() else { continue };
            if touched(probed, entry.letter, lists[before], list) {
                continue;
            }
            match reached.insert(before, place) {
                Some(last) if last > place => {
                    let calls = [lists[before].call, list.call];
                    tally.fault(entry.letter, calls, "stands before a letter that it stood behind");
                }
                Some(_) => compared = true,
                None => {}
            }
        }
        if compared {
            tally.good([list.call]);
        }
        let entries = list.entries().iter().enumerate();
        places.extend(entries.map(|(place, entry)| (entry.letter, (number, place))));
    }
    if tally.checked() == 0 {
        return Concluded::plain(Ruling::not_applicable("no letter stood in two lists"));
    }
    none_or(tally, probed, "list", "each in the order of the one before")
}

/// Whether anything was sent for a letter between two lists, which may put it elsewhere.
fn touched(probed: &Probed<'_>, letter: LetterIx, one: &ListCall, other: &ListCall) -> bool {
    probed.traffic.letter(letter).events.iter().any(|event| {
        matches!(event.kind, EventKind::Sent(_))
            && event.at >= one.started
            && event.at <= other.finished
    })
}
