//! One load, from its announcement to its results: its records and what became of its thresholds, as
//! evidence like that of a run.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use letterproof_client::{ClientError, Stamper, Target};
use letterproof_contract::Contract;
use letterproof_evidence::{
    BundleKey, JournalHeader, JournalWriter, PERFORMANCE_FOLDER, RunFolder, new_run_id,
    read_journal,
};
use letterproof_load::{
    Agree, At15Run, AttackPlan, Ended, LoadError, LoadOutcome, RunOptions, StopHandle,
};
use letterproof_model::{
    Brief, Context, Journal as _, Mark, Mode, Performance, Recorder, Results, RunEnd, Selection,
    ToolInfo, Verdict, Who, now,
};
use tokio::task::JoinHandle;

use crate::folder::{begin_journal, discarded, environment, new_folder, same_key, write_up};
use crate::stamping::{Bell, Stamping, close_stamped};
use crate::told::{Failure, Onlooker};

/// Above so many requests the rows alone are the record: a journal would grow by gigabytes.
const JOURNALLED: u64 = 50_000;

/// A load that was announced and agreed to.
pub struct Load {
    /// Which build this is.
    pub tool: ToolInfo,
    /// Where its folder is made.
    pub out: PathBuf,
    /// The reviewer's nonce.
    pub nonce: Option<String>,
    /// Who stands behind it.
    pub who: Who,
    /// What signs the bundle, and the file it is in.
    pub sign_key: Option<BundleKey>,
    /// See [`Self::sign_key`].
    pub sign_key_file: Option<PathBuf>,
    /// Who stamps journal and manifest.
    pub stamper: Option<Stamper>,
    /// What is sent.
    pub plan: Box<AttackPlan>,
    /// Where it goes.
    pub target: Target,
    /// Asks once the target has answered.
    pub agree: Agree,
    /// Who is told how it goes.
    pub onlooker: Arc<dyn Onlooker>,
}

impl Load {
    /// Makes the folder, runs the load and judges what was recorded; returns what came of it, the results
    /// and where they are. `leftovers` is told what killed runs left, `listen` stops the load when asked.
    ///
    /// # Errors
    /// When the load cannot begin, or its evidence not be written.
    pub async fn record(
        &self,
        contract: &Contract,
        leftovers: impl FnOnce(&RunFolder),
        listen: impl FnOnce(StopHandle) -> JoinHandle<()>,
    ) -> Result<(LoadOutcome, Results, PathBuf), Failure> {
        let started = now();
        let run_id = new_run_id(started)?;
        let folder = new_folder(&self.out, &run_id, self.sign_key.as_ref())?;
        leftovers(&folder);
        let brief = self.brief(self.target.context(Mode::Driven));
        let header = JournalHeader::briefed(run_id, started, self.tool.clone(), brief);
        let journal = Arc::new(begin_journal(&folder.journal_path(), &header)?);
        let stamping = self.stamper.clone().map(|stamper| {
            let told = Arc::clone(&self.onlooker);
            let journal = Arc::clone(&journal);
            Stamping::begin_now(journal, stamper, Bell::default(), move |text| told.note(text))
        });
        let outcome = self.run(&folder, &journal, listen).await;
        if let Some(stamping) = stamping {
            stamping.end().await;
        }
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(error) => {
                drop(journal);
                return Err(self.given_up(folder, error));
            }
        };
        let harness = |error: letterproof_model::RecordError| Failure::Harness(error.message);
        journal.mark(end(&outcome).mark(now())).map_err(harness)?;
        journal.sync().map_err(harness)?;
        let environment = environment(&self.tool, &self.target, None, contract, journal.as_ref());
        drop(journal);
        folder.write_environment(&environment)?;
        let bundle = write_up(&folder, contract, self.sign_key.as_ref())?;
        let (key, stamper) = (self.sign_key.as_ref(), self.stamper.as_ref());
        let path = close_stamped(folder, key, stamper, self.onlooker.as_ref()).await?;
        Ok((outcome, bundle.results, path))
    }

    fn brief(&self, context: Context) -> Brief {
        let nothing = Selection { tests: Vec::new(), conformance: false };
        let (nonce, who) = (self.nonce.clone(), self.who.clone());
        Brief { nonce, who, ..Brief::new(nothing, context) }
    }

    async fn run(
        &self,
        folder: &RunFolder,
        journal: &Arc<JournalWriter>,
        listen: impl FnOnce(StopHandle) -> JoinHandle<()>,
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
        let told = Arc::clone(&self.onlooker);
        self.onlooker.waiting(&format!("waiting for an answer of {}", self.target.base_url));
        let listening = listen(stop.clone());
        let name = &self.plan.profile().name;
        let outcome = self
            .plan
            .run(RunOptions {
                folder: folder.path().join(PERFORMANCE_FOLDER).join(name),
                recorder: journalled.then(|| Arc::clone(journal) as Arc<dyn Recorder>),
                nonce: self.nonce.clone(),
                stop,
                progress: Arc::new(move |state| told.load(state)),
                agree: Arc::clone(&self.agree),
            })
            .await;
        listening.abort();
        Ok(outcome?)
    }

    /// A load that never began leaves no folder behind; what one recorded is kept.
    fn given_up(&self, folder: RunFolder, failure: Failure) -> Failure {
        let recorded = read_journal(&folder.journal_path())
            .is_ok_and(|journal| !journal.recording.exchanges().is_empty())
            || folder.path().join(PERFORMANCE_FOLDER).exists();
        let not_agreed = matches!(failure, Failure::Load(LoadError::NotAgreed(_)));
        if !recorded || not_agreed {
            return discarded(folder, failure);
        }
        let kept = folder.path().display();
        let key = same_key(self.sign_key_file.as_deref());
        let text = format!(
            "{failure}; what was recorded is in {kept}, and `letterproof report {kept}{key}` makes its \
             bundle"
        );
        match failure {
            Failure::Load(LoadError::Client(ClientError::Misled { .. })) => Failure::Usage(text),
            _ => Failure::Harness(text),
        }
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

/// The flows of AT15, as its judge measured them.
#[must_use]
pub fn at15_runs(results: &Results) -> Vec<At15Run> {
    results.performance.iter().map(|flow| flow_of(flow, results)).collect()
}

/// One flow of AT15, as its judge measured it.
fn flow_of(flow: &Performance, results: &Results) -> At15Run {
    let figure = |name: &str| flow.figures.get(name).copied().unwrap_or_default();
    let millis = |name: &str| Duration::from_secs_f64((figure(name) / 1000.0).max(0.0));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole counts")]
    let count = |name: &str| figure(name) as u64;
    let checks = results.tests.iter().flat_map(|test| test.checks());
    let incomplete = checks
        .filter(|check| ["AT15.3", "AT15.4"].contains(&check.id.as_str()))
        .filter(|check| check.verdict == Verdict::Fail)
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
