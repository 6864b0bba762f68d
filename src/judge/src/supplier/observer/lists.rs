//! What is seen of a supplier's lists: one after another, and worked through to their end. A letter
//! is not forgotten while it may be listed again: a list that nobody processed, or a recording that
//! ended at once, decides nothing.

use std::collections::BTreeMap;

use letterproof_model::{Context, LetterStatus, Strength};

use super::ObserverCheck;
use crate::ruling::Ruling;
use crate::supplier::pairs::{Pair, pairs, repeated_letters};
use crate::supplier::unfit::exceptional;
use crate::tally::Tally;
use crate::traffic::{CallIx, EventKind, Letter, LetterIx, ListCall, Micros, Traffic, Via};
use letterproof_model::text::{count, many, micros};

pub(super) const CHECKS: &[ObserverCheck] = &[
    ObserverCheck {
        id: "O-LIST-SERIAL",
        title: "One list after another",
        clause: "No list is asked for before the previous one has arrived: parallel calls may be \
                 given the same letters.",
        source: "deployed API, GET /letters",
        strength: Strength::Implied,
        needs: &[],
        judge: serial,
    },
    ObserverCheck {
        id: "O-LISTED-TAKEN-ON",
        title: "Every listed letter is accepted or rejected",
        clause: "When a list is processed, each of its letters is accepted or rejected, or is in a \
                 later list.",
        source: "acceptance pack, status flows",
        strength: Strength::Implied,
        needs: &[],
        judge: taken_on,
    },
    ObserverCheck {
        id: "O-BULK-USED",
        title: "Lists are accepted in bulk",
        clause: "The letters of a list of AT4's or AT15's size are accepted by bulk updates, not one \
                 by one.",
        source: "AT4, AT15",
        strength: Strength::Implied,
        needs: &[],
        judge: in_bulk,
    },
    ObserverCheck {
        id: "O-ONE-JOB",
        title: "A letter listed again is fetched once",
        clause: "No letter of a list that was asked for again is downloaded for a second job.",
        source: "AT3",
        strength: Strength::Ours,
        needs: &[],
        judge: one_job,
    },
];

fn serial(traffic: &Traffic, _: &Context) -> Ruling {
    let mut tally = Tally::default();
    let mut before: Option<(Micros, CallIx)> = None;
    for list in traffic.supplier_lists() {
        if let Some((finished, first)) = before {
            if traffic.overlaps(list.started, finished) {
                let words = "a list was asked for before the previous one had arrived";
                tally.fault(None, [first, list.call], words);
            } else if list.started < finished {
                let words =
                    "a list was asked for at the moment when the previous one arrived, or before";
                tally.open(None, [first, list.call], words);
            } else {
                tally.good([list.call]);
            }
        }
        // What follows is held against the list that is whole last.
        before = before.max(Some((list.finished, list.call)));
    }
    if tally.checked() == 0 {
        return Ruling::not_run("fewer than two lists were asked for; a second would show it");
    }
    tally.rule(traffic, "further list", |n| {
        format!("{}, each after the one before had arrived", many(n, "further list"))
    })
}

/// The letters that a list was the last to name before anything was sent for them.
struct Share<'a> {
    list: &'a ListCall,
    /// Those taken on, and how they were accepted, where they were.
    taken: Vec<(LetterIx, Option<(Via, CallIx)>)>,
    /// Those for which nothing was taken on.
    left: Vec<LetterIx>,
}

impl Share<'_> {
    /// Whether most of them were taken on, so that the rest was not merely left for later.
    fn worked_through(&self) -> bool {
        self.taken.len() > self.left.len()
    }
}

/// Each list of the supplier's with its share of the letters.
fn shares(traffic: &Traffic) -> Vec<Share<'_>> {
    let mut by_list: BTreeMap<CallIx, Share<'_>> = traffic
        .supplier_lists()
        .map(|list| (list.call, Share { list, taken: Vec::new(), left: Vec::new() }))
        .collect();
    for (ix, letter) in traffic.letters() {
        let Some(share) = last_list(letter).and_then(|list| by_list.get_mut(&list)) else {
            continue;
        };
        let mut taken = letter.sent().filter(|(_, update)| update.answer.accepted()).peekable();
        if taken.peek().is_none() {
            share.left.push(ix);
            continue;
        }
        let accepted = taken
            .find(|(_, update)| update.status == LetterStatus::Accepted)
            .map(|(event, update)| (update.via, event.call));
        share.taken.push((ix, accepted));
    }
    by_list.into_values().collect()
}

/// The last list that named a letter before anything of it was taken on.
fn last_list(letter: &Letter) -> Option<CallIx> {
    let own = letter.events.iter().filter(|event| event.by_supplier);
    own.take_while(|event| !matches!(event.kind, EventKind::Sent(u) if u.answer.accepted()))
        .filter(|event| matches!(event.kind, EventKind::Listed(_)))
        .last()
        .map(|event| event.call)
}

fn taken_on(traffic: &Traffic, context: &Context) -> Ruling {
    let timeout = micros(context.visibility_timeout_ms);
    let rejects = context.reports(LetterStatus::Rejected);
    let mut tally = Tally::default();
    for share in shares(traffic) {
        let call = share.list.call;
        share.taken.iter().for_each(|_| tally.good([call]));
        let over = traffic.follows(traffic.ended(), traffic.deadline(share.list.finished, timeout));
        for letter in &share.left {
            if used_by_harness(*letter, traffic)
                || (!rejects && exceptional(*letter, traffic, context))
            {
                continue;
            }
            if share.worked_through() && over {
                let words = "was not accepted or rejected, unlike the others of its list";
                tally.fault(*letter, [call], words);
            } else {
                tally.open(*letter, [call], "was not accepted or rejected so far");
            }
        }
    }
    if tally.checked() == 0 {
        return Ruling::not_run("no letter was listed; a list would show it");
    }
    tally.rule(traffic, "letter", |n| {
        format!("{} listed, all accepted or rejected", many(n, "letter"))
    })
}

/// Whether the harness itself sent updates of a letter, as its probes do: it is no longer the
/// supplier's to take on.
fn used_by_harness(letter: LetterIx, traffic: &Traffic) -> bool {
    traffic.letter(letter).updates().any(|(event, _)| !event.by_supplier)
}

fn in_bulk(traffic: &Traffic, context: &Context) -> Ruling {
    let sizes = [context.at4_batch, context.at15_chunk];
    let mut tally = Tally::default();
    for share in shares(traffic) {
        let sized = share.list.limit.is_some_and(|limit| sizes.contains(&limit));
        if !sized || !share.worked_through() {
            continue;
        }
        let accepted: Vec<(Via, CallIx)> =
            share.taken.iter().filter_map(|(_, accepted)| *accepted).collect();
        let singly: Vec<CallIx> =
            accepted.iter().filter(|(via, _)| *via == Via::Patch).map(|(_, call)| *call).collect();
        if accepted.len() < 2 {
            continue;
        }
        if singly.len() * 2 > accepted.len() {
            let words = format!(
                "{} of {} of a list were accepted by PATCH",
                count(singly.len() as u64),
                many(accepted.len(), "letter")
            );
            tally.fault(None, [share.list.call].into_iter().chain(singly), words);
        } else {
            let bulk = accepted.iter().find(|(via, _)| *via == Via::Bulk).map(|(_, call)| *call);
            tally.good([share.list.call].into_iter().chain(bulk));
        }
    }
    if tally.checked() == 0 {
        return Ruling::not_run(format!(
            "no list of {} or {} was processed; one would show it",
            count(context.at4_batch),
            count(context.at15_chunk)
        ));
    }
    tally.rule(traffic, "list", |n| format!("{}, accepted in bulk", many(n, "list")))
}

fn one_job(traffic: &Traffic, context: &Context) -> Ruling {
    let pairs = pairs(traffic, context);
    let clean: Vec<&Pair<'_>> = pairs.iter().filter(|pair| pair.updated.is_none()).collect();
    if clean.is_empty() {
        return Ruling::not_run(
            "no list was asked for twice without an update in between; a second list would show it",
        );
    }
    let mut tally = Tally::default();
    for letter in repeated_letters(&clean) {
        let events = traffic.letter(letter).events.iter();
        // A link followed again, or in parts, is still the same job: another begins with a link.
        let mut jobs: Vec<CallIx> = Vec::new();
        let mut asked = true;
        for event in events.filter(|event| event.by_supplier) {
            match event.kind {
                EventKind::DataAsked => asked = true,
                EventKind::Downloaded if asked && traffic.call(event.call).answer().accepted() => {
                    asked = false;
                    jobs.push(event.call);
                }
                _ => {}
            }
        }
        match jobs.len() {
            0 => {}
            1 => tally.good(jobs),
            n => tally.fault(letter, jobs, format!("was downloaded {n} times")),
        }
    }
    if tally.checked() == 0 {
        let reason = "no letter of the repeated list was downloaded, so no jobs can be counted";
        return Ruling::open("nothing was fetched", reason);
    }
    tally.rule(traffic, "letter", |n| format!("{} downloaded, each once", many(n, "letter")))
}
