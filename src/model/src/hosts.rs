//! Which host a target's name speaks of, and what a nonce makes correlation ids begin with.
//! Refuses to let a name claim more than an address: INT is what lies at INT's host.

/// The hosts of the platform's environments end so.
const PLATFORM: &str = "nhs.uk";

/// The host at which a built-in target of this name lies; `None` for other names.
#[must_use]
pub fn host_of_target(name: &str) -> Option<&'static str> {
    match name {
        "sandbox" => Some("sandbox.api.service.nhs.uk"),
        "int" => Some("int.api.service.nhs.uk"),
        "prod-smoke" => Some("api.service.nhs.uk"),
        _ => None,
    }
}

/// Whether a target cannot have this name at this host: `int`, `sandbox` and `prod-smoke` are at
/// one host each, and a `mock` is at none of the platform's.
#[must_use]
pub fn is_misnamed(name: &str, host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    match host_of_target(name) {
        Some(expected) => host != expected,
        None => name == "mock" && is_of_platform(&host),
    }
}

fn is_of_platform(host: &str) -> bool {
    host.strip_suffix(PLATFORM).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// What the correlation ids of a run with this nonce begin with: the nonce, other characters than
/// letters and digits replaced, at most 40 of them; a hyphen follows. `None` for an empty nonce.
#[must_use]
pub fn correlation_prefix(nonce: &str) -> Option<String> {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let prefix: String = nonce.chars().map(plain).take(40).collect();
    Some(prefix).filter(|prefix| !prefix.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_built_in_name_belongs_to_its_host_alone() {
        for (name, host, misnamed) in [
            ("int", "int.api.service.nhs.uk", false),
            ("int", "INT.api.service.nhs.uk.", false),
            ("int", "127.0.0.1", true),
            ("int", "internal-dev.api.service.nhs.uk", true),
            ("sandbox", "int.api.service.nhs.uk", true),
            ("prod-smoke", "api.service.nhs.uk", false),
            ("prod-smoke", "int.api.service.nhs.uk", true),
            ("mock", "127.0.0.1", false),
            ("mock", "mock.example", false),
            ("mock", "int.api.service.nhs.uk", true),
            ("mock", "notnhs.uk", false),
            ("our-int", "127.0.0.1", false),
            ("int at 127.0.0.1:9000", "127.0.0.1", false),
        ] {
            assert_eq!(is_misnamed(name, host), misnamed, "{name} at {host}");
        }
    }

    #[test]
    fn a_nonce_is_made_fit_for_a_header() {
        assert_eq!(correlation_prefix("NHS 2026.1").as_deref(), Some("NHS-2026-1"));
        assert_eq!(correlation_prefix(""), None);
        assert_eq!(correlation_prefix(&"x".repeat(50)).unwrap().len(), 40);
    }
}
