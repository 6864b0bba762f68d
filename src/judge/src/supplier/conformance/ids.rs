//! Ids that the API makes itself: each of an answer's own, none for all. Ids of one request are not
//! compared: a caller's own id may be part of them.

use std::collections::BTreeMap;

use letterproof_model::{Capability, Operation};
use serde_json::Value;

use super::check::{Check, Concluded, traffic};
use super::matching::Probed;
use super::read::none_or;
use crate::tally::Tally;
use crate::traffic::{Answer, Call, CallIx};

/// The sandbox's answers are examples, the same each time.
const STATEFUL: &[Capability] = &[Capability::Stateful];

pub(super) const CHECKS: &[Check] = &[
    traffic(
        "C-ERROR-ID",
        "Each error has its own id",
        &[],
        of_errors,
        "Errors that answer different calls have different ids.",
        "OAS error document, id",
    )
    .needing(STATEFUL),
    traffic(
        "C-MI-ID",
        "Each record has its own id",
        &[],
        of_records,
        "Each submitted record is given its own id.",
        "OAS createMI",
    )
    .needing(STATEFUL),
];

/// Ids that the API made, each with the calls it was given to.
#[derive(Default)]
pub(super) struct Made<'a>(BTreeMap<String, Vec<(CallIx, &'a Call)>>);

impl<'a> Made<'a> {
    /// Takes in an id that an answer gives.
    pub(super) fn add(&mut self, id: &str, ix: CallIx, call: &'a Call) {
        self.0.entry(id.to_owned()).or_default().push((ix, call));
    }

    /// Counts them: an id that two requests were given is one too few.
    pub(super) fn count(self, what: &str, tally: &mut Tally) {
        for (id, calls) in self.0 {
            let of_one_request =
                calls.windows(2).all(|pair| same_request(&id, pair[0].1, pair[1].1));
            let shown = calls.iter().map(|(ix, _)| *ix);
            if of_one_request {
                shown.for_each(|ix| tally.good([ix]));
            } else {
                let words =
                    format!("was given {what} `{id}`, like {} other calls", calls.len() - 1);
                tally.fault(None, shown, words);
            }
        }
    }
}

/// Whether two calls are one request sent twice, or the id is made of what both of them carry.
fn same_request(id: &str, one: &Call, other: &Call) -> bool {
    let (one, other) = (one.exchange(), other.exchange());
    let shared = |name| {
        let sent = one.request.header(name).filter(|sent| !sent.is_empty())?;
        (other.request.header(name) == Some(sent)).then_some(sent)
    };
    shared("x-request-id").is_some()
        || shared("x-correlation-id").is_some_and(|sent| id.contains(sent))
}

fn of_errors(probed: &Probed<'_>) -> Concluded {
    let mut made = Made::default();
    for (ix, call) in probed.calls() {
        if !matches!(call.answer(), Answer::Status(400..)) {
            continue;
        }
        let exchange = call.exchange();
        let Some(response) = exchange.response() else { continue };
        let body = response.body.parse::<Value>().unwrap_or_default();
        let errors = body["errors"].as_array().into_iter().flatten();
        let mut ids: Vec<&str> = errors.filter_map(|error| error["id"].as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().for_each(|id| made.add(id, ix, call));
    }
    let mut tally = Tally::default();
    made.count("the error id", &mut tally);
    none_or(tally, probed, "error", "each with its own id")
}

fn of_records(probed: &Probed<'_>) -> Concluded {
    let mut made = Made::default();
    for (ix, call) in probed.of_operation(Operation::CreateMi) {
        let exchange = call.exchange();
        let taken = exchange.response().filter(|it| matches!(it.status, 200 | 201));
        let Some(body) = taken.and_then(|response| response.body.parse::<Value>()) else {
            continue;
        };
        if let Some(id) = body["data"]["id"].as_str() {
            made.add(id, ix, call);
        }
    }
    let mut tally = Tally::default();
    made.count("the record id", &mut tally);
    none_or(tally, probed, "record", "each with its own id")
}
