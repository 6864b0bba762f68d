//! The supplier itself: what all its handles share, where it begins, how a scenario gets one, and
//! how it tells its listener how far it is.
//!
//! No two scenarios share a correlation id.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use letterproof_client::{ClientError, Flow, Ledger, ListedLetter, Session, UnexpectedAnswer};
use letterproof_model::{Context, Exchange, LetterId, MarkKind, Mode, Timestamp, now};
use parking_lot::Mutex;

use crate::lists::{Listing, Recalled};

/// How many calls the supplier has under way at once; the pacer keeps their rate.
pub(crate) const AT_ONCE: usize = 128;

/// How many calls of a large piece of work may wait for the pacer at once.
const MOST_BEFORE_PACER: usize = 12;

/// Asked before the first update; told whether a list came back with fewer letters than asked for,
/// so that the ledger knows every letter that waits. An error keeps the update from being sent.
pub type Gate = Arc<dyn Fn(&Ledger, bool) -> Result<(), ClientError> + Send + Sync>;

/// What a supplier begins with besides its session and ledger.
pub struct Beginning {
    /// When the run began: before this process, where it is resumed.
    pub since: Timestamp,
    /// Asked before the first update.
    pub gate: Option<Gate>,
    /// Lists to go on with.
    pub recalled: Recalled,
}

impl Default for Beginning {
    fn default() -> Self {
        Self { since: now(), gate: None, recalled: Recalled::default() }
    }
}

/// One step of long work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgressEvent {
    /// What is being done, as a short phrase.
    pub what: String,
    /// How many are done.
    pub done: u64,
    /// How many there are, where known.
    pub total: Option<u64>,
    /// The time left, where known.
    pub remaining: Option<Duration>,
}

/// Listens to the progress of long work; called often, so it must be quick.
pub trait Progress: Send + Sync {
    /// Takes one step of news.
    fn on_event(&self, event: ProgressEvent);
}

impl<F: Fn(ProgressEvent) + Send + Sync> Progress for F {
    fn on_event(&self, event: ProgressEvent) {
        self(event);
    }
}

/// Listens to nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn on_event(&self, _event: ProgressEvent) {}
}

/// The reference supplier; clones are handles on the same one.
#[derive(Clone)]
pub struct Supplier {
    pub(crate) shared: Arc<Shared>,
    pub(crate) flow: Flow,
}

pub(crate) struct Shared {
    pub(crate) session: Session,
    pub(crate) ledger: Ledger,
    pub(crate) context: Context,
    pub(crate) progress: Arc<dyn Progress>,
    /// Lists are never fetched in parallel: they overlap.
    pub(crate) listing: tokio::sync::Mutex<Listing>,
    /// Updates sent so far, to tell whether any came after a list.
    pub(crate) updates: AtomicU64,
    /// How long an update took to show the last time.
    pub(crate) usual_delay: Mutex<Option<Duration>>,
    /// When the run began.
    pub(crate) since: Timestamp,
    /// When this process began with it: later than `since` where the run is resumed.
    pub(crate) opened: Timestamp,
    pub(crate) gate: Option<Gate>,
    pub(crate) gate_passed: AtomicBool,
    /// Whether a list came back with fewer letters than asked for.
    pub(crate) saw_end: AtomicBool,
    pub(crate) recalled: Recalled,
    /// Held by whoever decides on letters, until the decision shows; alone by whoever lists letters
    /// to decide on all of them.
    pub(crate) deciding: tokio::sync::RwLock<()>,
    /// The letters of such a list, by scenario, that nobody else had taken.
    pub(crate) held: Mutex<HashMap<String, Vec<LetterId>>>,
    /// The letters of a list that ended one flow through the queue and begins the next.
    pub(crate) beyond: Mutex<Vec<LetterId>>,
}

impl Supplier {
    /// A supplier that works over a session and chooses from a ledger.
    #[must_use]
    pub fn new(session: Session, ledger: Ledger) -> Self {
        Self::with_progress(session, ledger, Arc::new(Silent))
    }

    /// The same, telling a listener how far it is.
    #[must_use]
    pub fn with_progress(session: Session, ledger: Ledger, progress: Arc<dyn Progress>) -> Self {
        Self::begin(session, ledger, progress, Beginning::default())
    }

    /// The same, beginning where a run did.
    #[must_use]
    pub fn begin(
        session: Session,
        ledger: Ledger,
        progress: Arc<dyn Progress>,
        beginning: Beginning,
    ) -> Self {
        let flow = Flow::supplier(session.nonce());
        let context = session.target().context(Mode::Driven);
        Self {
            shared: Arc::new(Shared {
                session,
                ledger,
                context,
                progress,
                listing: tokio::sync::Mutex::default(),
                updates: AtomicU64::new(0),
                usual_delay: Mutex::new(None),
                since: beginning.since,
                opened: now(),
                gate: beginning.gate,
                gate_passed: AtomicBool::new(false),
                saw_end: AtomicBool::new(false),
                recalled: beginning.recalled,
                deciding: tokio::sync::RwLock::default(),
                beyond: Mutex::default(),
                held: Mutex::default(),
            }),
            flow,
        }
    }

    /// A handle under a scenario's name, with a correlation id of its own.
    #[must_use]
    pub fn for_scenario(&self, scenario: &str) -> Self {
        let flow = Flow::supplier(self.session().nonce()).in_scenario(scenario);
        Self { shared: self.shared.clone(), flow }
    }

    /// The session it works over.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.shared.session
    }

    /// The ledger it chooses from.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.shared.ledger
    }

    /// The flow its requests belong to.
    #[must_use]
    pub fn flow(&self) -> &Flow {
        &self.flow
    }

    /// What is known of the target.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.shared.context
    }

    /// Calls `GET /_status` (AT1).
    ///
    /// # Errors
    /// When it is not answered with 200.
    pub async fn check_service(&self) -> Result<Arc<Exchange>, ClientError> {
        let answer = self.session().check_status(&self.flow).await?;
        if answer.status == 200 {
            Ok(answer.exchange)
        } else {
            Err(self.unexpected("checking the service", &answer.exchange, "200"))
        }
    }

    /// How many more calls of a large piece of work may be begun when so many are under way: few
    /// stand before the pacer at a time, so that other scenarios' calls find their turn.
    pub(crate) fn room_for(&self, running: usize, most: usize) -> usize {
        let before_pacer = self.session().pacer().waiting().min(MOST_BEFORE_PACER);
        let room = MOST_BEFORE_PACER - before_pacer + usize::from(running == 0);
        room.min(most.saturating_sub(running))
    }

    /// Does one thing for each item, some at a time, and gives the results in the items' order.
    pub(crate) async fn each<I, T, F>(
        &self,
        what: &str,
        items: Vec<I>,
        mut work: impl FnMut(I) -> F,
    ) -> Result<Vec<T>, ClientError>
    where
        F: Future<Output = Result<T, ClientError>>,
    {
        let total = items.len();
        let mut done = Vec::with_capacity(total);
        let mut jobs = items.into_iter().enumerate().map(|(at, item)| {
            let job = work(item);
            async move { job.await.map(|result| (at, result)) }
        });
        let mut running = FuturesUnordered::new();
        loop {
            let room = self.room_for(running.len(), AT_ONCE);
            running.extend(jobs.by_ref().take(room));
            let Some(result) = running.next().await else { break };
            done.push(result?);
            self.tell(what, done.len() as u64, Some(total as u64), None);
        }
        done.sort_unstable_by_key(|(at, _)| *at);
        Ok(done.into_iter().map(|(_, result)| result).collect())
    }

    /// Lets the first update pass only if the gate does.
    pub(crate) fn pass_gate(&self) -> Result<(), ClientError> {
        use std::sync::atomic::Ordering::SeqCst;
        let Some(gate) = &self.shared.gate else { return Ok(()) };
        if !self.shared.gate_passed.load(SeqCst) {
            gate(self.ledger(), self.shared.saw_end.load(SeqCst))?;
            self.shared.gate_passed.store(true, SeqCst);
        }
        Ok(())
    }

    pub(crate) fn tell(
        &self,
        what: &str,
        done: u64,
        total: Option<u64>,
        remaining: Option<Duration>,
    ) {
        let what = what.to_owned();
        self.shared.progress.on_event(ProgressEvent { what, done, total, remaining });
    }

    pub(crate) fn mark(&self, kind: MarkKind) -> Result<(), ClientError> {
        self.session().mark(kind, self.flow.scenario.as_deref())
    }

    /// The error for an answer that an action cannot go on with.
    pub(crate) fn unexpected(
        &self,
        action: &str,
        exchange: &Exchange,
        expected: &'static str,
    ) -> ClientError {
        let status = exchange.status().unwrap_or_default();
        let said = exchange.response().and_then(|response| said(response.body.json_text()?));
        ClientError::Unexpected(Box::new(UnexpectedAnswer {
            action: action.to_owned(),
            url: exchange.request.url.split('?').next().unwrap_or_default().to_owned(),
            status,
            expected,
            detail: said.map_or_else(String::new, |said| {
                format!(", saying \"{}\"", self.session().scrub(&said))
            }),
            exchange: exchange.id.clone(),
            remedy: remedy(status),
        }))
    }
}

/// The ids of listed letters.
#[must_use]
pub fn letter_ids(letters: &[ListedLetter]) -> Vec<LetterId> {
    letters.iter().map(|letter| letter.id.clone()).collect()
}

/// What an error body says of itself, cut short.
fn said(text: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    let said = ["/errors/0/detail", "/errors/0/message", "/message"]
        .iter()
        .find_map(|place| value.pointer(place).and_then(serde_json::Value::as_str))?;
    Some(said.chars().take(200).collect())
}

const fn remedy(status: u16) -> &'static str {
    match status {
        401 => "Check the credentials with `letterproof doctor`.",
        403 => "Check that this application is known to the API as a supplier.",
        404 => "Check the base URL, and that the letters belong to this supplier.",
        429 => "Lower the profile's rate limit to the one agreed.",
        500..=599 => {
            "The API has a fault of its own: try again later, and report it with the exchange."
        }
        _ => "The exchange shows what was sent; compare it with the specification.",
    }
}
