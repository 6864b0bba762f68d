//! Ctrl-C: once to stop cleanly, twice to stop at once.
//! Refuses to hang: what does not end by itself soon is cut off, and the journal shows it.

use std::time::Duration;

use tokio::sync::watch;

/// Time for calls under way to be answered.
const GRACE: Duration = Duration::from_secs(3);
/// The exit code of an incomplete run.
const INCOMPLETE: i32 = 3;

/// Knows whether Ctrl-C was pressed.
pub(crate) struct Interrupt {
    pressed: watch::Receiver<bool>,
}

impl Interrupt {
    /// Listens from now on; a second Ctrl-C ends the process where it stands.
    pub(crate) fn listen() -> Self {
        let (tell, pressed) = watch::channel(false);
        tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                tell.send_replace(true);
                if tokio::signal::ctrl_c().await.is_ok() {
                    std::process::exit(INCOMPLETE);
                }
            }
            // Where signals cannot be had, nobody ever presses anything.
            std::future::pending::<()>().await;
        });
        Self { pressed }
    }

    /// Works until the work is done, or until Ctrl-C: then `stop` is called, the work has a moment
    /// to end by itself, and there is no result.
    pub(crate) async fn unless_pressed<T>(
        &self,
        work: impl Future<Output = T>,
        stop: impl FnOnce(),
    ) -> Option<T> {
        let mut pressed = self.pressed.clone();
        tokio::pin!(work);
        tokio::select! {
            done = &mut work => return Some(done),
            _ = pressed.wait_for(|pressed| *pressed) => {}
        }
        stop();
        let _ = tokio::time::timeout(GRACE, work).await;
        None
    }
}
