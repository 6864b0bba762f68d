//! What is seen of management information: no record twice, and counts that equal the dispatches.
//! Silence is not a refusal: a submission that was not answered may have been accepted, and was for
//! certain where a success was seen on its way to the supplier.

use std::collections::BTreeMap;

use letterproof_model::{Context, Strength};

use super::ObserverCheck;
use crate::ruling::Ruling;
use crate::supplier::at14::Reported;
use crate::tally::Tally;
use crate::traffic::{CallIx, MiCall, Traffic};
use letterproof_model::text::many;

pub(super) const CHECKS: &[ObserverCheck] = &[
    ObserverCheck {
        id: "O-MI-ONCE",
        title: "No record is submitted twice",
        clause: "There is one record for each reporting date, specification and line item within a \
                 group, also after a submission that was not answered.",
        source: "AT14; deployed API, POST /mi accepts duplicates",
        strength: Strength::Implied,
        needs: &[],
        judge: once,
    },
    ObserverCheck {
        id: "O-MI-COUNTS",
        title: "Records count what was processed",
        clause: "The quantities submitted equal the letters dispatched, or printed, and every \
                 specification and group dispatched has a record.",
        source: "AT14",
        strength: Strength::Implied,
        needs: &[],
        judge: counts,
    },
];

/// What tells records apart: date, and specification, group and line item.
type Filed<'a> = (&'a str, [Option<&'a str>; 3]);

/// What became of the submissions for one date, specification, group and line item.
#[derive(Default)]
struct Submitted {
    certain: Vec<CallIx>,
    possible: Vec<CallIx>,
}

/// Whether the API took a record on although the supplier may not have learnt of it.
fn taken_on(call: &MiCall, traffic: &Traffic) -> bool {
    let cut_off = traffic.call(call.call).exchange().error().and_then(|error| error.status);
    call.answer.accepted() || cut_off.is_some_and(|status| (200..300).contains(&status))
}

fn once(traffic: &Traffic, _: &Context) -> Ruling {
    let mut tally = Tally::default();
    let mut records: BTreeMap<Filed<'_>, Submitted> = BTreeMap::new();
    for call in traffic.mi().iter().filter(|call| !call.answer.refused()) {
        let Some(record) = &call.record else {
            tally.open(None, [call.call], "a record is on record without its payload");
            continue;
        };
        let key = [&record.specification, &record.group, &record.line_item];
        let key = (record.date(), key.map(|part| part.as_deref()));
        let submitted = records.entry(key).or_default();
        if taken_on(call, traffic) {
            submitted.certain.push(call.call);
        } else {
            submitted.possible.push(call.call);
        }
    }
    for ((date, [specification, ..]), Submitted { certain, possible }) in records {
        let of = specification.unwrap_or("no specification");
        let calls = certain.iter().chain(&possible).copied();
        match (certain.len(), possible.len()) {
            (1, 0) => tally.good(certain),
            (0, 1) => tally.open(None, calls, format!("{of} on {date} was not answered")),
            (0 | 1, _) => {
                let words = format!("{of} on {date} was sent again after no answer");
                tally.open(None, calls, words);
            }
            (n, _) => tally.fault(None, calls, format!("{of} on {date} was accepted {n} times")),
        }
    }
    if tally.checked() == 0 {
        return Ruling::not_run("no record was submitted; a POST /mi would show it");
    }
    tally.rule(traffic, "record", |n| format!("{}, none twice", many(n, "record")))
}

fn counts(traffic: &Traffic, _: &Context) -> Ruling {
    if traffic.mi().is_empty() {
        return Ruling::not_run("no record was submitted; a POST /mi would show it");
    }
    let books = Reported::open(traffic);
    let quantities = books.quantities();
    if quantities.failed() {
        return quantities;
    }
    let missing = books.none_missing();
    if missing.passed() { quantities } else { missing }
}
