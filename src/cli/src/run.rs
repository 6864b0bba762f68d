//! `letterproof run`: drives the pack against a target, then judges what was recorded.
//!
//! The order is the promise: features are checked and the folder is made before any traffic;
//! everything is recorded; the journal is closed and read back; only then is anything judged.
//! Refuses to leave a folder that looks whole and is not.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use letterproof_client::{
    Beginning, Flow, Gate, Ledger, ProgressEvent, Recalled, Session, SessionOptions, Stamper,
    Supplier, Target,
};
use letterproof_contract::Contract;
use letterproof_evidence::{
    BundleKey, JournalHeader, JournalWriter, RunFolder, new_run_id, read_waivers,
};
use letterproof_model::{
    Brief, Context, LetterId, Mode, Recorder, Results, RunEnd, RunId, Selection, TestId, Timestamp,
    Waiver, Who, now, pack,
};
use letterproof_steps::{Bench, FeatureSet, Prober, Stage, Sweeper};

use crate::args::{OutputFormat, RunOptions, Suite};
use crate::embedded::Embedded;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::ledgers::{Place, forget, heads_kept};
use crate::plan::{Planned, gate};
use crate::progress::{Progress, tell_leftovers};
use crate::resume::{Broken, remember};
use crate::stamping::{self, Bell, Stamping};
use crate::surroundings::environment;
use crate::{consent, finish, out, resume, table, targets, verify};

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
    let format = options.format;
    let (results, path) = driven(options)?;
    report(format, &results, &path)?;
    Ok(results.exit_code)
}

/// Drives what is asked for, on a runtime of its own; returns the results and where they are.
pub(crate) fn driven(options: RunOptions) -> Result<(Results, PathBuf), Failure> {
    let runtime = crate::runtime()?;
    let outcome = runtime.block_on(drive(options));
    // Connections still open must not hold the process.
    runtime.shutdown_timeout(Duration::from_secs(1));
    outcome
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

async fn drive(given: RunOptions) -> Result<(Results, PathBuf), Failure> {
    let broken = given.resume.as_deref().map(Broken::read).transpose()?;
    let options = match &broken {
        Some(broken) => broken.options(given),
        None => given,
    };
    let features = features(&options)?;
    let specification = verify::official(options.spec.as_deref())?;
    let waivers = options.waivers.as_deref().map(read_waivers).transpose()?.unwrap_or_default();
    let sign_key = finish::signing_key(options.sign_key.as_deref())?;
    if let Some(broken) = &broken {
        broken.refuse_other_key(sign_key.as_ref())?;
    }
    let stamper = options.timestamp.as_deref().map(Stamper::at).transpose()?;
    let profile = targets::of_run(&options)?;
    let left = match (&broken, &profile) {
        (Some(broken), Some(profile)) => broken.left_of(&features, &profile.target)?,
        _ => features.clone(),
    };
    let planned = Planned::of(&options, &left)?;
    if broken.is_none() && !options.yes {
        planned.refuse_if_short()?;
    }
    if let Some(profile) = &profile {
        consent::before_changes(&profile.target, &planned.plan, options.yes)?;
    }
    let place = profile.as_ref().map(|profile| Place::of(&options, profile));
    let new_ledger = place.as_ref().filter(|place| !place.is_there());
    let new_ledger = new_ledger.map(|place| place.path.clone());
    let ledger = match profile.as_ref().zip(place) {
        Some((profile, place)) => Some(place.open(profile)?),
        None => None,
    };

    let made = match &broken {
        Some(broken) => broken.reopen(sign_key.as_ref()),
        None => new_folder(&options.out, sign_key.as_ref()),
    };
    let (run_id, started, folder) = made.inspect_err(|_| forget(new_ledger.as_deref()))?;
    tell_leftovers(&folder);
    let progress = Progress::start();
    for words in planned.shortages() {
        progress.note(&format!("too few letters: {words}"));
    }
    let who =
        options.who.or(&profile.as_ref().map(|known| known.target.who.clone()).unwrap_or_default());
    let drive = Drive {
        options: &options,
        who,
        features,
        left,
        specification,
        waivers,
        sign_key,
        stamper,
        started,
        run_id,
        progress: &progress,
        broken,
        planned,
        new_ledger,
        astray: AtomicBool::new(false),
    };
    let target = profile.map(|found| {
        let mut target = found.target;
        target.storage_consent = consent::about_storage(Some(&progress));
        target
    });
    let outcome = drive.record_and_judge(folder, target, ledger).await;
    progress.finish();
    outcome
}

/// The folder of a run that begins now.
fn new_folder(
    out: &Path,
    key: Option<&BundleKey>,
) -> Result<(RunId, Timestamp, RunFolder), Failure> {
    let started = now();
    let run_id = new_run_id(started)?;
    let folder = finish::new_folder(out, &run_id, key)?;
    Ok((run_id, started, folder))
}

/// One run between the making of its folder and its results.
struct Drive<'a> {
    options: &'a RunOptions,
    who: Who,
    features: FeatureSet,
    /// The features that are still to be driven.
    left: FeatureSet,
    /// An official specification in place of the built-in schemas.
    specification: Option<Contract>,
    waivers: Vec<Waiver>,
    /// What signs the bundle.
    sign_key: Option<BundleKey>,
    /// Who stamps journal and manifest.
    stamper: Option<Stamper>,
    started: Timestamp,
    run_id: RunId,
    progress: &'a Progress,
    /// The run that is gone on with.
    broken: Option<Broken>,
    planned: Planned,
    /// The ledger, where this run made it.
    new_ledger: Option<PathBuf>,
    /// Whether something led where nothing may go.
    astray: AtomicBool,
}

impl Drive<'_> {
    /// `target`: where to go; the double inside this process when there is none.
    async fn record_and_judge(
        self,
        folder: RunFolder,
        target: Option<Target>,
        ledger: Option<Ledger>,
    ) -> Result<(Results, PathBuf), Failure> {
        let embedded = match target {
            None => Some(Embedded::start(self.options.into()).await),
            Some(_) => None,
        };
        let embedded = match embedded.transpose() {
            Ok(embedded) => embedded,
            Err(failure) => return Err(self.discarded(folder, failure)),
        };
        let recorded = self.record(&folder, embedded.as_ref(), target, ledger).await;
        if let Some(embedded) = embedded {
            embedded.stop().await;
        }
        match recorded {
            Ok(end) => self.write_up(folder, &end).await,
            // What a run recorded before it broke off is kept, whatever becomes of this attempt.
            Err(failure) if self.broken.is_some() => Err(failure),
            Err(failure) => Err(self.discarded(folder, failure)),
        }
    }

    /// A run that never began leaves nothing behind.
    fn discarded(&self, folder: RunFolder, failure: Failure) -> Failure {
        forget(self.new_ledger.as_deref());
        discarded(folder, failure)
    }

    /// Drives every scenario; returns how that ended, which the journal's last mark tells too.
    async fn record(
        &self,
        folder: &RunFolder,
        embedded: Option<&Embedded>,
        target: Option<Target>,
        ledger: Option<Ledger>,
    ) -> Result<RunEnd, Failure> {
        let interrupt = Interrupt::listen(resume::stopped(folder, self.options));
        let target = match (target, embedded) {
            (Some(target), _) => target,
            (None, Some(embedded)) => embedded.target()?,
            (None, None) => return Err(Failure::Harness("there is no target".to_owned())),
        };
        let context = target.context(Mode::Driven);
        let bench = Arc::new(Bench::new(context.clone()));
        let seen = Arc::clone(&bench);
        let ledger = ledger.unwrap_or_else(|| Ledger::in_memory(&target)).of_run(&self.run_id);
        let bell = Bell::default();
        let heard = bell.clone();
        let journal = Arc::new(
            self.journal(folder, &context, target.deciding(&self.options.only))?
                .with_observer(Box::new(move |exchange| seen.see(exchange)))
                .with_mark_observer(Box::new(move |mark| heard.hear(mark)))
                .with_head_observer(heads_kept(&ledger, &self.run_id)),
        );
        let stamping = self.stamper.clone().map(|stamper| {
            let told = self.progress.clone();
            Stamping::begin(Arc::clone(&journal), stamper, bell, move |text| told.note(text))
        });
        let recorder: Arc<dyn Recorder> = journal.clone();
        if let Some(broken) = &self.broken {
            broken.catch_up(&journal, &bench, &ledger)?;
        }
        // From here on the ledger knows the run.
        journal.sync().map_err(|error| Failure::Harness(error.message))?;
        let session = Session::new(
            target,
            Arc::clone(&recorder),
            SessionOptions {
                nonce: self.options.nonce.clone(),
                keep_pdfs: self.options.keep_pdfs.clone(),
            },
        )?;
        if let Some(behind) = self.broken.as_ref().and_then(|broken| broken.behind) {
            session.assume_clock_behind(behind);
        }
        let told = self.progress.clone();
        let listener = move |event: ProgressEvent| told.doing(&event);
        let refused = Arc::new(AtomicBool::new(false));
        let beginning = self.beginning(&context, &bench, &refused);
        let supplier = Supplier::begin(session.clone(), ledger, Arc::new(listener), beginning);
        let told = self.progress.clone();
        let kept = Arc::clone(&journal);
        let stage = Stage {
            supplier,
            bench: Arc::clone(&bench),
            recorder,
            on_event: Arc::new(move |event| told.scenario(event)),
            on_scenario_end: Arc::new(move || kept.sync()),
            prober: Arc::new(Prober::new(self.foreign_letter(embedded))),
            reseed: embedded.map(|embedded| embedded.reseed()),
            sweeper: Sweeper::of_run(self.run_id.as_str()),
        };
        let driving = async {
            if self.left.scenario_count() == 0 {
                // Broken off while it was swept or judged: all other traffic is there.
                letterproof_steps::sweep(&stage).await;
                return Ok(());
            }
            self.progress.waiting(&format!("waiting for an answer of {}", context.base_url));
            let first = session.preflight(&Flow::supplier(session.nonce())).await?;
            if embedded.is_none() {
                let (plan, agreed) = (&self.planned.plan, self.options.yes);
                self.progress
                    .silent(|| consent::on_this_machine(session.target(), plan, agreed, &first))?;
            }
            if self.broken.is_some() {
                self.progress.note("looking for updates that were being sent");
                stage.supplier.settle().await?;
                // A list that was under way may hide letters that no record tells of.
                stage.supplier.wait_until_listed_letters_show_again().await?;
            }
            letterproof_steps::run(&self.left, &stage).await?;
            Ok::<(), Failure>(())
        };
        let stop = || {
            self.progress.note("stopping; press Ctrl-C again to stop at once");
            bench.stop("the run was asked to stop");
            session.stop();
        };
        let end = match interrupt.unless_pressed(driving, stop).await {
            None => {
                self.progress.cut_off();
                RunEnd::Interrupted
            }
            Some(driven) => {
                driven?;
                let astray = session.led_astray();
                self.astray.store(astray.is_some(), Ordering::SeqCst);
                match bench.stopped() {
                    _ if astray.is_some() => RunEnd::Refused(astray.unwrap_or_default()),
                    None => RunEnd::Whole,
                    Some(reason) if refused.load(Ordering::SeqCst) => RunEnd::Refused(reason),
                    Some(reason) => RunEnd::Stopped(reason),
                }
            }
        };
        session.close().await;
        if let Some(stamping) = stamping {
            stamping.end().await;
        }
        let environment =
            environment(session.target(), Some(&session), self.contract()?, journal.as_ref());
        // What was recorded is kept, also where the disk takes no more.
        let closed = journal.mark(end.mark(now())).and_then(|()| journal.sync());
        let closed = closed.map_err(|error| error.message).and_then(|()| {
            folder.write_environment(&environment).map_err(|error| error.to_string())
        });
        Ok(match closed {
            Ok(()) => end,
            Err(reason) => RunEnd::Stopped(reason),
        })
    }

    /// The run's journal: a new one, or the one it had when it broke off.
    fn journal(
        &self,
        folder: &RunFolder,
        context: &Context,
        deciding: Vec<TestId>,
    ) -> Result<JournalWriter, Failure> {
        let Some(_) = &self.broken else {
            let (run_id, brief) = (self.run_id.clone(), self.brief(context, deciding)?);
            let header = JournalHeader::briefed(run_id, self.started, crate::tool(), brief);
            let journal = JournalWriter::create(&folder.journal_path(), &header)?;
            remember(folder, self.options)?;
            return Ok(journal);
        };
        Ok(JournalWriter::resume(&folder.journal_path())?)
    }

    /// Where the supplier begins: at the run's start, with the lists it was working off.
    fn beginning(
        &self,
        context: &Context,
        bench: &Arc<Bench>,
        refused: &Arc<AtomicBool>,
    ) -> Beginning {
        let Some(broken) = &self.broken else {
            let guarded = self.planned.is_guarded() && !self.options.yes;
            let (bench, refused) = (Arc::clone(bench), Arc::clone(refused));
            let gate: Option<Gate> = guarded.then(|| {
                gate(self.left.clone(), self.planned.outlook.clone(), move |reason| {
                    refused.store(true, Ordering::SeqCst);
                    bench.stop(reason);
                })
            });
            return Beginning { since: self.started, gate, recalled: Recalled::default() };
        };
        let recording = &broken.journal.recording;
        let recalled = Recalled::from_journal(recording, &context.base_url, &broken.broken_off);
        Beginning { since: self.started, gate: None, recalled }
    }

    /// A letter of another supplier, to show that this one cannot read or change it.
    fn foreign_letter(&self, embedded: Option<&Embedded>) -> Option<LetterId> {
        let given = self.options.foreign_letter.as_deref().map(LetterId::from);
        given.or_else(|| embedded?.foreign_letter())
    }

    /// What this run is asked to show.
    fn brief(&self, context: &Context, deciding: Vec<TestId>) -> Result<Brief, Failure> {
        let tests = match self.options.suite {
            Suite::Conformance => Vec::new(),
            _ if self.options.only.is_empty() => pack().iter().map(|test| test.id).collect(),
            _ => self.options.only.clone(),
        };
        let selection = Selection { tests, conformance: self.features.has_conformance() };
        Ok(Brief {
            window: self.options.window,
            nonce: self.options.nonce.clone(),
            who: self.who.clone(),
            waivers: self.waivers.clone(),
            specification: self.contract()?.specification().map(str::to_owned),
            deciding,
            strict: self.options.strict.map(Into::into),
            ..Brief::new(selection, context.clone())
        })
    }

    /// The contract that bodies are held against.
    fn contract(&self) -> Result<&Contract, Failure> {
        match &self.specification {
            Some(contract) => Ok(contract),
            None => verify::built_in(),
        }
    }

    /// Judges the journal as it lies on disk and writes the rest of the folder.
    async fn write_up(
        &self,
        folder: RunFolder,
        end: &RunEnd,
    ) -> Result<(Results, PathBuf), Failure> {
        self.progress.note("judging what was recorded");
        let places = (folder.path().to_owned(), folder.finished_path().to_owned());
        self.conclude(folder, end).await.map_err(|failure| {
            let (under_way, whole) = &places;
            // One that is whole lacks only its zip.
            let (kept, key) = match whole.exists() {
                true => (whole.display(), String::new()),
                false => (under_way.display(), finish::same_key(self.options.sign_key.as_deref())),
            };
            Failure::Harness(format!(
                "{failure}; what was recorded is in {kept}, and `letterproof report {kept}{key}` \
                 makes its bundle"
            ))
        })
    }

    async fn conclude(
        &self,
        folder: RunFolder,
        end: &RunEnd,
    ) -> Result<(Results, PathBuf), Failure> {
        let mut bundle = finish::write_up(&folder, self.contract()?, self.sign_key.as_ref())?;
        let path = match end {
            RunEnd::Stopped(reason) => {
                // Also where not even the journal's last mark could be written.
                bundle.results.exit_code = 4;
                let kept = folder.path().to_owned();
                self.progress.note(&format!(
                    "the run stopped: {reason}; what was recorded is in {}",
                    kept.display()
                ));
                kept
            }
            RunEnd::Refused(reason) => {
                let kept = folder.path().to_owned();
                let key = finish::same_key(self.options.sign_key.as_deref());
                let shown = format!("{}{key}", kept.display());
                self.progress.note(&match self.astray.load(Ordering::SeqCst) {
                    true => format!(
                        "stopped, and nothing was sent where a link led: {reason}; then continue with \
                         `letterproof run --resume {shown}`"
                    ),
                    false => format!(
                        "stopped before the first update: {reason}; continue with `letterproof run \
                         --resume {shown}` when there are enough letters"
                    ),
                });
                kept
            }
            RunEnd::Interrupted => {
                self.progress.note(&resume::stopped(&folder, self.options));
                folder.path().to_owned()
            }
            RunEnd::Whole | RunEnd::Missed(_) => {
                let (key, stamper) = (self.sign_key.as_ref(), self.stamper.as_ref());
                stamping::close(folder, key, stamper, self.progress).await?
            }
        };
        Ok((bundle.results, path))
    }
}

/// A run that never began leaves no folder behind.
pub(crate) fn discarded(folder: RunFolder, failure: Failure) -> Failure {
    match folder.discard() {
        Ok(()) => failure,
        Err(error) => Failure::Harness(format!("{failure}; and {error}")),
    }
}

/// Prints the results.
pub(crate) fn report(format: OutputFormat, results: &Results, path: &Path) -> Result<(), Failure> {
    out::annotate(table::failures(results));
    match format {
        OutputFormat::Json => out::json(results),
        OutputFormat::Table => out::print(&table::render(results, path, out::takes_colour())),
    }
}
