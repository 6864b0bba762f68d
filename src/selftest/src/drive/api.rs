//! The harness's own supplier and probes against a double with a fault, as `run` drives them.
//! Refuses large lists and long waits: conditions are those of the trial.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use letterproof_client::Target;
use letterproof_mock::{Fault, MockConfig};
use letterproof_model::{Brief, Recording, Selection};

use super::features::features;
use super::house::{Work, registrations, work};
use super::{JOURNAL, of_api, seeds, ways_of, words};
use crate::honest::Way;
use crate::plan::{ApiSetup, Armed};

/// Runs a trial.
pub(super) async fn drive(
    setup: &ApiSetup,
    fault: Option<&Armed>,
    folder: &Path,
) -> Result<(Recording, Brief), String> {
    let own = tempfile::tempdir_in(folder).map_err(words)?;
    let ways = ways_of(fault);
    let setup = &scaled(setup, ways);
    let mut config = config(setup, of_api(fault)?)?;
    for way in ways {
        way.configure(&mut config)?;
    }
    work(Work {
        features: features(setup, folder)?,
        config,
        shape: &|target| shape(setup, target),
        selection: Selection { tests: setup.tests.clone(), conformance: true },
        journal: &own.path().join(JOURNAL),
        on_event: Arc::new(|_| {}),
    })
    .await
}

/// The set-up with the numbers that follow from a variation.
fn scaled(setup: &ApiSetup, ways: &[Way]) -> ApiSetup {
    let mut setup = setup.clone();
    for way in ways {
        way.scale(&mut setup.sizes.letters, &mut setup.visibility);
    }
    setup
}

fn config(setup: &ApiSetup, faults: Vec<Fault>) -> Result<MockConfig, String> {
    Ok(MockConfig {
        letters: setup.sizes.letters,
        seeds: seeds(),
        queue_lag: Duration::ZERO,
        registrations: registrations()?,
        visibility_timeout: setup.visibility,
        apply_delay: setup.apply_delay,
        link_ttl: setup.link_life,
        rate_limit: Some(setup.rate_limit),
        token_lifetime: setup.token_life,
        faults,
        ..MockConfig::default()
    })
}

fn shape(setup: &ApiSetup, target: &mut Target) {
    target.visibility_timeout = setup.visibility;
    target.update_deadline = setup.deadline;
    target.queue_lag = setup.queue_lag;
    target.rate_limit = Some(setup.rate_limit);
    target.at15_target = setup.agreed_time;
    target.seeded_letters = setup.sizes.letters;
    target.at4_batch = setup.sizes.batch;
    target.at15_chunk = setup.sizes.chunk;
    target.timeouts.answer = setup.answer_timeout;
    target.timeouts.download = setup.answer_timeout;
}
