//! The sample supplier at work against an honest mock, watched through the witness. The watch goes
//! on for a moment after its last call: what was left undone shows only once it could have been
//! done.

use std::future::pending;
use std::path::Path;
use std::time::Duration;

use letterproof_client::{Flow, SecretSource, Session, SessionOptions, Target};
use letterproof_mock::{DemoCredentials, MockConfig, MockServer};
use letterproof_model::{Brief, Context, Mode, Recording, Selection, SupplierKind};
use letterproof_sample_supplier::{
    Access, DayEnd, Fates, Fault, Habit, SampleSupplier, SupplierSettings,
};
use letterproof_wire::StorageHost;
use letterproof_witness::{Limits, Upstream, Witness, WitnessConfig};
use secrecy::SecretString;
use url::Url;

use super::{JOURNAL, Record, of_api, secret, seeds, ways_of, words};
use crate::honest::Way;
use crate::plan::{Armed, SupplierSetup};

/// How long an update takes to show.
const APPLY_DELAY: Duration = Duration::from_millis(30);
/// How long after the time that an update or a hidden letter has, the record ends.
const AFTERWARDS: Duration = Duration::from_millis(100);
/// How long a day takes that a habit lets pass.
const DAY: Duration = Duration::from_millis(500);

/// Runs a trial.
pub(super) async fn drive(
    setup: &SupplierSetup,
    fault: Option<&Armed>,
    folder: &Path,
) -> Result<(Recording, Brief), String> {
    let own = match fault {
        Some(Armed::Supplier(name)) => Some(Fault::parse(name).map_err(words)?),
        _ => None,
    };
    let ways = ways_of(fault);
    let setup = &scaled(setup, ways);
    let mut config = config(setup, of_api(fault)?)?;
    for way in ways {
        way.configure(&mut config)?;
    }
    let mock = MockServer::start(config).await.map_err(words)?;
    let context = context(setup, mock.base_url());
    let selection = Selection { tests: setup.tests.clone(), conformance: false };
    let brief = Brief { supplier: SupplierKind::Witnessed, ..Brief::new(selection, context) };
    let place = tempfile::tempdir_in(folder).map_err(words)?;
    let record = Record::begin(&place.path().join(JOURNAL), &brief, |_| {})?;
    let witness = witness(setup, &mock, &record).await?;
    let mut settings = settings(setup, &mock, &witness)?;
    settings.habits = habits(ways)?;
    let supplier = SampleSupplier::new(settings, own).map_err(words)?;
    let report = supplier.run(&|_| (), pending()).await.map_err(words)?;
    // Only a fault may keep the sample supplier from its work.
    if let (false, DayEnd::Broken(why)) = (ways.is_empty(), report.end) {
        return Err(format!("the sample supplier could not continue: {why}"));
    }
    if fault.is_some() {
        tokio::time::sleep(setup.deadline.max(setup.visibility) + AFTERWARDS).await;
        call_once_more(&mock, &record).await?;
    }
    witness.stop().await;
    let recording = record.close()?;
    let days = ways.contains(&Way::DaysPass);
    Ok((if days { super::days_pass(&recording, DAY * 4 / 5) } else { recording }, brief))
}

/// The set-up with what follows from a variation.
fn scaled(setup: &SupplierSetup, ways: &[Way]) -> SupplierSetup {
    let mut setup = setup.clone();
    for way in ways {
        way.scale(&mut setup.sizes.letters, &mut setup.visibility);
        if let Way::Injected(rule) = way {
            setup.injected.push(rule);
        }
    }
    setup
}

fn habits(ways: &[Way]) -> Result<Vec<Habit>, String> {
    let named =
        ways.iter().filter_map(|way| if let Way::Habit(name) = way { Some(name) } else { None });
    named.map(|name| Habit::parse(name).map_err(words)).collect()
}

fn config(
    setup: &SupplierSetup,
    mut faults: Vec<letterproof_mock::Fault>,
) -> Result<MockConfig, String> {
    let beside = setup.beside.map(letterproof_mock::Fault::parse);
    faults.extend(beside.transpose().map_err(words)?);
    Ok(MockConfig {
        letters: setup.sizes.letters,
        seeds: seeds(),
        queue_lag: Duration::ZERO,
        admin: Some(([127, 0, 0, 1], 0).into()),
        visibility_timeout: setup.visibility,
        apply_delay: APPLY_DELAY,
        link_ttl: setup.link_life,
        rate_limit: None,
        latency: Duration::from_millis(1),
        faults,
        ..MockConfig::default()
    })
}

async fn witness(
    setup: &SupplierSetup,
    mock: &MockServer,
    record: &Record,
) -> Result<Witness, String> {
    let upstream = Upstream {
        base_url: Url::parse(mock.base_url()).map_err(words)?,
        token_url: Some(Url::parse(mock.token_url()).map_err(words)?),
        roots: Vec::new(),
        storage: Vec::new(),
    };
    let mut config = WitnessConfig::new(upstream, record.recorder());
    config.limits = Limits { grace: Duration::from_millis(200), ..Limits::default() };
    let injected = setup.injected.iter().map(|rule| rule.parse());
    config.inject = injected.collect::<Result<_, _>>().map_err(words)?;
    Witness::start(config).await.map_err(words)
}

fn settings(
    setup: &SupplierSetup,
    mock: &MockServer,
    witness: &Witness,
) -> Result<SupplierSettings, String> {
    let url = |text: &str| Url::parse(text).map_err(words);
    let credentials = DemoCredentials::shared().map_err(words)?;
    let token_url = witness.token_url().unwrap_or_default();
    let downloads = witness.download_origin().map(url).transpose()?;
    let seed = mock.admin_url().map(|admin| url(&format!("{admin}/seed"))).transpose()?;
    Ok(SupplierSettings {
        access: Access::SignedJwt {
            api_key: secret(&credentials.api_key),
            kid: credentials.kid.clone(),
            key: secret(&credentials.private_key_pem),
            token_url: url(token_url)?,
            audience: Some(mock.token_url().to_owned()),
        },
        storage: downloads.as_ref().and_then(StorageHost::of).into_iter().collect(),
        tests: setup.tests.clone(),
        rate_limit: setup.pace,
        batch: setup.sizes.batch,
        chunk: setup.sizes.chunk,
        agreed_time: setup.agreed_time,
        visibility_timeout: setup.visibility,
        update_deadline: setup.deadline,
        poll: Duration::from_millis(60),
        link_life: setup.link_life,
        fates: Fates { cancelled: 1, returned: 10, spoilt: 1 },
        reseed: seed,
        wait_for_letters: Duration::from_secs(5),
        answer_timeout: Duration::from_secs(20),
        back_off: Duration::from_millis(80),
        day: DAY,
        ..SupplierSettings::new(url(witness.base_url())?)
    })
}

fn context(setup: &SupplierSetup, base_url: &str) -> Context {
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    Context {
        mode: Mode::Observed,
        visibility_timeout_ms: millis(setup.visibility),
        update_deadline_ms: millis(setup.deadline),
        at15_target_ms: millis(setup.agreed_time),
        rate_limit: setup.rate_limit,
        seeded_letters: setup.sizes.letters,
        at4_batch: setup.sizes.batch,
        at15_chunk: setup.sizes.chunk,
        ..Context::stand_in(base_url)
    }
}

/// A call of the harness itself, so that the record goes on until now.
async fn call_once_more(mock: &MockServer, record: &Record) -> Result<(), String> {
    let token = mock.issue_token().map_err(words)?;
    let auth = letterproof_client::Auth::Bearer(SecretSource::from(SecretString::from(
        token.expose().to_owned(),
    )));
    let target = Target::mock(mock.base_url(), mock.token_url(), auth).map_err(words)?;
    let session = Session::new(target, record.recorder(), SessionOptions::default());
    let session = session.map_err(words)?;
    session.check_status(&Flow::harness(None)).await.map(|_| ()).map_err(words)
}
