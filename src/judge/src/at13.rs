//! AT13: reject letters that cannot be taken on.
//! Refuses to blame a supplier for what it could not know: a PDF counts as missing only once the
//! supplier has asked for it, before it accepted the letter.

use letterproof_model::{Context, LetterStatus};

use crate::moved::Moved;
use crate::ruling::{Ruling, Rulings, rule};
use crate::tally::Tally;
use crate::traffic::{CallIx, Event, Letter, LetterIx, Traffic};
use crate::unfit::{Unfit, unfit_specification};
use letterproof_model::text::{many, micros};

/// Judges AT13.
pub(crate) fn judge(traffic: &Traffic, context: &Context) -> Rulings {
    use LetterStatus::{Accepted, Dispatched, Enclosed, Printed};
    let moved = Moved::to(LetterStatus::Rejected, traffic, context);
    rule(
        &moved,
        [
            ("AT13.1", Moved::eligible),
            ("AT13.2", Moved::seen_back),
            ("AT13.3", Moved::with_reason),
            ("AT13.4", |moved| moved.nothing_after(&[Accepted, Printed, Enclosed, Dispatched])),
            ("AT13.5", |moved| unfit_rejected(moved.traffic, moved.context)),
            ("AT13.6", Moved::on_record),
        ],
    )
}

fn sent(letter: &Letter, status: LetterStatus) -> Option<CallIx> {
    letter
        .sent()
        .find(|(_, update)| update.status == status && !update.answer.refused())
        .map(|(event, _)| event.call)
}

/// Why the supplier must not take this letter on, and the call that told it.
fn unfit(ix: LetterIx, traffic: &Traffic, context: &Context) -> Option<(Unfit, CallIx)> {
    let letter = traffic.letter(ix);
    let accepted = sent(letter, LetterStatus::Accepted);
    let accepted = accepted.map_or(i64::MAX, |call| traffic.call(call).started);
    let told = letter.events.iter().filter(|event| event.by_supplier && event.at < accepted);
    let told_of = |event: &&Event| event.is_listed() || event.shows().is_some();
    let listed = told.clone().find(told_of).map(|event| event.call);
    if let (Some(unfit), Some(call)) = (unfit_specification(ix, traffic, context), listed) {
        return Some((unfit, call));
    }
    let asked = told.rev().find(|event| traffic.says_no_pdf(event))?;
    Some((Unfit::NoPdf, asked.call))
}

fn unfit_rejected(traffic: &Traffic, context: &Context) -> Ruling {
    let grace = micros(context.update_deadline_ms);
    let began = |call: CallIx| traffic.call(call).started;
    let mut tally = Tally::default();
    for (ix, letter) in traffic.letters() {
        let Some((unfit, told)) = unfit(ix, traffic, context) else { continue };
        let (accepted, rejected) =
            (sent(letter, LetterStatus::Accepted), sent(letter, LetterStatus::Rejected));
        let words = unfit.words();
        match (accepted, rejected) {
            // What follows a rejection is the clause before this one.
            (accepted, Some(call)) if accepted.is_none_or(|first| began(first) > began(call)) => {
                tally.good([told, call]);
            }
            (Some(call), _) => tally.fault(ix, [told, call], format!("{words} and was accepted")),
            // A letter merely listed has not been handled, so nothing was done wrong with it.
            (None, _) if unfit != Unfit::NoPdf => {}
            (None, _) if !traffic.follows(traffic.ended(), traffic.call(told).finished + grace) => {
                let words = format!("{words}, found just before the recording ended");
                tally.open(ix, [told], words);
            }
            (None, _) => tally.fault(ix, [told], format!("{words} and was not rejected")),
        }
    }
    if tally.checked() == 0 {
        return Ruling::not_run("no letter that cannot be taken on was handled");
    }
    tally.rule(traffic, "letter", |n| {
        format!("{} that cannot be taken on, all rejected", many(n, "letter"))
    })
}
