//! The server of the live page, on a loopback address.
//! Refuses any other address, and bodies beyond what its own forms send.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use super::answers::{self, Shown};
use super::error::UiError;
use super::guard::{Guard, guard};
use super::live::Live;
use super::render;

/// Longest form, in bytes.
const FORM: usize = 16 * 1024;
/// Readers of the stream at the same time.
const READERS: usize = 32;
/// Time for answers under way once the page stops.
const GRACE: Duration = Duration::from_secs(2);

/// A live page that is being served. Dropping it ends it.
#[derive(Debug)]
pub struct Page {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: Option<JoinHandle<std::io::Result<()>>>,
}

impl Page {
    /// Whether a page may be served there: on this machine alone.
    ///
    /// # Errors
    /// When others could reach it.
    pub fn may_listen(address: SocketAddr) -> Result<(), UiError> {
        if address.ip().is_loopback() { Ok(()) } else { Err(UiError::NotLoopback { address }) }
    }

    /// Serves the page of a witness; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address is not of this machine alone, or cannot be listened on.
    pub async fn serve(listen: SocketAddr, live: Arc<Live>) -> Result<Self, UiError> {
        Self::may_listen(listen)?;
        let failed = |source| UiError::Listen { address: listen, source };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (stop, stopped) = watch::channel(false);
        let shown =
            Shown { live, stop: stopped.clone(), places: Arc::new(Semaphore::new(READERS)) };
        let guarded = from_fn_with_state(Guard::new(address.port(), render::policy()), guard);
        let router = Router::new()
            .route("/", get(answers::page))
            .route("/events", get(answers::stream))
            .route("/state.json", get(answers::state))
            .route("/mark", post(answers::mark))
            .route("/scenario/begin", post(answers::begin))
            .route("/scenario/end", post(answers::end))
            .route("/finish", get(answers::ask).post(answers::finish))
            .layer(DefaultBodyLimit::max(FORM))
            .layer(guarded)
            .with_state(shown);
        let mut until = stopped;
        let server = axum::serve(listener, router).with_graceful_shutdown(async move {
            // Where nobody can say so any more, the page is dropped.
            let _ = until.wait_for(|stop| *stop).await;
        });
        let task = Some(tokio::spawn(async move { server.await }));
        Ok(Self { address, stop, task })
    }

    /// Where it is, to be opened in a browser.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Tells every reader the last state, and frees the port.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        if let Some(mut task) = self.task.take()
            && tokio::time::timeout(GRACE, &mut task).await.is_err()
        {
            task.abort();
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}
