//! What goose's users share: the queue of arrivals, and what they do with one.
//!
//! A user takes the next arrival whoever it is, waits until it is due, and makes its requests
//! through the session. When the queue is empty the user is done.
//! Refuses to hold arrivals back for a slow answer: another user takes the next one, and where all
//! are busy the lateness counts as latency.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use letterproof_client::{ClientError, Flow, Session};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::call::{goose_name, perform};
use super::stock::Stock;
use crate::mix::{LoadOperation, MixCursor};
use crate::profile::LoadProfile;
use crate::record::{Collector, row_failure};
use crate::schedule::{Arrival, Arrivals};

/// How long before an arrival is due its request is handed to the pacer, which waits exactly.
const LEAD: Duration = Duration::from_millis(5);

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Users are being launched.
    Launching,
    /// The schedule runs.
    Running,
    /// Nothing more is sent; what is under way has a moment.
    Stopping,
    /// What is under way is cut off.
    Cut,
}

/// What goose's users share.
pub(super) struct Work {
    pub(super) session: Session,
    pub(super) profile: LoadProfile,
    pub(super) stock: Stock,
    pub(super) collector: Arc<Collector>,
    pub(super) stage: watch::Sender<Stage>,
    /// When the schedule begins; known once all users are there.
    pub(super) start: std::sync::OnceLock<Instant>,
    /// Users that wait for the first arrival.
    pub(super) ready: AtomicU32,
    pub(super) scenario: Arc<str>,
    queue: Mutex<(Arrivals, MixCursor)>,
    fatal: Mutex<Option<ClientError>>,
}

/// What goose is told of a request.
pub(super) struct Done {
    pub(super) method: &'static str,
    pub(super) name: &'static str,
    /// From the scheduled time.
    pub(super) latency: Duration,
    pub(super) status: Option<u16>,
    pub(super) failure: Option<String>,
}

impl Work {
    pub(super) fn new(
        session: Session,
        profile: LoadProfile,
        stock: Stock,
        collector: Arc<Collector>,
        arrivals: Arrivals,
    ) -> Self {
        let mix = MixCursor::new(profile.mix.weights());
        let scenario = format!("load {}", profile.name).into();
        Self {
            session,
            profile,
            stock,
            collector,
            stage: watch::Sender::new(Stage::Launching),
            start: std::sync::OnceLock::new(),
            ready: AtomicU32::new(0),
            scenario,
            queue: Mutex::new((arrivals, mix)),
            fatal: Mutex::new(None),
        }
    }

    /// Takes the next arrival and sees it through; `None` when there is none, or none may be sent.
    pub(super) async fn next(&self) -> Option<Done> {
        let start = self.started().await?;
        let (arrival, operation) = self.take()?;
        let due = start + arrival.at;
        let mut stage = self.stage.subscribe();
        tokio::select! {
            () = sleep_until(due.checked_sub(LEAD).unwrap_or(due)) => {}
            _ = stage.wait_for(|stage| *stage >= Stage::Stopping) => return None,
        }
        tokio::select! {
            done = self.send(due, operation) => done,
            _ = stage.wait_for(|stage| *stage == Stage::Cut) => None,
        }
    }

    /// Moves on to a later stage; there is no way back.
    pub(super) fn advance(&self, to: Stage) {
        self.stage.send_if_modified(|stage| {
            let later = to > *stage;
            *stage = (*stage).max(to);
            later
        });
    }

    /// Why nothing may be sent any more.
    pub(super) fn fatal(&self) -> Option<ClientError> {
        self.fatal.lock().clone()
    }

    /// Waits for the beginning of the schedule.
    async fn started(&self) -> Option<Instant> {
        if self.start.get().is_none() {
            self.ready.fetch_add(1, Ordering::Relaxed);
        }
        let mut stage = self.stage.subscribe();
        let stage = stage.wait_for(|stage| *stage >= Stage::Running).await.ok()?;
        if *stage == Stage::Running { self.start.get().copied() } else { None }
    }

    fn take(&self) -> Option<(Arrival, LoadOperation)> {
        let mut queue = self.queue.lock();
        let (arrivals, mix) = &mut *queue;
        arrivals.next().map(|arrival| (arrival, mix.next()))
    }

    async fn send(&self, due: Instant, operation: LoadOperation) -> Option<Done> {
        let flow = Flow::harness(self.session.nonce()).due_at(due);
        let flow = Flow { scenario: Some(self.scenario.clone()), ..flow };
        let sent = perform(&self.session, &self.profile, &self.stock, &flow, operation).await;
        let (method, name) = goose_name(operation.operation());
        let done = |latency, status, failure| Some(Done { method, name, latency, status, failure });
        match sent {
            Ok(exchange) => {
                let after = exchange
                    .finished()
                    .duration_since(exchange.scheduled.unwrap_or(exchange.started));
                let failure = row_failure(&exchange, operation.operation(), None, f64::MAX);
                done(Duration::try_from(after).unwrap_or_default(), exchange.status(), failure)
            }
            Err(error) if error.is_fatal() => {
                self.fatal.lock().get_or_insert(error);
                self.advance(Stage::Cut);
                None
            }
            Err(error) => {
                let why = why_unsent(&error);
                self.collector.unsent(why);
                done(due.elapsed(), None, Some(format!("unsent-{why}")))
            }
        }
    }
}

/// Why an arrival had no request of its own, in one word.
const fn why_unsent(error: &ClientError) -> &'static str {
    match error {
        ClientError::TokenRefused { .. }
        | ClientError::TokenUnusable { .. }
        | ClientError::Unreachable { .. } => "token",
        _ => "refused",
    }
}
