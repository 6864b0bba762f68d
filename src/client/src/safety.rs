//! What every connection to a target passes, and what a person must say before anything reaches
//! production, or documents are fetched from a host that nobody stated.

use std::fmt;
use std::sync::Arc;

use letterproof_model::LetterId;
use letterproof_wire::{Going, Guard, StorageHost, Through, is_loopback};
use url::Url;

use crate::{ClientError, Target};

/// A person's typed consent to the production smoke test: the host's name, and the letters by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductionConsent {
    host: String,
    letters: Vec<LetterId>,
}

impl ProductionConsent {
    /// Takes the host name as the person typed it and the ids of the live test letters.
    ///
    /// # Errors
    /// When no letter is named.
    pub fn given(typed_host: &str, letters: Vec<LetterId>) -> Result<Self, ClientError> {
        if letters.is_empty() {
            return Err(ClientError::refused(
                "the production smoke test needs the ids of the live test letters; name them",
            ));
        }
        Ok(Self { host: typed_host.trim().to_ascii_lowercase(), letters })
    }

    /// The letters that may be fetched.
    #[must_use]
    pub fn letters(&self) -> &[LetterId] {
        &self.letters
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn covers(&self, url: &Url) -> bool {
        url.host_str().is_some_and(|host| host.eq_ignore_ascii_case(&self.host))
    }
}

/// Asks a person whether a host that links lead to is the target's storage.
#[derive(Clone)]
pub struct StorageConsent(Arc<dyn Fn(&StorageHost) -> bool + Send + Sync>);

impl StorageConsent {
    /// Takes what asks; it may take its time.
    #[must_use]
    pub fn asking(ask: impl Fn(&StorageHost) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(ask))
    }

    pub(crate) fn given_to(&self, host: &StorageHost) -> bool {
        (self.0)(host)
    }
}

impl fmt::Debug for StorageConsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StorageConsent")
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consent_without_letters_is_refused() {
        assert!(ProductionConsent::given("api.service.nhs.uk", Vec::new()).is_err());
    }
}
