//! Which hosts are production.
//! Refuses to trust names: a host decides, whatever a profile calls itself.

use url::Url;

use crate::place::Name;

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

/// The hosts whose addresses are production too, by whatever name they are reached.
pub(crate) const HOSTS: [&str; 1] = ["api.service.nhs.uk"];

const PLATFORM: &str = ".api.service.nhs.uk";

/// Whether a URL leads to production. A host of the NHS API platform that is not known as a
/// rehearsal environment counts as production.
#[must_use]
pub fn is_production_host(url: &Url) -> bool {
    matches!(Name::of(url), Some(Name::Domain(host)) if is_production(&host))
}

pub(crate) fn is_production(host: &str) -> bool {
    if HOSTS.contains(&host) {
        return true;
    }
    match host.strip_suffix(PLATFORM) {
        Some(label) => !REHEARSAL.contains(&label),
        None => host == "service.nhs.uk" || host.ends_with(".prod.service.nhs.uk"),
    }
}

/// Whether a host is a rehearsal environment of the platform, which may share its addresses with
/// production.
pub(crate) fn is_rehearsal(host: &str) -> bool {
    host.strip_suffix(PLATFORM).is_some_and(|label| REHEARSAL.contains(&label))
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
            "https://api.service.nhs.uk:8443/x",
            "https://api.service.nhs.uk./nhs-notify-supplier",
            "https://api.service.nhs.uk../nhs-notify-supplier",
            "https://someone@api.service.nhs.uk/",
            "https://int.api.service.nhs.uk@api.service.nhs.uk/",
            "http://api.service.nhs.uk/",
            "https://prod.api.service.nhs.uk/",
            "https://blue.api.service.nhs.uk/",
            "https://%61pi.service.nhs.uk/",
            "https://api%2eservice.nhs.uk/",
            "https://ａｐｉ.service.nhs.uk/",
            "https://api。service．nhs｡uk/",
            "https:\\\\api.service.nhs.uk\\x",
            "https:///api.service.nhs.uk/x",
            "https://a\u{ad}pi.service.nhs.uk/",
            "https://api.ser\tvice.nhs.uk/",
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
}
