//! `letterproof report`: renders a saved run, or makes an honest bundle of one that broke off.

use std::path::{Path, PathBuf};

use letterproof_evidence::{
    Bundle, EvidenceError, INCOMPLETE, Opened, RunFolder, Sealing, archive, read_journal, zip_path,
};
use letterproof_harness::{
    Failure, built_in, close, official, refuse_other_specification, signing_key, write_up,
};
use letterproof_reports::Extras;

use crate::args::{OutputFormat, ReportFormat, ReportOptions};
use crate::out::{self, Text};
use crate::progress::tell_leftovers;
use crate::run;

/// Prints one report, or completes what a run left; returns the exit code.
pub(crate) fn report(options: &ReportOptions) -> Result<u8, Failure> {
    let run = &options.run;
    let broke_off =
        run.file_name().is_some_and(|name| name.to_string_lossy().ends_with(INCOMPLETE));
    let completes = options.sign_key.is_some() || options.spec.is_some() || options.drop_signature;
    if !broke_off && completes {
        return Err(Failure::Usage(format!(
            "{}: --sign-key, --spec and --drop-signature are only for the folder of an interrupted \
             run, and this one is complete; leave them out",
            run.display()
        )));
    }
    let folder = if broke_off { complete(options)? } else { run.clone() };
    match options.format {
        Some(format) => print(format, &folder)?,
        None if broke_off => {}
        None => zip(run)?,
    }
    Ok(0)
}

fn usage(error: EvidenceError) -> Failure {
    Failure::Usage(error.to_string())
}

/// Makes the zip of a whole folder, where a crash had left none.
fn zip(folder: &Path) -> Result<(), Failure> {
    if folder.is_file() || zip_path(folder).exists() {
        return Err(Failure::Usage(format!(
            "{} is a whole bundle, of which nothing is to be made; say with --format which report to print, for \
             example `letterproof report {} --format markdown`",
            folder.display(),
            folder.display()
        )));
    }
    let zip = archive(folder).map_err(|error| match error {
        error @ EvidenceError::Io { .. } => Failure::Evidence(error),
        error => usage(error),
    })?;
    out::print(&Text::of(format_args!("bundle    {}", zip.display())))
}

fn print(format: ReportFormat, saved: &Path) -> Result<(), Failure> {
    let opened = Opened::open(saved).map_err(usage)?;
    let bundle = Bundle::of(&opened).map_err(usage)?;
    let extras = Extras::of(&opened).map_err(|error| Failure::Usage(error.to_string()))?;
    let rendered = rendered(format, &bundle, &extras)?;
    match format {
        ReportFormat::Har => out::json_document(&rendered),
        _ => out::document(&rendered),
    }
}

fn rendered(format: ReportFormat, bundle: &Bundle, extras: &Extras) -> Result<String, Failure> {
    let failed = |error: letterproof_reports::ReportError| Failure::Harness(error.to_string());
    let mut bytes = Vec::new();
    Ok(match format {
        ReportFormat::Html => letterproof_reports::html(bundle, extras).map_err(failed)?,
        ReportFormat::Junit => letterproof_reports::junit(bundle, extras).map_err(failed)?,
        ReportFormat::Markdown => letterproof_reports::summary(bundle, extras),
        ReportFormat::Csv => {
            let written = letterproof_reports::cross_check_csv(bundle, &mut bytes);
            written.map_err(|error| Failure::Harness(error.to_string()))?;
            String::from_utf8_lossy(&bytes).into_owned()
        }
        ReportFormat::Har => {
            letterproof_reports::har(bundle, &mut bytes).map_err(failed)?;
            String::from_utf8_lossy(&bytes).into_owned()
        }
    })
}

/// Judges what a run that broke off had recorded, as far as it came, and makes its bundle.
fn complete(options: &ReportOptions) -> Result<PathBuf, Failure> {
    let key = signing_key(options.sign_key.as_deref())?;
    let official = official(options.spec.as_deref())?;
    let contract = match &official {
        Some(contract) => contract,
        None => built_in()?,
    };
    let sealing = match key.as_ref() {
        None if options.drop_signature => Sealing::SignatureDropped,
        key => key.into(),
    };
    let folder = RunFolder::reopen(&options.run, sealing).map_err(usage)?;
    tell_leftovers(&folder);
    let journal = read_journal(&folder.journal_path()).map_err(usage)?;
    refuse_other_specification(&options.run, &journal.header, contract)?;
    let bundle = write_up(&folder, contract, key.as_ref())?;
    let path = close(folder, key.as_ref())?;
    if options.format.is_none() {
        run::report(OutputFormat::Table, &bundle.results, &path)?;
    }
    Ok(path)
}
