//! Which addresses are production, which are this machine, and what a person must say before
//! anything reaches production.
//! Refuses to trust names: a host decides, whatever a profile calls itself.

use letterproof_model::LetterId;
use url::{Host, Url};

use crate::ClientError;

/// First labels of hosts under the NHS API platform that are known not to be production.
const REHEARSAL: [&str; 9] = [
    "int",
    "sandbox",
    "dev",
    "qa",
    "ref",
    "internal-dev",
    "internal-qa",
    "internal-dev-sandbox",
    "internal-qa-sandbox",
];

/// Whether a URL leads to production. A host of the NHS API platform that is not known as a
/// rehearsal environment counts as production.
#[must_use]
pub fn is_production_host(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    if host == "api.service.nhs.uk" {
        return true;
    }
    match host.strip_suffix(".api.service.nhs.uk") {
        Some(label) => !REHEARSAL.contains(&label),
        None => host == "service.nhs.uk" || host.ends_with(".prod.service.nhs.uk"),
    }
}

/// Whether a URL leads to this machine.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name.eq_ignore_ascii_case("localhost")
                || name.to_ascii_lowercase().ends_with(".localhost")
        }
        None => false,
    }
}

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

    pub(crate) fn covers(&self, url: &Url) -> bool {
        url.host_str().is_some_and(|host| host.eq_ignore_ascii_case(&self.host))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn production_is_recognised_however_it_is_written() {
        for text in [
            "https://api.service.nhs.uk/nhs-notify-supplier",
            "https://API.Service.NHS.uk:443/x",
            "https://api.service.nhs.uk./nhs-notify-supplier",
            "https://someone@api.service.nhs.uk/",
            "http://api.service.nhs.uk/",
            "https://prod.api.service.nhs.uk/",
            "https://blue.api.service.nhs.uk/",
        ] {
            assert!(is_production_host(&url(text)), "{text}");
        }
    }

    #[test]
    fn rehearsal_environments_and_strangers_are_not_production() {
        for text in [
            "https://int.api.service.nhs.uk/nhs-notify-supplier",
            "https://sandbox.api.service.nhs.uk/nhs-notify-supplier",
            "http://127.0.0.1:9000/",
            "https://api.service.nhs.uk.example.org/",
            "https://notapi.service.nhs.uk.test/",
        ] {
            assert!(!is_production_host(&url(text)), "{text}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for text in
            ["http://127.0.0.1:1/", "http://127.8.9.1/", "http://[::1]:80/", "http://localhost/"]
        {
            assert!(is_loopback(&url(text)), "{text}");
        }
        for text in ["http://128.0.0.1/", "http://localhost.example.org/", "http://[::2]/"] {
            assert!(!is_loopback(&url(text)), "{text}");
        }
    }

    #[test]
    fn consent_without_letters_is_refused() {
        assert!(ProductionConsent::given("api.service.nhs.uk", Vec::new()).is_err());
    }
}
