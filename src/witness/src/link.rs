//! Links that lead a download through the witness, and back to where they point.
//!
//! `https://bucket.example/L1.pdf?sig=…` becomes `/_download/TOKEN/L1.pdf?sig=…`: the token names
//! the bucket's origin, says whether the link's host name differs from the API's, and carries a MAC
//! under a key made at the start. So nothing is kept between the two requests, and path and query
//! stay as they are, byte for byte, as the signature asks.
//! Refuses origins the API did not name: the witness is no way into other networks.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;

use crate::WitnessError;

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
