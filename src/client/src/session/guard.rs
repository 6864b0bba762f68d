//! What a session refuses to send, whoever asks: decided before any traffic.
//! Refuses production but for the smoke test on named letters, and anything but TLS elsewhere.

use std::sync::atomic::Ordering;

use letterproof_model::{Capability, Operation, Route};
use url::Url;

use super::call::{Call, Kind};
use super::core::Inner;
use crate::{ClientError, Target, is_loopback, is_production_host};

/// Refuses a target that must not be reached.
pub(super) fn allow_target(target: &Target) -> Result<(), ClientError> {
    let token = match &target.token_url {
        Some(text) if matches!(target.auth, crate::Auth::SignedJwt { .. }) => {
            Some(Url::parse(text).map_err(|error| {
                ClientError::configuration(format!(
                    "token URL `{text}`: it is no URL ({error}); give an address such as https://host/oauth2/token"
                ))
            })?)
        }
        None if matches!(target.auth, crate::Auth::SignedJwt { .. }) => {
            return Err(ClientError::configuration(format!(
                "target {}: signed-JWT credentials need a token URL; set one",
                target.name
            )));
        }
        _ => None,
    };
    for url in std::iter::once(&target.base_url).chain(token.as_ref()) {
        if is_production_host(url) {
            let consented = target.consent.as_ref().is_some_and(|consent| consent.covers(url));
            if !consented {
                return Err(ClientError::refused(format!(
                    "{} is production; only `--target prod-smoke` with named letters and a typed confirmation may reach it",
                    url.host_str().unwrap_or_default()
                )));
            }
        }
        if url.scheme() != "https" && !is_loopback(url) {
            return Err(ClientError::refused(format!(
                "{url} is neither https nor on this machine; credentials and letters need TLS"
            )));
        }
    }
    Ok(())
}

/// Refuses a call that must not be made.
pub(super) fn allow(inner: &Inner, call: &Call) -> Result<(), ClientError> {
    let target = &inner.target;
    if call.kind == Kind::Download {
        if call.url.scheme() != "https" && !is_loopback(&target.base_url) {
            return Err(ClientError::refused(format!(
                "the download link leads to {} without TLS; letters are only fetched over https",
                call.url.host_str().unwrap_or_default()
            )));
        }
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
            "{} is no part of the production smoke test, which fetches the named letters and submits one record",
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
