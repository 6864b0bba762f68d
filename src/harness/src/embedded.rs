//! The mock of INT inside this process, for runs without a target of their own (its times are short,
//! which the evidence says), and what the client of a mock is given.

use std::path::Path;
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

use crate::told::Failure;

/// How long a link to a letter's content works; INT gives 60 s.
const LINK_LIFE: Duration = Duration::from_secs(5);
/// A second supplier, whose letters the first must not reach.
const OTHER_SUPPLIER: &str = "another-supplier";
/// The file in which a client of a mock finds what it needs, and the name of the API key in it.
const CREDENTIALS: &str = "credentials.env";
const API_KEY: &str = "LETTERPROOF_API_KEY";
/// How much longer than twice the delay an update is waited for.
const GRACE: Duration = Duration::from_secs(10);

/// How the mock is to be.
#[derive(Debug, Clone)]
pub struct MockSettings {
    /// Letters seeded; as many as the mix has when absent.
    pub letters: Option<u32>,
    /// Which letters they are.
    pub mix: Mix,
    /// The same number gives the same letters.
    pub seed: u64,
    /// How long a listed letter stays hidden.
    pub visibility_timeout: Duration,
    /// How long an update takes to show.
    pub apply_delay: Duration,
    /// How long an accepted letter stays in the list.
    pub queue_lag: Duration,
    /// What is wrong with it.
    pub faults: Vec<String>,
}

impl Default for MockSettings {
    /// One that hides listed letters for 2 s (INT: 300 s) and shows an update after 500 ms (INT: 6 s to
    /// 10 s).
    fn default() -> Self {
        Self {
            letters: None,
            mix: Mix::DEFAULT,
            seed: 1,
            visibility_timeout: Duration::from_secs(2),
            apply_delay: Duration::from_millis(500),
            queue_lag: DEFAULT_QUEUE_LAG,
            faults: Vec::new(),
        }
    }
}

impl MockSettings {
    fn letters(&self) -> u32 {
        self.letters.unwrap_or(self.mix.letters())
    }
}

/// A running mock.
pub struct Embedded {
    server: Arc<MockServer>,
    credentials: &'static DemoCredentials,
    settings: MockSettings,
}

impl Embedded {
    /// Starts a mock on a free loopback port.
    ///
    /// # Errors
    /// When it cannot be started.
    pub async fn start(settings: MockSettings) -> Result<Self, Failure> {
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
            letters: settings.letters(),
            seeds: settings.mix.plan(),
            seed: settings.seed,
            visibility_timeout: settings.visibility_timeout,
            apply_delay: settings.apply_delay,
            queue_lag: settings.queue_lag,
            ..MockConfig::default()
        };
        for fault in &settings.faults {
            let fault = Fault::parse(fault).map_err(|error| Failure::Usage(error.to_string()))?;
            config.faults.push(fault);
        }
        let server = MockServer::start(config).await?;
        Ok(Self { server: Arc::new(server), credentials, settings })
    }

    /// The mock as a target.
    ///
    /// # Errors
    /// When its address is not one.
    pub fn target(&self) -> Result<Target, Failure> {
        let auth = Auth::SignedJwt {
            api_key: secret(&self.credentials.api_key),
            kid: self.credentials.kid.clone(),
            key: secret(&self.credentials.private_key_pem),
        };
        let target = Target::mock(self.server.base_url(), self.server.token_url(), auth)?;
        Ok(shaped(target, &self.settings))
    }

    /// A mock as a target that is not running, to plan with.
    ///
    /// # Errors
    /// Never in practice: the address is fixed.
    pub fn planned(settings: &MockSettings) -> Result<Target, Failure> {
        Ok(shaped(Target::mock("http://127.0.0.1/nhs-notify-supplier", "", Auth::None)?, settings))
    }

    /// A letter that belongs to another supplier.
    pub(crate) fn foreign_letter(&self) -> Option<LetterId> {
        self.server.a_letter_of(OTHER_SUPPLIER)
    }

    /// Seeds the mock again, with other letters each time.
    pub(crate) fn reseed(&self) -> Reseed {
        let server = Arc::clone(&self.server);
        let next = AtomicU64::new(self.settings.seed);
        Arc::new(move || {
            let seed = next.fetch_add(1, Ordering::SeqCst).wrapping_add(1);
            server.reset(seed).map_err(|error| error.to_string())
        })
    }

    /// Stops the mock.
    pub async fn stop(self) {
        if let Ok(server) = Arc::try_unwrap(self.server) {
            server.shutdown().await;
        }
    }
}

/// A target with the mock's times and letters.
fn shaped(mut target: Target, settings: &MockSettings) -> Target {
    target.visibility_timeout = settings.visibility_timeout;
    target.update_deadline = settings.apply_delay * 2 + GRACE;
    target.seeded_letters = settings.letters();
    target
}

/// The API key that an earlier mock wrote to a folder.
///
/// # Errors
/// When there is a file of credentials that cannot be read.
pub fn api_key_in(folder: &Path) -> Result<Option<SecretToken>, Failure> {
    let path = folder.join(CREDENTIALS);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(Failure::Usage(format!(
                "{}: the API key there cannot be read ({error}); remove the file or choose another \
                 folder",
                path.display()
            )));
        }
    };
    let keys = text.lines().filter_map(|line| line.strip_prefix(API_KEY)?.strip_prefix('='));
    Ok(keys.map(str::trim).find(|key| !key.is_empty()).map(SecretToken::new))
}

/// Writes what a client needs: `private-key.pem`, `jwks.json`, and `credentials.env` with the
/// names that `letterproof run` reads.
///
/// # Errors
/// When the folder cannot be written to.
pub fn write_credentials(folder: &Path, credentials: &DemoCredentials) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::Usage(format!(
            "cannot write credentials to {}: {error}; choose another folder",
            folder.display()
        ))
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let key = folder.join("private-key.pem");
    let environment = format!(
        "{API_KEY}={}\nLETTERPROOF_KID={}\nLETTERPROOF_KEY_FILE={}\n",
        credentials.api_key.expose(),
        credentials.kid,
        std::path::absolute(&key).map_err(failed)?.display()
    );
    write_private(&key, credentials.private_key_pem.expose()).map_err(failed)?;
    write_private(&folder.join(CREDENTIALS), &environment).map_err(failed)?;
    std::fs::write(folder.join("jwks.json"), credentials.jwks_json()).map_err(failed)
}

/// Writes a file that only its owner may read, where the system knows owners.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    // A file of an earlier run keeps its mode, so it is made anew.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}

fn secret(token: &SecretToken) -> SecretSource {
    SecretString::from(token.expose()).into()
}
