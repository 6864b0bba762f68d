//! One witnessed run: journal, witness and live page are opened together, watched until somebody ends
//! them, then read back where that was asked for, judged and closed. What it recorded is kept, whatever
//! happens afterwards.
//!
//! The read-backs that a witness makes itself, after the traffic: one look at each letter whose
//! last status the supplier's system never saw, repeated while the update may still be queued; then
//! one at each letter that moved, and at a sample of the others, to see whether they stayed.
//! Letters, time and calls under way are bounded.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use letterproof_client::{ClientError, Flow, Session, SessionOptions, Stamper, Target};
use letterproof_contract::Contract;
use letterproof_evidence::{BundleKey, JournalHeader, JournalWriter, RunFolder};
use letterproof_model::{
    Brief, Capability, Context, LetterId, Mark, Recorder, Results, RunEnd, RunId, TestId,
    Timestamp, ToolInfo, now,
};
use letterproof_reference_supplier::ProgressEvent;
use letterproof_witness::{
    Feed, Live, LiveConfig, Page, SWEEP, Stage, Upstream, Witness, WitnessConfig,
};
use serde_json::{Value, json};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::folder::{begin_journal, environment, write_up};
use crate::stamping::{Bell, Stamping, close_stamped};
use crate::told::{Failure, Onlooker, unless_asked};

/// Between two times that the journal is made to survive a power cut.
const SYNCED_EVERY: Duration = Duration::from_secs(5);

/// A witnessed run that is about to begin.
pub struct Watch<'a> {
    /// Which build this is.
    pub tool: ToolInfo,
    /// The run.
    pub run_id: RunId,
    /// When it began.
    pub started: Timestamp,
    /// What it is asked to show.
    pub brief: Brief,
    /// Where calls are passed on to.
    pub target: Target,
    /// What of the target judges need.
    pub context: Context,
    /// The tests that the page shows.
    pub tests: Vec<TestId>,
    /// The contract that bodies are held against.
    pub contract: &'a Contract,
    /// What signs the bundle.
    pub sign_key: Option<BundleKey>,
    /// Who stamps journal and manifest.
    pub stamper: Option<Stamper>,
    /// Whether letters are read back at the end.
    pub read_back: bool,
    /// Where the live page listens.
    pub ui: SocketAddr,
}

/// Everything that stands once the witness watches.
pub struct Stand {
    journal: Arc<JournalWriter>,
    /// Rung at each scenario that is begun on the page.
    bell: Bell,
    /// What the page shows.
    pub live: Arc<Live>,
    page: Page,
    /// With which letters are read back, where that was asked for.
    session: Option<Session>,
    /// Where everything is, as one document.
    pub ready: Value,
    /// Whether the links to documents have an address of their own.
    pub downloads_apart: bool,
}

impl Watch<'_> {
    /// Opens the journal, the witness and its page; `shaped` gives the witness what else it is to be.
    ///
    /// # Errors
    /// When one of them cannot be opened, or credentials cannot work.
    pub async fn begin(
        &self,
        folder: &RunFolder,
        shaped: impl FnOnce(WitnessConfig) -> WitnessConfig,
    ) -> Result<Stand, Failure> {
        let feed = Feed::default();
        let (run_id, tool) = (self.run_id.clone(), self.tool.clone());
        let header = JournalHeader::briefed(run_id, self.started, tool, self.brief.clone());
        let bell = Bell::default();
        let (shown, heard) = (feed.on_mark(), bell.clone());
        let journal = begin_journal(&folder.journal_path(), &header)?
            .with_observer(Box::new(feed.on_exchange()))
            .with_mark_observer(Box::new(move |mark| {
                heard.hear(mark);
                shown(mark);
            }));
        let journal = Arc::new(journal);
        let recorder: Arc<dyn Recorder> = journal.clone();
        let session = match self.read_back {
            true => Some(self.session(&recorder)?),
            false => None,
        };
        let config = shaped(WitnessConfig::new(self.upstream()?, recorder));
        let rules = config.inject.clone();
        let witness = Witness::start(config).await?;
        let mut ready = json!({
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
        let page = Page::serve(self.ui, Arc::clone(&live)).await?;
        ready["ui"] = page.url().into();
        Ok(Stand { journal, bell, live, page, session, ready, downloads_apart })
    }

    /// Opened before any traffic, so that credentials which cannot work are refused then.
    fn session(&self, recorder: &Arc<dyn Recorder>) -> Result<Session, Failure> {
        let options = SessionOptions { nonce: self.brief.nonce.clone(), keep_pdfs: None };
        Ok(Session::new(self.target.clone(), Arc::clone(recorder), options)?)
    }

    fn upstream(&self) -> Result<Upstream, Failure> {
        let Target { base_url, token_url, roots, .. } = &self.target;
        let token_url = token_url.as_deref().filter(|url| !url.is_empty());
        let token_url = token_url.map(str::parse).transpose().map_err(|error| {
            Failure::Usage(format!("the token URL of {} is not a URL: {error}", self.target.name))
        })?;
        Ok(Upstream {
            base_url: base_url.clone(),
            token_url,
            roots: roots.clone(),
            storage: self.target.storage_hosts.clone(),
        })
    }

    /// Watches until `asked` or the page ends it; `note` is told where no stamp could be got.
    pub async fn until(
        &self,
        stand: &Stand,
        asked: impl Future<Output = ()>,
        note: impl Fn(&str) + Send + 'static,
    ) {
        let live = &stand.live;
        let syncing = sync_now_and_then(Arc::clone(&stand.journal));
        let stamping = self.stamper.clone().map(|stamper| {
            let (journal, bell) = (Arc::clone(&stand.journal), stand.bell.clone());
            Stamping::begin_now(journal, stamper, bell, note)
        });
        // Whoever ends it, what follows is the same.
        let _ = unless_asked(asked, live.asked_to_end(), || live.ask_to_end()).await;
        live.set_stage(Stage::Ending("Calls under way may finish.".to_owned()));
        live.stop_witness().await;
        syncing.abort();
        if let Some(stamping) = stamping {
            stamping.end().await;
        }
    }

    /// Reads back where that was asked for, closes the journal, and judges it as it lies on disk; returns
    /// the results and where they are.
    ///
    /// # Errors
    /// When the evidence cannot be written.
    pub async fn end(
        &self,
        stand: &Stand,
        folder: RunFolder,
        onlooker: &dyn Onlooker,
    ) -> Result<(Results, PathBuf), Failure> {
        let Stand { journal, live, session, .. } = stand;
        let stage = |words: &str| live.set_stage(Stage::Ending(words.to_owned()));
        if let Some(session) = session {
            stage("Reading what the supplier's system did not look at.");
            stand.read_back(session, &self.run_id, onlooker).await;
        }
        stage("Judging what was recorded and writing the evidence.");
        onlooker.note("judging what was recorded");
        let (target, recorder) = (&self.target, journal.as_ref());
        let environment =
            environment(&self.tool, target, session.as_ref(), self.contract, recorder);
        folder.write_environment(&environment)?;
        let whole = RunEnd::Whole.mark(now());
        let recorded = journal.mark(whole).and_then(|()| journal.sync());
        let mut bundle = write_up(&folder, self.contract, self.sign_key.as_ref())?;
        let path = match recorded {
            Ok(()) => {
                let (key, stamper) = (self.sign_key.as_ref(), self.stamper.as_ref());
                close_stamped(folder, key, stamper, onlooker).await?
            }
            Err(error) => {
                bundle.results.exit_code = RunEnd::Stopped(error.message.clone()).exit_code(0);
                let kept = folder.path().to_owned();
                onlooker.note(&format!(
                    "not everything could be recorded: {error}; what was is in {}",
                    kept.display()
                ));
                kept
            }
        };
        live.set_stage(Stage::Ended(format!("The evidence is in {}.", path.display())));
        Ok((bundle.results, path))
    }
}

impl Stand {
    /// Where the live page is.
    #[must_use]
    pub fn page(&self) -> String {
        self.page.url()
    }

    /// Takes the page away.
    pub async fn close(self) {
        self.page.stop().await;
    }

    /// Reads back; where that is cut short, the journal says so and what was read still counts.
    async fn read_back(&self, session: &Session, run: &RunId, onlooker: &dyn Onlooker) {
        let told = |event: &_| onlooker.doing(event);
        let notes = match read_back(&self.live, session, run, told).await {
            Ok(left) => left,
            Err(error) => {
                vec![format!("the read-back and final sweep by the witness stopped early: {error}")]
            }
        };
        for text in notes {
            onlooker.note(&text);
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

/// Letters read back at most: the pack's whole list.
const MOST: usize = 2_500;
/// Reads under way at the same time.
const AT_A_TIME: usize = 16;
/// The first pause before letters that did not show yet are read again; it doubles.
const PAUSE: Duration = Duration::from_secs(1);

/// Reads back what nobody has seen yet, as the harness's own, until all of it shows or the target's
/// time for an update is over, and then sweeps; tells what is left, in sentences.
///
/// # Errors
/// When the target cannot be reached or refuses the credentials, or an exchange could not be
/// recorded.
async fn read_back(
    live: &Live,
    session: &Session,
    run: &RunId,
    tell: impl Fn(&ProgressEvent),
) -> Result<Vec<String>, ClientError> {
    let deadline = Instant::now() + session.target().update_deadline;
    let flow = Flow::harness(session.nonce());
    let mut letters = live.unseen().await;
    letters.truncate(MOST);
    let mut pause = PAUSE;
    while !letters.is_empty() {
        read(&letters, session, &flow, &tell).await?;
        let unseen = live.unseen().await;
        letters.retain(|letter| unseen.binary_search(letter).is_ok());
        if letters.is_empty() || Instant::now() + pause > deadline {
            break;
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    let mut left = Vec::new();
    match live.unseen().await.len() {
        0 => {}
        unseen => left.push(format!("{unseen} letters were not seen at the status sent last")),
    }
    left.extend(sweep(live, session, run, &tell).await?);
    Ok(left)
}

/// Reads once more what moved and a sample of what did not; tells what was left out.
async fn sweep(
    live: &Live,
    session: &Session,
    run: &RunId,
    tell: &impl Fn(&ProgressEvent),
) -> Result<Option<String>, ClientError> {
    if !session.target().has(Capability::Stateful) {
        return Ok(None);
    }
    let mut due = live.sweep(run.as_str()).await;
    if due.moved.is_empty() {
        return Ok(None);
    }
    let left_out = due.moved.len().saturating_sub(MOST);
    due.moved.truncate(MOST);
    let flow = Flow::harness(session.nonce()).in_scenario(SWEEP);
    read(&[due.moved, due.still].concat(), session, &flow, tell).await?;
    Ok((left_out > 0).then(|| format!("{left_out} letters that moved were not read once more")))
}

async fn read(
    letters: &[LetterId],
    session: &Session,
    flow: &Flow,
    tell: &impl Fn(&ProgressEvent),
) -> Result<(), ClientError> {
    let reads = letters.iter().map(|letter| session.get_letter(flow, letter));
    let mut reads = stream::iter(reads).buffer_unordered(AT_A_TIME);
    let mut done = 0;
    while reads.try_next().await?.is_some() {
        done += 1;
        tell(&ProgressEvent {
            what: "reading back".to_owned(),
            done,
            total: Some(letters.len() as u64),
            remaining: None,
        });
    }
    Ok(())
}
