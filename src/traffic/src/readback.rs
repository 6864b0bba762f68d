//! What became of a move: read back, or never changed, changed late, changed to something else,
//! changed and went back, or not to be told from the recording.
//! Updates are queued, so only reads up to the deadline decide.

use letterproof_model::{Body, Context, LetterStatus, Move, judge_move};
use serde_json::Value;

use crate::moves::StatusMove;
use crate::{Answer, CallIx, Event, EventKind, Micros, Traffic};
use letterproof_model::text::{micros, seconds};

/// What became of a move.
#[derive(Debug, Clone)]
pub enum ReadBack {
    /// Read back in time.
    Seen {
        /// Microseconds from sending the update to the end of the read.
        after: Micros,
        /// The read.
        call: CallIx,
    },
    /// Not as it should be, in words.
    Not {
        /// What was seen instead.
        words: String,
        /// The update and the read that shows it.
        calls: Vec<CallIx>,
    },
    /// The recording does not tell, and why.
    Unknown {
        /// Why.
        words: String,
        /// The update and the last read, if any.
        calls: Vec<CallIx>,
        /// Whether the letter's status after the move is missing from the recording for good.
        missing: bool,
    },
}

/// A read of the letter's status between the update and the next one.
struct Seen {
    status: LetterStatus,
    at: Micros,
    started: Micros,
    call: CallIx,
}

/// Tells what became of a move.
pub fn read_back(moved: &StatusMove, traffic: &Traffic, context: &Context) -> ReadBack {
    let events = &traffic.letter(moved.letter).events;
    let end = moved.until.unwrap_or(events.len());
    let window = &events[moved.sends[0]..end];
    let reads: Vec<Seen> = window.iter().filter_map(|event| seen(event, traffic)).collect();
    let sent = events[moved.sends[0]].at;
    let first = moved.first_call(traffic);
    let Some(answered) = answered(moved, traffic) else {
        return refused(moved, traffic, &reads, sent);
    };
    let deadline = traffic.deadline(answered, micros(context.update_deadline_ms));
    match reads.iter().find(|read| shows(moved, read.status)) {
        Some(hit) => after_hit(moved, traffic, &reads, hit, first, sent, deadline),
        None => without_hit(moved, traffic, window, &reads, first, sent, deadline),
    }
}

/// Whether a status shows that a letter was moved: the one that was sent, or one to which NHS Notify
/// alone takes it from there. That it is back in PENDING is how a lost update looks, too.
fn shows(moved: &StatusMove, status: LetterStatus) -> bool {
    let taken_on = judge_move(moved.status, status) == Move::NotifyOnly;
    status == moved.status || (taken_on && status != LetterStatus::Pending)
}

fn seen(event: &Event, traffic: &Traffic) -> Option<Seen> {
    let EventKind::Read(Some(status), _) = event.kind else { return None };
    let started = traffic.call(event.call).started;
    Some(Seen { status, at: event.at, started, call: event.call })
}

/// When the API answered the update that counts: the first one it took on, or else the last one
/// that may have reached it. `None` when every update was refused.
fn answered(moved: &StatusMove, traffic: &Traffic) -> Option<Micros> {
    let finished = |call: CallIx| traffic.call(call).finished;
    moved
        .updates(traffic)
        .find(|(_, update)| update.answer.accepted())
        .or_else(|| moved.updates(traffic).filter(|(_, update)| !update.answer.refused()).last())
        .map(|(call, _)| finished(call))
}

fn refused(moved: &StatusMove, traffic: &Traffic, reads: &[Seen], sent: Micros) -> ReadBack {
    if let Some(hit) = reads.iter().find(|read| read.status == moved.status) {
        return ReadBack::Seen { after: traffic.watched(sent, hit.at), call: hit.call };
    }
    let last = moved.updates(traffic).last();
    let answer = last.map_or(Answer::Lost, |(_, update)| update.answer);
    let words = format!("did not change: its update was {}", answer.words());
    ReadBack::Not { words, calls: last.map(|(call, _)| call).into_iter().collect() }
}

fn after_hit(
    moved: &StatusMove,
    traffic: &Traffic,
    reads: &[Seen],
    hit: &Seen,
    first: CallIx,
    sent: Micros,
    deadline: Micros,
) -> ReadBack {
    // Only a read begun after the change was seen can show that it went back.
    let last =
        reads.iter().rfind(|read| traffic.follows(read.started, traffic.call(hit.call).finished));
    if let Some(last) = last.filter(|last| last.status != moved.status)
        && judge_move(moved.status, last.status) != Move::NotifyOnly
    {
        let how = if Some(last.status) == moved.seen_before { "went back" } else { "changed on" };
        let words =
            format!("changed to {} and {how} to {} without an update", moved.status, last.status);
        return ReadBack::Not { words, calls: vec![first, hit.call, last.call] };
    }
    if hit.at <= deadline {
        return ReadBack::Seen { after: traffic.watched(sent, hit.at), call: hit.call };
    }
    let after = seconds(hit.at - sent);
    match reads.iter().find(|read| read.at >= deadline && read.at < hit.at) {
        Some(miss) => ReadBack::Not {
            words: format!(
                "changed late: still {} {} after its update, {} only {after} after it",
                miss.status,
                seconds(miss.at - sent),
                moved.status,
            ),
            calls: vec![first, miss.call, hit.call],
        },
        None => ReadBack::Unknown {
            words: format!(
                "was first read {after} after its update, past the deadline of {}",
                seconds(deadline - sent)
            ),
            calls: vec![first, hit.call],
            missing: false,
        },
    }
}

fn without_hit(
    moved: &StatusMove,
    traffic: &Traffic,
    window: &[Event],
    reads: &[Seen],
    first: CallIx,
    sent: Micros,
    deadline: Micros,
) -> ReadBack {
    let next = moved.until.map(|place| &traffic.letter(moved.letter).events[place]);
    match (reads.last(), next) {
        (Some(last), _) if last.at >= deadline => {
            let after = seconds(last.at - sent);
            let words = if moved.seen_before.is_none_or(|before| before == last.status) {
                format!("never changed: still {} {after} after its update", last.status)
            } else {
                format!("changed to something else: {} {after} after its update", last.status)
            };
            ReadBack::Not { words, calls: vec![first, last.call] }
        }
        (last, Some(next)) => {
            let words = "was sent another status before this one was seen".to_owned();
            let calls = [Some(first), last.map(|read| read.call), Some(next.call)];
            ReadBack::Unknown {
                words,
                calls: calls.into_iter().flatten().collect(),
                missing: false,
            }
        }
        (Some(last), None) => {
            let words = format!(
                "was last read {} after its update, as {}, before the deadline of {}",
                seconds(last.at - sent),
                last.status,
                seconds(deadline - sent)
            );
            ReadBack::Unknown { words, calls: vec![first, last.call], missing: false }
        }
        (None, None) => {
            let unrecorded =
                window.iter().find(|event| matches!(event.kind, EventKind::Read(None, _)));
            let (words, missing) = if let Some(event) = unrecorded {
                (format!("was read, but {}", unread(event.call, traffic)), false)
            } else if !traffic.follows(traffic.ended(), deadline) {
                ("was not read before the recording ended".to_owned(), false)
            } else {
                ("was never read after its update".to_owned(), true)
            };
            let calls = [Some(first), unrecorded.map(|event| event.call)];
            let calls = calls.into_iter().flatten().collect();
            ReadBack::Unknown { words, calls, missing }
        }
    }
}

/// How much of a text that is no status is shown.
const SHOWN: usize = 40;

/// Why a read that was answered with 200 shows no status.
#[must_use]
pub fn unread(call: CallIx, traffic: &Traffic) -> String {
    let exchange = traffic.call(call).exchange();
    let body = exchange.response().map(|response| &response.body);
    let Some(body) = body.filter(|body| !matches!(body, Body::None | Body::Opaque(_))) else {
        return "the recording does not include the answer's body".to_owned();
    };
    let Some(value) = body.json_text().and_then(|text| serde_json::from_str::<Value>(text).ok())
    else {
        return "the answer's body is not JSON".to_owned();
    };
    let asked = traffic.call(call).letter.map(|letter| traffic.id_text(letter));
    let text = |at: &str| value.pointer(at).and_then(Value::as_str);
    match (text("/data/id"), value.pointer("/data/attributes/status")) {
        (Some(id), _) if Some(id) != asked => "the answer is about another letter".to_owned(),
        (None, _) => "the answer's body is not that of a letter".to_owned(),
        (_, None) => "the answer's body has no status".to_owned(),
        (_, Some(Value::String(status))) if status.parse::<LetterStatus>().is_err() => {
            let shown: String = status.chars().take(SHOWN).collect();
            format!("the answer's status is \"{shown}\", which the specification does not know")
        }
        (_, Some(Value::String(_))) => {
            "the answer's body cannot be read as a letter: a field is present twice or has the \
             wrong type"
                .to_owned()
        }
        (_, Some(_)) => "the answer's status is not text".to_owned(),
    }
}
