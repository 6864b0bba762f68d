//! What a supplier does in a way of its own, as the points of the work ask for it.
//! Refuses what the pack or the API forbids: that is a fault and has a row in the other catalogue.

use letterproof_model::LetterStatus;

/// An allowed way of working.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    // Taking on.
    /// A list asks for so many letters where the pack names no number.
    ListsOf(u32),
    /// One list is taken on and produced before the next is asked for.
    ListByList,
    /// Several workers share a list: each sends its part of an update, all at the same time.
    Workers(usize),
    /// Every document is fetched before its letter is accepted, and letters that cannot be produced
    /// are rejected.
    RejectBadPdfs,
    /// Letters that name no group are rejected.
    RejectGroupless,
    /// Letters without a document are accepted and then reported as FAILED.
    FailBadPdfs,
    // Moving letters.
    /// So many letters of a hundred are updated one by one, the others together.
    Singly(usize),
    /// Letters of ordinary print go this way after their acceptance.
    Path(&'static [LetterStatus]),
    /// FORWARDED carries a text and no code.
    ForwardWithoutCode,
    /// A day passes after each status.
    DayBetweenStatuses,
    /// No status but the answer to a list is read: the time that updates have is waited out.
    NoReadBacks,
    /// Each status is read late, so that once is enough: after half of the time that updates have.
    ReadOnce,
    /// Letters are read so often again, and the list asked for, when all is known.
    LookAgain(usize),
    // Documents.
    /// Letters of any number of pages are produced.
    AnyLength,
    /// Documents are asked for as a range that is the whole of them.
    WholeRange,
    /// Documents are asked for in two ranges, one after the other.
    InParts,
    /// Documents are fetched a second time with the same link.
    LooksTwice,
    /// The HTTP library follows the redirect to the document by itself.
    FollowRedirects,
    // Calls.
    /// A repeated call carries the request id of the first try.
    SameRequestId,
    /// All calls between two lists carry one correlation id.
    CorrelationPerList,
    /// Every call carries a correlation id of its own.
    CorrelationPerCall,
    /// Calls go over HTTP/2 from the first byte.
    Http2,
    /// Every call opens a connection of its own.
    NoKeepAlive,
    /// The clock is off by so many seconds, and assertions live as long as that needs.
    ClockOff(i64),
    /// Tokens are renewed in the first quarter of their life.
    RenewEarly,
    /// Tokens are renewed when they are refused.
    RenewLate,
    // Management information.
    /// Lists are produced on a day each, and each day is reported.
    ReportEachDay,
    /// Sheets and envelopes are reported beside letters.
    ReportLineItems,
    /// The letters that were printed are reported.
    ReportPrinted,
    /// A day is reported when the next one has begun.
    ReportAfterMidnight,
    /// A record bears the first moment of its day.
    StampDayBegin,
    /// A record bears the last second of its day.
    StampDayEnd,
}
