//! What of header fields is kept: the values of those known to be harmless, and how a credential, a
//! file name or a stored hash was given; of every other field the name. No field is dropped: that
//! it was sent, and with which scheme, is evidence.
//!
//! Which names of headers, parameters and fields stand for a secret, whose value is looked for
//! wherever else it turns up. What is merely not known to be harmless is replaced without that.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use letterproof_model::{Header, is_masked};

use crate::redact::known::Class;
use crate::redact::text::Prose;
use crate::redact::{Redactor, harmless};

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
        if is_secret(name) {
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

/// Fragments that make a name secret, once case, `-`, `_` and `.` are taken out of it.
const FRAGMENTS: [&str; 19] = [
    "token",
    "secret",
    "signature",
    "password",
    "passwd",
    "passphrase",
    "apikey",
    "assertion",
    "credential",
    "authorization",
    "cookie",
    "accesskey",
    "privatekey",
    "authentication",
    "accesscode",
    "sessionid",
    "sessionkey",
    "subscriptionkey",
    "functionskey",
];

/// Whole names too short to be fragments.
const WHOLE: [&str; 6] = ["sig", "jwt", "pwd", "sas", "auth", "xauth"];

/// Endings that turn such a name into one about a secret (`token_type`, `client_assertion_type`), or
/// about where one is found (`api_key_env`).
const HARMLESS_ENDINGS: [&str; 9] = [
    "type",
    "expires",
    "expiresin",
    "expiry",
    "algorithm",
    "alg",
    "env",
    "environment",
    "variable",
];

/// Whether a name promises a secret value.
pub(crate) fn is_secret(name: &str) -> bool {
    with_plain(name, |plain| {
        (holds_fragment(plain) || WHOLE.contains(&plain))
            && !HARMLESS_ENDINGS.iter().any(|ending| plain.ends_with(ending))
    })
}

static SEARCH: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| AhoCorasick::new(FRAGMENTS).ok());

fn holds_fragment(plain: &str) -> bool {
    match &*SEARCH {
        Some(search) => search.is_match(plain),
        None => FRAGMENTS.iter().any(|fragment| plain.contains(fragment)),
    }
}

/// Whether a value is the name of an environment variable that holds a secret, as profiles and
/// command lines write it: `$NAME`, `${NAME}`, `%NAME%`, `env:NAME`. A name is no secret.
pub(crate) fn is_reference(value: &str) -> bool {
    let inside = |before, after| value.strip_prefix(before)?.strip_suffix(after);
    let name = inside("${", "}")
        .or_else(|| inside("%", "%"))
        .or_else(|| inside("$", ""))
        .or_else(|| inside("env:", ""));
    name.is_some_and(|name| {
        let byte = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
        name.starts_with(|first: char| first.is_ascii_uppercase() || first == '_')
            && name.bytes().all(byte)
    })
}

/// Calls `f` with the name in lower case and without separators; without allocating for the names
/// that matter, because this runs for every header of every exchange.
fn with_plain<T>(name: &str, f: impl FnOnce(&str) -> T) -> T {
    let plain = |byte: &u8| !matches!(byte, b'-' | b'_' | b'.' | b' ');
    let mut buffer = [0_u8; 64];
    if name.len() <= buffer.len() && name.is_ascii() {
        let mut length = 0;
        for byte in name.bytes().filter(plain) {
            buffer[length] = byte.to_ascii_lowercase();
            length += 1;
        }
        if let Ok(text) = std::str::from_utf8(&buffer[..length]) {
            return f(text);
        }
    }
    f(&name.to_lowercase().replace(['-', '_', '.', ' '], ""))
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

    #[test]
    fn names_that_promise_a_secret_are_told_from_those_that_do_not() {
        for name in [
            "Authorization",
            "proxy-authorization",
            "Cookie",
            "Set-Cookie",
            "apikey",
            "X-API-Key",
            "X-Amz-Security-Token",
            "X-Amz-Signature",
            "X-Amz-Credential",
            "client_assertion",
            "client_secret",
            "refresh_token",
            "ACCESS_TOKEN",
            "id_token",
            "assertion",
            "password",
            "Signature",
            "AWSAccessKeyId",
            "sig",
            "Ocp-Apim-Subscription-Key",
            "x-functions-key",
            "X-Session-Id",
            "jsessionid",
            "sessionKey",
            "Authentication",
            "X-Auth",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in [
            "client_assertion_type",
            "token_type",
            "expires_in",
            "X-Amz-SignedHeaders",
            "X-Request-ID",
            "Content-Type",
            "limit",
            "specificationId",
            "reasonText",
            "sha256Hash",
            "www-authenticate",
            "api_key_env",
            // The key of an object in a store, of a row, of a list: hidden, but no secret.
            "key",
            "sortKey",
            "code",
            "session",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn the_name_of_a_variable_is_told_from_a_value() {
        for value in ["$API_KEY", "${API_KEY}", "%API_KEY%", "env:LETTERPROOF_API_KEY", "$_K1"] {
            assert!(is_reference(value), "{value}");
        }
        for value in ["", "$", "API_KEY", "$apikey", "$1", "${}", "env:", "env:a b", "$API-KEY"] {
            assert!(!is_reference(value), "{value}");
        }
    }

    #[test]
    fn long_and_foreign_names_are_judged_too() {
        assert!(is_secret(&format!("{}-token", "x".repeat(200))));
        assert!(is_secret("ключ-token"));
    }
}
