//! Where a trial's exchanges go: the journal that every run writes, and memory to judge from.
//! Refuses another way of recording: redaction and order are those of a real run.

use std::path::Path;
use std::sync::Arc;

use letterproof_evidence::{JournalHeader, JournalWriter};
use letterproof_harness::begin_journal;
use letterproof_model::{Brief, Exchange, Recorder, Recording, RunEnd, RunId, now};
use parking_lot::Mutex;

/// A journal on disk with a copy in memory.
pub(super) struct Record {
    journal: Arc<JournalWriter>,
    kept: Arc<Mutex<Recording>>,
}

impl Record {
    /// Begins a journal in a new file, to be judged as the brief asks; `on_exchange` is told of
    /// each exchange in turn.
    pub(super) fn begin(
        path: &Path,
        brief: &Brief,
        on_exchange: impl Fn(&Arc<Exchange>) + Send + Sync + 'static,
    ) -> Result<Self, String> {
        let header =
            JournalHeader::briefed(RunId::fixed("selftest"), now(), crate::tool(), brief.clone());
        let kept: Arc<Mutex<Recording>> = Arc::default();
        let (exchanges, marks) = (Arc::clone(&kept), Arc::clone(&kept));
        let journal = begin_journal(path, &header)
            .map_err(super::words)?
            .with_observer(Box::new(move |exchange| {
                exchanges.lock().push(Arc::clone(exchange));
                on_exchange(exchange);
            }))
            .with_mark_observer(Box::new(move |mark| marks.lock().push_mark(mark.clone())));
        Ok(Self { journal: Arc::new(journal), kept })
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
