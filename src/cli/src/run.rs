//! `letterproof run`: drives the pack against a target, then judges what was recorded.
//!
//! The order is the promise: features are checked and the folder is made before any traffic;
//! everything is recorded; the journal is closed and read back; only then is anything judged.
//! Refuses to leave a folder that looks whole and is not.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use letterproof_client::{
    Auth, Flow, Ledger, ProgressEvent, Session, SessionOptions, Supplier, Target,
};
use letterproof_contract::Contract;
use letterproof_evidence::{
    Bundle, JournalHeader, JournalWriter, RunFolder, new_run_id, read_journal,
};
use letterproof_judge::judge_all;
use letterproof_model::{
    Context, Counts, Mode, PACK_VERSION, PackInfo, RESULTS_FORMAT, Recorder, Results, RunId,
    RunInfo, SupplierKind, TargetInfo, TestId, Timestamp, ToolInfo, exit_code, now, pack,
};
use letterproof_steps::{Bench, FeatureSet, Stage};

use crate::args::{OutputFormat, RunOptions, Suite};
use crate::embedded::Embedded;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::table;

/// Runs the selected tests; returns the exit code.
pub(crate) fn run(options: RunOptions) -> Result<u8, Failure> {
    let runtime = crate::runtime()?;
    let code = runtime.block_on(drive(options));
    // Connections still open must not hold the process.
    runtime.shutdown_timeout(Duration::from_secs(1));
    code
}

async fn drive(options: RunOptions) -> Result<u8, Failure> {
    if options.suite == Suite::Conformance {
        return Err(Failure::Usage(
            "the conformance suite is not written yet; use --suite acceptance".to_owned(),
        ));
    }
    let features = match &options.features {
        Some(folder) => FeatureSet::from_folder(folder)?,
        None => FeatureSet::built_in()?,
    }
    .select(&options.only)?;
    letterproof_steps::check(&features)?;

    let started = now();
    let run_id = new_run_id(started)?;
    let folder = RunFolder::create(&options.out, &run_id)
        .map_err(|error| Failure::Usage(error.to_string()))?;
    let progress = Progress::start();
    let outcome = Drive { options: &options, features, started, run_id, progress: &progress }
        .record_and_judge(folder)
        .await;
    progress.finish();
    let (results, path) = outcome?;
    report(&options, &results, &path);
    Ok(results.exit_code)
}

/// One run between the making of its folder and its results.
struct Drive<'a> {
    options: &'a RunOptions,
    features: FeatureSet,
    started: Timestamp,
    run_id: RunId,
    progress: &'a Progress,
}

/// How the driving ended.
enum End {
    /// Every scenario was driven to its end.
    Whole,
    /// Ctrl-C.
    Interrupted,
    /// Going on was impossible.
    Stopped(String),
}

impl Drive<'_> {
    async fn record_and_judge(self, folder: RunFolder) -> Result<(Results, PathBuf), Failure> {
        let embedded = match (&self.options.base_url, self.options.target.as_str()) {
            (None, "mock") => Some(Embedded::start(self.options).await),
            _ => None,
        };
        let embedded = match embedded.transpose() {
            Ok(embedded) => embedded,
            Err(failure) => return Err(discarded(folder, failure)),
        };
        let recorded = self.record(&folder, embedded.as_ref()).await;
        if let Some(embedded) = embedded {
            embedded.stop().await;
        }
        match recorded {
            Ok((context, end)) => self.judge(folder, &context, end),
            Err(failure) => Err(discarded(folder, failure)),
        }
    }

    /// Drives every scenario; returns what judging needs besides the journal.
    async fn record(
        &self,
        folder: &RunFolder,
        embedded: Option<&Embedded>,
    ) -> Result<(Context, End), Failure> {
        let target = match embedded {
            Some(embedded) => embedded.target(self.options)?,
            None => named_target(self.options)?,
        };
        let context = target.context(Mode::Driven);
        let bench = Arc::new(Bench::new(context.clone()));
        let header = JournalHeader::new(self.run_id.clone(), tool(), context.base_url.clone());
        let seen = Arc::clone(&bench);
        let journal = Arc::new(
            JournalWriter::create(&folder.journal_path(), &header)?
                .with_observer(Box::new(move |exchange| seen.see(exchange))),
        );
        let recorder: Arc<dyn Recorder> = journal.clone();
        let session = Session::new(
            target,
            Arc::clone(&recorder),
            SessionOptions { nonce: self.options.nonce.clone() },
        )?;
        session.preflight(&Flow::supplier(session.nonce())).await?;

        let told = self.progress.clone();
        let ledger = Ledger::in_memory(session.target());
        let listener = move |event: ProgressEvent| told.doing(&event);
        let supplier = Supplier::with_progress(session.clone(), ledger, Arc::new(listener));
        let told = self.progress.clone();
        let kept = Arc::clone(&journal);
        let stage = Stage {
            supplier,
            bench: Arc::clone(&bench),
            recorder,
            on_event: Arc::new(move |event| told.scenario(event)),
            on_scenario_end: Arc::new(move || kept.sync()),
            reseed: embedded.map(|embedded| embedded.reseed(self.options)),
        };
        let end = tokio::select! {
            driven = letterproof_steps::run(&self.features, &stage) => {
                driven?;
                bench.stopped().map_or(End::Whole, End::Stopped)
            }
            _ = tokio::signal::ctrl_c() => {
                self.progress.note("stopping: what is under way is recorded as interrupted");
                session.stop();
                End::Interrupted
            }
        };
        journal.sync().map_err(|error| Failure::Harness(error.message))?;
        Ok((context, end))
    }

    /// Judges the journal as it lies on disk and writes the rest of the folder.
    fn judge(
        &self,
        folder: RunFolder,
        context: &Context,
        end: End,
    ) -> Result<(Results, PathBuf), Failure> {
        self.progress.note("judging what was recorded");
        let journal = read_journal(&folder.journal_path())?;
        let selected: Vec<TestId> = if self.options.only.is_empty() {
            pack().iter().map(|test| test.id).collect()
        } else {
            self.options.only.clone()
        };
        let contract = Contract::built_in().map_err(|error| Failure::Harness(error.to_string()))?;
        let judged = judge_all(&journal.recording, context, &selected, contract);
        let code = match &end {
            End::Whole => exit_code(&judged.tests, &[]),
            End::Interrupted => exit_code(&judged.tests, &[]).max(3),
            End::Stopped(_) => 4,
        };
        let results = Results {
            format: RESULTS_FORMAT.to_owned(),
            run: RunInfo {
                id: self.run_id.clone(),
                started: self.started,
                finished: now(),
                tool: tool(),
                pack: PackInfo { version: PACK_VERSION.to_owned() },
                target: TargetInfo {
                    name: context.target.clone(),
                    base_url: context.base_url.clone(),
                    capabilities: context.capabilities.iter().copied().collect(),
                },
                window: self.options.window,
                nonce: self.options.nonce.clone(),
                supplier: SupplierKind::Reference,
                exchanges: judged.exchanges,
            },
            counts: Counts::of(judged.tests.iter().map(|test| test.verdict)),
            tests: judged.tests,
            conformance: Vec::new(),
            findings: judged.findings,
            performance: judged.performance,
            exit_code: code,
        };
        folder.write_context(context)?;
        folder.write_results(&results)?;
        let bundle =
            Bundle { folder: folder.path().to_owned(), results, context: context.clone(), journal };
        write_reports(&bundle, &folder)?;
        let path = match &end {
            End::Stopped(reason) => {
                let kept = folder.path().to_owned();
                self.progress.note(&format!(
                    "the run stopped: {reason}; what was recorded is in {}",
                    kept.display()
                ));
                kept
            }
            End::Whole | End::Interrupted => folder.finish()?,
        };
        Ok((bundle.results, path))
    }
}

fn write_reports(bundle: &Bundle, folder: &RunFolder) -> Result<(), Failure> {
    let failed = |error: letterproof_reports::ReportError| Failure::Harness(error.to_string());
    let junit = letterproof_reports::junit(bundle).map_err(failed)?;
    folder.write("junit.xml", junit.as_bytes())?;
    let html = letterproof_reports::html(bundle).map_err(failed)?;
    folder.write("index.html", html.as_bytes())?;
    folder.write_with("exchanges.har", |output| {
        letterproof_reports::har(bundle, output).map_err(std::io::Error::other)
    })?;
    Ok(())
}

/// A run that never began leaves no folder behind.
fn discarded(folder: RunFolder, failure: Failure) -> Failure {
    match folder.discard() {
        Ok(()) => failure,
        Err(error) => Failure::Harness(format!("{failure}; and {error}")),
    }
}

fn named_target(options: &RunOptions) -> Result<Target, Failure> {
    let target = match options.target.as_str() {
        "mock" => {
            let base = options.base_url.as_deref().unwrap_or_default();
            let root = base.trim_end_matches('/').trim_end_matches("/nhs-notify-supplier");
            // A stand-in may be open; it is asked for a token once any credential is given.
            let given = std::env::vars_os().any(|(name, _)| {
                name.to_string_lossy().starts_with("LETTERPROOF_K") || name == "LETTERPROOF_API_KEY"
            });
            let auth = if given { Target::auth_from_environment()? } else { Auth::None };
            Target::mock(base, &format!("{root}/oauth2/token"), auth)?
        }
        "sandbox" => Target::sandbox()?,
        "int" => Target::int(Target::auth_from_environment()?)?,
        other => {
            return Err(Failure::Usage(format!(
                "unknown target `{other}`; the targets are mock, sandbox and int"
            )));
        }
    };
    let mut target = match &options.base_url {
        Some(base) if options.target != "mock" => target.at(base)?,
        _ => target,
    };
    if let Some(letters) = options.letters {
        target.seeded_letters = letters;
    }
    Ok(target)
}

fn tool() -> ToolInfo {
    ToolInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: env!("LETTERPROOF_COMMIT").to_owned(),
    }
}

#[expect(clippy::print_stdout, reason = "results go to stdout")]
fn report(options: &RunOptions, results: &Results, path: &Path) {
    use std::io::IsTerminal as _;
    match options.format {
        OutputFormat::Json => match serde_json::to_string_pretty(results) {
            Ok(text) => println!("{text}"),
            Err(error) => tracing::error!("results cannot be written as JSON: {error}"),
        },
        OutputFormat::Table => {
            let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            print!("{}", table::render(results, path, colour));
        }
    }
}
