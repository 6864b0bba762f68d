//! What a recording does not hold, counted and put into sentences.
//! Refuses to call anything a fault: an export leaves things out that were there.

use letterproof_model::{Operation, grouped};

use super::call::{Call, Lacks, header};
use super::left_out::LeftOut;

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
