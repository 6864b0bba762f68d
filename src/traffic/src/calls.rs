//! Recorded calls as judges see them: who, when, which letters, which answer.
//! Nothing is copied: a call shares its exchange and names letters by their place in the index.

use std::ops::Deref;
use std::sync::Arc;

use letterproof_model::{Direction, Exchange, ExchangeRef, Kept, LetterStatus, Operation, Outcome};

use crate::index::Traffic;
use crate::letters::{LetterIx, Reason, TextIx};

/// Microseconds since the Unix epoch.
pub type Micros = i64;

/// A call's place in the index, in the order of recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallIx(pub u32);

/// How long a link lives where it does not say so itself.
const LIFE: Micros = 60_000_000;

/// One recorded exchange with its operation and times, and what is asked of every call, so that
/// passes over all of them need not read the exchanges.
#[derive(Debug)]
pub struct Call {
    pub(crate) kept: Kept,
    pub(crate) sort: Arc<Sort>,
    /// The letter named in the path, or whose link was downloaded.
    pub letter: Option<LetterIx>,
    /// When the request was sent.
    pub started: Micros,
    /// When the last byte or the failure was seen.
    pub finished: Micros,
    /// The SHA-256 that a read of its letter gives, or that of the content which came whole.
    pub hash: Option<TextIx>,
    /// A short print of its `X-Request-ID`: of two that differ the ids differ.
    pub request_print: u32,
}

/// What a call has in common with many others, which share it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sort {
    /// What was called.
    pub operation: Operation,
    /// The label of the scenario under way, as the driver set it.
    pub label: Option<TextIx>,
    /// The value of its `Authorization`, as it was redacted.
    pub authorization: Option<TextIx>,
    /// What its maker calls itself.
    pub agent: Option<TextIx>,
    /// Scheme, host and port of its URL, as they are written.
    pub origin: TextIx,
    /// The media type of its answer.
    pub media: Option<TextIx>,
    /// How long the link lives with which a call for one was answered.
    pub link_life: Option<Micros>,
    /// What became of its `X-Request-ID`.
    pub request_id: Echo,
    /// What became of its `X-Correlation-ID`.
    pub correlation_id: Echo,
    pub(crate) answer: Answer,
    pub(crate) traits: Traits,
}

/// What an answer makes of an id that its call carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Echo {
    /// The call carries none.
    Unsent,
    /// The call carries an empty one.
    Empty,
    /// It comes back.
    Same,
    /// It comes back as one of several, joined by full stops.
    Among,
    /// Another comes back.
    Other,
    /// None comes back.
    Lost,
}

impl Echo {
    /// What became of the id in this header.
    pub(crate) fn of(exchange: &Exchange, name: &str) -> Self {
        let back = exchange.response().and_then(|response| response.header(name));
        match (exchange.request.header(name), back) {
            (None, _) => Self::Unsent,
            (Some(""), _) => Self::Empty,
            (Some(_), None) => Self::Lost,
            (Some(sent), Some(back)) if sent == back => Self::Same,
            (Some(sent), Some(back)) if back.split('.').any(|part| part == sent) => Self::Among,
            (Some(_), Some(_)) => Self::Other,
        }
    }

    /// Whether an id was sent, and one came back, whichever.
    #[must_use]
    pub const fn came_back(self) -> bool {
        matches!(self, Self::Same | Self::Among | Self::Other)
    }
}

/// What is so of a call, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(clippy::struct_excessive_bools)] // Nothing but answers to questions.
pub(crate) struct Traits {
    pub(crate) by_supplier: bool,
    pub(crate) brought_whole: bool,
    pub(crate) is_get: bool,
    /// Whether the recording lacks the body of the request, or of the answer.
    pub(crate) lacks_request: bool,
    pub(crate) lacks_answer: bool,
    /// Whether it went to the API's side.
    pub(crate) to_api: bool,
    /// Whether a mock says that it gave the answer.
    pub(crate) of_a_mock: bool,
    /// Whether a read was answered with the letter that was asked for.
    pub(crate) is_own_letter: bool,
    /// Whether the answer leads to another place.
    pub(crate) leads_on: bool,
}

impl Traits {
    pub(crate) fn of(exchange: &Exchange) -> Self {
        let response = exchange.response();
        Self {
            by_supplier: by_supplier(exchange),
            brought_whole: response.is_some_and(|response| match response.status {
                200 => true,
                206 => response.header("content-range").is_some_and(is_all),
                _ => false,
            }),
            is_get: exchange.request.method == "GET",
            lacks_request: exchange.request.body.is_unrecorded(),
            lacks_answer: response.is_some_and(|response| response.body.is_unrecorded()),
            to_api: exchange.direction == Direction::ToApi,
            of_a_mock: exchange.is_of_a_mock(),
            is_own_letter: false,
            leads_on: response
                .and_then(|response| response.header("location"))
                .is_some_and(|location| !location.trim().is_empty()),
        }
    }
}

/// Whether the supplier under test made an exchange.
pub(crate) fn by_supplier(exchange: &Exchange) -> bool {
    exchange.actor == letterproof_model::Actor::Supplier
}

impl Deref for Call {
    type Target = Sort;

    fn deref(&self) -> &Sort {
        &self.sort
    }
}

impl Call {
    /// The exchange itself. It may have to be read: whoever asks for it several times holds it.
    #[must_use]
    pub fn exchange(&self) -> ExchangeRef<'_> {
        self.kept.get()
    }
}

impl Sort {
    /// Whether the supplier under test made it.
    pub const fn by_supplier(&self) -> bool {
        self.traits.by_supplier
    }

    /// Whether it was made with the method GET.
    #[must_use]
    pub const fn is_get(&self) -> bool {
        self.traits.is_get
    }

    /// What came back.
    pub const fn answer(&self) -> Answer {
        self.answer
    }

    /// Whether it brought a whole document: 200, or a range that is all of it.
    #[must_use]
    pub const fn brought_whole(&self) -> bool {
        self.traits.brought_whole
    }

    /// Whether it was a call of the API's side.
    #[must_use]
    pub const fn to_api(&self) -> bool {
        self.traits.to_api
    }

    /// Whether its answer says that a mock gave it.
    #[must_use]
    pub const fn is_of_a_mock(&self) -> bool {
        self.traits.of_a_mock
    }

    /// Whether it is a read that was answered with the letter that was asked for.
    #[must_use]
    pub const fn is_own_letter(&self) -> bool {
        self.traits.is_own_letter
    }

    /// Whether its answer has a `Location` that is not empty.
    #[must_use]
    pub const fn leads_on(&self) -> bool {
        self.traits.leads_on
    }
}

/// Scheme, host and port as they are written; a signed path is long, and takes long to read.
#[must_use]
pub fn origin(url: &str) -> &str {
    url.match_indices('/').nth(2).map_or(url, |(end, _)| &url[..end])
}

/// The life a link states, or the documented one.
#[must_use]
pub fn life(link: &str) -> Micros {
    let stated = link
        .split(['?', '&'])
        .find_map(|pair| pair.strip_prefix("X-Amz-Expires="))
        .and_then(|seconds| seconds.parse::<i64>().ok());
    stated.map_or(LIFE, |seconds| seconds.saturating_mul(1_000_000))
}

impl Traffic {
    /// Whether the scenario label of a call names this acceptance test: a hint, never evidence, and
    /// no hint where a person typed it.
    #[must_use]
    pub fn labelled(&self, call: CallIx, test: &str) -> bool {
        self.label(call)
            .filter(|label| !self.typed.contains(*label))
            .and_then(|label| label.strip_prefix(test))
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
    }

    /// The label of the scenario under which a call was made.
    #[must_use]
    pub fn label(&self, call: CallIx) -> Option<&str> {
        self.call(call).label.map(|label| self.text(label))
    }
}

/// Whether a Content-Range is that of the whole: `bytes 0-99/100`.
fn is_all(range: &str) -> bool {
    let parts = range.trim().strip_prefix("bytes ").and_then(|range| range.split_once('/'));
    let last = parts.and_then(|(span, _)| span.strip_prefix("0-")?.parse::<u64>().ok());
    let total = parts.and_then(|(_, total)| total.parse::<u64>().ok());
    last.and_then(|last| last.checked_add(1)).is_some_and(|length| Some(length) == total)
}

/// What came back of a call, as far as judging cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// A whole response with this status.
    Status(u16),
    /// No whole response: the call may or may not have been carried out.
    Lost,
}

impl Answer {
    /// The answer of an exchange.
    pub fn of(exchange: &Exchange) -> Self {
        match &exchange.outcome {
            Outcome::Response(response) => Self::Status(response.status),
            Outcome::Error(_) => Self::Lost,
        }
    }

    /// Whether the API took the request on (2xx).
    pub const fn accepted(self) -> bool {
        matches!(self, Self::Status(200..=299))
    }

    /// Whether the API certainly did not carry the request out.
    pub const fn refused(self) -> bool {
        matches!(self, Self::Status(300..=499))
    }

    /// Whether repeating the same request is how a client should react.
    pub const fn asks_for_repeat(self) -> bool {
        matches!(self, Self::Lost | Self::Status(429 | 500..=599))
    }

    /// `answered with 400`, or `not answered`.
    pub fn words(self) -> String {
        match self {
            Self::Status(status) => format!("answered with {status}"),
            Self::Lost => "not answered".to_owned(),
        }
    }
}

/// How an update was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// `PATCH /letters/{id}`.
    Patch,
    /// `POST /letters`.
    Bulk,
}

/// A `GET /letters`.
#[derive(Debug)]
pub struct ListCall {
    /// The call.
    pub call: CallIx,
    /// Who asked.
    pub by_supplier: bool,
    /// When it was asked.
    pub started: Micros,
    /// When the list was whole.
    pub finished: Micros,
    /// The limit asked for, where it was one plain number.
    pub limit: Option<u32>,
    /// What came back.
    pub content: ListContent,
}

/// What a list call brought.
#[derive(Debug)]
pub enum ListContent {
    /// A list that could be read.
    Letters(Vec<ListEntry>),
    /// Answered with 200, but the recording does not hold the list.
    NotRecorded,
    /// Answered with 200 and something that is no list of letters.
    Malformed,
    /// Answered otherwise, or not at all.
    None(Answer),
}

/// One entry of a list.
#[derive(Debug, Clone, Copy)]
pub struct ListEntry {
    /// Which letter.
    pub letter: LetterIx,
    /// The status it was listed with; `None` for a status nobody knows.
    pub status: Option<LetterStatus>,
}

impl ListCall {
    /// The entries; none for a call that brought no readable list.
    pub fn entries(&self) -> &[ListEntry] {
        match &self.content {
            ListContent::Letters(entries) => entries,
            _ => &[],
        }
    }

    /// Whether a list came back and could be read.
    pub const fn readable(&self) -> bool {
        matches!(self.content, ListContent::Letters(_))
    }

    /// Its letters, each once, in order of their place in the index.
    pub fn letters(&self) -> Vec<LetterIx> {
        let mut letters: Vec<LetterIx> = self.entries().iter().map(|entry| entry.letter).collect();
        letters.sort_unstable();
        letters.dedup();
        letters
    }
}

/// A `POST /letters` or `PATCH /letters/{id}` whose body could be read.
#[derive(Debug)]
pub struct UpdateCall {
    /// The call.
    pub call: CallIx,
    /// Which of the two.
    pub via: Via,
    /// When it was sent.
    pub started: Micros,
    /// What came back.
    pub answer: Answer,
    /// The letters and the status sent for each.
    pub letters: Vec<(LetterIx, Option<LetterStatus>)>,
}

/// A `POST /mi`.
#[derive(Debug)]
pub struct MiCall {
    /// The call.
    pub call: CallIx,
    /// When it was sent.
    pub started: Micros,
    /// What came back.
    pub answer: Answer,
    /// The record submitted; `None` when the recording does not hold it.
    pub record: Option<MiRecord>,
    /// The record as the answer repeats it.
    pub echoed: Option<MiRecord>,
    /// The id the API gave it.
    pub id: Option<String>,
}

/// A `GET /mi/{id}`.
#[derive(Debug)]
pub struct MiRead {
    /// The call.
    pub call: CallIx,
    /// The record asked for.
    pub id: String,
    /// What came back.
    pub answer: Answer,
    /// The record read.
    pub record: Option<MiRecord>,
}

/// A management-information record.
#[derive(Debug, Clone, PartialEq)]
pub struct MiRecord {
    /// What was counted.
    pub line_item: Option<String>,
    /// The reporting time.
    pub timestamp: Option<String>,
    /// How many.
    pub quantity: Option<f64>,
    /// Of which specification.
    pub specification: Option<String>,
    /// Of which group.
    pub group: Option<String>,
    /// What is left in stock.
    pub stock_remaining: Option<f64>,
}

impl MiRecord {
    /// The reporting date: the day of the timestamp.
    pub fn date(&self) -> &str {
        let text = self.timestamp.as_deref().unwrap_or("no date");
        text.split('T').next().unwrap_or(text)
    }
}

/// An update of one letter, as its timeline keeps it.
#[derive(Debug, Clone, Copy)]
pub struct SentUpdate {
    /// The status sent.
    pub status: LetterStatus,
    /// Code and text sent.
    pub reason: Reason,
    /// By which operation.
    pub via: Via,
    /// What came back.
    pub answer: Answer,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_range_from_the_first_byte_to_the_last_is_all() {
        for whole in ["bytes 0-99/100", " bytes 0-0/1 "] {
            assert!(is_all(whole), "{whole}");
        }
        for part in [
            "bytes 0-98/100",
            "bytes 1-99/100",
            "bytes 10-99/100",
            "bytes 0-99/*",
            "bytes */100",
            "0-99/100",
            "bytes 0-18446744073709551615/0",
            "",
        ] {
            assert!(!is_all(part), "{part}");
        }
    }
}
