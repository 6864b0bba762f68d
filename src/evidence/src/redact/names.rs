//! Which names of headers, parameters and fields stand for a secret.
//! Refuses to look at values: a name that promises a secret is enough.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

/// Fragments that make a name secret, once case, `-`, `_` and `.` are taken out of it.
const FRAGMENTS: [&str; 13] = [
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
];

/// Whole names too short to be fragments.
const WHOLE: [&str; 4] = ["sig", "jwt", "pwd", "sas"];

/// Endings that turn such a name into one about a secret (`token_type`, `client_assertion_type`).
const HARMLESS_ENDINGS: [&str; 6] = ["type", "expires", "expiresin", "expiry", "algorithm", "alg"];

/// Parameters of a download link that are kept: they say how the link works, not who may use it.
const LINK_PARAMETERS: [&str; 5] =
    ["limit", "xamzalgorithm", "xamzdate", "xamzexpires", "xamzsignedheaders"];

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

/// Whether a parameter of a download link may be kept as it is.
pub(crate) fn is_kept_in_links(name: &str) -> bool {
    with_plain(name, |plain| LINK_PARAMETERS.contains(&plain))
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
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn long_and_foreign_names_are_judged_too() {
        assert!(is_secret(&format!("{}-token", "x".repeat(200))));
        assert!(is_secret("ключ-token"));
    }
}
