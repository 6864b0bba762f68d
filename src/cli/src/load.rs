//! `letterproof load`: a load profile against a target, its records and what became of its
//! thresholds, as evidence like that of a run.
//! Refuses production, and to begin before what it uses up was told.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use letterproof_client::{ClientError, Profile, Stamper, Target};
use letterproof_evidence::{
    BundleKey, JournalHeader, JournalWriter, PERFORMANCE_FOLDER, RunFolder, new_run_id,
    read_journal,
};
use letterproof_load::{
    At15Plan, At15Run, AttackPlan, Checked, Ended, LoadError, LoadOutcome, LoadPlan, LoadProfile,
    RunOptions, StopHandle, claim_process_hooks,
};
use letterproof_mock::{DEFAULT_QUEUE_LAG, Mix};
use letterproof_model::{
    Brief, Context, Exchange, Journal as _, Mark, Mode, Recorder, Results, RunEnd, Selection, now,
};

use crate::args::{LoadOptions, OutputFormat, RunOptions as DriveOptions};
use crate::embedded::{Double, Embedded};
use crate::failure::Failure;
use crate::interrupt::{NextPress, next_press, press_after_that};
use crate::ledgers::Place;
use crate::out::{self, Text};
use crate::progress::{Progress, tell_leftovers};
use crate::stamping::{self, Bell, Stamping};
use crate::surroundings::environment;
use crate::{consent, finish, run, targets, verify};

/// Above so many requests the rows alone are the record: a journal would grow by gigabytes.
const JOURNALLED: u64 = 50_000;
/// How long the embedded double hides a listed letter, and how long it takes to apply an update.
const DOUBLE_TIMES: (Duration, Duration) = (Duration::from_secs(2), Duration::from_millis(500));

/// Runs a load profile; returns the exit code.
pub(crate) fn load(options: &LoadOptions) -> Result<u8, Failure> {
    let mut profile = LoadProfile::resolve(&options.profile)?;
    if let Some(rate) = options.rate {
        profile = profile.with_rate(rate)?;
    }
    if let Some(duration) = options.duration {
        profile = profile.with_duration(duration)?;
    }
    let target = match targets::is_embedded(&options.target, options.base_url.as_deref()) {
        true => None,
        false => {
            let base = options.base_url.as_deref();
            Some(targets::resolve(&options.target, base, &options.storage)?)
        }
    };
    let double = double(options);
    let planned = match &target {
        Some(found) => found.target.clone(),
        None => Embedded::planned(&double)?,
    };
    match profile.plan(&planned)? {
        LoadPlan::At15(plan) => at15(options, &plan),
        LoadPlan::Attack(_) => {
            refuse_what_does_not_apply(options)?;
            // Before the runtime's own handler of Ctrl-C, which must come second.
            claim_process_hooks();
            let runtime = crate::runtime()?;
            let code = runtime.block_on(attack(options, &profile, target, double));
            runtime.shutdown_timeout(Duration::from_secs(1));
            code
        }
    }
}

/// Options that mean nothing to a load of this crate's own; AT15 is driven by `run`, which looks at
/// its options itself.
fn refuse_what_does_not_apply(options: &LoadOptions) -> Result<(), Failure> {
    targets::refuse(&[("--keep-pdfs", options.keep_pdfs.is_some())], |name| {
        format!("{name} is for the profile at15; leave it out")
    })?;
    if !targets::is_embedded(&options.target, options.base_url.as_deref()) {
        return targets::refuse(&[("--letters", options.letters.is_some())], |name| {
            format!("{name} is for the embedded mock, which this load does not use; leave it out")
        });
    }
    let given = [
        ("--ledger", options.ledger.is_some()),
        ("--yes-storage", !options.storage.yes_storage.is_empty()),
    ];
    targets::refuse(&given, |names| {
        format!("{names} is for a target that outlives the load; leave it out")
    })
}

fn double(options: &LoadOptions) -> Double {
    let (visibility_timeout, apply_delay) = DOUBLE_TIMES;
    Double {
        letters: options.letters,
        mix: Mix::DEFAULT,
        seed: 1,
        visibility_timeout,
        apply_delay,
        queue_lag: DEFAULT_QUEUE_LAG,
        faults: vec![],
    }
}

/// AT15 as `run` drives it, and the profile's thresholds on what that measured.
fn at15(options: &LoadOptions, plan: &At15Plan) -> Result<u8, Failure> {
    let (results, path) = run::driven(DriveOptions::for_at15(options)?)?;
    let runs: Vec<At15Run> =
        results.performance.iter().map(|flow| flow_of(flow, &results)).collect();
    let checked = plan.check(&runs);
    match options.format {
        OutputFormat::Json => out::json(&results)?,
        OutputFormat::Table => {
            run::report(OutputFormat::Table, &results, &path)?;
            out::print(&thresholds(&checked))?;
        }
    }
    let broken = checked.iter().any(|threshold| !threshold.kept);
    Ok(results.exit_code.max(u8::from(broken)))
}

/// One flow of AT15, as its judge measured it.
fn flow_of(flow: &letterproof_model::Performance, results: &Results) -> At15Run {
    let figure = |name: &str| flow.figures.get(name).copied().unwrap_or_default();
    let millis = |name: &str| Duration::from_secs_f64((figure(name) / 1000.0).max(0.0));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole counts")]
    let count = |name: &str| figure(name) as u64;
    let checks = results.tests.iter().flat_map(|test| test.checks());
    let incomplete = checks
        .filter(|check| ["AT15.3", "AT15.4"].contains(&check.id.as_str()))
        .filter(|check| check.verdict == letterproof_model::Verdict::Fail)
        .map(|check| check.letters.len().max(1) as u64)
        .sum();
    At15Run {
        elapsed: millis("elapsed_ms"),
        floor: millis("floor_ms"),
        letters: count("letters"),
        incomplete,
        throttled: count("refused_429"),
    }
}

async fn attack(
    options: &LoadOptions,
    profile: &LoadProfile,
    target: Option<Profile>,
    double: Double,
) -> Result<u8, Failure> {
    let key = finish::signing_key(options.sign_key.as_deref())?;
    let stamper = options.timestamp.as_deref().map(Stamper::at).transpose()?;
    let embedded = match &target {
        None => Some(Embedded::start(double).await?),
        Some(_) => None,
    };
    let mut found = match (&target, &embedded) {
        (Some(found), _) => found.target.clone(),
        (None, Some(embedded)) => embedded.target()?,
        (None, None) => return Err(Failure::Harness("there is no target".to_owned())),
    };
    let plan = profile.plan(&found)?;
    let announced = plan.announcement();
    let LoadPlan::Attack(plan) = plan else {
        return Err(Failure::Harness("the profile changed its shape".to_owned()));
    };
    consent::before_load(&found, announced.clone(), options.yes)?;
    let is_own = embedded.is_some();
    let progress = Progress::start();
    announced.iter().for_each(|line| progress.note(line));
    found.storage_consent = consent::about_storage(Some(&progress));
    let load = Load { options, key, stamper, plan, target: found, announced, is_own };
    let ended = load.record(&progress).await;
    progress.finish();
    if let Some(embedded) = embedded {
        embedded.stop().await;
    }
    let (outcome, results, path) = ended?;
    if let Some(profile) = &target {
        Place::under(options.ledger.as_deref(), &options.out, profile).learn(profile, &path)?;
    }
    if let Ended::Refused { problem } = &outcome.ended {
        progress.note(problem);
    }
    match options.format {
        OutputFormat::Json => out::json(&results)?,
        OutputFormat::Table => out::print(&text(&outcome, &path))?,
    }
    Ok(outcome.exit_code())
}

/// A load between its announcement and its results.
struct Load<'a> {
    options: &'a LoadOptions,
    key: Option<BundleKey>,
    /// Who stamps journal and manifest.
    stamper: Option<Stamper>,
    plan: Box<AttackPlan>,
    target: Target,
    /// What it uses up, in words.
    announced: Vec<String>,
    /// Whether the target is the mock inside this process.
    is_own: bool,
}

impl Load<'_> {
    async fn record(
        &self,
        progress: &Progress,
    ) -> Result<(LoadOutcome, Results, PathBuf), Failure> {
        let (started, contract) = (now(), verify::built_in()?);
        let run_id = new_run_id(started)?;
        let folder = finish::new_folder(&self.options.out, &run_id, self.key.as_ref())?;
        tell_leftovers(&folder);
        let context = self.target.context(Mode::Driven);
        let header = JournalHeader::briefed(run_id, started, crate::tool(), self.brief(context));
        let journal = Arc::new(JournalWriter::create(&folder.journal_path(), &header)?);
        let stamping = self.stamper.clone().map(|stamper| {
            let told = progress.clone();
            let journal = Arc::clone(&journal);
            Stamping::begin_now(journal, stamper, Bell::default(), move |text| told.note(text))
        });
        let outcome = self.run(&folder, &journal, progress).await;
        if let Some(stamping) = stamping {
            stamping.end().await;
        }
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(error) => {
                drop(journal);
                return Err(given_up(folder, self.options, error));
            }
        };
        let harness = |error: letterproof_model::RecordError| Failure::Harness(error.message);
        journal.mark(end(&outcome).mark(now())).map_err(harness)?;
        journal.sync().map_err(harness)?;
        let environment = environment(&self.target, None, contract, journal.as_ref());
        drop(journal);
        folder.write_environment(&environment)?;
        let bundle = finish::write_up(&folder, contract, self.key.as_ref())?;
        let (key, stamper) = (self.key.as_ref(), self.stamper.as_ref());
        let path = stamping::close(folder, key, stamper, progress).await?;
        Ok((outcome, bundle.results, path))
    }

    fn brief(&self, context: Context) -> Brief {
        let nothing = Selection { tests: Vec::new(), conformance: false };
        let (nonce, who) = (self.options.nonce.clone(), self.options.who.or(&self.target.who));
        Brief { nonce, who, ..Brief::new(nothing, context) }
    }

    async fn run(
        &self,
        folder: &RunFolder,
        journal: &Arc<JournalWriter>,
        progress: &Progress,
    ) -> Result<LoadOutcome, Failure> {
        let journalled = self.plan.schedule().count() <= JOURNALLED;
        if !journalled {
            let text = "The rows in performance/ are the record of this load: it is too long for \
                        a journal.";
            journal
                .mark(Mark::note(now(), text))
                .map_err(|error| Failure::Harness(error.message))?;
        }
        let stop = StopHandle::new();
        let (told, asking) = (progress.clone(), progress.clone());
        let asked = !self.options.yes && !self.is_own;
        let (target, announced) = (self.target.clone(), self.announced.clone());
        let agree = move |first: &Exchange| match asked {
            true => asking.silent(|| consent::load_on_this_machine(&target, &announced, first)),
            false => Ok(()),
        };
        progress.waiting(&format!("waiting for an answer of {}", self.target.base_url));
        let listening = tokio::spawn(stop_on_ctrl_c(next_press(), stop.clone(), progress.clone()));
        let name = &self.plan.profile().name;
        let outcome = self
            .plan
            .run(RunOptions {
                folder: folder.path().join(PERFORMANCE_FOLDER).join(name),
                recorder: journalled.then(|| Arc::clone(journal) as Arc<dyn Recorder>),
                nonce: self.options.nonce.clone(),
                stop,
                progress: Arc::new(move |state| told.load(state)),
                agree: Arc::new(agree),
            })
            .await;
        listening.abort();
        Ok(outcome?)
    }
}

/// A load that never began leaves no folder behind; what one recorded is kept.
fn given_up(folder: RunFolder, options: &LoadOptions, failure: Failure) -> Failure {
    let recorded = read_journal(&folder.journal_path())
        .is_ok_and(|journal| !journal.recording.exchanges().is_empty())
        || folder.path().join(PERFORMANCE_FOLDER).exists();
    let not_agreed = matches!(failure, Failure::Load(LoadError::NotAgreed(_)));
    if !recorded || not_agreed {
        return run::discarded(folder, failure);
    }
    let kept = folder.path().display();
    let key = finish::same_key(options.sign_key.as_deref());
    let text = format!(
        "{failure}; what was recorded is in {kept}, and `letterproof report {kept}{key}` makes its \
         bundle"
    );
    match failure {
        Failure::Load(LoadError::Client(ClientError::Misled { .. })) => Failure::Usage(text),
        _ => Failure::Harness(text),
    }
}

/// Ctrl-C once: nothing more is sent; twice: what is under way is cut off.
async fn stop_on_ctrl_c(mut press: NextPress, stop: StopHandle, progress: Progress) {
    while press.await.is_ok() {
        press = press_after_that();
        progress.note("stopping; press Ctrl-C again to stop at once");
        stop.stop();
    }
}

/// What the end of a load means for the run that holds it.
fn end(outcome: &LoadOutcome) -> RunEnd {
    let broken: Vec<&str> = outcome
        .thresholds
        .iter()
        .filter(|threshold| !threshold.kept)
        .map(|threshold| threshold.name.as_str())
        .collect();
    match &outcome.ended {
        Ended::Failed { problem } => RunEnd::Stopped(problem.clone()),
        Ended::Refused { problem } => RunEnd::Refused(problem.clone()),
        _ if !broken.is_empty() => RunEnd::Missed(broken.join(", ")),
        Ended::Stopped | Ended::TargetLost => RunEnd::Interrupted,
        Ended::Completed | Ended::LimitFound => RunEnd::Whole,
    }
}

fn text(outcome: &LoadOutcome, path: &Path) -> Text {
    let mut table = out::table(["figure", "value"]);
    for (name, value) in &outcome.performance.figures {
        table.row([name.clone(), figure(*value)]);
    }
    let mut text = Text::default();
    text.table(&table);
    text.append(&thresholds(&outcome.thresholds));
    text.gap();
    text.line(format_args!("evidence  {}", path.display()));
    text
}

/// A figure with as many places as it needs.
fn figure(value: f64) -> String {
    if value.fract().abs() < f64::EPSILON { format!("{value:.0}") } else { format!("{value:.3}") }
}

fn thresholds(checked: &[Checked]) -> Text {
    let mut table = out::table(["threshold", "", "expected", "observed"]);
    for threshold in checked {
        let word = if threshold.kept { "kept" } else { "BROKEN" };
        table.row([&threshold.name, word, &threshold.expected, &threshold.observed]);
    }
    let mut text = Text::default();
    text.gap();
    text.table(&table);
    text
}
