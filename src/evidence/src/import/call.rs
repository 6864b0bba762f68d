//! One HAR entry made an exchange as it went over the wire.
//! Refuses entries without what makes a call (a request, a method, an address, a time), and header
//! fields beyond what any server takes; each error is one sentence about the entry. What else
//! cannot be true is left out of the call and noted at the desk.

use letterproof_model::{
    Actor, Connection, Content, Direction, Operation, PackId, RawExchange, RawOutcome, RawRequest,
    Timestamp,
};

use super::attached::Attached;
use super::body::{Found, of_request};
use super::outcome::{Called, outcome};
use super::shape::{Entry, Field, Own, Request};
use super::times::{lasted, started};
use super::written::Desk;
use crate::digest::is_sha256_hex;

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
}
