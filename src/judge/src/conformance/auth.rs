//! Credentials and the rate limit.
//! Refuses to handle tokens: a bad one is a value nobody was given.

use letterproof_model::{Body, Capability};

use super::check::{Check, Concluded, by_specification, probe, traffic};
use super::matching::Probed;
use super::plan::{BearerPlan, ProbePlan};
use super::read::none_or;
use crate::tally::Tally;
use crate::traffic::Answer;

const PLATFORM: &str = "NHS API platform, application-restricted access";
const AUTHENTICATED: &[Capability] = &[Capability::Authenticated];

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
        "A token nobody was given",
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
        "A call with another scheme than Bearer is refused with 401.",
        PLATFORM,
    )
    .needing(AUTHENTICATED),
    traffic(
        "C-LIMIT",
        "Beyond the rate limit",
        &[ProbePlan::new("GET", "/_status").burst()],
        limited,
        "A call beyond the rate limit is refused with 429 and a body that says so.",
        "OAS 429 response",
    )
    .needing(&[Capability::RateLimited]),
];

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
        let body = call.exchange.response().map_or(&Body::None, |response| &response.body);
        match body.parse::<Refusal>() {
            Some(refusal) if !refusal.message.is_empty() => tally.good([ix]),
            Some(_) => tally.fault(None, [ix], "has an empty message"),
            None => tally.fault(None, [ix], "has no message"),
        }
    }
    none_or(tally, probed, "refusal", "each with a message")
}
