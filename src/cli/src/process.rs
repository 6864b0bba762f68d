//! This process: which build it is, its runtime and its log, and being asked to stop, by Ctrl-C or as
//! service managers ask (SIGTERM; on Windows Ctrl-Break, a closed window, a shutdown): once to stop
//! cleanly, twice to stop at once.

use std::io;
use std::pin::Pin;
use std::time::Duration;

use futures::FutureExt as _;
use letterproof_harness::{Failure, StopRequest};
use letterproof_model::ToolInfo;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::out;

/// Signals that come so soon after each other are one request: some send theirs to a process and to
/// its group.
const ONE_REQUEST: Duration = Duration::from_millis(250);
/// The exit code of an incomplete run.
const INCOMPLETE: i32 = 3;

/// Which build this is, as evidence names it.
pub(crate) fn tool() -> ToolInfo {
    ToolInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: env!("LETTERPROOF_COMMIT").to_owned(),
    }
}

/// The runtime of a command that makes or serves traffic.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Harness(format!("cannot start the runtime: {error}")))
}

/// Logs go to stderr and only when `RUST_LOG` asks for them; they never hold secrets.
pub(crate) fn start_log() {
    if std::env::var_os("RUST_LOG").is_some() {
        tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
            .with_ansi(false)
            .with_writer(|| out::Log)
            .init();
    }
}

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

/// Prints the one line of JSON that scripts wait for, waits for Ctrl-C, and shuts down; returns the exit
/// code.
pub(crate) async fn until_stopped(
    ready: &serde_json::Value,
    shutdown: impl Future<Output = ()>,
) -> Result<u8, Failure> {
    // Listening before it says that it is ready.
    let pressed = next_press();
    out::json_line(ready)?;
    let ended = pressed.await;
    shutdown.await;
    ended.map(|()| 0).map_err(|error| Failure::Harness(format!("cannot wait for Ctrl-C: {error}")))
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

/// Listens from now on for a request to stop; a second one ends the process where it is, with these
/// words. Needs the runtime.
pub(crate) fn stop_request(last_words: String) -> StopRequest {
    let (tell, pressed) = oneshot::channel();
    let first = next_press();
    tokio::spawn(async move {
        // Where signals cannot be had, nobody ever presses anything.
        if first.await.is_err() {
            return std::future::pending::<()>().await;
        }
        let second = press_after_that();
        let _ = tell.send(());
        if second.await.is_ok() {
            out::failed(&[last_words]);
            std::process::exit(INCOMPLETE);
        }
    });
    Box::pin(async move {
        let _ = pressed.await;
    })
}
