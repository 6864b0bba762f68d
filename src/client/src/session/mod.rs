//! Sessions: requests that prove who they are, keep the pace, and are recorded before anything is
//! decided on them. Nothing more is sent once an exchange could not be recorded, a link led where
//! nothing may go, or the run was asked to stop; production takes a person's consent.

mod operations;
mod probes;
mod sending;

pub use operations::{Answer, DataLink, Download, LinkChange};
pub(crate) use operations::{is_web_page, unreachable};
pub use probes::{BearerChoice, HeaderChoice, Probe};
pub(crate) use sending::Raw;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use letterproof_model::{Mark, MarkKind, Operation, RecordError, Recorder, Route, now};
use letterproof_wire::{Guard, HttpClient, Refusal, StorageHost};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use url::Url;

use crate::call::{self, Call, Kind, Next, Repeat, Vouch};
use crate::tls::build_http;
use crate::tokens::{Bearer, Tokens};
use crate::{ClientError, Pacer, Target};
use sending::Connections;

/// A way to talk to a target; clones share everything.
#[derive(Clone)]
pub struct Session {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    target: Target,
    http: HttpClient,
    /// Held while a person is asked about a storage host.
    asking: tokio::sync::Mutex<()>,
    recorder: Arc<dyn Recorder>,
    pacer: Pacer,
    pub(crate) tokens: Tokens,
    pub(crate) skew: Skew,
    connections: Connections,
    nonce: Option<String>,
    keep_pdfs: Option<PathBuf>,
    unrecorded: Mutex<Option<String>>,
    misled: Mutex<Option<String>>,
    stop: watch::Sender<bool>,
    usage: UsageCounters,
}

#[derive(Default)]
struct UsageCounters {
    api: AtomicU64,
    tokens: AtomicU64,
    downloads: AtomicU64,
    repeats: AtomicU64,
    mi_records: AtomicU64,
    throttled: AtomicU64,
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

    fn unrecorded(&self, error: &RecordError) -> ClientError {
        let mut kept = self.inner.unrecorded.lock();
        let message = kept.get_or_insert_with(|| error.message.clone()).clone();
        ClientError::Unrecorded { message }
    }

    /// Ends the session because something led where nothing may go, and writes that down once.
    fn misled(&self, refusal: &Refusal) -> ClientError {
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
    pub(crate) fn ready(&self) -> Result<(), ClientError> {
        if let Some(message) = self.led_astray() {
            return Err(ClientError::Misled { message });
        }
        if let Some(message) = self.inner.unrecorded.lock().clone() {
            return Err(ClientError::Unrecorded { message });
        }
        if *self.inner.stop.borrow() { Err(ClientError::Interrupted) } else { Ok(()) }
    }

    /// An address under the base URL; `path` begins with a slash and is taken as it is.
    fn api_url(&self, path: &str) -> Result<Url, ClientError> {
        let base = self.inner.target.base_url.as_str().trim_end_matches('/');
        Url::parse(&format!("{base}{path}")).map_err(|error| {
            ClientError::configuration(format!("`{path}` makes no address under {base} ({error})"))
        })
    }

    /// Whether a call may be made at all: in production, the smoke test's alone.
    fn allow(&self, call: &Call) -> Result<(), ClientError> {
        let target = &self.inner.target;
        if call.kind == Kind::Download {
            return Ok(());
        }
        let Some(consent) = &target.consent else { return Ok(()) };
        let route = Route::of(call.method.as_str(), call.url.as_str(), target.base_url.as_str());
        let allowed = match route.operation {
            Operation::Status | Operation::Token | Operation::GetMi => true,
            Operation::GetLetter | Operation::GetLetterData => {
                route.letter.is_some_and(|letter| consent.letters().contains(&letter))
            }
            Operation::CreateMi => self.inner.usage.mi_records.fetch_add(1, Ordering::Relaxed) == 0,
            _ => false,
        };
        if allowed {
            Ok(())
        } else {
            Err(ClientError::refused(format!(
                "{} is not part of the production smoke test, which fetches the named letters and submits one record",
                route.operation.label()
            )))
        }
    }

    /// What its connections pass.
    pub(crate) fn guard(&self) -> &Guard {
        self.inner.http.guard()
    }

    /// Whether a link may be followed; nothing is asked and nothing is sent.
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn check_link(&self, link: &DataLink) -> Result<(), Refusal> {
        self.guard().check(&link.url)
    }

    /// Lets a download go where its link leads, or ends the session: the link stays refused, so that
    /// going on could only show letters that nobody fetched.
    async fn allow_link(&self, url: &Url) -> Result<(), ClientError> {
        let guard = self.guard();
        let Err(refusal) = guard.check(url) else { return Ok(()) };
        let Some(host) = refusal.askable() else { return Err(self.misled(&refusal)) };
        // One question at a time; who waited finds the answer given.
        let _asking = self.inner.asking.lock().await;
        self.ready()?;
        if guard.check(url).is_ok() {
            return Ok(());
        }
        if !self.asked_about(host).await? {
            return Err(self.misled(&refusal));
        }
        guard.agree_to(host.clone());
        let text = format!("a person agreed that {host} is the target's storage");
        self.mark(MarkKind::Note { text }, None)
    }

    async fn asked_about(&self, host: &StorageHost) -> Result<bool, ClientError> {
        let Some(consent) = self.inner.target.storage_consent.clone() else { return Ok(false) };
        let host = host.clone();
        // A person takes their time, and others must not wait for it.
        let answer = spawn_blocking(move || consent.given_to(&host)).await;
        answer.map_err(|_| ClientError::Interrupted)
    }

    /// Makes a call, again where that is safe, and returns the last try.
    async fn make(&self, call: &Call) -> Result<Raw, ClientError> {
        self.allow(call)?;
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
                // The token ended on the way, or was taken back: another is asked for once. Refused
                // again, it is the credentials, and the 401 is the answer.
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
                    let pause = call::stated_pause(&raw, &self.inner.skew);
                    // Said before the slot ends, so that no other call gets its turn in between.
                    if let Some(slot) = &slot {
                        slot.throttled(pause);
                    }
                    throttles += 1;
                    if call.repeat != Repeat::Never && throttles <= call::MOST_THROTTLES {
                        // With a slot, the wait for the next one is the pause.
                        if slot.is_none() {
                            self.sleep(pause).await?;
                        }
                        continue;
                    }
                }
                _ => {}
            }
            // The call has been answered: a slot held through the pause would keep others waiting.
            drop(slot);
            // Neither a 429 nor a renewed token is a failure on the way, so neither counts as a try.
            match call::next(call.repeat, attempt - throttles - u32::from(renewed), &raw) {
                Next::Again(pause) => self.sleep(pause).await?,
                Next::Take => return Ok(raw),
            }
        }
    }

    async fn bearer_for(&self, call: &Call) -> Result<Option<Bearer>, ClientError> {
        match &call.vouch {
            Vouch::Session => self.inner.tokens.bearer(self, &call.flow).await,
            Vouch::Nobody => Ok(None),
            Vouch::Given(value) => Ok(Some(Bearer::given(value.clone()))),
        }
    }

    pub(crate) fn count(&self, kind: Kind, attempt: u32) {
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

/// Skew that is worth correcting.
const WORTH_CORRECTING: SignedDuration = SignedDuration::from_secs(2);

/// How far the server's clock is from this one, told from the `Date` of its answers. `Date` counts
/// whole seconds, so less than two seconds is no skew.
#[derive(Default)]
pub(crate) struct Skew {
    measured: Mutex<Option<SignedDuration>>,
    disbelieved: AtomicBool,
}

impl Skew {
    /// Takes the `Date` of an answer that arrived between `sent` and `received`.
    pub(crate) fn note(&self, date: &str, sent: Timestamp, received: Timestamp) {
        let Ok(date) = jiff::fmt::rfc2822::parse(date) else { return };
        // `Date` is cut to whole seconds: on average half a second has passed since.
        let server = date.timestamp().as_millisecond() + 500;
        let here = (sent.as_millisecond() + received.as_millisecond()) / 2;
        *self.measured.lock() = Some(SignedDuration::from_millis(server - here));
    }

    /// Takes in how far the server is ahead, until one of its answers tells.
    pub(crate) fn assume(&self, ahead: SignedDuration) {
        self.measured.lock().get_or_insert(ahead);
    }

    /// Takes in that the server goes by this clock, whatever its `Date` says.
    pub(crate) fn disbelieve(&self) {
        self.disbelieved.store(true, Ordering::Relaxed);
    }

    /// How far the server is ahead; `None` before the first answer.
    pub(crate) fn measured(&self) -> Option<SignedDuration> {
        *self.measured.lock()
    }

    /// The server's time when this clock shows `here`.
    pub(crate) fn server_now(&self, here: Timestamp) -> Timestamp {
        match self.measured() {
            Some(ahead)
                if ahead.abs() >= WORTH_CORRECTING && !self.disbelieved.load(Ordering::Relaxed) =>
            {
                here.checked_add(ahead).unwrap_or(here)
            }
            _ => here,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_assumed_holds_until_an_answer_tells() {
        let skew = Skew::default();
        let here: Timestamp = "2026-11-20T13:14:35Z".parse().unwrap();
        skew.assume(SignedDuration::from_hours(-1));
        assert_eq!(skew.server_now(here).as_second() - here.as_second(), -3_600);
        skew.note("Fri, 20 Nov 2026 13:14:35 GMT", here, here);
        skew.assume(SignedDuration::from_hours(-1));
        assert_eq!(skew.server_now(here), here);
    }

    #[test]
    fn a_clock_that_is_off_by_minutes_is_corrected_and_one_off_by_a_second_is_not() {
        let skew = Skew::default();
        let here: Timestamp = "2026-11-20T13:14:35Z".parse().unwrap();
        assert_eq!(skew.server_now(here), here);
        skew.note("Fri, 20 Nov 2026 13:14:36 GMT", here, here);
        assert_eq!(skew.server_now(here), here);
        skew.note("Fri, 20 Nov 2026 13:24:35 GMT", here, here);
        assert_eq!(skew.server_now(here).as_second() - here.as_second(), 600);
        skew.disbelieve();
        assert_eq!(skew.server_now(here), here);
        skew.note("yesterday", here, here);
        assert_eq!(skew.measured().unwrap().as_secs(), 600);
    }
}
