//! The host that a target keeps its documents on, as a profile or a person states it.
//! Refuses wildcards: at a provider, the host beside ours is somebody else's.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

use crate::ground::Ground;
use crate::place::{Name, Place};
use crate::production::is_production_host;

/// The port of https, which need not be written.
const HTTPS: u16 = 443;

/// A host of documents: a name or an address, and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageHost {
    host: Host<String>,
    port: u16,
}

/// A text that states no storage host, with what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseStorageHostError(String);

impl StorageHost {
    /// The host that a link leads to.
    #[must_use]
    pub fn of(url: &Url) -> Option<Self> {
        let host = match url.host()? {
            Host::Domain(name) => Host::Domain(name.trim_end_matches('.').to_ascii_lowercase()),
            other => other.to_owned(),
        };
        Some(Self { host, port: url.port_or_known_default()? })
    }

    pub(crate) fn place(&self) -> Place {
        Place { name: Name::of_host(&self.host), port: self.port }
    }
}

impl fmt::Display for StorageHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            HTTPS => write!(f, "{}", self.host),
            port => write!(f, "{}:{port}", self.host),
        }
    }
}

impl FromStr for StorageHost {
    type Err = ParseStorageHostError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |why: String| Err(ParseStorageHostError(why));
        let exact =
            "write the exact host, as in \"files.example.org\"; `letterproof doctor` shows it";
        let text = text.trim();
        if text.contains('*') {
            return wrong(format!(
                "a wildcard takes in hosts of others, as every customer of a provider; {exact}"
            ));
        }
        if text.is_empty() || text.contains(['/', '\\', '@', '?', '#', ' ', '%']) {
            return wrong(format!("give the host alone: {exact}"));
        }
        // As http, so that a port of 443 that was written down is not taken for none.
        let Ok(url) = Url::parse(&format!("http://{text}/")) else {
            return wrong(format!("this is not a host: {exact}"));
        };
        if is_production_host(&url) {
            return wrong(
                "this is production, which keeps no documents for a rehearsal".to_owned(),
            );
        }
        let stated = url.port().or_else(|| text.ends_with(":80").then_some(80));
        let Some(host) = Self::of(&url) else {
            return wrong(format!("this is not a host: {exact}"));
        };
        let host = Self { port: stated.unwrap_or(HTTPS), ..host };
        match host.place().name {
            Name::Here if stated.is_none() => {
                wrong("give the port as well, as in \"localhost:9102\"".to_owned())
            }
            Name::Address(address) if Ground::of(address).is_never_allowed() => {
                wrong(format!("{address} is {}; {exact}", Ground::of(address)))
            }
            _ => Ok(host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storage_host_is_a_name_or_an_address_with_or_without_a_port() {
        for (text, shown) in [
            ("Files.Example.org", "files.example.org"),
            ("files.example.org.", "files.example.org"),
            ("files.example.org:443", "files.example.org"),
            ("files.example.org:8443", "files.example.org:8443"),
            ("bucket.s3.eu-west-2.amazonaws.com", "bucket.s3.eu-west-2.amazonaws.com"),
            ("localhost:9102", "localhost:9102"),
            ("localhost:80", "localhost:80"),
            ("10.0.0.7", "10.0.0.7"),
            ("[fd00::1]:9102", "[fd00::1]:9102"),
        ] {
            assert_eq!(text.parse::<StorageHost>().unwrap().to_string(), shown, "{text}");
        }
    }

    #[test]
    fn what_states_no_one_host_is_refused_with_what_to_write() {
        for (text, words) in [
            ("*.amazonaws.com", "every customer of a provider"),
            ("*.s3.eu-west-2.amazonaws.com", "every customer of a provider"),
            ("*", "every customer of a provider"),
            ("bucket-*.s3.amazonaws.com", "every customer of a provider"),
            ("https://files.example.org", "the host alone"),
            ("files.example.org/letters", "the host alone"),
            ("someone@files.example.org", "the host alone"),
            ("", "the host alone"),
            ("a b", "the host alone"),
            ("files.example.org:99999", "not a host"),
            ("localhost", "give the port"),
            ("127.0.0.1", "give the port"),
            ("api.service.nhs.uk", "production"),
            ("API.service.nhs.uk.:443", "production"),
            ("169.254.169.254", "credentials"),
            ("[::ffff:169.254.169.254]", "credentials"),
            ("0.0.0.0:80", "unspecified"),
        ] {
            let error = text.parse::<StorageHost>().unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
