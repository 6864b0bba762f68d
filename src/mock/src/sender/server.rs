//! Starting and stopping a mock of the sending API.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use http::Response;
use http::request::Parts;
use jiff::Timestamp;
use letterproof_wire::Abort;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::backend;
use super::problem::{Problem, refusal};
use super::sandbox::{self, Asked};
use crate::config::Limits;
use crate::connection::{Service, listen};
use crate::error::MockError;
use crate::reply;
use crate::reply::MockBody;
use crate::rng::Rng;
use crate::server::{Secured, bind, secured};

/// The API's base below the root; it is also served at the root itself.
const BASE: &str = "/comms";

/// Most bytes of a request's body: 6 MiB; more is refused with 413.
const BODY_BYTES: usize = 6 << 20;

/// Which part of the sandbox answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layer {
    /// The gateway, with the code behind it: what the public sees.
    #[default]
    Gateway,
    /// The code behind the gateway alone.
    Backend,
}

/// What a mock of the sending API is told at its start. The default is the sandbox on a free port.
#[derive(Debug, Clone)]
pub struct SenderConfig {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Serve HTTPS with a certificate made at the start.
    pub tls: bool,
    /// Which part of the sandbox answers.
    pub layer: Layer,
    /// Bounds on clients.
    pub limits: Limits,
}

impl Default for SenderConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            tls: false,
            layer: Layer::Gateway,
            // More is read than the API takes, so that it refuses in its own words what is too long.
            limits: Limits { body_bytes: BODY_BYTES + (1 << 20), ..Limits::default() },
        }
    }
}

/// A running mock of the sending API. Dropping it stops every connection and frees its port.
pub struct SenderMock {
    base_url: String,
    certificate: Option<String>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl std::fmt::Debug for SenderMock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SenderMock").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

impl SenderMock {
    /// Starts a mock within the current tokio runtime and returns once it accepts connections.
    ///
    /// # Errors
    /// The address cannot be bound, or the cryptography library refuses a certificate.
    pub fn start(config: SenderConfig) -> Result<Self, MockError> {
        let (listener, address) = bind(config.listen)?;
        let Secured { acceptor, certificate, root } = secured(address, config.tls)?;
        let base_url = format!("{root}{BASE}");
        let (stop, stopped) = watch::channel(false);
        let door = Door {
            base: base_url.clone(),
            config,
            calls: AtomicU64::new(0),
            ids: AtomicU64::new(seed()),
        };
        let task = tokio::spawn(listen(listener, acceptor, door, stopped));
        Ok(Self { base_url, certificate, stop, task })
    }

    /// Where the API is found, without a slash at its end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The certificate to trust, as PEM, where HTTPS is served.
    #[must_use]
    pub fn certificate_pem(&self) -> Option<&str> {
        self.certificate.as_deref()
    }

    /// Stops accepting, lets requests under way finish for a moment, and ends.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        // A task that was stopped ends with what it was asked for.
        let _ = (&mut self.task).await;
    }
}

impl Drop for SenderMock {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        self.task.abort();
    }
}

/// Where random bytes begin, so that two mocks do not make the same ids.
fn seed() -> u64 {
    Timestamp::now().as_nanosecond() as u64
}

/// What answers the requests.
struct Door {
    base: String,
    config: SenderConfig,
    calls: AtomicU64,
    ids: AtomicU64,
}

impl Service for Door {
    fn limits(&self) -> &Limits {
        &self.config.limits
    }

    async fn respond(
        &self,
        parts: Parts,
        body: Bytes,
        _reset: &Arc<AtomicBool>,
    ) -> Result<Response<MockBody>, Abort> {
        let whole = parts.uri.path();
        let below = whole.strip_prefix(BASE).filter(|rest| rest.starts_with('/'));
        let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let mut chance = Rng::new(call, self.ids.load(Ordering::Relaxed));
        let id = format!("rrt-{}-b-geu2-mock-{call}-1", chance.next());
        let random = || {
            let mut rng = Rng::new(self.ids.fetch_add(1, Ordering::Relaxed), 0x5E7D);
            let mut bytes = [0; 16];
            rng.fill(&mut bytes);
            bytes
        };
        let asked = Asked {
            method: &parts.method,
            path: below.unwrap_or(whole),
            query: parts.uri.query(),
            headers: &parts.headers,
            body: &body,
            base: &self.base,
            id: &id,
            now: Timestamp::now(),
            random: &random,
        };
        let reply = match self.config.layer {
            Layer::Backend => backend::answer(&asked),
            Layer::Gateway if body.len() > BODY_BYTES => refusal(&[Problem::TooLarge.into()], &id),
            Layer::Gateway => sandbox::gateway(&asked).await,
        };
        Ok(reply::plain(reply))
    }
}
