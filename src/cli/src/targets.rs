//! From `--target` and `--base-url` to a target, in one place for every command.
//! Refuses production, whatever a target calls itself: only the smoke test may reach it, by a way
//! of its own. A recording may be of production, for nothing is sent.

use letterproof_client::{Auth, ClientError, Profile, Target};
use letterproof_model::Capability;
use letterproof_wire::is_production_host;
use url::Url;

use crate::args::{RunOptions, StorageOptions};
use crate::failure::Failure;

/// The name of the one target that may be production.
pub(crate) const PROD_SMOKE: &str = "prod-smoke";
/// Where production is, for recordings of it.
const PRODUCTION: &str = "https://api.service.nhs.uk/nhs-notify-supplier";

/// The target that a run goes to, and the supplier it is meant for; `None` for the double inside
/// the run's own process.
pub(crate) fn of_run(options: &RunOptions) -> Result<Option<Profile>, Failure> {
    if options.target == "mock" && options.base_url.is_none() {
        return Ok(None);
    }
    if let Some(fault) = options.faults.first() {
        return Err(Failure::Usage(format!(
            "--fault {fault} is for the mock inside the run's own process; leave it out, or give it \
             to `letterproof mock`"
        )));
    }
    let mut profile = resolve(&options.target, options.base_url.as_deref(), &options.storage)?;
    if let Some(letters) = options.letters {
        profile.target.seeded_letters = letters;
    }
    Ok(Some(profile))
}

/// A built-in target or a profile file, at another address where one is given, with the storage that
/// was agreed to beforehand.
pub(crate) fn resolve(
    named: &str,
    base_url: Option<&str>,
    storage: &StorageOptions,
) -> Result<Profile, Failure> {
    let mut profile = match (named, base_url) {
        ("mock", Some(base)) => stand_in(base)?,
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

fn stand_in(base: &str) -> Result<Profile, ClientError> {
    // A stand-in may be open; it is asked for a token once any credential is given.
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
                "a recording of a double is told by its address; give that with --base-url".into(),
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
