//! Credentials and the rate limit. Tokens are never seen: a bad one is a value that was never issued,
//! a good one is known by its hash.

use std::collections::HashMap;

use letterproof_model::{Body, Capability, Operation};

use super::check::{Check, Concluded, by_specification, probe, traffic};
use super::matching::Probed;
use super::plan::{BearerPlan, ProbePlan};
use super::read::none_or;
use crate::ruling::Ruling;
use crate::tally::Tally;
use crate::traffic::{Answer, Call, CallIx, Micros, Traffic};
use letterproof_model::text::{many, seconds};

const PLATFORM: &str = "NHS API platform, application-restricted access";
const AUTHENTICATED: &[Capability] = &[Capability::Authenticated];
const SECOND: Micros = 1_000_000;
/// How many calls more than the limit, none refused, show that something may be amiss.
const ABOVE: usize = 50;

const fn list(bearer: BearerPlan) -> ProbePlan {
    ProbePlan::new("GET", "/letters?limit=3").bearer(bearer)
}

pub(super) const CHECKS: &[Check] = &[
    probe(
        "C-BEARER-ABSENT",
        "No token",
        list(BearerPlan::Absent),
        by_specification(&[401]),
        "A call without a token is refused with 401.",
        PLATFORM,
    )
    .needing(AUTHENTICATED),
    probe(
        "C-BEARER-UNKNOWN",
        "A token that was never issued",
        list(BearerPlan::Value("Bearer not-a-token-of-anyone")),
        by_specification(&[401]),
        "A call with an unknown token is refused with 401.",
        PLATFORM,
    )
    .needing(AUTHENTICATED),
    probe(
        "C-BEARER-SCHEME",
        "Another scheme",
        list(BearerPlan::Value("Basic bm90OmFueW9uZQ==")),
        by_specification(&[401]),
        "A call with a scheme other than Bearer is refused with 401.",
        PLATFORM,
    )
    .needing(AUTHENTICATED),
    traffic(
        "C-BEARER-KEPT",
        "A token works until it expires",
        &[],
        kept,
        "A token that was accepted before is not refused with 401 within its stated lifetime.",
        PLATFORM,
    )
    .needing(AUTHENTICATED),
    traffic(
        "C-LIMIT",
        "Beyond the rate limit",
        // Where a body is documented for it; what is not there changes nothing.
        &[ProbePlan::new("GET", "/letters/00000000-0000-4000-8000-000000000000").burst()],
        limited,
        "A call beyond the rate limit is refused with 429 and a body that says so.",
        "OAS 429 response",
    )
    .needing(&[Capability::RateLimited]),
];

/// Tokens as the token endpoint gave them: when, and for how long.
fn given(probed: &Probed<'_>) -> HashMap<String, (Micros, Micros)> {
    #[derive(serde::Deserialize)]
    struct Token {
        access_token: String,
        expires_in: serde_json::Value,
    }
    let tokens = probed.traffic.calls().filter(|(_, call)| call.operation == Operation::Token);
    let answers = tokens.filter_map(|(_, call)| {
        let token: Token = call.exchange().response()?.body.parse()?;
        let life = match &token.expires_in {
            serde_json::Value::String(text) => text.parse().ok()?,
            number => number.as_i64()?,
        };
        Some((token.access_token, (call.finished, life.saturating_mul(SECOND))))
    });
    answers.collect()
}

/// The token that a call carries, as it was redacted.
fn carried<'t>(call: &Call, traffic: &'t Traffic) -> Option<&'t str> {
    let (scheme, token) = traffic.text(call.authorization?).split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn kept(probed: &Probed<'_>) -> Concluded {
    let given = given(probed);
    let mut tally = Tally::default();
    let mut taken: HashMap<&str, CallIx> = HashMap::new();
    for (ix, call) in probed.calls() {
        let known =
            carried(call, probed.traffic).and_then(|token| Some((token, given.get(token)?)));
        let Some((token, (since, life))) = known else { continue };
        let age = call.finished - since;
        match (call.answer(), taken.get(token)) {
            // A subscription may take minutes to be known, so a token that was never taken counts
            // for nothing.
            (Answer::Status(401), Some(before)) if age < *life => {
                let words = format!("was refused {} after its token was issued", seconds(age));
                tally.fault(None, [*before, ix], words);
            }
            (Answer::Status(401) | Answer::Lost, _) => {}
            _ => {
                taken.entry(token).or_insert(ix);
                tally.good([ix]);
            }
        }
    }
    if tally.checked() == 0 {
        let why = "no token request is on record together with calls that use its token";
        return Concluded::plain(Ruling::not_applicable(why));
    }
    none_or(tally, probed, "call", "each with its token accepted")
}

/// The longest time over which it is counted what the API let through.
const LONGEST: usize = 5;

/// API calls of the harness that began and were answered within so many seconds, so that the API had
/// all of them in that time, however long others waited for it; and the last of them.
struct Through {
    seconds: usize,
    calls: usize,
    last: CallIx,
}

/// For each time, the most calls that were let through within it.
fn busiest(probed: &Probed<'_>) -> Vec<Through> {
    let probes = |call: &Call| call.operation.is_api() && !call.by_supplier();
    let calls: Vec<(CallIx, &Call)> = probed.calls().filter(|(_, call)| probes(call)).collect();
    let within = |at: usize, seconds: usize| {
        let first = calls[at].1.started;
        let time = first..first + SECOND * Micros::try_from(seconds).unwrap_or(1);
        let begun = calls[at..].iter().take_while(|(_, call)| time.contains(&call.started));
        let done = begun.filter(|(_, call)| time.contains(&call.finished));
        let (calls, last) = done.fold((0, None), |(count, _), (ix, _)| (count + 1, Some(*ix)));
        last.map(|last| Through { seconds, calls, last })
    };
    let most = |seconds| {
        let all = (0..calls.len()).filter_map(|at| within(at, seconds));
        // Of several the first.
        all.reduce(|most, next| if next.calls > most.calls { next } else { most })
    };
    (1..=LONGEST).filter_map(most).collect()
}

/// What it means that no call was refused: a limit that counts by the second of the clock lets as
/// many through as it allows in each second that the time touches, which is one more than it has.
fn unlimited(probed: &Probed<'_>) -> Ruling {
    let limit = probed.context.rate_limit as usize;
    let busiest = busiest(probed);
    let beyond = |through: &&Through| {
        through.calls > limit.saturating_mul(through.seconds.saturating_add(1))
    };
    let words = |through: &Through| {
        let seconds = match through.seconds {
            1 => "one second".to_owned(),
            n => many(n, "second"),
        };
        format!("{} within {seconds}, none refused", many(through.calls, "call"))
    };
    match (busiest.iter().find(beyond), busiest.first()) {
        (Some(through), _) => Ruling::fail(words(through)).shown_by([through.last]),
        (None, Some(through)) if through.calls > limit + ABOVE => {
            let why = "so many calls may span two seconds of the API's clock";
            Ruling::open(words(through), why).shown_by([through.last])
        }
        _ => Ruling::not_run("the rate limit was not reached"),
    }
}

fn limited(probed: &Probed<'_>) -> Concluded {
    #[derive(serde::Deserialize)]
    struct Refusal {
        message: String,
    }
    let mut tally = Tally::default();
    for (ix, call) in probed.calls() {
        if call.answer() != Answer::Status(429) || !call.operation.is_api() {
            continue;
        }
        let exchange = call.exchange();
        let body = exchange.response().map_or(&Body::None, |response| &response.body);
        match body.parse::<Refusal>() {
            Some(refusal) if !refusal.message.is_empty() => tally.good([ix]),
            Some(_) => tally.fault(None, [ix], "has an empty message"),
            None => tally.fault(None, [ix], "has no message"),
        }
    }
    if tally.checked() == 0 {
        return Concluded::plain(unlimited(probed));
    }
    none_or(tally, probed, "refusal", "each with a message")
}
