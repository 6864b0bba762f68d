//! Ctrl-C: once to stop cleanly, twice to stop at once.
//! Refuses to hang: what does not end by itself soon is cut off, and the journal shows it.

use std::io;
use std::pin::Pin;
use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::watch;

/// Time for calls under way to be answered.
const GRACE: Duration = Duration::from_secs(3);
/// The exit code of an incomplete run.
const INCOMPLETE: i32 = 3;

/// A press of Ctrl-C that is waited for; an error where signals cannot be had.
pub(crate) type NextPress = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// The next press of Ctrl-C, this moment included: who says that it is ready listens already. Needs
/// the runtime.
pub(crate) fn next_press() -> NextPress {
    let mut press = Box::pin(tokio::signal::ctrl_c());
    // The handler is set by the first poll, not by the call.
    match (&mut press).now_or_never() {
        Some(ended) => Box::pin(std::future::ready(ended)),
        None => press,
    }
}

/// Knows whether Ctrl-C was pressed.
pub(crate) struct Interrupt {
    pressed: watch::Receiver<bool>,
}

impl Interrupt {
    /// Listens from now on; a second Ctrl-C ends the process where it stands.
    pub(crate) fn listen() -> Self {
        let (tell, pressed) = watch::channel(false);
        let first = next_press();
        tokio::spawn(async move {
            if first.await.is_ok() {
                let second = next_press();
                tell.send_replace(true);
                if second.await.is_ok() {
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
