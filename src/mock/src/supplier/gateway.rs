//! The gateway in front of the handlers: token, application, quota, ids and media type. Each part
//! can be switched off, since what the real gateway does with these was not seen.

use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::config::{AuthMode, MediaType, Refusals};
use crate::quota::Quota;
use crate::reply::{JSON, Reply, VND_API, X_CORRELATION_ID, X_REQUEST_ID, with_body};
use crate::shared::Shared;
use crate::supplier::calls::{Call, Caller, Problem, Target};
use crate::supplier::faults::Effect;
use crate::supplier::int;
use crate::token::Standing;

/// Answers a call of the API under the INT profile.
pub(crate) async fn answer(shared: &Shared, call: &Call<'_>) -> Reply {
    let mut reply = match admit(shared, call) {
        Ok(caller) => match call.faults.failure() {
            // A 500 is the handlers' own; the others come from the gateway.
            Some(500) => Problem::Internal.reply(&int::error_id(shared, call)),
            Some(status) => failed(status),
            None if call.target == Target::Unknown => int::no_route(),
            None => int::answer(shared, call, caller).await,
        },
        Err(refusal) => *refusal,
    };
    dress(shared, call, &mut reply);
    reply
}

fn admit(shared: &Shared, call: &Call<'_>) -> Result<Caller, Box<Reply>> {
    let gateway = &shared.config.gateway;
    let caller = match identify(shared, call) {
        Ok(caller) => caller,
        Err(refusal) if gateway.check_bearer && call.target != Target::Status => {
            if !call.faults.on(Effect::AuthBypass) {
                return Err(refusal);
            }
            first(shared)
        }
        Err(_) => first(shared),
    };
    if gateway.enforce_quota {
        quota(shared, call, caller)?;
    }
    if caller.supplier.is_none() && !gateway.check_application {
        return Ok(first(shared));
    }
    Ok(caller)
}

fn first(shared: &Shared) -> Caller {
    caller(shared, 0)
}

fn caller(shared: &Shared, application: u16) -> Caller {
    let supplier = shared.supplier_of.get(usize::from(application)).copied().flatten();
    Caller { application, supplier }
}

/// Finds out who calls, or the 401 that a bad token is answered with.
fn identify(shared: &Shared, call: &Call<'_>) -> Result<Caller, Box<Reply>> {
    if matches!(shared.config.auth, AuthMode::None) {
        let Some(name) = call.header("nhsd-supplier-id") else { return Ok(first(shared)) };
        let known = shared.registrations.iter().position(|known| known.application == name);
        // An application nobody registered is known to the gateway, but acts for no supplier.
        return Ok(known.map_or(Caller { application: u16::MAX, supplier: None }, |at| {
            caller(shared, at as u16)
        }));
    }
    let bearer = call.header("authorization").and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    });
    let Some(token) = bearer.filter(|token| !token.is_empty()) else {
        return Err(unauthorised(
            shared,
            call,
            "Invalid access token",
            "oauth.v2.InvalidAccessToken",
        ));
    };
    if call.faults.on(Effect::RefuseToken) {
        return Err(unauthorised(
            shared,
            call,
            "Invalid Access Token",
            "keymanagement.service.invalid_access_token",
        ));
    }
    match &shared.config.auth {
        AuthMode::Static(expected) if expected.matches(token) => Ok(first(shared)),
        AuthMode::Jwt => match shared.tokens.standing(token, shared.now()) {
            Standing::Valid(application) => Ok(caller(shared, application)),
            Standing::Expired(application) if call.faults.on(Effect::AcceptExpiredToken) => {
                Ok(caller(shared, application))
            }
            Standing::Expired(_) => Err(unauthorised(
                shared,
                call,
                "Access Token expired",
                "keymanagement.service.access_token_expired",
            )),
            Standing::Unknown => Err(unauthorised(
                shared,
                call,
                "Invalid Access Token",
                "keymanagement.service.invalid_access_token",
            )),
        },
        _ => {
            let code = "keymanagement.service.invalid_access_token";
            Err(unauthorised(shared, call, "Invalid Access Token", code))
        }
    }
}

fn unauthorised(shared: &Shared, call: &Call<'_>, text: &str, code: &str) -> Box<Reply> {
    let mut reply = if shared.config.gateway.refusals == Refusals::Problems {
        let mut reply = Problem::Unauthorised.reply(&int::error_id(shared, call));
        reply.headers_mut().insert(header::CONTENT_TYPE, VND_API);
        reply
    } else {
        with_body(StatusCode::UNAUTHORIZED, JSON, fault(text, code))
    };
    reply
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"nhs-notify\""));
    Box::new(reply)
}

/// A fault as the gateway's own software writes it.
fn fault(text: &str, code: &str) -> String {
    format!("{{\"fault\":{{\"faultstring\":\"{text}\",\"detail\":{{\"errorcode\":\"{code}\"}}}}}}")
}

#[derive(Serialize)]
struct Exceeded<'a> {
    message: String,
    scope: &'a str,
    policy: &'a str,
    limit: u32,
    interval: u32,
    timeunit: &'a str,
    ratelimiting_expiry_time_ms: i64,
    message_id: String,
}

fn quota(shared: &Shared, call: &Call<'_>, caller: Caller) -> Result<(), Box<Reply>> {
    let now = shared.now();
    let early = call.faults.hit(Effect::QuotaEarly).map(|hit| hit.number);
    let (limit, outcome) = match (early, &shared.quota) {
        (Some(limit), _) => {
            let mut quotas = shared.early_quota.lock();
            let quota =
                quotas.entry(limit).or_insert_with(|| Quota::new(limit, shared.config.limiter));
            (limit, quota.admit(caller.application, now))
        }
        (None, Some(quota)) => (quota.limit(), quota.admit(caller.application, now)),
        (None, None) => return Ok(()),
    };
    let Err(wait) = outcome else { return Ok(()) };
    if call.faults.on(Effect::QuotaNever) {
        return Ok(());
    }
    shared.meter.count_limited();
    let application = shared.registrations.get(usize::from(caller.application));
    let application = application.map_or("unknown", |known| known.application.as_str());
    let expiry = jiff::Timestamp::now().as_millisecond() + (wait / 1_000) as i64 + 1;
    let body = Exceeded {
        message: format!(
            "Your application, {application}, has exceeded its quota of {limit} requests every 1 second(s) and is being rate limited."
        ),
        scope: "application",
        policy: "quota",
        limit,
        interval: 1,
        timeunit: "second",
        ratelimiting_expiry_time_ms: expiry,
        message_id: format!("rrt-{}", shared.fresh_id()),
    };
    // Plain data with text keys cannot fail to serialise.
    let body = serde_json::to_vec(&body).unwrap_or_default();
    let mut reply = with_body(StatusCode::TOO_MANY_REQUESTS, JSON, body);
    if shared.config.gateway.refusals == Refusals::Faults {
        let text = "Rate limit quota violation. Quota limit exceeded.";
        *reply.body_mut() = fault(text, "policies.ratelimit.QuotaViolation").into();
    }
    let seconds = HeaderValue::from(wait.div_ceil(1_000_000));
    reply.headers_mut().insert(header::RETRY_AFTER, seconds);
    Err(Box::new(reply))
}

/// A failure of the gateway itself.
pub(crate) fn failed(status: u16) -> Reply {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let reason = status.canonical_reason().unwrap_or("Error");
    with_body(status, JSON, format!("{{\"message\":\"{reason}\"}}"))
}

/// Puts the gateway's headers on an answer.
fn dress(shared: &Shared, call: &Call<'_>, reply: &mut Reply) {
    let gateway = &shared.config.gateway;
    let problem_or_data = !matches!(reply.status().as_u16(), 401 | 403 | 429);
    if gateway.media_type == MediaType::VndApi {
        if reply.body().is_empty() {
            reply.headers_mut().remove(header::CONTENT_TYPE);
        } else if problem_or_data && call.target != Target::Status {
            reply.headers_mut().insert(header::CONTENT_TYPE, VND_API);
        }
    } else if !reply.headers().contains_key(header::CONTENT_TYPE) {
        reply.headers_mut().insert(header::CONTENT_TYPE, JSON);
    }
    if gateway.dotted_correlation_id
        && let Ok(value) = HeaderValue::from_str(&int::error_id(shared, call))
    {
        reply.headers_mut().insert(X_CORRELATION_ID, value);
    }
    if gateway.echo_ids {
        for name in [X_REQUEST_ID, X_CORRELATION_ID] {
            if reply.headers().contains_key(&name) {
                continue;
            }
            if let Some(value) = call.headers.get(&name).filter(|value| !value.is_empty()) {
                reply.headers_mut().insert(name, value.clone());
            } else if name == X_CORRELATION_ID
                && gateway.generate_correlation_id
                && let Ok(value) = HeaderValue::from_str(&made(shared, call))
            {
                reply.headers_mut().insert(name, value);
            }
        }
    }
}

/// The correlation id of a call that carries none.
fn made(shared: &Shared, call: &Call<'_>) -> String {
    if call.faults.on(Effect::OneCorrelationId) {
        return "00000000-0000-4000-8000-00000000c0de".to_owned();
    }
    shared.fresh_id()
}
