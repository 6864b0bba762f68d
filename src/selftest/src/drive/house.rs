//! The harness's own supplier and probes at work against a double, recorded as in every run.
//! Refuses to end at the first step that fails: what a fault breaks is for the judges.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use letterproof_client::{Auth, Ledger, Session, SessionOptions, Target};

use letterproof_mock::{DemoCredentials, MockConfig, MockServer, Registration, SecretToken};
use letterproof_model::{Brief, Mode, Recording, Selection};
use letterproof_reference_supplier::{Beginning, Silent, Supplier};
use letterproof_steps::{Bench, FeatureSet, Prober, Reseed, Stage, StepEvent, Sweeper};

use super::record::Record;
use super::{secret, words};

/// A second supplier, whose letters the first must not reach.
const OTHER: &str = "another-supplier";

/// What is driven, against what, and where it is recorded.
pub(super) struct Work<'a> {
    pub(super) features: FeatureSet,
    /// The double; its registrations are those of [`registrations`].
    pub(super) config: MockConfig,
    /// What the supplier's profile says of the double.
    pub(super) shape: &'a dyn Fn(&mut Target),
    /// What is judged.
    pub(super) selection: Selection,
    /// A file that is not there yet.
    pub(super) journal: &'a Path,
    /// Told of every scenario and step.
    pub(super) on_event: Arc<dyn Fn(StepEvent)>,
}

/// Drives every scenario and gives what was recorded and is to be judged.
pub(super) async fn work(work: Work<'_>) -> Result<(Recording, Brief), String> {
    let seed = work.config.seed;
    let server = Arc::new(MockServer::start(work.config).await.map_err(words)?);
    let mut target = target(&server)?;
    (work.shape)(&mut target);
    let context = target.context(Mode::Driven);
    let brief = Brief::new(work.selection, context.clone());
    let bench = Arc::new(Bench::new(context));
    let seen = Arc::clone(&bench);
    let record = Record::begin(work.journal, &brief, move |exchange| seen.see(exchange))?;
    let ledger = Ledger::in_memory(&target);
    let recorder = record.recorder();
    let session = Session::new(target, Arc::clone(&recorder), SessionOptions::default());
    let session = session.map_err(words)?;
    let supplier = Supplier::begin(session, ledger, Arc::new(Silent), Beginning::default());
    let stage = Stage {
        supplier,
        bench,
        recorder,
        on_event: work.on_event,
        on_scenario_end: Arc::new(|| Ok(())),
        prober: Arc::new(Prober::new(server.a_letter_of(OTHER))),
        reseed: Some(reseed(&server, seed)),
        sweeper: Sweeper::of_run("selftest"),
    };
    letterproof_steps::run(&work.features, &stage).await.map_err(words)?;
    Ok((record.close()?, brief))
}

/// The supplier under test, and another one.
pub(super) fn registrations() -> Result<Vec<Registration>, String> {
    let credentials = DemoCredentials::shared().map_err(words)?;
    let mut other = Registration::new(
        "another-application",
        OTHER,
        SecretToken::new("never-used-to-ask-for-a-token"),
        None,
    );
    other.letters = Some(3);
    Ok(vec![credentials.registration("an-application", "a-supplier"), other])
}

fn target(server: &MockServer) -> Result<Target, String> {
    let credentials = DemoCredentials::shared().map_err(words)?;
    let auth = Auth::SignedJwt {
        api_key: secret(&credentials.api_key),
        kid: credentials.kid.clone(),
        key: secret(&credentials.private_key_pem),
    };
    Target::mock(server.base_url(), server.token_url(), auth).map_err(words)
}

/// Seeds the double anew, with other letters each time.
fn reseed(server: &Arc<MockServer>, seed: u64) -> Reseed {
    let server = Arc::clone(server);
    let last = AtomicU64::new(seed);
    Arc::new(move || {
        let next = last.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        server.reset(next).map_err(words)
    })
}
