//! What can go wrong before a witness stands between a supplier and the API. What goes wrong in the
//! traffic is recorded, not returned.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a witness could not be started.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; choose another address with --listen")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// The address for downloads cannot be listened on.
    #[error(
        "cannot listen on {address} for downloads: {source}; \
         choose another port with --download-host NAME:PORT"
    )]
    DownloadDoor {
        /// The address asked for.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// The upstream URL cannot be used.
    #[error("upstream `{url}`: {problem}")]
    Upstream {
        /// The URL, without user and query.
        url: String,
        /// What is wrong with it and what to do.
        problem: String,
    },
    /// The upstream must not be reached.
    #[error("refused before any traffic: {0}")]
    Refused(#[from] letterproof_wire::Refusal),
    /// A file of trusted roots cannot be used.
    #[error("trusted roots {path}: {problem}; give a PEM file of certificates")]
    Roots {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Certificates could not be made or TLS not be set up.
    #[error("TLS cannot be set up: {problem}")]
    Tls {
        /// What is wrong and what to do.
        problem: String,
    },
    /// The certificate to trust could not be written.
    #[error("cannot write {path}: {source}; choose a folder you may write to")]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}
