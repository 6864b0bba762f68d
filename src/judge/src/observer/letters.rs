//! What is seen letter by letter: moves, repeats, ends, content, reports.
//! Refuses to count an update the API certainly did not take on.

use std::collections::BTreeMap;

use letterproof_model::{Context, FindingKind, LetterStatus};

use super::Seen;
use crate::moves::{Eligibility, moves_to};
use crate::traffic::{Answer, CallIx, Event, EventKind, Letter, Traffic};

const LIFECYCLE: &str = "acceptance pack, status flows";

pub(super) fn wrong_moves(traffic: &Traffic, context: &Context) -> Seen {
    let mut seen = Seen::of(
        "F-SUPPLIER-ILLEGAL-MOVE",
        FindingKind::Violation,
        "A letter was moved from a status that does not allow it",
        "only moves of the lifecycle",
        LIFECYCLE,
    );
    for status in LetterStatus::ALL.into_iter().filter(|status| *status != LetterStatus::Pending) {
        for moved in moves_to(traffic, context, status) {
            if let Eligibility::Not(from) = moved.eligibility() {
                let calls = moved.seen_in.into_iter().chain([moved.first_call(traffic)]);
                let id = traffic.id_text(moved.letter);
                seen.add(calls, format!("{id} was moved from {from} to {status}"));
            }
        }
    }
    seen
}

pub(super) fn repeated_updates(traffic: &Traffic) -> Seen {
    let mut seen = Seen::of(
        "F-SUPPLIER-DUPLICATE-UPDATE",
        FindingKind::Violation,
        "A letter was sent the same status again although it had been taken on",
        "each status once for a letter",
        "AT3, AT5 to AT8",
    );
    for (ix, letter) in traffic.letters() {
        let mut taken: Vec<(LetterStatus, CallIx)> = Vec::new();
        for (event, update) in letter.sent().filter(|(_, update)| update.answer.accepted()) {
            match taken.iter().find(|(status, _)| *status == update.status) {
                Some((status, first)) => {
                    let words = format!("{} was sent {status} again", traffic.id_text(ix));
                    seen.add([*first, event.call], words);
                }
                None => taken.push((update.status, event.call)),
            }
        }
    }
    seen
}

pub(super) fn unseen_statuses(traffic: &Traffic, context: &Context) -> Seen {
    let mut seen = Seen::of(
        "F-SUPPLIER-SENT-BEFORE-SEEN",
        FindingKind::Violation,
        "A status was sent before the one before it could be seen",
        "a letter's status is read before the next one is sent: queued updates may swap",
        "AT5 to AT8; deployed API, order of updates",
    );
    for status in LetterStatus::ALL {
        for moved in moves_to(traffic, context, status) {
            if let Some((before, call)) = moved.unseen {
                let id = traffic.id_text(moved.letter);
                let words = format!("{id} was sent {status} before {before} was seen");
                seen.add([call, moved.first_call(traffic)], words);
            }
        }
    }
    seen
}

pub(super) fn updates_after_end(traffic: &Traffic) -> Seen {
    let mut seen = Seen::of(
        "F-SUPPLIER-PRODUCED-AFTER-END",
        FindingKind::Violation,
        "A letter was produced after its production had ended",
        "nothing is printed, enclosed or dispatched after FORWARDED, CANCELLED, FAILED or REJECTED",
        "AT9, AT11, AT12, AT13",
    );
    for (ix, letter) in traffic.letters() {
        let mut end: Option<(LetterStatus, CallIx)> = None;
        for event in &letter.events {
            match (event.kind, end) {
                (EventKind::Sent(update), Some((ended, first)))
                    if event.by_supplier && update.status.is_production() =>
                {
                    let id = traffic.id_text(ix);
                    let words = format!("{id} was sent {} after {ended}", update.status);
                    seen.add([first, event.call], words);
                }
                (EventKind::Sent(update), _)
                    if update.status.ends_production() && update.answer.accepted() =>
                {
                    end = Some((update.status, event.call));
                }
                // NHS Notify may put a rejected letter back into the queue.
                _ if event.shows() == Some(LetterStatus::Pending)
                    && end.is_some_and(|(status, _)| status == LetterStatus::Rejected) =>
                {
                    end = None;
                }
                _ => {}
            }
        }
    }
    seen
}

pub(super) fn pending_sent(traffic: &Traffic) -> Seen {
    let mut seen = Seen::of(
        "F-SUPPLIER-SENT-PENDING",
        FindingKind::Violation,
        "A letter was sent PENDING",
        "only NHS Notify sets PENDING",
        "OAS patchLetter, LetterStatus",
    );
    for letter in traffic.moved_to(LetterStatus::Pending) {
        let sent = traffic.letter(*letter).sent();
        let calls = sent.filter(|(_, update)| update.status == LetterStatus::Pending);
        let calls: Vec<_> = calls.map(|(event, _)| event.call).collect();
        seen.add(calls, format!("{} was sent PENDING", traffic.id_text(*letter)));
    }
    seen
}

pub(super) fn not_taken(traffic: &Traffic) -> Seen {
    let mut seen = Seen::of(
        "F-SUPPLIER-LISTED-NOT-TAKEN",
        FindingKind::Note,
        "Letters were listed and neither accepted nor rejected",
        "every listed letter is accepted or rejected in the end",
        "acceptance pack, status flows",
    );
    for (ix, letter) in traffic.letters() {
        let listed = letter
            .events
            .iter()
            .find(|event| event.by_supplier && matches!(event.kind, EventKind::Listed(_)));
        if let Some(listed) = listed.filter(|_| letter.sent().next().is_none()) {
            seen.add([listed.call], format!("{} was never updated", traffic.id_text(ix)));
        }
    }
    seen
}

fn whole_download(event: &Event, traffic: &Traffic) -> bool {
    matches!(event.kind, EventKind::Downloaded)
        && traffic.call(event.call).answer() == Answer::Status(200)
}

fn produced(letter: &Letter) -> Option<(CallIx, LetterStatus)> {
    letter
        .sent()
        .find(|(_, update)| update.status.is_production() && update.answer.accepted())
        .map(|(event, update)| (event.call, update.status))
}

pub(super) fn not_fetched(traffic: &Traffic) -> Seen {
    let mut seen = Seen::of(
        "F-SUPPLIER-PRODUCED-NOT-FETCHED",
        FindingKind::Note,
        "Letters were reported as produced though their PDF was not downloaded whole",
        "a PDF is downloaded whole before its letter is printed, enclosed or dispatched",
        "AT15",
    );
    for (ix, letter) in traffic.letters() {
        let Some((call, status)) = produced(letter) else { continue };
        if !letter.events.iter().any(|event| whole_download(event, traffic)) {
            let id = traffic.id_text(ix);
            seen.add([call], format!("{id} was sent {status} without a whole download"));
        }
    }
    seen
}

pub(super) fn produced_with_other_content(traffic: &Traffic) -> Seen {
    let mut seen = Seen::of(
        "F-SUPPLIER-PRODUCED-OTHER-CONTENT",
        FindingKind::Violation,
        "A letter was produced from a download whose SHA-256 is not the letter's",
        "the SHA-256 of what was downloaded is the letter's",
        "AT15; OAS Letter, sha256Hash",
    );
    for (ix, letter) in traffic.letters() {
        let (Some(hash), Some((call, status))) = (letter.hash(), produced(letter)) else {
            continue;
        };
        let last = letter.events.iter().rfind(|event| whole_download(event, traffic));
        let content = last.and_then(|event| {
            let response = traffic.call(event.call).exchange.response()?;
            Some((event.call, response.body.content()?))
        });
        if let Some((download, content)) = content
            && !content.sha256.eq_ignore_ascii_case(traffic.text(hash))
        {
            let id = traffic.id_text(ix);
            seen.add([download, call], format!("{id} was sent {status} with other content"));
        }
    }
    seen
}

pub(super) fn mi_doubled(traffic: &Traffic) -> Seen {
    let mut seen = Seen::of(
        "F-SUPPLIER-MI-DOUBLED",
        FindingKind::Violation,
        "Management information was submitted twice for the same date, specification and group",
        "one record for each reporting date and specification within a group",
        "AT14",
    );
    let mut known: BTreeMap<(&str, Option<&str>, Option<&str>), CallIx> = BTreeMap::new();
    for call in traffic.mi().iter().filter(|call| call.answer.accepted()) {
        let Some(record) = &call.record else { continue };
        let specification = record.specification.as_deref();
        let key = (record.date(), specification, record.group.as_deref());
        match known.get(&key) {
            Some(first) => {
                let of = specification.unwrap_or("no specification");
                seen.add([*first, call.call], format!("{of} on {} once more", record.date()));
            }
            None => drop(known.insert(key, call.call)),
        }
    }
    seen
}
