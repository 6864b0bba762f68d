//! Connections for proxies, which speak HTTP themselves.
//! Refuses an address that this library and the one that connects would read differently.

use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;
use url::Url;

use crate::guard::Guard;
use crate::refusal::Refusal;
use crate::resolver::Resolver;

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
