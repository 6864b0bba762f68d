//! One request as a row, and what counts as its failure. Ids come from outside, so no cell is text
//! that a spreadsheet would compute.

use letterproof_model::{
    CorrelationId, Exchange, LetterId, Operation, Outcome, Timestamp, TransportErrorKind, csv_line,
};

use crate::schedule::{LoadOperation, word};

/// The columns of `requests.csv`. Times in milliseconds count from the first scheduled request
/// (earlier ones are negative), the others are UTC; `headers` is empty where none arrived;
/// `latency_ms` runs from the scheduled time to the end; `part` is `prepare`, `load`, or `session`
/// for tokens renewed meanwhile; `failure` names what was wrong.
pub(super) const COLUMNS: &str = "exchange,part,operation,attempt,scheduled_ms,sent_ms,headers_ms,done_ms,latency_ms,scheduled_at,sent_at,headers_at,done_at,status,failure,bytes,letter,request_id,correlation_id";

/// What part of a run a request belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Before the first scheduled request.
    Prepare,
    /// The load itself.
    Load,
    /// The session's own: tokens.
    Session,
}

/// What is known of a request besides its exchange.
#[derive(Debug, Clone)]
pub(crate) struct Label {
    pub(crate) part: Part,
    pub(crate) letter: Option<LetterId>,
    /// The hash its content must have.
    pub(crate) sha256: Option<String>,
    pub(crate) correlation: Option<CorrelationId>,
}

impl Label {
    pub(crate) fn of(part: Part) -> Self {
        Self { part, letter: None, sha256: None, correlation: None }
    }
}

/// One request.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) exchange: String,
    pub(super) part: Part,
    pub(super) operation: Operation,
    pub(super) attempt: u32,
    pub(super) scheduled: Timestamp,
    pub(super) sent: Timestamp,
    pub(super) headers: Option<Timestamp>,
    pub(super) done: Timestamp,
    pub(super) status: Option<u16>,
    pub(super) failure: Option<String>,
    pub(super) bytes: u64,
    pub(super) letter: Option<LetterId>,
    request_id: Option<String>,
    pub(super) correlation: Option<CorrelationId>,
}

impl Row {
    /// The row of an exchange; a download slower than `slow_ms` counts as failed.
    pub(super) fn of(
        exchange: &Exchange,
        operation: Operation,
        label: Label,
        slow_ms: f64,
    ) -> Self {
        let after = |micros: u64| {
            let micros = i64::try_from(micros).unwrap_or(i64::MAX);
            exchange.started.checked_add(jiff::SignedDuration::from_micros(micros)).ok()
        };
        let (status, headers, bytes) = match &exchange.outcome {
            Outcome::Response(response) => {
                (Some(response.status), after(response.headers_us), response.body.length())
            }
            Outcome::Error(error) => (error.status, None, error.received),
        };
        let failure = row_failure(exchange, operation, label.sha256.as_deref(), slow_ms);
        Self {
            exchange: exchange.id.to_string(),
            part: if operation == Operation::Token { Part::Session } else { label.part },
            operation,
            attempt: exchange.attempt,
            scheduled: exchange.scheduled.unwrap_or(exchange.started),
            sent: exchange.started,
            headers,
            done: exchange.finished(),
            status,
            failure,
            bytes,
            letter: label.letter,
            request_id: exchange.request.request_id().map(|id| id.to_string()),
            correlation: label.correlation,
        }
    }

    /// Microseconds from the scheduled time to the end.
    pub(super) fn latency_us(&self) -> u64 {
        between_us(self.scheduled, self.done)
    }

    /// Microseconds from sending to the end.
    pub(super) fn service_us(&self) -> u64 {
        between_us(self.sent, self.done)
    }

    /// Microseconds from the scheduled time to sending.
    pub(super) fn lag_us(&self) -> u64 {
        between_us(self.scheduled, self.sent)
    }

    /// Appends the row as a line.
    pub(super) fn write(&self, start: Timestamp, line: &mut String) {
        let from_start = |at: Timestamp| at.duration_since(start).as_secs_f64() * 1e3;
        let part = match self.part {
            Part::Prepare => "prepare",
            Part::Load => "load",
            Part::Session => "session",
        };
        let ms = |at: Timestamp| format!("{:.3}", from_start(at));
        let cells = [
            self.exchange.clone(),
            part.to_owned(),
            word(self.operation).to_owned(),
            self.attempt.to_string(),
            ms(self.scheduled),
            ms(self.sent),
            self.headers.map(ms).unwrap_or_default(),
            ms(self.done),
            format!("{:.3}", self.latency_us() as f64 / 1e3),
            self.scheduled.to_string(),
            self.sent.to_string(),
            self.headers.map(|at| at.to_string()).unwrap_or_default(),
            self.done.to_string(),
            self.status.map(|status| status.to_string()).unwrap_or_default(),
            self.failure.clone().unwrap_or_default(),
            self.bytes.to_string(),
            self.letter.as_ref().map(ToString::to_string).unwrap_or_default(),
            self.request_id.clone().unwrap_or_default(),
            self.correlation.as_ref().map(ToString::to_string).unwrap_or_default(),
        ];
        csv_line(line, &cells.each_ref().map(String::as_str));
    }
}

fn between_us(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.duration_since(from).as_micros()).unwrap_or(0)
}

/// What was wrong with a request, in one word; `None` when nothing was.
pub(crate) fn row_failure(
    exchange: &Exchange,
    operation: Operation,
    sha256: Option<&str>,
    slow_ms: f64,
) -> Option<String> {
    let download = operation == Operation::Download;
    let response = match &exchange.outcome {
        Outcome::Error(error) => {
            let before = if download { "download-" } else { "" };
            return Some(format!("{before}{}", kind_word(error.kind)));
        }
        Outcome::Response(response) => response,
    };
    if download {
        return match response.status {
            200 => content_failure(response, sha256, slow_ms).map(str::to_owned),
            status => Some(format!("storage-{status}")),
        };
    }
    let known = LoadOperation::ALL.into_iter().find(|one| one.operation() == operation);
    let expected = known.map_or(response.status < 400, |known| known.expects(response.status));
    match (expected, response.status) {
        (true, _) => None,
        (false, status @ 400..) => Some(format!("http-{status}")),
        (false, status) => Some(format!("unexpected-{status}")),
    }
}

/// What was wrong with a download that was answered with 200. A PDF that cannot be read though it
/// is what was announced is the letter's fault, not the transfer's.
fn content_failure(
    response: &letterproof_model::Response,
    sha256: Option<&str>,
    slow_ms: f64,
) -> Option<&'static str> {
    let Some(content) = response.body.content() else { return Some("download-empty") };
    let pdf = matches!(response.body, letterproof_model::Body::Pdf(_));
    let altered = sha256.is_some_and(|sha256| !content.sha256.eq_ignore_ascii_case(sha256));
    if !pdf {
        Some("download-not-pdf")
    } else if altered && content.problem.is_some() {
        Some("download-truncated")
    } else if altered {
        Some("download-altered")
    } else if response.done_us as f64 / 1e3 > slow_ms {
        Some("download-slow")
    } else {
        None
    }
}

const fn kind_word(kind: TransportErrorKind) -> &'static str {
    match kind {
        TransportErrorKind::Connect => "connect",
        TransportErrorKind::Tls => "tls",
        TransportErrorKind::Timeout => "timeout",
        TransportErrorKind::Reset => "reset",
        TransportErrorKind::Body => "body",
        TransportErrorKind::Protocol => "protocol",
        TransportErrorKind::Interrupted => "interrupted",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_cell_for_each_column() {
        let now = letterproof_model::now();
        let row = Row {
            exchange: "ex-1".to_owned(),
            part: Part::Load,
            operation: Operation::GetLetter,
            attempt: 1,
            scheduled: now,
            sent: now,
            headers: None,
            done: now,
            status: None,
            failure: Some("connect".to_owned()),
            bytes: 0,
            letter: None,
            request_id: None,
            correlation: None,
        };
        let mut line = String::new();
        row.write(now, &mut line);
        assert_eq!(line.trim_end().split(',').count(), COLUMNS.split(',').count());
    }
}
