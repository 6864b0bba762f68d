//! Entries that are left out of a recording, and what single entries lose, by their numbers.
//! Nothing is left out in silence.
//!
//! What a recording does not hold, counted and put into sentences. None of it is a fault: an export
//! leaves things out that were there.

use std::collections::BTreeMap;

use letterproof_model::{Operation, grouped};

use crate::import::call::{Call, Lacks, header};

/// Most numbers or ranges of numbers that one sentence names.
const NUMBERS_SHOWN: usize = 12;

/// Why an entry is left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    /// It went to another place than the API.
    Elsewhere,
    /// A browser asked by itself whether a page may call (CORS).
    Preflight,
    /// A browser's cache answered.
    Cached,
    /// It cannot be true, or lacks what makes a call.
    Odd(String),
}

/// Entries left out, and what is odd in those that are kept.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    entries: BTreeMap<Why, Vec<u64>>,
    parts: BTreeMap<String, Vec<u64>>,
}

impl LeftOut {
    /// Leaves an entry out.
    pub(super) fn entry(&mut self, number: u64, why: Why) {
        self.entries.entry(why).or_default().push(number);
    }

    /// Notes what is odd in an entry that is kept.
    pub(super) fn part(&mut self, number: u64, what: String) {
        self.parts.entry(what).or_default().push(number);
    }

    /// The first entry that cannot be used, as a sentence ends.
    pub(super) fn first_odd(&self) -> String {
        let odd = self.entries.iter().find_map(|(why, numbers)| match why {
            Why::Odd(reason) => Some((numbers.first()?, reason)),
            Why::Elsewhere | Why::Preflight | Why::Cached => None,
        });
        odd.map_or_else(String::new, |(number, reason)| {
            format!("; entry {} cannot be used: {reason}", grouped(*number))
        })
    }

    /// What is left out, in sentences without a full stop.
    pub(super) fn sentences(&self) -> impl Iterator<Item = String> {
        let entries = self.entries.iter().map(|(why, numbers)| {
            let (one, more) = match why {
                Why::Elsewhere => ("it went to another address", "they went to other addresses"),
                Why::Preflight => (
                    "it is a browser's own request (a CORS preflight)",
                    "they are a browser's own requests (CORS preflights)",
                ),
                Why::Cached => (
                    "a browser's cache answered it, not the API",
                    "a browser's cache answered them, not the API",
                ),
                Why::Odd(reason) => (reason.as_str(), reason.as_str()),
            };
            match numbers.as_slice() {
                [number] => format!("entry {} was left out: {one}", grouped(*number)),
                numbers => format!("{} were left out: {more}", counted(numbers)),
            }
        });
        let parts = self.parts.iter().map(|(what, numbers)| match numbers.as_slice() {
            [number] => format!("entry {}: {what}", grouped(*number)),
            numbers => format!("{}: {what}", counted(numbers)),
        });
        entries.chain(parts)
    }
}

/// `3 entries (2, 4 to 5)`.
fn counted(numbers: &[u64]) -> String {
    let mut numbers = numbers.to_vec();
    numbers.sort_unstable();
    let count = grouped(numbers.len() as u64);
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if number <= *last + 1 => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    let shown = ranges.iter().take(NUMBERS_SHOWN).map(|(first, last)| match first == last {
        true => grouped(*first),
        false => format!("{} to {}", grouped(*first), grouped(*last)),
    });
    let mut shown = shown.collect::<Vec<_>>().join(", ");
    if ranges.len() > NUMBERS_SHOWN {
        shown.push_str(" and others");
    }
    format!("{count} entries ({shown})")
}

/// What is missing in a recording.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    /// Entries of the file.
    pub(super) entries: u64,
    left_out: Vec<String>,
    tokens: u64,
    bearers: u64,
    headers: u64,
    request_bodies: u64,
    response_bodies: u64,
    downloads: u64,
    answers: u64,
    durations: u64,
    actors: u64,
    own: u64,
    coarse: bool,
}

impl Gaps {
    pub(super) fn of(calls: &[Call], entries: u64, left_out: &LeftOut) -> Self {
        let left_out = left_out.sentences().collect();
        let mut gaps = Self { entries, left_out, ..Self::default() };
        calls.iter().for_each(|call| gaps.add(call));
        // What judges make of such a clock stands in their crate.
        let whole = |micros: i64| micros % 1_000 == 0;
        gaps.coarse = calls.iter().all(|call| whole(call.started.as_microsecond()))
            || calls.iter().all(|call| whole(call.lasted_us()));
        gaps
    }

    fn add(&mut self, call: &Call) {
        let Lacks { headers, request_body, response_body, answer, duration, actor } = call.lacks;
        let download = call.operation == Operation::Download;
        let bearer = header(&call.raw.request.headers, "authorization").is_some();
        for (count, found) in [
            (&mut self.tokens, call.operation == Operation::Token),
            (&mut self.bearers, bearer),
            (&mut self.headers, headers),
            (&mut self.request_bodies, request_body),
            (&mut self.response_bodies, response_body && !download),
            (&mut self.downloads, response_body && download),
            (&mut self.answers, answer),
            (&mut self.durations, duration),
            (&mut self.actors, actor),
            (&mut self.own, !actor),
        ] {
            *count += u64::from(found);
        }
    }

    pub(super) fn sentences(&self) -> Vec<String> {
        let counted = [
            (self.headers, "call", "has no request headers", "have no request headers"),
            (self.request_bodies, "request", "has no body", "have no body"),
            (self.response_bodies, "response", "has no body", "have no body"),
            (self.downloads, "download", "holds no content", "hold no content"),
            (self.answers, "call", "has no answer", "have no answer"),
            (self.durations, "call", "has no duration", "have no duration"),
        ];
        let counted = counted.into_iter().filter(|(count, ..)| *count > 0);
        let mut notes = self.left_out.clone();
        notes.extend(counted.map(|(count, noun, one, more)| {
            format!("{} {}", many(count, noun), if count == 1 { one } else { more })
        }));
        let plain = [
            (self.tokens == 0, "no token requests are in the recording"),
            (self.bearers == 0, "no call has an Authorization header"),
            (self.coarse, "times are rounded to milliseconds"),
            (
                self.actors > 0,
                "the recording does not say who made a call, so each counts as the supplier's",
            ),
            (self.own > 0, "what the run noted between its calls (attempts, waits, breaks)"),
        ];
        notes.extend(plain.into_iter().filter(|(is, _)| *is).map(|(_, note)| note.to_owned()));
        notes
    }
}

/// `1 entry`, `2,500 entries`.
pub(super) fn many(count: u64, noun: &str) -> String {
    let number = grouped(count);
    match (count, noun.strip_suffix('y')) {
        (1, _) => format!("{number} {noun}"),
        (_, Some(stem)) => format!("{number} {stem}ies"),
        (_, None) => format!("{number} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_is_one_sentence_with_the_numbers() {
        let mut left_out = LeftOut::default();
        for number in [2, 9, 4, 5, 6] {
            left_out.entry(number, Why::Elsewhere);
        }
        left_out.entry(3, Why::Odd("its request has no `url`".to_owned()));
        left_out.entry(7, Why::Preflight);
        left_out.part(1_000, "its `time` is negative".to_owned());
        for number in (10..60).step_by(2) {
            left_out.part(number, "body not read: zstd".to_owned());
        }
        let sentences: Vec<String> = left_out.sentences().collect();
        assert_eq!(
            sentences,
            [
                "5 entries (2, 4 to 6, 9) were left out: they went to other addresses",
                "entry 7 was left out: it is a browser's own request (a CORS preflight)",
                "entry 3 was left out: its request has no `url`",
                "25 entries (10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32 and others): body not \
                 read: zstd",
                "entry 1,000: its `time` is negative",
            ]
        );
        assert_eq!(left_out.first_odd(), "; entry 3 cannot be used: its request has no `url`");
    }

    #[test]
    fn each_gap_is_a_sentence_with_its_number() {
        let gaps = Gaps {
            entries: 9,
            left_out: vec!["entry 3 was left out: it went to another address".to_owned()],
            response_bodies: 2_500,
            downloads: 1,
            actors: 3,
            ..Gaps::default()
        };
        assert_eq!(
            gaps.sentences(),
            [
                "entry 3 was left out: it went to another address",
                "2,500 responses have no body",
                "1 download holds no content",
                "no token requests are in the recording",
                "no call has an Authorization header",
                "the recording does not say who made a call, so each counts as the supplier's",
            ]
        );
    }
}
