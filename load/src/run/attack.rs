//! Goose around the work: users, scenario, metrics, its report, and what each user does.
//!
//! Goose has no open arrival model, so its throttle and its run time are not used: each of its users
//! takes the next arrival of the shared schedule, waits until it is due, makes its requests through
//! the session, and ends when there is none. No arrival waits for a slow answer: another user takes
//! it, and where all are busy the lateness counts as latency. Goose hears of each request with its
//! latency from the scheduled time. It gets no controllers on open ports, no logs or tables on
//! stdout, and no HTML report, which loads a script from elsewhere.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use goose::client::GooseClientBuilder;
use goose::config::GooseConfiguration;
use goose::goose::{Scenario, Transaction, TransactionFunction};
use goose::metrics::GooseCoordinatedOmissionMitigation;
use goose::{GooseAttack, GooseError};
use letterproof_client::{ClientError, Flow, Session};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::call::{goose_name, perform};
use super::stock::Stock;
use crate::LoadError;
use crate::profile::LoadProfile;
use crate::record::{Collector, file, row_failure};
use crate::schedule::{Arrival, Arrivals, LoadOperation, MixCursor};

/// Users launched in a second: all are there before the schedule begins.
const LAUNCHED_PER_SECOND: u32 = 5_000;

/// Runs the work on so many of goose's users, until the last is done.
pub(super) async fn attack(work: Arc<Work>, users: u32, folder: &Path) -> Result<(), LoadError> {
    let refused = |error: GooseError| LoadError::Goose { problem: error.to_string() };
    let host = work.session.target().base_url.as_str().to_owned();
    let reports = file::GOOSE.map(|name| folder.join(name).display().to_string());
    let scenario = Scenario::new(&work.scenario).register_transaction(arrival(work));
    // No user has a client of its own: nothing is sent but through the session.
    let client = GooseClientBuilder::new().without_cookies();
    GooseAttack::initialize_with_config(configuration(host, users, reports.into()))
        .and_then(|attack| attack.set_client_builder_without_cookies(client))
        .map_err(refused)?
        .register_scenario(scenario)
        .execute()
        .await
        .map_err(refused)?;
    Ok(())
}

/// The transaction of every user: one arrival.
fn arrival(work: Arc<Work>) -> Transaction {
    let function: TransactionFunction = Arc::new(move |user| {
        let work = Arc::clone(&work);
        Box::pin(async move {
            let Some(done) = work.next().await else {
                // Goose ends a user after its iterations; this one has had its last.
                user.config.iterations = Some(1);
                return Ok(());
            };
            user.record_custom_request_duration(
                done.method,
                done.name,
                done.latency,
                done.failure.is_none(),
                done.status,
                done.failure.as_deref(),
            )
            .await
        })
    });
    Transaction::new(function).set_name("next arrival")
}

fn configuration(host: String, users: u32, reports: Vec<String>) -> GooseConfiguration {
    // Goose keeps some of its fields to itself, so that no literal can be written.
    let mut settings = GooseConfiguration::default();
    settings.host = Some(host);
    settings.users = Some(users as usize);
    settings.increase_rate = Some(LAUNCHED_PER_SECOND.to_string());
    settings.report_file = reports;
    settings.co_mitigation = Some(GooseCoordinatedOmissionMitigation::Disabled);
    // With its metrics reset once all users are there, goose says nothing of it on stdout; the
    // schedule begins after that.
    settings.no_reset_metrics = false;
    settings.no_print_metrics = true;
    settings.no_telnet = true;
    settings.no_websocket = true;
    settings.quiet = 2;
    settings
}

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
    stage: watch::Sender<Stage>,
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
