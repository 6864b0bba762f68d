//! `letterproof plan`: what a run with the same options would call, change and use up. Nothing is sent.

use letterproof_client::{Auth, Profile, Target};
use letterproof_harness::{Failure, Planned};
use letterproof_steps::FeatureSet;

use crate::args::{OutputFormat, RunOptions, Suite};
use crate::{out, plan_json, plan_text, targets};

/// Prints the plan; returns the exit code.
pub(crate) fn plan(options: &RunOptions) -> Result<u8, Failure> {
    if options.resume.is_some() {
        return Err(Failure::Usage("a plan is for a whole run; leave --resume out".to_owned()));
    }
    if options.target == targets::PROD_SMOKE {
        return Err(Failure::Usage(format!(
            "{} fetches the letters named with --letter and submits one record; there is nothing \
             to plan",
            targets::PROD_SMOKE
        )));
    }
    let features = features(options)?;
    let planned = if options.target == "int" && std::env::var_os("LETTERPROOF_KID").is_none() {
        without_credentials(options, &features)?
    } else {
        planned(options, targets::of_run(options)?.as_ref(), &features)?
    };
    match options.format {
        OutputFormat::Table => out::print(&plan_text::render(&planned))?,
        OutputFormat::Json => out::json(&plan_json::render(&planned))?,
    }
    Ok(0)
}

/// The features that a run is asked for; every step of them has a phrase.
pub(crate) fn features(options: &RunOptions) -> Result<FeatureSet, Failure> {
    let features = match &options.features {
        Some(folder) => FeatureSet::from_folder(folder)?,
        None => FeatureSet::built_in()?,
    }
    .of_suites(options.suite != Suite::Conformance, options.suite != Suite::Acceptance)
    .select(&options.only)
    .map_err(|error| no_test(options).unwrap_or_else(|| error.into()))?;
    letterproof_steps::check(&features)?;
    Ok(features)
}

/// Why nothing is selected, where two options exclude each other.
fn no_test(options: &RunOptions) -> Option<Failure> {
    let ids: Vec<String> = options.only.iter().map(ToString::to_string).collect();
    (options.suite == Suite::Conformance && !ids.is_empty()).then(|| {
        Failure::Usage(format!(
            "--suite conformance and --only {} exclude each other: --only names acceptance tests, \
             and the conformance suite has none; leave --only out, or give --suite acceptance",
            ids.join(",")
        ))
    })
}

/// Plans a run of these features against this target, or against the mock inside the run's own process.
pub(crate) fn planned(
    options: &RunOptions,
    profile: Option<&Profile>,
    features: &FeatureSet,
) -> Result<Planned, Failure> {
    let found = profile.map(|profile| (profile, targets::ledger_of_run(options, profile)));
    Planned::of(found, &options.into(), features)
}

/// Plans a run on INT for somebody who has no credentials there yet.
fn without_credentials(options: &RunOptions, features: &FeatureSet) -> Result<Planned, Failure> {
    targets::refuse_options_of_the_mock(options)?;
    let mut target = Target::int(Auth::None)?;
    if let Some(base) = &options.base_url {
        target = target.at(base)?;
    }
    if let Some(letters) = options.letters {
        target.seeded_letters = letters;
    }
    Planned::unknown(target, features)
}
