//! What is seen of calls that are within the limit and yet needless: a letter or a list asked for
//! over and over in quick succession while there is nothing new to learn. Waiting is not needless: a
//! status that was sent and does not show yet may be read as often as it takes, so may a rejected
//! letter that NHS Notify may take back, and whoever looks every few seconds is patient.

use std::collections::HashSet;

use letterproof_model::{Context, LetterStatus, Operation, Strength};

use super::ObserverCheck;
use crate::ruling::Ruling;
use crate::tally::Tally;
use crate::traffic::{CallIx, EventKind, Letter, LetterIx, ListCall, Micros, SentUpdate, Traffic};
use letterproof_model::text::{count, many};

/// So many needless calls are a habit.
const MANY: usize = 100;
/// Whoever asks again after so long is patient.
const PATIENT: Micros = 1_000_000;

pub(super) const CHECKS: &[ObserverCheck] = &[ObserverCheck {
    id: "O-READS-NEEDED",
    title: "Nothing is read repeatedly without need",
    clause: "No letter is read, and no list is asked for, a hundred times or more, each within a \
             second of the last, while nothing new is expected.",
    source: "API catalogue, rate limit; considerate use of a shared API",
    strength: Strength::Ours,
    needs: &[],
    judge: needed,
}];

fn needed(traffic: &Traffic, _: &Context) -> Ruling {
    let mut tally = Tally::default();
    for (ix, letter) in traffic.letters() {
        let Reads { all, needless } = reads(letter);
        if needless.len() >= MANY {
            let times = count(needless.len() as u64);
            let words = format!(
                "was read {}, {times} of them within a second of the last and with nothing awaited",
                many(all, "time")
            );
            tally.fault(ix, needless, words);
        } else if all > 0 {
            tally.good([]);
        }
    }
    let lists = needless_lists(traffic);
    if lists.len() >= MANY {
        let words = format!(
            "{} were asked for within a second of the last and named no new letter",
            many(lists.len(), "list")
        );
        tally.fault(None, lists, words);
    } else if traffic.supplier_lists().next().is_some() {
        tally.good([]);
    }
    if tally.checked() == 0 {
        return Ruling::not_run("no letter was read and no list asked for; any such call shows it");
    }
    tally.rule(traffic, "endpoint", |n| {
        format!("{} read, none repeatedly without need", many(n, "endpoint"))
    })
}

/// How often the supplier read a letter, and the reads that told nothing new in quick succession.
struct Reads {
    all: usize,
    needless: Vec<CallIx>,
}

fn reads(letter: &Letter) -> Reads {
    let mut reads = Reads { all: 0, needless: Vec::new() };
    // What was sent last and is not seen yet, and when the letter was last read.
    let (mut awaited, mut last) = (None, None::<Micros>);
    for event in letter.events.iter().filter(|event| event.by_supplier) {
        match event.kind {
            EventKind::Sent(update) if !update.answer.refused() => awaited = Some(update.status),
            EventKind::Read(status, _) => {
                reads.all += 1;
                let soon = last.is_some_and(|last| event.started < last + PATIENT);
                // What cannot be read may well be asked for again, and NHS Notify may take a rejected
                // letter back at any time.
                let settled = status.is_some_and(|status| status != LetterStatus::Rejected);
                if awaited.is_none() && soon && settled {
                    reads.needless.push(event.call);
                }
                if awaited.is_some() && status == awaited {
                    awaited = None;
                }
                last = Some(event.started);
            }
            _ => {}
        }
    }
    reads
}

/// The supplier's lists that came within a second of the one before and named no letter that was not
/// listed before, with nothing sent between them and no rejected letter on its way back.
fn needless_lists(traffic: &Traffic) -> Vec<CallIx> {
    let reopened: Vec<(Micros, Micros)> =
        traffic.letters().filter_map(|(_, letter)| reopened(letter)).collect();
    let awaited = |list: &ListCall| {
        reopened.iter().any(|(rejected, back)| list.started >= *rejected && list.started <= *back)
    };
    let updates = traffic.supplier_calls().filter(|(_, call)| {
        matches!(call.operation, Operation::PatchLetter | Operation::UpdateLetters)
    });
    let mut updates = updates.map(|(_, call)| call.started).peekable();
    let mut known: HashSet<LetterIx> = HashSet::new();
    let mut last: Option<Micros> = None;
    let mut needless = Vec::new();
    for list in traffic.supplier_lists().filter(|list| list.readable()) {
        let mut new = false;
        for entry in list.entries() {
            new |= known.insert(entry.letter);
        }
        let mut sent = false;
        while let Some(at) = updates.next_if(|at| *at <= list.started) {
            sent |= last.is_some_and(|last| at >= last);
        }
        let soon = last.is_some_and(|last| list.started < last + PATIENT);
        if soon && !new && !sent && !awaited(list) {
            needless.push(list.call);
        }
        last = Some(list.started);
    }
    needless
}

/// From the rejection of a letter to the last list that named it again before the supplier sent
/// something else for it; `None` for a letter that never came back.
fn reopened(letter: &Letter) -> Option<(Micros, Micros)> {
    let rejects =
        |update: SentUpdate| update.status == LetterStatus::Rejected && !update.answer.refused();
    let mut sent = letter.sent();
    let (rejected, _) = sent.find(|(_, update)| rejects(*update))?;
    let next = sent.find(|(_, update)| !rejects(*update));
    let until = next.map_or(Micros::MAX, |(event, _)| event.at);
    // What was sent as a list was answered may well have been sent because of it.
    let mut listed = letter.events.iter().rev().filter(|event| event.is_listed());
    let back = listed.find(|event| event.at <= until)?;
    Some((rejected.at, back.at))
}
