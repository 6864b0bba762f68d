//! Raw requests for conformance checks: any method, path, header and body, flawed assertions and
//! tokens past their end, recorded like all.
//!
//! A probe is sent as it was asked for, or not at all. A token that a probe should not have been
//! given is on record and nowhere else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use http::{HeaderName, HeaderValue, Method};
use letterproof_model::{Actor, Capability, Exchange, now};
use secrecy::{ExposeSecret, SecretString};

use super::operations::{DataLink, link_of};
use super::sending::{header_text, request_id};
use super::{Raw, Session};
use crate::assertion::AssertionFlaw;
use crate::call::{self, API_BODY_CAP, Call, Kind, Next, Repeat, Vouch};
use crate::tokens::{endpoint, token_call, token_of};
use crate::{ClientError, Flow, Target};

/// How many calls of a burst are under way at once: enough to go beyond a limit of hundreds a
/// second where an answer takes most of a second.
const BURST_AT_ONCE: usize = 400;

/// Which credentials a probe carries.
#[derive(Debug, Clone, Default)]
pub enum BearerChoice {
    /// The session's own, never renewed on a 401.
    #[default]
    Session,
    /// No `Authorization` header.
    Absent,
    /// This whole value of `Authorization`.
    Value(SecretString),
}

/// What becomes of one header.
#[derive(Debug, Clone, Default)]
pub enum HeaderChoice {
    /// As the session would send it.
    #[default]
    Usual,
    /// Left out.
    Absent,
    /// This value, which may be empty.
    Value(String),
}

/// A request as a conformance check wants it.
#[derive(Debug, Clone)]
pub struct Probe {
    /// The method.
    pub method: String,
    /// Path and query under the base URL, beginning with a slash, taken as they are.
    pub path: String,
    /// `X-Request-ID`; usually fresh.
    pub request_id: HeaderChoice,
    /// `X-Correlation-ID`; usually the flow's.
    pub correlation_id: HeaderChoice,
    /// `Accept`; usually the API's media type.
    pub accept: HeaderChoice,
    /// `Content-Type`; usually the API's media type, where there is a body.
    pub content_type: HeaderChoice,
    /// Credentials.
    pub bearer: BearerChoice,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Vec<u8>>,
    /// Whether a 429 is waited out, a failure on the way overcome and the probe sent again; off for
    /// probes of the limit itself.
    pub patient: bool,
    /// Whether it is a list whose letters stay hidden afterwards, so that it is not sent again at
    /// once when its answer was lost.
    pub hides_letters: bool,
}

impl Probe {
    /// A probe that is as the session would send it.
    #[must_use]
    pub fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            request_id: HeaderChoice::Usual,
            correlation_id: HeaderChoice::Usual,
            accept: HeaderChoice::Usual,
            content_type: HeaderChoice::Usual,
            bearer: BearerChoice::Session,
            headers: Vec::new(),
            body: None,
            patient: true,
            hides_letters: false,
        }
    }

    /// The same with a body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }
}

/// A failure on the way tells nothing of what a probe asks, so it is sent again like the same call
/// of a supplier; only what makes a record must not be, once the API may have acted on it.
fn repeat_of(probe: &Probe) -> Repeat {
    match probe.patient {
        false => Repeat::Never,
        true if probe.hides_letters => Repeat::Unsent,
        true if probe.method == "POST" && !probe.path.starts_with("/letters") => Repeat::Unsent,
        true => Repeat::Safe,
    }
}

impl Session {
    /// Sends a probe as the harness, and returns the exchange as it was recorded; a transport
    /// error is an outcome like any other.
    ///
    /// # Errors
    /// When the probe cannot be put into HTTP, may not be sent, or could not be recorded.
    pub async fn probe(&self, flow: &Flow, probe: &Probe) -> Result<Arc<Exchange>, ClientError> {
        Ok(self.probe_for_link(flow, probe).await?.0)
    }

    /// As [`Session::probe`], with the link that a 303 carries.
    ///
    /// # Errors
    /// As [`Session::probe`].
    pub async fn probe_for_link(
        &self,
        flow: &Flow,
        probe: &Probe,
    ) -> Result<(Arc<Exchange>, Option<DataLink>), ClientError> {
        let call = self.probe_call(flow, probe).await?;
        let raw = self.make(&call).await?;
        let link = link_of(&call.url, &raw);
        Ok((raw.exchange, link))
    }

    /// Sends a probe again and again without pacing, until one is answered with 429 or `most` were
    /// sent, and then lets a second pass, so that paced calls do not pay for it. Gives the number
    /// sent.
    ///
    /// # Errors
    /// As [`Session::probe`], and before any traffic where the target is production or has no
    /// rate limit to test.
    pub async fn burst(&self, flow: &Flow, probe: &Probe, most: u32) -> Result<u32, ClientError> {
        allow_burst(&self.inner.target)?;
        let refused = AtomicBool::new(false);
        let sent = AtomicU32::new(0);
        let one = || async {
            if refused.load(Ordering::Relaxed) {
                return Ok(());
            }
            self.ready()?;
            let call = self.probe_call(flow, probe).await?;
            self.allow(&call)?;
            let bearer = self.bearer_for(&call).await?;
            sent.fetch_add(1, Ordering::Relaxed);
            self.count(call.kind, 1);
            let raw = self.send(&call, 1, bearer.as_ref(), None).await?;
            if raw.status() == Some(429) {
                refused.store(true, Ordering::Relaxed);
            }
            Ok::<(), ClientError>(())
        };
        futures::stream::iter((0..most).map(|_| one()))
            .buffer_unordered(BURST_AT_ONCE)
            .try_collect::<()>()
            .await?;
        self.sleep(Duration::from_millis(1_100)).await?;
        Ok(sent.into_inner())
    }

    async fn probe_call(&self, flow: &Flow, probe: &Probe) -> Result<Call, ClientError> {
        let method = Method::from_bytes(probe.method.as_bytes()).map_err(|_| {
            ClientError::configuration(format!("`{}` is not an HTTP method", probe.method))
        })?;
        let mut headers = Vec::new();
        let mut put = |name: &'static str, choice: &HeaderChoice, usual: Option<String>| {
            let value = match choice {
                HeaderChoice::Usual => usual,
                HeaderChoice::Absent => None,
                HeaderChoice::Value(value) => Some(value.clone()),
            };
            if let Some(value) = value {
                headers.push((HeaderName::from_static(name), header_text(&value, name)?));
            }
            Ok::<(), ClientError>(())
        };
        let document = "application/vnd.api+json".to_owned();
        let correlation = self.correlation(flow);
        put("x-request-id", &probe.request_id, Some(request_id()))?;
        put("x-correlation-id", &probe.correlation_id, correlation)?;
        put("accept", &probe.accept, Some(document.clone()))?;
        put("content-type", &probe.content_type, probe.body.as_ref().map(|_| document))?;
        for (name, value) in &probe.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
                ClientError::configuration(format!("`{name}` is not an HTTP header name"))
            })?;
            let value = header_text(value, name.as_str())?;
            headers.push((name, value));
        }
        let vouch = match &probe.bearer {
            BearerChoice::Absent => Vouch::Nobody,
            BearerChoice::Value(value) => {
                let mut value: HeaderValue = header_text(value.expose_secret(), "Authorization")?;
                value.set_sensitive(true);
                Vouch::Given(value)
            }
            // Given as it stands, so that a 401 is an outcome and not a reason to renew.
            BearerChoice::Session => match self.inner.tokens.bearer(self, flow).await? {
                Some(bearer) => Vouch::Given(bearer.header()),
                None => Vouch::Nobody,
            },
        };
        Ok(Call {
            flow: Flow { actor: Actor::Harness, ..flow.clone() },
            method,
            url: self.api_url(&probe.path)?,
            headers,
            body: probe.body.clone().unwrap_or_default().into(),
            kind: Kind::Api,
            repeat: repeat_of(probe),
            vouch,
            ids: false,
            timeout: self.target().timeouts.answer,
            cap: API_BODY_CAP,
            due: flow.due,
            keep: None,
        })
    }
}

const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");
/// How long after its end a token is used.
const BEYOND: Duration = Duration::from_secs(1);

impl Session {
    /// Asks for a token with a flawed assertion, under this `X-Correlation-ID`. Gives the exchange;
    /// `None` where the session asks nobody for tokens.
    ///
    /// # Errors
    /// When a secret cannot be read, the probe may not be sent, or it could not be recorded.
    pub async fn probe_token(
        &self,
        flow: &Flow,
        flaw: AssertionFlaw,
        label: &str,
    ) -> Result<Option<Arc<Exchange>>, ClientError> {
        let Some(signer) = self.inner.tokens.signer(self.target()).await? else { return Ok(None) };
        let (audience, _) = endpoint(self.target())?;
        let mut attempt = 0;
        loop {
            let now = self.platform_seconds();
            let assertion = signer.clone().flawed(flaw, audience.clone(), now).await?;
            let raw = self.ask_with(flow, &assertion, Some(label)).await?;
            if !self.asks_again(&mut attempt, &raw).await? {
                return Ok(Some(raw.exchange));
            }
        }
    }

    /// Asks for a token twice with one and the same assertion, the second time under this
    /// `X-Correlation-ID`. Gives the second exchange, as [`Session::probe_token`] does.
    ///
    /// # Errors
    /// As [`Session::probe_token`].
    pub async fn probe_replay(
        &self,
        flow: &Flow,
        label: &str,
    ) -> Result<Option<Arc<Exchange>>, ClientError> {
        let Some((assertion, _)) = self.ask_well(flow).await? else { return Ok(None) };
        let mut attempt = 0;
        loop {
            let raw = self.ask_with(flow, &assertion, Some(label)).await?;
            if !self.asks_again(&mut attempt, &raw).await? {
                return Ok(Some(raw.exchange));
            }
        }
    }

    /// Sends a probe with a token of its own once that has expired. `None` where the session asks
    /// nobody for tokens, where it was given none, and where one lives longer than `patience`.
    ///
    /// # Errors
    /// As [`Session::probe_token`] and [`Session::probe`].
    pub async fn probe_with_expired_token(
        &self,
        flow: &Flow,
        probe: &Probe,
        patience: Duration,
    ) -> Result<Option<Arc<Exchange>>, ClientError> {
        let Some((_, raw)) = self.ask_well(flow).await? else { return Ok(None) };
        let Ok((bearer, life)) = token_of(self, &raw) else { return Ok(None) };
        if life > patience {
            return Ok(None);
        }
        self.sleep(life + BEYOND).await?;
        let value = bearer.to_str().unwrap_or_default().to_owned();
        let probe = Probe { bearer: BearerChoice::Value(value.into()), ..probe.clone() };
        self.probe(flow, &probe).await.map(Some)
    }

    /// Asks for a token as one should, and again with another assertion while the platform has a
    /// fault: an assertion that was not answered may or may not have been seen. `None` where the
    /// session asks nobody for tokens.
    async fn ask_well(&self, flow: &Flow) -> Result<Option<(String, Raw)>, ClientError> {
        let Some(signer) = self.inner.tokens.signer(self.target()).await? else { return Ok(None) };
        let (audience, _) = endpoint(self.target())?;
        let mut attempt = 0;
        loop {
            let now = self.platform_seconds();
            let assertion = signer.clone().assertion(audience.clone(), now).await?;
            let raw = self.ask_with(flow, &assertion, None).await?;
            if !self.asks_again(&mut attempt, &raw).await? {
                return Ok(Some((assertion, raw)));
            }
        }
    }

    /// Whether a request for a token failed on the way and is to be made again, after a pause that
    /// is over then.
    async fn asks_again(&self, attempt: &mut u32, raw: &Raw) -> Result<bool, ClientError> {
        *attempt += 1;
        match call::next(Repeat::Safe, *attempt, raw) {
            Next::Again(pause) => self.sleep(pause).await.map(|()| true),
            Next::Take => Ok(false),
        }
    }

    fn platform_seconds(&self) -> i64 {
        self.inner.skew.server_now(now()).as_second()
    }

    async fn ask_with(
        &self,
        flow: &Flow,
        assertion: &str,
        label: Option<&str>,
    ) -> Result<Raw, ClientError> {
        let (_, url) = endpoint(self.target())?;
        let flow = Flow { actor: Actor::Harness, ..flow.clone() };
        let mut call: Call = token_call(self, &flow, url, assertion);
        if let Some(label) = label {
            let value: HeaderValue = header_text(label, "X-Correlation-ID")?;
            call.headers.push((CORRELATION_ID, value));
        }
        self.ready()?;
        self.allow(&call)?;
        self.count(Kind::Token, 1);
        self.send(&call, 1, None, None).await
    }
}

/// Refuses to exceed the rate limit on purpose where that is no test: in production, and where no
/// limit is known that could be tested.
fn allow_burst(target: &Target) -> Result<(), ClientError> {
    let host = target.base_url.host_str().unwrap_or_default();
    if target.consent.is_some() {
        return Err(ClientError::refused(format!(
            "the rate limit of {host} is never exceeded on purpose in the production smoke test"
        )));
    }
    if !target.has(Capability::RateLimited) {
        return Err(ClientError::refused(format!(
            "target {} has no rate limit to test; declare the capability `rate-limited` if {host} has one",
            target.name
        )));
    }
    Ok(())
}
