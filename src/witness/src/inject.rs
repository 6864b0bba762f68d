//! Chaos between a supplier and the API, on request: the rules as they are written, the calls they
//! strike, and the answers that come in place of real ones.
//!
//! A rule is `[OPERATION: ]WHAT[=TIME][@HOW]`, as in `429@5%`, `500@nth=3`, `POST /letters:
//! drop-response@1%`, `timeout=30s`, `slow-body`, `expired-link`. Without an operation it means
//! every API call (`slow-body` downloads too, `expired-link` downloads alone); without HOW, every
//! such call.
//!
//! A seed decides, and each rule counts its own calls, so chance can be repeated. Answers look as
//! the API, its gateway or its storage would have given them, and every injection is recorded with
//! the exchange it was made into.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use letterproof_model::Operation;
use serde_json::json;
use uuid::Uuid;

/// Answers that can be injected: those a client must be ready for.
const STATUSES: [StatusCode; 5] = [
    StatusCode::TOO_MANY_REQUESTS,
    StatusCode::INTERNAL_SERVER_ERROR,
    StatusCode::BAD_GATEWAY,
    StatusCode::SERVICE_UNAVAILABLE,
    StatusCode::GATEWAY_TIMEOUT,
];

/// How long a call hangs unless told otherwise.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How long a slow body takes unless told otherwise.
const SLOW: Duration = Duration::from_secs(10);
/// The longest time a rule may ask for.
const LONGEST: Duration = Duration::from_secs(3_600);

/// What is made to go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meddling {
    /// An answer in place of the API's, which does not see the call.
    Answer(StatusCode),
    /// No answer for so long, and then the connection closes; the API does not see the call.
    Timeout(Duration),
    /// The API carries the call out, and its answer is lost.
    Drop,
    /// The body takes so long.
    Slow(Duration),
    /// The storage is not asked and the link is refused as expired.
    ExpiredLink,
}

/// Which of the calls it concerns are chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum How {
    Every,
    /// A share of the calls, 0 to 1.
    Rate(f64),
    /// The call with this number, from 1.
    Nth(u64),
}

/// A rule of what is to go wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Injection {
    pub(crate) meddling: Meddling,
    pub(crate) how: How,
    operation: Option<Operation>,
    text: String,
}

/// A text that is no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not an injection: {problem}; write [OPERATION: ]WHAT[=TIME][@RATE%|@nth=N], WHAT being 429, 500, 502, 503, 504, timeout, drop-response, slow-body or expired-link"
)]
pub struct ParseInjectionError {
    /// What was written.
    pub text: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl Injection {
    /// Whether the rule concerns an operation.
    pub(crate) fn concerns(&self, operation: Operation) -> bool {
        match (self.operation, self.meddling) {
            (Some(bound), _) => bound == operation,
            (None, Meddling::ExpiredLink) => operation == Operation::Download,
            (None, Meddling::Slow(_)) => operation != Operation::Token,
            (None, _) => operation.is_api(),
        }
    }
}

impl fmt::Display for Injection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Injection {
    type Err = ParseInjectionError;

    fn from_str(text: &str) -> Result<Self, ParseInjectionError> {
        let text = text.trim();
        parse(text).map_err(|problem| ParseInjectionError { text: text.to_owned(), problem })
    }
}

fn parse(text: &str) -> Result<Injection, &'static str> {
    let (operation, rest) = match text.split_once(':') {
        Some((label, rest)) => (Some(operation(label.trim())?), rest.trim()),
        None => (None, text),
    };
    let (what, how) = match rest.split_once('@') {
        Some((what, how)) => (what.trim(), parse_how(how.trim())?),
        None => (rest, How::Every),
    };
    let (name, time) = match what.split_once('=') {
        Some((name, time)) => (name.trim(), Some(parse_time(time.trim())?)),
        None => (what, None),
    };
    let meddling = match name {
        "timeout" => Meddling::Timeout(time.unwrap_or(TIMEOUT)),
        "slow-body" => Meddling::Slow(time.unwrap_or(SLOW)),
        _ if time.is_some() => return Err("only timeout and slow-body take a time"),
        "drop-response" => Meddling::Drop,
        "expired-link" => Meddling::ExpiredLink,
        _ => Meddling::Answer(
            STATUSES
                .into_iter()
                .find(|status| status.as_str() == name)
                .ok_or("it names nothing that can be injected")?,
        ),
    };
    if meddling == Meddling::ExpiredLink && operation.is_some_and(|o| o != Operation::Download) {
        return Err("only a download has a link that expires");
    }
    Ok(Injection { meddling, how, operation, text: text.to_owned() })
}

fn operation(label: &str) -> Result<Operation, &'static str> {
    let mut known = Operation::ALL.into_iter().filter(|known| *known != Operation::Unknown);
    let found = known.find(|known| known.label().eq_ignore_ascii_case(label));
    found.ok_or("no operation of that name; write it as in `POST /letters` or `GET /letters/{id}`")
}

fn parse_how(text: &str) -> Result<How, &'static str> {
    if let Some(number) = text.strip_prefix("nth=") {
        let number = number.parse().ok().filter(|number| *number > 0);
        return number.map(How::Nth).ok_or("nth= takes a number from 1");
    }
    let percent: Option<f64> = text.strip_suffix('%').and_then(|text| text.parse().ok());
    percent
        .filter(|percent| *percent > 0.0 && *percent <= 100.0)
        .map(|percent| How::Rate(percent / 100.0))
        .ok_or("after @ comes a percentage above 0 or nth=N")
}

fn parse_time(text: &str) -> Result<Duration, &'static str> {
    let unit = text.find(|c: char| !c.is_ascii_digit()).ok_or("a time has a unit: ms, s or m")?;
    let number: u64 = text[..unit].parse().map_err(|_| "a time is a whole number and a unit")?;
    let time = match &text[unit..] {
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        "m" => Duration::from_secs(number.saturating_mul(60)),
        _ => return Err("a time has a unit: ms, s or m"),
    };
    if time.is_zero() || time > LONGEST {
        Err("a time is above 0 and at most 60m")
    } else {
        Ok(time)
    }
}

/// The armed rules of one witness.
pub(crate) struct Chaos {
    rules: Vec<(Injection, AtomicU64)>,
    seed: u64,
}

impl Chaos {
    pub(crate) fn new(rules: Vec<Injection>, seed: u64) -> Self {
        Self { rules: rules.into_iter().map(|rule| (rule, AtomicU64::new(0))).collect(), seed }
    }

    /// What goes wrong with the next call of an operation, and by which rule; the first rule that
    /// chooses it wins.
    pub(crate) fn choose(&self, operation: Operation) -> Option<(Meddling, &Injection)> {
        let mut chosen = None;
        for (place, (rule, count)) in self.rules.iter().enumerate() {
            if !rule.concerns(operation) {
                continue;
            }
            // Counted although another rule may have won: the Nth call is the supplier's Nth.
            let number = count.fetch_add(1, Ordering::Relaxed) + 1;
            let takes = match rule.how {
                How::Every => true,
                How::Nth(nth) => number == nth,
                How::Rate(rate) => share(self.seed, place as u64, number) < rate,
            };
            if takes && chosen.is_none() {
                chosen = Some((rule.meddling, rule));
            }
        }
        chosen
    }
}

/// A number from 0 to 1, always the same for the same call (splitmix64).
fn share(seed: u64, place: u64, number: u64) -> f64 {
    let step = 0x9e37_79b9_7f4a_7c15_u64;
    let mut z = seed ^ place.wrapping_mul(0xd1b5_4a32_d192_ed03);
    z = z.wrapping_add(number.wrapping_mul(step));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    // 53 bits fill an f64 exactly.
    (z >> 11) as f64 / (1_u64 << 53) as f64
}

/// Ids that the API sends back.
const ECHOED: [HeaderName; 2] =
    [HeaderName::from_static("x-request-id"), HeaderName::from_static("x-correlation-id")];

/// A failure of the API (OAS 429, 500 and 502 responses; 503 and 504 in the form of 502).
pub(crate) fn failure(
    status: StatusCode,
    operation: Operation,
    request: &HeaderMap,
) -> Response<Bytes> {
    let id = Uuid::new_v4().to_string();
    let reason = status.canonical_reason().unwrap_or("Error");
    let (body, media_type) = match status {
        StatusCode::TOO_MANY_REQUESTS => (too_many(&id), "application/json"),
        StatusCode::INTERNAL_SERVER_ERROR => (internal(&id), "application/vnd.api+json"),
        _ => (json!({ "message": reason }), "application/vnd.api+json"),
    };
    let mut response = answer(status, media_type, body.to_string());
    if status == StatusCode::TOO_MANY_REQUESTS {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    if operation.is_api() {
        for name in ECHOED {
            if let Some(value) = request.get(&name) {
                response.headers_mut().insert(name, value.clone());
            } else if let Ok(made) = HeaderValue::from_str(&id) {
                response.headers_mut().insert(name, made);
            }
        }
    }
    response
}

fn too_many(id: &str) -> serde_json::Value {
    let ends = letterproof_model::now().as_millisecond().saturating_add(1_000);
    json!({
        "message": "Rate limit exceeded",
        "scope": "app",
        "policy": "rate",
        "limit": 300,
        "interval": 1,
        "timeunit": "second",
        "ratelimiting_expiry_time_ms": ends,
        "message_id": id,
    })
}

fn internal(id: &str) -> serde_json::Value {
    json!({ "errors": [{
        "id": id,
        "code": "NOTIFY_INTERNAL_SERVER_ERROR",
        "links": {
            "about": "https://digital.nhs.uk/developer/api-catalogue/nhs-notify-supplier"
        },
        "status": "500",
        "title": "Internal server error",
        "detail": "Unexpected error",
    }] })
}

/// The refusal of a link whose minute is over.
pub(crate) fn expired_link() -> Response<Bytes> {
    let body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AccessDenied</Code>\
                <Message>Request has expired</Message></Error>";
    answer(StatusCode::FORBIDDEN, "application/xml", body.to_owned())
}

fn answer(status: StatusCode, media_type: &'static str, body: String) -> Response<Bytes> {
    let length = HeaderValue::from(body.len());
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response.headers_mut().insert(header::CONTENT_LENGTH, length);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> Injection {
        text.parse().unwrap()
    }

    #[test]
    fn every_form_of_a_rule_is_read() {
        for (text, meddling, how) in [
            ("429@5%", Meddling::Answer(StatusCode::TOO_MANY_REQUESTS), How::Rate(0.05)),
            ("500@nth=3", Meddling::Answer(StatusCode::INTERNAL_SERVER_ERROR), How::Nth(3)),
            ("drop-response@0.5%", Meddling::Drop, How::Rate(0.005)),
            ("timeout", Meddling::Timeout(TIMEOUT), How::Every),
            ("timeout=250ms@nth=1", Meddling::Timeout(Duration::from_millis(250)), How::Nth(1)),
            ("slow-body=2s", Meddling::Slow(Duration::from_secs(2)), How::Every),
            ("expired-link@10%", Meddling::ExpiredLink, How::Rate(0.1)),
        ] {
            let rule = rule(text);
            assert_eq!((rule.meddling, rule.how), (meddling, how), "{text}");
            assert_eq!(rule.to_string(), text);
        }
    }

    #[test]
    fn a_rule_concerns_the_operation_it_names_or_what_it_can_happen_to() {
        use Operation::{CreateMi, Download, Token, UpdateLetters};
        let concerned = |text: &str| {
            [UpdateLetters, CreateMi, Download, Token]
                .map(|operation| rule(text).concerns(operation))
        };
        assert_eq!(concerned("429"), [true, true, false, false]);
        assert_eq!(concerned("slow-body"), [true, true, true, false]);
        assert_eq!(concerned("expired-link"), [false, false, true, false]);
        assert_eq!(concerned("POST /letters: drop-response"), [true, false, false, false]);
        assert_eq!(concerned("post /oauth2/token: 503"), [false, false, false, true]);
    }

    #[test]
    fn what_is_no_rule_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", "names nothing"),
            ("404", "names nothing"),
            ("429=5s", "take a time"),
            ("429@0%", "percentage"),
            ("429@101%", "percentage"),
            ("429@NaN%", "percentage"),
            ("500@nth=0", "from 1"),
            ("timeout=5", "unit"),
            ("timeout=0s", "above 0"),
            ("timeout=99999999999999999999s", "whole number"),
            ("timeout=61m", "at most"),
            ("POST /letter: 429", "no operation"),
            ("POST /mi: expired-link", "download"),
        ] {
            let error = text.parse::<Injection>().unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
            assert!(error.contains("drop-response"), "{error}");
        }
    }

    fn chosen(rules: &[&str], seed: u64, calls: usize) -> Vec<usize> {
        let rules = rules.iter().map(|rule| rule.parse().unwrap()).collect();
        let chaos = Chaos::new(rules, seed);
        (0..calls).filter(|_| chaos.choose(Operation::ListLetters).is_some()).collect()
    }

    #[test]
    fn a_rate_is_kept_and_repeats_with_the_seed() {
        let first = chosen(&["429@5%"], 7, 10_000);
        assert!((400..600).contains(&first.len()), "{}", first.len());
        assert_eq!(first, chosen(&["429@5%"], 7, 10_000));
        assert_ne!(first, chosen(&["429@5%"], 8, 10_000));
    }

    #[test]
    fn the_nth_call_of_the_operation_is_chosen_and_no_other() {
        assert_eq!(chosen(&["429@nth=3"], 1, 100), [2]);
        assert_eq!(chosen(&["500@nth=1", "429@nth=3"], 1, 100), [0, 2]);
        assert_eq!(chosen(&["POST /mi: 500"], 1, 100), Vec::<usize>::new());
        assert_eq!(chosen(&[], 1, 100), Vec::<usize>::new());
    }
}
