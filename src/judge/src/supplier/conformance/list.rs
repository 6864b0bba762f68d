//! `GET /letters`: success, the boundaries of `limit`, unknown parameters, what a list may hold.
//! Probes do not use the limits of the acceptance tests, so that neither disturbs the other.

use letterproof_model::LetterStatus;

use super::check::{Check, Concluded, by_specification, probe, traffic};
use super::matching::Probed;
use super::plan::ProbePlan;
use crate::ruling::Ruling;
use crate::tally::Tally;
use letterproof_model::text::many;

const OAS: &str = "OAS listLetters";
const LIMIT: &str = "OAS listLetters, parameter limit; public handlers of the API";

const fn get(path: &'static str) -> ProbePlan {
    ProbePlan::new("GET", path)
}

pub(super) const CHECKS: &[Check] = &[
    probe(
        "C-STATUS",
        "The service says that it is up",
        get("/_status"),
        by_specification(&[200]),
        "GET /_status is answered with 200.",
        "OAS getStatus",
    ),
    probe(
        "C-LIST",
        "A list",
        get("/letters?limit=10").hiding(),
        by_specification(&[200]),
        "A list of ten is answered with 200.",
        OAS,
    ),
    probe(
        "C-LIST-LIMIT-ABSENT",
        "A list without a limit",
        get("/letters").hiding(),
        by_specification(&[200]),
        "A list without a limit is answered with 200.",
        LIMIT,
    ),
    probe(
        "C-LIST-LIMIT-0",
        "limit=0",
        get("/letters?limit=0"),
        by_specification(&[400]).sandbox(&[200]),
        "A limit of 0 is refused.",
        LIMIT,
    ),
    probe(
        "C-LIST-LIMIT-NEGATIVE",
        "limit=-1",
        get("/letters?limit=-1"),
        by_specification(&[400]),
        "A negative limit is refused.",
        LIMIT,
    ),
    probe(
        "C-LIST-LIMIT-1",
        "limit=1",
        get("/letters?limit=1").hiding(),
        by_specification(&[200]),
        "A limit of 1 is accepted.",
        LIMIT,
    ),
    probe(
        "C-LIST-LIMIT-2500",
        "limit=2500",
        get("/letters?limit=2500").hiding(),
        by_specification(&[200]),
        "A limit of 2,500, the maximum, is accepted.",
        LIMIT,
    ),
    probe(
        "C-LIST-LIMIT-2501",
        "limit=2501",
        get("/letters?limit=2501"),
        by_specification(&[400]),
        "A limit beyond 2,500 is refused.",
        LIMIT,
    ),
    probe(
        "C-LIST-LIMIT-TEXT",
        "limit=abc",
        get("/letters?limit=abc"),
        by_specification(&[400]),
        "A limit that is not a number is refused.",
        LIMIT,
    ),
    probe(
        "C-LIST-LIMIT-EMPTY",
        "limit without a value",
        get("/letters?limit=").hiding(),
        by_specification(&[400]).deployed(&[200]),
        "A limit without a value is refused.",
        LIMIT,
    ),
    probe(
        "C-LIST-LIMIT-FRACTION",
        "limit=1.5",
        get("/letters?limit=1.5").hiding(),
        by_specification(&[200, 400]),
        "A fraction is a number, as the specification asks, but not a count: either answer is \
         right.",
        LIMIT,
    ),
    probe(
        "C-LIST-LIMIT-HEXADECIMAL",
        "limit=0x10",
        get("/letters?limit=0x10").hiding(),
        by_specification(&[400]).deployed(&[200]).sandbox(&[200]),
        "A hexadecimal limit is refused.",
        LIMIT,
    ),
    probe(
        "C-LIST-LIMIT-EXPONENT",
        "limit=1e1",
        get("/letters?limit=1e1").hiding(),
        by_specification(&[200, 400]),
        "A number with an exponent is allowed by the specification: either answer is right.",
        LIMIT,
    ),
    probe(
        "C-LIST-LIMIT-REPEATED",
        "limit given twice",
        get("/letters?limit=5&limit=7").hiding(),
        by_specification(&[400]).deployed(&[200]),
        "A limit given twice is refused.",
        LIMIT,
    ),
    probe(
        "C-LIST-UNKNOWN-PARAMETER",
        "An unknown parameter",
        get("/letters?status=PENDING"),
        by_specification(&[400]),
        "An undocumented parameter is refused.",
        LIMIT,
    ),
    traffic(
        "C-LIST-WITHIN-LIMIT",
        "No list is longer than asked for",
        &[],
        within_limit,
        "No list holds more letters than its limit.",
        LIMIT,
    ),
    traffic(
        "C-LIST-UNIQUE",
        "No list names a letter twice",
        &[],
        unique,
        "No letter is in a list twice.",
        OAS,
    ),
    traffic(
        "C-LIST-PENDING",
        "Lists hold PENDING letters only",
        &[],
        pending,
        "Every listed letter is PENDING.",
        OAS,
    ),
    probe(
        "C-ROUTE-UNKNOWN",
        "A path that does not exist",
        get("/no-such-path"),
        by_specification(&[404]).deployed(&[403]),
        "An undocumented path is not found.",
        "public handlers and gateway of the API",
    ),
    probe(
        "C-METHOD-UNKNOWN",
        "A method that does not exist",
        ProbePlan::new("DELETE", "/letters/00000000-0000-4000-8000-000000000000"),
        by_specification(&[404, 405]).deployed(&[403]),
        "An undocumented method is refused.",
        "public handlers and gateway of the API",
    ),
];

fn over_lists(
    probed: &Probed<'_>,
    noun: &'static str,
    mut each: impl FnMut(&crate::traffic::ListCall, &mut Tally),
) -> Concluded {
    let mut tally = Tally::default();
    for list in probed.traffic.lists().iter().filter(|list| !list.entries().is_empty()) {
        each(list, &mut tally);
    }
    if tally.checked() == 0 {
        return Concluded::plain(Ruling::not_run("no list with letters was seen"));
    }
    Concluded::plain(tally.rule(probed.traffic, "list", |n| format!("{}, {noun}", many(n, "list"))))
}

fn within_limit(probed: &Probed<'_>) -> Concluded {
    over_lists(probed, "none longer than asked for", |list, tally| {
        let entries = list.entries().len();
        match list.limit {
            Some(limit) if entries > limit as usize => {
                tally.fault(None, [list.call], format!("holds {entries} of {limit} asked for"));
            }
            _ => tally.good([list.call]),
        }
    })
}

fn unique(probed: &Probed<'_>) -> Concluded {
    over_lists(probed, "none with a letter twice", |list, tally| {
        let (entries, unique) = (list.entries().len(), list.letters().len());
        if entries == unique {
            tally.good([list.call]);
        } else {
            tally.fault(None, [list.call], format!("holds {entries} entries of {unique} letters"));
        }
    })
}

fn pending(probed: &Probed<'_>) -> Concluded {
    over_lists(probed, "all letters PENDING", |list, tally| {
        let other = list.entries().iter().find(|e| e.status != Some(LetterStatus::Pending));
        match other {
            None => tally.good([list.call]),
            Some(entry) => {
                let status = entry.status.map_or("an unknown status", LetterStatus::as_str);
                tally.fault(entry.letter, [list.call], format!("is listed as {status}"));
            }
        }
    })
}
