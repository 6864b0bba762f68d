//! Where each letter stands by the traffic so far: the last status sent, and the last one seen.
//! Refuses to judge moves; it counts, and knows which letters are left to read back.

use std::collections::HashMap;

use letterproof_model::{Body, Exchange, LetterId, LetterStatus, Operation, Route};
use serde::Deserialize;

use super::snapshot::StatusCount;

/// Where the letters of a recording stand.
#[derive(Debug)]
pub(crate) struct Letters {
    base_url: String,
    known: HashMap<LetterId, Standing>,
}

#[derive(Debug, Default)]
struct Standing {
    sent: Option<LetterStatus>,
    seen: Option<LetterStatus>,
    /// Whether what was sent last was seen afterwards.
    confirmed: bool,
}

#[derive(Deserialize)]
struct Document<T> {
    data: T,
}

#[derive(Deserialize)]
struct WireLetter {
    id: LetterId,
    attributes: WireAttributes,
}

#[derive(Deserialize)]
struct WireAttributes {
    // A status that nobody knows must not hide the other letters of its list.
    status: String,
}

impl WireLetter {
    fn standing(self) -> Option<(LetterId, LetterStatus)> {
        Some((self.id, self.attributes.status.parse().ok()?))
    }
}

impl Letters {
    pub(crate) fn new(base_url: &str) -> Self {
        Self { base_url: base_url.to_owned(), known: HashMap::new() }
    }

    /// Takes in an exchange.
    pub(crate) fn push(&mut self, exchange: &Exchange) {
        let answered = exchange.response().filter(|response| response.status == 200);
        match Route::of_exchange(exchange, &self.base_url).operation {
            Operation::UpdateLetters => self.sent(exchange, all(&exchange.request.body)),
            Operation::PatchLetter => self.sent(exchange, one(&exchange.request.body)),
            Operation::ListLetters => {
                self.seen(answered.map(|response| all(&response.body)).unwrap_or_default());
            }
            Operation::GetLetter => {
                self.seen(answered.map(|response| one(&response.body)).unwrap_or_default());
            }
            _ => {}
        }
    }

    /// Updates count unless they were refused; one without an answer may have been carried out.
    fn sent(&mut self, exchange: &Exchange, letters: Vec<(LetterId, LetterStatus)>) {
        if exchange.status().is_some_and(|status| status >= 400) {
            return;
        }
        for (id, status) in letters {
            let standing = self.known.entry(id).or_default();
            (standing.sent, standing.confirmed) = (Some(status), false);
        }
    }

    fn seen(&mut self, letters: Vec<(LetterId, LetterStatus)>) {
        for (id, status) in letters {
            let standing = self.known.entry(id).or_default();
            standing.seen = Some(status);
            standing.confirmed |= standing.sent == Some(status);
        }
    }

    /// How many letters stand at each status, of those at which any does.
    pub(crate) fn counts(&self) -> Vec<StatusCount> {
        let of = |status| {
            let letters = |of: fn(&Standing) -> Option<LetterStatus>| {
                self.known.values().filter(|standing| of(standing) == Some(status)).count()
            };
            let (sent, seen) = (letters(|letter| letter.sent), letters(|letter| letter.seen));
            StatusCount { status, sent, seen }
        };
        let counts = LetterStatus::ALL.into_iter().map(of);
        counts.filter(|count| count.sent + count.seen > 0).collect()
    }

    /// The letters whose last status sent nobody has seen yet, in the order of their ids.
    pub(crate) fn unseen(&self) -> Vec<LetterId> {
        let open =
            |(_, letter): &(&LetterId, &Standing)| letter.sent.is_some() && !letter.confirmed;
        let mut ids: Vec<LetterId> =
            self.known.iter().filter(open).map(|(id, _)| id.clone()).collect();
        ids.sort_unstable();
        ids
    }
}

fn all(body: &Body) -> Vec<(LetterId, LetterStatus)> {
    let document: Option<Document<Vec<WireLetter>>> = body.parse();
    let letters = document.map(|document| document.data).unwrap_or_default();
    letters.into_iter().filter_map(WireLetter::standing).collect()
}

fn one(body: &Body) -> Vec<(LetterId, LetterStatus)> {
    let document: Option<Document<WireLetter>> = body.parse();
    document.and_then(|document| document.data.standing()).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use letterproof_model::{
        Actor, Direction, ExchangeId, Outcome, PackId, Request, Response, now,
    };

    use super::*;

    fn exchange(call: &str, sent: Option<&str>, status: u16, answer: &str) -> Exchange {
        let (method, path) = call.split_once(' ').unwrap();
        let json = |text: &str| Body::Json { text: text.to_owned() };
        Exchange {
            id: ExchangeId::fixed("ex-000001"),
            actor: Actor::Supplier,
            direction: Direction::ToApi,
            pack: PackId::Supplier,
            scenario: None,
            attempt: 1,
            scheduled: None,
            started: now(),
            connection: None,
            request: Request {
                method: method.to_owned(),
                url: format!("http://api{path}"),
                headers: Vec::new(),
                body: sent.map_or(Body::None, json),
            },
            outcome: Outcome::Response(Response {
                status,
                headers: Vec::new(),
                body: json(answer),
                headers_us: 0,
                done_us: 0,
            }),
        }
    }

    fn letter(id: &str, status: &str) -> String {
        format!(
            "{{\"type\":\"Letter\",\"id\":\"{id}\",\"attributes\":{{\"status\":\"{status}\"}}}}"
        )
    }

    #[test]
    fn a_letter_is_unseen_until_its_last_status_was_read_back() {
        let mut letters = Letters::new("http://api");
        let both = format!("{{\"data\":[{},{}]}}", letter("A", "PENDING"), letter("B", "SPOILT"));
        letters.push(&exchange("GET /letters?limit=2", None, 200, &both));
        assert_eq!(letters.unseen(), []);
        let taken =
            format!("{{\"data\":[{},{}]}}", letter("A", "ACCEPTED"), letter("B", "ACCEPTED"));
        letters.push(&exchange("POST /letters", Some(&taken), 202, ""));
        assert_eq!(letters.unseen(), ["A", "B"].map(LetterId::from));
        let read = format!("{{\"data\":{}}}", letter("A", "ACCEPTED"));
        letters.push(&exchange("GET /letters/A", None, 200, &read));
        assert_eq!(letters.unseen(), [LetterId::from("B")]);
        let printed = format!("{{\"data\":{}}}", letter("A", "PRINTED"));
        letters.push(&exchange("PATCH /letters/A", Some(&printed), 400, ""));
        assert_eq!(letters.unseen(), [LetterId::from("B")], "a refused update changes nothing");
        letters.push(&exchange("PATCH /letters/A", Some(&printed), 202, ""));
        assert_eq!(letters.unseen().len(), 2);
        let accepted = StatusCount { status: LetterStatus::Accepted, sent: 1, seen: 1 };
        let printed = StatusCount { status: LetterStatus::Printed, sent: 1, seen: 0 };
        assert_eq!(letters.counts(), [accepted, printed]);
    }
}
