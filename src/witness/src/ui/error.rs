//! What can go wrong with the live page. Refuses to cover the witness behind it.

use std::net::SocketAddr;

/// Why the live page cannot be served, or could not do what was asked of it.
#[derive(Debug, thiserror::Error)]
pub enum UiError {
    /// The page would be reachable from other machines.
    #[error(
        "the live page is for this machine only and {address} is not; give a loopback address with \
         --ui, such as 127.0.0.1:9101"
    )]
    NotLoopback {
        /// The address asked for.
        address: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("cannot serve the live page on {address}: {source}; choose another address with --ui")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// The journal cannot be written.
    #[error("not noted: {0}")]
    Record(#[from] letterproof_model::RecordError),
    /// The witness has ended, or is about to.
    #[error("the witness has ended; nothing more can be noted")]
    Ended,
    /// A template of the page is wrong.
    #[error("the page cannot be shown: {0}")]
    Template(#[from] minijinja::Error),
}
