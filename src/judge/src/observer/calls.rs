//! What is seen call by call: overlap, ids, tokens, links, repeats, rate.
//! Refuses to see the harness's calls.

use std::collections::{HashMap, VecDeque};

use letterproof_model::{Context, FindingKind, Operation};

use super::Seen;
use crate::text::seconds;
use crate::traffic::{Answer, Call, CallIx, Micros, Traffic};

/// How soon after a 429 a repeat of the same call is hasty.
const HASTE: Micros = 100_000;
/// How long a token is certainly good: half of the 599 s the platform grants.
const TOKEN_GOOD: Micros = 300_000_000;
/// How long a download link lives.
const LINK_LIFE: Micros = 60_000_000;

pub(super) fn parallel_lists(traffic: &Traffic) -> Seen {
    let mut seen = Seen::of(
        "F-SUPPLIER-PARALLEL-LISTS",
        FindingKind::Violation,
        "Lists were asked for at the same time",
        "one list after another: parallel calls may be given the same letters",
        "deployed API, GET /letters",
    );
    let mut before: Option<(Micros, CallIx)> = None;
    for list in traffic.supplier_lists() {
        if let Some((_, first)) = before.filter(|(finished, _)| list.started < *finished) {
            seen.add([first, list.call], "a list was asked for before the last one was whole");
        }
        if before.is_none_or(|(finished, _)| list.finished > finished) {
            before = Some((list.finished, list.call));
        }
    }
    seen
}

/// Whether `later` merely repeats `earlier`, which had not been carried out for certain.
fn repeats(earlier: &Call, later: &Call) -> bool {
    earlier.answer().asks_for_repeat()
        && earlier.exchange.request.method == later.exchange.request.method
        && earlier.exchange.request.url == later.exchange.request.url
}

pub(super) fn request_ids_reused(traffic: &Traffic) -> Seen {
    let mut seen = Seen::of(
        "F-SUPPLIER-REQUEST-ID-REUSED",
        FindingKind::Violation,
        "An X-Request-ID was used for more than one request",
        "every request has an X-Request-ID of its own",
        "OAS parameter X-Request-ID",
    );
    let mut known: HashMap<&str, (CallIx, &Call)> = HashMap::new();
    for (ix, call) in traffic.supplier_calls().filter(|(_, call)| call.operation.is_api()) {
        let Some(id) = call.exchange.request.header("x-request-id") else { continue };
        match known.get(id) {
            Some((first, earlier)) if !repeats(earlier, call) => {
                seen.add([*first, ix], format!("{id} once more on {}", call.operation.label()));
            }
            _ => drop(known.insert(id, (ix, call))),
        }
    }
    seen
}

pub(super) fn tokens_not_reused(traffic: &Traffic) -> Seen {
    let mut seen = Seen::of(
        "F-SUPPLIER-TOKEN-NOT-REUSED",
        FindingKind::Note,
        "A token was asked for though the last one was still good",
        "a token is used for most of its ten minutes",
        "NHS API platform, application-restricted access",
    );
    let mut last: Option<(Micros, CallIx)> = None;
    for (ix, call) in traffic.supplier_calls().filter(|(_, c)| c.operation == Operation::Token) {
        if call.answer() != Answer::Status(200) {
            continue;
        }
        if let Some((at, first)) = last.filter(|(at, _)| call.started - at < TOKEN_GOOD) {
            let words = format!("again after {}", seconds(call.started - at));
            seen.add([first, ix], words);
        }
        last = Some((call.finished, ix));
    }
    seen
}

pub(super) fn late_downloads(traffic: &Traffic) -> Seen {
    let mut seen = Seen::of(
        "F-SUPPLIER-LINK-EXPIRED",
        FindingKind::Note,
        "A download link was followed after it had expired",
        "a link is followed within 60 s, and a new one asked for afterwards",
        "OAS getDataId",
    );
    let mut given: HashMap<_, Micros> = HashMap::new();
    for (ix, call) in traffic.supplier_calls() {
        let Some(letter) = call.letter else { continue };
        match call.operation {
            Operation::GetLetterData => drop(given.insert(letter, call.finished)),
            Operation::Download if call.answer() == Answer::Status(403) => {
                let age = given.get(&letter).map_or(0, |given| call.started - given);
                if age >= LINK_LIFE {
                    let id = traffic.id_text(letter);
                    seen.add([ix], format!("the link of {id} was followed after {}", seconds(age)));
                }
            }
            _ => {}
        }
    }
    seen
}

pub(super) fn hasty_repeats(traffic: &Traffic) -> Seen {
    let mut seen = Seen::of(
        "F-SUPPLIER-429-NOT-HEEDED",
        FindingKind::Violation,
        "A call refused with 429 was repeated at once",
        "a pause before a call is repeated after 429",
        "OAS 429 response",
    );
    let mut refused: HashMap<(&str, &str), (Micros, CallIx)> = HashMap::new();
    for (ix, call) in traffic.supplier_calls().filter(|(_, call)| call.operation.is_api()) {
        let request = &call.exchange.request;
        let key = (request.method.as_str(), request.url.as_str());
        if let Some((at, first)) = refused.remove(&key)
            && call.started >= at
            && call.started - at < HASTE
        {
            let words = format!("repeated {} after the refusal", seconds(call.started - at));
            seen.add([first, ix], words);
        }
        if call.answer() == Answer::Status(429) {
            refused.insert(key, (call.finished, ix));
        }
    }
    seen
}

pub(super) fn given_up(traffic: &Traffic) -> Seen {
    let mut seen = Seen::of(
        "F-SUPPLIER-GIVEN-UP",
        FindingKind::Note,
        "A call that was not answered, or answered with 429 or 5xx, was not repeated with success",
        "such a call is repeated until it is answered",
        "OAS 429, 500 and 502 responses",
    );
    let mut open: HashMap<(&str, &str), Vec<CallIx>> = HashMap::new();
    for (ix, call) in traffic.supplier_calls().filter(|(_, call)| call.operation.is_api()) {
        let request = &call.exchange.request;
        let key = (request.method.as_str(), request.url.as_str());
        if call.answer().asks_for_repeat() {
            open.entry(key).or_default().push(ix);
        } else {
            open.remove(&key);
        }
    }
    let mut open: Vec<_> = open.into_values().filter_map(|calls| calls.first().copied()).collect();
    open.sort_unstable();
    for ix in open {
        let call = traffic.call(ix);
        seen.add([ix], format!("{} was {}", call.operation.label(), call.answer().words()));
    }
    seen
}

pub(super) fn rate_exceeded(traffic: &Traffic, context: &Context) -> Seen {
    let mut seen = Seen::of(
        "F-SUPPLIER-RATE-EXCEEDED",
        FindingKind::Violation,
        "More calls were sent within a second than the API allows",
        "no more calls in any second than the rate limit",
        "API catalogue, rate limit",
    );
    let limit = context.rate_limit as usize;
    let mut window: VecDeque<Micros> = VecDeque::new();
    let mut over = false;
    for (ix, call) in traffic.supplier_calls().filter(|(_, call)| call.operation.is_api()) {
        window.push_back(call.started);
        while window.front().is_some_and(|first| call.started - first >= 1_000_000) {
            window.pop_front();
        }
        // One finding for each burst, not for each call of it.
        if window.len() > limit && !over {
            seen.add([ix], format!("{} calls within one second", window.len()));
        }
        over = window.len() > limit;
    }
    seen
}
