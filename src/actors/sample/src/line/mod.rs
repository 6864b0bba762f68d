//! The supplier's line to the API: one call after another at the agreed pace, with a token, an id of
//! its own, and patience.
//!
//! What may have been carried out and must not be done twice is never repeated. No redirect is
//! followed unasked, and no answer is read without end.

mod operations;
mod tokens;

pub(crate) use operations::{Fetched, Letter, MiRecord, Reason, Update};

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use letterproof_model::{LetterId, now, without_mark};
use letterproof_wire::{Certificate, HttpClient, Redirects, Request, Response, SendError};
use parking_lot::Mutex;
use tokio::time::{Instant, sleep, sleep_until};
use url::Url;
use uuid::Uuid;

use crate::faults::{Faults, Wrong};
use crate::habits::Manner;
use crate::report::{SupplierError, remedy};
use crate::settings::SupplierSettings;
use tokens::Tokens;

/// The longest answer that is read, in bytes; letters are far shorter.
const LONGEST_ANSWER: usize = 32 * 1024 * 1024;
/// The longest pause after 429.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// The media type of the API.
const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/vnd.api+json");

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");

/// The supplier's line to the API.
pub(crate) struct Line {
    settings: SupplierSettings,
    faults: Faults,
    client: HttpClient,
    pacer: Pacer,
    tokens: Tokens,
    one_id: String,
    /// Whether the call that is to go without a token has gone.
    forgot: AtomicBool,
    /// A letter's link that is kept for later.
    hoarded: Mutex<Option<(LetterId, Url)>>,
    /// The correlation id of the calls for this list.
    list: Mutex<Uuid>,
}

/// A call to the API.
struct Call {
    method: Method,
    /// Path and query below the base URL.
    path: String,
    body: Option<Vec<u8>>,
    /// Whether it may be repeated when nobody knows if it was carried out.
    repeatable: bool,
}

/// A whole answer.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// Why no whole answer came, in words that show no address.
fn cause(error: &SendError) -> &'static str {
    let SendError::Failed(error) = error else { return "it was not sent" };
    if error.is_timeout() {
        "it took too long"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke"
    }
}

impl Call {
    fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), body: None, repeatable: true }
    }

    fn with_body(method: Method, path: impl Into<String>, body: Vec<u8>) -> Self {
        Self { method, path: path.into(), body: Some(body), repeatable: true }
    }

    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

impl Line {
    /// Reads secrets and roots and opens the line; nothing is sent yet.
    pub(crate) async fn open(
        settings: &SupplierSettings,
        faults: &Faults,
    ) -> Result<Self, SupplierError> {
        let mut roots = Vec::new();
        for path in &settings.roots {
            let at_fault = |problem: &str| {
                SupplierError::Settings(format!("trusted roots {}: {problem}", path.display()))
            };
            let pem = tokio::fs::read(path).await.map_err(|e| at_fault(&e.to_string()))?;
            let found = Certificate::from_pem_bundle(without_mark(&pem))
                .map_err(|_| at_fault("no PEM file of certificates"))?;
            roots.extend(found);
        }
        let redirects = match settings.has(Manner::FollowRedirects) {
            true => Redirects::Followed,
            false => Redirects::Shown,
        };
        let client = settings.guard()?.client(redirects, |builder| {
            let builder = builder.timeout(settings.answer_timeout).user_agent("model-print-house");
            let builder = match settings.has(Manner::NoKeepAlive) {
                true => {
                    let close = (header::CONNECTION, HeaderValue::from_static("close"));
                    builder.pool_max_idle_per_host(0).default_headers(HeaderMap::from_iter([close]))
                }
                false => builder.pool_max_idle_per_host(settings.in_flight),
            };
            let builder = match settings.has(Manner::Http2) {
                true => builder.http2_prior_knowledge(),
                false => builder,
            };
            roots.into_iter().fold(builder, |builder, root| builder.add_root_certificate(root))
        });
        let client = client.map_err(|_| {
            SupplierError::Settings("TLS cannot be set up; check the trusted roots".to_owned())
        })?;
        Ok(Self {
            client,
            pacer: Pacer::new(settings.rate_limit),
            tokens: Tokens::read(settings).await?,
            one_id: Uuid::new_v4().to_string(),
            forgot: AtomicBool::new(false),
            hoarded: Mutex::default(),
            list: Mutex::new(Uuid::new_v4()),
            settings: settings.clone(),
            faults: faults.clone(),
        })
    }

    /// Makes a call, repeating it while that is right.
    async fn call(&self, call: &Call) -> Result<Answer, SupplierError> {
        let mut attempt = 1;
        let mut renewed = false;
        let mut id = Uuid::new_v4();
        loop {
            let result = self.once(call, id).await?;
            if !self.settings.has(Manner::SameRequestId) {
                id = Uuid::new_v4();
            }
            let last = attempt >= self.settings.attempts;
            let pause = match &result {
                Err(SendError::Refused(refusal)) => return Err(refusal.clone().into()),
                Ok(answer) if answer.status == 401 && !renewed && self.may_renew() => {
                    renewed = true;
                    continue;
                }
                Ok(answer) if answer.status == 429 && !last => self.pause_after_429(answer),
                Ok(answer) if answer.status >= 500 && !last && self.may_repeat(call) => {
                    self.back_off(attempt)
                }
                Err(_) if !last && self.may_repeat(call) => self.back_off(attempt),
                Ok(_) | Err(_) => {
                    return result.map_err(|error| SupplierError::Unanswered {
                        call: call.name(),
                        cause: cause(&error),
                        base_url: self.settings.base_url.to_string(),
                    });
                }
            };
            sleep(pause).await;
            attempt += 1;
        }
    }

    /// Makes a call and refuses any answer but one with this status.
    async fn expect(&self, call: &Call, status: u16) -> Result<Answer, SupplierError> {
        let answer = self.call(call).await?;
        if answer.status == status {
            return Ok(answer);
        }
        Err(SupplierError::Refused {
            call: call.name(),
            status: answer.status,
            remedy: remedy(answer.status),
        })
    }

    /// One try: the outer error is the token's, the inner one the connection's.
    async fn once(
        &self,
        call: &Call,
        id: Uuid,
    ) -> Result<Result<Answer, SendError>, SupplierError> {
        let token = self.token().await?;
        if !self.faults.has(Wrong::NoPace) {
            self.pacer.turn().await;
        }
        let mut request = Request::new(call.method.clone(), self.url(&call.path)?);
        let headers = request.headers_mut();
        headers.insert(header::ACCEPT, MEDIA_TYPE);
        if let Some(token) = token.filter(|_| !self.goes_without_token(call)) {
            headers.insert(header::AUTHORIZATION, token);
        }
        if self.faults.has(Wrong::OneRequestId) {
            headers.insert(REQUEST_ID, id_value(&self.one_id));
        } else if !self.faults.has(Wrong::NoRequestId) {
            headers.insert(REQUEST_ID, id_value(&id));
        }
        if let Some(id) = self.correlation_id() {
            headers.insert(CORRELATION_ID, id_value(&id));
        }
        if let Some(body) = &call.body {
            headers.insert(header::CONTENT_TYPE, MEDIA_TYPE);
            *request.body_mut() = Some(body.clone().into());
        }
        Ok(self.send(request).await)
    }

    /// The token to send, asked for again while the platform is in trouble.
    async fn token(&self) -> Result<Option<HeaderValue>, SupplierError> {
        let anew = self.faults.has(Wrong::NewTokenEachCall);
        let mut attempt = 1;
        loop {
            let error = match self.tokens.header(&self.client, anew).await {
                Ok(token) => return Ok(token),
                Err(error) => error,
            };
            let last = attempt >= self.settings.attempts || self.faults.has(Wrong::GiveUp);
            if last || !error.may_pass() {
                return Err(error);
            }
            sleep(self.back_off(attempt)).await;
            attempt += 1;
        }
    }

    /// Begins the work on a list.
    fn begin_list(&self) {
        *self.list.lock() = Uuid::new_v4();
    }

    /// Begins a day: yesterday's token is of no use.
    pub(crate) fn begin_day(&self) {
        self.tokens.drop_token();
    }

    /// The correlation id of a call, where a habit sends any.
    fn correlation_id(&self) -> Option<Uuid> {
        if self.settings.has(Manner::CorrelationPerCall) {
            return Some(Uuid::new_v4());
        }
        self.settings.has(Manner::CorrelationPerList).then(|| *self.list.lock())
    }

    /// Whether a fault sends this call without its token.
    fn goes_without_token(&self, call: &Call) -> bool {
        let forgets = self.faults.has(Wrong::ForgetToken) && call.path.starts_with("/letters");
        self.faults.has(Wrong::NoToken) || (forgets && !self.forgot.swap(true, Ordering::Relaxed))
    }

    /// Sends a request and reads its answer to the end.
    async fn send(&self, request: Request) -> Result<Answer, SendError> {
        whole(self.client.execute(request).await?).await
    }

    fn url(&self, path: &str) -> Result<Url, SupplierError> {
        let base = self.settings.base_url.as_str().trim_end_matches('/');
        Url::parse(&format!("{base}{path}")).map_err(|error| {
            SupplierError::Settings(format!("`{path}` makes no address under {base} ({error})"))
        })
    }

    fn may_renew(&self) -> bool {
        !self.faults.has(Wrong::NoToken) && self.tokens.drop_token()
    }

    fn may_repeat(&self, call: &Call) -> bool {
        call.repeatable && !self.faults.has(Wrong::GiveUp)
    }

    fn back_off(&self, attempt: u32) -> Duration {
        if self.faults.has(Wrong::HammerAfter5xx) {
            return Duration::ZERO;
        }
        self.settings.back_off * 2_u32.saturating_pow(attempt - 1)
    }

    /// Keeps everyone waiting as long as the API says, or a second.
    fn pause_after_429(&self, answer: &Answer) -> Duration {
        if self.faults.has(Wrong::IgnoreQuota) {
            return Duration::ZERO;
        }
        let header = answer.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        let told = header.and_then(|text| text.parse().ok()).map(Duration::from_secs);
        let pause = told.or_else(|| until_expiry(&answer.body)).unwrap_or(Duration::from_secs(1));
        let pause = pause.clamp(Duration::from_secs(1), LONGEST_PAUSE);
        self.pacer.hold(pause);
        pause
    }
}

/// The rest of the time that the gateway's 429 names in its body.
fn until_expiry(body: &[u8]) -> Option<Duration> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    let expiry = body.get("ratelimiting_expiry_time_ms")?.as_i64()?;
    u64::try_from(expiry - now().as_millisecond()).ok().map(Duration::from_millis)
}

/// An id as a header's value.
fn id_value(id: &impl ToString) -> HeaderValue {
    // An id is letters, digits and hyphens.
    HeaderValue::from_str(&id.to_string()).unwrap_or(HeaderValue::from_static(""))
}

/// Reads an answer to its end.
async fn whole(mut response: Response) -> Result<Answer, SendError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(SendError::Failed)? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_ANSWER {
            break;
        }
    }
    let status = response.status().as_u16();
    Ok(Answer { status, headers: std::mem::take(response.headers_mut()), body })
}

/// Where a 303 leads.
fn location(answer: &Answer) -> Option<Url> {
    let value = answer.headers.get(header::LOCATION)?.to_str().ok()?;
    (answer.status == StatusCode::SEE_OTHER.as_u16()).then(|| Url::parse(value).ok()).flatten()
}

/// How much of the limit is used: the rest is for times that drift between here and the API.
const SHARE: f64 = 0.96;
/// How much of a second's calls may be made up for after a late timer.
const CATCH_UP: f64 = 0.02;

/// Hands out times to call at.
struct Pacer {
    spacing: Duration,
    allowance: Duration,
    next: Mutex<Instant>,
}

impl Pacer {
    fn new(rate_limit: u32) -> Self {
        let rate = f64::from(rate_limit) * SHARE;
        let spacing = Duration::from_secs_f64(1.0 / rate);
        let calls = (f64::from(rate_limit) * CATCH_UP).floor();
        Self { spacing, allowance: spacing.mul_f64(calls), next: Mutex::new(Instant::now()) }
    }

    /// Waits for this call's turn.
    async fn turn(&self) {
        let at = {
            let mut next = self.next.lock();
            let now = Instant::now();
            let earliest = now.checked_sub(self.allowance).unwrap_or(now);
            let at = (*next).max(earliest);
            *next = at + self.spacing;
            at
        };
        sleep_until(at).await;
    }

    /// Lets everyone wait this long, as after 429.
    fn hold(&self, pause: Duration) {
        let mut next = self.next.lock();
        *next = (*next).max(Instant::now() + pause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_second_holds_more_calls_than_the_limit_also_after_idle_time() {
        let pacer = Pacer::new(50);
        let mut times = Vec::new();
        for call in 0..200 {
            if call == 100 {
                tokio::time::advance(Duration::from_secs(30)).await;
            }
            pacer.turn().await;
            times.push(Instant::now());
        }
        let most = times.iter().map(|from| {
            times.iter().filter(|at| *at >= from && **at - *from < Duration::from_secs(1)).count()
        });
        let most = most.max().unwrap_or_default();
        assert!((45..=50).contains(&most), "{most}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_hold_keeps_everyone_waiting() {
        let pacer = Pacer::new(1_000);
        let before = Instant::now();
        pacer.hold(Duration::from_secs(2));
        pacer.turn().await;
        assert!(before.elapsed() >= Duration::from_secs(2));
    }
}
