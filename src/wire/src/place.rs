//! The places that connections lead to: hosts and ports with one spelling each, the ground an address
//! lies on, which hosts are production, and the host that a target keeps its documents on.
//!
//! A host decides, whatever a profile calls itself. All names of this machine are one place. An IPv4
//! address within an IPv6 one (mapped, NAT64, 6to4) lies where it lies itself. A storage host is never
//! a wildcard: at a provider, the host beside ours is somebody else's.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use url::{Host, Url};

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

/// Where an address lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ground {
    /// On the public network.
    Public,
    /// On this machine.
    Loopback,
    /// In a network of somebody's own (RFC 1918, RFC 4193, RFC 6598, RFC 2544).
    Private,
    /// On the same cable (RFC 3927, RFC 4291).
    LinkLocal,
    /// Where clouds tell a machine its credentials.
    Metadata,
    /// Nowhere, which many systems take for this machine.
    Unspecified,
    /// With many, or kept free: nobody answers there.
    Nobody,
}

/// Where clouds answer machines beside `169.254.169.254`: AWS (containers, IPv6), Alibaba, Google.
const METADATA_4: [Ipv4Addr; 4] = [
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(169, 254, 170, 2),
    Ipv4Addr::new(169, 254, 170, 23),
    Ipv4Addr::new(100, 100, 100, 200),
];
const METADATA_6: [Ipv6Addr; 3] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
];

impl Ground {
    /// Where an address lies.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(four) => of_four(four),
            IpAddr::V6(six) => embedded(six).map_or_else(|| of_six(six), of_four),
        }
    }

    /// Whether no target and no storage can lie there, whoever says so.
    #[must_use]
    pub(crate) const fn is_never_allowed(self) -> bool {
        matches!(self, Self::Metadata | Self::Unspecified | Self::Nobody)
    }
}

impl fmt::Display for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "a public address",
            Self::Loopback => "an address of this machine",
            Self::Private => "a private address",
            Self::LinkLocal => "a link-local address",
            Self::Metadata => "where a cloud gives out a machine's credentials",
            Self::Unspecified => "the unspecified address",
            Self::Nobody => "an address that no server has",
        })
    }
}

fn of_four(address: Ipv4Addr) -> Ground {
    let [a, b, c, _] = address.octets();
    if METADATA_4.contains(&address) {
        return Ground::Metadata;
    }
    match (a, b, c) {
        (0, ..) => Ground::Unspecified,
        (127, ..) => Ground::Loopback,
        (169, 254, _) => Ground::LinkLocal,
        (10, ..) | (172, 16..=31, _) | (192, 168, _) => Ground::Private,
        // Shared by carriers and by VPNs, and the range that proxies invent addresses in.
        (100, 64..=127, _) | (198, 18..=19, _) => Ground::Private,
        (192, 0, 0 | 2) | (198, 51, 100) | (203, 0, 113) | (192, 88, 99) => Ground::Nobody,
        (224.., ..) => Ground::Nobody,
        _ => Ground::Public,
    }
}

fn of_six(address: Ipv6Addr) -> Ground {
    if METADATA_6.contains(&address) {
        return Ground::Metadata;
    }
    if address.is_loopback() {
        return Ground::Loopback;
    }
    if address.is_unspecified() {
        return Ground::Unspecified;
    }
    let first = address.segments();
    match first[0] {
        0xfc00..=0xfdff => Ground::Private,
        // Site-local addresses are gone from the books, not from all networks.
        0xfec0..=0xfeff => Ground::Private,
        0xfe80..=0xfebf => Ground::LinkLocal,
        // Documentation, and Teredo, which hides an IPv4 address behind a relay.
        0x2001 if first[1] == 0xdb8 || first[1] == 0 => Ground::Nobody,
        0x2000..=0x3fff => Ground::Public,
        _ => Ground::Nobody,
    }
}

/// The IPv4 address that an IPv6 one stands for, if it does.
fn embedded(six: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = six.segments();
    let four = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match s {
        // Neither the unspecified address nor the loopback is an IPv4 address in disguise.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        // IPv4-compatible, IPv4-mapped and IPv4-translated (RFC 4291, RFC 2765).
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0, 0, 0, 0, 0xffff, 0, high, low] => {
            Some(four(high, low))
        }
        // NAT64 (RFC 6052, RFC 8215).
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x64, 0xff9b, 1, _, _, _, high, low] => {
            Some(four(high, low))
        }
        // 6to4 (RFC 3056).
        [0x2002, high, low, ..] => Some(four(high, low)),
        _ => None,
    }
}

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
pub(crate) const PRODUCTION: [&str; 1] = ["api.service.nhs.uk"];

const PLATFORM: &str = ".api.service.nhs.uk";

/// Whether a URL leads to production. A host of the NHS API platform that is not known as a
/// rehearsal environment counts as production.
#[must_use]
pub fn is_production_host(url: &Url) -> bool {
    matches!(Name::of(url), Some(Name::Domain(host)) if is_production(&host))
}

pub(crate) fn is_production(host: &str) -> bool {
    if PRODUCTION.contains(&host) {
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

    fn grounds(texts: &[&str]) -> Vec<Ground> {
        texts.iter().map(|text| Ground::of(text.parse().unwrap())).collect()
    }

    #[test]
    fn each_address_lies_where_its_bits_say() {
        for (ground, texts) in [
            (Ground::Public, &["8.8.8.8", "1.1.1.1", "2a00:1450::1", "172.32.0.1"][..]),
            (Ground::Loopback, &["127.0.0.1", "127.9.9.9", "::1"]),
            (Ground::Private, &["10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "fd12::1"]),
            (Ground::LinkLocal, &["169.254.0.1", "fe80::1"]),
            (Ground::Metadata, &["169.254.169.254", "fd00:ec2::254", "169.254.170.2"]),
            (Ground::Unspecified, &["0.0.0.0", "0.1.2.3", "::"]),
            (Ground::Nobody, &["224.0.0.1", "255.255.255.255", "ff02::1", "2001:db8::1"]),
        ] {
            assert!(grounds(texts).iter().all(|found| *found == ground), "{ground:?} {texts:?}");
        }
    }

    #[test]
    fn an_ipv4_address_in_disguise_lies_where_it_lies() {
        for (ground, texts) in [
            (
                Ground::Metadata,
                &["::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1"][..],
            ),
            (
                Ground::Loopback,
                &["::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::7f00:1"],
            ),
            (Ground::Private, &["::ffff:10.0.0.1", "64:ff9b:1::a00:1", "::ffff:0:a00:1"]),
            (Ground::Public, &["::ffff:8.8.8.8", "64:ff9b::808:808"]),
        ] {
            assert!(grounds(texts).iter().all(|found| *found == ground), "{ground:?} {texts:?}");
        }
    }

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
