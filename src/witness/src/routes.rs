//! Where a request goes: to the API, its token endpoint, or the storage behind a link.
//!
//! Every path keeps its bytes; only the origin changes. So a path outside the API reaches the
//! API's host too, and what it answers is what the supplier would have got without a witness.
//! Refuses to be a forward proxy: no CONNECT, no other host, no link the API did not give.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use http::header::{HOST, HeaderValue};
use http::request::Parts;
use http::{Method, StatusCode, Uri, Version};
use letterproof_model::{Operation, Route};
use url::Url;

use crate::WitnessError;
use crate::config::Upstream;
use crate::link::{self, LinkKey};

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
    listen: SocketAddr,
    names: Vec<String>,
    links: LinkKey,
}

impl Routes {
    pub(crate) fn new(
        upstream: &Upstream,
        listen: SocketAddr,
        tls: Option<&[String]>,
    ) -> Result<Self, WitnessError> {
        Ok(Self {
            base_url: plain(&upstream.base_url)?.as_str().trim_end_matches('/').to_owned(),
            origin: upstream.base_url.origin().ascii_serialization(),
            token: upstream.token_url.as_ref().map(plain).transpose()?.cloned(),
            scheme: if tls.is_some() { "https" } else { "http" },
            listen,
            names: tls.unwrap_or_default().to_vec(),
            links: LinkKey::new()?,
        })
    }

    /// The witness's own origin, as a supplier on this machine uses it.
    pub(crate) fn own_origin(&self) -> String {
        let reachable = match self.listen.ip() {
            ip if ip.is_unspecified() => SocketAddr::from(([127, 0, 0, 1], self.listen.port())),
            _ => self.listen,
        };
        format!("{}://{reachable}", self.scheme)
    }

    /// Tells where a request goes.
    pub(crate) fn route(&self, parts: &Parts) -> Result<Routed, Misdirected> {
        self.admit(parts)?;
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let url = if path.starts_with(link::PREFIX) {
            let (origin, rest) = self.links.restore(path).ok_or(misdirected(
                StatusCode::NOT_FOUND,
                "this is no link that the API gave while this witness was running",
            ))?;
            format!("{origin}{rest}")
        } else {
            match &self.token {
                Some(token) if parts.uri.path() == token.path() => {
                    let query = parts.uri.query().map_or_else(String::new, |q| format!("?{q}"));
                    format!("{}{}{query}", token.origin().ascii_serialization(), token.path())
                }
                _ => format!("{}{path}", self.origin),
            }
        };
        let unusable = || misdirected(StatusCode::BAD_REQUEST, "the path cannot be passed on");
        let uri: Uri = url.parse().map_err(|_| unusable())?;
        let authority = uri.authority().ok_or_else(unusable)?;
        let host = HeaderValue::from_str(authority.as_str()).map_err(|_| unusable())?;
        let operation = Route::of(parts.method.as_str(), &url, &self.base_url).operation;
        Ok(Routed { url, uri, host, operation })
    }

    fn admit(&self, parts: &Parts) -> Result<(), Misdirected> {
        if parts.method == Method::CONNECT {
            let why = "CONNECT is refused: this is no forward proxy; use its base URL instead";
            return Err(misdirected(StatusCode::METHOD_NOT_ALLOWED, why));
        }
        if !parts.uri.path().starts_with('/') {
            let why = "the request target is no path";
            return Err(misdirected(StatusCode::BAD_REQUEST, why));
        }
        if parts.version >= Version::HTTP_2 {
            return Ok(());
        }
        if let Some(authority) = parts.uri.authority()
            && !self.is_own(authority.as_str())
        {
            let why = "the request names another host: this is no forward proxy; use its base URL";
            return Err(misdirected(StatusCode::MISDIRECTED_REQUEST, why));
        }
        let hosts = parts.headers.get_all(HOST).iter().count();
        if hosts > 1 || (hosts == 0 && parts.version == Version::HTTP_11) {
            let why = "a request has exactly one Host field";
            return Err(misdirected(StatusCode::BAD_REQUEST, why));
        }
        Ok(())
    }

    /// Whether an authority is this witness.
    fn is_own(&self, authority: &str) -> bool {
        let authority = authority.to_ascii_lowercase();
        let usual = if self.scheme == "https" { ":443" } else { ":80" };
        let port = format!(":{}", self.listen.port());
        let stripped = authority.strip_suffix(&port);
        let host = if port == usual { stripped.or(Some(authority.as_str())) } else { stripped };
        host.is_some_and(|host| {
            let address: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
            host == "localhost"
                || self.names.iter().any(|name| name.eq_ignore_ascii_case(host))
                || address.is_some_and(|ip| {
                    ip == self.listen.ip() || ip.is_loopback() || self.listen.ip().is_unspecified()
                })
        })
    }

    /// What the supplier is told in place of a `Location` of the API; `None` when it cannot be led
    /// through the witness and passes as it is.
    pub(crate) fn lead(&self, location: &HeaderValue, request: &LedFrom) -> Option<HeaderValue> {
        let location = std::str::from_utf8(location.as_bytes()).ok()?;
        let absolute = self.absolute(location, &request.upstream)?;
        let (origin, rest) = link::split(&absolute)?;
        let path = self.own_path(origin, rest).unwrap_or_else(|| self.links.lead(origin, rest));
        HeaderValue::from_bytes(format!("{}{path}", request.own_origin).as_bytes()).ok()
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
        let (origin, _) = link::split(request)?;
        if location.starts_with('/') && !location.starts_with("//") {
            return Some(Cow::Owned(format!("{origin}{location}")));
        }
        let joined = Url::parse(request).ok()?.join(location).ok()?;
        Some(Cow::Owned(joined.into()))
    }

    /// What is needed to lead a link of the answer to this request.
    pub(crate) fn led_from(&self, parts: &Parts, upstream: &str) -> LedFrom {
        let host = match parts.uri.authority() {
            Some(authority) => Some(authority.as_str()),
            None => parts.headers.get(HOST).and_then(|value| value.to_str().ok()),
        };
        let own_origin = host
            .filter(|host| is_host(host))
            .map_or_else(|| self.own_origin(), |host| format!("{}://{host}", self.scheme));
        LedFrom { own_origin, upstream: upstream.to_owned() }
    }
}

/// How the supplier addressed the witness, and which URL upstream answered.
pub(crate) struct LedFrom {
    own_origin: String,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn routes() -> Routes {
        let upstream = Upstream {
            base_url: "https://int.example/nhs-notify-supplier".parse().unwrap(),
            token_url: Some("https://login.example/oauth2/token".parse().unwrap()),
            roots: Vec::new(),
            production: false,
        };
        Routes::new(&upstream, SocketAddr::from(([127, 0, 0, 1], 9100)), None).unwrap()
    }

    fn parts(method: &str, target: &str) -> Parts {
        let request = http::Request::builder().method(method).uri(target);
        request.header("host", "localhost:9100").body(()).unwrap().into_parts().0
    }

    #[test]
    fn every_path_keeps_its_bytes_and_changes_its_origin() {
        let routes = routes();
        for (path, url, operation) in [
            (
                "/nhs-notify-supplier/letters?limit=10&x=%2F",
                "https://int.example/nhs-notify-supplier/letters?limit=10&x=%2F",
                Operation::ListLetters,
            ),
            ("/oauth2/token", "https://login.example/oauth2/token", Operation::Token),
            ("/elsewhere//x", "https://int.example/elsewhere//x", Operation::Download),
        ] {
            let routed = routes.route(&parts("GET", path)).unwrap();
            assert_eq!((routed.url.as_str(), routed.operation), (url, operation));
        }
        let routed = routes.route(&parts("POST", "/oauth2/token")).unwrap();
        assert_eq!(routed.host, "login.example");
    }

    #[test]
    fn a_location_leads_back_here_and_from_here_to_where_it_pointed() {
        let routes = routes();
        let data = parts("GET", "/nhs-notify-supplier/letters/L1/data");
        let from =
            routes.led_from(&data, "https://int.example/nhs-notify-supplier/letters/L1/data");
        for (location, target) in [
            ("https://b.example/L1.pdf?sig=a%2Fb", "https://b.example/L1.pdf?sig=a%2Fb"),
            ("/storage/L1.pdf?sig=1", "https://int.example/storage/L1.pdf?sig=1"),
            ("//c.example/x?sig=2", "https://c.example/x?sig=2"),
        ] {
            let led = routes.lead(&HeaderValue::from_str(location).unwrap(), &from).unwrap();
            let path = led.to_str().unwrap().strip_prefix("http://localhost:9100").unwrap();
            assert!(path.starts_with("/_download/"), "{path}");
            assert_eq!(routes.route(&parts("GET", path)).unwrap().url, target);
        }
        let own = "https://int.example/nhs-notify-supplier/mi/M1";
        let led = routes.lead(&HeaderValue::from_static(own), &from).unwrap();
        assert_eq!(led, "http://localhost:9100/nhs-notify-supplier/mi/M1");
        let odd = HeaderValue::from_static("ftp://b.example/x");
        assert_eq!(routes.lead(&odd, &from), None);
    }

    #[test]
    fn it_is_no_forward_proxy() {
        let routes = routes();
        let refused = |method: &str, target: &str| {
            routes.route(&parts(method, target)).err().map(|refused| refused.status.as_u16())
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
            production: false,
        };
        let listen = SocketAddr::from(([127, 0, 0, 1], 1));
        let error = Routes::new(&upstream, listen, None).err().unwrap().to_string();
        assert!(!error.contains("canary") && error.contains("int.example"), "{error}");
    }
}
