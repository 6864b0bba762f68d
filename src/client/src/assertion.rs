//! The signed JWT by which an application asks the platform for a token. A key is read, and an
//! assertion signed, on a thread of its own: either takes milliseconds of computing, which other
//! requests must not wait for.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Header};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use uuid::Uuid;

use crate::{ClientError, SecretSource, SigningKey};

/// How long an assertion lives, in seconds. The platform allows five minutes ahead; half of that
/// bears a clock that is wrong by as much in either direction.
const LIFE: i64 = 150;

/// Who an assertion with a wrong audience is made for.
const ELSEWHERE: &str = "https://somebody-else.example/oauth2/token";
/// How long ago an assertion of the past expired, in seconds: far beyond what a platform tolerates.
const PAST: i64 = 3_600;

/// What is wrong with an assertion that a token endpoint must refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssertionFlaw {
    /// Its signature is another's.
    Signature,
    /// It expired an hour ago.
    Expired,
    /// It is made for another token endpoint.
    Audience,
    /// It is not signed at all (`alg` is `none`).
    Unsigned,
}

/// An application's API key and signing key.
pub(crate) struct Signer {
    api_key: SecretString,
    key: SigningKey,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    jti: String,
    exp: i64,
}

impl Signer {
    /// Reads both secrets.
    pub(crate) async fn read(
        api_key: &SecretSource,
        kid: &str,
        key: &SecretSource,
    ) -> Result<Arc<Self>, ClientError> {
        let (api_key, pem) = (api_key.read().await?, key.read().await?);
        let (kid, place) = (kid.to_owned(), key.describe());
        let reading = tokio::task::spawn_blocking(move || SigningKey::read(&kid, pem));
        let key = reading.await.map_err(|_| ClientError::Interrupted)?.map_err(|fault| {
            ClientError::configuration(format!("the signing key from {place}: {fault}"))
        })?;
        Ok(Arc::new(Self { api_key, key }))
    }

    /// Signs an assertion for `audience`, when the platform's clock shows `now_s` (epoch seconds).
    pub(crate) async fn assertion(
        self: Arc<Self>,
        audience: String,
        now_s: i64,
    ) -> Result<String, ClientError> {
        tokio::task::spawn_blocking(move || self.sign(&audience, now_s))
            .await
            .map_err(|_| ClientError::Interrupted)?
    }

    /// An assertion with a flaw, for a probe of the token endpoint.
    pub(crate) async fn flawed(
        self: Arc<Self>,
        flaw: AssertionFlaw,
        audience: String,
        now_s: i64,
    ) -> Result<String, ClientError> {
        Ok(match flaw {
            // By the earlier of both clocks: a `Date` that is an hour fast must not make it a fresh one.
            AssertionFlaw::Expired => {
                let here = letterproof_model::now().as_second();
                self.assertion(audience, now_s.min(here) - PAST).await?
            }
            AssertionFlaw::Audience => self.assertion(ELSEWHERE.to_owned(), now_s).await?,
            AssertionFlaw::Signature => {
                with_another_signature(&self.assertion(audience, now_s).await?)
            }
            AssertionFlaw::Unsigned => {
                let kid = self.key.kid().to_owned();
                unsigned(&self.assertion(audience, now_s).await?, &kid)
            }
        })
    }

    fn sign(&self, audience: &str, now_s: i64) -> Result<String, ClientError> {
        let mut header = Header::new(Algorithm::RS512);
        header.kid = Some(self.key.kid().to_owned());
        let issuer = self.api_key.expose_secret();
        let claims = Claims {
            iss: issuer,
            sub: issuer,
            aud: audience,
            jti: Uuid::new_v4().to_string(),
            exp: now_s + LIFE,
        };
        jsonwebtoken::encode(&header, &claims, self.key.encoding()).map_err(|_| {
            ClientError::configuration(
                "the signing key cannot sign RS512; use an RSA key of 4096 bits, made with `letterproof keys`",
            )
        })
    }
}

/// The same claims under a signature that is none of theirs.
fn with_another_signature(assertion: &str) -> String {
    let (claims, signature) = assertion.rsplit_once('.').unwrap_or((assertion, ""));
    let turned: String = signature.chars().rev().collect();
    format!("{claims}.{turned}")
}

/// The same claims and key id without a signature, under a header that says so.
fn unsigned(assertion: &str, kid: &str) -> String {
    let claims = assertion.split('.').nth(1).unwrap_or_default();
    let header = serde_json::json!({ "alg": "none", "typ": "JWT", "kid": kid });
    format!("{}.{claims}.", URL_SAFE_NO_PAD.encode(header.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flaw_of_the_signature_leaves_the_claims_alone() {
        assert_eq!(with_another_signature("h.c.abc"), "h.c.cba");
        let bare = unsigned("h.c.abc", "k1");
        assert!(bare.ends_with(".c.") && !bare.starts_with("h."), "{bare}");
    }
}
