//! What a guard gives to those who connect: an HTTP client, connections for proxies (which speak
//! HTTP themselves), and the resolver of names under both.
//!
//! Nothing is sent that the guard does not let through, hop by hop; no address is handed out that may
//! not be connected to, or that this library and the one that connects would read differently.

use std::error::Error;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioIo;
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Proxy, Request, Response};
use tokio::net::TcpStream;
use tower_service::Service;
use url::Url;

use crate::guard::{Guard, Through};
use crate::refusal::Refusal;

/// The most hops of redirects that are followed.
const MOST_HOPS: usize = 10;

/// What becomes of a redirect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redirects {
    /// It is an answer like any other.
    Shown,
    /// It is followed, each hop after the guard has seen it.
    Followed,
}

/// An HTTP client whose every connection passes a guard; clones share its connections.
#[derive(Debug, Clone)]
pub struct HttpClient {
    client: Client,
    guard: Guard,
}

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The guard refused it; nothing was sent there.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It failed on its way.
    #[error(transparent)]
    Failed(reqwest::Error),
}

impl Guard {
    /// A client that goes where this guard lets it, set up further by `set_up`. Redirects, names and
    /// proxies are the guard's, whatever that sets.
    ///
    /// # Errors
    /// When the client cannot be built of what it was set up with.
    pub fn client(
        &self,
        redirects: Redirects,
        set_up: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> Result<HttpClient, reqwest::Error> {
        let mut builder = set_up(Client::builder()).dns_resolver(Resolver::of(self.clone()));
        builder = match self.through() {
            Through::Nothing => builder.no_proxy(),
            Through::Proxy(url) => builder.no_proxy().proxy(Proxy::all(url.clone())?),
            Through::Environment => builder,
        };
        builder = builder.redirect(match redirects {
            Redirects::Shown => Policy::none(),
            Redirects::Followed => {
                let guard = self.clone();
                Policy::custom(move |attempt| match guard.check(attempt.url()) {
                    Err(refusal) => attempt.error(refusal),
                    Ok(()) if attempt.previous().len() > MOST_HOPS => {
                        attempt.error("too many redirects")
                    }
                    Ok(()) => attempt.follow(),
                })
            }
        });
        Ok(HttpClient { client: builder.build()?, guard: self.clone() })
    }
}

impl HttpClient {
    /// Sends a request.
    ///
    /// # Errors
    /// When the guard refuses it, or no answer comes.
    pub async fn execute(&self, request: Request) -> Result<Response, SendError> {
        self.guard.admit(request.url()).await?;
        self.client.execute(request).await.map_err(|error| {
            match error.source().and_then(Refusal::within) {
                Some(refusal) => SendError::Refused(refusal.clone()),
                None => SendError::Failed(error),
            }
        })
    }

    /// What its connections pass.
    #[must_use]
    pub fn guard(&self) -> &Guard {
        &self.guard
    }
}

type Cause = Box<dyn Error + Send + Sync>;

/// What comes of connecting.
pub type Connecting = Pin<Box<dyn Future<Output = Result<TokioIo<TcpStream>, Cause>> + Send>>;

/// Opens the connections of a proxy, each after its guard has seen it.
#[derive(Debug, Clone)]
pub struct Connector {
    tcp: HttpConnector<Resolver>,
    guard: Guard,
}

impl Guard {
    /// What opens connections where this guard lets it.
    #[must_use]
    pub fn connector(&self, connect_timeout: Duration) -> Connector {
        let mut tcp = HttpConnector::new_with_resolver(Resolver::of(self.clone()));
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(connect_timeout));
        Connector { tcp, guard: self.clone() }
    }

    /// As [`Self::check`], for an address that is sent as it is written.
    ///
    /// # Errors
    /// As [`Self::check`], and where the two libraries that read it would go to different hosts.
    pub(crate) fn check_uri(&self, uri: &Uri) -> Result<Url, Refusal> {
        let url = Url::parse(&uri.to_string()).map_err(|_| Refusal::Address)?;
        self.check(&url)?;
        let plain = |host: &str| host.trim_end_matches('.').to_ascii_lowercase();
        let same_host = uri.host().zip(url.host_str()).is_some_and(|(a, b)| plain(a) == plain(b));
        let same_port = uri.port_u16().is_none_or(|port| url.port_or_known_default() == Some(port));
        if same_host && same_port { Ok(url) } else { Err(Refusal::Address) }
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = Cause;
    type Future = Connecting;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.tcp.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (guard, mut tcp) = (self.guard.clone(), self.tcp.clone());
        Box::pin(async move {
            let url = guard.check_uri(&uri)?;
            guard.admit(&url).await?;
            Ok(tcp.call(uri).await?)
        })
    }
}

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Why a name gave no address.
#[derive(Debug, thiserror::Error)]
pub enum Unresolved {
    /// None of its addresses may be connected to.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// It is not known.
    #[error("{0}")]
    Unknown(#[from] io::Error),
}

/// What turns names into addresses.
pub(crate) trait Lookup: Send + Sync {
    fn look_up(&self, host: String) -> Boxed<io::Result<Vec<IpAddr>>>;
}

/// The system's own.
pub(crate) struct System;

impl Lookup for System {
    fn look_up(&self, host: String) -> Boxed<io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host.as_str(), 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// What HTTP libraries resolve names with.
#[derive(Debug, Clone)]
pub(crate) struct Resolver {
    guard: Guard,
}

impl Resolver {
    pub(crate) fn of(guard: Guard) -> Self {
        Self { guard }
    }

    fn resolved(&self, host: &str) -> Boxed<Result<Vec<SocketAddr>, Unresolved>> {
        let (guard, host) = (self.guard.clone(), host.to_owned());
        Box::pin(async move {
            let found = guard.resolve(&host).await?;
            Ok(found.into_iter().map(|address| SocketAddr::new(address, 0)).collect())
        })
    }
}

impl reqwest::dns::Resolve for Resolver {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let resolved = self.resolved(name.as_str());
        Box::pin(async move {
            let addresses = resolved.await?.into_iter();
            Ok(Box::new(addresses) as reqwest::dns::Addrs)
        })
    }
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Unresolved;
    type Future = Boxed<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let resolved = self.resolved(name.as_str());
        Box::pin(async move { Ok(resolved.await?.into_iter()) })
    }
}
