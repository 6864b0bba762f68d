//! AT15: take in the whole list at speed, three times. Only whole flows count: the last three flows
//! that emptied the queue are judged, and the best of those that fetched everything counts against
//! the agreed time.

use std::collections::BTreeMap;

use letterproof_model::{Context, LetterStatus, Operation, Performance};

use crate::flows::{Fetched, Flow, flows, found_empty};
use crate::ruling::{Ruling, Rulings, rule_or};
use crate::supplier::at02::{SEEDED, floor};
use crate::supplier::downloads::{complete, downloaded, on_record};
use crate::supplier::hidden::{Hidden, hidden_before, lost_before};
use crate::supplier::unfit::exceptional;
use crate::tally::Tally;
use crate::traffic::{Answer, Call, CallIx, Micros, Traffic, Via};
use letterproof_model::text::{count, many, micros, seconds};

/// Letters the pack's lists ask for.
const CHUNK: u32 = 500;
/// How often the whole flow is to be done.
const TIMES: usize = 3;

/// Judges AT15.
pub(crate) fn judge(traffic: &Traffic, context: &Context) -> Rulings {
    let all = flows(traffic, context);
    let whole: Vec<&Flow<'_>> = all.iter().filter(|flow| flow.whole).collect();
    let judged = &whole[whole.len().saturating_sub(TIMES)..];
    let chunk = count(context.at15_chunk);
    let nothing = Ruling::not_run(format!(
        "no list of {chunk} was fetched with its PDFs; this needs at least {} seeded letters, \
         fetched from the first list to the empty one",
        count(floor(context))
    ));
    let taken = TakenIn { all: &all, whole: whole.len(), judged, traffic, context };
    rule_or(
        if all.is_empty() { Err(nothing) } else { Ok(&taken) },
        [
            ("AT15.1", |taken| taken.over(full_queue)),
            ("AT15.2", |taken| taken.stopped_early().unwrap_or_else(|| taken.over(in_bulk))),
            ("AT15.3", |taken| taken.over(|flows, traffic, _| downloaded(flows, traffic))),
            ("AT15.4", |taken| taken.over(|flows, traffic, _| complete(flows, traffic))),
            ("AT15.5", |taken| taken.over(in_time)),
            ("AT15.6", three_times),
            ("AT15.7", |taken| taken.over(|flows, traffic, _| on_record(flows, traffic))),
        ],
    )
}

/// What of the whole list was taken in, flow by flow.
struct TakenIn<'a> {
    all: &'a [Flow<'a>],
    /// How many flows emptied the queue.
    whole: usize,
    /// The last of these.
    judged: &'a [&'a Flow<'a>],
    traffic: &'a Traffic,
    context: &'a Context,
}

impl TakenIn<'_> {
    /// A ruling on the judged flows, where one emptied the queue.
    fn over(&self, judge: fn(&[&Flow<'_>], &Traffic, &Context) -> Ruling) -> Ruling {
        if self.judged.is_empty() {
            return Ruling::open(
                "no flow continued until the queue was empty",
                "a flow stopped early",
            )
            .shown_by(self.all.iter().flat_map(|flow| &flow.lists).map(|list| list.call));
        }
        judge(self.judged, self.traffic, self.context)
    }

    /// The ruling on a last flow that fetched all it listed and did not go on to an empty list: a
    /// failure, unless nothing was left to take in. A queue that lags goes on to name letters that were
    /// taken on, and a list of these alone, with room for more, has no others behind it.
    fn stopped_early(&self) -> Option<Ruling> {
        let Self { traffic, .. } = *self;
        let flow = self.all.last().filter(|flow| !flow.whole)?;
        elapsed(flow, traffic)?;
        let last = flow.lists.last()?;
        let entries = last.entries();
        let taken_on = |letter| {
            let statuses = [LetterStatus::Accepted, LetterStatus::Rejected];
            let sent = statuses.into_iter().filter_map(|status| flow.sent(letter, status, traffic));
            sent.map(|(call, _)| traffic.call(call).finished)
                .any(|at| traffic.follows(last.started, at))
        };
        let has_room = last.limit.is_some_and(|limit| entries.len() < limit as usize);
        let observed = "the last list was not empty, and no other was asked for";
        let ruling = match has_room && entries.iter().all(|entry| taken_on(entry.letter)) {
            true => Ruling::open(
                observed,
                "it listed only letters that had been accepted or rejected already",
            ),
            false => Ruling::fail(observed),
        };
        Some(ruling.shown_by([last.call]))
    }
}

fn three_times(taken: &TakenIn<'_>) -> Ruling {
    let TakenIn { all, whole, judged, traffic, context } = *taken;
    let observed = many(whole, "complete flow");
    let ruling = if whole < TIMES && all.len() > whole {
        Ruling::open(observed, "another flow stopped early")
    } else if whole < TIMES && found_empty(traffic, context) {
        let why = "the queue was empty when the next flow was due to begin; have it seeded again \
                   and continue";
        Ruling::open(observed, why)
    } else {
        Ruling::of(whole >= TIMES, observed)
    };
    ruling.shown_by(judged.iter().filter_map(|flow| flow.lists.first()).map(|list| list.call))
}

fn full_queue(judged: &[&Flow<'_>], traffic: &Traffic, context: &Context) -> Ruling {
    let floor = floor(context);
    let timeout = micros(context.visibility_timeout_ms);
    let mut tally = Tally::default();
    let mut fewest = usize::MAX;
    for flow in judged {
        let lists = flow.lists.iter().map(|list| list.call);
        let taken = flow.letters.len();
        fewest = fewest.min(taken);
        let words = format!("fetched {}", many(taken, "letter"));
        let lost = || flow.lists.iter().find_map(|list| lost_before(list, traffic, timeout));
        if taken >= floor as usize {
            tally.good(lists);
        } else if let Some(lost) = lost() {
            let words = format!("{words}; a list whose answer was lost hid others");
            tally.open(None, [lost].into_iter().chain(lists), words);
        } else if hidden_from(flow, traffic, timeout) + taken >= floor as usize {
            let words = format!("{words}; a list asked for shortly before hid others");
            tally.open(None, lists, words);
        } else {
            tally.fault(None, lists, words);
        }
    }
    tally
        .rule(traffic, "flow", |n| {
            format!("{} of {} letters or more", many(n, "flow"), count(fewest as u64))
        })
        .expecting(format!("{} letters or more in each flow", count(floor)))
        .if_sized("letters", floor, SEEDED)
}

/// How many letters a list before the flow kept from its first list.
fn hidden_from(flow: &Flow<'_>, traffic: &Traffic, timeout: Micros) -> usize {
    match flow.lists.first().map(|list| hidden_before(list, traffic, timeout)) {
        Some(Hidden::Letters(hidden)) => hidden,
        _ => 0,
    }
}

fn in_bulk(judged: &[&Flow<'_>], traffic: &Traffic, context: &Context) -> Ruling {
    let mut tally = Tally::default();
    for flow in judged {
        for pair in flow.lists.windows(2) {
            let calls = pair.iter().map(|list| list.call);
            if traffic.overlaps(pair[1].started, pair[0].finished) {
                tally.fault(None, calls, "asked for a list before the previous one had arrived");
            } else if pair[1].started < pair[0].finished {
                tally.open(
                    None,
                    calls,
                    "asked for a list at the moment when the previous one arrived",
                );
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
        Ruling::open(observed, "the times in the recording are too coarse to decide")
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
