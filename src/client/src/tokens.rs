//! Bearer tokens: asked for with a signed JWT, kept until shortly before they expire, and what the
//! token endpoint's refusals mean.
//!
//! Nobody asks twice at once: one renewal serves everyone who waits, and one refusal too. What the
//! platform says of a refusal is scrubbed before it is repeated.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use http::HeaderValue;
use letterproof_model::now;
use parking_lot::Mutex;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::time::Instant;
use url::Url;

use crate::assertion::Signer;
use crate::call::{self, API_BODY_CAP, Call, Kind, Next, Repeat, Vouch};
use crate::session::{Raw, Session, unreachable};
use crate::{Auth, ClientError, Flow, SecretSource, Target};

/// How long before its end a token is renewed, for tokens that live long enough.
const RENEW_BEFORE: Duration = Duration::from_secs(60);
/// Tries at the token endpoint for one token.
const MOST_ATTEMPTS: u32 = 3;
/// How long a token is kept that took the place of a refused one and is refused as well: what it
/// needs is time (a new subscription takes five minutes to be known) rather than a third token.
const REFUSED_TWICE: Duration = Duration::from_secs(5);
/// The least time between two tries to renew a token ahead of its end.
const RENEW_AGAIN: Duration = Duration::from_secs(1);

/// What goes into `Authorization`.
#[derive(Clone)]
pub(crate) struct Bearer {
    header: HeaderValue,
    generation: u64,
    since: Instant,
    renew_at: Option<Instant>,
    expires: Option<Instant>,
    renewable: bool,
    /// It was asked for because the one before it was refused.
    in_place_of_refused: bool,
}

impl Bearer {
    pub(crate) fn given(header: HeaderValue) -> Self {
        Self {
            header,
            generation: 0,
            since: Instant::now(),
            renew_at: None,
            expires: None,
            renewable: false,
            in_place_of_refused: false,
        }
    }

    pub(crate) fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    fn of_token(token: &str) -> Option<HeaderValue> {
        let mut header = HeaderValue::from_str(&format!("Bearer {token}")).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

/// The tokens of a session.
#[derive(Default)]
pub(crate) struct Tokens {
    current: Mutex<Option<Bearer>>,
    generations: AtomicU64,
    /// The latest generation that the API took.
    taken: AtomicU64,
    /// The next token takes the place of a refused one.
    replacing: AtomicBool,
    /// Held by the one who asks for a token; keeps the latest refusal for those who waited.
    asking: tokio::sync::Mutex<Option<(Instant, ClientError)>>,
    renewing: AtomicBool,
    signer: tokio::sync::OnceCell<Arc<Signer>>,
}

impl Tokens {
    /// Drops a token that was refused, and says whether another may be had.
    pub(crate) fn discard(&self, refused: &Bearer) -> bool {
        let mut current = self.current.lock();
        // Of many calls refused with one token the first drops it; the others find its successor.
        if current.as_ref().is_some_and(|bearer| bearer.generation == refused.generation) {
            let never_taken = self.taken.load(Ordering::Relaxed) < refused.generation;
            if refused.in_place_of_refused && never_taken && refused.since.elapsed() < REFUSED_TWICE
            {
                return false;
            }
            *current = None;
            self.replacing.store(true, Ordering::Relaxed);
        }
        refused.renewable
    }

    /// Notes that the API took a token.
    pub(crate) fn note_taken(&self, bearer: &Bearer) {
        self.taken.fetch_max(bearer.generation, Ordering::Relaxed);
    }

    /// Waits until nobody asks for a token.
    pub(crate) async fn end_of_asking(&self) {
        drop(self.asking.lock().await);
    }

    fn fresh(&self) -> Option<Bearer> {
        let current = self.current.lock();
        current.clone().filter(|bearer| bearer.expires.is_none_or(|end| Instant::now() < end))
    }

    fn is_current(&self, generation: u64) -> bool {
        self.current.lock().as_ref().is_some_and(|bearer| bearer.generation == generation)
    }

    /// Leaves the present token alone for a while, when it could not be renewed.
    fn put_off_renewal(&self) {
        if let Some(bearer) = self.current.lock().as_mut() {
            let now = Instant::now();
            let left = bearer.expires.map(|end| end.saturating_duration_since(now));
            bearer.renew_at = left.map(|left| now + RENEW_AGAIN.max(left / 4));
        }
    }

    fn keep(&self, header: HeaderValue, life: Option<Duration>, renewable: bool) -> Bearer {
        let now = Instant::now();
        let bearer = Bearer {
            header,
            generation: self.generations.fetch_add(1, Ordering::Relaxed) + 1,
            since: now,
            renew_at: life.map(|life| now + life - RENEW_BEFORE.min(life / 4)),
            // A token at its very end would be refused on arrival.
            expires: life.map(|life| now + life - Duration::from_secs(5).min(life / 10)),
            renewable,
            in_place_of_refused: self.replacing.swap(false, Ordering::Relaxed),
        };
        *self.current.lock() = Some(bearer.clone());
        bearer
    }
}

#[derive(Deserialize)]
struct TokenAnswer {
    #[serde(deserialize_with = "secret")]
    access_token: SecretString,
    #[serde(default)]
    expires_in: Option<serde_json::Value>,
}

fn secret<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

impl Tokens {
    /// The bearer to use now, asking for one where there is none.
    pub(crate) async fn bearer(
        &self,
        session: &Session,
        flow: &Flow,
    ) -> Result<Option<Bearer>, ClientError> {
        if matches!(session.target().auth, Auth::None) {
            return Ok(None);
        }
        if let Some(bearer) = self.fresh() {
            if bearer.renew_at.is_some_and(|at| Instant::now() >= at) {
                self.renew_aside(session, flow, bearer.generation);
            }
            return Ok(Some(bearer));
        }
        self.obtain(session, flow).await.map(Some)
    }

    /// Renews the token of this generation beside the requests, which go on with it meanwhile.
    fn renew_aside(&self, session: &Session, flow: &Flow, generation: u64) {
        if self.renewing.swap(true, Ordering::AcqRel) {
            return;
        }
        let (session, flow) = (session.clone(), flow.clone());
        tokio::spawn(async move {
            let tokens = &session.inner.tokens;
            let _turn = tokens.asking.lock().await;
            // While this waited for its turn, the token may have been renewed for another reason.
            if tokens.is_current(generation)
                && let Err(error) = tokens.ask(&session, &flow).await
            {
                // It shows to everyone when the present token has expired.
                tracing::warn!(%error, "the token could not be renewed ahead of its end");
                tokens.put_off_renewal();
            }
            tokens.renewing.store(false, Ordering::Release);
        });
    }

    async fn obtain(&self, session: &Session, flow: &Flow) -> Result<Bearer, ClientError> {
        let since = Instant::now();
        let mut refusal = self.asking.lock().await;
        if let Some(bearer) = self.fresh() {
            return Ok(bearer);
        }
        // Who waited while a token was refused would only be refused again.
        if let Some((at, error)) = refusal.as_ref()
            && *at >= since
        {
            return Err(error.clone());
        }
        let result = self.ask(session, flow).await;
        *refusal = result.as_ref().err().map(|error| (Instant::now(), error.clone()));
        result
    }

    async fn ask(&self, session: &Session, flow: &Flow) -> Result<Bearer, ClientError> {
        match &session.target().auth {
            Auth::None => Err(ClientError::configuration("this target needs no token")),
            Auth::Bearer(source) => {
                let token = source.read().await?;
                let header = Bearer::of_token(token.expose_secret()).ok_or_else(|| {
                    ClientError::configuration(format!(
                        "the bearer token from {} has characters that no header may carry",
                        source.describe()
                    ))
                })?;
                let renewable = matches!(source, SecretSource::Command(_) | SecretSource::File(_));
                Ok(self.keep(header, None, renewable))
            }
            Auth::SignedJwt { .. } => match self.signer(session.target()).await? {
                Some(signer) => self.ask_platform(session, flow, signer).await,
                None => Err(ClientError::configuration("this target needs no assertion")),
            },
        }
    }

    /// Who signs assertions; nobody where tokens are not asked for.
    pub(crate) async fn signer(&self, target: &Target) -> Result<Option<Arc<Signer>>, ClientError> {
        let Auth::SignedJwt { api_key, kid, key } = &target.auth else {
            return Ok(None);
        };
        let read = || Signer::read(api_key, kid, key);
        self.signer.get_or_try_init(read).await.map(|signer| Some(Arc::clone(signer)))
    }

    async fn ask_platform(
        &self,
        session: &Session,
        flow: &Flow,
        signer: Arc<Signer>,
    ) -> Result<Bearer, ClientError> {
        let (audience, url) = endpoint(session.target())?;
        let mut attempt = 0;
        let (mut corrected, mut by_own_clock) = (false, false);
        loop {
            session.ready()?;
            attempt += 1;
            let assumed = match by_own_clock {
                true => now().as_second(),
                false => session.inner.skew.server_now(now()).as_second(),
            };
            let assertion = signer.clone().assertion(audience.clone(), assumed).await?;
            let call = token_call(session, flow, url.clone(), &assertion);
            session.count(Kind::Token, attempt);
            let raw = session.send(&call, attempt, None, None).await?;
            let error = match token_of(session, &raw) {
                Ok((header, life)) => {
                    if by_own_clock {
                        session.inner.skew.disbelieve();
                    }
                    return Ok(self.keep(header, Some(life), true));
                }
                Err(error) => error,
            };
            if !corrected && raw.status() == Some(400) {
                let differs = |clock: i64| (clock - assumed).abs() > 30;
                let by_date = differs(session.inner.skew.server_now(now()).as_second());
                // The answer's `Date` may just have told how far this clock is off; or it is a
                // gateway's `Date` that is off, and this clock is right.
                corrected = by_date || differs(now().as_second());
                by_own_clock = corrected && !by_date;
                if corrected {
                    continue;
                }
            }
            let pause = match raw.status() {
                Some(429) => call::stated_pause(&raw, &session.inner.skew),
                _ => match call::next(Repeat::Safe, attempt, &raw) {
                    Next::Again(pause) => pause,
                    Next::Take => return Err(error),
                },
            };
            if attempt >= MOST_ATTEMPTS {
                return Err(error);
            }
            session.sleep(pause).await?;
        }
    }
}

/// The token endpoint, as an assertion names it and as it is called.
pub(crate) fn endpoint(target: &Target) -> Result<(String, Url), ClientError> {
    let audience = target.token_url.clone().unwrap_or_default();
    let url = Url::parse(&audience)
        .map_err(|error| ClientError::configuration(format!("token URL `{audience}`: {error}")))?;
    Ok((audience, url))
}

pub(crate) fn token_of(
    session: &Session,
    raw: &Raw,
) -> Result<(HeaderValue, Duration), ClientError> {
    let unusable = |status, problem: &str| ClientError::TokenUnusable {
        url: session.target().token_url.clone().unwrap_or_default(),
        status,
        problem: problem.to_owned(),
    };
    let Some(status) = raw.status() else {
        return Err(unreachable(&raw.exchange));
    };
    if status != 200 {
        return Err(refusal(session, raw, status));
    }
    let body = raw.secret_body.as_ref();
    let answer: TokenAnswer = body
        .and_then(|body| serde_json::from_slice(body.expose_secret()).ok())
        .ok_or_else(|| unusable(status, "the body is not JSON with an `access_token`"))?;
    let header = Bearer::of_token(answer.access_token.expose_secret())
        .ok_or_else(|| unusable(status, "the token has characters that no header may carry"))?;
    // The platform writes the number as a string.
    let seconds = match &answer.expires_in {
        Some(serde_json::Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_u64(),
        None => Some(300),
    };
    let life = seconds
        .filter(|seconds| *seconds > 0)
        .ok_or_else(|| unusable(status, "`expires_in` is not a positive number of seconds"))?;
    Ok((header, Duration::from_secs(life.min(86_400))))
}

pub(crate) fn token_call(session: &Session, flow: &Flow, url: Url, assertion: &str) -> Call {
    // A JWT is base64url and dots, so that no value here needs form encoding but the type's colons.
    let body = format!(
        "grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion={assertion}"
    );
    Call {
        flow: flow.clone(),
        method: http::Method::POST,
        url,
        headers: vec![
            (http::header::ACCEPT, HeaderValue::from_static("application/json")),
            (
                http::header::CONTENT_TYPE,
                HeaderValue::from_static("application/x-www-form-urlencoded"),
            ),
        ],
        body: body.into(),
        kind: Kind::Token,
        repeat: Repeat::Safe,
        vouch: Vouch::Nobody,
        ids: false,
        timeout: session.target().timeouts.answer,
        cap: API_BODY_CAP,
        due: None,
        keep: None,
    }
}

#[derive(Deserialize, Default)]
struct Refused {
    #[serde(default)]
    error: String,
    #[serde(default)]
    error_description: String,
}

/// The error for an answer of the token endpoint that is not 200.
fn refusal(session: &Session, raw: &Raw, status: u16) -> ClientError {
    let url = session.target().token_url.clone().unwrap_or_default();
    let body = raw.secret_body.as_ref();
    let refusal: Option<Refused> =
        body.and_then(|body| serde_json::from_slice(body.expose_secret()).ok());
    match refusal {
        Some(refusal) if !refusal.error.is_empty() || !refusal.error_description.is_empty() => {
            ClientError::TokenRefused {
                remedy: remedy(status, &refusal.error, &refusal.error_description),
                url,
                status,
                error: shown(session, &refusal.error),
                description: shown(session, &refusal.error_description),
            }
        }
        _ if status == 429 => ClientError::TokenRefused {
            url,
            status,
            error: "too many requests".to_owned(),
            description: "no explanation given".to_owned(),
            remedy: "Wait a minute and try again.",
        },
        _ => ClientError::TokenUnusable {
            url,
            status,
            problem: "the answer is not a refusal of the platform either".to_owned(),
        },
    }
}

fn shown(session: &Session, text: &str) -> String {
    session.scrub(text).chars().filter(|c| !c.is_control()).take(300).collect()
}

/// What to do about a refusal, told from the platform's own words.
fn remedy(status: u16, error: &str, description: &str) -> &'static str {
    let said = format!("{error} {description}").to_lowercase();
    // Whole words: `iss` is a part of `missing`, and `typ` one of `grant_type`.
    let words: HashSet<&str> =
        said.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    let any = |wanted: &[&str]| wanted.iter().any(|word| words.contains(word));
    let absent = any(&["missing", "mismatching", "matching", "unequal", "malformed"]);
    if any(&["aud", "audience"]) {
        "The assertion's audience must be the token URL of the same environment: check token_url and that the application belongs to that environment."
    } else if any(&["unreachable", "reached", "reach"]) {
        "The platform cannot fetch the JWKS from the address it was given: mend that address in the developer portal, or register the JWKS file itself."
    } else if status == 403 || any(&["public_key", "jwks"]) {
        "Register the public key (the JWKS that `letterproof keys` writes) with the application in the developer portal."
    } else if any(&["kid"]) && any(&["missing"]) {
        "Set the kid in the profile to the one in the registered JWKS."
    } else if any(&["kid"]) || said.contains("public key") {
        "The kid in the profile must be one in the JWKS registered with this application: compare both."
    } else if any(&["signature", "verification"]) {
        "The private key is not the one whose public half is registered under this kid: use the matching key, or register the new one."
    } else if any(&["unique", "replay", "replayed"]) || any(&["jti"]) && any(&["used", "seen"]) {
        "An assertion may be used once: check that nothing replays the token request, and try again."
    } else if any(&["exp", "expired"]) && !absent && !any(&["integer"]) {
        "The clock of this machine and the platform's differ, or the assertion was held up: set the clock (`letterproof doctor` measures it)."
    } else if any(&["alg"]) {
        "The key must be RSA, registered for RS512: make one with `letterproof keys` and register its JWKS."
    } else if any(&["iss", "sub", "api"]) && !absent {
        "The API key is not known here: check that it is this application's key for this environment; a new application or subscription may take five minutes to be known."
    } else if absent || any(&["typ", "jti", "exp", "grant_type", "client_assertion_type"]) {
        "letterproof sends this in every token request, so that something between here and the platform must change the request, or another service answers: check token_url and the proxy."
    } else if status == 401 {
        "Check API key, kid and key; a new subscription may take five minutes to be known."
    } else if status >= 500 {
        "The platform has a fault of its own: try again later."
    } else {
        "Run `letterproof doctor` on this target to find out which setting is wrong."
    }
}

#[cfg(test)]
mod tests {
    use super::remedy;

    /// Every refusal that the platform documents, in words as it and as others of its kind use.
    #[test]
    fn each_refusal_of_the_platform_has_a_remedy_that_fits_it() {
        const ALTERED: &str = "in every token request";
        for (status, description, expected) in [
            (400, "Invalid 'alg' header in JWT - must be 'RS512'", "must be RSA"),
            (400, "Missing 'alg' header in JWT", "must be RSA"),
            (400, "JWT token has expired", "clock"),
            (400, "Invalid 'exp' claim in JWT - more than 5 minutes in future", "clock"),
            (400, "Missing 'exp' claim in JWT", ALTERED),
            (400, "Invalid 'exp' claim in JWT - must be an integer", ALTERED),
            (400, "Missing 'kid' header in client_assertion JWT", "Set the kid"),
            (400, "Invalid 'typ' header in JWT - must be 'JWT'", ALTERED),
            (400, "Missing or non-matching 'iss'/'sub' claims in JWT", ALTERED),
            (400, "Missing 'jti' claim in JWT", ALTERED),
            (400, "Invalid 'jti' claim in JWT - must be a string value", ALTERED),
            (400, "Non-unique 'jti' claim in JWT", "used once"),
            (400, "Missing grant_type", ALTERED),
            (400, "Missing client_assertion", ALTERED),
            (400, "Missing or invalid client_assertion_type - must be 'x:jwt-bearer'", ALTERED),
            (400, "Malformed JWT in client_assertion", ALTERED),
            (401, "Invalid 'iss'/'sub' claims in JWT", "API key is not known"),
            (401, "Missing or invalid 'aud' claim in JWT", "same environment"),
            (401, "Invalid 'kid' header in JWT - no matching public key", "compare both"),
            (401, "JWT signature verification failed", "private key is not the one"),
            (401, "no explanation", "five minutes"),
            (503, "unavailable", "fault of its own"),
            (418, "teapot", "letterproof doctor"),
        ] {
            let said = remedy(status, "invalid_request", description);
            assert!(said.contains(expected), "{description}: {said}");
        }
        for (description, expected) in [
            ("You need to register a public key to use this", "Register the public key"),
            ("The JWKS endpoint for your application can't be reached", "mend that address"),
        ] {
            let said = remedy(403, "public_key error", description);
            assert!(said.contains(expected), "{description}: {said}");
        }
    }
}
