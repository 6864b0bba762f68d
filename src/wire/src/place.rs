//! A host and a port, with every spelling of one place made the same.
//! Refuses to tell names of this machine apart: whoever may use one may use the others.

use std::net::IpAddr;

use url::{Host, Url};

use crate::ground::Ground;

/// A host, by its one spelling.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Name {
    /// This machine, however it is called.
    Here,
    /// A name, in lower case and without the dot at its end.
    Domain(String),
    /// An address that is not this machine's.
    Address(IpAddr),
}

impl Name {
    pub(crate) fn of(url: &Url) -> Option<Self> {
        Some(Self::of_host(&url.host()?))
    }

    pub(crate) fn of_host<S: AsRef<str>>(host: &Host<S>) -> Self {
        match host {
            Host::Domain(name) => Self::named(name.as_ref()),
            Host::Ipv4(address) => Self::at((*address).into()),
            Host::Ipv6(address) => Self::at((*address).into()),
        }
    }

    pub(crate) fn named(name: &str) -> Self {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        if name == "localhost" || name.ends_with(".localhost") {
            return Self::Here;
        }
        name.parse().map_or(Self::Domain(name), Self::at)
    }

    pub(crate) fn at(address: IpAddr) -> Self {
        match Ground::of(address) {
            Ground::Loopback => Self::Here,
            _ => Self::Address(address),
        }
    }
}

/// A host and a port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) name: Name,
    pub(crate) port: u16,
}

impl Place {
    pub(crate) fn of(url: &Url) -> Option<Self> {
        Some(Self { name: Name::of(url)?, port: url.port_or_known_default()? })
    }
}

/// Whether a URL leads to this machine.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    Name::of(url) == Some(Name::Here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        let url = |text: &str| Url::parse(text).unwrap();
        for text in [
            "http://127.0.0.1:1/",
            "http://127.8.9.1/",
            "http://[::1]:80/",
            "http://localhost/",
            "http://LOCALHOST./",
            "http://mock.localhost/",
            "http://0x7f.1/",
            "http://2130706433/",
            "http://[::ffff:127.0.0.1]/",
        ] {
            assert!(is_loopback(&url(text)), "{text}");
        }
        for text in [
            "http://128.0.0.1/",
            "http://localhost.example.org/",
            "http://[::2]/",
            "http://0.0.0.0/",
        ] {
            assert!(!is_loopback(&url(text)), "{text}");
        }
    }
}
