//! Where an address lies, as its bits say.
//! Refuses disguises: an IPv4 address within an IPv6 one (mapped, NAT64, 6to4) lies where it lies.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

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

#[cfg(test)]
mod tests {
    use super::*;

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
}
