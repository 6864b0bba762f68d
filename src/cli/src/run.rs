//! `letterproof run`: drives the pack against a target, then judges what was recorded.
//!
//! The order is the promise: features are checked, consent is asked and the folder is made before any
//! traffic.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use letterproof_client::{Stamper, Target};
use letterproof_harness::{
    Asked, Broken, Failure, Place, Run, forget, official, read_waivers, signing_key,
};
use letterproof_model::{Exchange, Results};

use crate::args::{OutputFormat, RunOptions};
use crate::progress::{Progress, tell_leftovers};
use crate::{consent, out, plan, process, smoke, table, targets};

/// Runs the selected tests; returns the exit code.
pub(crate) fn run(options: RunOptions) -> Result<u8, Failure> {
    if options.target == targets::PROD_SMOKE {
        return smoke::smoke(&options);
    }
    if !options.smoke_letters.is_empty() || options.confirm.is_some() {
        return Err(Failure::Usage(format!(
            "--letter and --confirm belong to --target {}",
            targets::PROD_SMOKE
        )));
    }
    let format = options.format;
    let (results, path) = driven(options)?;
    report(format, &results, &path)?;
    Ok(results.exit_code)
}

/// Drives what is asked for, on a runtime of its own; returns the results and where they are.
pub(crate) fn driven(options: RunOptions) -> Result<(Results, PathBuf), Failure> {
    let runtime = process::runtime()?;
    let outcome = runtime.block_on(drive(options));
    // Connections still open must not hold the process.
    runtime.shutdown_timeout(Duration::from_secs(1));
    outcome
}

async fn drive(given: RunOptions) -> Result<(Results, PathBuf), Failure> {
    let broken = given.resume.as_deref().map(Broken::read).transpose()?;
    let options = match &broken {
        Some(broken) => given.resumed(&broken.asked),
        None => given,
    };
    let features = plan::features(&options)?;
    let specification = official(options.spec.as_deref())?;
    let waivers = options.waivers.as_deref().map(read_waivers).transpose()?.unwrap_or_default();
    let sign_key = signing_key(options.sign_key.as_deref())?;
    if let Some(broken) = &broken {
        broken.refuse_other_key(sign_key.as_ref())?;
    }
    let stamper = options.timestamp.as_deref().map(Stamper::at).transpose()?;
    let profile = targets::of_run(&options)?;
    let left = match (&broken, &profile) {
        (Some(broken), Some(profile)) => broken.left_of(&features, &profile.target)?,
        _ => features.clone(),
    };
    let planned = plan::planned(&options, profile.as_ref(), &left)?;
    if broken.is_none() && !options.yes {
        planned.refuse_if_short()?;
    }
    if let Some(profile) = &profile {
        consent::before_changes(&profile.target, &planned.plan, options.yes)?;
    }
    let place = profile.as_ref().map(|profile| targets::ledger_of_run(&options, profile));
    let new_ledger = place.as_ref().filter(|place| !place.is_there());
    let new_ledger = new_ledger.map(|place| place.path.clone());
    let ledger = match profile.as_ref().zip(place) {
        Some((profile, place)) => Some(place.open(profile)?),
        None => None,
    };
    let place = Place::of(broken.as_ref(), &options.out, sign_key.as_ref())
        .inspect_err(|_| forget(new_ledger.as_deref()))?;
    tell_leftovers(&place.folder);
    let progress = Progress::start();
    for words in planned.shortages() {
        progress.note(&format!("too few letters: {words}"));
    }
    let target = profile.map(|found| {
        let mut target = found.target;
        target.storage_consent = consent::about_storage(Some(&progress));
        target
    });
    let who = options.who.or(&target.as_ref().map(|known| known.who.clone()).unwrap_or_default());
    let (plan, yes) = (planned.plan.clone(), options.yes);
    let agree = |target: &Target, first: &Exchange| {
        progress.silent(|| consent::on_this_machine(target, &plan, yes, first))
    };
    let run = Run {
        tool: process::tool(),
        asked: Asked::from(&options),
        mock: (&options).into(),
        keep_pdfs: options.keep_pdfs.clone(),
        strict: options.strict.map(Into::into),
        who,
        yes,
        features,
        left,
        specification,
        waivers,
        sign_key,
        sign_key_file: options.sign_key.clone(),
        stamper,
        broken,
        planned,
        new_ledger,
        agree: &agree,
        onlooker: Arc::new(progress.clone()),
    };
    let outcome = run.drive(place, target, ledger).await;
    progress.finish();
    outcome
}

/// Prints the results.
pub(crate) fn report(format: OutputFormat, results: &Results, path: &Path) -> Result<(), Failure> {
    out::annotate(table::failures(results));
    match format {
        OutputFormat::Json => out::json(results),
        OutputFormat::Table => out::print(&table::render(results, path, out::takes_colour())),
    }
}
