//! `environment.json`: the machine, the command line and the target's settings of a run.
//! Refuses secrets: the target tells its settings without them, and the journal's redaction has
//! the last look at every word.

use letterproof_client::{Session, Target};
use letterproof_contract::Contract;
use letterproof_evidence::{ENVIRONMENT_FORMAT, Environment, Setting};
use letterproof_model::{PACK_VERSION, PackInfo, Recorder};

/// What surrounds this run, as it is known when its traffic has ended.
pub(crate) fn environment(
    target: &Target,
    session: Option<&Session>,
    contract: &Contract,
    recorder: &dyn Recorder,
) -> Environment {
    let setting = |(name, value): (&'static str, String)| Setting {
        name: name.to_owned(),
        value: recorder.scrub(&value),
    };
    let offset = session.and_then(Session::clock_skew).map(|skew| skew.as_millis());
    Environment {
        format: ENVIRONMENT_FORMAT.to_owned(),
        tool: crate::tool(),
        system: std::env::consts::OS.to_owned(),
        architecture: std::env::consts::ARCH.to_owned(),
        command_line: std::env::args_os()
            .map(|word| recorder.scrub(&word.to_string_lossy()))
            .collect(),
        pack: PackInfo { version: PACK_VERSION.to_owned() },
        target: target.name.clone(),
        capabilities: target.capabilities.iter().copied().collect(),
        profile: target.settings().into_iter().map(setting).collect(),
        specification: contract.specification().map(str::to_owned),
        clock_offset_ms: offset.and_then(|millis| i64::try_from(millis).ok()),
    }
}
