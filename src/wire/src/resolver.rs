//! Resolving names under the eyes of a guard.
//! Refuses to hand out an address that may not be connected to.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

use crate::guard::Guard;
use crate::refusal::Refusal;

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
pub struct Resolver {
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
