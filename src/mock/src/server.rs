//! Starting and stopping a mock, with or without HTTPS. Dropping the handle stops every connection
//! and frees the ports.
//!
//! The certificate is made at the start for names and addresses of this machine; its key is never
//! written.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use letterproof_model::{LetterId, LetterStatus};
use letterproof_wire::tls;
use letterproof_wire::tls::pki_types::PrivatePkcs8KeyDer;
use rcgen::CertifiedKey;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::admin::Admin;
use crate::config::{AuthMode, MockConfig, Profile};
use crate::connection::listen;
use crate::error::MockError;
use crate::keys::{DemoCredentials, SecretToken};
use crate::quota::RequestCounts;
use crate::shared::{Shared, StateSummary, micros};
use crate::supplier::faults::Fault;
use crate::supplier::front::{BASE, Front};
use crate::token;

/// A running mock.
pub struct MockServer {
    shared: Arc<Shared>,
    base_url: String,
    token_url: String,
    admin_url: Option<String>,
    certificate: Option<String>,
    demo: Option<DemoCredentials>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl std::fmt::Debug for MockServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MockServer").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

pub(crate) fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), MockError> {
    letterproof_wire::bind(address).map_err(|source| MockError::Listen { address, source })
}

/// The address a client on this machine can use.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST, address.port()).into(),
        IpAddr::V6(ip) if ip.is_unspecified() => (Ipv6Addr::LOCALHOST, address.port()).into(),
        _ => address,
    }
}

/// How a mock is reached at its address.
pub(crate) struct Secured {
    pub(crate) acceptor: Option<TlsAcceptor>,
    /// What clients must trust, in PEM.
    pub(crate) certificate: Option<String>,
    /// Scheme and authority.
    pub(crate) root: String,
}

/// Makes what HTTPS needs, where it is asked for.
pub(crate) fn secured(address: SocketAddr, tls: bool) -> Result<Secured, MockError> {
    let (acceptor, certificate) = tls.then(|| acceptor(address)).transpose()?.unzip();
    let scheme = if tls { "https" } else { "http" };
    Ok(Secured { acceptor, certificate, root: format!("{scheme}://{}", reachable(address)) })
}

impl MockServer {
    /// Starts a mock within the current tokio runtime and returns once it accepts connections.
    ///
    /// # Errors
    /// An address cannot be bound, the admin address is not loopback, the seeds or registrations
    /// are impossible, or the cryptography library refuses.
    pub async fn start(mut config: MockConfig) -> Result<Self, MockError> {
        if let Some(admin) = config.admin.filter(|admin| !admin.ip().is_loopback()) {
            return Err(MockError::AdminNotLoopback(admin));
        }
        let (listener, address) = bind(config.listen)?;
        let admin = match config.admin {
            Some(address) => Some(bind(address)?),
            None => None,
        };
        let Secured { acceptor, certificate, root } = secured(address, config.tls)?;
        let (base_url, token_url) = (format!("{root}{BASE}"), format!("{root}{}", token::PATH));
        let mut registrations = std::mem::take(&mut config.registrations);
        let api_key = config.demo_api_key.take();
        // Making keys and documents takes a while, which others on the runtime should not feel.
        let made = tokio::task::spawn_blocking(move || {
            let mut demo = None;
            if registrations.is_empty() {
                let keyed = config.profile == Profile::Int && matches!(config.auth, AuthMode::Jwt);
                let registration = if keyed {
                    let mut credentials = DemoCredentials::shared()?.clone();
                    if let Some(known) = api_key {
                        credentials.api_key = known;
                    }
                    let registration = credentials.registration("apim-app-1", "supplier-1");
                    demo = Some(credentials);
                    registration
                } else {
                    let nobody = SecretToken::new(crate::shared::random_uuid()?);
                    crate::config::Registration::new("apim-app-1", "supplier-1", nobody, None)
                };
                registrations.push(registration);
            }
            check(&registrations)?;
            Ok::<_, MockError>((Shared::new(config, registrations, root)?, demo))
        });
        let (shared, demo) =
            made.await.map_err(|_| MockError::Crypto("the mock's keys and documents"))??;
        let shared = Arc::new(shared);
        let (stop, stopped) = watch::channel(false);
        let front = Front(Arc::clone(&shared));
        let mut tasks = vec![tokio::spawn(listen(listener, acceptor, front, stopped.clone()))];
        let mut admin_url = None;
        if let Some((listener, address)) = admin {
            let side = Admin::new(Arc::clone(&shared), address);
            tasks.push(tokio::spawn(listen(listener, None, side, stopped)));
            admin_url = Some(format!("http://{address}"));
        }
        Ok(Self { shared, base_url, token_url, admin_url, certificate, demo, stop, tasks })
    }

    /// Where the API is, without a slash at its end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Where tokens are asked for; also the `aud` of client assertions.
    #[must_use]
    pub fn token_url(&self) -> &str {
        &self.token_url
    }

    /// Where the admin side is, if it was asked for.
    #[must_use]
    pub fn admin_url(&self) -> Option<&str> {
        self.admin_url.as_deref()
    }

    /// The certificate clients must trust, in PEM, when HTTPS was asked for.
    #[must_use]
    pub fn certificate_pem(&self) -> Option<&str> {
        self.certificate.as_deref()
    }

    /// Credentials of the registration made when none was configured.
    #[must_use]
    pub fn demo_credentials(&self) -> Option<&DemoCredentials> {
        self.demo.as_ref()
    }

    /// The state of all letters in numbers; updates that are due have been applied.
    #[must_use]
    pub fn state_summary(&self) -> StateSummary {
        self.shared.summary(None)
    }

    /// How many letters have a status.
    #[must_use]
    pub fn count(&self, status: LetterStatus) -> usize {
        let summary = self.state_summary();
        summary.by_status.iter().find(|(known, _)| *known == status).map_or(0, |(_, n)| *n)
    }

    /// A letter of this supplier; `None` when it has none or is unknown.
    #[must_use]
    pub fn a_letter_of(&self, supplier: &str) -> Option<LetterId> {
        self.shared.a_letter_of(supplier)
    }

    /// What the server saw, the busiest second included.
    #[must_use]
    pub fn requests(&self) -> RequestCounts {
        self.shared.meter.read(self.shared.now())
    }

    /// Replaces the armed faults; none restores an honest mock.
    pub fn arm(&self, faults: Vec<Fault>) {
        self.shared.board.arm(faults);
    }

    /// Makes every hidden letter visible, as if the visibility timeout had passed.
    pub fn make_visible(&self) {
        self.shared.show_all();
    }

    /// Forgets what happened and seeds anew with another seed, as between two windows.
    ///
    /// # Errors
    /// The seeds are impossible.
    pub fn reset(&self, seed: u64) -> Result<(), MockError> {
        self.shared.reset(seed)
    }

    /// An access token of the first registration, without the token endpoint.
    ///
    /// # Errors
    /// The cryptography library refuses.
    pub fn issue_token(&self) -> Result<SecretToken, MockError> {
        token::give(&self.shared, 0, micros(self.shared.config.token_lifetime))
            .map(SecretToken::new)
            .map_err(|_| MockError::Crypto("an access token"))
    }

    /// Stops accepting, lets connections finish for a moment, and frees the ports.
    pub async fn shutdown(mut self) {
        // Nobody listens any more when every task has ended by itself, which is fine.
        let _ = self.stop.send(true);
        for task in std::mem::take(&mut self.tasks) {
            let _ = task.await;
        }
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

fn check(registrations: &[crate::config::Registration]) -> Result<(), MockError> {
    for (at, one) in registrations.iter().enumerate() {
        let wrong = |problem: &str| MockError::Registration {
            application: one.application.clone(),
            problem: problem.to_owned(),
        };
        // The name becomes part of every link.
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if one.supplier.as_ref().is_some_and(|name| name.is_empty() || !name.chars().all(plain)) {
            return Err(wrong("names its supplier with more than letters, digits, `-`, `_`, `.`"));
        }
        for other in &registrations[..at] {
            if other.application == one.application {
                return Err(wrong("is there twice; give each application its own id"));
            }
            if other.api_key.matches(one.api_key.expose()) {
                return Err(wrong("has the API key of another; give each its own"));
            }
        }
    }
    Ok(())
}

/// What accepts TLS connections, and the certificate in PEM for clients to trust.
fn acceptor(address: SocketAddr) -> Result<(TlsAcceptor, String), MockError> {
    const WHAT: &str = "the TLS certificate";
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    let own = address.ip();
    if !own.is_unspecified() && !own.is_loopback() {
        names.push(own.to_string());
    }
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(names).map_err(|_| MockError::Crypto(WHAT))?;
    let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
    let acceptor = tls::acceptor(cert.der().clone(), key.into(), &[b"http/1.1"])
        .map_err(|_| MockError::Crypto(WHAT))?;
    Ok((acceptor, cert.pem()))
}
