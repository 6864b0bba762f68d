//! Whether a call is made again, and after which pause.
//! Refuses to repeat what the server may have acted on, unless acting twice changes nothing.

use std::time::Duration;

use letterproof_model::{TransportErrorKind, header_value, now};
use serde::Deserialize;
use uuid::Uuid;

use super::call::Repeat;
use super::skew::Skew;
use super::transport::Raw;

/// Tries of one call in all, 429s and a renewed token aside.
const MOST_ATTEMPTS: u32 = 4;
/// How many 429s one call waits out.
pub(super) const MOST_THROTTLES: u32 = 8;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// The longest a 429 is believed.
const LONGEST_THROTTLE: Duration = Duration::from_secs(300);

/// What to do with a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Make the call again after this pause.
    Again(Duration),
    /// Take it as the call's answer.
    Take,
}

/// Decides on a try; `attempt` counts from 1.
pub(super) fn next(repeat: Repeat, attempt: u32, raw: &Raw) -> Next {
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
pub(super) fn stated_pause(raw: &Raw, skew: &Skew) -> Duration {
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
