//! What is seen of the times in management information: the pack reconciles counts and timestamps. A
//! report may carry the time of work, of reporting, or the day alone, and no text says which. What no
//! clock and no calendar explains is worth a question.

use letterproof_model::{Context, Strength, Timestamp};

use super::ObserverCheck;
use crate::ruling::Ruling;
use crate::tally::Tally;
use crate::traffic::{Letter, MiRecord, Micros, Traffic};
use letterproof_model::text::many;

const MINUTE: Micros = 60 * 1_000_000;
const DAY: Micros = 24 * 60 * MINUTE;
/// How far ahead a clock may be.
const AHEAD: Micros = 15 * MINUTE;
/// The longest a report may look back from the first letter that it can be about: a month.
const BACK: Micros = 31 * DAY;

pub(super) const CHECKS: &[ObserverCheck] = &[ObserverCheck {
    id: "O-MI-TIME",
    title: "Records carry the time of what they report",
    clause: "A record's time is not after its submission, and not more than a month before the \
             letters that it counts.",
    source: "AT14, reconcile counts and timestamps",
    strength: Strength::Ours,
    needs: &[],
    judge: times,
}];

fn times(traffic: &Traffic, _: &Context) -> Ruling {
    let mut tally = Tally::default();
    for call in traffic.mi().iter().filter(|call| !call.answer.refused()) {
        let Some(record) = &call.record else { continue };
        let written = record.timestamp.as_deref();
        let Some(at) = written.and_then(|text| text.parse::<Timestamp>().ok()) else { continue };
        let at = at.as_microsecond();
        let first = first_reported(record, call.started, traffic).unwrap_or(call.started);
        let shown = std::iter::once(call.call);
        if let Some(late) = after(at, call.started) {
            tally.fault(None, shown, format!("{} {late}", said(record, at, call.started, first)));
        } else if at < first - BACK {
            let words = "more than a month before the letters that it can count";
            tally.fault(None, shown, format!("{} {words}", said(record, at, call.started, first)));
        } else {
            tally.good(shown);
        }
    }
    if tally.checked() == 0 {
        return Ruling::not_run("no record with a time was submitted; a POST /mi would show it");
    }
    tally.rule(traffic, "record", |n| {
        format!("{}, each with a time that fits its letters and its submission", many(n, "record"))
    })
}

/// A record's time beside those it is held against.
fn said(record: &MiRecord, at: Micros, submitted: Micros, first: Micros) -> String {
    format!(
        "a record of {} says {}, was submitted at {} for letters reported from {} on,",
        record.specification.as_deref().unwrap_or("no specification"),
        shown(at),
        shown(submitted),
        shown(first)
    )
}

fn shown(at: Micros) -> String {
    let whole = Timestamp::from_second(at.div_euclid(1_000_000));
    whole.map_or_else(|_| "a time out of range".to_owned(), |at| at.to_string())
}

/// How a time lies after the submission, where no clock explains it: the end of a day may be that of
/// the day of submission, by any clock on earth.
fn after(at: Micros, submitted: Micros) -> Option<&'static str> {
    let ahead = at - submitted;
    if ahead <= AHEAD {
        return None;
    }
    let of_day = at.rem_euclid(DAY);
    let only_a_day = of_day == 0 || of_day >= DAY - MINUTE;
    if only_a_day && ahead <= DAY + DAY / 2 {
        return None;
    }
    // Offsets are whole quarters of an hour; what a clock is off and a call takes comes on top.
    let quarter = 15 * MINUTE;
    let past = ahead.rem_euclid(quarter);
    let beside = past.min(quarter - past);
    Some(if ahead <= 14 * 60 * MINUTE && beside <= 5 * MINUTE {
        "which is ahead by the offset of a time zone: a local time marked as UTC?"
    } else {
        "which was still in the future"
    })
}

/// When the first letter that a record can count was reported as produced, of those before a moment:
/// one of its specification and group.
fn first_reported(record: &MiRecord, before: Micros, traffic: &Traffic) -> Option<Micros> {
    let of_record = |letter: &Letter| {
        let named = letter.specification().map(|text| traffic.text(text));
        let group = letter.group().map(|text| traffic.text(text));
        named == record.specification.as_deref() && group == record.group.as_deref()
    };
    let letters = traffic.letters().filter(|(_, letter)| of_record(letter));
    let produced = letters.flat_map(|(_, letter)| letter.sent()).filter(|(event, update)| {
        update.status.is_production() && !update.answer.refused() && event.at <= before
    });
    produced.map(|(event, _)| event.at).min()
}
