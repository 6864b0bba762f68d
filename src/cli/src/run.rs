//! `letterproof run`: drives the pack against a target, then judges what was recorded.
//!
//! The order is the promise: features are checked and the folder is made before any traffic;
//! everything is recorded; the journal is closed and read back; only then is anything judged.
//! Refuses to leave a folder that looks whole and is not.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use letterproof_client::{
    Flow, Ledger, ProgressEvent, Session, SessionOptions, Supplier, Target,
};
use letterproof_contract::Contract;
use letterproof_evidence::{
    Bundle, JournalHeader, JournalWriter, RunFolder, new_run_id, read_journal,
};
use letterproof_judge::conformance::judge_conformance;
use letterproof_judge::judge_all;
use letterproof_model::{
    Context, Counts, LetterId, Mode, PACK_VERSION, PackInfo, RESULTS_FORMAT, Recorder, Results, RunId,
    RunInfo, SupplierKind, TargetInfo, TestId, Timestamp, exit_code, now, pack,
};
use letterproof_steps::{Bench, FeatureSet, Prober, Stage};

use crate::args::{OutputFormat, RunOptions, Suite};
use crate::embedded::Embedded;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::{consent, table, targets};

/// Runs the selected tests; returns the exit code.
pub(crate) fn run(options: RunOptions) -> Result<u8, Failure> {
    if options.target == targets::PROD_SMOKE {
        return crate::smoke::smoke(&options);
    }
    if !options.smoke_letters.is_empty() || options.confirm.is_some() {
        return Err(Failure::Usage(format!(
            "--letter and --confirm belong to --target {}",
            targets::PROD_SMOKE
        )));
    }
    let runtime = crate::runtime()?;
    let code = runtime.block_on(drive(options));
    // Connections still open must not hold the process.
    runtime.shutdown_timeout(Duration::from_secs(1));
    code
}

async fn drive(options: RunOptions) -> Result<u8, Failure> {
    let features = match &options.features {
        Some(folder) => FeatureSet::from_folder(folder)?,
        None => FeatureSet::built_in()?,
    }
    .of_suites(options.suite != Suite::Conformance, options.suite != Suite::Acceptance)
    .select(&options.only)?;
    letterproof_steps::check(&features)?;
    let specification = options
        .spec
        .as_deref()
        .map(Contract::from_specification)
        .transpose()
        .map_err(|error| Failure::Usage(error.to_string()))?;
    let target = targets::of_run(&options)?;
    if let Some(target) = &target {
        let (tests, conformance) = (features.tests(), features.has_conformance());
        consent::before_changes(target, &tests, conformance, options.yes)?;
    }

    let started = now();
    let run_id = new_run_id(started)?;
    let folder = RunFolder::create(&options.out, &run_id)
        .map_err(|error| Failure::Usage(error.to_string()))?;
    let progress = Progress::start();
    let drive = Drive {
        options: &options,
        features,
        specification,
        started,
        run_id,
        progress: &progress,
    };
    let outcome = drive.record_and_judge(folder, target).await;
    progress.finish();
    let (results, path) = outcome?;
    report(&options, &results, &path);
    Ok(results.exit_code)
}

/// One run between the making of its folder and its results.
struct Drive<'a> {
    options: &'a RunOptions,
    features: FeatureSet,
    /// An official specification in place of the built-in schemas.
    specification: Option<Contract>,
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
    /// `target`: where to go; the double inside this process when there is none.
    async fn record_and_judge(
        self,
        folder: RunFolder,
        target: Option<Target>,
    ) -> Result<(Results, PathBuf), Failure> {
        let embedded = match target {
            None => Some(Embedded::start(self.options).await),
            Some(_) => None,
        };
        let embedded = match embedded.transpose() {
            Ok(embedded) => embedded,
            Err(failure) => return Err(discarded(folder, failure)),
        };
        let recorded = self.record(&folder, embedded.as_ref(), target).await;
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
        target: Option<Target>,
    ) -> Result<(Context, End), Failure> {
        let target = match (target, embedded) {
            (Some(target), _) => target,
            (None, Some(embedded)) => embedded.target(self.options)?,
            (None, None) => return Err(Failure::Harness("there is no target".to_owned())),
        };
        let context = target.context(Mode::Driven);
        let bench = Arc::new(Bench::new(context.clone()));
        let header = JournalHeader::new(self.run_id.clone(), crate::tool(), context.base_url.clone());
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
            prober: Arc::new(Prober::new(self.foreign_letter(embedded))),
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
        // What was recorded is kept, also where the disk refuses to promise more.
        match journal.sync() {
            Ok(()) => Ok((context, end)),
            Err(error) => Ok((context, End::Stopped(error.message))),
        }
    }

    /// A letter of another supplier, to show that this one cannot read or change it.
    fn foreign_letter(&self, embedded: Option<&Embedded>) -> Option<LetterId> {
        let given = self.options.foreign_letter.as_deref().map(LetterId::from);
        given.or_else(|| embedded?.foreign_letter())
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
        let selected: Vec<TestId> = match self.options.suite {
            Suite::Conformance => Vec::new(),
            _ if self.options.only.is_empty() => pack().iter().map(|test| test.id).collect(),
            _ => self.options.only.clone(),
        };
        let contract = match &self.specification {
            Some(contract) => contract,
            None => {
                Contract::built_in().map_err(|error| Failure::Harness(error.to_string()))?
            }
        };
        let judged = judge_all(&journal.recording, context, &selected, contract);
        let conformance = if self.features.has_conformance() {
            judge_conformance(&journal.recording, context, contract)
        } else {
            Vec::new()
        };
        let code = match (&end, exit_code(&judged.tests, &conformance)) {
            (End::Stopped(_), _) => 4,
            // What was not reached may be an unselected rest: the run is incomplete all the same.
            (End::Interrupted, 0) => 3,
            (_, code) => code,
        };
        let results = Results {
            format: RESULTS_FORMAT.to_owned(),
            run: RunInfo {
                id: self.run_id.clone(),
                started: self.started,
                finished: now(),
                tool: crate::tool(),
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
            conformance,
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
