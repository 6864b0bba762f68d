//! Where a trial's exchanges go: the journal that every run writes, and memory to judge from.
//! Refuses another way of recording: redaction and order are those of a real run.

use std::path::Path;
use std::sync::Arc;

use letterproof_evidence::{JournalHeader, JournalWriter};
use letterproof_model::{Exchange, Recorder, Recording, RunEnd, RunId, ToolInfo, now};
use parking_lot::Mutex;

/// A journal on disk with a copy in memory.
pub(super) struct Record {
    journal: Arc<JournalWriter>,
    kept: Arc<Mutex<Recording>>,
    // Held so that the folder lives as long as the journal.
    _folder: tempfile::TempDir,
}

impl Record {
    /// Begins a journal for traffic with the API at `base_url`; `on_exchange` is told of each
    /// exchange in turn.
    pub(super) fn begin(
        folder: &Path,
        base_url: &str,
        on_exchange: impl Fn(&Arc<Exchange>) + Send + Sync + 'static,
    ) -> Result<Self, String> {
        let own = tempfile::tempdir_in(folder).map_err(super::words)?;
        let tool =
            ToolInfo { version: env!("CARGO_PKG_VERSION").to_owned(), commit: String::new() };
        let header = JournalHeader::new(RunId::fixed("selftest"), tool, base_url);
        let kept: Arc<Mutex<Recording>> = Arc::default();
        let (exchanges, marks) = (Arc::clone(&kept), Arc::clone(&kept));
        let journal = JournalWriter::create(&own.path().join("exchanges.jsonl"), &header)
            .map_err(super::words)?
            .with_observer(Box::new(move |exchange| {
                exchanges.lock().push(Arc::clone(exchange));
                on_exchange(exchange);
            }))
            .with_mark_observer(Box::new(move |mark| marks.lock().push_mark(mark.clone())));
        Ok(Self { journal: Arc::new(journal), kept, _folder: own })
    }

    /// Who keeps exchanges.
    pub(super) fn recorder(&self) -> Arc<dyn Recorder> {
        self.journal.clone()
    }

    /// Closes the journal and gives what it holds.
    pub(super) fn close(self) -> Result<Recording, String> {
        self.journal.mark(RunEnd::Whole.mark(now())).map_err(super::words)?;
        let recording = self.kept.lock().clone();
        Ok(recording)
    }
}
