//! `letterproof load`: a load profile against a target, its records and what became of its
//! thresholds, as evidence like that of a run. What it uses up is told before it begins.

use std::sync::Arc;
use std::time::Duration;

use letterproof_client::{Profile, Stamper};
use letterproof_harness::{
    Embedded, Failure, LedgerPlace, Load, MockSettings, at15_runs, built_in, signing_key,
};
use letterproof_load::{
    Agree, At15Plan, Ended, LoadPlan, LoadProfile, StopHandle, claim_process_hooks,
};
use letterproof_model::Exchange;

use crate::args::{LoadOptions, OutputFormat, RunOptions as DriveOptions};
use crate::process::{self, NextPress, next_press, press_after_that};
use crate::progress::{Progress, tell_leftovers};
use crate::{consent, out, run, table, targets};

/// Runs a load profile; returns the exit code.
pub(crate) fn load(options: &LoadOptions) -> Result<u8, Failure> {
    let mut profile = LoadProfile::resolve(&options.profile)?;
    if let Some(rate) = options.rate {
        profile = profile.with_rate(rate)?;
    }
    if let Some(duration) = options.duration {
        profile = profile.with_duration(duration)?;
    }
    let target = match targets::is_embedded(&options.target, options.base_url.as_deref()) {
        true => None,
        false => {
            let base = options.base_url.as_deref();
            Some(targets::resolve(&options.target, base, &options.storage)?)
        }
    };
    let mock = mock(options);
    let planned = match &target {
        Some(found) => found.target.clone(),
        None => Embedded::planned(&mock)?,
    };
    match profile.plan(&planned)? {
        LoadPlan::At15(plan) => at15(options, &plan),
        LoadPlan::Attack(_) => {
            refuse_what_does_not_apply(options)?;
            // Before the runtime's own handler of Ctrl-C, which must come second.
            claim_process_hooks();
            let runtime = process::runtime()?;
            let code = runtime.block_on(attack(options, &profile, target, mock));
            runtime.shutdown_timeout(Duration::from_secs(1));
            code
        }
    }
}

/// Options that mean nothing to a load of this crate's own; AT15 is driven by `run`, which looks at
/// its options itself.
fn refuse_what_does_not_apply(options: &LoadOptions) -> Result<(), Failure> {
    targets::refuse(&[("--keep-pdfs", options.keep_pdfs.is_some())], |name| {
        format!("{name} is for the profile at15; leave it out")
    })?;
    if !targets::is_embedded(&options.target, options.base_url.as_deref()) {
        return targets::refuse(&[("--letters", options.letters.is_some())], |name| {
            format!("{name} is for the embedded mock, which this load does not use; leave it out")
        });
    }
    let given = [
        ("--ledger", options.ledger.is_some()),
        ("--yes-storage", !options.storage.yes_storage.is_empty()),
    ];
    targets::refuse(&given, |names| {
        format!("{names} is for a target that outlives the load; leave it out")
    })
}

fn mock(options: &LoadOptions) -> MockSettings {
    MockSettings { letters: options.letters, ..MockSettings::default() }
}

/// AT15 as `run` drives it, and the profile's thresholds on what that measured.
fn at15(options: &LoadOptions, plan: &At15Plan) -> Result<u8, Failure> {
    let (results, path) = run::driven(DriveOptions::for_at15(options)?)?;
    let checked = plan.check(&at15_runs(&results));
    match options.format {
        OutputFormat::Json => out::json(&results)?,
        OutputFormat::Table => {
            run::report(OutputFormat::Table, &results, &path)?;
            out::print(&table::thresholds(&checked))?;
        }
    }
    let broken = checked.iter().any(|threshold| !threshold.kept);
    Ok(results.exit_code.max(u8::from(broken)))
}

async fn attack(
    options: &LoadOptions,
    profile: &LoadProfile,
    target: Option<Profile>,
    mock: MockSettings,
) -> Result<u8, Failure> {
    let sign_key = signing_key(options.sign_key.as_deref())?;
    let stamper = options.timestamp.as_deref().map(Stamper::at).transpose()?;
    let embedded = match &target {
        None => Some(Embedded::start(mock).await?),
        Some(_) => None,
    };
    let mut found = match (&target, &embedded) {
        (Some(found), _) => found.target.clone(),
        (None, Some(embedded)) => embedded.target()?,
        (None, None) => return Err(Failure::Harness("there is no target".to_owned())),
    };
    let plan = profile.plan(&found)?;
    let announced = plan.announcement();
    let LoadPlan::Attack(plan) = plan else {
        return Err(Failure::Harness("the profile changed its shape".to_owned()));
    };
    consent::before_load(&found, announced.clone(), options.yes)?;
    let progress = Progress::start();
    announced.iter().for_each(|line| progress.note(line));
    found.storage_consent = consent::about_storage(Some(&progress));
    let (asked, asking) = (!options.yes && embedded.is_none(), progress.clone());
    let consented = found.clone();
    let agree: Agree = Arc::new(move |first: &Exchange| match asked {
        true => asking.silent(|| consent::load_on_this_machine(&consented, &announced, first)),
        false => Ok(()),
    });
    let load = Load {
        tool: process::tool(),
        out: options.out.clone(),
        nonce: options.nonce.clone(),
        who: options.who.or(&found.who),
        sign_key,
        sign_key_file: options.sign_key.clone(),
        stamper,
        plan,
        target: found,
        agree,
        onlooker: Arc::new(progress.clone()),
    };
    let listen =
        |stop: StopHandle| tokio::spawn(stop_on_ctrl_c(next_press(), stop, progress.clone()));
    let ended = load.record(built_in()?, tell_leftovers, listen).await;
    progress.finish();
    if let Some(embedded) = embedded {
        embedded.stop().await;
    }
    let (outcome, results, path) = ended?;
    if let Some(profile) = &target {
        let place = LedgerPlace::under(options.ledger.as_deref(), &options.out, profile);
        place.learn(profile, &path)?;
    }
    if let Ended::Refused { problem } = &outcome.ended {
        progress.note(problem);
    }
    match options.format {
        OutputFormat::Json => out::json(&results)?,
        OutputFormat::Table => out::print(&table::load(&outcome, &path))?,
    }
    Ok(outcome.exit_code())
}

/// Ctrl-C once: nothing more is sent; twice: what is under way is cut off.
async fn stop_on_ctrl_c(mut press: NextPress, stop: StopHandle, progress: Progress) {
    while press.await.is_ok() {
        press = press_after_that();
        progress.note("stopping; press Ctrl-C again to stop at once");
        stop.stop();
    }
}
