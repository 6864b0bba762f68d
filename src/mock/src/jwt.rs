//! The checks of a client assertion (a signed JWT), in the platform's order.
//! Refuses with the status and error of the platform, and a description that names the header or
//! claim at fault; it never repeats the assertion or a key.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::StatusCode;
use serde_json::{Map, Value};

use crate::config::Registration;
use crate::faults::{Effect, View};

/// Why an assertion is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) error: &'static str,
    pub(crate) description: &'static str,
}

pub(crate) const fn invalid(description: &'static str) -> Refusal {
    Refusal { status: StatusCode::BAD_REQUEST, error: "invalid_request", description }
}

const fn unknown(description: &'static str) -> Refusal {
    Refusal { status: StatusCode::UNAUTHORIZED, error: "invalid_request", description }
}

const fn no_key(description: &'static str) -> Refusal {
    Refusal { status: StatusCode::FORBIDDEN, error: "public_key error", description }
}

/// An assertion that passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Accepted {
    pub(crate) application: u16,
    pub(crate) jti: String,
    /// Seconds of the epoch.
    pub(crate) exp: i64,
}

/// How far ahead `exp` may lie, with what the platform tolerates on top.
const MOST_AHEAD: i64 = 5 * 60 + 10;

fn json(part: &str) -> Option<Map<String, Value>> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(part).ok()?;
    match serde_json::from_slice(&bytes).ok()? {
        Value::Object(map) => Some(map),
        _ => None,
    }
}

fn text<'a>(map: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    map.get(key)?.as_str().filter(|text| !text.is_empty())
}

/// Checks an assertion against the registrations; `now` in seconds of the epoch.
pub(crate) fn check(
    assertion: &str,
    registrations: &[Registration],
    audiences: &[&str],
    now: i64,
    faults: &View,
) -> Result<Accepted, Refusal> {
    let malformed = invalid("Malformed client_assertion: it is not a signed JWT");
    let mut parts = assertion.split('.');
    let (Some(head), Some(body), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(malformed);
    };
    let header = json(head).ok_or(malformed.clone())?;
    let claims = json(body).ok_or(malformed)?;

    if text(&header, "alg") != Some("RS512") && !faults.on(Effect::AcceptAnyAlgorithm) {
        return Err(invalid("Invalid alg header in JWT: it must be RS512"));
    }
    if text(&header, "typ") != Some("JWT") {
        return Err(invalid("Invalid typ header in JWT: it must be JWT"));
    }
    let kid = text(&header, "kid").ok_or(invalid("Missing kid header in JWT"))?;

    let issuer = text(&claims, "iss").filter(|issuer| text(&claims, "sub") == Some(issuer));
    let issuer = issuer.ok_or(invalid("Missing or non-matching iss and sub claims in JWT"))?;
    let jti = match claims.get("jti") {
        None => return Err(invalid("Missing jti claim in JWT")),
        Some(Value::String(jti)) if !jti.is_empty() => jti,
        Some(_) => return Err(invalid("Invalid jti claim in JWT: it must be a unique string")),
    };
    let exp = match claims.get("exp") {
        None => return Err(invalid("Missing exp claim in JWT")),
        Some(exp) => exp.as_i64().ok_or(invalid("Invalid exp claim in JWT: not an integer"))?,
    };
    if exp <= now && !faults.on(Effect::AcceptStaleAssertion) {
        return Err(invalid("Invalid exp claim in JWT: it has expired"));
    }
    if exp > now + MOST_AHEAD {
        return Err(invalid("Invalid exp claim in JWT: more than 5 minutes ahead"));
    }

    let (application, registration) = registrations
        .iter()
        .enumerate()
        .find(|(_, known)| known.api_key.matches(issuer))
        .ok_or(unknown("Invalid iss and sub claims in JWT: no such API key"))?;
    let audience = match claims.get("aud") {
        Some(Value::String(audience)) => audiences.contains(&audience.as_str()),
        _ => false,
    };
    if !audience && !faults.on(Effect::AcceptAnyAudience) {
        return Err(unknown("Missing or invalid aud claim in JWT: it must be the token URL"));
    }
    let jwks = registration.jwks.as_ref();
    let jwks = jwks.ok_or(no_key("No public key is registered for this application"))?;
    if !jwks.is_reachable() {
        return Err(no_key("The JWKS registered for this application cannot be reached"));
    }
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
    let signed = &assertion.as_bytes()[..head.len() + 1 + body.len()];
    let genuine = jwks
        .verify(kid, signed, &signature)
        .ok_or(unknown("Invalid kid header in JWT: no matching public key"))?;
    let unsigned = text(&header, "alg") != Some("RS512");
    if !genuine && !unsigned && !faults.on(Effect::AcceptAnySignature) {
        return Err(unknown("Invalid signature of JWT: it does not verify"));
    }
    Ok(Accepted { application: application as u16, jti: jti.clone(), exp })
}
