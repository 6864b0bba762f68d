//! `letterproof doctor`: the preflight of a target, each finding with its remedy. No letter is
//! hidden unasked, and nothing it saw is kept.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use letterproof_client::{CheckState, Diagnosis, Doctor, DoctorOptions, Target};
use letterproof_evidence::{JOURNAL_FILE, JournalHeader, new_run_id, scratch_folder};
use letterproof_harness::{Failure, begin_journal};
use letterproof_model::text::many;
use letterproof_model::{Capability, decode_text, now};

use crate::args::{DoctorArguments, OutputFormat, StorageOptions};
use crate::out::{self, Text};
use crate::process::or_stopped;
use crate::progress::Progress;
use crate::{consent, targets};

/// The version of what `--format json` prints.
const FORMAT: &str = "letterproof-doctor/1";

/// Examines the target; returns the exit code.
pub(crate) fn doctor(arguments: &DoctorArguments) -> Result<u8, Failure> {
    let target = targets::resolve(
        &arguments.target,
        arguments.base_url.as_deref(),
        &StorageOptions::default(),
    )?
    .target;
    let options = DoctorOptions {
        jwks: arguments.jwks.as_deref().map(read).transpose()?,
        list_one: may_list(&target, arguments.yes)?,
    };
    let asked = options.list_one;
    let runtime = crate::process::runtime()?;
    let progress = Progress::start();
    progress.waiting(&format!("checking {} at {}", target.name, target.base_url));
    let examined = or_stopped(examine(target, options), "stopped before everything was checked");
    let diagnosis = runtime.block_on(examined);
    progress.finish();
    // A name server that does not answer must not hold the process.
    runtime.shutdown_timeout(Duration::from_secs(1));
    let diagnosis = diagnosis?;
    report(&diagnosis, arguments.format, asked)?;
    Ok(diagnosis.exit_code())
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read(path).and_then(|bytes| Ok(decode_text(bytes)?)).map_err(|error| {
        Failure::Usage(format!("{}: it cannot be read ({error}); check the path", path.display()))
    })
}

fn may_list(target: &Target, yes: bool) -> Result<bool, Failure> {
    // Where nothing is hidden there is nothing to ask.
    if yes || !target.has(Capability::VisibilityTimeout) {
        return Ok(true);
    }
    Ok(consent::to_list_one(target)?.unwrap_or(false))
}

async fn examine(target: Target, options: DoctorOptions) -> Result<Diagnosis, Failure> {
    let folder = scratch_folder("doctor")
        .map_err(|error| Failure::Harness(format!("cannot make a temporary folder: {error}")))?;
    let base_url = target.base_url.as_str().trim_end_matches('/').to_owned();
    let header = JournalHeader::new(new_run_id(now())?, crate::process::tool(), base_url);
    let journal = Arc::new(begin_journal(&folder.path().join(JOURNAL_FILE), &header)?);
    Ok(Doctor::new(target, journal, options).examine().await?)
}

fn report(diagnosis: &Diagnosis, format: OutputFormat, asked: bool) -> Result<(), Failure> {
    match format {
        OutputFormat::Table => out::print(&text(diagnosis, asked)),
        OutputFormat::Json => {
            let mut value = serde_json::to_value(diagnosis)
                .map_err(|error| Failure::Harness(error.to_string()))?;
            value["format"] = FORMAT.into();
            value["exit_code"] = diagnosis.exit_code().into();
            out::json(&value)
        }
    }
}

fn text(diagnosis: &Diagnosis, asked: bool) -> Text {
    let mut text = Text::of(format_args!("{} at {}", diagnosis.target, diagnosis.base_url));
    text.gap();
    let mut counts = [0_usize; 4];
    for check in &diagnosis.checks {
        let (word, place) = match check.state {
            CheckState::Ok => ("ok", 0),
            CheckState::Warning => ("warning", 1),
            CheckState::Failure => ("FAILURE", 2),
            CheckState::Skipped => ("skipped", 3),
        };
        counts[place] += 1;
        text.line(format_args!("{word:<8} {:<30} {}", check.title, check.found));
        if let Some(remedy) = &check.remedy {
            text.line(format_args!("{:<8} {:<30} remedy: {remedy}", "", ""));
        }
        if check.name == "list" && check.state == CheckState::Skipped && !asked {
            text.line(format_args!("{:<8} {:<30} give --yes to run it", "", ""));
        }
    }
    let [ok, warnings, failures, skipped] = counts;
    text.gap();
    let (warnings, failures) = (many(warnings, "warning"), many(failures, "failure"));
    text.line(format_args!("{ok} ok, {warnings}, {failures}, {skipped} skipped"));
    text
}
