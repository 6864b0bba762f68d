//! `GET /letters/{id}` and `GET /letters/{id}/data`: success, unknown and foreign letters, and the
//! hash that list, letter and content must share. No letter is changed.

use std::collections::HashMap;

use letterproof_model::{Capability, Document, Operation};
use serde_json::Value;

use super::check::{Check, Concluded, by_specification, probe, traffic};
use super::matching::Probed;
use super::plan::{FOREIGN, HeaderPlan, LetterNeed, ProbePlan};
use crate::ruling::Ruling;
use crate::tally::Tally;
use crate::traffic::{Answer, CallIx, Comparison, EventKind, Fact, Form, Letter, LetterIx};
use letterproof_model::text::many;

/// The sandbox states made-up hashes, and has no letter without one.
const STATEFUL: &[Capability] = &[Capability::Stateful];
const UNKNOWN: &str = "/letters/00000000-0000-4000-8000-000000000000";
const UNKNOWN_DATA: &str = "/letters/00000000-0000-4000-8000-000000000000/data";
const READ: &str = "OAS getLetterStatus";
const DATA: &str = "OAS getDataId";

const fn get(path: &'static str) -> ProbePlan {
    ProbePlan::new("GET", path)
}

pub(super) const CHECKS: &[Check] = &[
    probe(
        "C-LETTER",
        "A letter",
        get("/letters/{letter}").letter(LetterNeed::Any),
        by_specification(&[200]).sandbox(&[404]),
        "A letter of the supplier is answered with 200.",
        READ,
    ),
    traffic(
        "C-LETTER-SAME",
        "The answer is about the letter asked for",
        &[],
        same_letter,
        "The id in the answer is the id asked for.",
        READ,
    ),
    probe(
        "C-LETTER-UNKNOWN",
        "A letter that does not exist",
        get(UNKNOWN),
        by_specification(&[404]),
        "An unknown letter is not found.",
        READ,
    ),
    probe(
        "C-LETTER-FOREIGN",
        "A letter of another supplier",
        get("/letters/{foreign}")
            .letter(LetterNeed::Foreign)
            .correlation_id(HeaderPlan::Value(FOREIGN)),
        by_specification(&[404]),
        "Another supplier's letter is not found.",
        "public handlers of the API",
    ),
    probe(
        "C-DATA",
        "A letter's link",
        get("/letters/{letter}/data").letter(LetterNeed::WithPdf),
        by_specification(&[303]).sandbox(&[404]),
        "A letter's content is answered with 303 and a link.",
        DATA,
    ),
    traffic(
        "C-DATA-LOCATION",
        "Every 303 carries its link",
        &[],
        location,
        "A 303 carries a Location.",
        DATA,
    ),
    probe(
        "C-DATA-UNKNOWN",
        "The link of a letter that is not there",
        get(UNKNOWN_DATA),
        by_specification(&[404]),
        "An unknown letter has no link.",
        DATA,
    ),
    traffic(
        "C-DATA-MISSING-PDF",
        "The link of a letter whose PDF is missing",
        &[get("/letters/{letter}/data").letter(LetterNeed::WithoutPdf)],
        missing_pdf,
        "A letter whose PDF is missing is not found, by the API or by its storage.",
        DATA,
    )
    .needing(STATEFUL),
    traffic(
        "C-HASH",
        "List, letter and content agree on the hash",
        &[get("/letters/{letter}").letter(LetterNeed::WithPdf)],
        same_hash,
        "A letter's sha256Hash, once given, is the same in lists and reads, and is the hash of its \
         content.",
        "OAS Letter, sha256Hash",
    )
    .needing(STATEFUL),
];

fn same_letter(probed: &Probed<'_>) -> Concluded {
    let mut tally = Tally::default();
    for (ix, call) in probed.of_operation(Operation::GetLetter) {
        if call.is_own_letter() {
            tally.good([ix]);
            continue;
        }
        let exchange = call.exchange();
        let (Some(letter), Some(response)) = (call.letter, exchange.response()) else {
            continue;
        };
        // What is no document at all is the contract's matter.
        let Some(body) = response.body.parse::<Value>().filter(|_| response.status == 200) else {
            continue;
        };
        let asked = Value::from(probed.traffic.id_text(letter));
        let (asked, said) = (Some(&asked), body["data"].get("id"));
        match Comparison::of(Form::Text, asked, said).words("id", asked, said) {
            None => tally.good([ix]),
            Some(words) => tally.fault(letter, [ix], format!("was answered with {words}")),
        }
    }
    none_or(tally, probed, "letter", "the one asked for")
}

fn location(probed: &Probed<'_>) -> Concluded {
    let mut tally = Tally::default();
    for (ix, call) in probed.of_operation(Operation::GetLetterData) {
        if call.answer() != Answer::Status(303) {
            continue;
        }
        match call.leads_on() {
            true => tally.good([ix]),
            false => tally.fault(call.letter, [ix], "was answered with 303 and no Location"),
        }
    }
    none_or(tally, probed, "303", "with its link")
}

/// Letters for which somebody said 404: the API, or the storage behind the link.
fn missing_pdf(probed: &Probed<'_>) -> Concluded {
    let mut tally = Tally::default();
    let mut by_storage = false;
    for (ix, letter) in probed.traffic.letters().filter(|(_, letter)| letter.hash().is_none()) {
        if !letter.described {
            continue;
        }
        let mut last = None;
        for event in &letter.events {
            let answer = probed.traffic.call(event.call).answer();
            match (event.kind, answer) {
                (EventKind::DataAsked, Answer::Status(404)) => last = Some((event.call, true)),
                (EventKind::Downloaded, Answer::Status(404)) => {
                    by_storage = true;
                    last = Some((event.call, true));
                }
                (EventKind::Downloaded, Answer::Status(200)) => last = Some((event.call, false)),
                _ => {}
            }
        }
        match last {
            Some((call, true)) => tally.good([call]),
            Some((call, false)) => tally.fault(ix, [call], "has content but no hash"),
            None => {}
        }
    }
    let concluded = none_or(tally, probed, "letter", "not found");
    if by_storage && concluded.ruling.passed() {
        let ruling = concluded
            .ruling
            .because("the API gives a link, but its storage has no content (deployed behaviour)");
        return Concluded::deviation(ruling);
    }
    concluded
}

/// The property that states the hash.
const HASH: &str = "sha256Hash";

fn same_hash(probed: &Probed<'_>) -> Concluded {
    let mut tally = Tally::default();
    let mut listed = listed_otherwise(probed);
    for (ix, letter) in probed.traffic.letters() {
        let Some((since, hash)) = given_hash(letter) else { continue };
        let given = Value::from(probed.traffic.text(hash));
        let differing = letter.events.iter().find_map(|event| {
            let call = probed.traffic.call(event.call);
            if !matches!(event.kind, EventKind::Downloaded | EventKind::Read(..)) {
                return None;
            }
            // Word for word the same, as nearly always.
            if call.hash == Some(hash) {
                return None;
            }
            let exchange = call.exchange();
            let response = exchange.response().filter(|response| response.status == 200)?;
            let (what, later) = match event.kind {
                EventKind::Downloaded => {
                    let content = response.body.content()?;
                    ("content", Some(Value::from(content.sha256.as_str())))
                }
                // What was said before the hash was first given says nothing against it.
                EventKind::Read(..) if (since..).contains(&call.finished) => {
                    let body = response.body.parse::<Value>()?;
                    let attributes = body["data"]["attributes"].as_object()?;
                    if body["data"]["id"] != probed.traffic.id_text(ix) {
                        return None;
                    }
                    ("letter", attributes.get(HASH).cloned())
                }
                _ => return None,
            };
            hash_words(&given, later.as_ref(), what).map(|words| (event.call, words))
        });
        let fetched =
            letter.events.iter().find(|event| matches!(event.kind, EventKind::Downloaded));
        match (differing.or_else(|| listed.remove(&ix)), fetched) {
            (Some((call, words)), _) => tally.fault(ix, [call], words),
            (None, Some(event)) => tally.good([event.call]),
            (None, None) => {}
        }
    }
    none_or(tally, probed, "letter", "with the same hash throughout")
}

/// When the API first gave a hash for a letter's content, and which.
fn given_hash(letter: &Letter) -> Fact {
    let [_, _, hash] = letter.facts();
    hash
}

fn hash_words(given: &Value, later: Option<&Value>, what: &str) -> Option<String> {
    let words = Comparison::of(Form::Hex, Some(given), later).words(HASH, Some(given), later)?;
    Some(format!("has in its {what} {words}"))
}

/// Letters that a list names with another hash than was given before, or with none.
fn listed_otherwise(probed: &Probed<'_>) -> HashMap<LetterIx, (CallIx, String)> {
    #[derive(serde::Deserialize)]
    struct Listed {
        #[serde(default)]
        attributes: Attributes,
    }
    #[derive(serde::Deserialize, Default)]
    #[serde(rename_all = "camelCase", default)]
    struct Attributes {
        sha256_hash: Option<Value>,
    }
    let mut otherwise = HashMap::new();
    for list in probed.traffic.lists().iter().filter(|list| list.readable()) {
        let exchange = probed.traffic.call(list.call).exchange();
        let response = exchange.response();
        let Some(Document { data }) =
            response.and_then(|response| response.body.parse::<Document<Vec<Listed>>>())
        else {
            continue;
        };
        for (entry, listed) in list.entries().iter().zip(data) {
            let Some((since, hash)) = given_hash(probed.traffic.letter(entry.letter)) else {
                continue;
            };
            let given = Value::from(probed.traffic.text(hash));
            let later = listed.attributes.sha256_hash;
            if (since..).contains(&list.finished)
                && let Some(words) = hash_words(&given, later.as_ref(), "list")
            {
                otherwise.entry(entry.letter).or_insert((list.call, words));
            }
        }
    }
    otherwise
}

/// The tally's ruling, or `not-run` when nothing was counted.
pub(super) fn none_or(
    tally: Tally,
    probed: &Probed<'_>,
    noun: &'static str,
    words: &'static str,
) -> Concluded {
    if tally.checked() == 0 {
        return Concluded::plain(Ruling::not_run("no such call was made"));
    }
    let ruling = tally.rule(probed.traffic, noun, |n| format!("{}, {words}", many(n, noun)));
    Concluded::plain(ruling)
}
