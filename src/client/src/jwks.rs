//! How a JWKS, as registered, fits a signing key.
//! Numbers are compared, not their spelling; keys of other kinds are passed over (RFC 7517, §5).
//! A private part that it finds is never shown.

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

/// How a JWKS fits a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyMatch {
    /// The set names the key under its kid.
    Fits,
    /// The set has no RSA key of that kid.
    KidUnknown,
    /// Under that kid the set has another key.
    OtherKey,
    /// Under that kid the set has an RSA key whose `n` or `e` is missing or not base64url.
    Unreadable,
    /// It holds the private part of a key, which must never be registered.
    Private,
    /// It is not a JWKS.
    NoSet,
}

/// Members that only a private or secret key has (RFC 7518, §6).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Some tools pad, and leave bits set that carry nothing; the number is the same.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// An unsigned number in base64url without its leading zeros.
pub(crate) fn number(text: &str) -> Option<Vec<u8>> {
    let bytes = LENIENT.decode(text).ok()?;
    let first = bytes.iter().position(|byte| *byte != 0)?;
    Some(bytes[first..].to_vec())
}

/// How a set fits the key of this id and these numbers.
pub(crate) fn matched(set: &str, kid: &str, key: (&str, &str)) -> KeyMatch {
    // Some editors write a byte order mark, which is not JSON.
    let text = set.strip_prefix('\u{feff}').unwrap_or(set);
    let Ok(set) = serde_json::from_str::<Value>(text) else { return KeyMatch::NoSet };
    let keys = set.get("keys").and_then(Value::as_array);
    if keys.into_iter().flatten().chain([&set]).any(is_private) {
        return KeyMatch::Private;
    }
    let Some(keys) = keys else { return KeyMatch::NoSet };
    let ours = (number(key.0), number(key.1));
    let mut found = KeyMatch::KidUnknown;
    for jwk in keys {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        if text("kty") != Some("RSA") || text("kid") != Some(kid) {
            continue;
        }
        let theirs = (text("n").and_then(number), text("e").and_then(number));
        if theirs.0.is_none() || theirs.1.is_none() {
            found = KeyMatch::Unreadable;
        } else if theirs == ours {
            return KeyMatch::Fits;
        } else {
            found = KeyMatch::OtherKey;
        }
    }
    found
}

fn is_private(jwk: &Value) -> bool {
    jwk.get("kty").is_some() && PRIVATE.iter().any(|name| jwk.get(name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    const N: &str = "t5NE7MQ8";

    fn set(keys: &str) -> KeyMatch {
        matched(&format!("{{\"keys\": [{keys}]}}"), "our-1", (N, "AQAB"))
    }

    fn rsa(n: &str, e: &str) -> String {
        format!(r#"{{"kty": "RSA", "kid": "our-1", "n": "{n}", "e": "{e}"}}"#)
    }

    #[test]
    fn numbers_are_compared_whatever_their_spelling() {
        for (n, e) in [(N, "AQAB"), (N, "AAEAAQ"), ("ALeTROzEPA==", "AQAB"), (N, "AQAB====")] {
            let expected = if e.ends_with("====") { KeyMatch::Unreadable } else { KeyMatch::Fits };
            assert_eq!(set(&rsa(n, e)), expected, "{n} {e}");
        }
        assert_eq!(set(&rsa("t5NE7MQ9", "AQAB")), KeyMatch::OtherKey);
        assert_eq!(set(&rsa(N, "Aw")), KeyMatch::OtherKey);
        assert_eq!(set(&rsa("***", "AQAB")), KeyMatch::Unreadable);
        assert_eq!(set(r#"{"kty": "RSA", "kid": "our-1"}"#), KeyMatch::Unreadable);
    }

    #[test]
    fn keys_of_other_kinds_and_ids_are_passed_over() {
        let others = r#"{"kty": "EC", "kid": "our-1", "crv": "P-256", "x": "AQ", "y": "AQ"},
            {"kty": "FUTURE", "kid": "our-1", "use": "sig"}, {"kty": 3}, 7,
            {"kty": "RSA", "n": "AQ", "e": "AQAB"}"#;
        assert_eq!(set(others), KeyMatch::KidUnknown);
        assert_eq!(set(&format!("{others}, {}", rsa(N, "AQAB"))), KeyMatch::Fits);
        let twice = format!("{}, {}", rsa("AQ", "AQAB"), rsa(N, "AQAB"));
        assert_eq!(set(&twice), KeyMatch::Fits);
        for text in ["", "[]", "{}", "<html>", "{\"keys\": 1}"] {
            assert_eq!(matched(text, "our-1", (N, "AQAB")), KeyMatch::NoSet, "{text}");
        }
    }

    #[test]
    fn a_private_part_is_found_in_any_key_of_the_set_and_in_a_lone_key() {
        for private in [
            r#"{"kty": "RSA", "kid": "our-1", "n": "t5NE7MQ8", "e": "AQAB", "d": "AQ"}"#,
            r#"{"kty": "RSA", "kid": "other", "qi": "AQ"}"#,
            r#"{"kty": "OKP", "kid": "other", "x": "AQ", "d": "AQ"}"#,
            r#"{"kty": "oct", "kid": "other", "k": "AQ"}"#,
        ] {
            let both = format!("{}, {private}", rsa(N, "AQAB"));
            assert_eq!(set(&both), KeyMatch::Private, "{private}");
            assert_eq!(matched(private, "our-1", (N, "AQAB")), KeyMatch::Private, "{private}");
        }
    }

    #[test]
    fn sets_as_other_tools_write_them_fit() {
        let read = |name: &str| {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/jwks/");
            std::fs::read_to_string(format!("{folder}{name}.json")).unwrap()
        };
        let padded: Value = serde_json::from_str(&read("padded-n")).unwrap();
        let n = padded["keys"][0]["n"].as_str().unwrap();
        let plain = n.trim_end_matches('=');
        assert!(n.len() > plain.len());
        for name in ["bom-crlf", "e-leading-zero", "mixed", "padded-n"] {
            let set = read(name);
            assert_eq!(matched(&set, "our-int-1", (plain, "AQAB")), KeyMatch::Fits, "{name}");
            let other = matched(&set, "our-int-1", (&plain[4..], "AQAB"));
            assert_eq!(other, KeyMatch::OtherKey, "{name}");
        }
        assert_eq!(matched(&read("mixed"), "ec-1", (plain, "AQAB")), KeyMatch::KidUnknown);
    }

    #[test]
    fn a_byte_order_mark_is_passed_over() {
        let set = format!("\u{feff}{{\r\n\"keys\": [{}]}}", rsa(N, "AQAB"));
        assert_eq!(matched(&set, "our-1", (N, "AQAB")), KeyMatch::Fits);
    }
}
