//! Starting and stopping a witness, and what may be asked of it while it runs. Dropping the handle
//! closes every connection and frees its ports.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use letterproof_model::{MarkKind, RecordError, ScenarioOutcome};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::WitnessConfig;
use crate::connection::listen;
use crate::doors;
use crate::doors::{Door, Downloads};
use crate::error::WitnessError;
use crate::proxy::Proxy;
use crate::recording::{Book, Counts};
use crate::routes::Routes;
use crate::upstream::Sender;

/// A running witness.
pub struct Witness {
    book: Arc<Book>,
    base_url: String,
    token_url: Option<String>,
    download_origin: Option<String>,
    address: SocketAddr,
    certificate: Option<PathBuf>,
    stop: watch::Sender<bool>,
    task: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Witness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Witness").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

impl Witness {
    /// Starts a witness within the current tokio runtime and returns once it accepts connections.
    ///
    /// # Errors
    /// An address cannot be bound, the upstream URL or a file of roots cannot be used, the
    /// certificate cannot be made or written, or the upstream must not be reached.
    pub async fn start(config: WitnessConfig) -> Result<Self, WitnessError> {
        // Before anything is opened: an upstream that must not be reached has no witness.
        let book = Arc::new(Book::new(config.recorder));
        let sender = Sender::new(&config.upstream, &config.limits, &book)?;
        let failed = |source| WitnessError::Listen { address: config.listen, source };
        let (listener, address) = letterproof_wire::bind(config.listen).map_err(failed)?;
        let opened = Downloads::open(address, config.download_host)?;
        let (downloads, listeners) = opened.unzip();
        let mut tls = config.tls;
        if let (Some(tls), Some(downloads)) = (&mut tls, &downloads) {
            let name = downloads.name.iter().map(|name| name.trim_matches(['[', ']']).to_owned());
            tls.names.extend(name);
        }
        if let Some(tls) = &mut tls {
            tls.names.extend(config.hosts.iter().map(|host| host.bare_name().to_owned()));
        }
        let established = match &tls {
            Some(tls) => Some(doors::establish(tls, address)?),
            None => None,
        };
        let (acceptor, certificate) = established.unzip();
        let given = tls.as_ref().map(|tls| tls.names.clone()).unwrap_or_default();
        let names = config.hosts.iter().map(ToString::to_string).chain(given).collect();
        let routes = Routes::new(&config.upstream, address, downloads, tls.is_some(), names)?;
        let origin = routes.own_origin();
        let path = config.upstream.base_url.path().trim_end_matches('/');
        let base_url = format!("{origin}{path}");
        let token_url =
            config.upstream.token_url.as_ref().map(|url| format!("{origin}{}", url.path()));
        let download_origin = routes.download_origin();
        let proxy = Proxy::new(
            routes,
            sender,
            Arc::clone(&book),
            config.limits,
            config.inject,
            config.seed,
        );
        let (stop, stopped) = watch::channel(false);
        let downloads = listeners.into_iter().flatten().map(|one| (one, Door::Downloads));
        let doors = std::iter::once((listener, Door::Api)).chain(downloads).collect();
        let task = tokio::spawn(listen(doors, acceptor, Arc::new(proxy), stopped));
        let task = Some(task);
        Ok(Self { book, base_url, token_url, download_origin, address, certificate, stop, task })
    }

    /// What the supplier puts in place of the API's base URL, without a slash at its end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Where the supplier asks for tokens; the `aud` it signs stays the API's own token URL.
    #[must_use]
    pub fn token_url(&self) -> Option<&str> {
        self.token_url.as_deref()
    }

    /// The origin of the links to documents, for a supplier that calls [`Self::base_url`]; `None`
    /// where it is that of the API, so that HTTP libraries keep their credentials there.
    #[must_use]
    pub fn download_origin(&self) -> Option<&str> {
        self.download_origin.as_deref()
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate for the supplier to trust, a PEM file, when it serves HTTPS.
    #[must_use]
    pub fn certificate(&self) -> Option<&Path> {
        self.certificate.as_deref()
    }

    /// The numbers so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.book.counters.read()
    }

    /// Why every request is refused with 503, once the journal could not be written.
    #[must_use]
    pub fn failure(&self) -> Option<&RecordError> {
        self.book.failure()
    }

    /// Records a note of the tester.
    ///
    /// # Errors
    /// When it could not be written; from then on nothing passes any more.
    pub fn mark(&self, text: &str) -> Result<(), RecordError> {
        self.book.note(text)
    }

    /// Begins a scenario: exchanges carry its label, a hint for readers, until the next begins or
    /// [`Self::end_scenario`].
    ///
    /// # Errors
    /// As [`Self::mark`].
    pub fn begin_scenario(&self, label: &str) -> Result<(), RecordError> {
        self.end_scenario()?;
        self.book.set_scenario(Some(label));
        self.book.mark(MarkKind::BegunByHand)
    }

    /// Ends the scenario under way, if there is one.
    ///
    /// # Errors
    /// As [`Self::mark`].
    pub fn end_scenario(&self) -> Result<(), RecordError> {
        if self.book.scenario().is_none() {
            return Ok(());
        }
        let marked = self.book.mark(MarkKind::ScenarioFinished(ScenarioOutcome::ByHand));
        self.book.set_scenario(None);
        marked
    }

    /// Stops accepting, lets exchanges under way finish for the time of grace, and frees the port.
    /// What has not finished by then is recorded as far as it came.
    pub async fn stop(mut self) -> Counts {
        // Nobody listens any more when the task has ended by itself, which is fine.
        let _ = self.stop.send(true);
        if let Some(task) = self.task.take() {
            let _ = task.await;
        }
        self.book.counters.read()
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}
