//! Being asked to stop, by Ctrl-C or as service managers ask (SIGTERM; on Windows Ctrl-Break, a closed
//! window, a shutdown): once to stop cleanly, twice to stop at once.
//! Refuses to hang: what does not end by itself soon is cut off, and the journal shows it.

use std::io;
use std::pin::Pin;
use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::watch;

use crate::failure::Failure;
use crate::out;

/// Time for calls under way to be answered.
const GRACE: Duration = Duration::from_secs(3);
/// Signals that come so soon after each other are one request: some send theirs to a process and to
/// its group.
const ONE_REQUEST: Duration = Duration::from_millis(250);
/// The exit code of an incomplete run.
const INCOMPLETE: i32 = 3;

/// A request to stop that is waited for; an error where signals cannot be had.
pub(crate) type NextPress = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// The next request to stop, this moment included: who says that it is ready listens already. Needs
/// the runtime.
pub(crate) fn next_press() -> NextPress {
    let mut press: NextPress = Box::pin(asked_to_stop());
    // The handlers are set by the first poll, not by the call.
    match (&mut press).now_or_never() {
        Some(ended) => Box::pin(std::future::ready(ended)),
        None => press,
    }
}

/// A further request to stop, after one that was just made.
pub(crate) fn press_after_that() -> NextPress {
    let mut press = next_press();
    Box::pin(async move {
        if tokio::time::timeout(ONE_REQUEST, &mut press).await.is_ok() {
            press = next_press();
        }
        press.await
    })
}

#[cfg(unix)]
async fn asked_to_stop() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupted.recv() => Ok(()),
        _ = terminated.recv() => Ok(()),
    }
}

#[cfg(windows)]
async fn asked_to_stop() -> io::Result<()> {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown};
    let (mut pressed, mut broken) = (ctrl_c()?, ctrl_break()?);
    let (mut closed, mut shut_down) = (ctrl_close()?, ctrl_shutdown()?);
    tokio::select! {
        _ = pressed.recv() => Ok(()),
        _ = broken.recv() => Ok(()),
        _ = closed.recv() => Ok(()),
        _ = shut_down.recv() => Ok(()),
    }
}

#[cfg(not(any(unix, windows)))]
async fn asked_to_stop() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}

/// Waits until somebody asks to stop, and listens from the call on; where signals cannot be had, nobody
/// ever does. Needs the runtime.
pub(crate) fn pressed() -> impl Future<Output = ()> {
    let press = next_press();
    async move {
        if press.await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Works until the work is done, or until somebody asks to stop: then the work ends where it is, and
/// `words` say what that means.
pub(crate) async fn or_stopped<T>(
    work: impl Future<Output = Result<T, Failure>>,
    words: &str,
) -> Result<T, Failure> {
    tokio::select! {
        done = work => done,
        () = pressed() => Err(Failure::Stopped(words.to_owned())),
    }
}

/// Knows whether somebody asked to stop.
pub(crate) struct Interrupt {
    pressed: watch::Receiver<bool>,
}

impl Interrupt {
    /// Listens from now on; a second request ends the process where it is, with these words.
    pub(crate) fn listen(last_words: String) -> Self {
        let (tell, pressed) = watch::channel(false);
        let first = next_press();
        tokio::spawn(async move {
            if first.await.is_ok() {
                let second = press_after_that();
                tell.send_replace(true);
                if second.await.is_ok() {
                    out::failed(&[last_words]);
                    std::process::exit(INCOMPLETE);
                }
            }
            // Where signals cannot be had, nobody ever presses anything.
            std::future::pending::<()>().await;
        });
        Self { pressed }
    }

    /// Works until the work is done, or until somebody asks to stop: then `stop` is called, the work
    /// has a moment to end by itself, and there is no result.
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
