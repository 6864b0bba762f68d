//! What can stop the mock from starting or from obeying an order of its admin side. Each message is
//! one line that names the address, file or fault at fault.

use std::net::SocketAddr;
use std::path::PathBuf;

use letterproof_toml::Problems;

use crate::supplier::faults::ParseFaultError;

/// Why the mock could not start, or could not do what was asked of it.
#[derive(Debug, thiserror::Error)]
pub enum MockError {
    /// The address could not be bound.
    #[error("cannot listen on {address}: {source}; choose another address or stop what uses it")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The admin side would have been open to the network.
    #[error("admin address {0} is not a loopback address; use 127.0.0.1 or [::1]")]
    AdminNotLoopback(SocketAddr),
    /// A seed file could not be read, or says something impossible.
    #[error(transparent)]
    SeedFile(#[from] Problems),
    /// A JWKS file could not be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A seed plan cannot be kept.
    #[error("seed plan: {0}")]
    Seeds(String),
    /// A JWKS that holds no usable key.
    #[error("{origin}: {problem}")]
    Jwks {
        /// The file, or `JWKS` when it came from code.
        origin: String,
        /// What is wrong and what to change.
        problem: String,
    },
    /// An unknown or malformed fault.
    #[error(transparent)]
    Fault(#[from] ParseFaultError),
    /// Two registrations that cannot stand beside each other.
    #[error("registration `{application}` {problem}")]
    Registration {
        /// The application's id.
        application: String,
        /// What is wrong and what to change.
        problem: String,
    },
    /// The cryptography library refused.
    #[error("cannot make {0}: the cryptography library refused")]
    Crypto(&'static str),
}
