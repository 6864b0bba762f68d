//! Why a piece of work ended without a result, and who is told how it goes meanwhile.

use std::pin::Pin;
use std::time::Duration;

use letterproof_client::ClientError;
use letterproof_evidence::EvidenceError;
use letterproof_load::{LoadError, LoadProgress};
use letterproof_mock::MockError;
use letterproof_reference_supplier::ProgressEvent;
use letterproof_steps::{FeatureError, StepEvent};
use letterproof_toml::Problems;
use letterproof_witness::{UiError, WitnessError};

/// Why a piece of work ended without a result. Its words name what is at fault and the next step.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Something impossible was asked for.
    #[error("{0}")]
    Usage(String),
    /// The same, said in several lines.
    #[error("{}", .0.join("\n"))]
    Lines(Vec<String>),
    /// A file that a person wrote cannot be read.
    #[error(transparent)]
    File(#[from] Problems),
    /// Features that cannot be read, or have a step that nobody knows.
    #[error(transparent)]
    Features(#[from] FeatureError),
    /// Calls that could not be made.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Evidence that cannot be read or written.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    /// A load that could not be run.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A mock that could not be started.
    #[error(transparent)]
    Mock(#[from] MockError),
    /// Somebody asked to stop before the work was done.
    #[error("{0}")]
    Stopped(String),
    /// The harness could not do its own work.
    #[error("{0}")]
    Harness(String),
}

impl From<UiError> for Failure {
    fn from(error: UiError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<WitnessError> for Failure {
    fn from(error: WitnessError) -> Self {
        match error {
            WitnessError::Tls { .. } => Self::Harness(error.to_string()),
            _ => Self::Usage(error.to_string()),
        }
    }
}

/// What cannot be read was given wrongly.
pub(crate) fn usage(error: EvidenceError) -> Failure {
    Failure::Usage(error.to_string())
}

/// A request to stop that is waited for.
pub type StopRequest = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Whoever is told how a piece of work goes, and may ask it to stop.
pub trait Onlooker: Send + Sync {
    /// A line worth keeping.
    fn note(&self, text: &str);
    /// What is waited for from now on.
    fn waiting(&self, text: &str);
    /// How far a part of the work is.
    fn doing(&self, event: &ProgressEvent);
    /// A scenario or step began or ended.
    fn scenario(&self, event: StepEvent);
    /// How far a load is.
    fn load(&self, progress: &LoadProgress);
    /// Nothing more comes of the scenarios that are under way.
    fn cut_off(&self);
    /// Listens from this moment on for a request to stop; a second one ends the process at once, with
    /// these words. Needs the runtime.
    fn stop_request(&self, last_words: String) -> StopRequest;
}

/// Time for calls under way to be answered.
const GRACE: Duration = Duration::from_secs(3);

/// Works until the work is done, or until somebody asks to stop: then `stop` is called, the work has a
/// moment to end by itself, and there is no result.
pub(crate) async fn unless_asked<T>(
    asked: impl Future<Output = ()>,
    work: impl Future<Output = T>,
    stop: impl FnOnce(),
) -> Option<T> {
    tokio::pin!(work);
    tokio::select! {
        done = &mut work => return Some(done),
        () = asked => {}
    }
    stop();
    let _ = tokio::time::timeout(GRACE, work).await;
    None
}
