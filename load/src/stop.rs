//! Asking a load run to end: from a caller, or from Ctrl-C.
//! Refuses to lose what was measured: the run ends, and writes its records as always.

use std::sync::Arc;

use tokio::sync::watch;

/// Ends a load run; clones are handles on the same one.
#[derive(Debug, Clone)]
pub struct StopHandle {
    asked: Arc<watch::Sender<u32>>,
}

impl Default for StopHandle {
    fn default() -> Self {
        Self { asked: Arc::new(watch::Sender::new(0)) }
    }
}

impl StopHandle {
    /// A handle that nobody has used yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the run to stop: nothing more is sent, and what is under way has a few seconds. Asked
    /// again, what is under way is cut off.
    pub fn stop(&self) {
        self.asked.send_modify(|times| *times = times.saturating_add(1));
    }

    /// How often it was asked.
    pub(crate) fn times(&self) -> u32 {
        *self.asked.borrow()
    }

    /// Waits until it was asked at least so often.
    pub(crate) async fn asked(&self, times: u32) {
        // The sender lives as long as this handle, so that waiting cannot fail.
        let _ = self.asked.subscribe().wait_for(|asked| *asked >= times).await;
    }
}
