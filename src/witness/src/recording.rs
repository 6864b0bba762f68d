//! What a witness writes down, and counts beside it. After the first failed write nothing passes
//! any more: from then on each request is answered with 503. The counts are for the page and for
//! tests; what is proven is read from the journal.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use letterproof_model::{Exchange, Mark, MarkKind, RawExchange, RecordError, Recorder, now};
use parking_lot::RwLock;

/// How many refused connections and requests are noted in the journal; the rest are only counted,
/// so that a port scan cannot bury the evidence.
const REFUSALS_NOTED: u64 = 200;

/// The recorder with all that belongs to recording.
pub(crate) struct Book {
    recorder: Arc<dyn Recorder>,
    failed: OnceLock<RecordError>,
    scenario: RwLock<Option<Arc<str>>>,
    pub(crate) counters: Counters,
}

impl Book {
    pub(crate) fn new(recorder: Arc<dyn Recorder>) -> Self {
        Self {
            recorder,
            failed: OnceLock::new(),
            scenario: RwLock::new(None),
            counters: Counters::default(),
        }
    }

    /// Why nothing may pass any more, if that is so.
    pub(crate) fn failure(&self) -> Option<&RecordError> {
        self.failed.get()
    }

    /// Records an exchange.
    pub(crate) fn record(&self, raw: RawExchange) -> Result<Arc<Exchange>, RecordError> {
        self.may_write()?;
        let exchange = self.recorder.record(raw).map_err(|error| self.fail(error))?;
        bump(&self.counters.recorded);
        Ok(exchange)
    }

    /// Records a mark.
    pub(crate) fn mark(&self, kind: MarkKind) -> Result<(), RecordError> {
        let scenario = self.scenario().map(str_of);
        self.keep_mark(Mark { at: now(), scenario, kind }.with_texts(|text| self.scrub(text)))
    }

    /// Records a note.
    pub(crate) fn note(&self, text: &str) -> Result<(), RecordError> {
        self.mark(MarkKind::Note { text: text.to_owned() })
    }

    /// Records a mark as it is.
    pub(crate) fn keep_mark(&self, mark: Mark) -> Result<(), RecordError> {
        self.may_write()?;
        self.recorder.mark(mark).map_err(|error| self.fail(error))
    }

    /// Notes something that was refused and is no exchange.
    pub(crate) fn note_refusal(&self, text: &str) {
        use std::sync::atomic::Ordering;
        let before = self.counters.refused.fetch_add(1, Ordering::Relaxed);
        tracing::info!(target: "letterproof_witness", text, "refused");
        if before < REFUSALS_NOTED {
            // Where even this cannot be written, every later request is refused anyway.
            let _ = self.note(text);
        }
    }

    /// Sets the label of the exchanges to come; a hint for readers.
    pub(crate) fn set_scenario(&self, label: Option<&str>) {
        *self.scenario.write() = label.map(Arc::from);
    }

    pub(crate) fn scenario(&self) -> Option<Arc<str>> {
        self.scenario.read().clone()
    }

    pub(crate) fn scrub(&self, text: &str) -> String {
        self.recorder.scrub(text)
    }

    fn may_write(&self) -> Result<(), RecordError> {
        self.failed.get().map_or(Ok(()), |error| Err(error.clone()))
    }

    fn fail(&self, error: RecordError) -> RecordError {
        if self.failed.set(error.clone()).is_ok() {
            tracing::error!(target: "letterproof_witness", %error, "nothing passes any more");
        }
        error
    }
}

fn str_of(text: Arc<str>) -> String {
    text.as_ref().to_owned()
}

/// What has passed so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections accepted from the supplier.
    pub connections: u64,
    /// Requests received, whatever became of them.
    pub requests: u64,
    /// Exchanges under way.
    pub in_flight: u64,
    /// Exchanges recorded.
    pub recorded: u64,
    /// Exchanges something was injected into.
    pub injected: u64,
    /// Requests refused because the journal cannot be written.
    pub unrecorded: u64,
    /// Connections and requests refused for what they are: no HTTP, another host, no such path.
    pub refused: u64,
    /// Bytes of answers passed on to the supplier.
    pub passed_bytes: u64,
}

/// The numbers while they grow.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) connections: AtomicU64,
    pub(crate) requests: AtomicU64,
    pub(crate) in_flight: AtomicU64,
    pub(crate) recorded: AtomicU64,
    pub(crate) injected: AtomicU64,
    pub(crate) unrecorded: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) passed_bytes: AtomicU64,
}

/// Counts one more.
pub(crate) fn bump(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Counters {
    pub(crate) fn read(&self) -> Counts {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            connections: of(&self.connections),
            requests: of(&self.requests),
            in_flight: of(&self.in_flight),
            recorded: of(&self.recorded),
            injected: of(&self.injected),
            unrecorded: of(&self.unrecorded),
            refused: of(&self.refused),
            passed_bytes: of(&self.passed_bytes),
        }
    }
}
