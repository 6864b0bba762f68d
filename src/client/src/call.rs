//! One call: whose it is, what is sent, how long it may take, and when it is made again.
//!
//! Every call says whether it may be repeated: what the server may have acted on is repeated only
//! where acting twice changes nothing. Correlation ids hold no dots, since the gateway's logs cannot
//! be searched for those.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use letterproof_model::{
    Actor, CorrelationId, TransportErrorKind, correlation_prefix, header_value, now,
};
use serde::Deserialize;
use tokio::time::Instant;
use url::Url;
use uuid::Uuid;

use crate::session::{Raw, Session, Skew};

/// What requests of one letter flow share.
#[derive(Debug, Clone)]
pub struct Flow {
    /// Who makes them.
    pub actor: Actor,
    /// The scenario under way: a hint for readers of the journal.
    pub scenario: Option<Arc<str>>,
    /// The value of `X-Correlation-ID`; none is sent when absent.
    pub correlation: Option<CorrelationId>,
    /// When its next request is due on the caller's own schedule (an open arrival model); `None`
    /// leaves it to the session's pacer.
    pub due: Option<Instant>,
}

impl Flow {
    /// A flow of the supplier with a fresh correlation id, which begins with `nonce` where one is
    /// given, so that NHS Notify can find the run in the gateway's logs.
    #[must_use]
    pub fn supplier(nonce: Option<&str>) -> Self {
        Self {
            actor: Actor::Supplier,
            scenario: None,
            correlation: Some(fresh_correlation(nonce)),
            due: None,
        }
    }

    /// A flow of the harness itself.
    #[must_use]
    pub fn harness(nonce: Option<&str>) -> Self {
        Self { actor: Actor::Harness, ..Self::supplier(nonce) }
    }

    /// The same flow under a scenario's name.
    #[must_use]
    pub fn in_scenario(mut self, scenario: &str) -> Self {
        self.scenario = Some(scenario.into());
        self
    }

    /// The same flow with its next request due at this time.
    #[must_use]
    pub fn due_at(mut self, due: Instant) -> Self {
        self.due = Some(due);
        self
    }
}

fn fresh_correlation(nonce: Option<&str>) -> CorrelationId {
    let id = Uuid::new_v4();
    CorrelationId::new(match nonce.and_then(correlation_prefix) {
        Some(prefix) => format!("{prefix}-{id}"),
        None => id.to_string(),
    })
}

/// The most of an API answer that is taken.
pub(crate) const API_BODY_CAP: u64 = 16 * 1024 * 1024;
/// The most of a download that is taken.
pub(crate) const DOWNLOAD_CAP: u64 = 64 * 1024 * 1024;

/// The media type of the API's documents.
pub(crate) const DOCUMENT: HeaderValue = HeaderValue::from_static("application/vnd.api+json");

/// What kind of traffic a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An operation of the API: paced.
    Api,
    /// A token: not paced, and its answer is a secret.
    Token,
    /// Content from storage: not paced, and its body is inspected and dropped.
    Download,
}

/// When a call may be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// After a transport error, 502, 503, 504 or 429: reads, and updates, which are idempotent
    /// for each status.
    Safe,
    /// Only when the server cannot have acted on it: no connection was made, or 429. Creating
    /// management information, since the API does not detect a second record; a list, since it hides
    /// its letters also when its answer is lost.
    Unsent,
    /// Not at all.
    Never,
}

/// Who vouches for a call.
#[derive(Clone)]
pub(crate) enum Vouch {
    /// The session's own bearer, renewed once if it is refused.
    Session,
    /// Nobody.
    Nobody,
    /// This value of `Authorization`.
    Given(HeaderValue),
}

/// One call.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) flow: Flow,
    pub(crate) method: Method,
    pub(crate) url: Url,
    /// Headers besides those the session adds.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
    pub(crate) kind: Kind,
    pub(crate) repeat: Repeat,
    pub(crate) vouch: Vouch,
    /// Whether a fresh `X-Request-ID` and the flow's `X-Correlation-ID` are added.
    pub(crate) ids: bool,
    pub(crate) timeout: Duration,
    pub(crate) cap: u64,
    /// When it is due, on the caller's own schedule.
    pub(crate) due: Option<tokio::time::Instant>,
    /// Where a PDF that it brings is kept.
    pub(crate) keep: Option<PathBuf>,
}

impl Call {
    /// An API call with the usual headers.
    pub(crate) fn api(
        session: &Session,
        flow: &Flow,
        method: Method,
        url: Url,
        repeat: Repeat,
    ) -> Self {
        Self {
            flow: flow.clone(),
            method,
            url,
            headers: vec![(http::header::ACCEPT, DOCUMENT)],
            body: Bytes::new(),
            kind: Kind::Api,
            repeat,
            vouch: Vouch::Session,
            ids: true,
            timeout: session.target().timeouts.answer,
            cap: API_BODY_CAP,
            due: flow.due,
            keep: None,
        }
    }

    /// The same call with a JSON document.
    pub(crate) fn with_document(mut self, body: Vec<u8>) -> Self {
        self.headers.push((http::header::CONTENT_TYPE, DOCUMENT));
        self.body = body.into();
        self
    }
}

/// Tries of one call in all, 429s and a renewed token aside.
const MOST_ATTEMPTS: u32 = 4;
/// How many 429s one call waits out.
pub(crate) const MOST_THROTTLES: u32 = 8;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// The longest a 429 is believed.
const LONGEST_THROTTLE: Duration = Duration::from_secs(300);

/// What to do with a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Make the call again after this pause.
    Again(Duration),
    /// Take it as the call's answer.
    Take,
}

/// Decides on a try; `attempt` counts from 1.
pub(crate) fn next(repeat: Repeat, attempt: u32, raw: &Raw) -> Next {
    if attempt < MOST_ATTEMPTS && may_repeat(repeat, raw.status(), raw.error_kind()) {
        Next::Again(back_off(attempt))
    } else {
        Next::Take
    }
}

/// The table of what may be repeated.
fn may_repeat(repeat: Repeat, status: Option<u16>, error: Option<TransportErrorKind>) -> bool {
    match (status, error) {
        (Some(502..=504), _) => repeat == Repeat::Safe,
        (Some(_), _) => false,
        // A failed certificate check does not mend itself.
        (None, Some(TransportErrorKind::Tls | TransportErrorKind::Interrupted)) => false,
        (None, Some(TransportErrorKind::Connect)) => {
            matches!(repeat, Repeat::Safe | Repeat::Unsent)
        }
        (None, Some(_)) => repeat == Repeat::Safe,
        (None, None) => false,
    }
}

/// Whether an answer was lost on the way, by its status or by what failed where there is none: the
/// API may have acted on the request all the same. A list that ends so has hidden letters which
/// nobody received; it may be asked for again once they show.
#[must_use]
pub fn answer_is_lost(status: Option<u16>, error: Option<TransportErrorKind>) -> bool {
    let may = |repeat| may_repeat(repeat, status, error);
    may(Repeat::Safe) && !may(Repeat::Unsent)
}

/// A pause that grows with each attempt, between half and the whole of its length, so that many
/// clients do not come back at the same moment.
fn back_off(attempt: u32) -> Duration {
    let whole = FIRST_PAUSE.saturating_mul(1 << attempt.min(8)).min(LONGEST_PAUSE);
    let share = (Uuid::new_v4().as_u128() % 1_000) as f64 / 1_000.0;
    whole.mul_f64(0.5 + share / 2.0)
}

/// How long a 429 asks to wait: its stated expiry, else `Retry-After`, else one second.
pub(crate) fn stated_pause(raw: &Raw, skew: &Skew) -> Duration {
    #[derive(Deserialize)]
    struct Throttle {
        #[serde(default)]
        ratelimiting_expiry_time_ms: Option<f64>,
    }
    let Some(response) = raw.exchange.response() else { return Duration::from_secs(1) };
    let expiry = response
        .body
        .parse::<Throttle>()
        .and_then(|throttle| throttle.ratelimiting_expiry_time_ms)
        .filter(|expiry| expiry.is_finite() && *expiry > 0.0);
    let stated = match expiry {
        // A moment in time, by the server's clock, when it is that large; else a length.
        Some(at) if at > 1e11 => {
            let left = at - skew.server_now(now()).as_millisecond() as f64;
            // Beyond all time is as good as long.
            Duration::try_from_secs_f64(left.max(0.0) / 1_000.0).unwrap_or(LONGEST_THROTTLE)
        }
        Some(length) => Duration::from_secs_f64(length / 1_000.0),
        None => header_value(&response.headers, "retry-after")
            .and_then(|text| text.trim().parse::<u32>().ok())
            .map_or(Duration::from_secs(1), |seconds| Duration::from_secs(seconds.into())),
    };
    stated.clamp(Duration::from_millis(50), LONGEST_THROTTLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correlation_id_begins_with_the_nonce_and_holds_no_dot() {
        let flow = Flow::supplier(Some("window.1 run"));
        let id = flow.correlation.unwrap();
        assert!(id.as_str().starts_with("window-1-run-"), "{id}");
        assert!(!id.as_str().contains('.'));
    }

    #[test]
    fn two_flows_never_share_a_correlation_id() {
        assert_ne!(Flow::supplier(None).correlation, Flow::supplier(None).correlation);
    }

    #[test]
    fn only_what_is_safe_is_repeated() {
        use Repeat::{Never, Safe, Unsent};
        use TransportErrorKind::{Body, Connect, Reset, Timeout, Tls};
        for (repeat, status, error, expected) in [
            (Safe, Some(502), None, true),
            (Safe, Some(503), None, true),
            (Safe, Some(504), None, true),
            (Safe, Some(500), None, false),
            (Safe, Some(400), None, false),
            (Safe, Some(404), None, false),
            (Safe, None, Some(Connect), true),
            (Safe, None, Some(Reset), true),
            (Safe, None, Some(Timeout), true),
            (Safe, None, Some(Body), true),
            (Safe, None, Some(Tls), false),
            (Unsent, Some(502), None, false),
            (Unsent, Some(503), None, false),
            (Unsent, None, Some(Connect), true),
            (Unsent, None, Some(Reset), false),
            (Unsent, None, Some(Timeout), false),
            (Unsent, None, Some(Body), false),
            (Never, Some(503), None, false),
            (Never, None, Some(Connect), false),
        ] {
            assert_eq!(
                may_repeat(repeat, status, error),
                expected,
                "{repeat:?} {status:?} {error:?}"
            );
        }
    }

    #[test]
    fn pauses_grow_and_end() {
        for attempt in 1..20 {
            let pause = back_off(attempt);
            assert!(pause >= FIRST_PAUSE / 2 && pause <= LONGEST_PAUSE, "{attempt}: {pause:?}");
        }
        assert!(back_off(6) > back_off(1));
    }
}
