//! The signed JWT by which an application asks the platform for a token.
//! Refuses to hold up other requests: a key is read, and an assertion signed, on a thread of its
//! own, since either takes milliseconds of computing.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, Header};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use uuid::Uuid;

use crate::{ClientError, SecretSource, SigningKey};

/// How long an assertion lives, in seconds. The platform allows five minutes ahead; half of that
/// bears a clock that is wrong by as much in either direction.
const LIFE: i64 = 150;

/// An application's API key and signing key.
pub(super) struct Signer {
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
    pub(super) async fn read(
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
    pub(super) async fn assertion(
        self: Arc<Self>,
        audience: String,
        now_s: i64,
    ) -> Result<String, ClientError> {
        tokio::task::spawn_blocking(move || self.sign(&audience, now_s))
            .await
            .map_err(|_| ClientError::Interrupted)?
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
