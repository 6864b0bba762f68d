//! What the sample supplier is told before its day begins. Its secrets are read when the day begins,
//! and not before.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use letterproof_model::{
    Context, SpecificationId, SpecificationKind, SpecificationMeaning, TestId, pack,
};
use letterproof_wire::{Going, Guard, Refusal, StorageHost, Through, is_loopback};
use secrecy::SecretString;
use url::Url;

use crate::habits::{Habit, Manner};
use crate::report::SupplierError;

/// How the supplier proves who it is.
#[derive(Debug, Clone)]
pub enum Access {
    /// Not at all, as on the public sandbox.
    None,
    /// With one fixed bearer token.
    Bearer(Secret),
    /// With tokens got for a signed JWT.
    SignedJwt {
        /// The API key: `iss` and `sub` of the JWT.
        api_key: Secret,
        /// The id under which the public key is registered.
        kid: String,
        /// The private RSA key: one PEM block, PKCS#1 or PKCS#8.
        key: Secret,
        /// Where tokens are asked for.
        token_url: Url,
        /// The `aud` of the JWT, where it is not `token_url`: behind a proxy it stays the URL of
        /// the platform.
        audience: Option<String>,
    },
}

/// How many letters fare otherwise than the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fates {
    /// Letters cancelled at each stage (accepted, printed, enclosed, forwarded), as if NHS Notify
    /// had named them in an e-mail.
    pub cancelled: usize,
    /// Letters that come back from the post, some before and some after their delivery.
    pub returned: usize,
    /// Letters spoilt in the press, beside those whose PDF cannot be printed.
    pub spoilt: usize,
}

/// What the supplier is told before its day begins.
#[derive(Debug, Clone)]
pub struct SupplierSettings {
    /// The API, or a witness in front of it.
    pub base_url: Url,
    /// How it proves who it is.
    pub access: Access,
    /// Where documents are fetched from, beside the API's own host.
    pub storage: Vec<StorageHost>,
    /// Roots trusted beside those of the system, as PEM files.
    pub roots: Vec<PathBuf>,
    /// The tests whose work is done.
    pub tests: Vec<TestId>,
    /// Calls per second it never exceeds.
    pub rate_limit: u32,
    /// Reads and downloads under way at the same time.
    pub in_flight: usize,
    /// Letters asked for when the whole list is wanted (AT2, AT3).
    pub whole_list: u32,
    /// Letters taken on with one update (AT4).
    pub batch: u32,
    /// Letters of one list of the fast intake (AT15).
    pub chunk: u32,
    /// How often the fast intake is done (AT15).
    pub flows: u32,
    /// Time agreed for one fast intake (AT15).
    pub agreed_time: Duration,
    /// How long the API hides a listed letter.
    pub visibility_timeout: Duration,
    /// How long an update may take to show.
    pub update_deadline: Duration,
    /// Time between two reads of a letter that has not changed yet.
    pub poll: Duration,
    /// How long a download link works.
    pub link_life: Duration,
    /// What the agreed specifications mean; letters of any other are rejected.
    pub specifications: Vec<SpecificationMeaning>,
    /// How many letters fare otherwise than the rest.
    pub fates: Fates,
    /// Where it works otherwise than usual, as it may.
    pub habits: Vec<Habit>,
    /// How long it waits where a habit lets a day pass; its own clock counts a day for each.
    pub day: Duration,
    /// Where an empty POST has the queue filled anew before a fast intake, as the `/seed` of the
    /// mock's admin side does. It must be on this machine.
    pub reseed: Option<Url>,
    /// How long to wait for letters where the queue must be full again.
    pub wait_for_letters: Duration,
    /// How long an answer may take.
    pub answer_timeout: Duration,
    /// Tries of a call that is not answered, or answered with 429 or 5xx.
    pub attempts: u32,
    /// The pause before the first repeat; it doubles with each further one.
    pub back_off: Duration,
}

impl SupplierSettings {
    /// The sizes and times of the pack and of INT, without credentials.
    #[must_use]
    pub fn new(base_url: Url) -> Self {
        Self {
            base_url,
            access: Access::None,
            storage: Vec::new(),
            roots: Vec::new(),
            tests: pack().iter().map(|test| test.id).collect(),
            rate_limit: 300,
            in_flight: 32,
            whole_list: 2_500,
            batch: 1_000,
            chunk: 500,
            flows: 3,
            agreed_time: Duration::from_secs(10),
            visibility_timeout: Duration::from_secs(300),
            update_deadline: Duration::from_secs(60),
            poll: Duration::from_secs(2),
            link_life: Duration::from_secs(60),
            specifications: Context::stand_in("").specifications,
            fates: Fates { cancelled: 2, returned: 20, spoilt: 2 },
            habits: Vec::new(),
            day: Duration::from_secs(24 * 3_600),
            reseed: None,
            wait_for_letters: Duration::from_secs(60),
            answer_timeout: Duration::from_secs(30),
            attempts: 5,
            back_off: Duration::from_millis(250),
        }
    }

    /// What every connection of the supplier passes.
    pub(crate) fn guard(&self) -> Result<Guard, Refusal> {
        let token = match &self.access {
            Access::SignedJwt { token_url, .. } => Some(token_url),
            _ => None,
        };
        let target = [Some(&self.base_url), token, self.reseed.as_ref()];
        Guard::new(Going {
            target: target.into_iter().flatten().cloned().collect(),
            storage: self.storage.clone(),
            agreed: None,
            plain: false,
            through: match is_loopback(&self.base_url) {
                true => Through::Nothing,
                false => Through::Environment,
            },
        })
    }

    /// Whether it has this habit.
    pub(crate) fn has(&self, manner: Manner) -> bool {
        self.manners().any(|own| own == manner)
    }

    /// How it works otherwise than usual.
    pub(crate) fn manners(&self) -> impl Iterator<Item = Manner> + '_ {
        self.habits.iter().map(|habit| habit.manner())
    }

    /// How many seconds its clock is fast; negative where it is slow.
    pub(crate) fn clock_off(&self) -> i64 {
        self.manners()
            .find_map(|own| if let Manner::ClockOff(by) = own { Some(by) } else { None })
            .unwrap_or(0)
    }

    /// What letters of a specification are; `None` for one nobody agreed.
    pub(crate) fn kind(&self, id: &SpecificationId) -> Option<SpecificationKind> {
        self.specifications.iter().find(|known| known.id == *id).map(|known| known.kind)
    }
}

type Read = dyn Fn() -> BoxFuture<'static, Result<SecretString, String>> + Send + Sync;

/// A secret, or how to read it.
#[derive(Clone)]
pub struct Secret(Arc<Read>);

impl Secret {
    /// A secret that `read` gives each time a day begins. Its error is what a person is told, with a
    /// next step and without the secret.
    #[must_use]
    pub fn read_by<F, R>(read: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<SecretString, String>> + Send + 'static,
    {
        Self(Arc::new(move || Box::pin(read())))
    }

    pub(crate) async fn read(&self) -> Result<SecretString, SupplierError> {
        (self.0)().await.map_err(SupplierError::Secret)
    }
}

impl From<SecretString> for Secret {
    fn from(secret: SecretString) -> Self {
        Self::read_by(move || std::future::ready(Ok(secret.clone())))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a secret")
    }
}
