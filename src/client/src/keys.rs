//! Signing keys: an RSA-4096 pair, its JWKS for the developer portal, and how a registered JWKS fits
//! it. No file is overwritten, and no private key is shown.
//!
//! Of a JWKS numbers are compared, not their spelling; keys of other kinds are passed over (RFC 7517,
//! section 5).

use std::fmt;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, EncodingKey};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::ClientError;
use crate::key_text::{self, KeyFault};

/// The size of key that the platform asks for.
pub(crate) const KEY_BITS: usize = 4_096;

/// A private key with the id under which its public half is registered.
pub struct SigningKey {
    kid: String,
    pem: SecretString,
    encoding: EncodingKey,
    jwk: Jwk,
    bits: usize,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an RSA key of {} bits with kid {}", self.bits, self.kid)
    }
}

impl SigningKey {
    /// Makes a new pair; takes a second or so.
    ///
    /// # Errors
    /// When the kid could not be a file's name, or the system gives no randomness.
    pub fn generate(kid: &str) -> Result<Self, ClientError> {
        Self::generate_of(kid, KeySize::Rsa4096)
    }

    fn generate_of(kid: &str, size: KeySize) -> Result<Self, ClientError> {
        check_kid(kid)?;
        let failed = || ClientError::configuration("the system could not make a key; try again");
        let pair = KeyPair::generate(size).map_err(|_| failed())?;
        let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(|_| failed())?;
        Self::from_pem(kid, SecretString::from(pem(der.as_ref())))
    }

    /// Takes a private key in PEM form; other blocks beside it do not matter, and line ends may
    /// be written out as `\n`.
    ///
    /// # Errors
    /// When it is no RSA private key that can sign; the message says what it is instead.
    pub fn from_pem(kid: &str, pem: SecretString) -> Result<Self, ClientError> {
        Self::read(kid, pem).map_err(|fault| ClientError::configuration(fault.to_string()))
    }

    /// As [`SigningKey::from_pem`], with what was found and its remedy apart.
    pub(crate) fn read(kid: &str, pem: SecretString) -> Result<Self, KeyFault> {
        let text = SecretString::from(key_text::plain(pem.expose_secret()));
        let blocks = key_text::private(text.expose_secret());
        let mut read = blocks.iter().filter_map(|block| Self::from_block(kid, block));
        match (read.next(), read.next()) {
            (Some(key), None) => Ok(key),
            (Some(_), Some(_)) => Err(key_text::SEVERAL),
            (None, _) => Err(key_text::fault_of(blocks.first().unwrap_or(&text.expose_secret()))),
        }
    }

    fn from_block(kid: &str, pem: &str) -> Option<Self> {
        let encoding = EncodingKey::from_rsa_pem(pem.as_bytes()).ok()?;
        // This reads the key whole, which a public half or a key too short does not survive.
        let mut jwk = Jwk::from_encoding_key(&encoding, Algorithm::RS512).ok()?;
        jwk.common.key_id = Some(kid.to_owned());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        let bits = modulus_bits(&jwk)?;
        let pem = SecretString::from(format!("{pem}\n"));
        Some(Self { kid: kid.to_owned(), pem, encoding, jwk, bits })
    }

    /// What signs with it.
    pub(crate) fn encoding(&self) -> &EncodingKey {
        &self.encoding
    }

    /// Its id.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The size of its modulus.
    #[must_use]
    pub fn bits(&self) -> usize {
        self.bits
    }

    /// The private key, PEM.
    #[must_use]
    pub fn pem(&self) -> &SecretString {
        &self.pem
    }

    /// The public half as the JWKS that the developer portal takes.
    #[must_use]
    pub fn jwks(&self) -> String {
        let set = JwkSet { keys: vec![self.jwk.clone()] };
        serde_json::to_string_pretty(&set).unwrap_or_default() + "\n"
    }

    /// How a JWKS, as registered, fits this key.
    #[must_use]
    pub fn matches(&self, jwks: &str) -> KeyMatch {
        match &self.jwk.algorithm {
            AlgorithmParameters::RSA(rsa) => matched(jwks, &self.kid, (&rsa.n, &rsa.e)),
            _ => KeyMatch::OtherKey,
        }
    }

    /// Writes `KID.pem`, for its owner alone, and `KID.jwks.json` into a folder.
    ///
    /// # Errors
    /// When either file is there already, or cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(PathBuf, PathBuf), ClientError> {
        check_kid(&self.kid)?;
        let key = folder.join(format!("{}.pem", self.kid));
        let jwks = folder.join(format!("{}.jwks.json", self.kid));
        std::fs::create_dir_all(folder).map_err(|error| at_fault(folder, &error))?;
        if jwks.exists() {
            return Err(at_fault(&jwks, &std::io::ErrorKind::AlreadyExists.into()));
        }
        write_new(&key, self.pem.expose_secret(), true)?;
        write_new(&jwks, &self.jwks(), false)?;
        Ok((key, jwks))
    }
}

fn write_new(path: &Path, text: &str, private: bool) -> Result<(), ClientError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(if private { 0o600 } else { 0o644 });
    }
    // Elsewhere a new file is its owner's by the folder's access list.
    let _ = private;
    let mut file = options.open(path).map_err(|error| at_fault(path, &error))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(|error| at_fault(path, &error))
}

fn at_fault(path: &Path, error: &std::io::Error) -> ClientError {
    let problem = if error.kind() == std::io::ErrorKind::AlreadyExists {
        "it is there already and is not overwritten; choose another kid or folder".to_owned()
    } else {
        format!("it cannot be written ({error}); check the folder and its owner")
    };
    ClientError::configuration(format!("{}: {problem}", path.display()))
}

fn check_kid(kid: &str) -> Result<(), ClientError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !kid.is_empty() && kid.len() <= 100 && kid.chars().all(plain) && !kid.starts_with('.') {
        return Ok(());
    }
    Err(ClientError::configuration(
        "a kid is made of letters, digits, `-`, `_` and `.`, up to 100 of them, such as `our-int-1`",
    ))
}

fn modulus_bits(jwk: &Jwk) -> Option<usize> {
    let AlgorithmParameters::RSA(rsa) = &jwk.algorithm else { return None };
    let modulus = number(&rsa.n)?;
    Some(modulus.len() * 8 - modulus.first()?.leading_zeros() as usize)
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    pem
}

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
    use aws_lc_rs::signature::KeyPair as _;

    use super::*;

    fn small(kid: &str) -> SigningKey {
        // Large enough for the platform's algorithm, and quickly made.
        SigningKey::generate_of(kid, KeySize::Rsa2048).unwrap()
    }

    #[test]
    fn a_key_reads_back_with_its_size_and_fits_its_own_set_alone() {
        let key = small("our-1");
        let again = SigningKey::from_pem("our-1", key.pem().clone()).unwrap();
        assert_eq!(again.bits(), 2_048);
        assert_eq!(again.matches(&key.jwks()), KeyMatch::Fits);
        assert_eq!(small("our-1").matches(&key.jwks()), KeyMatch::OtherKey);
        assert_eq!(small("our-2").matches(&key.jwks()), KeyMatch::KidUnknown);
        assert_eq!(key.matches("{}"), KeyMatch::NoSet);
        assert_eq!(again.pem().expose_secret(), key.pem().expose_secret());
        let jwks: serde_json::Value = serde_json::from_str(&key.jwks()).unwrap();
        assert_eq!(jwks["keys"][0]["kid"], "our-1");
        assert_eq!(jwks["keys"][0]["alg"], "RS512");
        assert_eq!(jwks["keys"][0]["kty"], "RSA");
        assert_eq!(jwks["keys"][0]["use"], "sig");
        assert!(jwks["keys"][0].get("d").is_none(), "the private half stays here");
    }

    #[test]
    fn files_are_written_once_and_the_key_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let key = small("our-1");
        let (pem, jwks) = key.write(folder.path()).unwrap();
        assert_eq!(std::fs::read_to_string(&pem).unwrap(), key.pem().expose_secret());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&pem).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let error = small("our-1").write(folder.path()).unwrap_err().to_string();
        assert!(error.contains("not overwritten"), "{error}");
        std::fs::remove_file(&jwks).unwrap();
        assert!(small("our-1").write(folder.path()).is_err(), "the key alone is reason enough");
        assert!(!jwks.exists());
    }

    #[test]
    fn a_kid_that_would_leave_the_folder_is_refused() {
        for kid in ["", "../x", "a b", ".hidden", "a/b"] {
            assert!(SigningKey::generate(kid).is_err(), "{kid}");
        }
    }

    /// A key of 1024 bits (PKCS#1, DER), made for this test and used nowhere.
    const TOO_SHORT: &str = "MIICXAIBAAKBgQDHmyhwGvT2jeQKvAfzfwlg3PpEQN87sOwqVr5svP4Ol+c6k9R3V8E0fDnLr/nwClRm\
         VVi0T02q/bL8Exqeaz56eo82QjotbopFaJiOUnSqfo9EANA4pbRqn074gchfju5TgmYcSDIsyD9PGfjy\
         Jh7StZ1W3Pt+2zpfy5IEU/1eqwIDAQABAoGAcmyGnOVHIgOrA2BQ6owbkzR6HyBVGAHPEGJTnUAmH7WC\
         rzjJZnSe4/iGpTZHAAzb3yHzzMFdU7VFom1NKB1wXYCuI9bZzPQXiJflaUksyOoESn+hwtRrTFsgWi1r\
         eWN8IqfxYkf3QM5L5NxoZJgbTi2MdEdRtVOLY3D0S2yh5rECQQDkvMsFVeQAG8CdV8ErbF2Fh596cjjy\
         dz/Nc5aUZRvZBCD8DtJWgsVSK5v7Zr78f6jMbMRuryRmctPgTGOGyXgjAkEA32WDD2Oy4XipCQ6nq7d2\
         zJtuSPFfJPkBzzcOyGjr6SyILYZ9ISKXe8TPutn1nS0pUa4aYY5RB89UEW7S4stj2QJAFqeoSAgAxA37\
         ntnhNQbPoHkVT5BemY08EYJASMRW5MCm77AcHxtmpcPR+C1t/x45vr2LGxdXuJno6E9IkEIGFwJBANBW\
         PD7a7NUnkQT4XNhg1fMFNXnjWKcDbnOQVkICz5f6xtkmJoYDW6C6sDwCzvORTYp2QvYeImWVLkK/xv5p\
         TikCQFNI/gvTBV5bN/dGr6LDvfnE6NYB6DcEShNb80NhIRNG+IetOAp4U+o6VvAWLDfH2daSXH553fZY\
         N5Y9ePIxwtM=";

    #[test]
    fn a_key_in_its_older_form_is_taken_and_its_public_half_or_a_short_one_is_not() {
        let key = small("our-1");
        let text: String = key.pem().expose_secret().lines().filter(|l| !l.contains('-')).collect();
        let der = STANDARD.decode(text).unwrap();
        // PKCS#8 is a header of 26 bytes around PKCS#1, for a key of this size.
        let older = labelled("RSA PRIVATE KEY", &STANDARD.encode(&der[26..]));
        assert_eq!(SigningKey::from_pem("our-1", older.into()).unwrap().bits(), 2_048);

        let pair = KeyPair::from_pkcs8(&der).unwrap();
        let public = AsDer::<aws_lc_rs::encoding::PublicKeyX509Der<'_>>::as_der(pair.public_key());
        let public = labelled("PUBLIC KEY", &STANDARD.encode(public.unwrap().as_ref()));
        let short = labelled("RSA PRIVATE KEY", TOO_SHORT);
        for (text, words) in [(public, "public half"), (short, "fewer than 2048 bits")] {
            let error = SigningKey::from_pem("our-1", text.into()).unwrap_err().to_string();
            assert!(error.contains(words) && error.contains("letterproof keys"), "{error}");
        }
    }

    fn labelled(label: &str, base64: &str) -> String {
        format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n")
    }

    #[test]
    fn a_key_beside_other_blocks_or_on_one_line_is_taken_and_two_are_named() {
        let key = small("our-1");
        let pem = key.pem().expose_secret();
        let certificate = labelled("CERTIFICATE", "AQAB");
        let elliptic = rcgen::KeyPair::generate().unwrap().serialize_pem();
        for text in [
            format!("{certificate}{pem}{}", labelled("PUBLIC KEY", "AQAB")),
            format!("{elliptic}{pem}"),
            format!("\u{feff}Bag Attributes\r\n{}", pem.replace('\n', "\r\n")),
            pem.replace('\n', "\\n"),
            format!("\"{}\"", pem.replace('\n', "\\n")),
        ] {
            let read = SigningKey::from_pem("our-1", text.into()).unwrap();
            assert_eq!(read.matches(&key.jwks()), KeyMatch::Fits);
        }
        let two = format!("{pem}{}", small("our-2").pem().expose_secret());
        let named = |text: String| SigningKey::from_pem("k", text.into()).unwrap_err().to_string();
        assert!(named(two).contains("several private keys"));
        assert!(named(format!("{certificate}{elliptic}")).contains("elliptic-curve"));
        assert!(named(certificate).contains("certificate"));
    }

    #[test]
    fn what_is_no_private_rsa_key_is_refused_without_showing_it() {
        let error =
            SigningKey::from_pem("k", SecretString::from("canary")).unwrap_err().to_string();
        assert!(error.contains("letterproof keys") && !error.contains("canary"), "{error}");
        assert!(!format!("{:?}", small("k")).contains("PRIVATE"));
    }

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
