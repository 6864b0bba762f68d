//! The harness's own supplier and probes at work against a mock, as `run` drives them: one trial of
//! a fault on a small scale, or a whole run under noise with the pack's own sizes.
//!
//! The scenarios are those of every run. A step that fails does not end a trial: what a fault breaks
//! is for the judges.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use letterproof_client::{Auth, Ledger, Session, SessionOptions, Target};
use letterproof_judge::conformance::conformance_checks;
use letterproof_mock::{
    DemoCredentials, Fault, Mix, MockConfig, MockServer, Registration, SecretToken,
};
use letterproof_model::{Brief, Mode, Recording, Selection, TestId, pack};
use letterproof_reference_supplier::{Beginning, Silent, Supplier};
use letterproof_steps::{
    Bench, FeatureSet, Prober, Reseed, Stage, StepEvent, Sweeper, built_in_files,
};

use super::{JOURNAL, Record, of_api, secret, seeds, ways_of, words};
use crate::honest::Way;
use crate::noise::Noise;
use crate::plan::{ApiSetup, Armed, Sizes};

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

/// A second supplier, whose letters the first must not reach.
const OTHER: &str = "another-supplier";

/// What is driven, against what, and where it is recorded.
pub(super) struct Work<'a> {
    pub(super) features: FeatureSet,
    /// The mock; its registrations are those of [`registrations`].
    pub(super) config: MockConfig,
    /// What the supplier's profile says of the mock.
    shape: &'a dyn Fn(&mut Target),
    /// What is judged.
    pub(super) selection: Selection,
    /// A file that is not there yet.
    pub(super) journal: &'a Path,
    /// Told of every scenario and step.
    on_event: Arc<dyn Fn(StepEvent)>,
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
fn registrations() -> Result<Vec<Registration>, String> {
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

/// Seeds the mock anew, with other letters each time.
fn reseed(server: &Arc<MockServer>, seed: u64) -> Reseed {
    let server = Arc::clone(server);
    let last = AtomicU64::new(seed);
    Arc::new(move || {
        let next = last.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        server.reset(next).map_err(words)
    })
}

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
    /// What is wrong with the mock, to see a difference named.
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
        config: config_of(whole)?,
        shape: &|target| shape_by(whole.noise, target),
        selection: Selection { tests, conformance: whole.conformance },
        journal,
        on_event,
    })
    .await
}

fn config_of(whole: Whole<'_>) -> Result<MockConfig, String> {
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

fn shape_by(noise: &Noise, target: &mut Target) {
    target.visibility_timeout = noise.visibility;
    target.update_deadline = Noise::DEADLINE;
    target.at15_target = noise.agreed_time();
}

/// Writes the features a trial needs into a folder and reads them as a run reads its own.
pub(super) fn features(setup: &ApiSetup, folder: &Path) -> Result<FeatureSet, String> {
    let own = tempfile::tempdir_in(folder).map_err(super::words)?;
    for (number, text) in wanted(setup).iter().enumerate() {
        let path = own.path().join(format!("{number:02}.feature"));
        std::fs::write(path, with_small_lists(text, setup.sizes)).map_err(super::words)?;
    }
    FeatureSet::from_folder(own.path()).map_err(super::words)
}

/// The texts of the features that a trial needs, in the order of a run.
fn wanted(setup: &ApiSetup) -> Vec<String> {
    built_in_files().iter().filter_map(|(_, text)| part_of(text, setup)).collect()
}

/// A feature as far as a trial needs it: whole for one of its tests, and of the conformance suite
/// with the rows it needs.
fn part_of(text: &str, setup: &ApiSetup) -> Option<String> {
    if is_of(text, &setup.tests) {
        return Some(text.to_owned());
    }
    let named: BTreeSet<&str> = text.lines().filter_map(check_of).collect();
    let wanted: BTreeSet<&str> =
        setup.checks.iter().flat_map(|check| rows_for(check, &named)).collect();
    let keeps = |line: &&str| check_of(line).is_none_or(|check| wanted.contains(check));
    (!wanted.is_empty()).then(|| text.lines().filter(keeps).fold(String::new(), joined))
}

fn joined(text: String, line: &str) -> String {
    text + line + "\n"
}

/// Whether a feature is that of one of these tests.
fn is_of(text: &str, tests: &[TestId]) -> bool {
    let tags = text.lines().next().unwrap_or_default().split_whitespace();
    let mut named = tags.filter_map(|tag| tag.trim_start_matches('@').parse::<TestId>().ok());
    named.any(|test| tests.contains(&test))
}

/// The check that a row of a table names.
fn check_of(line: &str) -> Option<&str> {
    line.trim().strip_prefix('|')?.split('|').next().map(str::trim)
}

/// The rows of a feature that a check needs: its own, or all where it has no probe of its own or is
/// that of an operation's whole contract.
fn rows_for<'a>(check: &str, named: &BTreeSet<&'a str>) -> Vec<&'a str> {
    let stands_for: &[&str] = match check {
        "C-CONTRACT-STATUS" => &["C-STATUS"],
        "C-CONTRACT-TOKEN" => &["C-STATUS", "C-TOKEN-SIGNATURE"],
        "C-CONTRACT-LIST" => &["C-LIST", "C-LIST-LIMIT-0"],
        "C-CONTRACT-LETTER" => &["C-LETTER"],
        "C-CONTRACT-BULK" => &["C-BULK"],
        "C-CONTRACT-PATCH" => &["C-PATCH"],
        "C-CONTRACT-DATA" | "C-CONTRACT-DOWNLOAD" => &["C-DATA"],
        "C-CONTRACT-MI" | "C-CONTRACT-MI-CREATE" => &["C-MI"],
        _ => &[],
    };
    let has_probe =
        || conformance_checks().iter().any(|one| one.id == check && !one.probes().is_empty());
    match named.get(check) {
        Some(own) if has_probe() => vec![own],
        Some(_) => named.iter().copied().collect(),
        None if stands_for.iter().any(|one| named.contains(one)) => named.iter().copied().collect(),
        None => Vec::new(),
    }
}

/// The text with the lists of AT4 and AT15 as long as the sizes say.
fn with_small_lists(text: &str, sizes: Sizes) -> String {
    text.replace("list of 1,000 letters", &format!("list of {} letters", sizes.batch))
        .replace("lists of 500", &format!("lists of {}", sizes.chunk))
}

#[cfg(test)]
mod tests {
    use letterproof_model::pack;

    use super::*;
    use crate::plan::{Setup, plan};

    /// The set-ups of every run against the mock.
    fn setups() -> Vec<ApiSetup> {
        let parts = plan(&[]).unwrap().into_iter().flat_map(|trial| trial.parts);
        let setups = parts.filter_map(|part| match part.setup {
            Setup::Api(setup) => Some(setup),
            Setup::Supplier(_) => None,
        });
        setups.collect()
    }

    #[test]
    fn every_trial_drives_its_tests_with_phrases_that_exist_and_no_list_of_the_packs_size() {
        let folder = tempfile::tempdir().unwrap();
        for setup in setups() {
            let set = features(&setup, folder.path()).unwrap();
            letterproof_steps::check(&set).unwrap();
            assert_eq!(set.tests(), setup.tests);
            // Only a variation of the seeding has lists of the pack's size.
            let whole = setup.sizes.chunk == 500;
            let large = |step: &str| step.contains("1,000") || (step.ends_with("of 500") && !whole);
            assert!(!set.step_texts().any(large), "{:?}", setup.tests);
        }
    }

    #[test]
    fn a_check_with_a_probe_of_its_own_brings_its_row_and_no_other() {
        let text = "@conformance\nFeature: x\n    | C-LIST-LIMIT-0 | a |\n    | C-LIST | b |\n";
        let setup = setups().into_iter().find(|setup| !setup.checks.is_empty()).unwrap();
        let only = ApiSetup { tests: Vec::new(), checks: ["C-LIST-LIMIT-0"].into(), ..setup };
        let kept = part_of(text, &only).unwrap();
        assert!(kept.contains("C-LIST-LIMIT-0") && !kept.contains("C-LIST |"), "{kept}");
        let whole = ApiSetup { checks: ["C-CONTRACT-LIST"].into(), ..only.clone() };
        assert!(part_of(text, &whole).unwrap().contains("| C-LIST |"));
        let none = ApiSetup { checks: ["C-MI"].into(), ..only };
        assert_eq!(part_of(text, &none), None);
    }

    #[test]
    fn each_test_of_the_pack_has_a_feature() {
        let files = built_in_files();
        for test in pack() {
            let of_test = files.iter().filter(|(_, text)| is_of(text, &[test.id]));
            assert_eq!(of_test.count(), 1, "{}", test.id);
        }
    }
}
