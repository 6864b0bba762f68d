//! Where a request goes: to the API, its token endpoint, or the storage behind a link.
//!
//! Every path keeps its bytes; only the origin changes. So a path outside the API reaches the API's
//! host too, and what it answers is what the supplier would have got without a witness. It is no
//! forward proxy: no CONNECT, no other host, no link the API did not give.
//!
//! A link `https://bucket.example/L1.pdf?sig=…` becomes `/_download/TOKEN/L1.pdf?sig=…`: the token
//! names the bucket's origin, says whether the link's host name differs from the API's, and carries
//! a MAC under a key made at the start. So nothing is kept between the two requests, and path and
//! query stay as they are, byte for byte, as the signature asks.

use std::borrow::Cow;
use std::net::SocketAddr;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use http::header::{HOST, HeaderValue};
use http::request::Parts;
use http::{Method, StatusCode, Uri};
use letterproof_model::{Operation, Route};
use letterproof_wire::{Own, Stranger};
use url::Url;

use crate::WitnessError;
use crate::config::Upstream;
use crate::doors::{Door, Downloads, name_of};

/// Where one request goes.
pub(crate) struct Routed {
    /// The URL upstream, as it is recorded.
    pub(crate) url: String,
    /// The same for the HTTP library.
    pub(crate) uri: Uri,
    /// `Host` upstream.
    pub(crate) host: HeaderValue,
    /// What it is.
    pub(crate) operation: Operation,
    /// Where the request follows a link to the storage, whether that link had another host name
    /// than the supplier calls the API by.
    pub(crate) link_apart: Option<bool>,
}

/// A request that goes nowhere.
#[derive(Debug)]
pub(crate) struct Misdirected {
    pub(crate) status: StatusCode,
    pub(crate) why: &'static str,
}

const fn misdirected(status: StatusCode, why: &'static str) -> Misdirected {
    Misdirected { status, why }
}

/// The map of one witness.
pub(crate) struct Routes {
    base_url: String,
    origin: String,
    token: Option<Url>,
    scheme: &'static str,
    api: Own,
    downloads: Option<(Downloads, Own)>,
    links: LinkKey,
}

impl Routes {
    pub(crate) fn new(
        upstream: &Upstream,
        listen: SocketAddr,
        downloads: Option<Downloads>,
        tls: bool,
        names: Vec<String>,
    ) -> Result<Self, WitnessError> {
        let scheme = if tls { "https" } else { "http" };
        let downloads = downloads.map(|downloads| {
            let names = [names.as_slice(), downloads.name.as_slice()].concat();
            let own = Own::new(scheme, downloads.listen, names);
            (downloads, own)
        });
        Ok(Self {
            base_url: plain(&upstream.base_url)?.as_str().trim_end_matches('/').to_owned(),
            origin: upstream.base_url.origin().ascii_serialization(),
            token: upstream.token_url.as_ref().map(plain).transpose()?.cloned(),
            scheme,
            api: Own::new(scheme, listen, names),
            downloads,
            links: LinkKey::new()?,
        })
    }

    /// The witness's own origin, as a supplier on this machine uses it.
    pub(crate) fn own_origin(&self) -> String {
        format!("{}://{}", self.scheme, self.reachable())
    }

    fn reachable(&self) -> SocketAddr {
        let listen = self.api.listen();
        match listen.ip() {
            ip if ip.is_unspecified() => SocketAddr::from(([127, 0, 0, 1], listen.port())),
            _ => listen,
        }
    }

    /// The origin of the links for a supplier that uses [`Self::own_origin`]; `None` where it is
    /// the same.
    pub(crate) fn download_origin(&self) -> Option<String> {
        let (downloads, _) = self.downloads.as_ref()?;
        let authority = downloads.authority(&self.reachable().to_string());
        Some(format!("{}://{authority}", self.scheme))
    }

    /// Tells where a request goes.
    pub(crate) fn route(&self, parts: &Parts, door: Door) -> Result<Routed, Misdirected> {
        self.admit(parts, door)?;
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let linked = path.starts_with(PREFIX);
        let (url, link_apart) = match (door, linked) {
            (Door::Downloads, false) => {
                let why = "this address has documents only, by the links that the API gave";
                return Err(misdirected(StatusCode::MISDIRECTED_REQUEST, why));
            }
            (Door::Api, true) if self.downloads.is_some() => {
                let why = "documents have an address of their own; follow the link as it was given";
                return Err(misdirected(StatusCode::NOT_FOUND, why));
            }
            (_, true) => {
                let why = "this is not a link that the API gave while this witness was running";
                let restored = self.links.restore(path);
                let Restored { url, apart } =
                    restored.ok_or(misdirected(StatusCode::NOT_FOUND, why))?;
                (url, Some(apart))
            }
            (Door::Api, false) => (self.beside(parts, path), None),
        };
        let unusable = || misdirected(StatusCode::BAD_REQUEST, "the path cannot be passed on");
        let uri: Uri = url.parse().map_err(|_| unusable())?;
        let authority = uri.authority().ok_or_else(unusable)?;
        let host = HeaderValue::from_str(authority.as_str()).map_err(|_| unusable())?;
        let operation = Route::of(parts.method.as_str(), &url, &self.base_url).operation;
        Ok(Routed { url, uri, host, operation, link_apart })
    }

    /// The same path at the token endpoint or at the API.
    fn beside(&self, parts: &Parts, path: &str) -> String {
        match &self.token {
            Some(token) if parts.uri.path() == token.path() => {
                let query = parts.uri.query().map_or_else(String::new, |q| format!("?{q}"));
                format!("{}{}{query}", token.origin().ascii_serialization(), token.path())
            }
            _ => format!("{}{path}", self.origin),
        }
    }

    fn admit(&self, parts: &Parts, door: Door) -> Result<(), Misdirected> {
        if parts.method == Method::CONNECT {
            let why = "CONNECT is refused: this is not a forward proxy; use its base URL instead";
            return Err(misdirected(StatusCode::METHOD_NOT_ALLOWED, why));
        }
        if !parts.uri.path().starts_with('/') {
            let why = "the request target is not a path";
            return Err(misdirected(StatusCode::BAD_REQUEST, why));
        }
        let hosts = parts.headers.get_all(HOST).iter().count();
        if hosts > 1 || (hosts == 0 && parts.uri.authority().is_none()) {
            let why = "a request has exactly one Host field";
            return Err(misdirected(StatusCode::BAD_REQUEST, why));
        }
        let own = match (door, &self.downloads) {
            (Door::Downloads, Some((_, own))) => own,
            _ => &self.api,
        };
        match own.refusal(&parts.uri, &parts.headers) {
            None => Ok(()),
            Some(Stranger::OtherHost) => {
                let why = "the request names another host: use the witness's base URL, or start it \
                           with --host and the name it is called by";
                Err(misdirected(StatusCode::MISDIRECTED_REQUEST, why))
            }
            Some(Stranger::OtherPage) => {
                let why = "a page of another site sent it, and no supplier's system";
                Err(misdirected(StatusCode::FORBIDDEN, why))
            }
        }
    }

    /// What the supplier is told in place of a `Location` of the API; `None` when it cannot be led
    /// through the witness and passes as it is.
    pub(crate) fn lead(&self, location: &HeaderValue, request: &LedFrom) -> Option<HeaderValue> {
        let location = std::str::from_utf8(location.as_bytes()).ok()?;
        let absolute = self.absolute(location, &request.upstream)?;
        let (origin, rest) = split(&absolute)?;
        let led = match self.own_path(origin, rest) {
            Some(path) => format!("{}{path}", request.api),
            None => {
                let target = Target { origin, apart: request.apart };
                format!("{}{}", request.downloads, self.links.lead(target, rest))
            }
        };
        HeaderValue::from_bytes(led.as_bytes()).ok()
    }

    /// A path of the API or the token endpoint is reached under the same path here.
    fn own_path(&self, origin: &str, rest: &str) -> Option<String> {
        let url = format!("{origin}{rest}");
        let base = url.strip_prefix(&self.base_url);
        let api = base.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
        let token = self.token.as_ref().is_some_and(|token| token.as_str() == url);
        (api || token).then(|| rest.to_owned())
    }

    fn absolute<'a>(&self, location: &'a str, request: &str) -> Option<Cow<'a, str>> {
        if location.contains("://") {
            return Some(Cow::Borrowed(location));
        }
        let (origin, _) = split(request)?;
        if location.starts_with('/') && !location.starts_with("//") {
            return Some(Cow::Owned(format!("{origin}{location}")));
        }
        let joined = Url::parse(request).ok()?.join(location).ok()?;
        Some(Cow::Owned(joined.into()))
    }

    /// What is needed to lead a link of the answer to this request.
    pub(crate) fn led_from(&self, parts: &Parts, routed: &Routed, door: Door) -> LedFrom {
        let host = match parts.uri.authority() {
            Some(authority) => Some(authority.as_str()),
            None => parts.headers.get(HOST).and_then(|value| value.to_str().ok()),
        };
        let own = match (door, &self.downloads) {
            (Door::Downloads, Some((_, own))) => own.listen(),
            _ => self.reachable(),
        };
        let called =
            host.filter(|host| is_host(host)).map_or_else(|| own.to_string(), str::to_owned);
        let origin = |authority: &str| format!("{}://{authority}", self.scheme);
        let upstream = routed.url.clone();
        match (door, &self.downloads) {
            (Door::Downloads, _) => LedFrom {
                api: self.own_origin(),
                downloads: origin(&called),
                apart: routed.link_apart.unwrap_or_default(),
                upstream,
            },
            (Door::Api, Some((downloads, _))) => {
                let authority = downloads.authority(&called);
                let apart = !name_of(&authority).eq_ignore_ascii_case(name_of(&called));
                LedFrom { api: origin(&called), downloads: origin(&authority), apart, upstream }
            }
            (Door::Api, None) => {
                let own = origin(&called);
                LedFrom { api: own.clone(), downloads: own, apart: false, upstream }
            }
        }
    }
}

/// How the supplier addressed the witness, and which URL upstream answered.
pub(crate) struct LedFrom {
    /// The witness's origin for the API.
    api: String,
    /// Its origin for links.
    downloads: String,
    /// Whether the host names of the two differ.
    apart: bool,
    upstream: String,
}

fn is_host(host: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    !host.is_empty() && host.len() < 256 && host.chars().all(allowed)
}

/// A URL that requests can be sent to.
fn plain(url: &Url) -> Result<&Url, WitnessError> {
    let problem = if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        "give an http or https URL"
    } else if !url.username().is_empty() || url.password().is_some() {
        "leave the user out; credentials pass through from the supplier"
    } else if url.query().is_some() || url.fragment().is_some() {
        "leave query and fragment out"
    } else {
        return Ok(url);
    };
    let mut shown = url.clone();
    // Neither can be missing where it cannot be cleared.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    shown.set_query(None);
    shown.set_fragment(None);
    Err(WitnessError::Upstream { url: shown.into(), problem: problem.to_owned() })
}

/// Where downloads are led through.
pub(crate) const PREFIX: &str = "/_download/";

/// Bytes of the MAC in a token.
const MAC: usize = 16;

/// Where a link leads.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    /// The origin that the API named.
    pub(crate) origin: &'a str,
    /// Whether the link has another host name than the supplier calls the API by.
    pub(crate) apart: bool,
}

/// Where a link led.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Restored {
    /// The URL as the API gave it.
    pub(crate) url: String,
    /// As [`Target::apart`].
    pub(crate) apart: bool,
}

/// What makes tokens and knows its own.
pub(crate) struct LinkKey(hmac::Key);

impl LinkKey {
    pub(crate) fn new() -> Result<Self, WitnessError> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new());
        key.map(Self).map_err(|_| WitnessError::Tls {
            problem: "the system gives no random numbers".to_owned(),
        })
    }

    /// The path on the witness that leads to `target` and `rest` (path and query).
    pub(crate) fn lead(&self, target: Target<'_>, rest: &str) -> String {
        let named = [&[u8::from(target.apart)], target.origin.as_bytes()].concat();
        let token = [self.mac(&named), named].concat();
        format!("{PREFIX}{}{rest}", BASE64.encode(token))
    }

    /// The whole URL and its kind of a path that [`Self::lead`] made; `None` for any other.
    pub(crate) fn restore(&self, path: &str) -> Option<Restored> {
        let path = path.strip_prefix(PREFIX)?;
        let end = path.find(['/', '?']).unwrap_or(path.len());
        let (token, rest) = path.split_at(end);
        let token = BASE64.decode(token).ok()?;
        let (mac, named) = token.split_at_checked(MAC)?;
        let genuine = aws_lc_rs::constant_time::verify_slices_are_equal(&self.mac(named), mac);
        genuine.ok()?;
        let (apart, origin) = named.split_first()?;
        let origin = std::str::from_utf8(origin).ok()?;
        Some(Restored { url: format!("{origin}{rest}"), apart: *apart != 0 })
    }

    fn mac(&self, named: &[u8]) -> Vec<u8> {
        hmac::sign(&self.0, named).as_ref()[..MAC].to_vec()
    }
}

/// Splits an absolute HTTP URL into origin and the rest, without touching either.
pub(crate) fn split(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    // A link that carries a user's name is led here like any other, and refused when it is followed.
    (!rest[..end].is_empty()).then(|| url.split_at(scheme.len() + 3 + end))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A map with a door for downloads at port 9102, or without.
    fn routes(downloads: bool) -> Routes {
        let listen = SocketAddr::from(([127, 0, 0, 1], 9102));
        let downloads = downloads.then_some(Downloads { listen, name: None });
        let upstream = Upstream {
            base_url: "https://int.example/nhs-notify-supplier".parse().unwrap(),
            token_url: Some("https://login.example/oauth2/token".parse().unwrap()),
            roots: Vec::new(),
            storage: Vec::new(),
        };
        let listen = SocketAddr::from(([127, 0, 0, 1], 9100));
        Routes::new(&upstream, listen, downloads, false, vec!["witness".to_owned()]).unwrap()
    }

    /// The way of a request that came in by a door, as it is called there.
    fn at_door(
        routes: &Routes,
        method: &str,
        target: &str,
        door: Door,
    ) -> Result<Routed, Misdirected> {
        let mut parts = parts(method, target);
        if door == Door::Downloads {
            parts.headers.insert(HOST, HeaderValue::from_static("localhost:9102"));
        }
        routes.route(&parts, door)
    }

    fn at_api(routes: &Routes, parts: &Parts) -> Result<Routed, Misdirected> {
        routes.route(parts, Door::Api)
    }

    fn parts(method: &str, target: &str) -> Parts {
        let request = http::Request::builder().method(method).uri(target);
        request.header("host", "localhost:9100").body(()).unwrap().into_parts().0
    }

    #[test]
    fn every_path_keeps_its_bytes_and_changes_its_origin() {
        let routes = routes(true);
        for (path, url, operation) in [
            (
                "/nhs-notify-supplier/letters?limit=10&x=%2F",
                "https://int.example/nhs-notify-supplier/letters?limit=10&x=%2F",
                Operation::ListLetters,
            ),
            ("/oauth2/token", "https://login.example/oauth2/token", Operation::Token),
            ("/elsewhere//x", "https://int.example/elsewhere//x", Operation::Download),
        ] {
            let routed = at_api(&routes, &parts("GET", path)).unwrap();
            assert_eq!((routed.url.as_str(), routed.operation), (url, operation));
        }
        let routed = at_api(&routes, &parts("POST", "/oauth2/token")).unwrap();
        assert_eq!(routed.host, "login.example");
    }

    const DATA: &str = "/nhs-notify-supplier/letters/L1/data";

    fn led(routes: &Routes, location: &str) -> Option<String> {
        let data = parts("GET", DATA);
        let from = routes.led_from(&data, &at_api(routes, &data).unwrap(), Door::Api);
        let led = routes.lead(&HeaderValue::from_str(location).unwrap(), &from)?;
        Some(led.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_location_leads_back_here_under_another_host_name_and_from_here_to_where_it_pointed() {
        for (apart, door, origin) in [
            (true, Door::Downloads, "http://127.0.0.1:9102"),
            (false, Door::Api, "http://localhost:9100"),
        ] {
            let routes = routes(apart);
            for (location, target) in [
                ("https://b.example/L1.pdf?sig=a%2Fb", "https://b.example/L1.pdf?sig=a%2Fb"),
                ("/storage/L1.pdf?sig=1", "https://int.example/storage/L1.pdf?sig=1"),
                ("//c.example/x?sig=2", "https://c.example/x?sig=2"),
            ] {
                let led = led(&routes, location).unwrap();
                let path = led.strip_prefix(origin).unwrap_or_else(|| panic!("{led}"));
                assert!(path.starts_with("/_download/"), "{path}");
                let routed = at_door(&routes, "GET", path, door).unwrap();
                assert_eq!((routed.url.as_str(), routed.link_apart), (target, Some(apart)));
            }
            let own = "https://int.example/nhs-notify-supplier/mi/M1";
            let expected = "http://localhost:9100/nhs-notify-supplier/mi/M1";
            assert_eq!(led(&routes, own).as_deref(), Some(expected));
            assert_eq!(led(&routes, "ftp://b.example/x"), None);
        }
    }

    #[test]
    fn a_storage_that_leads_on_leads_to_the_same_door_again() {
        let routes = routes(true);
        let path = led(&routes, "https://b.example/L1.pdf?sig=1").unwrap();
        let path = path.strip_prefix("http://127.0.0.1:9102").unwrap();
        let mut parts = parts("GET", path);
        parts.headers.insert(HOST, HeaderValue::from_static("127.0.0.1:9102"));
        let routed = routes.route(&parts, Door::Downloads).unwrap();
        let from = routes.led_from(&parts, &routed, Door::Downloads);
        let led = routes.lead(&HeaderValue::from_static("https://c.example/x"), &from).unwrap();
        assert!(led.to_str().unwrap().starts_with("http://127.0.0.1:9102/_download/"), "{led:?}");
        let own = HeaderValue::from_static("https://int.example/nhs-notify-supplier/mi/M1");
        let led = routes.lead(&own, &from).unwrap();
        assert_eq!(led, "http://127.0.0.1:9100/nhs-notify-supplier/mi/M1");
    }

    #[test]
    fn each_door_leads_to_what_is_behind_it_and_to_nothing_else() {
        let routes = routes(true);
        let status = |target: &str, door| {
            let refused = at_door(&routes, "GET", target, door).err();
            refused.map(|refused| refused.status.as_u16())
        };
        let link = led(&routes, "https://b.example/L1.pdf").unwrap();
        let link = &link["http://127.0.0.1:9102".len()..];
        assert_eq!(status(link, Door::Downloads), None);
        assert_eq!(status(link, Door::Api), Some(404));
        assert_eq!(status(DATA, Door::Api), None);
        for target in [DATA, "/oauth2/token", "/", "/_downloads/x", "/storage/L1.pdf"] {
            assert_eq!(status(target, Door::Downloads), Some(421), "{target}");
        }
        assert_eq!(status("/_download/AAAA/x", Door::Downloads), Some(404));
        // Each goes by its own port.
        let absolute = |port: u16| format!("http://localhost:{port}{link}");
        assert_eq!(status(&absolute(9102), Door::Downloads), None);
        assert_eq!(status(&absolute(9100), Door::Downloads), Some(421));
    }

    #[test]
    fn it_is_no_forward_proxy() {
        let routes = routes(false);
        let refused = |method: &str, target: &str| {
            at_api(&routes, &parts(method, target)).err().map(|refused| refused.status.as_u16())
        };
        assert_eq!(refused("CONNECT", "int.example:443"), Some(405));
        assert_eq!(
            refused("GET", "http://elsewhere.example/nhs-notify-supplier/letters"),
            Some(421)
        );
        assert_eq!(refused("GET", "http://localhost:9101/nhs-notify-supplier/letters"), Some(421));
        assert_eq!(refused("GET", "http://127.0.0.1:9100/nhs-notify-supplier/letters"), None);
        assert_eq!(refused("OPTIONS", "*"), Some(400));
        assert_eq!(refused("GET", "/_download/AAAA/x"), Some(404));
    }

    #[test]
    fn an_upstream_with_a_user_is_refused_without_showing_it() {
        let upstream = Upstream {
            base_url: "https://canary:canary@int.example/x".parse().unwrap(),
            token_url: None,
            roots: Vec::new(),
            storage: Vec::new(),
        };
        let listen = SocketAddr::from(([127, 0, 0, 1], 1));
        let error =
            Routes::new(&upstream, listen, None, false, Vec::new()).err().unwrap().to_string();
        assert!(!error.contains("canary") && error.contains("int.example"), "{error}");
    }

    #[test]
    fn a_link_comes_back_byte_for_byte() {
        let key = LinkKey::new().unwrap();
        for url in [
            "https://bucket.s3.eu-west-2.amazonaws.com/a%2Fb/L%201.pdf?X-Sig=a%2Fb+c==&x&y=%7e",
            "http://127.0.0.1:9000/storage/x?Signature=A/B+C%3D",
            "https://host.example?sig=1",
            "HTTPS://Host.Example/UPPER//double/../dots?",
            "https://host.example",
        ] {
            let (origin, rest) = split(url).unwrap();
            for apart in [false, true] {
                let led = key.lead(Target { origin, apart }, rest);
                assert!(led.starts_with(PREFIX) && led.ends_with(rest), "{led}");
                assert_eq!(key.restore(&led), Some(Restored { url: url.to_owned(), apart }));
            }
        }
    }

    #[test]
    fn an_origin_that_the_api_did_not_name_cannot_be_reached() {
        let key = LinkKey::new().unwrap();
        let other = LinkKey::new().unwrap();
        let inward = Target { origin: "https://10.0.0.1", apart: true };
        let other = other.lead(inward, "/latest/meta-data");
        assert_eq!(key.restore(&other), None);
        let led = key.lead(Target { origin: "https://bucket.example", apart: true }, "/x");
        for bad in [
            led.replace("/_download/", "/_download/A"),
            "/_download/".to_owned(),
            "/_download/aHR0cHM6Ly8xMC4wLjAuMQ/x".to_owned(),
            "/elsewhere".to_owned(),
        ] {
            assert_eq!(key.restore(&bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_no_plain_http_link_is_not_split() {
        for url in ["ftp://a/b", "/relative", "https:///x", "x"] {
            assert_eq!(split(url), None, "{url}");
        }
    }
}
