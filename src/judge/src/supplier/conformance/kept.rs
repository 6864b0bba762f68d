//! Whether a letter stays what it was read as until somebody sends something for it.
//!
//! Went back: an earlier status without an update since. Changed to something else, or unasked: a
//! status that nobody sent, or whose update was refused. NHS Notify itself takes a rejected letter
//! back or fails it. The API is not blamed for updates that need not be on record: what was sent
//! before the record began, while nobody was watching, or by a system whose traffic is incomplete.

use std::collections::HashSet;

use letterproof_model::{
    About, Context, Finding, FindingKind, LetterStatus, Mode, Move, Operation, judge_move,
};

use super::check::Concluded;
use super::matching::Probed;
use crate::ruling::{Heading, Ruling};
use crate::supplier::cause::Fault;
use crate::tally::Tally;
use crate::traffic::{CallIx, Event, EventKind, Letter, LetterIx, Micros, Traffic};
use letterproof_model::text::{count, many, micros};

pub(super) const ID: &str = "C-LETTER-KEPT";
/// Its id as a finding.
const FINDING: &str = "F-LETTER-NOT-KEPT";
pub(super) const TITLE: &str = "A status that was read is kept";
pub(super) const CLAUSE: &str = "A letter's status changes only after an update to it (or from \
     REJECTED, which NHS Notify moves to PENDING or to FAILED).";
pub(super) const SOURCE: &str = "OAS getLetterStatus, getLetters";

pub(super) fn kept(probed: &Probed<'_>) -> Concluded {
    Concluded::plain(judged(probed.traffic, probed.context))
}

/// The same as a finding with what it is about, for a run that does not judge the conformance suite.
pub(crate) fn finding(traffic: &Traffic, context: &Context) -> Option<(Finding, Fault)> {
    let ruling = judged(traffic, context);
    let fault = ruling.fault(FINDING)?;
    // Another system's record need not be whole.
    let kind = match context.mode {
        Mode::Driven => FindingKind::Violation,
        _ => FindingKind::Note,
    };
    let heading = Heading { id: ID, title: TITLE, clause: CLAUSE, source: SOURCE };
    let check = ruling.into_check(&heading, Some(kind), traffic, context);
    let criterion = check.criteria.into_iter().next()?;
    let finding = Finding {
        id: FINDING.to_owned(),
        about: About::Api,
        kind,
        title: "A letter's status changed without an update".to_owned(),
        expected: CLAUSE.to_owned(),
        observed: criterion.observed,
        source: SOURCE.to_owned(),
        count: criterion.exchange_count.max(1),
        exchanges: criterion.exchanges,
    };
    Some((finding, fault))
}

fn judged(traffic: &Traffic, context: &Context) -> Ruling {
    let asked = Asked::of(traffic, context);
    let mut tally = Tally::default();
    let (mut moved, mut again) = (0, 0);
    for (ix, letter) in traffic.letters() {
        asked.compare(ix, letter, &mut tally);
        if let Some(read_again) = read_again(letter) {
            moved += 1;
            again += usize::from(read_again);
        }
    }
    if tally.checked() == 0 {
        return Ruling::not_run("no letter was read twice");
    }
    let ruling = tally.rule(traffic, "read", |n| {
        format!("{}, each with the same status or a later one", many(n, "read"))
    });
    if !ruling.passed() || again == moved {
        return ruling;
    }
    ruling.because(format!(
        "{} of {} that moved were read again after the move was seen",
        count(again as u64),
        many(moved, "letter")
    ))
}

/// Whether a letter that moved was read again after it showed its last status; `None` for a letter
/// that did not.
fn read_again(letter: &Letter) -> Option<bool> {
    let taken = |event: &&Event| matches!(event.kind, EventKind::Sent(u) if !u.answer.refused());
    let sent = letter.events.iter().rposition(|event| taken(&event))?;
    let EventKind::Sent(update) = letter.events[sent].kind else { return None };
    let mut later = letter.events[sent..].iter().filter_map(Event::shows);
    later.find(|status| *status == update.status)?;
    Some(later.next().is_some())
}

/// What is known of who asked for what.
struct Asked<'a> {
    traffic: &'a Traffic,
    /// From when on every update that may still show is on record; `None` where it never is.
    complete: Option<Micros>,
    /// How long after an update was taken on a list may name the letter.
    lag: Micros,
    /// Letters that a PATCH named which may have been read otherwise than here.
    patched: HashSet<LetterIx>,
}

impl<'a> Asked<'a> {
    fn of(traffic: &'a Traffic, context: &Context) -> Self {
        let began = traffic.calls().next().map_or(Micros::MAX, |(_, call)| call.started);
        // A bulk that was taken on and says nothing here may have named any letter.
        let unread = traffic.calls().any(|(ix, call)| {
            call.operation == Operation::UpdateLetters
                && !call.answer().refused()
                && traffic.update(ix).is_none()
        });
        let whole = context.mode == Mode::Driven && !unread && traffic.untold_letters() == 0;
        let wait = micros(context.update_deadline_ms);
        Self {
            traffic,
            complete: whole.then(|| began.saturating_add(wait)),
            lag: micros(context.queue_lag_ms).max(wait),
            patched: if whole { traffic.patched() } else { HashSet::new() },
        }
    }

    /// Compares each read of a letter with the one before.
    fn compare(&self, ix: LetterIx, letter: &Letter, tally: &mut Tally) {
        let reads: Vec<(&Event, LetterStatus)> = letter
            .events
            .iter()
            .filter_map(|event| event.shows().map(|status| (event, status)))
            .collect();
        if let Some((first, status)) = reads.first()
            && let Some((list, words)) = self.unlike_its_list(ix, letter, first, *status)
        {
            tally.fault(ix, [list, first.call], words);
        }
        for (place, pair) in reads.windows(2).enumerate() {
            let [(before, was), (after, is)] = pair else { continue };
            if after.started < before.at + self.traffic.slack() {
                // Made side by side, they tell nothing of an order.
                continue;
            }
            let earlier = reads[..place].iter().rfind(|(_, status)| status == is);
            let back = match (was, is) {
                (one, other) if one == other => None,
                (one, other) if judge_move(*one, *other) == Move::NotifyOnly => None,
                (_, LetterStatus::Pending) => Some(Micros::MIN),
                _ => earlier.map(|(event, _)| event.at),
            };
            let sent_since = |since: Micros| {
                letter.updates().any(|(event, update)| event.at >= since && update.status == *is)
            };
            if back.is_some_and(|since| !sent_since(since)) {
                let words = format!("was read as {was}, and as {is} again");
                tally.fault(ix, [before.call, after.call], words);
            } else if back.is_none()
                && was != is
                && judge_move(*was, *is) != Move::NotifyOnly
                && self.is_complete(before.at, after.started)
                && let Some(words) = self.unasked(ix, letter, *is, after.at)
            {
                let words = format!("was read as {was}, and as {is}, {words}");
                tally.fault(ix, [before.call, after.call], words);
            } else {
                tally.good([after.call]);
            }
        }
    }

    /// Whether every update that may have shown between two times is on record.
    fn is_complete(&self, from: Micros, to: Micros) -> bool {
        let paused = |(begun, ended): &(Micros, Micros)| *begun <= to && *ended >= from;
        self.complete.is_some_and(|complete| from >= complete)
            && !self.traffic.pauses().iter().any(paused)
    }

    /// Why a letter should not show a status by then; `None` where somebody may have asked for it.
    fn unasked(
        &self,
        ix: LetterIx,
        letter: &Letter,
        status: LetterStatus,
        by: Micros,
    ) -> Option<String> {
        let sent =
            letter.updates().filter(|(event, update)| event.at <= by && update.status == status);
        let answers: Vec<_> = sent.map(|(_, update)| update.answer).collect();
        if answers.iter().any(|answer| !answer.refused()) {
            return None;
        }
        match answers.first() {
            Some(answer) => Some(format!("although its update was {}", answer.words())),
            // What a PATCH with an odd body asked for is not known here.
            None if self.patched.contains(&ix) && letter.updates().next().is_none() => None,
            None => Some("which was never sent".to_owned()),
        }
    }

    /// Whether a letter that waited in a list shows another status when it is first read.
    fn unlike_its_list(
        &self,
        ix: LetterIx,
        letter: &Letter,
        read: &Event,
        is: LetterStatus,
    ) -> Option<(CallIx, String)> {
        if is == LetterStatus::Pending {
            return None;
        }
        let listed = letter.events.iter().find(|event| event.is_listed())?;
        // A queue names letters for a while that have left it.
        let sure = self.is_complete(listed.started.saturating_sub(self.lag), read.started)
            && self.traffic.follows(read.started, listed.at);
        let words = self.unasked(ix, letter, is, read.at).filter(|_| sure)?;
        Some((listed.call, format!("was listed as PENDING, and read as {is}, {words}")))
    }
}
