//! The HTTP client of those who call an API.
//! Refuses to send anything that its guard does not let through, hop by hop.

use std::error::Error as _;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Proxy, Request, Response};

use crate::guard::{Guard, Through};
use crate::refusal::Refusal;
use crate::resolver::Resolver;

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
