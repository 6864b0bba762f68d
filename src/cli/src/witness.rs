//! `letterproof witness`: stands between a supplier's own system and the API until it is told to
//! end, then judges what it recorded, as `run` does.
//!
//! Refuses production, and to leave anything behind where it could not begin. What it recorded is
//! kept, whatever happens afterwards.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use letterproof_client::{Session, SessionOptions, Stamper, Target};
use letterproof_contract::Contract;
use letterproof_evidence::{
    BundleKey, JournalHeader, JournalWriter, RunFolder, new_run_id, read_waivers,
};
use letterproof_model::{
    Brief, Context, Mark, Mode, Recorder, Results, RunEnd, RunId, Selection, SupplierKind, TestId,
    Timestamp, Waiver, now, pack,
};
use letterproof_wire::is_loopback;
use letterproof_witness::{
    Feed, Live, LiveConfig, Page, Stage, TlsListen, UiError, Upstream, Witness, WitnessConfig,
    WitnessError,
};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::args::WitnessOptions;
use crate::board::Board;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::progress::{Progress, tell_leftovers};
use crate::read_back::read_back;
use crate::stamping::{self, Bell, Stamping};
use crate::surroundings::environment;
use crate::{consent, finish, out, run, targets, verify};

/// Between two times that the journal is made to survive a power cut.
const SYNCED_EVERY: Duration = Duration::from_secs(5);

/// Watches until told to end; returns the exit code.
pub(crate) fn witness(options: &WitnessOptions) -> Result<u8, Failure> {
    Page::may_listen(options.ui)?;
    let waivers = options.waivers.as_deref().map(read_waivers).transpose()?.unwrap_or_default();
    let sign_key = finish::signing_key(options.sign_key.as_deref())?;
    let stamper = options.timestamp.as_deref().map(Stamper::at).transpose()?;
    let mut target =
        targets::resolve(&options.upstream, options.base_url.as_deref(), &options.storage)?.target;
    if let Some(time) = options.visibility_timeout {
        target.visibility_timeout = time;
    }
    let target = with_storage(target)?;
    let started = now();
    let tests = match options.only.as_slice() {
        [] => pack().iter().map(|test| test.id).collect(),
        only => only.to_vec(),
    };
    let context = target.context(Mode::Observed);
    let (run_id, contract) = (new_run_id(started)?, verify::built_in()?);
    let watch = Watch {
        options,
        waivers,
        sign_key,
        stamper,
        target,
        context,
        tests,
        run_id,
        started,
        contract,
    };
    let runtime = crate::runtime()?;
    let outcome = runtime.block_on(watch.whole());
    // Connections still open must not hold the process.
    runtime.shutdown_timeout(Duration::from_secs(1));
    let (results, path) = outcome?;
    run::report(options.format, &results, &path)?;
    Ok(results.exit_code)
}

/// The target with its storage, which must be known before the supplier's system asks for a document:
/// nobody can be asked about a link that it is waiting for.
fn with_storage(mut target: Target) -> Result<Target, Failure> {
    if is_loopback(&target.base_url) || !target.storage_hosts.is_empty() {
        return Ok(target);
    }
    if let Some(hosts) = consent::for_storage(&target)? {
        target.storage_hosts = hosts;
        return Ok(target);
    }
    Err(Failure::Usage(format!(
        "refused before any traffic: {} does not state where its documents are. `letterproof doctor` \
         shows where links lead; write that as `storage_hosts = [\"HOST\"]` at the top of the profile, \
         or give --yes-storage HOST",
        target.name
    )))
}

/// One witnessed run between its options and its results.
struct Watch<'a> {
    options: &'a WitnessOptions,
    waivers: Vec<Waiver>,
    sign_key: Option<BundleKey>,
    /// Who stamps journal and manifest.
    stamper: Option<Stamper>,
    target: Target,
    context: Context,
    tests: Vec<TestId>,
    run_id: RunId,
    started: Timestamp,
    contract: &'static Contract,
}

/// Everything that stands once the witness watches.
struct Stand {
    journal: Arc<JournalWriter>,
    /// Rung at each scenario that is begun on the page.
    bell: Bell,
    live: Arc<Live>,
    page: Page,
    /// With which letters are read back, where that was asked for.
    session: Option<Session>,
    /// Whether the links to documents have an address of their own.
    downloads_apart: bool,
    interrupt: Interrupt,
}

impl Watch<'_> {
    async fn whole(&self) -> Result<(Results, PathBuf), Failure> {
        let folder = finish::new_folder(&self.options.out, &self.run_id, self.sign_key.as_ref())?;
        tell_leftovers(&folder);
        let stand = match self.begin(&folder).await {
            Ok(stand) => stand,
            Err(failure) => return Err(run::discarded(folder, failure)),
        };
        self.watch(&stand).await;
        let progress = Progress::start();
        let ended = self.end(&stand, folder, &progress).await;
        if let Ok((_, path)) = &ended {
            stand.live.set_stage(Stage::Ended(format!("The evidence is in {}.", path.display())));
        }
        progress.finish();
        stand.page.stop().await;
        ended
    }

    /// Opens the journal, the witness and its page, and tells where they are.
    async fn begin(&self, folder: &RunFolder) -> Result<Stand, Failure> {
        let feed = Feed::default();
        let header =
            JournalHeader::briefed(self.run_id.clone(), self.started, crate::tool(), self.brief());
        let bell = Bell::default();
        let (shown, heard) = (feed.on_mark(), bell.clone());
        let journal = JournalWriter::create(&folder.journal_path(), &header)?
            .with_observer(Box::new(feed.on_exchange()))
            .with_mark_observer(Box::new(move |mark| {
                heard.hear(mark);
                shown(mark);
            }));
        let journal = Arc::new(journal);
        let recorder: Arc<dyn Recorder> = journal.clone();
        let session = match self.options.read_back {
            true => Some(self.session(&recorder)?),
            false => None,
        };
        let config = self.config(recorder)?;
        let rules = config.inject.clone();
        let witness = Witness::start(config).await?;
        let mut ready = serde_json::json!({
            "base_url": witness.base_url(),
            "token_url": witness.token_url(),
            "downloads": witness.download_origin(),
            "certificate": witness.certificate(),
            "upstream": self.context.base_url,
            "run": self.run_id,
        });
        let downloads_apart = witness.download_origin().is_some();
        let (context, tests) = (self.context.clone(), self.tests.clone());
        let live = Arc::new(Live::begin(witness, feed, LiveConfig { context, tests, rules }));
        let page = Page::serve(self.options.ui, Arc::clone(&live)).await?;
        ready["ui"] = page.url().into();
        // Whoever reads that it is ready may end it.
        let kept = folder.path().display();
        let key = finish::same_key(self.options.sign_key.as_deref());
        let interrupt = Interrupt::listen(format!(
            "stopped at once; what was recorded is in {kept}, and `letterproof report {kept}{key}` \
             makes its bundle"
        ));
        out::json_line(&ready)?;
        Ok(Stand { journal, bell, live, page, session, downloads_apart, interrupt })
    }

    /// What this run is asked to show.
    fn brief(&self) -> Brief {
        let selection = Selection { tests: self.tests.clone(), conformance: false };
        Brief {
            supplier: SupplierKind::Witnessed,
            window: self.options.window,
            nonce: self.options.nonce.clone(),
            who: self.options.who.or(&self.target.who),
            waivers: self.waivers.clone(),
            specification: self.contract.specification().map(str::to_owned),
            deciding: self.target.deciding(&self.options.only),
            strict: self.options.strict.map(Into::into),
            ..Brief::new(selection, self.context.clone())
        }
    }

    /// Opened before any traffic, so that credentials which cannot work are refused then.
    fn session(&self, recorder: &Arc<dyn Recorder>) -> Result<Session, Failure> {
        let options = SessionOptions { nonce: self.options.nonce.clone(), keep_pdfs: None };
        Ok(Session::new(self.target.clone(), Arc::clone(recorder), options)?)
    }

    fn config(&self, recorder: Arc<dyn Recorder>) -> Result<WitnessConfig, Failure> {
        let Target { base_url, token_url, roots, .. } = &self.target;
        let token_url = token_url.as_deref().filter(|url| !url.is_empty());
        let token_url = token_url.map(str::parse).transpose().map_err(|error| {
            Failure::Usage(format!("the token URL of {} is not a URL: {error}", self.target.name))
        })?;
        let upstream = Upstream {
            base_url: base_url.clone(),
            token_url,
            roots: roots.clone(),
            storage: self.target.storage_hosts.clone(),
        };
        let tls = self.options.tls.then(|| TlsListen {
            folder: self.options.out.clone(),
            names: self.options.tls_names.clone(),
        });
        Ok(WitnessConfig {
            listen: self.options.listen,
            hosts: self.options.hosts.clone(),
            download_host: self.options.download_host.clone(),
            tls,
            inject: self.options.inject.clone(),
            ..WitnessConfig::new(upstream, recorder)
        })
    }

    /// Watches until Ctrl-C or the page ends it.
    async fn watch(&self, stand: &Stand) {
        let live = &stand.live;
        let board = Board::start(&stand.page.url());
        if self.target.proxy.is_some() || self.target.identity.is_some() {
            board.note(
                "the witness goes to the API directly: the profile's proxy and client certificate \
                 are not used",
            );
        }
        if !stand.downloads_apart {
            board.note(
                "links to documents have the host name of the API, so HTTP libraries send their \
                 bearer token along; the witness keeps it from the storage and blames nobody (with \
                 --download-host and another name of this machine they behave as without a witness)",
            );
        }
        let showing = tokio::spawn(board.clone().follow(live.snapshots()));
        let syncing = sync_now_and_then(Arc::clone(&stand.journal));
        let stamping = self.stamper.clone().map(|stamper| {
            let (told, journal) = (board.clone(), Arc::clone(&stand.journal));
            Stamping::begin_now(journal, stamper, stand.bell.clone(), move |text| told.note(text))
        });
        // Whoever ends it, what follows is the same.
        let _ = stand.interrupt.unless_pressed(live.asked_to_end(), || live.ask_to_end()).await;
        live.set_stage(Stage::Ending("Calls under way may finish.".to_owned()));
        live.stop_witness().await;
        showing.abort();
        syncing.abort();
        if let Some(stamping) = stamping {
            stamping.end().await;
        }
        board.finish();
    }

    /// Reads back where that was asked for, closes the journal, and judges it as it lies on disk.
    async fn end(
        &self,
        stand: &Stand,
        folder: RunFolder,
        progress: &Progress,
    ) -> Result<(Results, PathBuf), Failure> {
        let Stand { journal, live, session, .. } = stand;
        let stage = |words: &str| live.set_stage(Stage::Ending(words.to_owned()));
        if let Some(session) = session {
            stage("Reading what the supplier's system did not look at.");
            stand.read_back(session, &self.run_id, progress).await;
        }
        stage("Judging what was recorded and writing the evidence.");
        progress.note("judging what was recorded");
        let environment =
            environment(&self.target, session.as_ref(), self.contract, journal.as_ref());
        folder.write_environment(&environment)?;
        let whole = RunEnd::Whole.mark(now());
        let recorded = journal.mark(whole).and_then(|()| journal.sync());
        let mut bundle = finish::write_up(&folder, self.contract, self.sign_key.as_ref())?;
        let path = match recorded {
            Ok(()) => {
                let (key, stamper) = (self.sign_key.as_ref(), self.stamper.as_ref());
                stamping::close(folder, key, stamper, progress).await?
            }
            Err(error) => {
                bundle.results.exit_code = RunEnd::Stopped(error.message.clone()).exit_code(0);
                let kept = folder.path().to_owned();
                progress.note(&format!(
                    "not everything could be recorded: {error}; what was is in {}",
                    kept.display()
                ));
                kept
            }
        };
        Ok((bundle.results, path))
    }
}

impl Stand {
    /// Reads back; where that breaks off, the journal says so and what was read still counts.
    async fn read_back(&self, session: &Session, run: &RunId, progress: &Progress) {
        let told = |event: &_| progress.doing(event);
        let notes = match read_back(&self.live, session, run, told).await {
            Ok(left) => left,
            Err(error) => {
                vec![format!("the read-back and final sweep by the witness stopped early: {error}")]
            }
        };
        for text in notes {
            progress.note(&text);
            // Where this cannot be written, neither can the mark that ends the journal.
            let _ = self.journal.mark(Mark::note(now(), text));
        }
    }
}

/// Has the journal survive a power cut every few seconds, off the threads of the traffic.
fn sync_now_and_then(journal: Arc<JournalWriter>) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(SYNCED_EVERY).await;
            let syncing = Arc::clone(&journal);
            // After a failure the next record fails too, and the witness refuses all traffic.
            let _ = spawn_blocking(move || syncing.sync()).await;
        }
    })
}

impl From<UiError> for Failure {
    fn from(error: UiError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<WitnessError> for Failure {
    fn from(error: WitnessError) -> Self {
        match error {
            WitnessError::Tls { .. } => Self::Harness(error.to_string()),
            _ => Self::Usage(error.to_string()),
        }
    }
}
