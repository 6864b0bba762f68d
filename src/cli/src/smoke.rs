//! `letterproof run --target prod-smoke`: the production smoke test, and nothing else.
//!
//! The named letters are fetched and downloaded, one record of management information is
//! submitted for those that can be printed, and read back. A person prints and posts the sample.
//! Refuses to start without named letters and the host's name, typed or given with `--confirm`.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use letterproof_client::{
    Flow, Ledger, Preparation, ProductionConsent, Session, SessionOptions, SmokeRun, Supplier,
    Target,
};
use letterproof_evidence::{JournalHeader, JournalWriter, new_run_id, read_journal};
use letterproof_model::{Journal as _, LetterId, Mode, Recorder, now};
use letterproof_wire::is_production_host;
use serde_json::{Value, json};

use crate::args::{OutputFormat, RunOptions, Suite};
use crate::consent;
use crate::failure::Failure;
use crate::finish;
use crate::interrupt::Interrupt;
use crate::out::{self, Text};
use crate::progress::{Progress, tell_leftovers};
use crate::targets::{self, PROD_SMOKE};

/// The version of `smoke.json`.
const FORMAT: &str = "letterproof-smoke/1";
/// The one production host that the smoke test is made for.
const PRODUCTION: &str = "api.service.nhs.uk";

/// Runs the smoke test; returns the exit code.
pub(crate) fn smoke(options: &RunOptions) -> Result<u8, Failure> {
    refuse_the_rest(options)?;
    let target = target(options)?;
    let runtime = crate::runtime()?;
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
    let run_id = new_run_id(now())?;
    let folder = finish::new_folder(&options.out, &run_id, None)?;
    tell_leftovers(&folder);
    let context = target.context(Mode::Driven);
    let header =
        JournalHeader::new(run_id, crate::tool(), context.base_url.clone()).with_chained_ids();
    let journal = Arc::new(JournalWriter::create(&folder.journal_path(), &header)?);
    let recorder: Arc<dyn Recorder> = journal.clone();
    let words = format!(
        "stopped before the end; what was recorded is in {}. What was sent cannot be taken back, and a smoke test cannot be resumed: start it again",
        folder.path().display()
    );
    let progress = Progress::start();
    progress.waiting(&format!("the smoke test of {}", context.base_url));
    let driven = drive_session(options, target, recorder, &words).await;
    progress.finish();
    let run = match driven {
        Ok(run) => run,
        Err(failure) => {
            drop(journal);
            // Where nothing was sent there is nothing to keep.
            let sent = read_journal(&folder.journal_path())
                .is_ok_and(|saved| !saved.recording.exchanges().is_empty());
            if !sent {
                folder.discard()?;
            }
            return Err(failure);
        }
    };
    journal.sync().map_err(|error| Failure::Harness(error.message))?;
    drop(journal);
    let value = result(&run, &context.base_url);
    folder.write_context(&context)?;
    folder.write("smoke.json", format!("{value:#}\n").as_bytes())?;
    let path = folder.finish()?;
    report(options, &value, &path)?;
    Ok(u8::from(value["passed"] != true))
}

async fn drive_session(
    options: &RunOptions,
    target: Target,
    recorder: Arc<dyn Recorder>,
    stopped: &str,
) -> Result<SmokeRun, Failure> {
    let interrupt = Interrupt::listen(stopped.to_owned());
    let session = Session::new(
        target,
        recorder,
        SessionOptions { nonce: options.nonce.clone(), ..SessionOptions::default() },
    )?;
    let smoked = async {
        session.preflight(&Flow::supplier(session.nonce())).await?;
        let ledger = Ledger::in_memory(session.target());
        let supplier = Supplier::new(session.clone(), ledger).for_scenario("production smoke test");
        supplier.smoke_test(now()).await
    };
    let smoked = interrupt.unless_pressed(smoked, || session.stop()).await;
    // However it ended: nothing is recorded behind the back of what is written next.
    session.close().await;
    match smoked {
        Some(smoked) => Ok(smoked?),
        None => Err(Failure::Stopped(stopped.to_owned())),
    }
}

/// What came of it: it passed when every letter can be printed and the record reads back.
fn result(run: &SmokeRun, base_url: &str) -> Value {
    let letters: Vec<Value> = run
        .letters
        .iter()
        .map(|letter| {
            let (outcome, pages) = match letter.outcome {
                Preparation::Ready { pages } => ("can be printed", Some(pages)),
                _ => (letter.problem.as_deref().unwrap_or("cannot be printed"), None),
            };
            json!({
                "id": letter.id,
                "printable": letter.is_ready(),
                "outcome": outcome,
                "pages": pages,
                "exchanges": letter.exchanges,
            })
        })
        .collect();
    let submitted = run.record.as_ref();
    let read = run.read_back.as_ref();
    let same = read.is_some_and(|answer| {
        answer.status == 200
            && answer.value.as_ref().zip(submitted).is_some_and(|(document, submission)| {
                Some(&document.data.id) == submission.id.as_ref()
                    && document.data.attributes.as_ref() == Some(&submission.record)
            })
    });
    json!({
        "format": FORMAT,
        "target": PROD_SMOKE,
        "base_url": base_url,
        "letters": letters,
        "record": {
            "id": submitted.and_then(|submission| submission.id.as_ref()),
            "quantity": submitted.map(|submission| submission.record.quantity),
            "read_back": read.map(|answer| answer.status),
            "same": same,
        },
        "passed": same && run.letters.iter().all(letterproof_client::Prepared::is_ready),
    })
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
