//! A whole run against a healthy double under noise: the pack's own sizes and real delays.
//! Refuses to make anything smaller; only the time agreed for AT15 follows from the noise.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use letterproof_client::Target;
use letterproof_mock::{Fault, Mix, MockConfig};
use letterproof_model::{Brief, Recording, Selection, TestId, pack};
use letterproof_steps::{FeatureSet, StepEvent};

use super::house::{Work, registrations, work};
use super::words;
use crate::noise::Noise;

/// How long a download link works; INT gives 60 s.
const LINK_LIFE: Duration = Duration::from_secs(15);

/// What a run under noise drives.
#[derive(Clone, Copy)]
pub(crate) struct Whole<'a> {
    pub(crate) noise: &'a Noise,
    /// Tests of the pack; empty for all of them.
    pub(crate) tests: &'a [TestId],
    /// Whether the conformance suite is driven too.
    pub(crate) conformance: bool,
    /// What is wrong with the double, to see a difference named.
    pub(crate) fault: Option<&'a str>,
}

/// Drives a run and gives what was recorded, also in the journal, and is to be judged.
///
/// # Errors
/// Why it could not be run, in one sentence.
pub(crate) async fn drive_whole(
    whole: Whole<'_>,
    journal: &Path,
    on_event: Arc<dyn Fn(StepEvent)>,
) -> Result<(Recording, Brief), String> {
    let features = FeatureSet::built_in().map_err(words)?.of_suites(true, whole.conformance);
    let tests = match whole.tests {
        [] => pack().iter().map(|test| test.id).collect(),
        named => named.to_vec(),
    };
    work(Work {
        features: features.select(whole.tests).map_err(words)?,
        config: config(whole)?,
        shape: &|target| shape(whole.noise, target),
        selection: Selection { tests, conformance: whole.conformance },
        journal,
        on_event,
    })
    .await
}

fn config(whole: Whole<'_>) -> Result<MockConfig, String> {
    let noise = whole.noise;
    let fault = whole.fault.map(Fault::parse).transpose().map_err(words)?;
    Ok(MockConfig {
        letters: Mix::Varied.letters(),
        seeds: Mix::Varied.plan(),
        queue_lag: Duration::ZERO,
        seed: noise.seed,
        registrations: registrations()?,
        link_ttl: LINK_LIFE,
        visibility_timeout: noise.visibility,
        apply_delay: noise.apply_delay,
        apply_jitter: noise.apply_jitter,
        unordered: noise.unordered,
        latency: noise.latency,
        latency_jitter: noise.jitter,
        hiccups: noise.hiccups,
        faults: fault.into_iter().collect(),
        ..MockConfig::default()
    })
}

fn shape(noise: &Noise, target: &mut Target) {
    target.visibility_timeout = noise.visibility;
    target.update_deadline = Noise::DEADLINE;
    target.at15_target = noise.agreed_time();
}
