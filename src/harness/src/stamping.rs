//! Time stamps: of a journal while a run, a load or a witness goes on, and of the manifest at the end.
//! Only hashes are sent.
//!
//! A run never waits for a stamper but at its end, and continues where none answers: what was asked
//! for and not got is marked in the journal.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use letterproof_client::Stamper;
use letterproof_evidence::{BundleKey, JournalWriter, MANIFEST_FILE, RunFolder, StampRequest};
use letterproof_model::{Mark, MarkKind, Recorder as _, Stamp, now};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::folder::close_sealed;
use crate::told::{Failure, Onlooker};

/// Asks for a stamp of these bytes.
///
/// # Errors
/// When nobody answers, or the answer does not hold.
pub async fn stamp_of(stamper: &Stamper, bytes: &[u8]) -> Result<Stamp, Failure> {
    ask(stamper, &StampRequest::about(bytes)?).await.map_err(|reason| {
        Failure::Harness(format!("no time stamp from {}: {reason}", stamper.name()))
    })
}

/// Asks for a stamp, and takes an answer only if it holds.
async fn ask(stamper: &Stamper, request: &StampRequest) -> Result<Stamp, String> {
    let answer = stamper.ask(request.to_bytes()).await?;
    request.answered(stamper.name(), &answer)
}

/// Seals a folder that is whole, has its manifest stamped where somebody is there to stamp it, names it
/// so and makes its zip; returns where the folder is.
///
/// # Errors
/// When something cannot be read or written.
pub(crate) async fn close_stamped(
    folder: RunFolder,
    key: Option<&BundleKey>,
    stamper: Option<&Stamper>,
    onlooker: &dyn Onlooker,
) -> Result<PathBuf, Failure> {
    folder.seal(key)?;
    if let Some(stamper) = stamper {
        stamp_manifest(&folder, stamper, onlooker).await?;
    }
    close_sealed(folder)
}

/// Asks for a stamp of the manifest that a folder was just sealed with; says so where there is none.
async fn stamp_manifest(
    folder: &RunFolder,
    stamper: &Stamper,
    onlooker: &dyn Onlooker,
) -> Result<(), Failure> {
    let path = folder.path().join(MANIFEST_FILE);
    let manifest = std::fs::read(&path)
        .map_err(|error| Failure::Harness(format!("cannot read {}: {error}", path.display())))?;
    match ask(stamper, &StampRequest::about(&manifest)?).await {
        Ok(stamp) => folder.write_stamp(stamp)?,
        Err(reason) => onlooker.note(&format!(
            "the manifest bears no time stamp from {}: {reason}; `letterproof stamp` gets one later",
            stamper.name()
        )),
    }
    Ok(())
}

/// Longest time that what was recorded waits for a stamp.
const EVERY: Duration = Duration::from_secs(300);

/// Rung at each scenario's start: a stamp of the journal is wanted.
#[derive(Clone, Default)]
pub(crate) struct Bell(Arc<Notify>);

impl Bell {
    /// Rings where a mark begins a scenario. Those that begin while a stamp is under way share the
    /// next one, which is about all that stands in the journal by then.
    pub(crate) fn hear(&self, mark: &Mark) {
        if mark.kind == MarkKind::ScenarioStarted {
            self.0.notify_one();
        }
    }
}

/// Stamps a journal while a run goes on.
pub(crate) struct Stamping {
    bell: Bell,
    over: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Stamping {
    /// Waits for the bell from now on; `tell` is told once where no stamp could be got.
    pub(crate) fn begin(
        journal: Arc<JournalWriter>,
        stamper: Stamper,
        bell: Bell,
        tell: impl Fn(&str) + Send + 'static,
    ) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let (rung, ended) = (bell.clone(), Arc::clone(&over));
        let task = tokio::spawn(async move {
            let (mut told, mut stamped) = (false, 0);
            loop {
                let is_rung = timeout(EVERY, rung.0.notified()).await.is_ok();
                let is_last = ended.load(Ordering::SeqCst);
                if !is_rung && journal.position().0 == stamped {
                    continue;
                }
                let missing = stamp_head(&journal, &stamper).await;
                stamped = journal.position().0;
                if let Some(reason) = missing
                    && !std::mem::replace(&mut told, true)
                {
                    let name = stamper.name();
                    tell(&format!("no time stamp from {name}: {reason}; the run continues"));
                }
                if is_last {
                    return;
                }
            }
        });
        Self { bell, over, task }
    }

    /// As [`Self::begin`], with a stamp at once: for what has no scenarios that would ring.
    pub(crate) fn begin_now(
        journal: Arc<JournalWriter>,
        stamper: Stamper,
        bell: Bell,
        tell: impl Fn(&str) + Send + 'static,
    ) -> Self {
        bell.0.notify_one();
        Self::begin(journal, stamper, bell, tell)
    }

    /// Stamps what stands in the journal now and waits for it, for as long as a stamper may take;
    /// afterwards nothing more is stamped.
    pub(crate) async fn end(mut self) {
        self.over.store(true, Ordering::SeqCst);
        self.bell.0.notify_one();
        // A task that could not go on left its marks as they are.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Stamping {
    /// A run that ended early leaves nobody behind who holds its journal.
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Stamps a journal as it ends now and marks what came of it; returns why there is no stamp.
async fn stamp_head(journal: &JournalWriter, stamper: &Stamper) -> Option<String> {
    let (line, head) = journal.position();
    let asked = match StampRequest::about_hash(&head) {
        Ok(Some(request)) => ask(stamper, &request).await,
        Ok(None) => Err("it was not asked, because there was no hash".to_owned()),
        Err(error) => Err(format!("it was not asked: {error}")),
    };
    let (kind, reason) = match asked {
        Ok(stamp) => (MarkKind::Stamped { line, head, stamp }, None),
        Err(reason) => {
            let stamper = stamper.name().to_owned();
            (MarkKind::Unstamped { line, stamper, reason: reason.clone() }, Some(reason))
        }
    };
    // A journal that cannot be written any more ends the run by itself.
    let _ = journal.mark(Mark::new(now(), kind));
    reason
}
