//! What is seen of the PDFs: fetched whole before a letter is produced, unchanged, in time. A PDF
//! that was fetched unobserved is not called missing: a recording without a single download decides
//! nothing, nor does a letter that is older than the record; and the harness's own supplier, which
//! prints nothing and accepts many a letter only to accept it, is held to what it asked for.

use std::collections::HashMap;

use letterproof_model::{Context, LetterStatus, Mode, Operation, Strength};

use super::ObserverCheck;
use crate::ruling::Ruling;
use crate::supplier::downloads::same_hash;
use crate::tally::Tally;
use crate::traffic::{Answer, Brought, Event, EventKind, Letter, LetterIx, Micros, Traffic};
use letterproof_model::text::{count, many, seconds};

pub(super) const CHECKS: &[ObserverCheck] = &[
    ObserverCheck {
        id: "O-PDF-FETCHED",
        title: "PDFs are downloaded in full",
        clause: "The PDF of an accepted letter is downloaded in full before the letter is printed, \
                 enclosed or dispatched.",
        source: "AT15",
        strength: Strength::Implied,
        needs: &[],
        judge: fetched,
    },
    ObserverCheck {
        id: "O-CONTENT-SAME",
        title: "What is produced is what was sent",
        clause: "No letter is produced from a download whose SHA-256 is not the letter's.",
        source: "AT15; OAS Letter, sha256Hash",
        strength: Strength::Implied,
        needs: &[],
        judge: content_same,
    },
    ObserverCheck {
        id: "O-DOWNLOAD-IN-TIME",
        title: "Links are followed in time",
        clause: "No download link is followed after it has expired.",
        source: "OAS getDataId",
        strength: Strength::Implied,
        needs: &[],
        judge: in_time,
    },
];

/// What the traffic shows of one letter's PDF.
struct Pdf<'a> {
    /// When a list named it to the supplier, where the record shows its life from there on.
    listed: Option<Micros>,
    /// When it was accepted, as far as that is on record.
    accepted: Option<Micros>,
    /// The update that says the letter was produced.
    produced: Option<(&'a Event, LetterStatus)>,
    /// Whether it was taken out of production.
    gone: bool,
    /// Every call for the link or the content, by time.
    tries: Vec<&'a Event>,
    /// Those that brought the whole content.
    whole: Vec<&'a Event>,
}

/// The PDF of a letter that was accepted or produced; `None` for any other letter.
fn pdf_of<'a>(letter: &'a Letter, traffic: &Traffic) -> Option<Pdf<'a>> {
    use LetterStatus::{Accepted, Cancelled, Failed, Forwarded, Rejected};
    let taken = || letter.sent().filter(|(_, update)| update.answer.accepted());
    let produced = taken()
        .find(|(_, update)| update.status.is_production())
        .map(|(event, update)| (event, update.status));
    let accepted = taken().find(|(_, update)| update.status == Accepted).map(|(event, _)| event.at);
    if produced.is_none() && accepted.is_none() {
        return None;
    }
    let mut own = letter.events.iter().filter(|event| event.by_supplier);
    let listed = own.next().filter(|event| event.is_listed()).map(|event| event.at);
    let ends = [Cancelled, Failed, Forwarded, Rejected];
    let gone = taken().any(|(_, update)| ends.contains(&update.status));
    let tries: Vec<&Event> = letter
        .events
        .iter()
        .filter(|event| event.by_supplier)
        .filter(|event| matches!(event.kind, EventKind::DataAsked | EventKind::Downloaded))
        .collect();
    let whole = tries.iter().copied().filter(|event| is_whole(event, traffic)).collect();
    Some(Pdf { listed, accepted, produced, gone, tries, whole })
}

fn is_whole(event: &Event, traffic: &Traffic) -> bool {
    matches!(event.kind, EventKind::Downloaded) && traffic.call(event.call).brought_whole()
}

/// Whether the recording holds any download of the supplier's that belongs to a letter.
fn holds_downloads(traffic: &Traffic) -> bool {
    traffic
        .supplier_calls()
        .any(|(_, call)| call.operation == Operation::Download && call.letter.is_some())
}

/// How many letters a supplier must have produced before it tells something that none of their PDFs
/// was asked for.
const MANY: usize = 10;

/// Whether the supplier asked for no link at all, though it accepted and produced many letters while
/// somebody watched. Links are asked for at the API, whose calls are on record; where they lead may
/// not be.
fn asks_for_none(traffic: &Traffic) -> bool {
    let mut calls = traffic.supplier_calls();
    let produced = |letter: &Letter| {
        pdf_of(letter, traffic).is_some_and(|pdf| {
            pdf.produced.is_some_and(|(sent, _)| pdf.watched_until(sent, traffic))
        })
    };
    !calls.any(|(_, call)| call.operation == Operation::GetLetterData)
        && traffic.letters().filter(|(_, letter)| produced(letter)).count() >= MANY
}

fn fetched(traffic: &Traffic, context: &Context) -> Ruling {
    let held = holds_downloads(traffic) || asks_for_none(traffic);
    let mut tally = Tally::default();
    for (ix, letter) in traffic.letters() {
        let Some(pdf) = pdf_of(letter, traffic) else { continue };
        let unasked = pdf.tries.is_empty() && context.mode == Mode::Driven;
        if !unasked {
            pdf.judge(ix, held, traffic, &mut tally);
        }
    }
    if tally.checked() == 0 {
        return Ruling::not_run(
            "no PDF of an accepted letter was asked for; accepting a letter and printing it would \
             show it",
        );
    }
    tally.rule(traffic, "PDF", |n| format!("{} downloaded in full", many(n, "PDF")))
}

impl Pdf<'_> {
    fn judge(&self, ix: LetterIx, held: bool, traffic: &Traffic, tally: &mut Tally) {
        let tried = self.tries.iter().map(|event| event.call);
        let first = self.whole.first();
        match (self.produced, first) {
            (None, Some(whole)) => tally.good([whole.call]),
            (None, None) if self.gone => {}
            (None, None) if traffic.brought(self.tries.iter().copied()) == Brought::Whole => {
                tally.good(tried);
            }
            (None, None) => {
                tally.open(ix, tried, "was accepted, but its PDF has not arrived in full so far")
            }
            (Some((sent, _)), Some(whole)) if whole.at <= sent.at => tally.good([whole.call]),
            (Some(produced), _) => self.judge_unfetched(ix, produced, held, traffic, tally),
        }
    }

    /// A letter that was produced, and no single download of which was whole by then.
    fn judge_unfetched(
        &self,
        ix: LetterIx,
        (sent, status): (&Event, LetterStatus),
        held: bool,
        traffic: &Traffic,
        tally: &mut Tally,
    ) {
        let calls = self.tries.iter().map(|event| event.call).chain([sent.call]);
        let before = self.tries.iter().copied().filter(|event| event.at <= sent.at);
        let fault = match (traffic.brought(before), traffic.brought(self.tries.iter().copied())) {
            (Brought::Whole, _) => return tally.good(calls),
            (_, Brought::Unknown) => {
                let words = format!("was sent {status}, its PDF downloaded in parts");
                return tally.open(ix, calls, words);
            }
            (_, Brought::Nothing) if !held => {
                let words = format!("was sent {status}; the recording has no download at all");
                return tally.open(ix, [sent.call], words);
            }
            (_, Brought::Whole) => "before its PDF was downloaded".to_owned(),
            (_, Brought::Part(part, all)) => {
                let (part, all) = (count(part), count(all));
                format!("though only {part} of {all} bytes of its PDF were downloaded")
            }
            (_, Brought::Nothing) => format!("though its PDF {}", self.how_far(traffic)),
        };
        if self.watched_until(sent, traffic) {
            tally.fault(ix, calls, format!("was sent {status} {fault}"));
        } else {
            // It may have been fetched before anybody watched.
            let words =
                format!("was sent {status}; its history is not on record from its list onwards");
            tally.open(ix, calls, words);
        }
    }

    /// Whether all is on record from the list that named the letter until this event, and that it was
    /// accepted in between.
    fn watched_until(&self, event: &Event, traffic: &Traffic) -> bool {
        self.accepted.is_some()
            && self.listed.is_some_and(|at| traffic.watched(at, event.at) == event.at - at)
    }

    /// How far its download got, as a sentence continues.
    fn how_far(&self, traffic: &Traffic) -> String {
        let download = |event: &&&Event| matches!(event.kind, EventKind::Downloaded);
        let Some(last) = self.tries.iter().rfind(download) else {
            let asked = if self.tries.is_empty() { "never asked for" } else { "not downloaded" };
            return format!("was {asked}");
        };
        let call = traffic.call(last.call);
        match call.exchange().error() {
            Some(error) if error.received > 0 => "was only partly downloaded".to_owned(),
            Some(_) => "never arrived".to_owned(),
            None => format!("was {}", call.answer().words()),
        }
    }
}

fn content_same(traffic: &Traffic, _: &Context) -> Ruling {
    let mut tally = Tally::default();
    for (ix, letter) in traffic.letters() {
        let (Some(hash), Some(pdf)) = (letter.hash(), pdf_of(letter, traffic)) else { continue };
        let made_of = match pdf.produced {
            Some((sent, _)) => pdf.whole.iter().rfind(|event| event.at <= sent.at),
            None => pdf.whole.last(),
        };
        let Some(download) = made_of.map(|event| event.call) else { continue };
        let same = traffic.call(download).hash == Some(hash) || {
            let exchange = traffic.call(download).exchange();
            let response = exchange.response();
            let Some(content) = response.and_then(|response| response.body.content()) else {
                tally.open(ix, [download], "has a download recorded without its SHA-256");
                continue;
            };
            same_hash(traffic.text(hash), &content.sha256)
        };
        match pdf.produced {
            _ if same => tally.good([download]),
            Some((sent, status)) => {
                let words = format!("was sent {status} with other content");
                tally.fault(ix, [download, sent.call], words);
            }
            None if pdf.gone => {}
            None => tally.open(ix, [download], "has other content, but was not produced so far"),
        }
    }
    if tally.checked() == 0 {
        return Ruling::not_run(
            "no PDF of an accepted letter with a hash was downloaded; one that is would show it",
        );
    }
    tally.rule(traffic, "PDF", |n| format!("{}, each with its letter's SHA-256", many(n, "PDF")))
}

fn in_time(traffic: &Traffic, _: &Context) -> Ruling {
    let mut given: HashMap<LetterIx, (Micros, Micros)> = HashMap::new();
    let mut tally = Tally::default();
    for (ix, call) in traffic.supplier_calls() {
        let Some(letter) = call.letter else { continue };
        match call.operation {
            Operation::GetLetterData => {
                if let Some(life) = call.link_life {
                    given.insert(letter, (call.finished, life));
                }
            }
            Operation::Download => {
                let Some((at, life)) = given.get(&letter) else { continue };
                let expired = traffic.follows(call.started, at + life);
                if expired && call.answer() == Answer::Status(403) {
                    let words = format!("was asked for {} after", seconds(call.started - at));
                    tally.fault(letter, [ix], format!("{words} its link was given"));
                } else {
                    tally.good([ix]);
                }
            }
            _ => {}
        }
    }
    if tally.checked() == 0 {
        return Ruling::not_run("no link was followed; a download would show it");
    }
    tally.rule(traffic, "download", |n| format!("{}, none too late", many(n, "download")))
}
