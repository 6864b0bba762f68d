//! Registered public keys (JWKS), a ready application for runs on the embedded mock, and secret
//! texts.
//!
//! The demonstration key is made once for each process and never written. A secret has neither
//! `Debug` nor `Display`: what holds a token or a key cannot slip into a log by mistake.

use std::fmt;
use std::path::Path;
use std::sync::OnceLock;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA512, RsaPublicKeyComponents};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use letterproof_model::decode_text;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::Value;

use crate::config::Registration;
use crate::error::MockError;

/// One registered public key.
#[derive(Debug, Clone)]
struct PublicKey {
    kid: String,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

/// The public keys an application registered.
#[derive(Debug, Clone)]
pub struct Jwks {
    keys: Vec<PublicKey>,
    reachable: bool,
}

/// Members that only a private or secret key has (RFC 7518, §6).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

#[derive(Deserialize)]
struct JwksFile {
    keys: Vec<Value>,
}

impl Jwks {
    /// Reads a JWKS file.
    ///
    /// # Errors
    /// The file cannot be read or holds no usable RSA key; the message names it.
    pub fn from_file(path: &Path) -> Result<Self, MockError> {
        let text = std::fs::read(path)
            .and_then(|bytes| Ok(decode_text(bytes)?))
            .map_err(|source| MockError::Read { path: path.to_owned(), source })?;
        Self::from_json(&text, &path.display().to_string())
    }

    /// Reads a JWKS; `origin` names it in messages. Keys of other kinds, and RSA keys that lack a
    /// part, are passed over (RFC 7517, §5).
    ///
    /// # Errors
    /// The text is not a JWKS, holds the private part of a key, or has no RSA key with `kid`, `n`
    /// and `e`.
    pub fn from_json(text: &str, origin: &str) -> Result<Self, MockError> {
        let wrong = |problem: String| MockError::Jwks { origin: origin.to_owned(), problem };
        // Some editors write a byte order mark, which is not JSON.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let file: JwksFile =
            serde_json::from_str(text).map_err(|error| wrong(format!("no JWKS: {error}")))?;
        let mut keys = Vec::new();
        let mut reason = "holds no key".to_owned();
        for (at, jwk) in file.keys.iter().enumerate() {
            let number = at + 1;
            if let Some(member) = PRIVATE.iter().find(|member| jwk.get(member).is_some()) {
                return Err(wrong(format!(
                    "key {number} holds `{member}`, its private part; register the public part alone, as `letterproof keys` writes it, and retire a key whose private part was sent anywhere"
                )));
            }
            match public(jwk) {
                Ok(key) => keys.push(key),
                Err(problem) => reason = format!("holds no RSA key to use: key {number} {problem}"),
            }
        }
        if keys.is_empty() {
            return Err(wrong(reason));
        }
        Ok(Self { keys, reachable: true })
    }

    /// A registration whose keys cannot be fetched, which the token endpoint answers with 403.
    #[must_use]
    pub fn unreachable() -> Self {
        Self { keys: Vec::new(), reachable: false }
    }

    /// These keys and further ones, as while keys are being rotated.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        self.keys.extend(other.keys);
        self
    }

    pub(crate) fn is_reachable(&self) -> bool {
        self.reachable
    }

    /// The key with this id verifies the signature; `None` when there is no such key.
    pub(crate) fn verify(&self, kid: &str, message: &[u8], signature: &[u8]) -> Option<bool> {
        let key = self.keys.iter().find(|key| key.kid == kid)?;
        let components = RsaPublicKeyComponents { n: &key.modulus, e: &key.exponent };
        Some(components.verify(&RSA_PKCS1_2048_8192_SHA512, message, signature).is_ok())
    }
}

/// An RSA key out of a JWKS, or why it cannot be used.
fn public(jwk: &Value) -> Result<PublicKey, String> {
    let member = |name: &str| jwk.get(name).and_then(Value::as_str);
    match member("kty") {
        Some("RSA") => {}
        Some(kind) => return Err(format!("is {kind}")),
        None => return Err("has no kty".to_owned()),
    }
    // Some tools write leading zeros or padding, which the number does not know.
    let number = |name: &str| {
        let text = member(name).ok_or_else(|| format!("has no {name}"))?;
        let bytes = BASE64_URL_SAFE_NO_PAD
            .decode(text.trim_end_matches('='))
            .map_err(|_| format!("has an {name} that is not base64url"))?;
        Ok::<_, String>(bytes.into_iter().skip_while(|byte| *byte == 0).collect())
    };
    Ok(PublicKey {
        kid: member("kid").ok_or("has no kid")?.to_owned(),
        modulus: number("n")?,
        exponent: number("e")?,
    })
}

/// A registered application whose private key is at hand, for runs on the embedded mock.
#[derive(Debug, Clone)]
pub struct DemoCredentials {
    /// The API key: `iss` and `sub` of the signed JWT.
    pub api_key: SecretToken,
    /// The id of the key.
    pub kid: String,
    /// The private key, PKCS#8 in PEM.
    pub private_key_pem: SecretToken,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

impl DemoCredentials {
    /// The credentials of this process, made when first asked for (RSA 2048: made in a fraction
    /// of a second, where 4096 bits may take several).
    ///
    /// # Errors
    /// The cryptography library refuses.
    pub fn shared() -> Result<&'static Self, MockError> {
        static MADE: OnceLock<DemoCredentials> = OnceLock::new();
        static MAKING: Mutex<()> = Mutex::new(());
        if let Some(made) = MADE.get() {
            return Ok(made);
        }
        let _one_at_a_time = MAKING.lock();
        if let Some(made) = MADE.get() {
            return Ok(made);
        }
        let made = Self::generate("letterproof-demo-1")?;
        Ok(MADE.get_or_init(|| made))
    }

    /// New credentials with a key id of one's own.
    ///
    /// # Errors
    /// The cryptography library refuses.
    pub fn generate(kid: impl Into<String>) -> Result<Self, MockError> {
        let failed = |_| MockError::Crypto("the demonstration key");
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
        let der: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
        let public = pair.public_key();
        Ok(Self {
            api_key: SecretToken::new(crate::shared::random_uuid()?),
            kid: kid.into(),
            private_key_pem: SecretToken::new(pem(der.as_ref())),
            modulus: public.modulus().big_endian_without_leading_zero().to_vec(),
            exponent: public.exponent().big_endian_without_leading_zero().to_vec(),
        })
    }

    /// The public key as a registered JWKS.
    #[must_use]
    pub fn jwks(&self) -> Jwks {
        Jwks {
            keys: vec![PublicKey {
                kid: self.kid.clone(),
                modulus: self.modulus.clone(),
                exponent: self.exponent.clone(),
            }],
            reachable: true,
        }
    }

    /// The public key as JWKS text, as one would register it.
    #[must_use]
    pub fn jwks_json(&self) -> String {
        serde_json::json!({ "keys": [{
            "kty": "RSA", "use": "sig", "alg": "RS512", "kid": self.kid,
            "n": BASE64_URL_SAFE_NO_PAD.encode(&self.modulus),
            "e": BASE64_URL_SAFE_NO_PAD.encode(&self.exponent),
        }]})
        .to_string()
    }

    /// The registration of this application, acting for a supplier.
    #[must_use]
    pub fn registration(&self, application: &str, supplier: &str) -> Registration {
        Registration::new(application, supplier, self.api_key.clone(), Some(self.jwks()))
    }
}

fn pem(der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
    for line in text.as_bytes().chunks(64) {
        pem.extend(line.iter().map(|byte| *byte as char));
        pem.push('\n');
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    pem
}

/// A token, API key or private key.
#[derive(Clone)]
pub struct SecretToken(String);

impl SecretToken {
    /// Wraps a secret.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself, for the one place that must send it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Compares without telling by its duration how much was equal.
    pub(crate) fn matches(&self, candidate: &str) -> bool {
        verify_slices_are_equal(self.0.as_bytes(), candidate.as_bytes()).is_ok()
    }
}

impl fmt::Debug for SecretToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretToken(not shown)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jwks_reads_back_what_it_writes_and_refuses_what_is_none() {
        let credentials = DemoCredentials::shared().unwrap();
        let jwks = Jwks::from_json(&credentials.jwks_json(), "jwks.json").unwrap();
        assert_eq!(jwks.verify(&credentials.kid, b"x", b"y"), Some(false));
        assert_eq!(jwks.verify("other", b"x", b"y"), None);
        for text in [
            "",
            "{}",
            r#"{"keys":[]}"#,
            r#"{"keys":[{"kty":"EC","kid":"a"}]}"#,
            r#"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}"#,
            r#"{"keys":[{"kty":"RSA","kid":"a","n":"***","e":"AQAB"}]}"#,
            r#"{"keys":[{"kty":"RSA","kid":"a","e":"AQAB"}]}"#,
        ] {
            let message = Jwks::from_json(text, "jwks.json").unwrap_err().to_string();
            assert!(message.starts_with("jwks.json: "), "{message}");
        }
    }

    #[test]
    fn sets_as_other_tools_write_them_are_taken() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../client/tests/jwks");
        for name in ["bom-crlf", "e-leading-zero", "mixed", "padded-n"] {
            let jwks = Jwks::from_file(&folder.join(format!("{name}.json"))).unwrap();
            assert_eq!(jwks.verify("our-int-1", b"x", b"y"), Some(false), "{name}");
            let key = jwks.keys.iter().find(|key| key.kid == "our-int-1").unwrap();
            assert_eq!((key.modulus.len(), &key.exponent[..]), (512, &[1, 0, 1][..]), "{name}");
        }
    }

    #[test]
    fn other_kinds_are_passed_over_numbers_may_be_padded_and_a_private_part_is_refused() {
        let credentials = DemoCredentials::shared().unwrap();
        let zeroed = |number: &[u8]| BASE64_URL_SAFE_NO_PAD.encode([&[0], number].concat()) + "==";
        let (n, e) = (zeroed(&credentials.modulus), zeroed(&credentials.exponent));
        let set = |more: &str| {
            let set = format!(
                r#"{{"keys":[{{"kty":"EC","kid":"a","x":"AQ"}},{{"kty":"AKP"}},{{"kty":"RSA"}},
                {{"kty":"RSA","kid":"ours","n":"{n}","e":"{e}"{more}}}]}}"#
            );
            Jwks::from_json(&format!("\u{feff}{set}"), "jwks.json")
        };
        let pair = KeyPair::from_pkcs8(
            &BASE64_STANDARD
                .decode(
                    credentials
                        .private_key_pem
                        .expose()
                        .lines()
                        .filter(|line| !line.starts_with('-'))
                        .collect::<String>(),
                )
                .unwrap(),
        )
        .unwrap();
        let mut signature = vec![0; pair.public_modulus_len()];
        let random = aws_lc_rs::rand::SystemRandom::new();
        pair.sign(&aws_lc_rs::signature::RSA_PKCS1_SHA512, &random, b"x", &mut signature).unwrap();
        assert_eq!(set("").unwrap().verify("ours", b"x", &signature), Some(true));
        let message = set(r#","d":"canary""#).unwrap_err().to_string();
        assert!(message.contains("private part") && !message.contains("canary"), "{message}");
    }

    #[test]
    fn credentials_never_show_their_secrets() {
        let shown = format!("{:?}", DemoCredentials::shared().unwrap());
        assert!(
            !shown.contains("BEGIN")
                && !shown.contains(DemoCredentials::shared().unwrap().api_key.expose())
        );
    }
}
