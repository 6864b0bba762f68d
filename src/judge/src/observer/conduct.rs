//! What is seen of calls that are within the limit and yet needless: a letter or a list asked for over
//! and over in quick succession while there is nothing new to learn.
//! Refuses to call waiting needless: a status that was sent and does not show yet may be read as often
//! as it takes, and whoever looks every few seconds is patient.

use std::collections::HashSet;

use letterproof_model::{Context, Strength};

use super::ObserverCheck;
use crate::ruling::Ruling;
use crate::tally::Tally;
use crate::traffic::{CallIx, EventKind, Letter, LetterIx, Micros, Traffic};
use letterproof_model::text::{count, many};

/// So many needless calls are a habit.
const MANY: usize = 100;
/// Whoever asks again after so long is patient.
const PATIENT: Micros = 1_000_000;

pub(super) const CHECKS: &[ObserverCheck] = &[ObserverCheck {
    id: "O-READS-NEEDED",
    title: "Nothing is read over and over without need",
    clause: "No letter is read, and no list asked for, a hundred times and more within a second of \
             the time before while there is nothing new to learn.",
    source: "API catalogue, rate limit; good conduct towards a shared API",
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
        format!("{} read, none over and over without need", many(n, "endpoint"))
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
                // What cannot be read may well be asked for again.
                if awaited.is_none() && soon && status.is_some() {
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
/// listed before, with nothing sent between them.
fn needless_lists(traffic: &Traffic) -> Vec<CallIx> {
    let mut known: HashSet<LetterIx> = HashSet::new();
    let mut last: Option<Micros> = None;
    let mut needless = Vec::new();
    for list in traffic.supplier_lists().filter(|list| list.readable()) {
        let mut new = false;
        for entry in list.entries() {
            new |= known.insert(entry.letter);
        }
        if !new && last.is_some_and(|last| list.started < last + PATIENT) {
            needless.push(list.call);
        }
        last = Some(list.started);
    }
    needless
}
