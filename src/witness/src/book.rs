//! What a witness writes down, and its refusal to go on once it cannot.
//! Refuses everything after the first failed write: from then on each request is answered with 503.

use std::sync::{Arc, OnceLock};

use letterproof_model::{Exchange, Mark, MarkKind, RawExchange, RecordError, Recorder, now};
use parking_lot::RwLock;
use tokio::sync::broadcast;

use crate::counters::{Counters, bump};

/// How many events a listener may lag behind before it loses some.
const EVENTS: usize = 1_024;

/// How many refused connections and requests are noted in the journal; the rest are only counted,
/// so that a port scan cannot bury the evidence.
const REFUSALS_NOTED: u64 = 200;

/// Something that happened, for whoever shows it.
#[derive(Debug, Clone)]
pub enum WitnessEvent {
    /// An exchange was recorded.
    Exchange(Arc<Exchange>),
    /// A mark was recorded.
    Mark(Arc<Mark>),
    /// The journal cannot be written: from now on every request is answered with 503.
    Refusing(Arc<str>),
}

/// The recorder with all that belongs to recording.
pub(crate) struct Book {
    recorder: Arc<dyn Recorder>,
    failed: OnceLock<RecordError>,
    scenario: RwLock<Option<Arc<str>>>,
    events: broadcast::Sender<WitnessEvent>,
    pub(crate) counters: Counters,
}

impl Book {
    pub(crate) fn new(recorder: Arc<dyn Recorder>) -> Self {
        Self {
            recorder,
            failed: OnceLock::new(),
            scenario: RwLock::new(None),
            events: broadcast::Sender::new(EVENTS),
            counters: Counters::default(),
        }
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<WitnessEvent> {
        self.events.subscribe()
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
        self.tell(WitnessEvent::Exchange(Arc::clone(&exchange)));
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
        self.recorder.mark(mark.clone()).map_err(|error| self.fail(error))?;
        self.tell(WitnessEvent::Mark(Arc::new(mark)));
        Ok(())
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
            self.tell(WitnessEvent::Refusing(error.message.as_str().into()));
        }
        error
    }

    fn tell(&self, event: WitnessEvent) {
        // Nobody may be listening.
        let _ = self.events.send(event);
    }
}

fn str_of(text: Arc<str>) -> String {
    text.as_ref().to_owned()
}
