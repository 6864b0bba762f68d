//! The downloads of AT15's flows: made, complete, on record with times that agree. Only a letter
//! without a hash may have no PDF.

use letterproof_model::LetterStatus;

use crate::flows::{Fetched, Flow};
use crate::ruling::Ruling;
use crate::supplier::at12::bad_pdf;
use crate::tally::Tally;
use crate::traffic::{Brought, CallIx, Comparison, EventKind, Form, LetterIx, Traffic};
use letterproof_model::text::{count, many};

/// Every PDF was downloaded; letters without one, and those rejected, are counted apart.
pub(crate) fn downloaded(judged: &[&Flow<'_>], traffic: &Traffic) -> Ruling {
    let mut tally = Tally::default();
    let (mut without, mut rejected) = (0, 0);
    for flow in judged {
        for letter in &flow.letters {
            match flow.fetched(*letter, traffic) {
                Fetched::Whole(call) | Fetched::InParts(call) => tally.good([call]),
                Fetched::NoPdf => without += 1,
                Fetched::Rejected => rejected += 1,
                Fetched::Not(Some(call)) => {
                    let words = match flow.brought(*letter, traffic) {
                        Brought::Part(part, all) => {
                            format!(
                                "was downloaded in part: {} of {} bytes",
                                count(part),
                                count(all)
                            )
                        }
                        _ => format!("was not downloaded: {}", traffic.call(call).answer().words()),
                    };
                    tally.fault(*letter, [call], words);
                }
                Fetched::Not(None) => {
                    tally.fault(*letter, flow.list_of(*letter), "was never asked for");
                }
            }
        }
    }
    if tally.checked() == 0 {
        let why = "no letter has a PDF, or all were rejected: there was nothing to download";
        return Ruling::open("no PDF was downloaded", why);
    }
    tally.rule(traffic, "PDF", |n| {
        let mut words = format!("{} downloaded", many(n, "PDF"));
        match without {
            0 => {}
            1 => words.push_str("; 1 letter has none"),
            _ => words.push_str(&format!("; {} have none", many(without, "letter"))),
        }
        if rejected > 0 {
            words.push_str(&format!("; {} rejected", many(rejected, "letter")));
        }
        words
    })
}

/// Every PDF downloaded has its letter's hash and can be read.
pub(crate) fn complete(judged: &[&Flow<'_>], traffic: &Traffic) -> Ruling {
    let mut tally = Tally::default();
    for flow in judged {
        for letter in &flow.letters {
            match flow.fetched(*letter, traffic) {
                Fetched::Whole(call) => {
                    whole_content(*letter, call, flow, traffic, &mut tally);
                }
                Fetched::InParts(call) => {
                    let words = "arrived in parts, so no SHA-256 of the whole is on record";
                    tally.open(*letter, [call], words);
                }
                Fetched::NoPdf | Fetched::Rejected | Fetched::Not(_) => {}
            }
        }
    }
    if tally.checked() == 0 {
        return Ruling::open("no PDF was downloaded", "there is nothing to compare");
    }
    tally.rule(traffic, "PDF", |n| format!("{}, each with its letter's SHA-256", many(n, "PDF")))
}

fn whole_content(
    letter: LetterIx,
    call: CallIx,
    flow: &Flow<'_>,
    traffic: &Traffic,
    tally: &mut Tally,
) {
    let exchange = traffic.call(call).exchange();
    let response = exchange.response();
    let Some(content) = response.and_then(|response| response.body.content()) else {
        return tally.open(letter, [call], "is recorded without its length and hash");
    };
    let hash = traffic.letter(letter).hash().map(|hash| traffic.text(hash));
    let event = flow
        .events(letter, traffic)
        .find(|event| event.call == call && matches!(event.kind, EventKind::Downloaded));
    let bad = event.and_then(|event| bad_pdf(event, traffic)).filter(|_| content.problem.is_some());
    let given_up = || {
        [LetterStatus::Failed, LetterStatus::Rejected]
            .into_iter()
            .any(|status| traffic.letter(letter).sent().any(|(_, update)| update.status == status))
    };
    match (hash, bad) {
        (Some(hash), _) if !same_hash(hash, &content.sha256) => {
            let words = format!(
                "was downloaded with the SHA-256 {}, but the letter's is {hash}",
                content.sha256
            );
            tally.fault(letter, [call], words);
        }
        // Whole, and damaged at its source: the supplier's part is to report it.
        (Some(_), Some(bad)) if !given_up() => tally.fault(letter, [call], format!("has {bad}")),
        (None, Some(bad)) => tally.fault(letter, [call], format!("has {bad} and no hash")),
        (None, None) => tally.open(letter, [call], "has no hash on record to compare with"),
        (Some(_), _) => tally.good([call]),
    }
}

/// Whether a document's hash is the letter's.
pub(crate) fn same_hash(given: &str, seen: &str) -> bool {
    Comparison::of_texts(Form::Hex, Some(given), Some(seen)).is_equal()
}

/// Every download has its time, and the times agree: no link is followed before it was given.
pub(crate) fn on_record(judged: &[&Flow<'_>], traffic: &Traffic) -> Ruling {
    let mut tally = Tally::default();
    for flow in judged {
        for letter in &flow.letters {
            let Fetched::Whole(download) = flow.fetched(*letter, traffic) else { continue };
            let asked = flow
                .events(*letter, traffic)
                .find(|event| matches!(event.kind, EventKind::DataAsked))
                .map(|event| event.call);
            let call = traffic.call(download);
            let given = asked.map_or(flow.started, |asked| {
                let data = traffic.call(asked);
                let headers = data.exchange().response().map_or(0, |response| response.headers_us);
                data.started.saturating_add(i64::try_from(headers).unwrap_or(0))
            });
            if call.finished <= call.started {
                tally.open(*letter, [download], "has no time of its last byte on record");
            } else if traffic.overlaps(call.started, given) {
                let calls = asked.into_iter().chain([download]);
                tally.fault(*letter, calls, "was downloaded before its link was given");
            } else if call.started < given {
                tally.open(
                    *letter,
                    [download],
                    "was downloaded at the moment its link was given, or before",
                );
            } else {
                tally.good([download]);
            }
        }
    }
    if tally.checked() == 0 {
        return Ruling::open("no PDF was downloaded", "there is no time to record");
    }
    tally.rule(traffic, "download", |n| format!("{} with its time", many(n, "download")))
}
