//! Where a call went: to the API, to its token endpoint, or elsewhere, where only a link that the
//! API gave may lead.

use std::collections::{BTreeMap, HashSet};

use letterproof_model::{Operation, Route};
use url::Url;

/// Longest address read, in bytes.
const URL_LIMIT: usize = 64 * 1024;
/// How many other hosts an error names.
const HOSTS_SHOWN: usize = 3;

/// Where a call went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// To the API or its token endpoint: what was called, and the address as judges know it.
    Ours { operation: Operation, url: String },
    /// To an address that may be a link.
    Elsewhere { key: String },
    /// To something that is no web address.
    Nowhere,
}

/// The addresses that belong to a recording.
#[derive(Debug)]
pub(super) struct Places {
    base: String,
    token: Option<String>,
    /// The links that the API gave, each without its query.
    links: HashSet<String>,
    /// Calls to other hosts, by host.
    others: BTreeMap<String, u64>,
}

impl Places {
    pub(super) fn new(base_url: &str, token_url: Option<&str>) -> Self {
        let plain = |url: &str| {
            Url::parse(url)
                .map_or_else(|_| url.to_owned(), String::from)
                .trim_end_matches('/')
                .into()
        };
        Self {
            base: plain(base_url),
            token: token_url.map(plain),
            links: HashSet::new(),
            others: BTreeMap::new(),
        }
    }

    /// Tells where a call went.
    pub(super) fn of(&self, method: &str, url: &str) -> Result<Place, String> {
        if url.len() > URL_LIMIT {
            return Err(format!("its address is longer than {URL_LIMIT} bytes"));
        }
        let Ok(parsed) = Url::parse(url) else {
            return Err("its `url` is not an address".to_owned());
        };
        if !matches!(parsed.scheme(), "http" | "https") {
            return Ok(Place::Nowhere);
        }
        // Exporters differ in capitals and default ports, which judges do not know of.
        let url = if self.is_api(url) { url } else { parsed.as_str() };
        let is_token = self.token.as_deref().is_some_and(|token| key(&parsed) == token);
        if self.is_api(url) || is_token {
            let operation = match is_token {
                true => Operation::Token,
                false => Route::of(method, url, &self.base).operation,
            };
            return Ok(Place::Ours { operation, url: url.to_owned() });
        }
        Ok(Place::Elsewhere { key: key(&parsed) })
    }

    /// The API's address.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    fn is_api(&self, url: &str) -> bool {
        url.strip_prefix(&self.base)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
    }

    /// Takes in a link that the API gave with an answer to this address.
    pub(super) fn gave(&mut self, url: &str, location: &str) {
        if let Ok(link) = Url::parse(url).and_then(|base| base.join(location)) {
            self.links.insert(key(&link));
        }
    }

    /// Whether a call elsewhere followed a link of the API.
    pub(super) fn is_link(&self, key: &str) -> bool {
        self.links.contains(key)
    }

    /// Counts a call that is left out.
    pub(super) fn leave_out(&mut self, host: Option<String>) {
        *self.others.entry(host.unwrap_or_default()).or_default() += 1;
    }

    /// Where most of the calls that were left out went, as a sentence ends.
    pub(super) fn other_hosts(&self) -> String {
        let mut hosts: Vec<_> = self.others.iter().filter(|(host, _)| !host.is_empty()).collect();
        hosts.sort_by_key(|(_, calls)| std::cmp::Reverse(**calls));
        let named: Vec<&str> =
            hosts.iter().take(HOSTS_SHOWN).map(|(host, _)| host.as_str()).collect();
        match named.as_slice() {
            [] => String::new(),
            named => format!("; the calls in it went to {}", named.join(", ")),
        }
    }
}

/// An address without query and fragment: a link whose signature was changed leads there too.
fn key(url: &Url) -> String {
    let mut plain = url.clone();
    plain.set_query(None);
    plain.set_fragment(None);
    String::from(plain).trim_end_matches('/').to_owned()
}

/// The scheme and host of an address that was left out.
pub(super) fn host(key: &str) -> Option<String> {
    let url = Url::parse(key).ok()?;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("{}://{}{port}", url.scheme(), url.host_str()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        Places::new("https://int.example/supplier/", Some("https://login.example:443/realm/token"))
    }

    fn operation(method: &str, url: &str) -> Option<Operation> {
        match places().of(method, url).unwrap() {
            Place::Ours { operation, .. } => Some(operation),
            Place::Elsewhere { .. } | Place::Nowhere => None,
        }
    }

    #[test]
    fn the_api_and_its_token_endpoint_are_known_however_they_are_written() {
        for (method, url, expected) in [
            ("GET", "https://int.example/supplier/letters?limit=5", Some(Operation::ListLetters)),
            ("GET", "https://INT.example:443/supplier/letters", Some(Operation::ListLetters)),
            ("POST", "https://login.example/realm/token", Some(Operation::Token)),
            ("GET", "https://int.example/supplier/storage/a.pdf", Some(Operation::Download)),
            ("GET", "https://int.example/supplier2/letters", None),
            ("GET", "https://int.example.evil.example/supplier/letters", None),
            ("GET", "http://int.example/supplier/letters", None),
            ("POST", "https://login.example/realm/token2", None),
            ("GET", "data:text/plain,letters", None),
        ] {
            assert_eq!(operation(method, url), expected, "{method} {url}");
        }
        let Place::Ours { url, .. } =
            places().of("GET", "https://INT.example:443/supplier/letters").unwrap()
        else {
            panic!("ours");
        };
        assert_eq!(url, "https://int.example/supplier/letters");
    }

    #[test]
    fn a_link_is_known_again_by_its_path_also_with_another_signature() {
        let mut places = places();
        places.gave("https://int.example/supplier/letters/a/data", "https://s.example/a.pdf?sig=1");
        places.gave("https://int.example/supplier/letters/a/data", "/store/b.pdf?sig=1");
        for (url, expected) in [
            ("https://s.example/a.pdf?sig=2", true),
            ("https://int.example/store/b.pdf", true),
            ("https://s.example/other.pdf?sig=1", false),
            ("https://t.example/a.pdf?sig=1", false),
        ] {
            let Place::Elsewhere { key } = places.of("GET", url).unwrap() else { panic!("{url}") };
            assert_eq!(places.is_link(&key), expected, "{url}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_without_being_quoted() {
        let long = format!("https://int.example/{}", "x".repeat(URL_LIMIT));
        for url in ["", "letters", "https://", &long] {
            let words = places().of("GET", url).unwrap_err();
            assert!(words.contains("address") && words.len() < 100, "{words}");
        }
    }
}
