//! Which names of headers, parameters and fields stand for a secret, whose value is looked for
//! wherever else it turns up. What is merely not known to be harmless is replaced without that.
//! Refuses to look at values: a name that promises a secret is enough.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

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
