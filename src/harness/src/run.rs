//! One run, from its folder to its results: every scenario is driven, everything is recorded, the journal
//! is closed and read back; only then is anything judged.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use letterproof_client::{Flow, Ledger, Session, SessionOptions, Stamper, Target};
use letterproof_contract::Contract;
use letterproof_evidence::{BundleKey, JournalHeader, JournalWriter, RunFolder, new_run_id};
use letterproof_model::{
    Brief, Context, Exchange, LetterId, Mode, Recorder, Results, RunEnd, RunId, Selection, Strict,
    TestId, Timestamp, ToolInfo, Waiver, Who, now, pack,
};
use letterproof_reference_supplier::{Beginning, Gate, ProgressEvent, Recalled, Supplier};
use letterproof_steps::{Bench, FeatureSet, Prober, Stage, Sweeper};

use crate::embedded::{Embedded, MockSettings};
use crate::folder::{
    begin_journal, built_in, discarded, environment, new_folder, resume_journal, same_key, write_up,
};
use crate::ledgers::{forget, heads_kept};
use crate::planned::{Planned, gate};
use crate::resume::{Asked, Broken, Suite};
use crate::stamping::{Bell, Stamping, close_stamped};
use crate::told::{Failure, Onlooker, unless_asked};

/// Asks whether a target may be changed, given its first answer.
pub type Agree<'a> = dyn Fn(&Target, &Exchange) -> Result<(), Failure> + Send + Sync + 'a;

/// A run that is about to begin.
pub struct Run<'a> {
    /// Which build this is.
    pub tool: ToolInfo,
    /// What it is asked for.
    pub asked: Asked,
    /// How its own mock is to be, where it goes to one.
    pub mock: MockSettings,
    /// Where the letters that AT15 downloads are kept.
    pub keep_pdfs: Option<PathBuf>,
    /// What decides the exit code beside the verdicts.
    pub strict: Option<Strict>,
    /// Who stands behind it.
    pub who: Who,
    /// Whether its use of letters was agreed to beforehand.
    pub yes: bool,
    /// All its features.
    pub features: FeatureSet,
    /// The features that are still to be driven.
    pub left: FeatureSet,
    /// An official specification in place of the built-in schemas.
    pub specification: Option<Contract>,
    /// The agreed exceptions.
    pub waivers: Vec<Waiver>,
    /// What signs the bundle, and the file it is in.
    pub sign_key: Option<BundleKey>,
    /// See [`Self::sign_key`].
    pub sign_key_file: Option<PathBuf>,
    /// Who stamps journal and manifest.
    pub stamper: Option<Stamper>,
    /// The run that is continued.
    pub broken: Option<Broken>,
    /// What it would call, change and use up.
    pub planned: Planned,
    /// The ledger, where this run made it.
    pub new_ledger: Option<PathBuf>,
    /// Asks once a target on this machine has answered.
    pub agree: &'a Agree<'a>,
    /// Who is told how it goes.
    pub onlooker: Arc<dyn Onlooker>,
}

/// The folder of a run, and since when it goes on.
pub struct Place {
    run_id: RunId,
    started: Timestamp,
    /// The folder.
    pub folder: RunFolder,
}

impl Place {
    /// Makes the folder of a run that begins now, or opens that of one that is continued.
    ///
    /// # Errors
    /// When it cannot be made or opened.
    pub fn of(
        broken: Option<&Broken>,
        out: &Path,
        key: Option<&BundleKey>,
    ) -> Result<Self, Failure> {
        if let Some(broken) = broken {
            let (run_id, started, folder) = broken.reopen(key)?;
            return Ok(Self { run_id, started, folder });
        }
        let started = now();
        let run_id = new_run_id(started)?;
        let folder = new_folder(out, &run_id, key)?;
        Ok(Self { run_id, started, folder })
    }
}

/// How driving ended.
struct Driven {
    end: RunEnd,
    /// Whether something led where nothing may go.
    astray: bool,
}

impl Run<'_> {
    /// Drives it at `target`, or at the mock inside this process where there is none; returns the results
    /// and where they are. A run that never began leaves nothing behind.
    ///
    /// # Errors
    /// When it cannot begin, or its evidence not be written.
    pub async fn drive(
        self,
        place: Place,
        target: Option<Target>,
        ledger: Option<Ledger>,
    ) -> Result<(Results, PathBuf), Failure> {
        let embedded = match target {
            None => Some(Embedded::start(self.mock.clone()).await),
            Some(_) => None,
        };
        let embedded = match embedded.transpose() {
            Ok(embedded) => embedded,
            Err(failure) => return Err(self.discarded(place, failure)),
        };
        let recorded = self.record(&place, embedded.as_ref(), target, ledger).await;
        if let Some(embedded) = embedded {
            embedded.stop().await;
        }
        match recorded {
            Ok(driven) => self.write_up(place.folder, &driven).await,
            // What a run recorded before it was interrupted is kept, whatever becomes of this attempt.
            Err(failure) if self.broken.is_some() => Err(failure),
            Err(failure) => Err(self.discarded(place, failure)),
        }
    }

    fn discarded(&self, place: Place, failure: Failure) -> Failure {
        forget(self.new_ledger.as_deref());
        discarded(place.folder, failure)
    }

    /// Drives every scenario; returns how that ended, which the journal's last mark tells too.
    async fn record(
        &self,
        place: &Place,
        embedded: Option<&Embedded>,
        target: Option<Target>,
        ledger: Option<Ledger>,
    ) -> Result<Driven, Failure> {
        let folder = &place.folder;
        let words = self.asked.stopped(folder, self.sign_key_file.as_deref());
        let asked_to_stop = self.onlooker.stop_request(words);
        let target = match (target, embedded) {
            (Some(target), _) => target,
            (None, Some(embedded)) => embedded.target()?,
            (None, None) => return Err(Failure::Harness("there is no target".to_owned())),
        };
        let context = target.context(Mode::Driven);
        let bench = Arc::new(Bench::new(context.clone()));
        let seen = Arc::clone(&bench);
        let ledger = ledger.unwrap_or_else(|| Ledger::in_memory(&target)).of_run(&place.run_id);
        let bell = Bell::default();
        let heard = bell.clone();
        let journal = Arc::new(
            self.journal(place, &context, target.deciding(&self.asked.only))?
                .with_observer(Box::new(move |exchange| seen.see(exchange)))
                .with_mark_observer(Box::new(move |mark| heard.hear(mark)))
                .with_head_observer(heads_kept(&ledger, &place.run_id)),
        );
        let stamping = self.stamper.clone().map(|stamper| {
            let told = Arc::clone(&self.onlooker);
            Stamping::begin(Arc::clone(&journal), stamper, bell, move |text| told.note(text))
        });
        let recorder: Arc<dyn Recorder> = journal.clone();
        if let Some(broken) = &self.broken {
            broken.catch_up(&journal, &bench, &ledger)?;
        }
        // From here on the ledger knows the run.
        journal.sync().map_err(|error| Failure::Harness(error.message))?;
        let options =
            SessionOptions { nonce: self.asked.nonce.clone(), keep_pdfs: self.keep_pdfs.clone() };
        let session = Session::new(target, Arc::clone(&recorder), options)?;
        if let Some(behind) = self.broken.as_ref().and_then(|broken| broken.behind) {
            session.assume_clock_behind(behind);
        }
        let told = Arc::clone(&self.onlooker);
        let listener = move |event: ProgressEvent| told.doing(&event);
        let refused = Arc::new(AtomicBool::new(false));
        let beginning = self.beginning(place.started, &context, &bench, &refused);
        let supplier = Supplier::begin(session.clone(), ledger, Arc::new(listener), beginning);
        let told = Arc::clone(&self.onlooker);
        let kept = Arc::clone(&journal);
        let stage = Stage {
            supplier,
            bench: Arc::clone(&bench),
            recorder,
            on_event: Arc::new(move |event| told.scenario(event)),
            on_scenario_end: Arc::new(move || kept.sync()),
            prober: Arc::new(Prober::new(self.foreign_letter(embedded))),
            reseed: embedded.map(Embedded::reseed),
            sweeper: Sweeper::of_run(place.run_id.as_str()),
        };
        let driving = self.scenarios(&stage, &session, &context, embedded.is_some());
        let stop = || {
            self.onlooker.note("stopping; press Ctrl-C again to stop at once");
            bench.stop("the run was asked to stop");
            session.stop();
        };
        let driven = match unless_asked(asked_to_stop, driving, stop).await {
            None => {
                self.onlooker.cut_off();
                Driven { end: RunEnd::Interrupted, astray: false }
            }
            Some(driven) => {
                driven?;
                let astray = session.led_astray();
                let is_astray = astray.is_some();
                let end = match (astray, bench.stopped()) {
                    (Some(reason), _) => RunEnd::Refused(reason),
                    (None, None) => RunEnd::Whole,
                    (None, Some(reason)) if refused.load(Ordering::SeqCst) => {
                        RunEnd::Refused(reason)
                    }
                    (None, Some(reason)) => RunEnd::Stopped(reason),
                };
                Driven { end, astray: is_astray }
            }
        };
        session.close().await;
        if let Some(stamping) = stamping {
            stamping.end().await;
        }
        let (target, contract) = (session.target(), self.contract()?);
        let environment =
            environment(&self.tool, target, Some(&session), contract, journal.as_ref());
        // What was recorded is kept, also where the disk takes no more.
        let closed = journal.mark(driven.end.mark(now())).and_then(|()| journal.sync());
        let closed = closed.map_err(|error| error.message).and_then(|()| {
            folder.write_environment(&environment).map_err(|error| error.to_string())
        });
        Ok(match closed {
            Ok(()) => driven,
            Err(reason) => Driven { end: RunEnd::Stopped(reason), ..driven },
        })
    }

    /// Runs the scenarios that are left, once the target has answered and may be changed.
    async fn scenarios(
        &self,
        stage: &Stage,
        session: &Session,
        context: &Context,
        is_own: bool,
    ) -> Result<(), Failure> {
        if self.left.scenario_count() == 0 {
            // Interrupted while it was swept or judged: all other traffic is there.
            letterproof_steps::sweep(stage).await;
            return Ok(());
        }
        self.onlooker.waiting(&format!("waiting for an answer of {}", context.base_url));
        let first = session.preflight(&Flow::supplier(session.nonce())).await?;
        if !is_own {
            (self.agree)(session.target(), &first)?;
        }
        if self.broken.is_some() {
            self.onlooker.note("looking for updates that were being sent");
            stage.supplier.settle().await?;
            // A list that was under way may hide letters that no record tells of.
            stage.supplier.wait_until_listed_letters_show_again().await?;
        }
        letterproof_steps::run(&self.left, stage).await?;
        Ok(())
    }

    /// The run's journal: a new one, or the one it had when it was interrupted.
    fn journal(
        &self,
        place: &Place,
        context: &Context,
        deciding: Vec<TestId>,
    ) -> Result<JournalWriter, Failure> {
        let path = place.folder.journal_path();
        if self.broken.is_some() {
            return Ok(resume_journal(&path)?);
        }
        let brief = self.brief(context, deciding)?;
        let (run_id, tool) = (place.run_id.clone(), self.tool.clone());
        let header = JournalHeader::briefed(run_id, place.started, tool, brief);
        let journal = begin_journal(&path, &header)?;
        self.asked.remember(&place.folder)?;
        Ok(journal)
    }

    /// Where the supplier begins: at the run's start, with the lists it was working off.
    fn beginning(
        &self,
        since: Timestamp,
        context: &Context,
        bench: &Arc<Bench>,
        refused: &Arc<AtomicBool>,
    ) -> Beginning {
        let Some(broken) = &self.broken else {
            let guarded = self.planned.is_guarded() && !self.yes;
            let (bench, refused) = (Arc::clone(bench), Arc::clone(refused));
            let gate: Option<Gate> = guarded.then(|| {
                gate(self.left.clone(), self.planned.outlook.clone(), move |reason| {
                    refused.store(true, Ordering::SeqCst);
                    bench.stop(reason);
                })
            });
            return Beginning { since, gate, recalled: Recalled::default() };
        };
        let recording = &broken.journal.recording;
        let recalled = Recalled::from_journal(recording, &context.base_url, &broken.broken_off);
        Beginning { since, gate: None, recalled }
    }

    /// A letter of another supplier, to show that this one cannot read or change it.
    fn foreign_letter(&self, embedded: Option<&Embedded>) -> Option<LetterId> {
        let given = self.asked.foreign_letter.as_deref().map(LetterId::from);
        given.or_else(|| embedded?.foreign_letter())
    }

    /// What this run is asked to show.
    fn brief(&self, context: &Context, deciding: Vec<TestId>) -> Result<Brief, Failure> {
        let tests = match self.asked.suite {
            Suite::Conformance => Vec::new(),
            _ if self.asked.only.is_empty() => pack().iter().map(|test| test.id).collect(),
            _ => self.asked.only.clone(),
        };
        let selection = Selection { tests, conformance: self.features.has_conformance() };
        Ok(Brief {
            window: self.asked.window,
            nonce: self.asked.nonce.clone(),
            who: self.who.clone(),
            waivers: self.waivers.clone(),
            specification: self.contract()?.specification().map(str::to_owned),
            deciding,
            strict: self.strict,
            ..Brief::new(selection, context.clone())
        })
    }

    /// The contract that bodies are held against.
    fn contract(&self) -> Result<&Contract, Failure> {
        match &self.specification {
            Some(contract) => Ok(contract),
            None => built_in(),
        }
    }

    /// Judges the journal as it lies on disk and writes the rest of the folder.
    async fn write_up(
        &self,
        folder: RunFolder,
        driven: &Driven,
    ) -> Result<(Results, PathBuf), Failure> {
        self.onlooker.note("judging what was recorded");
        let (under_way, whole) = (folder.path().to_owned(), folder.finished_path().to_owned());
        self.conclude(folder, driven).await.map_err(|failure| {
            // One that is whole lacks only its zip.
            let (kept, key) = match whole.exists() {
                true => (whole.display(), String::new()),
                false => (under_way.display(), same_key(self.sign_key_file.as_deref())),
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
        driven: &Driven,
    ) -> Result<(Results, PathBuf), Failure> {
        let mut bundle = write_up(&folder, self.contract()?, self.sign_key.as_ref())?;
        let kept = folder.path().to_owned();
        let key = same_key(self.sign_key_file.as_deref());
        let told = match &driven.end {
            RunEnd::Whole | RunEnd::Missed(_) => {
                let (key, stamper) = (self.sign_key.as_ref(), self.stamper.as_ref());
                let path = close_stamped(folder, key, stamper, self.onlooker.as_ref()).await?;
                return Ok((bundle.results, path));
            }
            RunEnd::Stopped(reason) => {
                // Also where not even the journal's last mark could be written.
                bundle.results.exit_code = 4;
                format!("the run stopped: {reason}; what was recorded is in {}", kept.display())
            }
            RunEnd::Refused(reason) if driven.astray => format!(
                "stopped, and nothing was sent where a link led: {reason}; then continue with \
                 `letterproof run --resume {}{key}`",
                kept.display()
            ),
            RunEnd::Refused(reason) => format!(
                "stopped before the first update: {reason}; continue with `letterproof run \
                 --resume {}{key}` when there are enough letters",
                kept.display()
            ),
            RunEnd::Interrupted => self.asked.stopped(&folder, self.sign_key_file.as_deref()),
        };
        self.onlooker.note(&told);
        Ok((bundle.results, kept))
    }
}
