//! Who may knock at a door of this machine: whoever calls it by one of its own names, and no page
//! of another site.
//! Other names for this machine (DNS rebinding) and what foreign pages send (CSRF) are turned away.

use std::net::{IpAddr, SocketAddr};

use http::header::{HOST, HeaderMap, HeaderName, ORIGIN};
use http::uri::{Authority, Uri};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stranger {
    /// It names another host than this one, none, or two.
    OtherHost,
    /// A page of another site sent it.
    OtherPage,
}

/// An address that this machine listens on, and the names it goes by.
#[derive(Debug, Clone)]
pub struct Own {
    scheme: &'static str,
    listen: SocketAddr,
    names: Vec<String>,
}

impl Own {
    /// `scheme`: `http` or `https`. `names`: beside `localhost` and the address itself, each with or
    /// without a port; without one, that of the address.
    #[must_use]
    pub fn new(scheme: &'static str, listen: SocketAddr, names: Vec<String>) -> Self {
        Self { scheme, listen, names }
    }

    /// Where it listens.
    #[must_use]
    pub const fn listen(&self) -> SocketAddr {
        self.listen
    }

    /// Whether an authority is this address.
    #[must_use]
    pub fn is(&self, authority: &str) -> bool {
        let usual = if self.scheme == "https" { 443 } else { 80 };
        let (host, port) = name_and_port(authority);
        let (host, port) = (bare(host), port.unwrap_or(usual));
        let given = |name: &String| {
            let (name, stated) = name_and_port(name);
            bare(name).eq_ignore_ascii_case(host) && stated.unwrap_or(self.listen.port()) == port
        };
        let address: Option<IpAddr> = host.parse().ok();
        let own = host.eq_ignore_ascii_case("localhost")
            || address.is_some_and(|ip| {
                ip == self.listen.ip() || ip.is_loopback() || self.listen.ip().is_unspecified()
            });
        (own && port == self.listen.port()) || self.names.iter().any(given)
    }

    /// Why a request is refused, if it is: by the host it names, then by the page that sent it.
    #[must_use]
    pub fn refusal(&self, uri: &Uri, headers: &HeaderMap) -> Option<Stranger> {
        let own = |named: &Authority| plain(named) && self.is(named.as_str());
        let stated = hosts(headers);
        // One that is read twice could lead to two places.
        let named = stated.len() < 2 && (stated.len() == 1 || uri.authority().is_some());
        let all_own = uri.authority().is_none_or(own)
            && stated.iter().all(|host| host.as_ref().is_some_and(own));
        if !named || !all_own {
            return Some(Stranger::OtherHost);
        }
        let page = is_own_page(headers, self.scheme, |origin| self.is(origin.as_str()));
        (!page).then_some(Stranger::OtherPage)
    }
}

/// A name and the port after it.
fn name_and_port(authority: &str) -> (&str, Option<u16>) {
    if authority.parse::<IpAddr>().is_ok() {
        return (authority, None);
    }
    match authority.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (authority, None),
        },
        _ => (authority, None),
    }
}

/// A name without the brackets that an IPv6 address has in authorities.
fn bare(name: &str) -> &str {
    name.trim_matches(['[', ']'])
}

fn plain(authority: &Authority) -> bool {
    !authority.as_str().contains('@')
}

/// What `Host` fields name; `None` for one that cannot be read.
fn hosts(headers: &HeaderMap) -> Vec<Option<Authority>> {
    let read = |host: &http::HeaderValue| host.to_str().ok()?.parse().ok();
    headers.get_all(HOST).iter().map(read).collect()
}

/// The one host a request names; `None` where it names none, or two.
#[must_use]
pub fn authority_of(uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
    let mut stated = hosts(headers);
    let stated = match (stated.pop(), stated.is_empty()) {
        (None, _) => None,
        (Some(host), true) => Some(host?),
        (Some(_), false) => return None,
    };
    match (uri.authority().cloned(), stated) {
        (Some(target), Some(stated)) if target != stated => None,
        (target, stated) => target.or(stated),
    }
}

/// Whether something was sent by a page of this host, or by a program: a browser always tells the
/// site and the origin of what a page sends.
#[must_use]
pub fn is_own_page(headers: &HeaderMap, scheme: &str, is_own: impl Fn(&Authority) -> bool) -> bool {
    let own_site = |site: &http::HeaderValue| matches!(site.as_bytes(), b"same-origin" | b"none");
    let own_origin = |origin: &http::HeaderValue| {
        let rest = origin.to_str().ok().and_then(|text| text.strip_prefix(scheme));
        let rest = rest.and_then(|text| text.strip_prefix("://"));
        rest.and_then(|text| text.parse::<Authority>().ok())
            .is_some_and(|from| plain(&from) && is_own(&from))
    };
    headers.get_all(SEC_FETCH_SITE).iter().all(own_site)
        && headers.get_all(ORIGIN).iter().all(own_origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(listen: &str, names: &[&str]) -> Own {
        Own::new("http", listen.parse().unwrap(), names.iter().map(|n| (*n).to_owned()).collect())
    }

    fn refused(own: &Own, target: &str, headers: &[(&str, &str)]) -> Option<Stranger> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        own.refusal(&target.parse().unwrap(), &map)
    }

    #[test]
    fn a_door_answers_to_its_own_names_alone() {
        let here = own("127.0.0.1:9100", &["witness", "outside:8080", "front:80", "fd00::1"]);
        for host in [
            "127.0.0.1:9100",
            "localhost:9100",
            "LOCALHOST:9100",
            "[::1]:9100",
            "127.8.8.8:9100",
            "witness:9100",
            "Witness:9100",
            "outside:8080",
            "front",
            "front:80",
            "[fd00::1]:9100",
        ] {
            assert_eq!(refused(&here, "/", &[("host", host)]), None, "{host}");
        }
        for host in [
            "evil.example:9100",
            "127.0.0.1",
            "127.0.0.1:9101",
            "witness",
            "witness:9101",
            "outside:9100",
            "outside",
            "front:9100",
            "10.0.0.1:9100",
            "127.0.0.1.evil.example:9100",
            "localhost.evil.example:9100",
            "x@localhost:9100",
            "",
        ] {
            let found = refused(&here, "/", &[("host", host)]);
            assert_eq!(found, Some(Stranger::OtherHost), "{host}");
        }
        assert_eq!(refused(&here, "/", &[]), Some(Stranger::OtherHost));
        let two = [("host", "localhost:9100"), ("host", "evil.example:9100")];
        assert_eq!(refused(&here, "/", &two), Some(Stranger::OtherHost));
        let other = "http://evil.example:9100/";
        assert_eq!(refused(&here, other, &[("host", "localhost:9100")]), Some(Stranger::OtherHost));
        assert_eq!(refused(&here, "http://localhost:9100/", &[]), None);
        assert_eq!(refused(&here, "http://localhost:9100/", &[("host", "witness:9100")]), None);
        // Whoever listens everywhere is called by any of its addresses, which no name can feign.
        let anywhere = own("0.0.0.0:9100", &[]);
        assert_eq!(refused(&anywhere, "/", &[("host", "192.168.1.7:9100")]), None);
        let name = [("host", "evil.example:9100")];
        assert_eq!(refused(&anywhere, "/", &name), Some(Stranger::OtherHost));
        assert_eq!(refused(&own("127.0.0.1:80", &["w"]), "/", &[("host", "w")]), None);
    }

    #[test]
    fn a_page_of_another_site_is_refused_and_a_program_is_not() {
        let here = own("127.0.0.1:9100", &[]);
        let with = |name, value| refused(&here, "/", &[("host", "localhost:9100"), (name, value)]);
        for (name, value) in [
            ("origin", "http://localhost:9100"),
            ("origin", "http://127.0.0.1:9100"),
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "none"),
            ("sec-fetch-mode", "cors"),
        ] {
            assert_eq!(with(name, value), None, "{name}: {value}");
        }
        for (name, value) in [
            ("origin", "http://evil.example"),
            ("origin", "null"),
            ("origin", "https://localhost:9100"),
            ("origin", "http://localhost:9101"),
            ("origin", "http://localhost:9100@evil.example"),
            ("origin", ""),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "anything"),
        ] {
            assert_eq!(with(name, value), Some(Stranger::OtherPage), "{name}: {value}");
        }
    }
}
