//! What of header fields is kept: the values of those known to be harmless, and how a credential, a
//! file name or a stored hash was given; of every other field the name.
//! Refuses to drop a field: that it was sent, and with which scheme, is evidence.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use letterproof_model::{Header, is_masked};

use super::known::Class;
use super::text::Prose;
use super::{Redactor, harmless, names};

/// Words before a credential that are kept.
const SCHEMES: [&str; 7] =
    ["bearer", "basic", "digest", "negotiate", "token", "apikey", "aws4-hmac-sha256"];

/// Headers that hold a URL, absolute or relative.
const LOCATIONS: [&str; 3] = ["location", "content-location", "referer"];

impl Redactor {
    /// Header fields without secrets. `request_url` is what a relative `Location` belongs to.
    pub(crate) fn clean_headers(
        &self,
        headers: Vec<(String, String)>,
        request_url: &str,
    ) -> Vec<Header> {
        headers
            .into_iter()
            .map(|(name, value)| Header {
                value: self.clean_header(&name, &value, request_url).unwrap_or(value).into(),
                name: name.into(),
            })
            .collect()
    }

    fn clean_header(&self, name: &str, value: &str, request_url: &str) -> Option<String> {
        if names::is_secret(name) {
            return self.clean_credential(name, value);
        }
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if LOCATIONS.into_iter().any(is) {
            return self.clean_location(value, request_url);
        }
        if is("content-disposition") {
            return self.clean_disposition(value);
        }
        // The storage says so what it was given; all else it was given with may be anything.
        let stored = is("x-amz-meta-sha256hash") && is_sha256(value);
        if stored || harmless::is_header(name) {
            return self.clean_text(value, Prose::Yes);
        }
        (!value.trim().is_empty() && !is_masked(value)).then(|| self.mask(value))
    }

    /// Whether a document is to be shown or saved, without the name of its file.
    fn clean_disposition(&self, value: &str) -> Option<String> {
        let mut parts = value.split(';');
        let kind = parts.next().unwrap_or_default();
        let fine =
            ["inline", "attachment", "form-data", ""].contains(&&*kind.trim().to_lowercase());
        let kind_clean = (!fine && !is_masked(kind)).then(|| self.mask(kind));
        // A file name may hold a semicolon, so what follows is hidden as one.
        let rest = value.get(kind.len() + 1..).unwrap_or_default();
        let rest_clean =
            (!rest.trim().is_empty() && !is_masked(rest.trim())).then(|| self.mask(rest.trim()));
        if kind_clean.is_none() && rest_clean.is_none() {
            return None;
        }
        let mut clean = kind_clean.unwrap_or_else(|| kind.to_owned());
        if let Some(rest) = rest_clean {
            clean.push_str("; ");
            clean.push_str(&rest);
        }
        Some(clean)
    }

    fn clean_credential(&self, name: &str, value: &str) -> Option<String> {
        let value = value.trim();
        let is_scheme = |word: &str| SCHEMES.iter().any(|known| word.eq_ignore_ascii_case(known));
        if value.is_empty() || is_scheme(value) || is_masked(value) {
            return None;
        }
        if name.to_ascii_lowercase().ends_with("cookie") {
            for cookie in value.split(';').filter_map(|pair| pair.split_once('=')) {
                if !is_cookie_attribute(cookie.0.trim()) {
                    self.secret(cookie.1.trim(), Class::Credential);
                }
            }
            return Some(self.mask(value));
        }
        match value.split_once(' ') {
            Some((scheme, rest)) if is_scheme(scheme) => {
                Some(format!("{scheme} {}", self.secret(rest.trim(), Class::Credential)))
            }
            _ => Some(self.secret(value, Class::Credential)),
        }
    }

    /// Learns the API key that a client assertion names as issuer and subject, since error
    /// messages of the token endpoint may repeat it.
    pub(crate) fn learn_issuer(&self, assertion: &str) {
        #[derive(serde::Deserialize)]
        struct Claims {
            iss: String,
            sub: String,
        }
        let claims = assertion
            .split('.')
            .nth(1)
            .and_then(|part| URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok())
            .and_then(|json| serde_json::from_slice::<Claims>(&json).ok());
        if let Some(claims) = claims {
            for claim in [claims.iss, claims.sub] {
                // A URL names an issuer in public; an API key never looks like one.
                if !claim.contains("://") {
                    self.secret(&claim, Class::Credential);
                }
            }
        }
    }
}

fn is_sha256(value: &str) -> bool {
    value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_cookie_attribute(name: &str) -> bool {
    ["expires", "max-age", "domain", "path", "samesite"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn clean(redactor: &Redactor, name: &str, value: &str) -> String {
        let headers = vec![(name.to_owned(), value.to_owned())];
        let url = "https://api.example/supplier/letters";
        redactor.clean_headers(headers, url).remove(0).value.into()
    }

    #[test]
    fn credentials_are_replaced_and_their_scheme_is_kept() {
        let redactor = Redactor::new("https://api.example/supplier").unwrap();
        for (name, value, begins) in [
            ("Authorization", "Bearer CANARY", "Bearer redacted:"),
            ("authorization", "bearer  CANARY", "bearer redacted:"),
            ("Authorization", "CANARY CANARY", "redacted:"),
            ("Proxy-Authorization", "Basic CANARY", "Basic redacted:"),
            ("Cookie", "session=CANARY; other=CANARY", "redacted:"),
            ("Set-Cookie", "session=CANARY; Path=/; HttpOnly", "redacted:"),
            ("apikey", "CANARY", "redacted:"),
            ("X-Amz-Security-Token", "CANARY", "redacted:"),
            ("Location", "https://b.example/x?X-Amz-Signature=CANARY", "https://b.example/x?"),
            ("Referer", "https://b.example/x?Signature=CANARY", "https://b.example/x?"),
            ("Ocp-Apim-Subscription-Key", "CANARY", "redacted:"),
            ("x-functions-key", "CANARY", "redacted:"),
            ("X-Session-Id", "CANARY", "redacted:"),
            ("Authentication", "CANARY", "redacted:"),
            ("Authentication", "Bearer CANARY", "Bearer redacted:"),
            ("X-Forwarded-For", "CANARY", "redacted:"),
            ("X-Nobody-Knows", "CANARY", "redacted:"),
            ("X-Amz-Meta-Patient", "CANARY", "redacted:"),
            ("X-Amz-Meta-Sha256Hash", "CANARY", "redacted:"),
            (
                "Content-Disposition",
                "attachment; filename=\"CANARY; x.pdf\"",
                "attachment; redacted:",
            ),
            ("Content-Disposition", "CANARY", "redacted:"),
            ("Referer", "https://api.example/supplier/letters?key=CANARY", "https://api.example/"),
        ] {
            let clean = clean(&redactor, name, value);
            assert!(clean.starts_with(begins) && !clean.contains("CANARY"), "{name}: {clean}");
            assert_eq!(
                clean,
                super::tests::clean(&redactor, name, &clean),
                "twice changes nothing"
            );
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        let redactor = Redactor::new("https://api.example/supplier").unwrap();
        for (name, value) in [
            ("Authorization", "Bearer"),
            ("Authorization", ""),
            ("X-Request-ID", "5f7e9c3e-0000-4000-8000-000000000001"),
            ("Content-Type", "application/vnd.api+json"),
            ("WWW-Authenticate", "Bearer realm=\"notify\", error=\"invalid_token\""),
            ("Location", "/supplier/letters/L1"),
            ("Retry-After", "5"),
            ("X-Nobody-Knows", ""),
            ("Content-Disposition", "attachment"),
            ("x-amz-meta-sha256hash", &"0f".repeat(32)),
        ] {
            assert_eq!(clean(&redactor, name, value), value);
        }
    }

    #[test]
    fn equal_tokens_stay_comparable() {
        let redactor = Redactor::new("https://api.example/supplier").unwrap();
        let first = clean(&redactor, "Authorization", "Bearer token-number-one");
        assert_eq!(first, clean(&redactor, "authorization", "Bearer token-number-one"));
        assert_ne!(first, clean(&redactor, "authorization", "Bearer token-number-two"));
    }
}
