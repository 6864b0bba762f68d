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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use letterproof_model::{Context, RunEnd, now};

    use super::*;
    use crate::ui::judging::Judging;

    #[test]
    fn a_journal_that_is_held_does_not_wait_for_judging() {
        let feed = Feed::default();
        let context = Context::stand_in("http://127.0.0.1:9");
        let judging = Mutex::new(Judging::new(feed.clone(), context, Vec::new()));
        let (told, was_told) = mpsc::channel();
        let held = judging.lock();
        let on_mark = feed.on_mark();
        let recording = std::thread::spawn(move || {
            on_mark(&RunEnd::Whole.mark(now()));
            told.send(()).unwrap();
        });
        let prompt = was_told.recv_timeout(Duration::from_secs(20));
        assert!(prompt.is_ok(), "the recorder waits for the checklist");
        assert!(held.notes().is_empty());
        drop(held);
        recording.join().unwrap();
        let mut judging = judging.lock();
        judging.catch_up();
        assert_eq!(judging.notes().len(), 1);
    }
}
