//! The way from the journal to the live checklist.
//! Refuses work: what the journal tells is only put aside here, for the journal is held meanwhile.

use std::sync::Arc;

use letterproof_model::{Exchange, Mark};
use parking_lot::Mutex;

/// What was recorded and not looked at yet; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Feed {
    waiting: Arc<Mutex<Waiting>>,
}

/// Exchanges and marks in the order of the journal.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    pub(crate) exchanges: Vec<Arc<Exchange>>,
    pub(crate) marks: Vec<Mark>,
}

impl Feed {
    /// To be told of every exchange once it is written.
    pub fn on_exchange(&self) -> impl Fn(&Arc<Exchange>) + Send + Sync + use<> {
        let waiting = Arc::clone(&self.waiting);
        move |exchange| waiting.lock().exchanges.push(Arc::clone(exchange))
    }

    /// To be told of every mark once it is written.
    pub fn on_mark(&self) -> impl Fn(&Mark) + Send + Sync + use<> {
        let waiting = Arc::clone(&self.waiting);
        move |mark| waiting.lock().marks.push(mark.clone())
    }

    /// Takes what has come since the last time.
    pub(crate) fn take(&self) -> Waiting {
        std::mem::take(&mut *self.waiting.lock())
    }
}
