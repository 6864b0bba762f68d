//! Why a load run could not begin or end, each with the file, field or address at fault.
//! Refuses secrets: what the client says is scrubbed already, and goose is told none.

use std::path::{Path, PathBuf};

use letterproof_client::ClientError;
use letterproof_toml::Problems;

/// Why there is no load run.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LoadError {
    /// The profile, or what the command line changed in it, cannot work; nothing was sent.
    #[error("{message}")]
    Profile {
        /// File, field, problem and next step; one line for each problem.
        message: String,
    },
    /// A profile's file cannot be read, or has problems; nothing was sent.
    #[error(transparent)]
    Problems(#[from] Problems),
    /// The load must not be sent there; nothing was sent.
    #[error("refused before any traffic: {message}")]
    Refused {
        /// What is refused, why, and what is allowed instead.
        message: String,
    },
    /// Nobody agreed to the load; nothing was changed.
    #[error("{}", .0.join("\n"))]
    NotAgreed(Vec<String>),
    /// The session could not be opened, or the target was out of reach from the start.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The mix needs letters, and the target showed none.
    #[error(
        "load profile {profile}: its mix needs letters, and {url} listed none. Wait until hidden letters show again ({hidden_for} s), have the target seeded, or leave letter, data, update and bulk out of the mix"
    )]
    NoLetters {
        /// The profile's name.
        profile: String,
        /// The address that listed none.
        url: String,
        /// How long a listed letter stays hidden, in seconds.
        hidden_for: u64,
    },
    /// A record could not be written.
    #[error("{path}: it cannot be written ({problem}); free space or give another folder")]
    Output {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        problem: String,
    },
    /// Goose would not run.
    #[error("goose stopped: {problem}. What was measured until then is in the records")]
    Goose {
        /// What it said.
        problem: String,
    },
}

impl LoadError {
    /// Whether settings, address or credentials are at fault rather than the harness (exit 2).
    #[must_use]
    pub const fn is_configuration(&self) -> bool {
        match self {
            Self::Profile { .. }
            | Self::Problems(_)
            | Self::Refused { .. }
            | Self::NotAgreed(_)
            | Self::Output { .. } => true,
            Self::Client(error) => error.is_configuration(),
            Self::NoLetters { .. } | Self::Goose { .. } => false,
        }
    }

    pub(crate) fn profile(message: impl Into<String>) -> Self {
        Self::Profile { message: message.into() }
    }

    pub(crate) fn output(path: &Path, error: &impl ToString) -> Self {
        Self::Output { path: path.to_owned(), problem: error.to_string() }
    }
}
