//! The supplier's tokens: asked for with a signed JWT, one at a time, and used for most of their life.

use std::time::Duration;

use http::Method;
use http::header::{CONTENT_TYPE, HeaderValue};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use letterproof_model::now;
use letterproof_wire::{HttpClient, Request, SendError};
use parking_lot::Mutex;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use url::Url;
use uuid::Uuid;

use crate::habits::Manner;
use crate::report::{SupplierError, remedy};
use crate::settings::{Access, SupplierSettings};

/// How long an assertion lives, in seconds; the platform allows 300.
const ASSERTION_LIFE: i64 = 120;
/// How long it lives where the clock is slow, and where it is fast, so that it ends within the
/// platform's time.
const SLOW_LIFE: i64 = 290;
const FAST_LIFE: i64 = 50;
/// The life of a token that does not say its own.
const USUAL_LIFE: Duration = Duration::from_secs(599);
/// How long before its end a token is renewed, at most.
const RENEW_BEFORE: Duration = Duration::from_secs(60);

/// The media type of what is posted.
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

/// What asks for tokens.
struct Signer {
    api_key: SecretString,
    kid: String,
    key: EncodingKey,
    url: Url,
    audience: String,
    /// How many seconds the clock is fast.
    clock_off: i64,
}

/// How calls are authorised.
enum Means {
    Nothing,
    Fixed(HeaderValue),
    Signed(Box<Signer>),
}

/// The tokens in hand.
pub(super) struct Tokens {
    means: Means,
    current: Mutex<Option<(HeaderValue, Instant)>>,
    asking: tokio::sync::Mutex<()>,
    renewal: Renewal,
}

/// When a token is renewed.
#[derive(Clone, Copy)]
enum Renewal {
    BeforeItsEnd,
    Early,
    WhenRefused,
}

impl Renewal {
    fn of(settings: &SupplierSettings) -> Self {
        if settings.has(Manner::RenewEarly) {
            Self::Early
        } else if settings.has(Manner::RenewLate) {
            Self::WhenRefused
        } else {
            Self::BeforeItsEnd
        }
    }

    /// How long a token of this life is used.
    fn after(self, life: Duration) -> Duration {
        match self {
            Self::BeforeItsEnd => life - RENEW_BEFORE.min(life / 4),
            Self::Early => life / 4,
            // Long enough to be refused first.
            Self::WhenRefused => life * 4,
        }
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    jti: String,
    exp: i64,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    expires_in: Option<serde_json::Value>,
}

impl Tokens {
    /// Reads the secrets.
    pub(super) async fn read(settings: &SupplierSettings) -> Result<Self, SupplierError> {
        let means = match &settings.access {
            Access::None => Means::Nothing,
            Access::Bearer(source) => Means::Fixed(bearer(source.read().await?.expose_secret())?),
            Access::SignedJwt { api_key, kid, key, token_url, audience } => {
                let pem = key.read().await?;
                let encoding = EncodingKey::from_rsa_pem(pem.expose_secret().as_bytes())
                    .map_err(|_| SupplierError::Settings(format!("key {kid} cannot sign RS512")))?;
                let audience = audience.clone().unwrap_or_else(|| token_url.to_string());
                Means::Signed(Box::new(Signer {
                    api_key: api_key.read().await?,
                    kid: kid.clone(),
                    key: encoding,
                    url: token_url.clone(),
                    audience,
                    clock_off: settings.clock_off(),
                }))
            }
        };
        Ok(Self {
            means,
            current: Mutex::new(None),
            asking: tokio::sync::Mutex::new(()),
            renewal: Renewal::of(settings),
        })
    }

    /// The header to send now, asking for a token where there is none (or `anew`); `None` when none
    /// is needed.
    pub(super) async fn header(
        &self,
        client: &HttpClient,
        anew: bool,
    ) -> Result<Option<HeaderValue>, SupplierError> {
        let signer = match &self.means {
            Means::Nothing => return Ok(None),
            Means::Fixed(header) => return Ok(Some(header.clone())),
            Means::Signed(signer) => signer,
        };
        let in_hand = || self.fresh().filter(|_| !anew);
        if let Some(header) = in_hand() {
            return Ok(Some(header));
        }
        let _turn = self.asking.lock().await;
        if let Some(header) = in_hand() {
            return Ok(Some(header));
        }
        let (header, life) = signer.ask(client).await?;
        let renew = Instant::now() + self.renewal.after(life);
        *self.current.lock() = Some((header.clone(), renew));
        Ok(Some(header))
    }

    /// Lays the token aside, so that the next call asks for another; says whether one can be had.
    pub(super) fn drop_token(&self) -> bool {
        *self.current.lock() = None;
        matches!(self.means, Means::Signed(_))
    }

    fn fresh(&self) -> Option<HeaderValue> {
        let current = self.current.lock();
        let (header, renew) = current.as_ref()?;
        (Instant::now() < *renew).then(|| header.clone())
    }
}

impl Signer {
    async fn ask(&self, client: &HttpClient) -> Result<(HeaderValue, Duration), SupplierError> {
        let call = || "POST /oauth2/token".to_owned();
        let base_url = || self.url.origin().ascii_serialization();
        let form = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", &self.assertion()?),
        ];
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut request = Request::new(Method::POST, self.url.clone());
        request.headers_mut().insert(CONTENT_TYPE, FORM);
        *request.body_mut() = Some(form.into());
        let answer = client.execute(request).await.map_err(|error| match error {
            SendError::Refused(refusal) => SupplierError::Misled(refusal),
            SendError::Failed(_) => {
                SupplierError::Unanswered { call: call(), cause: "no answer", base_url: base_url() }
            }
        })?;
        let status = answer.status().as_u16();
        if status != 200 {
            return Err(SupplierError::Refused { call: call(), status, remedy: remedy(status) });
        }
        // The error of the JSON reader could quote the token.
        let unreadable = || SupplierError::Unreadable {
            call: call(),
            problem: "it holds no token".to_owned(),
            base_url: base_url(),
        };
        let answer: TokenAnswer = answer.json().await.map_err(|_| unreadable())?;
        let header = bearer(&answer.access_token).map_err(|_| unreadable())?;
        Ok((header, life(answer.expires_in.as_ref())))
    }

    fn assertion(&self) -> Result<String, SupplierError> {
        let mut header = Header::new(Algorithm::RS512);
        header.kid = Some(self.kid.clone());
        let issuer = self.api_key.expose_secret();
        let life = match self.clock_off {
            0 => ASSERTION_LIFE,
            ..0 => SLOW_LIFE,
            1.. => FAST_LIFE,
        };
        let claims = Claims {
            iss: issuer,
            sub: issuer,
            aud: &self.audience,
            jti: Uuid::new_v4().to_string(),
            exp: now().as_second() + self.clock_off + life,
        };
        jsonwebtoken::encode(&header, &claims, &self.key)
            .map_err(|_| SupplierError::Settings(format!("key {} cannot sign RS512", self.kid)))
    }
}

/// The platform writes `expires_in` as text.
fn life(expires_in: Option<&serde_json::Value>) -> Duration {
    let seconds = expires_in.and_then(|value| match value {
        serde_json::Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    });
    seconds.map_or(USUAL_LIFE, Duration::from_secs)
}

fn bearer(token: &str) -> Result<HeaderValue, SupplierError> {
    let mut header = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| {
        SupplierError::Settings("the token has characters that no header may carry".to_owned())
    })?;
    header.set_sensitive(true);
    Ok(header)
}
