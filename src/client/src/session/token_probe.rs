//! Probes of the token endpoint and of tokens past their end, for conformance checks.
//! Refuses to use what it is given by mistake: a token that a probe should not have been given is
//! on record and nowhere else.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use letterproof_model::{Actor, Exchange, now};

use super::assertion::AssertionFlaw;
use super::call::{Call, Kind, Repeat};
use super::core::Session;
use super::probe::Probe;
use super::retry::{self, Next};
use super::token::token_call;
use super::transport::{Raw, header_text};
use crate::{BearerChoice, ClientError, Flow};

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
        let Some(signer) = self.signer().await? else { return Ok(None) };
        let (audience, _) = self.token_endpoint()?;
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
        let Ok((bearer, life)) = self.token_of(&raw) else { return Ok(None) };
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
        let Some(signer) = self.signer().await? else { return Ok(None) };
        let (audience, _) = self.token_endpoint()?;
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
        match retry::next(Repeat::Safe, *attempt, raw) {
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
        let (_, url) = self.token_endpoint()?;
        let flow = Flow { actor: Actor::Harness, ..flow.clone() };
        let mut call: Call = token_call(self, &flow, url, assertion);
        if let Some(label) = label {
            let value: HeaderValue = header_text(label, "X-Correlation-ID")?;
            call.headers.push((CORRELATION_ID, value));
        }
        self.ready()?;
        super::guard::allow(&self.inner, &call)?;
        self.count(Kind::Token, 1);
        self.send(&call, 1, None, None).await
    }
}
