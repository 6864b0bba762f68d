//! AT15: take in the whole list at speed, three times.
//! Refuses half flows: the last three flows that emptied the queue are judged, and the best of
//! those that fetched everything counts against the agreed time.

use std::collections::BTreeMap;

use letterproof_model::{Context, CriterionResult, LetterStatus, Operation, Performance};

use crate::at02::SEEDED;
use crate::downloads::{complete, downloaded, on_record};
use crate::flows::{Fetched, Flow, flows, found_empty};
use crate::ruling::{Ruling, rule};
use crate::tally::Tally;
use crate::traffic::{Answer, Call, CallIx, Micros, Traffic, Via};
use crate::unfit::exceptional;
use letterproof_model::text::{count, many, micros, seconds};

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
            return three_times(whole.len(), all.len(), judged, traffic, context);
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

fn three_times(
    whole: usize,
    begun: usize,
    judged: &[&Flow<'_>],
    traffic: &Traffic,
    context: &Context,
) -> Ruling {
    let observed = many(whole, "whole flow");
    let ruling = if whole < TIMES && begun > whole {
        Ruling::open(observed, "another flow broke off")
    } else if whole < TIMES && found_empty(traffic, context) {
        let why = "the queue was empty when another was to begin; have it seeded anew and go on";
        Ruling::open(observed, why)
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
        for pair in flow.lists.windows(2) {
            let calls = pair.iter().map(|list| list.call);
            if traffic.overlaps(pair[1].started, pair[0].finished) {
                tally.fault(None, calls, "asked for a list before the last one was whole");
            } else if pair[1].started < pair[0].finished {
                tally.open(None, calls, "asked for a list just as the last one became whole");
            }
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
    let observed = format!("{} (flows: {})", seconds(*best), all.join(", "));
    let ruling = if *best > target && !traffic.follows(*best, target + 1) {
        Ruling::open(observed, "the recording's clock is too coarse to tell")
    } else {
        Ruling::of(*best <= target, observed)
    };
    ruling.expecting(format!("at most {}", seconds(target))).shown_by([flow.lists[0].call, *last])
}

/// The figures of every AT15 flow in the traffic: `elapsed_ms`, `letters`, `calls` (all API calls
/// meanwhile), `refused_429`, `latency_ms` and `download_ms` (medians), `floor_ms` and `ratio`.
///
/// The floor is the least time in which a steady client can do it: the calls that the flow cannot
/// do without at the rate limit, then one list, one acceptance, one link and one download after
/// another.
#[must_use]
pub fn at15_performance(traffic: &Traffic, context: &Context) -> Vec<Performance> {
    flows(traffic, context)
        .iter()
        .filter_map(|flow| {
            let (time, _) = elapsed(flow, traffic)?;
            let figures = figures(flow, time, traffic, context);
            Some(Performance { name: flow.name(), figures })
        })
        .collect()
}

#[allow(clippy::cast_precision_loss)]
fn figures(
    flow: &Flow<'_>,
    time: Micros,
    traffic: &Traffic,
    context: &Context,
) -> BTreeMap<String, f64> {
    let millis = |micros: Micros| micros as f64 / 1000.0;
    let calls: Vec<&Call> =
        flow.calls(traffic).map(|(_, call)| call).filter(|call| call.operation.is_api()).collect();
    let refused = calls.iter().filter(|call| call.answer() == Answer::Status(429)).count();
    let latency = millis(median(flow.took(Operation::GetLetterData, traffic)));
    let download = millis(median(flow.took(Operation::Download, traffic)));
    let needed = flow.needed_calls(traffic) as f64 / f64::from(context.rate_limit.max(1));
    let floor = needed.mul_add(1000.0, 3.0 * latency) + download;
    let elapsed = millis(time);
    [
        ("elapsed_ms", elapsed),
        ("letters", flow.letters.len() as f64),
        ("calls", calls.len() as f64),
        ("refused_429", refused as f64),
        ("latency_ms", latency),
        ("download_ms", download),
        ("floor_ms", floor),
        ("ratio", elapsed / floor.max(f64::MIN_POSITIVE)),
    ]
    .map(|(name, figure)| (name.to_owned(), figure))
    .into()
}

/// The middle one; 0 when there is none.
fn median(mut times: Vec<Micros>) -> Micros {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
