//! The exchange: one request with its response *or* its transport error, never both.
//! It holds no secret: the only way to make one from live traffic is through a recorder that redacts
//! (see [`crate::RawExchange`]).

use serde::{Deserialize, Serialize};

use crate::{Body, CorrelationId, ExchangeId, MOCK_HEADER, RequestId, SharedText, Timestamp};

/// One recorded request and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// Position in the journal, as an id.
    pub id: ExchangeId,
    /// Who made the request.
    pub actor: Actor,
    /// Which way it went.
    pub direction: Direction,
    /// The pack whose API it is of.
    pub pack: PackId,
    /// The scenario under way when it was made: a hint for readers, never evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// 1 for the first try of a call, 2 for its first repeat, and so on.
    pub attempt: u32,
    /// When the request was due, where a pacer scheduled it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled: Option<Timestamp>,
    /// When the request was sent (UTC, microseconds).
    pub started: Timestamp,
    /// What is known of the connection it went over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<Connection>,
    /// The request, of its values only what is harmless.
    pub request: Request,
    /// The response or the transport error.
    pub outcome: Outcome,
}

/// Who made a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actor {
    /// The supplier under test: the reference supplier, or the supplier's own system.
    Supplier,
    /// The harness itself: conformance probes, and read-backs the supplier does not make.
    Harness,
}

/// Which way an exchange went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Somebody called the API.
    #[default]
    ToApi,
    /// The API's side called somebody back.
    ToClient,
    /// Somebody's own system was asked how it sees what happened.
    Echo,
}

/// The acceptance pack whose API an exchange is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PackId {
    /// The pack for print suppliers, of the Supplier API.
    #[default]
    Supplier,
    /// The pack for organisations that send.
    Sender,
}

/// What is known of the connection a request went over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Whether an earlier request had used it.
    pub reused: bool,
}

/// A header field, written in journals as a pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(SharedText, SharedText)", into = "(SharedText, SharedText)")]
pub struct Header {
    /// The field's name as sent.
    pub name: SharedText,
    /// The field's value, replaced where it is not known to be harmless.
    pub value: SharedText,
}

impl From<(String, String)> for Header {
    fn from((name, value): (String, String)) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

impl From<(SharedText, SharedText)> for Header {
    fn from((name, value): (SharedText, SharedText)) -> Self {
        Self { name, value }
    }
}

impl From<Header> for (SharedText, SharedText) {
    fn from(header: Header) -> Self {
        (header.name, header.value)
    }
}

/// The first value of the header with this name, in any case.
#[must_use]
pub fn header_value<'a>(headers: &'a [Header], name: &str) -> Option<&'a str> {
    headers.iter().find(|h| h.name.eq_ignore_ascii_case(name)).map(|h| h.value.as_str())
}

/// A recorded request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The method, as sent.
    pub method: String,
    /// The absolute URL; parameters that are not known to be harmless are replaced.
    pub url: String,
    /// Header fields in the order sent.
    pub headers: Vec<Header>,
    /// The body.
    pub body: Body,
}

impl Request {
    /// The first value of a header, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        header_value(&self.headers, name)
    }

    /// The value of `X-Request-ID`.
    #[must_use]
    pub fn request_id(&self) -> Option<RequestId> {
        self.header("x-request-id").map(RequestId::from)
    }

    /// The value of `X-Correlation-ID`.
    #[must_use]
    pub fn correlation_id(&self) -> Option<CorrelationId> {
        self.header("x-correlation-id").map(CorrelationId::from)
    }
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// A whole response.
    Response(Response),
    /// No whole response arrived.
    Error(TransportError),
}

/// A recorded response, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Header fields in the order received.
    pub headers: Vec<Header>,
    /// The body.
    pub body: Body,
    /// Microseconds from sending the request to the last header.
    pub headers_us: u64,
    /// Microseconds from sending the request to the last byte of the body.
    pub done_us: u64,
}

impl Response {
    /// The first value of a header, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        header_value(&self.headers, name)
    }
}

/// Why no whole response arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransportError {
    /// What kind of failure it was.
    pub kind: TransportErrorKind,
    /// One sentence, secrets replaced.
    pub message: String,
    /// Microseconds from sending the request to the failure.
    pub after_us: u64,
    /// The status code, where the failure came after the headers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Bytes of the body that had arrived.
    #[serde(default)]
    pub received: u64,
}

/// Kinds of transport failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TransportErrorKind {
    /// The name could not be resolved or the connection was refused.
    Connect,
    /// The TLS handshake or a certificate check failed.
    Tls,
    /// No answer in the time allowed.
    Timeout,
    /// The connection was closed or reset before the headers were whole.
    Reset,
    /// The body ended before its announced end, or exceeded what the client takes.
    Body,
    /// The answer was no HTTP.
    Protocol,
    /// The run was interrupted before the answer was whole.
    Interrupted,
}

impl Exchange {
    /// Gives back the room that lists took while they grew, for an exchange that is kept with many.
    pub fn shrink(&mut self) {
        self.request.headers.shrink_to_fit();
        if let Outcome::Response(response) = &mut self.outcome {
            response.headers.shrink_to_fit();
        }
    }

    /// The room it takes in memory, in bytes, about; texts that it shares with others count as its own.
    #[must_use]
    pub fn room(&self) -> usize {
        let headers = |headers: &[Header]| -> usize {
            headers.iter().map(|header| size_of::<Header>() + header.value.len()).sum()
        };
        let answer = match &self.outcome {
            Outcome::Response(response) => headers(&response.headers) + response.body.room(),
            Outcome::Error(error) => error.message.len(),
        };
        let request = self.request.url.len() + headers(&self.request.headers);
        size_of::<Self>() + request + self.request.body.room() + answer
    }

    /// The response, if there was one.
    #[must_use]
    pub fn response(&self) -> Option<&Response> {
        match &self.outcome {
            Outcome::Response(response) => Some(response),
            Outcome::Error(_) => None,
        }
    }

    /// Whether its answer says that a mock gave it.
    #[must_use]
    pub fn is_of_a_mock(&self) -> bool {
        self.response().is_some_and(|response| response.header(MOCK_HEADER).is_some())
    }

    /// The transport error, if there was one.
    #[must_use]
    pub fn error(&self) -> Option<&TransportError> {
        match &self.outcome {
            Outcome::Response(_) => None,
            Outcome::Error(error) => Some(error),
        }
    }

    /// The status code of a whole response.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.response().map(|r| r.status)
    }

    /// When the last byte or the failure was seen.
    #[must_use]
    pub fn finished(&self) -> Timestamp {
        let micros = match &self.outcome {
            Outcome::Response(response) => response.done_us,
            Outcome::Error(error) => error.after_us,
        };
        let micros = i64::try_from(micros).unwrap_or(i64::MAX);
        self.started
            .checked_add(jiff::SignedDuration::from_micros(micros))
            .unwrap_or(Timestamp::MAX)
    }

    /// `GET /letters?limit=10 → 200`, as reports and messages show it.
    #[must_use]
    pub fn headline(&self) -> String {
        let path = self
            .request
            .url
            .split_once("://")
            .and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]))
            .unwrap_or(&self.request.url);
        let path: String = path.chars().take(100).collect();
        match &self.outcome {
            Outcome::Response(response) => {
                format!("{} {path} → {}", self.request.method, response.status)
            }
            Outcome::Error(error) => {
                format!("{} {path} → {}", self.request.method, error.message)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{exchange, headers, response};

    fn answered(status: u16) -> Exchange {
        exchange("ex-000001", Outcome::Response(response(status)))
    }

    /// An exchange whose response broke off after its headers.
    fn broken(after_us: u64) -> Exchange {
        let error = TransportError {
            kind: TransportErrorKind::Body,
            message: "the body ended early".into(),
            after_us,
            status: Some(200),
            received: 10,
        };
        exchange("ex-000001", Outcome::Error(error))
    }

    fn at(url: &str) -> String {
        let mut exchange = answered(200);
        exchange.request.url = url.into();
        exchange.headline()
    }

    #[test]
    fn an_exchange_is_written_with_its_direction_and_pack_and_not_read_without() {
        let exchange = answered(200);
        let mut written = serde_json::to_value(&exchange).unwrap();
        assert_eq!(
            (&written["direction"], &written["pack"]),
            (&"to-api".into(), &"supplier".into())
        );
        assert_eq!(serde_json::from_value::<Exchange>(written.clone()).unwrap(), exchange);
        for (direction, word) in [(Direction::ToClient, "to-client"), (Direction::Echo, "echo")] {
            assert_eq!(serde_json::to_value(direction).unwrap(), word);
        }
        assert_eq!(serde_json::to_value(PackId::Sender).unwrap(), "sender");
        for field in ["direction", "pack"] {
            let kept = written.as_object_mut().unwrap().remove(field).unwrap();
            assert!(serde_json::from_value::<Exchange>(written.clone()).is_err(), "{field}");
            written[field] = kept;
        }
    }

    #[test]
    fn a_header_is_written_as_a_pair_and_read_back() {
        let written = headers(&[("Accept", "application/json")]);
        let text = serde_json::to_string(&written).unwrap();
        assert_eq!(text, r#"[["Accept","application/json"]]"#);
        assert_eq!(serde_json::from_str::<Vec<Header>>(&text).unwrap(), written);
    }

    #[test]
    fn the_first_value_of_a_header_is_found_in_any_case() {
        let exchange = answered(429);
        assert_eq!(exchange.response().unwrap().header("RETRY-AFTER"), Some("1"));
        assert_eq!(exchange.response().unwrap().header("retry"), None);
        assert_eq!(exchange.request.header("x-request-id"), Some("req-1"));
        assert_eq!(header_value(&exchange.request.headers, "X-Correlation-ID"), Some("cor-1"));
        assert_eq!(header_value(&[], "accept"), None);
    }

    #[test]
    fn a_request_tells_its_own_id_from_that_of_its_flow() {
        let mut request = answered(200).request;
        assert_eq!(request.request_id(), Some(RequestId::fixed("req-1")));
        assert_eq!(request.correlation_id(), Some(CorrelationId::fixed("cor-1")));
        request.headers.clear();
        assert_eq!((request.request_id(), request.correlation_id()), (None, None));
    }

    #[test]
    fn an_exchange_has_a_response_or_an_error_and_never_both() {
        let (answered, broken) = (answered(202), broken(1));
        assert_eq!(answered.response(), Some(&response(202)));
        assert_eq!(answered.error(), None);
        assert_eq!(answered.status(), Some(202));
        assert_eq!(broken.response(), None);
        assert_eq!(broken.error().unwrap().kind, TransportErrorKind::Body);
        assert_eq!(broken.status(), None, "a status without a whole response is no answer");
    }

    #[test]
    fn an_exchange_ends_with_its_last_byte_or_its_failure() {
        let expected = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(answered(200).finished(), expected("2026-08-21T12:00:00.25Z"));
        assert_eq!(broken(1_500).finished(), expected("2026-08-21T12:00:00.0015Z"));
        assert_eq!(broken(u64::MAX).finished(), Timestamp::MAX, "a damaged journal");
    }

    #[test]
    fn a_headline_tells_the_call_and_what_came_of_it() {
        assert_eq!(answered(200).headline(), "GET /supplier/letters?limit=10 → 200");
        assert_eq!(broken(1).headline(), "GET /supplier/letters?limit=10 → the body ended early");
    }

    #[test]
    fn a_headline_shows_a_url_without_a_path_whole_and_a_long_path_cut() {
        assert_eq!(at("https://int.example"), "GET https://int.example → 200");
        assert_eq!(at("no URL"), "GET no URL → 200");
        let long = format!("/{}", "é".repeat(99));
        assert_eq!(at(&format!("https://int.example{long}")), format!("GET {long} → 200"));
        assert_eq!(at(&format!("https://int.example{long}x")), format!("GET {long} → 200"));
    }

    #[test]
    fn a_mocks_answer_says_so_in_a_header_and_no_other_does() {
        let mut exchange = answered(200);
        assert!(!exchange.is_of_a_mock());
        let Outcome::Response(response) = &mut exchange.outcome else { unreachable!() };
        response.headers.extend(headers(&[("X-Letterproof-Mock", "1")]));
        assert!(exchange.is_of_a_mock());
        assert!(!broken(1).is_of_a_mock());
    }

    #[test]
    fn lists_give_back_the_room_they_do_not_need() {
        let mut exchange = answered(200);
        let kept = exchange.clone();
        exchange.request.headers.reserve(1_000);
        let Outcome::Response(response) = &mut exchange.outcome else { unreachable!() };
        response.headers.reserve(1_000);
        exchange.shrink();
        assert!(exchange.request.headers.capacity() < 1_000);
        assert!(exchange.response().unwrap().headers.capacity() < 1_000);
        assert_eq!(exchange, kept);
    }
}
