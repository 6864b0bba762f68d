//! Why a connection is not made, each with what to do about it.
//! No URL is shown: paths and queries of links are secrets.

use std::net::IpAddr;

use crate::place::{Ground, StorageHost};

/// Why a connection is not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It leads to production.
    #[error(
        "{host} is production; only `letterproof run --target prod-smoke`, with named letters and a typed confirmation, may reach it"
    )]
    Production {
        /// The host.
        host: String,
    },
    /// It leads to an address of production under another name.
    #[error(
        "{host} has the address {address}, which is production's; only `letterproof run --target prod-smoke` may reach that"
    )]
    ProductionAddress {
        /// The host.
        host: String,
        /// Its address.
        address: IpAddr,
    },
    /// It would go without TLS to another machine.
    #[error(
        "{host} without TLS: credentials and letters need TLS (https) everywhere but on this machine"
    )]
    Plain {
        /// The host.
        host: String,
    },
    /// It leads where neither the target nor its stated storage lies.
    #[error(
        "{host} leads to {address}, {ground}, where neither the target nor its stated storage lies"
    )]
    Ground {
        /// The host, as it is called.
        host: String,
        /// Its address.
        address: IpAddr,
        /// Where that lies.
        ground: Ground,
    },
    /// It leads to a host that nobody stated as the target's storage.
    #[error(
        "the profile does not state {host} as the target's storage. If it is, write `storage_hosts = [\"{host}\"]` at the top of the profile, or give --yes-storage {host}"
    )]
    Unstated {
        /// The host.
        host: StorageHost,
        /// Whether a person may be asked for consent: a host of the public network, by name and
        /// over https.
        may_ask: bool,
    },
    /// It carries a user's name, by which a URL can be made to look like another.
    #[error("the address of {host} carries a user's name; leave that out")]
    User {
        /// The host.
        host: String,
    },
    /// It cannot be connected to, or programs read it in two ways.
    #[error("this is not a plain http or https address")]
    Address,
}

impl Refusal {
    /// The host that a person may be asked about.
    #[must_use]
    pub fn askable(&self) -> Option<&StorageHost> {
        match self {
            Self::Unstated { host, may_ask: true } => Some(host),
            _ => None,
        }
    }

    /// The refusal within an error of an HTTP library, where the guard is the cause.
    #[must_use]
    pub fn within<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(refusal) = error.downcast_ref() {
                return Some(refusal);
            }
            // An I/O error's own cause is not among its sources.
            let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
            if let Some(refusal) = inner.and_then(|inner| Self::within(inner)) {
                return Some(refusal);
            }
            next = error.source();
        }
        None
    }
}
