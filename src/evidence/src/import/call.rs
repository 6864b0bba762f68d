//! One HAR entry made an exchange as it went over the wire. What else cannot be true is left out of
//! the call and noted at the desk.
//!
//! What came of a call, as a HAR tells it. Browsers and proxies write status 0 and sometimes a word
//! where no answer came.
//!
//! When a call began and how long it took, in this house's microseconds. A length that cannot be
//! (negative, or more than a day) is left out.

use letterproof_model::{
    Actor, Connection, Content, Direction, Operation, PackId, RawExchange, RawOutcome, RawRequest,
    RawResponse, Timestamp, TransportError, TransportErrorKind,
};

use crate::chain::is_sha256_hex;
use crate::import::body::{Answer, Desk, Found, length, of_request, of_response};
use crate::import::document::Attached;
use crate::import::shape::{Entry, Field, Own, Request, Response, Timings};

/// Longest header of a message, all its fields together, in bytes.
const HEADERS_LIMIT: usize = 1024 * 1024;
/// Most header fields of a message.
const FIELDS_LIMIT: usize = 1_000;
/// Longest words on why content could not be read, in bytes.
const PROBLEM_LIMIT: usize = 300;
/// Longest method, in bytes.
const METHOD_LIMIT: usize = 32;

const NOT_OURS: &str = "its note on content that was not kept is not in letterproof's format";

/// What a call's entry does not hold.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lacks {
    pub(super) headers: bool,
    pub(super) request_body: bool,
    pub(super) response_body: bool,
    pub(super) answer: bool,
    pub(super) duration: bool,
    /// Who made the call.
    pub(super) actor: bool,
}

/// A call of a recording.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) operation: Operation,
    pub(super) started: Timestamp,
    /// What the entry lost, since it cannot be true or read.
    pub(super) odd: Vec<String>,
    pub(super) lacks: Lacks,
    pub(super) raw: RawExchange,
}

impl Call {
    /// Microseconds from its start to its last byte or failure.
    pub(super) fn lasted_us(&self) -> i64 {
        let micros = match &self.raw.outcome {
            RawOutcome::Response(response) => response.done_us,
            RawOutcome::Error(error) => error.after_us,
        };
        i64::try_from(micros).unwrap_or(i64::MAX)
    }

    /// When the last byte or the failure was seen.
    pub(super) fn finished(&self) -> Timestamp {
        let lasted = jiff::SignedDuration::from_micros(self.lasted_us());
        self.started.checked_add(lasted).unwrap_or(self.started)
    }

    /// The link that the API answered with.
    pub(super) fn link(&self) -> Option<&str> {
        match &self.raw.outcome {
            RawOutcome::Response(response) if response.status == 303 => {
                header(&response.headers, "location")
            }
            _ => None,
        }
    }
}

/// The address of an entry.
pub(super) fn address(entry: &Entry) -> Result<String, String> {
    let Some(request) = &entry.request else { return Err("it has no `request`".to_owned()) };
    request.url.clone().ok_or_else(|| "its request has no `url`".to_owned())
}

/// The method of an entry.
pub(super) fn method(entry: &Entry) -> Result<String, String> {
    let method = entry.request.as_ref().and_then(|request| request.method.as_deref());
    let method = method.unwrap_or_default();
    let is_method = !method.is_empty()
        && method.len() <= METHOD_LIMIT
        && method.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b));
    if !is_method {
        return Err("its request has no `method`, or an invalid one".to_owned());
    }
    Ok(method.to_owned())
}

/// Makes a call of an entry that went to this address.
pub(super) fn call(
    entry: Entry,
    method: String,
    url: String,
    operation: Operation,
    attached: &mut Attached,
) -> Result<Call, String> {
    let Entry { started_date_time, time, timings, request, response, own, .. } = entry;
    let began = started(&started_date_time.ok_or("it has no `startedDateTime`")?)?;
    let (lasted, odd) = lasted(time, &timings.unwrap_or_default());
    let mut desk = Desk { attached, odd: odd.map(str::to_owned).into_iter().collect() };
    let Request { headers, post_data, body_size, .. } = request.ok_or("it has no `request`")?;
    let headers = fields(headers, &mut desk)?;
    let own: Option<Own> =
        own.map(serde_json::from_value).transpose().map_err(|_| NOT_OURS.to_owned())?;
    let mut lacks = Lacks {
        headers: headers.is_empty(),
        duration: lasted.done_us == 0,
        actor: own.as_ref().is_none_or(|own| own.actor.is_none()),
        ..Lacks::default()
    };
    let own = own.unwrap_or_default();
    for kept in own.request_body.iter().chain(&own.response_body) {
        check_kept(kept)?;
    }
    let kept = own.request_body;
    let sent = of_request(&method, operation, &headers, body_size, post_data, kept, &mut desk);
    let body = match sent {
        Found::Body(body) => body,
        Found::Missing(body) => {
            lacks.request_body = true;
            body
        }
    };
    let called = Called { method: &method, operation, lasted };
    let outcome = outcome(&called, response, own.response_body, &mut lacks, &mut desk)?;
    let raw = RawExchange {
        actor: own.actor.unwrap_or(Actor::Supplier),
        direction: Direction::ToApi,
        pack: PackId::Supplier,
        scenario: own.scenario,
        attempt: own.attempt.unwrap_or(1),
        scheduled: own.scheduled,
        started: began,
        connection: own.connection_reused.map(|reused| Connection { reused }),
        request: RawRequest { method, url, headers, body },
        outcome,
    };
    Ok(Call { operation, started: began, odd: desk.odd, lacks, raw })
}

/// What stands in place of content must be what this house writes there, and no content itself.
fn check_kept(kept: &Content) -> Result<(), String> {
    let words = kept.problem.as_deref().unwrap_or_default();
    let is_hash = kept.sha256.is_empty() || is_sha256_hex(&kept.sha256);
    if is_hash && words.len() <= PROBLEM_LIMIT {
        return Ok(());
    }
    Err(NOT_OURS.to_owned())
}

/// Header fields in their order. HTTP/2's pseudo fields, which some exporters list, are none.
pub(super) fn fields(
    listed: Option<Vec<Field>>,
    desk: &mut Desk<'_>,
) -> Result<Vec<(String, String)>, String> {
    let mut fields = Vec::new();
    let mut bytes = 0;
    for Field { name, value } in listed.unwrap_or_default() {
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            desk.odd.push("it has a header without a name, which was skipped".to_owned());
            continue;
        };
        let value = value.unwrap_or_default();
        bytes += name.len() + value.len();
        if bytes > HEADERS_LIMIT {
            return Err(format!("its headers are longer than {HEADERS_LIMIT} bytes"));
        }
        if !name.starts_with(':') {
            fields.push((name, value));
        }
        if fields.len() > FIELDS_LIMIT {
            return Err(format!("it has more than {FIELDS_LIMIT} headers"));
        }
    }
    Ok(fields)
}

/// The first value of a header, in any case.
pub(super) fn header<'a>(headers: &'a [(String, String)], wanted: &str) -> Option<&'a str> {
    headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, v)| v.as_str())
}

/// Longest message of a failure kept, in characters.
const MESSAGE_LIMIT: usize = 300;

/// Words by which a failure's kind is told; the first that fits.
const KINDS: [(&str, TransportErrorKind); 15] = [
    ("timed out", TransportErrorKind::Timeout),
    ("timed_out", TransportErrorKind::Timeout),
    ("timeout", TransportErrorKind::Timeout),
    ("no answer within", TransportErrorKind::Timeout),
    ("in the time allowed", TransportErrorKind::Timeout),
    ("cert", TransportErrorKind::Tls),
    ("ssl", TransportErrorKind::Tls),
    ("tls", TransportErrorKind::Tls),
    ("resolve", TransportErrorKind::Connect),
    ("refused", TransportErrorKind::Connect),
    ("reset", TransportErrorKind::Reset),
    ("closed", TransportErrorKind::Reset),
    ("disconnect", TransportErrorKind::Reset),
    ("content_length", TransportErrorKind::Body),
    ("incomplete", TransportErrorKind::Body),
];

/// What was called.
pub(super) struct Called<'a> {
    pub(super) method: &'a str,
    pub(super) operation: Operation,
    pub(super) lasted: Lasted,
}

/// The outcome of a call.
pub(super) fn outcome(
    called: &Called<'_>,
    response: Option<Response>,
    kept: Option<Content>,
    lacks: &mut Lacks,
    desk: &mut Desk<'_>,
) -> Result<RawOutcome, String> {
    let Called { method, operation, lasted } = *called;
    let Some(mut response) = response else {
        return Ok(failure(None, None, None, lasted, lacks));
    };
    // Playwright writes -1 where others write 0.
    let status = response.status.filter(|status| ![0.0, -1.0].contains(status));
    let odd = status.is_some();
    let status = status.and_then(code);
    if odd && status.is_none() {
        desk.odd.push("its status is not an HTTP status code".to_owned());
    }
    let told = response.error.take().or(response.failure.take());
    let told = told.filter(|words| !words.trim().is_empty());
    let (Some(status), None) = (status, &told) else {
        return Ok(failure(status, told, response.body_size, lasted, lacks));
    };
    let mut headers = fields(response.headers.take(), desk)?;
    if let Some(location) = response.redirect_url.filter(|location| !location.is_empty())
        && header(&headers, "location").is_none()
    {
        // The format has a field of its own for it; some exporters write it there alone.
        headers.push(("Location".to_owned(), location));
    }
    let size = response.body_size;
    let answer = Answer { method, operation, status, headers: &headers, size, kept };
    let body = match of_response(&answer, response.content, desk) {
        Found::Body(body) => body,
        Found::Missing(body) => {
            lacks.response_body = true;
            body
        }
    };
    let Lasted { headers_us, done_us } = lasted;
    Ok(RawOutcome::Response(RawResponse { status, headers, body, headers_us, done_us }))
}

/// A number as a status code.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "100 to 999")]
fn code(status: f64) -> Option<u16> {
    ((100.0..1_000.0).contains(&status) && status.fract() == 0.0).then_some(status as u16)
}

fn failure(
    status: Option<u16>,
    told: Option<String>,
    size: Option<f64>,
    lasted: Lasted,
    lacks: &mut Lacks,
) -> RawOutcome {
    lacks.answer = true;
    let message = match told {
        Some(told) => told.chars().filter(|c| !c.is_control()).take(MESSAGE_LIMIT).collect(),
        None => "the recording holds no answer".to_owned(),
    };
    RawOutcome::Error(TransportError {
        kind: kind(&message),
        message,
        after_us: lasted.done_us,
        status,
        received: length(size).unwrap_or(0),
    })
}

fn kind(message: &str) -> TransportErrorKind {
    let message = message.to_ascii_lowercase();
    let found = KINDS.into_iter().find(|(word, _)| message.contains(word));
    found.map_or(TransportErrorKind::Interrupted, |(_, kind)| kind)
}

/// Longest call, in milliseconds: a day.
const LONGEST_MS: f64 = 86_400_000.0;
/// What stands for a time that is not known, in milliseconds.
const UNKNOWN: f64 = -1.0;
/// Beginning and end of the years in which a recording of this API can have been made.
const YEARS: [i16; 2] = [2000, 2100];

/// How long a call took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lasted {
    /// Microseconds to the last header.
    pub(super) headers_us: u64,
    /// Microseconds to the last byte.
    pub(super) done_us: u64,
}

/// Reads the start of a call.
pub(super) fn started(text: &str) -> Result<Timestamp, String> {
    let wrong = "its `startedDateTime` is not a time with an offset from UTC";
    let read: Timestamp = text.trim().parse().map_err(|_| wrong.to_owned())?;
    let year = read.to_zoned(jiff::tz::TimeZone::UTC).year();
    if !(YEARS[0]..YEARS[1]).contains(&year) {
        return Err(format!("its `startedDateTime` is in the year {year}"));
    }
    Timestamp::from_microsecond(read.as_microsecond()).map_err(|_| wrong.to_owned())
}

/// Reads how long a call took, and says what is odd about it.
pub(super) fn lasted(time: Option<f64>, timings: &Timings) -> (Lasted, Option<&'static str>) {
    let part = |part: Option<f64>| part.filter(|ms| *ms > 0.0).unwrap_or(0.0);
    let Timings { blocked, dns, connect, send, wait, receive } = timings;
    let summed =
        || [blocked, dns, connect, send, wait, receive].into_iter().map(|ms| part(*ms)).sum();
    let (total, odd): (f64, _) = match time {
        // By the format -1 says that a time is not known.
        Some(time) if time < 0.0 && time != UNKNOWN => {
            (summed(), Some("its `time` is negative and was not read"))
        }
        Some(time) if time > 0.0 => (time, None),
        _ => (summed(), None),
    };
    if total > LONGEST_MS {
        let none = Lasted { headers_us: 0, done_us: 0 };
        return (none, Some("its `time` is longer than a day and was not read"));
    }
    let headers_us = micros((total - part(*receive)).max(0.0));
    (Lasted { headers_us, done_us: micros(total) }, odd)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "0 to a day, see above"
)]
fn micros(ms: f64) -> u64 {
    (ms * 1_000.0).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read = Result<Vec<(String, String)>, String>;

    /// What is read of header fields, and what is odd in them.
    fn fields(listed: Vec<Field>) -> (Read, Vec<String>) {
        let mut attached = Attached::beside(std::path::Path::new("none/x.har"));
        let mut desk = Desk { attached: &mut attached, odd: vec![] };
        (super::fields(Some(listed), &mut desk), desk.odd)
    }

    fn field(name: &str, value: &str) -> Field {
        Field { name: Some(name.to_owned()), value: Some(value.to_owned()) }
    }

    #[test]
    fn headers_keep_their_order_and_lose_pseudo_fields() {
        let listed = vec![field(":path", "/x"), field("B", "1"), field("a", "2"), field("B", "3")];
        let kept = fields(listed).0.unwrap();
        let names: Vec<&str> = kept.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["B", "a", "B"]);
        assert_eq!(header(&kept, "b"), Some("1"));
    }

    #[test]
    fn huge_headers_are_refused_and_nameless_ones_left_out() {
        let huge = vec![field("x", &"y".repeat(HEADERS_LIMIT))];
        assert!(fields(huge).0.unwrap_err().contains("longer than"));
        let many = (0..=FIELDS_LIMIT).map(|_| field("x", "y")).collect();
        assert!(fields(many).0.unwrap_err().contains("more than"));
        let (kept, odd) = fields(vec![field("", "y"), field("a", "b")]);
        assert_eq!(kept.unwrap(), [("a".to_owned(), "b".to_owned())]);
        assert!(odd[0].contains("without a name"), "{odd:?}");
    }

    #[test]
    fn a_failure_is_told_by_its_words_and_else_counts_as_broken_off() {
        for (words, expected) in [
            ("net::ERR_CONNECTION_REFUSED", TransportErrorKind::Connect),
            ("net::ERR_NAME_NOT_RESOLVED", TransportErrorKind::Connect),
            ("net::ERR_CERT_DATE_INVALID", TransportErrorKind::Tls),
            ("net::ERR_TIMED_OUT", TransportErrorKind::Timeout),
            ("no answer within 30 s", TransportErrorKind::Timeout),
            ("server disconnected", TransportErrorKind::Reset),
            ("net::ERR_ABORTED", TransportErrorKind::Interrupted),
        ] {
            assert_eq!(kind(words), expected, "{words}");
        }
    }

    #[test]
    fn a_start_is_read_with_its_offset_and_kept_to_the_microsecond() {
        for (text, read) in [
            ("2026-11-20T10:15:00.123Z", "2026-11-20T10:15:00.123Z"),
            ("2026-11-20T11:15:00.123+01:00", "2026-11-20T10:15:00.123Z"),
            ("2026-11-20T10:15:00.123456789+00:00", "2026-11-20T10:15:00.123456Z"),
        ] {
            assert_eq!(started(text).unwrap().to_string(), read, "{text}");
        }
    }

    #[test]
    fn impossible_starts_are_refused() {
        for text in [
            "",
            "yesterday",
            "2026-11-20T10:15:00",
            "2026-11-31T10:15:00Z",
            "1999-12-31T23:59:59Z",
            "9999-01-01T00:00:00Z",
            "-002026-11-20T10:15:00Z",
        ] {
            assert!(started(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_length_is_the_time_or_else_the_sum_of_its_parts() {
        let timings = Timings {
            dns: Some(-1.0),
            connect: Some(1.5),
            wait: Some(10.0),
            receive: Some(2.25),
            ..Timings::default()
        };
        let exact = Lasted { headers_us: 17_751, done_us: 20_001 };
        assert_eq!(lasted(Some(20.001), &timings), (exact, None));
        let summed = Lasted { headers_us: 11_500, done_us: 13_750 };
        for time in [None, Some(0.0), Some(-1.0)] {
            assert_eq!(lasted(time, &timings), (summed, None), "{time:?}");
        }
        assert_eq!(lasted(None, &Timings::default()), (NOTHING, None));
        let short = Lasted { headers_us: 0, done_us: 1_000 };
        assert_eq!(lasted(Some(1.0), &timings), (short, None));
    }

    const NOTHING: Lasted = Lasted { headers_us: 0, done_us: 0 };

    #[test]
    fn negative_and_endless_lengths_are_left_out_and_named() {
        let timings = Timings { wait: Some(4.0), ..Timings::default() };
        let (read, odd) = lasted(Some(-0.4), &timings);
        assert_eq!(read, Lasted { headers_us: 4_000, done_us: 4_000 }, "its parts are left");
        assert!(odd.unwrap().contains("negative"));
        let endless = Timings { receive: Some(f64::MAX), ..timings };
        for (time, timings) in [(Some(1e300), &endless), (None, &endless)] {
            let (read, odd) = lasted(time, timings);
            assert_eq!(read, NOTHING);
            assert!(odd.unwrap().contains("longer than a day"));
        }
    }
}
