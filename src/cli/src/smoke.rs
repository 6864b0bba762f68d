//! `letterproof run --target prod-smoke`: the production smoke test, and nothing else. It starts only
//! with named letters and the host's name, typed or given with `--confirm`.

use std::path::Path;
use std::time::Duration;

use letterproof_client::{ProductionConsent, Target};
use letterproof_harness::{Failure, Smoke};
use letterproof_model::LetterId;
use letterproof_wire::is_production_host;
use serde_json::Value;

use crate::args::{OutputFormat, RunOptions, Suite};
use crate::out::{self, Text};
use crate::progress::{Progress, tell_leftovers};
use crate::targets::{self, PROD_SMOKE};
use crate::{consent, process};

/// The one production host that the smoke test is made for.
const PRODUCTION: &str = "api.service.nhs.uk";

/// Runs the smoke test; returns the exit code.
pub(crate) fn smoke(options: &RunOptions) -> Result<u8, Failure> {
    refuse_the_rest(options)?;
    let target = target(options)?;
    let runtime = process::runtime()?;
    let code = runtime.block_on(drive(options, target));
    runtime.shutdown_timeout(Duration::from_secs(1));
    code
}

/// Options that ask for more than the smoke test.
fn refuse_the_rest(options: &RunOptions) -> Result<(), Failure> {
    let given = [
        ("--only", !options.only.is_empty()),
        ("--suite", options.suite != Suite::All),
        ("--features", options.features.is_some()),
        ("--fault", !options.faults.is_empty()),
        ("--letters", options.letters.is_some()),
        ("--foreign-letter", options.foreign_letter.is_some()),
        ("--spec", options.spec.is_some()),
        ("--resume", options.resume.is_some()),
        ("--reseeded", options.reseeded),
        ("--ledger", options.ledger.is_some()),
        ("--mix", options.mix.is_some()),
        ("--seed", options.seed.is_some()),
        ("--visibility-timeout", options.visibility_timeout.is_some()),
        ("--apply-delay", options.apply_delay.is_some()),
        ("--queue-lag", options.queue_lag.is_some()),
        ("--waivers", options.waivers.is_some()),
        ("--window", options.window.is_some()),
        ("--keep-pdfs", options.keep_pdfs.is_some()),
        ("--sign-key", options.sign_key.is_some()),
        ("--timestamp", options.timestamp.is_some()),
        ("--strict", options.strict.is_some()),
    ];
    targets::refuse(&given, |names| {
        format!(
            "refused before any traffic: {names} does not belong to the production smoke test; leave \
             it out"
        )
    })
}

fn target(options: &RunOptions) -> Result<Target, Failure> {
    let letters: Vec<LetterId> =
        options.smoke_letters.iter().map(|id| LetterId::from(id.as_str())).collect();
    // Without letters this refuses, before anybody is asked anything.
    let agreed = ProductionConsent::given(PRODUCTION, letters.clone())?;
    let mut target = Target::prod_smoke(Target::auth_from_environment()?, agreed)?;
    if let Some(base) = &options.base_url {
        // A rehearsal; for another production host the consent does not hold.
        target = target.at(base)?;
    }
    let host = target.base_url.host_str().unwrap_or_default();
    if is_production_host(&target.base_url) && host != PRODUCTION {
        return Err(Failure::Usage(format!(
            "refused before any traffic: {host} is production, but not the host of the smoke test"
        )));
    }
    consent::to_production(host, &letters, options.confirm.as_deref())?;
    target.storage_hosts.extend(options.storage.yes_storage.iter().cloned());
    target.storage_consent = consent::about_storage(None);
    Ok(target)
}

async fn drive(options: &RunOptions, target: Target) -> Result<u8, Failure> {
    let progress = Progress::start();
    let smoke = Smoke {
        tool: process::tool(),
        out: &options.out,
        target,
        named: PROD_SMOKE,
        nonce: options.nonce.clone(),
        onlooker: &progress,
    };
    let driven = smoke.drive(tell_leftovers).await;
    progress.finish();
    let (value, path) = driven?;
    report(options, &value, &path)?;
    Ok(u8::from(value["passed"] != true))
}

fn report(options: &RunOptions, value: &Value, path: &Path) -> Result<(), Failure> {
    if options.format == OutputFormat::Json {
        return out::json(value);
    }
    let word = |value: &Value| value.as_str().unwrap_or("none").to_owned();
    let mut text = Text::default();
    for letter in value["letters"].as_array().into_iter().flatten() {
        text.line(format_args!("{}  {}", word(&letter["id"]), word(&letter["outcome"])));
    }
    let record = &value["record"];
    let read = if record["same"] == true { "read back the same" } else { "NOT read back" };
    text.line(format_args!("management information {}: {read}", word(&record["id"])));
    let ended = if value["passed"] == true { "pass" } else { "fail" };
    text.line(format_args!("smoke test: {ended}"));
    text.line("print and post the sample by hand");
    text.gap();
    text.line(format_args!("evidence  {}", path.display()));
    out::print(&text)
}
