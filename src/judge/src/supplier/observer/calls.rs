//! What is seen call by call: ids of their own, tokens used again, the rate kept. What a network's
//! jitter may add to a rate is not a breach.

use std::collections::{HashMap, VecDeque};

use letterproof_model::{Capability, Context, Operation, Strength};

use super::ObserverCheck;
use crate::ruling::Ruling;
use crate::tally::Tally;
use crate::traffic::{Answer, Call, CallIx, Echo, Micros, Print, Printer, Traffic};
use letterproof_model::text::{count, many, seconds};

/// How long a token is certainly good: half of the 599 s the platform grants.
const TOKEN_GOOD: Micros = 300_000_000;
/// Fewer API calls a token than this, with a good token at hand, is a token for every call or two.
const TOKEN_USES: usize = 5;
/// Tokens asked for too early before they count as a habit and not as a restart.
const TOKEN_HABIT: usize = 3;
/// One part in so many that jitter may add to the calls of a second.
const JITTER: usize = 20;
const SECOND: Micros = 1_000_000;

pub(super) const CHECKS: &[ObserverCheck] = &[
    ObserverCheck {
        id: "O-REQUEST-ID-UNIQUE",
        title: "Every request has its own id",
        clause: "No X-Request-ID is used for two requests. A repeat may keep the id only if the \
                 call got no clear answer.",
        source: "OAS parameter X-Request-ID",
        strength: Strength::Implied,
        needs: &[],
        judge: unique_ids,
    },
    ObserverCheck {
        id: "O-TOKEN-REUSED",
        title: "Tokens are reused",
        clause: "A token is used for most of its ten minutes, not for a call or two.",
        source: "NHS API platform, application-restricted access",
        strength: Strength::Implied,
        needs: &[Capability::Authenticated],
        judge: tokens_reused,
    },
    ObserverCheck {
        id: "O-RATE-KEPT",
        title: "The rate limit is kept",
        clause: "No more calls are sent in any second than the API allows.",
        source: "API catalogue, rate limit",
        strength: Strength::Implied,
        needs: &[Capability::RateLimited],
        judge: rate_kept,
    },
];

fn api_calls(traffic: &Traffic) -> impl Iterator<Item = (CallIx, &Call)> {
    traffic.supplier_calls().filter(|(_, call)| call.operation.is_api())
}

/// Whether `later` merely repeats `earlier`, which had not been carried out for certain.
fn repeats(earlier: &Call, later: &Call) -> bool {
    if !earlier.answer().asks_for_repeat() {
        return false;
    }
    let (earlier, later) = (earlier.exchange(), later.exchange());
    earlier.request.method == later.request.method && earlier.request.url == later.request.url
}

fn unique_ids(traffic: &Traffic, _: &Context) -> Ruling {
    let mut tally = Tally::default();
    let printer = Printer::default();
    let mut known: HashMap<Print, CallIx> = HashMap::new();
    let with_id = || api_calls(traffic).filter(|(_, call)| call.request_id != Echo::Unsent);
    let mut short: Vec<u32> = with_id().map(|(_, call)| call.request_print).collect();
    short.sort_unstable();
    let stands_alone = |print: u32| {
        let first = short.partition_point(|other| *other < print);
        short.get(first + 1) != Some(&print)
    };
    for (ix, call) in with_id() {
        // Of most ids the short print tells that no other is the same.
        if stands_alone(call.request_print) {
            tally.good([ix]);
            continue;
        }
        let exchange = call.exchange();
        let Some(id) = exchange.request.header("x-request-id") else { continue };
        let print = printer.print(id);
        match known.get(&print) {
            Some(first) if !repeats(traffic.call(*first), call) => {
                let words = format!("{id} was used again on {}", call.operation.label());
                tally.fault(None, [*first, ix], words);
            }
            _ => {
                tally.good([ix]);
                known.insert(print, ix);
            }
        }
    }
    if tally.checked() == 0 {
        return Ruling::not_run("no X-Request-ID is on record; any call with one would show it");
    }
    tally.rule(traffic, "call", |n| format!("{}, no id for two requests", many(n, "call")))
}

fn tokens_reused(traffic: &Traffic, _: &Context) -> Ruling {
    let granted: Vec<(CallIx, &Call)> = traffic
        .supplier_calls()
        .filter(|(_, call)| call.operation == Operation::Token)
        .filter(|(_, call)| call.answer() == Answer::Status(200))
        .collect();
    let calls = api_calls(traffic).count();
    if granted.is_empty() || calls == 0 {
        return Ruling::not_run(
            "no token is on record together with its use; a longer recording would show it",
        );
    }
    let early: Vec<Micros> = granted
        .windows(2)
        .map(|pair| pair[1].1.started - pair[0].1.finished)
        .filter(|age| *age < TOKEN_GOOD)
        .collect();
    let observed = format!("{} for {}", many(granted.len(), "token"), many(calls, "API call"));
    let soonest = early.iter().min().copied().unwrap_or_default();
    let shown = granted.iter().map(|(ix, _)| *ix);
    match early.len() {
        0 => Ruling::pass(observed),
        n if n >= TOKEN_HABIT && calls < TOKEN_USES * granted.len() => {
            Ruling::fail(format!("{observed}, the soonest {} after the last", seconds(soonest)))
        }
        n => Ruling::open(
            observed,
            format!(
                "{} before the last was half used up: a restart, or several workers, may explain \
                 it",
                many(n, "token")
            ),
        ),
    }
    .shown_by(shown)
}

fn rate_kept(traffic: &Traffic, context: &Context) -> Ruling {
    let limit = context.rate_limit as usize;
    let mut window: VecDeque<Micros> = VecDeque::new();
    let mut most = 0;
    let mut over = false;
    let mut refused = false;
    let mut bursts = Vec::new();
    for (ix, call) in api_calls(traffic) {
        window.push_back(call.started);
        while window.front().is_some_and(|first| call.started - first >= SECOND) {
            window.pop_front();
        }
        most = most.max(window.len());
        // Each burst is shown by one call, not by every call of it.
        if window.len() > limit && !over {
            bursts.push(ix);
        }
        over = window.len() > limit;
        refused |= over && call.answer() == Answer::Status(429);
    }
    if most == 0 {
        return Ruling::not_run("no API call was made; any call would show it");
    }
    let observed = format!("at most {} within one second", many(most, "call"));
    let ruling = if most <= limit {
        Ruling::pass(observed)
    } else if refused || most > limit + limit / JITTER {
        Ruling::fail(observed)
    } else {
        Ruling::open(observed, "so small an excess may be network jitter")
    };
    ruling
        .expecting(format!("at most {} calls in any second", count(context.rate_limit)))
        .shown_by(bursts)
}
