//! The token endpoint: the checks of a client assertion (a signed JWT) in the platform's order, and
//! the access tokens that were given out.
//!
//! It answers with the platform's status and error, and a description that names the header or
//! claim at fault; no answer repeats the assertion or a key. A `jti` is good once. Tokens are kept
//! in memory only, bounded in number, and forgotten some time after they expired.

use std::collections::HashMap;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use parking_lot::{Mutex, RwLock};
use serde_json::{Map, Value};

use crate::config::Registration;
use crate::reply::{JSON, Reply, with_body};
use crate::shared::{Shared, micros, random_uuid};
use crate::supplier::faults::{Effect, View};
use crate::supplier::gateway::failed;

/// Where tokens are asked for, below the root.
pub(crate) const PATH: &str = "/oauth2/token";

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The most tokens and the most `jti` values kept at a time.
const MOST_KEPT: usize = 20_000;

#[derive(Debug, Clone, Copy)]
struct Grant {
    application: u16,
    /// Microseconds of the mock's clock.
    expires: u64,
}

/// What a token is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Valid(u16),
    Expired(u16),
    Unknown,
}

/// The tokens given out and the `jti` values seen.
#[derive(Debug)]
pub(crate) struct TokenDesk {
    grants: RwLock<HashMap<Box<str>, Grant>>,
    /// By application and digest of the value; until when it is remembered (epoch seconds).
    seen: Mutex<HashMap<(u16, [u8; 32]), i64>>,
}

impl TokenDesk {
    pub(crate) fn new() -> Self {
        Self { grants: RwLock::default(), seen: Mutex::default() }
    }

    pub(crate) fn standing(&self, token: &str, now: u64) -> Standing {
        match self.grants.read().get(token) {
            Some(grant) if grant.expires > now => Standing::Valid(grant.application),
            Some(grant) => Standing::Expired(grant.application),
            None => Standing::Unknown,
        }
    }

    pub(crate) fn grant(&self, token: &str, application: u16, now: u64, life: u64) {
        let mut grants = self.grants.write();
        if grants.len() >= MOST_KEPT {
            grants.retain(|_, grant| grant.expires > now);
        }
        if grants.len() >= MOST_KEPT {
            let oldest = grants.iter().min_by_key(|(_, grant)| grant.expires);
            if let Some(oldest) = oldest.map(|(token, _)| token.clone()) {
                grants.remove(&oldest);
            }
        }
        grants.insert(token.into(), Grant { application, expires: now.saturating_add(life) });
    }

    /// Remembers a `jti`; false when it was seen before.
    fn first_use(&self, accepted: &Accepted, now: i64) -> bool {
        let mut key = [0u8; 32];
        key.copy_from_slice(digest::digest(&digest::SHA256, accepted.jti.as_bytes()).as_ref());
        let mut seen = self.seen.lock();
        if seen.len() >= MOST_KEPT {
            seen.retain(|_, until| *until > now);
        }
        if seen.len() >= MOST_KEPT {
            seen.clear();
        }
        seen.insert((accepted.application, key), accepted.exp.max(now) + 60).is_none()
    }
}

/// Answers a request to the token endpoint.
pub(crate) fn answer(
    shared: &Shared,
    headers: &HeaderMap,
    body: &[u8],
    root: &str,
    faults: &View,
) -> Reply {
    if faults.on(Effect::TokenFails) {
        return no_store(failed(StatusCode::BAD_GATEWAY.as_u16()));
    }
    match issue(shared, headers, body, root, faults) {
        Ok(token) => {
            let life = shared.config.token_lifetime.as_secs();
            let body = serde_json::json!({
                "access_token": token, "expires_in": life.to_string(), "token_type": "Bearer",
            });
            no_store(with_body(StatusCode::OK, JSON, body.to_string()))
        }
        Err(refusal) => {
            let body = serde_json::json!({
                "error": refusal.error,
                "error_description": refusal.description,
                "message_id": format!("rrt-{}", shared.fresh_id()),
            });
            no_store(with_body(refusal.status, JSON, body.to_string()))
        }
    }
}

fn no_store(mut reply: Reply) -> Reply {
    reply.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}

fn issue(
    shared: &Shared,
    headers: &HeaderMap,
    body: &[u8],
    root: &str,
    faults: &View,
) -> Result<String, Refusal> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let form = media_type.is_none_or(|value| {
        let essence = value.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    });
    if !form {
        return Err(invalid("Invalid Content-Type: the parameters must come as a form"));
    }
    let fields: HashMap<String, String> = url::form_urlencoded::parse(body).into_owned().collect();
    let field = |name: &str| fields.get(name).map(String::as_str).filter(|v| !v.is_empty());
    match field("grant_type") {
        None => return Err(invalid("Missing grant_type")),
        Some("client_credentials") => {}
        Some(_) => return Err(invalid("Invalid grant_type: it must be client_credentials")),
    }
    match field("client_assertion_type") {
        None => return Err(invalid("Missing client_assertion_type")),
        Some(ASSERTION_TYPE) => {}
        Some(_) => return Err(invalid("Invalid client_assertion_type: it must be jwt-bearer")),
    }
    let assertion = field("client_assertion").ok_or(invalid("Missing client_assertion"))?;
    let now = jiff::Timestamp::now().as_second();
    let audiences = [format!("{}{PATH}", shared.root), format!("{root}{PATH}")];
    let audiences = [audiences[0].as_str(), audiences[1].as_str()];
    let accepted = check(assertion, &shared.registrations, &audiences, now, faults)?;
    if !shared.tokens.first_use(&accepted, now) && !faults.on(Effect::AcceptReplay) {
        return Err(invalid("Non-unique jti claim in JWT: it was used before"));
    }
    let life = faults.hit(Effect::TokenDiesEarly).map_or(shared.config.token_lifetime, |h| h.time);
    give(shared, accepted.application, micros(life))
}

/// Makes an access token for a registration.
pub(crate) fn give(shared: &Shared, application: u16, life: u64) -> Result<String, Refusal> {
    let refused = |_| Refusal {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        error: "server_error",
        description: "The cryptography library refused",
    };
    let token = random_uuid().map_err(refused)?.replace('-', "");
    shared.tokens.grant(&token, application, shared.now(), life);
    Ok(token)
}

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
