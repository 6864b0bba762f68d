//! Everything that can end a command early, and the exit code each means.
//! Refuses long stories: one message on stderr, which names what is at fault and the next step.

use letterproof_client::ClientError;
use letterproof_evidence::EvidenceError;
use letterproof_load::LoadError;
use letterproof_mock::MockError;
use letterproof_steps::FeatureError;
use letterproof_toml::Problems;

use crate::out;

/// Why a command ended without a result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The arguments ask for something impossible.
    #[error("{0}")]
    Usage(String),
    /// The same, said in several lines.
    #[error("{}", .0.join("\n"))]
    Lines(Vec<String>),
    /// A file that a person wrote cannot be read.
    #[error(transparent)]
    File(#[from] Problems),
    #[error(transparent)]
    Features(#[from] FeatureError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Mock(#[from] MockError),
    /// Somebody asked to stop before the work was done.
    #[error("{0}")]
    Stopped(String),
    /// The harness could not do its own work.
    #[error("{0}")]
    Harness(String),
}

impl Failure {
    /// 2 for wrong usage or configuration, 3 for letters that a load lacks and for what was stopped, 4
    /// for the harness's own failure.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Lines(_) | Self::File(_) | Self::Features(_) => 2,
            Self::Client(ClientError::Ledger { .. }) => 2,
            Self::Client(error) if error.is_configuration() => 2,
            Self::Load(error) if error.is_configuration() => 2,
            // What the load needs is not there (yet): nothing is wrong with what was asked for.
            Self::Load(LoadError::NoLetters { .. }) | Self::Stopped(_) => 3,
            Self::Mock(MockError::Crypto(_)) => 4,
            // Whatever else keeps the double from starting is something it was told.
            Self::Mock(_) => 2,
            Self::Client(_) | Self::Load(_) | Self::Evidence(_) | Self::Harness(_) => 4,
        }
    }

    /// Prints the one message, which is one line but where this program made several of it.
    pub(crate) fn print(&self) {
        match self {
            Self::Lines(lines) | Self::Load(LoadError::NotAgreed(lines)) => out::failed(lines),
            Self::File(problems)
            | Self::Client(ClientError::Problems(problems))
            | Self::Load(LoadError::Problems(problems))
            | Self::Mock(MockError::SeedFile(problems)) => out::failed(problems.lines()),
            one => out::failed(&[one.to_string()]),
        }
    }
}
