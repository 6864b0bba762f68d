//! Listens to a recorder: every exchange of the session becomes a row, whoever made it.
//! Refuses to let a request pass whose row could not be written: the session ends then.

use std::sync::Arc;

use letterproof_model::{Exchange, Mark, RawExchange, RecordError, Recorder};

use super::collector::Collector;
use super::row::{Label, Part};

tokio::task_local! {
    static LABEL: Label;
}

/// Does work whose requests carry this label, also when it is cut short.
pub(crate) async fn labelled<T>(label: Label, work: impl Future<Output = T>) -> T {
    LABEL.scope(label, work).await
}

/// A recorder that hands on to another one, and to the collector.
pub(crate) struct Tap {
    pub(crate) inner: Arc<dyn Recorder>,
    pub(crate) collector: Arc<Collector>,
}

impl Recorder for Tap {
    fn record(&self, raw: RawExchange) -> Result<Arc<Exchange>, RecordError> {
        let exchange = self.inner.record(raw)?;
        let label = LABEL.try_with(Label::clone).unwrap_or_else(|_| Label::of(Part::Session));
        self.collector
            .take(&exchange, label)
            .map_err(|error| RecordError { message: error.to_string() })?;
        Ok(exchange)
    }

    fn mark(&self, mark: Mark) -> Result<(), RecordError> {
        self.inner.mark(mark)
    }

    fn scrub(&self, text: &str) -> String {
        self.inner.scrub(text)
    }

    fn chain_tail(&self) -> Option<String> {
        self.inner.chain_tail()
    }
}
