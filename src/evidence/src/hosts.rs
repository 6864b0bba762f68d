//! Hosts as a bundle names them, which need not be reached to be told apart.

use std::net::IpAddr;

use url::{Host, Url};

/// The host of a URL, without the brackets of an IPv6 address and without a full stop at its end.
#[must_use]
pub fn host_of(url: &str) -> Option<String> {
    Some(match Url::parse(url).ok()?.host()? {
        Host::Domain(name) => name.trim_end_matches('.').to_ascii_lowercase(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    })
}

/// Whether such a host is the machine that made the call, however it is written.
#[must_use]
pub fn is_this_machine(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) => {
            let mapped = address.to_ipv4_mapped();
            address.is_loopback()
                || address.is_unspecified()
                || mapped.is_some_and(|address| address.is_loopback())
        }
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_unspecified(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_calls_itself_by_many_names() {
        let is_here = |url: &str| host_of(url).is_some_and(|host| is_this_machine(&host));
        for url in [
            "http://127.0.0.1:9000/x",
            "http://LOCALHOST./",
            "http://mock.localhost/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://0.0.0.0:1/",
        ] {
            assert!(is_here(url), "{url}");
        }
        for url in ["https://int.api.service.nhs.uk/", "http://10.0.0.1/", "no address"] {
            assert!(!is_here(url), "{url}");
        }
    }
}
