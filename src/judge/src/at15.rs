//! AT15: take in the whole list at speed, three times.
//! Refuses half flows: the last three flows that emptied the queue are judged, and the best of
//! those that fetched everything counts against the agreed time.

use std::collections::BTreeMap;

use letterproof_model::{Context, CriterionResult, LetterStatus, Performance};

use crate::at02::SEEDED;
use crate::downloads::{complete, downloaded, on_record};
use crate::flows::{Fetched, Flow, flows};
use crate::ruling::{Ruling, rule};
use crate::tally::Tally;
use crate::text::{count, many, micros, seconds};
use crate::traffic::{CallIx, Micros, Traffic, Via};
use crate::unfit::exceptional;

/// Letters the pack's lists ask for.
const CHUNK: u32 = 500;
/// How often the whole flow is to be done.
const TIMES: usize = 3;

/// Judges AT15.
pub(crate) fn judge(traffic: &Traffic, context: &Context) -> Vec<CriterionResult> {
    let all = flows(traffic, context);
    let whole: Vec<&Flow<'_>> = all.iter().filter(|flow| flow.whole).collect();
    let judged = &whole[whole.len().saturating_sub(TIMES)..];
    rule(15, traffic, context, |clause| {
        if all.is_empty() {
            return Ruling::not_run(format!(
                "no list of {} was fetched and downloaded",
                count(context.at15_chunk)
            ));
        }
        if clause == 6 {
            return three_times(whole.len(), all.len(), judged);
        }
        if clause == 2
            && let Some(flow) = all.last().filter(|flow| !flow.whole)
            && elapsed(flow, traffic).is_some()
        {
            return Ruling::fail("the last list was not empty, and no other was asked for")
                .shown_by(flow.lists.last().map(|list| list.call));
        }
        if judged.is_empty() {
            return Ruling::open("no flow went on until the queue was empty", "a flow broke off")
                .shown_by(all.iter().flat_map(|flow| &flow.lists).map(|list| list.call));
        }
        match clause {
            1 => full_queue(judged, traffic, context),
            2 => in_bulk(judged, traffic, context),
            3 => downloaded(judged, traffic),
            4 => complete(judged, traffic),
            5 => in_time(judged, traffic, context),
            _ => on_record(judged, traffic),
        }
    })
}

fn three_times(whole: usize, begun: usize, judged: &[&Flow<'_>]) -> Ruling {
    let observed = many(whole, "whole flow");
    let ruling = if whole < TIMES && begun > whole {
        Ruling::open(observed, "another flow broke off")
    } else {
        Ruling::of(whole >= TIMES, observed)
    };
    ruling.shown_by(judged.iter().filter_map(|flow| flow.lists.first()).map(|list| list.call))
}

fn full_queue(judged: &[&Flow<'_>], traffic: &Traffic, context: &Context) -> Ruling {
    let seeded = context.seeded_letters;
    let mut tally = Tally::default();
    for flow in judged {
        let lists = flow.lists.iter().map(|list| list.call);
        let strange = flow
            .lists
            .iter()
            .flat_map(|list| list.entries())
            .find(|entry| entry.status != Some(LetterStatus::Pending));
        if flow.letters.len() != seeded as usize {
            let words = format!("began with {}", many(flow.letters.len(), "letter"));
            tally.fault(None, lists, words);
        } else if let Some(entry) = strange {
            tally.fault(entry.letter, lists, "was not listed as PENDING");
        } else {
            tally.good(lists);
        }
    }
    tally
        .rule(traffic, "flow", |n| {
            format!("{} from {} PENDING letters", many(n, "flow"), count(seeded))
        })
        .if_sized("letters", seeded, SEEDED)
}

fn in_bulk(judged: &[&Flow<'_>], traffic: &Traffic, context: &Context) -> Ruling {
    let mut tally = Tally::default();
    for flow in judged {
        let overlap = flow.lists.windows(2).find(|pair| pair[1].started < pair[0].finished);
        if let Some(pair) = overlap {
            let calls = pair.iter().map(|list| list.call);
            tally.fault(None, calls, "asked for a list before the last one was whole");
        }
        for letter in &flow.letters {
            let list = flow.lists[0].call;
            match flow.sent(*letter, LetterStatus::Accepted, traffic) {
                Some((call, Via::Bulk)) => tally.good([call]),
                Some((call, Via::Patch)) => {
                    tally.fault(*letter, [call], "was accepted by PATCH");
                }
                None if exceptional(*letter, traffic, context)
                    && flow.sent(*letter, LetterStatus::Rejected, traffic).is_some() =>
                {
                    tally.good([list]);
                }
                None => tally.fault(*letter, [list], "was not accepted"),
            }
        }
    }
    tally.rule(traffic, "letter", |n| format!("{} accepted in bulk", many(n, "letter"))).if_sized(
        "letters a list",
        context.at15_chunk,
        CHUNK,
    )
}

/// A flow's elapsed time, from asking for its first list to the last byte of its last download,
/// if every PDF was fetched.
fn elapsed(flow: &Flow<'_>, traffic: &Traffic) -> Option<(Micros, CallIx)> {
    let missing =
        flow.letters.iter().any(|letter| matches!(flow.fetched(*letter, traffic), Fetched::Not(_)));
    let (call, ended) = flow.ended(traffic).filter(|_| !missing)?;
    Some((ended - flow.started, call))
}

fn in_time(judged: &[&Flow<'_>], traffic: &Traffic, context: &Context) -> Ruling {
    let target = micros(context.at15_target_ms);
    let times: Vec<_> = judged
        .iter()
        .filter_map(|flow| elapsed(flow, traffic).map(|(time, last)| (time, last, flow)))
        .collect();
    let Some((best, last, flow)) = times.iter().min_by_key(|(time, ..)| *time) else {
        return Ruling::open("no flow fetched everything", "an unfinished flow has no time");
    };
    let all: Vec<String> = times.iter().map(|(time, ..)| seconds(*time)).collect();
    Ruling::of(*best <= target, format!("{} (flows: {})", seconds(*best), all.join(", ")))
        .expecting(format!("at most {}", seconds(target)))
        .shown_by([flow.lists[0].call, *last])
}

/// The figures of every AT15 flow in the traffic: `elapsed_ms`, `letters`, `calls`, `floor_ms`
/// (the least time the rate limit allows for these calls) and `ratio` of the two.
#[must_use]
pub fn at15_performance(traffic: &Traffic, context: &Context) -> Vec<Performance> {
    #[allow(clippy::cast_precision_loss)]
    let number = |number: usize| number as f64;
    flows(traffic, context)
        .iter()
        .zip(1..)
        .filter_map(|(flow, at)| {
            let (time, _) = elapsed(flow, traffic)?;
            let calls = flow.calls(traffic).filter(|(_, call)| call.operation.is_api()).count();
            #[allow(clippy::cast_precision_loss)]
            let elapsed_ms = time as f64 / 1000.0;
            let floor_ms = number(calls) / f64::from(context.rate_limit.max(1)) * 1000.0;
            let figures = BTreeMap::from([
                ("elapsed_ms".to_owned(), elapsed_ms),
                ("letters".to_owned(), number(flow.letters.len())),
                ("calls".to_owned(), number(calls)),
                ("floor_ms".to_owned(), floor_ms),
                ("ratio".to_owned(), elapsed_ms / floor_ms.max(f64::MIN_POSITIVE)),
            ]);
            Some(Performance { name: format!("AT15 flow {at}"), figures })
        })
        .collect()
}
