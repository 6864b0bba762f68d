//! What is said of a letter in one place must hold in every other: that it can be read, what it is,
//! where it stands in a list. What an update may have changed is not compared: status and reasons are
//! judged by the tests.

use std::borrow::Cow;
use std::collections::HashMap;

use letterproof_model::text::many;
use letterproof_model::{Capability, Document, Operation};
use serde::Deserialize;

use super::check::{Check, Concluded, traffic};
use super::kept;
use super::matching::Probed;
use super::read::none_or;
use crate::ruling::Ruling;
use crate::tally::Tally;
use crate::traffic::{Answer, CallIx, EventKind, Interner, LetterIx, ListCall, Print, Printer};

const STATEFUL: &[Capability] = &[Capability::Stateful];
const LIST: &str = "OAS listLetters; public handlers of the API";

pub(super) const CHECKS: &[Check] = &[
    traffic(
        "C-LETTER-LISTED",
        "A listed letter can be read",
        &[],
        readable,
        "A letter that was in a list is found when it is read.",
        LIST,
    )
    .needing(STATEFUL),
    traffic(
        "C-LETTER-CONSTANT",
        "A letter's details stay the same",
        &[],
        constant,
        "A letter's specification and group are the same in every list and read.",
        "OAS Letter, specificationId and groupId",
    )
    .needing(STATEFUL),
    traffic(kept::ID, kept::TITLE, &[], kept::kept, kept::CLAUSE, kept::SOURCE).needing(STATEFUL),
    traffic(
        "C-LIST-ORDER",
        "Lists keep their order",
        &[],
        ordered,
        "Letters that are in two lists, and were not updated in between, are in the same order in \
         both.",
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
                tally.fault(letter, [listed.call, ix], "was listed, but is not found");
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

impl Kind<'_> {
    /// What differs in another description: each field with both values.
    fn changes(&self, other: &Kind<'_>) -> String {
        let shown = |value: &Option<Cow<'_, str>>| {
            value.as_ref().map_or_else(|| "missing".to_owned(), |text| format!("\"{text}\""))
        };
        let fields = [
            ("specificationId", &self.specification_id, &other.specification_id),
            ("groupId", &self.group_id, &other.group_id),
        ];
        let changed = fields.iter().filter(|(_, was, is)| was != is);
        let words = changed.map(|(field, was, is)| {
            format!("has {field} {}, which was {} before", shown(is), shown(was))
        });
        words.collect::<Vec<_>>().join(" and ")
    }
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
    let (printer, mut texts) = (Printer::default(), Interner::default());
    let mut known: HashMap<Print, (CallIx, [Option<u32>; 2])> = HashMap::new();
    let descriptions = [Operation::ListLetters, Operation::GetLetter];
    for (ix, call) in probed.calls().filter(|(_, call)| descriptions.contains(&call.operation)) {
        let exchange = call.exchange();
        let response = exchange.response().filter(|response| response.status == 200);
        let Some(text) = response.and_then(|response| response.body.json_text()) else { continue };
        for Described { id, attributes } in described(text, call.operation) {
            let print = printer.print(&*id);
            let fields = [&attributes.specification_id, &attributes.group_id];
            let is = fields.map(|text| text.as_deref().map(|text| texts.intern(text)));
            match known.get(&print) {
                Some((first, was)) if *was != is => {
                    let [specification_id, group_id] =
                        was.map(|text| text.map(|text| Cow::from(texts.text(text))));
                    let changes = Kind { specification_id, group_id }.changes(&attributes);
                    // A list is no letter's own.
                    let words = match call.letter {
                        Some(letter) if probed.traffic.id_text(letter) == id => changes,
                        _ => format!("{id} {changes}"),
                    };
                    tally.fault(call.letter, [*first, ix], words);
                }
                Some(_) => tally.good([ix]),
                None => drop(known.insert(print, (ix, is))),
            }
        }
    }
    none_or(tally, probed, "description", "each as the one before")
}

fn ordered(probed: &Probed<'_>) -> Concluded {
    let mut tally = Tally::default();
    // The latest list that a letter stood in, and its place there.
    let mut places: HashMap<LetterIx, (usize, usize)> = HashMap::new();
    let lists: Vec<&ListCall> =
        probed.traffic.lists().iter().filter(|list| list.readable()).collect();
    for (number, list) in lists.iter().enumerate() {
        // Of each earlier list the place come to, and by which letter.
        let mut reached: HashMap<usize, (usize, LetterIx)> = HashMap::new();
        let mut compared = false;
        let mut misplaced: Vec<(LetterIx, LetterIx, CallIx)> = Vec::new();
        for entry in list.entries() {
            let Some((before, place)) = places.get(&entry.letter).copied() else { continue };
            if touched(probed, entry.letter, lists[before], list) {
                continue;
            }
            match reached.insert(before, (place, entry.letter)) {
                Some((last, other)) if last > place => {
                    misplaced.push((entry.letter, other, lists[before].call));
                }
                Some(_) => compared = true,
                None => {}
            }
        }
        match misplaced.as_slice() {
            [] if compared => tally.good([list.call]),
            [] => {}
            [(letter, other, before), more @ ..] => {
                let other = probed.traffic.id_text(*other);
                let mut words = format!("comes after {other}, but came before it");
                if !more.is_empty() {
                    let letters = many(more.len(), "letter");
                    words.push_str(&format!(" ({letters} more out of order in this list)"));
                }
                tally.fault(*letter, [*before, list.call], words);
            }
        }
        let entries = list.entries().iter().enumerate();
        places.extend(entries.map(|(place, entry)| (entry.letter, (number, place))));
    }
    if tally.checked() == 0 {
        return Concluded::plain(Ruling::not_applicable("no letter was in two lists"));
    }
    none_or(tally, probed, "list", "each in the order of the one before")
}

/// Whether anything was sent for a letter between two lists, which may put it elsewhere.
fn touched(probed: &Probed<'_>, letter: LetterIx, one: &ListCall, other: &ListCall) -> bool {
    let mut sent = probed.traffic.letter(letter).updates();
    sent.any(|(event, _)| event.at >= one.started && event.at <= other.finished)
}
