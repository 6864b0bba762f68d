//! What came of a call, as a HAR tells it. Browsers and proxies write status 0 and sometimes a word
//! where no answer came. Refuses to take such an entry for an answer.

use letterproof_model::{
    Content, Operation, RawOutcome, RawResponse, TransportError, TransportErrorKind,
};

use super::body::{Answer, Found, length, of_response};
use super::call::{Lacks, fields, header};
use super::shape::Response;
use super::times::Lasted;
use super::written::Desk;

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

#[cfg(test)]
mod tests {
    use super::*;

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
}
