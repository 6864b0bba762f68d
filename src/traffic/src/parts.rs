//! Documents that came in parts: which bytes of a letter's document the downloads brought.
//! A part that does not say which bytes it is leaves it open whether all came.

use letterproof_model::Exchange;

use crate::index::Traffic;
use crate::letters::{Event, EventKind};

/// How much of a document its downloads brought together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Brought {
    /// All of it.
    Whole,
    /// So many bytes of so many, and no more.
    Part(u64, u64),
    /// Parts that do not say what they are parts of.
    Unknown,
    /// None of it.
    Nothing,
}

/// The bytes that one download brought: from, to (not included), and how many there are in all,
/// where the record tells.
type Span = (u64, u64, Option<u64>);

impl Traffic {
    /// How much of a letter's document these events brought together.
    #[must_use]
    pub fn brought<'e>(&self, events: impl IntoIterator<Item = &'e Event>) -> Brought {
        let mut spans: Vec<Span> = Vec::new();
        let mut unknown = false;
        let downloads = events.into_iter().filter(|one| matches!(one.kind, EventKind::Downloaded));
        for event in downloads {
            let call = self.call(event.call);
            if call.brought_whole() {
                return Brought::Whole;
            }
            let exchange = call.exchange();
            match span(&exchange) {
                Some(span) => spans.push(span),
                None => unknown |= is_part(&exchange),
            }
        }
        spans.sort_unstable();
        let Some(total) = spans.iter().filter_map(|(_, _, total)| *total).max() else {
            return if unknown { Brought::Unknown } else { Brought::Nothing };
        };
        let (mut end, mut brought) = (0, 0);
        for (from, to, _) in spans {
            let to = to.min(total);
            brought += to.saturating_sub(from.max(end));
            end = end.max(to);
        }
        match brought {
            all if all == total => Brought::Whole,
            _ if unknown => Brought::Unknown,
            part => Brought::Part(part, total),
        }
    }
}

/// Whether an answer, whole or broken, was a part.
fn is_part(exchange: &Exchange) -> bool {
    let broken = exchange.error().and_then(|error| error.status);
    exchange.status().or(broken) == Some(206)
}

/// What a partial answer says it is; of one that broke, what had come of it.
fn span(exchange: &Exchange) -> Option<Span> {
    if let Some(error) = exchange.error() {
        return (error.status == Some(200)).then_some((0, error.received, None));
    }
    let response = exchange.response().filter(|response| response.status == 206)?;
    let (span, total) =
        response.header("content-range")?.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (from, last) = span.split_once('-')?;
    let (from, last, total): (u64, u64, u64) =
        (from.parse().ok()?, last.parse().ok()?, total.parse().ok()?);
    (from <= last && last < total).then_some((from, last + 1, Some(total)))
}
