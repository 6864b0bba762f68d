//! The harness's own supplier and probes against a double with a fault, as `run` drives them.
//! Refuses to end at the first step that fails: what a fault breaks is for the judges.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use letterproof_client::{
    Auth, Beginning, Ledger, Session, SessionOptions, Silent, Supplier, Target,
};
use letterproof_mock::{DemoCredentials, Fault, MockConfig, MockServer, Registration, SecretToken};
use letterproof_model::{Brief, Mode, Recording, Selection};
use letterproof_steps::{Bench, Prober, Reseed, Stage};

use super::features::features;
use super::record::Record;
use super::{of_api, secret, seeds, words};
use crate::plan::{ApiSetup, Armed};

/// A second supplier, whose letters the first must not reach.
const OTHER: &str = "another-supplier";

/// Runs a trial.
pub(super) async fn drive(
    setup: &ApiSetup,
    fault: Option<&Armed>,
    folder: &Path,
) -> Result<(Recording, Brief), String> {
    let features = features(setup, folder)?;
    let config = config(setup, of_api(fault)?)?;
    let server = Arc::new(MockServer::start(config).await.map_err(words)?);
    let target = target(setup, &server)?;
    let context = target.context(Mode::Driven);
    let bench = Arc::new(Bench::new(context.clone()));
    let seen = Arc::clone(&bench);
    let record = Record::begin(folder, &context.base_url, move |exchange| seen.see(exchange))?;
    let ledger = Ledger::in_memory(&target);
    let recorder = record.recorder();
    let session = Session::new(target, Arc::clone(&recorder), SessionOptions::default());
    let session = session.map_err(words)?;
    let supplier = Supplier::begin(session, ledger, Arc::new(Silent), Beginning::default());
    let stage = Stage {
        supplier,
        bench,
        recorder,
        on_event: Arc::new(|_| {}),
        on_scenario_end: Arc::new(|| Ok(())),
        prober: Arc::new(Prober::new(server.a_letter_of(OTHER))),
        reseed: Some(reseed(&server)),
    };
    letterproof_steps::run(&features, &stage).await.map_err(words)?;
    let tests = setup.tests.clone();
    Ok((record.close()?, Brief::new(Selection { tests, conformance: true }, context)))
}

fn config(setup: &ApiSetup, faults: Vec<Fault>) -> Result<MockConfig, String> {
    let credentials = DemoCredentials::shared().map_err(words)?;
    let mut other = Registration::new(
        "another-application",
        OTHER,
        SecretToken::new("never-used-to-ask-for-a-token"),
        None,
    );
    other.letters = Some(3);
    Ok(MockConfig {
        letters: setup.sizes.letters,
        seeds: seeds(),
        registrations: vec![credentials.registration("an-application", "a-supplier"), other],
        visibility_timeout: setup.visibility,
        apply_delay: setup.apply_delay,
        link_ttl: setup.link_life,
        rate_limit: Some(setup.rate_limit),
        token_lifetime: setup.token_life,
        faults,
        ..MockConfig::default()
    })
}

fn target(setup: &ApiSetup, server: &MockServer) -> Result<Target, String> {
    let credentials = DemoCredentials::shared().map_err(words)?;
    let auth = Auth::SignedJwt {
        api_key: secret(&credentials.api_key),
        kid: credentials.kid.clone(),
        key: secret(&credentials.private_key_pem),
    };
    let mut target = Target::mock(server.base_url(), server.token_url(), auth).map_err(words)?;
    target.visibility_timeout = setup.visibility;
    target.update_deadline = setup.deadline;
    target.rate_limit = Some(setup.rate_limit);
    target.at15_target = setup.agreed_time;
    target.seeded_letters = setup.sizes.letters;
    target.at4_batch = setup.sizes.batch;
    target.at15_chunk = setup.sizes.chunk;
    target.timeouts.answer = setup.answer_timeout;
    target.timeouts.download = setup.answer_timeout;
    Ok(target)
}

/// Seeds the double anew, with other letters each time.
fn reseed(server: &Arc<MockServer>) -> Reseed {
    let server = Arc::clone(server);
    let next = AtomicU64::new(2);
    Arc::new(move || server.reset(next.fetch_add(1, Ordering::Relaxed)).map_err(words))
}
