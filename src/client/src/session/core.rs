//! The session itself: its settings, its shared state, and the loop around each call.
//! Refuses to go on once an exchange could not be recorded, or once it was asked to stop.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use letterproof_model::{Mark, MarkKind, RecordError, Recorder, now};
use letterproof_wire::{HttpClient, Refusal};
use parking_lot::Mutex;
use tokio::sync::watch;
use url::Url;

use super::call::{Call, Kind, Repeat, Vouch};
use super::retry::{self, Next};
use super::skew::Skew;
use super::token::{Bearer, Tokens};
use super::transport::{Connections, Raw, build_http};
use crate::{ClientError, Pacer, Target};

/// A way to talk to a target; clones share everything.
#[derive(Clone)]
pub struct Session {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) target: Target,
    pub(super) http: HttpClient,
    /// Held while a person is asked about a storage host.
    pub(super) asking: tokio::sync::Mutex<()>,
    pub(super) recorder: Arc<dyn Recorder>,
    pub(super) pacer: Pacer,
    pub(super) tokens: Tokens,
    pub(super) skew: Skew,
    pub(super) connections: Connections,
    pub(super) nonce: Option<String>,
    pub(super) keep_pdfs: Option<PathBuf>,
    unrecorded: Mutex<Option<String>>,
    misled: Mutex<Option<String>>,
    stop: watch::Sender<bool>,
    pub(super) usage: UsageCounters,
}

#[derive(Default)]
pub(super) struct UsageCounters {
    pub(super) api: AtomicU64,
    pub(super) tokens: AtomicU64,
    pub(super) downloads: AtomicU64,
    pub(super) repeats: AtomicU64,
    pub(super) mi_records: AtomicU64,
    pub(super) throttled: AtomicU64,
}

/// How many requests a session has made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Calls of the API, which count against its limit.
    pub api: u64,
    /// Calls of the token endpoint.
    pub tokens: u64,
    /// Downloads from storage.
    pub downloads: u64,
    /// Of all these, repeats of an earlier try.
    pub repeats: u64,
    /// Answers with 429.
    pub throttled: u64,
}

/// What a session is told besides its target.
#[derive(Debug, Clone, Default)]
pub struct SessionOptions {
    /// Begins every correlation id, so that a run can be found in the gateway's logs.
    pub nonce: Option<String>,
    /// Folder in which the letters' content that is downloaded is kept; nowhere when absent.
    pub keep_pdfs: Option<PathBuf>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Session with {}", self.inner.target.base_url)
    }
}

impl Session {
    /// Opens a session; nothing is sent yet.
    ///
    /// # Errors
    /// When the target is production without consent, or its settings cannot work.
    pub fn new(
        target: Target,
        recorder: Arc<dyn Recorder>,
        options: SessionOptions,
    ) -> Result<Self, ClientError> {
        let http = build_http(&target, &target.guard()?, &recorder)?;
        let (stop, _) = watch::channel(false);
        Ok(Self {
            inner: Arc::new(Inner {
                http,
                asking: tokio::sync::Mutex::default(),
                recorder,
                pacer: Pacer::new(target.rate_limit),
                tokens: Tokens::default(),
                skew: Skew::default(),
                connections: Connections::default(),
                nonce: options.nonce,
                keep_pdfs: options.keep_pdfs,
                unrecorded: Mutex::new(None),
                misled: Mutex::new(None),
                stop,
                usage: UsageCounters::default(),
                target,
            }),
        })
    }

    /// Where it goes.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.inner.target
    }

    /// What keeps its pace.
    #[must_use]
    pub fn pacer(&self) -> &Pacer {
        &self.inner.pacer
    }

    /// Who keeps its exchanges.
    #[must_use]
    pub fn recorder(&self) -> &Arc<dyn Recorder> {
        &self.inner.recorder
    }

    /// The nonce of its correlation ids.
    #[must_use]
    pub fn nonce(&self) -> Option<&str> {
        self.inner.nonce.as_deref()
    }

    /// How many requests it has made.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let usage = &self.inner.usage;
        Usage {
            api: read(&usage.api),
            tokens: read(&usage.tokens),
            downloads: read(&usage.downloads),
            repeats: read(&usage.repeats),
            throttled: read(&usage.throttled),
        }
    }

    /// How far the server's clock is ahead of this one, once an answer's `Date` has told.
    #[must_use]
    pub fn clock_skew(&self) -> Option<jiff::SignedDuration> {
        self.inner.skew.measured()
    }

    /// The certificate that the target's host showed last, DER; `None` without TLS.
    #[must_use]
    pub fn certificate(&self) -> Option<Vec<u8>> {
        self.inner.connections.certificate()
    }

    /// Why nothing is sent any more, once something led where nothing may go.
    #[must_use]
    pub fn led_astray(&self) -> Option<String> {
        self.inner.misled.lock().clone()
    }

    /// Takes in that the times of this process go on so many seconds ahead of the machine's clock, which
    /// is what the platform is taken to go by until one of its answers tells.
    pub fn assume_clock_behind(&self, seconds: i64) {
        self.inner.skew.assume(jiff::SignedDuration::from_secs(-seconds));
    }

    /// Asks everything to stop: requests under way end, waits are cut short, and whatever is
    /// asked for afterwards is refused with [`ClientError::Interrupted`].
    pub fn stop(&self) {
        self.inner.stop.send_replace(true);
    }

    /// Ends the session: nothing more is sent, and a token that is being renewed beside the
    /// requests is waited for until it is recorded. After it the journal grows no more.
    pub async fn close(&self) {
        self.stop();
        self.inner.tokens.end_of_asking().await;
    }

    /// Appends a mark to the journal.
    ///
    /// # Errors
    /// When it cannot be written; the session is over then.
    pub fn mark(&self, kind: MarkKind, scenario: Option<&str>) -> Result<(), ClientError> {
        let mark = Mark { at: now(), scenario: scenario.map(str::to_owned), kind };
        self.inner.recorder.mark(mark).map_err(|error| self.unrecorded(&error))
    }

    /// Sleeps, unless the run is asked to stop first.
    ///
    /// # Errors
    /// When the run is asked to stop.
    pub async fn sleep(&self, time: Duration) -> Result<(), ClientError> {
        let mut stop = self.inner.stop.subscribe();
        tokio::select! {
            () = tokio::time::sleep(time) => self.ready(),
            _ = stop.wait_for(|stopped| *stopped) => Err(ClientError::Interrupted),
        }
    }

    /// Replaces every secret the recorder has seen.
    #[must_use]
    pub fn scrub(&self, text: &str) -> String {
        self.inner.recorder.scrub(text)
    }

    pub(super) fn unrecorded(&self, error: &RecordError) -> ClientError {
        let mut kept = self.inner.unrecorded.lock();
        let message = kept.get_or_insert_with(|| error.message.clone()).clone();
        ClientError::Unrecorded { message }
    }

    /// Ends the session because something led where nothing may go, and writes that down once.
    pub(super) fn misled(&self, refusal: &Refusal) -> ClientError {
        let message = refusal.to_string();
        let first = self.inner.misled.lock().replace(message.clone()).is_none();
        if first {
            let text = format!("nothing was sent where a link or name led: {message}");
            if let Err(error) = self.mark(MarkKind::Note { text }, None) {
                return error;
            }
        }
        ClientError::Misled { message }
    }

    /// Whether anything may still be sent.
    pub(super) fn ready(&self) -> Result<(), ClientError> {
        if let Some(message) = self.led_astray() {
            return Err(ClientError::Misled { message });
        }
        if let Some(message) = self.inner.unrecorded.lock().clone() {
            return Err(ClientError::Unrecorded { message });
        }
        if *self.inner.stop.borrow() { Err(ClientError::Interrupted) } else { Ok(()) }
    }

    /// An address under the base URL; `path` begins with a slash and is taken as it is.
    pub(super) fn api_url(&self, path: &str) -> Result<Url, ClientError> {
        let base = self.inner.target.base_url.as_str().trim_end_matches('/');
        Url::parse(&format!("{base}{path}")).map_err(|error| {
            ClientError::configuration(format!("`{path}` makes no address under {base} ({error})"))
        })
    }

    /// Makes a call, again where that is safe, and returns the last try.
    pub(super) async fn make(&self, call: &Call) -> Result<Raw, ClientError> {
        super::guard::allow(&self.inner, call)?;
        if call.kind == Kind::Download {
            self.ready()?;
            self.allow_link(&call.url).await?;
        }
        let mut attempt = 0;
        let mut renewed = false;
        let mut throttles = 0;
        loop {
            self.ready()?;
            attempt += 1;
            // Before the turn, so that nobody holds one while a token is asked for.
            self.bearer_for(call).await?;
            let slot = match (call.kind, call.due) {
                (Kind::Api, Some(due)) => Some(self.inner.pacer.slot_at(due).await),
                (Kind::Api, None) => Some(self.inner.pacer.slot().await),
                _ => None,
            };
            // And again after it, since a token may end while its request waits.
            let bearer = self.bearer_for(call).await?;
            self.ready()?;
            self.count(call.kind, attempt);
            let due = slot.as_ref().map(crate::Slot::due);
            let raw = self.send(call, attempt, bearer.as_ref(), due).await?;
            if let (Some(bearer), true) = (&bearer, raw.status().is_some_and(|code| code != 401)) {
                self.inner.tokens.note_taken(bearer);
            }
            match raw.status() {
                Some(401) if matches!(call.vouch, Vouch::Session) && !renewed => {
                    if let Some(bearer) = &bearer
                        && self.inner.tokens.discard(bearer)
                    {
                        renewed = true;
                        continue;
                    }
                }
                Some(429) => {
                    self.inner.usage.throttled.fetch_add(1, Ordering::Relaxed);
                    let pause = retry::stated_pause(&raw, &self.inner.skew);
                    if let Some(slot) = &slot {
                        slot.throttled(pause);
                    }
                    throttles += 1;
                    if call.repeat != Repeat::Never && throttles <= retry::MOST_THROTTLES {
                        if slot.is_none() {
                            self.sleep(pause).await?;
                        }
                        continue;
                    }
                }
                _ => {}
            }
            drop(slot);
            match retry::next(call.repeat, attempt - throttles - u32::from(renewed), &raw) {
                Next::Again(pause) => self.sleep(pause).await?,
                Next::Take => return Ok(raw),
            }
        }
    }

    pub(super) async fn bearer_for(&self, call: &Call) -> Result<Option<Bearer>, ClientError> {
        match &call.vouch {
            Vouch::Session => self.bearer(&call.flow).await,
            Vouch::Nobody => Ok(None),
            Vouch::Given(value) => Ok(Some(Bearer::given(value.clone()))),
        }
    }

    pub(super) fn count(&self, kind: Kind, attempt: u32) {
        let usage = &self.inner.usage;
        let counter = match kind {
            Kind::Api => &usage.api,
            Kind::Token => &usage.tokens,
            Kind::Download => &usage.downloads,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        if attempt > 1 {
            usage.repeats.fetch_add(1, Ordering::Relaxed);
        }
    }
}
