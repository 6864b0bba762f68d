//! Bearer tokens: asked for with a signed JWT, kept until shortly before they expire.
//! Refuses to ask twice at once: one renewal serves everyone who waits, and one refusal too.

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

use super::assertion::Signer;
use super::call::{API_BODY_CAP, Call, Kind, Repeat, Vouch};
use super::core::Session;
use super::refusal;
use super::retry::{self, Next};
use super::transport::Raw;
use crate::{Auth, ClientError, Flow, SecretSource};

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
pub(super) struct Bearer {
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
    pub(super) fn given(header: HeaderValue) -> Self {
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

    pub(super) fn header(&self) -> HeaderValue {
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
pub(super) struct Tokens {
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
    pub(super) fn discard(&self, refused: &Bearer) -> bool {
        let mut current = self.current.lock();
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
    pub(super) fn note_taken(&self, bearer: &Bearer) {
        self.taken.fetch_max(bearer.generation, Ordering::Relaxed);
    }

    /// Waits until nobody asks for a token.
    pub(super) async fn end_of_asking(&self) {
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

impl Session {
    /// The bearer to use now, asking for one where there is none.
    pub(super) async fn bearer(&self, flow: &Flow) -> Result<Option<Bearer>, ClientError> {
        if matches!(self.inner.target.auth, Auth::None) {
            return Ok(None);
        }
        if let Some(bearer) = self.inner.tokens.fresh() {
            if bearer.renew_at.is_some_and(|at| Instant::now() >= at) {
                self.renew_aside(flow, bearer.generation);
            }
            return Ok(Some(bearer));
        }
        self.obtain(flow).await.map(Some)
    }

    /// Renews the token of this generation beside the requests, which go on with it meanwhile.
    fn renew_aside(&self, flow: &Flow, generation: u64) {
        if self.inner.tokens.renewing.swap(true, Ordering::AcqRel) {
            return;
        }
        let (session, flow) = (self.clone(), flow.clone());
        tokio::spawn(async move {
            let tokens = &session.inner.tokens;
            let _turn = tokens.asking.lock().await;
            // While this waited for its turn, the token may have been renewed for another reason.
            if tokens.is_current(generation)
                && let Err(error) = session.ask(&flow).await
            {
                // It shows to everyone when the present token has expired.
                tracing::warn!(%error, "the token could not be renewed ahead of its end");
                tokens.put_off_renewal();
            }
            tokens.renewing.store(false, Ordering::Release);
        });
    }

    async fn obtain(&self, flow: &Flow) -> Result<Bearer, ClientError> {
        let tokens = &self.inner.tokens;
        let since = Instant::now();
        let mut refusal = tokens.asking.lock().await;
        if let Some(bearer) = tokens.fresh() {
            return Ok(bearer);
        }
        // Who waited while a token was refused would only be refused again.
        if let Some((at, error)) = refusal.as_ref()
            && *at >= since
        {
            return Err(error.clone());
        }
        let result = self.ask(flow).await;
        *refusal = result.as_ref().err().map(|error| (Instant::now(), error.clone()));
        result
    }

    async fn ask(&self, flow: &Flow) -> Result<Bearer, ClientError> {
        match &self.inner.target.auth {
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
                Ok(self.inner.tokens.keep(header, None, renewable))
            }
            Auth::SignedJwt { .. } => match self.signer().await? {
                Some(signer) => self.ask_platform(flow, signer).await,
                None => Err(ClientError::configuration("this target needs no assertion")),
            },
        }
    }

    /// Who signs assertions; nobody where tokens are not asked for.
    pub(super) async fn signer(&self) -> Result<Option<Arc<Signer>>, ClientError> {
        let Auth::SignedJwt { api_key, kid, key } = &self.inner.target.auth else {
            return Ok(None);
        };
        let read = || Signer::read(api_key, kid, key);
        self.inner.tokens.signer.get_or_try_init(read).await.map(|signer| Some(Arc::clone(signer)))
    }

    async fn ask_platform(&self, flow: &Flow, signer: Arc<Signer>) -> Result<Bearer, ClientError> {
        let (audience, url) = self.token_endpoint()?;
        let mut attempt = 0;
        let (mut corrected, mut by_own_clock) = (false, false);
        loop {
            self.ready()?;
            attempt += 1;
            let assumed = match by_own_clock {
                true => now().as_second(),
                false => self.inner.skew.server_now(now()).as_second(),
            };
            let assertion = signer.clone().assertion(audience.clone(), assumed).await?;
            let call = token_call(self, flow, url.clone(), &assertion);
            self.count(Kind::Token, attempt);
            let raw = self.send(&call, attempt, None, None).await?;
            let error = match self.token_of(&raw) {
                Ok((header, life)) => {
                    if by_own_clock {
                        self.inner.skew.disbelieve();
                    }
                    return Ok(self.inner.tokens.keep(header, Some(life), true));
                }
                Err(error) => error,
            };
            if !corrected && raw.status() == Some(400) {
                let differs = |clock: i64| (clock - assumed).abs() > 30;
                let by_date = differs(self.inner.skew.server_now(now()).as_second());
                // The answer's `Date` may just have told how far this clock is off; or it is a
                // gateway's `Date` that is off, and this clock is right.
                corrected = by_date || differs(now().as_second());
                by_own_clock = corrected && !by_date;
                if corrected {
                    continue;
                }
            }
            let pause = match raw.status() {
                Some(429) => retry::stated_pause(&raw, &self.inner.skew),
                _ => match retry::next(Repeat::Safe, attempt, &raw) {
                    Next::Again(pause) => pause,
                    Next::Take => return Err(error),
                },
            };
            if attempt >= MOST_ATTEMPTS {
                return Err(error);
            }
            self.sleep(pause).await?;
        }
    }

    /// The token endpoint, as an assertion names it and as it is called.
    pub(super) fn token_endpoint(&self) -> Result<(String, Url), ClientError> {
        let audience = self.inner.target.token_url.clone().unwrap_or_default();
        let url = Url::parse(&audience).map_err(|error| {
            ClientError::configuration(format!("token URL `{audience}`: {error}"))
        })?;
        Ok((audience, url))
    }

    pub(super) fn token_of(&self, raw: &Raw) -> Result<(HeaderValue, Duration), ClientError> {
        let unusable = |status, problem: &str| ClientError::TokenUnusable {
            url: self.inner.target.token_url.clone().unwrap_or_default(),
            status,
            problem: problem.to_owned(),
        };
        let Some(status) = raw.status() else {
            return Err(super::api::unreachable(&raw.exchange));
        };
        if status != 200 {
            return Err(refusal::of(self, raw, status));
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
}

pub(super) fn token_call(session: &Session, flow: &Flow, url: Url, assertion: &str) -> Call {
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
