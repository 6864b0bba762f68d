//! The double of INT inside this process, for runs without a target of their own.
//! Refuses long waits: its timeouts are short, which the evidence says.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use letterproof_client::{Auth, SecretSource, Target};
use letterproof_mock::{
    DEFAULT_QUEUE_LAG, DemoCredentials, Fault, Mix, MockConfig, MockServer, Registration,
    SecretToken,
};
use letterproof_model::LetterId;
use letterproof_steps::Reseed;
use secrecy::SecretString;

use crate::args::RunOptions;
use crate::failure::Failure;

/// How long a link to a letter's content works; INT gives 60 s.
const LINK_LIFE: Duration = Duration::from_secs(5);
/// How long a listed letter stays hidden; INT: 300 s.
const HIDDEN_FOR: Duration = Duration::from_secs(2);
/// How long an update takes to show; INT: 6 s to 10 s.
const APPLIED_AFTER: Duration = Duration::from_millis(500);
/// A second supplier, whose letters the first must not reach.
const OTHER_SUPPLIER: &str = "another-supplier";
/// How much longer than twice the delay an update is waited for.
const GRACE: Duration = Duration::from_secs(10);

/// How the double is to be.
#[derive(Debug, Clone)]
pub(crate) struct Double {
    /// Letters seeded; as many as the mix has when absent.
    pub(crate) letters: Option<u32>,
    /// Which letters they are.
    pub(crate) mix: Mix,
    /// The same number gives the same letters.
    pub(crate) seed: u64,
    /// How long a listed letter stays hidden.
    pub(crate) visibility_timeout: Duration,
    /// How long an update takes to show.
    pub(crate) apply_delay: Duration,
    /// How long an accepted letter stays in the list.
    pub(crate) queue_lag: Duration,
    /// What is wrong with it.
    pub(crate) faults: Vec<String>,
}

impl From<&RunOptions> for Double {
    fn from(options: &RunOptions) -> Self {
        Self {
            letters: options.letters,
            mix: options.mix.unwrap_or(Mix::DEFAULT),
            seed: options.seed.unwrap_or(1),
            visibility_timeout: options.visibility_timeout.unwrap_or(HIDDEN_FOR),
            apply_delay: options.apply_delay.unwrap_or(APPLIED_AFTER),
            queue_lag: options.queue_lag.unwrap_or(DEFAULT_QUEUE_LAG),
            faults: options.faults.clone(),
        }
    }
}

impl Double {
    fn letters(&self) -> u32 {
        self.letters.unwrap_or(self.mix.letters())
    }
}

/// A running double.
pub(crate) struct Embedded {
    server: Arc<MockServer>,
    credentials: &'static DemoCredentials,
    double: Double,
}

impl Embedded {
    /// Starts a double on a free loopback port.
    pub(crate) async fn start(double: Double) -> Result<Self, Failure> {
        // Making an RSA key takes a moment; it must not stall the runtime.
        let credentials = tokio::task::spawn_blocking(DemoCredentials::shared)
            .await
            .map_err(|error| Failure::Harness(format!("cannot make a key: {error}")))??;
        let mut other = Registration::new(
            "another-application",
            OTHER_SUPPLIER,
            SecretToken::new("never-used-to-ask-for-a-token"),
            None,
        );
        other.letters = Some(3);
        let mut config = MockConfig {
            registrations: vec![
                credentials.registration("letterproof-application", "letterproof-supplier"),
                other,
            ],
            link_ttl: LINK_LIFE,
            letters: double.letters(),
            seeds: double.mix.plan(),
            seed: double.seed,
            visibility_timeout: double.visibility_timeout,
            apply_delay: double.apply_delay,
            queue_lag: double.queue_lag,
            ..MockConfig::default()
        };
        for fault in &double.faults {
            let fault = Fault::parse(fault).map_err(|error| Failure::Usage(error.to_string()))?;
            config.faults.push(fault);
        }
        let server = MockServer::start(config).await?;
        Ok(Self { server: Arc::new(server), credentials, double })
    }

    /// The double as a target.
    pub(crate) fn target(&self) -> Result<Target, Failure> {
        let auth = Auth::SignedJwt {
            api_key: secret(&self.credentials.api_key),
            kid: self.credentials.kid.clone(),
            key: secret(&self.credentials.private_key_pem),
        };
        let target = Target::mock(self.server.base_url(), self.server.token_url(), auth)?;
        Ok(shaped(target, &self.double))
    }

    /// A double as a target that is not running, to plan with.
    pub(crate) fn planned(double: &Double) -> Result<Target, Failure> {
        Ok(shaped(Target::mock("http://127.0.0.1/nhs-notify-supplier", "", Auth::None)?, double))
    }

    /// A letter that belongs to another supplier.
    pub(crate) fn foreign_letter(&self) -> Option<LetterId> {
        self.server.a_letter_of(OTHER_SUPPLIER)
    }

    /// Seeds the double anew, with other letters each time.
    pub(crate) fn reseed(&self) -> Reseed {
        let server = Arc::clone(&self.server);
        let next = AtomicU64::new(self.double.seed);
        Arc::new(move || {
            let seed = next.fetch_add(1, Ordering::SeqCst).wrapping_add(1);
            server.reset(seed).map_err(|error| error.to_string())
        })
    }

    /// Stops the double.
    pub(crate) async fn stop(self) {
        if let Ok(server) = Arc::try_unwrap(self.server) {
            server.shutdown().await;
        }
    }
}

/// A target with the double's times and letters.
fn shaped(mut target: Target, double: &Double) -> Target {
    target.visibility_timeout = double.visibility_timeout;
    target.update_deadline = double.apply_delay * 2 + GRACE;
    target.seeded_letters = double.letters();
    target
}

fn secret(token: &SecretToken) -> SecretSource {
    SecretString::from(token.expose()).into()
}
