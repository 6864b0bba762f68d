//! From `--target` and `--base-url` to a target, in one place for every command. Production is
//! refused, whatever a target calls itself: only the smoke test may reach it, by a way of its own.
//! A recording may be of production, for nothing is sent.

use letterproof_client::{Auth, ClientError, Profile, Target};
pub(crate) use letterproof_harness::is_embedded;
use letterproof_harness::{Failure, LedgerPlace};
use letterproof_model::Capability;
use letterproof_wire::is_production_host;
use url::Url;

use crate::args::{RunOptions, StorageOptions};

/// The name of the one target that may be production.
pub(crate) const PROD_SMOKE: &str = "prod-smoke";
/// Where production is, for recordings of it.
const PRODUCTION: &str = "https://api.service.nhs.uk/nhs-notify-supplier";

/// The target that a run goes to, and the supplier it is meant for; `None` for the mock inside
/// the run's own process.
pub(crate) fn of_run(options: &RunOptions) -> Result<Option<Profile>, Failure> {
    if is_embedded(&options.target, options.base_url.as_deref()) {
        refuse_options_of_targets(options)?;
        return Ok(None);
    }
    refuse_options_of_the_mock(options)?;
    let mut profile = resolve(&options.target, options.base_url.as_deref(), &options.storage)?;
    if let Some(letters) = options.letters {
        if !profile.target.has(Capability::Seeded) {
            return Err(Failure::Usage(format!(
                "--letters is for a target that is seeded, which {} is not; leave it out",
                profile.target.name
            )));
        }
        profile.target.seeded_letters = letters;
    }
    Ok(Some(profile))
}

/// Where the ledger of a run lies.
pub(crate) fn ledger_of_run(options: &RunOptions, profile: &Profile) -> LedgerPlace {
    let mut place = LedgerPlace::under(options.ledger.as_deref(), &options.out, profile);
    place.reseeded = options.reseeded;
    place
}

/// Options that shape the mock inside the run's own process, where there is none.
pub(crate) fn refuse_options_of_the_mock(options: &RunOptions) -> Result<(), Failure> {
    let given = [
        ("--fault", !options.faults.is_empty()),
        ("--mix", options.mix.is_some()),
        ("--seed", options.seed.is_some()),
        ("--visibility-timeout", options.visibility_timeout.is_some()),
        ("--apply-delay", options.apply_delay.is_some()),
        ("--queue-lag", options.queue_lag.is_some()),
    ];
    refuse(&given, |names| {
        format!(
            "{names} is for the embedded mock, which this run does not use; leave it out, or give it to `letterproof mock`"
        )
    })
}

/// Options about targets elsewhere, where the mock inside the run's own process is the target.
fn refuse_options_of_targets(options: &RunOptions) -> Result<(), Failure> {
    let given = [
        ("--ledger", options.ledger.is_some()),
        ("--reseeded", options.reseeded),
        ("--yes-storage", !options.storage.yes_storage.is_empty()),
    ];
    refuse(&given, |names| {
        format!(
            "{names} is for a target that outlives the run, which the embedded mock does not; leave it out, or name a target with --target or --base-url"
        )
    })
}

/// Refuses the options that were given, all named at once.
pub(crate) fn refuse(
    options: &[(&str, bool)],
    words: impl FnOnce(&str) -> String,
) -> Result<(), Failure> {
    let given: Vec<&str> =
        options.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
    if given.is_empty() { Ok(()) } else { Err(Failure::Usage(words(&given.join(", ")))) }
}

/// A built-in target or a profile file, at another address where one is given, with the storage that
/// was agreed to beforehand.
pub(crate) fn resolve(
    named: &str,
    base_url: Option<&str>,
    storage: &StorageOptions,
) -> Result<Profile, Failure> {
    let mut profile = match (named, base_url) {
        ("mock", Some(base)) => own_mock(base)?,
        ("mock", None) => {
            return Err(Failure::Usage(
                "target `mock` lives inside `letterproof run`; start one with `letterproof mock` \
                 and give its address with --base-url"
                    .to_owned(),
            ));
        }
        _ => Profile::resolve(named)?,
    };
    if let (true, Some(base)) = (named != "mock", base_url) {
        profile.target = profile.target.at(base)?;
    }
    profile.target.storage_hosts.extend(storage.yes_storage.iter().cloned());
    refuse_production(&profile.target)?;
    Ok(profile)
}

fn own_mock(base: &str) -> Result<Profile, ClientError> {
    // A mock may be open; it is asked for a token once any credential is given.
    let given = std::env::vars_os().any(|(name, _)| {
        let name = name.to_string_lossy();
        name.starts_with("LETTERPROOF_K") || name == "LETTERPROOF_API_KEY"
    });
    let auth = if given { Target::auth_from_environment()? } else { Auth::None };
    // Moving it to where it is anyway finds its token endpoint.
    let target = Target::mock(base, "", auth)?.at(base)?;
    Ok(Profile { target, supplier: "supplier".to_owned() })
}

/// What a recording was made against. Nothing is ever sent there, so that no credentials are asked
/// for, and production may be named.
pub(crate) fn of_recording(named: &str, base_url: Option<&str>) -> Result<Target, Failure> {
    let target = match (named, base_url) {
        ("mock", Some(base)) => Target::mock(base, "", Auth::None)?,
        ("mock", None) => {
            return Err(Failure::Usage(
                "a recording of a mock is recognised by its address; give that with --base-url"
                    .into(),
            ));
        }
        ("int", _) => Target::int(Auth::None)?,
        (PROD_SMOKE, _) => {
            let mut target = Target::int(Auth::None)?.at(PRODUCTION)?;
            PROD_SMOKE.clone_into(&mut target.name);
            target.capabilities.remove(&Capability::Seeded);
            target
        }
        _ => Profile::resolve(named)?.target,
    };
    // Moving it to where it is anyway finds its token endpoint.
    Ok(match base_url {
        Some(base) => target.at(base)?,
        None => target,
    })
}

/// Sessions refuse production too; here it is refused before anything is made or asked.
fn refuse_production(target: &Target) -> Result<(), Failure> {
    let token_url = target.token_url.as_deref().and_then(|url| Url::parse(url).ok());
    match std::iter::once(&target.base_url).chain(&token_url).find(|url| is_production_host(url)) {
        None => Ok(()),
        Some(url) => Err(Failure::Usage(format!(
            "refused before any traffic: {} is production; only `letterproof run --target \
             {PROD_SMOKE}`, with --letter and a typed confirmation, may reach it",
            url.host_str().unwrap_or_default()
        ))),
    }
}
