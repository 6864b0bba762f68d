//! What a witness is given at its start: where it listens, what it stands in front of, its bounds.
//! No secret is among it: credentials pass through, they are not kept.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use letterproof_model::Recorder;
use letterproof_wire::StorageHost;
use url::Url;

use crate::doors::HostAndPort;
use crate::inject::Injection;

/// The API that a witness stands in front of.
#[derive(Debug, Clone)]
pub struct Upstream {
    /// The API's base URL, as the judges are told it.
    pub base_url: Url,
    /// The token endpoint; `None` when the API needs no token.
    ///
    /// Client assertions pass unchanged, so the supplier goes on signing this URL as their `aud`.
    pub token_url: Option<Url>,
    /// Roots trusted beside those of the system, as PEM files.
    pub roots: Vec<PathBuf>,
    /// Where its documents are, beside the API's own host: links that lead elsewhere are refused.
    pub storage: Vec<StorageHost>,
}

/// HTTPS on the supplier's side, with a certificate authority made at the start.
#[derive(Debug, Clone)]
pub struct TlsListen {
    /// Where `letterproof-witness-ca.pem`, the certificate to trust, is written. Its key never
    /// leaves memory, so a new start makes a new one.
    pub folder: PathBuf,
    /// Names or addresses the supplier uses beside `localhost`, `127.0.0.1`, `::1` and the
    /// listening address.
    pub names: Vec<String>,
}

/// Bounds that keep a hostile or broken peer from harming the witness.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Longest request body in bytes; a longer one is refused with 413.
    pub request_body: u64,
    /// Bytes of request bodies held at the same time; a request beyond is refused with 503.
    pub bodies_in_flight: usize,
    /// Longest body of an API answer that is kept in bytes; of a longer one only length and hash.
    pub kept_body: u64,
    /// Bytes of downloads held at the same time to count their pages; a download beyond is hashed
    /// as it passes and recorded without a page count.
    pub held_downloads: u32,
    /// Connections at the same time; further ones wait to be accepted.
    pub connections: usize,
    /// Header fields of one request; more is refused with 431.
    pub headers: usize,
    /// Bytes of one request's line and headers (at least 8 KiB); more is refused with 431.
    pub header_bytes: usize,
    /// Time for the headers of a request to arrive, also the longest idle time of a connection and
    /// the longest time that one of HTTP/2 may take nothing of what waits for it.
    pub header_timeout: Duration,
    /// Time for a whole request body to arrive.
    pub body_timeout: Duration,
    /// Time a supplier may take to read more of an answer before the connection is closed.
    pub write_timeout: Duration,
    /// Time for a connection to the API.
    pub connect_timeout: Duration,
    /// Time for the API's headers to arrive.
    pub answer_timeout: Duration,
    /// Longest silence of the API within an answer's body.
    pub idle_timeout: Duration,
    /// Time connections may take to finish once the witness is told to stop.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_body: 10 * 1024 * 1024,
            bodies_in_flight: 64 * 1024 * 1024,
            kept_body: 16 * 1024 * 1024,
            held_downloads: 16 * 1024 * 1024,
            connections: 4_096,
            headers: 100,
            header_bytes: 32 * 1024,
            header_timeout: Duration::from_secs(75),
            body_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(60),
            connect_timeout: Duration::from_secs(10),
            answer_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(60),
            grace: Duration::from_secs(5),
        }
    }
}

/// What a witness is told at its start.
#[derive(Clone)]
pub struct WitnessConfig {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What the supplier's system calls it by, beside loopback names and the listening address.
    pub hosts: Vec<HostAndPort>,
    /// The host name that links to documents get, another name of this machine than the API is
    /// called by, so that HTTP libraries drop their credentials as they do towards the storage.
    /// `None` takes `localhost` or the address on loopback, and the API's own name elsewhere.
    pub download_host: Option<HostAndPort>,
    /// What it stands in front of.
    pub upstream: Upstream,
    /// Who keeps the exchanges.
    pub recorder: Arc<dyn Recorder>,
    /// HTTPS on the supplier's side; `None` for plain HTTP.
    pub tls: Option<TlsListen>,
    /// What is made to go wrong at the seam; empty for nothing.
    pub inject: Vec<Injection>,
    /// Decides which calls a rate (`5%`) picks.
    pub seed: u64,
    /// Bounds against hostile peers.
    pub limits: Limits,
}

impl WitnessConfig {
    /// A witness on a free loopback port that injects nothing, with the usual limits.
    #[must_use]
    pub fn new(upstream: Upstream, recorder: Arc<dyn Recorder>) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            hosts: Vec::new(),
            download_host: None,
            upstream,
            recorder,
            tls: None,
            inject: Vec::new(),
            seed: 1,
            limits: Limits::default(),
        }
    }
}

impl std::fmt::Debug for WitnessConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WitnessConfig")
            .field("listen", &self.listen)
            .field("upstream", &self.upstream)
            .field("inject", &self.inject)
            .finish_non_exhaustive()
    }
}
