//! What a session refuses to send, whoever asks: decided before any traffic.
//! Refuses production but for the smoke test on named letters, and every place that is neither the
//! target nor its stated storage.

use std::sync::atomic::Ordering;

use letterproof_model::{Capability, MarkKind, Operation, Route};
use letterproof_wire::{Going, Guard, Refusal, StorageHost, Through, is_loopback};
use tokio::task::spawn_blocking;
use url::Url;

use super::call::{Call, Kind};
use super::core::{Inner, Session};
use super::link::DataLink;
use crate::{ClientError, Target};

impl Target {
    /// What every connection to this target passes.
    ///
    /// # Errors
    /// When the target must not be reached, or its settings cannot work.
    pub fn guard(&self) -> Result<Guard, ClientError> {
        let token = match &self.token_url {
            Some(text) if matches!(self.auth, crate::Auth::SignedJwt { .. }) => {
                Some(Url::parse(text).map_err(|error| {
                    ClientError::configuration(format!(
                        "token URL `{text}`: it is not a URL ({error}); give an address such as https://host/oauth2/token"
                    ))
                })?)
            }
            None if matches!(self.auth, crate::Auth::SignedJwt { .. }) => {
                return Err(ClientError::configuration(format!(
                    "target {}: signed-JWT credentials need a token URL; set one",
                    self.name
                )));
            }
            _ => None,
        };
        let through = match &self.proxy {
            _ if is_loopback(&self.base_url) => Through::Nothing,
            Some(proxy) => Through::Proxy(proxy.clone()),
            None => Through::Environment,
        };
        let going = Going {
            target: std::iter::once(self.base_url.clone()).chain(token).collect(),
            storage: self.storage_hosts.clone(),
            agreed: self.consent.as_ref().map(|consent| consent.host().to_owned()),
            through,
            plain: false,
        };
        Guard::new(going).map_err(|refusal| ClientError::refused(refusal.to_string()))
    }
}

impl Session {
    /// What its connections pass.
    pub(crate) fn guard(&self) -> &Guard {
        self.inner.http.guard()
    }

    /// Whether a link may be followed; nothing is asked and nothing is sent.
    ///
    /// # Errors
    /// Why not.
    pub fn check_link(&self, link: &DataLink) -> Result<(), Refusal> {
        self.guard().check(&link.url)
    }

    /// Lets a download go where its link leads, or ends the session: the link stays refused, so that
    /// going on could only show letters that nobody fetched.
    pub(super) async fn allow_link(&self, url: &Url) -> Result<(), ClientError> {
        let guard = self.guard();
        let Err(refusal) = guard.check(url) else { return Ok(()) };
        let Some(host) = refusal.askable() else { return Err(self.misled(&refusal)) };
        // One question at a time; who waited finds the answer given.
        let _asking = self.inner.asking.lock().await;
        self.ready()?;
        if guard.check(url).is_ok() {
            return Ok(());
        }
        if !self.asked_about(host).await? {
            return Err(self.misled(&refusal));
        }
        guard.agree_to(host.clone());
        let text = format!("a person agreed that {host} is the target's storage");
        self.mark(MarkKind::Note { text }, None)
    }

    async fn asked_about(&self, host: &StorageHost) -> Result<bool, ClientError> {
        let Some(consent) = self.inner.target.storage_consent.clone() else { return Ok(false) };
        let host = host.clone();
        // A person takes their time, and others must not wait for it.
        let answer = spawn_blocking(move || consent.given_to(&host)).await;
        answer.map_err(|_| ClientError::Interrupted)
    }
}

/// Refuses a call that must not be made.
pub(super) fn allow(inner: &Inner, call: &Call) -> Result<(), ClientError> {
    let target = &inner.target;
    if call.kind == Kind::Download {
        return Ok(());
    }
    let Some(consent) = &target.consent else { return Ok(()) };
    let route = Route::of(call.method.as_str(), call.url.as_str(), target.base_url.as_str());
    let allowed = match route.operation {
        Operation::Status | Operation::Token | Operation::GetMi => true,
        Operation::GetLetter | Operation::GetLetterData => {
            route.letter.is_some_and(|letter| consent.letters().contains(&letter))
        }
        Operation::CreateMi => inner.usage.mi_records.fetch_add(1, Ordering::Relaxed) == 0,
        _ => false,
    };
    if allowed {
        Ok(())
    } else {
        Err(ClientError::refused(format!(
            "{} is not part of the production smoke test, which fetches the named letters and submits one record",
            route.operation.label()
        )))
    }
}

/// Refuses to exceed the rate limit on purpose where that is no test: in production, and where no
/// limit is known that could be tested.
pub(super) fn allow_burst(target: &Target) -> Result<(), ClientError> {
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
