//! `letterproof supplier`: a sample supplier, honest or wrong in one way, to try a witness with.
//! Like everything but the smoke test, it never goes to production.

use std::time::Duration;

use letterproof_client::{Auth, ClientError, SecretSource, SigningKey, Target};
use letterproof_harness::Failure;
use letterproof_reference_supplier::ProgressEvent;
use letterproof_sample_supplier::{
    Access, DayEnd, DayProgress, Fault, Habit, SampleSupplier, Secret, ShiftReport, SupplierError,
    SupplierSettings, fault_catalogue, habit_catalogue,
};
use url::Url;

use crate::args::{OutputFormat, SupplierOptions};
use crate::out::{self, Text};
use crate::process::{self, pressed};
use crate::progress::Progress;

/// Works a day; returns the exit code.
pub(crate) fn supplier(options: &SupplierOptions) -> Result<u8, Failure> {
    let wants_list = |names: &[String]| names.iter().any(|name| name == "list");
    if wants_list(&options.faults) {
        return catalogue(fault_catalogue());
    }
    if wants_list(&options.habits) {
        return catalogue(habit_catalogue());
    }
    let faults: Vec<Fault> = options
        .faults
        .iter()
        .map(|name| Fault::parse(name))
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::Usage(error.to_string()))?;
    let model = SampleSupplier::new(settings(options)?, faults).map_err(refused)?;
    let progress = Progress::start();
    let told = progress.clone();
    let runtime = process::runtime()?;
    progress.waiting("waiting for an answer");
    let listener = move |step: DayProgress<'_>| {
        told.doing(&ProgressEvent {
            what: step.what.to_owned(),
            done: step.done as u64,
            total: step.total.map(|total| total as u64),
            remaining: None,
        });
    };
    let report = runtime.block_on(async {
        // Who is told that it works may stop it.
        let stop = pressed();
        model.run(&listener, stop).await
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    progress.finish();
    let report = report.map_err(refused)?;
    match options.format {
        OutputFormat::Table => out::print(&text(&report))?,
        OutputFormat::Json => out::json(&report)?,
    }
    Ok(match report.end {
        DayEnd::Whole => 0,
        DayEnd::Stopped => 3,
        DayEnd::Broken(_) => 4,
    })
}

/// Prints a catalogue, a line for each entry.
fn catalogue(entries: &[impl ToString]) -> Result<u8, Failure> {
    let lines: String = entries.iter().map(|entry| format!("{}\n", entry.to_string())).collect();
    out::document(&lines)?;
    Ok(0)
}

fn refused(error: SupplierError) -> Failure {
    Failure::Usage(error.to_string())
}

fn settings(options: &SupplierOptions) -> Result<SupplierSettings, Failure> {
    let Some(base_url) = options.base_url.clone() else {
        return Err(Failure::Usage(
            "give --base-url, the API that the sample supplier works against".to_owned(),
        ));
    };
    let access = access(options, &base_url)?;
    let mut settings = SupplierSettings::new(base_url);
    if !options.only.is_empty() {
        settings.tests.clone_from(&options.only);
    }
    settings.access = access;
    settings.storage.clone_from(&options.storage.yes_storage);
    settings.roots.clone_from(&options.roots);
    settings.whole_list = options.letters;
    settings.batch = settings.batch.min(options.letters);
    settings.rate_limit = options.rate_limit;
    settings.visibility_timeout = options.visibility_timeout;
    settings.update_deadline = options.update_deadline;
    settings.poll = options.poll;
    settings.link_life = options.link_ttl;
    settings.reseed.clone_from(&options.reseed);
    settings.day = options.day;
    settings.habits = options
        .habits
        .iter()
        .map(|name| Habit::parse(name))
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::Usage(error.to_string()))?;
    Ok(settings)
}

/// As the environment says; without a kid, no token is asked for.
fn access(options: &SupplierOptions, base_url: &Url) -> Result<Access, Failure> {
    if std::env::var_os("LETTERPROOF_KID").is_none() {
        return Ok(Access::None);
    }
    let Auth::SignedJwt { api_key, kid, key } = Target::auth_from_environment()? else {
        return Ok(Access::None);
    };
    let mut token_url = base_url.clone();
    token_url.set_path("/oauth2/token");
    let token_url = options.token_url.clone().unwrap_or(token_url);
    let (api_key, key) = (secret(api_key), signing(&kid, key));
    Ok(Access::SignedJwt { api_key, kid, key, token_url, audience: options.audience.clone() })
}

/// An error as the sample supplier passes it on.
fn words(error: ClientError) -> String {
    error.to_string()
}

/// Read once the sample supplier begins its day: production is refused first.
fn secret(source: SecretSource) -> Secret {
    Secret::read_by(move || {
        let source = source.clone();
        async move { source.read().await.map_err(words) }
    })
}

/// A key as the sample supplier signs with it; of any other the reader says what it is.
fn signing(kid: &str, source: SecretSource) -> Secret {
    let kid = kid.to_owned();
    Secret::read_by(move || {
        let (kid, source) = (kid.clone(), source.clone());
        async move {
            let key = SigningKey::from_pem(&kid, source.read().await.map_err(words)?);
            key.map(|key| key.pem().clone()).map_err(words)
        }
    })
}

fn text(report: &ShiftReport) -> Text {
    let mut table = out::table(["status sent and seen", "letters"]);
    for (status, letters) in &report.seen {
        table.row([status.to_string(), letterproof_model::grouped(*letters)]);
    }
    let mut text = Text::default();
    text.table(&table);
    for problem in &report.problems {
        text.line(format_args!("problem    {problem}"));
    }
    let end = match &report.end {
        DayEnd::Whole => "the day's work is done".to_owned(),
        DayEnd::Stopped => "stopped".to_owned(),
        DayEnd::Broken(why) => format!("stopped early: {why}"),
    };
    text.gap();
    text.line(end);
    text
}
